"""What a check of the proof is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """`rows` is a SELECT of `id, said, should` over every row of `table` that the check covers;
    a row whose `said` differs from its `should` is bad. `says` names what is compared."""

    name: str
    table: str
    says: str
    rows: str

"""Windows of time: half-open, so that they can be put end to end without losing or doubling."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from voucherweb_partner.models import Transaction


@dataclass(frozen=True, slots=True)
class Window:
    """All transactions from `start` (inclusive) to `end` (exclusive). Store `end`, in the same
    database transaction as what you make of them: the next window begins there."""

    start: datetime
    end: datetime
    transactions: Sequence[Transaction]


def spans(
    since: datetime, until: datetime, length: timedelta
) -> Iterator[tuple[datetime, datetime]]:
    """Ends to starts from `since` to `until`, none longer than `length`."""
    if length <= timedelta():
        raise ValueError("a window needs a length")
    start = since
    while start < until:
        end = min(start + length, until)
        yield start, end
        start = end


def utc_text(instant: datetime) -> str:
    """As the server wants times: in UTC, ending in Z. Raises ValueError without a time zone."""
    if instant.tzinfo is None:
        raise ValueError("a time needs its time zone")
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

"""The worked example of every call: one story from a first vendor to the statistics.

`examples.json` tells it in order; the tests act it out against the running application, so what
the documentation shows is what really happens.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

NOW = 1_795_305_600_000
"""The story's present, in epoch milliseconds: 2026-11-22 08:00 in Taipei."""


@dataclass(frozen=True, slots=True)
class Step:
    """One call of the story: who makes it, what is sent, what comes back."""

    name: str
    actor: str
    call: tuple[str, str]
    request: Any
    answer: Any
    headers: dict[str, str]


def _load() -> tuple[Step, ...]:
    told = orjson.loads((Path(__file__).parent / "examples.json").read_bytes())
    return tuple(_step(one) for one in told)


def _step(told: dict[str, Any]) -> Step:
    call = (told["method"], told["path"])
    headers = told.get("headers", {})
    return Step(told["name"], told["as"], call, told.get("request"), told["answer"], headers)


EXAMPLES = _load()

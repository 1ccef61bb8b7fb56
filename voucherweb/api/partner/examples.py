"""The worked examples of contract B: one story in which every call succeeds, and is refused for
each reason of its own. What any call may be refused for is told once, by code.

`examples.json` tells it in order; the tests act it out against the running application, so what
the documentation shows is what really happens.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Step:
    """One call of the story: who makes it, what is sent, what comes back in both languages.
    `given` names what happens before it, behind the scenes."""

    name: str
    actor: str
    call: tuple[str, str]
    status: int
    answer: Any
    answer_en: Any
    in_path: dict[str, str] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    request: Any = None
    given: str | None = None

    @property
    def code(self) -> str | None:
        """The code of a refusal."""
        return self.answer.get("code") if self.status >= 400 else None


def _load() -> tuple[dict[str, str], tuple[Step, ...], dict[str, Any]]:
    told = orjson.loads((Path(__file__).parent / "examples.json").read_bytes())
    return told["stage"], tuple(_step(one) for one in told["steps"]), told["anywhere"]


def _step(told: dict[str, Any]) -> Step:
    return Step(
        name=told["name"],
        actor=told["as"],
        call=(told["method"], told["path"]),
        status=told["status"],
        answer=told["answer"],
        answer_en=told.get("answer_en", told["answer"]),
        in_path=told.get("in_path", {}),
        query=told.get("query", {}),
        request=told.get("request"),
        given=told.get("given"),
    )


STAGE, EXAMPLES, ANYWHERE = _load()
"""What there is before the story begins, by name; the story; and what any call may answer."""

"""What a points programme may say; contract B calls it a campaign."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from voucherweb.domain.add_on_rules import read_url
from voucherweb.domain.money import CENT, MAX_AMOUNT
from voucherweb.domain.people import Unreadable, read_name
from voucherweb.errors import Detail, refuse


class CampaignStatus(StrEnum):
    """`INACTIVE`: no points are added. What is on the cards can still be spent."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"


class CampaignPhase(StrEnum):
    """Where a programme stands at an instant; points are added while it is `RUNNING` only."""

    PAUSED = "PAUSED"
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True)
class CampaignTerms:
    """What is decided about a programme: how much of a currency earns one point, and from when
    until when (both inclusive; None is open) points can be added."""

    name: str
    value_per_point: Decimal
    status: CampaignStatus = CampaignStatus.ACTIVE
    start_date: datetime | None = None
    end_date: datetime | None = None
    image_url: str | None = None


def _read_image(text: str) -> str:
    return read_url(text)[0]


_READERS: Final[dict[str, Callable[[str], str]]] = {"name": read_name, "image_url": _read_image}


def read_terms(terms: CampaignTerms) -> CampaignTerms:
    """The terms as they are kept: trimmed, to the cent, in UTC. Raises INVALID_PARAMETER naming
    every wrong field as on the wire."""
    texts: dict[str, str | None] = {"name": terms.name, "image_url": terms.image_url or None}
    problems = []
    for field, text in texts.items():
        try:
            texts[field] = None if text is None else _READERS[field](text)
        except Unreadable as error:
            problems.append(Detail(field, *error.problem))
    problems += _problems_of_rate(terms.value_per_point)
    if terms.start_date and terms.end_date and terms.start_date > terms.end_date:
        problems.append(Detail("end_date", "must not be before start_date", "不可早於開始時間"))
    if problems:
        raise refuse("INVALID_PARAMETER", problems)
    return CampaignTerms(
        name=texts["name"] or "",
        value_per_point=terms.value_per_point.quantize(CENT),
        status=CampaignStatus(terms.status),
        start_date=_utc(terms.start_date),
        end_date=_utc(terms.end_date),
        image_url=texts["image_url"],
    )


def _problems_of_rate(value: Decimal) -> list[Detail]:
    """Two decimals are what the database keeps."""
    if value.is_finite() and 0 < value <= MAX_AMOUNT and value == value.quantize(CENT):
        return []
    return [
        Detail(
            "value_per_point",
            f"must be more than 0 and at most {MAX_AMOUNT}, with two decimals at most",
            f"須大於 0 且不超過 {MAX_AMOUNT}，最多兩位小數",
        )
    ]


def phase_at(
    status: str, start: datetime | None, end: datetime | None, at: datetime
) -> CampaignPhase:
    """The books judge alike (SQL: `points_change`)."""
    if end is not None and at > end:
        return CampaignPhase.ENDED
    if status != CampaignStatus.ACTIVE:
        return CampaignPhase.PAUSED
    if start is not None and at < start:
        return CampaignPhase.PENDING
    return CampaignPhase.RUNNING


def worth(value: Decimal, value_per_point: Decimal) -> int:
    """The points that a value earns: whole ones only. The books reckon alike (SQL:
    `points_change`)."""
    return int(value // value_per_point)


def _utc(instant: datetime | None) -> datetime | None:
    return instant and instant.astimezone(UTC)

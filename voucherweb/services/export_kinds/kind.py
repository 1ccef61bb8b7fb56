"""The shape of an export: who may have it, what it may be asked for, its header and its rows."""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.words import Words
from voucherweb.errors import invalid
from voucherweb.services.ids import parse_id
from voucherweb.spreadsheets.tables import Value

MAX_ROWS: Final = 100_000
PAGE: Final = 2000
"""Rows that a server-side cursor hands over at a time."""
AnyEnum = TypeVar("AnyEnum", bound=StrEnum)


class Filters:
    """The filters of an export as JSON values; an empty one is none. Raises INVALID_PARAMETER
    naming the filter."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def text(self, name: str) -> str | None:
        value = self._values.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise invalid(f"filters.{name}", "must be a text", "必須是文字")
        return value

    def day(self, name: str) -> date | None:
        value = self.text(name)
        try:
            return date.fromisoformat(value) if value else None
        except ValueError:
            raise invalid(f"filters.{name}", "must be YYYY-MM-DD", "須為 YYYY-MM-DD") from None

    def one_of(self, name: str, kind: type[AnyEnum]) -> AnyEnum | None:
        value = self.text(name)
        try:
            return kind(value) if value else None
        except ValueError:
            known = ", ".join(kind)
            raise invalid(
                f"filters.{name}", f"must be one of {known}", f"必須是 {known} 之一"
            ) from None

    def id(self, name: str) -> uuid.UUID | None:
        return parse_id(self.text(name))

    def has(self, name: str) -> bool:
        return self.text(name) is not None


@dataclass(frozen=True, slots=True)
class Order:
    """An export as asked for: who wants what, in which language, in whose local time."""

    actor: Actor
    filters: Filters
    english: bool
    zone: ZoneInfo

    def word(self, words: Words) -> str:
        return words[self.english]

    def local(self, instant: datetime | None) -> datetime | None:
        """The wall-clock time that people see at an instant."""
        return instant and clock.local(instant, self.zone)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows to be written, `total` of them; they are read while they are written."""

    rows: Iterator[Sequence[Value]]
    total: int


@dataclass(frozen=True, slots=True)
class ExportKind:
    """One kind of export: `need` raises a refusal when the actor may not have it, or not with
    these filters; `read` is called in a snapshot that lasts until the last row is read. As CSV it
    may have `most_lines` rows where a workbook has `MAX_ROWS`."""

    name: Words
    header: Sequence[Words]
    need: Callable[[Actor, Filters], object]
    read: Callable[[Order], Table]
    most_lines: int | None = None

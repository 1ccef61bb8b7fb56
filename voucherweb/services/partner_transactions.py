"""Transactions as partners read them, in windows of time that can be put end to end.

A window whose end has passed on the database's clock is final: whoever reads it again reads the
same. A writer tells that it writes before it takes the time of its entry (SQL: `points_begin`),
so the writers at work after the end of a window include all whose entries may yet appear in it.
They are waited for; then a statement of its own, begun after they ended, sees what they wrote.
"""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from voucherweb.services.autocommit import Execute, Unavailable

PATIENCE: Final = 10.0
"""Seconds that writers are waited for."""
_SHORTEST, _LONGEST = 0.002, 0.05

_IS_PAST: Final = "SELECT %s <= clock_timestamp()"
_WRITERS: Final = "SELECT points_writers(%s)"
_PAGE: Final = "SELECT * FROM points_page(%s, %s, %s, %s, %s)"


@dataclass(frozen=True, slots=True)
class Window:
    """From `since` (inclusive) to `until` (exclusive); None is open."""

    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Transaction:
    """One entry of a card. A redemption is a BURN, a grant an ADD by points. `is_void` is told as
    of the window's end."""

    uuid: uuid.UUID
    ref_id: str | None
    ref_no: str | None
    type: str
    method: int | None
    value: Decimal | None
    points: int
    card_no: str
    phone_number: str | None
    member_id: str
    is_void: bool
    created_at: datetime


def read_window(
    execute: Execute, owner_id: uuid.UUID, window: Window, size: int, offset: int = 0
) -> tuple[Sequence[Transaction], int]:
    """A page of the owner's transactions by time, ties by uuid, and how many the window holds.

    `execute` must see at each statement what was committed before it: statements of their own, or
    a unit of work that is no snapshot. Raises UNAVAILABLE when a writer takes longer than 10 s.
    """
    if window.until is not None and execute(_IS_PAST, (window.until,))[0][0]:
        _wait_for_writers(execute, owner_id)
    rows = execute(_PAGE, (owner_id, window.since, window.until, size, offset))
    total = rows[0][0]
    return [Transaction(*row[1:]) for row in rows if row[1] is not None], total


def _wait_for_writers(execute: Execute, owner_id: uuid.UUID) -> None:
    """Return when every transaction that writes now has ended; those that begin meanwhile write
    later times."""
    deadline, pause = time.monotonic() + PATIENCE, _SHORTEST
    writing = _writers(execute, owner_id)
    while writing:
        if time.monotonic() > deadline:
            raise Unavailable
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST)
        writing &= _writers(execute, owner_id)


def _writers(execute: Execute, owner_id: uuid.UUID) -> set[str]:
    return {row[0] for row in execute(_WRITERS, (owner_id,))}

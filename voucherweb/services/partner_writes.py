"""Partners' hot writes, each in one statement: the key begun, the change, the answer kept.

A service describes what is to be done as a `Deed`; its answer is made before, with blanks for what
only the database will know, so that the function in SQL keeps, byte for byte, what the caller is
told. Nothing runs between a row's lock and the commit (docs/adr/0010-partner-api.md).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, LiteralString

from psycopg import IntegrityError as DriverIntegrityError
from sqlalchemy.exc import IntegrityError

from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.errors import Refusal, refuse
from voucherweb.services import autocommit, idempotency
from voucherweb.services.autocommit import Execute, within_unit_of_work
from voucherweb.services.batching import Batcher
from voucherweb.services.idempotency import REPLAYED, RETRY_SECONDS
from voucherweb.services.per_process import PerProcess
from voucherweb.services.violations import UNIQUE_CODE, UNIQUE_REF_ID, constraint_of

BLANK: Final = b"\x01"
"""What stands in an answer for a value that the database fills in: no JSON text contains it."""
DONE: Final = frozenset({REPLAYED, "DONE", "GIVEN", "USED"})
MAX_BATCH: Final = 32

Wish = tuple[Any, ...]
Outcome = Sequence[Any]
"""(outcome, status, body)."""

_VIOLATED: Final = {UNIQUE_REF_ID: "REF_ID_EXISTS", UNIQUE_CODE: "UNAVAILABLE"}


@dataclass(frozen=True, slots=True)
class Once:
    """Who asks, under which idempotency key if any, and the fingerprint of the request."""

    caller: str
    key: str | None
    fingerprint: bytes = b""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, byte for byte; `replayed` when an earlier call with the same key got it."""

    status: int
    body: bytes
    replayed: bool


@dataclass(frozen=True, slots=True)
class Batches:
    """How calls are done together: `many` is the statement for a batch, and `free` tells of each
    call, by the columns `row` of its values, whether nobody holds the row that it needs."""

    many: LiteralString
    free: LiteralString
    row: slice


class Work:
    """One kind of write over one connection of its own: one by one, or in batches. A call's values
    are caller, key, fingerprint, answer, and what `Deed.values` adds; the time is read when they
    are sent."""

    def __init__(self, settings: Settings, one: LiteralString, together: Batches) -> None:
        self._one, self._together = one, together
        self._line = autocommit.Line(settings, autocommit.BATCH_LOCK_TIMEOUT)

    def one(self, wish: Wish) -> Outcome:
        return self._line.rows(self._one, (*wish, clock.now()))[0]

    def many(self, wishes: Sequence[Wish]) -> Sequence[Outcome]:
        return self._line.rows(self._together.many, (*_columns(wishes), clock.now()))

    def free(self, wishes: Sequence[Wish]) -> list[bool]:
        named = _columns(wishes)[self._together.row]
        return [row[0] for row in self._line.rows(self._together.free, named)]

    def close(self) -> None:
        self._line.close()


def _columns(wishes: Sequence[Wish]) -> list[list[Any]]:
    return [list(column) for column in zip(*wishes, strict=True)]


class Way:
    """How one kind of write is done: the statement for one call, and those for a batch where many
    calls want the same row."""

    def __init__(self, one: LiteralString, together: Batches | None = None) -> None:
        self.one = one
        self._batchers = PerProcess(partial(_batcher, one, together)) if together else None

    def submit(self, settings: Settings, wish: Wish, lane: str | None) -> Outcome:
        """The outcome of one call as a transaction of its own or of a batch; raises as
        `Batcher.submit` does."""
        if self._batchers is None:
            return autocommit.alone(settings)(self.one, (*wish, clock.now()))[0]
        caller, key, *_ = wish
        return self._batchers.get(settings).submit(
            wish,
            lane=object() if lane is None else lane,
            once=None if key is None else (caller, key),
        )


def _batcher(one: LiteralString, together: Batches, settings: Settings) -> Batcher[Wish, Outcome]:
    return Batcher(Work(settings, one, together), max_batch=MAX_BATCH)


@dataclass(frozen=True, slots=True)
class Deed:
    """What is to be done: `values` are the way's own parameters, `answer` what will be told, with
    blanks, `refusal` makes a refusal of any other outcome. No batch has two deeds of one `lane`."""

    way: Way
    answer: str
    values: tuple[Any, ...]
    refusal: Callable[[str], Refusal]
    lane: str | None = None


def do(settings: Settings, once: Once, deed: Deed) -> Told:
    """Do it as one transaction with its kept answer.

    Raises IDEMPOTENCY_IN_PROGRESS, IDEMPOTENCY_MISMATCH, the deed's refusals, and UNAVAILABLE when
    the outcome is not known in time.
    """
    return _told(deed, lambda: deed.way.submit(settings, _wish(once, deed), deed.lane))


def do_within(once: Once, deed: Deed) -> Told:
    """The same as a part of the current unit of work; raises as `do` does."""
    values = (*_wish(once, deed), clock.now())
    return _told(deed, lambda: within_unit_of_work(deed.way.one, values)[0])


def recall(execute: Execute, once: Once) -> Told | None:
    """The first answer of a key, or None when there is none, in a statement of its own: for a call
    that is refused before anything is begun, which a known answer precedes all the same.

    Raises IDEMPOTENCY_IN_PROGRESS and IDEMPOTENCY_MISMATCH.
    """
    if once.key is None:
        return None
    known = idempotency.begin(execute, once.caller, once.key, once.fingerprint)
    return Told(known.status, known.body, replayed=True) if known else None


def _wish(once: Once, deed: Deed) -> Wish:
    return (once.caller, once.key, once.fingerprint, deed.answer, *deed.values)


def _told(deed: Deed, act: Callable[[], Outcome]) -> Told:
    try:
        outcome, status, body = act()
    except (DriverIntegrityError, IntegrityError) as error:
        code = _VIOLATED.get(constraint_of(error) or "")
        if code is None:
            raise
        raise refuse(code, retry_after=RETRY_SECONDS if code == "UNAVAILABLE" else None) from error
    if outcome in DONE:
        return Told(status, bytes(body), replayed=outcome == REPLAYED)
    of_the_key = outcome.startswith("IDEMPOTENCY_")
    raise idempotency.refusal_of(outcome) if of_the_key else deed.refusal(outcome)

"""Taking a piece for points, and writing it off (behaviour §6).

The rules live in the SQL functions `redeem_one`, `redeem_many` and `use_one`; here their outcomes
become answers or refusals. Redeeming goes through the batcher, see docs/adr/0005-redeem-path.md.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import RedemptionStatus
from voucherweb.errors import refuse
from voucherweb.metrics import observe_batch
from voucherweb.services import autocommit
from voucherweb.services.autocommit import Execute
from voucherweb.services.batching import Batcher
from voucherweb.services.per_process import PerProcess

RETRY_SECONDS = 1

_ONE = "SELECT * FROM redeem_one(%s, %s, %s, %s, %s, %s, %s)"
_MANY = (
    "SELECT outcome, redemption_id, seq, points, redeemed_at, voucher_no"
    " FROM redeem_many(%s, %s, %s, %s, %s, %s, %s) ORDER BY ord"
)
# Of each wish whether nobody holds its card and its voucher, as far as there are such.
_FREE = """
WITH wanted AS MATERIALIZED (
    SELECT one.voucher, c.id AS card, one.n
    FROM unnest(%s::uuid[], %s::uuid[]) WITH ORDINALITY AS one (member, voucher, n)
    LEFT JOIN cards c ON c.member_id = one.member
        AND c.programme_id = '00000000-0000-0000-0000-000000000001'
), cards_free AS MATERIALIZED (
    SELECT id FROM cards WHERE id IN (SELECT card FROM wanted) FOR NO KEY UPDATE SKIP LOCKED
), vouchers_free AS MATERIALIZED (
    SELECT id FROM vouchers WHERE id IN (SELECT voucher FROM wanted)
    FOR NO KEY UPDATE SKIP LOCKED
)
SELECT (wanted.card IS NULL OR EXISTS (SELECT 1 FROM cards_free WHERE id = wanted.card)) AND (
    EXISTS (SELECT 1 FROM vouchers_free WHERE id = wanted.voucher)
    OR NOT EXISTS (SELECT 1 FROM vouchers WHERE id = wanted.voucher)
) FROM wanted ORDER BY wanted.n
"""
_USE = (
    "SELECT outcome, voucher_id, seq, points, redeemed_at, voucher_no, used_at"
    " FROM use_one(%s, %s, %s, %s, %s)"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a voucher that a member holds, as it stood when the call was answered."""

    id: uuid.UUID
    voucher_id: uuid.UUID
    seq: int
    points: int
    redeemed_at: datetime
    voucher_no: str
    used_at: datetime | None = None

    @property
    def number(self) -> str:
        """The contract's `userVoucherNo`: the voucher's number and a 5-digit sequence."""
        return user_voucher_no(self.voucher_no, self.seq)

    @property
    def status(self) -> RedemptionStatus:
        return RedemptionStatus.USED if self.used_at else RedemptionStatus.VALID


@dataclass(frozen=True, slots=True)
class Redeemed:
    """The answer to a redeem; `replayed` when an earlier call with the same key took the piece."""

    piece: Piece
    replayed: bool


@dataclass(frozen=True, slots=True)
class Wish:
    """One request to redeem, as the SQL functions take it."""

    member: uuid.UUID
    voucher: uuid.UUID | None
    caller: str
    key: str | None
    fingerprint: bytes


Outcome = Sequence[Any]
"""(outcome, redemption id, seq, points, redeemed at, voucher number)."""


class RedeemWork:
    """Redeems over one connection of its own, which is made again when it broke."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._line = autocommit.Line(settings, autocommit.BATCH_LOCK_TIMEOUT)

    def one(self, wish: Wish) -> Outcome:
        observe_batch(1)
        values = (wish.member, wish.voucher, wish.caller, wish.key, wish.fingerprint)
        return self._line.rows(_ONE, (*values, *self._now()))[0]

    def many(self, wishes: Sequence[Wish]) -> Sequence[Outcome]:
        observe_batch(len(wishes))
        values = (
            [wish.member for wish in wishes],
            [wish.voucher for wish in wishes],
            [wish.caller for wish in wishes],
            [wish.key for wish in wishes],
            [wish.fingerprint for wish in wishes],
        )
        return self._line.rows(_MANY, (*values, *self._now()))

    def free(self, wishes: Sequence[Wish]) -> list[bool]:
        named = ([wish.member for wish in wishes], [wish.voucher for wish in wishes])
        return [row[0] for row in self._line.rows(_FREE, named)]

    def _now(self) -> tuple[datetime, date]:
        now = clock.now()
        return now, clock.local_date(now, self._settings.timezone)

    def close(self) -> None:
        self._line.close()


def _batcher(settings: Settings) -> Batcher[Wish, Outcome]:
    return Batcher(RedeemWork(settings))


_batchers = PerProcess(_batcher)


def redeem(
    settings: Settings,
    actor: Actor,
    voucher_id: uuid.UUID | None,
    key: str | None = None,
    fingerprint: bytes = b"",
) -> Redeemed:
    """Give the member one piece for points: one transaction with the idempotent answer.

    Raises, in this order, IDEMPOTENCY_IN_PROGRESS, IDEMPOTENCY_MISMATCH, NOT_EXIST,
    VOUCHER_REDEEM_NOT_ON_STATUS, …_NOT_IN_REDEEM_DATE, …_OVER_VOLUME, …_OVER_LIMIT,
    …_INSUFFICIENT_POINTS; UNAVAILABLE when the outcome is not known in time (behaviour §2, §6).
    """
    wish = Wish(actor.id, voucher_id, actor.key, key, fingerprint)
    outcome, redemption_id, seq, points, redeemed_at, voucher_no = _batchers.get(settings).submit(
        wish, lane=actor.id, once=(actor.key, key) if key is not None else None
    )
    if outcome not in {"REDEEMED", "REPLAYED"} or voucher_id is None:
        in_progress = outcome == "IDEMPOTENCY_IN_PROGRESS"
        raise refuse(outcome, retry_after=RETRY_SECONDS if in_progress else None)
    piece = Piece(redemption_id, voucher_id, seq, points, redeemed_at, voucher_no)
    return Redeemed(piece, replayed=outcome == "REPLAYED")


def use(
    execute: Execute, actor: Actor, redemption_id: uuid.UUID | None, at: datetime, day: date
) -> Piece:
    """Write the member's piece off, exactly once.

    Raises NOT_EXIST, VOUCHER_USE_HAD_USED, VOUCHER_USE_EXPIRED, VOUCHER_USE_NOT_STARTED.
    """
    if redemption_id is None:
        raise refuse("NOT_EXIST")
    rows = execute(_USE, (actor.id, redemption_id, actor.key, at, day))
    outcome, voucher_id, seq, points, redeemed_at, voucher_no, used_at = rows[0]
    if outcome != "USED":
        raise refuse(outcome)
    return Piece(redemption_id, voucher_id, seq, points, redeemed_at, voucher_no, used_at)


def user_voucher_no(voucher_no: str, seq: int) -> str:
    return f"{voucher_no}{seq:05d}"

"""Coupons given to members, taken back, looked up and used by partners (contract B calls 16 to 20).

The rules live in the SQL functions `coupon_give`, `coupon_void` and `coupon_use`, each of which is
one statement; here their outcomes become answers or refusals.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString, Protocol

from psycopg import IntegrityError as DriverIntegrityError
from sqlalchemy.exc import IntegrityError

from voucherweb.domain import clock
from voucherweb.domain.coupon_codes import bodies
from voucherweb.domain.texts import storable
from voucherweb.errors import Detail, Refusal, invalid, refuse
from voucherweb.services.autocommit import Execute, Rows
from voucherweb.services.partner_members import is_member_id, need_member_id
from voucherweb.services.partner_writes import Batches, Deed, Way
from voucherweb.services.violations import UNIQUE_CODE, constraint_of

GIVE_MAX: Final = 100

_GIVE: Final = (
    "SELECT outcome, gift_id, code, static_code, expired_at"
    " FROM coupon_give(%s, %s, %s, %s, %s, %s, %s)"
)
_VOID: Final = "SELECT outcome, status FROM coupon_void(%s, %s, %s, %s)"
_USE: Final = "SELECT outcome, gift_id, used_at FROM coupon_use(%s, %s, %s, %s, %s, %s)"
_FREE: Final = """
WITH wanted AS MATERIALIZED ({}), free AS MATERIALIZED (
    SELECT id FROM coupon_sets WHERE id IN (SELECT set_id FROM wanted)
    FOR NO KEY UPDATE SKIP LOCKED
)
SELECT EXISTS (SELECT 1 FROM free WHERE id = wanted.set_id)
    OR NOT EXISTS (SELECT 1 FROM coupon_sets WHERE id = wanted.set_id)
FROM wanted ORDER BY wanted.n
"""
"""Of each call whether nobody holds its set; one that names no set has none to wait for."""
GIVE_ONE: Final = (
    "SELECT outcome, status, body FROM coupon_give_answer(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
GIVE_TOGETHER: Final = Batches(
    many="SELECT outcome, status, body FROM coupon_give_answers(%s::text[], %s::text[],"
    " %s::bytea[], %s::text[], %s::uuid[], %s::uuid[], %s::text[], %s::integer[], %s::text[], %s)"
    " ORDER BY ord",
    free=_FREE.format(
        "SELECT set_id, n FROM unnest(%s::uuid[]) WITH ORDINALITY AS one (set_id, n)"
    ),
    row=slice(5, 6),
)
USE_ONE: Final = (
    "SELECT outcome, status, body FROM coupon_use_answer(%s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
USE_TOGETHER: Final = Batches(
    many="SELECT outcome, status, body FROM coupon_use_answers(%s::text[], %s::text[],"
    " %s::bytea[], %s::text[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s) ORDER BY ord",
    free=_FREE.format(
        "SELECT c.set_id, one.n"
        " FROM unnest(%s::uuid[], %s::text[]) WITH ORDINALITY AS one (owner_id, code, n)"
        " LEFT JOIN coupons c ON c.owner_id = one.owner_id AND c.code = one.code"
    ),
    row=slice(4, 6),
)
_GIVE_WAY: Final = Way(GIVE_ONE, GIVE_TOGETHER)
_USE_WAY: Final = Way(USE_ONE, USE_TOGETHER)
_FEW: Final = 4
"""Givings of more coupons than these are many: no batch has two of them."""
_CHECK: Final = """
SELECT g.id, c.code, s.static_code, c.status, s.name, s.description, s.start_date, s.end_date,
       g.used_at, b.id, b.code, b.name, m.household_member_id, m.phone_number, m.name
FROM coupons c
JOIN coupon_sets s ON s.id = c.set_id
LEFT JOIN coupon_gifts g ON g.id = c.gift_id
LEFT JOIN branches b ON b.id = g.branch_id
LEFT JOIN members m ON m.id = g.member_id
WHERE c.owner_id = %s AND c.code = %s AND c.status <> 'VOIDED' AND s.status <> 'PENDING'
"""
_HISTORY: Final = """
SELECT g.id, c.code, s.id, s.name, g.status, g.given_at, g.used_at, s.end_date
FROM coupon_gifts g
JOIN coupons c ON c.set_id = g.set_id AND c.ordinal = g.ordinal
JOIN coupon_sets s ON s.id = g.set_id
WHERE g.member_id = %s AND g.owner_id = %s
ORDER BY g.given_at, g.id LIMIT %s OFFSET %s
"""
_HOW_MANY: Final = "SELECT count(*) FROM coupon_gifts WHERE member_id = %s AND owner_id = %s"


class Hand(Protocol):
    """Who does it, as the books name him, and whose coupons they are: a partner, or an admin."""

    @property
    def key(self) -> str: ...

    @property
    def owner_id(self) -> uuid.UUID: ...


@dataclass(frozen=True, slots=True)
class Given:
    """A coupon that a member was given now; `id` is the giving's, by which it is taken back."""

    id: uuid.UUID
    code: str
    static_code: str | None
    expired_at: datetime


@dataclass(frozen=True, slots=True)
class Gift:
    """A coupon that a member was given once, whatever has become of it."""

    id: uuid.UUID
    code: str
    set_id: uuid.UUID
    set_name: str
    status: str
    given_at: datetime
    used_at: datetime | None
    expired_at: datetime


@dataclass(frozen=True, slots=True)
class Branch:
    """Where a coupon was used."""

    id: uuid.UUID
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose coupon it is; `id` is the householdMemberId."""

    id: str
    phone_number: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Checked:
    """A coupon as its code finds it; one that nobody has yet has neither `id` nor `holder`."""

    id: uuid.UUID | None
    code: str
    static_code: str | None
    status: str
    name: str
    description: str | None
    start_date: datetime
    end_date: datetime
    used_at: datetime | None
    branch: Branch | None
    holder: Holder | None


@dataclass(frozen=True, slots=True)
class Used:
    """A coupon that was used now."""

    id: uuid.UUID
    code: str
    used_at: datetime


def give(
    execute: Execute, by: Hand, household_id: str, set_id: uuid.UUID | None, quantity: int = 1
) -> list[Given]:
    """Give a member coupons of a set, all of them or none, in the order in which they are counted.

    Raises INVALID_PARAMETER for less than 1 or more than 100, NOT_EXIST for a member or a set that
    is not the owner's, FORBIDDEN for a set that is paused or not filled yet, COUPON_NOT_IN_DATE
    when all is over, SET_LIMIT_REACHED, POOL_EMPTY; UNAVAILABLE in the case, of which nobody will
    live to hear, that a new code had been made before.
    """
    _need_quantity(quantity)
    member_id = need_member_id(execute, by.owner_id, household_id)
    values = (by.owner_id, set_id, member_id, quantity, bodies(quantity), by.key, clock.now())
    rows = _fresh(execute, _GIVE, values)
    if rows[0][0] != "GIVEN":
        raise _refusal(rows[0][0])
    return [Given(*row[1:]) for row in rows]


def giving(
    by: Hand, household_id: str, set_id: uuid.UUID | None, quantity: int, answer: str
) -> Deed:
    """The same as a deed with its answer, whose blanks are uuid, code, static_code and expired_at
    of each coupon. Raises INVALID_PARAMETER, and NOT_EXIST for what can be no member's id; the
    rest is refused when it is done."""
    _need_quantity(quantity)
    if not is_member_id(household_id):
        raise refuse("NOT_EXIST")
    values = (by.owner_id, set_id, household_id, quantity, ",".join(bodies(quantity)))
    return Deed(_GIVE_WAY, answer, values, _refusal, "many" if quantity > _FEW else None)


def _need_quantity(quantity: int) -> None:
    if not 1 <= quantity <= GIVE_MAX:
        raise invalid("quantity", f"must be 1 to {GIVE_MAX}", f"必須是 1 至 {GIVE_MAX}")


def _fresh(execute: Execute, statement: LiteralString, values: Sequence[object]) -> Rows:
    try:
        return execute(statement, values)
    except (DriverIntegrityError, IntegrityError) as error:
        if constraint_of(error) == UNIQUE_CODE:
            raise refuse("UNAVAILABLE", retry_after=1) from error
        raise


def void(execute: Execute, by: Hand, gift_id: uuid.UUID | None) -> str:
    """Take a coupon back that was given: one of a pool is free again, one that was made for the
    giving is gone. Its status from now on: PENDING or VOIDED.

    Raises NOT_EXIST, COUPON_ALREADY_USED, ALREADY_VOIDED.
    """
    if gift_id is None:
        raise refuse("NOT_EXIST")
    outcome, status = execute(_VOID, (by.owner_id, gift_id, by.key, clock.now()))[0]
    if outcome != "VOIDED":
        raise _refusal(outcome)
    told: str = status
    return told


def use(
    execute: Execute,
    by: Hand,
    code: str,
    ref_no: str | None = None,
    branch_code: str | None = None,
) -> Used:
    """Use a coupon by its code, exactly once.

    Raises NOT_EXIST for a code that no member holds and for a branch that is not the owner's
    (telling the field then), COUPON_ALREADY_USED, and COUPON_NOT_IN_DATE outside its dates.
    """
    _need_storable(code, ref_no, branch_code)
    values = (by.owner_id, code, branch_code, ref_no, by.key, clock.now())
    outcome, gift_id, used_at = execute(_USE, values)[0]
    if outcome != "USED":
        raise _refusal(outcome)
    return Used(gift_id, code, used_at)


def using(by: Hand, code: str, ref_no: str | None, branch_code: str | None, answer: str) -> Deed:
    """The same as a deed with its answer, whose blanks are uuid and used_at. Raises NOT_EXIST for
    what can be no code; the rest is refused when it is done."""
    _need_storable(code, ref_no, branch_code)
    return Deed(_USE_WAY, answer, (by.owner_id, code, branch_code, ref_no), _refusal)


def _need_storable(*texts: str | None) -> None:
    if not all(storable(text or "") for text in texts):
        raise refuse("NOT_EXIST")


def check(execute: Execute, owner_id: uuid.UUID, code: str) -> Checked:
    """The coupon of a code, given or still in its pool; raises NOT_EXIST. What a set shows beside
    its codes (`static_code`) finds nothing."""
    rows = execute(_CHECK, (owner_id, code)) if storable(code) else ()
    if not rows:
        raise refuse("NOT_EXIST")
    row = rows[0]
    branch = Branch(*row[9:12]) if row[9] is not None else None
    holder = Holder(*row[12:15]) if row[12] is not None else None
    told = (*row[:9], branch, holder)
    return Checked(*told)


def history(
    execute: Execute, owner_id: uuid.UUID, household_id: str, size: int, offset: int = 0
) -> tuple[list[Gift], int]:
    """A page of what the owner's partners have given a member, first things first, taken back ones
    included, and how many there are; raises NOT_EXIST for a member who is not the owner's."""
    member_id = need_member_id(execute, owner_id, household_id)
    total = execute(_HOW_MANY, (member_id, owner_id))[0][0]
    rows = execute(_HISTORY, (member_id, owner_id, size, offset))
    return [Gift(*row) for row in rows], total


def _refusal(outcome: str) -> Refusal:
    code, *reason = _REASONS.get(outcome, (outcome,))
    return refuse(code, [Detail(*reason)] if reason else ())


_REASONS: Final[dict[str, tuple[str, ...]]] = {
    "NOT_FOUND": ("NOT_EXIST",),
    "SET_CLOSED": (
        "FORBIDDEN",
        "coupon_set_uuid",
        "the coupon set is paused, or its codes do not exist yet",
        "票券組已暫停，或票券碼尚未產生完成",
    ),
    "BRANCH_NOT_FOUND": ("NOT_EXIST", "branch_code", "is no branch of yours", "沒有這個分店代碼"),
}
"""Codes, fields and reasons (English, zh-TW) of the functions' outcomes that are no codes."""

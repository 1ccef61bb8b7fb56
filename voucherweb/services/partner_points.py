"""Points added, burnt and taken back by partners (contract B calls 9 to 13).

The rules live in the SQL functions `points_change` and `points_void`: balance and entry move
together in one statement. Here cards are found and outcomes become answers or refusals.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, LiteralString

from psycopg.errors import UniqueViolation
from sqlalchemy.exc import IntegrityError

from voucherweb.domain import clock
from voucherweb.domain.enums import PointsEntryKind
from voucherweb.domain.partner import Partner
from voucherweb.domain.people import Unreadable, read_phone
from voucherweb.domain.texts import storable
from voucherweb.errors import Detail, Refusal, refuse
from voucherweb.services.autocommit import Execute
from voucherweb.services.partner_writes import Deed, Way
from voucherweb.services.points import MAX_BALANCE
from voucherweb.services.violations import UNIQUE_REF_ID, constraint_of

# The card is found before the function runs: a plan could otherwise call it more than once.
_CHANGE: Final = """
WITH card AS MATERIALIZED (SELECT partner_card(%s, %s, %s) AS id)
SELECT done.outcome, done.transaction_id, done.card_no, done.points, done.balance
FROM card, LATERAL points_change(%s, card.id, %s, %s, %s, %s, %s, %s, NULL, %s) AS done
"""
_ANSWER: Final = """
SELECT outcome, status, body FROM points_answer(
    %s, %s, %s, %s, partner_card(%s, %s, %s), %s, %s, %s, %s, %s, %s, %s)
"""
_WAY: Final = Way(_ANSWER)
_VOID: Final = """
SELECT matches, outcome, voided_id, card_no, points, balance, ref_no, ref_id, transaction_id
FROM points_void(%s, %s, %s, %s, %s)
"""


@dataclass(frozen=True, slots=True)
class CardKey:
    """How a partner names a card: its number with the telephone of its holder."""

    card_no: str
    phone_number: str


@dataclass(frozen=True, slots=True)
class Refs:
    """The partner's own names of a transaction; of one owner no two bear the same `ref_id`."""

    ref_no: str | None = None
    ref_id: str | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """A transaction that was written or taken back, with the card's balance after that. `void_id`
    is the transaction that took it back."""

    transaction_id: uuid.UUID
    card_no: str
    points: int
    balance: int
    ref_no: str | None
    ref_id: str | None
    void_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What is to happen to a card's points; `field` is the one that said how much."""

    kind: PointsEntryKind
    points: int | None
    method: int | None
    value: Decimal | None
    field: str


def worth(value: Decimal) -> Change:
    """Adding what the value is worth at the campaign's rate, rounded down."""
    return Change(PointsEntryKind.ADD, None, 1, value, "value")


def more(points: int) -> Change:
    """Adding so many points."""
    return Change(PointsEntryKind.ADD, points, 2, None, "points")


def fewer(points: int) -> Change:
    """Burning so many points."""
    return Change(PointsEntryKind.BURN, points, None, None, "points")


def add_value(execute: Execute, by: Partner, card: CardKey, value: Decimal, refs: Refs) -> Moved:
    """Add what the value is worth at the campaign's rate, rounded down.

    Raises NOT_EXIST for a card that is not the owner's or not that telephone's, INVALID_PARAMETER
    for less than one point and for more than a card holds, FORBIDDEN for a campaign that is not
    running and for an expired card, REF_ID_EXISTS.
    """
    return _change(execute, by, card, refs, worth(value))


def add_points(execute: Execute, by: Partner, card: CardKey, points: int, refs: Refs) -> Moved:
    """Add so many points; raises as `add_value` does."""
    return _change(execute, by, card, refs, more(points))


def burn(execute: Execute, by: Partner, card: CardKey, points: int, refs: Refs) -> Moved:
    """Take points off a card, never below zero.

    Raises INSUFFICIENT_POINTS, and what `add_value` does but for the campaign: what was earned can
    be spent after its end.
    """
    return _change(execute, by, card, refs, fewer(points))


def deed(by: Partner, card: CardKey, change: Change, refs: Refs, answer: str) -> Deed:
    """The same as a deed with its answer, whose blanks are transaction_id, points and balance.
    Raises NOT_EXIST for what can name no card; the rest is refused when it is done."""
    values = (*_named_by(by, card, refs), *_amount(change), refs.ref_no, refs.ref_id)
    return Deed(_WAY, answer, values, lambda outcome: refusal_of(outcome, change.field))


def _change(execute: Execute, by: Partner, card: CardKey, refs: Refs, change: Change) -> Moved:
    named, amount = _named_by(by, card, refs), _amount(change)
    values = (*named, *amount, refs.ref_no, refs.ref_id, by.key, clock.now())
    outcome, transaction_id, card_no, points, balance = _unique(execute, _CHANGE, values)[0]
    if outcome != "DONE":
        raise refusal_of(outcome, change.field)
    return Moved(transaction_id, card_no, points, balance, refs.ref_no, refs.ref_id)


def _named_by(by: Partner, card: CardKey, refs: Refs) -> tuple[uuid.UUID, str, str | None]:
    if not all(storable(text) for text in (card.card_no, refs.ref_no or "", refs.ref_id or "")):
        raise refuse("NOT_EXIST")
    return by.owner_id, card.card_no, _phone(card.phone_number)


def _amount(change: Change) -> tuple[Any, ...]:
    return change.kind.value, change.points, change.method, change.value


def _phone(text: str) -> str | None:
    """As it is stored; None, which no member has, for what cannot be a telephone number."""
    try:
        return read_phone(text)
    except Unreadable:
        return None


def _unique(
    execute: Execute, statement: LiteralString, values: Sequence[Any]
) -> Sequence[Sequence[Any]]:
    """The rows of a statement; of rivals with one `ref_id` the unique key lets one through."""
    try:
        return execute(statement, values)
    except (UniqueViolation, IntegrityError) as error:
        if constraint_of(error) == UNIQUE_REF_ID:
            raise refuse("REF_ID_EXISTS") from error
        raise


def void_by_id(execute: Execute, by: Partner, transaction_id: uuid.UUID | None) -> Moved:
    """Take one transaction back, once.

    Raises NOT_EXIST (also for a redemption of a voucher), ALREADY_VOIDED, and POINTS_ALREADY_SPENT
    when the points that were added are no longer on the card.
    """
    if transaction_id is None:
        raise refuse("NOT_EXIST")
    return _void(execute, by, (transaction_id, None, None))


def void_by_ref_no(execute: Execute, by: Partner, ref_no: str) -> Moved:
    """The same for the only live transaction of this `ref_no`; raises REF_AMBIGUOUS, telling the
    ids, when there are several."""
    return _void(execute, by, (None, _named(ref_no), None))


def void_by_ref_id(execute: Execute, by: Partner, ref_id: str) -> Moved:
    """The same for the transaction of this `ref_id`."""
    return _void(execute, by, (None, None, _named(ref_id)))


def _named(text: str) -> str:
    if not text or not storable(text):
        raise refuse("NOT_EXIST")
    return text


def _void(
    execute: Execute, by: Partner, named: tuple[uuid.UUID | None, str | None, str | None]
) -> Moved:
    matches, outcome, *moved = execute(_VOID, (by.owner_id, *named, by.key))[0]
    if outcome == "REF_AMBIGUOUS":
        raise refuse(outcome, [Detail("transaction_id", str(one), str(one)) for one in matches])
    if outcome != "DONE":
        raise refusal_of(outcome)
    return Moved(*moved)


def refusal_of(outcome: str, amount: str = "points") -> Refusal:
    """Why the SQL functions would not; `amount` is the field that said how much."""
    if outcome not in _REASONS:
        return refuse("NOT_EXIST" if outcome == "NOT_FOUND" else outcome)
    code, field, en, zh = _REASONS[outcome]
    return refuse(code, [Detail(field or amount, en, zh)])


_REASONS: Final[dict[str, tuple[str, str, str, str]]] = {
    "CAMPAIGN_CLOSED": (
        "FORBIDDEN",
        "card_no",
        "the campaign is not running now, so that no points can be added",
        "點數活動目前未進行，無法加點",
    ),
    "CARD_EXPIRED": ("FORBIDDEN", "card_no", "the card has expired", "會員卡已過期"),
    "WORTH_NOTHING": ("INVALID_PARAMETER", "", "is worth less than one point", "換算後不足 1 點"),
    "OVER_MAXIMUM": (
        "INVALID_PARAMETER",
        "",
        f"would bring the balance over {MAX_BALANCE}",
        f"會使餘額超過 {MAX_BALANCE}",
    ),
    "IS_VOID": (
        "ALREADY_VOIDED",
        "transaction_id",
        "is itself a void, which cannot be taken back",
        "這筆交易本身即為作廢，無法再作廢",
    ),
}
"""Code, field (empty: the amount) and reason (English, zh-TW) of the outcomes that are no codes."""

"""Members as the platform finds them, and their statements of points."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Select,
    SQLColumnExpression,
    func,
    literal_column,
    or_,
    select,
    union,
)

from voucherweb.domain.actor import Actor
from voucherweb.domain.paging import PageRequest
from voucherweb.domain.people import Unreadable, read_phone
from voucherweb.domain.scanning import typed_words
from voucherweb.errors import refuse
from voucherweb.models import (
    PLATFORM_PROGRAMME,
    Card,
    Member,
    Tenant,
)
from voucherweb.services.card_statement import StatementLine, card_lines
from voucherweb.services.ids import one_of, parse_id, place_in
from voucherweb.services.paging import AnySelect, order_key
from voucherweb.services.search import contains, contains_by_index
from voucherweb.services.tenants import real_members
from voucherweb.transaction import session

MOST_FOUND: Final = 1000
"""A search looks no further: whoever finds as many types more."""
LOOKED_THROUGH: Final = 10 * MOST_FOUND
MIN_PHONE_DIGITS: Final = 4
SORT: Final[dict[str, SQLColumnExpression[Any]]] = {
    "createTime": Member.created_at,
    "name": Member.name,
    "tenantName": Tenant.name,
    "balance": Card.balance,
}
_KEYS: Final = (Member.id, Member.created_at, Member.name, Member.tenant_id)


@dataclass(frozen=True, slots=True)
class FoundMember:
    """A member with the tenant's name and the balance that `/voucher/redeem` spends."""

    id: uuid.UUID
    household_member_id: str
    name: str | None
    gender: str
    birthdate: date | None
    phone_number: str | None
    tenant_id: uuid.UUID | None
    tenant_name: str | None
    balance: int
    created_at: datetime


def _need_platform(actor: Actor) -> None:
    if not actor.is_platform:
        raise refuse("FORBIDDEN")


def by_id_or_phone(typed: str) -> list[ColumnElement[bool]]:
    """Which members a text names exactly: by either id, or by a phone number, of which the first
    4 digits are enough. Each has an index."""
    text = typed_words(typed)
    found: list[ColumnElement[bool]] = [Member.household_member_id == text]
    member_id = parse_id(text)
    if member_id:
        found.append(Member.id == member_id)
    phone = _phone_beginning(text)
    if phone:
        # Not by LIKE, which finds no index in a plan that is kept for all values of a parameter.
        beyond = phone[:-1] + chr(ord(phone[-1]) + 1)
        found.append(
            Member.phone_number.bool_op("~>=~")(phone) & Member.phone_number.bool_op("~<~")(beyond)
        )
    return found


def _phone_beginning(text: str) -> str | None:
    """The first digits of a phone number as it is stored; None for what is none."""
    padded = text + "0" * 6  # A beginning is shorter than the shortest number.
    try:
        phone = read_phone(padded)[:-6]
    except Unreadable:
        return None
    return phone if len(phone.removeprefix("+")) >= MIN_PHONE_DIGITS else None


def search(actor: Actor, typed: str, asked: PageRequest) -> tuple[list[FoundMember], int]:
    """Members by either id, phone (its beginning), or a part of the name; all for an empty text.

    Answers a page of the newest 1,000 at the most and how many of them there are. For the
    platform: raises FORBIDDEN for everybody else.
    """
    _need_platform(actor)
    newest = _newest(_matching(typed_words(typed)))
    picked = _page_of(newest, asked).scalar_subquery()
    every = select(func.count()).select_from(newest).scalar_subquery()
    total, ids = session.execute(select(every, func.array(picked))).one()
    rows = session.execute(
        _members().where(one_of(Member.id, ids)).order_by(place_in(ids, Member.id))
    )
    return [FoundMember(*row) for row in rows], total


def _newest(found: AnySelect) -> CTE:
    """The newest 1,000 of those found, with what they can be sorted by without a join."""
    every = found.subquery()
    ordered = select(every).order_by(every.c.created_at.desc(), every.c.id)
    return ordered.limit(_constant(MOST_FOUND)).cte("newest")


def _page_of(newest: CTE, asked: PageRequest) -> Select[uuid.UUID]:
    """The ids of one page in their order."""
    query: Select[uuid.UUID] = select(newest.c.id)
    if asked.field == "tenantName":
        query = query.outerjoin(Tenant, Tenant.id == newest.c.tenant_id)
    elif asked.field == "balance":
        query = query.outerjoin(Card, _holds(newest.c.id))
    column = {"createTime": newest.c.created_at, "name": newest.c.name}.get(asked.field)
    key = order_key(SORT[asked.field] if column is None else column)
    query = query.order_by(key.desc() if asked.descending else key.asc(), newest.c.id)
    return query.limit(asked.size).offset(asked.offset) if asked.size > 0 else query


def _constant(number: int) -> ColumnElement[int]:
    """A limit that stands in the statement: a plan that is kept for all values of its parameters
    takes an unknown one for a tenth of all rows."""
    return literal_column(str(number), Integer)


def _matching(text: str) -> AnySelect:
    """Members whom a text means; of names more than can be shown do."""
    every = select(*_KEYS).where(real_members())
    if not text:
        return every
    exact = every.where(or_(*by_id_or_phone(text)))
    if text.isdecimal() or parse_id(text) is not None:  # Nobody's name.
        return exact
    # A common part of a name is found soon among the newest, a rare one through the index: each
    # way is slow at what the other is quick at.
    common = _among_newest(text)
    found = session.scalar(select(func.count()).select_from(common.subquery())) or 0
    named = common if found == MOST_FOUND else every.where(contains_by_index(Member.name, text))
    return select(union(exact, named).subquery())


def _among_newest(text: str) -> AnySelect:
    newest = (
        select(*_KEYS)
        .where(real_members())
        .order_by(Member.created_at.desc(), Member.id)
        .limit(_constant(LOOKED_THROUGH))
        .subquery()
    )
    named = select(newest).where(contains(newest.c.name, text))
    ordered = named.order_by(newest.c.created_at.desc(), newest.c.id)
    return ordered.limit(_constant(MOST_FOUND))


def _members() -> AnySelect:
    return (
        select(
            Member.id,
            Member.household_member_id,
            Member.name,
            Member.gender,
            Member.birthdate,
            Member.phone_number,
            Member.tenant_id,
            Tenant.name,
            func.coalesce(Card.balance, 0),
            Member.created_at,
        )
        .outerjoin(Tenant, Tenant.id == Member.tenant_id)
        .outerjoin(Card, _holds(Member.id))
    )


def _holds(member_id: SQLColumnExpression[uuid.UUID]) -> ColumnElement[bool]:
    return (Card.member_id == member_id) & (Card.programme_id == PLATFORM_PROGRAMME)


def get_member(actor: Actor, member_id: uuid.UUID | None) -> FoundMember:
    """One member; raises FORBIDDEN for all but the platform, and NOT_EXIST."""
    _need_platform(actor)
    row = session.execute(_members().where(Member.id == member_id, real_members())).one_or_none()
    if row is None:
        raise refuse("NOT_EXIST")
    return FoundMember(*row)


def statement_page(
    actor: Actor, member_id: uuid.UUID | None, asked: PageRequest, *, english: bool = False
) -> tuple[list[StatementLine], int]:
    """The movements of a member's card in the platform's programme, sorted by `seq`, and how many
    there are. Raises as `get_member` does."""
    get_member(actor, member_id)
    held = (Card.member_id == member_id) & (Card.programme_id == PLATFORM_PROGRAMME)
    card_id = session.scalar(select(Card.id).where(held))
    return ([], 0) if card_id is None else card_lines(card_id, asked, english=english)

"""What happened in one points programme: its totals, and its movements on all cards."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    DateTime,
    Select,
    and_,
    any_,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
    true,
)

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import PointsEntryKind
from voucherweb.domain.paging import MAX_ALL_ROWS, PageRequest
from voucherweb.domain.scanning import typed_words
from voucherweb.errors import invalid
from voucherweb.models import (
    PLATFORM_OWNER,
    Card,
    PointsEntry,
    Programme,
    ProgrammeSum,
    Redemption,
    Voucher,
)
from voucherweb.services.campaigns import get_campaign, owned_by
from voucherweb.services.card_statement import StatementLine, statement_lines, told
from voucherweb.services.far_pages import ids_of_page
from voucherweb.services.ids import parse_id
from voucherweb.transaction import session, unit_of_work

SORT_FIELDS: Final = ("time",)
MOST_LISTED: Final = MAX_ALL_ROWS
"""Who wants to see further back narrows the list."""
_GIVEN: Final = (PointsEntryKind.ADD, PointsEntryKind.GRANT)
_SUMMED: Final = (*_GIVEN, PointsEntryKind.BURN, PointsEntryKind.VOID)
_PARTNERS: Final = PointsEntry.kind != literal_column("'REDEEM'")
"""Spelled out, so that every plan knows that the index of these entries will do."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Points of a programme since its beginning. `taken_back` are those of voided adds,
    `given_back` those of voided burns."""

    added: int
    burned: int
    redeemed: int
    taken_back: int
    given_back: int

    @property
    def outstanding(self) -> int:
        """What members hold."""
        return self.added - self.taken_back - self.burned + self.given_back - self.redeemed


def totals(actor: Actor, campaign_id: uuid.UUID | None) -> Totals:
    """The totals of a programme, as its entries add up to; raises as `get_campaign` does."""
    programme = get_campaign(actor, campaign_id)
    owner_id = programme.tenant_id or PLATFORM_OWNER
    return _added_up(owner_id, Programme.id == programme.id)


def totals_of(owner_id: uuid.UUID) -> Totals:
    """The totals of all programmes of an owner, a tenant or `PLATFORM_OWNER`, together."""
    return _added_up(owner_id, owned_by(owner_id))


def _added_up(owner_id: uuid.UUID, which: ColumnElement[bool]) -> Totals:
    """What was added up before (`close_points`) and the entries since, in one statement, so that
    none is counted twice or not at all.

    What was redeemed is told by the vouchers, whose prices never change once a piece was sold
    (`books prove` holds both together): they are hundreds where entries are millions.
    """
    since = func.coalesce(ProgrammeSum.until, cast("-infinity", DateTime(timezone=True)))
    later = _later(owner_id, since).lateral("later")
    names = ("added", "burned", "taken_back", "given_back")
    sums = (
        func.coalesce(func.sum(func.coalesce(getattr(ProgrammeSum, name), 0) + later.c[name]), 0)
        for name in names
    )
    query = (
        select(*sums)
        .select_from(Programme)
        .outerjoin(ProgrammeSum, ProgrammeSum.programme_id == Programme.id)
        .join(later, true())
        .where(which)
    )
    added, burned, taken_back, given_back = (int(one) for one in session.execute(query).one())
    return Totals(added, burned, _redeemed(owner_id), taken_back, given_back)


def _later(owner_id: uuid.UUID, since: ColumnElement[Any]) -> Select[Any]:
    """The sums of a programme's entries from a moment on; every kind is named, because the index
    begins with it."""
    kind, credit = PointsEntry.kind, PointsEntry.credit
    voids = kind == PointsEntryKind.VOID

    def points_of(condition: ColumnElement[bool], name: str) -> ColumnElement[Any]:
        return func.coalesce(func.sum(PointsEntry.points).filter(condition), 0).label(name)

    return select(
        points_of(kind.in_(_GIVEN), "added"),
        points_of(kind == PointsEntryKind.BURN, "burned"),
        points_of(voids & (credit != "CARD"), "taken_back"),
        points_of(voids & (credit == "CARD"), "given_back"),
    ).where(
        _of(owner_id, Programme.id), kind.in_(_SUMMED), _PARTNERS, PointsEntry.created_at >= since
    )


def _redeemed(owner_id: uuid.UUID) -> int:
    """Vouchers are paid for in the platform's programme alone."""
    if owner_id != PLATFORM_OWNER:
        return 0
    spent = func.sum(cast(Voucher.redeemed, BigInteger) * Voucher.redeem_points)
    return int(session.scalar(select(func.coalesce(spent, 0))) or 0)


def close_points() -> int:
    """Add up the entries that are over, for the totals of programmes; of how many programmes there
    were any. Numbers stay what they are: an entry is counted here, or else when it is asked."""
    with unit_of_work():
        return int(session.execute(text("SELECT close_points()")).scalar_one())


def movements(
    actor: Actor,
    campaign_id: uuid.UUID | None,
    typed: str,
    kind: PointsEntryKind | None,
    asked: PageRequest,
    *,
    english: bool = False,
) -> tuple[list[StatementLine], int]:
    """A page of a programme's movements, sorted by `time`, and how many there are, 10,000 at the
    most: all, or those of a kind, or those that a card number, a transaction's id or one of the
    partner's references names exactly.

    Raises as `get_campaign` does, and INVALID_PARAMETER for a page beyond 10,000 movements.
    """
    programme = get_campaign(actor, campaign_id)
    if asked.offset >= MOST_LISTED:
        raise invalid(
            "page",
            f"only the first {MOST_LISTED} movements are listed",
            f"只列出前 {MOST_LISTED} 筆",
        )
    owner_id = programme.tenant_id or PLATFORM_OWNER
    wanted = [_of(owner_id, literal(programme.id))]
    if kind is not None:
        wanted.append(PointsEntry.kind == kind)
        if kind is not PointsEntryKind.REDEEM:
            wanted.append(_PARTNERS)
    words = typed_words(typed)
    if words:
        named, is_card = _named(programme, words, wanted, asked)
        wanted.append(named)
        if is_card:  # Its entries are in the order of their times, and an index knows it.
            asked = replace(asked, field="seq")
        lines, total = statement_lines(wanted, asked, most=MOST_LISTED + 1, english=english)
    elif owner_id == PLATFORM_OWNER and kind is PointsEntryKind.REDEEM:
        ids, total = _redemptions(wanted, asked)
        lines = told(ids, english=english)
    else:
        if owner_id == PLATFORM_OWNER and kind is None:  # All that the index of owners knows.
            wanted = [PointsEntry.owner_id == owner_id]
        total = _count(select(PointsEntry.id).where(*wanted))
        ids = ids_of_page(PointsEntry.id, PointsEntry.created_at, wanted, asked)
        lines = told(ids, english=english)
    return lines, min(total, MOST_LISTED)


def _count(query: Select[Any]) -> int:
    return session.scalars(
        select(func.count()).select_from(query.limit(MOST_LISTED + 1).subquery())
    ).one()


def _redemptions(
    wanted: Sequence[ColumnElement[bool]], asked: PageRequest
) -> tuple[Sequence[int], int]:
    """A page of the entries that paid for pieces, and how many there are: as many as pieces (`books
    prove` says so). No index is theirs alone, because redeeming would pay for it; they are among
    the platform's entries, of which those before the first piece are passed over."""
    at = PointsEntry.created_at
    order = at.desc() if asked.descending else at.asc()
    ids = select(PointsEntry.id).where(*wanted).order_by(order, PointsEntry.id)
    if not asked.descending:
        ids = ids.where(at >= _first_redeemed())
    page = session.scalars(ids.limit(asked.size).offset(asked.offset)).all()
    return page, _count(select(Redemption.id))


def _first_redeemed() -> datetime:
    """A moment before the first piece was given, however far the clocks of servers are apart."""
    of_voucher = (
        select(Redemption.redeemed_at)
        .where(Redemption.voucher_id == Voucher.id)
        .order_by(Redemption.seq)
        .limit(1)
        .lateral("of_voucher")
    )
    first = select(func.min(of_voucher.c.redeemed_at)).join_from(Voucher, of_voucher, true())
    return (session.scalar(first) or clock.now()) - timedelta(hours=1)


def _of(owner_id: uuid.UUID, programme_id: ColumnElement[Any] | Any) -> ColumnElement[bool]:
    """A programme's entries. The platform's name none, because it has a single one."""
    if owner_id == PLATFORM_OWNER:
        return and_(PointsEntry.owner_id == owner_id, PointsEntry.programme_id.is_(None))
    return PointsEntry.programme_id == programme_id


def _named(
    programme: Programme, words: str, wanted: Sequence[ColumnElement[bool]], asked: PageRequest
) -> tuple[ColumnElement[bool], bool]:
    """The condition under which an entry is named so, and whether it is that of one card alone."""
    owned = Card.programme_id == programme.id
    card = session.scalar(select(Card.id).where(Card.card_no == words, owned))
    ids = _by_reference(programme.tenant_id or PLATFORM_OWNER, words, wanted, asked)
    by_id = PointsEntry.id == any_(literal(ids, ARRAY(BigInteger)))
    if card is None:
        return by_id, False
    of_card = PointsEntry.card_id == card
    return (or_(of_card, by_id), False) if ids else (of_card, True)


def _by_reference(
    owner_id: uuid.UUID, words: str, wanted: Sequence[ColumnElement[bool]], asked: PageRequest
) -> list[int]:
    """The entries that an id or a reference names. Each has an index, of which that of ids knows
    what partners can name only; a reference may be that of very many."""
    at = PointsEntry.created_at
    named = [
        and_(PointsEntry.owner_id == owner_id, PointsEntry.ref_no == words),
        and_(PointsEntry.owner_id == owner_id, PointsEntry.ref_id == words),
    ]
    transaction_id = parse_id(words)
    if transaction_id:
        named.append(and_(PointsEntry.transaction_id == transaction_id, _PARTNERS))
    found: set[int] = set()
    for one in named:
        query = select(PointsEntry.id).where(*wanted, one)
        order = at.desc() if asked.descending else at.asc()
        found.update(session.scalars(query.order_by(order, PointsEntry.id).limit(MOST_LISTED + 1)))
    return sorted(found)

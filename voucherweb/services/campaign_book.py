"""What happened in one points programme: its totals, and its movements on all cards."""

import uuid
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, and_, cast, func, literal_column, or_, select

from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import PointsEntryKind
from voucherweb.domain.paging import MAX_ALL_ROWS, PageRequest
from voucherweb.domain.scanning import typed_words
from voucherweb.errors import invalid
from voucherweb.models import PLATFORM_OWNER, Card, PointsEntry, Programme, Voucher
from voucherweb.services.campaigns import get_campaign
from voucherweb.services.card_statement import StatementLine, statement_lines
from voucherweb.services.ids import parse_id
from voucherweb.transaction import session

SORT_FIELDS: Final = ("time",)
MOST_LISTED: Final = MAX_ALL_ROWS
"""Who wants to see further back narrows the list."""
_GIVEN: Final = (PointsEntryKind.ADD, PointsEntryKind.GRANT)
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
    """The totals of a programme, added up from its entries; raises as `get_campaign` does.

    What was redeemed is told by the vouchers, whose prices never change once a piece was sold
    (`books prove` holds both together): they are hundreds where entries are millions.
    """
    programme = get_campaign(actor, campaign_id)
    kind, credit = PointsEntry.kind, PointsEntry.credit
    voids = kind == PointsEntryKind.VOID

    def points_of(condition: ColumnElement[bool]) -> Any:
        return func.coalesce(func.sum(PointsEntry.points).filter(condition), 0)

    query = select(
        points_of(kind.in_(_GIVEN)),
        points_of(kind == PointsEntryKind.BURN),
        points_of(voids & (credit != "CARD")),
        points_of(voids & (credit == "CARD")),
    ).where(_PARTNERS)
    if programme.tenant_id is None:
        query = query.where(PointsEntry.owner_id == PLATFORM_OWNER)
    else:
        query = query.join(Card, Card.id == PointsEntry.card_id).where(_of(programme))
    added, burned, taken_back, given_back = (int(one) for one in session.execute(query).one())
    return Totals(added, burned, _redeemed(programme), taken_back, given_back)


def _redeemed(programme: Programme) -> int:
    """Vouchers are paid for in the platform's programme alone."""
    if programme.tenant_id is not None:
        return 0
    spent = func.sum(cast(Voucher.redeemed, BigInteger) * Voucher.redeem_points)
    return int(session.scalar(select(func.coalesce(spent, 0))) or 0)


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
    wanted = [_of(programme)]
    if kind is not None:
        wanted.append(PointsEntry.kind == kind)
        if kind is not PointsEntryKind.REDEEM:
            wanted.append(_PARTNERS)
    words = typed_words(typed)
    if words:
        wanted.append(_named(words))
    lines, total = statement_lines(and_(*wanted), asked, most=MOST_LISTED + 1, english=english)
    return lines, min(total, MOST_LISTED)


def _of(programme: Programme) -> ColumnElement[bool]:
    """The owner is named too, because an index knows the entries of each."""
    owner_id = programme.tenant_id or PLATFORM_OWNER
    return and_(PointsEntry.owner_id == owner_id, Card.programme_id == programme.id)


def _named(words: str) -> ColumnElement[bool]:
    """Each of these has an index, of which the last knows what partners can name only."""
    card = session.scalar(select(Card.id).where(Card.card_no == words))
    named = [PointsEntry.ref_no == words, PointsEntry.ref_id == words]
    if card is not None:
        named.append(PointsEntry.card_id == card)
    transaction_id = parse_id(words)
    if transaction_id:
        redeemed = PointsEntry.kind == PointsEntryKind.REDEEM
        named.append(and_(PointsEntry.transaction_id == transaction_id, ~redeemed))
    return or_(*named)

"""Members' cards in points programmes: given, changed, listed, with their statements."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Row, SQLColumnExpression, func, or_, select, union
from sqlalchemy.dialects.postgresql import insert

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.paging import MAX_ALL_ROWS, PageRequest
from voucherweb.domain.people import Unreadable, read_name
from voucherweb.domain.scanning import typed_words
from voucherweb.domain.texts import storable
from voucherweb.errors import Detail, invalid, refuse
from voucherweb.models import PLATFORM_PROGRAMME, Card, Member, Programme
from voucherweb.services import audit
from voucherweb.services.campaigns import get_campaign
from voucherweb.services.card_statement import StatementLine, card_lines
from voucherweb.services.indexed import as_indexed
from voucherweb.services.masking import mask_name, mask_phone, short_id
from voucherweb.services.member_search import by_id_or_phone
from voucherweb.services.members import find_member
from voucherweb.services.paging import AnySelect, fetch_page, order_key
from voucherweb.transaction import session

TIER_MAX: Final = 50
MOST_LISTED: Final = MAX_ALL_ROWS
"""Who wants to see further back looks for a card."""
SORT: Final[dict[str, SQLColumnExpression[Any]]] = {
    "createTime": Card.created_at,
    "balance": as_indexed(Card.balance),
    "cardNo": Card.card_no,
}


@dataclass(frozen=True, slots=True)
class CardTerms:
    """What is decided about a card: a tier of the tenant's own words, and the last moment at which
    partners can add or burn its points (None: no end)."""

    tier: str | None = None
    expired_at: datetime | None = None


NO_TERMS: Final = CardTerms()


@dataclass(frozen=True, slots=True)
class Given:
    """A member's card in a programme; `is_new` when it was made now."""

    card: Card
    is_new: bool


@dataclass(frozen=True, slots=True)
class FoundCard:
    """A card with its holder, who is told to platform admins only: to a tenant's own admins name,
    telephone and id are hints."""

    id: uuid.UUID
    card_no: str
    campaign_id: uuid.UUID
    campaign_name: str
    member_id: str
    member_name: str
    phone_number: str
    balance: int
    tier: str | None
    expired_at: datetime | None
    created_at: datetime


def give_card(
    actor: Actor, household_id: str, campaign_id: uuid.UUID | None, terms: CardTerms = NO_TERMS
) -> Given:
    """The member's card in the programme, made when there is none; `terms` are a new one's.

    Raises NOT_EXIST for a campaign that is not the actor's and for another tenant's member,
    FORBIDDEN, INVALID_PARAMETER.
    """
    programme = get_campaign(actor, campaign_id)
    kept = _checked(programme, terms)
    member = find_member(household_id) if storable(household_id) else None
    if member is None or not _may_hold(member, programme):
        raise refuse("NOT_EXIST")
    made = session.scalar(
        insert(Card)
        .values(
            member_id=member.id,
            programme_id=programme.id,
            tier=kept.tier,
            expired_at=kept.expired_at,
            created_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=["member_id", "programme_id"])
        .returning(Card.id)
    )
    if made is not None:
        data = {"member": household_id, "campaign": str(programme.id), **_told(kept)}
        audit.record(actor, "card.add", "card", made, programme.tenant_id, **data)
        session.flush()
    held = (Card.member_id == member.id) & (Card.programme_id == programme.id)
    return Given(session.scalars(select(Card).where(held)).one(), is_new=made is not None)


def _may_hold(member: Member, programme: Programme) -> bool:
    """Everybody may hold the platform's card; a tenant's, its own members and those of none."""
    return programme.tenant_id is None or member.tenant_id in {None, programme.tenant_id}


def change_card(actor: Actor, card_id: uuid.UUID | None, terms: CardTerms) -> Card:
    """Another tier or end; raises NOT_EXIST for a card that is not the actor's, and what
    `give_card` does."""
    card, programme = _need_card(actor, card_id, lock=True)
    kept = _checked(programme, terms)
    before, after = _told(CardTerms(card.tier, card.expired_at)), _told(kept)
    if before != after:
        card.tier, card.expired_at = kept.tier, kept.expired_at
        data = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
        audit.record(actor, "card.change", "card", card.id, programme.tenant_id, **data)
    session.flush()
    return card


def _need_card(
    actor: Actor, card_id: uuid.UUID | None, *, lock: bool = False
) -> tuple[Card, Programme]:
    query = select(Card).where(Card.id == card_id)
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    card = session.scalar(query)
    # Whose it is, is asked of its programme, also when there is none of either.
    programme = get_campaign(actor, card.programme_id if card else None)
    if card is None:
        raise refuse("NOT_EXIST")
    return card, programme


def _checked(programme: Programme, terms: CardTerms) -> CardTerms:
    problems = []
    tier = (terms.tier or "").strip() or None
    try:
        if tier is not None:
            read_name(tier, TIER_MAX)
    except Unreadable as error:
        problems.append(Detail("tier", *error.problem))
    if terms.expired_at is not None and programme.id == PLATFORM_PROGRAMME:
        # `/voucher/redeem` knows no end of a card.
        problems.append(
            Detail("expired_at", "the platform's cards have no end", "平台的會員卡沒有到期日")
        )
    if problems:
        raise refuse("INVALID_PARAMETER", problems)
    return CardTerms(tier, terms.expired_at)


def _told(terms: CardTerms) -> dict[str, str | None]:
    """The terms as the audit log keeps them."""
    end = terms.expired_at
    return {
        "tier": terms.tier,
        "expired_at": None if end is None else end.astimezone(UTC).isoformat(),
    }


def list_cards(
    actor: Actor, campaign_id: uuid.UUID | None, typed: str, asked: PageRequest
) -> tuple[list[FoundCard], int]:
    """A page of a programme's cards, all or those of a card number, a member's id, or a telephone
    number (its beginning), and how many there are, 10,000 at the most. All are sorted by `balance`
    among the newest so many alone.

    Raises as `campaigns.get_campaign` does, and INVALID_PARAMETER for a page beyond 10,000 cards.
    """
    programme = get_campaign(actor, campaign_id)
    if asked.offset >= MOST_LISTED:
        raise invalid(
            "page", f"only the first {MOST_LISTED} cards are listed", f"只列出前 {MOST_LISTED} 張"
        )
    words = typed_words(typed)
    # Found first, and told of afterwards: to sort them all, nothing but cards is read.
    ids, total = _looked_for(programme, words, asked) if words else _all(programme, asked)
    rows = {row[0]: row for row in session.execute(_cards().where(Card.id.in_(ids)))}
    return [_found(actor, rows[id_]) for id_ in ids], min(total, MOST_LISTED)


def _all(programme: Programme, asked: PageRequest) -> tuple[list[uuid.UUID], int]:
    """A page of all cards. Each order has an index but that of balances, which change too often:
    to look through so many cards takes a few thousandths of a second."""
    own = Card.programme_id == programme.id
    query, counted = select(Card.id).where(own), select(Card.card_no).where(own)
    column: SQLColumnExpression[Any] = SORT[asked.field]
    tie: SQLColumnExpression[Any] = Card.id
    if asked.field == "balance":
        newest = (
            select(Card.id, Card.balance)
            .where(own)
            .order_by(Card.created_at.desc())
            .limit(MOST_LISTED)
            .subquery("newest")
        )
        query, column, tie = select(newest.c.id), as_indexed(newest.c.balance), newest.c.id
    by_number = asked.field == "cardNo"
    if by_number:  # Their index holds the numbers: turning pages over reads nothing else.
        tie = order_key(Card.card_no)
    rows, total = fetch_page(
        query,
        asked,
        {asked.field: column},
        tie,
        counted.limit(MOST_LISTED + 1),
        pick_first=by_number,
    )
    return [row[0] for row in rows], total


def _looked_for(
    programme: Programme, words: str, asked: PageRequest
) -> tuple[list[uuid.UUID], int]:
    """A page of the cards that a number or their holders name. Each way of naming has its index,
    which one condition for all would not use. Found once, unless the page lies beyond the last."""
    told = [Card.id, SORT[asked.field].label("key")]
    own = Card.programme_id == programme.id
    named = union(
        select(*told).where(Card.card_no == words, own),
        select(*told)
        .join(Member, Member.id == Card.member_id)
        .where(or_(*by_id_or_phone(words)), own),
    ).subquery("named")
    key = order_key(named.c.key)
    query = select(named.c.id, func.count().over()).order_by(
        key.desc() if asked.descending else key.asc(), named.c.id
    )
    rows = session.execute(query.limit(asked.size).offset(asked.offset)).all()
    if not rows and asked.offset:
        return [], session.scalars(select(func.count()).select_from(named)).one()
    return [row[0] for row in rows], rows[0][1] if rows else 0


def get_card(actor: Actor, card_id: uuid.UUID | None) -> FoundCard:
    """One card; raises NOT_EXIST for one that is not the actor's, FORBIDDEN."""
    card, _ = _need_card(actor, card_id)
    return _found(actor, session.execute(_cards().where(Card.id == card.id)).one())


def _cards() -> AnySelect:
    return (
        select(
            Card.id,
            Card.card_no,
            Programme.id,
            Programme.name,
            Member.household_member_id,
            Member.name,
            Member.phone_number,
            Card.balance,
            Card.tier,
            Card.expired_at,
            Card.created_at,
        )
        .join(Programme, Programme.id == Card.programme_id)
        .join(Member, Member.id == Card.member_id)
    )


def _found(actor: Actor, row: Row[*tuple[Any, ...]]) -> FoundCard:
    (card_id, card_no, campaign_id, campaign_name, member_id, name, phone, *rest) = row
    if actor.is_platform:
        who = (member_id, name or "", phone or "")
    else:
        who = (short_id(member_id), mask_name(name), mask_phone(phone))
    return FoundCard(card_id, card_no, campaign_id, campaign_name, *who, *rest)


def statement(
    actor: Actor, card_id: uuid.UUID | None, asked: PageRequest, *, english: bool = False
) -> tuple[list[StatementLine], int]:
    """A page of a card's movements, sorted by `seq`, and how many there are; raises as `get_card`
    does."""
    card, _ = _need_card(actor, card_id)
    return card_lines(card.id, asked, english=english)

"""Members with their cards, as partners see them (contract B call 7)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select, union_all

from voucherweb.domain.people import Unreadable, read_phone
from voucherweb.domain.texts import storable
from voucherweb.models import PLATFORM_OWNER, Card, Member, Programme
from voucherweb.services.campaigns import owned_by
from voucherweb.services.partner_members import member_of
from voucherweb.services.tenants import real_members
from voucherweb.transaction import session


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which members are looked for; all that is given must fit. Nothing given: all of them."""

    phone_number: str | None = None
    card_no: str | None = None
    member_id: str | None = None


@dataclass(frozen=True, slots=True)
class HeldCard:
    """A card in one of the owner's programmes."""

    card_no: str
    campaign_id: uuid.UUID
    campaign_name: str
    points: int
    tier: str | None
    expired_at: datetime | None


@dataclass(frozen=True, slots=True)
class Profile:
    """What an owner's partners may know of a member; `member_id` is the host app's."""

    member_id: str
    phone_number: str | None
    name: str | None
    gender: str
    birth_date: date | None
    cards: Sequence[HeldCard]
    created_at: datetime


def find_profiles(
    owner_id: uuid.UUID, wanted: Wanted, size: int, offset: int
) -> tuple[list[Profile], int]:
    """A page of the owner's members, oldest first, and how many there are. What cannot be a
    telephone number, a card's number or an id is nobody's."""
    conditions = _conditions(owner_id, wanted)
    if conditions is None:
        return [], 0
    total = session.scalar(select(func.count()).select_from(Member).where(*conditions)) or 0
    query = select(Member).where(*conditions).order_by(Member.created_at, Member.id)
    members = session.scalars(query.limit(size).offset(offset)).all()
    cards = _cards(owner_id, [member.id for member in members])
    return [_profile(member, cards.get(member.id, ())) for member in members], total


def _conditions(owner_id: uuid.UUID, wanted: Wanted) -> list[ColumnElement[bool]] | None:
    """None when nobody can fit."""
    texts = (wanted.phone_number, wanted.card_no, wanted.member_id)
    if not all(storable(text) for text in texts if text is not None):
        return None
    if texts == (None, None, None):
        return [_all_of(owner_id)]
    found = [member_of(owner_id)]
    if wanted.phone_number is not None:
        try:
            found.append(Member.phone_number == read_phone(wanted.phone_number))
        except Unreadable:
            return None
    if wanted.card_no is not None:
        held = select(Card.member_id).join(Programme, Programme.id == Card.programme_id)
        held = held.where(Card.card_no == wanted.card_no, owned_by(owner_id))
        found.append(Member.id.in_(held))
    if wanted.member_id is not None:
        found.append(Member.household_member_id == wanted.member_id)
    return found


def _all_of(owner_id: uuid.UUID) -> ColumnElement[bool]:
    """`member_of` as a set of ids, which costs what the owner's members are rather than what
    everybody is."""
    if owner_id == PLATFORM_OWNER:
        return real_members()
    holders = (
        select(Card.member_id)
        .join(Programme, Programme.id == Card.programme_id)
        .join(Member, Member.id == Card.member_id)
        .where(Programme.tenant_id == owner_id, Member.tenant_id.is_(None))
    )
    return Member.id.in_(union_all(select(Member.id).where(Member.tenant_id == owner_id), holders))


def _cards(owner_id: uuid.UUID, members: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[HeldCard]]:
    """The cards of each of these members in the owner's programmes."""
    rows = session.execute(
        select(
            Card.member_id,
            Card.card_no,
            Programme.id,
            Programme.name,
            Card.balance,
            Card.tier,
            Card.expired_at,
        )
        .join(Programme, Programme.id == Card.programme_id)
        .where(Card.member_id.in_(members), owned_by(owner_id))
        .order_by(Card.created_at, Card.id)
    )
    found: dict[uuid.UUID, list[HeldCard]] = {}
    for member_id, card_no, campaign_id, name, points, tier, expired_at in rows:
        card = HeldCard(card_no, campaign_id, name, points, tier, expired_at)
        found.setdefault(member_id, []).append(card)
    return found


def _profile(member: Member, cards: Sequence[HeldCard]) -> Profile:
    return Profile(
        member_id=member.household_member_id,
        phone_number=member.phone_number,
        name=member.name,
        gender=member.gender,
        birth_date=member.birthdate,
        cards=cards,
        created_at=member.created_at,
    )

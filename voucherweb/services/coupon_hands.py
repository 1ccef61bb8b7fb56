"""Coupons given and taken back by an admin's hand, and what one member was given.

The deeds are those of contract B (services/coupon_gifts.py); here they are put on record as an
admin's.
"""

import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, SQLColumnExpression, exists, or_, select

from voucherweb.domain.actor import Actor
from voucherweb.domain.coupon_terms import SetTerms
from voucherweb.domain.enums import CouponSource, CouponStatus
from voucherweb.domain.paging import PageRequest
from voucherweb.domain.people import Unreadable, read_phone
from voucherweb.domain.scanning import typed_words
from voucherweb.domain.texts import storable
from voucherweb.errors import invalid, refuse
from voucherweb.models import (
    PLATFORM_OWNER,
    Branch,
    Card,
    Coupon,
    CouponGift,
    CouponSet,
    Member,
    Programme,
)
from voucherweb.services import audit, coupon_gifts, coupon_sets
from voucherweb.services.autocommit import within_unit_of_work
from voucherweb.services.coupon_gifts import Given
from voucherweb.services.coupon_sets import get_set, owner_of
from voucherweb.services.ids import parse_id
from voucherweb.services.masking import mask_name, mask_phone, short_id
from voucherweb.services.paging import AnySelect, fetch_page
from voucherweb.services.partner_members import member_of
from voucherweb.transaction import session

SORT: Final[dict[str, SQLColumnExpression[Any]]] = {
    "givenAt": CouponGift.given_at,
    "usedAt": CouponGift.used_at,
}


@dataclass(frozen=True, slots=True)
class _Hand:
    """An admin as the one who acts on an owner's coupons."""

    key: str
    owner_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Holder:
    """A member as a tenant may see one: masked."""

    id: uuid.UUID
    household_member_id: str
    name: str
    phone: str

    @property
    def called(self) -> str:
        return self.name or self.phone or short_id(self.household_member_id)


@dataclass(frozen=True, slots=True)
class GiftLine:
    """One giving. `status` is the giving's; one that was taken back is VOIDED."""

    id: uuid.UUID
    code: str
    status: CouponStatus
    set_id: uuid.UUID
    set_name: str
    source: CouponSource
    given_at: datetime
    given_by: str
    used_at: datetime | None
    voided_at: datetime | None
    branch_name: str | None
    end_date: datetime


def _hand(actor: Actor) -> _Hand:
    """Raises FORBIDDEN for all but admins."""
    return _Hand(actor.key, owner_of(actor, None))


def member_named(actor: Actor, typed: str) -> Holder:
    """The admin's member whom an id, the number of a card, or the whole telephone number of one
    member only names. Raises INVALID_PARAMETER for `member` when there is none or more than one,
    and FORBIDDEN."""
    owner_id, text = owner_of(actor, None), typed_words(typed)
    if not text or not storable(text):
        raise invalid("member", "is required", "必填")
    query = select(Member).where(_is_named(owner_id, text), member_of(owner_id))
    found = session.scalars(query.order_by(Member.id).limit(2)).all()
    if not found:
        raise invalid(
            "member",
            "no member of yours has this phone number, card or id",
            "找不到這個電話、卡號或編號的會員",
        )
    if len(found) > 1:
        raise invalid(
            "member",
            "several members have this phone number; type a card number or the member's id",
            "有多位會員使用這個電話，請改填卡號或會員編號",
        )
    return _holder(found[0])


def _is_named(owner_id: uuid.UUID, text: str) -> ColumnElement[bool]:
    programme = None if owner_id == PLATFORM_OWNER else owner_id
    card = exists(
        select(Card.id)
        .join(Programme, Programme.id == Card.programme_id)
        .where(Card.member_id == Member.id, Card.card_no == text)
        .where(Programme.tenant_id.is_not_distinct_from(programme))
        .correlate(Member)
    )
    named = [Member.household_member_id == text, card]
    member_id = parse_id(text)
    if member_id:
        named.append(Member.id == member_id)
    with suppress(Unreadable):
        named.append(Member.phone_number == read_phone(text))
    return or_(*named)


def _holder(member: Member) -> Holder:
    return Holder(
        member.id,
        member.household_member_id,
        mask_name(member.name),
        mask_phone(member.phone_number),
    )


def get_holder(actor: Actor, member_id: uuid.UUID | None) -> Holder:
    """One of the admin's members; raises FORBIDDEN and NOT_EXIST."""
    owner_id = owner_of(actor, None)
    found = session.scalar(select(Member).where(Member.id == member_id, member_of(owner_id)))
    if found is None:
        raise refuse("NOT_EXIST")
    return _holder(found)


def give(
    actor: Actor, set_id: uuid.UUID | None, member_id: uuid.UUID | None, quantity: int
) -> list[Given]:
    """Give a member coupons of a set; raises as `coupon_gifts.give` does."""
    hand = _hand(actor)
    pool, member = get_set(hand.owner_id, set_id), get_holder(actor, member_id)
    given = coupon_gifts.give(
        within_unit_of_work, hand, member.household_member_id, pool.id, quantity
    )
    audit.record(
        actor,
        "coupon.give",
        "coupon_set",
        pool.id,
        pool.tenant_id,
        name=pool.name,
        member=str(member.id),
        quantity=len(given),
    )
    session.flush()
    return given


def take_back(actor: Actor, gift_id: uuid.UUID | None) -> str:
    """Take a coupon back that was given; its status from now on. Raises as `coupon_gifts.void`
    does."""
    hand = _hand(actor)
    gift = get_gift(actor, gift_id)
    status = coupon_gifts.void(within_unit_of_work, hand, gift.id)
    audit.record(
        actor,
        "coupon.take_back",
        "coupon_set",
        gift.set_id,
        actor.tenant_id,
        name=gift.set_name,
        gift=str(gift.id),
    )
    session.flush()
    return status


def get_gift(actor: Actor, gift_id: uuid.UUID | None) -> GiftLine:
    """One giving of the admin's coupons; raises FORBIDDEN and NOT_EXIST."""
    row = session.execute(
        _gifts(owner_of(actor, None)).where(CouponGift.id == gift_id)
    ).one_or_none()
    if row is None:
        raise refuse("NOT_EXIST")
    return GiftLine(*row)


def holder_of_gift(actor: Actor, gift_id: uuid.UUID | None) -> Holder:
    """Who was given a coupon; raises FORBIDDEN and NOT_EXIST."""
    owner_id = owner_of(actor, None)
    member = session.scalar(
        select(Member)
        .join(CouponGift, CouponGift.member_id == Member.id)
        .where(CouponGift.id == gift_id, CouponGift.owner_id == owner_id)
    )
    if member is None:
        raise refuse("NOT_EXIST")
    return _holder(member)


def gifts_of(
    actor: Actor, member_id: uuid.UUID | None, asked: PageRequest
) -> tuple[list[GiftLine], int]:
    """A page of what a member was given of the admin's coupons, taken back ones included, sorted
    by one of `SORT`, and how many there are. Raises FORBIDDEN and NOT_EXIST."""
    holder, owner_id = get_holder(actor, member_id), owner_of(actor, None)
    own = select(CouponGift.id).where(
        CouponGift.owner_id == owner_id, CouponGift.member_id == holder.id
    )
    found, total = fetch_page(own, asked, SORT, CouponGift.id)
    ids = [row[0] for row in found]
    rows = {row[0]: row for row in session.execute(_gifts(owner_id).where(CouponGift.id.in_(ids)))}
    return [GiftLine(*rows[id_]) for id_ in ids], total


def _gifts(owner_id: uuid.UUID) -> AnySelect:
    return (
        select(
            CouponGift.id,
            Coupon.code,
            CouponGift.status,
            CouponSet.id,
            CouponSet.name,
            CouponSet.source,
            CouponGift.given_at,
            CouponGift.given_by,
            CouponGift.used_at,
            CouponGift.voided_at,
            Branch.name,
            CouponSet.end_date,
        )
        .join(
            Coupon,
            (Coupon.set_id == CouponGift.set_id) & (Coupon.ordinal == CouponGift.ordinal),
        )
        .join(CouponSet, CouponSet.id == CouponGift.set_id)
        .outerjoin(Branch, Branch.id == CouponGift.branch_id)
        .where(CouponGift.owner_id == owner_id)
    )


def create_auto_set(actor: Actor, terms: SetTerms) -> CouponSet:
    """A set of the admin's that makes a code for each giving; raises FORBIDDEN, and
    INVALID_PARAMETER naming every field that is wrong."""
    return coupon_sets.create_auto_set(_hand(actor).owner_id, actor, terms)

"""What a tenant's admins do to cards by hand, through the SQL functions that partners use."""

import uuid
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sqlalchemy import ColumnElement, or_, select

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import PointsEntryKind
from voucherweb.domain.people import Unreadable, read_phone
from voucherweb.domain.scanning import typed_words
from voucherweb.errors import Detail, invalid, refuse
from voucherweb.models import Card, Member, PointsEntry, Programme
from voucherweb.services import audit
from voucherweb.services.autocommit import within_unit_of_work
from voucherweb.services.campaigns import get_campaign
from voucherweb.services.cards import get_card
from voucherweb.services.ids import parse_id
from voucherweb.services.partner_points import refusal_of
from voucherweb.transaction import session

_CHANGE: Final = """
SELECT outcome, transaction_id, points, balance
FROM points_change(%s, %s, %s, %s, %s, NULL, NULL, %s, %s, %s)
"""
_VOID: Final = """
SELECT outcome, transaction_id, points, balance FROM points_void(%s, %s, NULL, NULL, %s, %s)
"""


@dataclass(frozen=True, slots=True)
class Done:
    """What was moved, and the card's balance after it."""

    transaction_id: uuid.UUID
    points: int
    balance: int


@dataclass(frozen=True, slots=True)
class Undoing:
    """A movement that may be taken back, and what the card's balance would be then."""

    kind: str
    points: int
    ref_no: str | None
    balance: int
    after: int


def add_points(
    actor: Actor,
    card_id: uuid.UUID | None,
    reason: str,
    *,
    points: int | None = None,
    value: Decimal | None = None,
) -> Done:
    """Add so many points to a card of one's own, or what a value is worth at the campaign's rate.

    Raises NOT_EXIST, FORBIDDEN for all but the tenant's own admins, for a campaign that is not
    running and for an expired card, INVALID_PARAMETER for less than one point and for more than a
    card holds.
    """
    method, field = (2, "points") if value is None else (1, "value")
    return _change(actor, card_id, PointsEntryKind.ADD, (points, method, value), reason, field)


def burn_points(actor: Actor, card_id: uuid.UUID | None, points: int, reason: str) -> Done:
    """Take points off a card of one's own, never below zero: raises INSUFFICIENT_POINTS, and what
    `add_points` does but for the campaign."""
    return _change(actor, card_id, PointsEntryKind.BURN, (points, None, None), reason, "points")


def _change(
    actor: Actor,
    card_id: uuid.UUID | None,
    kind: PointsEntryKind,
    amount: tuple[int | None, int | None, Decimal | None],
    reason: str,
    field: str,
) -> Done:
    card_id = _own_card(actor, card_id)
    values = (kind, card_id, *amount, actor.key, reason, clock.now())
    outcome, *moved = within_unit_of_work(_CHANGE, values)[0]
    if outcome != "DONE":
        raise refusal_of(outcome, field)
    done = Done(*moved)
    _record(actor, "add" if kind == PointsEntryKind.ADD else "burn", card_id, done, reason)
    return done


def void_movement(
    actor: Actor, card_id: uuid.UUID | None, transaction_id: uuid.UUID, reason: str
) -> Done:
    """Take one movement of a card back, once. Raises as `undoing` does."""
    undoing(actor, card_id, transaction_id)
    card_id = _own_card(actor, card_id)
    values = (actor.tenant_id, transaction_id, actor.key, reason)
    outcome, *moved = within_unit_of_work(_VOID, values)[0]
    if outcome != "DONE":
        raise refusal_of(outcome, "points")
    done = Done(*moved)
    _record(actor, "void", card_id, done, reason, voided=str(transaction_id))
    return done


def undoing(actor: Actor, card_id: uuid.UUID | None, transaction_id: uuid.UUID) -> Undoing:
    """What taking a movement back would lead to as things are now.

    Raises NOT_EXIST for one that is not of this card or can never be taken back, FORBIDDEN for
    all but the tenant's own admins, ALREADY_VOIDED, and POINTS_ALREADY_SPENT when the points that
    were added are no longer on the card.
    """
    card_id = _own_card(actor, card_id)
    entry = session.scalar(
        select(PointsEntry).where(
            PointsEntry.transaction_id == transaction_id,
            PointsEntry.card_id == card_id,
            PointsEntry.kind.in_((PointsEntryKind.ADD, PointsEntryKind.BURN)),
        )
    )
    if entry is None:
        raise refuse("NOT_EXIST")
    if session.scalar(select(PointsEntry.id).where(PointsEntry.voids == entry.id)) is not None:
        raise refuse("ALREADY_VOIDED")
    balance = session.scalars(select(Card.balance).where(Card.id == card_id)).one()
    after = balance + (entry.points if entry.kind == PointsEntryKind.BURN else -entry.points)
    if after < 0:
        raise refuse(
            "POINTS_ALREADY_SPENT",
            [
                Detail(
                    "",
                    f"{entry.points:,} points were added, {balance:,} are left on the card",
                    f"這筆加了 {entry.points:,} 點，卡上只剩 {balance:,} 點",
                )
            ],
        )
    return Undoing(entry.kind, entry.points, entry.ref_no, balance, after)


def _own_card(actor: Actor, card_id: uuid.UUID | None) -> uuid.UUID:
    """The id of a card of the actor's tenant; raises FORBIDDEN and NOT_EXIST."""
    if actor.is_platform:
        raise refuse("FORBIDDEN")
    return get_card(actor, card_id).id


def _record(
    actor: Actor, deed: str, card_id: uuid.UUID, done: Done, reason: str, **more: str
) -> None:
    told = {"points": done.points, "balance": done.balance, "reason": reason}
    transaction = str(done.transaction_id)
    named = {"transaction": transaction, **told, **more}
    audit.record(actor, f"points.{deed}", "card", card_id, actor.tenant_id, **named)
    session.flush()


def card_of_number(actor: Actor, card_no: str) -> uuid.UUID:
    """The id of the card with this number, if it is the actor's; raises NOT_EXIST, FORBIDDEN."""
    found = session.scalar(select(Card.id).where(Card.card_no == typed_words(card_no)))
    return get_card(actor, found).id


def member_named(actor: Actor, campaign_id: uuid.UUID | None, typed: str) -> str:
    """The household id of the member who may hold a card of the programme and whom an id names,
    or the whole telephone number of one member only.

    Raises INVALID_PARAMETER for `member` when there is none or more than one, and what
    `get_campaign` does.
    """
    programme = get_campaign(actor, campaign_id)
    text = typed_words(typed)
    found = session.scalars(
        select(Member.household_member_id)
        .where(_is_named(text), _may_hold(programme))
        .order_by(Member.household_member_id)
        .limit(2)
    ).all()
    if not found:
        raise invalid(
            "member",
            "no member has this phone number or id; members appear once they have opened the app",
            "找不到這個電話或編號的會員；會員開過 App 之後才會出現",
        )
    if len(found) > 1:
        raise invalid(
            "member",
            "several members have this phone number; type the member's id",
            "有多位會員使用這個電話，請改填會員編號",
        )
    return found[0]


def _is_named(text: str) -> ColumnElement[bool]:
    named = [Member.household_member_id == text]
    member_id = parse_id(text)
    if member_id:
        named.append(Member.id == member_id)
    with suppress(Unreadable):
        named.append(Member.phone_number == read_phone(text))
    return or_(*named)


def _may_hold(programme: Programme) -> ColumnElement[bool]:
    return or_(Member.tenant_id.is_(None), Member.tenant_id == programme.tenant_id)

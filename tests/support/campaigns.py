"""Campaigns and cards of a tenant, as its admins make them."""

import uuid
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from voucherweb.domain.actor import Actor
from voucherweb.domain.campaign_rules import CampaignStatus, CampaignTerms
from voucherweb.domain.enums import PointsEntryKind, Role
from voucherweb.models import Card, PointsEntry
from voucherweb.services import campaigns, card_deeds, cards
from voucherweb.services.members import Person, create_member
from voucherweb.transaction import session, unit_of_work

PLATFORM = Actor(Role.PLATFORM_ADMIN, uuid.UUID(int=9))


@dataclass(frozen=True, slots=True)
class MadeCard:
    """A member's card in a campaign where NT$30 earn a point."""

    id: uuid.UUID
    card_no: str
    campaign_id: uuid.UUID
    member_id: str


def admin_of(tenant_id: str) -> Actor:
    """Whoever looks after the tenant."""
    return Actor(Role.TENANT_ADMIN, uuid.uuid4(), uuid.UUID(tenant_id))


def make_campaign(
    tenant_id: str, name: str = "集點活動", rate: str = "30", *, paused: bool = False
) -> uuid.UUID:
    status = CampaignStatus.INACTIVE if paused else CampaignStatus.ACTIVE
    with unit_of_work():
        terms = CampaignTerms(name, Decimal(rate), status)
        return campaigns.create_campaign(admin_of(tenant_id), uuid.UUID(tenant_id), terms).id


def make_holder(tenant_id: str | None, phone: str = "0912345678", name: str = "王小明") -> str:
    """A member of the tenant, or of none; the household id."""
    owner = uuid.UUID(tenant_id) if tenant_id else None
    with unit_of_work():
        person = Person(name=name, phone_number=phone, tenant_id=owner)
        return create_member(person).household_member_id


def make_card(
    tenant_id: str, points: int = 0, campaign_id: uuid.UUID | None = None, phone: str = "0912345678"
) -> MadeCard:
    """A member's card with so many points, in a new campaign unless one is given."""
    actor = admin_of(tenant_id)
    campaign = campaign_id or make_campaign(tenant_id)
    member = make_holder(tenant_id, phone)
    with unit_of_work():
        card = cards.give_card(actor, member, campaign).card
        made = MadeCard(card.id, card.card_no, campaign, member)
    if points:
        add(tenant_id, made, points)
    return made


def add(tenant_id: str, card: MadeCard, points: int) -> uuid.UUID:
    """Points added by hand; the transaction's id."""
    with unit_of_work():
        actor = admin_of(tenant_id)
        return card_deeds.add_points(actor, card.id, "測試", points=points).transaction_id


def balance(card: MadeCard) -> int:
    with unit_of_work():
        return session.scalars(select(Card.balance).where(Card.id == card.id)).one()


def entries(card: MadeCard) -> list[tuple[str, int, int, str | None]]:
    """Every entry of a card: kind, points, balance after, reason."""
    with unit_of_work():
        found = session.scalars(
            select(PointsEntry).where(PointsEntry.card_id == card.id).order_by(PointsEntry.seq)
        ).all()
        return [
            (PointsEntryKind(one.kind), one.points, one.balance_after, one.reason) for one in found
        ]

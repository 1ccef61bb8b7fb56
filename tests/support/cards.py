"""Campaigns, members with telephones and their cards, and what the books say of them."""

import itertools
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from tests.support import cast
from voucherweb.config import Settings
from voucherweb.domain.actor import OPERATOR
from voucherweb.domain.campaign_rules import CampaignTerms
from voucherweb.domain.partner import CallerKind, Partner
from voucherweb.models import PLATFORM_OWNER, PLATFORM_PROGRAMME, Card, PointsEntry
from voucherweb.services import autocommit, campaigns, cards, members, partner_points, points
from voucherweb.services.partner_points import CardKey, Refs
from voucherweb.transaction import session, unit_of_work

_serial = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Holder:
    """A member with a card."""

    member_id: str
    phone: str
    card_no: str
    card_id: uuid.UUID

    @property
    def named(self) -> dict[str, str]:
        """How a partner names the card."""
        return {"phone_number": self.phone, "card_no": self.card_no}


def make_campaign(tenant_id: str, rate: str = "30", **terms: Any) -> str:
    """A tenant's programme in which so much of a currency earns one point."""
    with unit_of_work():
        wanted = CampaignTerms(**{"name": "集點樂", "value_per_point": Decimal(rate), **terms})
        return str(campaigns.create_campaign(OPERATOR, uuid.UUID(tenant_id), wanted).id)


def make_person(tenant_id: str | None = None, phone: str | None = None) -> tuple[str, str]:
    """A member's id (the host app's) and telephone number."""
    phone = phone or f"09{next(_serial):08d}"
    with unit_of_work():
        tenant = uuid.UUID(tenant_id) if tenant_id else None
        person = members.Person(name="陳怡君", phone_number=phone, tenant_id=tenant)
        return members.create_member(person).household_member_id, phone


def make_holder(
    campaign_id: str, tenant_id: str | None = None, terms: cards.CardTerms = cards.NO_TERMS
) -> Holder:
    """A new member, of that tenant or of none, with a card in that programme."""
    return give(campaign_id, *make_person(tenant_id), terms)


def give(
    campaign_id: str, member_id: str, phone: str, terms: cards.CardTerms = cards.NO_TERMS
) -> Holder:
    """The card of that member in that programme."""
    with unit_of_work():
        card = cards.give_card(OPERATOR, member_id, uuid.UUID(campaign_id), terms).card
        return Holder(member_id, phone, card.card_no, card.id)


def make_platform_holder(grant: int = 0) -> Holder:
    """A new member with the platform's card, from which `/voucher/redeem` takes."""
    holder = give(str(PLATFORM_PROGRAMME), *make_person())
    if grant:
        with unit_of_work():
            found = members.find_member(holder.member_id)
            assert found
            points.grant(OPERATOR, found.id, grant, "test")
    return holder


def partner_of(tenant_id: str | None) -> Partner:
    """A partner of that tenant, or of the platform, as the services see one."""
    tenant = uuid.UUID(tenant_id) if tenant_id else None
    ids = (uuid.uuid4(), tenant, tenant or PLATFORM_OWNER, uuid.uuid4())
    return Partner(CallerKind.KEY, *ids)


def tenant_with_holder() -> tuple[str, str, Holder]:
    """A new tenant, its campaign at 30 per point, and a holder of its card."""
    tenant_id = cast.make_tenant("夥伴診所")
    campaign_id = make_campaign(tenant_id)
    return tenant_id, campaign_id, make_holder(campaign_id, tenant_id)


def balance_of(holder: Holder) -> int:
    with unit_of_work():
        return session.scalars(select(Card.balance).where(Card.id == holder.card_id)).one()


def entries_of(holder: Holder) -> list[tuple[str, int, int]]:
    """(kind, points, balance after) of each entry of the card, in order."""
    with unit_of_work():
        query = select(PointsEntry.kind, PointsEntry.points, PointsEntry.balance_after)
        ordered = query.where(PointsEntry.card_id == holder.card_id).order_by(PointsEntry.seq)
        return [(row[0], row[1], row[2]) for row in session.execute(ordered)]


def of_all_cards() -> tuple[int, int, int]:
    """A fingerprint of the books: entries, points on cards, entries that cards count."""
    with unit_of_work():
        entries = session.scalar(select(func.count()).select_from(PointsEntry))
        balances = session.scalar(select(func.sum(Card.balance)))
        counted = session.scalar(select(func.sum(Card.entry_count)))
        return entries or 0, int(balances or 0), int(counted or 0)


def some_moved(settings: Settings) -> Holder:
    """Points added by value and directly, burnt, and taken back, on one card of a new tenant."""
    tenant_id, _, holder = tenant_with_holder()
    execute, partner = autocommit.alone(settings), partner_of(tenant_id)
    key = CardKey(holder.card_no, holder.phone)
    partner_points.add_value(execute, partner, key, Decimal(300), Refs("N1", "I1"))
    partner_points.add_points(execute, partner, key, 5, Refs())
    burnt = partner_points.burn(execute, partner, key, 4, Refs("N2"))
    partner_points.void_by_id(execute, partner, burnt.transaction_id)
    return holder

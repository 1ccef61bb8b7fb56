"""Who may keep which campaigns and cards, and what the audit log says of it."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.support import cards as made
from tests.support.cards import Holder
from tests.support.cast import make_tenant
from voucherweb.config import Settings
from voucherweb.domain.actor import OPERATOR, Actor
from voucherweb.domain.campaign_rules import CampaignStatus, CampaignTerms
from voucherweb.domain.enums import Role
from voucherweb.domain.paging import PageRequest
from voucherweb.errors import Refusal
from voucherweb.models import PLATFORM_PROGRAMME, AuditEntry
from voucherweb.services import campaigns, cards
from voucherweb.services.cards import CardTerms
from voucherweb.transaction import session, unit_of_work

TERMS = CampaignTerms("集點樂", Decimal(30))
PAGE = PageRequest(1, 10, "createTime", descending=False)
BOOK = PageRequest(1, 10, "seq", descending=False)
END = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture
def tenant(app: Flask) -> str:
    return make_tenant("夥伴診所")


@pytest.fixture
def own(tenant: str) -> Actor:
    return Actor(Role.TENANT_ADMIN, uuid.uuid4(), uuid.UUID(tenant))


@pytest.fixture
def other(app: Flask) -> Actor:
    return Actor(Role.TENANT_ADMIN, uuid.uuid4(), uuid.UUID(make_tenant("緯緯醫學")))


@pytest.fixture
def campaign(tenant: str) -> uuid.UUID:
    return uuid.UUID(made.make_campaign(tenant))


@pytest.fixture
def holder(tenant: str, campaign: uuid.UUID) -> Holder:
    return made.make_holder(str(campaign), tenant)


def refused(act: Callable[..., Any], *values: Any) -> str:
    with pytest.raises(Refusal) as refusal, unit_of_work():
        act(*values)
    return refusal.value.error.code.rpartition(".")[2]


def last_entry() -> tuple[str, dict[str, Any]]:
    with unit_of_work():
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert entry
        return entry.action, entry.data


def test_an_admin_keeps_the_own_tenants_campaigns(own: Actor) -> None:
    with unit_of_work():
        row = campaigns.create_campaign(own, own.tenant_id, TERMS)
        assert campaigns.get_campaign(own, row.id).value_per_point == 30
    assert last_entry()[0] == "campaign.add"


def test_a_stranger_keeps_none(own: Actor, other: Actor, campaign: uuid.UUID) -> None:
    assert refused(campaigns.create_campaign, other, own.tenant_id, TERMS) == "NOT_EXIST"
    assert refused(campaigns.get_campaign, other, campaign) == "NOT_EXIST"
    assert refused(campaigns.change_campaign, other, campaign, TERMS) == "NOT_EXIST"
    assert refused(campaigns.list_campaigns, other, own.tenant_id, PAGE) == "NOT_EXIST"
    with unit_of_work():
        assert campaigns.list_campaigns(other, other.tenant_id, PAGE) == ([], 0)


@pytest.mark.parametrize("role", [Role.CLERK, Role.MEMBER])
def test_clerks_and_members_keep_none(own: Actor, campaign: uuid.UUID, role: Role) -> None:
    clerk = Actor(role, own.id, own.tenant_id)
    assert refused(campaigns.create_campaign, clerk, own.tenant_id, TERMS) == "FORBIDDEN"
    assert refused(campaigns.get_campaign, clerk, campaign) == "FORBIDDEN"
    assert refused(campaigns.list_campaigns, clerk, own.tenant_id, PAGE) == "FORBIDDEN"


def test_the_platforms_programme_is_the_platforms(own: Actor) -> None:
    assert refused(campaigns.change_campaign, own, PLATFORM_PROGRAMME, TERMS) == "NOT_EXIST"
    with unit_of_work():
        changed = campaigns.change_campaign(OPERATOR, PLATFORM_PROGRAMME, TERMS)
        assert (changed.tenant_id, changed.value_per_point) == (None, 30)
        rows, total = campaigns.list_campaigns(OPERATOR, None, PAGE)
        assert ([row[0].id for row in rows], total) == ([PLATFORM_PROGRAMME], 1)


def test_a_change_is_told_and_no_change_is_not(own: Actor, campaign: uuid.UUID) -> None:
    paused = CampaignTerms("集點樂", Decimal("30.5"), CampaignStatus.INACTIVE)
    with unit_of_work():
        campaigns.change_campaign(own, campaign, paused)
    expected = {"status": ["ACTIVE", "INACTIVE"], "value_per_point": ["30.00", "30.50"]}
    assert last_entry() == ("campaign.change", expected)
    with unit_of_work():
        before = session.scalars(select(AuditEntry.id)).all()
        campaigns.change_campaign(own, campaign, paused)
        assert session.scalars(select(AuditEntry.id)).all() == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "樂" * 101}, "name"),
        ({"value_per_point": Decimal(0)}, "value_per_point"),
        ({"value_per_point": Decimal("0.001")}, "value_per_point"),
        ({"value_per_point": Decimal("Infinity")}, "value_per_point"),
        ({"start_date": END, "end_date": END - timedelta(seconds=1)}, "end_date"),
        ({"image_url": "//a.test/a.png"}, "image_url"),
    ],
)
def test_a_wrong_change_is_named(
    own: Actor, campaign: uuid.UUID, change: dict[str, Any], field: str
) -> None:
    terms = CampaignTerms(**{"name": "A", "value_per_point": Decimal(1), **change})
    with pytest.raises(Refusal) as refusal, unit_of_work():
        campaigns.change_campaign(own, campaign, terms)
    assert [one.field for one in refusal.value.details] == [field]


def test_cards_are_counted(own: Actor, holder: Holder) -> None:
    with unit_of_work():
        rows, total = campaigns.list_campaigns(own, own.tenant_id, PAGE)
        assert ([row.cards for row in rows], total) == ([1], 1)


def test_a_card_is_changed_by_its_own_tenant(own: Actor, other: Actor, holder: Holder) -> None:
    terms = CardTerms(" 金卡 ", END)
    assert refused(cards.change_card, other, holder.card_id, terms) == "NOT_EXIST"
    with unit_of_work():
        card = cards.change_card(own, holder.card_id, terms)
        assert (card.tier, card.expired_at) == ("金卡", END)
    action, data = last_entry()
    assert (action, data["tier"]) == ("card.change", [None, "金卡"])


def test_the_platforms_cards_have_no_end(app: Flask) -> None:
    purse = made.make_platform_holder()
    assert refused(cards.change_card, OPERATOR, purse.card_id, CardTerms(None, END)) == (
        "INVALID_PARAMETER"
    )


def test_a_tier_is_a_short_word(own: Actor, holder: Holder) -> None:
    for tier in ("金" * 51, "a\nb"):
        assert refused(cards.change_card, own, holder.card_id, CardTerms(tier)) == (
            "INVALID_PARAMETER"
        )


def test_cards_are_listed_and_looked_for(own: Actor, campaign: uuid.UUID, holder: Holder) -> None:
    made.make_holder(str(campaign), str(own.tenant_id))
    with unit_of_work():
        assert cards.list_cards(own, campaign, "", PAGE)[1] == 2
        for typed in (holder.card_no, holder.phone, holder.member_id):
            rows, total = cards.list_cards(own, campaign, f" {typed} ", PAGE)
            assert ([row.id for row in rows], total) == ([holder.card_id], 1)
        assert cards.list_cards(own, campaign, "nobody", PAGE) == ([], 0)


def test_a_tenant_sees_hints_of_the_holder(own: Actor, holder: Holder) -> None:
    with unit_of_work():
        hint, known = (cards.get_card(who, holder.card_id) for who in (own, OPERATOR))
    assert (known.member_name, known.phone_number) == ("陳怡君", holder.phone)
    assert known.member_id == holder.member_id
    assert (hint.member_name, hint.member_id) == ("陳○君", holder.member_id[:8])
    assert holder.phone not in hint.phone_number


def test_a_stranger_sees_no_card(other: Actor, campaign: uuid.UUID, holder: Holder) -> None:
    assert refused(cards.get_card, other, holder.card_id) == "NOT_EXIST"
    assert refused(cards.get_card, other, uuid.uuid4()) == "NOT_EXIST"
    assert refused(cards.list_cards, other, campaign, "", PAGE) == "NOT_EXIST"
    assert refused(cards.statement, other, holder.card_id, BOOK) == "NOT_EXIST"
    assert refused(cards.give_card, other, holder.member_id, campaign) == "NOT_EXIST"


def test_a_statement_tells_every_move(app: Flask, settings: Settings) -> None:
    moved = made.some_moved(settings)
    with unit_of_work():
        lines, total = cards.statement(OPERATOR, moved.card_id, BOOK)
    told = [(line.seq, line.kind, line.points, line.balance_after, line.is_void) for line in lines]
    assert told == [
        (1, "ADD", 10, 10, False),
        (2, "ADD", 5, 15, False),
        (3, "BURN", -4, 11, True),
        (4, "VOID", 4, 15, False),
    ]
    assert ([line.ref_no for line in lines], total) == (["N1", None, "N2", "N2"], 4)

"""Rules that the pages tell beforehand are those that the books then keep."""

import uuid
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask

from tests.support import campaigns
from voucherweb.domain import clock
from voucherweb.domain.campaign_rules import CampaignPhase, phase_at, worth
from voucherweb.errors import Refusal
from voucherweb.models import Programme
from voucherweb.services import card_deeds
from voucherweb.transaction import session, unit_of_work


@pytest.mark.parametrize(
    ("value", "rate"),
    [
        ("100", "30"),
        ("29.99", "30"),
        ("30", "30"),
        ("0.03", "0.01"),
        ("9999999.99", "0.01"),
        ("9999999.99", "3.33"),
        ("0.70", "0.07"),
        ("9999999.99", "9999999.98"),
    ],
)
def test_a_value_is_worth_on_the_page_what_it_is_in_the_books(
    app: Flask, tenant_id: str, value: str, rate: str
) -> None:
    campaign = campaigns.make_campaign(tenant_id, rate=rate)
    card = campaigns.make_card(tenant_id, campaign_id=campaign)
    expected = worth(Decimal(value), Decimal(rate))
    actor = campaigns.admin_of(tenant_id)
    if expected < 1:
        with pytest.raises(Refusal), unit_of_work():
            card_deeds.add_points(actor, card.id, "測試", value=Decimal(value))
        return
    with unit_of_work():
        done = card_deeds.add_points(actor, card.id, "測試", value=Decimal(value))
    assert (done.points, done.balance) == (expected, expected)


NOW = clock.now()
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("status", "start", "end", "phase"),
    [
        ("ACTIVE", None, None, CampaignPhase.RUNNING),
        ("ACTIVE", NOW - DAY, NOW + DAY, CampaignPhase.RUNNING),
        ("INACTIVE", None, None, CampaignPhase.PAUSED),
        ("ACTIVE", NOW + DAY, None, CampaignPhase.PENDING),
        ("ACTIVE", None, NOW - DAY, CampaignPhase.ENDED),
        ("INACTIVE", None, NOW - DAY, CampaignPhase.ENDED),
    ],
)
def test_points_are_added_while_the_page_says_running_only(
    app: Flask,
    tenant_id: str,
    status: str,
    start: datetime | None,
    end: datetime | None,
    phase: CampaignPhase,
) -> None:
    card = campaigns.make_card(tenant_id)
    with unit_of_work():
        campaign = session.get_one(Programme, card.campaign_id)
        campaign.status, campaign.start_date, campaign.end_date = status, start, end
    assert phase_at(status, start, end, clock.now()) is phase
    if phase is CampaignPhase.RUNNING:
        campaigns.add(tenant_id, card, 5)
    else:
        with pytest.raises(Refusal, match="FORBIDDEN"):
            campaigns.add(tenant_id, card, 5)
    assert campaigns.balance(card) == (5 if phase is CampaignPhase.RUNNING else 0)


def test_a_platform_admin_moves_no_tenants_points(app: Flask, tenant_id: str) -> None:
    card = campaigns.make_card(tenant_id, 50)
    with pytest.raises(Refusal) as refused, unit_of_work():
        card_deeds.burn_points(campaigns.PLATFORM, card.id, 5, "測試")
    assert refused.value.error.code == "API_ERROR.FORBIDDEN"
    assert campaigns.balance(card) == 50


def test_what_no_card_has_is_not_voided(app: Flask, tenant_id: str) -> None:
    card = campaigns.make_card(tenant_id, 50)
    with pytest.raises(Refusal) as refused, unit_of_work():
        card_deeds.void_movement(campaigns.admin_of(tenant_id), card.id, uuid.uuid4(), "測試")
    assert refused.value.error.code == "API_ERROR.NOT_EXIST"

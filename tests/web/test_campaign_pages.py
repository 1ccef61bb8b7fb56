"""Points campaigns, as a tenant's admins keep them and the platform keeps its own programme."""

import re
import uuid
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select

from tests.support import campaigns, cast
from tests.support.admins import deeds
from tests.support.books import statements
from tests.support.cast import Caller
from tests.support.site import Visitor, make_visitor
from voucherweb.models import PLATFORM_PROGRAMME, Programme
from voucherweb.services import cards
from voucherweb.transaction import session, unit_of_work

CAMPAIGNS = "/admin/partners/campaigns"
PLATFORMS = f"{CAMPAIGNS}/{PLATFORM_PROGRAMME}"
TYPED = {"name": "門診集點", "value_per_point": "1,000.5", "status": "ACTIVE"}


def own(visitor: Visitor) -> str:
    assert visitor.tenant_id
    return visitor.tenant_id


def stored(visitor: Visitor) -> list[Programme]:
    with unit_of_work():
        tenant = uuid.UUID(own(visitor))
        found = session.scalars(select(Programme).where(Programme.tenant_id == tenant)).all()
        session.expunge_all()
        return list(found)


def place(campaign: uuid.UUID, rest: str = "") -> str:
    return f"{CAMPAIGNS}/{campaign}{rest}"


def test_a_tenant_without_campaigns_is_told_what_to_do(visitor: Visitor) -> None:
    page = visitor.text(CAMPAIGNS)
    assert "還沒有活動" in page
    assert f'href="{CAMPAIGNS}/new"' in page


def test_a_campaign_is_created_and_opened(visitor: Visitor) -> None:
    typed = {**TYPED, "start_date": "2026-01-01", "end_date": "2026-12-31"}
    answer = visitor.post(f"{CAMPAIGNS}/new", typed)
    assert answer.status_code == 303, answer.text
    (made,) = stored(visitor)
    assert answer.location == place(made.id)
    assert made.value_per_point == Decimal("1000.50")
    assert made.start_date == datetime(2025, 12, 31, 16, tzinfo=UTC)
    assert made.end_date == datetime(2026, 12, 31, 15, 59, 59, 999000, tzinfo=UTC)
    assert "campaign.add" in deeds()
    assert "門診集點" in visitor.text(CAMPAIGNS)
    assert "還沒有卡片" in visitor.text(place(made.id))


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("name", ""),
        ("name", "字" * 300),
        ("value_per_point", "0"),
        ("value_per_point", "-3"),
        ("value_per_point", "1.005"),
        ("value_per_point", "多"),
        ("value_per_point", "99999999"),
        ("start_date", "昨天"),
        ("end_date", "2020-01-01"),
        ("image_url", "javascript:alert(1)"),
    ],
)
def test_a_campaign_that_cannot_be_is_refused_and_kept(
    visitor: Visitor, field: str, typed: str
) -> None:
    form = {**TYPED, "start_date": "2026-01-01", field: typed}
    answer = visitor.post(f"{CAMPAIGNS}/new", form)
    assert answer.status_code == 400
    assert f'href="#{field}"' in answer.text
    assert "門診集點" in answer.text or field == "name"
    assert stored(visitor) == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [("30", "得 3 點"), ("0.5", "得 200 點"), ("1,000", "得 0 點"), ("x", "填入金額後")],
)
def test_the_sentence_beside_the_rate_follows_what_is_typed(
    visitor: Visitor, typed: str, said: str
) -> None:
    part = visitor.text(
        f"{CAMPAIGNS}/new?value_per_point={typed}",
        HX_Request="true",
        HX_Request_Type="partial",
        HX_Target="p#worth",
    )
    assert said in part
    assert "<form" not in part


def test_a_changed_campaign_keeps_days_that_were_not_touched(visitor: Visitor) -> None:
    end = datetime(2027, 1, 1, 3, 30, tzinfo=UTC)
    campaign = campaigns.make_campaign(own(visitor))
    with unit_of_work():
        session.get_one(Programme, campaign).end_date = end
    form = visitor.text(place(campaign, "/edit"))
    typed = re.search(r'id="end_date"[^>]*value="([^"]+)"', form)
    assert typed
    answer = visitor.post(
        place(campaign, "/edit"), {**TYPED, "status": "INACTIVE", "end_date": typed[1]}
    )
    assert answer.location == place(campaign)
    (changed,) = stored(visitor)
    assert (changed.name, changed.status, changed.end_date) == ("門診集點", "INACTIVE", end)
    assert "暫停加點" in visitor.text(place(campaign))
    assert "campaign.change" in deeds()


def test_the_totals_add_up(visitor: Visitor) -> None:
    card = campaigns.make_card(own(visitor), 1500)
    campaigns.add(own(visitor), card, 77)
    page = visitor.text(place(card.campaign_id))
    assert place(card.campaign_id, "/totals") in page
    assert "NT$100" in page
    part = visitor.part(place(card.campaign_id, "/totals"), "totals")
    assert part.count("1,577") == 2
    assert "<html" not in part
    assert "1,577" in visitor.text(place(card.campaign_id, "/totals"))


def test_a_card_is_found_by_number_phone_and_member(visitor: Visitor) -> None:
    card = campaigns.make_card(own(visitor), 250)
    for typed in (card.card_no, "0912", card.member_id):
        page = visitor.part(place(card.campaign_id, f"?q={typed}"), "list")
        assert card.card_no in page
        assert "250" in page
    assert "沒有符合的卡片" in visitor.part(place(card.campaign_id, "?q=0999"), "list")


def test_how_many_cards_are_listed_is_said(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = place(campaigns.make_card(own(visitor)).campaign_id)
    assert "張，" not in visitor.text(at)
    monkeypatch.setattr(cards, "MOST_LISTED", 1)
    assert "只列出前 1 張" in visitor.text(at)
    assert "只列出最新的 1 張" in visitor.text(f"{at}?sort=balance&order=desc")
    assert visitor.get(f"{at}?page=2").status_code == 400


def test_a_tenant_sees_hints_of_people_only(visitor: Visitor) -> None:
    card = campaigns.make_card(own(visitor))
    page = visitor.text(place(card.campaign_id))
    assert "0912345678" not in page
    assert "王小明" not in page
    assert "王○明" in page


def test_movements_are_found_by_card_and_by_kind(visitor: Visitor) -> None:
    card = campaigns.make_card(own(visitor), 1234)
    other = campaigns.make_card(own(visitor), 77, card.campaign_id, "0922000000")
    at = place(card.campaign_id, "/movements")
    assert "+1,234" in visitor.part(at, "list")
    assert "+77" not in visitor.part(f"{at}?q={card.card_no}", "list")
    assert "+77" in visitor.part(f"{at}?q={other.card_no}", "list")
    assert "沒有符合的紀錄" in visitor.part(f"{at}?kind=BURN", "list")
    assert visitor.get(f"{at}?kind=STEAL").status_code == 400


def test_another_tenants_campaign_is_not_there(app: Flask, visitor: Visitor) -> None:
    foreign = campaigns.make_campaign(cast.make_tenant("緯緯醫學", "DEALER"), "別家的活動")
    assert "別家的活動" not in visitor.text(CAMPAIGNS)
    for other in (visitor, make_visitor(app)):
        for rest in ("", "/edit", "/movements", "/totals"):
            assert other.get(place(foreign, rest)).status_code == 400
            assert other.get(place(uuid.UUID(int=7), rest)).status_code == 400


def test_a_tenant_does_not_see_the_platforms_programme(visitor: Visitor) -> None:
    assert visitor.get(PLATFORMS).status_code == 400


def test_the_platform_is_led_to_its_own_programme(app: Flask, member: Caller) -> None:
    platform = make_visitor(app)
    assert platform.get(CAMPAIGNS).location == PLATFORMS
    page = platform.text(PLATFORMS)
    assert "100,000" in platform.text(f"{PLATFORMS}/totals")
    assert member.id[:8] in page or "王小明" in page
    assert "發卡給會員" not in page
    assert "+100,000" in platform.text(f"{PLATFORMS}/movements")


def test_the_platform_changes_its_rate(app: Flask) -> None:
    platform = make_visitor(app)
    answer = platform.post(f"{PLATFORMS}/edit", {**TYPED, "value_per_point": "25"})
    assert answer.location == PLATFORMS
    assert "得 4 點" in re.sub(r"\s+", " ", platform.text(PLATFORMS)).replace("NT$100 ", "")


def test_the_pages_speak_english(app: Flask, tenant_id: str) -> None:
    english = make_visitor(app, "TENANT_ADMIN", tenant_id, language="en")
    card = campaigns.make_card(tenant_id, 5)
    assert "Create a campaign" in english.text(CAMPAIGNS)
    assert "On cards" in english.text(place(card.campaign_id))
    assert "Movement" in english.text(place(card.campaign_id, "/movements"))


def test_longer_lists_ask_the_database_no_more_often(visitor: Visitor) -> None:
    card = campaigns.make_card(own(visitor), 5)
    paths = (CAMPAIGNS, place(card.campaign_id), place(card.campaign_id, "/movements"))
    counts = []
    visitor.text(CAMPAIGNS)  # What is asked once for the whole process is known from here on.
    for number in range(2):
        for path in paths:
            with statements() as seen:
                visitor.text(path)
            counts.append(len(seen))
        campaigns.make_card(own(visitor), 5, card.campaign_id, f"092200000{number}")
        campaigns.make_campaign(own(visitor))
    assert counts[:3] == counts[3:]

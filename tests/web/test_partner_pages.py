"""The partner section: its tabs, and its overview."""

import re
from datetime import timedelta

import pytest
from flask import Flask

from tests.support import calls, campaigns
from tests.support.cast import Caller
from tests.support.site import make_visitor, tenant_visitor
from voucherweb.domain import clock


def test_the_rail_leads_tenants_and_the_platform_there(app: Flask) -> None:
    for visitor in (make_visitor(app), tenant_visitor(app)):
        assert '<a href="/admin/partners"' in visitor.text("/admin/")


def test_a_clerk_is_not_led_there(app: Flask) -> None:
    clerk = tenant_visitor(app, role="CLERK")
    assert "/admin/partners" not in clerk.text("/admin/desk")
    assert clerk.get("/admin/partners").status_code == 403


@pytest.mark.parametrize(("language", "name"), [("zh-TW", "合作夥伴"), ("en", "Partners")])
def test_the_tabs_are_a_list_of_addresses(app: Flask, language: str, name: str) -> None:
    page = make_visitor(app, language=language).text("/admin/partners")
    assert f'aria-label="{name}"' in page
    assert '<a href="/admin/partners" aria-current="page">' in page


@pytest.mark.parametrize(
    "page", ["campaigns", "coupon-sets", "keys", "add-ons", "branches", "calls", "keys/new"]
)
def test_every_page_of_the_section_leads_back_to_its_overview(app: Flask, page: str) -> None:
    visitor = tenant_visitor(app)
    begins = '<ol><li><a href="/admin/partners">合作夥伴</a></li>'
    assert begins in visitor.text(f"/admin/partners/{page}")
    assert begins not in visitor.text("/admin/partners")


def test_a_newcomer_is_told_the_first_step(app: Flask) -> None:
    page = tenant_visitor(app).text("/admin/partners")
    assert "讓合作夥伴的系統開始運作" in page
    assert 'href="/admin/partners/campaigns/new"' in page
    assert "最近 24 小時" not in page


def test_the_next_step_follows_what_is_done(app: Flask) -> None:
    visitor = tenant_visitor(app)
    assert visitor.tenant_id
    campaigns.make_campaign(visitor.tenant_id)
    page = visitor.text("/admin/partners")
    assert 'class="btn btn-primary" href="/admin/partners/keys"' in page
    assert 'href="/admin/partners/campaigns/new"' not in page


def test_the_overview_counts_what_there_is(app: Flask) -> None:
    visitor = tenant_visitor(app)
    assert visitor.tenant_id
    card = campaigns.make_card(visitor.tenant_id, 1234)
    campaigns.make_card(visitor.tenant_id, 1, card.campaign_id, "0922000000")
    campaigns.make_campaign(visitor.tenant_id, "暫停的", paused=True)
    key = calls.make_key(visitor.tenant_id)
    calls.make_key(visitor.tenant_id, "沙盒", "SANDBOX")
    calls.log_call(visitor.tenant_id, key)
    calls.log_call(visitor.tenant_id, key, status=422, code="INSUFFICIENT_POINTS")
    calls.log_call(visitor.tenant_id, key, status=503, at=clock.now() - timedelta(days=2))
    told = figures(visitor.text("/admin/partners"))
    assert told["活動"] == "2"
    assert told["有卡的會員"] == "2"
    assert told["流通點數"] == "1,235"
    assert told["使用中的金鑰"] == "2"
    assert (told["全部"], told["成功"]) == ("2", "1")
    assert (told["被拒絕（4xx）"], told["系統錯誤（5xx）"]) == ("1", "0")


def test_the_latest_troubles_are_told_with_their_request_ids(app: Flask) -> None:
    visitor = tenant_visitor(app)
    key = calls.make_key(visitor.tenant_id)
    calls.log_call(visitor.tenant_id, key, request_id="fine")
    calls.log_call(visitor.tenant_id, key, request_id="bad", status=422, code="POOL_EMPTY")
    page = visitor.text("/admin/partners")
    assert 'data-copy="bad"' in page
    assert 'data-copy="fine"' not in page


def test_another_tenants_figures_are_not_counted(app: Flask) -> None:
    visitor, other = tenant_visitor(app), tenant_visitor(app)
    assert other.tenant_id
    campaigns.make_card(other.tenant_id, 7)
    calls.log_call(other.tenant_id, calls.make_key(other.tenant_id), status=500)
    told = figures(visitor.text("/admin/partners"))
    assert set(told.values()) == {"0"}


def test_the_platform_counts_its_own(app: Flask, member: Caller) -> None:
    campaigns.make_card(tenant_visitor(app).tenant_id or "", 7)
    calls.log_call(None, calls.make_key(None, "宿主 App"))
    told = figures(make_visitor(app).text("/admin/partners"))
    assert told["流通點數"] == "100,000"
    assert told["使用中的金鑰"] == "1"
    assert "附加元件" not in told


def figures(page: str) -> dict[str, str]:
    """The numbers of the page by their names."""
    found = re.findall(r"<dt>([^<]+)</dt>\s*<dd>(?:<a[^>]*>)?([^<]+)", page)
    return {name: value.strip() for name, value in found}

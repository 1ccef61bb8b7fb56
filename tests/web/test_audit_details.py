"""What the details of an entry say: fields by their names, values as pages show them, changes as
before → after."""

import ast
import html
import re
import uuid
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

import voucherweb
from tests.support import cast
from tests.support.cast import Caller
from tests.support.site import Visitor, make_visitor
from tests.support.voucher_forms import typed, values
from voucherweb.domain.actor import OPERATOR
from voucherweb.domain.campaign_rules import CampaignTerms
from voucherweb.services import audit, site_settings, tenants
from voucherweb.services.cards import CardTerms
from voucherweb.services.site_settings import SiteSettings
from voucherweb.services.voucher_changes import LONG, SHORT
from voucherweb.transaction import session, unit_of_work
from voucherweb.web.field_words import FIELDS

PLACE = "/admin/audit"
SHAPE = {"before", "after", "now", "was", "filters"}
"""Words of a change or a list of filters, which stand for the fields within."""


def told(visitor: Visitor, action: str) -> dict[str, str]:
    """The details of the newest entry of an action: text by name, markup left out."""
    page = visitor.text(f"{PLACE}?action={action}")
    found = re.search(r'<dl class="facts">(.*?)</dl>', page, re.S)
    assert found, page
    pairs = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", found[1], re.S)
    return {_plain(name): _plain(value) for name, value in pairs}


def _plain(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", markup)).strip()


def record(action: str, kind: str, **data: Any) -> None:
    with unit_of_work():
        audit.record(OPERATOR, action, kind, uuid.uuid4(), **data)
        session.flush()


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return make_visitor(app)


@pytest.fixture
def english(app: Flask) -> Visitor:
    return make_visitor(app, language="en")


def test_a_changed_setting_is_told_with_what_it_was(visitor: Visitor, english: Visitor) -> None:
    with unit_of_work():
        site_settings.change(OPERATOR, {"invite_hours": "1", "support_contact": "07-5550100"})
    said = told(visitor, "settings.change")
    assert said["邀請連結效期"] == "168 小時 → 1 小時"
    assert said["聯絡方式"] == "（空白） → 07-5550100"
    assert told(english, "settings.change")["Invitations last"] == "168 hours → 1 hour"


def test_one_thing_that_changed_is_called_by_its_name(visitor: Visitor, tenant_id: str) -> None:
    with unit_of_work():
        tenants.rename_tenant(OPERATOR, uuid.UUID(tenant_id), "高雄<小港>醫院")
    assert told(visitor, "tenant.rename")["名稱"] == "小港醫院 → 高雄<小港>醫院"
    record("admin.role", "admin", before="CLERK", after="TENANT_ADMIN")
    assert told(visitor, "admin.role")["角色"] == "核銷人員 → 租戶管理員"
    record("tenant.hide_small_groups", "tenant", after=True)
    assert told(visitor, "tenant.hide_small_groups")["隱藏小群組"] == "是"
    record("voucher.status", "voucher", before="NONE", now="ON")
    assert told(visitor, "voucher.status")["狀態"] == "未上架 → 上架"


def test_values_are_written_as_pages_write_them(visitor: Visitor, english: Visitor) -> None:
    record("quota.correct", "purchase", delta=-1_350_000)
    assert told(visitor, "quota.correct")["增減點數"] == "-1,350,000 點"
    record("coupon.import", "job", bytes=12_288)
    assert told(visitor, "coupon.import")["檔案大小"] == "12.0 KB"
    terms = {"status": ["ACTIVE", "INACTIVE"], "end_date": [None, "2026-11-21T15:59:59+00:00"]}
    record("campaign.change", "campaign", **terms)
    said = told(visitor, "campaign.change")
    assert said["狀態"] == "進行 → 暫停加點"
    assert said["最後一天"] == "（空白） → 2026/11/21 (六) 23:59:59"
    record("api_key.add", "api_key", sandbox=True, scopes=["members:read", "points:read"])
    said = told(english, "api_key.add")
    assert said["Sandbox"] == "Yes"
    assert said["What it may do"] == "Read members; Read points"


def test_an_export_tells_what_and_by_which_filters(visitor: Visitor) -> None:
    record(
        "export.start",
        "job",
        what="VOUCHERS",
        format="xlsx",
        filters={"voucherType": "01", "firstDay": "2026-11-01"},
    )
    said = told(visitor, "export.start")
    assert said["匯出內容"] == "票券清單"
    assert said["格式"] == "Excel"
    assert said["票券類別"] == "0 元換購"
    assert said["起日"] == "2026-11-01"


def test_what_another_release_wrote_is_shown_as_it_is(visitor: Visitor) -> None:
    record("moon.phase", "moon", crescent={"lit": 3}, points="many", role="CAPTAIN")
    said = told(visitor, "moon.phase")
    assert said["crescent"] == '{"lit":3}'
    assert said["點數"] == "many"
    assert said["角色"] == "CAPTAIN"


def test_a_changed_voucher_tells_every_field_before_and_after(
    app: Flask, visitor: Visitor, admin: Caller
) -> None:
    own = make_visitor(app, "TENANT_ADMIN", admin.tenant_id)
    voucher_id = cast.issue(admin, on=False, price=5, volume=10, voucherType="01")
    page = own.text(f"/admin/vouchers/{voucher_id}/edit")
    wanted = {"price": "6", "redeemLimit": "2", "voucherType": "01", "description": "另一段說明"}
    answer = own.send(f"/admin/vouchers/{voucher_id}/edit", typed(**{**values(page), **wanted}))
    assert answer.status_code == 303
    said = told(visitor, "voucher.update")
    assert said["面額"] == "NT$5 → NT$6"
    assert said["每人限兌換"].endswith(" → 2")
    assert "使用說明" in said["變更的欄位"]
    assert "發行數量" not in said
    assert "面額：NT$5 → NT$6" in own.text(f"/admin/vouchers/{voucher_id}/history")


def test_every_field_that_is_recorded_has_a_name() -> None:
    recorded = {*SHORT, *LONG} | {
        one.name for terms in (CampaignTerms, CardTerms, SiteSettings) for one in fields(terms)
    }
    for path in Path(voucherweb.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record":
                recorded |= {one.arg for one in node.keywords if one.arg}
    assert {"points", "redeem_limit", "invite_hours", "delta"} <= recorded
    assert recorded - SHAPE - FIELDS.keys() == set()


def test_a_refused_filter_is_called_by_its_name(visitor: Visitor) -> None:
    page = visitor.get(f"{PLACE}?startDate=2026-02-02&endDate=2026-02-01").text
    assert "<li>迄日不可早於起日</li>" in page
    page = visitor.get(f"{PLACE}?page=0").text
    assert "<li>頁次：必須是大於 0 的整數</li>" in page
    assert "<code>page</code>" not in page

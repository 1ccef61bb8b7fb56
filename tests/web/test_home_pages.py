"""The first pages: every tenant's figures for the platform, a tenant's own day for its people."""

import re
import uuid
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.books import change_voucher, statements
from tests.support.cast import Caller, fund, issue, make_tenant
from tests.support.site import Visitor, make_visitor, tenant_visitor
from tests.support.statistics import crowd, text, the_job
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.models import Job
from voucherweb.services.statistics_list import FIELDS
from voucherweb.transaction import session, unit_of_work
from voucherweb.web.statistics_overview import COLUMNS

LIST = "/voucher-mgmt/statistics/list"
HOME = "/admin/"
DAY = 86_400_000
_CELL = re.compile(r"<t[dh][^>]*>(.*?)</t[dh]>", re.S)


@pytest.fixture
def busy(client: FlaskClient, settings: Settings, admin: Caller, stranger: Caller) -> list[Caller]:
    """小港醫院 with much going on, 緯緯醫學 with little, a third one with a vendor only."""
    crowd(client, settings, issue(admin, price=12.5, volume=50), 7, "F", 1990)
    crowd(client, settings, issue(stranger, voucherType="02", volume=9), 2, "M", 1960)
    fund(make_tenant("只有廠商"))
    return [admin, stranger]


@pytest.fixture
def boss(app: Flask) -> Visitor:
    return make_visitor(app)


@pytest.fixture
def tenant(app: Flask, admin: Caller) -> Visitor:
    return make_visitor(app, "TENANT_ADMIN", admin.tenant_id)


def lines(html: str, part: str) -> list[list[str]]:
    """The cells of each row in the body or the foot of the list."""
    body = re.findall(rf"<{part}>(.*?)</{part}>", html, re.S)[0]
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.S)
    return [[text(cell) for cell in _CELL.findall(row)] for row in rows]


def as_shown(row: dict[str, Any]) -> list[str]:
    """A row of the API in the words of the page."""
    shown = [row["tenantName"]]
    for name in COLUMNS:
        value = row[name]
        if name.endswith("Rate"):
            shown.append(f"{value:.1f}%")
        elif name == "usedAmount":
            amount = Decimal(str(value))
            whole = amount == amount.to_integral_value()
            shown.append(f"NT${amount:,.0f}" if whole else f"NT${amount:,.2f}")
        else:
            shown.append(f"{value:,}")
    return shown


def test_the_platforms_list_says_what_the_api_says(
    boss: Visitor, platform: Caller, busy: list[Caller]
) -> None:
    for path in (HOME, "/admin/statistics"):
        shown = {row[0]: row for row in lines(boss.text(path), "tbody")}
        for row in platform.data(LIST, {}):
            if "volume" in row:
                assert shown[row["tenantName"]] == as_shown(row)
            else:
                assert shown[row["tenantName"]][1] == "還沒有符合的票券"


def test_the_totals_add_up_every_column(
    boss: Visitor, platform: Caller, busy: list[Caller]
) -> None:
    [foot] = lines(boss.text(HOME), "tfoot")
    rows = [row for row in platform.data(LIST, {}) if "volume" in row]
    sums = {name: sum(row[name] for row in rows) for name in COLUMNS if "Rate" not in name}
    rates = {
        "clickRate": 100 * sums["clickCount"] / sums["reachCount"],
        "redeemRate": 100 * sums["redeemCount"] / sums["volume"],
        "usedRate": 100 * sums["usedCount"] / sums["redeemCount"],
    }
    assert foot == as_shown({"tenantName": "合計 3 個租戶", **sums, **rates})


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_every_column_sorts_as_in_the_api(
    boss: Visitor, platform: Caller, busy: list[Caller], field: str, order: str
) -> None:
    html = boss.text(f"{HOME}?sort={field}&order={order}")
    sorter = {"field": field, "order": order}
    rows = platform.data(LIST, {"sorter": sorter})
    assert [row[0] for row in lines(html, "tbody")] == [row["tenantName"] for row in rows]
    assert f'id="sort-{field}"' in html


def test_filters_narrow_rows_and_totals_alike(
    boss: Visitor, platform: Caller, busy: list[Caller], settings: Settings
) -> None:
    today = clock.local_date(clock.now(), settings.timezone)
    yesterday = today - timedelta(days=1)
    query = f"voucherType=02&startDate={yesterday}&endDate={today}"
    html = boss.text(f"{HOME}?{query}&name=緯緯")
    [row], [foot] = lines(html, "tbody"), lines(html, "tfoot")
    assert (row[0], row[1:]) == ("緯緯醫學", foot[1:])
    assert row[1:3] == ["9", "2"]
    nothing = boss.text(f"{HOME}?startDate={today + timedelta(days=1)}")
    assert "<tfoot>" not in nothing
    assert nothing.count("還沒有符合的票券") == 3


@pytest.mark.parametrize(
    "query", ["startDate=2026-02-02&endDate=2026-02-01", "endDate=x", "voucherType=9", "sort=id"]
)
def test_a_filter_that_cannot_be_is_refused(boss: Visitor, query: str) -> None:
    assert boss.get(f"{HOME}?{query}").status_code == 400


def test_a_tenant_leads_to_its_statistics(boss: Visitor, busy: list[Caller]) -> None:
    html = boss.text(f"{HOME}?voucherType=01")
    link = f"/admin/statistics/tenants/{busy[0].tenant_id}?voucherType=01"
    assert link in html
    assert "小港醫院" in boss.text(link)


def test_the_list_is_a_part_of_its_own(boss: Visitor, busy: list[Caller]) -> None:
    part = boss.part(f"{HOME}?name=小港", "list")
    assert "<html" not in part
    assert [row[0] for row in lines(part, "tbody")] == ["小港醫院"]


def test_the_list_becomes_a_file_with_its_filters(boss: Visitor, busy: list[Caller]) -> None:
    page = f"{HOME}?name=小港&voucherType=01&startDate=2026-01-01"
    html = boss.part(page, "list")
    for extension in ("xlsx", "csv"):
        found = re.search(rf'action="(/admin/statistics/export/tenants/{extension}[^"]*)"', html)
        assert found
        answer = boss.post(unescape(found[1]), at=page)
        job = the_job(answer)
        filters = {"name": "小港", "voucherType": "01", "firstDay": "2026-01-01"}
        wanted = {"what": "STATISTICS_LIST", "format": extension, "filters": filters}
        assert job.params.items() >= wanted.items()
    assert boss.send("/admin/statistics/export/tenants/csv", {}).status_code == 403


def test_only_the_platform_exports_the_list(tenant: Visitor) -> None:
    answer = tenant.post("/admin/statistics/export/tenants/csv", at="/admin/statistics/mine")
    assert answer.status_code == 403


def test_a_list_without_vendors_says_what_to_do(boss: Visitor) -> None:
    assert "前往發行廠商" in boss.text(HOME)


def test_a_search_that_finds_none_can_be_cleared(boss: Visitor, busy: list[Caller]) -> None:
    assert "沒有符合條件的租戶" in boss.text(f"{HOME}?name=沒有這家")


def test_the_platforms_home_costs_the_same_for_more_tenants(
    boss: Visitor, busy: list[Caller]
) -> None:
    boss.text(HOME)
    with statements() as before:
        boss.text(HOME)
    for number in range(5):
        fund(make_tenant(f"第 {number} 家"))
    with statements() as after:
        boss.text(HOME)
    assert len(after) == len(before) <= 8


def test_a_tenants_home_says_what_the_api_says(
    tenant: Visitor, admin: Caller, busy: list[Caller]
) -> None:
    seen = text(tenant.text(HOME))
    found = admin.data("/voucher-mgmt/voucher/summary")
    for words in (
        f"已購 {found['deposit']:,} 已用 {found['withdraw']:,} 剩餘 {found['quota']:,}",
        f"可用比率 {found['quotaAvailRate']:.1f}%",
        f"發行 {found['totalVolume']} {found['totalPoints']:,} 點",
        f"發行金額 NT${found['totalAmount']:,.0f}",
        f"未兌換 {found['totalUnRedeemCount']} {found['totalUnRedeemPoints']:,} 點",
        f"兌換金額 NT${found['totalRedeemAmount']:,.2f} {found['totalRedeemPoints']:,} 點",
        f"核銷金額 NT${found['totalUsedAmount']:,.2f}",
        f"兌換 {found['totalRedeemCount']} 張 兌換率 {found['redeemRate']:.1f}%",
        f"核銷 {found['totalUsedCount']} 張 核銷率 {found['usedRate']:.1f}%",
        "曝光 7 人",
        "點擊 7 人 點擊率 100.0%",
    ):
        assert words in seen, words


def test_each_card_has_the_line_of_its_last_days(tenant: Visitor, busy: list[Caller]) -> None:
    html = tenant.text(HOME)
    said = re.findall(r'class="sparkline"[^>]*aria-label="([^"]+)"', html)
    assert said == [
        f"{name}，最近 30 天：最高 {most}，最低 0，最後一天 {most}"
        for name, most in (("曝光", 14), ("點擊", 7), ("兌換", 7), ("核銷", 3))
    ]


def test_what_needs_attention_is_named_and_linked(tenant: Visitor, admin: Caller) -> None:
    ends = {
        name: clock.to_millis(clock.now()) + 60 * DAY
        for name in ("redeemEndDate", "useEndDate", "onEndDate")
    }
    soon = issue(admin, title="快下架了")
    scarce = issue(admin, title="快兌完了", **ends)
    change_voucher(scarce, redeemed=8)
    issue(admin, title="好得很", **ends)
    issue(admin, on=False, title="還是草稿", **ends)
    html = tenant.text(HOME)
    seen = text(html)
    assert "7 天內下架：1 快下架了" in seen
    assert "庫存低於安全庫存：1 快兌完了 剩 2 / 10" in seen
    assert "未上架的票券 1" in seen
    assert "好得很" not in seen
    for link in (f"/admin/vouchers/{soon}", f"/admin/vouchers/{scarce}", "phase=DRAFT"):
        assert f'{link}"' in html


def test_stock_is_scarce_under_the_safety_stock_only(tenant: Visitor, admin: Caller) -> None:
    """Of 10 pieces the safety stock is 3."""
    voucher = issue(admin)
    change_voucher(voucher, redeemed=7)
    assert "庫存低於安全庫存" not in tenant.text(HOME)
    change_voucher(voucher, redeemed=8)
    assert "庫存低於安全庫存" in tenant.text(HOME)


def test_open_imports_are_counted_and_no_others(tenant: Visitor, admin: Caller) -> None:
    issue(admin)
    mine = uuid.UUID(admin.tenant_id)
    with unit_of_work():
        for kind, state, whose in (
            ("IMPORT", "QUEUED", mine),
            ("IMPORT", "RUNNING", mine),
            ("IMPORT", "DONE", mine),
            ("EXPORT", "QUEUED", mine),
            ("IMPORT", "QUEUED", uuid.UUID(make_tenant("別家"))),
        ):
            session.add(Job(kind=kind, actor="admin:x", tenant_id=whose, state=state))
    assert "等待或進行中的匯入 2" in text(tenant.text(HOME))


def test_anothers_vouchers_are_nobodys_business(tenant: Visitor, stranger: Caller) -> None:
    issue(stranger, title="別家的")
    assert "別家的" not in tenant.text(HOME)


def test_a_new_tenant_is_led_to_its_first_voucher(app: Flask, admin: Caller) -> None:
    poor = tenant_visitor(app, funded=False)
    html = poor.text(HOME)
    assert html.count('aria-label="未完成"') == 4
    assert "尚未購買額度" in html
    assert "還沒有票券" in html
    rich = make_visitor(app, "TENANT_ADMIN", admin.tenant_id)
    html = rich.text(HOME)
    assert (html.count('aria-label="已完成"'), html.count('aria-label="未完成"')) == (2, 2)
    issue(admin, on=False)
    assert rich.text(HOME).count('aria-label="已完成"') == 3


def test_the_steps_go_once_a_voucher_was_on_the_shelf(tenant: Visitor, admin: Caller) -> None:
    issue(admin)
    assert "開始發行票券" not in tenant.text(HOME)


def test_a_tenants_home_costs_the_same_for_more_vouchers(tenant: Visitor, admin: Caller) -> None:
    issue(admin)
    tenant.text(HOME)
    with statements() as before:
        tenant.text(HOME)
    for _ in range(6):
        issue(admin)
    with statements() as after:
        tenant.text(HOME)
    assert len(after) == len(before) <= 16


def test_both_homes_speak_english(app: Flask, busy: list[Caller]) -> None:
    for role, tenant_id in (("PLATFORM_ADMIN", None), ("TENANT_ADMIN", busy[0].tenant_id)):
        html = make_visitor(app, role, tenant_id, language="en").text(HOME)
        assert "Click rate = clicked ÷ seen" in html
        own = re.sub("小港醫院|緯緯醫學|只有廠商|繁體中文|CITY CAFE 中杯拿鐵", "", text(html))
        assert not re.findall("[\u4e00-\u9fff]+", own)

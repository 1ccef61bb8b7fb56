"""The statistics pages say what the API says, and no more than the tenant wants told."""

import re
import uuid
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from tests.support import errands
from tests.support.books import statements
from tests.support.cast import Caller, issue, make_admin
from tests.support.site import Visitor, make_visitor
from tests.support.statistics import crowd, tables, text, the_job
from voucherweb.config import Settings
from voucherweb.models import Job, Tenant
from voucherweb.transaction import session, unit_of_work

STATISTICS = "/voucher-mgmt/voucher/statistics"
MINE = "/admin/statistics/mine"
FUNNEL, REACH, CLICK, REDEEMED, USED, TREND = range(6)


@pytest.fixture
def offer(admin: Caller, client: FlaskClient, settings: Settings) -> str:
    """A voucher that men and women of several ages met, and some of unknown gender or age."""
    voucher = issue(admin, volume=100, price=12.5)
    crowd(client, settings, voucher, 4, "M", 1980)
    crowd(client, settings, voucher, 6, "F", 1990)
    crowd(client, settings, voucher, 5, "F", None)
    crowd(client, settings, voucher, 3, "U", 1950, redeem=False)
    return voucher


@pytest.fixture
def tenant(app: Flask, admin: Caller) -> Visitor:
    return make_visitor(app, "TENANT_ADMIN", admin.tenant_id)


@pytest.fixture
def boss(app: Flask) -> Visitor:
    return make_visitor(app)


def hide_small_groups() -> None:
    with unit_of_work():
        session.execute(update(Tenant).values(hide_small_groups=True))


def numbers(values: list[str]) -> list[int]:
    return [int(value.replace(",", "")) for value in values]


def by_level(info: dict[str, Any], *names: str) -> list[list[int]]:
    return [[bar[name] for name in names] for bar in info["details"]]


def same_analyses(html: str, data: dict[str, Any]) -> None:
    """Every number of the four analyses stands on the page as the API answers it."""
    shown = tables(html)
    for at, info in ((REACH, data["reachInfo"]), (CLICK, data["clickInfo"])):
        lines = [numbers(line) for line in shown[at].values()]
        bars = by_level(info, "maleCount", "femaleCount", "maleTimes", "femaleTimes")
        assert [[*line[:2], *line[4:6]] for line in lines[:5]] == bars
        foot = lines[-1]
        assert foot[:2] == [info["totalMaleCount"], info["totalFemaleCount"]]
        assert foot[4:6] == [info["totalMaleTimes"], info["totalFemaleTimes"]]
        assert (foot[3], foot[7]) == (info["totalCount"], info["totalTimes"])
    for at, info in ((REDEEMED, data["redeemInfo"]), (USED, data["usedInfo"])):
        lines = [numbers(line) for line in shown[at].values()]
        assert [line[:2] for line in lines[:5]] == by_level(info, "maleCount", "femaleCount")
        assert lines[-1][:2] == [info["totalMaleCount"], info["totalFemaleCount"]]
        assert lines[-1][3] == info["totalCount"]


def same_totals(html: str, data: dict[str, Any]) -> None:
    """The funnel, its rates, the amounts and the shares of genders."""
    redeem, used, click = data["redeemInfo"], data["usedInfo"], data["clickInfo"]
    steps = list(tables(html)[FUNNEL].values())
    counts = [data["reachInfo"]["totalCount"], click["totalCount"]]
    assert numbers([step[0] for step in steps]) == [
        *counts,
        redeem["totalRedeemCount"],
        used["totalCount"],
    ]
    rates = [click["clickRate"], redeem["totalRedeemRate"], used["totalUsedRate"]]
    assert [float(step[1].split()[1].rstrip("%")) for step in steps[1:]] == rates
    seen = text(html)
    for info in (redeem, used):
        assert f"NT${info['totalAmount']:,.2f}".replace(".00", "") in seen
        assert f"女 {info['totalFemaleCount']} ({info['totalFemaleRate']:.1f}%)" in seen


def test_a_vouchers_page_says_what_the_api_says(tenant: Visitor, admin: Caller, offer: str) -> None:
    html = tenant.text(f"/admin/statistics/vouchers/{offer}")
    data = admin.data(STATISTICS, {"voucherId": offer})
    same_analyses(html, data)
    same_totals(html, data)


def test_a_tenants_page_says_what_the_platform_is_told(
    tenant: Visitor, boss: Visitor, platform: Caller, admin: Caller, offer: str
) -> None:
    issue(admin, voucherType="02", volume=50)
    data = platform.data(STATISTICS, {"tenantId": admin.tenant_id})
    for html in (
        tenant.text(MINE),
        boss.text(f"/admin/statistics/tenants/{admin.tenant_id}"),
    ):
        same_analyses(html, data)
        same_totals(html, data)


def test_a_type_narrows_everything(
    boss: Visitor, platform: Caller, admin: Caller, offer: str
) -> None:
    html = boss.text(f"/admin/statistics/tenants/{admin.tenant_id}?voucherType=02")
    data = platform.data(STATISTICS, {"tenantId": admin.tenant_id, "voucherType": "02"})
    assert data["reachInfo"]["totalCount"] == 0
    same_analyses(html, data)
    assert set(tables(html)[TREND]["合計"]) == {"0"}


def test_the_days_add_up_to_what_happened_today(tenant: Visitor, offer: str) -> None:
    days = tables(tenant.text(MINE))[TREND]
    today, *before = list(days.values())[:-1]
    assert numbers(today) == numbers(days["合計"]) == [36, 18, 18, 18, 15, 7]
    assert len(before) == 29
    assert all(set(day) == {"0"} for day in before)


def test_the_days_asked_for_are_shown_up_to_a_year(tenant: Visitor, offer: str) -> None:
    html = tenant.text(f"{MINE}?startDate=2024-01-01&endDate=2024-12-31")
    assert len(tables(html)[TREND]) == 366 + 1
    too_many = tenant.get(f"{MINE}?startDate=2024-01-01&endDate=2025-01-01")
    assert (too_many.status_code, "最多 366 天" in too_many.text) == (400, True)


@pytest.mark.parametrize(
    "query",
    [
        "startDate=2026-02-30",
        "endDate=x",
        "startDate=2026-02-02&endDate=2026-02-01",
        "voucherType=99",
        "sort=volume",
    ],
)
def test_what_cannot_be_asked_is_refused(tenant: Visitor, query: str) -> None:
    assert tenant.get(f"{MINE}?{query}").status_code == 400


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_the_calendar_do_no_harm(tenant: Visitor, day: str) -> None:
    assert tenant.get(f"{MINE}?endDate={day}").status_code == 200


def test_small_groups_are_told_nowhere(
    tenant: Visitor, boss: Visitor, admin: Caller, offer: str
) -> None:
    hide_small_groups()
    for html in (
        tenant.text(f"/admin/statistics/vouchers/{offer}"),
        boss.text(f"/admin/statistics/vouchers/{offer}"),
        boss.text(f"/admin/statistics/tenants/{admin.tenant_id}"),
    ):
        shown = tables(html)
        assert shown[REACH]["40-49歲"][:4] == ["<5", "<5", "<5", "<5"]
        assert shown[REACH]["30-39歲"][1] == "6"
        small = {str(count) for count in range(5)}
        for at in (REACH, CLICK, REDEEMED, USED):
            assert not small & {cell for line in shown[at].values() for cell in line}
        assert shown[REACH]["合計"][3] == "18"
        assert 'class="chart-hidden"' in html


def test_bars_of_compared_panels_have_one_scale(tenant: Visitor, offer: str) -> None:
    html = tenant.text(MINE)
    panels = re.findall(r'id="bars-(\w+)".*?</svg>', html, re.S)
    assert panels == ["reach", "click", "redeemed", "used"]
    widths = {
        name: [
            float(one)
            for one in re.findall(r'class="chart-(?:fe)?male" [^>]*width="([\d.]+)"', svg)
        ]
        for name, svg in re.findall(r'<pattern id="bars-(reach|used)" (.*?)</svg>', html, re.S)
    }
    assert max(widths["reach"]) == 200
    assert max(widths["used"]) == 200 * 3 / 6


def test_every_chart_has_words_and_a_definition(tenant: Visitor, offer: str) -> None:
    html = tenant.text(MINE)
    charts = re.findall(r"<svg class=\"(?:chart-svg|funnel-bar)\"[^>]*>", html)
    assert len(charts) == 12
    assert all('role="img"' in one and re.search('aria-label="[^"]{4,}"', one) for one in charts)
    assert "點擊率 = 點擊人數 ÷ 曝光人數" in html
    assert html.count("截至 <time") == 3
    assert "style=" not in html


def test_the_part_that_htmx_asks_for_is_the_figures(tenant: Visitor, offer: str) -> None:
    part = tenant.part(f"{MINE}?voucherType=01", "list")
    assert part.lstrip().startswith('<div id="list"')
    assert "<html" not in part
    assert len(tables(part)) == 6


def test_the_platform_reads_under_a_tenants_name_what_the_name_does_not_say(
    tenant: Visitor, boss: Visitor, offer: str
) -> None:
    html = boss.text(f"/admin/statistics/tenants/{tenant.tenant_id}")
    assert re.search(r'<p class="lead-line">醫院 · T\d+</p>', html)


def test_the_page_speaks_english(app: Flask, admin: Caller, offer: str) -> None:
    reader = make_visitor(app, "TENANT_ADMIN", admin.tenant_id, language="en")
    html = reader.text(MINE)
    assert "Click rate = persons who clicked ÷ seen" in html
    assert "Under 30" in html
    said = text(html.replace("小港醫院", ""))
    assert not re.search("[\u4e00-\u9fff]", said.split("©")[0].replace("繁體中文", "")), said


@pytest.mark.parametrize("extension", ["xlsx", "csv"])
def test_what_is_shown_becomes_a_file(
    tenant: Visitor, boss: Visitor, offer: str, extension: str
) -> None:
    of_tenant = f"/admin/statistics/tenants/{tenant.tenant_id}?voucherType=01"
    for reader, page, filters in (
        (tenant, f"/admin/statistics/vouchers/{offer}", {"voucherId": offer}),
        (tenant, f"{MINE}?voucherType=01", {"voucherType": "01"}),
        (boss, of_tenant, {"tenantId": tenant.tenant_id, "voucherType": "01"}),
    ):
        found = re.search(
            rf'action="(/admin/statistics/export/{extension}[^"]*)"', reader.text(page)
        )
        assert found
        job = the_job(reader.post(unescape(found[1]), at=page))
        wanted = {"what": "VOUCHER_STATISTICS", "format": extension, "filters": filters}
        assert job.params.items() >= wanted.items()


def test_no_file_is_made_of_what_another_has(
    app: Flask, stranger: Caller, boss: Visitor, offer: str
) -> None:
    other = make_visitor(app, "TENANT_ADMIN", stranger.tenant_id)
    before = errands.count(Job)
    export = "/admin/statistics/export"
    assert unknown(other.post(f"{export}/csv?voucherId={offer}", at=MINE))
    for query in ("csv", "pdf?tenantId=" + str(stranger.tenant_id), "csv?tenantId=x"):
        assert boss.post(f"{export}/{query}", at="/admin/statistics").status_code == 400
    assert errands.count(Job) == before


def unknown(answer: TestResponse) -> bool:
    return answer.status_code == 400 and "NOT_EXIST" in answer.text


def test_nobody_sees_what_is_not_his(
    app: Flask, tenant: Visitor, stranger: Caller, offer: str
) -> None:
    other = make_visitor(app, "TENANT_ADMIN", stranger.tenant_id)
    for voucher in (offer, str(uuid.UUID(int=1))):
        assert unknown(other.get(f"/admin/statistics/vouchers/{voucher}"))
    for path in ("/admin/statistics", f"/admin/statistics/tenants/{tenant.tenant_id}"):
        assert tenant.get(path).status_code == 403
    clerk = make_visitor(app, "CLERK", tenant.tenant_id)
    for path in (MINE, f"/admin/statistics/vouchers/{offer}"):
        assert clerk.get(path).status_code == 403


def test_the_platform_knows_no_tenant_that_is_not(boss: Visitor) -> None:
    assert unknown(boss.get(f"/admin/statistics/tenants/{uuid.UUID(int=1)}"))
    assert boss.get(MINE).status_code == 403


def test_the_number_of_queries_does_not_depend_on_the_data(
    client: FlaskClient, settings: Settings, tenant: Visitor, admin: Caller, offer: str
) -> None:
    tenant.text(MINE)
    with statements() as before:
        tenant.text(MINE)
    for _ in range(5):
        crowd(client, settings, issue(admin), 1, "M", 1990)
    with statements() as after:
        tenant.text(MINE)
    assert len(after) == len(before) <= 12


def test_the_platform_sees_a_voucher_as_its_tenant_does(
    client: FlaskClient, settings: Settings, boss: Visitor, admin: Caller, offer: str
) -> None:
    html = boss.text(f"/admin/statistics/vouchers/{offer}")
    same_analyses(
        html, make_admin(client, settings, admin.tenant_id).data(STATISTICS, {"voucherId": offer})
    )

"""The list of vouchers and the pages of one: what they show to whom."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.support import cast
from tests.support.cast import Caller
from tests.support.site import Visitor, make_visitor, tenant_visitor
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.web.vouchers import COLUMNS

LIST = "/admin/vouchers"
DAY = 86_400_000


@pytest.fixture
def overseer(app: Flask) -> Visitor:
    return make_visitor(app)


def refused(answer: TestResponse, code: str) -> bool:
    return answer.status_code == 400 and code in answer.text


def taken(client: Any, settings: Settings, voucher_id: str, count: int = 1) -> None:
    """As many members redeem a piece each."""
    for _ in range(count):
        cast.make_member(client, settings).data("/voucher/redeem", {"voucherId": voucher_id})


def test_the_list_shows_status_stock_points_and_windows(
    site: Visitor, admin: Caller, client: Any, settings: Settings
) -> None:
    voucher_id = cast.issue(admin, title="中杯拿鐵", price=45, volume=20)
    taken(client, settings, voucher_id, 3)
    page = site.text(LIST)
    assert "中杯拿鐵" in page
    assert f"{LIST}/{voucher_id}" in page
    assert "state-on" in page
    assert "1,350 點" in page
    assert "NT$45" in page
    assert "已兌換 3" in page
    assert "/ 20" in page
    assert site.text(LIST).count("<dt>兌換</dt>") == 1


def test_nobody_sees_another_tenants_vouchers(
    site: Visitor, admin: Caller, stranger: Caller
) -> None:
    foreign = cast.issue(stranger, title="別家的票券")
    cast.issue(admin)
    assert "別家的票券" not in site.text(LIST)
    for tab in ("", "/redemptions", "/history", "/coupons"):
        assert refused(site.get(f"{LIST}/{foreign}{tab}"), "NOT_EXIST")


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("name=甲", {"甲"}),
        ("voucherType=05", {"乙"}),
        ("status=NONE", {"乙"}),
        ("status=ON", {"甲", "丙"}),
        ("phase=DRAFT", {"乙"}),
        ("phase=ON&name=丙", {"丙"}),
        ("queryDateType=RE&startDate=+9", {"丙"}),
        ("queryDateType=UE&endDate=+5", {"甲", "乙"}),
        ("queryDateType=US&startDate=+3", {"丙"}),
        ("queryDateType=RS&endDate=+1", {"甲", "乙"}),
        ("queryDateType=OD&startDate=+3", {"丙"}),
        ("startDate=+1", set()),
        ("queryDateType=ID&startDate=+0&endDate=+0", {"甲", "乙", "丙"}),
    ],
)
def test_each_filter_lets_through_what_it_says(
    site: Visitor, admin: Caller, query: str, titles: set[str]
) -> None:
    now = clock.to_millis(clock.now())
    cast.issue(admin, title="甲")
    cast.issue(admin, title="乙", voucherType="05", on=False)
    later = {f"{one}StartDate": now + 4 * DAY for one in ("redeem", "use", "on")}
    later |= {f"{one}EndDate": now + 10 * DAY for one in ("redeem", "use", "on")}
    cast.issue(admin, title="丙", **later)
    page = site.part(f"{LIST}?{_days(query)}", "list")
    assert {title for title in ("甲", "乙", "丙") if f">{title}<" in page} == titles


def _days(query: str) -> str:
    """`+3` written out as the local day three days from now."""
    today = clock.now().astimezone(ZoneInfo("Asia/Taipei")).date()
    for number in (0, 1, 3, 5, 9):
        query = query.replace(f"=+{number}", f"={today + timedelta(days=number)}")
    return query


@pytest.mark.parametrize("column", list(COLUMNS))
def test_every_column_of_the_contract_sorts(site: Visitor, admin: Caller, column: str) -> None:
    first = cast.issue(admin, title="A", price=1, volume=1)
    second = cast.issue(admin, title="B", price=2, volume=2, on=False)
    rows = {
        order: site.part(f"{LIST}?sort={column}&order={order}", "list") for order in ("asc", "desc")
    }
    for order, page in rows.items():
        assert first in page
        assert second in page
        assert f'aria-sort="{order}ending"' in page or column in {
            "updateTime",
            *(name for name in COLUMNS if name.endswith("Date")),
        }
    if column in {"title", "price", "volume", "redeemPoints", "voucherNo"}:
        assert rows["asc"].index(f"{LIST}/{first}") < rows["asc"].index(f"{LIST}/{second}")
        assert rows["desc"].index(f"{LIST}/{first}") > rows["desc"].index(f"{LIST}/{second}")


@pytest.mark.parametrize(
    "query",
    [
        "sort=secret",
        "order=up",
        "queryDateType=XX",
        "startDate=yesterday",
        "startDate=2026-02-02&endDate=2026-02-01",
        "voucherType=99",
        "status=GONE",
        "phase=GONE",
        "page=0",
        "size=7",
    ],
)
def test_an_address_that_cannot_be_is_refused(site: Visitor, admin: Caller, query: str) -> None:
    cast.issue(admin)
    assert refused(site.get(f"{LIST}?{query}"), "INVALID_PARAMETER")


def test_htmx_gets_the_list_alone(site: Visitor, admin: Caller) -> None:
    cast.issue(admin)
    part = site.part(f"{LIST}?name=CITY", "list")
    assert part.lstrip().startswith('<section id="list"')
    assert "<html" not in part


def test_tabs_count_phases_and_clearing_filters_keeps_the_tab(site: Visitor, admin: Caller) -> None:
    cast.issue(admin)
    cast.issue(admin, on=False)
    cast.issue(admin, on=False)
    cast.issue(admin, title="別的", on=False)
    page = site.text(f"{LIST}?phase=DRAFT&name=CITY")
    assert '全部 <span class="tab-count">3</span>' in page
    assert 'aria-current="page">未上架 <span class="tab-count">2</span>' in page
    assert f'chip-clear" href="{LIST}?phase=DRAFT"' in page


def test_a_clerk_sees_no_list(app: Flask, admin: Caller) -> None:
    voucher_id = cast.issue(admin)
    clerk = make_visitor(app, "CLERK", admin.tenant_id)
    for path in (LIST, f"{LIST}/{voucher_id}", f"{LIST}/{voucher_id}/redemptions"):
        assert clerk.get(path).status_code == 403


def test_the_platform_names_a_tenant_and_reads_along(overseer: Visitor, admin: Caller) -> None:
    voucher_id = cast.issue(admin)
    assert "先選一個租戶" in overseer.text(LIST)
    page = overseer.text(f"{LIST}?tenant={admin.tenant_id}")
    assert "小港醫院的票券" in page
    assert voucher_id in page
    assert "/off" not in page
    assert 'name="id"' not in page
    assert f"tenant={admin.tenant_id}" in overseer.part(
        f"{LIST}?tenant={admin.tenant_id}&name=CITY", "list"
    )
    assert "/off" not in overseer.text(f"{LIST}/{voucher_id}")
    for unknown in ("nonsense", voucher_id):
        assert refused(overseer.get(f"{LIST}?tenant={unknown}"), "NOT_EXIST")


def test_a_tenants_admin_cannot_name_another_tenant(
    site: Visitor, admin: Caller, stranger: Caller
) -> None:
    cast.issue(admin, title="自己的")
    cast.issue(stranger, title="別家的")
    page = site.text(f"{LIST}?tenant={stranger.tenant_id}")
    assert "自己的" in page
    assert "別家的" not in page


def test_each_emptiness_names_the_next_step(app: Flask, site: Visitor, admin: Caller) -> None:
    assert "還沒有發行廠商" in tenant_visitor(app, funded=False).text(LIST)
    assert "還沒有票券" in site.text(LIST)
    cast.issue(admin)
    nothing = site.text(f"{LIST}?name=沒有這個")
    assert "沒有符合條件的票券" in nothing
    assert "清除條件" in nothing
    assert "沒有這個狀態的票券" in site.text(f"{LIST}?phase=ENDED")


def test_a_vendor_without_quota_is_told_so(app: Flask, overseer: Visitor, platform: Caller) -> None:
    poor = tenant_visitor(app, funded=False)
    platform.data("/voucher-mgmt/vendor/add", {"tenantId": poor.tenant_id})
    assert "還沒有購買額度" in poor.text(LIST)
    seen = overseer.text(f"{LIST}?tenant={poor.tenant_id}")
    assert "還沒有購買額度" in seen
    assert "為它加購額度" in seen


def test_the_detail_shows_the_numbers_of_the_statistics(
    site: Visitor, admin: Caller, client: Any, settings: Settings
) -> None:
    voucher_id = cast.issue(admin, price=45, volume=20)
    taken(client, settings, voucher_id, 2)
    page = site.text(f"{LIST}/{voucher_id}")
    assert "18 張" in page
    assert "共發行 20 張" in page
    assert "2 張" in page
    assert "10.0%" in page
    assert "1,350 點" in page
    assert "27,000 點" in page
    assert "上架中不能編輯" in page


def test_a_draft_may_be_shelved_and_deleted_and_one_on_the_shelf_only_taken_down(
    site: Visitor, admin: Caller
) -> None:
    draft, on = cast.issue(admin, on=False), cast.issue(admin)
    page = site.text(f"{LIST}/{draft}")
    assert f"{draft}/on" in page
    assert f"{draft}/delete" in page
    assert f"{draft}/off" not in page
    assert page.index("btn-primary") < page.index(f"{draft}/edit")  # What comes next, first.
    page = site.text(f"{LIST}/{on}")
    assert f"{on}/off" in page
    assert f"{on}/delete" not in page
    assert f"{on}/on" not in page


def test_redemptions_are_masked_and_can_be_narrowed(
    site: Visitor, overseer: Visitor, admin: Caller, client: Any, settings: Settings
) -> None:
    voucher_id = cast.issue(admin)
    taken(client, settings, voucher_id, 2)
    page = site.text(f"{LIST}/{voucher_id}/redemptions")
    assert "王○明" in page
    assert "王小明" not in page
    assert page.count("未使用</span>") == 2
    assert "王○明" in overseer.text(f"{LIST}/{voucher_id}/redemptions")
    used = site.part(f"{LIST}/{voucher_id}/redemptions?status=USED", "list")
    assert "沒有這個狀態的兌換紀錄" in used
    assert refused(site.get(f"{LIST}/{voucher_id}/redemptions?status=LOST"), "INVALID_PARAMETER")


def test_nobody_having_redeemed_is_said(site: Visitor, admin: Caller) -> None:
    assert "還沒有人兌換" in site.text(f"{LIST}/{cast.issue(admin)}/redemptions")


def coupon_voucher(admin: Caller) -> str:
    listed = [
        {"title": f"券{n}", "description": "說明", "url": f"https://coupon.example/{n}"}
        for n in (1, 2, 3)
    ]
    return cast.issue(admin, voucherType="06", volume=3, couponList=listed)


def test_coupons_tell_which_were_given_and_hide_their_urls_from_the_platform(
    site: Visitor, overseer: Visitor, admin: Caller, client: Any, settings: Settings
) -> None:
    voucher_id = coupon_voucher(admin)
    taken(client, settings, voucher_id)
    page = site.text(f"{LIST}/{voucher_id}/coupons")
    assert "https://coupon.example/3" in page
    assert page.count("未發出") == 2
    assert f"{cast.voucher_row(voucher_id).voucher_no}00001" in page
    seen = overseer.text(f"{LIST}/{voucher_id}/coupons")
    assert "券3" in seen
    assert "coupon.example" not in seen


def test_a_voucher_without_coupons_has_no_such_tab(site: Visitor, admin: Caller) -> None:
    voucher_id = cast.issue(admin)
    assert "/coupons" not in site.text(f"{LIST}/{voucher_id}")
    assert refused(site.get(f"{LIST}/{voucher_id}/coupons"), "NOT_EXIST")


def test_the_history_tells_who_did_what(site: Visitor, overseer: Visitor, admin: Caller) -> None:
    voucher_id = cast.issue(admin)
    for reader in (site, overseer):
        page = reader.text(f"{LIST}/{voucher_id}/history")
        assert "變更票券狀態" in page
        assert "未上架 → 上架" in page
        assert "發行票券" in page
    assert site.part(f"{LIST}/{voucher_id}/history?order=asc", "list").startswith("<section")


def test_a_deleted_or_unknown_voucher_is_not_there(site: Visitor, admin: Caller) -> None:
    voucher_id = cast.issue(admin, on=False)
    admin.data("/voucher-mgmt/voucher/delete", {"id": voucher_id})
    assert refused(site.get(f"{LIST}/{voucher_id}"), "NOT_EXIST")
    assert site.get(f"{LIST}/no-id").status_code == 404


def test_everything_is_there_in_english(app: Flask, admin: Caller) -> None:
    voucher_id = cast.issue(admin, title="Latte")
    english = make_visitor(app, "TENANT_ADMIN", admin.tenant_id, language="en")
    for path in (LIST, f"{LIST}/{voucher_id}", f"{LIST}/{voucher_id}/history"):
        page = english.text(path).replace("小港醫院", "").replace("繁體中文", "")
        assert "On shelf" in page
        assert not [sign for sign in page if "\u4e00" <= sign <= "\u9fff"], path


def test_tabs_count_what_the_other_filters_let_through(site: Visitor, admin: Caller) -> None:
    cast.issue(admin, title="咖啡")
    cast.issue(admin, title="紅茶")
    page = site.text(f"{LIST}?name=茶")
    assert '全部 <span class="tab-count">1</span>' in page
    assert '上架 <span class="tab-count">1</span>' in page
    nothing = site.text(f"{LIST}?name=可可")
    assert '全部 <span class="tab-count">0</span>' in nothing
    assert "沒有符合條件的票券" in nothing


def test_filters_that_cannot_be_say_why_and_lead_back_to_the_list(site: Visitor) -> None:
    answer = site.get(f"{LIST}?startDate=2026-11-02&endDate=2026-11-01")
    assert refused(answer, "API_ERROR.INVALID_PARAMETER")
    assert "迄日不可早於起日" in answer.text
    assert f'href="{LIST}">清除條件' in answer.text


def test_numbers_of_a_voucher_lead_to_its_pieces(site: Visitor, admin: Caller) -> None:
    voucher_id = cast.issue(admin)
    page = site.text(f"{LIST}/{voucher_id}")
    assert f'href="{LIST}/{voucher_id}/redemptions"' in page
    assert f'href="{LIST}/{voucher_id}/redemptions?status=USED"' in page

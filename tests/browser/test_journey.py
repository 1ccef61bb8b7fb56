"""One story through every management function of contract A, in a browser, by both roles: from an
empty database to charts. Only the first account is made elsewhere, as the command line makes it."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient
from playwright.sync_api import expect

from tests.browser.story import AT_REST, PICTURE_STORED, Person, arrive, attach
from tests.support.browser import Site, make_account
from tests.support.cast import PASSWORD, Caller, make_member
from tests.support.story import picture
from tests.support.voucher_forms import day
from tests.support.workers import workbook
from voucherweb.config import Settings
from voucherweb.domain.enums import Role

HOSPITAL, DEALER = "小港醫院", "緯緯醫學"
COFFEE, CODES, SOUP = "咖啡中杯拿鐵", "咖啡折扣碼", "雞湯一碗"
ADMIN = "nurse.lin@hospital.test"
ROWS = [
    ("折扣碼一", "出示條碼", "https://coupon.test/1"),
    ("折扣碼二", "出示條碼", "https://coupon.test/2"),
    ("", "少了標題", "https://coupon.test/3"),
    ("折扣碼四", "重複", "https://coupon.test/1"),
]


@dataclass
class Story:
    """Who is in it, and what came about so far."""

    site: Site
    client: FlaskClient
    settings: Settings
    width: int
    language: str
    directory: Path
    platform: Person = field(init=False)
    admin: Person = field(init=False)
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def wide(self) -> bool:
        return self.width > 600

    def caller(self, account: str) -> Caller:
        """Somebody of the pages, signed in at the API."""
        given = {"account": account, "password": PASSWORD}
        answer = self.client.post("/auth/login", json=given)
        assert answer.status_code == 200, answer.text
        return Caller(self.client, answer.json["result"]["data"]["accessToken"], account)


@pytest.mark.parametrize(("width", "language"), [(1280, "zh-TW"), (390, "en")])
def test_from_an_empty_database_to_charts(
    site: Site,
    client: FlaskClient,
    settings: Settings,
    imports_worker: None,
    tmp_path: Path,
    width: int,
    language: str,
) -> None:
    story = Story(site, client, settings, width, language, tmp_path)
    first = make_account(Role.PLATFORM_ADMIN)
    story.platform = arrive(site, first, PASSWORD, width, language)
    tenants_come(story)
    a_vendor_comes_and_goes(story)
    quota_is_bought(story)
    an_admin_is_invited(story)
    a_voucher_is_issued(story)
    it_goes_on_the_shelf(story)
    members_take_part(story)
    coupons_are_imported_and_put_right(story)
    a_draft_is_edited_copied_and_deleted(story)
    what_was_promised_stays_locked(story)
    the_list_is_searched(story)
    pages_and_api_tell_the_same(story, first)
    a_list_leaves_as_a_file(story)


def tenants_come(story: Story) -> None:
    who = story.platform
    who.at("總覽", "Overview")
    who.reads("還沒有發行廠商", "There is no vendor yet")
    who.look()
    who.rail("租戶", "Tenants")
    who.look()
    for name, kind in ((HOSPITAL, "HOSPITAL"), (DEALER, "DEALER")):
        who.page.goto("/admin/tenants/new")
        who.fill(name=name, type=kind)
        who.press("新增租戶", "Add tenant")
        who.at(name, name)
        story.ids[name] = who.last_id()
    who.look()


def a_vendor_comes_and_goes(story: Story) -> None:
    """It is given to the wrong tenant, moved to the right one, deleted, and added again."""
    who = story.platform
    who.rail("發行廠商", "Vendors")
    who.look()
    who.press("新增發行廠商", "Add vendor")
    who.choose("tenantId", DEALER)
    who.look()
    who.press("新增發行廠商", "Add vendor")
    who.at(DEALER, DEALER)
    who.press("變更租戶", "Change tenant")
    who.choose("tenantId", HOSPITAL)
    who.look()
    who.press("變更租戶", "Change tenant", who.page.locator("#main form"))
    who.at(HOSPITAL, HOSPITAL)
    who.rail("發行廠商", "Vendors")
    expect(who.row(DEALER)).to_have_count(0)
    who.press("刪除", "Delete", who.row(HOSPITAL))
    who.confirm("刪除發行廠商", "Delete vendor")
    who.told("已刪除發行廠商", "The vendor was deleted")
    expect(who.page.locator("#list tbody tr")).to_have_count(0)
    who.press("新增發行廠商", "Add vendor")
    who.choose("tenantId", HOSPITAL)
    who.press("新增發行廠商", "Add vendor")
    who.at(HOSPITAL, HOSPITAL)
    story.ids["vendor"] = who.last_id()
    who.look()


def quota_is_bought(story: Story) -> None:
    """Twice; the latest purchase is corrected, the older cannot be."""
    who = story.platform
    bought = (("1000", "30", "1,000"), ("500000", "15000.55", "501,000"))
    for points, amount, after in bought:
        who.press("加購額度", "Sell quota")
        who.fill(points=points, amount=amount, remark=f"{points} / {amount}")
        expect(who.page.locator("#after")).to_contain_text(after)
        who.look()
        who.press("加購額度", "Sell quota", who.page.locator("#main form"))
        who.told("已加購", "Bought")
    the_latest_is_corrected(story)
    the_older_purchase_is_refused(story)
    the_book_is_read(story)


def the_latest_is_corrected(story: Story) -> None:
    who = story.platform
    older, latest = who.row("1,000"), who.row("500,000")
    expect(older).to_contain_text(who.t("不能更正", "fixed"))
    who.press("更正", "Correct", latest)
    expect(who.page.locator("[name=amount]")).to_have_value("15000.55")
    who.fill(points="400000", amount="12000", remark="更正")
    who.press("更正這筆購買", "Correct this purchase")
    who.told("已更正", "was corrected")
    assert who.stats()[who.t("剩餘點數", "Points left")] == "401,000"
    who.look()
    who.press("歷程", "Versions", who.row("400,000"))
    expect(who.page.locator("#main tbody tr")).to_have_count(2)
    who.look()


def the_older_purchase_is_refused(story: Story) -> None:
    who = story.platform
    who.page.goto(f"/admin/vendors/{story.ids['vendor']}")
    who.press("歷程", "Versions", who.row("1,000"))
    who.page.goto(f"{who.here()}/correct")
    who.reads("不能更正", "cannot be corrected")
    expect(who.page.locator("#main [name=points]")).to_have_count(0)
    who.look()


def the_book_is_read(story: Story) -> None:
    who = story.platform
    who.page.goto(f"/admin/vendors/{story.ids['vendor']}")
    who.press("帳本", "Book")
    expect(who.page.locator("#list tbody tr")).to_have_count(3)
    who.look()
    who.press("驗證帳目", "Proof")
    who.press("驗證帳目", "Prove the book", who.page.locator("#main form"))
    who.reads("帳目一致", "The book balances")
    who.look()


def an_admin_is_invited(story: Story) -> None:
    """By a link that is shown once, opened in another browser."""
    who = story.platform
    who.rail("管理員", "Admins")
    who.look()
    who.press("邀請管理員", "Invite somebody")
    who.fill(account=ADMIN, name="林護理師", tenant=story.ids[HOSPITAL])
    who.look()
    who.press("產生邀請連結", "Make the invitation link")
    link = who.page.locator(".people-link code").inner_text()
    who.look()
    guest = Person(story.site.open(width=story.width, language=story.language), story.language)
    guest.page.goto(link)
    expect(guest.page.locator("h1")).to_have_text(guest.t("設定您的密碼", "Set your password"))
    guest.look()
    guest.page.locator("[name=password]").fill(PASSWORD)
    guest.page.locator("[name=repeat]").fill(PASSWORD)
    guest.press("設定密碼", "Set password")
    expect(guest.page).to_have_url(re.compile("/admin/sign-in"))
    guest.page.context.close()
    who.press("完成", "Done")
    who.look()
    story.admin = arrive(story.site, ADMIN, PASSWORD, story.width, story.language)


def dates(start: int, end: int, use_end: int) -> dict[str, str]:
    """Three windows, in days from today."""
    first, last = day(start), day(end)
    return {
        "onStartDate": first,
        "onEndDate": last,
        "redeemStartDate": first,
        "redeemEndDate": last,
        "useStartDate": first,
        "useEndDate": day(use_end),
    }


def a_voucher_is_issued(story: Story) -> None:
    """With live checks as it is typed, and a picture that goes straight to the object store."""
    who, page = story.admin, story.admin.page
    who.at("總覽", "Overview")
    who.look()
    who.rail("發行票券", "Issue a voucher")
    who.at("發行票券", "Issue a voucher")
    who.fill(title=COFFEE, voucherType="01", targetType="ALL", useType="SELF")
    who.fill(price="45.5", volume="10", redeemLimit="2")
    sums = page.locator("#side .sums")
    expect(sums).to_contain_text("1,365")
    expect(sums).to_contain_text("13,650")
    expect(page.locator("#consequence")).to_contain_text("387,350")
    who.fill(**dates(0, 10, 30) | {"redeemEndDate": day(-1)})
    wrong = page.locator("#redeemEndDate-problem")
    expect(wrong).to_be_visible()
    expect(page.locator("#redeemEndDate")).to_have_attribute("aria-invalid", "true")
    who.look()
    who.fill(redeemEndDate=day(10))
    expect(wrong).to_be_hidden()
    attach(page, "#picture", "latte.png", picture())
    page.wait_for_function(PICTURE_STORED)
    expect(page.locator(".upload-seen")).to_be_visible()
    who.fill(description="請向櫃台出示。", notice="恕不找零。")
    expect(page.locator("#verdict")).to_have_class(re.compile("verdict-ready"))
    who.look()
    who.press("發行票券", "Issue voucher", page.locator(".issuing-foot"))
    who.at(COFFEE, COFFEE)
    who.told("13,650 點", "13,650 points")
    story.ids[COFFEE] = who.last_id()
    seen = page.locator("#main img").first
    assert seen.evaluate("(one) => one.decode().then(() => one.naturalWidth)") == 40
    who.look()


def it_goes_on_the_shelf(story: Story) -> None:
    who = story.admin
    who.act("上架", "Put on shelf")
    who.reads("所有會員", "all members", who.page.get_by_role("dialog"))
    who.confirm("上架這張票券", "Put it on the shelf")
    who.told(f"「{COFFEE}」已上架", f"“{COFFEE}” is on the shelf")
    expect(who.page.locator(".lead-line .state-on")).to_be_visible()
    who.look()


def members_take_part(story: Story) -> None:
    """Four see and click it in the app, three redeem a piece, two use it."""
    voucher = story.ids[COFFEE]
    people = [
        make_member(story.client, story.settings, gender=gender) for gender in ("F", "F", "M", "M")
    ]
    for number, person in enumerate(people):
        (found,) = person.data("/voucher/list", {"pagination": {"current": 1, "pageSize": 10}})
        assert found["id"] == voucher
        person.data("/voucher/reach", {"voucherList": [voucher]})
        person.data("/voucher/click", {"id": voucher})
        if number:
            piece = person.data("/voucher/redeem", {"voucherId": voucher})
            if number > 1:
                person.data("/voucher/use", {"id": piece["id"]})
    who = story.admin
    who.press("兌換紀錄", "Redemptions", who.page.locator(".tabs"))
    expect(who.page.locator("#list tbody tr")).to_have_count(3)
    who.page.locator("#main select[name=status]").select_option("USED")
    expect(who.page.locator("#list tbody tr")).to_have_count(2)
    who.look()


def coupons_are_imported_and_put_right(story: Story) -> None:
    """Two of four rows are refused: one is corrected in its place, one dropped."""
    who, page = story.admin, story.admin.page
    who.rail("匯入", "Imports")
    who.look()
    attach(page, "#file", "codes.xlsx", workbook(ROWS))
    who.press("匯入這個檔案", "Import this file")
    expect(page.locator("#import-counts")).to_be_visible()
    who.look()
    page.locator("#title-4").fill("折扣碼三")
    who.press("儲存這一列", "Save the row", page.locator("#row-4"))
    expect(page.locator("#row-4.row-done")).to_be_focused()
    who.press("捨棄", "Drop", page.locator("#row-5"))
    who.confirm("捨棄這一列", "Drop the row")
    expect(page.locator("#row-5.row-done")).to_be_visible()
    expect(page.locator("#import-counts dd").nth(1)).to_have_text("3")
    who.look()
    who.press("用這批折價券發行票券", "Issue these coupons as a voucher")
    who.at("發行票券", "Issue a voucher")
    expect(page.locator("[name=volume]")).to_have_value("3")
    who.fill(title=CODES, targetType="ALL", useType="SELF", price="10", **dates(0, 10, 30))
    expect(page.locator("#verdict")).to_have_class(re.compile("verdict-ready"))
    who.look()
    who.press("發行票券", "Issue voucher", page.locator(".issuing-foot"))
    who.told("900 點", "900 points")
    story.ids[CODES] = who.last_id()
    who.rail("匯入", "Imports")
    expect(who.row("codes.xlsx")).to_contain_text(CODES)
    who.look()


def a_draft_is_edited_copied_and_deleted(story: Story) -> None:
    who, page = story.admin, story.admin.page
    page.goto(f"/admin/vouchers/{story.ids[CODES]}")
    who.act("編輯", "Edit")
    who.fill(title=f"{CODES} 10 元")
    who.look()
    who.press("儲存修改", "Save changes")
    who.told("已儲存", "are saved")
    page.goto(f"/admin/vouchers/{story.ids[COFFEE]}")
    who.act("複製成新草稿", "Copy to a new draft")
    who.at("複製成新草稿", "Copy to a new draft")
    who.fill(title=SOUP, price="100", volume="5")
    expect(page.locator("#side .sums")).to_contain_text("15,000")
    who.look()
    who.press("發行票券", "Issue voucher", page.locator(".issuing-foot"))
    who.told("15,000 點", "15,000 points")
    assert who.last_id() not in story.ids.values()
    who.act("刪除並退回 15,000 點", "Delete and return 15,000 points")
    who.confirm("刪除並退回 15,000 點", "Delete and return 15,000 points")
    who.told("15,000 點 已退回額度", "15,000 points went back")
    expect(who.row(SOUP)).to_have_count(0)
    who.look()


def what_was_promised_stays_locked(story: Story) -> None:
    """A voucher is taken down; then its title can be changed, and its price cannot."""
    who, page = story.admin, story.admin.page
    page.goto(f"/admin/vouchers/{story.ids[COFFEE]}")
    who.act("下架", "Take down")
    who.confirm("下架這張票券", "Take it down")
    who.told(f"「{COFFEE}」已下架", f"“{COFFEE}” was taken down")
    who.act("編輯", "Edit")
    for name in ("price", "volume", "redeemLimit", "voucherType", "targetType", "useType"):
        expect(page.locator(f"#{name}.locked")).to_be_visible()
        expect(page.locator(f"input[name={name}]")).to_have_count(0)
    who.fill(notice="恕不找零，也不外帶。")
    who.look()
    who.press("儲存修改", "Save changes")
    who.told("已儲存", "are saved")
    who.reads("也不外帶", "也不外帶")
    who.act("上架", "Put on shelf")
    who.confirm("上架這張票券", "Put it on the shelf")
    who.told("已上架", "is on the shelf")
    who.press("異動紀錄", "History", page.locator(".tabs"))
    who.look()


def the_list_is_searched(story: Story) -> None:
    """Filters, sorting and paging are addresses: Back undoes them, and they can be shared."""
    who, page = story.admin, story.admin.page
    who.rail("票券", "Vouchers")
    rows = page.locator("#list tbody tr")
    expect(rows).to_have_count(2)
    who.look()
    page.locator("#main [name=name]").fill("折扣")
    expect(rows).to_have_count(1)
    expect(page).to_have_url(re.compile("name="))
    page.locator("#main [name=name]").fill("")
    expect(rows).to_have_count(2)
    page.locator("#main select[name=status]").select_option("ON")
    expect(rows).to_have_count(1)
    who.look()
    shared = who.here()
    page.go_back()
    expect(rows).to_have_count(2)
    expect(page.locator("#main select[name=status]")).to_have_value("")
    page.goto(shared)
    expect(rows).to_have_count(1)
    expect(page.locator("#main select[name=status]")).to_have_value("ON")
    the_list_is_sorted(story)


def the_list_is_sorted(story: Story) -> None:
    """By a column on a wide window, by a menu on a phone."""
    who, page = story.admin, story.admin.page
    page.goto("/admin/vouchers?sort=volume&order=asc")
    titles = page.locator("#list tbody .ticket-cell > span:last-child")
    expect(titles.first).to_contain_text(CODES)
    if story.wide:
        page.locator("#sort-volume").click()
    else:
        page.locator("#list .list-tools summary").first.click()
        page.locator("#order-volume").click()
    expect(titles.first).to_contain_text(COFFEE)
    expect(page).to_have_url(re.compile("order=desc|sort=volume$"))
    page.go_back()
    expect(titles.first).to_contain_text(CODES)
    who.look()


def pages_and_api_tell_the_same(story: Story, first: str) -> None:
    admin, platform = story.caller(ADMIN), story.caller(first)
    tenant = story.ids[HOSPITAL]
    found = platform.data("/voucher-mgmt/voucher/statistics", {"tenantId": tenant})
    who = story.admin
    who.rail("統計", "Statistics")
    the_charts_tell(who, found)
    who.look()
    found = admin.data("/voucher-mgmt/voucher/statistics", {"voucherId": story.ids[COFFEE]})
    who.page.goto(f"/admin/statistics/vouchers/{story.ids[COFFEE]}")
    the_charts_tell(who, found)
    who.look()
    (row,) = platform.data("/voucher-mgmt/statistics/list", {"query": {}})
    the_platform_adds_up(story, row)
    quota = admin.data("/voucher-mgmt/vendor/info", {})
    who.rail("額度", "Quota")
    assert who.stats()[who.t("剩餘點數", "Points left")] == f"{quota['quota']:,}"
    assert quota["quota"] == 401_000 - 13_650 - 900
    who.look()
    who.rail("總覽", "Overview")
    who.look()


def the_charts_tell(who: Person, found: dict[str, Any]) -> None:
    """The four tables beside the charts have the API's numbers."""
    who.at("統計", "tatistics")
    seen, clicked, redeemed, used = who.panel_tables()[1:5]
    total = who.t("合計", "Total")
    for table, told in ((seen, found["reachInfo"]), (clicked, found["clickInfo"])):
        men, women, *_ = table[total]
        assert [men, women] == [str(told["totalMaleCount"]), str(told["totalFemaleCount"])]
        assert table[total][-1] == str(told["totalTimes"])
    for table, told in ((redeemed, found["redeemInfo"]), (used, found["usedInfo"])):
        men, women, *_, every = table[total]
        assert [men, women] == [str(told["totalMaleCount"]), str(told["totalFemaleCount"])]
        assert every == str(told["totalCount"])
    assert [found[f"{one}Info"]["totalCount"] for one in ("reach", "redeem", "used")] == [4, 3, 2]


def the_platform_adds_up(story: Story, row: dict[str, Any]) -> None:
    who = story.platform
    who.rail("總覽", "Overview")
    shown = who.row(HOSPITAL)
    for name in ("volume", "redeemCount", "usedCount", "clickCount"):
        expect(shown).to_contain_text(f"{row[name]:,}")
    expect(shown).to_contain_text(f"{row['redeemRate']}%")
    expect(who.page.locator("#list tfoot")).to_contain_text(f"{row['volume']:,}")
    who.look()
    who.press(HOSPITAL, HOSPITAL, shown)
    expect(who.page.locator("details.chart-table").first).to_be_visible()
    who.look()
    who.page.goto(f"/admin/vouchers?tenant={story.ids[HOSPITAL]}")
    expect(who.page.locator("#list tbody tr")).to_have_count(2)
    who.look()


def a_list_leaves_as_a_file(story: Story) -> None:
    who, page = story.admin, story.admin.page
    page.goto("/admin/vouchers?sort=volume&order=asc")
    page.locator("#list .list-tools summary", has_text=who.t("匯出", "Export")).click()
    page.locator("#list form[action*='/export/xlsx'] button").click()
    page.wait_for_function(AT_REST)
    file = page.locator("a[download]")
    expect(file).to_be_visible()
    who.look()
    path = who.download(file, story.directory)
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None
    lines = [[str(value) for value in line] for line in sheet.iter_rows(values_only=True)]
    assert len(lines) == 3
    assert any(COFFEE in value for value in lines[1] + lines[2])

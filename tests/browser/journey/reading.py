"""The journey's stops at lists, charts and files, which tell what came about."""

import re
from typing import Any

import openpyxl
from playwright.sync_api import expect

from tests.browser.journey.cast import ADMIN, CODES, COFFEE, HOSPITAL, Story
from tests.browser.story import AT_REST, Person


def the_list_is_searched(story: Story) -> None:
    """Filters, sorting and paging are addresses: Back undoes them, and they can be shared."""
    who, page = story.admin, story.admin.page
    who.rail("票券", "Vouchers")
    rows = page.locator("#list tbody tr")
    expect(rows).to_have_count(2)
    who.look()
    if not story.wide:
        page.locator("#main .fold > summary").click()
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

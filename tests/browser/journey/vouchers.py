"""The journey's stops of a tenant's admin: vouchers and coupons from the form to the shelf."""

import re

from playwright.sync_api import expect

from tests.browser.journey.cast import CODES, COFFEE, SOUP, Story
from tests.browser.story import PICTURE_STORED, attach
from tests.support.cast import make_member
from tests.support.story import picture
from tests.support.voucher_forms import day
from tests.support.workers import workbook

ROWS = [
    ("折扣碼一", "出示條碼", "https://coupon.test/1"),
    ("折扣碼二", "出示條碼", "https://coupon.test/2"),
    ("", "少了標題", "https://coupon.test/3"),
    ("折扣碼四", "重複", "https://coupon.test/1"),
]


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

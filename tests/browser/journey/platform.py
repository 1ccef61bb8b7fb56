"""The journey's stops of the platform: tenants, a vendor, its quota, and an admin's invitation."""

import re

from playwright.sync_api import expect

from tests.browser.journey.cast import ADMIN, DEALER, HOSPITAL, Story
from tests.browser.story import Person, arrive
from tests.support.cast import PASSWORD


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

"""What an admin does for partners, in a browser with a real worker behind it: keys, coupon sets
that jobs fill, and coupons given and taken back."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support import coupons
from tests.support.browser import Site, axe, make_account, sign_in
from tests.support.cast import PASSWORD
from voucherweb.domain.enums import Role

SETS = "/admin/partners/coupon-sets"
READY = 60_000
"""How long, in milliseconds, a worker may take on a busy machine."""


@pytest.fixture
def page(site: Site, tenant_id: str) -> Page:
    opened = site.open()
    sign_in(opened, make_account(Role.TENANT_ADMIN, tenant_id), PASSWORD)
    return opened


def press(page: Page, name: str) -> None:
    """The first button or link of exactly this name that one can see."""
    place = page.locator("dialog[open]") if page.locator("dialog[open]").count() else page
    link = place.get_by_role("link", name=name, exact=True)
    link.or_(place.get_by_role("button", name=name, exact=True)).first.click()


def begin_set(page: Page, way: str, name: str) -> None:
    page.goto(f"{SETS}/new/{way}")
    page.locator("[name=name]").fill(name)
    page.locator("[name=end_date]").fill("2099-12-31")


def test_a_secret_is_shown_once_rotated_and_revoked(site: Site, page: Page) -> None:
    site.watch.allow(400, "/admin/partners/keys/[^/]+/rotate")
    page.goto("/admin/partners/keys/new")
    page.locator("[name=name]").fill("門市 POS")
    press(page, "建立金鑰")
    secret = page.locator(".partner-secret code").nth(1)
    expect(secret).to_have_text(re.compile("vs_live_"))
    first = secret.inner_text()
    axe(page)
    press(page, "我已複製，前往這把金鑰")
    expect(page.locator("h1")).to_have_text("門市 POS")
    assert first not in page.content()

    press(page, "更換密鑰")
    page.locator("[name=overlap_hours]").fill("999")
    press(page, "產生新密鑰")
    expect(page.locator(".summary")).to_contain_text("須為 0 到 720")
    page.locator("[name=overlap_hours]").fill("2")
    press(page, "產生新密鑰")
    second = page.locator(".partner-secret code").nth(1)
    expect(second).to_have_text(re.compile("vs_live_"))
    assert second.inner_text() != first
    expect(page.locator("#main")).to_contain_text("新舊密鑰同時有效")
    axe(page)
    press(page, "我已複製，前往這把金鑰")
    expect(page.locator("#main")).to_contain_text("到期 ")
    press(page, "撤銷金鑰")
    expect(page.locator("dialog[open]")).to_contain_text("立即無法呼叫")
    press(page, "撤銷金鑰")
    expect(page.locator(".lead-line")).to_contain_text("已撤銷")


@pytest.mark.usefixtures("imports_worker")
def test_a_pool_is_made_while_one_watches_given_from_and_taken_back(
    page: Page, tenant_id: str
) -> None:
    coupons.member_of(tenant_id)
    begin_set(page, "generate", "衝刺券")
    page.locator("[name=quantity]").fill("20,000")
    press(page, "產生票券碼")
    expect(page.locator("h1")).to_have_text("衝刺券")
    page.reload()
    expect(page.locator(".stats")).to_contain_text("20,000", timeout=READY)
    expect(page.locator("#list tbody tr")).to_have_count(20)

    press(page, "發放給會員")
    page.locator("[name=member]").fill("0912345678")
    page.locator("[name=quantity]").fill("2")
    press(page, "下一步：確認")
    expect(page.locator("#main")).to_contain_text("王○明")
    press(page, "發放 2 張")
    expect(page.locator("h1")).to_have_text("王○明")
    expect(page.locator("#list tbody tr")).to_have_count(2)
    press(page, "收回")
    expect(page.locator("dialog[open]")).to_contain_text("回到票券組")
    press(page, "收回這個碼")
    expect(page.locator("#list")).to_contain_text("已收回")

    page.goto("/admin/notifications")
    expect(page.locator("#main")).to_contain_text("衝刺券：20,000 個票券碼")


@pytest.mark.usefixtures("imports_worker")
def test_a_file_of_codes_is_imported_and_its_refused_rows_are_shown(page: Page) -> None:
    begin_set(page, "import", "通路禮券")
    press(page, "匯入票券碼")
    expect(page.locator("#file-problem")).to_contain_text("請先選擇")
    name, content = coupons.csv_file(["GIFT-1", "GIFT-2", "GIFT-1"])
    wrong = {"name": "codes.pdf", "mimeType": "application/pdf", "buffer": content}
    page.locator("[name=file]").set_input_files([wrong])
    expect(page.locator("#file-problem")).to_contain_text(".xlsx 或 .csv")
    page.locator("[name=file]").set_input_files(
        [{"name": name, "mimeType": "text/csv", "buffer": content}]
    )
    press(page, "匯入票券碼")
    expect(page.locator("h1")).to_have_text("通路禮券")
    expect(page.locator("#main")).to_contain_text("有 1 列沒有成為票券碼", timeout=READY)
    press(page, "看是哪些列、為什麼")
    expect(page.locator("#list")).to_contain_text("與第 2 列的代碼重複")


def test_a_job_that_waits_is_cancelled_from_the_set(page: Page) -> None:
    begin_set(page, "generate", "不要了")
    page.locator("[name=quantity]").fill("10")
    press(page, "產生票券碼")
    press(page, "取消作業")
    expect(page.locator("dialog[open]")).to_contain_text("不會留下任何票券碼")
    press(page, "取消作業")
    expect(page.locator("#main")).to_contain_text("作業已取消")
    page.goto(SETS)
    expect(page.locator("#main")).to_contain_text("還沒有票券組")


def test_a_set_is_made_and_given_without_scripts(site: Site, tenant_id: str) -> None:
    coupons.member_of(tenant_id)
    page = site.open(javascript=False)
    sign_in(page, make_account(Role.TENANT_ADMIN, tenant_id), PASSWORD)
    begin_set(page, "auto", "無指令碼")
    press(page, "建立票券組")
    expect(page.locator("h1")).to_have_text("無指令碼")
    page.locator(".page-actions").get_by_role("link", name="發放給會員").click()
    page.locator("[name=member]").fill("0912345678")
    press(page, "下一步：確認")
    press(page, "發放 1 張")
    expect(page.locator("#list tbody tr")).to_have_count(1)
    press(page, "收回")
    press(page, "收回這個碼")
    expect(page.locator("#list")).to_contain_text("已收回")

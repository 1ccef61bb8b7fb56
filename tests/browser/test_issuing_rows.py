"""A workbook imported in the voucher form: followed, cancelled, corrected without leaving it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support import cast
from tests.support.browser import Site, axe, make_account, no_sideways_scroll, sign_in
from tests.support.workers import held, workbook
from voucherweb.config import Settings
from voucherweb.domain.enums import Role

NEW = "/admin/vouchers/new"
ROWS = [
    ("券一", "說明", "https://example.test/1"),
    ("券二", "說明", "example.test/2"),
    ("券三", "說明", "https://example.test/1"),
]


@pytest.fixture(params=[1280, 390])
def page(site: Site, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The form of a new voucher, of coupon codes."""
    opened = site.open(width=request.param)
    tenant_id = cast.make_tenant()
    cast.fund(tenant_id)
    sign_in(opened, make_account(Role.TENANT_ADMIN, tenant_id), cast.PASSWORD)
    opened.goto(NEW)
    opened.locator("[name=title]").fill("折價券")
    opened.locator("[name=voucherType][value='06']").check()
    yield opened
    no_sideways_scroll(opened)


def choose(page: Page) -> None:
    given = {"name": "七月.xlsx", "mimeType": "", "buffer": workbook(ROWS)}
    page.locator("#workbook").set_input_files(files=[given])  # type: ignore[list-item]


def test_refused_rows_are_corrected_over_the_form(
    site: Site, page: Page, imports_worker: None
) -> None:
    choose(page)
    expect(page.locator(".import-why")).to_contain_text("第 3 列 網址：必須是 http")
    expect(page.locator("#volume")).to_have_value("1")
    page.locator("#import-repair").click()
    dialog = page.get_by_role("dialog")
    wrong = dialog.locator("#url-3")
    expect(wrong).to_be_focused()
    axe(page)
    no_sideways_scroll(page)

    site.watch.allow(400, r".*/rows/3")
    wrong.fill("nowhere")
    with page.expect_response("**/rows/3*"):
        wrong.press("Enter")
    expect(wrong).to_be_focused()
    expect(wrong).to_have_value("nowhere")
    wrong.fill("https://example.test/2")
    wrong.press("Enter")
    expect(dialog.locator("#row-3.row-done")).to_be_focused()
    page.keyboard.press("Escape")

    expect(page.locator("#import-repair")).to_be_focused()
    expect(page.locator("#import")).to_contain_text("成功 2 筆")
    expect(page.locator("#couponImportId option:checked")).to_contain_text("2 張")
    expect(page.locator("#volume")).to_have_value("2")
    expect(page.locator("[name=title]")).to_have_value("折價券")
    axe(page)


def test_a_volume_that_somebody_typed_stays(page: Page, imports_worker: None) -> None:
    page.locator("#volume").fill("7")
    choose(page)
    expect(page.locator(".import-why")).to_be_visible()
    expect(page.locator("#volume-problem")).to_be_visible()
    expect(page.locator("#volume")).to_have_value("7")


def test_an_import_survives_a_reload_and_is_cancelled_in_the_form(
    page: Page, settings: Settings, imports_worker: None
) -> None:
    with held(settings):
        choose(page)
        expect(page.locator("#import progress")).to_be_visible()
        page.reload()
        expect(page.locator("#import progress")).to_be_visible()
        expect(page.locator("[name=title]")).to_have_value("折價券")
        page.locator("#import-cancel").click()
        expect(page.locator("#import")).to_contain_text("已取消")
        expect(page.locator("#import progress")).to_have_count(0)

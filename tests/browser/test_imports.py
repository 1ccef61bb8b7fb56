"""Coupon imports as a person does them: a workbook is dropped, followed, and its rows corrected."""

import base64
import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from tests.support import cast
from tests.support.browser import Site, axe, make_account, no_sideways_scroll, sign_in
from tests.support.sheets import LIST, address, ended_import
from tests.support.workers import held, workbook
from voucherweb.config import Settings
from voucherweb.domain.enums import Role
from voucherweb.models import CouponImport
from voucherweb.transaction import session, unit_of_work

ROWS = [
    ("券一", "說明", "https://example.test/1"),
    ("", "說明", "https://example.test/2"),
    ("券三", "說明", "example.test/3"),
    ("券四", "說明", "https://example.test/1"),
]
DROP = """
([data, name]) => {
  const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name));
  const area = document.querySelector("[data-drop]");
  for (const kind of ["dragover", "drop"]) {
    const given = { dataTransfer: transfer, bubbles: true, cancelable: true };
    area.dispatchEvent(new DragEvent(kind, given));
  }
}
"""


@pytest.fixture(params=[1280, 390])
def page(site: Site, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The list of imports of a new tenant."""
    opened = site.open(width=request.param)
    sign_in(opened, make_account(Role.TENANT_ADMIN, cast.make_tenant()), cast.PASSWORD)
    opened.goto(LIST)
    yield opened
    no_sideways_scroll(opened)


def drop(page: Page, data: bytes, name: str = "七月.xlsx") -> None:
    page.evaluate(DROP, [base64.b64encode(data).decode(), name])


def press_import(page: Page) -> None:
    page.get_by_role("button", name="匯入這個檔案").click()


def counts(page: Page) -> list[str]:
    return page.locator("#import-counts dd:first-of-type").all_inner_texts()


def kept() -> tuple[int, int, int]:
    with unit_of_work():
        row = session.execute(
            select(CouponImport.total, CouponImport.success, CouponImport.failed)
        ).one()
        return row.total, row.success, row.failed


def test_a_dropped_workbook_is_followed_and_its_rows_corrected(
    site: Site, page: Page, settings: Settings, imports_worker: None
) -> None:
    axe(page)
    with held(settings):
        drop(page, workbook(ROWS))
        press_import(page)
        expect(page.locator("#import-progress progress")).to_be_visible()
        expect(page.locator("#import-progress")).to_have_attribute("data-state", "RUNNING")
        page.reload()
        expect(page.locator("#import-progress")).to_contain_text("%")
        axe(page)
    expect(page.locator("#import-counts")).to_be_visible()
    assert counts(page) == ["4", "1", "3"]
    axe(page)
    correct(site, page)
    assert kept() == (3, 2, 1)


def correct(site: Site, page: Page) -> None:
    """Row 3 is corrected, row 4 first wrongly, row 5 dropped."""
    page.get_by_role("textbox", name="標題").first.fill("券二")
    page.locator("#row-3").get_by_role("button", name="儲存這一列").click()
    done = page.locator("#row-3.row-done")
    expect(done).to_contain_text("第 3 列已補正")
    expect(done).to_be_focused()
    expect(page.locator("#import-counts dd").nth(1)).to_have_text("2")
    assert counts(page) == ["4", "2", "2"]

    site.watch.allow(400, r".*/rows/4")
    field = page.locator("#url-4")
    field.fill("https://example.test/2")
    field.press("Enter")
    expect(page.locator("#url-4-problem")).to_contain_text("與其他匯入成功的網址重複")
    expect(field).to_be_focused()
    expect(field).to_have_value("https://example.test/2")
    axe(page)

    page.locator("#title-4").fill("還沒存的字")
    page.locator("#row-5").get_by_role("link", name="捨棄").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="捨棄這一列").click()
    expect(page.locator("#row-5")).to_contain_text("已捨棄第 5 列。")
    expect(dialog).to_be_hidden()
    # What was typed in another row is still there.
    expect(page.locator("#title-4")).to_have_value("還沒存的字")
    assert counts(page) == ["3", "2", "1"]


def test_a_file_of_another_kind_is_refused_before_it_is_sent(page: Page) -> None:
    drop(page, b"a,b,c", "七月.csv")
    expect(page.locator("#file-problem")).to_contain_text("這不是 .xlsx 檔案")
    press_import(page)
    expect(page.locator("#file")).to_be_focused()
    assert page.url.endswith(LIST)
    drop(page, b"x" * (20 * 1024 * 1024 + 1))
    expect(page.locator("#file-problem")).to_contain_text("檔案超過 20 MB")
    axe(page)


def test_a_file_that_only_looks_like_a_workbook_is_refused_beside_the_form(
    site: Site, page: Page
) -> None:
    site.watch.allow(422, LIST)
    drop(page, b"no workbook at all")
    press_import(page)
    expect(page.locator("#file-problem")).to_contain_text("這不是 .xlsx 檔案")
    expect(page.locator("[data-summary]")).to_be_focused()
    assert page.evaluate("() => document.getElementById('file').files[0].name") == "七月.xlsx"
    axe(page)


def test_a_running_import_is_cancelled_in_a_dialog(
    page: Page, settings: Settings, imports_worker: None
) -> None:
    with held(settings):
        page.set_input_files("#file", {"name": "a.xlsx", "mimeType": "", "buffer": workbook(ROWS)})
        press_import(page)
        page.get_by_role("link", name="取消匯入").click()
        page.get_by_role("button", name="取消這次匯入").click()
        expect(page.get_by_text("這次匯入已取消")).to_be_visible()
    axe(page)


def test_all_is_done_without_scripts(site: Site, settings: Settings) -> None:
    tenant_id = cast.make_tenant()
    page = site.open(javascript=False)
    sign_in(page, make_account(Role.TENANT_ADMIN, tenant_id), cast.PASSWORD)
    job_id, _ = ended_import(tenant_id)
    page.goto(address(job_id))
    page.locator("#title-4").fill("券")
    page.locator("#url-4").fill("https://example.test/4")
    page.locator("#row-4").get_by_role("button", name="儲存這一列").click()
    expect(page.locator(".message")).to_contain_text("第 4 列已補正")
    assert counts(page) == ["4", "3", "1"]
    page.goto(LIST)
    page.set_input_files("#file", {"name": "a.xlsx", "mimeType": "", "buffer": workbook(ROWS)})
    press_import(page)
    expect(page.get_by_role("heading", name="匯入進行中")).to_be_visible()
    assert uuid.UUID(page.url.rpartition("/")[2])

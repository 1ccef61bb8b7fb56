"""Lists with many filters fold them on a phone and tell how many are set; chips stay in sight."""

import pytest
from playwright.sync_api import Page, expect

from tests.support import cast
from tests.support.browser import Site, axe, make_account, no_sideways_scroll, sign_in
from tests.support.cast import Caller, issue
from voucherweb.domain.enums import Role

LIST = "/admin/vouchers"


@pytest.fixture
def account(admin: Caller, tenant_id: str) -> str:
    """Somebody of a tenant with two vouchers, one of them a draft."""
    issue(admin, title="Coffee")
    issue(admin, title="Tea", on=False)
    return make_account(Role.TENANT_ADMIN, tenant_id)


def opened(site: Site, account: str, width: int, *, javascript: bool = True) -> Page:
    page = site.open(width=width, language="en", javascript=javascript)
    sign_in(page, account, cast.PASSWORD)
    page.goto(LIST)
    return page


def test_on_a_phone_the_filters_unfold_and_are_counted(site: Site, account: str) -> None:
    page = opened(site, account, 390)
    status, fold = page.locator("select[name=status]"), page.locator(".fold > summary")
    expect(status).to_be_hidden()
    expect(page.locator("[data-filter-count]")).to_be_hidden()
    fold.click()
    axe(page)
    status.select_option("NONE")
    expect(page.locator("[data-filter-count]")).to_have_text("1")
    expect(page.locator("#list tbody tr")).to_have_count(1)
    fold.click()
    expect(status).to_be_hidden()
    expect(page.locator(".chip").first).to_be_visible()
    axe(page)
    page.locator(".chip-clear").click()
    expect(page.locator("#list tbody tr")).to_have_count(2)
    expect(page.locator("[data-filter-count]")).to_be_hidden()


def test_going_back_counts_again(site: Site, account: str) -> None:
    page = opened(site, account, 390)
    page.locator(".fold > summary").click()
    page.locator("select[name=status]").select_option("NONE")
    expect(page.locator("[data-filter-count]")).to_have_text("1")
    page.go_back()
    expect(page.locator("#list tbody tr")).to_have_count(2)
    expect(page.locator("[data-filter-count]")).to_be_hidden()


def test_without_scripts_a_phone_filters_too(site: Site, account: str) -> None:
    page = opened(site, account, 390, javascript=False)
    page.locator(".fold > summary").click()
    page.locator("select[name=status]").select_option("NONE")
    page.get_by_role("button", name="Filter", exact=True).click()
    page.wait_for_url("**/admin/vouchers?*status=NONE*")
    expect(page.locator("[data-filter-count]")).to_have_text("1")
    expect(page.locator(".chip").first).to_be_visible()
    expect(page.locator("select[name=status]")).to_be_hidden()


def test_where_there_is_room_nothing_folds(site: Site, account: str) -> None:
    page = opened(site, account, 1280)
    expect(page.locator(".fold > summary")).to_be_hidden()
    page.locator("#name").focus()
    page.keyboard.press("Tab")
    expect(page.locator("#voucherType")).to_be_focused()
    page.locator("select[name=status]").select_option("NONE")
    expect(page.locator("#list tbody tr")).to_have_count(1)


def test_one_or_two_filters_are_not_folded(site: Site, account: str) -> None:
    page = opened(site, account, 390)
    page.goto("/admin/desk/day")
    expect(page.locator("input[name=day]")).to_be_visible()
    expect(page.locator(".fold")).to_have_count(0)


def test_order_and_tab_chosen_since_go_along_with_filters(site: Site, account: str) -> None:
    page = opened(site, account, 1280)
    page.evaluate("() => { window.same = true; }")
    page.locator("#sort-title").click()
    expect(page.locator("#sort-title.sorted")).to_be_focused()
    page.locator("#list nav").get_by_role("link", name="Draft").click()
    page.wait_for_url("**/admin/vouchers?*phase=DRAFT*")
    expect(page.locator("#list [aria-current=page]")).to_be_focused()
    page.locator("#name").fill("e")
    page.wait_for_url("**/admin/vouchers?*name=e*")
    assert {"sort=title", "order=asc", "phase=DRAFT"} <= set(page.url.partition("?")[2].split("&"))
    expect(page.locator("#list tbody tr")).to_have_count(1)
    page.locator("#list nav").get_by_role("link", name="All").click()
    expect(page.locator("#list [aria-current=page]")).to_contain_text("All")
    page.locator("#name").fill("")
    page.wait_for_url(lambda url: "name=" not in url)
    assert "phase=" not in page.url
    assert page.evaluate("() => window.same"), "the page was loaded anew"


def test_menus_of_a_list_fit_a_narrow_phone(site: Site, account: str) -> None:
    page = opened(site, account, 320)
    for menu in page.locator(".list-tools summary").all():
        menu.click()
        no_sideways_scroll(page)


def test_filters_set_without_a_connection_are_asked_for_again(site: Site, account: str) -> None:
    page = opened(site, account, 1280)
    page.context.set_offline(True)
    page.locator("select[name=status]").select_option("NONE")
    expect(page.locator("#offline")).to_be_visible()
    expect(page.locator("#list tbody tr")).to_have_count(2)
    site.watch.forget()
    page.context.set_offline(False)
    expect(page.locator("#list tbody tr")).to_have_count(1)
    expect(page.locator("#offline")).to_be_hidden()
    assert "status=NONE" in page.url

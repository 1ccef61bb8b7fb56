"""The site is worked with the keyboard alone, Back undoes, and pages say when nothing arrives."""

from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.story import AT_REST
from tests.support import cast
from tests.support.browser import Site, make_account, sign_in
from tests.support.shelves import shelve
from voucherweb.domain import clock
from voucherweb.domain.enums import Role

MOST_TABS = 80
LOST = ("ERR_INTERNET_DISCONNECTED", "ERR_CONNECTION_FAILED", "Failed to fetch")


@pytest.fixture
def account(site: Site, tenant_id: str) -> str:
    """The admin of a tenant whose vouchers fill three pages."""
    shelve(tenant_id, 24, clock.now() + timedelta(days=9))
    return make_account(Role.TENANT_ADMIN, tenant_id)


@pytest.fixture
def page(site: Site, account: str) -> Page:
    """The list of vouchers."""
    opened = site.open(language="en")
    sign_in(opened, account, cast.PASSWORD)
    opened.goto("/admin/vouchers")
    return opened


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until the focus is there."""
    for _ in range(MOST_TABS):
        if wanted.evaluate("(one) => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{MOST_TABS} Tabs do not lead to {wanted}")


def test_signing_in_filtering_and_asking_without_a_mouse(site: Site, account: str) -> None:
    page = site.open(language="en")
    page.goto("/admin/sign-in")
    expect(page.locator("[name=account]")).to_be_focused()
    page.keyboard.type(account)
    page.keyboard.press("Tab")
    page.keyboard.type(cast.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/")
    tab_to(page, page.locator("nav.rail a[href='/admin/vouchers']"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/vouchers")
    tab_to(page, page.locator("#main select[name=status]"))
    page.keyboard.type("On")
    page.wait_for_url("**/admin/vouchers?*status=ON*")
    page.wait_for_function(AT_REST)
    expect(page.locator("#main select[name=status]")).to_be_focused()
    ask = page.locator("#list [data-dialog]").first
    tab_to(page, ask)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(ask).to_be_focused()


def test_a_menu_opens_with_enter_and_escape_gives_the_focus_back(page: Page) -> None:
    opener = page.locator(".top-right details summary")
    tab_to(page, opener)
    page.keyboard.press("Enter")
    profile = page.locator(".top-right .menu a[href='/admin/profile']")
    expect(profile).to_be_visible()
    page.keyboard.press("Tab")
    expect(profile).to_be_focused()
    page.keyboard.press("Escape")
    expect(profile).to_be_hidden()
    expect(opener).to_be_focused()


def test_the_focus_stays_on_the_column_that_sorts(page: Page) -> None:
    column = page.locator("#sort-volume")
    column.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/vouchers?*sort=volume*")
    page.wait_for_function(AT_REST)
    expect(column).to_be_focused()
    expect(page.locator("th[aria-sort]")).to_have_count(1)


def test_back_undoes_a_page_and_a_filter(page: Page) -> None:
    first = page.locator("#list tbody tr .ticket-cell").first.inner_text()
    page.locator(".paging a", has_text="2").click()
    page.wait_for_url("**/admin/vouchers?*page=2*")
    expect(page.locator(".paging [aria-current=page]")).to_have_text("2")
    page.go_back()
    expect(page.locator(".paging [aria-current=page]")).to_have_text("1")
    assert page.locator("#list tbody tr .ticket-cell").first.inner_text() == first
    page.locator("#main select[name=status]").select_option("OFF")
    expect(page.locator("#list tbody tr")).to_have_count(0)
    page.go_back()
    expect(page.locator("#list tbody tr").first).to_be_visible()
    expect(page.locator("#main select[name=status]")).to_have_value("")


def only_lost(problems: list[str]) -> bool:
    return all(any(word in problem for word in LOST) for problem in problems)


def test_a_page_says_that_it_is_offline_and_goes_on_afterwards(site: Site, page: Page) -> None:
    bar = page.locator("#offline")
    expect(bar).to_be_hidden()
    page.context.set_offline(True)
    expect(bar).to_be_visible()
    page.locator("#sort-volume").click()
    page.wait_for_function(AT_REST)
    expect(bar).to_be_visible()
    expect(page.locator("#list tbody tr").first).to_be_visible()
    problems = site.watch.forget()
    assert only_lost(problems), problems
    page.context.set_offline(False)
    expect(bar).to_be_hidden()
    page.locator("#sort-volume").click()
    page.wait_for_url("**/admin/vouchers?*sort=volume*")


def test_a_request_that_is_lost_says_so(site: Site, page: Page) -> None:
    """The browser thinks that it is online, and yet nothing comes back."""
    page.route("**/admin/vouchers?*", lambda route: route.abort("connectionfailed"))
    page.locator("#sort-volume").click()
    expect(page.locator("#offline")).to_be_visible()
    problems = site.watch.forget()
    assert only_lost(problems), problems

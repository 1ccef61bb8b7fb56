"""On the shelf and down again: what is asked, where the focus is afterwards, where Back leads."""

from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support import cast
from tests.support.browser import Site, axe, make_account, no_sideways_scroll, sign_in
from tests.support.cast import Caller, issue
from voucherweb.domain import clock
from voucherweb.domain.enums import Role

LIST = "/admin/vouchers"


@pytest.fixture
def account(admin: Caller, tenant_id: str) -> str:
    """Somebody with a draft, one that will be shown later, and one on the shelf."""
    soon, late = (clock.to_millis(clock.now() + timedelta(days=days)) for days in (2, 9))
    ends = {"onEndDate": late, "redeemEndDate": late, "useEndDate": late}
    issue(admin, title="Tea", on=False)
    issue(admin, title="Later", on=False, onStartDate=soon, **ends)
    issue(admin, title="Shown")
    return make_account(Role.TENANT_ADMIN, tenant_id)


@pytest.fixture(params=[390, 1280], ids=["phone", "desk"])
def page(site: Site, account: str, request: pytest.FixtureRequest) -> Page:
    opened = site.open(width=request.param, language="en")
    sign_in(opened, account, cast.PASSWORD)
    opened.goto(LIST)
    return opened


def row(page: Page, title: str) -> Locator:
    return page.locator("#list tbody tr", has_text=title)


def asked(page: Page, title: str, deed: str) -> Locator:
    row(page, title).get_by_role("link", name=deed).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


def test_a_draft_is_shelved_and_the_focus_is_on_what_can_be_done_next(page: Page) -> None:
    dialog = asked(page, "Tea", "Put on shelf")
    expect(dialog).to_contain_text("At once, all members will see “Tea” in the app")
    axe(page)
    no_sideways_scroll(page)
    dialog.get_by_role("button", name="Put it on the shelf").click()
    down = row(page, "Tea").get_by_role("link", name="Take down")
    expect(down).to_be_focused()
    expect(page.locator("#messages")).to_contain_text("is on the shelf")


def test_a_scheduled_one_says_from_when_it_is_seen(page: Page) -> None:
    expect(asked(page, "Later", "Put on shelf")).to_contain_text("before that nobody does")


def test_down_and_on_the_shelf_again(page: Page) -> None:
    asked(page, "Shown", "Take down").get_by_role("button", name="Take it down").click()
    on = row(page, "Shown").get_by_role("link", name="Put on shelf")
    expect(on).to_be_focused()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("You may take it down again at any time.")
    dialog.get_by_role("button", name="Put it on the shelf").click()
    expect(row(page, "Shown").get_by_role("link", name="Take down")).to_be_focused()


def test_where_the_row_is_gone_the_focus_is_on_the_page(page: Page) -> None:
    page.goto(f"{LIST}?status=ON")
    asked(page, "Shown", "Take down").get_by_role("button", name="Take it down").click()
    expect(row(page, "Shown")).to_have_count(0)
    expect(page.locator("#main")).to_be_focused()


@pytest.mark.parametrize("way", ["Escape", "Cancel"])
def test_who_thinks_better_of_it_is_where_he_was(page: Page, way: str) -> None:
    dialog = asked(page, "Tea", "Put on shelf")
    if way == "Escape":
        page.keyboard.press(way)
    else:
        dialog.get_by_role("link", name=way).click()
    expect(dialog).to_be_hidden()
    expect(row(page, "Tea").get_by_role("link", name="Put on shelf")).to_be_focused()


def test_back_leads_to_the_page_before_and_not_to_the_question(page: Page) -> None:
    page.goto("/admin/quota")
    page.goto(LIST)
    asked(page, "Tea", "Put on shelf").get_by_role("button", name="Put it on").click()
    expect(row(page, "Tea").get_by_role("link", name="Take down")).to_be_focused()
    page.go_back()
    page.wait_for_url("**/admin/quota")


def test_many_are_chosen_asked_for_and_kept_when_one_thinks_better_of_it(page: Page) -> None:
    row(page, "Shown").get_by_role("checkbox").check()
    button = page.get_by_role("button", name="Take down selected")
    button.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Shown")
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    expect(row(page, "Shown").get_by_role("checkbox")).to_be_checked()

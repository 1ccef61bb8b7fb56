"""All that matters works in a browser that runs no scripts."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.story import Person, attach
from tests.support import cast
from tests.support.browser import Site, make_account, no_sideways_scroll, sign_in
from tests.support.story import picture
from tests.support.voucher_forms import typed
from voucherweb.domain.enums import Role


@pytest.fixture
def page(site: Site, tenant_id: str) -> Page:
    """Signed in as the admin of a tenant that has quota."""
    cast.fund(tenant_id)
    opened = site.open(language="en", javascript=False)
    sign_in(opened, make_account(Role.TENANT_ADMIN, tenant_id), cast.PASSWORD)
    return opened


def test_a_voucher_is_issued_with_a_picture_shelved_and_found(site: Site, page: Page) -> None:
    site.watch.allow(400, "/admin/vouchers/new")
    who = Person(page, "en")
    who.rail("發行票券", "Issue a voucher")
    who.fill(**typed(title="Coffee", redeemEndDate=""))
    attach(page, "#picture", "coffee.png", picture())
    page.get_by_role("button", name="Issue voucher").click()
    expect(page.locator("[data-summary]")).to_contain_text("give a date")
    expect(page.locator("[name=title]")).to_have_value("Coffee")
    who.fill(redeemEndDate=typed()["redeemEndDate"])
    page.get_by_role("button", name="Issue voucher").click()
    expect(page.locator("h1")).to_have_text("Coffee")
    expect(page.locator("#main img").first).to_be_visible()
    who.act("上架", "Put on shelf")
    expect(page.locator("h1")).to_have_text("Please confirm")
    no_sideways_scroll(page)
    who.press("上架這張票券", "Put it on the shelf")
    expect(page.locator(".lead-line .state-on")).to_be_visible()
    the_filter_finds_it(who, page)


def the_filter_finds_it(who: Person, page: Page) -> None:
    who.rail("票券", "Vouchers")
    for status, count in (("OFF", 0), ("ON", 1)):
        page.locator("#main select[name=status]").select_option(status)
        page.get_by_role("button", name="Filter", exact=True).click()
        page.wait_for_url(f"**/admin/vouchers?*status={status}*")
        expect(page.locator("#list tbody tr")).to_have_count(count)
    expect(who.row("Coffee")).to_have_count(1)


def test_one_signs_out(page: Page) -> None:
    page.locator(".top-right details summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/admin/sign-in**")
    page.goto("/admin/vouchers")
    page.wait_for_url("**/admin/sign-in**")

"""What becomes of focus, history and the screen when a part of a page is asked for."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support import books, cast, workers
from tests.support.browser import Site, axe, make_account, no_sideways_scroll, sign_in
from tests.support.cast import Caller
from voucherweb.config import Settings
from voucherweb.domain.enums import Role

MEMBERS = "/admin/members"
BAD_GATEWAY = "<html><body><h1>502 Bad Gateway</h1></body></html>"


@pytest.fixture
def page(site: Site) -> Page:
    opened = site.open(width=1280, language="en")
    sign_in(opened, make_account(Role.PLATFORM_ADMIN, None), cast.PASSWORD)
    return opened


def test_whoever_removes_a_filter_goes_on_by_keyboard(page: Page) -> None:
    page.goto("/admin/admins?role=PLATFORM_ADMIN&state=active")
    page.locator(".chip").first.press("Enter")
    expect(page).to_have_url(re.compile(r"/admins\?state=active$"))
    left = page.locator(".chip:not(.chip-clear)")
    expect(left).to_have_count(1)
    expect(left).to_be_focused()
    left.press("Enter")
    expect(page).to_have_url(re.compile(r"/admins$"))
    expect(page.locator("#keyword")).to_be_focused()


def test_what_a_proxy_says_is_no_part_of_the_page(site: Site, page: Page) -> None:
    site.watch.allow(502, MEMBERS)
    page.goto(MEMBERS)
    told = page.locator("#unanswered")
    expect(told).to_be_hidden()

    def refuse(route: Route) -> None:
        route.fulfill(status=502, content_type="text/html", body=BAD_GATEWAY)

    page.route("**/admin/members?*", refuse)
    page.locator("#q").fill("0900")
    expect(told).to_be_visible()
    expect(page.locator("#list .count")).to_be_visible()
    page.unroute("**/admin/members?*")
    page.locator("#q").fill("09001")
    expect(page).to_have_url(re.compile("q=09001"))
    expect(told).to_be_hidden()


def test_the_sites_own_refusal_is_still_told(site: Site, page: Page) -> None:
    site.watch.allow(400, "/admin/audit")
    page.goto("/admin/audit")
    page.locator("#startDate").fill("2026-11-20")
    page.locator("#endDate").fill("2026-11-10")
    expect(page.locator("#messages .message-danger")).to_contain_text("INVALID_PARAMETER")
    expect(page.locator("#unanswered")).to_be_hidden()


def test_going_back_sends_no_form_once_more(page: Page, member: Caller) -> None:
    place = f"{MEMBERS}/{books.member_id(member.id)}"
    page.goto(f"{place}/grant")
    page.locator("#points").fill("1,000")
    page.locator("#reason").fill("A gift")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Grant 1,000").click()
    expect(page).to_have_url(re.compile(f"{place}$"))
    page.go_back()
    expect(page).to_have_url(re.compile(f"{place}/grant$"))
    expect(page.locator("#points")).to_have_value("")
    page.goto(place)
    expect(page.locator("#list tbody tr")).to_have_count(2)


def test_on_a_phone_lists_are_sorted_too(site: Site, member: Caller) -> None:
    """Cards have no columns; what they can be sorted by stands above them, in sight."""
    phone = site.open(width=390, language="en")
    sign_in(phone, make_account(Role.PLATFORM_ADMIN, None), cast.PASSWORD)
    phone.goto(MEMBERS)
    balance = phone.locator("#sort-balance")
    expect(balance).to_be_in_viewport()
    balance.tap()
    expect(phone).to_have_url(re.compile("sort=balance&order=asc"))
    expect(phone.locator("th:has(#sort-balance)")).to_have_attribute("aria-sort", "ascending")
    phone.goto("/admin/")
    no_sideways_scroll(phone)
    axe(phone)


def test_the_bell_tells_of_a_jobs_end_on_any_page(
    site: Site, page: Page, settings: Settings
) -> None:
    page.goto("/admin/audit")
    page.get_by_role("button", name="Export CSV").click()
    expect(page.locator("#job progress")).to_be_visible()
    page.goto("/admin/tenants")
    bell = page.locator("#bell")
    expect(bell).to_have_attribute("data-unseen", "0")
    with workers.running(settings, ("run", "imports")):
        expect(page.locator("#messages .message-info")).to_contain_text("has ended")
    expect(bell).to_have_attribute("data-unseen", "1")
    expect(page).to_have_url(re.compile("/admin/tenants$"))
    bell.click()
    expect(page.locator("#news .notice-new")).to_contain_text("audit log")
    page.locator("#news a").first.click()
    expect(bell).to_have_attribute("data-unseen", "1")  # Told within this very page.
    page.goto("/admin/tenants")
    expect(bell).to_have_attribute("data-unseen", "0")


def test_a_printed_list_says_what_it_is_narrowed_by(page: Page) -> None:
    page.goto("/admin/?voucherType=03&startDate=2026-09-01")
    page.emulate_media(media="print")
    chips = page.locator(".chip:not(.chip-clear)")
    expect(chips).to_have_count(2)
    for chip in chips.all():
        expect(chip).to_be_visible()
    expect(page.locator(".chip-clear")).to_be_hidden()
    expect(page.locator(".rail")).to_be_hidden()

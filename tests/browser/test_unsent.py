"""What was typed into a voucher form outlives a lost connection, and is never issued twice."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support import cast
from tests.support.browser import Site, axe, make_account, no_sideways_scroll, sign_in
from tests.support.voucher_forms import NEW, live_vouchers
from voucherweb.domain.enums import Role


@pytest.fixture(params=[1280, 320])
def page(site: Site, request: pytest.FixtureRequest) -> Page:
    opened = site.open(width=request.param)
    tenant_id = cast.make_tenant()
    cast.fund(tenant_id)
    sign_in(opened, make_account(Role.TENANT_ADMIN, tenant_id), cast.PASSWORD)
    opened.goto(NEW)
    fill_in(opened)
    return opened


def fill_in(page: Page) -> None:
    page.locator("[name=title]").fill("離線也不怕")
    page.locator("[name=voucherType][value='01']").check()
    page.locator("#price").fill("5")
    page.locator("#volume").fill("10")
    for window in ("on", "redeem", "use"):
        page.locator(f"[value='{window}.month']").click()
        expect(page.locator(f"#{window}EndDate")).not_to_have_value("")
    expect(page.locator("#verdict")).to_contain_text("可以發行")


def send(page: Page) -> None:
    page.locator("button[value=send]").click()


def test_nothing_is_sent_without_a_connection_and_the_page_stays(site: Site, page: Page) -> None:
    page.context.set_offline(True)
    send(page)
    expect(page.locator("#offline")).to_contain_text("沒有送出")
    expect(page.locator("[name=title]")).to_have_value("離線也不怕")
    axe(page)
    no_sideways_scroll(page)
    page.context.set_offline(False)
    site.watch.forget()  # A live check may have found no connection either.
    expect(page.locator("#offline")).to_be_hidden()
    send(page)
    expect(page.locator("#messages")).to_contain_text("已發行")
    assert live_vouchers() == 1


def test_what_got_no_answer_is_there_again_and_arrives_once(site: Site, page: Page) -> None:
    def lose_the_answer(route: Route) -> None:
        if route.request.method == "POST":
            route.fetch(max_redirects=0)
            route.abort()
        else:
            route.continue_()

    page.route(f"**{NEW}", lose_the_answer)
    send(page)
    page.wait_for_url("chrome-error://**")
    page.unroute(f"**{NEW}")
    site.watch.forget()
    page.goto(NEW)
    expect(page.get_by_text("已還原你先前填的內容")).to_be_visible()
    expect(page.locator("[name=title]")).to_have_value("離線也不怕")
    send(page)
    page.wait_for_url("**/admin/vouchers/*-*")
    assert live_vouchers() == 1
    page.goto(NEW)
    expect(page.locator("[name=title]")).to_have_value("")

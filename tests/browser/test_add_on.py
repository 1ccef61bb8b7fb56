"""The sample add-on, opened through the admin site in a real Chromium and worked with end to end:
the sandboxed frame, the policies of both pages, CORS, and a token that is good once."""

import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import FrameLocator, Page, expect
from sqlalchemy import select

from tests.support import campaigns, coupons
from tests.support.add_ons import register
from tests.support.browser import Site, axe, make_account, no_sideways_scroll, sign_in
from tests.support.cast import PASSWORD
from tests.support.web import free_port, is_listening
from voucherweb.domain import clock
from voucherweb.domain.enums import Role
from voucherweb.embedded.processes import wait_until
from voucherweb.models import CouponGift, ExchangeToken
from voucherweb.services.add_ons import Plan
from voucherweb.transaction import session, unit_of_work

SAMPLE = Path(__file__).resolve().parents[2] / "examples" / "add-on"
PHONE = "0912345678"


@pytest.fixture(scope="module")
def sample() -> Iterator[str]:
    """The origin at which the sample is served, as its README says."""
    port = free_port()
    words = ["-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(SAMPLE)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([sys.executable, *words], stdout=quiet, stderr=quiet)
    try:
        assert wait_until(lambda: is_listening(port), 20)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def admin_page(site: Site, tenant_id: str) -> Page:
    page = site.open()
    sign_in(page, make_account(Role.TENANT_ADMIN, tenant_id), PASSWORD)
    return page


def opened(page: Page, add_on_id: str, rest: str = "") -> FrameLocator:
    page.goto(f"/admin/partners/add-ons/{add_on_id}/open{rest}")
    return page.frame_locator("#add-on")


def looks_well(page: Page) -> None:
    """Ours does; a strange page within it is not ours to judge."""
    axe(page, leave_out=["#add-on"])
    no_sideways_scroll(page)


def token_in(page: Page) -> str:
    """The exchange token that the frame was given."""
    source = page.locator("#add-on").get_attribute("src")
    assert source
    return parse_qs(urlsplit(source).query)["exchange_token"][0]


def said(frame: FrameLocator, text: str) -> None:
    expect(frame.locator("#said")).to_contain_text(text)


def gifts() -> list[str]:
    with unit_of_work():
        return list(session.scalars(select(CouponGift.given_by)))


def test_an_admin_works_with_an_add_on(
    site: Site, admin_page: Page, tenant_id: str, sample: str
) -> None:
    site.watch.guests.append(sample)
    card = campaigns.make_card(tenant_id, 5, phone=PHONE)
    coupons.auto_set(tenant_id, name="迎新咖啡")
    add_on_id = register(tenant_id, url=f"{sample}/", name="門市助手")

    frame = opened(admin_page, add_on_id)
    said(frame, "已連線")
    expect(frame.locator("#business")).to_contain_text("小港醫院")
    expect(frame.locator("#plan")).to_contain_text("ACTIVE")
    expect(admin_page.locator("#frame-state")).to_contain_text("已連線")
    looks_well(admin_page)

    frame.locator("#phone").fill(PHONE)
    frame.locator("#find button").click()
    expect(frame.locator("#cards")).to_contain_text("5 點")
    frame.locator("#points").fill("12")
    frame.locator("#add button").click()
    said(frame, "餘額 17 點")
    assert campaigns.balance(card) == 17
    frame.locator("#give button").click()
    said(frame, "已發放")
    assert gifts() == [f"addon:{add_on_id}"]
    frame.locator("#renew").click()
    said(frame, "權杖已更新")
    frame.locator("#phone").fill(PHONE)
    frame.locator("#find button").click()
    expect(frame.locator("#cards")).to_contain_text("17 點")
    looks_well(admin_page)

    frame.locator("#close").click()
    admin_page.wait_for_url("**/admin/partners/add-ons")


def test_a_token_opens_an_add_on_once(
    site: Site, admin_page: Page, tenant_id: str, sample: str
) -> None:
    site.watch.guests.append(sample)
    site.watch.allow(401, "/v1/auth-connect/access-token")
    add_on_id = register(tenant_id, url=f"{sample}/")
    frame = opened(admin_page, add_on_id)
    said(frame, "已連線")
    first = token_in(admin_page)

    # The address that the frame was given, loaded again.
    admin_page.evaluate("() => { const f = document.getElementById('add-on'); f.src = f.src; }")
    said(frame, "權杖已用過或過期")

    # Opened again there is another token, and nothing of either in an address of ours.
    frame = opened(admin_page, add_on_id)
    said(frame, "已連線")
    assert token_in(admin_page) != first
    assert "token" not in admin_page.url


def test_the_frame_is_confined_and_told_nothing_of_our_address(
    site: Site, admin_page: Page, tenant_id: str, sample: str
) -> None:
    site.watch.guests.append(sample)
    add_on_id = register(tenant_id, url=f"{sample}/")
    asked: list[dict[str, str]] = []
    admin_page.on(
        "request",
        lambda one: asked.append(one.headers) if one.url.startswith(sample) else None,
    )
    said(opened(admin_page, add_on_id), "已連線")
    assert asked
    assert [one["referer"] for one in asked if site.origin in one.get("referer", "")] == []
    frame = next(one for one in admin_page.frames if one.url.startswith(sample))
    assert "exchange_token" not in frame.evaluate("location.href")
    assert frame.evaluate("document.referrer") == ""
    # Neither our page nor our cookie is within its reach, and it opens no window.
    blocked = frame.evaluate(
        """() => {
          const found = [];
          try { void parent.document.title; } catch { found.push("page"); }
          if (document.cookie === "") found.push("cookie");
          if (window.open("about:blank") === null) found.push("window");
          return found;
        }"""
    )
    assert blocked == ["page", "cookie", "window"]
    site.watch.forget()  # Chromium tells the console of the window that it did not open.


def test_an_add_on_that_does_not_answer_is_said_to(
    site: Site, admin_page: Page, tenant_id: str
) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    site.watch.guests.append(nobody)
    add_on_id = register(tenant_id, url=f"{nobody}/")
    opened(admin_page, add_on_id)
    expect(admin_page.locator("#frame-state")).to_contain_text("沒有回應", timeout=40_000)
    expect(admin_page.get_by_role("link", name="重新開啟")).to_be_visible()
    looks_well(admin_page)
    failed = site.watch.forget()
    assert all(nobody in one or "frame" in one for one in failed)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_frame_fills_a_phone(site: Site, tenant_id: str, sample: str, scheme: str) -> None:
    site.watch.guests.append(sample)
    add_on_id = register(tenant_id, url=f"{sample}/")
    page = site.open(width=390, language="en", scheme=scheme)
    sign_in(page, make_account(Role.TENANT_ADMIN, tenant_id), PASSWORD)
    said(opened(page, add_on_id), "Connected")
    box = page.locator("#add-on").bounding_box()
    assert box is not None
    assert box["width"] >= 380
    assert box["height"] >= 450
    assert box["y"] + box["height"] <= 844
    looks_well(page)


def test_an_expired_plan_is_told_before_the_add_on_opens(
    site: Site, admin_page: Page, tenant_id: str, sample: str
) -> None:
    site.watch.guests.append(sample)
    past = Plan("試用", end=clock.now() - coupons.DAY)
    add_on_id = register(tenant_id, url=f"{sample}/", plan=past)
    admin_page.goto(f"/admin/partners/add-ons/{add_on_id}/open")
    expect(admin_page.locator("#main")).to_contain_text("方案已到期")
    assert issued() == 0
    admin_page.get_by_role("link", name="仍要開啟").click()
    said(admin_page.frame_locator("#add-on"), "方案目前不在有效期間")
    assert issued() == 1


def issued() -> int:
    with unit_of_work():
        return session.query(ExchangeToken).count()


def test_an_address_of_our_own_is_not_framed(site: Site, admin_page: Page, tenant_id: str) -> None:
    add_on_id = register(tenant_id, url=f"{site.origin}/admin/partners/keys")
    admin_page.goto(f"/admin/partners/add-ons/{uuid.UUID(add_on_id)}/open?anyway=1")
    expect(admin_page.locator("#main")).to_contain_text("屬於本站")
    assert admin_page.locator("iframe").count() == 0
    assert issued() == 0

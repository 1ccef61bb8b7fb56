"""Every page of the site, over a small but full set of data: it answers, is accessible in both
languages and schemes, is never wider than its window, keeps still, and is light."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect
from sqlalchemy import select

from tests.browser.pages import SHOTS, Shot, roles_of
from tests.browser.story import AT_REST
from tests.support import calls, campaigns, cast, desks, partner_shelf
from tests.support.books import change_voucher, give_picture
from tests.support.browser import (
    Site,
    axe,
    bytes_transferred,
    layout_shift,
    make_account,
    no_sideways_scroll,
    sign_in,
)
from tests.support.errands import store, written
from tests.support.looks import no_broken_words, nothing_over_the_foot
from tests.support.sheets import ended_import
from tests.support.shelves import shelve
from tests.support.story import picture
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR, Actor
from voucherweb.domain.enums import Role
from voucherweb.models import Admin
from voucherweb.services import desk, exports, vendors
from voucherweb.transaction import session, unit_of_work

NARROW = 320
FIRST_LOAD, STEP = 180 * 1024, 30 * 1024
"""Bytes over the wire: of a first load without vouchers' pictures, and of a step within a list."""
SHIFT = 0.1
STEPS = "#list th a[hx-get], #list .paging a[hx-get]:not([aria-current])"
"""Links within a list that htmx follows: sorting and paging."""
STAFF = (Role.PLATFORM_ADMIN, Role.TENANT_ADMIN, Role.CLERK)
VISITORS = [pytest.param(one, id=one or "nobody") for one in (None, *STAFF)]
EXPECTED = {"/admin/link/an-old-one": 404}
"""Places that rightly answer something else than 200."""
Check = Callable[[], None]
Visit = Callable[[Page, str], Iterator[Check]]
pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def accounts(client: FlaskClient, settings: Settings, site: Site) -> dict[Role, str]:
    """Who looks: at one tenant with one of everything, and one whose vendor has bought nothing."""
    cast.make_tenant("緯創醫學", "WMT")
    with unit_of_work():
        vendors.add_vendor(OPERATOR, uuid.UUID(cast.make_tenant("緯緯醫學", "DEALER")))
    tenant_id = cast.make_tenant()
    found = {
        role: make_account(role, None if role is Role.PLATFORM_ADMIN else tenant_id)
        for role in STAFF
    }
    _fill(client, settings, tenant_id, _actor(found[Role.CLERK]))
    _partners(tenant_id)
    partner_shelf.fill(tenant_id)
    owner = _actor(found[Role.TENANT_ADMIN])
    with unit_of_work():
        job = exports.start_export(owner, "VOUCHERS", "csv", {})
    written(job)
    return found


def _actor(account: str) -> Actor:
    with unit_of_work():
        one = session.scalars(select(Admin).where(Admin.account == account)).one()
        return Actor(Role(one.role), one.id, one.tenant_id)


def _fill(client: FlaskClient, settings: Settings, tenant_id: str, clerk: Actor) -> None:
    """Vouchers of every phase, one of them with people, an import with refused rows."""
    shelve(tenant_id, 24, clock.now() + timedelta(days=9))
    admin = cast.make_admin(client, settings, tenant_id)
    cast.issue(admin, on=False, title="CITY CAFE 草稿")
    taken_down, ended = cast.issue(admin, title="下架的"), cast.issue(admin, title="過期的")
    admin.data("/voucher-mgmt/voucher/update-status", {"id": taken_down, "status": "OFF"})
    change_voucher(ended, on_end=clock.now() - timedelta(minutes=1), status="OFF")
    _, import_id = ended_import(tenant_id)
    cast.issue(
        admin, on=False, title="折價券", voucherType="06", couponImportId=str(import_id), volume=2
    )
    ended_import(tenant_id)
    offer = cast.issue(admin, title="CITY CAFE 賣得好的", volume=4)
    store().write(give_picture(offer), picture())
    for gender in ("F", "M"):
        member = cast.make_member(client, settings, gender=gender)
        member.data("/voucher/reach", {"voucherList": [offer]})
        member.data("/voucher/click", {"id": offer})
        piece, _ = desks.take_piece(member, offer)
        with unit_of_work():
            desk.write_off(clerk, piece, settings.timezone, str(piece))


def _partners(tenant_id: str) -> None:
    """A card that had points, and calls that went well or not, of a tenant and of the platform."""
    card = campaigns.make_card(tenant_id, 1500)
    campaigns.add(tenant_id, card, 30)
    for owner in (tenant_id, None):
        key = calls.make_key(owner)
        calls.log_call(owner, key, idempotency_key="k1", status=504, code="TIMEOUT")
        calls.log_call(owner, key, idempotency_key="k1", replayed=True)
        calls.log_call(owner, key, status=422, code="INSUFFICIENT_POINTS")


@dataclass
class Tour:
    """Visits every page as everybody, and keeps what it finds instead of failing at the first."""

    site: Site
    accounts: dict[Role, str]
    findings: list[str] = field(default_factory=list)

    def walk(
        self, visit: Visit, role: Role | None, *, all_of_role: bool, width: int, language: str
    ) -> None:
        """Visit the pages of a role (None: of nobody); those that several roles share are visited
        as the last of them, or `all_of_role` as each."""
        page = self.site.open(width=width, language=language)
        if role:
            sign_in(page, self.accounts[role], cast.PASSWORD)
        for shot in SHOTS:
            if role in (roles_of(shot) if all_of_role else roles_of(shot)[-1:]):
                self._visit(page, shot, visit, f"{shot.name} · {role or 'visitor'}")
        page.context.close()

    def _visit(self, page: Page, shot: Shot, visit: Visit, name: str) -> None:
        place = shot.path(page)
        self.site.watch.forget()
        if place is None:
            self.findings.append(f"{name}: the data has no example of {shot.rule}")
            return
        for check in visit(page, place):
            try:
                check()
            except AssertionError as error:
                self.findings.append(f"{name}: {_short(error)}")
        self.findings += [f"{name}: {problem}" for problem in self.site.watch.forget()]

    def ends_well(self) -> None:
        found = dict.fromkeys(self.findings)
        assert not found, f"{len(found)} findings:\n" + "\n".join(found)


def _short(error: AssertionError) -> str:
    lines = [line for line in str(error).splitlines() if not line.startswith("    <")]
    return "\n  ".join(lines[:8])


def go(page: Page, place: str) -> None:
    answer = page.goto(place)
    assert answer is not None
    status = answer.status
    assert status == EXPECTED.get(place, 200), f"answers {status}"
    page.wait_for_function(AT_REST)


def keeps_still(page: Page) -> None:
    shift = layout_shift(page)
    assert shift < SHIFT, f"the layout shifts by {shift:.3f}"


def in_the_dark(page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    try:
        axe(page, only=["color-contrast", "link-in-text-block"])
    finally:
        page.emulate_media(color_scheme="light")


def steps_lightly(page: Page) -> None:
    """What a click on a sorted column or another page brings; not every page has such a link."""
    link = page.locator(STEPS).locator("visible=true").first
    if not link.count():
        return
    with bytes_transferred(page) as transfer, page.expect_response("**/*"):
        link.click()
        page.wait_for_load_state("networkidle")
    assert transfer.total <= STEP, f"a step takes {transfer.total} bytes: {transfer.by_path}"


# The story of test_journey.py is told in English too, with the same check at each stop.
@pytest.mark.parametrize("role", VISITORS)
@pytest.mark.parametrize("language", ["zh-TW", pytest.param("en", marks=pytest.mark.drill)])
def test_every_page_is_accessible_in_both_schemes_and_keeps_still(
    site: Site, accounts: dict[Role, str], role: Role | None, language: str
) -> None:
    def visit(page: Page, place: str) -> Iterator[Check]:
        yield lambda: go(page, place)
        yield lambda: keeps_still(page)
        yield lambda: axe(page)
        yield lambda: no_sideways_scroll(page)
        yield lambda: no_broken_words(page)
        yield lambda: nothing_over_the_foot(page)
        yield lambda: in_the_dark(page)
        yield lambda: steps_lightly(page)

    site.watch.allow(404, "/admin/link/.*")
    tour = Tour(site, accounts)
    tour.walk(visit, role, all_of_role=language == "en", width=1280, language=language)
    tour.ends_well()


@pytest.mark.parametrize("role", VISITORS)
def test_every_page_fits_a_small_phone_and_loads_lightly(
    site: Site, accounts: dict[Role, str], role: Role | None
) -> None:
    def load(page: Page, place: str) -> None:
        with bytes_transferred(page) as transfer, without_cache(page):
            go(page, place)
            page.wait_for_load_state("networkidle")
        ours = {path: size for path, size in transfer.by_path.items() if "/thumbnail/" not in path}
        total = sum(ours.values())
        assert total <= FIRST_LOAD, f"a first load takes {total} bytes: {ours}"

    def visit(page: Page, place: str) -> Iterator[Check]:
        yield lambda: load(page, place)
        yield lambda: keeps_still(page)
        yield lambda: no_sideways_scroll(page)
        yield lambda: no_broken_words(page)
        yield lambda: nothing_over_the_foot(page)
        yield lambda: axe(page)

    site.watch.allow(404, "/admin/link/.*")
    tour = Tour(site, accounts)
    tour.walk(visit, role, all_of_role=False, width=NARROW, language="en")
    tour.ends_well()


@contextmanager
def without_cache(page: Page) -> Iterator[None]:
    """As if it were the first page that this browser sees."""
    debugger = page.context.new_cdp_session(page)
    debugger.send("Network.enable")
    debugger.send("Network.setCacheDisabled", {"cacheDisabled": True})
    yield
    debugger.detach()

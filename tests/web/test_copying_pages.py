"""A copy of a voucher whose time is over begins today, as long as the original was."""

import re
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from tests.support.cast import Caller, issue, voucher_row
from tests.support.site import Visitor, make_visitor
from tests.support.voucher_forms import ZONE, day
from voucherweb.domain import clock
from voucherweb.models import Voucher
from voucherweb.transaction import session, unit_of_work
from voucherweb.web.issuing_form import days_to_move

LIST = "/admin/vouchers"
MOVED = "一起往後移了"


@pytest.fixture
def site(app: Flask, admin: Caller) -> Visitor:
    return make_visitor(app, "TENANT_ADMIN", admin.tenant_id)


def at(ahead: int, hour: int = 0, minute: int = 0) -> datetime:
    """A local time of day so many days from today."""
    today = clock.local_date(clock.now(), ZONE)
    return datetime.combine(today + timedelta(days=ahead), time(hour, minute), tzinfo=ZONE)


def last(ahead: int) -> datetime:
    return at(ahead + 1) - timedelta(milliseconds=1)


def voucher(admin: Caller, **windows: datetime) -> str:
    """One whose windows were on 40 to 20, 38 to 20 and 38 to 5 days ago, unless told otherwise."""
    voucher_id = issue(admin)
    was = {"on_start": at(-40), "on_end": last(-20), "redeem_start": at(-38)}
    was |= {"redeem_end": last(-20), "use_start": at(-38), "use_end": last(-5), **windows}
    with unit_of_work():
        session.execute(update(Voucher).where(Voucher.id == voucher_id).values(**was))
    return voucher_id


def filled(page: str) -> dict[str, str]:
    found = re.findall(r'name="(\w+Date(?:_time)?)"[^>]*? value="([^"]*)"', page)
    return dict(found)


def copied(site: Visitor, voucher_id: str) -> tuple[str, dict[str, str]]:
    page = site.text(f"{LIST}/{voucher_id}/duplicate")
    return page, filled(page)


def test_the_windows_begin_today_and_keep_their_lengths(site: Visitor, admin: Caller) -> None:
    page, dates = copied(site, voucher(admin))
    assert f"{MOVED} 40 天" in page
    assert {name: value for name, value in dates.items() if value} == {
        "onStartDate": day(0),
        "onEndDate": day(20),
        "redeemStartDate": day(2),
        "redeemEndDate": day(20),
        "useStartDate": day(2),
        "useEndDate": day(35),
    }


def test_the_copy_can_be_issued_and_shelved_as_it_is(site: Visitor, admin: Caller) -> None:
    original = voucher(admin)
    page, _ = copied(site, original)
    form = {name: value for name, value in every(page).items() if not name.startswith("picture")}
    answer = site.post(f"{LIST}/new", form, at=f"{LIST}/{original}/duplicate")
    assert answer.status_code == 303, answer.text[:3000]
    copy = answer.location.rpartition("/")[2]
    assert site.post(f"{LIST}/{copy}/on").status_code == 303
    row = voucher_row(copy)
    assert (row.status, row.on_start, row.on_end) == ("ON", at(0), last(20))


def every(page: str) -> dict[str, str]:
    """What the form would send: texts, hidden fields and what is chosen."""
    tags = re.findall(r"<input[^>]*>", page[page.index('id="voucher-form"') :])
    sent: dict[str, str] = {}
    for tag in tags:
        one = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if one.get("type") not in {"radio", "checkbox", "file"} or " checked" in tag:
            sent[one.get("name", "")] = one.get("value", "")
    sent.pop("", None)
    return sent


def test_times_of_day_and_moments_between_them_are_kept(site: Visitor, admin: Caller) -> None:
    odd = at(-38, 9, 30) + timedelta(seconds=7, milliseconds=5)
    original = voucher(admin, redeem_start=odd, use_start=odd, use_end=last(-5))
    page, dates = copied(site, original)
    assert dates["redeemStartDate_time"] == "09:30:07"
    millis = [
        int(one) for one in re.findall(r'name="kept"[^>]*value="([\d,]+)"', page)[0].split(",")
    ]
    assert clock.from_millis(millis[2]) == odd + timedelta(days=40)


def test_what_can_still_be_used_is_copied_as_it_is(site: Visitor, admin: Caller) -> None:
    original = issue(admin)
    page, dates = copied(site, original)
    assert MOVED not in page
    row = voucher_row(original)
    assert dates["onEndDate"] == row.on_end.astimezone(ZONE).date().isoformat()


def test_one_window_that_is_over_moves_them_all(site: Visitor, admin: Caller) -> None:
    page, dates = copied(site, voucher(admin, on_end=last(30), use_end=last(90)))
    assert MOVED in page
    assert (dates["onStartDate"], dates["redeemEndDate"]) == (day(0), day(20))


def test_it_is_told_in_english_too(site: Visitor, admin: Caller) -> None:
    page = site.text(f"{LIST}/{voucher(admin)}/duplicate", Accept_Language="en")
    assert "all three windows were moved by 40 days" in page


def made(now: datetime, **windows: Any) -> Voucher:
    start, end = now - timedelta(hours=5), now - timedelta(hours=4)
    names = ("on", "redeem", "use")
    every = {
        f"{name}_{edge}": at_ for name in names for edge, at_ in (("start", start), ("end", end))
    }
    return Voucher(**{**every, **windows})


def test_what_was_over_today_begins_tomorrow(app: Flask) -> None:
    now = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
    with app.test_request_context():
        assert days_to_move(made(now), now) == 1
        assert days_to_move(made(now), now + timedelta(days=9)) == 10


def test_a_copy_does_not_lead_beyond_the_last_day(app: Flask) -> None:
    now = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
    forever = datetime(9999, 12, 30, 12, 0, tzinfo=UTC)
    old = now - timedelta(days=40)
    with app.test_request_context():
        assert days_to_move(made(now, on_start=old, redeem_end=old, use_end=forever), now) == 0

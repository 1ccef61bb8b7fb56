"""The daily trend counts what the calls of the app did, on the local day of each."""

import random
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support import books, recount
from tests.support.cast import Caller, issue, make_member
from tests.support.desks import actor_of, make_clerk, take_piece
from tests.support.recount import Event
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR, Actor
from voucherweb.domain.enums import Role, VoucherType
from voucherweb.errors import Refusal
from voucherweb.services import desk, trends
from voucherweb.services.proof import prove
from voucherweb.services.redemptions import RedeemWork, Wish
from voucherweb.services.trends import MEASURES, Day, Trend
from voucherweb.transaction import unit_of_work

MILLISECOND = timedelta(milliseconds=1)
DAY = 86_400_000


@pytest.fixture
def midnight(settings: Settings) -> datetime:
    """The next midnight in Taipei, which is an afternoon in UTC."""
    today = clock.local_date(clock.now(), settings.timezone)
    return clock.start_of_day(today + timedelta(days=1), settings.timezone)


def tenant_trend(admin: Caller, *span: date, kind: VoucherType | None = None) -> Trend:
    with unit_of_work():
        return trends.of_tenant(uuid.UUID(admin.tenant_id), *span, kind)


def voucher_trend(actor: Actor, voucher: str, *span: date) -> Trend:
    with unit_of_work():
        return trends.of_voucher(actor, uuid.UUID(voucher), *span)


def long_lived(admin: Caller, **changes: Any) -> str:
    last = clock.to_millis(clock.now()) + 20 * DAY
    ends = dict.fromkeys(("redeemEndDate", "useEndDate", "onEndDate"), last)
    return issue(admin, **{**ends, **changes})


def test_each_event_counts_on_its_own_side_of_midnight(
    admin: Caller, member: Caller, midnight: datetime
) -> None:
    with clock.frozen(midnight - MILLISECOND):
        voucher = long_lived(admin)
        piece = member.data("/voucher/redeem", {"voucherId": voucher})["id"]
        member.data("/voucher/reach", {"voucherList": [voucher]})
        member.data("/voucher/click", {"id": voucher})
    with clock.frozen(midnight):
        member.data("/voucher/redeem", {"voucherId": voucher})
        member.data("/voucher/use", {"id": piece})
        for _ in range(2):
            member.data("/voucher/reach", {"voucherList": [voucher]})
            member.data("/voucher/click", {"id": voucher})
    before = (midnight - timedelta(hours=1)).astimezone(ZoneInfo("Asia/Taipei")).date()
    after = before + timedelta(days=1)
    told = voucher_trend(OPERATOR, voucher, before, after)
    assert told.days == (Day(before, 1, 1, 1, 1, 1, 0), Day(after, 2, 0, 2, 0, 1, 1))
    assert tenant_trend(admin, before, after) == told
    assert prove().ok


def test_a_repeated_redeem_and_a_refused_one_count_nothing(
    admin: Caller, member: Caller, settings: Settings
) -> None:
    voucher = issue(admin, volume=1)
    for _ in range(3):
        member.post("/voucher/redeem", {"voucherId": voucher}, Idempotency_Key="k")
    before = books.of_everything()
    assert member.post("/voucher/redeem", {"voucherId": voucher}).status_code == 422
    assert books.of_everything() == before
    today = clock.local_date(clock.now(), settings.timezone)
    assert voucher_trend(OPERATOR, voucher, today, today).of("redeemed") == (1,)


def test_a_batch_counts_each_voucher_on_the_day_of_the_batch(
    client: FlaskClient, settings: Settings, admin: Caller, midnight: datetime
) -> None:
    people = [books.member_id(make_member(client, settings).id) for _ in range(5)]
    work = RedeemWork(settings)
    with clock.frozen(midnight):
        first, second = long_lived(admin), long_lived(admin, volume=1)
        pairs = zip(people, [first, second, first, second, first], strict=True)
        wishes = [Wish(who, uuid.UUID(what), "test", None, b"") for who, what in pairs]
        work.many(wishes)
    work.close()
    day = midnight.astimezone(settings.timezone).date()
    eve = day - timedelta(days=1)
    assert voucher_trend(OPERATOR, first, eve, day).of("redeemed") == (0, 3)
    assert voucher_trend(OPERATOR, second, eve, day).of("redeemed") == (0, 1)


class Week:
    """A few days of calls at random instants, with a log of what counted."""

    def __init__(self, people: list[Caller], offers: list[str], settings: Settings) -> None:
        self.random = random.Random(7)
        self.people, self.offers, self.zone = people, offers, settings.timezone
        self.pieces: list[tuple[Caller, str, str]] = []
        self.log: list[Event] = []

    def play(self, start: datetime, days: int, steps: int) -> None:
        hours = sorted(self.random.uniform(0, days * 24) for _ in range(steps))
        for hour in hours:
            with clock.frozen(start + timedelta(hours=hour)):
                member, offer = self.random.choice(self.people), self.random.choice(self.offers)
                acts: list[Callable[[Caller, str], None]]
                acts = [self._redeem, self._use, self._reach, self._click]
                self.random.choice(acts)(member, offer)

    def _note(self, kind: str, member: Caller, offer: str) -> None:
        day = clock.local_date(clock.now(), self.zone)
        who = uuid.UUID(int=self.people.index(member))
        self.log.append(Event(kind, uuid.UUID(offer), who, "F", "level2", day))

    def _redeem(self, member: Caller, offer: str) -> None:
        answer = member.post("/voucher/redeem", {"voucherId": offer})
        if answer.status_code == 200:
            self.pieces.append((member, offer, answer.json["result"]["data"]["id"]))
            self._note("REDEEM", member, offer)

    def _use(self, _member: Caller, _offer: str) -> None:
        if self.pieces:
            member, offer, piece = self.random.choice(self.pieces)
            if member.post("/voucher/use", {"id": piece}).status_code == 200:
                self._note("USE", member, offer)

    def _reach(self, member: Caller, _offer: str) -> None:
        member.data("/voucher/reach", {"voucherList": self.offers})
        for offer in self.offers:
            self._note("REACH", member, offer)

    def _click(self, member: Caller, offer: str) -> None:
        member.data("/voucher/click", {"id": offer})
        self._note("CLICK", member, offer)


def test_days_of_calls_are_told_as_a_recount_tells_them(
    client: FlaskClient, settings: Settings, admin: Caller
) -> None:
    offers = [long_lived(admin, volume=9, voucherType=kind) for kind in ("01", "02", "02")]
    people = [make_member(client, settings) for _ in range(3)]
    week = Week(people, offers, settings)
    week.play(clock.now(), days=5, steps=90)
    assert {event.kind for event in week.log} == {"REDEEM", "USE", "REACH", "CLICK"}
    first = clock.local_date(clock.now(), settings.timezone) - timedelta(days=2)
    last = first + timedelta(days=8)
    for kind in (None, VoucherType.ZERO_YUAN, VoucherType.PLATFORM_COUPON):
        among = recount.picked(lambda one, kind=kind: kind in (None, one.type))
        days = recount.daily(among, week.log)
        assert len(days) >= 5
        told = tenant_trend(admin, first, last, kind=kind)
        assert told.days == tuple(
            Day(day, **days.get(day, {})) for day in (first + timedelta(days=n) for n in range(9))
        )
    assert prove().ok


def test_closed_days_are_told_as_before_and_lose_what_is_undone(
    client: FlaskClient, settings: Settings, admin: Caller
) -> None:
    offers = [long_lived(admin, volume=9, voucherType=kind) for kind in ("01", "02", "02")]
    people = [make_member(client, settings) for _ in range(3)]
    start = clock.now()
    Week(people, offers, settings).play(start, days=5, steps=60)
    clerk = make_clerk(admin.tenant_id)
    with clock.frozen(start + timedelta(days=1)):
        piece = take_piece(people[0], long_lived(admin))[0]
        with unit_of_work():
            receipt = desk.write_off(clerk, piece, settings.timezone)
    first = clock.local_date(start, settings.timezone)

    def told(kind: VoucherType | None = None) -> Trend:
        return tenant_trend(admin, first, first + timedelta(days=6), kind=kind)

    kinds = (None, VoucherType.ZERO_YUAN, VoucherType.PLATFORM_COUPON)
    before = [told(kind) for kind in kinds]
    with clock.frozen(start + timedelta(days=7)):
        assert trends.close_days() >= 3
        assert trends.close_days() == 0
    assert [told(kind) for kind in kinds] == before
    Week(people, offers, settings).play(start + timedelta(days=5), days=1, steps=10)
    assert told().total("reach_times") > before[0].total("reach_times")
    used = told().of("used")
    with unit_of_work():
        desk.undo(actor_of(admin), receipt.id, "誤按")
    assert told().of("used") == (used[0], used[1] - 1, *used[2:])
    assert prove().first_bad is None
    with clock.frozen(start + timedelta(days=30)):
        assert trends.close_days() >= 1
    assert told().of("used") == (used[0], used[1] - 1, *used[2:])
    assert prove().first_bad is None


def test_days_without_events_are_noughts(admin: Caller) -> None:
    first, last = date(2024, 1, 1), date(2024, 12, 31)
    told = tenant_trend(admin, first, last)
    assert len(told.days) == 366
    assert (told.days[0].day, told.days[-1].day) == (first, last)
    assert {told.total(measure) for measure in MEASURES} == {0}


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2024, 1, 2), date(2024, 1, 1)),
        (date(2024, 1, 1), date(2025, 1, 1)),
        (date.min, date.max),
    ],
)
def test_days_out_of_order_or_too_many_are_refused(admin: Caller, first: date, last: date) -> None:
    voucher = issue(admin)
    asked: tuple[Callable[[], Trend], ...] = (
        lambda: tenant_trend(admin, first, last),
        lambda: voucher_trend(OPERATOR, voucher, first, last),
    )
    for one in asked:
        with pytest.raises(Refusal) as refused:
            one()
        assert refused.value.error.code.endswith("INVALID_PARAMETER")
        assert [detail.field for detail in refused.value.details] == ["endDate"]


def test_the_ends_of_the_calendar_can_be_asked_for(admin: Caller) -> None:
    assert len(tenant_trend(admin, date.max - timedelta(days=1), date.max).days) == 2
    assert len(tenant_trend(admin, date.min, date.min).days) == 1


def test_another_tenants_voucher_does_not_exist(admin: Caller, stranger: Caller) -> None:
    voucher, gone = issue(admin), issue(admin, on=False)
    admin.data("/voucher-mgmt/voucher/delete", {"id": gone})
    day = date(2026, 1, 1)
    own, other = (
        Actor(Role.TENANT_ADMIN, uuid.UUID(one.id), uuid.UUID(one.tenant_id))
        for one in (admin, stranger)
    )
    assert voucher_trend(own, voucher, day, day) == voucher_trend(OPERATOR, voucher, day, day)
    for actor, asked in ((other, voucher), (own, gone), (OPERATOR, str(uuid.UUID(int=1)))):
        with pytest.raises(Refusal) as refused:
            voucher_trend(actor, asked, day, day)
        assert refused.value.error.code.endswith("NOT_EXIST")


def test_a_tenant_sees_its_own_vouchers_alone(
    admin: Caller, stranger: Caller, member: Caller, settings: Settings
) -> None:
    own, other = issue(admin), issue(stranger)
    member.data("/voucher/reach", {"voucherList": [own, other]})
    member.data("/voucher/redeem", {"voucherId": other})
    today = clock.local_date(clock.now(), settings.timezone)
    assert tenant_trend(admin, today, today).days == (Day(today, 1, 1),)
    assert tenant_trend(stranger, today, today).days == (Day(today, 1, 1, redeemed=1),)


def test_a_sparkline_ends_today(admin: Caller, member: Caller, settings: Settings) -> None:
    member.data("/voucher/redeem", {"voucherId": issue(admin)})
    today = clock.local_date(clock.now(), settings.timezone)
    with unit_of_work():
        line = trends.sparkline(uuid.UUID(admin.tenant_id), today)
    assert line.of("redeemed") == (*[0] * 29, 1)
    assert line.days[-1].day == today


@pytest.mark.parametrize("offers", [1, 5])
def test_the_number_of_queries_is_constant(app: Flask, admin: Caller, offers: int) -> None:
    vouchers = [issue(admin) for _ in range(offers)]
    day = date(2026, 1, 1)
    with books.statements() as sent:
        tenant_trend(admin, day, day + timedelta(days=99))
    assert sum("SELECT" in one for one in sent) == 1
    with books.statements() as sent:
        voucher_trend(OPERATOR, vouchers[0], day, day)
    assert sum("SELECT" in one for one in sent) == 2

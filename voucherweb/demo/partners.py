"""The demo's partner: a campaign with cards and points, coupon sets, branches, keys, their calls.

The shop's till has a key, whose secret nobody is told, and does what a till does: it adds points,
spends some, gives coupons and uses one.
"""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

from sqlalchemy import select

from voucherweb.demo.partner_sets import add_sets
from voucherweb.demo.schedule import Calendar
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR, Actor
from voucherweb.domain.campaign_rules import CampaignTerms
from voucherweb.domain.coupon_codes import chunks
from voucherweb.domain.coupon_terms import SetTerms
from voucherweb.domain.enums import CouponSource
from voucherweb.domain.partner import CallerKind, Partner
from voucherweb.models import Member, Programme
from voucherweb.services import (
    add_ons,
    api_keys,
    branches,
    call_log,
    campaigns,
    cards,
    coupon_gifts,
    coupon_hands,
    coupon_jobs,
    coupon_sets,
    partner_points,
)
from voucherweb.services.add_ons import AddOnTerms, Plan
from voucherweb.services.autocommit import within_unit_of_work
from voucherweb.services.call_log import Line
from voucherweb.services.partner_points import CardKey, Refs
from voucherweb.transaction import session

FOUNDED: Final = -60
"""The day, counted from today, since when the partner is there."""
HOLDERS: Final = 18
POOL: Final = 200
SAMPLE_ADD_ON: Final = "http://127.0.0.1:9000/"
CALLS: Final = (
    ("POST", "/v2/connect/add/points", 201, None),
    ("GET", "/v2/connect/transactions", 200, None),
    ("POST", "/v2/connect/burn/points", 422, "INSUFFICIENT_POINTS"),
    ("POST", "/v2/connect/coupon/use", 409, "COUPON_ALREADY_USED"),
    ("GET", "/v2/connect/profiles", 200, None),
)


def set_up(admin: Actor, calendar: Calendar) -> None:
    """All of it for the tenant of one admin, whose members are there."""
    with clock.frozen(calendar.at(FOUNDED, 10)):
        campaign = _campaign(admin, calendar)
        branches.create_branch(admin, admin.tenant_id, "KH01", "小港院區")
        branches.create_branch(admin, admin.tenant_id, "KH02", "旗津門診")
        till = _keys(admin)
        _add_on(admin, calendar)
        holders = _holders(admin)
        held = [
            cards.give_card(OPERATOR, one.household_member_id, campaign.id).card for one in holders
        ]
    add_sets(admin, calendar)
    _move_points(till, [card.card_no for card in held], holders)
    _coupons(admin, till, holders, calendar)
    _log_calls(admin, till)


def give_platform_key(platform: Actor, calendar: Calendar) -> None:
    """The key of the platform's own system, which nobody has used yet."""
    with clock.frozen(calendar.at(FOUNDED, 9)):
        api_keys.create_key(platform, None, "會員 App 伺服器")


def _campaign(admin: Actor, calendar: Calendar) -> Programme:
    terms = CampaignTerms(
        "健康集點", Decimal(30), start_date=calendar.at(FOUNDED, 0), end_date=calendar.at(300, 23)
    )
    return campaigns.create_campaign(admin, admin.tenant_id, terms)


def _keys(admin: Actor) -> Partner:
    """A key for the till and one to try things out with; the former as a caller."""
    api_keys.create_key(admin, admin.tenant_id, "串接測試", sandbox=True)
    made = api_keys.create_key(admin, admin.tenant_id, "院內商店 POS")
    owner = admin.tenant_id or uuid.UUID(int=0)
    return Partner(CallerKind.KEY, made.id, admin.tenant_id, owner, made.id)


def _add_on(admin: Actor, calendar: Calendar) -> None:
    """The sample of `examples/add-on`, where its README serves it: until somebody does, its page
    says that it does not answer. Only the browser that opens it ever asks there."""
    terms = AddOnTerms(
        "會員服務台（範例）",
        SAMPLE_ADD_ON,
        Plan("試用方案", calendar.at(FOUNDED, 0), calendar.at(300, 23)),
        {"greeting": "歡迎光臨院內商店"},
    )
    add_ons.create_add_on(admin, admin.tenant_id, "sample", terms)


def _holders(admin: Actor) -> Sequence[Member]:
    return session.scalars(
        select(Member)
        .where(Member.tenant_id == admin.tenant_id, Member.phone_number.is_not(None))
        .order_by(Member.created_at, Member.id)
        .limit(HOLDERS)
    ).all()


def _move_points(till: Partner, numbers: Sequence[str], holders: Sequence[Member]) -> None:
    """Purchases earn points; every third holder spends some."""
    for at, (number, holder) in enumerate(zip(numbers, holders, strict=True)):
        key, spent = CardKey(number, holder.phone_number or ""), Decimal(450 + 310 * at)
        refs = Refs(f"POS-{1001 + at}", f"R{1001 + at}")
        partner_points.add_value(within_unit_of_work, till, key, spent, refs)
        if at % 3 == 0:
            partner_points.burn(within_unit_of_work, till, key, 5 + at, Refs(f"POS-{2001 + at}"))


def _coupons(admin: Actor, till: Partner, holders: Sequence[Member], calendar: Calendar) -> None:
    """A set that makes codes when it gives, some of them used, and a pool for print."""
    start, end = calendar.at(-20, 0), calendar.at(70, 23)
    welcome = coupon_hands.create_auto_set(
        admin, SetTerms("新朋友咖啡券", start, end, "中杯拿鐵一杯", prefix="CAFE-", quantity=300)
    )
    welcome.created_at = clock.now()
    for at, holder in enumerate(holders):
        (given,) = coupon_gifts.give(
            within_unit_of_work, till, holder.household_member_id, welcome.id
        )
        if at % 2 == 0:
            coupon_gifts.use(within_unit_of_work, till, given.code, f"POS-{3001 + at}", "KH01")
    terms = SetTerms("衛教講座贈品券", start, end, "憑券領取贈品一份", prefix="GIFT-")
    checked = coupon_sets.checked(terms)
    pool = coupon_sets.add_pool(
        admin.tenant_id, admin.key, checked, CouponSource.GENERATE, uuid.uuid4()
    )
    coupon_jobs.copy_codes(pool, chunks(POOL, pool.prefix or ""), lambda _done: None)
    coupon_jobs.activate(pool, POOL)
    pool.created_at = clock.now() - timedelta(hours=1)


def _log_calls(admin: Actor, till: Partner) -> None:
    """What the till has called within the last hour."""
    now = clock.now()
    lines = [
        Line(
            at=now - timedelta(minutes=4 * at + 1),
            tenant_id=admin.tenant_id,
            caller=till.key,
            request_id=uuid.uuid4().hex,
            method=method,
            path=path,
            query="",
            status=status,
            code=code,
            ms=6 + 3 * (at % 5),
            idempotency_key=uuid.uuid4().hex if method == "POST" else None,
            replayed=False,
            fingerprint=None,
            fault=None,
            retry_after=None,
            address="192.0.2.10",
        )
        for at, (method, path, status, code) in enumerate(CALLS * 3)
    ]
    call_log.write(within_unit_of_work, list(reversed(lines)))

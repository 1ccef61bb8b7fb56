"""One of everything that a tenant has for its partners, and a key of the platform's."""

import uuid

from tests.support import add_ons, coupons
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR
from voucherweb.services import coupon_gifts, coupon_sets
from voucherweb.services.add_ons import Plan
from voucherweb.transaction import unit_of_work


def fill(tenant_id: str) -> None:
    """Keys of each kind, an add-on whose plan has run out, a branch, and coupon sets: one that
    makes codes and has given some, a pool, a paused one, and an import with refused rows."""
    owner = uuid.UUID(tenant_id)
    add_ons.issue_key(tenant_id)
    add_ons.issue_key(tenant_id, sandbox=True)
    add_ons.issue_key(None)
    ended = Plan("標準", end=clock.now() - coupons.DAY)
    add_ons.register(tenant_id, plan=ended, config={"region": "south"})
    coupons.branch(tenant_id)
    coupons.imported(tenant_id, ["GIFT-001", "GIFT-001", "", "短\u0007碼"], name="通路提供的禮券")
    paused = coupons.auto_set(tenant_id, name="暫停的")
    with unit_of_work():
        coupon_sets.pause(OPERATOR, owner, paused)
    coupons.pool(tenant_id, 30, name="印刷用的一批")
    given(tenant_id)


def given(tenant_id: str) -> None:
    """A set that makes codes, of which a member holds one, used one and gave one back."""
    execute, by = coupons.execute(), coupons.caller(tenant_id)
    set_id = coupons.auto_set(tenant_id, name="迎新咖啡券", quantity=500)
    person = coupons.member_of(tenant_id)
    _, used, back = coupon_gifts.give(execute, by, person, set_id, 3)
    coupon_gifts.use(execute, by, used.code, branch_code="B1")
    coupon_gifts.void(execute, by, back.id)

"""A till of a partner's shop: the four writes that come most, as calls and as statements."""

from dataclasses import replace
from typing import Any, Final, LiteralString

from werkzeug.test import TestResponse

from tests.support import cards, coupons
from tests.support.cards import Holder
from tests.support.coupon_calls import GIVE, USE, given
from tests.support.partners import PartnerCaller
from tests.support.points_calls import ADD, BURN, add

WRITES = ("add", "burn", "give", "use")

ADDED: Final = """
SELECT outcome, body FROM points_answer(
    %s, %s, %s, %s, %s, 'ADD', 7, 2, NULL, NULL, NULL, now())
"""
BURNT: Final = """
SELECT outcome, body FROM points_answer(
    %s, %s, %s, %s, %s, 'BURN', 7, NULL, NULL, 'R', NULL, now())
"""
GIVEN: Final = """
SELECT outcome, body FROM coupon_give_answer(
    %s, %s, %s, %s, %s, %s, %s, 1, 'A' || gen_random_uuid(), now())
"""
USED: Final = """
SELECT outcome, body FROM coupon_use_answer(%s, %s, %s, %s, %s, %s, NULL, NULL, now())
"""


class Till:
    """A partner with a card that holds 100 points, a set that makes codes and one coupon of it.
    Each write is known by its name, and `changes` counts how often it has been done."""

    def __init__(self, partner: PartnerCaller) -> None:
        self.partner = partner
        tenant = str(partner.owner_id)
        self.holder: Holder = cards.make_holder(cards.make_campaign(tenant), tenant)
        add(partner, self.holder, points=100)
        self.set_id = coupons.auto_set(partner.owner_id)
        self.code = given(partner, self.holder.member_id, self.set_id)[0]["code"]

    def call(self, name: str) -> tuple[str, dict[str, Any]]:
        """The path and the body of a write."""
        named = self.holder.named
        calls: dict[str, tuple[str, dict[str, Any]]] = {
            "add": (ADD, {**named, "method": 2, "points": 7}),
            "burn": (BURN, {**named, "points": 7, "ref_no": "R"}),
            "give": (f"{GIVE}/{self.holder.member_id}", {"coupon_set_uuid": str(self.set_id)}),
            "use": (USE, {"code": self.code}),
        }
        return calls[name]

    def post(self, name: str, key: str) -> TestResponse:
        """Over a client of its own, so that threads may do it."""
        mine = replace(self.partner, client=self.partner.client.application.test_client())
        return mine.post(*self.call(name), Idempotency_Key=key)

    def changes(self, name: str) -> int:
        _, gifts, used = coupons.counts(self.set_id)
        entries = len(cards.entries_of(self.holder))
        return {"give": gifts - 1, "use": used}.get(name, entries - 1)


def in_sql(till: Till, name: str) -> tuple[LiteralString, tuple[Any, ...]]:
    """A write with the key `k`, as a statement and its values."""
    key, owner_id = (till.partner.name, "k", b"print"), till.partner.owner_id
    card = (*key, "[\1,\1,\1]", till.holder.card_id)
    gift = (*key, "[\1,\1,\1,\1]", owner_id, till.set_id, till.holder.member_id)
    coupon = (*key, "[\1,\1]", owner_id, till.code)
    found: dict[str, tuple[LiteralString, tuple[Any, ...]]] = {
        "add": (ADDED, card),
        "burn": (BURNT, card),
        "give": (GIVEN, gift),
        "use": (USED, coupon),
    }
    return found[name]

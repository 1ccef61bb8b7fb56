"""The answers of the four hot writes: the database fills their blanks in, and nobody can tell."""

import uuid
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient

from tests.support import cards, coupons
from tests.support.cards import Holder
from tests.support.coupon_calls import GIVE, USE, given
from tests.support.partners import PartnerCaller
from tests.support.points_calls import ADD, BURN, nothing_changes
from voucherweb.api.partner.coupons_shapes import AssignCouponResponse, UseCouponResponse
from voucherweb.api.partner.points_shapes import AddPointsResponse, BurnPointsResponse
from voucherweb.api.partner.shapes import PartnerData

NASTY = '"\\/\b\f\n\r\t\x01\x1f\x7f</script>&😀中\u2028'
"""Signs that JSON spells in a way of its own, or that somebody might think it does."""


def spelt(shape: type[PartnerData], body: bytes) -> bytes:
    """The same answer as the declared shape spells it."""
    return orjson.dumps(shape.model_validate(orjson.loads(body)).wire())


@pytest.fixture
def made(tenant_id: str) -> uuid.UUID:
    return coupons.auto_set(tenant_id, prefix="VIP-")


@pytest.fixture
def person(tenant_id: str) -> str:
    return coupons.member_of(tenant_id)


@pytest.mark.parametrize("key", [{}, {"Idempotency_Key": "k"}], ids=["without", "with a key"])
@pytest.mark.parametrize("language", ["zh-TW", "en"])
def test_points_are_told_in_their_shape(
    partner: PartnerCaller, rich: Holder, key: dict[str, str], language: str
) -> None:
    ref = '"\\/</script>&😀中'
    refs = {"ref_no": ref, "ref_id": f"I{ref}"}
    body = {**rich.named, "method": 1, "value": "90.5", **refs}
    added = partner.post(ADD, body, Accept_Language=language, **key).get_data()
    assert added == spelt(AddPointsResponse, added)
    told = orjson.loads(added)
    assert (told["points"], told["balance"], told["ref_no"]) == (3, 103, ref)
    assert told["message"] == {"zh-TW": "已加點", "en": "Points added"}[language]
    body = {**rich.named, "points": 4, "ref_no": ref}
    other = {name: f"{value}2" for name, value in key.items()}
    burnt = partner.post(BURN, body, Accept_Language=language, **other).get_data()
    assert burnt == spelt(BurnPointsResponse, burnt)
    assert orjson.loads(burnt) | {"points": 4, "balance": 99, "ref_id": None} == orjson.loads(burnt)
    assert cards.entries_of(rich)[1:] == [("ADD", 3, 103), ("BURN", 4, 99)]


@pytest.mark.parametrize("key", [{}, {"Idempotency_Key": "k"}], ids=["without", "with a key"])
@pytest.mark.parametrize(("quantity", "shown"), [(1, None), (3, NASTY), (100, "S")])
def test_coupons_are_told_in_their_shape(
    partner: PartnerCaller,
    person: str,
    made: uuid.UUID,
    key: dict[str, str],
    quantity: int,
    shown: str | None,
) -> None:
    coupons.change_set(made, static_code=shown)
    body = {"coupon_set_uuid": str(made), "quantity": quantity}
    gave = partner.post(f"{GIVE}/{person}", body, **key).get_data()
    assert gave == spelt(AssignCouponResponse, gave)
    items = orjson.loads(gave)["data"]
    assert [one["code"] for one in items] == coupons.codes_of(made)
    assert {one["static_code"] for one in items} == {shown}
    for one in items:
        assert coupons.gift_row(one["uuid"]).status == "ACTIVE"
    other = {name: f"{value}2" for name, value in key.items()}
    used = partner.post(USE, {"code": items[0]["code"]}, **other).get_data()
    assert used == spelt(UseCouponResponse, used)
    row = coupons.gift_row(items[0]["uuid"])
    assert row.used_at
    assert orjson.loads(used) | {"uuid": str(row.id), "code": items[0]["code"]} == orjson.loads(
        used
    )
    assert orjson.loads(used)["used_at"] == row.used_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_a_repeated_answer_is_the_first_one_in_any_language(
    partner: PartnerCaller, person: str, made: uuid.UUID, rich: Holder
) -> None:
    code = given(partner, person, made)[0]["code"]
    calls: list[tuple[str, dict[str, Any]]] = [
        (ADD, {**rich.named, "method": 2, "points": 5}),
        (BURN, {**rich.named, "points": 5, "ref_no": "R"}),
        (f"{GIVE}/{person}", {"coupon_set_uuid": str(made), "quantity": 2}),
        (USE, {"code": code}),
    ]
    for path, body in calls:
        keyed = {"Idempotency_Key": path}
        first = partner.post(path, body, Accept_Language="zh-TW", **keyed)
        again = partner.post(path, body, Accept_Language="en", **keyed)
        assert (first.status_code, again.status_code) == (201, 201)
        assert "Idempotent-Replayed" not in first.headers
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.get_data() == first.get_data()


@pytest.mark.parametrize(
    "other",
    [
        {"points": 6},
        {"points": None},
        {"method": 1},
        {"card_no": "nobody"},
        {"phone_number": "no telephone"},
    ],
)
def test_a_key_of_another_request_is_told_before_anything_else(
    partner: PartnerCaller, rich: Holder, other: dict[str, Any]
) -> None:
    """Whatever else is wrong with the second request: the key is."""
    body = {**rich.named, "method": 2, "points": 5}
    assert partner.post(ADD, body, Idempotency_Key="k").status_code == 201
    with nothing_changes():
        answer = partner.post(ADD, {**body, **other}, Idempotency_Key="k")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "IDEMPOTENCY_MISMATCH")


def test_refusals_are_not_kept(
    partner: PartnerCaller, person: str, made: uuid.UUID, rich: Holder
) -> None:
    """The same key may try again once the reason is gone."""
    burning = {**rich.named, "points": 150, "ref_no": "R"}
    giving = {"coupon_set_uuid": str(made)}
    coupons.change_set(made, status="INACTIVE")
    refused = [
        partner.post(BURN, burning, Idempotency_Key="b"),
        partner.post(f"{GIVE}/{person}", giving, Idempotency_Key="g"),
    ]
    codes = [answer.get_json()["code"] for answer in refused]
    assert codes == ["INSUFFICIENT_POINTS", "FORBIDDEN"]
    coupons.change_set(made, status="ACTIVE")
    partner.post(ADD, {**rich.named, "method": 2, "points": 50})
    for path, body, key in ((BURN, burning, "b"), (f"{GIVE}/{person}", giving, "g")):
        answer = partner.post(path, body, Idempotency_Key=key)
        assert (answer.status_code, "Idempotent-Replayed" in answer.headers) == (201, False)
    assert cards.balance_of(rich) == 0


def test_a_key_belongs_to_its_caller(
    partner: PartnerCaller, other_partner: PartnerCaller, rich: Holder
) -> None:
    body = {**rich.named, "points": 5, "ref_no": "R"}
    assert partner.post(BURN, body, Idempotency_Key="k").status_code == 201
    assert other_partner.post(BURN, body, Idempotency_Key="k").status_code == 404


def test_a_key_is_good_for_all_writes_but_for_one_request(
    partner: PartnerCaller, rich: Holder, client: FlaskClient
) -> None:
    """What is kept by one road is found by the other: a void goes through the unit of work."""
    body = {**rich.named, "points": 5, "ref_no": "R"}
    burnt = partner.post(BURN, body, Idempotency_Key="k").get_json()
    path = f"/v2/connect/void/points/{burnt['transaction_id']}"
    assert partner.delete(path, Idempotency_Key="k").get_json()["code"] == "IDEMPOTENCY_MISMATCH"
    assert partner.delete(path, Idempotency_Key="v").status_code == 200
    with nothing_changes():
        again = partner.post(BURN, body, Idempotency_Key="v")
    assert again.get_json()["code"] == "IDEMPOTENCY_MISMATCH"

"""Contract B calls 19 and 20: check and use."""

import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support import coupons
from tests.support.cast import make_tenant
from tests.support.coupon_calls import CHECK, USE, given, unchanged, use
from tests.support.coupons import DAY
from tests.support.partners import PartnerCaller
from tests.support.refusals import refused
from voucherweb import create_app
from voucherweb.api.partner import limits
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.extensions import db, limiter


def test_checking_tells_who_has_it(partner: PartnerCaller, person: str, pool: uuid.UUID) -> None:
    (one,) = given(partner, person, pool)
    answer = partner.get(CHECK, code=one["code"])
    assert answer.status_code == 200
    assert answer.json.keys() == {"coupon", "business_branch", "member"}
    coupon = answer.json["coupon"]
    told = ("uuid", "code", "static_code", "status", "name", "description")
    assert coupon.keys() == {*told, "start_date", "end_date", "used_at"}
    assert (coupon["uuid"], coupon["code"]) == (one["uuid"], one["code"])
    assert (coupon["status"], coupon["used_at"]) == ("ACTIVE", None)
    assert answer.json["business_branch"] is None
    assert answer.json["member"] == {
        "member_id": person,
        "phone_number": "0912345678",
        "first_name": "王小明",
        "last_name": None,
    }


def test_checking_a_used_one_tells_where(
    partner: PartnerCaller, person: str, made: uuid.UUID
) -> None:
    place = coupons.branch(partner.owner_id)
    (one,) = given(partner, person, made)
    used = use(partner, one["code"], branch_code="B1").json
    found = partner.get(CHECK, code=one["code"]).json
    assert (found["coupon"]["status"], found["coupon"]["used_at"]) == ("USED", used["used_at"])
    assert found["business_branch"] == {"uuid": str(place), "code": "B1", "name": "信義店"}


def test_checking_a_free_one_tells_of_nobody(partner: PartnerCaller, pool: uuid.UUID) -> None:
    found = partner.get(CHECK, code=coupons.codes_of(pool)[0]).json
    assert (found["coupon"]["status"], found["coupon"]["uuid"]) == ("PENDING", None)
    assert (found["member"], found["business_branch"]) == (None, None)


@pytest.mark.wire_fact
def test_a_static_code_never_matches(partner: PartnerCaller, person: str, pool: uuid.UUID) -> None:
    given(partner, person, pool)
    refused(partner.get(CHECK, code="SUMMER"), 404, "NOT_FOUND")
    refused(use(partner, "SUMMER"), 404, "NOT_FOUND")


def test_checking_changes_nothing(partner: PartnerCaller, person: str, pool: uuid.UUID) -> None:
    (one,) = given(partner, person, pool)
    before = coupons.of_everything()
    for _ in range(3):
        assert partner.get(CHECK, code=one["code"]).json["coupon"]["status"] == "ACTIVE"
    unchanged(before)


def test_a_check_needs_a_code(partner: PartnerCaller) -> None:
    assert refused(partner.get(CHECK), 400, "INVALID_PARAMETER") == {"code"}
    assert refused(use(partner, ""), 400, "INVALID_PARAMETER") == {"code"}


@pytest.mark.wire_fact
def test_a_coupon_is_used_once(partner: PartnerCaller, person: str, made: uuid.UUID) -> None:
    (one,) = given(partner, person, made)
    first = use(partner, one["code"], ref_no="R-1")
    assert first.status_code == 201
    assert first.json.keys() == {"message", "uuid", "code", "status", "used_at"}
    assert (first.json["uuid"], first.json["code"], first.json["status"]) == (
        one["uuid"],
        one["code"],
        "USED",
    )
    assert coupons.gift_row(one["uuid"]).ref_no == "R-1"
    before = coupons.of_everything()
    refused(use(partner, one["code"]), 409, "COUPON_ALREADY_USED")
    unchanged(before)


def test_a_repeated_use_with_its_key_answers_again(
    partner: PartnerCaller, person: str, made: uuid.UUID
) -> None:
    (one,) = given(partner, person, made)
    body = {"code": one["code"]}
    first, again = (partner.post(USE, body, Idempotency_Key="u") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_data() == again.get_data()
    refused(partner.post(USE, body, Idempotency_Key="v"), 409, "COUPON_ALREADY_USED")


def test_blanks_around_a_code_do_not_matter(
    partner: PartnerCaller, person: str, made: uuid.UUID
) -> None:
    (one,) = given(partner, person, made)
    assert partner.get(CHECK, code=f" {one['code']} ").status_code == 200
    assert use(partner, f"{one['code']}\n").status_code == 201


def test_an_unknown_branch_is_named(partner: PartnerCaller, person: str, made: uuid.UUID) -> None:
    coupons.branch(make_tenant("緯緯醫學", "DEALER"), "THEIRS")
    (one,) = given(partner, person, made)
    before = coupons.of_everything()
    assert refused(use(partner, one["code"], branch_code="THEIRS"), 404, "NOT_FOUND") == {
        "branch_code"
    }
    unchanged(before)


@pytest.mark.parametrize(("start", "end"), [(1, 2), (-2, -1)])
def test_outside_its_dates_a_coupon_is_not_used(
    partner: PartnerCaller, person: str, made: uuid.UUID, start: int, end: int
) -> None:
    (one,) = given(partner, person, made)
    coupons.shift(made, clock.now() + start * DAY, clock.now() + end * DAY)
    before = coupons.of_everything()
    refused(use(partner, one["code"]), 422, "COUPON_NOT_IN_DATE")
    unchanged(before)


def test_a_free_coupon_is_not_used(partner: PartnerCaller, pool: uuid.UUID) -> None:
    refused(use(partner, coupons.codes_of(pool)[0]), 404, "NOT_FOUND")
    assert coupons.statuses(pool) == ["PENDING"] * 3


@pytest.fixture
def throttled(
    app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FlaskClient]:
    """A system whose throttles count, where three wrong codes of a key are too many, and six of an
    address; a minute has begun."""
    monkeypatch.setattr(limits, "WRONG_CODES", 3)
    monkeypatch.setattr(limits, "WRONG_CODES_OF_AN_ADDRESS", 6)
    loud = create_app(replace(settings, ratelimit_enabled=True))
    minute = clock.now().replace(second=5)
    try:
        with clock.frozen(minute):
            yield loud.test_client()
    finally:
        limiter.enabled = False
        with loud.app_context():
            db.engine.dispose()


def test_wrong_codes_are_throttled_and_then_right_ones_too(
    throttled: FlaskClient, partner: PartnerCaller, person: str, made: uuid.UUID
) -> None:
    partner = replace(partner, client=throttled)
    (one,) = given(partner, person, made)
    assert partner.get(CHECK, code=one["code"]).status_code == 200
    refused(partner.get(CHECK, code="wrong-1"), 404, "NOT_FOUND")
    refused(use(partner, "wrong-2"), 404, "NOT_FOUND")
    refused(use(partner, one["code"], branch_code="nowhere"), 404, "NOT_FOUND")
    assert partner.get(CHECK, code=one["code"]).status_code == 200
    refused(partner.get(CHECK, code="wrong-3"), 404, "NOT_FOUND")
    answer = partner.get(CHECK, code=one["code"])
    refused(answer, 429, "TOO_MANY_REQUESTS")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    refused(use(partner, one["code"]), 429, "TOO_MANY_REQUESTS")
    assert coupons.statuses(made) == ["ACTIVE"]


def test_a_known_answer_is_repeated_even_to_a_throttled_key(
    throttled: FlaskClient, partner: PartnerCaller, person: str, made: uuid.UUID
) -> None:
    partner = replace(partner, client=throttled)
    (one,) = given(partner, person, made)
    body = {"code": one["code"]}
    first = partner.post(USE, body, Idempotency_Key="k")
    for n in range(3):
        refused(use(partner, f"wrong-{n}"), 404, "NOT_FOUND")
    refused(partner.post(USE, body, Idempotency_Key="other"), 429, "TOO_MANY_REQUESTS")
    again = partner.post(USE, body, Idempotency_Key="k")
    assert (again.status_code, again.get_data()) == (201, first.get_data())


def test_an_address_that_guesses_is_throttled_under_every_key(
    throttled: FlaskClient,
    partner: PartnerCaller,
    other_partner: PartnerCaller,
    host_app: PartnerCaller,
) -> None:
    """One key's guesses keep no other key out, until all of them together are too many."""
    for one in (partner, other_partner):
        guessing = replace(one, client=throttled)
        for n in range(3):
            refused(guessing.get(CHECK, code=f"wrong-{n}"), 404, "NOT_FOUND")
        refused(guessing.get(CHECK, code="wrong"), 429, "TOO_MANY_REQUESTS")
    innocent = replace(host_app, client=throttled)
    refused(innocent.get(CHECK, code="wrong"), 429, "TOO_MANY_REQUESTS")

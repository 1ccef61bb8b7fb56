"""Contract B calls 16 to 20: give, history, void, check and use."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support import coupons
from tests.support.cast import make_tenant
from tests.support.coupons import DAY
from tests.support.partners import PartnerCaller, make_partner
from voucherweb import create_app
from voucherweb.api.partner import limits
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.partner import Scope
from voucherweb.extensions import db, limiter

GIVE = "/v2/connect/coupon/give"
HISTORY = "/v2/connect/coupon/history"
VOID = "/v2/connect/coupon/void"
CHECK = "/v2/connect/coupon/check"
USE = "/v2/connect/coupon/use"
UNKNOWN = str(uuid.uuid4())


@pytest.fixture
def person(partner: PartnerCaller) -> str:
    return coupons.member_of(partner.owner_id)


@pytest.fixture
def pool(partner: PartnerCaller) -> uuid.UUID:
    """A pool of three."""
    return coupons.pool(partner.owner_id, 3, static_code="SUMMER")


@pytest.fixture
def made(partner: PartnerCaller) -> uuid.UUID:
    """A set that makes codes."""
    return coupons.auto_set(partner.owner_id)


def give(partner: PartnerCaller, person: str, set_id: uuid.UUID | str, **more: Any) -> TestResponse:
    return partner.post(f"{GIVE}/{person}", {"coupon_set_uuid": str(set_id), **more})


def given(partner: PartnerCaller, person: str, set_id: uuid.UUID, **more: Any) -> Any:
    """The coupons of a giving that must succeed."""
    answer = give(partner, person, set_id, **more)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return answer.json["data"]


def use(partner: PartnerCaller, code: str, **more: Any) -> TestResponse:
    return partner.post(USE, {"code": code, **more})


def refused(answer: TestResponse, status: int, code: str) -> set[str]:
    """The fields that the refusal names."""
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.json
    assert answer.json["statusCode"] == status
    return {one["field"] for one in answer.json.get("details", [])}


def unchanged(before: list[Any]) -> None:
    assert coupons.of_everything() == before


def test_giving_tells_each_coupon(partner: PartnerCaller, person: str, pool: uuid.UUID) -> None:
    answer = give(partner, person, pool, quantity=2)
    assert answer.status_code == 201
    assert answer.json.keys() == {"message", "data"}
    first, second = answer.json["data"]
    assert first.keys() == {"uuid", "code", "static_code", "status", "expired_at"}
    assert [first["code"], second["code"]] == coupons.codes_of(pool)[:2]
    assert (first["status"], first["static_code"]) == ("ACTIVE", "SUMMER")
    assert first["expired_at"].endswith("Z")
    assert coupons.statuses(pool) == ["ACTIVE", "ACTIVE", "PENDING"]


@pytest.mark.wire_fact
def test_a_set_that_makes_codes_makes_them_when_they_are_given(
    partner: PartnerCaller, person: str, made: uuid.UUID
) -> None:
    assert coupons.codes_of(made) == []
    (one,) = given(partner, person, made)
    assert coupons.codes_of(made) == [one["code"]]


def test_one_is_given_unless_more_are_asked_for(
    partner: PartnerCaller, person: str, pool: uuid.UUID
) -> None:
    assert len(given(partner, person, pool)) == 1


def test_an_empty_pool_gives_nothing(partner: PartnerCaller, person: str, pool: uuid.UUID) -> None:
    given(partner, person, pool, quantity=2)
    before = coupons.of_everything()
    refused(give(partner, person, pool, quantity=2), 409, "POOL_EMPTY")
    unchanged(before)
    given(partner, person, pool)
    refused(give(partner, person, pool), 409, "POOL_EMPTY")


def test_a_full_set_gives_nothing(partner: PartnerCaller, person: str) -> None:
    full = coupons.auto_set(partner.owner_id, quantity=2)
    given(partner, person, full, quantity=2)
    before = coupons.of_everything()
    refused(give(partner, person, full), 409, "SET_LIMIT_REACHED")
    unchanged(before)


@pytest.mark.parametrize("quantity", [0, -1, 101, "x", 1.5])
def test_how_many_at_once(
    partner: PartnerCaller, person: str, made: uuid.UUID, quantity: Any
) -> None:
    answer = give(partner, person, made, quantity=quantity)
    assert refused(answer, 400, "INVALID_PARAMETER") == {"quantity"}
    assert coupons.codes_of(made) == []


def test_a_paused_set_is_forbidden(partner: PartnerCaller, person: str, made: uuid.UUID) -> None:
    coupons.change_set(made, status="INACTIVE")
    assert refused(give(partner, person, made), 403, "FORBIDDEN") == {"coupon_set_uuid"}


def test_a_set_whose_time_is_over_gives_nothing(
    partner: PartnerCaller, person: str, made: uuid.UUID
) -> None:
    coupons.shift(made, clock.now() - 2 * DAY, clock.now() - timedelta(seconds=1))
    refused(give(partner, person, made), 422, "COUPON_NOT_IN_DATE")


def test_a_key_gives_once(partner: PartnerCaller, person: str, pool: uuid.UUID) -> None:
    body = {"coupon_set_uuid": str(pool)}
    answers = [partner.post(f"{GIVE}/{person}", body, Idempotency_Key="k") for _ in range(3)]
    assert {answer.get_data() for answer in answers} == {answers[0].get_data()}
    assert coupons.counts(pool) == (3, 1, 0)


@pytest.mark.wire_fact
@pytest.mark.parametrize("path", [VOID, "/api/v1/connect/coupon/void"])
def test_a_pools_coupon_goes_back_to_its_pool(
    partner: PartnerCaller, person: str, pool: uuid.UUID, path: str
) -> None:
    (one,) = given(partner, person, pool)
    answer = partner.delete(f"{path}/{one['uuid']}")
    assert answer.status_code == 200
    assert answer.json == answer.json | {"uuid": one["uuid"], "status": "PENDING"}
    assert answer.json["message"]
    assert coupons.statuses(pool) == ["PENDING"] * 3
    assert len(given(partner, person, pool, quantity=3)) == 3


@pytest.mark.wire_fact
def test_an_imported_coupon_goes_back_too(partner: PartnerCaller, person: str) -> None:
    own = coupons.imported(partner.owner_id, ["MINE-1"])
    (one,) = given(partner, person, own)
    assert one["code"] == "MINE-1"
    assert partner.delete(f"{VOID}/{one['uuid']}").json["status"] == "PENDING"
    assert given(partner, person, own)[0]["code"] == "MINE-1"


@pytest.mark.wire_fact
def test_one_that_was_made_for_the_giving_is_deleted_softly(
    partner: PartnerCaller, person: str, made: uuid.UUID
) -> None:
    (one,) = given(partner, person, made)
    assert partner.delete(f"{VOID}/{one['uuid']}").json["status"] == "VOIDED"
    assert coupons.statuses(made) == ["VOIDED"]
    refused(partner.get(CHECK, code=one["code"]), 404, "NOT_FOUND")
    refused(use(partner, one["code"]), 404, "NOT_FOUND")


def test_void_is_once(partner: PartnerCaller, person: str, pool: uuid.UUID) -> None:
    (one,) = given(partner, person, pool)
    partner.delete(f"{VOID}/{one['uuid']}")
    before = coupons.of_everything()
    refused(partner.delete(f"{VOID}/{one['uuid']}"), 409, "ALREADY_VOIDED")
    unchanged(before)


def test_a_used_coupon_is_not_taken_back(
    partner: PartnerCaller, person: str, pool: uuid.UUID
) -> None:
    (one,) = given(partner, person, pool)
    use(partner, one["code"])
    before = coupons.of_everything()
    refused(partner.delete(f"{VOID}/{one['uuid']}"), 409, "COUPON_ALREADY_USED")
    unchanged(before)


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


def test_history_tells_every_giving(partner: PartnerCaller, person: str, pool: uuid.UUID) -> None:
    first, second, third = given(partner, person, pool, quantity=3)
    partner.delete(f"{VOID}/{second['uuid']}")
    use(partner, third["code"])
    answer = partner.get(f"{HISTORY}/{person}").json
    assert answer["pagination"] == {"page": 1, "size": 100, "total": 3, "total_pages": 1}
    told = {one["uuid"]: one["status"] for one in answer["data"]}
    assert told == {first["uuid"]: "ACTIVE", second["uuid"]: "VOIDED", third["uuid"]: "USED"}
    row = next(one for one in answer["data"] if one["uuid"] == first["uuid"])
    assert row.keys() == {
        *("uuid", "code", "coupon_set", "status", "given_at", "used_at", "expired_at")
    }
    assert row["coupon_set"] == {"uuid": str(pool), "name": "夏季咖啡券"}
    assert (row["used_at"], row["expired_at"]) == (None, first["expired_at"])


def test_history_is_paged_without_gaps(
    partner: PartnerCaller, person: str, made: uuid.UUID
) -> None:
    everything = {one["uuid"] for one in given(partner, person, made, quantity=7)}
    pages = [partner.get(f"{HISTORY}/{person}", page=n, size=3).json for n in (1, 2, 3, 4)]
    assert [len(page["data"]) for page in pages] == [3, 3, 1, 0]
    assert {one["uuid"] for page in pages for one in page["data"]} == everything
    assert pages[0]["pagination"]["total_pages"] == 3


def test_foreign_is_unknown(
    partner: PartnerCaller, other_partner: PartnerCaller, person: str, pool: uuid.UUID
) -> None:
    (one,) = given(partner, person, pool)
    outsider = coupons.member_of(other_partner.owner_id)
    before = coupons.of_everything()
    told = [
        give(other_partner, outsider, pool),
        give(other_partner, outsider, UNKNOWN),
        give(other_partner, outsider, "no-uuid"),
        give(other_partner, person, UNKNOWN),
        give(partner, outsider, pool),
        give(partner, "nobody", pool),
        other_partner.get(f"{HISTORY}/{person}"),
        other_partner.get(f"{HISTORY}/nobody"),
        other_partner.delete(f"{VOID}/{one['uuid']}"),
        other_partner.delete(f"{VOID}/{UNKNOWN}"),
        other_partner.delete(f"{VOID}/no-uuid"),
        other_partner.get(CHECK, code=one["code"]),
        other_partner.get(CHECK, code="nothing"),
        use(other_partner, one["code"]),
        use(other_partner, "nothing"),
    ]
    bodies = [{**answer.json, "requestId": ""} for answer in told]
    assert all(answer.status_code == 404 for answer in told)
    assert bodies == [bodies[0]] * len(bodies)
    unchanged(before)


def test_a_member_without_a_tenant_belongs_to_whose_card_he_holds(
    partner: PartnerCaller, host_app: PartnerCaller, made: uuid.UUID
) -> None:
    loner = coupons.member_of(None)
    refused(give(partner, loner, made), 404, "NOT_FOUND")
    theirs = coupons.auto_set(host_app.owner_id)
    assert len(given(host_app, loner, theirs)) == 1
    refused(partner.get(f"{HISTORY}/{loner}"), 404, "NOT_FOUND")


def test_a_sandbox_has_its_own_coupons(
    client: FlaskClient, settings: Settings, partner: PartnerCaller, person: str, pool: uuid.UUID
) -> None:
    tenant = str(partner.owner_id)
    sandbox = make_partner(client, settings, tenant, sandbox=True)
    player = coupons.member_of(sandbox.owner_id)
    refused(give(sandbox, player, pool), 404, "NOT_FOUND")
    refused(give(sandbox, person, coupons.auto_set(sandbox.owner_id)), 404, "NOT_FOUND")
    assert len(given(sandbox, player, coupons.auto_set(sandbox.owner_id))) == 1


def test_scopes(
    client: FlaskClient, settings: Settings, partner: PartnerCaller, person: str, made: uuid.UUID
) -> None:
    (one,) = given(partner, person, made)
    tenant = str(partner.owner_id)
    reader = make_partner(client, settings, tenant, scopes=frozenset({Scope.COUPONS_READ}))
    before = coupons.of_everything()
    refused(give(reader, person, made), 403, "FORBIDDEN")
    refused(reader.delete(f"{VOID}/{one['uuid']}"), 403, "FORBIDDEN")
    refused(use(reader, one["code"]), 403, "FORBIDDEN")
    unchanged(before)
    assert reader.get(CHECK, code=one["code"]).status_code == 200
    other = make_partner(client, settings, tenant, scopes=frozenset({Scope.MEMBERS_READ}))
    refused(other.get(CHECK, code=one["code"]), 403, "FORBIDDEN")
    refused(other.get(f"{HISTORY}/{person}"), 403, "FORBIDDEN")


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

"""Contract B calls 16 to 18: give, history and void."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from tests.support import coupons
from tests.support.coupon_calls import CHECK, GIVE, HISTORY, VOID, give, given, unchanged, use
from tests.support.coupons import DAY
from tests.support.partners import PartnerCaller
from tests.support.refusals import refused
from voucherweb.domain import clock


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

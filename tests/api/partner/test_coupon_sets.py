"""Contract B calls 14 and 15: the list of coupon sets, and making one."""

import re
import uuid
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.support import coupons
from tests.support.partners import PartnerCaller, make_partner
from tests.support.refusals import refused
from voucherweb.config import Settings
from voucherweb.domain.partner import Scope
from voucherweb.models import AuditEntry
from voucherweb.transaction import session, unit_of_work

SETS = "/v2/connect/coupon/sets"
START, END = "2026-01-01T00:00:00Z", "2099-12-31T15:59:59.999Z"
FIELDS = {
    *("uuid", "name", "description", "source", "static_code", "total", "given", "used"),
    *("start_date", "end_date", "status", "created_at"),
}
"""What the contract names; more is ours."""


def body(**changes: Any) -> dict[str, Any]:
    return {"name": "夏季咖啡券", "start_date": START, "end_date": END, **changes}


def create(partner: PartnerCaller, **changes: Any) -> TestResponse:
    return partner.post(SETS, body(**changes))


def listed(partner: PartnerCaller, **query: Any) -> Any:
    answer = partner.get(SETS, **query)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.json


@pytest.mark.wire_fact
def test_a_partner_makes_sets_that_make_their_codes(partner: PartnerCaller) -> None:
    answer = create(partner)
    assert answer.status_code == 201
    assert answer.json["source"] == "AUTO_GENERATE"


def test_the_set_itself_is_the_answer(partner: PartnerCaller) -> None:
    further = {
        "description": "限內用",
        "prefix": "VIP-",
        "static_code": "SUMMER",
        "quantity": 500,
        "image_url": "https://img.example/a.png",
        "terms": "不得轉售",
    }
    made = create(partner, **further).json
    assert made.keys() >= FIELDS
    assert made | further == made
    assert (made["total"], made["given"], made["used"]) == (500, 0, 0)
    assert (made["status"], made["name"]) == ("ACTIVE", "夏季咖啡券")
    assert made["start_date"] == "2026-01-01T00:00:00.000000Z"
    assert made["end_date"] == "2099-12-31T15:59:59.999000Z"
    assert made["created_at"].endswith("Z")
    assert listed(partner)["data"] == [made]


def test_what_is_not_told_is_null(partner: PartnerCaller) -> None:
    made = create(partner, source="IMPORT", description="").json
    optional = ("description", "prefix", "static_code", "quantity", "image_url", "terms")
    assert {made[name] for name in optional} == {None}
    assert (made["source"], made["total"]) == ("AUTO_GENERATE", 0)


def test_total_without_a_quantity_counts_what_was_made(partner: PartnerCaller) -> None:
    made = create(partner).json
    member = coupons.member_of(partner.owner_id)
    given = partner.post(
        f"/v2/connect/coupon/give/{member}", {"coupon_set_uuid": made["uuid"], "quantity": 3}
    )
    assert given.status_code == 201
    (row,) = listed(partner)["data"]
    assert (row["quantity"], row["total"], row["given"], row["used"]) == (None, 3, 3, 0)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": None}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"description": "x" * 1001}, "description"),
        ({"prefix": "A B"}, "prefix"),
        ({"prefix": "=A"}, "prefix"),
        ({"prefix": "A1E5"}, "prefix"),
        ({"prefix": "x" * 21}, "prefix"),
        ({"static_code": "x" * 101}, "static_code"),
        ({"start_date": None}, "start_date"),
        ({"end_date": None}, "end_date"),
        ({"start_date": "2026-01-01"}, "start_date"),
        ({"end_date": "2026-01-01T00:00:00+08:00"}, "end_date"),
        ({"end_date": "2025-12-31T23:59:59Z"}, "end_date"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": 1_000_001}, "quantity"),
        ({"quantity": "many"}, "quantity"),
        ({"image_url": "javascript:alert(1)"}, "image_url"),
        ({"terms": "x" * 5001}, "terms"),
    ],
)
def test_every_wrong_field_is_named(
    partner: PartnerCaller, changes: dict[str, Any], field: str
) -> None:
    assert refused(create(partner, **changes), 400, "INVALID_PARAMETER") == {field}
    assert listed(partner)["data"] == []


def test_one_instant_is_long_enough(partner: PartnerCaller) -> None:
    assert create(partner, start_date=START, end_date=START).status_code == 201


def test_early_years_are_told_with_four_digits(partner: PartnerCaller) -> None:
    answer = create(partner, start_date="0001-01-01T00:00:00Z")
    assert answer.json["start_date"] == "0001-01-01T00:00:00.000000Z"


def test_a_key_makes_one_set(partner: PartnerCaller) -> None:
    first, again = (partner.post(SETS, body(), Idempotency_Key="k") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_data() == again.get_data()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert listed(partner)["pagination"]["total"] == 1
    other = partner.post(SETS, body(name="另一組"), Idempotency_Key="k")
    refused(other, 422, "IDEMPOTENCY_MISMATCH")


@pytest.mark.wire_fact
def test_the_three_sources_are_told(partner: PartnerCaller) -> None:
    create(partner)
    coupons.pool(partner.owner_id, 4, name="產生")
    coupons.imported(partner.owner_id, ["A1", "A2"], name="匯入")
    told = [(row["source"], row["total"], row["status"]) for row in listed(partner)["data"]]
    assert told == [
        ("AUTO_GENERATE", 0, "ACTIVE"),
        ("GENERATE", 4, "ACTIVE"),
        ("IMPORT", 2, "ACTIVE"),
    ]


def test_a_pool_that_is_being_filled_is_pending(partner: PartnerCaller) -> None:
    coupons.asked_pool(partner.owner_id, 4)
    (row,) = listed(partner)["data"]
    assert (row["source"], row["status"], row["total"]) == ("GENERATE", "PENDING", 0)


def test_pages_are_in_the_order_of_making(partner: PartnerCaller) -> None:
    made = [create(partner, name=f"第 {n} 組").json["uuid"] for n in range(5)]
    pages = [listed(partner, page=page, size=2) for page in (1, 2, 3, 4)]
    assert [row["uuid"] for page in pages for row in page["data"]] == made
    assert pages[2]["pagination"] == {"page": 3, "size": 2, "total": 5, "total_pages": 3}
    assert pages[3]["data"] == []


@pytest.mark.parametrize("query", [{"page": 0}, {"size": 0}, {"size": 1001}, {"page": "x"}])
def test_wrong_pages_are_refused(partner: PartnerCaller, query: dict[str, Any]) -> None:
    assert refused(partner.get(SETS, **query), 400, "INVALID_PARAMETER") == set(query)


def test_of_other_tenants_nothing_is_told(
    partner: PartnerCaller, other_partner: PartnerCaller, host_app: PartnerCaller
) -> None:
    create(partner)
    assert listed(other_partner)["data"] == []
    assert listed(host_app)["data"] == []
    mine = create(host_app, name="平台").json
    assert listed(host_app)["data"] == [mine]
    assert len(listed(partner)["data"]) == 1


def test_the_pools_of_vouchers_are_not_listed(partner: PartnerCaller) -> None:
    made = uuid.UUID(create(partner).json["uuid"])
    coupons.change_set(made, source="VOUCHER")
    assert listed(partner)["data"] == []


def test_scopes(client: FlaskClient, settings: Settings, tenant_id: str) -> None:
    reader = make_partner(client, settings, tenant_id, scopes=frozenset({Scope.COUPONS_READ}))
    refused(create(reader), 403, "FORBIDDEN")
    assert listed(reader)["data"] == []
    other = make_partner(client, settings, tenant_id, scopes=frozenset({Scope.POINTS_READ}))
    refused(other.get(SETS), 403, "FORBIDDEN")


def test_codes_bear_the_prefix_and_no_sign_that_misleads(partner: PartnerCaller) -> None:
    made = create(partner, prefix="1E").json
    member = coupons.member_of(partner.owner_id)
    wanted = {"coupon_set_uuid": made["uuid"], "quantity": 100}
    items = partner.post(f"/v2/connect/coupon/give/{member}", wanted).json["data"]
    for code in (item["code"] for item in items):
        assert code.startswith("1E")
        assert not re.search(r"[0O1ILE]", code.removeprefix("1E"))
        assert not re.search(r"\d[eE]\d", code)


def test_making_a_set_is_audited(partner: PartnerCaller, tenant_id: str) -> None:
    made = create(partner).get_json()
    with unit_of_work():
        entry = session.scalars(select(AuditEntry)).one()
        told = (entry.actor, entry.action, entry.object_id, str(entry.tenant_id))
    assert told == (partner.name, "coupon_set.create", made["uuid"], tenant_id)

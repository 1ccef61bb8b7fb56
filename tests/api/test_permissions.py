"""Who may call what: every route × every role, and a stranger beside an unknown id."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.api.test_every_code import world
from tests.support.cast import Caller, issue, make_admin, make_member, voucher_body
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.models import Admin, CouponImport, CouponImportFailure, Job
from voucherweb.services.jobs import IMPORT
from voucherweb.transaction import session, unit_of_work

MGMT = "/voucher-mgmt"
PLATFORM, TENANT, MEMBER = {"platform"}, {"admin", "stranger"}, {"member"}
ADMINS = PLATFORM | TENANT
EVERYBODY = ADMINS | MEMBER | {"anonymous", "clerk"}
PEOPLE = sorted(EVERYBODY)

TABLE: dict[str, set[str]] = {
    "POST /auth/login": EVERYBODY,
    "POST /auth/refresh": EVERYBODY,
    "POST /auth/logout": ADMINS,
    f"GET {MGMT}/unit-points-rate": ADMINS,
    f"GET {MGMT}/vendor/tenant-list": PLATFORM,
    f"POST {MGMT}/vendor/list": PLATFORM,
    f"POST {MGMT}/vendor/info": ADMINS,
    f"POST {MGMT}/vendor/add": PLATFORM,
    f"POST {MGMT}/vendor/update": PLATFORM,
    f"POST {MGMT}/vendor/delete": PLATFORM,
    f"POST {MGMT}/quota/list": ADMINS,
    f"POST {MGMT}/quota/add": PLATFORM,
    f"POST {MGMT}/quota/update": PLATFORM,
    f"POST {MGMT}/statistics/list": PLATFORM,
    f"POST {MGMT}/voucher/statistics": ADMINS,
    f"POST {MGMT}/voucher/summary": ADMINS,
    f"POST {MGMT}/voucher/list": ADMINS,
    f"POST {MGMT}/voucher/info": ADMINS,
    f"POST {MGMT}/voucher/get-upload-url": TENANT,
    f"POST {MGMT}/voucher/add": TENANT,
    f"POST {MGMT}/voucher/update": TENANT,
    f"POST {MGMT}/voucher/update-status": TENANT,
    f"POST {MGMT}/voucher/delete": TENANT,
    f"POST {MGMT}/voucher/duplicate": TENANT,
    f"POST {MGMT}/voucher/parse-coupon-list": TENANT,
    f"POST {MGMT}/coupon/export-failures": TENANT,
    f"GET {MGMT}/coupon/template": TENANT,
    f"GET {MGMT}/jobs/<job_id>": TENANT,
    f"POST {MGMT}/jobs/<job_id>/cancel": TENANT,
    "POST /voucher/list": MEMBER,
    "POST /voucher/info": MEMBER,
    "POST /voucher/reach": MEMBER,
    "POST /voucher/click": MEMBER,
    "POST /voucher/redeem": MEMBER,
    "POST /voucher/use": MEMBER,
    "GET /voucher/my-summary": MEMBER,
    "POST /voucher/my-list": MEMBER,
    "POST /voucher/my-voucher-info": MEMBER,
}
"""Who gets past the door of a call of the JSON API (behaviour §2)."""

BLUEPRINTS = {"auth", "management", "member"}

UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def people(
    client: FlaskClient,
    settings: Settings,
    platform: Caller,
    admin: Caller,
    stranger: Caller,
    member: Caller,
) -> dict[str, Caller]:
    nobody, clerk = Caller(client, "", "nobody"), make_admin(client, settings, admin.tenant_id)
    with unit_of_work():
        session.get_one(Admin, uuid.UUID(clerk.id)).role = "CLERK"
    return {
        "platform": platform, "admin": admin, "stranger": stranger, "member": member,
        "anonymous": nobody, "clerk": clerk,
    }  # fmt: skip


def call(caller: Caller, route: str, body: Any = None) -> TestResponse:
    method, path = route.split(" ")
    if method == "GET":
        return caller.client.get(
            path, headers={"Authorization": f"Bearer {caller.token}"}, buffered=True
        )
    return caller.post(path, body)


def test_no_route_is_missing_from_the_table(migrated: Flask) -> None:
    routes = {
        f"{method} {rule.rule}"
        for rule in migrated.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint.partition(".")[0] in BLUEPRINTS
    }
    assert routes == TABLE.keys()


@pytest.mark.parametrize("route", TABLE)
def test_the_door_opens_for_the_right_people_only(people: dict[str, Caller], route: str) -> None:
    path = route.replace("<job_id>", UNKNOWN)
    opened = set()
    for name in PEOPLE:
        answer = call(people[name], path)
        expected = 401 if name == "anonymous" else 403
        if answer.status_code not in (401, 403) or route.endswith(("/login", "/refresh")):
            opened.add(name)
        else:
            assert answer.status_code == expected
    assert opened == TABLE[route]


@dataclass(frozen=True)
class Things:
    """What belongs to the tenant, or to one of its members; ids as on the wire."""

    tenant: str
    vendor: str
    purchase: str
    draft: str
    shelved: str
    members_only: str
    piece: str
    picture: str
    job: str


@pytest.fixture
def things(client: FlaskClient, settings: Settings, admin: Caller, platform: Caller) -> Things:
    tenant = str(admin.tenant_id)
    members_only = issue(admin, targetType="MEMBER")
    own = make_member(client, settings, tenant_id=tenant)
    upload = {"fileName": "a", "fileType": "png", "isThumbnail": True}
    return Things(
        tenant=tenant,
        vendor=admin.data(f"{MGMT}/vendor/info")["id"],
        purchase=admin.data(f"{MGMT}/quota/list")[0]["id"],
        draft=issue(admin, on=False),
        shelved=issue(admin),
        members_only=members_only,
        piece=own.data("/voucher/redeem", {"voucherId": members_only})["id"],
        picture=admin.data(f"{MGMT}/voucher/get-upload-url", upload)["objectKey"],
        job=_import(tenant),
    )


def _import(tenant: str) -> str:
    """An import with a failure, as its worker would have left it."""
    with unit_of_work():
        job = Job(kind=IMPORT, tenant_id=uuid.UUID(tenant), actor="test", state="RUNNING")
        session.add(job)
        session.flush()
        found = CouponImport(
            id=job.id, tenant_id=job.tenant_id, total=1, success=0, failed=1,
            expires_at=clock.now() + timedelta(days=7),
        )  # fmt: skip
        session.add(found)
        session.flush()
        session.add(
            CouponImportFailure(
                import_id=job.id, row_number=2, title="a", description="b", url="",
                columns=["url"], reasons=["必填"],
            )
        )  # fmt: skip
        return str(job.id)


Body = Callable[[Any], Any]
PLACES: list[tuple[str, Callable[[Things], str], Body]] = [
    (f"{MGMT}/vendor/info", lambda t: t.tenant, lambda one: {"tenantId": one}),
    (f"{MGMT}/vendor/add", lambda t: t.tenant, lambda one: {"tenantId": one}),
    (f"{MGMT}/vendor/update", lambda t: t.vendor, lambda one: {"id": one, "tenantId": UNKNOWN}),
    (f"{MGMT}/vendor/delete", lambda t: t.vendor, lambda one: {"id": one}),
    (f"{MGMT}/vendor/list", lambda t: t.tenant, lambda one: {"query": {"name": one}}),
    (f"{MGMT}/quota/list", lambda t: t.tenant, lambda one: {"query": {"tenantId": one}}),
    (f"{MGMT}/quota/add", lambda t: t.tenant,
     lambda one: {"tenantId": one, "txDate": 1, "points": 1, "amount": 1}),
    (f"{MGMT}/quota/update", lambda t: t.purchase,
     lambda one: {"id": one, "txDate": 1, "points": 1, "amount": 1}),
    (f"{MGMT}/statistics/list", lambda t: t.tenant, lambda one: {"query": {"name": one}}),
    (f"{MGMT}/voucher/statistics", lambda t: t.shelved, lambda one: {"voucherId": one}),
    (f"{MGMT}/voucher/statistics", lambda t: t.tenant,
     lambda one: {"tenantId": one, "voucherId": UNKNOWN}),
    (f"{MGMT}/voucher/summary", lambda t: t.tenant, lambda one: {"tenantId": one}),
    (f"{MGMT}/voucher/list", lambda t: t.tenant, lambda one: {"query": {"tenantId": one}}),
    (f"{MGMT}/voucher/info", lambda t: t.shelved, lambda one: {"id": one}),
    (f"{MGMT}/voucher/info", lambda t: t.draft, lambda one: {"id": one}),
    (f"{MGMT}/voucher/get-upload-url", lambda t: t.tenant,
     lambda one: {"tenantId": one, "fileName": "a", "fileType": "exe"}),
    (f"{MGMT}/voucher/add", lambda t: t.picture, lambda one: voucher_body(thumbnailObjectKey=one)),
    (f"{MGMT}/voucher/add", lambda t: t.job,
     lambda one: voucher_body(voucherType="06", couponImportId=one)),
    (f"{MGMT}/voucher/update", lambda t: t.draft, lambda one: voucher_body(id=one)),
    (f"{MGMT}/voucher/update", lambda t: t.shelved, lambda one: voucher_body(id=one)),
    (f"{MGMT}/voucher/update-status", lambda t: t.draft, lambda one: {"id": one, "status": "ON"}),
    (f"{MGMT}/voucher/update-status", lambda t: t.shelved,
     lambda one: {"id": one, "status": "OFF"}),
    (f"{MGMT}/voucher/delete", lambda t: t.draft, lambda one: {"id": one}),
    (f"{MGMT}/voucher/delete", lambda t: t.shelved, lambda one: {"id": one}),
    (f"{MGMT}/voucher/duplicate", lambda t: t.shelved, lambda one: {"id": one}),
    (f"{MGMT}/coupon/export-failures", lambda t: t.job, lambda one: {"failuresId": one}),
    (f"{MGMT}/jobs/<job_id>", lambda t: t.job, lambda one: one),
    (f"{MGMT}/jobs/<job_id>/cancel", lambda t: t.job, lambda one: one),
    *[
        (f"/voucher/{name}", thing, body)
        for thing in (lambda t: t.members_only, lambda t: t.draft)
        for name, body in [
            ("info", lambda one: {"id": one}),
            ("click", lambda one: {"id": one}),
            ("reach", lambda one: {"voucherList": [one]}),
        ]
    ],
    ("/voucher/redeem", lambda t: t.members_only, lambda one: {"voucherId": one}),
    ("/voucher/use", lambda t: t.piece, lambda one: {"id": one}),
    ("/voucher/use", lambda t: t.shelved, lambda one: {"id": one}),
    ("/voucher/my-voucher-info", lambda t: t.piece, lambda one: {"id": one}),
    ("/voucher/my-list", lambda t: t.piece, lambda one: {"query": {"productId": one}}),
]  # fmt: skip
"""Every place in which a call takes an id: the path, whose id, and the body around it."""

IDLESS = {
    "POST /auth/login", "POST /auth/refresh", "POST /auth/logout", "POST /voucher/list",
    "GET /voucher/my-summary", f"GET {MGMT}/unit-points-rate", f"GET {MGMT}/vendor/tenant-list",
    f"GET {MGMT}/coupon/template", f"POST {MGMT}/voucher/parse-coupon-list",
}  # fmt: skip
"""Calls that take no id at all."""


def test_every_call_that_takes_an_id_has_its_place() -> None:
    paths = {path for path, _, _ in PLACES}
    assert {route for route in TABLE if route.split(" ")[1] not in paths} == IDLESS


def seen(caller: Caller, path: str, one: str, body: Body) -> tuple[int, Any, list[tuple[str, str]]]:
    """All that the caller can see of an answer, but for what differs between any two requests."""
    route = f"{'GET' if path.endswith('<job_id>') else 'POST'} {path.replace('<job_id>', one)}"
    answer = call(caller, route, {} if "<job_id>" in path else body(one))
    told = {key: value for key, value in (answer.json or {}).items() if key != "requestId"}
    headers = [(key, value) for key, value in answer.headers if key != "X-Request-Id"]
    return answer.status_code, told, headers


@pytest.mark.parametrize("who", ["stranger", "member"])
@pytest.mark.parametrize(
    ("path", "thing", "body"), PLACES, ids=[f"{path}-{n}" for n, (path, _, _) in enumerate(PLACES)]
)
def test_a_strangers_id_is_an_unknown_id(
    people: dict[str, Caller],
    things: Things,
    who: str,
    path: str,
    thing: Callable[[Things], str],
    body: Body,
) -> None:
    before = world()
    real = seen(people[who], path, thing(things), body)
    assert real == seen(people[who], path, UNKNOWN, body)
    assert real == seen(people[who], path, "no-uuid", body)
    assert world() == before


def test_the_owner_does_get_what_strangers_do_not(
    people: dict[str, Caller], things: Things
) -> None:
    admin = people["admin"]
    assert admin.post(f"{MGMT}/voucher/info", {"id": things.draft}).status_code == 200
    assert (
        admin.post(f"{MGMT}/voucher/statistics", {"voucherId": things.shelved}).status_code == 200
    )
    assert admin.get(f"{MGMT}/jobs/{things.job}").status_code == 200
    failures = admin.client.post(
        f"{MGMT}/coupon/export-failures", json={"failuresId": things.job},
        headers={"Authorization": f"Bearer {admin.token}"}, buffered=True,
    )  # fmt: skip
    assert failures.status_code == 200

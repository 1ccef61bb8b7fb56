"""Contract B, call 5: what a token is told of itself, and what no token opens."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.support.add_ons import CONFIG, Opener, issue_key, register
from tests.support.cast import Caller
from tests.support.refusals import UNAUTHORIZED, refusal
from voucherweb.domain import clock
from voucherweb.models import PLATFORM_OWNER, AddOn, Tenant
from voucherweb.services import add_ons
from voucherweb.transaction import session, unit_of_work

HOUR = timedelta(hours=1)


def test_an_add_on_is_told_of_itself(opener: Opener, admin: Caller) -> None:
    start = clock.now() - HOUR
    plan = add_ons.Plan("PRO", start, start + 2 * HOUR)
    add_on = register(admin.tenant_id, plan=plan, config={"theme": {"color": "#0a0"}, "limit": 5})
    said = opener.config(opener.open(admin, add_on)["access_token"]).get_json()
    with unit_of_work():
        tenant = session.get_one(Tenant, uuid.UUID(admin.tenant_id))
        row = session.get_one(AddOn, uuid.UUID(add_on))
        session.expunge_all()
    assert said == {
        "plan": {
            "uuid": str(row.plan_id),
            "name": "PRO",
            "status": "ACTIVE",
            "start_date": start.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "end_date": (start + 2 * HOUR).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        },
        "addon": {"uuid": add_on, "code": "rota", "name": "排班"},
        "app_connect": {
            "uuid": str(row.app_connect_id),
            "config": {"theme": {"color": "#0a0"}, "limit": 5},
        },
        "business": {
            "uuid": admin.tenant_id,
            "code": tenant.code,
            "name": tenant.name,
            "logo_url": None,
        },
    }


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        (None, None, "ACTIVE"),
        (-HOUR, None, "ACTIVE"),
        (None, HOUR, "ACTIVE"),
        (-2 * HOUR, -HOUR, "EXPIRED"),
        (HOUR, 2 * HOUR, "PENDING"),
    ],
)
def test_a_plan_that_does_not_run_is_told_and_stops_nothing(
    opener: Opener,
    admin: Caller,
    start: timedelta | None,
    end: timedelta | None,
    status: str,
) -> None:
    now = clock.now()
    plan = add_ons.Plan(
        "PRO", None if start is None else now + start, None if end is None else now + end
    )
    token = opener.open(admin, register(admin.tenant_id, plan=plan))["access_token"]
    assert opener.config(token).get_json()["plan"]["status"] == status
    listed = opener.client.get(
        "/v2/connect/campaigns", headers={"Authorization": f"Bearer {token}"}
    )
    assert listed.status_code == 200


def test_with_a_keys_token_there_is_no_add_on(opener: Opener, tenant_id: str) -> None:
    said = opener.config(opener.fetch(issue_key(tenant_id))).get_json()
    assert (said["plan"], said["addon"], said["app_connect"]) == (None, None, None)
    assert said["business"]["uuid"] == tenant_id


def test_a_platform_key_works_for_the_platform(opener: Opener) -> None:
    said = opener.config(opener.fetch(issue_key(None))).get_json()
    assert said["business"] == {
        "uuid": str(PLATFORM_OWNER),
        "code": "PLATFORM",
        "name": "平台",
        "logo_url": None,
    }


def test_a_sandbox_key_works_for_the_twin(opener: Opener, tenant_id: str) -> None:
    said = opener.config(opener.fetch(issue_key(tenant_id, sandbox=True))).get_json()
    with unit_of_work():
        twin = session.scalars(select(Tenant).where(Tenant.sandbox_of.is_not(None))).one()
        assert (said["business"]["uuid"], twin.sandbox_of) == (str(twin.id), uuid.UUID(tenant_id))


def test_user_tokens_open_nothing_of_contract_b(
    opener: Opener, admin: Caller, platform: Caller, member: Caller
) -> None:
    for caller in (admin, platform, member):
        assert refusal(caller.get(CONFIG)) == UNAUTHORIZED


def test_connect_tokens_open_nothing_of_contract_a(
    opener: Opener, admin: Caller, add_on: str
) -> None:
    tokens = [
        opener.fetch(issue_key(admin.tenant_id)),
        opener.fetch(issue_key(None)),
        opener.open(admin, add_on)["access_token"],
    ]
    for token in tokens:
        sent = {"Authorization": f"Bearer {token}"}
        for path in ("/voucher-mgmt/unit-points-rate", "/voucher/my-summary"):
            assert opener.client.get(path, headers=sent).status_code == 401
        assert opener.client.post("/auth/logout", headers=sent).status_code == 401
        assert opener.works(token)

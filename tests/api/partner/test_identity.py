"""Contract B, calls 1 to 5: who is given a token, and what ends it."""

import hashlib
import hmac
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, func, select, update
from werkzeug.test import TestResponse

from tests.support.add_ons import AUTH, CONFIG, Opener, issue_key, register
from tests.support.cast import Caller, make_admin
from voucherweb import create_app
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR
from voucherweb.extensions import db, limiter
from voucherweb.models import (
    PLATFORM_OWNER,
    AddOn,
    Admin,
    ApiKey,
    AuditEntry,
    AuthSession,
    ConnectFamily,
    ExchangeToken,
    IdempotencyKey,
    Tenant,
)
from voucherweb.services import add_ons, api_keys
from voucherweb.transaction import session, unit_of_work

HOUR = timedelta(hours=1)


@pytest.fixture
def opener(client: FlaskClient) -> Opener:
    return Opener(client)


@pytest.fixture
def add_on(admin: Caller) -> str:
    return register(admin.tenant_id)


def told(answer: TestResponse) -> tuple[int, str]:
    body = answer.get_json()
    assert body["statusCode"] == answer.status_code
    assert body["requestId"]
    return answer.status_code, body["code"]


UNAUTHORIZED = (401, "UNAUTHORIZED")
NOT_FOUND = (404, "NOT_FOUND")


def count(table: type) -> int:
    with unit_of_work():
        return session.scalar(select(func.count()).select_from(table)) or 0


def entries(action: str) -> list[AuditEntry]:
    with unit_of_work():
        found = session.scalars(
            select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id)
        ).all()
        session.expunge_all()
        return list(found)


# Call 1: generate exchange token


@pytest.mark.wire_fact
def test_a_tenants_admin_gets_an_exchange_token_for_60_seconds(admin: Caller, add_on: str) -> None:
    answer = admin.post("/v1/auth-connect/exchange-token", {"addon_id": add_on})
    assert answer.status_code == 201
    assert answer.get_json() == {
        "exchange_token": answer.get_json()["exchange_token"],
        "expires_in": 60,
    }
    assert answer.headers["Cache-Control"] == "no-store"
    with unit_of_work():
        kept = session.scalars(select(ExchangeToken)).one()
        assert kept.expires_at - kept.created_at == timedelta(seconds=60)
        assert answer.get_json()["exchange_token"] not in kept.token_hash


@pytest.mark.wire_fact
def test_no_partner_gets_an_exchange_token(opener: Opener, admin: Caller, add_on: str) -> None:
    key = opener.fetch(issue_key(admin.tenant_id))
    of_add_on = opener.open(admin, add_on)["access_token"]
    for token in (key, of_add_on):
        partner = Caller(opener.client, token, "")
        assert told(partner.post(AUTH + "exchange-token", {"addon_id": add_on})) == UNAUTHORIZED
    assert count(ExchangeToken) == 1


def test_nobody_gets_an_exchange_token_without_signing_in(opener: Opener, add_on: str) -> None:
    assert told(opener.ask("exchange-token", addon_id=add_on)) == UNAUTHORIZED


def test_the_platform_and_members_get_no_exchange_token(
    platform: Caller, member: Caller, add_on: str
) -> None:
    for caller in (platform, member):
        answer = caller.post(AUTH + "exchange-token", {"addon_id": add_on})
        assert told(answer) == (403, "FORBIDDEN")
    assert count(ExchangeToken) == 0
    refused = entries("add_on.refused")
    assert [(one.actor, one.data) for one in refused] == [
        (f"admin:{platform.id}", {"step": "offer", "reason": "role"})
    ]


def test_another_tenants_and_unknown_and_disabled_add_ons_are_not_found(
    admin: Caller, stranger: Caller, add_on: str
) -> None:
    with unit_of_work():
        disabled = add_ons.create_add_on(
            OPERATOR, uuid.UUID(admin.tenant_id), "off", add_ons.AddOnTerms("關", "http://a.test")
        )
        add_ons.set_enabled(OPERATOR, disabled.id, enabled=False)
        disabled_id = str(disabled.id)
    foreign = stranger.post(AUTH + "exchange-token", {"addon_id": add_on})
    own = [
        admin.post(AUTH + "exchange-token", {"addon_id": one})
        for one in (str(uuid.uuid4()), "no id", "a" * 255, disabled_id)
    ]
    assert [told(one) for one in (foreign, *own)] == [NOT_FOUND] * 5
    assert len({one.get_json()["message"] for one in (foreign, *own)}) == 1
    assert count(ExchangeToken) == 0
    assert len(entries("add_on.refused")) == 5


@pytest.mark.parametrize("body", [{}, {"addon_id": 7}, {"addon_id": None}, {"addonId": "x"}])
def test_an_exchange_token_needs_an_add_on(admin: Caller, body: dict[str, Any]) -> None:
    assert told(admin.post(AUTH + "exchange-token", body)) == (400, "INVALID_PARAMETER")


# Call 2: exchange access token


@pytest.mark.wire_fact
def test_an_exchange_token_gives_one_pair(opener: Opener, admin: Caller, add_on: str) -> None:
    secret = opener.offer(admin, add_on)
    answer = opener.ask("access-token", exchange_token=secret)
    pair = answer.get_json()
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    assert pair == {
        "access_token": pair["access_token"],
        "refresh_token": pair["refresh_token"],
        "expires_in": 3600,
        "token_type": "Bearer",
    }
    assert opener.works(pair["access_token"])
    again = opener.ask("access-token", exchange_token=secret)
    assert told(again) == UNAUTHORIZED
    assert again.headers["Cache-Control"] == "no-store"
    assert opener.works(pair["access_token"])


def test_every_attempt_at_an_exchange_token_is_counted(
    opener: Opener, admin: Caller, add_on: str
) -> None:
    secret = opener.offer(admin, add_on)
    for _ in range(3):
        opener.ask("access-token", exchange_token=secret)
    with unit_of_work():
        assert session.scalars(select(ExchangeToken.attempts)).one() == 3
    assert [one.data for one in entries("add_on.refused")] == [
        {"step": "exchange", "reason": "used"}
    ] * 2


@pytest.mark.wire_fact
def test_an_exchange_token_is_good_for_60_seconds(
    opener: Opener, admin: Caller, add_on: str
) -> None:
    secrets = [opener.offer(admin, add_on) for _ in range(2)]
    with unit_of_work():
        made = session.scalars(select(ExchangeToken.created_at)).first()
        assert made
    statuses = []
    for secret, age in zip(secrets, (59, 61), strict=True):
        with clock.frozen(made + timedelta(seconds=age)):
            statuses.append(opener.ask("access-token", exchange_token=secret).status_code)
    assert statuses == [201, 401]
    assert entries("add_on.refused")[0].data["reason"] == "expired"


def test_an_unknown_exchange_token_is_refused(opener: Opener, admin: Caller, add_on: str) -> None:
    pair = opener.open(admin, add_on)
    for wrong in ("", "unknown", "秘密", pair["refresh_token"]):
        assert told(opener.ask("access-token", exchange_token=wrong)) == UNAUTHORIZED
    assert {one.object_id for one in entries("add_on.refused")} == {"unknown"}


def _sign_out(admin: Caller, _: str) -> None:
    admin.post("/auth/logout")


def _disable_admin(admin: Caller, _: str) -> None:
    with unit_of_work():
        session.get_one(Admin, uuid.UUID(admin.id)).disabled_at = clock.now()


def _disable_add_on(_: Caller, add_on: str) -> None:
    with unit_of_work():
        add_ons.set_enabled(OPERATOR, uuid.UUID(add_on), enabled=False)


def _end_session(*_: Any) -> None:
    with unit_of_work():
        session.execute(update(AuthSession).values(expires_at=clock.now()))


ENDS = [_sign_out, _disable_admin, _disable_add_on, _end_session]
End = Callable[[Caller, str], None]


@pytest.mark.parametrize("end", ENDS)
def test_what_ends_an_add_on_ends_it_at_every_step(
    opener: Opener, admin: Caller, add_on: str, end: End
) -> None:
    offered = opener.offer(admin, add_on)
    pair = opener.open(admin, add_on)
    assert opener.works(pair["access_token"])
    end(admin, add_on)
    assert not opener.works(pair["access_token"])
    assert told(opener.ask("access-token", exchange_token=offered)) == UNAUTHORIZED
    renewed = opener.ask("refresh-token", refresh_token=pair["refresh_token"])
    assert told(renewed) == UNAUTHORIZED
    assert count(ConnectFamily) == 1


# Call 3: renew access token


@pytest.mark.wire_fact
def test_a_refresh_token_is_the_proof_and_gives_a_new_pair(
    opener: Opener, admin: Caller, add_on: str
) -> None:
    first = opener.open(admin, add_on)
    answer = opener.ask("refresh-token", refresh_token=first["refresh_token"])
    second = answer.get_json()
    assert (answer.status_code, second["expires_in"]) == (201, 3600)
    assert second["refresh_token"] != first["refresh_token"]
    assert opener.works(second["access_token"])
    assert opener.works(first["access_token"])


def test_an_old_refresh_token_ends_the_whole_family(
    opener: Opener, admin: Caller, add_on: str
) -> None:
    first, other = opener.open(admin, add_on), opener.open(admin, add_on)
    body = {"refresh_token": first["refresh_token"]}
    second = opener.ask("refresh-token", **body).get_json()
    assert told(opener.ask("refresh-token", **body)) == UNAUTHORIZED
    assert not opener.works(first["access_token"])
    assert not opener.works(second["access_token"])
    stolen = opener.ask("refresh-token", refresh_token=second["refresh_token"])
    assert told(stolen) == UNAUTHORIZED
    assert opener.works(other["access_token"])
    assert [one.object_id for one in entries("add_on.reuse")] == [add_on]


def test_an_unknown_refresh_token_ends_nothing(opener: Opener, admin: Caller, add_on: str) -> None:
    pair = opener.open(admin, add_on)
    for wrong in ("", "unknown", pair["access_token"][:255], admin.token[:255]):
        assert told(opener.ask("refresh-token", refresh_token=wrong)) == UNAUTHORIZED
    assert opener.works(pair["access_token"])


def test_a_family_ends_after_a_day(opener: Opener, admin: Caller, add_on: str) -> None:
    pair = opener.open(admin, add_on)
    with clock.frozen(clock.now() + timedelta(hours=24, seconds=1)):
        renewed = opener.ask("refresh-token", refresh_token=pair["refresh_token"])
    assert told(renewed) == UNAUTHORIZED


def test_tokens_are_kept_as_digests_only(opener: Opener, admin: Caller, add_on: str) -> None:
    key = issue_key(admin.tenant_id)
    offered, pair = opener.offer(admin, add_on), opener.open(admin, add_on)
    secrets = [offered, pair["refresh_token"], pair["access_token"], key.api_secret]
    with db.engine.connect() as connection:
        for table in ("exchange_tokens", "connect_refresh_tokens", "api_key_secrets", "api_keys",
                      "audit_entries", "idempotency_keys"):  # fmt: skip
            rows = str(connection.exec_driver_sql(f"SELECT t::text FROM {table} t").all())
            assert not any(one in rows for one in secrets), table


# Call 4: get access token


def test_a_key_and_its_secret_give_a_token(opener: Opener, tenant_id: str) -> None:
    key = issue_key(tenant_id)
    answer = opener.ask("token", api_key=key.api_key, api_secret=key.api_secret)
    body = answer.get_json()
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    assert body == {
        "access_token": body["access_token"],
        "expires_in": 3600,
        "token_type": "Bearer",
    }
    assert opener.works(body["access_token"])
    with unit_of_work():
        assert session.get_one(ApiKey, key.id).last_used_at is not None
    (entry,) = entries("api_key.token")
    assert (entry.actor, str(entry.tenant_id)) == (f"key:{key.id}", tenant_id)


def wrong_pairs(tenant_id: str) -> dict[str, tuple[str, str]]:
    """Keys and secrets of which none is right."""
    key, other, revoked = (issue_key(tenant_id) for _ in range(3))
    with unit_of_work():
        api_keys.revoke_key(OPERATOR, revoked.api_key)
    return {
        "wrong secret": (key.api_key, "vs_live_wrong"),
        "unknown key": ("vk_live_" + "0" * 24, key.api_secret),
        "another key's secret": (key.api_key, other.api_secret),
        "no key's form": ("x", key.api_secret),
        "empty": ("", ""),
        "revoked": (revoked.api_key, revoked.api_secret),
        "the other way round": (key.api_secret, key.api_key),
        "beside the key": (key.api_key + " ", key.api_secret),
        "half a secret": (key.api_key, key.api_secret[:-1]),
        "another case": (key.api_key.upper(), key.api_secret),
    }


def test_a_wrong_key_and_a_wrong_secret_are_told_the_same(opener: Opener, tenant_id: str) -> None:
    answers = [
        opener.ask("token", api_key=key, api_secret=secret)
        for key, secret in wrong_pairs(tenant_id).values()
    ]
    assert [told(one) for one in answers] == [UNAUTHORIZED] * len(answers)
    bodies = [{**one.get_json(), "requestId": ""} for one in answers]
    assert all(one == bodies[0] for one in bodies)
    plain = {"Date", "X-Request-Id"}
    headers = [{k: v for k, v in one.headers.items() if k not in plain} for one in answers]
    assert all(one == headers[0] for one in headers)


@contextmanager
def statements_noted(work: list[str]) -> Iterator[None]:
    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        work.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def test_a_wrong_key_and_a_wrong_secret_cost_the_same(
    opener: Opener, tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    work: list[str] = []
    compare, digest = hmac.compare_digest, hashlib.sha256

    def compared(one: str, other: str) -> bool:
        work.append(f"compare {len(one)} {len(other)}")
        return compare(one, other)

    def digested(text: bytes) -> Any:
        work.append("digest")
        return digest(text)

    pairs = wrong_pairs(tenant_id)
    monkeypatch.setattr(hmac, "compare_digest", compared)
    monkeypatch.setattr(hashlib, "sha256", digested)
    done = {}
    for name, (key, secret) in pairs.items():
        work.clear()
        with statements_noted(work):
            assert opener.ask("token", api_key=key, api_secret=secret).status_code == 401
        done[name] = list(work)
    assert work.count("compare 64 64") == api_keys.MOST_SECRETS
    assert {name for name in done if done[name] != done["wrong secret"]} == set()


def test_every_refusal_is_audited_without_a_secret(opener: Opener, tenant_id: str) -> None:
    pairs = wrong_pairs(tenant_id)
    for key, secret in pairs.values():
        opener.ask("token", api_key=key, api_secret=secret)
    found = entries("api_key.refused")
    assert len(found) == len(pairs)
    reasons = dict(zip(pairs, (one.data["reason"] for one in found), strict=True))
    assert reasons["wrong secret"] == "secret"
    assert reasons["revoked"] == "revoked"
    assert reasons["unknown key"] == "unknown"
    assert {one.actor for one in found} == {"partner:unknown"}
    written = str([(one.object_id, one.data, one.actor) for one in found])
    assert not any(secret in written for _, secret in pairs.values() if len(secret) > 30)
    assert pairs["the other way round"][0] not in written


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"api_key": "x"},
        {"api_secret": "x"},
        {"api_key": "x", "api_secret": 5},
        {"api_key": "x" * 256, "api_secret": "x"},
        {"api_key": "x", "api_secret": "x" * 100_000},
        {"api_key": "a\0b", "api_secret": "x"},
        {"apiKey": "x", "apiSecret": "x"},
    ],
)
def test_a_body_that_cannot_be_is_told_so(opener: Opener, body: dict[str, Any]) -> None:
    answer = opener.ask("token", **body)
    assert told(answer) == (400, "INVALID_PARAMETER")
    assert answer.get_json()["details"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_idempotency_key_keeps_no_token(opener: Opener, tenant_id: str) -> None:
    key = issue_key(tenant_id)
    body = {"api_key": key.api_key, "api_secret": key.api_secret}
    answers = [
        opener.client.post(AUTH + "token", json=body, headers={"Idempotency-Key": "one"})
        for _ in range(2)
    ]
    assert [one.status_code for one in answers] == [201, 201]
    assert "Idempotent-Replayed" not in answers[1].headers
    assert count(IdempotencyKey) == 0


def test_a_revoked_key_is_out_at_once(opener: Opener, tenant_id: str) -> None:
    key = issue_key(tenant_id)
    token = opener.fetch(key)
    assert opener.works(token)
    with unit_of_work():
        api_keys.revoke_key(OPERATOR, key.api_key)
    assert not opener.works(token)


def test_a_rotated_secret_holds_for_its_overlap(opener: Opener, tenant_id: str) -> None:
    key = issue_key(tenant_id)
    old = opener.fetch(key)
    with unit_of_work():
        new = api_keys.rotate_key(OPERATOR, key.api_key, HOUR)
    assert opener.works(opener.fetch(key))
    assert opener.works(opener.fetch(new))
    with clock.frozen(clock.now() + HOUR):
        assert not opener.works(old)
        late = opener.ask("token", api_key=key.api_key, api_secret=key.api_secret)
        assert told(late) == UNAUTHORIZED
        assert opener.ask(
            "token", api_key=new.api_key, api_secret=new.api_secret
        ).status_code == 201  # fmt: skip


def test_a_rotation_without_overlap_ends_the_old_secret_at_once(
    opener: Opener, tenant_id: str
) -> None:
    key = issue_key(tenant_id)
    old = opener.fetch(key)
    with unit_of_work():
        new = api_keys.rotate_key(OPERATOR, key.api_key, timedelta())
    assert not opener.works(old)
    refused = opener.ask("token", api_key=key.api_key, api_secret=key.api_secret)
    assert told(refused) == UNAUTHORIZED
    assert opener.works(opener.fetch(new))


# Call 5: extension config


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
        assert told(caller.get(CONFIG)) == UNAUTHORIZED


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


def test_a_token_pair_belongs_to_the_admin_who_opened_the_add_on(
    opener: Opener, admin: Caller, settings: Settings, add_on: str
) -> None:
    colleague = make_admin(opener.client, settings, admin.tenant_id)
    mine, theirs = opener.open(admin, add_on), opener.open(colleague, add_on)
    admin.post("/auth/logout")
    assert not opener.works(mine["access_token"])
    assert opener.works(theirs["access_token"])


def test_refusals_are_throttled_and_successes_are_not(settings: Settings, tenant_id: str) -> None:
    key = issue_key(tenant_id)
    good = {"api_key": key.api_key, "api_secret": key.api_secret}
    loud = create_app(replace(settings, ratelimit_enabled=True))
    opener = Opener(loud.test_client())
    try:
        fine = {opener.ask("token", **good).status_code for _ in range(40)}
        bad = [opener.ask("token", **{**good, "api_secret": "x"}) for _ in range(31)]
        late = opener.ask("token", **good)
        others = opener.ask("refresh-token", refresh_token="x")
    finally:
        limiter.enabled = False
        with loud.app_context():
            db.engine.dispose()
    assert fine == {201}
    assert [one.status_code for one in bad] == [401] * 30 + [429]
    assert [told(one) for one in (bad[-1], late)] == [(429, "TOO_MANY_REQUESTS")] * 2
    assert int(late.headers["Retry-After"]) > 0
    assert told(others) == UNAUTHORIZED

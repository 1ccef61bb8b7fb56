"""Contract B, call 4: a key and its secret give a token, and what ends it."""

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from tests.support.add_ons import AUTH, Opener, issue_key
from tests.support.admins import audited
from tests.support.errands import count
from tests.support.refusals import UNAUTHORIZED, refusal
from voucherweb import create_app
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR
from voucherweb.extensions import db, limiter
from voucherweb.models import ApiKey, IdempotencyKey
from voucherweb.services import api_keys
from voucherweb.transaction import session, unit_of_work

HOUR = timedelta(hours=1)


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
    (entry,) = audited("api_key.token")
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
    assert [refusal(one) for one in answers] == [UNAUTHORIZED] * len(answers)
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
    found = audited("api_key.refused")
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
    assert refusal(answer) == (400, "INVALID_PARAMETER")
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
        assert refusal(late) == UNAUTHORIZED
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
    assert refusal(refused) == UNAUTHORIZED
    assert opener.works(opener.fetch(new))


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
    assert [refusal(one) for one in (bad[-1], late)] == [(429, "TOO_MANY_REQUESTS")] * 2
    assert int(late.headers["Retry-After"]) > 0
    assert refusal(others) == UNAUTHORIZED

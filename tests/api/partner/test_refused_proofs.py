"""Wrong secrets and tokens of an address: counted, refused, and nobody else's loss."""

import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.support.add_ons import AUTH, CONFIG, Opener, issue_key
from tests.support.cast import Caller
from tests.support.throttled import throttled
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.models import AuditEntry
from voucherweb.transaction import session, unit_of_work

MANY = 200


@pytest.fixture
def loud(app: Flask, settings: Settings) -> Iterator[Opener]:
    with throttled(app, settings) as client:
        yield Opener(client)


def guess(opener: Opener, call: str) -> int:
    """One proof that nobody has, unlike any before."""
    made_up = uuid.uuid4().hex
    if call == "token":
        named = {"api_key": f"vk_live_{made_up[:24]}", "api_secret": made_up}
    else:
        named = {"exchange_token" if call == "access-token" else "refresh_token": made_up}
    return opener.ask(call, **named).status_code


def refusals() -> int:
    with unit_of_work():
        told = AuditEntry.action.in_(("api_key.refused", "add_on.refused"))
        return session.scalar(select(func.count()).where(told)) or 0


@pytest.mark.parametrize("call", ["token", "access-token", "refresh-token"])
def test_an_address_is_told_60_times_that_it_is_wrong(
    loud: Opener, tenant_id: str, call: str
) -> None:
    statuses = [guess(loud, call) for _ in range(MANY)]
    assert statuses == [401] * 60 + [429] * (MANY - 60)
    assert refusals() == 60


def test_others_wrong_secrets_keep_no_good_key_out(loud: Opener, tenant_id: str) -> None:
    key = issue_key(tenant_id)
    for _ in range(MANY):
        guess(loud, "token")
    for _ in range(2):
        answer = loud.ask("token", api_key=key.api_key, api_secret=key.api_secret)
        assert answer.status_code == 201
        assert loud.config(answer.get_json()["access_token"]).status_code == 200


def test_even_a_thousand_keep_no_good_key_out(loud: Opener, tenant_id: str) -> None:
    key = issue_key(tenant_id)
    token = loud.fetch(key)
    for _ in range(1000):
        guess(loud, "token")
    assert loud.works(token)
    assert loud.works(loud.fetch(key))


def test_wrong_bearer_tokens_keep_no_good_one_out(loud: Opener, tenant_id: str) -> None:
    token = loud.fetch(issue_key(tenant_id))
    for _ in range(MANY):
        assert not loud.works(uuid.uuid4().hex)
    assert loud.client.get(CONFIG, headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_others_wrong_tokens_keep_no_add_on_out(loud: Opener, admin: Caller, add_on: str) -> None:
    here = replace(admin, client=loud.client)
    for call in ("access-token", "refresh-token"):
        for _ in range(MANY):
            guess(loud, call)
    for _ in range(70):
        assert loud.client.post(
            AUTH + "exchange-token", json={}, headers={"Authorization": "Bearer x"}
        ).status_code in {401, 429}
    pair = loud.open(here, add_on)
    renewed = loud.ask("refresh-token", refresh_token=pair["refresh_token"])
    assert renewed.status_code == 201
    assert loud.works(renewed.get_json()["access_token"])


def test_a_spent_refresh_token_ends_its_family_however_often_others_were_wrong(
    loud: Opener, admin: Caller, add_on: str
) -> None:
    pair = loud.open(replace(admin, client=loud.client), add_on)
    renewed = loud.ask("refresh-token", refresh_token=pair["refresh_token"]).get_json()
    for _ in range(MANY):
        guess(loud, "refresh-token")
    stolen = loud.ask("refresh-token", refresh_token=pair["refresh_token"])
    assert stolen.status_code == 429
    assert not loud.works(renewed["access_token"])


def test_a_wrong_secret_of_a_key_is_no_longer_looked_at_after_30(
    loud: Opener, tenant_id: str
) -> None:
    key, other = issue_key(tenant_id), issue_key(tenant_id)
    wrong = [
        loud.ask("token", api_key=key.api_key, api_secret=uuid.uuid4().hex).status_code
        for _ in range(40)
    ]
    assert wrong == [401] * 30 + [429] * 10
    assert loud.ask("token", api_key=key.api_key, api_secret=key.api_secret).status_code == 429
    assert loud.fetch(other)


def test_who_waits_may_be_wrong_again(loud: Opener, tenant_id: str) -> None:
    for _ in range(60):
        guess(loud, "token")
    answer = loud.ask("token", api_key="x", api_secret="y")
    assert answer.status_code == 429
    assert 39 <= int(answer.headers["Retry-After"]) <= 60
    with clock.frozen(clock.now().replace(minute=11, second=0)):
        assert guess(loud, "token") == 401

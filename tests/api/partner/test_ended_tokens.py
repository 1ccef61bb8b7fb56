"""Calls with a token that was good once: refused, and seen by whoever ended it."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from tests.support.add_ons import Opener, issue_key
from tests.support.throttled import throttled
from voucherweb.api.partner import limits
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR
from voucherweb.models import ApiKey, PartnerCall
from voucherweb.services import api_keys, call_log, partner_tokens, tokens
from voucherweb.services.api_keys import IssuedKey
from voucherweb.transaction import session, unit_of_work

Line = tuple[str, int, str | None]


def lines(settings: Settings) -> list[Line]:
    call_log.flush(settings)
    with unit_of_work():
        rows = session.scalars(select(PartnerCall).order_by(PartnerCall.id))
        return [(one.caller, one.status, one.code) for one in rows]


def revoke(key: IssuedKey) -> None:
    api_keys.revoke_key(OPERATOR, key.api_key)


def rotate(key: IssuedKey) -> None:
    api_keys.rotate_key(OPERATOR, key.api_key, timedelta())


@pytest.mark.parametrize("end", [revoke, rotate])
@pytest.mark.parametrize("sandbox", [True, False])
def test_who_still_calls_with_an_ended_token_is_seen(
    opener: Opener,
    settings: Settings,
    tenant_id: str,
    sandbox: bool,
    end: Callable[[IssuedKey], None],
) -> None:
    key = issue_key(tenant_id, sandbox=sandbox)
    token = opener.fetch(key)
    assert opener.works(token)
    with unit_of_work():
        end(key)
    assert not opener.works(token)
    told = f"key:{key.id}"
    assert lines(settings) == [(told, 200, None), (told, 401, "UNAUTHORIZED")]


def test_the_line_is_the_tenants(opener: Opener, settings: Settings, tenant_id: str) -> None:
    key = issue_key(tenant_id)
    token = opener.fetch(key)
    with unit_of_work():
        revoke(key)
    opener.config(token)
    call_log.flush(settings)
    with unit_of_work():
        assert session.scalars(select(PartnerCall.tenant_id)).all() == [uuid.UUID(tenant_id)]


def test_a_refused_call_is_no_use_of_its_key(
    opener: Opener, settings: Settings, tenant_id: str
) -> None:
    key = issue_key(tenant_id)
    token = opener.fetch(key)
    used = last_used(key)
    with unit_of_work():
        revoke(key)
    opener.config(token)
    lines(settings)
    assert last_used(key) == used


def last_used(key: IssuedKey) -> object:
    with unit_of_work():
        return session.get_one(ApiKey, key.id).last_used_at


def test_what_we_never_signed_leaves_no_line(
    opener: Opener, settings: Settings, tenant_id: str
) -> None:
    key = issue_key(tenant_id)
    token = opener.fetch(key)
    with unit_of_work():
        revoke(key)
    later = clock.now() + timedelta(hours=1)
    claims = {"sub": str(uuid.uuid4()), "knd": "key", "prf": str(uuid.uuid4())}
    nobodys = tokens.sign(settings, partner_tokens.AUDIENCE, claims, later)
    for other in ("x", token[:-4] + "AAAA", token + "x", "a.b.c", nobodys, "Ⅷ", ""):
        assert opener.config(other).status_code == 401
    assert lines(settings) == []


def test_no_more_lines_are_written_of_ended_tokens_than_a_key_may_call(
    app: Flask, settings: Settings, tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CALLS", 3)
    key = issue_key(tenant_id)
    with throttled(app, settings) as client:
        loud = Opener(client)
        token = loud.fetch(key)
        with unit_of_work():
            revoke(key)
        statuses = [loud.config(token).status_code for _ in range(5)]
    assert statuses == [401, 401, 401, 429, 429]
    assert [one[1] for one in lines(settings)] == [401, 401, 401]

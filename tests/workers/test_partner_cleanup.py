"""What partners leave behind goes in its time, and what they still need stays."""

import uuid
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from tests.support.add_ons import Opener, issue_key, register
from tests.support.calls import log_call
from tests.support.cast import Caller
from tests.support.errands import count
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR
from voucherweb.models import (
    ApiKeySecret,
    ConnectFamily,
    ConnectRefreshToken,
    ExchangeToken,
    PartnerCall,
)
from voucherweb.services import api_keys, cleanup, partner_cleanup
from voucherweb.transaction import session, unit_of_work
from voucherweb.workers.schedule import CHORES

DAY = timedelta(days=1)


def test_lines_of_the_log_go_after_30_days(
    app: Flask, tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleanup, "BITE", 2)
    for days in (29, 31, 31, 40, 50):
        log_call(tenant_id, f"key:{uuid.uuid4()}", at=clock.now() - days * DAY)
    assert partner_cleanup.forget_calls() == 4
    assert count(PartnerCall) == 1


@pytest.mark.parametrize(("days", "kept"), [(6.9, 1), (7.1, 0)])
def test_exchange_tokens_go_after_7_days(
    client: FlaskClient, admin: Caller, days: float, kept: int
) -> None:
    Opener(client).offer(admin, register(admin.tenant_id))
    with unit_of_work():
        session.execute(update(ExchangeToken).values(expires_at=clock.now() - days * DAY))
    assert partner_cleanup.forget_tokens() == 1 - kept
    assert count(ExchangeToken) == kept


@pytest.mark.parametrize("column", ["expires_at", "revoked_at"])
@pytest.mark.parametrize(("days", "kept"), [(0.9, 1), (1.1, 0)])
def test_families_go_a_day_after_their_end_with_their_refresh_tokens(
    client: FlaskClient, admin: Caller, column: str, days: float, kept: int
) -> None:
    Opener(client).open(admin, register(admin.tenant_id))
    with unit_of_work():
        session.execute(update(ConnectFamily).values({column: clock.now() - days * DAY}))
    assert partner_cleanup.forget_tokens() == 1 - kept
    assert (count(ConnectFamily), count(ConnectRefreshToken)) == (kept, kept)


def test_an_add_on_that_works_loses_nothing(client: FlaskClient, admin: Caller) -> None:
    opener = Opener(client)
    pair = opener.open(admin, register(admin.tenant_id))
    assert partner_cleanup.forget_tokens() == 0
    assert opener.works(pair["access_token"])


def test_rotated_secrets_go_a_day_after_their_end(client: FlaskClient, tenant_id: str) -> None:
    key = issue_key(tenant_id)
    with unit_of_work():
        api_keys.rotate_key(OPERATOR, key.api_key, timedelta(hours=1))
    with clock.frozen(clock.now() + timedelta(hours=24)):
        assert partner_cleanup.forget_tokens() == 0
    with clock.frozen(clock.now() + timedelta(hours=26)):
        assert partner_cleanup.forget_tokens() == 1
    assert count(ApiKeySecret) == 1


def test_a_sign_in_that_goes_takes_its_tokens_along(client: FlaskClient, admin: Caller) -> None:
    Opener(client).open(admin, register(admin.tenant_id))
    with clock.frozen(clock.now() + timedelta(days=31)):
        assert cleanup.forget_sessions() == 1
    assert [count(one) for one in (ExchangeToken, ConnectFamily, ConnectRefreshToken)] == [0] * 3


def test_the_scheduler_does_it() -> None:
    assert {"forget_partner_calls", "forget_partner_tokens"} <= {chore.name for chore in CHORES}

"""One exchange token gives one pair, and a refresh token that two use ends its family.

First what looking before writing does, deterministically: all rivals look before any writes.
"""

import itertools
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from tests.concurrency.conftest import PATIENCE, Meet, Rivals
from tests.support.add_ons import Opener, issue_key, register
from tests.support.cast import Caller
from tests.support.errands import count
from voucherweb.config import Settings
from voucherweb.domain.actor import OPERATOR
from voucherweb.errors import Refusal
from voucherweb.models import (
    ApiKey,
    ApiKeySecret,
    ConnectFamily,
    ConnectRefreshToken,
    ExchangeToken,
    Tenant,
)
from voucherweb.services import add_on_tokens, api_keys, partner_tokens
from voucherweb.services.add_on_tokens import TokenPair
from voucherweb.services.autocommit import alone
from voucherweb.transaction import session, unit_of_work

CROWDS = [2, 16]
Connection = psycopg.Connection[Any]
Act = Callable[[], Any]


@pytest.fixture
def opener(client: FlaskClient) -> Opener:
    return Opener(client)


@pytest.fixture
def offered(opener: Opener, admin: Caller) -> str:
    return opener.offer(admin, register(admin.tenant_id))


@pytest.fixture
def token(settings: Settings) -> Iterator[Connection]:
    """One token in a table without any guard."""
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE control_token (used boolean);"
            "CREATE TABLE control_pairs (id int GENERATED ALWAYS AS IDENTITY);"
            "INSERT INTO control_token VALUES (false)"
        )
        yield connection
        connection.execute("DROP TABLE control_token, control_pairs")


@contextmanager
def held(settings: Settings, table: str, crowd: int) -> Iterator[None]:
    """Hold the rows of a table until all rivals wait for one of them, and then let go: whoever
    is first, the others are right behind, between its look and its write."""

    def let_go() -> None:
        end = time.monotonic() + PATIENCE
        with psycopg.connect(settings.database_url, autocommit=True) as watcher:
            while _waiting(watcher) < crowd and time.monotonic() < end:
                time.sleep(0.01)
        waited.append(time.monotonic() < end)
        holder.commit()

    waited: list[bool] = []
    with psycopg.connect(settings.database_url) as holder:
        holder.execute(f"SELECT 1 FROM {table} FOR UPDATE")
        thread = threading.Thread(target=let_go)
        thread.start()
        yield
        thread.join()
    assert waited == [True]


def _waiting(watcher: Connection) -> int:
    row = watcher.execute(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    ).fetchone()
    assert row
    return int(row[0])


def together(app: Flask, crowd: int, act: Act) -> list[Any]:
    """What each of a crowd got; a refusal counts as its code."""
    start = threading.Barrier(crowd, timeout=PATIENCE)

    def alone_(_: int) -> Any:
        with app.app_context():
            start.wait()
            try:
                return act()
            except Refusal as refusal:
                return refusal.error.code

    with ThreadPoolExecutor(crowd) as pool:
        return list(pool.map(alone_, range(crowd)))


def pairs(results: list[Any]) -> list[TokenPair]:
    refused = [one for one in results if not isinstance(one, TokenPair)]
    assert Counter(refused) == Counter({"API_ERROR.UNAUTHORIZED": len(refused)})
    return [one for one in results if isinstance(one, TokenPair)]


def works(settings: Settings, pair: TokenPair) -> bool:
    try:
        partner_tokens.authenticate(settings, alone(settings), pair.access_token)
    except Refusal:
        return False
    return True


def _used(connection: Connection) -> bool:
    row = connection.execute("SELECT used FROM control_token").fetchone()
    assert row
    return bool(row[0])


@pytest.mark.parametrize("crowd", [2, 6])
def test_looking_first_exchanges_one_token_for_many_pairs(
    rivals: Rivals, token: Connection, crowd: int
) -> None:
    def act(connection: Connection, meet: Meet) -> bool:
        free = not _used(connection)
        meet()
        if free:
            connection.execute("UPDATE control_token SET used = true")
            connection.execute("INSERT INTO control_pairs DEFAULT VALUES")
        return free

    assert rivals.run(crowd, act) == [True] * crowd
    row = token.execute("SELECT count(*) FROM control_pairs").fetchone()
    assert row == (crowd,)


def test_looking_first_never_notices_that_two_hold_one_refresh_token(
    rivals: Rivals, token: Connection
) -> None:
    def act(connection: Connection, meet: Meet) -> str:
        reused = _used(connection)
        meet()
        connection.execute("UPDATE control_token SET used = true")
        return "revoked" if reused else "pair"

    assert rivals.run(2, act) == ["pair", "pair"]


@pytest.mark.parametrize("crowd", CROWDS)
def test_of_simultaneous_exchanges_exactly_one_wins(
    app: Flask, settings: Settings, offered: str, crowd: int
) -> None:
    with held(settings, "exchange_tokens", crowd):
        results = together(app, crowd, lambda: add_on_tokens.exchange(settings, offered))
    (pair,) = pairs(results)
    assert works(settings, pair)
    assert (count(ConnectFamily), count(ConnectRefreshToken)) == (1, 1)
    with unit_of_work():
        assert session.scalars(select(ExchangeToken.attempts)).one() == crowd


@pytest.mark.parametrize("crowd", CROWDS)
def test_of_simultaneous_refreshes_one_gets_a_pair_and_then_nobody_has_any(
    app: Flask, settings: Settings, offered: str, crowd: int
) -> None:
    """Two who use one token at once are two holders of it, as two who use it one after the other:
    the family ends, for the rightful holder too, whom an admin's click lets in again."""
    first = add_on_tokens.exchange(settings, offered)
    with held(settings, "connect_refresh_tokens", crowd):
        results = together(app, crowd, lambda: add_on_tokens.refresh(settings, first.refresh_token))
    (pair,) = pairs(results)
    assert (works(settings, first), works(settings, pair)) == (False, False)
    assert together(app, 1, lambda: add_on_tokens.refresh(settings, pair.refresh_token)) == [
        "API_ERROR.UNAUTHORIZED"
    ]
    with unit_of_work():
        assert session.scalars(select(ConnectFamily.revoked_at)).one() is not None


def test_a_family_that_ends_during_a_refresh_stays_ended(
    app: Flask, settings: Settings, offered: str
) -> None:
    """One holder refreshes with the newest token while another offers the oldest."""
    first = add_on_tokens.exchange(settings, offered)
    second = add_on_tokens.refresh(settings, first.refresh_token)
    turns = iter([first.refresh_token, second.refresh_token])
    lock = threading.Lock()

    def act() -> TokenPair:
        with lock:
            mine = next(turns)
        return add_on_tokens.refresh(settings, mine)

    results = together(app, 2, act)
    assert not any(works(settings, one) for one in [first, second, *pairs(results)])


def test_the_first_sandbox_keys_made_at_once_share_one_twin(app: Flask, tenant_id: str) -> None:
    tenant = uuid.UUID(tenant_id)

    def act() -> str:
        with unit_of_work():
            return api_keys.create_key(OPERATOR, tenant, "POS", sandbox=True).api_key

    assert len(set(together(app, 4, act))) == 4
    with unit_of_work():
        twins = session.scalar(
            select(func.count()).select_from(Tenant).where(Tenant.sandbox_of == tenant)
        )
    assert twins == 1


def test_of_simultaneous_rotations_each_gives_a_secret_that_holds(
    app: Flask, settings: Settings, tenant_id: str
) -> None:
    key = issue_key(tenant_id)

    def act() -> str:
        with unit_of_work():
            return api_keys.rotate_key(OPERATOR, key.api_key).api_secret

    secrets = together(app, 4, act)
    for secret in [key.api_secret, *secrets]:
        assert api_keys.issue_token(settings, key.api_key, secret)
    with unit_of_work():
        ends = session.scalars(select(ApiKeySecret.expires_at)).all()
    assert ends.count(None) == 1


def test_a_token_fetched_while_its_key_is_revoked_opens_nothing(
    app: Flask, settings: Settings, tenant_id: str
) -> None:
    key = issue_key(tenant_id)

    turns = itertools.count()

    def act() -> Any:
        if next(turns) == 3:
            with unit_of_work():
                return api_keys.revoke_key(OPERATOR, key.api_key).key
        return api_keys.issue_token(settings, key.api_key, key.api_secret)

    results = together(app, 8, act)
    with unit_of_work():
        assert session.get_one(ApiKey, key.id).revoked_at is not None
    for one in results:
        if isinstance(one, api_keys.AccessToken):
            with pytest.raises(Refusal, match="UNAUTHORIZED"):
                partner_tokens.authenticate(settings, alone(settings), one.access_token)

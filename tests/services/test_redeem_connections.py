"""Autocommit connections: what they promise, and how they survive their server and a fork."""

import subprocess
import sys
import textwrap
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from flask import Flask

from tests.support.cast import Caller, issue
from voucherweb.config import Settings
from voucherweb.services import autocommit
from voucherweb.services.autocommit import Autocommit, Unavailable
from voucherweb.services.redemptions import RedeemWork, Wish

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def database(app: Flask, settings: Settings) -> Iterator[Autocommit]:
    database = Autocommit(settings)
    yield database
    database.close()


def hang_up(settings: Settings) -> None:
    """The server ends every other connection, as it does when it restarts."""
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND usename = current_user"
        )


def test_a_commit_is_always_waited_for(database: Autocommit, settings: Settings) -> None:
    with psycopg.connect(settings.database_url) as connection:
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("off",)
    assert [*database.rows("SHOW synchronous_commit", ())] == [("on",)]


def test_statements_wait_neither_for_locks_nor_for_themselves_for_long(
    database: Autocommit,
) -> None:
    assert [*database.rows("SHOW lock_timeout", ())] == [("3s",)]
    assert [*database.rows("SHOW statement_timeout", ())] == [("5s",)]


def test_a_statement_is_a_transaction(database: Autocommit, settings: Settings) -> None:
    database.rows("INSERT INTO tenants (code, name, type) VALUES ('A', 'A', 'WMT') RETURNING 1", ())
    with psycopg.connect(settings.database_url) as connection:
        assert connection.execute("SELECT name FROM tenants").fetchall() == [("A",)]


def test_connections_that_the_server_closed_are_replaced_unnoticed(
    database: Autocommit, settings: Settings
) -> None:
    database.rows("SELECT 1", ())
    hang_up(settings)
    assert [*database.rows("SELECT 2", ())] == [(2,)]


def test_a_connection_lost_on_the_way_leaves_the_outcome_unknown(database: Autocommit) -> None:
    with pytest.raises(Unavailable):
        database.rows("SELECT pg_terminate_backend(pg_backend_pid(), 1000)", ())
    assert [*database.rows("SELECT 3", ())] == [(3,)]


@pytest.mark.parametrize("state", ["55P03", "57014", "40P01", "40001"])
def test_a_statement_that_had_to_yield_may_be_asked_again(database: Autocommit, state: str) -> None:
    with pytest.raises(Unavailable) as refused:
        database.rows(f"DO $$ BEGIN RAISE SQLSTATE '{state}'; END $$", ())
    assert refused.value.retry_after == 1


def test_a_wrong_statement_is_no_lack_of_service(database: Autocommit) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero):
        database.rows("SELECT 1 / 0", ())


def test_a_database_that_is_not_there_is_unavailable(settings: Settings) -> None:
    nowhere = replace(settings, database_url="postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(Unavailable):
        autocommit.connect(nowhere)


def test_redeeming_goes_on_after_the_server_hung_up(
    settings: Settings, admin: Caller, member: Caller
) -> None:
    body = {"voucherId": issue(admin)}
    assert member.data("/voucher/redeem", body)["seq"] == 1
    hang_up(settings)
    assert member.data("/voucher/redeem", body)["seq"] == 2


def test_a_wish_for_nothing_is_answered(settings: Settings, app: Flask) -> None:
    work = RedeemWork(settings)
    nobody = Wish(member=uuid.uuid4(), voucher=None, caller="x", key=None, fingerprint=b"")
    assert work.one(nobody)[0] == work.many([nobody])[0][0] == "NOT_EXIST"
    work.close()


def test_a_forked_child_begins_with_nothing_and_spares_its_parent(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import os, types
        from voucherweb.services.per_process import PerProcess
        class Thing:
            def close(self):
                print("closed", self.owner == os.getpid(), flush=True)
        def make(settings):
            thing = Thing()
            thing.owner = os.getpid()
            return thing
        things = PerProcess(make)
        settings = types.SimpleNamespace(database_url="x")
        mine = things.get(settings)
        child = os.fork()
        if not child:
            print("other", things.get(settings) is not mine, flush=True)
            raise SystemExit
        os.waitpid(child, 0)
        print("same", things.get(settings) is mine, flush=True)
    """)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["other True", "closed True", "same True", "closed True"]

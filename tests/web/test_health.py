"""`/healthz` and `/readyz` (behaviour §10)."""

import dataclasses
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support import cast
from tests.support.engines import TestEngines, make_settings
from tests.support.workers import until
from voucherweb import create_app, queueing
from voucherweb.config import Settings
from voucherweb.models import Admin
from voucherweb.services import readiness
from voucherweb.services.readiness import Outcome, Panel
from voucherweb.transaction import session, unit_of_work

NAMES = ["database", "migrations", "data", "redis", "imports", "takedown", "scheduler", "storage"]


@pytest.fixture
def everybody_at_work(app: Flask) -> None:
    for role in readiness.ROLES:
        queueing.mark_seen(role)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        yield server.getsockname()[1]


@pytest.fixture
def severed(silent_port: int, tmp_path: Any) -> FlaskClient:
    """An application none of whose engines ever answers."""
    engines = TestEngines(
        f"postgresql://app:hunter2@127.0.0.1:{silent_port}/vault",
        f"redis://:hunter2@127.0.0.1:{silent_port}/0",
    )
    return create_app(make_settings(engines, tmp_path)).test_client()


def why(client: FlaskClient) -> dict[str, str]:
    """What is not ready, with the reasons."""
    answer = client.get("/readyz")
    wrong = {one["name"]: one["why"] for one in answer.json["checks"] if not one["ok"]}
    assert answer.status_code == (503 if wrong else 200)
    return wrong


def test_alive_needs_no_engine(severed: FlaskClient) -> None:
    began = time.monotonic()
    answer = severed.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "alive"})
    assert time.monotonic() - began < 0.5


@pytest.mark.usefixtures("everybody_at_work")
def test_ready_when_everything_is_there(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200, answer.json
    assert [one["name"] for one in answer.json["checks"]] == NAMES
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.usefixtures("everybody_at_work")
@pytest.mark.parametrize("role", readiness.ROLES)
def test_a_silent_program_is_named(client: FlaskClient, role: str) -> None:
    queueing.connection().delete(f"voucherweb:seen:{role}")
    assert why(client) == {role: "no sign of life in 15 s"}


@pytest.mark.usefixtures("everybody_at_work")
def test_another_schema_is_not_ready(client: FlaskClient, settings: Settings) -> None:
    with psycopg.connect(settings.libpq_url, autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'older'")
        try:
            assert set(why(client)) == {"migrations", "data"}
        finally:
            connection.execute("UPDATE alembic_version SET version_num = %s", [*readiness.heads()])
    assert why(client) == {}


def test_a_database_without_schema_is_not_ready(settings: Settings) -> None:
    empty = settings.libpq_url.replace("/voucherweb?", "/postgres?")
    found = readiness.ask_database(dataclasses.replace(settings, database_url=empty))
    assert [one.ok for one in found] == [True, False, False]


def test_development_waits_for_the_demo_data(app: Flask, settings: Settings) -> None:
    development = dataclasses.replace(settings, environment="development")
    before = readiness.ask_database(development)[-1]
    cast.make_tenant()
    assert (before.ok, readiness.ask_database(development)[-1].ok) == (False, True)


def test_a_demo_account_keeps_production_from_being_ready(app: Flask, settings: Settings) -> None:
    production = dataclasses.replace(settings, environment="production")
    assert readiness.ask_database(production)[-1].ok
    with unit_of_work():
        session.add(Admin(role="PLATFORM_ADMIN", account="demo", password_hash="x", demo=True))
    assert "demo accounts" in readiness.ask_database(production)[-1].why


@pytest.mark.usefixtures("everybody_at_work")
def test_a_store_that_takes_nothing_is_not_ready(
    client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.extensions["storage"], "directory", readiness._MIGRATIONS / "env.py")
    assert why(client) == {"storage": "objects cannot be stored"}


def test_engines_that_hang_are_told_within_three_seconds(severed: FlaskClient) -> None:
    began = time.monotonic()
    answer = severed.get("/readyz")
    assert time.monotonic() - began < 3
    assert answer.status_code == 503
    wrong = {one["name"] for one in answer.json["checks"] if not one["ok"]}
    assert {"database", "redis"} <= wrong
    assert "hunter2" not in answer.get_data(as_text=True)
    assert "vault" not in answer.get_data(as_text=True)


def test_a_check_that_hangs_is_not_asked_again_and_again() -> None:
    calls: list[float] = []
    ends = [threading.Event(), threading.Event()]

    def hang() -> list[Outcome]:
        calls.append(time.monotonic())
        ends[len(calls) - 1].wait(10)
        return [Outcome("slow")]

    panel = Panel({"slow": hang}, patience=0.05)
    try:
        told = [panel.ask()[0].why for _ in range(3)]
        assert (told, len(calls)) == (["no answer in 0.05 s"] * 3, 1)
        ends[0].set()
        until(lambda: panel.ask()[0].why == "no answer in 0.05 s" and len(calls) == 2)
    finally:
        for end in ends:
            end.set()


def test_a_check_that_breaks_is_a_failure_and_no_crash() -> None:
    panel = Panel({"odd": lambda: [Outcome(str(1 // 0))]})
    assert panel.ask() == [Outcome("odd", "the check itself failed; see the log")]

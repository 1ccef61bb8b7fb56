"""How long an import keeps its caller waiting, and what waiting costs (behaviour §8)."""

import threading
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.support.cast import Caller
from tests.support.workers import coupons, look, send, workbook
from voucherweb import queueing
from voucherweb.api.management import imports as call
from voucherweb.extensions import db
from voucherweb.models import Job
from voucherweb.transaction import session, unit_of_work

BOOK = workbook(coupons(2))


@pytest.fixture
def patience(app: Flask, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Imports wait for a second at most; nobody works on them."""
    shorter = replace(app.extensions["settings"], import_wait_seconds=1)
    monkeypatch.setitem(app.extensions, "settings", shorter)
    return monkeypatch


def test_an_import_that_takes_too_long_is_answered_with_its_job(
    admin: Caller, patience: pytest.MonkeyPatch
) -> None:
    answer = send(admin, BOOK)
    assert (answer.status_code, answer.json["httpCode"]) == (202, 202)
    job = look(admin, answer.json["result"]["data"]["jobId"])
    assert job == {"jobId": job["jobId"], "state": "QUEUED", "progress": 0}


def test_waiting_holds_no_database_connection(admin: Caller, patience: pytest.MonkeyPatch) -> None:
    held: list[int] = []
    original = call.await_end

    def watched(*words: object) -> None:
        held.append(db.engine.pool.checkedout())  # type: ignore[attr-defined]
        original(*words)  # type: ignore[arg-type]

    patience.setattr(call, "await_end", watched)
    send(admin, BOOK)
    assert set(held) == {0}


def test_too_many_waiters_are_answered_at_once(
    app: Flask, admin: Caller, patience: pytest.MonkeyPatch
) -> None:
    patience.setitem(app.extensions, "import_waiters", threading.BoundedSemaphore(1))
    app.extensions["import_waiters"].acquire()
    patience.setattr(call, "await_end", lambda *_: pytest.fail("it waited"))
    assert send(admin, BOOK).status_code == 202


def test_an_import_that_another_call_cancels_is_answered_with_its_job(
    admin: Caller, patience: pytest.MonkeyPatch
) -> None:
    def cancel(job_id: object, _seconds: float) -> None:
        with unit_of_work():
            session.execute(update(Job).values(state="CANCELLED"))

    patience.setattr(call, "await_end", cancel)
    answer = send(admin, BOOK)
    assert answer.status_code == 202
    assert look(admin, answer.json["result"]["data"]["jobId"])["state"] == "CANCELLED"


def test_an_import_without_redis_waits_for_the_sweep(
    app: Flask, admin: Caller, patience: pytest.MonkeyPatch
) -> None:
    nowhere = queueing.connect("unix:///nowhere.sock")
    patience.setitem(app.extensions, "queue_redis", nowhere)
    assert send(admin, BOOK).status_code == 202
    with unit_of_work():
        assert session.scalars(select(Job.state)).all() == ["QUEUED"]

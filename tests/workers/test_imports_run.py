"""Imports with a real worker: cancelled, broken off, over an emptied Redis (behaviour §8)."""

import os
import signal
from collections.abc import Iterator

import pytest
import redis
from flask import Flask
from sqlalchemy import func, select, update

from tests.support.cast import Caller
from tests.support.workers import (
    Program,
    coupons,
    ended,
    held,
    horse_of,
    look,
    running,
    running_job,
    send_async,
    until,
    workbook,
)
from voucherweb.config import Settings
from voucherweb.models import Coupon, CouponImport, CouponSet, Job
from voucherweb.storage.keys import import_key
from voucherweb.transaction import session, unit_of_work

BOOK = workbook(coupons(3))
IMPORTS = ("run", "imports")


@pytest.fixture(scope="module")
def worker(migrated: Flask, settings: Settings) -> Iterator[Program]:
    with running(settings, IMPORTS) as (program,):
        yield program


def kept() -> tuple[int, ...]:
    """How many imports, sets and coupons there are."""
    with unit_of_work():
        return tuple(
            session.scalar(select(func.count()).select_from(table)) or 0
            for table in (CouponImport, CouponSet, Coupon)
        )


def cancel(admin: Caller, job_id: str) -> object:
    return admin.data(f"/voucher-mgmt/jobs/{job_id}/cancel")["state"]


def test_a_cancelled_import_leaves_nothing(
    app: Flask, admin: Caller, settings: Settings, worker: Program
) -> None:
    with held(settings):
        first = running_job(admin)
        second = send_async(admin, BOOK)
        assert (cancel(admin, second), cancel(admin, first)) == ("CANCELLED", "CANCELLED")
    third = ended(admin, send_async(admin, BOOK))
    assert third["state"] == "DONE"
    assert [look(admin, one)["state"] for one in (first, second)] == ["CANCELLED", "CANCELLED"]
    assert kept() == (1, 1, 3)
    assert app.extensions["storage"].stat(f"imports/{first}.xlsx") is None


def test_a_job_that_cannot_hear_of_its_cancelling_keeps_nothing(
    admin: Caller, settings: Settings, worker: Program
) -> None:
    with held(settings), unit_of_work():
        job_id = running_job(admin)
        # The row alone: no message reaches the worker.
        session.execute(update(Job).values(state="CANCELLED", finished_at=func.now()))
    assert ended(admin, send_async(admin, BOOK))["state"] == "DONE"
    assert look(admin, job_id)["state"] == "CANCELLED"
    assert kept() == (1, 1, 3)


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [
        (signal.SIGKILL, "API_ERROR.UNAVAILABLE", "SIGKILL"),
        (signal.SIGABRT, "SERVICE_ERROR.IMPORT_FILE_NOT_READABLE", "程式中止"),
    ],
)
def test_the_death_of_its_process_fails_that_job_alone(
    admin: Caller, settings: Settings, worker: Program, number: int, code: str, word: str
) -> None:
    with held(settings):
        job_id = running_job(admin)
        other = send_async(admin, BOOK)
        os.kill(horse_of(worker), number)
        job = ended(admin, job_id)
    assert (job["state"], job["errorMsg"]) == ("FAILED", code)
    assert word in str(job["details"])
    assert ended(admin, other)["state"] == "DONE"
    assert kept() == (1, 1, 3)
    assert worker.poll() is None


def test_a_worker_survives_the_loss_of_all_of_redis(
    admin: Caller, settings: Settings, worker: Program
) -> None:
    with redis.Redis.from_url(settings.redis_url) as client:
        client.flushall()
    assert ended(admin, send_async(admin, BOOK))["state"] == "DONE"
    assert worker.poll() is None


def test_a_running_job_tells_its_progress_and_keeps_its_workbook_until_its_end(
    app: Flask, admin: Caller, settings: Settings, worker: Program
) -> None:
    with held(settings):
        job_id = running_job(admin)
        with unit_of_work():
            key = import_key(session.scalars(select(Job.id)).one())
        assert app.extensions["storage"].stat(key) is not None
        until(lambda: look(admin, job_id)["progress"] == 99)
    ended(admin, job_id)
    until(lambda: app.extensions["storage"].stat(key) is None)

"""Imports whose worker stops, is killed, or starts over an empty Redis (behaviour §8)."""

import os
import signal
from datetime import timedelta

import pytest
import redis
from sqlalchemy import func, select, update

from tests.support.cast import Caller, issue
from tests.support.errands import count, handled, holding, off, over, states
from tests.support.workers import (
    coupons,
    ended,
    held,
    horse_of,
    look,
    running,
    running_job,
    send_async,
    start,
    until,
    workbook,
)
from voucherweb.config import Settings
from voucherweb.models import AuditEntry, Coupon, CouponImport, Job
from voucherweb.transaction import session, unit_of_work
from voucherweb.workers.run import main
from voucherweb.workers.schedule import sweep_jobs

BOOK = workbook(coupons(3))
IMPORTS = ("run", "imports")


def kept() -> tuple[int, ...]:
    """How many imports and coupons there are."""
    with unit_of_work():
        return tuple(
            session.scalar(select(func.count()).select_from(table)) or 0
            for table in (CouponImport, Coupon)
        )


def make_old() -> None:
    """As if nothing had been heard of the jobs for a minute."""
    then = func.now() - timedelta(minutes=1)
    with unit_of_work():
        session.execute(update(Job).values(created_at=then))
        session.execute(update(Job).where(Job.attempts > 0).values(heartbeat_at=then))


def test_a_worker_that_is_asked_to_stop_ends_its_job_first(
    admin: Caller, settings: Settings
) -> None:
    with running(settings, IMPORTS) as (mortal,):
        with held(settings):
            job_id = running_job(admin)
            mortal.send_signal(signal.SIGTERM)
        assert mortal.wait(timeout=15) == 0
    assert look(admin, job_id)["state"] == "DONE"


def test_the_job_of_a_killed_worker_is_done_in_the_end(admin: Caller, settings: Settings) -> None:
    mortal = start(settings, *IMPORTS)
    with held(settings):
        job_id = running_job(admin)
        for pid in (mortal.pid, horse_of(mortal)):
            os.kill(pid, signal.SIGKILL)
        mortal.wait(timeout=15)
    make_old()
    assert sweep_jobs() == 1
    with running(settings, IMPORTS):
        assert ended(admin, job_id)["state"] == "DONE"
    assert kept() == (1, 3)
    with unit_of_work():
        assert session.scalars(select(Job.attempts)).one() == 2


def test_another_worker_goes_on_where_a_killed_one_stopped(
    admin: Caller, settings: Settings
) -> None:
    vouchers = [issue(admin) for _ in range(3)]
    before = count(AuditEntry)
    mortal = start(settings, *IMPORTS)
    with holding(settings, vouchers[2]):
        job_id = off(admin, *vouchers)
        until(lambda: handled(job_id) == 2, 30)
        for pid in (mortal.pid, horse_of(mortal)):
            os.kill(pid, signal.SIGKILL)
        mortal.wait(timeout=15)
    make_old()
    assert sweep_jobs() == 1
    with running(settings, IMPORTS):
        done = over(job_id)
    assert done.result == {"total": 3, "handled": 3, "takenDown": 3, "skipped": []}
    assert (done.state, done.attempts, states(vouchers)) == ("DONE", 2, ["OFF"] * 3)
    assert count(AuditEntry) == before + 1 + 3


def test_a_redis_that_lost_everything_loses_no_job(admin: Caller, settings: Settings) -> None:
    with redis.Redis.from_url(settings.redis_url) as client:
        jobs = [send_async(admin, BOOK) for _ in range(3)]
        client.flushall()
        make_old()
    with running(settings, IMPORTS, ("scheduler",)):
        assert {ended(admin, job_id)["state"] for job_id in jobs} == {"DONE"}
    assert kept() == (3, 9)


def test_a_queue_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nothing"]) == 2
    assert "imports|takedown" in capsys.readouterr().err

"""Pools whose worker is killed with all that it runs: another worker fills them, once."""

import os
import signal
import uuid

import pytest
from sqlalchemy import func, update

from tests.support import coupons
from tests.support.errands import count, job, over
from tests.support.workers import horse_of, running, start, until
from voucherweb.config import Settings
from voucherweb.models import Coupon, Job
from voucherweb.services import cleanup, jobs
from voucherweb.services.proof import prove
from voucherweb.transaction import session, unit_of_work
from voucherweb.workers.schedule import sweep_jobs

IMPORTS = ("run", "imports")


def asked(tenant_id: str, what: str) -> uuid.UUID:
    if what == "generation":
        return coupons.asked_pool(tenant_id, 3)
    return coupons.asked_import(tenant_id, coupons.csv_file(["A-1", "A-2", "A-3"]))


@pytest.mark.parametrize("what", ["generation", "import"])
def test_the_job_of_a_killed_worker_is_done_in_the_end(
    tenant_id: str, settings: Settings, what: str
) -> None:
    mortal = start(settings, *IMPORTS)
    with coupons.held(settings):
        job_id = asked(tenant_id, what)
        until(lambda: job(job_id).state == "RUNNING", 90)
        for pid in (mortal.pid, horse_of(mortal)):
            os.kill(pid, signal.SIGKILL)
        mortal.wait(timeout=15)
    with unit_of_work():
        then = func.now() - jobs.STALE * 2
        session.execute(update(Job).values(created_at=then, heartbeat_at=then))
    assert cleanup.forget_unfilled_sets() == 0
    assert sweep_jobs() == 1
    with running(settings, IMPORTS):
        done = over(job_id, 60)
    assert (done.state, done.attempts) == ("DONE", 2)
    assert coupons.statuses(job_id) == ["PENDING"] * 3
    assert count(Coupon) == 3
    assert prove().ok

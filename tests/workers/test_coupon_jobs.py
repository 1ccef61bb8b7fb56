"""Pools filled by a real worker: done, cancelled, killed, tried again, never half."""

import os
import signal
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, update

from tests.support import coupons
from tests.support.cast import Caller
from tests.support.errands import as_actor, claimed, count, job, over, silent, store
from tests.support.workers import Program, horse_of, running, until
from voucherweb.config import Settings
from voucherweb.domain.actor import OPERATOR
from voucherweb.models import CodeImportFailure, Coupon, CouponSet, Job
from voucherweb.services import cleanup, coupon_imports, coupon_jobs, coupon_sets, jobs
from voucherweb.services.jobs import Attempt, Superseded
from voucherweb.services.proof import prove
from voucherweb.storage.keys import import_key
from voucherweb.transaction import session, unit_of_work

IMPORTS = ("run", "imports")
FILE = coupons.csv_file(["A-1", "A-2", "A-3"])
Ask = Callable[[str], uuid.UUID]


def ask_generation(tenant_id: str) -> uuid.UUID:
    return coupons.asked_pool(tenant_id, 3)


def ask_import(tenant_id: str) -> uuid.UUID:
    return coupons.asked_import(tenant_id, FILE)


both = pytest.mark.parametrize("ask", [ask_generation, ask_import])


@pytest.fixture(scope="module")
def worker(migrated: Flask, settings: Settings) -> Iterator[Program]:
    with running(settings, IMPORTS) as (program,):
        yield program


def begun(job_id: uuid.UUID) -> None:
    until(lambda: job(job_id).state == "RUNNING", 30)


def swept() -> int:
    """How many sets are left after a clean-up."""
    cleanup.forget_unfilled_sets()
    return count(CouponSet)


def nothing_left(tenant_id: str) -> None:
    """No pool is shown, and after the next clean-up there is none."""
    with unit_of_work():
        assert coupon_sets.list_sets(uuid.UUID(tenant_id), 10) == ([], 0)
    until(lambda: swept() == 0)
    assert count(Coupon) == 0


@both
def test_a_worker_fills_a_pool(tenant_id: str, worker: Program, ask: Ask) -> None:
    done = over(ask(tenant_id))
    assert (done.state, done.progress) == ("DONE", 100)
    assert done.result == {"setId": str(done.id), "total": 3, "success": 3, "failed": 0}
    row = coupons.set_row(done.id)
    assert (row.status, row.total, row.last_ordinal) == ("ACTIVE", 3, 0)
    assert coupons.statuses(done.id) == ["PENDING"] * 3
    assert store().stat(import_key(done.id, "csv")) is None
    assert prove().ok


def test_codes_in_their_ten_thousands(tenant_id: str, worker: Program) -> None:
    done = over(coupons.asked_pool(tenant_id, 25_000, prefix="VIP-"), 60)
    assert done.result["success"] == 25_000
    codes = coupons.codes_of(done.id)
    assert len(set(codes)) == 25_000
    assert all(code.startswith("VIP-") for code in codes)
    assert prove().ok


@both
def test_a_cancelled_job_leaves_no_pool(
    admin: Caller, settings: Settings, worker: Program, ask: Ask
) -> None:
    with coupons.held(settings):
        running_one, waiting = ask(admin.tenant_id), ask(admin.tenant_id)
        begun(running_one)
        for one in (waiting, running_one):
            with unit_of_work():
                cancelled(one, as_actor(admin))
        with unit_of_work():
            assert coupon_sets.list_sets(uuid.UUID(admin.tenant_id), 10) == ([], 0)
    nothing_left(admin.tenant_id)
    assert over(ask(admin.tenant_id)).state == "DONE"
    assert (count(CouponSet), count(Coupon)) == (1, 3)


def cancelled(job_id: uuid.UUID, actor: Any) -> None:
    assert jobs.cancel_own(actor, job_id).state == "CANCELLED"


@both
def test_one_that_cannot_hear_of_its_cancelling_keeps_nothing(
    tenant_id: str, settings: Settings, worker: Program, ask: Ask
) -> None:
    with coupons.held(settings):
        job_id = ask(tenant_id)
        begun(job_id)
        with unit_of_work():  # The row alone: no message reaches the worker.
            session.execute(update(Job).values(state="CANCELLED", finished_at=func.now()))
    other = ask(tenant_id)
    assert over(other).state == "DONE"
    until(lambda: swept() == 1)
    assert (count(CouponSet), count(Coupon)) == (1, 3)
    assert job(job_id).state == "CANCELLED"


@both
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT])
def test_the_death_of_its_process_fails_that_job_alone(
    tenant_id: str, settings: Settings, worker: Program, ask: Ask, number: int
) -> None:
    with coupons.held(settings):
        job_id = ask(tenant_id)
        begun(job_id)
        os.kill(horse_of(worker), number)
        failed = over(job_id)
    assert failed.state == "FAILED"
    assert jobs.refusal_of(failed).details
    nothing_left(tenant_id)
    assert store().stat(import_key(job_id, "csv")) is None
    assert over(ask(tenant_id)).state == "DONE"
    assert worker.poll() is None


def do(attempt: Attempt, on_progress: Callable[[int], None] = silent) -> None:
    """An attempt of either kind, in this process."""
    if attempt.kind == jobs.COUPON_GENERATE:
        coupon_jobs.run_generation(attempt, on_progress)
    else:
        coupon_imports.run_import(attempt, store(), on_progress)


@both
def test_done_twice_is_done_once(tenant_id: str, ask: Ask) -> None:
    attempt = claimed(ask(tenant_id))
    do(attempt)
    before = coupons.of_everything()
    # As if the removal of the file had come to nothing.
    store().write(import_key(attempt.job_id, "csv"), FILE[1])
    with pytest.raises(Superseded):
        do(attempt)
    assert coupons.of_everything() == before


@both
def test_what_hears_of_its_end_midway_leaves_nothing(tenant_id: str, ask: Ask) -> None:
    attempt = claimed(ask(tenant_id))

    def superseded(percent: int) -> None:
        if percent > 0:
            raise Superseded

    with pytest.raises(Superseded):
        do(attempt, superseded)
    assert (count(Coupon), count(CodeImportFailure)) == (0, 0)
    assert coupons.set_row(attempt.job_id).status == "PENDING"


def test_codes_that_were_made_before_are_made_anew(
    tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    coupons.imported(tenant_id, ["TAKEN"])
    made = iter([["TAKEN"], ["FREE"]])
    monkeypatch.setattr(coupon_jobs, "chunks", lambda *_: iter([next(made)]))
    pool = coupons.pool(tenant_id, 1)
    assert coupons.codes_of(pool) == ["FREE"]
    assert coupons.set_row(pool).status == "ACTIVE"


def test_a_file_that_cannot_be_read_fails_its_job(tenant_id: str, worker: Program) -> None:
    failed = over(coupons.asked_import(tenant_id, ("codes.xlsx", b"PK no workbook")))
    assert (failed.state, failed.error["code"]) == (
        "FAILED",
        "SERVICE_ERROR.IMPORT_FILE_NOT_READABLE",
    )
    until(lambda: not count(CouponSet))
    until(lambda: store().stat(import_key(failed.id, "xlsx")) is None)


def test_a_pool_whose_job_goes_on_is_left_alone(tenant_id: str) -> None:
    waiting = coupons.asked_pool(tenant_id, 3)
    assert cleanup.forget_unfilled_sets() == 0
    claimed(waiting)
    assert cleanup.forget_unfilled_sets() == 0
    with unit_of_work():
        assert session.get_one(CouponSet, waiting).status == "PENDING"


def test_the_platform_may_have_pools_of_its_own(app: Flask, worker: Program) -> None:
    done = over(coupons.asked_pool(None, 2))
    assert done.state == "DONE"
    assert coupons.set_row(done.id).tenant_id is None
    assert job(done.id).actor == OPERATOR.key

"""Exports and bulk take-downs with real workers: done, cancelled, killed, gone on with."""

import io
import os
import signal
import uuid
from collections.abc import Iterator

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import func, select, update

from tests.support.cast import Caller, issue, voucher_row
from tests.support.errands import (
    as_actor,
    asked,
    count,
    downloaded,
    handled,
    holding,
    job,
    off,
    over,
    states,
)
from tests.support.workers import Program, horse_of, running, until
from voucherweb.config import Settings
from voucherweb.errors import Refusal
from voucherweb.models import AuditEntry, Job
from voucherweb.services import bulk, jobs
from voucherweb.transaction import session, unit_of_work

IMPORTS = ("run", "imports")


@pytest.fixture(scope="module")
def worker(migrated: Flask, settings: Settings) -> Iterator[Program]:
    with running(settings, IMPORTS) as (program,):
        yield program


def test_a_worker_writes_an_export(admin: Caller, worker: Program) -> None:
    issue(admin, title="拿鐵")
    done = over(asked(admin, "VOUCHERS", "xlsx"))
    assert (done.state, done.progress, done.result["rows"]) == ("DONE", 100, 1)
    sheet = openpyxl.load_workbook(io.BytesIO(downloaded(admin, done.id))).worksheets[0]
    assert (sheet["B2"].value, sheet.max_row) == ("拿鐵", 2)
    assert done.result["fileName"].endswith(".xlsx")


def test_a_worker_takes_down_what_is_up_and_tells_why_not_the_rest(
    admin: Caller, stranger: Caller, worker: Program
) -> None:
    up, draft, foreign = issue(admin), issue(admin, on=False), issue(stranger)
    done = over(off(admin, up, draft, foreign, up))
    assert done.result | {"skipped": None} == {
        "total": 3,
        "handled": 3,
        "takenDown": 1,
        "skipped": None,
    }
    assert done.result["skipped"] == [
        {
            "id": draft,
            "voucherNo": voucher_row(draft).voucher_no,
            "title": "CITY CAFE 中杯拿鐵",
            "code": "VOUCHER_UPDATE_STATUS_NOT_ALLOWED",
        },
        {"id": foreign, "voucherNo": None, "title": None, "code": "NOT_EXIST"},
    ]
    assert states([up, draft, foreign]) == ["OFF", "NONE", "ON"]
    with unit_of_work():
        entry = session.query(AuditEntry).filter_by(action="voucher.status", object_id=up)
        assert entry.order_by(AuditEntry.id.desc()).first().actor == f"admin:{admin.id}"


def test_a_cancellation_comes_between_two_vouchers(
    admin: Caller, settings: Settings, worker: Program
) -> None:
    vouchers = [issue(admin) for _ in range(4)]
    with holding(settings, vouchers[2]):
        job_id = off(admin, *vouchers)
        until(lambda: handled(job_id) == 2)
        with unit_of_work():
            assert jobs.cancel_own(as_actor(admin), job_id).state == "CANCELLED"
    assert over(off(admin, issue(admin))).state == "DONE"
    assert states(vouchers) == ["OFF", "OFF", "ON", "ON"]
    assert (job(job_id).state, job(job_id).result["takenDown"]) == ("CANCELLED", 2)


def test_one_that_cannot_hear_of_its_cancelling_does_nothing_more(
    admin: Caller, settings: Settings, worker: Program
) -> None:
    vouchers = [issue(admin) for _ in range(3)]
    with holding(settings, vouchers[1]):
        job_id = off(admin, *vouchers)
        until(lambda: handled(job_id) == 1)
        with unit_of_work():  # The row alone: no message reaches the worker.
            session.execute(update(Job).values(state="CANCELLED", finished_at=func.now()))
    assert over(off(admin, issue(admin))).state == "DONE"
    assert states(vouchers) == ["OFF", "ON", "ON"]


def test_the_death_of_its_process_fails_a_bulk_alone(
    admin: Caller, settings: Settings, worker: Program
) -> None:
    vouchers = [issue(admin) for _ in range(3)]
    with holding(settings, vouchers[1]):
        job_id = off(admin, *vouchers)
        until(lambda: handled(job_id) == 1)
        os.kill(horse_of(worker), signal.SIGABRT)
        failed = over(job_id)
    refusal = jobs.refusal_of(failed)
    assert (failed.state, refusal.error.code) == ("FAILED", "API_ERROR.UNAVAILABLE")
    assert "SIGABRT" in refusal.details[0].zh
    assert over(asked(admin, "VOUCHERS")).state == "DONE"
    assert worker.poll() is None


@pytest.mark.parametrize("ids", [[], [uuid.UUID(int=n) for n in range(1001)]], ids=["0", "1001"])
def test_too_few_or_too_many_are_refused(admin: Caller, ids: list[uuid.UUID]) -> None:
    with pytest.raises(Refusal, match="INVALID_PARAMETER"), unit_of_work():
        bulk.start_take_down(as_actor(admin), ids)
    assert count(Job) == 0


def test_the_platform_takes_nothing_down(platform: Caller, admin: Caller) -> None:
    voucher_id = uuid.UUID(issue(admin))
    with pytest.raises(Refusal, match="FORBIDDEN"), unit_of_work():
        bulk.start_take_down(as_actor(platform), [voucher_id])
    assert count(Job) == 0


def test_contract_a_knows_imports_only(admin: Caller, worker: Program) -> None:
    for job_id in (off(admin, issue(admin)), asked(admin, "VOUCHERS")):
        for answer in (
            admin.get(f"/voucher-mgmt/jobs/{job_id}"),
            admin.post(f"/voucher-mgmt/jobs/{job_id}/cancel"),
        ):
            assert (answer.status_code, answer.json["errorMsg"]) == (400, "API_ERROR.NOT_EXIST")
        assert over(job_id).state == "DONE"
    with unit_of_work():
        assert session.scalar(select(func.count()).where(Job.state == "CANCELLED")) == 0

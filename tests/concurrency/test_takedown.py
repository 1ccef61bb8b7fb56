"""Take-downs on time, with real schedulers and workers (behaviour §5)."""

import os
import signal
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from tests.support.cast import Caller
from tests.support.shelves import last_taken_down, shelve, still_on
from tests.support.workers import (
    coupons,
    held,
    look,
    running,
    send_async,
    start,
    until,
    workbook,
)
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.models import AuditEntry, Job
from voucherweb.transaction import session, unit_of_work

TAKEDOWN = ("run", "takedown")
SCHEDULER = ("scheduler",)
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module", autouse=True)
def worker(migrated: Flask, settings: Settings) -> Iterator[None]:
    with running(settings, TAKEDOWN):
        yield


def entries() -> int:
    """How many take-downs the audit log knows."""
    with unit_of_work():
        query = select(func.count()).where(AuditEntry.action == "voucher.take_down")
        return session.scalar(query) or 0


def assert_down_in_time(end: datetime) -> None:
    """Nothing comes down before its end, everything within a second after it."""
    until(lambda: still_on() == 0 or clock.now() > end, 30)
    assert clock.now() > end, "some came down too early"
    until(lambda: still_on() == 0, 10)
    assert timedelta(0) < last_taken_down() - end < SECOND


def test_a_thousand_vouchers_come_down_to_the_second(tenant_id: str, settings: Settings) -> None:
    with running(settings, SCHEDULER):
        end = clock.now() + 2 * SECOND
        shelve(tenant_id, 1000, end)
        assert_down_in_time(end)
    assert entries() == 1000


@pytest.mark.drill
def test_ten_thousand_vouchers_come_down_to_the_second(tenant_id: str, settings: Settings) -> None:
    with running(settings, SCHEDULER):
        end = clock.now() + 5 * SECOND
        shelve(tenant_id, 10_000, end)
        assert_down_in_time(end)
    assert entries() == 10_000


def test_what_ended_while_nothing_ran_comes_down_at_the_start(
    tenant_id: str, settings: Settings
) -> None:
    shelve(tenant_id, 100, clock.now() - timedelta(days=1))
    with running(settings, SCHEDULER):
        until(lambda: still_on() == 0, 3)


def test_a_second_scheduler_does_no_harm_and_takes_over(tenant_id: str, settings: Settings) -> None:
    with running(settings, SCHEDULER) as (leader,):
        rival = start(settings, *SCHEDULER)
        try:
            end = clock.now() + 3 * SECOND
            shelve(tenant_id, 200, end)
            assert_down_in_time(end)
            assert entries() == 200
            until(_one_stands_by)
            os.kill(leader.pid, signal.SIGKILL)
            end = clock.now() + SECOND
            shelve(tenant_id, 200, end)
            assert_down_in_time(end)
        finally:
            rival.terminate()
            assert rival.wait(timeout=10) == 0
    assert entries() == 400


def _one_stands_by() -> bool:
    with unit_of_work():
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        return session.scalar(text(waiting)) == 1


def test_parsing_delays_no_take_down(tenant_id: str, admin: Caller, settings: Settings) -> None:
    with running(settings, ("run", "imports"), SCHEDULER), held(settings):
        jobs = [send_async(admin, workbook(coupons(10))) for _ in range(5)]
        until(lambda: look(admin, jobs[0])["state"] == "RUNNING")
        end = clock.now() + SECOND
        shelve(tenant_id, 100, end)
        assert_down_in_time(end)
        assert {look(admin, job)["state"] for job in jobs[1:]} == {"QUEUED"}


def test_a_voucher_under_an_admins_hand_follows_when_it_is_let_go(
    tenant_id: str, settings: Settings
) -> None:
    shelve(tenant_id, 3, clock.now() - SECOND)
    with unit_of_work():
        connection = session.connection().connection.driver_connection
        assert connection is not None
        connection.execute("SELECT 1 FROM vouchers ORDER BY id LIMIT 1 FOR UPDATE")
        with running(settings, SCHEDULER):
            until(lambda: connection.execute(ON).fetchone() == (1,), 5)
            connection.rollback()
            until(lambda: connection.execute(ON).fetchone() == (0,), 5)


ON = "SELECT count(*) FROM vouchers WHERE status = 'ON'"


def test_the_jobs_table_tells_of_each_take_down(tenant_id: str, settings: Settings) -> None:
    shelve(tenant_id, 10, clock.now() - SECOND)
    with running(settings, SCHEDULER):
        until(lambda: still_on() == 0, 5)
        until(lambda: _results() == [{"count": 10}])


def _results() -> list[object]:
    with unit_of_work():
        return list(session.scalars(select(Job.result).where(Job.kind == "TAKE_DOWN")))

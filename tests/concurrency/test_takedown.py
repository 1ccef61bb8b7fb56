"""Take-downs on time, with real schedulers and workers (behaviour §5)."""

import os
import signal
from collections.abc import Iterator
from datetime import datetime, timedelta

import psycopg
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
def workers(migrated: Flask, settings: Settings) -> Iterator[None]:
    with running(settings, TAKEDOWN, ("run", "imports")):
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


@pytest.mark.drill
def test_ten_thousand_vouchers_come_down_to_the_second(tenant_id: str, settings: Settings) -> None:
    with running(settings, SCHEDULER):
        end = clock.now() + 5 * SECOND
        shelve(tenant_id, 10_000, end)
        assert_down_in_time(end)
    assert entries() == 10_000


def test_a_thousand_come_down_once_under_two_schedulers_and_the_second_takes_over(
    tenant_id: str, settings: Settings
) -> None:
    with running(settings, SCHEDULER) as (leader,), running(settings, SCHEDULER):
        until(_one_stands_by)
        end = clock.now() + SECOND
        shelve(tenant_id, 1000, end)
        assert_down_in_time(end)
        assert entries() == 1000
        os.kill(leader.pid, signal.SIGKILL)
        end = clock.now() + SECOND
        shelve(tenant_id, 200, end)
        assert_down_in_time(end)
    assert entries() == 1200


def _one_stands_by() -> bool:
    with unit_of_work():
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        return session.scalar(text(waiting)) == 1


def test_parsing_delays_no_take_down(tenant_id: str, admin: Caller, settings: Settings) -> None:
    with running(settings, SCHEDULER), held(settings):
        jobs = [send_async(admin, workbook(coupons(10))) for _ in range(5)]
        until(lambda: look(admin, jobs[0])["state"] == "RUNNING")
        end = clock.now() + SECOND
        shelve(tenant_id, 100, end)
        assert_down_in_time(end)
        assert {look(admin, job)["state"] for job in jobs[1:]} == {"QUEUED"}


def test_what_ended_while_nothing_ran_comes_down_at_the_start(
    tenant_id: str, settings: Settings
) -> None:
    shelve(tenant_id, 100, clock.now() - timedelta(days=1))
    with psycopg.connect(settings.database_url) as admin, running(settings, SCHEDULER):
        # One that somebody holds follows when it is let go; the others do not wait for it.
        admin.execute("SELECT 1 FROM vouchers ORDER BY id LIMIT 1 FOR UPDATE")
        until(lambda: still_on() <= 1, 3)
        admin.rollback()
        until(lambda: still_on() == 0, 3)
        until(lambda: sum(_counts()) == 100)


def _counts() -> list[int]:
    """What the jobs table tells of the take-downs that have ended."""
    with unit_of_work():
        query = select(Job.result["count"].as_integer()).where(Job.state == "DONE")
        return list(session.scalars(query))

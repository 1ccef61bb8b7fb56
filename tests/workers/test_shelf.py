"""The rule of the take-down, and its traces (behaviour §5)."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from tests.support.shelves import shelve, still_on
from voucherweb.domain import clock
from voucherweb.models import AuditEntry, Job, Voucher
from voucherweb.services import jobs, shelf
from voucherweb.transaction import session, unit_of_work

END = datetime(2030, 1, 1, 15, 59, 59, 999_000, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def take_down() -> int:
    """A take-down as the worker runs it, in this process."""
    with unit_of_work():
        attempt = jobs.claim(jobs.submit_once(jobs.TAKE_DOWN))
    assert attempt is not None
    return shelf.take_down(attempt)


def test_a_voucher_stays_up_through_its_last_millisecond(app: Flask, tenant_id: str) -> None:
    shelve(tenant_id, 1, END)
    with clock.frozen(END):
        assert take_down() == 0
    with clock.frozen(END + MILLISECOND):
        assert take_down() == 1
    assert still_on() == 0


def test_a_voucher_that_nobody_can_use_any_more_comes_down(app: Flask, tenant_id: str) -> None:
    shelve(tenant_id, 1, END + timedelta(days=9), use_end=END)
    with clock.frozen(END + MILLISECOND):
        assert take_down() == 1


def test_the_next_end_is_the_first_millisecond_after_the_earliest(
    app: Flask, tenant_id: str
) -> None:
    with unit_of_work():
        assert shelf.next_end() is None
    shelve(tenant_id, 1, END + timedelta(days=9), use_end=END + timedelta(days=3))
    shelve(tenant_id, 1, END)
    with unit_of_work():
        assert shelf.next_end() == END + MILLISECOND


def test_a_take_down_is_an_update_and_leaves_an_entry_of_the_system(
    app: Flask, tenant_id: str
) -> None:
    shelve(tenant_id, 1, END)
    with clock.frozen(END + MILLISECOND):
        take_down()
    with unit_of_work():
        voucher = session.scalars(select(Voucher)).one()
        entry = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "voucher.take_down")
        ).one()
        assert voucher.updated_at == entry.at == END + MILLISECOND
        assert (entry.actor, entry.object_id) == ("system", str(voucher.id))
        assert entry.data == {"ended": "on"}


def test_a_take_down_takes_more_than_a_chunk(
    app: Flask, tenant_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "CHUNK", 100)
    shelve(tenant_id, 301, END)
    with clock.frozen(END + MILLISECOND):
        assert take_down() == 301
    with unit_of_work():
        assert session.scalars(select(Job.result)).one() == {"count": 301}


def test_a_waiting_take_down_is_not_asked_for_twice(app: Flask) -> None:
    with unit_of_work():
        first = jobs.submit_once(jobs.TAKE_DOWN)
    with unit_of_work():
        assert jobs.submit_once(jobs.TAKE_DOWN) == first

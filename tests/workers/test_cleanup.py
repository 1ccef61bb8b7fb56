"""What time makes useless goes, and nothing else does."""

import uuid
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, select, update

from tests.support import errands
from tests.support.cast import Caller, voucher_body
from tests.support.errands import count
from voucherweb.domain import clock
from voucherweb.models import (
    AuthSession,
    Coupon,
    CouponImport,
    CouponImportFailure,
    CouponSet,
    IdempotencyKey,
    Job,
)
from voucherweb.services import cleanup, coupons
from voucherweb.storage.keys import export_key, import_key
from voucherweb.transaction import session, unit_of_work
from voucherweb.workers.schedule import CHORES

ROW = ("券", "說明", "https://example.test/c")


def make_import(tenant_id: str, age: timedelta) -> str:
    """An import of one good and one bad row."""
    with unit_of_work():
        kept = CouponImport(
            id=uuid.uuid4(),
            tenant_id=uuid.UUID(tenant_id),
            coupon_set_id=coupons.create_set(uuid.UUID(tenant_id), [ROW]).id,
            total=2,
            success=1,
            failed=1,
            expires_at=clock.now() + timedelta(days=7) - age,
        )
        session.add(kept)
        session.flush()
        values = dict.fromkeys(("title", "description", "url"), "")
        session.execute(
            insert(CouponImportFailure).values(
                import_id=kept.id, row_number=3, columns=["url"], reasons=["必填"], **values
            )
        )
        return str(kept.id)


def test_imports_go_after_seven_days_with_all_they_hold(app: Flask, tenant_id: str) -> None:
    make_import(tenant_id, timedelta(days=7))
    make_import(tenant_id, timedelta(days=6))
    assert cleanup.forget_imports() == 1
    tables = (CouponImport, CouponImportFailure, CouponSet, Coupon)
    assert [count(table) for table in tables] == [1, 1, 1, 1]


def test_coupons_that_a_voucher_took_stay(admin: Caller) -> None:
    import_id = make_import(str(admin.tenant_id), timedelta(days=6))
    offer = {"voucherType": "06", "volume": 1, "couponImportId": import_id}
    admin.data("/voucher-mgmt/voucher/add", voucher_body(**offer))
    with unit_of_work():
        session.execute(update(CouponImport).values(expires_at=clock.now()))
    assert cleanup.forget_imports() == 1
    assert (count(CouponImport), count(Coupon)) == (0, 1)


def test_idempotency_keys_go_after_a_day(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleanup, "BITE", 2)
    ages = [timedelta(hours=25)] * 5 + [timedelta(hours=23)]
    with unit_of_work():
        for number, age in enumerate(ages):
            row = {"caller": "x", "key": str(number), "fingerprint": b""}
            session.execute(insert(IdempotencyKey).values(created_at=clock.now() - age, **row))
    assert cleanup.forget_idempotency_keys() == 5
    assert count(IdempotencyKey) == 1


def test_expired_sign_ins_go(admin: Caller, stranger: Caller) -> None:
    old = select(AuthSession.id).where(AuthSession.admin_id == uuid.UUID(admin.id))
    with unit_of_work():
        past = clock.now() - timedelta(seconds=1)
        session.execute(update(AuthSession).where(AuthSession.id.in_(old)).values(expires_at=past))
    assert cleanup.forget_sessions() == 1
    assert stranger.post("/voucher-mgmt/voucher/list").status_code == 200


def test_the_workbook_of_an_import_that_ended_badly_goes(app: Flask, tenant_id: str) -> None:
    store, job_id = app.extensions["storage"], uuid.uuid4()
    store.write(import_key(job_id), b"x")
    with unit_of_work():
        job = {"id": job_id, "kind": "IMPORT", "actor": "x", "params": {"stored": True}}
        session.execute(insert(Job).values(state="FAILED", **job))
    assert cleanup.forget_workbooks(store) == 1
    assert store.stat(import_key(job_id)) is None
    assert cleanup.forget_workbooks(store) == 0


def make_export(state: str, age: timedelta) -> uuid.UUID:
    """An export that ended so long ago, after two attempts that each left a file."""
    store, job_id = errands.store(), uuid.uuid4()
    for attempt in (1, 2):
        store.write(export_key(job_id, attempt, "csv"), b"x")
    with unit_of_work():
        job = {"id": job_id, "kind": "EXPORT", "actor": "x", "attempts": 2, "state": state}
        params = {"stored": True, "format": "csv", "what": "VOUCHERS"}
        end = clock.now() - age
        session.execute(insert(Job).values(**job, params=params, finished_at=end))
    return job_id


@pytest.mark.parametrize(
    ("state", "age", "kept"),
    [
        ("DONE", timedelta(days=6), 2),
        ("DONE", timedelta(days=7, seconds=1), 0),
        ("FAILED", timedelta(minutes=2), 0),
        ("CANCELLED", timedelta(minutes=2), 0),
        ("CANCELLED", timedelta(seconds=5), 2),
    ],
    ids=["done", "old", "failed", "cancelled", "just cancelled"],
)
def test_the_files_of_exports_go_in_their_time(
    app: Flask, state: str, age: timedelta, kept: int
) -> None:
    job_id = make_export(state, age)
    assert cleanup.forget_exports(errands.store()) == (kept == 0)
    keys = [export_key(job_id, attempt, "csv") for attempt in (1, 2)]
    assert sum(errands.store().stat(key) is not None for key in keys) == kept


def test_no_job_is_forgotten_before_its_file(app: Flask) -> None:
    make_export("DONE", timedelta(days=8))
    assert cleanup.forget_jobs() == 0
    cleanup.forget_exports(errands.store())
    assert cleanup.forget_jobs() == 1


def test_jobs_go_a_week_after_their_end(app: Flask) -> None:
    with unit_of_work():
        for days in (8, 6):
            end = clock.now() - timedelta(days=days)
            row = {"kind": "IMPORT", "actor": "x", "state": "DONE"}
            session.execute(insert(Job).values(finished_at=end, **row))
    assert cleanup.forget_jobs() == 1
    assert count(Job) == 1


@pytest.mark.parametrize("chore", CHORES, ids=lambda chore: chore.name)
def test_every_chore_of_the_schedule_runs_over_nothing(app: Flask, chore: object) -> None:
    assert chore.do() == 0  # type: ignore[attr-defined]

"""Imports of a visitor as their job leaves them, and workbooks to upload on the pages."""

import io
import uuid
from typing import Any

from flask import Flask

from tests.support import cast, workers
from tests.support.errands import count
from tests.support.site import Visitor
from voucherweb.domain import clock
from voucherweb.domain.coupon_rules import check_coupon
from voucherweb.models import AuditEntry, Coupon, CouponImport, CouponImportFailure, Job
from voucherweb.services import imports
from voucherweb.services.jobs import IMPORT
from voucherweb.spreadsheets.coupons import CouponRow, FailedRow
from voucherweb.transaction import session, unit_of_work

LIST = "/admin/imports"
GOOD = ("新券", "新說明", "https://example.test/new")


def bad_row(number: int) -> FailedRow:
    """A row without a title and with an address that is none."""
    texts = ("", f"Text {number}", "ftp://x")
    return FailedRow(number, *texts, tuple(check_coupon(*texts)))


def ended_import(
    tenant_id: str | None, good: int = 2, failed: int = 2
) -> tuple[uuid.UUID, uuid.UUID]:
    """The job and the import of a workbook: so many good rows, then so many refused ones."""
    tenant = uuid.UUID(str(tenant_id))
    rows: list[Any] = [
        CouponRow(f"Coupon {n}", "Text", f"https://example.test/{n}") for n in range(1, good + 1)
    ]
    rows += [bad_row(good + 1 + n) for n in range(1, failed + 1)]
    with unit_of_work():
        job = Job(kind=IMPORT, actor=f"admin:{uuid.uuid4()}", tenant_id=tenant, state="RUNNING")
        job.params, job.attempts, job.started_at = {"fileName": "july.xlsx"}, 1, clock.now()
        session.add(job)
        session.flush()
        attempt = imports.Attempt(job.id, 1, IMPORT, tenant, {}, job.actor)
        result = imports._keep(attempt, iter(rows))
        job.state, job.progress, job.finished_at = "DONE", 100, clock.now()
        job.result = result.as_json()
        return job.id, result.import_id


def running_import(tenant_id: str | None, progress: int = 40) -> uuid.UUID:
    """A job that some worker is at."""
    with unit_of_work():
        job = Job(kind=IMPORT, actor="admin:x", tenant_id=uuid.UUID(str(tenant_id)))
        job.state, job.progress, job.attempts = "RUNNING", progress, 1
        job.started_at = job.heartbeat_at = clock.now()
        session.add(job)
        session.flush()
        return job.id


def attached(data: bytes, name: str = "july.xlsx") -> dict[str, Any]:
    """The field of the upload form with this file chosen."""
    return {"file": (io.BytesIO(data), name)}


def a_workbook(rows: int = 3) -> bytes:
    return workers.workbook(workers.coupons(rows))


def address(job_id: uuid.UUID, *more: object) -> str:
    return "/".join([LIST, str(job_id), *map(str, more)])


def tables() -> list[int]:
    """How many rows there are of all that an import makes."""
    return [count(one) for one in (Job, Coupon, CouponImport, CouponImportFailure, AuditEntry)]


def corrected() -> dict[str, str]:
    """The fields of a row's form, put right."""
    return dict(zip(("title", "description", "url"), GOOD, strict=True))


def voucher_of(app: Flask, visitor: Visitor, settings: Any, import_id: uuid.UUID, n: int) -> None:
    """Issue the good rows, of which there are `n`."""
    caller = cast.make_admin(app.test_client(), settings, visitor.tenant_id)
    body = cast.voucher_body(voucherType="06", volume=n, couponImportId=str(import_id))
    caller.data("/voucher-mgmt/voucher/add", body)


def send_row(visitor: Visitor, path: str, row: int, *texts: str, at: str | None = None) -> Any:
    """Save a row as the list does, in place; the answer."""
    named = dict(zip(("title", "description", "url"), texts, strict=True))
    return visitor.post(
        f"{path}/rows/{row}",
        named,
        at=at or path,
        HX_Request="true",
        HX_Request_Type="partial",
        HX_Target=f"li#row-{row}",
        HX_Current_URL=f"http://localhost{path}",
    )

"""A coupon import for each tenant: parsed yesterday, a few rows failed, not yet issued."""

import uuid
from datetime import timedelta
from typing import Final

from voucherweb.demo.schedule import Calendar
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.coupon_rules import check_coupon, repeated
from voucherweb.domain.enums import JobState
from voucherweb.models import CouponImport, CouponImportFailure, Job
from voucherweb.services import audit, jobs
from voucherweb.services.coupons import create_set
from voucherweb.services.imports import KEEP, ImportResult
from voucherweb.transaction import session

TITLE: Final = "超商折價券 25 元"
DESCRIPTION: Final = "感謝您參加健康任務，請開啟網址取得券樣，至櫃台出示條碼即可折抵。"
_BAD_ROWS: Final = (
    (18, "", DESCRIPTION, "https://coupon.example/i/0017"),
    (45, TITLE, DESCRIPTION, "coupon.example/i/0044"),
    (73, TITLE, DESCRIPTION, "https://coupon.example/i/0001"),
)


def import_yesterday(admin: Actor, calendar: Calendar, good: int) -> None:
    """`good` coupons that a voucher may take, and the rows that failed."""
    if admin.tenant_id is None:
        raise ValueError("an import belongs to a tenant")
    at = calendar.at(-1, 15, good % 60)
    with clock.frozen(at):
        coupons = [(TITLE, DESCRIPTION, f"https://coupon.example/i/{n:04d}") for n in range(good)]
        pool = create_set(admin.tenant_id, coupons)
        kept = CouponImport(
            id=uuid.uuid4(),
            tenant_id=admin.tenant_id,
            coupon_set_id=pool.id,
            total=good + len(_BAD_ROWS),
            success=good,
            failed=len(_BAD_ROWS),
            created_at=at,
            expires_at=at + KEEP,
        )
        session.add(kept)
        session.flush()
        session.add_all(_failure(kept.id, *row) for row in _BAD_ROWS)
        result = ImportResult(kept.id, pool.id, kept.total, kept.success, kept.failed)
        _record_job(admin, result)


def _failure(
    import_id: uuid.UUID, row: int, title: str, description: str, url: str
) -> CouponImportFailure:
    problems = check_coupon(title, description, url) or [repeated(2)]
    return CouponImportFailure(
        import_id=import_id,
        row_number=row,
        title=title,
        description=description,
        url=url,
        columns=[problem.column for problem in problems],
        reasons=[problem.zh for problem in problems],
        reasons_en=[problem.en for problem in problems],
    )


def _record_job(admin: Actor, result: ImportResult) -> None:
    now = clock.now()
    job = Job(
        id=uuid.uuid4(),
        kind=jobs.IMPORT,
        tenant_id=admin.tenant_id,
        actor=admin.key,
        state=JobState.DONE,
        progress=100,
        params={"stored": True},
        result=result.as_json(),
        attempts=1,
        created_at=now,
        started_at=now + timedelta(milliseconds=40),
        heartbeat_at=now + timedelta(milliseconds=900),
        finished_at=now + timedelta(milliseconds=900),
    )
    session.add(job)
    audit.record(admin, "coupon.import", "job", job.id, bytes=12_288)
    session.flush()

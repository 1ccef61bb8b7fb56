"""Coupon sets that the demo's partner has from elsewhere: codes of a shop, imported yesterday with
two rows refused, and a set whose giving was paused."""

import uuid
from datetime import timedelta
from typing import Final

from voucherweb.demo.schedule import Calendar
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.coupon_terms import SetTerms
from voucherweb.domain.enums import CouponSource, JobState
from voucherweb.models import CodeImportFailure, Job
from voucherweb.services import audit, coupon_hands, coupon_jobs, coupon_sets, jobs
from voucherweb.transaction import session

GOOD: Final = 48
FILE: Final = {"fileName": "通路禮券.csv", "extension": "csv"}
_REFUSED: Final = (
    (12, "SHOP-0003", "與第 4 列的代碼重複", "is the same as in row 4"),
    (31, "", "必填", "is required"),
)
"""Rows of the file, whose first names the column: code, and why it was refused."""


def add_sets(admin: Actor, calendar: Calendar) -> None:
    """Both sets for the tenant of one admin."""
    with clock.frozen(calendar.at(-45, 14)):
        terms = SetTerms("週年慶點心券", calendar.at(-40, 0), calendar.at(40, 23), prefix="CAKE-")
        paused = coupon_hands.create_auto_set(admin, terms)
        paused.created_at = clock.now()
    with clock.frozen(calendar.at(-9, 17)):
        coupon_sets.pause(admin, paused.owner_id, paused.id)
    with clock.frozen(calendar.at(-1, 11)):
        _import(admin, SetTerms("通路禮券 200 元", calendar.at(-1, 0), calendar.at(90, 23)))


def _import(admin: Actor, terms: SetTerms) -> None:
    job_id = uuid.uuid4()
    checked = coupon_sets.checked(terms)
    pool = coupon_sets.add_pool(admin.tenant_id, admin.key, checked, CouponSource.IMPORT, job_id)
    codes = [f"SHOP-{number:04d}" for number in range(1, GOOD + 1)]
    coupon_jobs.copy_codes(pool, [codes], lambda _done: None)
    coupon_jobs.activate(pool, GOOD)
    pool.created_at = clock.now()
    _record_job(admin, job_id, terms.name, coupon_jobs.result_of(pool, GOOD, len(_REFUSED)))
    session.add_all(
        CodeImportFailure(
            job_id=job_id, row_number=row, code=code, reason=reason, reason_en=reason_en
        )
        for row, code, reason, reason_en in _REFUSED
    )
    audit.record(
        admin, "coupon_set.import", "coupon_set", job_id, admin.tenant_id, name=terms.name, **FILE
    )
    session.flush()


def _record_job(admin: Actor, job_id: uuid.UUID, name: str, result: dict[str, object]) -> None:
    now = clock.now()
    done = now + timedelta(milliseconds=700)
    session.add(
        Job(
            id=job_id,
            kind=jobs.COUPON_IMPORT,
            tenant_id=admin.tenant_id,
            actor=admin.key,
            state=JobState.DONE,
            progress=100,
            params={"stored": True, "name": name, **FILE},
            result=result,
            attempts=1,
            created_at=now,
            started_at=now + timedelta(milliseconds=40),
            heartbeat_at=done,
            finished_at=done,
        )
    )
    session.flush()

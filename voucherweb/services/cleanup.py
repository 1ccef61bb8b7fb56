"""What time makes useless is removed, in small bites so that nobody waits behind it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Executable, delete, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute

from voucherweb.domain import clock
from voucherweb.domain.enums import JobState
from voucherweb.models import AuthSession, CouponImport, CouponSet, IdempotencyKey, Job, Voucher
from voucherweb.services import idempotency, jobs
from voucherweb.services.coupon_sets import PENDING
from voucherweb.storage.keys import export_key, import_key
from voucherweb.storage.protocol import Storage
from voucherweb.transaction import session, unit_of_work

BITE: Final = 2000
_IMPORTS_A_BITE: Final = 20
KEEP_UPLOADS: Final = timedelta(days=7)
_SETTLED: Final = timedelta(minutes=1)
ENDED: Final = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


def in_bites(bite: Callable[[], int], fill: int | None = None) -> int:
    """Repeat a bite, each in a unit of work of its own, until one finds less than its fill."""
    total = 0
    while True:
        with unit_of_work():
            count = bite()
        total += count
        if count < (fill or BITE):
            return total


def deleted(statement: Executable) -> int:
    """The number of rows that a DELETE … RETURNING removed."""
    return len(session.execute(statement).all())


def forget_idempotency_keys() -> int:
    """Remove answers older than 24 h; how many (behaviour §2)."""
    key: tuple[InstrumentedAttribute[Any], ...] = (IdempotencyKey.caller, IdempotencyKey.key)
    before = clock.now() - idempotency.KEEP

    def bite() -> int:
        old = select(*key).where(IdempotencyKey.created_at < before).limit(BITE)
        doomed = old.with_for_update(skip_locked=True).cte("old")
        return deleted(
            delete(IdempotencyKey)
            .where(IdempotencyKey.caller == doomed.c.caller, IdempotencyKey.key == doomed.c.key)
            .returning(IdempotencyKey.caller)
        )

    return in_bites(bite)


def forget_imports() -> int:
    """Remove imports after their 7 days with their failures, and their coupons unless a voucher
    has taken them; how many imports (behaviour §8)."""
    return in_bites(_forget_some_imports, fill=_IMPORTS_A_BITE)


def _forget_some_imports() -> int:
    rows = session.execute(
        select(CouponImport.id, CouponImport.coupon_set_id)
        .where(CouponImport.expires_at <= clock.now())
        .limit(_IMPORTS_A_BITE)
        .with_for_update(skip_locked=True)
    ).all()
    sets = [row.coupon_set_id for row in rows]
    # Who takes a set locks it. Locked first and looked at afterwards, it is either taken or gone.
    session.execute(select(CouponSet.id).where(CouponSet.id.in_(sets)).with_for_update()).all()
    session.execute(delete(CouponImport).where(CouponImport.id.in_([row.id for row in rows])))
    taken = exists().where(Voucher.coupon_set_id == CouponSet.id)
    session.execute(delete(CouponSet).where(CouponSet.id.in_(sets), ~taken))
    return len(rows)


def forget_workbooks(storage: Storage) -> int:
    """Remove what imports that ended badly left in the object store; how many were looked at."""

    def bite() -> int:
        ended = session.scalars(
            select(Job)
            .where(
                Job.kind.in_(jobs.READ_FILES), Job.state.in_(ENDED), Job.params.has_key("stored")
            )
            .limit(_IMPORTS_A_BITE)
            .with_for_update(skip_locked=True)
        ).all()
        for job in ended:
            for extension in jobs.READ_FILES[job.kind]:
                storage.delete(import_key(job.id, extension))
            job.params = _unstored(job)
        return len(ended)

    return in_bites(bite, fill=_IMPORTS_A_BITE)


def forget_exports(storage: Storage) -> int:
    """Remove the files of exports: what one that ended badly left, and all after 7 days; how many
    exports were looked at."""
    bad = Job.state.in_((JobState.FAILED, JobState.CANCELLED))
    # A process that was just told to stop may still be writing.
    over = bad & (Job.finished_at < func.now() - _SETTLED)
    old = (Job.state == JobState.DONE) & (Job.finished_at < func.now() - jobs.KEEP)

    def bite() -> int:
        ended = session.scalars(
            select(Job)
            .where(Job.kind == jobs.EXPORT, over | old, Job.params.has_key("stored"))
            .limit(_IMPORTS_A_BITE)
            .with_for_update(skip_locked=True)
        ).all()
        for job in ended:
            for attempt in range(1, job.attempts + 1):
                storage.delete(export_key(job.id, attempt, job.params["format"]))
            job.params = _unstored(job)
        return len(ended)

    return in_bites(bite, fill=_IMPORTS_A_BITE)


def forget_unfilled_sets() -> int:
    """Remove pools of coupons whose job was cancelled or failed; how many."""
    goes_on = exists().where(Job.id == CouponSet.id, Job.state.in_(jobs.OPEN))

    def bite() -> int:
        # The process of a job that was cancelled just now may still hold its pool.
        doomed = (
            select(CouponSet.id)
            .where(CouponSet.status == PENDING, ~goes_on)
            .limit(_IMPORTS_A_BITE)
            .with_for_update(skip_locked=True)
        )
        return deleted(delete(CouponSet).where(CouponSet.id.in_(doomed)).returning(CouponSet.id))

    return in_bites(bite, fill=_IMPORTS_A_BITE)


def _unstored(job: Job) -> dict[str, Any]:
    return {name: value for name, value in job.params.items() if name != "stored"}


def forget_sessions() -> int:
    """Remove sign-ins that have expired, with their refresh tokens; how many sign-ins."""
    before = clock.now()

    def bite() -> int:
        old = select(AuthSession.id).where(AuthSession.expires_at < before).limit(BITE)
        return deleted(delete(AuthSession).where(AuthSession.id.in_(old)).returning(AuthSession.id))

    return in_bites(bite)


def forget_jobs() -> int:
    """Remove the records of jobs that ended 7 days ago and left no file; how many."""

    def bite() -> int:
        old = select(Job.id).where(
            Job.state.in_(ENDED),
            Job.finished_at < func.now() - jobs.KEEP,
            ~Job.params.has_key("stored"),
        )
        return deleted(delete(Job).where(Job.id.in_(old.limit(BITE))).returning(Job.id))

    return in_bites(bite)

"""Jobs: their life in the jobs table, the record that outlives Redis (behaviour §8).

QUEUED → RUNNING → DONE, FAILED or CANCELLED. Every step is one conditional statement, so a job that
is carried twice, cancelled or given up meanwhile is noticed by its row count. A running attempt is
named by the job's id and its number; only that attempt can end itself.
"""

import math
import uuid
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final

import structlog
from sqlalchemy import ColumnElement, and_, func, or_, select, update

from voucherweb import queueing
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import JobState, Role
from voucherweb.errors import ERRORS, Detail, Refusal, refuse
from voucherweb.models import Job
from voucherweb.services import audit
from voucherweb.transaction import after_commit, lock_key, session, unit_of_work

IMPORT: Final = "IMPORT"
EXPORT: Final = "EXPORT"
BULK_OFF: Final = "BULK_OFF"
COUPON_GENERATE: Final = "COUPON_GENERATE"
COUPON_IMPORT: Final = "COUPON_IMPORT"
TAKE_DOWN: Final = "TAKE_DOWN"
SYSTEM: Final = "system"
"""How the books and the audit log name the scheduler's doings."""
QUEUE_OF: Final = {
    IMPORT: queueing.IMPORTS,
    EXPORT: queueing.IMPORTS,
    BULK_OFF: queueing.IMPORTS,
    COUPON_GENERATE: queueing.IMPORTS,
    COUPON_IMPORT: queueing.IMPORTS,
    TAKE_DOWN: queueing.TAKEDOWN,
}
# The scheduler starts another take-down at its next tick, so that one is not tried again.
ATTEMPTS: Final = {
    IMPORT: 3,
    EXPORT: 3,
    BULK_OFF: 3,
    COUPON_GENERATE: 3,
    COUPON_IMPORT: 3,
    TAKE_DOWN: 1,
}
READ_FILES: Final = {IMPORT: ("xlsx",), COUPON_IMPORT: ("xlsx", "csv")}
"""The kinds whose file waits in the object store, and what kinds of files those are."""
STALE: Final = timedelta(seconds=15)
LOST: Final = timedelta(seconds=5)
KEEP: Final = timedelta(days=7)
"""For how long a job that has ended can be asked for: no longer than its import is kept."""
OPEN: Final = (JobState.QUEUED, JobState.RUNNING)
log = structlog.get_logger(__name__)


class Superseded(Exception):
    """This attempt is no longer the one that counts; nothing of it may be kept."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run of a job: its `number` counts from 1."""

    job_id: uuid.UUID
    number: int
    kind: str
    tenant_id: uuid.UUID | None
    params: dict[str, Any]
    actor: str


def actor_of(attempt: Attempt) -> Actor:
    """The admin who asked for a job, as far as services need to know."""
    role = Role.PLATFORM_ADMIN if attempt.tenant_id is None else Role.TENANT_ADMIN
    return Actor(role, uuid.UUID(attempt.actor.rpartition(":")[2]), attempt.tenant_id)


def submit(
    kind: str,
    actor: str,
    *,
    job_id: uuid.UUID | None = None,
    tenant_id: uuid.UUID | None = None,
    carried: bool = True,
    **params: Any,
) -> uuid.UUID:
    """Record a job; it is queued once this unit of work has committed, unless whoever records it
    does it at once: should he die over it, the sweep has it carried like any other."""
    job_id = job_id or uuid.uuid4()
    session.add(Job(id=job_id, kind=kind, actor=actor, tenant_id=tenant_id, params=params))
    session.flush()
    if carried:
        after_commit(partial(queueing.enqueue, QUEUE_OF[kind], job_id))
    return job_id


def submit_once(kind: str) -> uuid.UUID:
    """The job of this kind that still waits, carried again if Redis lost it, else a new one."""
    lock_key("job", kind)
    waiting = session.scalar(
        select(Job.id).where(Job.kind == kind, Job.state == JobState.QUEUED).limit(1)
    )
    if waiting is None:
        return submit(kind, SYSTEM)
    if str(waiting) not in queueing.waiting(QUEUE_OF[kind]):
        after_commit(partial(queueing.enqueue, QUEUE_OF[kind], waiting))
    return waiting


def claim(job_id: uuid.UUID) -> Attempt | None:
    """Begin the next attempt; None when the job is not waiting (carried twice, cancelled)."""
    row = session.execute(
        update(Job)
        .where(Job.id == job_id, Job.state == JobState.QUEUED)
        .values(
            state=JobState.RUNNING,
            progress=0,
            attempts=Job.attempts + 1,
            started_at=func.now(),
            heartbeat_at=func.now(),
        )
        .returning(Job.attempts, Job.kind, Job.tenant_id, Job.params, Job.actor)
    ).one_or_none()
    return Attempt(job_id, *row) if row else None


def _mine(attempt: Attempt) -> ColumnElement[bool]:
    return and_(
        Job.id == attempt.job_id, Job.state == JobState.RUNNING, Job.attempts == attempt.number
    )


def beat(attempt: Attempt, progress: int) -> bool:
    """Show that the attempt is alive and how far it is; False when it no longer counts.

    Only the end is 100 percent.
    """
    return _tell(attempt, progress)


def note(attempt: Attempt, progress: int, result: dict[str, Any]) -> None:
    """Keep what the attempt has done so far, in the unit of work that does it: nothing is done
    after a cancellation has committed. Raises `Superseded`."""
    if not _tell(attempt, progress, result=result):
        raise Superseded


def _tell(attempt: Attempt, progress: int, **values: Any) -> bool:
    shown = func.greatest(Job.progress, min(progress, 99))
    found = session.execute(
        update(Job)
        .where(_mine(attempt))
        .values(progress=shown, heartbeat_at=func.now(), **values)
        .returning(Job.id)
    )
    return found.one_or_none() is not None


def noted(attempt: Attempt) -> dict[str, Any]:
    """What this attempt or an earlier one has noted; empty when nothing was."""
    return session.scalar(select(Job.result).where(Job.id == attempt.job_id)) or {}


def finish(attempt: Attempt, result: dict[str, Any]) -> None:
    """End the attempt well, in the unit of work of its effects; raises `Superseded`."""
    _end(_mine(attempt), state=JobState.DONE, progress=100, result=result)


def fail(attempt: Attempt, refusal: Refusal) -> None:
    """End the attempt with a reason that the caller will read; raises `Superseded`."""
    _end(_mine(attempt), state=JobState.FAILED, error=_as_json(refusal))


def break_off(job_id: uuid.UUID, refusal: Refusal) -> None:
    """Fail whatever attempt of the job runs: its process died. Nothing when none does."""
    try:
        _end(
            and_(Job.id == job_id, Job.state == JobState.RUNNING),
            state=JobState.FAILED,
            error=_as_json(refusal),
        )
    except Superseded:
        log.info("job_had_ended", job=str(job_id))


def kind_of(job_id: uuid.UUID) -> str | None:
    """The kind of a job; None when it is not known any more."""
    return session.scalar(select(Job.kind).where(Job.id == job_id))


def _end(which: ColumnElement[bool], **values: Any) -> None:
    job_id = session.scalar(
        update(Job)
        .where(which)
        .values(finished_at=func.clock_timestamp(), **values)
        .returning(Job.id)
    )
    if job_id is None:
        raise Superseded
    after_commit(partial(queueing.announce_end, job_id))


def get_job(actor: Actor, job_id: uuid.UUID | None) -> Job:
    """An import of the actor's tenant, which is what contract A knows as a job; raises NOT_EXIST
    for every other id, and once the job is so old that what it found may be gone."""
    return _need(Job.id == job_id, Job.tenant_id == actor.tenant_id, Job.kind == IMPORT)


def own_job(actor: Actor, job_id: uuid.UUID | None) -> Job:
    """A job of any kind that the admin started or, to a tenant's admin, one of the tenant.

    Raises NOT_EXIST, as `get_job` does.
    """
    own = started_by(actor)
    if actor.role is Role.TENANT_ADMIN:
        own = or_(own, Job.tenant_id == actor.tenant_id)
    return _need(Job.id == job_id, own)


def followed_job(actor: Actor, job_id: uuid.UUID | None) -> Job:
    """`own_job`, and to the platform's admins any job at all: they look after the workers."""
    return _need(Job.id == job_id) if actor.is_platform else own_job(actor, job_id)


def started_by(actor: Actor) -> ColumnElement[bool]:
    """In SQL: whether the admin started a job for whom he acts now. What he started for the
    platform or a tenant stays there when he leaves it."""
    return and_(Job.actor == actor.key, Job.tenant_id.is_not_distinct_from(actor.tenant_id))


def _need(*which: ColumnElement[bool]) -> Job:
    fresh = or_(Job.finished_at.is_(None), Job.finished_at > func.now() - KEEP)
    job = session.scalar(select(Job).where(*which, fresh))
    if job is None:
        raise refuse("NOT_EXIST")
    return job


def peek(actor: Actor, job_id: uuid.UUID | None) -> Job:
    """`get_job` as of now, in a unit of work of its own that holds nothing afterwards."""
    with unit_of_work():
        job = get_job(actor, job_id)
        session.expunge(job)
    return job


def cancel(actor: Actor, job_id: uuid.UUID | None) -> Job:
    """Cancel an import that has not ended; one that has stays as it is. Raises NOT_EXIST.

    Its process is ended, and could keep nothing anyway: see `finish`.
    """
    job = get_job(actor, job_id)
    _cancel(job)
    return job


def cancel_own(actor: Actor, job_id: uuid.UUID | None) -> Job:
    """`cancel` for every kind of job that `followed_job` knows; what it left in the object store
    goes with the next clean-up. Raises NOT_EXIST."""
    job = followed_job(actor, job_id)
    if _cancel(job):
        audit.record(actor, "job.cancel", "job", job.id, job.tenant_id, job=job.kind)
        session.flush()
    return job


def _cancel(job: Job) -> bool:
    """Whether it was this that ended the job, which is told as it is now."""
    ended = session.scalar(
        update(Job)
        .where(Job.id == job.id, Job.state.in_(OPEN))
        .values(state=JobState.CANCELLED, finished_at=func.clock_timestamp())
        .returning(Job.id)
    )
    if ended:
        after_commit(partial(queueing.stop, job.id))
        after_commit(partial(queueing.announce_end, job.id))
    session.refresh(job)
    return ended is not None


def eta_seconds(job: Job) -> int | None:
    """About how many seconds a running job will still take, going on as it has so far; None
    before there is anything to judge by."""
    if job.state != JobState.RUNNING or job.started_at is None or job.progress < 1:
        return None
    gone = max((clock.now() - job.started_at).total_seconds(), 0)
    return math.ceil(gone * (100 - job.progress) / job.progress)


def sweep() -> int:
    """Carry again what Redis lost, and give up what its worker left; how many of both."""
    return _retry_stale() + _fail_stale() + _carry_lost()


def _stale(*, last: bool) -> ColumnElement[bool]:
    over = or_(*(and_(Job.kind == kind, Job.attempts >= most) for kind, most in ATTEMPTS.items()))
    return and_(
        Job.state == JobState.RUNNING,
        Job.heartbeat_at < func.now() - STALE,
        over if last else ~over,
    )


def _retry_stale() -> int:
    rows = session.execute(
        update(Job)
        .where(_stale(last=False))
        .values(state=JobState.QUEUED, heartbeat_at=func.now())
        .returning(Job.id, Job.kind, Job.attempts)
    ).all()
    for row in rows:
        log.warning("job_retried", job=str(row.id), attempts=row.attempts)
        after_commit(partial(queueing.enqueue, QUEUE_OF[row.kind], row.id))
    return len(rows)


def _fail_stale() -> int:
    stale = session.scalars(select(Job.id).where(_stale(last=True))).all()
    for job_id in stale:
        log.error("job_given_up", job=str(job_id))
        break_off(job_id, worker_lost())
    return len(stale)


def _carry_lost() -> int:
    age = func.now() - func.coalesce(Job.heartbeat_at, Job.created_at)
    rows = session.execute(
        select(Job.id, Job.kind)
        .where(Job.state == JobState.QUEUED, age > LOST)
        .order_by(Job.created_at)
        .limit(1000)
    ).all()
    held = {queue: queueing.waiting(queue) for queue in {QUEUE_OF[row.kind] for row in rows}}
    lost = [row for row in rows if str(row.id) not in held[QUEUE_OF[row.kind]]]
    for row in lost:
        log.warning("job_carried_again", job=str(row.id))
        after_commit(partial(queueing.enqueue, QUEUE_OF[row.kind], row.id))
    return len(lost)


def broken_off(en: str, zh: str) -> Refusal:
    """503 with what happened to the job's process; the same file may be sent again."""
    return refuse("UNAVAILABLE", [Detail("job", en, zh)])


def worker_lost() -> Refusal:
    """The refusal of a job whose worker vanished as often as it was tried."""
    return broken_off("Its worker stopped each time it was tried", "處理程序多次中斷，請稍後重試")


def _as_json(refusal: Refusal) -> dict[str, Any]:
    details = [{"field": one.field, "en": one.en, "zh": one.zh} for one in refusal.details]
    return {"code": refusal.error.code, "details": details}


def refusal_of(job: Job) -> Refusal:
    """Why a failed job failed, as a refusal that can be raised or shown."""
    error = job.error or {}
    name = str(error.get("code", "")).rpartition(".")[2]
    details = [Detail(**one) for one in error.get("details", [])]
    return Refusal(ERRORS.get(name, ERRORS["INTERNAL"]), details)

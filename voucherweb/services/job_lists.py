"""Jobs on the admin site: one's own, what ended unnoticed, all of them, and who carries them."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from redis.exceptions import RedisError
from sqlalchemy import ColumnElement, SQLColumnExpression, func, select, update

from voucherweb import queueing
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import JobState
from voucherweb.domain.paging import PageRequest
from voucherweb.errors import refuse
from voucherweb.models import Job, Tenant
from voucherweb.services.ids import one_of, place_in
from voucherweb.services.jobs import started_by
from voucherweb.services.paging import Rows, need_bounded, order_key
from voucherweb.transaction import session

MOST_UNSEEN: Final = 50
_ENDED: Final = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs the platform's list shows; None shows every one."""

    kind: str | None = None
    state: JobState | None = None
    tenant_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Carriers:
    """The workers, how many jobs wait in each queue, and whether a scheduler gave a sign of
    life lately."""

    workers: list[queueing.Program]
    lengths: dict[str, int]
    scheduler_seen: bool


def recent(actor: Actor, limit: int = 10) -> Sequence[Job]:
    """The jobs that the admin started last, newest first."""
    return session.scalars(
        select(Job).where(started_by(actor)).order_by(Job.created_at.desc(), Job.id).limit(limit)
    ).all()


def unseen(actor: Actor) -> Sequence[Job]:
    """The admin's jobs that ended and that he was not told of, newest first; 50 at most."""
    return session.scalars(
        select(Job)
        .where(started_by(actor), Job.seen_at.is_(None), Job.state.in_(_ENDED))
        .order_by(Job.finished_at.desc(), Job.id)
        .limit(MOST_UNSEEN)
    ).all()


def mark_seen(actor: Actor, job_ids: Collection[uuid.UUID] | None = None) -> int:
    """Note that the admin was told of these ended jobs, or of all; how many were new. Jobs of
    others and running ones are passed over."""
    statement = update(Job).where(started_by(actor), Job.seen_at.is_(None), Job.state.in_(_ENDED))
    if job_ids is not None:
        statement = statement.where(Job.id.in_(job_ids))
    seen = session.execute(statement.values(seen_at=func.now()).returning(Job.id))
    return len(seen.all())


def sort_columns() -> dict[str, SQLColumnExpression[Any]]:
    """What `list_jobs` can be sorted by."""
    return {
        "createdAt": Job.created_at,
        "finishedAt": Job.finished_at,
        "kind": Job.kind,
        "state": Job.state,
        "attempts": Job.attempts,
        "tenantName": Tenant.name,
    }


def list_jobs(actor: Actor, wanted: JobFilter, asked: PageRequest) -> tuple[Rows, int]:
    """Rows (Job, tenant's name or None) of every tenant and of the system, for the platform.

    Raises FORBIDDEN for anybody else.
    """
    if not actor.is_platform:
        raise refuse("FORBIDDEN")
    conditions = [
        column == value
        for column, value in (
            (Job.kind, wanted.kind),
            (Job.state, wanted.state),
            (Job.tenant_id, wanted.tenant_id),
        )
        if value is not None
    ]
    total = session.scalars(select(func.count()).select_from(Job).where(*conditions)).one()
    need_bounded(asked, total)
    # Jobs are wide: a page is found among their ids, and only its jobs are read.
    ids = _page_of(conditions, asked, total)
    query = select(Job, Tenant.name).outerjoin(Tenant, Tenant.id == Job.tenant_id)
    listed = query.where(one_of(Job.id, ids)).order_by(place_in(ids, Job.id))
    return session.execute(listed).all(), total


def _page_of(
    conditions: list[ColumnElement[bool]], asked: PageRequest, total: int
) -> Sequence[uuid.UUID]:
    """The ids of a page; the second half of the list is counted from its end."""
    begin = min(asked.offset, total) if asked.size > 0 else 0
    end = min(begin + asked.size, total) if asked.size > 0 else total
    turned = begin > total - end
    key = order_key(sort_columns()[asked.field])
    query = select(Job.id).where(*conditions)
    if asked.field == "tenantName":
        query = query.outerjoin(Tenant, Tenant.id == Job.tenant_id)
    query = query.order_by(
        key.desc() if asked.descending != turned else key.asc(),
        Job.id.desc() if turned else Job.id.asc(),
    )
    query = query.offset(total - end if turned else begin).limit(end - begin)
    found = session.scalars(query).all()
    return found[::-1] if turned else found


def carriers() -> Carriers | None:
    """Who carries jobs at this moment; None when Redis does not answer."""
    try:
        return Carriers(
            queueing.programs(),
            {name: len(queueing.waiting(name)) for name in queueing.QUEUES},
            queueing.seen("scheduler"),
        )
    except RedisError as error:
        log.warning("no_carriers_known", error=type(error).__name__)
        return None

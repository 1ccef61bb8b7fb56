"""Jobs as the admin site shows them."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select

from tests.support.cast import Caller
from tests.support.errands import as_actor
from tests.support.workers import running
from voucherweb import queueing
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import JobState, Role
from voucherweb.domain.paging import PageRequest
from voucherweb.errors import Refusal
from voucherweb.models import AuditEntry, Job
from voucherweb.services import job_lists, jobs
from voucherweb.services.job_lists import JobFilter
from voucherweb.transaction import session, unit_of_work

FIRST = PageRequest(1, 20, "createdAt", descending=True)


def make(caller: Caller, kind: str = jobs.EXPORT, state: str = "DONE", **values: Any) -> uuid.UUID:
    """A job of an admin, as the table keeps it."""
    actor = as_actor(caller)
    with unit_of_work():
        job = Job(kind=kind, actor=actor.key, tenant_id=actor.tenant_id, state=state, params={})
        job.finished_at = clock.now() if state in {"DONE", "FAILED", "CANCELLED"} else None
        for name, value in values.items():
            setattr(job, name, value)
        session.add(job)
        session.flush()
        return job.id


def unseen(caller: Caller) -> set[uuid.UUID]:
    with unit_of_work():
        return {job.id for job in job_lists.unseen(as_actor(caller))}


def mark(caller: Caller, *job_ids: uuid.UUID) -> int:
    with unit_of_work():
        return job_lists.mark_seen(as_actor(caller), job_ids or None)


def knows(actor: Actor, job_id: uuid.UUID) -> bool:
    with unit_of_work():
        try:
            return jobs.own_job(actor, job_id).id == job_id
        except Refusal as refusal:
            return refusal.error.code != "API_ERROR.NOT_EXIST"


def test_what_ended_is_told_once_to_whom_it_concerns(
    platform: Caller, admin: Caller, stranger: Caller
) -> None:
    done, failed = make(admin), make(admin, state="FAILED")
    going, foreign = make(admin, state="RUNNING"), make(stranger)
    assert unseen(admin) == {done, failed}
    assert mark(admin, done, going, foreign) == 1
    assert (unseen(admin), unseen(stranger)) == ({failed}, {foreign})
    assert mark(admin) == 1
    assert (mark(admin), unseen(admin), unseen(platform)) == (0, set(), set())


def test_one_sees_what_one_started_last(admin: Caller, stranger: Caller) -> None:
    now = clock.now()
    ids = [make(admin, created_at=now - timedelta(minutes=n)) for n in range(4)]
    make(stranger)
    with unit_of_work():
        assert [job.id for job in job_lists.recent(as_actor(admin), 3)] == ids[:3]


def test_a_job_is_known_to_its_admin_and_to_the_admins_of_its_tenant(
    platform: Caller, admin: Caller, stranger: Caller
) -> None:
    job_id, own = make(admin), make(platform)
    tenant = uuid.UUID(str(admin.tenant_id))
    colleague = Actor(Role.TENANT_ADMIN, uuid.UUID(int=5), tenant)
    clerk = Actor(Role.CLERK, uuid.UUID(int=6), tenant)
    knowing = (as_actor(admin), colleague)
    others = (as_actor(platform), as_actor(stranger), clerk)
    assert [knows(actor, job_id) for actor in knowing] == [True, True]
    assert [knows(actor, job_id) for actor in others] == [False] * 3
    assert [knows(actor, own) for actor in (as_actor(platform), *knowing)] == [True, False, False]


def test_a_job_of_last_week_is_not_known(admin: Caller) -> None:
    old = make(admin, finished_at=clock.now() - timedelta(days=7, seconds=1))
    assert not knows(as_actor(admin), old)


def test_an_export_can_be_cancelled_by_its_tenant_only(admin: Caller, stranger: Caller) -> None:
    job_id = make(admin, state="RUNNING")
    with pytest.raises(Refusal, match="NOT_EXIST"), unit_of_work():
        jobs.cancel_own(as_actor(stranger), job_id)
    with unit_of_work():
        assert jobs.cancel_own(as_actor(admin), job_id).state == "CANCELLED"
    assert unseen(admin) == {job_id}


def test_of_two_who_cancel_at_once_one_is_put_on_record(admin: Caller, settings: Settings) -> None:
    job_id = make(admin, state="RUNNING")
    with unit_of_work():
        job = jobs.own_job(as_actor(admin), job_id)
        with psycopg.connect(settings.database_url, autocommit=True) as rival:
            rival.execute("UPDATE jobs SET state = 'CANCELLED', finished_at = now()")
        assert job.state == JobState.RUNNING, "who reads, decides and writes would tell of it too"
        assert jobs.cancel_own(as_actor(admin), job_id).state == JobState.CANCELLED
    assert session.scalars(select(AuditEntry.action)).all().count("job.cancel") == 0


def test_the_platform_lists_the_jobs_of_all(
    platform: Caller, admin: Caller, stranger: Caller
) -> None:
    export, bulk = make(admin), make(stranger, jobs.BULK_OFF, "FAILED")
    with unit_of_work():
        system = jobs.submit(jobs.TAKE_DOWN, jobs.SYSTEM)

    def listed(asked: PageRequest = FIRST, **wanted: Any) -> list[tuple[uuid.UUID, str | None]]:
        with unit_of_work():
            rows, total = job_lists.list_jobs(as_actor(platform), JobFilter(**wanted), asked)
            assert total == len(rows)
            return [(row[0].id, row[1]) for row in rows]

    assert set(listed()) == {(export, "小港醫院"), (bulk, "緯緯醫學"), (system, None)}
    assert listed(kind=jobs.EXPORT) == [(export, "小港醫院")]
    assert listed(state=JobState.FAILED) == [(bulk, "緯緯醫學")]
    assert listed(tenant_id=uuid.UUID(str(admin.tenant_id))) == [(export, "小港醫院")]
    by_tenant = PageRequest(1, 20, "tenantName", descending=False)
    assert [row[1] for row in listed(by_tenant)] == ["小港醫院", "緯緯醫學", None]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("name", sorted(job_lists.sort_columns()))
def test_the_pages_of_the_list_are_the_list(
    platform: Caller, admin: Caller, stranger: Caller, name: str, descending: bool
) -> None:
    for number in range(7):
        make([admin, stranger][number % 2], state=["DONE", "FAILED", "RUNNING"][number % 3])

    def listed(current: int, size: int) -> list[uuid.UUID]:
        asked = PageRequest(current, size, name, descending=descending)
        with unit_of_work():
            rows, total = job_lists.list_jobs(as_actor(platform), JobFilter(), asked)
            assert total == 7
            return [row[0].id for row in rows]

    whole = listed(1, 7)
    assert len(set(whole)) == 7
    for size in (1, 2, 3):
        assert [one for page in range(1, 9) for one in listed(page, size)] == whole


def test_nobody_else_lists_the_jobs_of_all(admin: Caller) -> None:
    with pytest.raises(Refusal, match="FORBIDDEN"), unit_of_work():
        job_lists.list_jobs(as_actor(admin), JobFilter(), FIRST)


@pytest.mark.parametrize(
    ("state", "progress", "seconds", "left"),
    [
        ("RUNNING", 25, 10, 30),
        ("RUNNING", 99, 99, 1),
        ("RUNNING", 0, 10, None),
        ("DONE", 100, 10, None),
        ("QUEUED", 0, None, None),
    ],
)
def test_the_time_left_follows_from_the_time_gone(
    app: Flask, state: str, progress: int, seconds: int | None, left: int | None
) -> None:
    now = clock.now()
    began = None if seconds is None else now - timedelta(seconds=seconds)
    with clock.frozen(now):
        job = Job(kind=jobs.EXPORT, state=state, progress=progress, started_at=began)
        assert jobs.eta_seconds(job) == left


@pytest.fixture
def worker(app: Flask, settings: Settings) -> Iterator[None]:
    with running(settings, ("run", "imports")):
        yield


def test_the_workers_are_known_by_queue_state_and_sign_of_life(worker: None) -> None:
    queueing.mark_seen("scheduler")
    with unit_of_work():
        jobs.submit(jobs.TAKE_DOWN, jobs.SYSTEM)
    found = job_lists.carriers()
    assert found is not None
    (program,) = found.workers
    assert (program.queue, program.state, program.job_id) == ("imports", "idle", None)
    assert program.last_heartbeat is not None
    assert clock.now() - program.last_heartbeat < timedelta(minutes=1)
    assert (found.lengths, found.scheduler_seen) == ({"imports": 0, "takedown": 1}, True)


def test_without_redis_nobody_is_known(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "queue_redis", queueing.connect("unix:///nowhere.sock"))
    assert job_lists.carriers() is None

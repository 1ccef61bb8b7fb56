"""The life of a job in its table, without a worker (behaviour §8)."""

import uuid
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from tests.support.cast import Caller
from voucherweb import queueing
from voucherweb.domain.enums import JobState
from voucherweb.models import Job
from voucherweb.services import jobs
from voucherweb.services.jobs import Attempt
from voucherweb.transaction import session, unit_of_work


def submit(kind: str = jobs.IMPORT) -> uuid.UUID:
    with unit_of_work():
        return jobs.submit(kind, "admin:test")


def claim(job_id: uuid.UUID) -> Attempt:
    with unit_of_work():
        attempt = jobs.claim(job_id)
    assert attempt is not None
    return attempt


def state(job_id: uuid.UUID) -> str:
    with unit_of_work():
        return session.scalars(select(Job.state).where(Job.id == job_id)).one()


def make_old(seconds: int) -> None:
    """As if nothing had been heard of any job for so long."""
    then = func.now() - timedelta(seconds=seconds)
    with unit_of_work():
        session.execute(update(Job).values(created_at=then))
        session.execute(update(Job).where(Job.attempts > 0).values(heartbeat_at=then))


def sweep() -> int:
    with unit_of_work():
        return jobs.sweep()


def test_a_job_is_queued_only_after_its_commit(app: Flask) -> None:
    with unit_of_work():
        job_id = jobs.submit(jobs.IMPORT, "admin:test")
        assert queueing.waiting(queueing.IMPORTS) == set()
    assert queueing.waiting(queueing.IMPORTS) == {str(job_id)}


def test_a_job_that_is_carried_twice_begins_once(app: Flask) -> None:
    job_id = submit()
    claim(job_id)
    with unit_of_work():
        assert jobs.claim(job_id) is None


def test_an_attempt_that_was_taken_over_can_keep_nothing(app: Flask) -> None:
    job_id = submit()
    first = claim(job_id)
    make_old(60)
    sweep()
    second = claim(job_id)
    for ending in (jobs.finish, lambda one, _: jobs.fail(one, jobs.worker_lost())):
        with pytest.raises(jobs.Superseded), unit_of_work():
            ending(first, {})
    with unit_of_work():
        assert not jobs.beat(first, 50)
        assert jobs.beat(second, 50)


def test_progress_never_falls(app: Flask) -> None:
    attempt = claim(submit())
    for percent in (40, 20):
        with unit_of_work():
            jobs.beat(attempt, percent)
    with unit_of_work():
        assert session.scalars(select(Job.progress)).one() == 40


def test_a_job_that_redis_lost_is_carried_again(app: Flask) -> None:
    job_id = submit()
    queueing.connection().flushdb()
    make_old(6)
    assert sweep() == 1
    assert queueing.waiting(queueing.IMPORTS) == {str(job_id)}
    assert sweep() == 0


def test_a_fresh_job_and_a_living_one_are_left_alone(app: Flask) -> None:
    submit()
    claim(submit())
    assert sweep() == 0


def test_a_job_whose_worker_vanished_is_tried_three_times(app: Flask) -> None:
    job_id = submit()
    for _ in range(3):
        claim(job_id)
        make_old(60)
        assert sweep() >= 1
    assert state(job_id) == JobState.FAILED
    with unit_of_work():
        refusal = jobs.refusal_of(session.get_one(Job, job_id))
    assert refusal.error.code == "API_ERROR.UNAVAILABLE"
    assert "each time" in refusal.details[0].en


def test_a_take_down_that_vanished_leaves_its_place_to_the_next(app: Flask) -> None:
    job_id = submit(jobs.TAKE_DOWN)
    claim(job_id)
    make_old(60)
    sweep()
    assert state(job_id) == JobState.FAILED


def test_a_redis_that_is_away_costs_no_job(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "queue_redis", queueing.connect("unix:///nowhere.sock"))
    job_id = submit()
    monkeypatch.undo()
    make_old(6)
    sweep()
    assert queueing.waiting(queueing.IMPORTS) == {str(job_id)}


def test_a_job_that_has_ended_is_not_cancelled(app: Flask, admin: Caller) -> None:
    with unit_of_work():
        job_id = jobs.submit(jobs.IMPORT, "x", tenant_id=uuid.UUID(admin.tenant_id))
    attempt = claim(job_id)
    with unit_of_work():
        jobs.fail(attempt, jobs.worker_lost())
    answer = admin.post(f"/voucher-mgmt/jobs/{job_id}/cancel")
    assert answer.json["result"]["data"]["state"] == "FAILED"

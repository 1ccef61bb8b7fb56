"""What becomes of an attempt that does not go well."""

import uuid

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from voucherweb.models import Job
from voucherweb.services import jobs
from voucherweb.services.jobs import Attempt
from voucherweb.storage.protocol import StorageUnavailable
from voucherweb.transaction import session, unit_of_work
from voucherweb.workers import jobs as work
from voucherweb.workers.pulse import Pulse


@pytest.fixture
def attempt(app: Flask) -> Attempt:
    with unit_of_work():
        begun = jobs.claim(jobs.submit(jobs.IMPORT, "admin:test"))
    assert begun is not None
    return begun


def state_after(attempt: Attempt, trouble: Exception, monkeypatch: pytest.MonkeyPatch) -> str:
    def run_import(*_: object) -> None:
        raise trouble

    monkeypatch.setattr(work.imports, "run_import", run_import)
    work._attempt(attempt, Pulse(attempt), work._parse)
    with unit_of_work():
        job = session.get_one(Job, attempt.job_id)
        return f"{job.state} {(job.error or {}).get('code', '')}".strip()


@pytest.mark.parametrize(
    ("trouble", "state"),
    [
        (MemoryError(), "FAILED SERVICE_ERROR.IMPORT_FILE_NOT_READABLE"),
        (ZeroDivisionError(), "FAILED API_ERROR.UNAVAILABLE"),
        (jobs.Superseded(), "RUNNING"),
    ],
)
def test_trouble_ends_an_attempt(
    attempt: Attempt, monkeypatch: pytest.MonkeyPatch, trouble: Exception, state: str
) -> None:
    assert state_after(attempt, trouble, monkeypatch) == state


@pytest.mark.parametrize("trouble", [OperationalError("", None, Exception()), StorageUnavailable()])
def test_an_engine_that_is_away_leaves_the_attempt_to_the_sweep(
    attempt: Attempt, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    with pytest.raises(type(trouble)):
        state_after(attempt, trouble, monkeypatch)
    with unit_of_work():
        assert session.scalars(select(Job.state)).one() == "RUNNING"


def test_a_pulse_hears_that_its_attempt_was_cancelled(attempt: Attempt) -> None:
    with unit_of_work():
        session.get_one(Job, attempt.job_id).state = "CANCELLED"
    with Pulse(attempt) as pulse:
        pulse.progress(10)
        pulse._thread.join(timeout=5)
        with pytest.raises(jobs.Superseded):
            pulse.progress(20)


def test_a_job_that_does_not_wait_is_left_alone(app: Flask) -> None:
    with unit_of_work():
        assert jobs.claim(uuid.uuid4()) is None

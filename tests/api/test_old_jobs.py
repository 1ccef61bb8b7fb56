"""A job that has ended can be asked for seven days (behaviour §8)."""

import uuid
from datetime import timedelta

import pytest

from tests.support.cast import Caller
from voucherweb.domain import clock
from voucherweb.models import Job
from voucherweb.services.imports import ImportResult
from voucherweb.transaction import session, unit_of_work


@pytest.mark.parametrize(
    ("age", "status"), [(timedelta(days=6, hours=23), 200), (timedelta(days=7, seconds=1), 400)]
)
def test_a_job_is_unknown_when_its_import_may_be_gone(
    admin: Caller, age: timedelta, status: int
) -> None:
    found = ImportResult(uuid.uuid4(), None, 0, 0, 0).as_json()
    tenant = uuid.UUID(admin.tenant_id)
    job = Job(kind="IMPORT", actor="admin", tenant_id=tenant, state="DONE", progress=100)
    job.result, job.params, job.finished_at = found, {}, clock.now() - age
    with unit_of_work():
        session.add(job)
        session.flush()
        path = f"/voucher-mgmt/jobs/{job.id}"
    assert admin.get(path).status_code == status

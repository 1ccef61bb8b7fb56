"""Background jobs as their tenant sees them (behaviour §8)."""

from functools import partial
from typing import Any

from flask import Response, request
from pydantic import Field

from voucherweb.api.answers import Data
from voucherweb.api.endpoint import TENANT, NoBody, endpoint
from voucherweb.api.envelope import JSON, failure, success
from voucherweb.api.management.blueprint import blueprint
from voucherweb.api.management.import_answers import ImportData, answer, import_data
from voucherweb.api.pictures import storage
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import JobState
from voucherweb.models import Job
from voucherweb.services import jobs
from voucherweb.services.ids import parse_id
from voucherweb.services.imports import ImportResult
from voucherweb.storage.keys import import_key
from voucherweb.transaction import after_commit


class Reason(Data):
    field: str
    reason: str


class JobData(Data):
    job_id: str
    state: JobState
    progress: int = Field(ge=0, le=100)
    result: ImportData | None = None
    error_msg: str | None = None
    message: str | None = None
    details: list[Reason] | None = None


def _job(job: Job) -> dict[str, Any]:
    known = {"jobId": str(job.id), "state": job.state, "progress": job.progress}
    if job.state != JobState.FAILED:
        return known
    refusal = jobs.refusal_of(job)
    why = failure(refusal.error, refusal.details)
    return known | {name: why[name] for name in ("errorMsg", "message", "details") if name in why}


def _id() -> str:
    return str((request.view_args or {}).get("job_id", ""))


@endpoint(
    blueprint,
    "GET",
    "/jobs/<job_id>",
    roles=TENANT,
    data=JobData,
    raw=True,
    errors=("NOT_EXIST",),
    summary=("查詢背景工作", "See how a background job is doing"),
)
def job_info(actor: Actor, _body: NoBody | None) -> Response:
    job = jobs.peek(actor, parse_id(_id()))
    if job.result is None:
        return Response(success(_job(job)), mimetype=JSON)
    result = ImportResult.from_json(job.result)
    return answer(_job(job) | {"result": import_data(result)}, result)


@endpoint(
    blueprint,
    "POST",
    "/jobs/<job_id>/cancel",
    roles=TENANT,
    data=JobData,
    write=True,
    errors=("NOT_EXIST",),
    summary=("取消背景工作", "Cancel a background job"),
)
def job_cancel(actor: Actor, _body: NoBody) -> dict[str, Any]:
    job = jobs.cancel(actor, parse_id(_id()))
    after_commit(partial(storage().delete, import_key(job.id)))
    return _job(job)

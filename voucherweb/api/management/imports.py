"""Contract A §匯入折扣碼優惠劵excel, §下載健檢錯誤資料檔, and the template (behaviour §8)."""

import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from functools import lru_cache
from typing import IO
from urllib.parse import quote

from flask import Response, current_app, request

from voucherweb.api.answers import Data
from voucherweb.api.endpoint import TENANT, NoBody, endpoint, settings
from voucherweb.api.envelope import JSON, accepted, wants_english
from voucherweb.api.management.blueprint import blueprint
from voucherweb.api.management.import_answers import ImportData, answer, import_data
from voucherweb.api.parsing import Body
from voucherweb.api.pictures import storage
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import JobState
from voucherweb.errors import invalid, refuse
from voucherweb.models import Job
from voucherweb.queueing import await_end
from voucherweb.services import imports, jobs
from voucherweb.services.ids import parse_id
from voucherweb.services.imports import ImportResult
from voucherweb.spreadsheets import failures, template
from voucherweb.storage.keys import FILE_TYPES, MEGABYTE
from voucherweb.transaction import unit_of_work

MAX_WORKBOOK = 20 * MEGABYTE
MAX_FORM = MAX_WORKBOOK + 64 * 1024
"""A form with a workbook: the file and what stands around it."""
_LOOK_SECONDS = 1.0
_BLOCK = 64 * 1024
XLSX = FILE_TYPES["xlsx"].media_type


class FailuresBody(Body):
    failures_id: str | None = None


class AcceptedData(Data):
    job_id: str


@endpoint(
    blueprint,
    "POST",
    "/voucher/parse-coupon-list",
    roles=TENANT,
    data=ImportData,
    raw=True,
    max_bytes=MAX_WORKBOOK,
    errors=(
        "PAYLOAD_TOO_LARGE",
        "UNSUPPORTED_MEDIA_TYPE",
        "IMPORT_FILE_NOT_READABLE",
        "UNAVAILABLE",
    ),
    summary=("匯入折扣碼優惠券 Excel", "Import a coupon workbook"),
    extra={
        "multipart": {
            "type": "object",
            "required": ["file"],
            "properties": {"file": {"type": "string", "format": "binary"}},
        },
        "accepted": AcceptedData,
        "parameters": [
            {
                "name": "Prefer",
                "in": "header",
                "schema": {"type": "string"},
                "example": "respond-async",
            }
        ],
    },
)
def parse_coupon_list(actor: Actor, _body: NoBody | None) -> Response:
    job_id = imports.start_import(actor, storage(), read_workbook())
    later = "respond-async" in request.headers.get("Prefer", "").lower()
    ended = None if later else _wait(actor, job_id)
    if ended is None:
        return Response(accepted({"jobId": str(job_id)}), status=202, mimetype=JSON)
    if ended.result is None:
        raise jobs.refusal_of(ended)
    result = ImportResult.from_json(ended.result)
    return answer(import_data(result), result)


def read_workbook() -> bytes:
    """The bytes of the form's part `file`; raises 400, 413 and 415."""
    if request.mimetype and request.mimetype != "multipart/form-data":
        raise refuse("UNSUPPORTED_MEDIA_TYPE")
    request.max_content_length = MAX_FORM
    part = request.files.get("file")
    if part is None:
        if "file" in request.form:
            raise invalid("file", "must be a file, not a text", "必須是檔案")
        raise invalid("file", "is required", "必填")
    with part.stream as stream:
        data = stream.read(MAX_WORKBOOK + 1)
    if len(data) > MAX_WORKBOOK:
        raise refuse("PAYLOAD_TOO_LARGE")
    return data


def _wait(actor: Actor, job_id: uuid.UUID) -> Job | None:
    """The job once it has ended; None when that takes longer than a request should.

    Holds no database connection while it waits. Only some threads may wait, so that imports
    cannot keep everybody else's requests out.
    """
    waiters = _waiters()
    if not waiters.acquire(blocking=False):
        return None
    try:
        until = time.monotonic() + settings().import_wait_seconds
        while (left := until - time.monotonic()) > 0:
            await_end(job_id, min(left, _LOOK_SECONDS))
            job = jobs.peek(actor, job_id)
            if job.state not in jobs.OPEN:
                return _ended_well(job)
        return None
    finally:
        waiters.release()


def _ended_well(job: Job) -> Job | None:
    """Someone who cancels an import that another call waits for turns that call's answer into
    the job's id, too."""
    return None if job.state == JobState.CANCELLED else job


def _waiters() -> threading.BoundedSemaphore:
    known: threading.BoundedSemaphore = current_app.extensions.setdefault(
        "import_waiters", threading.BoundedSemaphore(max(4, settings().web_threads // 4))
    )
    return known


@endpoint(
    blueprint,
    "POST",
    "/coupon/export-failures",
    roles=TENANT,
    body=FailuresBody,
    own_transaction=True,
    errors=("RESOURCE_NOT_EXISTS",),
    summary=("下載匯入錯誤資料檔", "Download the rows that an import refused"),
    extra={"binary": XLSX},
)
def export_failures(actor: Actor, body: FailuresBody) -> Response:
    return failures_response(actor, parse_id(body.failures_id), english=wants_english())


def failures_response(actor: Actor, import_id: uuid.UUID | None, *, english: bool) -> Response:
    """The workbook of an import's refused rows; raises RESOURCE_NOT_EXISTS."""
    with unit_of_work():
        known = imports.need_failures(actor, import_id)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the response is.
    try:
        rows = imports.failed_rows(known)
        failures.write_failures(file, rows, english=english)
    except BaseException:
        file.close()
        raise
    return _download(file, failures.FILE_NAME, failures.FILE_NAME_EN)


@endpoint(
    blueprint,
    "GET",
    "/coupon/template",
    roles=TENANT,
    raw=True,
    summary=("下載匯入範本", "Download the workbook to fill in"),
    extra={"binary": XLSX},
)
def coupon_template(_actor: Actor, _body: NoBody | None) -> Response:
    return template_response()


def template_response() -> Response:
    """The workbook to fill in."""
    response = Response(_template(), mimetype=XLSX)
    response.headers["Content-Disposition"] = _attachment(
        template.FILE_NAME, "coupon-import-template.xlsx"
    )
    return response


@lru_cache(maxsize=1)
def _template() -> bytes:
    return template.template_bytes()


def _download(file: IO[bytes], name: str, plain_name: str) -> Response:
    size = file.seek(0, 2)
    file.seek(0)
    response = Response(_chunks(file), mimetype=XLSX)
    response.call_on_close(file.close)
    response.headers["Content-Length"] = str(size)
    response.headers["Content-Disposition"] = _attachment(name, plain_name)
    return response


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_BLOCK):
            yield chunk


def _attachment(name: str, plain_name: str) -> str:
    """Saved under its name, or under a plain one by programs that read ASCII only (RFC 6266)."""
    return f"attachment; filename=\"{plain_name}\"; filename*=UTF-8''{quote(name, safe='')}"

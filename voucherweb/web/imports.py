"""Coupon imports, for tenants' admins: the list, the upload, the progress and what was found
(behaviour §8). What is done to refused rows is in web/import_rows.py."""

import io
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from flask import Blueprint, Response, request, url_for
from flask_login import current_user
from werkzeug.exceptions import RequestEntityTooLarge
from wtforms import FileField

from voucherweb.api.management.imports import (
    MAX_FORM,
    MAX_WORKBOOK,
    failures_response,
    read_workbook,
    template_response,
)
from voucherweb.api.pictures import storage
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import JobState
from voucherweb.domain.paging import SortSpec
from voucherweb.errors import Detail, Refusal, invalid, refuse
from voucherweb.models import Job
from voucherweb.services import imports, jobs, repairs
from voucherweb.services.imports import ImportResult
from voucherweb.services.repairs import ImportCounts
from voucherweb.spreadsheets.archive import refuse_other_formats
from voucherweb.transaction import unit_of_work
from voucherweb.web import listing
from voucherweb.web.forms import Done, Form, attempt
from voucherweb.web.language import EN, Text, current_language
from voucherweb.web.page import TENANT, current_page, go, page, say
from voucherweb.web.rendering import confirm, refused, render
from voucherweb.web.shown import duration

import_pages = Blueprint("imports", __name__, url_prefix="/admin/imports")

SORT: Final = SortSpec(("createdAt",), "createdAt", "desc")
NO_FILE: Final = ("choose an .xlsx workbook first", "請先選擇要匯入的 .xlsx 檔案")
TOO_LARGE: Final = Detail(
    "file",
    "The workbook is larger than 20 MB; split it into several and import them one by one",
    "檔案超過 20 MB，請拆成幾個檔案分別匯入",
)


class UploadForm(Form):
    file = FileField(Text("Excel 檔案", "Excel workbook"))


@dataclass(frozen=True, slots=True)
class Look:
    """An import as its page shows it. `counts` are those of today; there are none before it has
    ended well and once it has expired."""

    job: Job
    counts: ImportCounts | None

    @property
    def open(self) -> bool:
        return self.job.state in jobs.OPEN

    @property
    def expired(self) -> bool:
        return self.job.state == JobState.DONE and self.counts is None

    @property
    def name(self) -> str | None:
        name: str | None = self.job.params.get("fileName")
        return name

    @property
    def eta(self) -> str | None:
        seconds = jobs.eta_seconds(self.job)
        return None if seconds is None else duration(timedelta(seconds=seconds))

    @property
    def reasons(self) -> list[Text]:
        """Why nothing could be imported."""
        if self.job.state != JobState.FAILED:
            return []
        refusal = jobs.refusal_of(self.job)
        said = [Text(one.zh, one.en) for one in refusal.details]
        return said or [Text(refusal.error.zh, refusal.error.en)]

    @property
    def code(self) -> str:
        return jobs.refusal_of(self.job).error.code


def look_at(actor: Actor, job_id: uuid.UUID) -> Look:
    """Raises NOT_EXIST."""
    job = jobs.get_job(actor, job_id)
    if job.result is None:
        return Look(job, None)
    try:
        return Look(job, repairs.import_counts(actor, ImportResult.from_json(job.result).import_id))
    except Refusal:  # Expired: the job is known for a moment longer.
        return Look(job, None)


def page_of(job_id: uuid.UUID) -> str:
    return url_for("imports.show", job_id=job_id)


@import_pages.url_value_preprocessor
def _bound(_endpoint: str | None, _values: object) -> None:
    """The guard against forged requests reads the form before a page could say what it takes."""
    request.max_content_length = MAX_FORM


@import_pages.errorhandler(RequestEntityTooLarge)
def _too_large(_error: RequestEntityTooLarge) -> Response:
    person = current_user._get_current_object() if current_user.is_authenticated else None
    if request.endpoint != "imports.index" or not person or person.actor.role not in TENANT:
        return refused(refuse("PAYLOAD_TOO_LARGE"))
    form = UploadForm(formdata=None)
    form.refuse(refuse("PAYLOAD_TOO_LARGE", [TOO_LARGE]))
    return _index(person.actor, form)


@page(import_pages, "", roles=TENANT, methods=("GET", "POST"))
def index(actor: Actor) -> Response:
    form = UploadForm()
    answer = _upload(actor, form) if form.sent else None
    return answer or _index(actor, form)


def _index(actor: Actor, form: UploadForm) -> Response:
    wanted = listing.read(SORT)
    rows, wanted.total = repairs.list_imports(actor, wanted.asked)
    return render(
        "imports/index.html",
        status=form.status,
        form=form,
        rows=rows,
        list=wanted,
        most=MAX_WORKBOOK,
        address=wanted.address,
    )


def _upload(actor: Actor, form: UploadForm) -> Response | None:
    """Begin the import and go to its page; None when the file was refused."""
    try:
        workbook = _workbook()
        name = request.files["file"].filename
        once_key = str(form.once_key.data or "")
        job_id = imports.start_import(actor, storage(), workbook, name, once_key)
    except Refusal as refusal:
        form.refuse(refusal)
        return None
    return go(page_of(job_id))


def _workbook() -> bytes:
    """What was chosen, as far as one can see without reading it; raises what is wrong with it."""
    try:
        workbook = read_workbook()
    except Refusal as refusal:
        if refusal.error.http == 413:
            raise Refusal(refusal.error, [TOO_LARGE]) from refusal
        raise invalid("file", *NO_FILE) from refusal
    if not workbook:
        raise invalid("file", *NO_FILE)
    refuse_other_formats(io.BytesIO(workbook))
    return workbook


@page(import_pages, "/template", roles=TENANT)
def template(_actor: Actor) -> Response:
    return template_response()


@page(import_pages, "/<uuid:job_id>/progress", roles=TENANT)
def progress(actor: Actor, job_id: uuid.UUID) -> Response:
    """The part that follows a running import, on whichever page it stands; the import's own page
    is renewed when it has ended."""
    look = look_at(actor, job_id)
    here = (current_page() or "").partition("?")[0] == page_of(job_id)
    if look.open or not here:
        return render("imports/_progress.html", look=look)
    if look.counts:
        say(ENDED.format(look.counts.success, look.counts.failed))
    return go(page_of(job_id))


ENDED: Final = Text(
    "匯入完成：成功 {:,} 列，錯誤 {:,} 列。", "The import has ended: {:,} good rows, {:,} refused."
)
CANCELLED: Final = Text(
    "已取消匯入，沒有保留任何資料。", "The import was cancelled; nothing was kept."
)
TOO_LATE: Final = Text(
    "匯入已經結束，沒有取消。", "The import had ended already; it was not cancelled."
)


@page(import_pages, "/<uuid:job_id>/cancel", roles=TENANT, methods=("GET", "POST"))
def cancel(actor: Actor, job_id: uuid.UUID) -> Response:
    form = Form()

    def act() -> Done:
        ended = jobs.cancel(actor, job_id).state != JobState.CANCELLED
        return page_of(job_id), TOO_LATE if ended else CANCELLED

    if form.sent:
        answer = attempt(form, actor, act)
    else:
        answer = None if look_at(actor, job_id).open else go(page_of(job_id))
    return answer or confirm(
        Text("取消這次匯入？", "Cancel this import?"),
        [
            Text(
                "已讀取的資料列都不會保留；要使用這個檔案時，請重新上傳。",
                "None of the rows read so far is kept; to use the file, upload it again.",
            )
        ],
        Text("取消這次匯入", "Cancel the import"),
        form=form,
        back=page_of(job_id),
        danger=True,
    )


@page(import_pages, "/<uuid:job_id>/failures", roles=TENANT, snapshot=False)
def failures(actor: Actor, job_id: uuid.UUID) -> Response:
    """The refused rows as a workbook: corrected there, it can be imported again."""
    with unit_of_work(snapshot=True):
        counts = look_at(actor, job_id).counts
    import_id = counts.import_id if counts else None
    return failures_response(actor, import_id, english=current_language() == EN)

"""The files of the voucher form: its picture, and the workbook with the coupons of type 06.

A browser with scripts sends the picture straight to the object store and the workbook at once;
without scripts both come with the form and go the same way from here.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask import Response, jsonify, request, url_for
from werkzeug.datastructures import FileStorage

from voucherweb.api.management.imports import MAX_WORKBOOK
from voucherweb.api.management.uploads import UploadBody
from voucherweb.api.parsing import parse
from voucherweb.api.pictures import picture_url, storage
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import JobState
from voucherweb.domain.paging import PageRequest
from voucherweb.errors import Detail, Refusal, refuse
from voucherweb.models import Job
from voucherweb.services import imports, jobs, repairs, uploads
from voucherweb.services.ids import parse_id
from voucherweb.services.repairs import ImportCounts
from voucherweb.spreadsheets.coupons import FailedRow
from voucherweb.storage.keys import FILE_TYPES, MEGABYTE
from voucherweb.transaction import unit_of_work
from voucherweb.web.forms import Form
from voucherweb.web.issuing_form import VoucherForm
from voucherweb.web.language import Text, t
from voucherweb.web.page import TENANT, page
from voucherweb.web.rendering import render
from voucherweb.web.vouchers import voucher_pages

MAX_NAME: Final = 50
"""What contract A allows of an upload's file name."""
MAX_FORM: Final = MAX_WORKBOOK + 11 * MEGABYTE
"""A workbook and a picture of the most that is taken, and the texts."""
_LATEST: Final = 100
_AT_A_GLANCE: Final = 5


@dataclass(frozen=True, slots=True)
class CouponChoice:
    """An import whose good rows a voucher can take."""

    id: str
    name: str | None
    at: datetime
    success: int
    failed: int


@voucher_pages.url_value_preprocessor
def _bound(_endpoint: str | None, _values: object) -> None:
    """The guard against forged requests reads the form before a page could say what it takes."""
    request.max_content_length = MAX_FORM


@page(voucher_pages, "/picture", roles=TENANT, methods=("POST",))
def picture_address(actor: Actor) -> Response:
    """Where the browser may put a picture: `{objectKey, url}`, or `{problem}`."""
    try:
        name = request.form.get("name", "")
        address = _address(actor, name)
    except Refusal as refusal:
        return _problem(refusal)
    return jsonify(objectKey=address.object_key, url=address.url)


@page(voucher_pages, "/picture/arrived", roles=TENANT, methods=("POST",))
def picture_arrived(actor: Actor) -> Response:
    """Whether what was put there is a picture: `{url}` to see it, or `{problem}`."""
    key = request.form.get("objectKey", "").replace("\0", "")
    try:
        with unit_of_work():
            uploads.need_picture(storage(), actor, key, None)
    except Refusal as refusal:
        return _problem(refusal)
    return jsonify(url=picture_url(key))


@page(voucher_pages, "/coupons", roles=TENANT, methods=("POST",))
def import_coupons(actor: Actor) -> Response:
    """Begin to read the workbook; answers the part that follows its progress."""
    form = VoucherForm()
    take_workbook(form, actor)
    job_id = parse_id(str(form.couponJob.data or ""))
    if job_id is None:
        return render("issuing/import.html", job=None, form=form)
    return show_progress(actor, job_id)


@page(voucher_pages, "/coupons/<uuid:job_id>", roles=TENANT, snapshot=False)
def import_progress(actor: Actor, job_id: uuid.UUID) -> Response:
    """How far an import is; once it has ended, what it found."""
    return show_progress(actor, job_id)


def show_progress(actor: Actor, job_id: uuid.UUID) -> Response:
    with unit_of_work(snapshot=True):
        return render("issuing/import.html", **import_context(actor, job_id))


def import_context(actor: Actor, job_id: uuid.UUID | None) -> dict[str, Any]:
    """What issuing/import.html shows; raises NOT_EXIST."""
    job = jobs.get_job(actor, job_id)
    done = job.state == JobState.DONE and job.result is not None
    counts = _counts(actor, parse_id(str((job.result or {}).get("importId")))) if done else None
    return {
        "job": job,
        "open": job.state in jobs.OPEN,
        "eta": jobs.eta_seconds(job),
        "counts": counts,
        "refused": _first_refused(actor, counts),
        "refusal": _why(job),
        "imports": coupon_choices(actor) if done else [],
        "check": url_for("vouchers.check", voucher=request.args.get("voucher")),
    }


def _first_refused(actor: Actor, counts: ImportCounts | None) -> list[FailedRow]:
    """A few refused rows with why, to be seen at once."""
    if counts is None or not counts.failed:
        return []
    few = PageRequest(1, _AT_A_GLANCE, "rowNumber", False)
    return repairs.failed_page(actor, counts.import_id, few)[0]


def coupon_choices(actor: Actor, own: uuid.UUID | None = None) -> list[CouponChoice]:
    """The tenant's imports that no voucher has taken, or only the voucher `own`; latest first."""
    return [
        CouponChoice(str(one.id), one.file_name, one.created_at, one.success, one.failed)
        for one in repairs.free_imports(actor, _LATEST, own)
    ]


def chosen_coupons(form: VoucherForm, actor: Actor) -> int | None:
    """How many coupons the chosen import has."""
    counts = _counts(actor, parse_id(str(form.couponImportId.data or "")))
    return counts.success if counts else None


def take_picture(form: VoucherForm, actor: Actor) -> None:
    """Store the picture that came with the form, if one came; what is wrong with it is told."""
    file: FileStorage | None = request.files.get("picture")
    if file is None or not file.filename:
        return
    form.touched.data = f"{form.touched.data or ''},thumbnailObjectKey"
    try:
        form.thumbnailObjectKey.data = _stored(actor, file)
    except Refusal as refusal:
        form.refuse(refusal)


def take_workbook(form: VoucherForm, actor: Actor) -> None:
    """Begin to read the workbook that came with the form; what is wrong with it is told."""
    file: FileStorage | None = request.files.get("workbook")
    data = file.stream.read(MAX_WORKBOOK + 1) if file else b""
    form.touched.data = f"{form.touched.data or ''},couponImportId"
    if file is None or not data:
        _complain(form, "choose a workbook (.xlsx) first", "請先選擇要匯入的 .xlsx 檔案")
    elif len(data) > MAX_WORKBOOK:
        _complain(form, "The workbook is larger than 20 MB", "檔案超過 20 MB")
    else:
        form.couponJob.data = str(imports.start_import(actor, storage(), data, file.filename))


def _address(actor: Actor, name: str) -> uploads.UploadAddress:
    """Raises INVALID_PARAMETER and UPLOAD_FILE_TYPE_NOT_ALLOWED."""
    extension = name.rpartition(".")[2].lower()
    given = {"fileName": name.replace("\0", "")[-MAX_NAME:], "fileType": extension[-10:]}
    body = parse(UploadBody, {**given, "isThumbnail": True})
    with unit_of_work():
        return uploads.open_upload(
            storage(),
            actor,
            is_thumbnail=True,
            file_name=body.file_name,
            file_type=body.file_type,
            parts=None,
        )


def _stored(actor: Actor, file: FileStorage) -> str:
    """The key under which a whole picture is stored and was found good; raises why it is not."""
    try:
        address = _address(actor, file.filename or "")
    except Refusal as refusal:
        detail = Detail("thumbnailObjectKey", refusal.error.en, refusal.error.zh)
        raise Refusal(refusal.error, [detail]) from refusal
    key = address.object_key
    limit = FILE_TYPES[key.rpartition(".")[2]].limit
    data = file.stream.read(limit + 1)
    if len(data) > limit:
        detail = Detail("thumbnailObjectKey", "The picture is larger than 10 MB", "圖片超過 10 MB")
        raise refuse("PAYLOAD_TOO_LARGE", [detail])
    storage().write(key, data)
    try:
        with unit_of_work():
            uploads.need_picture(storage(), actor, key, None)
    except Refusal:
        storage().delete(key)
        raise
    return key


def _problem(refusal: Refusal) -> Response:
    said = [t(one.zh, one.en) for one in refusal.details]
    text = t("；", "; ").join([t(refusal.error.zh, refusal.error.en), *said])
    answer = jsonify(problem=text, code=refusal.error.code)
    answer.status_code = refusal.error.http
    return answer


def _complain(form: Form, en: str, zh: str) -> None:
    form.refuse_field(Detail("couponImportId", en, zh))


def _counts(actor: Actor, import_id: uuid.UUID | None) -> ImportCounts | None:
    """None once the import has expired, or for another tenant's."""
    if import_id is None:
        return None
    try:
        return repairs.import_counts(actor, import_id)
    except Refusal:
        return None


def _why(job: Job) -> Text | None:
    """Why an import failed as a whole."""
    if job.state != JobState.FAILED:
        return None
    refusal = jobs.refusal_of(job)
    details = refusal.details
    zh = "；".join([refusal.error.zh, *(one.zh for one in details)])
    en = "; ".join([refusal.error.en, *(one.en for one in details)])
    return Text(zh, en)

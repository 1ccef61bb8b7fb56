"""Jobs: long work of one's own with how far it is and what came of it, and the platform's list of
all of them with those who carry them."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from flask import Blueprint, Response, url_for

from voucherweb.api.pictures import storage
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import JobState
from voucherweb.domain.paging import SortSpec
from voucherweb.errors import ERRORS, Refusal
from voucherweb.models import Job
from voucherweb.services import coupon_jobs, exports, job_lists, jobs, tenants
from voucherweb.services.actor_names import actor_names
from voucherweb.services.ids import parse_id
from voucherweb.services.job_lists import JobFilter
from voucherweb.storage.keys import attachment
from voucherweb.transaction import unit_of_work
from voucherweb.web import labels, listing
from voucherweb.web.admins import tenant_choices
from voucherweb.web.forms import Done, Form, attempt
from voucherweb.web.language import Text, is_english
from voucherweb.web.listing import Listing
from voucherweb.web.page import ADMINS, PLATFORM, go, page
from voucherweb.web.rendering import confirm, render, wanted_part
from voucherweb.web.shown import duration

job_pages = Blueprint("jobs", __name__, url_prefix="/admin/jobs")

SORT: Final = SortSpec(
    ("createdAt", "finishedAt", "kind", "state", "attempts", "tenantName"), "createdAt", "desc"
)
KINDS: Final = {
    jobs.IMPORT: Text("匯入折價券", "Import of coupons"),
    jobs.EXPORT: Text("匯出", "Export"),
    jobs.BULK_OFF: Text("批次下架", "Taking vouchers down"),
    jobs.COUPON_GENERATE: Text("產生票券碼", "Making of coupon codes"),
    jobs.COUPON_IMPORT: Text("匯入票券碼", "Import of coupon codes"),
    jobs.TAKE_DOWN: Text("到期自動下架", "Take-down of ended vouchers"),
}
QUEUES: Final = {
    "imports": Text("匯入、匯出與批次", "Imports, exports, bulk"),
    "takedown": Text("到期下架", "Take-downs"),
}
WORKER_STATES: Final = {
    "busy": Text("處理中", "Busy"),
    "idle": Text("待命", "Idle"),
    "started": Text("啟動中", "Starting"),
    "suspended": Text("暫停", "Suspended"),
}
LIVE: Final = "live"
"""The part of the list that renews itself."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A job as a page tells it."""

    job: Job
    name: Text
    refusal: Refusal | None
    eta: Text | None

    @property
    def open(self) -> bool:
        return self.job.state in jobs.OPEN

    @property
    def reasons(self) -> list[Text]:
        """Why it failed: what happened to this job, else what such a failure is called."""
        if self.refusal is None:
            return []
        told = [Text(one.zh, one.en) for one in self.refusal.details]
        return told or [Text(self.refusal.error.zh, self.refusal.error.en)]

    @property
    def file(self) -> Mapping[str, Any] | None:
        """The result of an export that has a file."""
        done = self.job.kind == jobs.EXPORT and self.job.state == JobState.DONE
        return self.job.result if done else None


def shown(job: Job) -> Shown:
    failed = job.state == JobState.FAILED
    return Shown(job, name_of(job), jobs.refusal_of(job) if failed else None, _eta(job))


def name_of(job: Job) -> Text:
    """What a job does, such as 匯出：票券清單."""
    kind = KINDS.get(job.kind, Text(job.kind, job.kind))
    if job.kind != jobs.EXPORT:
        return kind
    what = Text(*exports.name_of(job.params["what"]))
    return Text(f"{kind.zh}：{what.zh}", f"{kind.en}: {what.en}")


def _eta(job: Job) -> Text | None:
    seconds = jobs.eta_seconds(job)
    if seconds is None:
        return None
    return Text("大約還要 {}", "About {} to go").format(duration(timedelta(seconds=seconds)))


def why_skipped(code: str) -> Text:
    """Why a bulk job left a voucher as it was."""
    if code == "NOT_EXIST":
        return Text("已刪除，或不屬於您的租戶", "It was deleted, or is not your tenant's")
    if code == "VOUCHER_UPDATE_STATUS_NOT_ALLOWED":
        return Text("不在架上：未上架、已下架、已結束或已過期", "It is not on the shelf")
    known = ERRORS.get(code, ERRORS["INTERNAL"])
    return Text(known.zh, known.en)


@page(job_pages, "", roles=PLATFORM)
def index(actor: Actor) -> Response:
    wanted, narrowed = _read(actor)
    rows, wanted.total = job_lists.list_jobs(actor, narrowed, wanted.asked)
    carriers = job_lists.carriers()
    moving = any(job.state in jobs.OPEN for job, _ in rows)
    # What renews itself must not fill the browser's history with its address.
    address: dict[str, Any] = {} if wanted_part() == LIVE else {"address": wanted.address}
    return render(
        "jobs/index.html",
        rows=[(shown(job), tenant_name) for job, tenant_name in rows],
        list=wanted,
        kinds=KINDS,
        tenants=tenant_choices,
        queues=QUEUES,
        worker_states=WORKER_STATES,
        carriers=carriers,
        moving=moving,
        **address,
    )


def _read(actor: Actor) -> tuple[Listing, JobFilter]:
    wanted = listing.read(SORT, ("kind", "state", "tenant"))
    state = listing.choice_of(wanted, "state", JobState)
    listing.chip(wanted, "kind", KINDS)
    listing.chip(wanted, "state", {str(one): text for one, text in labels.JOB_STATES.items()})
    tenant_id = None
    if wanted.get("tenant"):
        tenant = tenants.get_tenant(actor, parse_id(wanted.get("tenant")))
        tenant_id = tenant.id
        wanted.chips.append(("tenant", tenant.name))
    return wanted, JobFilter(wanted.get("kind"), state, tenant_id)


@page(job_pages, "/<uuid:job_id>", roles=ADMINS, snapshot=False)
def show(actor: Actor, job_id: uuid.UUID) -> Response:
    """How far a job is, one's own or, to the platform, anybody's; whoever reads the end of his own
    has been told."""
    with unit_of_work():
        job = jobs.followed_job(actor, job_id)
        if job.state not in jobs.OPEN:
            job_lists.mark_seen(actor, [job.id])
        return render(
            "jobs/show.html",
            shown=shown(job),
            own=not actor.is_platform or job.actor == actor.key,
            asked_by=actor_names([job.actor], english=is_english())[job.actor],
            tenant=tenants.get_tenant(actor, job.tenant_id) if job.tenant_id else None,
            why_skipped=why_skipped,
        )


@page(job_pages, "/<uuid:job_id>/cancel", roles=ADMINS, methods=("GET", "POST"))
def cancel(actor: Actor, job_id: uuid.UUID) -> Response:
    form = Form()
    back = url_for("jobs.show", job_id=job_id)

    def act() -> Done:
        job = jobs.cancel_own(actor, job_id)
        if job.state == JobState.CANCELLED:
            return back, Text("已取消作業。", "The job was cancelled.")
        return back, Text(
            "作業在取消之前就已結束，結果如下。",
            "The job had ended before; this is what came of it.",
        )

    answer = attempt(form, actor, act) if form.sent else None
    if answer:
        return answer
    job = jobs.followed_job(actor, job_id)
    if job.state not in jobs.OPEN:
        return go(back)
    title = Text("取消「{}」？", "Cancel this job ({})?").format(name_of(job))
    button = Text("取消作業", "Cancel the job")
    return confirm(title, [_consequence(job)], button, form=form, back=back, danger=True)


def _consequence(job: Job) -> Text:
    if job.kind == jobs.BULK_OFF:
        return Text(
            "已經下架的票券維持下架，其餘不再處理。不能恢復，但可以重新選取後再執行一次。",
            "Vouchers that were taken down stay down; the others are left alone. It does not go on"
            " later, but you may select them again.",
        )
    if job.kind == jobs.IMPORT:
        return Text(
            "不會留下任何匯入的折價券。不能恢復，但可以重新上傳同一個檔案。",
            "No coupon of it is kept. It does not go on later, but you may send the file again.",
        )
    if job.kind == jobs.TAKE_DOWN:
        return Text(
            "排程會在下一輪重新開始，到期的票券仍然會下架。",
            "The scheduler starts it again at its next round: ended vouchers still come down.",
        )
    if job.kind in coupon_jobs.KINDS:
        return Text(
            "不會留下任何票券碼，票券組也不會建立。不能恢復，但可以重新建立一組。",
            "No code of it is kept, and there will be no coupon set. It does not go on later, but"
            " you may make another.",
        )
    return Text(
        "不會產生檔案，也不影響任何資料。需要時可以重新開始。",
        "There will be no file, and no data is touched. It may be started again.",
    )


@page(job_pages, "/<uuid:job_id>/download", roles=ADMINS, snapshot=False)
def download(actor: Actor, job_id: uuid.UUID) -> Response:
    with unit_of_work():
        file = exports.open_export(actor, storage(), job_id)
    response = Response(file.blocks, mimetype=file.media_type)
    response.headers["Content-Type"] = file.media_type
    response.content_length = file.size
    response.headers["Content-Disposition"] = attachment(file.file_name)
    response.headers["Cache-Control"] = "no-store, private"
    return response

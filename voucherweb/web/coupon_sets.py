"""Coupon sets of partners (contract B): listed, shown with codes, paused, resumed and renamed.
Making one is in `coupon_set_forms`, giving and taking back in `coupon_hands`."""

import uuid
from typing import Any, Final

from flask import Blueprint, Response, request, url_for
from wtforms import StringField, TextAreaField

from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import CouponSource, CouponStatus, JobState
from voucherweb.domain.paging import SortSpec
from voucherweb.errors import ERRORS, Refusal
from voucherweb.models import CouponSet
from voucherweb.services import coupon_set_lists, coupon_sets, exports, jobs
from voucherweb.services.coupon_set_lists import SetFilter, SetState
from voucherweb.services.exports import FORMATS
from voucherweb.web import coupon_words, listing
from voucherweb.web.forms import Done, Form, attempt, press
from voucherweb.web.jobs import shown
from voucherweb.web.language import Text, is_english
from voucherweb.web.page import ADMINS, current_page, go, page, say
from voucherweb.web.rendering import confirm, render

coupon_set_pages: Final = Blueprint(
    "coupon_sets", __name__, url_prefix="/admin/partners/coupon-sets"
)

SORT: Final = SortSpec(tuple(coupon_sets.SORT), "createdAt", "desc")
CODES: Final = SortSpec(("ordinal",), "ordinal", "asc")
REFUSED: Final = SortSpec(tuple(coupon_set_lists.REFUSED_SORT), "row", "asc")


class RenameForm(Form):
    name = StringField(Text("名稱", "Name"))
    description = TextAreaField(Text("說明", "Description"))


def own(actor: Actor) -> uuid.UUID:
    """Whose sets the admin looks after here: the tenant's, or the platform's own."""
    return coupon_sets.owner_of(actor, None)


def home(set_id: uuid.UUID) -> str:
    return url_for("coupon_sets.show", coupon_set_id=set_id)


def about(pool: CouponSet) -> dict[str, Any]:
    """What every page of a set shows of it."""
    state = coupon_set_lists.state_of(pool)
    return {
        "pool": pool,
        "state": state,
        "limit": coupon_set_lists.limit_of(pool),
        "may_give": state is SetState.GIVING,
        "words": coupon_words,
    }


@page(coupon_set_pages, "", roles=ADMINS)
def index(actor: Actor) -> Response:
    wanted = listing.read(SORT, ("keyword", "source", "state"))
    narrowed = SetFilter(
        wanted.get("keyword"),
        listing.choice_of(wanted, "source", CouponSource),
        listing.choice_of(wanted, "state", SetState),
    )
    rows, wanted.total = coupon_set_lists.find_sets(own(actor), narrowed, wanted.asked)
    listing.chip(wanted, "keyword")
    listing.chip(wanted, "source", coupon_words.SOURCES)
    listing.chip(wanted, "state", coupon_words.STATES)
    return render(
        "coupon_sets/index.html",
        rows=[about(one) for one in rows],
        list=wanted,
        words=coupon_words,
        address=wanted.address,
    )


@page(coupon_set_pages, "/<uuid:coupon_set_id>", roles=ADMINS)
def show(actor: Actor, coupon_set_id: uuid.UUID) -> Response:
    owner_id = own(actor)
    try:
        pool = coupon_sets.get_set(owner_id, coupon_set_id)
    except Refusal as refusal:
        if refusal.error is not ERRORS["NOT_EXIST"]:
            raise
        # A pool that was never filled is gone; its job still tells why.
        return go(url_for("jobs.show", job_id=jobs.own_job(actor, coupon_set_id).id))
    if pool.status == coupon_sets.PENDING:
        job = shown(coupon_set_lists.job_of(pool))
        return render("coupon_sets/making.html", **about(pool), shown=job)
    return _codes(pool)


def _codes(pool: CouponSet) -> Response:
    wanted = listing.read(CODES, ("code", "status"))
    status = listing.choice_of(wanted, "status", CouponStatus)
    if wanted.get("code"):
        rows = coupon_set_lists.code_lines(pool, wanted.get("code") or "")
        wanted.total = len(rows)
    else:
        rows, wanted.total = coupon_set_lists.codes_page(pool, wanted.asked, status)
    listing.chip(wanted, "code")
    listing.chip(wanted, "status", coupon_words.STATUSES)
    return render(
        "coupon_sets/show.html",
        **about(pool),
        rows=rows,
        list=wanted,
        refused=_refused_count(pool),
        exports=_exports(pool, status),
        address=wanted.address,
    )


def _exports(pool: CouponSet, status: CouponStatus | None) -> list[tuple[str, str, Form]]:
    """The formats with their addresses, narrowed as the list is."""
    return [
        (
            one,
            url_for("coupon_sets.export", coupon_set_id=pool.id, extension=one, status=status),
            Form(formdata=None),
        )
        for one in FORMATS
    ]


@page(
    coupon_set_pages,
    "/<uuid:coupon_set_id>/export/<extension>",
    roles=ADMINS,
    methods=("POST",),
)
def export(actor: Actor, coupon_set_id: uuid.UUID, extension: str) -> Response:
    """Begin to write the codes to a file; the job's page follows it."""
    filters = {"setId": str(coupon_set_id)}
    if request.args.get("status"):
        filters["status"] = request.args["status"]

    def act() -> Done:
        coupon_sets.get_set(own(actor), coupon_set_id)
        job_id = exports.start_export(actor, "COUPONS", extension, filters, english=is_english())
        return url_for("jobs.show", job_id=job_id), Text("已開始匯出。", "The export has begun.")

    return press(actor, act)


def _refused_count(pool: CouponSet) -> int:
    """How many rows an import refused, for as long as its record is kept."""
    if pool.source != CouponSource.IMPORT:
        return 0
    try:
        job = coupon_set_lists.filling(pool.owner_id, pool.id)
    except Refusal:
        return 0
    return int((job.result or {}).get("failed", 0))


@page(coupon_set_pages, "/<uuid:coupon_set_id>/progress", roles=ADMINS)
def progress(actor: Actor, coupon_set_id: uuid.UUID) -> Response:
    """The part of the page that follows the filling of a pool; the page is renewed at the end."""
    job = coupon_set_lists.filling(own(actor), coupon_set_id)
    if job.state in jobs.OPEN:
        return render("coupon_sets/_progress.html", shown=shown(job))
    if job.state == JobState.DONE and job.result and job.result.get("setId"):
        if (current_page() or "").partition("?")[0] == home(coupon_set_id):
            said = Text("已備妥 {:,} 個票券碼。", "{:,} codes are ready.")
            say(said.format(job.result["success"]))
        return go(home(coupon_set_id))
    return go(url_for("jobs.show", job_id=job.id))


@page(coupon_set_pages, "/<uuid:coupon_set_id>/refused", roles=ADMINS)
def refused(actor: Actor, coupon_set_id: uuid.UUID) -> Response:
    """The rows of a file that did not become codes, with the reasons."""
    wanted = listing.read(REFUSED)
    job = coupon_set_lists.filling(own(actor), coupon_set_id)
    rows, wanted.total = coupon_set_lists.refused_page(own(actor), coupon_set_id, wanted.asked)
    return render(
        "coupon_sets/refused.html",
        job=job,
        result=job.result or {},
        rows=rows,
        list=wanted,
        address=wanted.address,
    )


@page(coupon_set_pages, "/<uuid:coupon_set_id>/rename", roles=ADMINS, methods=("GET", "POST"))
def rename(actor: Actor, coupon_set_id: uuid.UUID) -> Response:
    pool = coupon_sets.get_set(own(actor), coupon_set_id)
    form = RenameForm(data={"name": pool.name, "description": pool.description})

    def act() -> Done:
        name, description = form.name.data or "", form.description.data
        coupon_sets.rename(actor, own(actor), coupon_set_id, name, description)
        return home(coupon_set_id), Text("已儲存票券組。", "The coupon set was saved.")

    answer = attempt(form, actor, act) if form.sent else None
    return answer or render(
        "coupon_sets/rename.html",
        status=form.status,
        form=form,
        **about(coupon_sets.get_set(own(actor), coupon_set_id)),
    )


@page(coupon_set_pages, "/<uuid:coupon_set_id>/pause", roles=ADMINS, methods=("GET", "POST"))
def pause(actor: Actor, coupon_set_id: uuid.UUID) -> Response:
    form = Form()
    pool = coupon_sets.get_set(own(actor), coupon_set_id)
    called, held = pool.name, pool.given - pool.used

    def act() -> Done:
        coupon_sets.pause(actor, own(actor), coupon_set_id)
        said = Text("已暫停發放「{}」。", "“{}” is paused.")
        return home(coupon_set_id), said.format(called)

    answer = attempt(form, actor, act) if form.sent else None
    return answer or confirm(
        Text("暫停發放「{}」？", "Pause “{}”?").format(called),
        [
            Text(
                "夥伴與管理員都不能再發放這個票券組，直到恢復為止。",
                "Neither partners nor admins can give coupons of this set until it is resumed.",
            ),
            Text(
                "會員手上還沒使用的 {:,} 個碼照常可以使用。",
                "The {:,} codes that members hold can be used as before.",
            ).format(held),
        ],
        Text("暫停發放", "Pause the set"),
        form=form,
        back=home(coupon_set_id),
    )


@page(coupon_set_pages, "/<uuid:coupon_set_id>/resume", roles=ADMINS, methods=("GET", "POST"))
def resume(actor: Actor, coupon_set_id: uuid.UUID) -> Response:
    form = Form()
    called = coupon_sets.get_set(own(actor), coupon_set_id).name

    def act() -> Done:
        coupon_sets.resume(actor, own(actor), coupon_set_id)
        said = Text("已恢復發放「{}」。", "“{}” may be given again.")
        return home(coupon_set_id), said.format(called)

    answer = attempt(form, actor, act) if form.sent else None
    return answer or confirm(
        Text("恢復發放「{}」？", "Resume “{}”?").format(called),
        [
            Text(
                "夥伴與管理員可以再發放這個票券組。",
                "Partners and admins can give coupons of this set again.",
            )
        ],
        Text("恢復發放", "Resume the set"),
        form=form,
        back=home(coupon_set_id),
    )

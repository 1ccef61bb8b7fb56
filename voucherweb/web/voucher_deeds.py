"""What is done to vouchers from their pages: on and off the shelf, deleted, exported.

Every question says first what members and the books will meet; the services have the last word.
"""

import uuid
from collections.abc import Sequence
from typing import Final

from flask import Response, request, url_for
from wtforms import HiddenField

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import VoucherStatus
from voucherweb.errors import Detail, Refusal, invalid, refuse
from voucherweb.models import Voucher
from voucherweb.services import bulk, exports, issuing, statistics, vouchers
from voucherweb.services.ids import parse_id
from voucherweb.web.forms import Done, Form, attempt, press
from voucherweb.web.language import EN, Text, current_language
from voucherweb.web.page import ADMINS, TENANT, current_page, local_path, page
from voucherweb.web.rendering import confirm
from voucherweb.web.shown import number, points
from voucherweb.web.voucher_words import (
    WHY_NOT_DELETE,
    deeds,
    means_delete,
    means_off,
    means_on,
    why_not_off,
    why_not_on,
)
from voucherweb.web.vouchers import read_list, tenant_of_list, voucher_pages

STARTED: Final = Text(
    "已開始匯出；可以離開這一頁，完成後會通知你。",
    "The export has begun; you may leave this page and will be told when it is ready.",
)


class DeedForm(Form):
    """Asks before a deed. `back` is the page that it was asked from."""

    back = HiddenField()

    def come_from(self, otherwise: str) -> str:
        """Where to go afterwards; what a browser names is only taken when it is a page of ours."""
        if not self.sent:
            self.back.data = current_page() or otherwise
        return local_path(self.back.data) or otherwise


class BulkForm(DeedForm):
    ids = HiddenField()


def _detail(voucher_id: uuid.UUID) -> str:
    return url_for("vouchers.show", voucher_id=voucher_id)


def job_page(job_id: uuid.UUID) -> str:
    """Where a job tells how far it is."""
    return url_for("jobs.show", job_id=job_id)


def not_now(code: str, why: Text | None) -> Refusal:
    """The refusal of a deed, with the sentence that says why."""
    return refuse(code, [Detail("", why.en, why.zh)] if why else [])


@page(voucher_pages, "/<uuid:voucher_id>/on", roles=TENANT, methods=("GET", "POST"))
def put_on(actor: Actor, voucher_id: uuid.UUID) -> Response:
    return _shelve(actor, voucher_id, VoucherStatus.ON)


@page(voucher_pages, "/<uuid:voucher_id>/off", roles=TENANT, methods=("GET", "POST"))
def take_down(actor: Actor, voucher_id: uuid.UUID) -> Response:
    return _shelve(actor, voucher_id, VoucherStatus.OFF)


SAID: Final = {
    VoucherStatus.ON: Text("「{}」已上架。", "“{}” is on the shelf."),
    VoucherStatus.OFF: Text("「{}」已下架。", "“{}” was taken down."),
}


def _shelve(actor: Actor, voucher_id: uuid.UUID, wanted: VoucherStatus) -> Response:
    form = DeedForm()
    back = form.come_from(_detail(voucher_id))

    def act() -> Done:
        voucher = vouchers.set_status(actor, voucher_id, wanted)
        return back, SAID[wanted].format(voucher.title)

    answer = attempt(form, actor, act) if form.sent else None
    return answer or _ask_shelf(actor, voucher_id, wanted, form, back)


def _ask_shelf(
    actor: Actor, voucher_id: uuid.UUID, wanted: VoucherStatus, form: DeedForm, back: str
) -> Response:
    voucher, now = vouchers.get_voucher(actor, voucher_id), clock.now()
    if wanted is VoucherStatus.ON:
        if not deeds(voucher, now).put_on:
            raise not_now("VOUCHER_UPDATE_STATUS_NOT_ALLOWED", why_not_on(voucher, now))
        title = Text("上架這張票券？", "Put this voucher on the shelf?")
        button, says = Text("上架這張票券", "Put it on the shelf"), means_on(voucher, now)
    else:
        if not deeds(voucher, now).take_down:
            raise not_now("VOUCHER_UPDATE_STATUS_NOT_ALLOWED", why_not_off(voucher, now))
        title = Text("下架這張票券？", "Take this voucher down?")
        button = Text("下架這張票券", "Take it down")
        says = means_off(voucher, statistics.of_voucher(actor, voucher_id), now)
    return confirm(title, says, button, form=form, back=back)


@page(voucher_pages, "/<uuid:voucher_id>/delete", roles=TENANT, methods=("GET", "POST"))
def delete(actor: Actor, voucher_id: uuid.UUID) -> Response:
    form = DeedForm()
    asked_from = form.come_from(url_for("vouchers.index"))
    gone = asked_from.startswith(_detail(voucher_id))
    after = url_for("vouchers.index") if gone else asked_from

    def act() -> Done:
        voucher = vouchers.get_voucher(actor, voucher_id)
        said = Text(
            "已刪除「{}」，{} 已退回額度。", "“{}” was deleted; {} went back to your quota."
        )
        told = said.format(voucher.title, points(voucher.redeem_points * voucher.volume))
        issuing.delete_voucher(actor, voucher_id)
        return after, told

    answer = attempt(form, actor, act) if form.sent else None
    return answer or _ask_delete(actor, voucher_id, form, asked_from)


def _ask_delete(actor: Actor, voucher_id: uuid.UUID, form: DeedForm, back: str) -> Response:
    voucher = vouchers.get_voucher(actor, voucher_id)
    if not deeds(voucher, clock.now()).delete:
        raise not_now("VOUCHER_DELETE_NOT_ALLOWED", WHY_NOT_DELETE)
    refund = points(voucher.redeem_points * voucher.volume)
    return confirm(
        Text("刪除這張草稿？", "Delete this draft?"),
        means_delete(voucher),
        Text("刪除並退回 {}", "Delete and return {}").format(refund),
        form=form,
        back=back,
        danger=True,
    )


@page(voucher_pages, "/take-down", roles=TENANT, methods=("GET", "POST"))
def take_down_many(actor: Actor) -> Response:
    form = BulkForm()
    back = form.come_from(url_for("vouchers.index"))
    if not form.sent:
        form.ids.data = ",".join(request.args.getlist("id"))
    ids = [one for one in map(parse_id, str(form.ids.data or "").split(",")) if one]

    def act() -> Done:
        job_id = bulk.start_take_down(actor, ids)
        said = Text(
            "已開始下架 {} 張票券；可以離開這一頁。",
            "Taking {} down has begun; you may leave this page.",
        )
        return job_page(job_id), _counted(said, len(set(ids)))

    answer = attempt(form, actor, act) if form.sent else None
    return answer or _ask_many(actor, ids, form, back)


def _ask_many(actor: Actor, ids: list[uuid.UUID], form: BulkForm, back: str) -> Response:
    found = vouchers.on_shelf_among(actor, ids[: bulk.MOST])
    if not found:
        raise invalid("id", "choose at least one voucher on the shelf", "請先勾選上架中的票券")
    count, left = len(found), number(sum(one.volume - one.redeemed for one in found))
    return confirm(
        _counted(Text("下架所選的 {} 張票券？", "Take {} down?"), count),
        [
            _names(found),
            Text(
                "會員不再看到它們，合計剩下的 {} 張停止兌換；已兌換的仍可在使用期間內使用。",
                "Members no longer find them and the {} left cannot be redeemed; what was redeemed"
                " stays good for its time of use.",
            ).format(left),
            Text(
                "各票券在下架日之前都可以再上架。會在背景逐張進行，進度頁會列出沒有下架的及原因。",
                "Each may go back on the shelf until its last day there. It is done one by one in"
                " the background; the progress page lists those left out and why.",
            ),
        ],
        _counted(Text("下架 {} 張票券", "Take {} down"), count),
        form=form,
        back=back,
    )


def _counted(said: Text, count: int) -> Text:
    """`said` with so many vouchers; English has a word for one."""
    words = "voucher" if count == 1 else "vouchers"
    return Text(said.zh.format(number(count)), said.en.format(f"{number(count)} {words}"))


def _names(found: Sequence[Voucher]) -> Text:
    shown = [one.title for one in found[:5]]
    more = len(found) - len(shown)
    rest = Text(f"等 {len(found)} 張", f"and {more} more") if more else Text("", "")
    return Text("、".join(shown) + rest.zh, ", ".join(shown) + (f" {rest.en}" if more else ""))


@page(voucher_pages, "/export/<extension>", roles=ADMINS, methods=("POST",))
def export(actor: Actor, extension: str) -> Response:
    """The list that the address describes, as a file."""
    tenant = tenant_of_list(actor)
    if tenant is None:
        raise invalid("tenant", "is required", "必填")
    wanted, _ = read_list(tenant.id)
    filters = {
        "dateType": wanted.get("queryDateType"),
        "firstDay": wanted.get("startDate"),
        "lastDay": wanted.get("endDate"),
        "voucherType": wanted.get("voucherType"),
        "status": wanted.get("status"),
        "phase": wanted.get("phase"),
        "title": wanted.get("name"),
        "tenantId": str(tenant.id) if actor.is_platform else None,
    }
    return _export(actor, "VOUCHERS", extension, filters)


@page(voucher_pages, "/<uuid:voucher_id>/export/<extension>", roles=ADMINS, methods=("POST",))
def export_redemptions(actor: Actor, voucher_id: uuid.UUID, extension: str) -> Response:
    """Who redeemed a voucher, as a file."""
    filters = {"voucherId": str(voucher_id), "status": request.args.get("status")}
    return _export(actor, "REDEMPTIONS", extension, filters)


def _export(actor: Actor, what: str, extension: str, filters: dict[str, str | None]) -> Response:
    given = {name: value for name, value in filters.items() if value}

    def act() -> Done:
        english = current_language() == EN
        job_id = exports.start_export(actor, what, extension, given, english=english)
        return job_page(job_id), STARTED

    return press(actor, act)

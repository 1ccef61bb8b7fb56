"""Issue, change and copy a voucher (behaviour §5): one form that says what will come of it.

Everything works by sending the form; scripts only send it sooner. `do` says what a button wants:
nothing issues or saves, `preview` looks, `import` reads the chosen workbook, `preset` fills dates.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from flask import Response, request, url_for

from voucherweb.api.management.voucher_shapes import VoucherBody
from voucherweb.api.parsing import parse
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import VoucherType
from voucherweb.domain.voucher_rules import Phase, phase
from voucherweb.models import Voucher
from voucherweb.services import issuing
from voucherweb.services.ids import parse_id
from voucherweb.services.vendors import vendor_of_tenant
from voucherweb.services.vouchers import get_voucher
from voucherweb.transaction import unit_of_work
from voucherweb.web.forms import Done, attempt
from voucherweb.web.issuing_files import (
    chosen_coupons,
    coupon_choices,
    import_context,
    take_picture,
    take_workbook,
)
from voucherweb.web.issuing_form import (
    OVERTAKEN,
    PRESETS,
    SPOKEN,
    VoucherForm,
    days_to_move,
    locked_names,
    of_voucher,
)
from voucherweb.web.issuing_panel import Panel, check_url, examine, shop
from voucherweb.web.language import Text
from voucherweb.web.page import TENANT, page
from voucherweb.web.rendering import render
from voucherweb.web.shown import settings
from voucherweb.web.vouchers import need_vendor, voucher_pages

OPEN: Final = {Phase.DRAFT, Phase.OFF}


@page(voucher_pages, "/new", roles=TENANT, methods=("GET", "POST"))
def issue(actor: Actor) -> Response:
    form = VoucherForm()
    missing = None if form.sent else need_vendor(vendor_of_tenant(actor.tenant_id))
    if missing:
        return render("issuing/not_yet.html", missing=missing)

    def act() -> Done:
        draft = parse(VoucherBody, form.wire()).draft()
        voucher = issuing.add_voucher(shop(), actor, draft)
        said = Text(
            "已發行 {}，用掉 {:,} 點額度。會員還看不到；下一步：上架這張票券。",
            "{} was issued for {:,} points of quota. No member sees it yet: put it on the shelf"
            " next.",
        )
        total = voucher.redeem_points * voucher.volume
        return url_for("vouchers.show", voucher_id=voucher.id), said.format(
            voucher.voucher_no, total
        )

    answer = _send(form, actor, act) if form.sent else None
    if answer:
        return answer
    with _reading():
        if not form.sent and "import" in request.args:
            _take_import(form, actor, request.args["import"])
        return _form_page(form, actor, "new")


@page(voucher_pages, "/<uuid:voucher_id>/edit", roles=TENANT, methods=("GET", "POST"))
def edit(actor: Actor, voucher_id: uuid.UUID) -> Response:
    form = VoucherForm()

    def act() -> Done:
        _load(form, actor, voucher_id)
        draft = parse(VoucherBody, form.wire()).draft()
        seen = str(form.seen.data or "")
        known = clock.from_millis(int(seen)) if seen.isdecimal() and len(seen) < 15 else None
        voucher = issuing.update_voucher(shop(), actor, voucher_id, draft, known)
        said = Text("已儲存 {} 的修改。", "The changes to {} are saved.").format(voucher.voucher_no)
        return url_for("vouchers.show", voucher_id=voucher_id), said

    answer = _send(form, actor, act) if form.sent else None
    if answer:
        return answer
    with _reading():
        voucher = _load(form, actor, voucher_id)
        now = phase(voucher, clock.now())
        if not form.sent:
            if now not in OPEN:
                return render("issuing/closed.html", voucher=voucher, phase=now)
            form.process(data=of_voucher(voucher))
        if not form.sent or OVERTAKEN in form.problems:
            form.seen.data = str(clock.to_millis(voucher.updated_at))
        return _form_page(form, actor, "edit")


@page(voucher_pages, "/<uuid:voucher_id>/duplicate", roles=TENANT)
def duplicate(actor: Actor, voucher_id: uuid.UUID) -> Response:
    voucher = get_voucher(actor, voucher_id)
    days = days_to_move(voucher, clock.now())
    form = VoucherForm(data=of_voucher(voucher, days))
    return _form_page(form, actor, "copy", copied=voucher, moved=days)


@page(voucher_pages, "/check", roles=TENANT, methods=("POST",))
def check(actor: Actor) -> Response:
    """The side panel and each field's problem for a form that is still being filled in."""
    form = VoucherForm()
    wanted = request.args.get("voucher")
    with _reading():
        if wanted:
            _load(form, actor, parse_id(wanted))
        filled = _fill_in(form, actor)
        panel = examine(form, actor)
        form.hush()
        return render("issuing/checked.html", **_context(form, panel, filled))


def _send(form: VoucherForm, actor: Actor, act: Callable[[], Done]) -> Response | None:
    """Do what the pressed button wants; None when the form is to be shown again."""
    take_picture(form, actor)
    wanted = request.form.get("do", "")
    if wanted == "import":
        take_workbook(form, actor)
        return None
    if wanted == "no-picture":
        form.thumbnailObjectKey.data = ""
        return None
    if wanted == "preview" or "preset" in request.form or form.failed:
        return None
    return attempt(form, actor, act)


def _fill_in(form: VoucherForm, actor: Actor) -> tuple[str, ...]:
    """What a chip wants filled in; the names of the fields that it changed."""
    wanted = request.form.get("preset", "")
    if wanted == "volume":
        count = chosen_coupons(form, actor)
        if count:
            form.volume.data = str(count)
            return ("volume",)
    return form.preset(wanted) or ()


def _take_import(form: VoucherForm, actor: Actor, import_id: str) -> None:
    """Begin with the coupons of an import, as many pieces as there are."""
    form.couponImportId.data = import_id
    count = chosen_coupons(form, actor)
    if count:
        form.voucherType.data, form.volume.data = VoucherType.COUPON_CODE.value, str(count)
    else:
        form.couponImportId.data = ""


def _load(form: VoucherForm, actor: Actor, voucher_id: uuid.UUID | None) -> Voucher:
    """The voucher that the form changes; what is locked is so by its phase now."""
    voucher = form.voucher = get_voucher(actor, voucher_id)
    draft = phase(voucher, clock.now()) is Phase.DRAFT
    form.locked = frozenset() if draft else locked_names()
    return voucher


@contextmanager
def _reading() -> Iterator[None]:
    """One snapshot, as a GET has it already."""
    if request.method in {"GET", "HEAD"}:
        yield
        return
    with unit_of_work(snapshot=True):
        yield


def _form_page(
    form: VoucherForm, actor: Actor, kind: str, copied: Voucher | None = None, moved: int = 0
) -> Response:
    filled = _fill_in(form, actor) if form.sent else ()
    refused = form.refusal
    panel = examine(form, actor)
    if not refused:
        form.hush()
    return render(
        "issuing/form.html",
        status=refused.error.http if refused else 200,
        **_context(form, panel, filled),
        kind=kind,
        copied=copied,
        moved=moved,
        imports=coupon_choices(actor, form.voucher.id if form.voucher else None),
        **_import_of(form, actor),
    )


def _context(form: VoucherForm, panel: Panel, filled: tuple[str, ...]) -> dict[str, Any]:
    return {
        "form": form,
        "panel": panel,
        "filled": filled,
        "presets": PRESETS,
        "check": check_url(form),
        "spoken": [name for name in SPOKEN if not (form.locked and name == "couponImportId")],
        "unit_points": settings().unit_points,
    }


def _import_of(form: VoucherForm, actor: Actor) -> dict[str, Any]:
    """The import that was begun from this form without scripts."""
    job_id = parse_id(str(form.couponJob.data or ""))
    return {"importing": import_context(actor, job_id) if job_id else None}

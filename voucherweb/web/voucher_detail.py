"""One voucher with all that is known of it; every tab is an address. The platform reads along."""

import uuid
from collections.abc import Mapping
from typing import Any, Final

from flask import Response, current_app, url_for

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import EngagementKind, RedemptionStatus, VoucherType
from voucherweb.domain.paging import SortSpec
from voucherweb.errors import refuse
from voucherweb.models import Voucher
from voucherweb.services import (
    audience_lists,
    audit_log,
    redeemed,
    statistics,
    tenants,
    voucher_coupons,
    vouchers,
)
from voucherweb.services.exports import FORMATS
from voucherweb.web import listing
from voucherweb.web.forms import Form
from voucherweb.web.language import EN, Text, current_language, t
from voucherweb.web.page import ADMINS, page
from voucherweb.web.rendering import render
from voucherweb.web.shown import settings
from voucherweb.web.tickets import ticket_of, timeline_of
from voucherweb.web.voucher_history import told
from voucherweb.web.voucher_words import standing
from voucherweb.web.vouchers import shown, voucher_pages

PIECES: Final = SortSpec(("seq", "redeemedAt", "usedAt"), "seq", "desc")
MET: Final = SortSpec(audience_lists.SORT, "firstTime", "desc")
COUPONS: Final = SortSpec(("ordinal",), "ordinal", "asc")
HISTORY: Final = SortSpec(("id",), "id", "desc")
PIECE_STATUSES: Final[Mapping[str, Text]] = {
    RedemptionStatus.VALID: Text("未使用", "Not used"),
    RedemptionStatus.USED: Text("已使用", "Used"),
}
KINDS: Final[Mapping[str, Text]] = {
    EngagementKind.REACH: Text("曝光", "Seen"),
    EngagementKind.CLICK: Text("點擊", "Clicked"),
}
Context = dict[str, Any]


def _voucher(actor: Actor, voucher_id: uuid.UUID, tab: str) -> Context:
    """What the head of every tab shows; raises NOT_EXIST."""
    voucher = vouchers.get_voucher(actor, voucher_id)
    return {
        "one": shown(voucher),
        "voucher": voucher,
        "tenant": tenants.get_tenant(actor, voucher.tenant_id),
        "figures": statistics.of_voucher(actor, voucher_id),
        "standing": standing(voucher, clock.now()),
        "tabs": _tabs(voucher, tab),
    }


def _tabs(voucher: Voucher, current: str) -> list[tuple[str, str, bool]]:
    tabs = [("show", t("總覽", "Overview")), ("pieces", t("兌換紀錄", "Redemptions"))]
    tabs.append(("audience", t("曝光與點擊", "Seen and clicked")))
    if voucher.voucher_type == VoucherType.COUPON_CODE:
        tabs.append(("coupons", t("折價券", "Coupons")))
    tabs.append(("history", t("異動紀錄", "History")))
    found = [
        (text, url_for(f"vouchers.{name}", voucher_id=voucher.id), name == current)
        for name, text in tabs
    ]
    if "statistics.voucher" in current_app.view_functions:
        url = url_for("statistics.voucher", voucher_id=voucher.id)
        found.insert(2, (t("統計", "Statistics"), url, False))
    return found


@page(voucher_pages, "/<uuid:voucher_id>", roles=ADMINS)
def show(actor: Actor, voucher_id: uuid.UUID) -> Response:
    context = _voucher(actor, voucher_id, "show")
    voucher = context["voucher"]
    return render(
        "vouchers/show.html", **context, ticket=ticket_of(voucher), line=timeline_of(voucher)
    )


@page(voucher_pages, "/<uuid:voucher_id>/redemptions", roles=ADMINS)
def pieces(actor: Actor, voucher_id: uuid.UUID) -> Response:
    context = _voucher(actor, voucher_id, "pieces")
    wanted = listing.read(PIECES, ("status",))
    status = listing.choice_of(wanted, "status", RedemptionStatus)
    rows, wanted.total = redeemed.pieces(actor, voucher_id, wanted.asked, status)
    listing.chip(wanted, "status", PIECE_STATUSES)
    query = wanted.url(page=1, size=None, sort=None, order=None).partition("?")[2]
    return render(
        "vouchers/pieces.html",
        **context,
        list=wanted,
        rows=rows,
        statuses=PIECE_STATUSES,
        exports={
            one: url_for("vouchers.export_redemptions", voucher_id=voucher_id, extension=one)
            + f"?{query}"
            for one in FORMATS
        },
        forms={extension: Form() for extension in FORMATS},
        address=wanted.address,
    )


@page(voucher_pages, "/<uuid:voucher_id>/audience", roles=ADMINS)
def audience(actor: Actor, voucher_id: uuid.UUID) -> Response:
    """Who saw it, or who clicked it."""
    context = _voucher(actor, voucher_id, "audience")
    wanted = listing.read(MET, ("kind",))
    kind = listing.choice_of(wanted, "kind", EngagementKind) or EngagementKind.REACH
    rows, total = audience_lists.list_met(actor, voucher_id, kind, wanted.asked)
    wanted.total = min(total, audience_lists.MOST_LISTED)
    return render(
        "vouchers/audience.html",
        **context,
        list=wanted,
        rows=rows,
        kind=kind,
        kinds=KINDS,
        most=audience_lists.MOST_LISTED,
        address=wanted.address,
    )


@page(voucher_pages, "/<uuid:voucher_id>/coupons", roles=ADMINS)
def coupons(actor: Actor, voucher_id: uuid.UUID) -> Response:
    context = _voucher(actor, voucher_id, "coupons")
    if context["voucher"].coupon_set_id is None:
        raise refuse("NOT_EXIST")
    wanted = listing.read(COUPONS)
    rows, wanted.total = voucher_coupons.list_coupons(actor, voucher_id, wanted.asked)
    return render(
        "vouchers/coupons.html", **context, list=wanted, rows=rows, address=wanted.address
    )


@page(voucher_pages, "/<uuid:voucher_id>/history", roles=ADMINS)
def history(actor: Actor, voucher_id: uuid.UUID) -> Response:
    context = _voucher(actor, voucher_id, "history")
    wanted = listing.read(HISTORY)
    english = current_language() == EN
    entries, wanted.total = audit_log.list_entries(
        actor,
        audit_log.AuditFilter(kind="voucher", object_id=str(voucher_id)),
        wanted.asked,
        settings().timezone,
        english=english,
    )
    rows = [
        (entry, audit_log.action_label(entry.action, english=english), told(entry))
        for entry in entries
    ]
    return render(
        "vouchers/history.html", **context, list=wanted, rows=rows, address=wanted.address
    )

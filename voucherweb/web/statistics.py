"""Statistics on the admin site: of all tenants, of one, of one voucher (contract A §票券統計)."""

import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from flask import Blueprint, Response, current_app, request, url_for

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import EngagementKind, VoucherType
from voucherweb.domain.paging import SortSpec
from voucherweb.models import Tenant, Voucher
from voucherweb.services import exports, statistics, tenants, trends
from voucherweb.services.statistics import Statistics
from voucherweb.services.statistics_tables import tables
from voucherweb.services.trends import Trend
from voucherweb.services.vouchers import get_voucher
from voucherweb.web import labels, listing
from voucherweb.web import statistics_figures as figures
from voucherweb.web.forms import Done, Form, press
from voucherweb.web.language import EN, Text, current_language
from voucherweb.web.listing import Listing
from voucherweb.web.page import ADMINS, PLATFORM, TENANT, page
from voucherweb.web.rendering import render
from voucherweb.web.shown import settings, today
from voucherweb.web.statistics_figures import Links
from voucherweb.web.statistics_overview import show_tenants

statistics_pages: Final = Blueprint("statistics", __name__, url_prefix="/admin/statistics")

SORT: Final = SortSpec(("day",), "day", "asc")
"""Days stand in their own order."""
FORMATS: Final = ("xlsx", "csv")


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose numbers a page shows, and where the rows behind them are."""

    tenant: Tenant
    voucher: Voucher | None
    links: Links
    exported: dict[str, str]
    """The filters of its export."""


@page(statistics_pages, "", roles=PLATFORM)
def platform(_actor: Actor) -> Response:
    return show_tenants()


@page(statistics_pages, "/tenants/<uuid:tenant_id>", roles=PLATFORM)
def of_tenant(actor: Actor, tenant_id: uuid.UUID) -> Response:
    return _of_tenant(tenants.get_tenant(actor, tenant_id), {"tenantId": str(tenant_id)})


@page(statistics_pages, "/mine", roles=TENANT)
def tenant(actor: Actor) -> Response:
    return _of_tenant(tenants.get_tenant(actor, actor.tenant_id), {})


def _of_tenant(tenant: Tenant, named: dict[str, str]) -> Response:
    wanted = listing.read(SORT, ("voucherType", "startDate", "endDate"))
    kind = listing.choice_of(wanted, "voucherType", VoucherType)
    first, last = _days(wanted, today())
    listing.chip(wanted, "voucherType", labels.VOUCHER_TYPES)
    found = statistics.of_tenant(tenant.id, kind)
    trend = trends.of_tenant(tenant.id, first, last, kind)
    narrowed = {**named, **({"voucherType": kind.value} if kind else {})}
    subject = Subject(tenant, None, _lists(tenant, kind, bool(named)), narrowed)
    return _show(wanted, subject, found, trend)


@page(statistics_pages, "/vouchers/<uuid:voucher_id>", roles=ADMINS)
def voucher(actor: Actor, voucher_id: uuid.UUID) -> Response:
    found = get_voucher(actor, voucher_id)
    wanted = listing.read(SORT, ("startDate", "endDate"))
    last = min(today(), _local(found.use_end))
    first, last = _days(wanted, last, _local(found.on_start))
    whole = statistics.of_voucher(replace(actor, tenant_id=found.tenant_id), found.id)
    trend = trends.of_voucher(actor, found.id, first, last)
    subject = Subject(
        tenants.get_tenant(actor, found.tenant_id),
        found,
        _pieces(found),
        {"voucherId": str(found.id)},
    )
    return _show(wanted, subject, whole, trend)


def _local(instant: datetime) -> date:
    return clock.local_date(instant, settings().timezone)


def _days(wanted: Listing, otherwise: date, begin: date | None = None) -> tuple[date, date]:
    """The days asked for; else those from `begin`, or 30 of them, that end with `otherwise`."""
    last = listing.day_of(wanted, "endDate") or otherwise
    first = listing.day_of(wanted, "startDate")
    if first is None:
        month = last - min(timedelta(days=trends.SPARKLINE_DAYS - 1), last - date.min)
        year = last - min(timedelta(days=trends.MAX_DAYS - 1), last - date.min)
        first = max(begin, year) if begin and begin <= last else month
    return first, last


def _show(wanted: Listing, subject: Subject, found: Statistics, trend: Trend) -> Response:
    shown = tables(found, hide=subject.tenant.hide_small_groups)
    return render(
        "statistics/show.html",
        list=wanted,
        subject=subject,
        found=found,
        hidden=subject.tenant.hide_small_groups,
        steps=figures.funnel(found, subject.links),
        panels=figures.panels(found, shown, subject.links),
        trend=trend,
        days=[one.day for one in trend.days],
        drawn={name: figures.TREND_NAMES[name] for name in figures.DRAWN},
        trend_heads=figures.trend_heads(),
        trend_rows=figures.trend_rows(trend),
        trend_foot=figures.trend_foot(trend),
        taken_at=clock.now(),
        exports=[(one, _export_url(one, subject.exported), Form()) for one in FORMATS],
        address=wanted.address,
    )


def _known(endpoint: str) -> bool:
    return endpoint in current_app.view_functions


def _lists(tenant: Tenant, kind: VoucherType | None, platform: bool) -> Links:
    """The vouchers behind the numbers of a tenant, those with most of it first."""
    named: dict[str, Any] = {"voucherType": kind and kind.value}
    whose: dict[str, Any] = {"tenant": str(tenant.id) if platform else None}
    place = "statistics.of_tenants" if platform else "statistics.of_mine"
    within: dict[str, Any] = {"tenant_id": tenant.id} if platform else {}

    def by(field: str) -> str:
        return url_for(place, **within, **named, sort=field, order="desc")

    return Links(
        url_for("vouchers.index", **whose, **named) if _known("vouchers.index") else None,
        *(by(field) for field in ("reachCount", "clickCount", "redeemCount", "usedCount")),
    )


def _pieces(voucher: Voucher) -> Links:
    if not _known("vouchers.pieces"):
        return Links()
    one = voucher.id
    return Links(
        url_for("vouchers.show", voucher_id=one),
        url_for("vouchers.audience", voucher_id=one, kind=EngagementKind.REACH.value),
        url_for("vouchers.audience", voucher_id=one, kind=EngagementKind.CLICK.value),
        url_for("vouchers.pieces", voucher_id=one),
        url_for("vouchers.pieces", voucher_id=one, status="USED"),
    )


def _export_url(extension: str, filters: dict[str, Any]) -> str:
    return url_for("statistics.export", extension=extension, **filters)


@page(statistics_pages, "/export/<extension>", roles=ADMINS, methods=("POST",))
def export(actor: Actor, extension: str) -> Response:
    """The four analyses of what the address names, as a file."""
    names = ("tenantId", "voucherId", "voucherType")
    return start_export(actor, "VOUCHER_STATISTICS", extension, names)


@page(statistics_pages, "/export/tenants/<extension>", roles=PLATFORM, methods=("POST",))
def export_list(actor: Actor, extension: str) -> Response:
    """The list of tenants as the address narrows it, as a file."""
    names = ("firstDay", "lastDay", "voucherType", "name")
    return start_export(actor, "STATISTICS_LIST", extension, names)


def start_export(actor: Actor, what: str, extension: str, names: tuple[str, ...]) -> Response:
    given = {name: request.args[name] for name in names if request.args.get(name)}

    def act() -> Done:
        english = current_language() == EN
        job_id = exports.start_export(actor, what, extension, given, english=english)
        return url_for("jobs.show", job_id=job_id), Text(
            "匯出已開始，完成後可在此下載。",
            "The export has started; it can be downloaded here when it is done.",
        )

    return press(actor, act)

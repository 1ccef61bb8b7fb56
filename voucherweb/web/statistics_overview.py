"""The figures of every tenant as a list (contract A §取得票券統計列表), on two pages."""

from typing import Any, Final

from flask import Response, url_for

from voucherweb.domain import clock
from voucherweb.domain.days import span
from voucherweb.domain.enums import VoucherType
from voucherweb.domain.paging import SortSpec
from voucherweb.errors import invalid
from voucherweb.services import statistics_list
from voucherweb.services.statistics_list import Filter
from voucherweb.web import labels, listing
from voucherweb.web.forms import Form
from voucherweb.web.language import Text
from voucherweb.web.listing import Listing
from voucherweb.web.rendering import render
from voucherweb.web.shown import settings

SORT: Final = SortSpec(statistics_list.FIELDS, "tenantName", "asc")
COLUMNS: Final = {
    "volume": Text("發行", "Issued"),
    "reachCount": Text("曝光人數", "Seen by"),
    "reachTimes": Text("曝光人次", "Times seen"),
    "clickCount": Text("點擊人數", "Clicked by"),
    "clickTimes": Text("點擊次數", "Clicks"),
    "clickRate": Text("點擊率", "Click rate"),
    "redeemCount": Text("已兌換", "Redeemed"),
    "redeemRate": Text("兌換率", "Redeem rate"),
    "usedCount": Text("已核銷", "Used"),
    "usedRate": Text("核銷率", "Use rate"),
    "usedAmount": Text("核銷金額", "Amount used"),
}


def show_tenants() -> Response:
    """The list that the address asks for, with its totals."""
    wanted = listing.read(SORT, ("name", "voucherType", "startDate", "endDate"))
    narrowed = _filter(wanted)
    found = statistics_list.list_tenants(narrowed, wanted.asked)
    wanted.total = found.total
    for name, texts in (("name", None), ("voucherType", labels.VOUCHER_TYPES)):
        listing.chip(wanted, name, texts)
    _day_chips(wanted)
    return render(
        "statistics/platform.html",
        list=wanted,
        rows=found.rows,
        totals=found.totals,
        columns=COLUMNS,
        taken_at=clock.now(),
        exports=[(one, _export_url(one, wanted), Form()) for one in ("xlsx", "csv")],
        address=wanted.address,
    )


def _filter(wanted: Listing) -> Filter:
    first, last = listing.day_of(wanted, "startDate"), listing.day_of(wanted, "endDate")
    if first and last and first > last:
        raise invalid("endDate", "the last day must not be before the first", "迄日不可早於起日")
    start, end = span(first, last, settings().timezone)
    return Filter(
        start, end, listing.choice_of(wanted, "voucherType", VoucherType), wanted.get("name")
    )


def _day_chips(wanted: Listing) -> None:
    names = {
        "startDate": Text("上架起 {}", "On shelf from {}"),
        "endDate": Text("上架迄 {}", "On shelf to {}"),
    }
    for name, text in names.items():
        day = wanted.get(name)
        if day:
            wanted.chips.append((name, str(text.format(day))))


def _export_url(extension: str, wanted: Listing) -> str:
    filters: dict[str, Any] = {
        "firstDay": wanted.get("startDate"),
        "lastDay": wanted.get("endDate"),
        "voucherType": wanted.get("voucherType"),
        "name": wanted.get("name"),
    }
    return url_for("statistics.export_list", extension=extension, **filters)

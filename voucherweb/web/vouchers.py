"""The list of a tenant's vouchers (contract A §票券管理列表); the platform reads one tenant's."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import Blueprint, Response, request, url_for

from voucherweb.api.pictures import picture_url
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import VoucherStatus, VoucherType
from voucherweb.domain.paging import SortSpec
from voucherweb.domain.voucher_rules import Phase, phase
from voucherweb.errors import invalid
from voucherweb.models import Tenant, Vendor, Voucher
from voucherweb.services import tenants, vendors, vouchers
from voucherweb.services.exports import FORMATS
from voucherweb.services.ids import parse_id
from voucherweb.services.vouchers import VoucherFilter
from voucherweb.web import labels, listing
from voucherweb.web.forms import Form
from voucherweb.web.language import Text
from voucherweb.web.listing import Listing
from voucherweb.web.page import ADMINS, page
from voucherweb.web.rendering import render
from voucherweb.web.shown import day, settings
from voucherweb.web.voucher_words import Deeds, deeds, hint, note

voucher_pages: Final = Blueprint("vouchers", __name__, url_prefix="/admin/vouchers")

COLUMNS: Final = {
    "updateTime": Text("更新時間", "Updated"),
    "voucherNo": Text("票券編號", "Number"),
    "title": Text("名稱", "Title"),
    "status": Text("狀態", "Status"),
    "voucherType": Text("類別", "Type"),
    "targetType": Text("對象", "For"),
    "volume": Text("發行張數", "Volume"),
    "redeemCount": Text("已兌換", "Redeemed"),
    "price": Text("面額", "Price"),
    "redeemPoints": Text("點數", "Points"),
    "redeemStartDate": Text("兌換起日", "Redeem from"),
    "redeemEndDate": Text("兌換迄日", "Redeem until"),
    "useStartDate": Text("使用起日", "Use from"),
    "useEndDate": Text("使用迄日", "Use until"),
}
"""Every order of contract A's list, and what it is called."""
DATE_TYPES: Final = {
    "ID": Text("建立日期", "Issued"),
    "OD": Text("上架日期", "On shelf from"),
    "RS": Text("兌換起日", "Redeem from"),
    "RE": Text("兌換迄日", "Redeem until"),
    "US": Text("使用起日", "Use from"),
    "UE": Text("使用迄日", "Use until"),
}
STATUSES: Final[Mapping[str, Text]] = {
    **labels.LABELS["status"],
    VoucherStatus.OFF: Text("已下架（含結束、過期）", "Off shelf, also ended or expired"),
}
SORT: Final = SortSpec(tuple(COLUMNS), "updateTime", "desc")
FILTERS: Final = ("name", "queryDateType", "startDate", "endDate", "voucherType", "status")


@dataclass(frozen=True, slots=True)
class Shown:
    """A voucher as a page shows it at one moment."""

    voucher: Voucher
    at: datetime
    phase: Phase
    note: Text | None
    deeds: Deeds
    picture: str | None

    @property
    def stock(self) -> int:
        return self.voucher.volume - self.voucher.redeemed

    @property
    def hint(self) -> Text | None:
        """Why some of the deeds are not on offer."""
        return hint(self.voucher, self.at)

    @property
    def total_points(self) -> int:
        return self.voucher.redeem_points * self.voucher.volume


def shown(voucher: Voucher) -> Shown:
    at = clock.now()
    picture = picture_url(voucher.thumbnail_key)
    return Shown(voucher, at, phase(voucher, at), note(voucher, at), deeds(voucher, at), picture)


def read_list(tenant_id: uuid.UUID) -> tuple[Listing, VoucherFilter]:
    """What the address asks for, also that of an export; raises INVALID_PARAMETER."""
    wanted = listing.read(SORT, FILTERS, kept=("tenant", "phase"))
    first, last = listing.day_of(wanted, "startDate"), listing.day_of(wanted, "endDate")
    if first and last and last < first:
        raise invalid("endDate", "the last day must not be before the first", "迄日不可早於起日")
    date_type = wanted.get("queryDateType") or "ID"
    if date_type not in DATE_TYPES:
        raise invalid("queryDateType", "is not one of the choices", "不是可選的項目")
    return wanted, VoucherFilter(
        tenant_id=tenant_id,
        date_type=date_type,
        first_day=first,
        last_day=last,
        voucher_type=listing.choice_of(wanted, "voucherType", VoucherType),
        status=listing.choice_of(wanted, "status", VoucherStatus),
        title=wanted.get("name"),
        phase=listing.choice_of(wanted, "phase", Phase),
    )


def tenant_of_list(actor: Actor) -> Tenant | None:
    """Whose vouchers are listed: one's own; the platform names a tenant, or has not yet."""
    if not actor.is_platform:
        return tenants.get_tenant(actor, actor.tenant_id)
    named = request.args.get("tenant")
    return tenants.get_tenant(actor, parse_id(named)) if named else None


@page(voucher_pages, "", roles=ADMINS)
def index(actor: Actor) -> Response:
    tenant = tenant_of_list(actor)
    if tenant is None:
        return render("vouchers/choose.html")
    wanted, narrowed = read_list(tenant.id)
    rows, wanted.total = vouchers.list_vouchers(narrowed, wanted.asked, settings().timezone)
    _chips(wanted, narrowed)
    counts = vouchers.count_phases(narrowed, settings().timezone)
    vendor = vendors.vendor_of_tenant(tenant.id)
    return render(
        "vouchers/index.html",
        list=wanted,
        rows=[shown(voucher) for (voucher,) in rows],
        tenant=tenant,
        vendor=vendor,
        missing=need_vendor(vendor),
        tabs=_tabs(wanted, counts),
        issued=bool(sum(counts.values()) or wanted.chips),
        columns=COLUMNS,
        date_types=DATE_TYPES,
        statuses=STATUSES,
        exports=_export_urls(wanted),
        forms={extension: Form() for extension in FORMATS},
        address=wanted.address,
    )


def _export_urls(wanted: Listing) -> dict[str, str]:
    """Where this very list becomes a file."""
    query = wanted.url(page=1, size=None, sort=None, order=None).partition("?")[2]
    return {one: f"{url_for('vouchers.export', extension=one)}?{query}" for one in FORMATS}


def _tabs(wanted: Listing, counts: dict[Phase, int]) -> list[tuple[str, int, str, bool]]:
    """Text, number, address, whether it is the open one."""
    chosen = wanted.get("phase")
    every = Text("全部", "All")
    return [
        (str(every), sum(counts.values()), wanted.url(phase=None, page=1), chosen is None),
        *(
            (labels.label("phase", one), count, wanted.url(phase=one, page=1), chosen == one)
            for one, count in counts.items()
        ),
    ]


def _chips(wanted: Listing, narrowed: VoucherFilter) -> None:
    listing.chip(wanted, "name")
    by = DATE_TYPES[narrowed.date_type]
    for name, value, text in (
        ("startDate", narrowed.first_day, Text("{} {} 起", "{}: {} or later")),
        ("endDate", narrowed.last_day, Text("{} {} 止", "{}: {} or earlier")),
    ):
        if value:
            wanted.chips.append((name, str(text.format(by, day(value)))))
    listing.chip(wanted, "voucherType", labels.LABELS["voucher_type"])
    listing.chip(wanted, "status", STATUSES)


def need_vendor(vendor: Vendor | None) -> Text | None:
    """What has to happen before a tenant can issue; None when nothing has."""
    if vendor is None:
        return Text(
            "還沒有發行廠商：要由平台管理員先新增，才能發行票券。",
            "There is no vendor yet: a platform admin has to add one before vouchers are issued.",
        )
    if not vendor.purchase_count:
        return Text(
            "還沒有購買額度：要由平台管理員先加購點數，才能發行票券。",
            "No quota was bought yet: a platform admin has to add points before vouchers are"
            " issued.",
        )
    return None

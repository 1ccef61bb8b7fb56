"""The platform's figures of each tenant (contract A §取得票券統計列表)."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from voucherweb.domain.actor import Actor
from voucherweb.domain.days import span
from voucherweb.domain.enums import VoucherType
from voucherweb.domain.paging import MAX_PAGE_SIZE, PageRequest
from voucherweb.domain.words import Words
from voucherweb.errors import refuse
from voucherweb.services.export_kinds.kind import ExportKind, Filters, Order, Table
from voucherweb.services.statistics_list import Filter, Listed, TenantRow, list_tenants
from voucherweb.spreadsheets.tables import Value

_HEADER: Final[tuple[Words, ...]] = (
    ("租戶", "Tenant"),
    ("發行數量", "Volume"),
    ("曝光人數", "Seen by"),
    ("曝光人次", "Times seen"),
    ("點擊人數", "Persons who clicked"),
    ("點擊次數", "Clicks"),
    ("點擊率 (%)", "Click rate (%)"),
    ("兌換數量", "Redeemed"),
    ("兌換率 (%)", "Redeem rate (%)"),
    ("核銷數量", "Used"),
    ("核銷率 (%)", "Use rate (%)"),
    ("核銷金額", "Amount used"),
)

_RATE: Final = Decimal("0.1")
_CENTS: Final = Decimal("0.01")


def _need(actor: Actor, filters: Filters) -> None:
    if not actor.is_platform:
        raise refuse("FORBIDDEN")
    filters.day("firstDay"), filters.day("lastDay"), filters.text("name")
    filters.one_of("voucherType", VoucherType)


def _read(order: Order) -> Table:
    filters = order.filters
    start, end = span(filters.day("firstDay"), filters.day("lastDay"), order.zone)
    kind = filters.one_of("voucherType", VoucherType)
    wanted = Filter(start, end, kind, filters.text("name"))
    first = list_tenants(wanted, _page(1))
    return Table(_rows(wanted, first), first.total)


def _page(number: int) -> PageRequest:
    return PageRequest(number, MAX_PAGE_SIZE, "tenantName", descending=False)


def _rows(wanted: Filter, first: Listed) -> Iterator[list[Value]]:
    yield from map(_row, first.rows)
    for number in range(2, -(-first.total // MAX_PAGE_SIZE) + 1):
        yield from map(_row, list_tenants(wanted, _page(number)).rows)


def _row(tenant: TenantRow) -> list[Value]:
    told = tenant.figures
    if told is None:
        return [tenant.tenant_name, *[None] * (len(_HEADER) - 1)]
    return [
        tenant.tenant_name,
        told.volume,
        told.reach_persons,
        told.reach_times,
        told.click_persons,
        told.click_times,
        told.click_rate.quantize(_RATE),
        told.redeemed,
        told.redeem_rate.quantize(_RATE),
        told.used,
        told.used_rate.quantize(_RATE),
        told.used_amount.quantize(_CENTS),
    ]


KIND: Final = ExportKind(("票券統計列表", "statistics of tenants"), _HEADER, _need, _read)
"""Filters `firstDay`, `lastDay` (of onStartDate), `voucherType`, `name`."""

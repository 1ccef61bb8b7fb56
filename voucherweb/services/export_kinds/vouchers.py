"""A tenant's vouchers as its list shows them (contract A §票券管理列表)."""

import uuid
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Row

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import VoucherStatus, VoucherType
from voucherweb.domain.voucher_rules import Phase, phase
from voucherweb.domain.words import PHASES, TARGETS, USE_TYPES, VOUCHER_TYPES, Words
from voucherweb.errors import invalid
from voucherweb.models import Voucher
from voucherweb.services.export_kinds.kind import ExportKind, Filters, Order, Table
from voucherweb.services.export_kinds.reading import count, need_manager, stream
from voucherweb.services.vouchers import DATE_FILTERS, VoucherFilter, matching
from voucherweb.spreadsheets.tables import Value

_HEADER: Final[tuple[Words, ...]] = (
    ("票券編號", "Voucher number"),
    ("票券名稱", "Title"),
    ("票券類別", "Type"),
    ("兌換對象", "For"),
    ("核銷方式", "Use"),
    ("狀態", "Status"),
    ("面額", "Price"),
    ("兌換點數", "Points"),
    ("發行數量", "Volume"),
    ("已兌換", "Redeemed"),
    ("庫存", "Stock"),
    ("兌換限制", "Limit per member"),
    ("發行日", "Issued on"),
    ("兌換起日", "Redeem from"),
    ("兌換迄日", "Redeem until"),
    ("使用起日", "Use from"),
    ("使用迄日", "Use until"),
    ("上架日", "On shelf from"),
    ("下架日", "On shelf until"),
    ("更新時間", "Updated"),
)
_COLUMNS: Final = (
    Voucher.voucher_no,
    Voucher.title,
    Voucher.voucher_type,
    Voucher.target_type,
    Voucher.use_type,
    Voucher.status,
    Voucher.first_on_at,
    Voucher.price,
    Voucher.redeem_points,
    Voucher.volume,
    Voucher.redeemed,
    Voucher.redeem_limit,
    Voucher.issue_date,
    Voucher.redeem_start,
    Voucher.redeem_end,
    Voucher.use_start,
    Voucher.use_end,
    Voucher.on_start,
    Voucher.on_end,
    Voucher.updated_at,
)


def _wanted(actor: Actor, filters: Filters) -> VoucherFilter:
    need_manager(actor)
    date_type = filters.text("dateType") or "ID"
    if date_type not in DATE_FILTERS:
        known = ", ".join(DATE_FILTERS)
        raise invalid("filters.dateType", f"must be one of {known}", f"必須是 {known} 之一")
    return VoucherFilter(
        tenant_id=_tenant(actor, filters),
        date_type=date_type,
        first_day=filters.day("firstDay"),
        last_day=filters.day("lastDay"),
        voucher_type=filters.one_of("voucherType", VoucherType),
        status=filters.one_of("status", VoucherStatus),
        title=filters.text("title"),
        phase=filters.one_of("phase", Phase),
    )


def _tenant(actor: Actor, filters: Filters) -> uuid.UUID | None:
    """A tenant's admin has one; the platform names one."""
    if not actor.is_platform:
        return actor.tenant_id
    if not filters.has("tenantId"):
        raise invalid("filters.tenantId", "is required", "必填")
    return filters.id("tenantId")


def _read(order: Order) -> Table:
    query = matching(_wanted(order.actor, order.filters), order.zone)
    columns = query.with_only_columns(*_COLUMNS).order_by(Voucher.voucher_no, Voucher.id)
    return Table(_rows(order, stream(columns)), count(columns))


def _rows(order: Order, found: Iterator[Row[*tuple[Any, ...]]]) -> Iterator[list[Value]]:
    now = clock.now()
    for row in found:
        yield [
            row.voucher_no,
            row.title,
            order.word(VOUCHER_TYPES[row.voucher_type]),
            order.word(TARGETS[row.target_type]),
            order.word(USE_TYPES[row.use_type]),
            order.word(PHASES[phase(row, now)]),
            row.price,
            row.redeem_points,
            row.volume,
            row.redeemed,
            row.volume - row.redeemed,
            row.redeem_limit or None,
            row.issue_date,
            *(
                order.local(instant)
                for instant in (row.redeem_start, row.redeem_end, row.use_start, row.use_end)
            ),
            *(order.local(instant) for instant in (row.on_start, row.on_end, row.updated_at)),
        ]


KIND: Final = ExportKind(("票券清單", "vouchers"), _HEADER, _wanted, _read)
"""Filters `dateType` (ID, OD, RS, RE, US, UE), `firstDay`, `lastDay`, `voucherType`, `status`,
`phase`, `title`; the platform's admins also give `tenantId`."""

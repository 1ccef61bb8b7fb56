"""One row of figures for each tenant with a vendor (contract A §取得票券統計列表, behaviour §7).

Set-based: a constant number of statements whatever the number of tenants. Without dates it reads
cells only. Dates narrow the vouchers by `onStartDate`; persons are then counted over the vouchers'
audiences, which are kept as bits.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Numeric,
    Select,
    SQLColumnExpression,
    Subquery,
    case,
    cast,
    func,
    select,
)

from voucherweb.domain.enums import VoucherType
from voucherweb.domain.money import rate
from voucherweb.domain.paging import PageRequest
from voucherweb.models import Tenant, TenantCell, Vendor, Voucher, VoucherCell
from voucherweb.services import audience
from voucherweb.services.paging import AnySelect, fetch_page
from voucherweb.services.search import contains
from voucherweb.services.statistics import EVERY_TYPE
from voucherweb.transaction import session

FIELDS = (
    "tenantName",
    "volume",
    "reachCount",
    "reachTimes",
    "clickCount",
    "clickTimes",
    "clickRate",
    "redeemCount",
    "redeemRate",
    "usedCount",
    "usedRate",
    "usedAmount",
)
"""What the list can be sorted by, as the contract spells it."""
SUMMED = (
    "volume",
    "redeemed",
    "used",
    "used_amount",
    "reach_persons",
    "reach_times",
    "click_persons",
    "click_times",
)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which vouchers count: on the shelf from within `start`…`end` (inclusive), of a type; and
    which tenants are shown: those whose name contains `name`."""

    start: datetime | None = None
    end: datetime | None = None
    voucher_type: VoucherType | None = None
    name: str | None = None

    @property
    def dated(self) -> bool:
        return self.start is not None or self.end is not None


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums over a tenant's vouchers that match; persons are distinct over them."""

    volume: int
    redeemed: int
    used: int
    used_amount: Decimal
    reach_persons: int
    reach_times: int
    click_persons: int
    click_times: int

    @property
    def redeem_rate(self) -> Decimal:
        return rate(self.redeemed, self.volume)

    @property
    def used_rate(self) -> Decimal:
        return rate(self.used, self.redeemed)

    @property
    def click_rate(self) -> Decimal:
        return rate(self.click_persons, self.reach_persons)


@dataclass(frozen=True, slots=True)
class TenantRow:
    """`figures` is None when the tenant has no voucher that matches (behaviour §1)."""

    tenant_id: uuid.UUID
    tenant_name: str
    figures: Figures | None


def list_tenants(wanted: Filter, asked: PageRequest) -> tuple[list[TenantRow], int]:
    """The page asked for and the number of all rows; raises INVALID_PARAMETER when
    `pageSize: -1` would answer too many."""
    if wanted.dated:
        _make_room()
    parts = _offered(wanted), _counted(wanted), _met(wanted)
    # Each tenant with a vendor is one row, so that counting rows need not count persons again.
    tenants = _named(select(Tenant.id).join(Vendor, Vendor.tenant_id == Tenant.id), wanted)
    query = _every_row(wanted, *parts)
    rows, total = fetch_page(query, asked, _sort_keys(*parts), Tenant.id, tenants)
    return [TenantRow(row.id, row.name, _figures(row)) for row in rows], total


def totals(wanted: Filter) -> Figures | None:
    """The rows of all pages added up: a person whom two tenants reached counts twice, as in the
    column above. None when no tenant has a voucher that matches. One statement, or two."""
    if wanted.dated:
        _make_room()
    rows = _every_row(wanted, _offered(wanted), _counted(wanted), _met(wanted)).subquery("rows")
    sums = (func.sum(rows.c[name], type_=rows.c[name].type).label(name) for name in SUMMED)
    return _figures(session.execute(select(*sums)).one())


def _every_row(wanted: Filter, offered: Subquery, counted: Subquery, met: Subquery) -> AnySelect:
    query = (
        select(
            Tenant.id,
            Tenant.name,
            offered.c.volume,
            offered.c.redeemed,
            *(counted.c[name] for name in ("used", "used_amount", "reach_times", "click_times")),
            met.c.reach_persons,
            met.c.click_persons,
        )
        .join(Vendor, Vendor.tenant_id == Tenant.id)
        .outerjoin(offered, offered.c.tenant_id == Tenant.id)
        .outerjoin(counted, counted.c.tenant_id == Tenant.id)
        .outerjoin(met, met.c.tenant_id == Tenant.id)
    )
    return _named(query, wanted)


def _named(query: AnySelect, wanted: Filter) -> AnySelect:
    return query.where(contains(Tenant.name, wanted.name)) if wanted.name else query


def _figures(row: Any) -> Figures | None:
    if row.volume is None:
        return None
    return Figures(
        volume=int(row.volume),
        redeemed=int(row.redeemed),
        used=int(row.used or 0),
        used_amount=row.used_amount or Decimal(0),
        reach_persons=int(row.reach_persons or 0),
        reach_times=int(row.reach_times or 0),
        click_persons=int(row.click_persons or 0),
        click_times=int(row.click_times or 0),
    )


def _picked(wanted: Filter) -> list[ColumnElement[bool]]:
    return [*_of_type(wanted), *_between(wanted)]


def _of_type(wanted: Filter) -> list[ColumnElement[bool]]:
    existing: list[ColumnElement[bool]] = [Voucher.deleted_at.is_(None)]
    if wanted.voucher_type:
        existing.append(Voucher.voucher_type == wanted.voucher_type)
    return existing


def _between(wanted: Filter) -> list[ColumnElement[bool]]:
    between: list[ColumnElement[bool]] = []
    if wanted.start:
        between.append(Voucher.on_start >= wanted.start)
    if wanted.end:
        between.append(Voucher.on_start <= wanted.end)
    return between


def _whole(value: Any) -> ColumnElement[int]:
    return cast(func.sum(value), BigInteger)


def _offered(wanted: Filter) -> Subquery:
    return (
        select(
            Voucher.tenant_id,
            _whole(Voucher.volume).label("volume"),
            _whole(Voucher.redeemed).label("redeemed"),
        )
        .where(*_picked(wanted))
        .group_by(Voucher.tenant_id)
        .subquery("offered")
    )


def _counted(wanted: Filter) -> Subquery:
    return (
        select(
            Voucher.tenant_id,
            _whole(VoucherCell.used).label("used"),
            func.sum(Voucher.price * VoucherCell.used, type_=Numeric).label("used_amount"),
            _whole(VoucherCell.reach_times).label("reach_times"),
            _whole(VoucherCell.click_times).label("click_times"),
        )
        .join(VoucherCell, VoucherCell.voucher_id == Voucher.id)
        .where(*_picked(wanted))
        .group_by(Voucher.tenant_id)
        .subquery("counted")
    )


def _met(wanted: Filter) -> Subquery:
    """Persons by tenant: told by the cells, or counted over the audiences between the dates."""
    if not wanted.dated:
        return _told(wanted).subquery("met")
    return audience.persons(_picked(wanted)).subquery("met")


def _told(wanted: Filter) -> Select[uuid.UUID, int, int]:
    def persons(kind: str) -> ColumnElement[int]:
        return cast(func.sum(TenantCell.persons).filter(TenantCell.kind == kind), BigInteger)

    return (
        select(
            TenantCell.tenant_id,
            persons("R").label("reach_persons"),
            persons("C").label("click_persons"),
        )
        .where(TenantCell.scope == (wanted.voucher_type or EVERY_TYPE))
        .group_by(TenantCell.tenant_id)
    )


def _make_room() -> None:
    """Unions of bits are held in memory; compiling the statement would cost more than it takes."""
    session.execute(
        select(func.set_config("work_mem", "32MB", True), func.set_config("jit", "off", True))
    )


def _sort_keys(
    offered: Subquery, counted: Subquery, met: Subquery
) -> dict[str, SQLColumnExpression[Any]]:
    volume, redeemed, used = offered.c.volume, offered.c.redeemed, counted.c.used
    reached, clicked = met.c.reach_persons, met.c.click_persons
    keys: tuple[SQLColumnExpression[Any], ...] = (
        Tenant.__table__.c.name,
        volume,
        reached,
        counted.c.reach_times,
        clicked,
        counted.c.click_times,
        _rate(clicked, reached),
        redeemed,
        _rate(redeemed, volume),
        used,
        _rate(used, redeemed),
        counted.c.used_amount,
    )
    return dict(zip(FIELDS, keys, strict=True))


def _rate(part: ColumnElement[Any], whole: ColumnElement[Any]) -> ColumnElement[Decimal]:
    """`money.rate` in SQL: rows are ordered by the rate that they show."""
    exact = cast(part, Numeric) * 100 / whole
    return case((whole > 0, func.round(exact, 1, type_=Numeric)), else_=0)

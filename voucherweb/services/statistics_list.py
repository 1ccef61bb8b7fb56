"""One row of figures for each tenant with a vendor (contract A §取得票券統計列表, behaviour §7).

Set-based: a constant number of statements whatever the number of tenants. Without dates it reads
cells only. Dates narrow the vouchers by `onStartDate`; persons are then counted over the vouchers'
audiences, which are kept as bits.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Numeric,
    Select,
    SQLColumnExpression,
    Subquery,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    select,
    union_all,
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


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the list. `total` counts the rows of all pages; `totals` adds them up, a person
    whom two tenants reached counting twice, as in the column above it: None when no tenant has a
    voucher that matches."""

    rows: list[TenantRow]
    total: int
    totals: Figures | None


def list_tenants(wanted: Filter, asked: PageRequest) -> Listed:
    """The page asked for; raises INVALID_PARAMETER when `pageSize: -1` would answer too many."""
    if wanted.dated:
        session.execute(_ROOM)
    said = wanted.start is not None, wanted.end is not None, wanted.voucher_type is not None
    built, values = _built(*said), _values(wanted)
    query, tenants = _named(built.query, wanted), _named(built.tenants, wanted)
    rows, total = fetch_page(query, asked, built.keys, Tenant.id, tenants, values=values)
    # Each row tells the sums; a page after the last one has none that could.
    telling = rows[0] if rows else session.execute(query.limit(1), values).first()
    told = [TenantRow(row.id, row.name, _figures(row)) for row in rows]
    return Listed(told, total, _figures(telling, "all_") if telling else None)


@dataclass(frozen=True, slots=True)
class _Built:
    """The statement whose rows are the list's, the one that counts them, and the sort keys."""

    query: AnySelect
    tenants: AnySelect
    keys: dict[str, SQLColumnExpression[Any]]


@lru_cache
def _built(start: bool, end: bool, typed: bool) -> _Built:
    """Composed once for each choice of filters: that takes longer than many a page may take."""
    narrowed = _Narrowed(
        [Voucher.voucher_type == bindparam("voucher_type", type_=Text)] if typed else [],
        [
            *([Voucher.on_start >= bindparam("on_from")] if start else []),
            *([Voucher.on_start <= bindparam("on_until")] if end else []),
        ],
    )
    parts = _offered(narrowed), _counted(narrowed), _met(narrowed)
    query = _every_row(*parts)
    # Added up beside the rows, because the union of audiences is what costs.
    sums = (func.sum(query.selected_columns[name]).over().label(f"all_{name}") for name in SUMMED)
    # Each tenant with a vendor is one row, so that counting rows need not count persons again.
    tenants = select(Tenant.id).join(Vendor, Vendor.tenant_id == Tenant.id)
    return _Built(query.add_columns(*sums), tenants, _sort_keys(*parts))


def _values(wanted: Filter) -> dict[str, Any]:
    """The parameters of a built statement; it ignores those that it does not have."""
    return {
        "voucher_type": wanted.voucher_type,
        "scope": wanted.voucher_type or EVERY_TYPE,
        "on_from": wanted.start,
        "on_until": wanted.end,
    }


@dataclass(frozen=True, slots=True)
class _Narrowed:
    """Conditions of vouchers: of the type, and of the days on which they came on the shelf."""

    of_type: list[ColumnElement[bool]]
    between: list[ColumnElement[bool]]

    @property
    def existing(self) -> list[ColumnElement[bool]]:
        return [Voucher.deleted_at.is_(None), *self.of_type]

    @property
    def picked(self) -> list[ColumnElement[bool]]:
        return [*self.existing, *self.between]


def _every_row(offered: Subquery, counted: Subquery, met: Subquery) -> AnySelect:
    return (
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


def _named(query: AnySelect, wanted: Filter) -> AnySelect:
    return query.where(contains(Tenant.name, wanted.name)) if wanted.name else query


def _figures(row: Any, prefix: str = "") -> Figures | None:
    found = {name: getattr(row, prefix + name) for name in SUMMED}
    if found["volume"] is None:
        return None
    amount = Decimal(found.pop("used_amount") or 0)
    return Figures(used_amount=amount, **{name: int(one or 0) for name, one in found.items()})


def _whole(value: Any) -> ColumnElement[int]:
    return cast(func.sum(value), BigInteger)


def _offered(narrowed: _Narrowed) -> Subquery:
    return (
        select(
            Voucher.tenant_id,
            _whole(Voucher.volume).label("volume"),
            _whole(Voucher.redeemed).label("redeemed"),
        )
        .where(*narrowed.picked)
        .group_by(Voucher.tenant_id)
        .subquery("offered")
    )


def _counted(narrowed: _Narrowed) -> Subquery:
    counts = ("used", "reach_times", "click_times")
    cells = (
        select(
            VoucherCell.voucher_id,
            *(_whole(getattr(VoucherCell, name)).label(name) for name in counts),
        )
        .group_by(VoucherCell.voucher_id)
        .subquery("cells")
    )
    return (
        select(
            Voucher.tenant_id,
            *(_whole(cells.c[name]).label(name) for name in counts),
            func.sum(Voucher.price * cells.c.used, type_=Numeric).label("used_amount"),
        )
        .join(cells, cells.c.voucher_id == Voucher.id)
        .where(*narrowed.picked)
        .group_by(Voucher.tenant_id)
        .subquery("counted")
    )


def _met(narrowed: _Narrowed) -> Subquery:
    """Persons by tenant: told by the cells, or counted over the audiences of vouchers between the
    days where a tenant has others too."""
    if not narrowed.between:
        return _told().subquery("met")
    some = func.bool_and(and_(*narrowed.between)).is_(False)
    partly = (
        select(Voucher.tenant_id).where(*narrowed.existing).group_by(Voucher.tenant_id).having(some)
    ).cte("partly")
    chosen = [*narrowed.picked, Voucher.tenant_id.in_(select(partly.c.tenant_id))]
    others = _told().where(TenantCell.tenant_id.not_in(select(partly.c.tenant_id)))
    return union_all(audience.persons(chosen), others).subquery("met")


def _told() -> Select[uuid.UUID, int, int]:
    def persons(kind: str) -> ColumnElement[int]:
        return cast(func.sum(TenantCell.persons).filter(TenantCell.kind == kind), BigInteger)

    return (
        select(
            TenantCell.tenant_id,
            persons("R").label("reach_persons"),
            persons("C").label("click_persons"),
        )
        .where(TenantCell.scope == bindparam("scope", type_=Text))
        .group_by(TenantCell.tenant_id)
    )


_ROOM: Final = select(
    func.set_config("work_mem", "32MB", True), func.set_config("jit", "off", True)
)
"""Unions of bits are held in memory; compiling the statement would cost more than it takes."""


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
        sql_rate(clicked, reached),
        redeemed,
        sql_rate(redeemed, volume),
        used,
        sql_rate(used, redeemed),
        counted.c.used_amount,
    )
    return dict(zip(FIELDS, keys, strict=True))


def sql_rate(
    part: SQLColumnExpression[Any], whole: SQLColumnExpression[Any]
) -> ColumnElement[Decimal]:
    """`money.rate` in SQL: rows are ordered by the rate that they show."""
    exact = cast(part, Numeric) * 100 / whole
    return case((whole > 0, func.round(exact, 1, type_=Numeric)), else_=0)

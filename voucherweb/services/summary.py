"""What a tenant bought, issued, gave out and wrote off (contract A §取得票券管理Summary).

Everything is read from running totals and roll-up cells, so the cost does not depend on how many
pieces were redeemed. Callers read in a snapshot, so that the numbers of one answer agree.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Select, bindparam, cast, func, select

from voucherweb.domain.enums import VoucherType
from voucherweb.domain.money import rate
from voucherweb.errors import refuse
from voucherweb.models import Tenant, Vendor, Voucher, VoucherCell
from voucherweb.services.tenants import real_tenants
from voucherweb.transaction import session


@dataclass(frozen=True, slots=True)
class Books:
    """The vendor's quota in points: bought and spent."""

    deposit: int
    withdraw: int

    @property
    def quota(self) -> int:
        return self.deposit - self.withdraw

    @property
    def available_rate(self) -> Decimal:
        return rate(self.quota, self.deposit)


@dataclass(frozen=True, slots=True)
class Issued:
    """Sums over vouchers that exist: pieces, the points they cost and the money they stand for."""

    volume: int
    points: int
    amount: Decimal
    redeemed: int
    redeemed_points: int
    redeemed_amount: Decimal
    used: int
    used_amount: Decimal

    @property
    def unredeemed(self) -> int:
        return self.volume - self.redeemed

    @property
    def unredeemed_points(self) -> int:
        return self.points - self.redeemed_points

    @property
    def redeem_rate(self) -> Decimal:
        return rate(self.redeemed, self.volume)

    @property
    def used_rate(self) -> Decimal:
        return rate(self.used, self.redeemed)


@dataclass(frozen=True, slots=True)
class Summary:
    """`books` is None until quota was bought, `issued` until a voucher exists (behaviour §1)."""

    tenant_id: uuid.UUID
    tenant_name: str
    books: Books | None
    issued: Issued | None
    has_vendor: bool


def of_tenant(
    tenant_id: uuid.UUID | None,
    voucher_type: VoucherType | None = None,
    used: tuple[int, Decimal] | None = None,
) -> Summary:
    """The tenant's summary; a type narrows what was issued, while the books are always whole.
    `used` are the pieces and their money, where the same snapshot has told them before.

    Raises NOT_EXIST for an unknown tenant. Three queries, one less with `used`.
    """
    values = {"tenant_id": tenant_id, "voucher_type": voucher_type}
    row = session.execute(_BOOKS, values).one_or_none()
    if row is None:
        raise refuse("NOT_EXIST")
    books = Books(row.deposit, row.withdraw) if row.purchase_count else None
    issued = _issued(values, used)
    return Summary(row.id, row.name, books, issued, has_vendor=row.deposit is not None)


def existing(*, typed: bool) -> Sequence[ColumnElement[bool]]:
    """The conditions that pick the vouchers of the tenant `tenant_id`, drafts included, deleted
    ones not; `typed`, those of the `voucher_type`. Both are parameters of the statement, so that
    it is composed once: that takes as long as adding up some hundred vouchers."""
    picked = [Voucher.tenant_id == bindparam("tenant_id"), Voucher.deleted_at.is_(None)]
    return [*picked, Voucher.voucher_type == bindparam("voucher_type")] if typed else picked


_BOOKS: Final = (
    select(Tenant.id, Tenant.name, Vendor.deposit, Vendor.withdraw, Vendor.purchase_count)
    .outerjoin(Vendor, Vendor.tenant_id == Tenant.id)
    .where(Tenant.id == bindparam("tenant_id"), real_tenants())
)


def _issued(values: Mapping[str, Any], told: tuple[int, Decimal] | None) -> Issued | None:
    typed = values["voucher_type"] is not None
    offered = session.execute(_offered(typed=typed), values).one()
    if not offered[0]:
        return None
    used, used_amount = told or session.execute(_used(typed=typed), values).one()
    volume, total, amount, redeemed, redeemed_points, redeemed_amount = offered
    return Issued(
        volume=int(volume),
        points=int(total),
        amount=amount,
        redeemed=int(redeemed),
        redeemed_points=int(redeemed_points),
        redeemed_amount=redeemed_amount,
        used=int(used),
        used_amount=used_amount,
    )


@lru_cache
def _offered(*, typed: bool) -> Select[*tuple[Any, ...]]:
    """Pieces, points and money, of all and of redeemed ones."""
    points = cast(Voucher.redeem_points, BigInteger)
    return select(
        _sum(Voucher.volume),
        _sum(points * Voucher.volume),
        _sum(Voucher.price * Voucher.volume),
        _sum(Voucher.redeemed),
        _sum(points * Voucher.redeemed),
        _sum(Voucher.price * Voucher.redeemed),
    ).where(*existing(typed=typed))


@lru_cache
def _used(*, typed: bool) -> Select[*tuple[Any, ...]]:
    """Used pieces, and the money that they stand for."""
    return (
        select(_sum(VoucherCell.used), _sum(Voucher.price * VoucherCell.used))
        .join(Voucher, Voucher.id == VoucherCell.voucher_id)
        .where(*existing(typed=typed))
    )


def _sum(value: Any) -> ColumnElement[Any]:
    return func.coalesce(func.sum(value), 0)

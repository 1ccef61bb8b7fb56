"""Vouchers: an offer with a volume. `redeemed` is the only column that a rush touches."""

import uuid
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, func, text
from sqlalchemy.orm import Mapped, mapped_column

from voucherweb.domain.enums import TargetType, UseType, VoucherStatus, VoucherType
from voucherweb.models.base import Base, CreatedAt, UuidKey, one_of


class VoucherSerial(Base):
    """The last serial given per vendor, type and local day; numbers are never reused."""

    __tablename__ = "voucher_serials"
    __table_args__ = (CheckConstraint("last BETWEEN 1 AND 999", name="last"),)

    vendor_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("vendors.id", ondelete="CASCADE"), primary_key=True
    )
    voucher_type: Mapped[str] = mapped_column(primary_key=True)
    issue_date: Mapped[date] = mapped_column(primary_key=True)
    last: Mapped[int]


class Voucher(Base):
    """One issued offer (contract A §新增票券). Long texts are stored out of line."""

    __tablename__ = "vouchers"
    __table_args__ = (
        CheckConstraint(one_of("voucher_type", VoucherType), name="voucher_type"),
        CheckConstraint(one_of("target_type", TargetType), name="target_type"),
        CheckConstraint(one_of("use_type", UseType), name="use_type"),
        CheckConstraint(one_of("status", VoucherStatus), name="status"),
        CheckConstraint("price > 0 AND redeem_points > 0", name="price"),
        CheckConstraint("volume BETWEEN 1 AND 99999", name="volume"),
        CheckConstraint("redeemed BETWEEN 0 AND volume", name="stock"),
        CheckConstraint("redeem_limit >= 0", name="redeem_limit"),
        CheckConstraint(
            "redeem_start <= redeem_end AND use_start <= use_end AND on_start <= on_end"
            " AND redeem_start <= use_start AND redeem_end <= use_end AND on_start <= redeem_end",
            name="dates",
        ),
        CheckConstraint("(status = 'NONE') = (first_on_at IS NULL)", name="first_on"),
        CheckConstraint("deleted_at IS NULL OR status = 'NONE'", name="deleted"),
        Index("ix_vouchers_tenant", "tenant_id", "updated_at"),
        Index("ix_vouchers_on_end", "on_end", postgresql_where=text("status = 'ON'")),
        Index("ix_vouchers_use_end", "use_end", postgresql_where=text("status = 'ON'")),
        {"postgresql_with": {"fillfactor": 50, "toast_tuple_target": 512}},
    )

    id: Mapped[UuidKey]
    tenant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants.id"))
    vendor_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("vendors.id"))
    voucher_no: Mapped[str] = mapped_column(unique=True)
    voucher_type: Mapped[str]
    target_type: Mapped[str]
    use_type: Mapped[str]
    product_id: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default="NONE")
    price: Mapped[Decimal] = mapped_column(Numeric(9, 2))
    redeem_points: Mapped[int]
    volume: Mapped[int]
    redeemed: Mapped[int] = mapped_column(server_default="0")
    redeem_limit: Mapped[int]
    redeem_start: Mapped[datetime]
    redeem_end: Mapped[datetime]
    use_start: Mapped[datetime]
    use_end: Mapped[datetime]
    on_start: Mapped[datetime]
    on_end: Mapped[datetime]
    issue_date: Mapped[date]
    coupon_set_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("coupon_sets.id"), unique=True
    )
    title: Mapped[str]
    thumbnail_key: Mapped[str | None] = mapped_column(ForeignKey("uploads.object_key"))
    description: Mapped[str | None]
    notice: Mapped[str | None]
    first_on_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

"""Coupon sets and coupons: pools of codes, imported by tenants and given out once each."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from voucherweb.models.base import Base, CreatedAt, UuidKey


class CouponSet(Base):
    """A numbered pool. A 06 voucher's piece `seq` is given the coupon whose `ordinal` equals it,
    so UNIQUE(voucher, seq) is also what gives each coupon to one member only."""

    __tablename__ = "coupon_sets"
    __table_args__ = (CheckConstraint("total >= 0", name="total"), Index(None, "tenant_id"))

    id: Mapped[UuidKey]
    tenant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants.id"))
    total: Mapped[int]
    created_at: Mapped[CreatedAt]


class Coupon(Base):
    __tablename__ = "coupons"
    __table_args__ = (CheckConstraint("ordinal >= 1", name="ordinal"),)

    set_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("coupon_sets.id", ondelete="CASCADE"), primary_key=True
    )
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    description: Mapped[str]
    url: Mapped[str]


class CouponImport(Base):
    """What parsing one workbook found. Its good rows are a coupon set that a voucher may take."""

    __tablename__ = "coupon_imports"
    __table_args__ = (Index(None, "expires_at"),)

    id: Mapped[UuidKey]
    tenant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants.id"))
    coupon_set_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("coupon_sets.id", ondelete="SET NULL"), unique=True
    )
    total: Mapped[int]
    success: Mapped[int]
    failed: Mapped[int]
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]


class CouponImportFailure(Base):
    """One row of a workbook that was refused, as given, with the reasons in zh-TW and in English
    (none in those that an earlier release kept)."""

    __tablename__ = "coupon_import_failures"

    import_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("coupon_imports.id", ondelete="CASCADE"), primary_key=True
    )
    row_number: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    description: Mapped[str]
    url: Mapped[str]
    columns: Mapped[list[str]] = mapped_column(ARRAY(Text))
    reasons: Mapped[list[str]] = mapped_column(ARRAY(Text))
    reasons_en: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")

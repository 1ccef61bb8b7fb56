"""Vendors, their quota purchases, and the append-only entries of the quota books."""

import uuid
from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Numeric, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from voucherweb.domain.enums import QuotaEntryKind
from voucherweb.models.base import Base, CreatedAt, SerialKey, UuidKey, one_of


class VendorSerial(Base):
    """The last serial given under a vendor number's letter."""

    __tablename__ = "vendor_serials"
    __table_args__ = (CheckConstraint("last BETWEEN 1 AND 99999", name="last"),)

    letter: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]


class Vendor(Base):
    """A tenant's issuing identity. `deposit` and `withdraw` are running totals of its entries."""

    __tablename__ = "vendors"
    __table_args__ = (
        CheckConstraint("withdraw >= 0 AND deposit >= withdraw", name="quota"),
        CheckConstraint("purchase_count >= 0 AND entry_count >= 0", name="counts"),
    )

    id: Mapped[UuidKey]
    tenant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants.id"), unique=True)
    vendor_no: Mapped[str] = mapped_column(unique=True)
    deposit: Mapped[int] = mapped_column(BigInteger, server_default="0")
    withdraw: Mapped[int] = mapped_column(BigInteger, server_default="0")
    purchase_count: Mapped[int] = mapped_column(server_default="0")
    entry_count: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class QuotaPurchase(Base):
    """A purchase of quota as it stands now; every version of it is a `QuotaPurchaseRevision`."""

    __tablename__ = "quota_purchases"
    __table_args__ = (
        UniqueConstraint("vendor_id", "serial"),
        CheckConstraint("points >= 0 AND amount >= 0", name="not_negative"),
    )

    id: Mapped[UuidKey]
    vendor_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("vendors.id"))
    serial: Mapped[int]
    tx_date: Mapped[datetime]
    points: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[Decimal] = mapped_column(Numeric(9, 2))
    remark: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class QuotaPurchaseRevision(Base):
    """One version of a purchase; never changed, never deleted."""

    __tablename__ = "quota_purchase_revisions"

    purchase_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("quota_purchases.id"), primary_key=True
    )
    revision: Mapped[int] = mapped_column(primary_key=True)
    tx_date: Mapped[datetime]
    points: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[Decimal] = mapped_column(Numeric(9, 2))
    remark: Mapped[str | None]
    actor: Mapped[str]
    created_at: Mapped[CreatedAt]


class QuotaEntry(Base):
    """One transfer of quota between PLATFORM, AVAILABLE and SPENT; never changed or deleted.

    `seq` numbers the vendor's entries without gaps; the two `_after` columns are the vendor's
    running totals then.
    """

    __tablename__ = "quota_entries"
    __table_args__ = (
        UniqueConstraint("vendor_id", "seq"),
        CheckConstraint(one_of("kind", QuotaEntryKind), name="kind"),
        CheckConstraint("points >= 0", name="points"),
        CheckConstraint("withdraw_after >= 0 AND deposit_after >= withdraw_after", name="after"),
        CheckConstraint(
            "CASE kind WHEN 'PURCHASE' THEN debit = 'PLATFORM' AND credit = 'AVAILABLE'"
            " WHEN 'CORRECTION' THEN (debit, credit) IN"
            " (('PLATFORM', 'AVAILABLE'), ('AVAILABLE', 'PLATFORM'))"
            " WHEN 'ISSUE' THEN debit = 'AVAILABLE' AND credit = 'SPENT'"
            " WHEN 'EDIT' THEN (debit, credit) IN"
            " (('AVAILABLE', 'SPENT'), ('SPENT', 'AVAILABLE'))"
            " ELSE debit = 'SPENT' AND credit = 'AVAILABLE' END",
            name="kind_accounts",
        ),
        CheckConstraint(
            "(kind IN ('PURCHASE', 'CORRECTION')) = (purchase_id IS NOT NULL)"
            " AND (purchase_id IS NULL) = (voucher_id IS NOT NULL)",
            name="subject",
        ),
    )

    id: Mapped[SerialKey]
    vendor_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("vendors.id"))
    seq: Mapped[int]
    kind: Mapped[str]
    debit: Mapped[str]
    credit: Mapped[str]
    points: Mapped[int] = mapped_column(BigInteger)
    deposit_after: Mapped[int] = mapped_column(BigInteger)
    withdraw_after: Mapped[int] = mapped_column(BigInteger)
    purchase_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("quota_purchases.id"))
    voucher_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("vouchers.id"))
    actor: Mapped[str]
    created_at: Mapped[CreatedAt]

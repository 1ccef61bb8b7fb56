"""Coupon sets and coupons: pools of codes, imported by tenants and given out once each."""

import uuid
from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from voucherweb.models.base import Base, CreatedAt, UuidKey
from voucherweb.models.members import PLATFORM_OWNER


class CouponSet(Base):
    """A numbered pool of coupons, of which each goes to one taker only.

    A 06 voucher's pool (source `VOUCHER`) has titles and links: the voucher's piece `seq` takes
    the coupon whose `ordinal` equals it. A partner's set has codes: `IMPORT` and `GENERATE` hold
    them before they are given, `AUTO_GENERATE` makes one for each giving, at most `quantity`.
    `given` counts those that members hold or have used, `used` the latter; `last_ordinal` is the
    last coupon that was ever given. A pool bears the id of the job that fills it, and is `PENDING`
    until then.
    """

    __tablename__ = "coupon_sets"
    __table_args__ = (
        CheckConstraint("total >= 0", name="total"),
        CheckConstraint(
            "source IN ('VOUCHER', 'IMPORT', 'GENERATE', 'AUTO_GENERATE')", name="source"
        ),
        CheckConstraint(
            "source = 'VOUCHER' OR (name IS NOT NULL AND start_date IS NOT NULL"
            " AND end_date IS NOT NULL AND start_date <= end_date)",
            name="partner",
        ),
        CheckConstraint("source <> 'VOUCHER' OR tenant_id IS NOT NULL", name="voucher"),
        CheckConstraint("status IN ('PENDING', 'ACTIVE', 'INACTIVE')", name="status"),
        CheckConstraint("used BETWEEN 0 AND given", name="used"),
        CheckConstraint("given <= total", name="given"),
        CheckConstraint("quantity >= 1", name="quantity"),
        CheckConstraint("given <= quantity", name="limit"),
        Index(None, "tenant_id"),
        Index("ix_coupon_sets_partner", "owner_id", "created_at", "id"),
        {"postgresql_with": {"fillfactor": 50}},
    )

    id: Mapped[UuidKey]
    tenant_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants.id"))
    owner_id: Mapped[uuid.UUID] = mapped_column(
        Computed(f"coalesce(tenant_id, '{PLATFORM_OWNER}'::uuid)", persisted=True)
    )
    source: Mapped[str] = mapped_column(server_default="VOUCHER")
    name: Mapped[str | None]
    description: Mapped[str | None]
    prefix: Mapped[str | None]
    static_code: Mapped[str | None]
    start_date: Mapped[datetime | None]
    end_date: Mapped[datetime | None]
    quantity: Mapped[int | None]
    image_url: Mapped[str | None]
    terms: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default="ACTIVE")
    total: Mapped[int]
    last_ordinal: Mapped[int] = mapped_column(server_default="0")
    given: Mapped[int] = mapped_column(server_default="0")
    used: Mapped[int] = mapped_column(server_default="0")
    created_by: Mapped[str | None]
    created_at: Mapped[CreatedAt]


class Coupon(Base):
    """One coupon of a pool: free (`PENDING`), taken (`ACTIVE`), `USED`, or `VOIDED`, which is the
    end of one that was made for a giving. A coupon with a code also names its present giving;
    `freed` says that it is free because it was taken back."""

    __tablename__ = "coupons"
    __table_args__ = (
        CheckConstraint("ordinal >= 1", name="ordinal"),
        CheckConstraint("status IN ('PENDING', 'ACTIVE', 'USED', 'VOIDED')", name="status"),
        CheckConstraint(
            "code IS NULL OR (status IN ('ACTIVE', 'USED')) = (gift_id IS NOT NULL)", name="gift"
        ),
        CheckConstraint("(code IS NULL) = (owner_id IS NULL)", name="owner"),
        CheckConstraint("NOT freed OR status = 'PENDING'", name="freed"),
        Index(
            "uq_coupons_code",
            "owner_id",
            "code",
            unique=True,
            postgresql_where=text("code IS NOT NULL"),
        ),
        Index("ix_coupons_freed", "set_id", "ordinal", postgresql_where=text("freed")),
        # Room for the next state of a coupon beside the one before it, without a word to any index.
        {"postgresql_with": {"fillfactor": 90}},
    )

    set_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("coupon_sets.id", ondelete="CASCADE"), primary_key=True
    )
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(server_default="")
    description: Mapped[str] = mapped_column(server_default="")
    url: Mapped[str] = mapped_column(server_default="")
    owner_id: Mapped[uuid.UUID | None]
    code: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default="PENDING")
    gift_id: Mapped[uuid.UUID | None]
    freed: Mapped[bool] = mapped_column(server_default="false")


class CouponGift(Base):
    """One coupon given to one member; to a partner its id is the coupon's. A pool's coupon that
    was voided may be given again, which is another gift."""

    __tablename__ = "coupon_gifts"
    __table_args__ = (
        ForeignKeyConstraint(["set_id", "ordinal"], ["coupons.set_id", "coupons.ordinal"]),
        CheckConstraint("status IN ('ACTIVE', 'USED', 'VOIDED')", name="status"),
        CheckConstraint("(status = 'USED') = (used_at IS NOT NULL)", name="used"),
        CheckConstraint("(status = 'VOIDED') = (voided_at IS NOT NULL)", name="voided"),
        Index(
            "uq_coupon_gifts_coupon",
            "set_id",
            "ordinal",
            unique=True,
            postgresql_where=text("status <> 'VOIDED'"),
        ),
        Index("ix_coupon_gifts_status", "set_id", "status", "ordinal"),
        Index("ix_coupon_gifts_member", "member_id", "owner_id", "given_at", "id"),
        {"postgresql_with": {"fillfactor": 80}},
    )

    id: Mapped[UuidKey]
    owner_id: Mapped[uuid.UUID]
    set_id: Mapped[uuid.UUID]
    ordinal: Mapped[int]
    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"))
    status: Mapped[str] = mapped_column(server_default="ACTIVE")
    given_at: Mapped[datetime]
    given_by: Mapped[str]
    used_at: Mapped[datetime | None]
    used_by: Mapped[str | None]
    ref_no: Mapped[str | None]
    branch_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("branches.id"))
    voided_at: Mapped[datetime | None]
    voided_by: Mapped[str | None]


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


class CodeImportFailure(Base):
    """One row of a file of codes that was refused, with why in zh-TW and in English; kept for as
    long as its job's record."""

    __tablename__ = "code_import_failures"

    job_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True
    )
    row_number: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    reason: Mapped[str]
    reason_en: Mapped[str]

"""Redemptions: one piece that a member took for points (the contract's "my voucher")."""

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from voucherweb.models.base import Base, SerialKey, UuidKey


class Redemption(Base):
    """Gender and age level are those of the member at the moment of each event (behaviour §7)."""

    __tablename__ = "redemptions"
    __table_args__ = (
        # With the instant in the index, sorting a voucher's pieces by it reads no rows.
        UniqueConstraint("voucher_id", "seq", postgresql_include=["redeemed_at"]),
        CheckConstraint("seq >= 1", name="seq"),
        CheckConstraint("points > 0", name="points"),
        CheckConstraint(
            "(used_at IS NULL) = (used_gender IS NULL)"
            " AND (used_at IS NULL) = (used_age_level IS NULL)",
            name="used",
        ),
        Index("ix_redemptions_voucher_member", "voucher_id", "member_id"),
        Index("ix_redemptions_member", "member_id"),
        {"postgresql_with": {"fillfactor": 90}},
    )

    id: Mapped[UuidKey]
    voucher_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("vouchers.id"))
    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"))
    seq: Mapped[int]
    points: Mapped[int]
    gender: Mapped[str]
    age_level: Mapped[str]
    redeemed_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_gender: Mapped[str | None]
    used_age_level: Mapped[str | None]
    used_by: Mapped[str | None]


class WriteOff(Base):
    """A piece that somebody of the tenant wrote off at a desk; an undone one stays on record.

    `day` is the local day on which the use was counted: the zone of days may be another later."""

    __tablename__ = "write_offs"
    __table_args__ = (
        CheckConstraint(
            "(undone_at IS NULL) = (undone_by IS NULL)"
            " AND (undone_at IS NULL) = (undo_reason IS NULL)",
            name="undone",
        ),
        Index(
            "uq_write_offs_redemption_id",
            "redemption_id",
            unique=True,
            postgresql_where=text("undone_at IS NULL"),
        ),
        Index("ix_write_offs_tenant", "tenant_id", "day", "at"),
        Index("ix_write_offs_admin", "admin_id", "day", "at"),
    )

    id: Mapped[SerialKey]
    redemption_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("redemptions.id"))
    tenant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants.id"))
    admin_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("admins.id"))
    desk: Mapped[str | None]
    at: Mapped[datetime]
    day: Mapped[date]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None]
    undo_reason: Mapped[str | None]

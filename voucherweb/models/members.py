"""App members, points programmes, cards, and the append-only entries of points."""

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from voucherweb.models.base import Base, CreatedAt, SerialKey, UuidKey

PLATFORM_PROGRAMME = uuid.UUID(int=1)
"""The programme whose points `/voucher/redeem` spends; the first migration creates it."""


class Member(Base):
    __tablename__ = "members"
    __table_args__ = (
        CheckConstraint("gender IN ('M', 'F', 'U')", name="gender"),
        Index(None, "phone_number"),
        # Under another collation than C only such an index finds the numbers that begin alike.
        Index(
            "ix_members_phone_prefix",
            "phone_number",
            postgresql_ops={"phone_number": "text_pattern_ops"},
        ),
        Index(None, "tenant_id"),
        Index(None, "created_at"),
    )

    id: Mapped[UuidKey]
    household_member_id: Mapped[str] = mapped_column(
        unique=True, server_default=text("gen_random_uuid()::text")
    )
    tenant_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants.id"))
    name: Mapped[str | None]
    gender: Mapped[str] = mapped_column(server_default="U")
    birthdate: Mapped[date | None]
    phone_number: Mapped[str | None]
    created_at: Mapped[CreatedAt]


class Programme(Base):
    """A points scheme; without a tenant it is the platform's."""

    __tablename__ = "programmes"

    id: Mapped[UuidKey]
    tenant_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants.id"))
    name: Mapped[str]
    created_at: Mapped[CreatedAt]


class Card(Base):
    """A member's balance in one programme, running total of its `PointsEntry` rows."""

    __tablename__ = "cards"
    __table_args__ = (
        CheckConstraint("balance >= 0", name="balance"),
        CheckConstraint("entry_count >= 0", name="entry_count"),
        UniqueConstraint("member_id", "programme_id"),
        {"postgresql_with": {"fillfactor": 70}},
    )

    id: Mapped[UuidKey]
    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"))
    programme_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("programmes.id"))
    balance: Mapped[int] = mapped_column(server_default="0")
    entry_count: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[CreatedAt]


class PointsEntry(Base):
    """One transfer of points between two accounts; never changed, never deleted.

    `seq` numbers the card's entries without gaps; `balance_after` is the card's balance then.
    """

    __tablename__ = "points_entries"
    __table_args__ = (
        UniqueConstraint("card_id", "seq"),
        UniqueConstraint("redemption_id"),
        CheckConstraint("points > 0", name="points"),
        CheckConstraint("balance_after >= 0", name="balance_after"),
        CheckConstraint(
            "(kind = 'GRANT' AND debit = 'PROGRAMME' AND credit = 'CARD'"
            " AND redemption_id IS NULL)"
            " OR (kind = 'REDEEM' AND debit = 'CARD' AND credit = 'VOUCHER'"
            " AND redemption_id IS NOT NULL)",
            name="kind_accounts",
        ),
    )

    id: Mapped[SerialKey]
    card_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cards.id"))
    seq: Mapped[int]
    kind: Mapped[str]
    debit: Mapped[str]
    credit: Mapped[str]
    points: Mapped[int]
    balance_after: Mapped[int]
    redemption_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("redemptions.id"))
    actor: Mapped[str]
    reason: Mapped[str | None]
    created_at: Mapped[datetime]

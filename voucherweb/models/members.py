"""App members, points programmes, cards, and the append-only entries of points."""

import uuid
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    FetchedValue,
    ForeignKey,
    Index,
    Numeric,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from voucherweb.models.base import Base, CreatedAt, SerialKey, UuidKey

PLATFORM_PROGRAMME = uuid.UUID(int=1)
"""The programme whose points `/voucher/redeem` spends; the first migration creates it."""
PLATFORM_OWNER = uuid.UUID(int=0)
"""Stands for the platform where `owner_id` otherwise names the tenant, so that indexes find both
alike."""


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
        Index("ix_members_name_grams", text("text_grams(name)"), postgresql_using="gin"),
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
    """A points scheme; without a tenant it is the platform's. Contract B calls it a campaign.

    `value_per_point` is how much of a currency earns one point; without dates it always runs.
    """

    __tablename__ = "programmes"
    __table_args__ = (
        CheckConstraint("status IN ('ACTIVE', 'INACTIVE')", name="status"),
        CheckConstraint("value_per_point > 0", name="value_per_point"),
        CheckConstraint("start_date <= end_date", name="dates"),
        Index(None, "tenant_id", "created_at"),
    )

    id: Mapped[UuidKey]
    tenant_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants.id"))
    name: Mapped[str]
    type: Mapped[str] = mapped_column(server_default="POINTS")
    status: Mapped[str] = mapped_column(server_default="ACTIVE")
    value_per_point: Mapped[Decimal] = mapped_column(Numeric(12, 2), server_default="1")
    start_date: Mapped[datetime | None]
    end_date: Mapped[datetime | None]
    image_url: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Card(Base):
    """A member's balance in one programme, running total of its `PointsEntry` rows."""

    __tablename__ = "cards"
    __table_args__ = (
        CheckConstraint("balance >= 0", name="balance"),
        CheckConstraint("entry_count >= 0", name="entry_count"),
        UniqueConstraint("member_id", "programme_id"),
        Index(None, "programme_id", "created_at"),
        Index("ix_cards_number", "programme_id", text('card_no COLLATE "C"')),
        {"postgresql_with": {"fillfactor": 70}},
    )

    id: Mapped[UuidKey]
    card_no: Mapped[str] = mapped_column(unique=True, server_default=text("new_card_no()"))
    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"))
    programme_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("programmes.id"))
    balance: Mapped[int] = mapped_column(server_default="0")
    entry_count: Mapped[int] = mapped_column(server_default="0")
    tier: Mapped[str | None]
    expired_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class PointsEntry(Base):
    """One transfer of points between two accounts; never changed, never deleted.

    `seq` numbers the card's entries without gaps; `balance_after` is the card's balance then.
    To a partner an entry is the transaction `transaction_id`; one that takes another back names
    it by `voids`. `owner_id` is the programme's tenant, or `PLATFORM_OWNER`; `programme_id`, which
    the database fills in, is None for the platform, which has a single programme.
    """

    __tablename__ = "points_entries"
    __table_args__ = (
        UniqueConstraint("card_id", "seq"),
        UniqueConstraint("redemption_id"),
        CheckConstraint("points > 0", name="points"),
        CheckConstraint("balance_after >= 0", name="balance_after"),
        CheckConstraint(
            "(kind IN ('GRANT', 'ADD') AND debit = 'PROGRAMME' AND credit = 'CARD')"
            " OR (kind = 'REDEEM' AND debit = 'CARD' AND credit = 'VOUCHER')"
            " OR (kind = 'BURN' AND debit = 'CARD' AND credit = 'PARTNER')"
            " OR (kind = 'VOID' AND (debit, credit) IN"
            " (('CARD', 'PROGRAMME'), ('PARTNER', 'CARD')))",
            name="kind_accounts",
        ),
        CheckConstraint("(kind = 'REDEEM') = (redemption_id IS NOT NULL)", name="redeemed"),
        CheckConstraint("(kind = 'VOID') = (voids IS NOT NULL)", name="voids"),
        CheckConstraint("(method = 1) = (value IS NOT NULL)", name="value"),
        Index("ix_points_entries_owner", "owner_id", "created_at", "transaction_id"),
        # Redeeming, which writes most entries, pays for none of the partial ones.
        Index(
            "ix_points_entries_partner",
            "owner_id",
            "kind",
            "created_at",
            postgresql_where=text("kind <> 'REDEEM' AND programme_id IS NULL"),
            postgresql_include=["points", "credit"],
        ),
        Index(
            "ix_points_entries_programme",
            "programme_id",
            "created_at",
            postgresql_where=text("programme_id IS NOT NULL"),
        ),
        Index(
            "ix_points_entries_programme_kind",
            "programme_id",
            "kind",
            "created_at",
            postgresql_where=text("programme_id IS NOT NULL"),
            postgresql_include=["points", "credit"],
        ),
        Index(
            "uq_points_entries_transaction_id",
            "transaction_id",
            unique=True,
            postgresql_where=text("kind <> 'REDEEM'"),
        ),
        Index(
            "uq_points_entries_ref_id",
            "owner_id",
            "ref_id",
            unique=True,
            postgresql_where=text("ref_id IS NOT NULL"),
        ),
        Index(
            "ix_points_entries_ref_no",
            "owner_id",
            "ref_no",
            "created_at",
            postgresql_where=text("ref_no IS NOT NULL"),
        ),
        Index(
            "uq_points_entries_voids",
            "voids",
            unique=True,
            postgresql_where=text("voids IS NOT NULL"),
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
    transaction_id: Mapped[uuid.UUID] = mapped_column(server_default=text("gen_random_uuid()"))
    owner_id: Mapped[uuid.UUID] = mapped_column(server_default=str(PLATFORM_OWNER))
    method: Mapped[int | None]
    value: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    ref_no: Mapped[str | None]
    ref_id: Mapped[str | None]
    voids: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("points_entries.id"))
    programme_id: Mapped[uuid.UUID | None] = mapped_column(server_default=FetchedValue())


class ProgrammeSum(Base):
    """Points of a programme's entries before `until`, added up by the chore `close_points`: what
    was added and burned, and of both what was taken back. Redemptions are told by vouchers."""

    __tablename__ = "programme_sums"
    __table_args__ = (
        CheckConstraint(
            "added >= 0 AND burned >= 0 AND taken_back >= 0 AND given_back >= 0", name="sums"
        ),
    )

    programme_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("programmes.id"), primary_key=True)
    until: Mapped[datetime]
    added: Mapped[int] = mapped_column(BigInteger)
    burned: Mapped[int] = mapped_column(BigInteger)
    taken_back: Mapped[int] = mapped_column(BigInteger)
    given_back: Mapped[int] = mapped_column(BigInteger)


class CampaignHolder(Base):
    """A member who holds a card of one or more of a tenant's campaigns; noted by the database when
    the first is made."""

    __tablename__ = "campaign_holders"

    tenant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"), primary_key=True)

"""Who met which voucher as sets of bits: persons over any choice of a tenant's vouchers are the
bits of the union, which costs thousands of times less than comparing members.

An engagement is written as fresh in the transaction of its event, and becomes a bit later. Every
pair of a member and a voucher is in exactly one of the two places at any moment.
"""

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.dialects.postgresql import BIT
from sqlalchemy.orm import Mapped, mapped_column

from voucherweb.models.base import Base


class FreshEngagement(Base):
    """A first reach (`kind` R) or click (C) that is no bit yet. It has no foreign keys: the
    engagement that is written with it has them."""

    __tablename__ = "fresh_engagements"

    member_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    voucher_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)


class AudienceMember(Base):
    """Which bit a member is among those whom a tenant's vouchers ever met, from 0 upwards."""

    __tablename__ = "audience_members"
    __table_args__ = (
        UniqueConstraint("tenant_id", "number"),
        CheckConstraint("number >= 0", name="number"),
    )

    tenant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"), primary_key=True)
    number: Mapped[int]


class AudienceBlock(Base):
    """8,192 members of the tenant's audience, from number 8,192 × `block`, and which of them the
    voucher reached or who clicked it."""

    __tablename__ = "audience_blocks"
    __table_args__ = (CheckConstraint("kind IN ('R', 'C')", name="kind"),)

    voucher_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("vouchers.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    block: Mapped[int] = mapped_column(primary_key=True)
    bits: Mapped[str] = mapped_column(BIT(8192))

"""Reach and click, and the roll-up cells that statistics read.

Every cell is changed in the transaction of the event that it counts, so a read needs no tail.
"""

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from voucherweb.models.base import Base


class Engagement(Base):
    """How often one member saw (`kind` R) or clicked (C) one voucher, with who the member was at
    the first time. The member comes first in the key, because a reach call writes many vouchers
    of one member."""

    __tablename__ = "engagements"
    __table_args__ = (
        CheckConstraint("times >= 1", name="times"),
        CheckConstraint("kind IN ('R', 'C')", name="kind"),
        # In the order of the first times, which never change; with the member in the index, a page
        # of a long list is found without reading rows.
        Index(
            "ix_engagements_voucher",
            "voucher_id",
            "kind",
            "first_at",
            postgresql_include=["member_id"],
        ),
        {"postgresql_with": {"fillfactor": 80}},
    )

    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"), primary_key=True)
    voucher_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("vouchers.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    times: Mapped[int]
    gender: Mapped[str]
    age_level: Mapped[str]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]


class EngagementScope(Base):
    """That a member was reached, or clicked, anywhere in a scope of a tenant: `*` or one type."""

    __tablename__ = "engagement_scopes"

    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("members.id"), primary_key=True)
    tenant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    gender: Mapped[str]
    age_level: Mapped[str]


class VoucherCell(Base):
    """Counts of one voucher for one gender and age level."""

    __tablename__ = "voucher_cells"
    __table_args__ = (
        CheckConstraint(
            "redeemed >= 0 AND used >= 0 AND reach_persons >= 0 AND reach_times >= 0"
            " AND click_persons >= 0 AND click_times >= 0",
            name="counts",
        ),
        {"postgresql_with": {"fillfactor": 50}},
    )

    voucher_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("vouchers.id"), primary_key=True)
    gender: Mapped[str] = mapped_column(primary_key=True)
    age_level: Mapped[str] = mapped_column(primary_key=True)
    redeemed: Mapped[int] = mapped_column(server_default="0")
    used: Mapped[int] = mapped_column(server_default="0")
    reach_persons: Mapped[int] = mapped_column(server_default="0")
    reach_times: Mapped[int] = mapped_column(server_default="0")
    click_persons: Mapped[int] = mapped_column(server_default="0")
    click_times: Mapped[int] = mapped_column(server_default="0")


class TenantCell(Base):
    """Distinct persons over a tenant's vouchers in a scope, for one gender and age level."""

    __tablename__ = "tenant_cells"
    __table_args__ = (
        CheckConstraint("persons >= 0", name="persons"),
        {"postgresql_with": {"fillfactor": 50}},
    )

    tenant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    gender: Mapped[str] = mapped_column(primary_key=True)
    age_level: Mapped[str] = mapped_column(primary_key=True)
    persons: Mapped[int] = mapped_column(server_default="0")


class VoucherDay(Base):
    """What happened with one voucher on one local day: the daily trend. Persons are counted on
    the day of their first event."""

    __tablename__ = "voucher_days"
    __table_args__ = (
        CheckConstraint(
            "redeemed >= 0 AND used >= 0 AND reach_persons >= 0 AND reach_times >= 0"
            " AND click_persons >= 0 AND click_times >= 0",
            name="counts",
        ),
        {"postgresql_with": {"fillfactor": 50}},
    )

    voucher_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("vouchers.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    redeemed: Mapped[int] = mapped_column(server_default="0")
    used: Mapped[int] = mapped_column(server_default="0")
    reach_persons: Mapped[int] = mapped_column(server_default="0")
    reach_times: Mapped[int] = mapped_column(server_default="0")
    click_persons: Mapped[int] = mapped_column(server_default="0")
    click_times: Mapped[int] = mapped_column(server_default="0")


class TenantDay(Base):
    """The days of all vouchers of a tenant and a type added up, once a day is over and closed: the
    trend over many vouchers. Days after the latest one of this table are in `voucher_days` alone.
    """

    __tablename__ = "tenant_days"
    __table_args__ = (
        CheckConstraint(
            "redeemed >= 0 AND used >= 0 AND reach_persons >= 0 AND reach_times >= 0"
            " AND click_persons >= 0 AND click_times >= 0",
            name="counts",
        ),
        Index(None, "day"),
    )

    tenant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    voucher_type: Mapped[str] = mapped_column(primary_key=True)
    redeemed: Mapped[int]
    used: Mapped[int]
    reach_persons: Mapped[int]
    reach_times: Mapped[int]
    click_persons: Mapped[int]
    click_times: Mapped[int]

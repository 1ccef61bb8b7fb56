"""Tenants: organisations such as hospitals and dealers."""

import uuid
from datetime import datetime

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Text, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from voucherweb.domain.enums import TenantType
from voucherweb.models.base import Base, CreatedAt, UuidKey, one_of


class Tenant(Base):
    """`hide_small_groups`: pages, prints and exports do not tell groups of fewer than 5 people.

    `sandbox_of` is set on the twin in which a tenant's partners try things out: it has members,
    campaigns and coupons of its own, and neither vouchers nor admins.
    """

    __tablename__ = "tenants"
    __table_args__ = (CheckConstraint(one_of("type", TenantType), name="type"),)

    id: Mapped[UuidKey]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    type: Mapped[str]
    industry_types: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    hide_small_groups: Mapped[bool] = mapped_column(server_default="false")
    sandbox_of: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants.id"), unique=True)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Branch(Base):
    """A place of a tenant where coupons are used."""

    __tablename__ = "branches"
    __table_args__ = (UniqueConstraint("tenant_id", "code"),)

    id: Mapped[UuidKey]
    tenant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants.id"))
    code: Mapped[str]
    name: Mapped[str]
    created_at: Mapped[CreatedAt]


class SiteSetting(Base):
    """One of the few things that a platform admin may change while the system runs; what is not
    here has its default."""

    __tablename__ = "site_settings"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_by: Mapped[str]

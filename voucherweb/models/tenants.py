"""Tenants: organisations such as hospitals and dealers."""

from datetime import datetime

from sqlalchemy import ARRAY, CheckConstraint, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from voucherweb.domain.enums import TenantType
from voucherweb.models.base import Base, CreatedAt, UuidKey, one_of


class Tenant(Base):
    __tablename__ = "tenants"
    __table_args__ = (CheckConstraint(one_of("type", TenantType), name="type"),)

    id: Mapped[UuidKey]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    type: Mapped[str]
    industry_types: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

"""Partners: their keys and add-ons, the tokens made from them, and the log of their calls.

Secrets and tokens are stored as digests only (contract B).
"""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from voucherweb.models.base import Base, CreatedAt, SerialKey, UuidKey


class ApiKey(Base):
    """A partner's server. Without a tenant it is the platform's own, such as the host app's.

    `key` is public. A `SANDBOX` key belongs to a tenant, but works in the tenant's twin.
    """

    __tablename__ = "api_keys"
    __table_args__ = (
        CheckConstraint("kind IN ('LIVE', 'SANDBOX')", name="kind"),
        CheckConstraint("kind = 'LIVE' OR tenant_id IS NOT NULL", name="sandbox"),
        CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="revoked"),
        Index(None, "tenant_id"),
    )

    id: Mapped[UuidKey]
    key: Mapped[str] = mapped_column(unique=True)
    tenant_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants.id"))
    kind: Mapped[str] = mapped_column(server_default="LIVE")
    name: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[CreatedAt]
    created_by: Mapped[str]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None]


class ApiKeySecret(Base):
    """One secret of a key. A rotation gives the old ones an end, so that both hold for a while."""

    __tablename__ = "api_key_secrets"
    __table_args__ = (Index(None, "api_key_id"),)

    id: Mapped[UuidKey]
    api_key_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"))
    secret_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime | None]


class AddOn(Base):
    """A web application of a partner that a tenant's admins open inside the admin site.

    The plan says until when the tenant has it; `config` is what it is told, never a secret;
    `origin` is the scheme, host and port of `url`.
    """

    __tablename__ = "add_ons"
    __table_args__ = (
        UniqueConstraint("tenant_id", "code"),
        CheckConstraint("status IN ('ENABLED', 'DISABLED')", name="status"),
        CheckConstraint("plan_start <= plan_end", name="plan"),
        Index(None, "origin"),
    )

    id: Mapped[UuidKey]
    tenant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants.id"))
    code: Mapped[str]
    name: Mapped[str]
    url: Mapped[str]
    origin: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="ENABLED")
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    plan_id: Mapped[uuid.UUID] = mapped_column(server_default=func.gen_random_uuid())
    plan_name: Mapped[str]
    plan_start: Mapped[datetime | None]
    plan_end: Mapped[datetime | None]
    app_connect_id: Mapped[uuid.UUID] = mapped_column(server_default=func.gen_random_uuid())
    config: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ExchangeToken(Base):
    """Lets an add-on that an admin opened fetch a token pair, once, within 60 seconds."""

    __tablename__ = "exchange_tokens"
    __table_args__ = (Index(None, "add_on_id", "created_at"),)

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    add_on_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("add_ons.id", ondelete="CASCADE"))
    session_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("auth_sessions.id", ondelete="CASCADE")
    )
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default="0")


class ConnectFamily(Base):
    """What one exchange began: an add-on working for an admin until the admin signs out."""

    __tablename__ = "connect_families"
    __table_args__ = (Index(None, "add_on_id"), Index(None, "session_id"))

    id: Mapped[UuidKey]
    add_on_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("add_ons.id", ondelete="CASCADE"))
    session_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("auth_sessions.id", ondelete="CASCADE")
    )
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class ConnectRefreshToken(Base):
    """One link of a family's chain; a used one offered again revokes the family."""

    __tablename__ = "connect_refresh_tokens"
    __table_args__ = (Index(None, "family_id"),)

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    family_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("connect_families.id", ondelete="CASCADE")
    )
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class PartnerCall(Base):
    """One call of contract B, kept for 30 days. `caller` is `key:…` or `addon:…`; `tenant_id`
    is the tenant whose key or add-on it is, None for the platform's keys."""

    __tablename__ = "partner_calls"
    __table_args__ = (
        Index("ix_partner_calls_tenant", "tenant_id", "at", postgresql_include=["status"]),
        Index("ix_partner_calls_caller", "caller", "at", postgresql_include=["status"]),
        Index(None, "request_id"),
        Index(None, "at"),
        # What did not succeed is looked for most, and is little.
        Index(
            "ix_partner_calls_refused",
            "at",
            postgresql_where=text("status >= 400"),
            postgresql_include=["status", "code", "tenant_id", "caller", "id"],
        ),
        Index(
            "ix_partner_calls_tenant_refused",
            "tenant_id",
            "at",
            postgresql_where=text("status >= 400"),
            postgresql_include=["status", "code", "caller", "id"],
        ),
        Index(
            "ix_partner_calls_key",
            "idempotency_key",
            postgresql_where=text("idempotency_key IS NOT NULL"),
        ),
        {"postgresql_with": {"autovacuum_vacuum_insert_scale_factor": 0.02}},
    )

    id: Mapped[SerialKey]
    at: Mapped[datetime]
    tenant_id: Mapped[uuid.UUID | None]
    caller: Mapped[str]
    request_id: Mapped[str]
    method: Mapped[str]
    path: Mapped[str]
    query: Mapped[str] = mapped_column(server_default="")
    status: Mapped[int]
    code: Mapped[str | None]
    ms: Mapped[int]
    idempotency_key: Mapped[str | None]
    replayed: Mapped[bool] = mapped_column(server_default="false")
    fingerprint: Mapped[bytes | None]
    fault: Mapped[str | None]
    retry_after: Mapped[int | None]
    address: Mapped[str | None]

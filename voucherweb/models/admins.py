"""Admins, their sessions and refresh tokens. Secrets are stored hashed only."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from voucherweb.models.base import Base, CreatedAt, UuidKey


class Admin(Base):
    """Someone who signs in: of the platform, of a tenant, or a tenant's clerk, who only writes
    off. `language` and `appearance` are None while the browser's own are good; `desk` is where a
    clerk stands; `otp_pending` is a secret that no code has confirmed yet."""

    __tablename__ = "admins"
    __table_args__ = (
        CheckConstraint(
            "(role = 'PLATFORM_ADMIN' AND tenant_id IS NULL)"
            " OR (role IN ('TENANT_ADMIN', 'CLERK') AND tenant_id IS NOT NULL)",
            name="role_tenant",
        ),
        CheckConstraint("account = lower(account)", name="account_lower"),
        CheckConstraint("language IN ('zh-TW', 'en')", name="language"),
        CheckConstraint("appearance IN ('light', 'dark')", name="appearance"),
        Index(None, "tenant_id"),
    )

    id: Mapped[UuidKey]
    role: Mapped[str]
    tenant_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants.id"))
    account: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str | None]
    password_hash: Mapped[str]
    language: Mapped[str | None]
    appearance: Mapped[str | None]
    desk: Mapped[str | None]
    otp_secret: Mapped[str | None]
    otp_pending: Mapped[str | None]
    otp_last_step: Mapped[int | None]
    demo: Mapped[bool] = mapped_column(server_default="false")
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class AuthSession(Base):
    """One sign-in. Access tokens name it; revoking it ends them at once (behaviour §2)."""

    __tablename__ = "auth_sessions"
    __table_args__ = (Index(None, "admin_id"),)

    id: Mapped[UuidKey]
    admin_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("admins.id", ondelete="CASCADE"))
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    user_agent: Mapped[str | None]
    address: Mapped[str | None]
    last_seen_at: Mapped[datetime | None]


class AdminLink(Base):
    """A link that lets an admin set a password once: an invitation (`INVITE`) or a new password
    (`RESET`). Only the digest of its secret is kept."""

    __tablename__ = "admin_links"
    __table_args__ = (
        CheckConstraint("kind IN ('INVITE', 'RESET')", name="kind"),
        Index(None, "admin_id"),
    )

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    admin_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("admins.id", ondelete="CASCADE"))
    kind: Mapped[str]
    made_by: Mapped[str]
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """One way in for an admin whose code generator is lost; good once."""

    __tablename__ = "recovery_codes"
    __table_args__ = (Index(None, "admin_id"),)

    code_hash: Mapped[str] = mapped_column(primary_key=True)
    admin_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("admins.id", ondelete="CASCADE"))
    created_at: Mapped[CreatedAt]
    used_at: Mapped[datetime | None]


class RefreshToken(Base):
    """One link of a session's refresh chain; a used one offered again revokes the session."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (Index(None, "session_id"),)

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("auth_sessions.id", ondelete="CASCADE")
    )
    created_at: Mapped[CreatedAt]
    used_at: Mapped[datetime | None]

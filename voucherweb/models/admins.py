"""Admins, their sessions and refresh tokens. Secrets are stored hashed only."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from voucherweb.models.base import Base, CreatedAt, UuidKey


class Admin(Base):
    __tablename__ = "admins"
    __table_args__ = (
        CheckConstraint(
            "(role = 'PLATFORM_ADMIN' AND tenant_id IS NULL)"
            " OR (role = 'TENANT_ADMIN' AND tenant_id IS NOT NULL)",
            name="role_tenant",
        ),
        CheckConstraint("account = lower(account)", name="account_lower"),
    )

    id: Mapped[UuidKey]
    role: Mapped[str]
    tenant_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants.id"))
    account: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    otp_secret: Mapped[str | None]
    otp_last_step: Mapped[int | None]
    demo: Mapped[bool] = mapped_column(server_default="false")
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class AuthSession(Base):
    """One sign-in. Access tokens name it; revoking it ends them at once (behaviour §2)."""

    __tablename__ = "auth_sessions"

    id: Mapped[UuidKey]
    admin_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("admins.id", ondelete="CASCADE"))
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    user_agent: Mapped[str | None]


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

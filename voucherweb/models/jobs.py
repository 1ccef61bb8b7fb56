"""Jobs, uploads, idempotent answers and the audit log: the records behind the machinery."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from voucherweb.domain.enums import JobState
from voucherweb.models.base import Base, CreatedAt, SerialKey, UuidKey, one_of


class Job(Base):
    """The record of a background job; the queue only carries its id (behaviour §8). `seen_at` is
    when the admin who asked for it was told of its end."""

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint(one_of("state", JobState), name="state"),
        CheckConstraint("progress BETWEEN 0 AND 100", name="progress"),
        Index("ix_jobs_state", "state", "created_at"),
        Index("ix_jobs_tenant", "tenant_id", "created_at"),
        Index("ix_jobs_actor", "actor", "created_at"),
        Index(None, "created_at"),
        # Every page counts the jobs that its reader was not told of.
        Index(
            "ix_jobs_unseen",
            "actor",
            postgresql_where=text("finished_at IS NOT NULL AND seen_at IS NULL"),
        ),
    )

    id: Mapped[UuidKey]
    kind: Mapped[str]
    tenant_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tenants.id"))
    actor: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="QUEUED")
    progress: Mapped[int] = mapped_column(server_default="0")
    params: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    attempts: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[CreatedAt]
    started_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]


class Upload(Base):
    """An object that a tenant asked an upload address for (contract A §取得上傳網址)."""

    __tablename__ = "uploads"
    __table_args__ = (Index(None, "created_at"),)

    object_key: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants.id"))
    upload_id: Mapped[str] = mapped_column(unique=True)
    storage_upload_id: Mapped[str | None]
    is_thumbnail: Mapped[bool]
    file_name: Mapped[str]
    file_type: Mapped[str]
    parts: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB)
    completed_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class IdempotencyKey(Base):
    """The first answer to a write that carried an `Idempotency-Key` (behaviour §2)."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index(None, "created_at"),)

    caller: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int | None]
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    redemption_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("redemptions.id"))
    created_at: Mapped[datetime]


class AuditEntry(Base):
    """Who did what to which object; never changed, never deleted."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        # Newest first between any two days, without reading what lies outside them.
        Index("ix_audit_entries_tenant", "tenant_id", "at", "id"),
        Index("ix_audit_entries_object", "object_kind", "object_id"),
        Index("ix_audit_entries_actor", "actor", "at", "id"),
        # With the tenant in them, the log of one tenant too is read from the index alone.
        Index("ix_audit_entries_action", "action", "at", "id", postgresql_include=["tenant_id"]),
        Index("ix_audit_entries_kind", "object_kind", "at", "id", postgresql_include=["tenant_id"]),
        Index("ix_audit_entries_at", "at", "id"),
    )

    id: Mapped[SerialKey]
    at: Mapped[CreatedAt]
    actor: Mapped[str]
    tenant_id: Mapped[uuid.UUID | None]
    action: Mapped[str]
    object_kind: Mapped[str]
    object_id: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    request_id: Mapped[str | None]

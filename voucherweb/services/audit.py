"""The audit log: who did what to which object, in the same unit of work as the deed."""

import uuid
from typing import Any

import structlog

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.models import AuditEntry
from voucherweb.transaction import session


def record(
    actor: Actor,
    action: str,
    kind: str,
    object_id: uuid.UUID | str,
    tenant_id: uuid.UUID | None = None,
    **data: Any,
) -> None:
    """Append one entry. `data` holds JSON values that explain the change; never a secret."""
    context = structlog.contextvars.get_contextvars()
    session.add(
        AuditEntry(
            at=clock.now(),
            actor=actor.key,
            tenant_id=tenant_id or actor.tenant_id,
            action=action,
            object_kind=kind,
            object_id=str(object_id),
            data=data,
            request_id=context.get("request_id"),
        )
    )

"""The audit log: who did what to which object, in the same unit of work as the deed."""

import uuid
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from voucherweb.domain import clock
from voucherweb.models import AuditEntry
from voucherweb.transaction import session


class Doer(Protocol):
    """Whoever does something: an `Actor`, a `Partner`, or `NOBODY_KNOWN`."""

    @property
    def key(self) -> str: ...

    @property
    def tenant_id(self) -> uuid.UUID | None: ...


@dataclass(frozen=True, slots=True)
class Unknown:
    """Somebody whose claim to be a partner was refused."""

    key: str = "partner:unknown"
    tenant_id: uuid.UUID | None = None


NOBODY_KNOWN = Unknown()


def record(
    actor: Doer,
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

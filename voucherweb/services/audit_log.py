"""Reading the audit log: who did what, newest first."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select

from voucherweb.domain.actor import Actor
from voucherweb.domain.days import span
from voucherweb.domain.enums import Role
from voucherweb.domain.paging import MAX_ALL_ROWS, PageRequest
from voucherweb.domain.scanning import typed_words
from voucherweb.errors import invalid, refuse
from voucherweb.models import AuditEntry, Tenant
from voucherweb.services.actor_names import actor_names
from voucherweb.services.audit_labels import ACTION_LABELS, KIND_LABELS, action_label, kind_label
from voucherweb.services.indexed import as_indexed
from voucherweb.services.paging import fetch_page

__all__ = [
    "ACTION_LABELS",
    "KIND_LABELS",
    "AuditFilter",
    "Entry",
    "action_label",
    "actor_names",
    "kind_label",
    "list_entries",
]

SORT: Final = {"id": AuditEntry.at}
"""As they were written: by time, and by id among those of one moment."""
MOST_LISTED: Final = MAX_ALL_ROWS
"""Who wants to see further back narrows the list."""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries to list; None leaves a condition out. `actor` is a key such as `admin:<id>`;
    the days are whole local days, both inclusive."""

    actor: str | None = None
    action: str | None = None
    kind: str | None = None
    object_id: str | None = None
    tenant_id: uuid.UUID | None = None
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One deed. `data` explains it in values of JSON; `tenant_name` is None without a tenant."""

    id: int
    at: datetime
    actor: str
    actor_name: str
    tenant_id: uuid.UUID | None
    tenant_name: str | None
    action: str
    object_kind: str
    object_id: str
    data: dict[str, Any]
    request_id: str | None


def list_entries(
    actor: Actor, wanted: AuditFilter, asked: PageRequest, zone: ZoneInfo, *, english: bool = False
) -> tuple[list[Entry], int]:
    """A page of entries in the order in which they were written (`id`, either way), and how many
    match, 10,000 at the most.

    The platform reads all, a tenant's admin those of the own tenant. Raises FORBIDDEN for
    everybody else, and INVALID_PARAMETER for a page beyond 10,000 entries.
    """
    if actor.role not in {Role.PLATFORM_ADMIN, Role.TENANT_ADMIN}:
        raise refuse("FORBIDDEN")
    if asked.offset >= MOST_LISTED:
        raise invalid(
            "pagination.current",
            f"only the first {MOST_LISTED} entries are listed",
            f"只列出前 {MOST_LISTED} 筆",
        )
    conditions = [*_allowed(actor), *_wanted(wanted, zone)]
    query = (
        select(AuditEntry, Tenant.name)
        .outerjoin(Tenant, Tenant.id == AuditEntry.tenant_id)
        .where(*conditions)
    )
    counted = select(AuditEntry.id).where(*conditions).limit(MOST_LISTED + 1)
    tie = as_indexed(AuditEntry.id)
    rows, total = fetch_page(query, asked, SORT, tie.desc() if asked.descending else tie, counted)
    names = actor_names((row[0].actor for row in rows), english=english)
    listed = [_entry(entry, tenant_name, names) for entry, tenant_name in rows]
    return listed, min(total, MOST_LISTED)


def _allowed(actor: Actor) -> list[ColumnElement[bool]]:
    return [] if actor.is_platform else [AuditEntry.tenant_id == actor.tenant_id]


def _wanted(wanted: AuditFilter, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    texts = (
        (AuditEntry.actor, wanted.actor),
        (AuditEntry.action, wanted.action),
        (AuditEntry.object_kind, wanted.kind),
        (AuditEntry.object_id, wanted.object_id),
    )
    conditions: list[ColumnElement[bool]] = [
        column == typed_words(text) for column, text in texts if text is not None
    ]
    if wanted.tenant_id is not None:
        conditions.append(AuditEntry.tenant_id == wanted.tenant_id)
    first, last = span(wanted.first_day, wanted.last_day, zone)
    if first:
        conditions.append(AuditEntry.at >= first)
    if last:
        conditions.append(AuditEntry.at <= last)
    return conditions


def _entry(entry: AuditEntry, tenant_name: str | None, names: dict[str, str]) -> Entry:
    return Entry(
        id=entry.id,
        at=entry.at,
        actor=entry.actor,
        actor_name=names[entry.actor],
        tenant_id=entry.tenant_id,
        tenant_name=tenant_name,
        action=entry.action,
        object_kind=entry.object_kind,
        object_id=entry.object_id,
        data=entry.data,
        request_id=entry.request_id,
    )

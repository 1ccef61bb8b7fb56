"""The audit log as its page lists it, but every entry that matches and newest first."""

import itertools
import uuid
from collections.abc import Iterator
from typing import Any, Final

import orjson
from sqlalchemy import Row

from voucherweb.domain.actor import Actor
from voucherweb.domain.words import Words
from voucherweb.models import AuditEntry
from voucherweb.services.audit_labels import action_label, kind_label, object_name
from voucherweb.services.audit_log import AuditFilter, Entry, entries_query, explained
from voucherweb.services.export_kinds.kind import ExportKind, Filters, Order, Table
from voucherweb.services.export_kinds.reading import count, need_manager, stream
from voucherweb.services.tenants import get_tenant
from voucherweb.spreadsheets.tables import Value

AT_ONCE: Final = 500
"""Entries whose names are asked for together."""
_HEADER: Final[tuple[Words, ...]] = (
    ("時間", "Time"),
    ("誰", "Who"),
    ("動作", "Deed"),
    ("對象種類", "Kind of object"),
    ("對象名稱", "Object"),
    ("對象編號", "Object's number"),
    ("租戶", "Tenant"),
    ("明細", "Details"),
    ("動作代碼", "Deed's code"),
    ("執行者代碼", "Who, as a key"),
    ("對象識別碼", "Object id"),
    ("請求編號", "Request"),
)


def _need(actor: Actor, filters: Filters) -> AuditFilter:
    need_manager(actor)
    tenant_id: uuid.UUID | None = None
    if filters.has("tenant"):
        tenant_id = get_tenant(actor, filters.id("tenant")).id
    return AuditFilter(
        actor=filters.text("actor"),
        action=filters.text("action"),
        kind=filters.text("kind"),
        object_id=filters.text("object"),
        tenant_id=tenant_id,
        first_day=filters.day("startDate"),
        last_day=filters.day("endDate"),
    )


def _read(order: Order) -> Table:
    wanted = _need(order.actor, order.filters)
    query, counted = entries_query(order.actor, wanted, order.zone)
    newest = query.order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
    return Table(_rows(order, stream(newest)), count(counted))


def _rows(order: Order, found: Iterator[Row[*tuple[Any, ...]]]) -> Iterator[list[Value]]:
    while rows := list(itertools.islice(found, AT_ONCE)):
        for entry in explained(order.actor, rows, english=order.english):
            yield _row(order, entry)


def _row(order: Order, entry: Entry) -> list[Value]:
    title, number = object_name(entry.thing, entry.data)
    return [
        order.local(entry.at),
        entry.actor_name,
        action_label(entry.action, english=order.english),
        kind_label(entry.object_kind, english=order.english),
        title,
        number,
        entry.tenant_name,
        orjson.dumps(entry.data).decode() if entry.data else None,
        entry.action,
        entry.actor,
        entry.object_id,
        entry.request_id,
    ]


KIND: Final = ExportKind(("稽核紀錄", "audit log"), _HEADER, _need, _read)
"""Filters `actor`, `action`, `kind`, `object`, `tenant`, `startDate`, `endDate` (local days)."""

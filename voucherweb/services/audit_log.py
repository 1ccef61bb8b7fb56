"""Reading the audit log: who did what, newest first."""

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Integer,
    Row,
    any_,
    cast,
    func,
    literal_column,
    select,
)

from voucherweb.domain.actor import Actor
from voucherweb.domain.days import span
from voucherweb.domain.enums import Role
from voucherweb.domain.paging import MAX_ALL_ROWS, PageRequest
from voucherweb.domain.scanning import typed_words
from voucherweb.errors import invalid, refuse
from voucherweb.models import AuditEntry, Tenant
from voucherweb.services.actor_names import actor_names
from voucherweb.services.audit_labels import ACTION_LABELS, KIND_LABELS, action_label, kind_label
from voucherweb.services.audit_objects import Ref, Thing, things
from voucherweb.services.paging import AnySelect, Rows, need_bounded
from voucherweb.transaction import session

__all__ = [
    "ACTION_LABELS",
    "KIND_LABELS",
    "AuditFilter",
    "Entry",
    "Thing",
    "action_label",
    "actor_names",
    "entries_query",
    "explained",
    "kind_label",
    "list_entries",
]

SORT: Final = {"id": AuditEntry.at}
"""As they were written: by time, and by id among those of one moment."""
MENTIONED: Final = {"member": "member", "campaign": "campaign", "set": "coupon_set"}
"""What else an entry's data may name by its id: the field, and the kind of object."""
MOST_LISTED: Final = MAX_ALL_ROWS
"""Who wants to see further back narrows the list."""


_COLUMNS: Final = (
    AuditEntry.id,
    AuditEntry.at,
    AuditEntry.actor,
    AuditEntry.tenant_id,
    AuditEntry.action,
    AuditEntry.object_kind,
    AuditEntry.object_id,
    AuditEntry.data,
    AuditEntry.request_id,
)


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
    """One deed. `data` explains it in values of JSON; `tenant_name` is None without a tenant.
    `thing` is the object as far as it is still known, `mentioned` those that fields of `data`
    name."""

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
    thing: Thing | None = None
    mentioned: dict[str, Thing] = field(default_factory=dict)


def list_entries(
    actor: Actor, wanted: AuditFilter, asked: PageRequest, zone: ZoneInfo, *, english: bool = False
) -> tuple[list[Entry], int]:
    """A page of entries in the order in which they were written (`id`, either way), and how many
    match, 10,000 at the most.

    The platform reads all, a tenant's admin those of the own tenant. Raises FORBIDDEN for
    everybody else, and INVALID_PARAMETER for a page beyond 10,000 entries.
    """
    query, counted = entries_query(actor, wanted, zone)
    if asked.offset >= MOST_LISTED:
        raise invalid(
            "pagination.current",
            f"only the first {MOST_LISTED} entries are listed",
            f"只列出前 {MOST_LISTED} 筆",
        )
    total, ids = _page_of(counted, asked)
    need_bounded(asked, total)
    listed = query.where(AuditEntry.id == any_(cast(ids, ARRAY(BigInteger))))
    rows = session.execute(listed.order_by(*_order(asked))).all()
    return explained(actor, rows, english=english), min(total, MOST_LISTED)


def _page_of(counted: AnySelect, asked: PageRequest) -> tuple[int, list[int]]:
    """How many entries match, one more than are listed at the most, and the ids of a page: read
    in one pass, mostly from an index alone."""
    every = counted.order_by(*_order(asked)).limit(literal_column(str(MOST_LISTED + 1), Integer))
    # What is an array once would else be made for its length and for its part.
    found = select(func.array(every.scalar_subquery(), type_=ARRAY(BigInteger)).label("ids"))
    ids = found.cte("found").prefix_with("MATERIALIZED").c.ids
    end = asked.offset + asked.size if asked.size > 0 else MOST_LISTED
    row = session.execute(select(func.cardinality(ids), ids[asked.offset + 1 : end])).one()
    return row[0], row[1]


def _order(asked: PageRequest) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    moment, tie = SORT[asked.field], AuditEntry.id
    return (moment.desc(), tie.desc()) if asked.descending else (moment.asc(), tie.asc())


def entries_query(actor: Actor, wanted: AuditFilter, zone: ZoneInfo) -> tuple[AnySelect, AnySelect]:
    """The entries that match as rows for `explained`, and as many rows that cost less to count;
    in no order. Raises FORBIDDEN for all but the platform's and tenants' admins."""
    if actor.role not in {Role.PLATFORM_ADMIN, Role.TENANT_ADMIN}:
        raise refuse("FORBIDDEN")
    conditions = [*_allowed(actor), *_wanted(wanted, zone)]
    query = select(*_COLUMNS, Tenant.name.label("tenant_name"))
    joined = query.outerjoin(Tenant, Tenant.id == AuditEntry.tenant_id)
    return joined.where(*conditions), select(AuditEntry.id).where(*conditions)


def explained(actor: Actor, rows: Rows, *, english: bool = False) -> list[Entry]:
    """Rows of `entries_query` with the names of who did it and of what it was done to: two more
    queries, however many rows there are."""
    names = actor_names((row.actor for row in rows), english=english)
    found = things(actor, {ref for row in rows for ref in _refs(row).values()})
    return [_entry(row, names, found) for row in rows]


def _refs(row: Row[Any]) -> dict[str, Ref]:
    """What an entry names: its object under the empty text, the others by their field."""
    refs = {"": (row.object_kind, row.object_id)}
    for name, kind in MENTIONED.items():
        if isinstance(row.data.get(name), str):
            refs[name] = (kind, row.data[name])
    return refs


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


def _entry(row: Row[Any], names: dict[str, str], found: dict[Ref, Thing]) -> Entry:
    known = {name: found[ref] for name, ref in _refs(row).items() if ref in found}
    return Entry(
        id=row.id,
        at=row.at,
        actor=row.actor,
        actor_name=names[row.actor],
        tenant_id=row.tenant_id,
        tenant_name=row.tenant_name,
        action=row.action,
        object_kind=row.object_kind,
        object_id=row.object_id,
        data=row.data,
        request_id=row.request_id,
        thing=known.pop("", None),
        mentioned=known,
    )

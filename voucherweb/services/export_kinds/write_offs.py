"""What was written off at a tenant's desks, and what was undone; people are masked."""

import uuid
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from sqlalchemy import Row

from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.domain.words import Words
from voucherweb.errors import refuse
from voucherweb.services.desk_records import all_receipts, read_receipt
from voucherweb.services.export_kinds.kind import ExportKind, Filters, Order, Table
from voucherweb.services.export_kinds.reading import count, stream
from voucherweb.spreadsheets.tables import Value

NOBODY: Final = uuid.UUID(int=0)
"""Whoever an unknown id names."""
_HEADER: Final[tuple[Words, ...]] = (
    ("收據編號", "Receipt"),
    ("核銷時間", "Written off at"),
    ("序號", "Piece"),
    ("票券名稱", "Voucher"),
    ("姓名", "Name"),
    ("核銷櫃台", "Desk"),
    ("核銷人員", "Written off by"),
    ("取消時間", "Undone at"),
    ("取消者", "Undone by"),
    ("取消原因", "Reason"),
)


def _need(actor: Actor, filters: Filters) -> tuple[date | None, date | None, uuid.UUID | None]:
    """The first and the last day, and whose."""
    if actor.role is not Role.TENANT_ADMIN:
        raise refuse("FORBIDDEN")
    admin_id = filters.id("adminId") or NOBODY if filters.has("adminId") else None
    return filters.day("firstDay"), filters.day("lastDay"), admin_id


def _read(order: Order) -> Table:
    query = all_receipts(order.actor, *_need(order.actor, order.filters))
    return Table(_rows(order, stream(query)), count(query))


def _rows(order: Order, found: Iterator[Row[*tuple[Any, ...]]]) -> Iterator[list[Value]]:
    for row in found:
        one = read_receipt(row)
        yield [
            one.id,
            order.local(one.at),
            one.number,
            one.title,
            one.member_name,
            one.desk,
            one.by,
            order.local(one.undone_at),
            one.undone_by,
            one.undo_reason,
        ]


KIND: Final = ExportKind(("核銷清單", "write-offs"), _HEADER, _need, _read)
"""Filters `firstDay`, `lastDay` (local days), `adminId`; for a tenant's admins."""

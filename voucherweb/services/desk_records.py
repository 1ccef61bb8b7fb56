"""What was written off at desks: one receipt, and a day's list with totals per clerk."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Row,
    SQLColumnExpression,
    Text,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.orm import aliased

from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.domain.numbering import user_voucher_no
from voucherweb.domain.paging import PageRequest
from voucherweb.errors import refuse
from voucherweb.models import Admin, Member, Redemption, Voucher, WriteOff
from voucherweb.services.masking import mask_name
from voucherweb.services.paging import AnySelect, fetch_page
from voucherweb.transaction import session

SORT: Final[dict[str, SQLColumnExpression[Any]]] = {"at": WriteOff.at}
_MAX_ID: Final = 2**63 - 1
_undoer = aliased(Admin)


@dataclass(frozen=True, slots=True)
class Receipt:
    """One write-off; `day` is the local day that counts it, `by` and `undone_by` are shown names
    of admins, the member's is masked, empty when unknown."""

    id: int
    redemption_id: uuid.UUID
    voucher_id: uuid.UUID
    number: str
    seq: int
    title: str
    member_name: str
    at: datetime
    day: date
    desk: str | None
    admin_id: uuid.UUID
    by: str
    undone_at: datetime | None
    undone_by: str | None
    undo_reason: str | None


@dataclass(frozen=True, slots=True)
class ClerkTotal:
    """A day of one clerk: write-offs that stand, and those that were undone since."""

    admin_id: uuid.UUID
    by: str
    written_off: int
    undone: int


@dataclass(frozen=True, slots=True)
class DayList:
    """One page of a day's write-offs, the number of all of them, and what each clerk did that
    day, whoever the page is narrowed to."""

    receipts: list[Receipt]
    total: int
    clerks: list[ClerkTotal]


def receipt(actor: Actor, write_off_id: int) -> Receipt:
    """One write-off: of the tenant for its admins, the own for a clerk.

    Raises FORBIDDEN for everybody else and NOT_EXIST for every other id.
    """
    scope = _scope(actor)
    wanted = WriteOff.id == known_id(write_off_id)
    row = session.execute(_receipts().where(wanted, *scope)).one_or_none()
    if row is None:
        raise refuse("NOT_EXIST")
    return read_receipt(row)


def known_id(write_off_id: int) -> int:
    """The id if a write-off could have it; raises NOT_EXIST."""
    if not 0 < write_off_id <= _MAX_ID:
        raise refuse("NOT_EXIST")
    return write_off_id


def day_list(
    actor: Actor, day: date, asked: PageRequest, admin_id: uuid.UUID | None = None
) -> DayList:
    """The write-offs of one local day: a clerk's own, a tenant admin's whole tenant or one clerk's.

    Sorted by `at`. Raises FORBIDDEN, and INVALID_PARAMETER as `fetch_page` does.
    """
    of_day = [*_scope(actor), WriteOff.day == day]
    wanted = of_day if admin_id is None else [*of_day, WriteOff.admin_id == admin_id]
    counted = select(WriteOff.id).where(*wanted)
    rows, total = fetch_page(_receipts(), asked, SORT, WriteOff.id, counted, pick_first=True)
    return DayList([read_receipt(row) for row in rows], total, _totals(of_day))


def standing(actor: Actor, day: date) -> int:
    """How many write-offs of the actor's own hand on this local day stand; raises FORBIDDEN."""
    own = [*_scope(actor), WriteOff.admin_id == actor.id, WriteOff.day == day]
    counted = select(func.count()).where(*own, WriteOff.undone_at.is_(None))
    return session.scalar(counted) or 0


def all_receipts(
    actor: Actor, first: date | None, last: date | None, admin_id: uuid.UUID | None
) -> AnySelect:
    """The write-offs of these local days, of one admin or everybody, oldest first; as rows for
    `read_receipt`. Raises FORBIDDEN."""
    wanted = _scope(actor)
    if first is not None:
        wanted.append(WriteOff.day >= first)
    if last is not None:
        wanted.append(WriteOff.day <= last)
    if admin_id is not None:
        wanted.append(WriteOff.admin_id == admin_id)
    return _receipts().where(*wanted).order_by(WriteOff.at, WriteOff.id)


def _scope(actor: Actor) -> list[ColumnElement[bool]]:
    if actor.role not in {Role.CLERK, Role.TENANT_ADMIN} or actor.tenant_id is None:
        raise refuse("FORBIDDEN")
    scope: list[ColumnElement[bool]] = [WriteOff.tenant_id == actor.tenant_id]
    if actor.role is Role.CLERK:
        scope.append(WriteOff.admin_id == actor.id)
    return scope


def _receipts() -> AnySelect:
    return (
        select(
            WriteOff.id,
            WriteOff.redemption_id,
            Redemption.voucher_id,
            Redemption.seq,
            Voucher.voucher_no,
            Voucher.title,
            Member.name,
            WriteOff.at,
            WriteOff.day,
            WriteOff.desk,
            WriteOff.admin_id,
            _shown(Admin).label("by"),
            WriteOff.undone_at,
            _shown(_undoer).label("undone_by"),
            WriteOff.undo_reason,
        )
        .join(Redemption, Redemption.id == WriteOff.redemption_id)
        .join(Voucher, Voucher.id == Redemption.voucher_id)
        .join(Member, Member.id == Redemption.member_id)
        .join(Admin, Admin.id == WriteOff.admin_id)
        .outerjoin(_undoer, literal("admin:") + cast(_undoer.id, Text) == WriteOff.undone_by)
    )


def _shown(admin: Any) -> ColumnElement[str]:
    return func.coalesce(admin.name, admin.account)


def read_receipt(row: Row[Any]) -> Receipt:
    """A row of `all_receipts`."""
    return Receipt(
        id=row.id,
        redemption_id=row.redemption_id,
        voucher_id=row.voucher_id,
        number=user_voucher_no(row.voucher_no, row.seq),
        seq=row.seq,
        title=row.title,
        member_name=mask_name(row.name),
        at=row.at,
        day=row.day,
        desk=row.desk,
        admin_id=row.admin_id,
        by=row.by,
        undone_at=row.undone_at,
        undone_by=row.undone_by,
        undo_reason=row.undo_reason,
    )


def _totals(wanted: list[ColumnElement[bool]]) -> list[ClerkTotal]:
    stands = WriteOff.undone_at.is_(None)
    rows = session.execute(
        select(
            Admin.id,
            _shown(Admin),
            func.count().filter(stands),
            func.count().filter(~stands),
        )
        .join(WriteOff, WriteOff.admin_id == Admin.id)
        .where(*wanted)
        .group_by(Admin.id)
        .order_by(_shown(Admin), Admin.id)
    )
    return [ClerkTotal(*row) for row in rows]

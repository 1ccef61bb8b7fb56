"""The pieces of one voucher as its tenant sees them: who took them, and who used them where."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, SQLColumnExpression, func, select

from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import RedemptionStatus, Role
from voucherweb.domain.numbering import user_voucher_no
from voucherweb.domain.paging import PageRequest
from voucherweb.errors import refuse
from voucherweb.models import Admin, Member, Redemption, Voucher, VoucherCell, WriteOff
from voucherweb.services.indexed import as_indexed
from voucherweb.services.masking import mask_name, mask_phone
from voucherweb.services.paging import need_bounded
from voucherweb.services.vouchers import get_voucher
from voucherweb.transaction import session

SORT: Final[dict[str, SQLColumnExpression[Any]]] = {
    "seq": as_indexed(Redemption.seq),
    "redeemedAt": Redemption.redeemed_at,
    "usedAt": Redemption.used_at,
}


@dataclass(frozen=True, slots=True)
class RedeemedPiece:
    """`member_name` and `member_phone` are masked, empty when unknown. A used piece without a
    `write_off_id` was used by the member himself; `by` is the admin's name or account."""

    id: uuid.UUID
    seq: int
    number: str
    member_id: uuid.UUID
    member_name: str
    member_phone: str
    points: int
    redeemed_at: datetime
    used_at: datetime | None
    write_off_id: int | None
    desk: str | None
    by: str | None


def pieces(
    actor: Actor,
    voucher_id: uuid.UUID | None,
    asked: PageRequest,
    status: RedemptionStatus | None = None,
) -> tuple[list[RedeemedPiece], int]:
    """A page of a voucher's pieces, sorted by `seq`, `redeemedAt` or `usedAt`, and how many match.

    A tenant's admin sees the own vouchers', the platform any. Raises FORBIDDEN for everybody else
    and NOT_EXIST.
    """
    if actor.role not in {Role.PLATFORM_ADMIN, Role.TENANT_ADMIN}:
        raise refuse("FORBIDDEN")
    voucher = get_voucher(actor, voucher_id)
    total = _number(voucher, status)
    need_bounded(asked, total)
    picked = _page_of(voucher, status, asked, total).subquery("picked")
    rows = session.execute(
        select(
            Redemption,
            Member.name,
            Member.phone_number,
            WriteOff.id,
            WriteOff.desk,
            func.coalesce(Admin.name, Admin.account),
        )
        .join(picked, picked.c.id == Redemption.id)
        .join(Member, Member.id == Redemption.member_id)
        .outerjoin(
            WriteOff, (WriteOff.redemption_id == Redemption.id) & WriteOff.undone_at.is_(None)
        )
        .outerjoin(Admin, Admin.id == WriteOff.admin_id)
        .order_by(*_order(asked.field, descending=asked.descending))
    )
    return [_piece(row, voucher.voucher_no) for row in rows], total


def _number(voucher: Voucher, status: RedemptionStatus | None) -> int:
    """How many pieces there are, by the counters that every event keeps."""
    if status is None:
        return voucher.redeemed
    used = session.scalar(
        select(func.coalesce(func.sum(VoucherCell.used), 0)).where(
            VoucherCell.voucher_id == voucher.id
        )
    )
    return int(used or 0) if status is RedemptionStatus.USED else voucher.redeemed - int(used or 0)


def _page_of(
    voucher: Voucher, status: RedemptionStatus | None, asked: PageRequest, total: int
) -> Select[uuid.UUID]:
    """The ids of one page: members and desks are looked up for no more than these."""
    query = select(Redemption.id).where(Redemption.voucher_id == voucher.id, *_of_status(status))
    begin = min(asked.offset, total) if asked.size > 0 else 0
    end = min(begin + asked.size, total) if asked.size > 0 else total
    if asked.field == "seq" and status is None:
        # Pieces are numbered from 1 without a gap: a page far back costs what the first one does.
        low, high = (total - end, total - begin) if asked.descending else (begin, end)
        return query.where(Redemption.seq > low, Redemption.seq <= high)
    # The second half of a list is counted from its end.
    turned = begin > total - end
    order = _order(asked.field, descending=asked.descending, turned=turned)
    query = query.order_by(*order).offset(total - end if turned else begin)
    return query.limit(end - begin)


def _order(
    name: str, *, descending: bool, turned: bool = False
) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """By the column, then by number; `turned` is the whole list backwards."""
    key, tie = SORT[name], as_indexed(Redemption.seq)
    return (
        key.desc() if descending != turned else key.asc(),
        tie.desc() if turned else tie.asc(),
    )


def _of_status(status: RedemptionStatus | None) -> list[ColumnElement[bool]]:
    if status is None:
        return []
    used = Redemption.used_at.is_not(None)
    return [used if status is RedemptionStatus.USED else ~used]


def _piece(row: Row[*tuple[Any, ...]], voucher_no: str) -> RedeemedPiece:
    piece, name, phone, write_off_id, desk, by = row
    return RedeemedPiece(
        id=piece.id,
        seq=piece.seq,
        number=user_voucher_no(voucher_no, piece.seq),
        member_id=piece.member_id,
        member_name=mask_name(name),
        member_phone=mask_phone(phone),
        points=piece.points,
        redeemed_at=piece.redeemed_at,
        used_at=piece.used_at,
        write_off_id=write_off_id,
        desk=desk,
        by=by,
    )

"""The pieces of one voucher as its tenant sees them: who took them, and who used them where."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, any_, func, select

from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import RedemptionStatus, Role
from voucherweb.domain.numbering import user_voucher_no
from voucherweb.domain.paging import PageRequest
from voucherweb.errors import refuse
from voucherweb.models import Admin, Member, Redemption, WriteOff
from voucherweb.services.masking import mask_name, mask_phone
from voucherweb.services.paging import need_bounded
from voucherweb.services.piece_pages import SORT, number_of, page_of
from voucherweb.services.vouchers import get_voucher
from voucherweb.transaction import session

__all__ = ["SORT", "RedeemedPiece", "pieces"]


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
    total = number_of(voucher, status)
    need_bounded(asked, total)
    # Members and desks are looked up for no more than the pieces of one page.
    key = getattr(Redemption, SORT[asked.field])
    picked = page_of(voucher, status, asked, total).scalar_subquery()
    rows = session.execute(
        select(
            Redemption,
            Member.name,
            Member.phone_number,
            WriteOff.id,
            WriteOff.desk,
            func.coalesce(Admin.name, Admin.account),
        )
        .join(Member, Member.id == Redemption.member_id)
        .outerjoin(
            WriteOff, (WriteOff.redemption_id == Redemption.id) & WriteOff.undone_at.is_(None)
        )
        .outerjoin(Admin, Admin.id == WriteOff.admin_id)
        # Not by a join, of which a plan kept for all values thinks that it finds very many.
        .where(Redemption.voucher_id == voucher.id, Redemption.seq == any_(func.array(picked)))
        .order_by(key.desc() if asked.descending else key, Redemption.seq)
    )
    return [_piece(row, voucher.voucher_no) for row in rows], total


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

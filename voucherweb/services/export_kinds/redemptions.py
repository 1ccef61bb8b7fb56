"""Who redeemed a voucher, and what became of each piece; people are masked."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Row, select

from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import RedemptionStatus
from voucherweb.domain.words import REDEMPTION_STATUSES, Words
from voucherweb.models import Member, Redemption, Voucher
from voucherweb.services.export_kinds.kind import ExportKind, Filters, Order, Table
from voucherweb.services.export_kinds.reading import count, need_manager, stream
from voucherweb.services.masking import mask_name, mask_phone, short_id
from voucherweb.services.redemptions import user_voucher_no
from voucherweb.services.vouchers import get_voucher
from voucherweb.spreadsheets.tables import Value

_HEADER: Final[tuple[Words, ...]] = (
    ("序號", "Piece"),
    ("會員", "Member"),
    ("姓名", "Name"),
    ("電話", "Phone"),
    ("點數", "Points"),
    ("兌換時間", "Redeemed at"),
    ("狀態", "Status"),
    ("核銷時間", "Used at"),
)


def _need(actor: Actor, filters: Filters) -> Voucher:
    need_manager(actor)
    filters.one_of("status", RedemptionStatus)
    return get_voucher(actor, filters.id("voucherId"))


def _read(order: Order) -> Table:
    voucher = _need(order.actor, order.filters)
    query = (
        select(
            Redemption.seq,
            Redemption.points,
            Redemption.redeemed_at,
            Redemption.used_at,
            Member.household_member_id,
            Member.name,
            Member.phone_number,
        )
        .join(Member, Member.id == Redemption.member_id)
        .where(Redemption.voucher_id == voucher.id)
        .order_by(Redemption.seq)
    )
    status = order.filters.one_of("status", RedemptionStatus)
    if status is RedemptionStatus.USED:
        query = query.where(Redemption.used_at.is_not(None))
    elif status is RedemptionStatus.VALID:
        query = query.where(Redemption.used_at.is_(None))
    return Table(_rows(order, voucher.voucher_no, stream(query)), count(query))


def _rows(
    order: Order, voucher_no: str, found: Iterator[Row[*tuple[Any, ...]]]
) -> Iterator[list[Value]]:
    for row in found:
        status = RedemptionStatus.USED if row.used_at else RedemptionStatus.VALID
        yield [
            user_voucher_no(voucher_no, row.seq),
            short_id(row.household_member_id),
            mask_name(row.name),
            mask_phone(row.phone_number),
            row.points,
            order.local(row.redeemed_at),
            order.word(REDEMPTION_STATUSES[status]),
            order.local(row.used_at),
        ]


KIND: Final = ExportKind(("兌換名單", "redemptions"), _HEADER, _need, _read)
"""Filters `voucherId` (required), `status`."""

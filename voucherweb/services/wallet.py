"""What a member sees: vouchers on offer, and the pieces that the member holds (behaviour §6)."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, func, or_, select

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import RedemptionStatus, VoucherType
from voucherweb.domain.paging import MAX_ALL_ROWS, PageRequest
from voucherweb.errors import refuse
from voucherweb.models import Coupon, Redemption, Voucher
from voucherweb.services.autocommit import Execute
from voucherweb.services.paging import Rows, fetch_page, need_bounded
from voucherweb.transaction import session

PIECE_SORT: dict[str, SQLColumnExpression[Any]] = {
    "onEndDate": Voucher.on_end,
    "updateTime": func.coalesce(Redemption.used_at, Redemption.redeemed_at),
}
"""A piece changes when it is taken and when it is used."""

_SCHEME = "health365://user-voucher?userVoucherNo="


@dataclass(frozen=True, slots=True)
class PieceFilter:
    """Which of a member's pieces a list shows; None leaves a condition out."""

    status: RedemptionStatus | None = None
    expired: bool | None = None
    product_id: str | None = None
    product_price: Decimal | None = None


@dataclass(slots=True)
class Offer:
    """A voucher as the app reads it; columns of the statement below, in its order."""

    id: uuid.UUID
    tenant_id: uuid.UUID
    tenant_name: str
    voucher_no: str
    voucher_type: str
    title: str
    price: Decimal
    redeem_points: int
    volume: int
    redeemed: int
    status: str
    first_on_at: datetime | None
    redeem_start: datetime
    redeem_end: datetime
    use_start: datetime
    use_end: datetime
    on_start: datetime
    on_end: datetime
    description: str | None
    notice: str | None
    thumbnail_key: str | None


@dataclass(slots=True)
class OfferLine:
    """A voucher in the app's list; columns of the statement below, in its order."""

    id: uuid.UUID
    tenant_id: uuid.UUID
    voucher_no: str
    title: str
    redeem_points: int
    volume: int
    redeemed: int
    thumbnail_key: str | None


_ON_THE_SHELF = """
    FROM vouchers v
    WHERE v.status = 'ON' AND v.on_start <= %s AND v.on_end >= %s AND v.use_end >= %s
        AND (v.target_type = 'ALL' OR v.tenant_id = %s)
        AND (%s::text IS NULL OR v.voucher_type = %s)
"""
_COUNT = "SELECT count(*)" + _ON_THE_SHELF
_LINES = (
    "SELECT v.id, v.tenant_id, v.voucher_no, v.title, v.redeem_points, v.volume, v.redeemed,"
    " v.thumbnail_key, count(*) OVER ()" + _ON_THE_SHELF
)
_LIST_UP = _LINES + "ORDER BY v.on_start, v.id LIMIT %s OFFSET %s"
_LIST_DOWN = _LINES + "ORDER BY v.on_start DESC, v.id LIMIT %s OFFSET %s"
# The app's list is asked for more than anything else: one statement, without the ORM and without
# a transaction around it, takes less than half of the time.

# Whether the member may see the voucher is decided where the click is counted.
_OPEN = """
    WITH counted AS (SELECT voucher FROM engage('C', %s, %s, %s, %s))
    SELECT v.id, v.tenant_id, t.name, v.voucher_no, v.voucher_type, v.title, v.price,
           v.redeem_points, v.volume, v.redeemed, v.status, v.first_on_at, v.redeem_start,
           v.redeem_end, v.use_start, v.use_end, v.on_start, v.on_end, v.description,
           v.notice, v.thumbnail_key
    FROM vouchers v JOIN tenants t ON t.id = v.tenant_id
    WHERE v.id = %s AND v.id IN (SELECT voucher FROM counted)
"""


def qr_payload(number: str) -> str:
    """What the app draws as the QR code of a piece (contract A §取得我的票券明細)."""
    return _SCHEME + number


def count_usable(actor: Actor) -> int:
    """Pieces neither used nor past their use period (contract A §我的票券摘要)."""
    query = (
        select(func.count())
        .select_from(Redemption)
        .join(Voucher, Voucher.id == Redemption.voucher_id)
        .where(
            Redemption.member_id == actor.id,
            Redemption.used_at.is_(None),
            Voucher.use_end >= clock.now(),
        )
    )
    return session.scalar(query) or 0


def list_offers(
    execute: Execute, actor: Actor, wanted: VoucherType | None, asked: PageRequest, at: datetime
) -> tuple[list[OfferLine], int]:
    """The vouchers on the shelf now that the member may see, and how many there are in all."""
    most = asked.size if asked.size > 0 else MAX_ALL_ROWS
    shelf = (at, at, at, actor.tenant_id, wanted, wanted)
    statement = _LIST_DOWN if asked.descending else _LIST_UP
    rows = execute(statement, (*shelf, most, asked.offset))
    total = rows[0][-1] if rows else 0
    if not rows and asked.offset:  # A page beyond the last one has no row to tell the total.
        total = execute(_COUNT, shelf)[0][0]
    need_bounded(asked, total)
    return [OfferLine(*row[:-1]) for row in rows], total


def open_offer(
    execute: Execute, actor: Actor, voucher_id: uuid.UUID | None, at: datetime, day: date
) -> Offer:
    """The voucher as the app shows it, with one click counted, in one statement.

    OFF and ended ones can be read; raises NOT_EXIST for what was never on the shelf, is not yet
    on it, or is not for this member.
    """
    if voucher_id is None:
        raise refuse("NOT_EXIST")
    rows = execute(_OPEN, ([actor.id], [voucher_id], at, day, voucher_id))
    if not rows:
        raise refuse("NOT_EXIST")
    return Offer(*rows[0])


def list_pieces(actor: Actor, wanted: PieceFilter, asked: PageRequest) -> tuple[Rows, int]:
    """Rows of the member's pieces with what their vouchers say."""
    query = (
        select(
            Redemption.id,
            Redemption.voucher_id,
            Redemption.redeemed_at,
            Redemption.used_at,
            Voucher.title,
            Voucher.price,
            Voucher.use_end,
            Voucher.thumbnail_key,
        )
        .join(Voucher, Voucher.id == Redemption.voucher_id)
        .where(Redemption.member_id == actor.id, *_conditions(wanted))
    )
    return fetch_page(query, asked, PIECE_SORT, Redemption.id)


def _conditions(wanted: PieceFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.status is RedemptionStatus.VALID:
        conditions.append(Redemption.used_at.is_(None))
    elif wanted.status is RedemptionStatus.USED:
        conditions.append(Redemption.used_at.is_not(None))
    if wanted.expired is not None:
        now = clock.now()
        conditions.append(Voucher.use_end < now if wanted.expired else Voucher.use_end >= now)
    if wanted.product_id:
        conditions.append(
            or_(Voucher.product_id.is_(None), Voucher.product_id == wanted.product_id)
        )
    if wanted.product_price is not None:
        conditions.append(Voucher.price < wanted.product_price)
    return conditions


def get_piece(
    actor: Actor, redemption_id: uuid.UUID | None
) -> tuple[Redemption, Voucher, Coupon | None]:
    """One of the member's pieces, its voucher and, for type 06, its coupon; raises NOT_EXIST."""
    row = session.execute(
        select(Redemption, Voucher, Coupon)
        .join(Voucher, Voucher.id == Redemption.voucher_id)
        .outerjoin(
            Coupon,
            (Coupon.set_id == Voucher.coupon_set_id) & (Coupon.ordinal == Redemption.seq),
        )
        .where(Redemption.id == redemption_id, Redemption.member_id == actor.id)
    ).one_or_none()
    if row is None:
        raise refuse("NOT_EXIST")
    piece, voucher, coupon = row
    return piece, voucher, coupon

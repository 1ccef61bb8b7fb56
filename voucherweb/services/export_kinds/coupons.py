"""The codes of a coupon set, and what became of each; people are masked."""

import uuid
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Row, select

from voucherweb.domain.actor import Actor
from voucherweb.domain.coupon_terms import QUANTITY_MAX
from voucherweb.domain.enums import CouponStatus
from voucherweb.domain.words import COUPON_STATUSES, Words
from voucherweb.models import PLATFORM_OWNER, Branch, Coupon, CouponGift, CouponSet, Member
from voucherweb.services.coupon_sets import get_set
from voucherweb.services.export_kinds.kind import ExportKind, Filters, Order, Table
from voucherweb.services.export_kinds.reading import count, need_manager, stream
from voucherweb.services.masking import mask_name, mask_phone, short_id
from voucherweb.spreadsheets.tables import Value

_HEADER: Final[tuple[Words, ...]] = (
    ("代碼", "Code"),
    ("狀態", "Status"),
    ("會員", "Member"),
    ("姓名", "Name"),
    ("電話", "Phone"),
    ("發放時間", "Given at"),
    ("核銷時間", "Used at"),
    ("核銷分店", "Used at branch"),
    ("參考編號", "Reference"),
)


def _need(actor: Actor, filters: Filters) -> CouponSet:
    need_manager(actor)
    filters.one_of("status", CouponStatus)
    return get_set(_owner(actor, filters), filters.id("setId"))


def _owner(actor: Actor, filters: Filters) -> uuid.UUID:
    """A tenant's admin has one; the platform's name one, or mean the platform's own sets."""
    if not actor.is_platform:
        return actor.tenant_id or PLATFORM_OWNER
    return filters.id("tenantId") or PLATFORM_OWNER


def _read(order: Order) -> Table:
    pool = _need(order.actor, order.filters)
    query = (
        select(
            Coupon.code,
            Coupon.status,
            CouponGift.given_at,
            CouponGift.used_at,
            CouponGift.ref_no,
            Branch.name.label("branch"),
            Member.household_member_id,
            Member.name,
            Member.phone_number,
        )
        .outerjoin(CouponGift, CouponGift.id == Coupon.gift_id)
        .outerjoin(Branch, Branch.id == CouponGift.branch_id)
        .outerjoin(Member, Member.id == CouponGift.member_id)
        .where(Coupon.set_id == pool.id)
        .order_by(Coupon.ordinal)
    )
    counted = select(Coupon.ordinal).where(Coupon.set_id == pool.id)
    status = order.filters.one_of("status", CouponStatus)
    if status is not None:
        query, counted = (
            query.where(Coupon.status == status),
            counted.where(Coupon.status == status),
        )
    return Table(_rows(order, stream(query)), count(counted))


def _rows(order: Order, found: Iterator[Row[*tuple[Any, ...]]]) -> Iterator[list[Value]]:
    for row in found:
        held = row.household_member_id is not None
        yield [
            row.code,
            order.word(COUPON_STATUSES[CouponStatus(row.status)]),
            short_id(row.household_member_id) if held else None,
            mask_name(row.name) if held else None,
            mask_phone(row.phone_number) if held else None,
            order.local(row.given_at),
            order.local(row.used_at),
            row.branch,
            row.ref_no,
        ]


KIND: Final = ExportKind(
    ("票券碼清單", "coupon codes"), _HEADER, _need, _read, most_lines=QUANTITY_MAX
)
"""Filters `setId` (required), `status`; the platform's admins name the tenant by `tenantId`. As
CSV a set of a million codes, too."""

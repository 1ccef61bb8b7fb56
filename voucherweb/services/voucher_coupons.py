"""The coupons of a 06 voucher as admins see them: which piece has which, and what is left."""

import uuid
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import SQLColumnExpression, select

from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.domain.numbering import user_voucher_no
from voucherweb.domain.paging import PageRequest
from voucherweb.errors import refuse
from voucherweb.models import Coupon
from voucherweb.services.indexed import as_indexed
from voucherweb.services.paging import fetch_page
from voucherweb.services.vouchers import get_voucher

SORT: Final[dict[str, SQLColumnExpression[Any]]] = {"ordinal": as_indexed(Coupon.ordinal)}


@dataclass(frozen=True, slots=True)
class SetCoupon:
    """`number` is the piece that it was given with, None while it waits. `url` is None for the
    platform, which has no use for what a tenant's members redeem."""

    ordinal: int
    title: str
    description: str
    url: str | None
    number: str | None


def list_coupons(
    actor: Actor, voucher_id: uuid.UUID | None, asked: PageRequest
) -> tuple[list[SetCoupon], int]:
    """A page of a voucher's coupons by `ordinal`, and how many there are.

    Raises FORBIDDEN for all but admins, and NOT_EXIST, also for a voucher without coupons.
    """
    if actor.role not in {Role.PLATFORM_ADMIN, Role.TENANT_ADMIN}:
        raise refuse("FORBIDDEN")
    voucher = get_voucher(actor, voucher_id)
    if voucher.coupon_set_id is None:
        raise refuse("NOT_EXIST")
    query = select(Coupon).where(Coupon.set_id == voucher.coupon_set_id)
    counted = select(Coupon.ordinal).where(Coupon.set_id == voucher.coupon_set_id)
    rows, total = fetch_page(query, asked, SORT, SORT["ordinal"], counted)
    return [
        SetCoupon(
            ordinal=one.ordinal,
            title=one.title,
            description=one.description,
            url=None if actor.is_platform else one.url,
            # Piece n is given coupon n, and pieces are numbered without gaps.
            number=user_voucher_no(voucher.voucher_no, one.ordinal)
            if one.ordinal <= voucher.redeemed
            else None,
        )
        for (one,) in rows
    ], total

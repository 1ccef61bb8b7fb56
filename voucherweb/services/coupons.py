"""Coupon sets of type-06 vouchers: numbered pools that arrive by import or as a list."""

import uuid
from collections.abc import Iterable

from sqlalchemy import delete, select

from voucherweb.domain.actor import Actor
from voucherweb.models import Coupon, CouponImport, CouponSet, Voucher
from voucherweb.transaction import session

CouponTexts = tuple[str, str, str]
"""Title, description, url."""


def create_set(tenant_id: uuid.UUID, coupons: Iterable[CouponTexts]) -> CouponSet:
    """Store a pool of already checked coupons, numbered from 1, by COPY in this unit of work."""
    pool = CouponSet(id=uuid.uuid4(), tenant_id=tenant_id, total=0)
    session.add(pool)
    session.flush()
    driver = session.connection().connection.driver_connection
    if driver is None:
        raise RuntimeError("the unit of work has no database connection")
    total = 0
    statement = "COPY coupons (set_id, ordinal, title, description, url) FROM STDIN"
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for total, texts in enumerate(coupons, start=1):
            copy.write_row((pool.id, total, *texts))
    pool.total = total
    session.flush()
    return pool


def set_of_import(
    actor: Actor,
    import_id: uuid.UUID | None,
    own: uuid.UUID | None = None,
    *,
    hold: bool = True,
) -> CouponSet | None:
    """The set of an import of the actor's tenant that no voucher has taken, but for the set `own`,
    held until the end of the unit of work unless it is only looked at; None when there is none."""
    taken = select(Voucher.id).where(Voucher.coupon_set_id == CouponSet.id).exists()
    query = (
        select(CouponSet)
        .join(CouponImport, CouponImport.coupon_set_id == CouponSet.id)
        .where(CouponImport.id == import_id, CouponSet.tenant_id == actor.tenant_id)
        .where(~taken | (CouponSet.id == own))
    )
    return session.scalar(query.with_for_update(of=CouponSet) if hold else query)


def release_set(set_id: uuid.UUID) -> None:
    """Let go of a set that its voucher gave up: one that was imported can be taken again, one
    that came as a list is gone. The voucher's row must no longer name it."""
    imported = select(CouponImport.id).where(CouponImport.coupon_set_id == CouponSet.id).exists()
    session.execute(delete(CouponSet).where(CouponSet.id == set_id, ~imported))


def count_coupons(set_id: uuid.UUID | None) -> int:
    if set_id is None:
        return 0
    return session.scalar(select(CouponSet.total).where(CouponSet.id == set_id)) or 0


def same_coupons(set_id: uuid.UUID, coupons: list[CouponTexts]) -> bool:
    """Whether the set holds exactly these coupons in this order."""
    rows = session.execute(
        select(Coupon.title, Coupon.description, Coupon.url)
        .where(Coupon.set_id == set_id)
        .order_by(Coupon.ordinal)
    )
    return [tuple(row) for row in rows] == coupons

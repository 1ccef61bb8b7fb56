"""Contract B calls 14 and 15: sets of coupons."""

from voucherweb.api.partner.answers import Listed
from voucherweb.api.partner.call import Asked, call
from voucherweb.api.partner.coupons_shapes import CouponSet, CreateCouponSetRequest
from voucherweb.api.partner.shapes import PageQuery
from voucherweb.domain.coupon_terms import SetTerms
from voucherweb.domain.partner import Scope
from voucherweb.models import CouponSet as Row
from voucherweb.services import coupon_sets as service

COPIED = tuple(name for name in CouponSet.model_fields if name not in {"uuid", "total"})


@call(
    "GET",
    "/v2/connect/coupon/sets",
    scope=Scope.COUPONS_READ,
    query=PageQuery,
    data=CouponSet,
    listed=True,
    session=True,
    summary=("取得票券組", "Get coupon sets"),
)
def coupon_sets(asked: Asked) -> Listed:
    """The coupon sets of this tenant, oldest first."""
    rows, total = service.list_sets(asked.partner.owner_id, asked.query.size, asked.query.offset)
    return Listed([_told(row) for row in rows], total)


@call(
    "POST",
    "/v2/connect/coupon/sets",
    scope=Scope.COUPONS_WRITE,
    body=CreateCouponSetRequest,
    data=CouponSet,
    write=True,
    session=True,
    summary=("新增票券組", "Create a coupon set"),
)
def create_coupon_set(asked: Asked) -> CouponSet:
    """Add a set that makes a code for each giving (`AUTO_GENERATE`)."""
    terms = SetTerms(**asked.body.model_dump())
    return _told(service.create_auto_set(asked.partner.owner_id, asked.partner, terms))


def _told(row: Row) -> CouponSet:
    copied = {name: getattr(row, name) for name in COPIED}
    return CouponSet(uuid=row.id, total=service.told_total(row), **copied)

"""Contract B calls 16 to 20: coupons given, taken back, looked up and used."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

from voucherweb.api.envelope import wants_english
from voucherweb.api.partner.answers import Listed
from voucherweb.api.partner.at_once import blanked, template
from voucherweb.api.partner.call import Asked, call
from voucherweb.api.partner.coupons_shapes import (
    AssignCouponItem,
    AssignCouponRequest,
    AssignCouponResponse,
    CodeQuery,
    CouponByCode,
    CouponByCodeBusinessBranch,
    CouponByCodeMember,
    CouponInfo,
    MemberCoupon,
    MemberCouponSet,
    UseCouponRequest,
    UseCouponResponse,
    VoidCouponResponse,
)
from voucherweb.api.partner.limits import count_wrong, need_guess_left
from voucherweb.api.partner.shapes import PageQuery
from voucherweb.domain import clock
from voucherweb.domain.enums import CouponStatus
from voucherweb.domain.partner import Partner, Scope
from voucherweb.errors import Refusal
from voucherweb.services import coupon_gifts as service
from voucherweb.services.ids import parse_id
from voucherweb.services.partner_writes import Deed

Found = TypeVar("Found")


@call(
    "POST",
    "/v2/connect/coupon/give/<memberId>",
    scope=Scope.COUPONS_WRITE,
    body=AssignCouponRequest,
    data=AssignCouponResponse,
    write=True,
    at_once=True,
    errors=("FORBIDDEN", "NOT_FOUND", "POOL_EMPTY", "SET_LIMIT_REACHED", "COUPON_NOT_IN_DATE"),
    summary=("發放票券給會員", "Give coupons to a member"),
)
def give(asked: Asked) -> Deed:
    """Give a member coupons of a set, all or none: new codes (`AUTO_GENERATE`), or free ones."""
    wanted, quantity = parse_id(asked.body.coupon_set_uuid), asked.body.quantity
    unknown = AssignCouponItem(
        uuid=UUID(int=0),
        code="",
        static_code=None,
        status=CouponStatus.ACTIVE,
        expired_at=clock.now(),
    )
    item = blanked(unknown, "uuid", "code", "static_code", "expired_at")
    answer = AssignCouponResponse(message=_say("已發放票券", "Coupons given"), data=[]).wire()
    answer["data"] = [item] * quantity
    member_id = asked.path["memberId"]
    return service.giving(asked.partner, member_id, wanted, quantity, template(answer))


@call(
    "GET",
    "/v2/connect/coupon/history/<memberId>",
    scope=Scope.COUPONS_READ,
    query=PageQuery,
    data=MemberCoupon,
    listed=True,
    errors=("NOT_FOUND",),
    summary=("取得會員的票券紀錄", "Get a member's coupons"),
)
def history(asked: Asked) -> Listed:
    """Every coupon that the member was given, oldest first, with what has become of it."""
    query, owner_id = asked.query, asked.partner.owner_id
    member_id = asked.path["memberId"]
    rows, total = service.history(asked.execute, owner_id, member_id, query.size, query.offset)
    return Listed([_gift(row) for row in rows], total)


@call(
    "DELETE",
    "/v2/connect/coupon/void/<couponUuid>",
    scope=Scope.COUPONS_WRITE,
    data=VoidCouponResponse,
    write=True,
    alias=True,
    errors=("NOT_FOUND", "ALREADY_VOIDED", "COUPON_ALREADY_USED"),
    summary=("收回票券", "Void a given coupon"),
)
def void(asked: Asked) -> VoidCouponResponse:
    """Take a coupon back: one of a pool is free again, one that was made for the giving is gone."""
    wanted = parse_id(asked.path["couponUuid"])
    status = service.void(asked.execute, asked.partner, wanted)
    message = _say("已收回票券", "Coupon voided")
    return VoidCouponResponse(message=message, uuid=wanted, status=status)


@call(
    "GET",
    "/v2/connect/coupon/check",
    scope=Scope.COUPONS_READ,
    query=CodeQuery,
    data=CouponByCode,
    errors=("NOT_FOUND",),
    summary=("查詢票券碼", "Check a coupon"),
)
def check(asked: Asked) -> CouponByCode:
    """The coupon of a `code`, whose it is, and where it was used. `static_code` finds nothing."""
    owner_id, code = asked.partner.owner_id, asked.query.code.strip()
    return _checked(_guess(asked.partner, lambda: service.check(asked.execute, owner_id, code)))


@call(
    "POST",
    "/v2/connect/coupon/use",
    scope=Scope.COUPONS_WRITE,
    body=UseCouponRequest,
    data=UseCouponResponse,
    write=True,
    at_once=True,
    errors=("NOT_FOUND", "COUPON_ALREADY_USED", "COUPON_NOT_IN_DATE"),
    summary=("核銷票券", "Mark a coupon used"),
)
def use(asked: Asked) -> Deed:
    """Use a coupon by its code, exactly once."""
    body, by = asked.body, asked.partner
    code = body.code.strip()
    unknown = UseCouponResponse(
        message=_say("已核銷票券", "Coupon used"),
        uuid=UUID(int=0),
        code=code,
        status=CouponStatus.USED,
        used_at=clock.now(),
    )
    answer = template(blanked(unknown, "uuid", "used_at"))
    deed = _guess(by, lambda: service.using(by, code, body.ref_no, body.branch_code, answer))
    return replace(deed, refusal=lambda outcome: _counted(by, deed.refusal(outcome)))


def _guess(partner: Partner, act: Callable[[], Found]) -> Found:
    """What a code finds; codes that find nothing are counted, and too many of them end it."""
    need_guess_left(partner)
    try:
        return act()
    except Refusal as refusal:
        _counted(partner, refusal)
        raise


def _counted(partner: Partner, refusal: Refusal) -> Refusal:
    # An unknown branch is told as such, and is no guess at a code.
    if refusal.error.code.endswith("NOT_EXIST") and not refusal.details:
        count_wrong(partner)
    return refusal


def _say(zh: str, en: str) -> str:
    return en if wants_english() else zh


def _gift(row: service.Gift) -> MemberCoupon:
    return MemberCoupon(
        uuid=row.id,
        code=row.code,
        coupon_set=MemberCouponSet(uuid=row.set_id, name=row.set_name),
        status=row.status,
        given_at=row.given_at,
        used_at=row.used_at,
        expired_at=row.expired_at,
    )


def _checked(found: service.Checked) -> CouponByCode:
    branch, holder = found.branch, found.holder
    coupon = CouponInfo(
        uuid=found.id,
        code=found.code,
        static_code=found.static_code,
        status=found.status,
        name=found.name,
        description=found.description,
        start_date=found.start_date,
        end_date=found.end_date,
        used_at=found.used_at,
    )
    return CouponByCode(
        coupon=coupon,
        business_branch=branch
        and CouponByCodeBusinessBranch(uuid=branch.id, code=branch.code, name=branch.name),
        member=holder
        and CouponByCodeMember(
            member_id=holder.id,
            phone_number=holder.phone_number,
            first_name=holder.name,
            last_name=None,
        ),
    )

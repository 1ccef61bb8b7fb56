"""Coupon sets and coupons on the wire of contract B.

Class names are the published names of the components.
"""

import uuid
from typing import Annotated

from pydantic import Field

from voucherweb.api.parsing import Integer
from voucherweb.api.partner.points_shapes import Optional, OptionalLine, Text
from voucherweb.api.partner.shapes import Iso, PartnerBody, PartnerData, Utc
from voucherweb.domain.coupon_codes import CODE_MAX, PREFIX_MAX
from voucherweb.domain.coupon_rules import URL_MAX
from voucherweb.domain.coupon_terms import DESCRIPTION_MAX, NAME_MAX, QUANTITY_MAX, TERMS_MAX
from voucherweb.services.coupon_gifts import GIVE_MAX


class CouponSet(PartnerData):
    """`total`: how many coupons a pool has; of a set that makes codes its `quantity`, or without
    one how many it has made. `given` counts those that members hold or have used. Coupons are good
    from `start_date` to `end_date`, both included. A `PENDING` set is being filled."""

    uuid: uuid.UUID
    name: str
    description: str | None
    source: str
    prefix: str | None
    static_code: str | None
    quantity: int | None
    total: int
    given: int
    used: int
    start_date: Iso
    end_date: Iso
    image_url: str | None
    terms: str | None
    status: str
    created_at: Iso


class CreateCouponSetRequest(PartnerBody):
    """A set that makes a code for each giving: `prefix` and 13 signs. `quantity` limits how many
    may be given at a time; `static_code` is shown beside each code and never stands for one."""

    name: Annotated[str, Field(min_length=1, max_length=NAME_MAX)]
    description: Annotated[str, Field(max_length=DESCRIPTION_MAX)] | None = None
    prefix: Annotated[str, Field(max_length=PREFIX_MAX)] | None = None
    static_code: Annotated[str, Field(max_length=CODE_MAX)] | None = None
    start_date: Utc
    end_date: Utc
    quantity: Annotated[Integer, Field(ge=1, le=QUANTITY_MAX)] | None = None
    image_url: Annotated[str, Field(max_length=URL_MAX)] | None = None
    terms: Annotated[str, Field(max_length=TERMS_MAX)] | None = None


class AssignCouponRequest(PartnerBody):
    """All of `quantity`, or none."""

    coupon_set_uuid: Text
    quantity: Annotated[Integer, Field(ge=1, le=GIVE_MAX)] = 1


class AssignCouponItem(PartnerData):
    """A coupon that the member has now; `uuid` names it when it is taken back."""

    uuid: uuid.UUID
    code: str
    static_code: str | None
    status: str
    expired_at: Iso


class AssignCouponResponse(PartnerData):
    message: str
    data: list[AssignCouponItem]


class MemberCouponSet(PartnerData):
    uuid: uuid.UUID
    name: str


class MemberCoupon(PartnerData):
    """A coupon that the member was given; `status` is ACTIVE, USED, or VOIDED once it was taken
    back."""

    uuid: uuid.UUID
    code: str
    coupon_set: MemberCouponSet
    status: str
    given_at: Iso
    used_at: Iso | None
    expired_at: Iso


class VoidCouponResponse(PartnerData):
    """`status` is PENDING for a coupon that is free again, VOIDED for one that is gone."""

    message: str
    uuid: uuid.UUID
    status: str


class CodeQuery(PartnerBody):
    code: Text


class CouponInfo(PartnerData):
    """A coupon; one that nobody has (`PENDING`) has no `uuid`."""

    uuid: uuid.UUID | None
    code: str
    static_code: str | None
    status: str
    name: str
    description: str | None
    start_date: Iso
    end_date: Iso
    used_at: Iso | None


class CouponByCodeBusinessBranch(PartnerData):
    """Where it was used."""

    uuid: uuid.UUID
    code: str
    name: str


class CouponByCodeMember(PartnerData):
    """Who has it. People have one name here, as they write it: it is told as `first_name`."""

    member_id: str
    phone_number: str | None
    first_name: str | None
    last_name: str | None


class CouponByCode(PartnerData):
    coupon: CouponInfo
    business_branch: CouponByCodeBusinessBranch | None
    member: CouponByCodeMember | None


class UseCouponRequest(PartnerBody):
    code: Text
    ref_no: OptionalLine
    branch_code: Optional


class UseCouponResponse(PartnerData):
    message: str
    uuid: uuid.UUID
    code: str
    status: str
    used_at: Iso

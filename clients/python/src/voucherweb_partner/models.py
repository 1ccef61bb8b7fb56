"""The objects of the partner Open API as they travel. Times are UTC texts that end in Z."""

from typing import Any, Literal, TypedDict


class Pagination(TypedDict):
    page: int
    size: int
    total: int
    total_pages: int


class Campaign(TypedDict):
    uuid: str
    name: str
    type: str
    status: str
    value_per_point: float
    start_date: str | None
    end_date: str | None
    image_url: str | None


class CampaignList(TypedDict):
    data: list[Campaign]
    pagination: Pagination


class ProfileCard(TypedDict):
    card_no: str
    campaign_uuid: str
    campaign_name: str
    points: int
    tier: str | None
    expired_at: str | None


class ProfileOtherDataItem(TypedDict):
    name: str
    value: str | None


class Profile(TypedDict):
    member_id: str
    phone_number: str | None
    first_name: str | None
    last_name: str | None
    email: str | None
    gender: str
    birth_date: str | None
    cards: list[ProfileCard]
    other_data: list[ProfileOtherDataItem]
    created_at: str


class ProfileList(TypedDict):
    data: list[Profile]
    pagination: Pagination


class Transaction(TypedDict):
    uuid: str
    ref_id: str | None
    ref_no: str | None
    type: Literal["ADD", "BURN", "VOID"]
    method: int | None
    value: float | None
    points: int
    card_no: str
    phone_number: str | None
    member_id: str
    is_void: bool
    created_at: str


class TransactionList(TypedDict):
    data: list[Transaction]
    pagination: Pagination


class PointsChange(TypedDict):
    """The answer to adding and burning points."""

    message: str
    transaction_id: str
    card_no: str
    points: int
    balance: int
    ref_no: str | None
    ref_id: str | None


class PointsVoid(PointsChange):
    """The answer to voiding a transaction, which `void_transaction_id` did."""

    void_transaction_id: str


CouponStatus = Literal["PENDING", "ACTIVE", "USED", "VOIDED"]


class CouponSet(TypedDict):
    uuid: str
    name: str
    description: str | None
    source: Literal["IMPORT", "GENERATE", "AUTO_GENERATE"]
    prefix: str | None
    static_code: str | None
    quantity: int | None
    total: int
    given: int
    used: int
    start_date: str
    end_date: str
    image_url: str | None
    terms: str | None
    status: str
    created_at: str


class CouponSetList(TypedDict):
    data: list[CouponSet]
    pagination: Pagination


class AssignCouponItem(TypedDict):
    uuid: str
    code: str
    static_code: str | None
    status: CouponStatus
    expired_at: str


class AssignCouponResponse(TypedDict):
    message: str
    data: list[AssignCouponItem]


class CouponSetName(TypedDict):
    uuid: str
    name: str


class MemberCoupon(TypedDict):
    uuid: str
    code: str
    coupon_set: CouponSetName
    status: CouponStatus
    given_at: str
    used_at: str | None
    expired_at: str


class MemberCouponList(TypedDict):
    data: list[MemberCoupon]
    pagination: Pagination


class VoidCouponResponse(TypedDict):
    message: str
    uuid: str
    status: CouponStatus


class CouponInfo(TypedDict):
    uuid: str | None
    code: str
    static_code: str | None
    status: CouponStatus
    name: str
    description: str | None
    start_date: str
    end_date: str
    used_at: str | None


class CouponByCodeBusinessBranch(TypedDict):
    uuid: str
    code: str
    name: str


class CouponByCodeMember(TypedDict):
    member_id: str
    phone_number: str | None
    first_name: str | None
    last_name: str | None


class CouponByCode(TypedDict):
    coupon: CouponInfo
    business_branch: CouponByCodeBusinessBranch | None
    member: CouponByCodeMember | None


class UseCouponResponse(TypedDict):
    message: str
    uuid: str
    code: str
    status: CouponStatus
    used_at: str


class ExtensionPlan(TypedDict):
    uuid: str
    name: str
    status: str
    start_date: str | None
    end_date: str | None


class ExtensionAddOn(TypedDict):
    uuid: str
    code: str
    name: str


class ExtensionAppConnect(TypedDict):
    uuid: str
    config: dict[str, Any]


class ExtensionBusiness(TypedDict):
    uuid: str
    code: str
    name: str
    logo_url: str | None


class ExtensionConfigResponse(TypedDict):
    plan: ExtensionPlan | None
    addon: ExtensionAddOn | None
    app_connect: ExtensionAppConnect | None
    business: ExtensionBusiness

"""What the closed sets of the contract are called, in zh-TW and in English."""

from collections.abc import Mapping
from typing import Final

from voucherweb.domain.demographics import AGE_LABELS
from voucherweb.domain.enums import (
    AgeLevel,
    CouponSource,
    CouponStatus,
    Gender,
    RedemptionStatus,
    UseType,
    VoucherType,
)
from voucherweb.domain.enums import TargetType as Target
from voucherweb.domain.voucher_rules import Phase

Words = tuple[str, str]
"""zh-TW, English."""

VOUCHER_TYPES: Final[Mapping[str, Words]] = {
    VoucherType.ZERO_YUAN: ("0 元換購", "Free with points"),
    VoucherType.PLATFORM_COUPON: ("全平台優惠券", "Platform-wide offer"),
    VoucherType.PRODUCT: ("商品優惠", "Product offer"),
    VoucherType.PLAN: ("方案優惠", "Plan offer"),
    VoucherType.LIMITED: ("限量活動", "Limited offer"),
    VoucherType.COUPON_CODE: ("折價券", "Coupon codes"),
}
PHASES: Final[Mapping[str, Words]] = {
    Phase.DRAFT: ("未上架", "Draft"),
    Phase.ON: ("上架", "On shelf"),
    Phase.OFF: ("已下架", "Off shelf"),
    Phase.ENDED: ("已結束", "Ended"),
    Phase.EXPIRED: ("已過期", "Expired"),
}
TARGETS: Final[Mapping[str, Words]] = {
    Target.ALL: ("全平台", "All members"),
    Target.MEMBER: ("租戶會員", "Own members"),
}
USE_TYPES: Final[Mapping[str, Words]] = {
    UseType.SELF: ("自主核銷", "Self-service"),
    UseType.MERCHANT: ("商城折抵", "In the shop"),
}
GENDERS: Final[Mapping[str, Words]] = {
    Gender.MALE: ("男", "Male"),
    Gender.FEMALE: ("女", "Female"),
    Gender.UNKNOWN: ("未知", "Unknown"),
}
AGES: Final[Mapping[AgeLevel, Words]] = {
    **AGE_LABELS,
    AgeLevel.UNKNOWN: ("未知", "Unknown"),
}
REDEMPTION_STATUSES: Final[Mapping[str, Words]] = {
    RedemptionStatus.VALID: ("未使用", "Not used"),
    RedemptionStatus.USED: ("已使用", "Used"),
}
COUPON_STATUSES: Final[Mapping[str, Words]] = {
    CouponStatus.PENDING: ("未發放", "Free"),
    CouponStatus.ACTIVE: ("已發放", "Given"),
    CouponStatus.USED: ("已核銷", "Used"),
    CouponStatus.VOIDED: ("已作廢", "Voided"),
}
COUPON_SOURCES: Final[Mapping[str, Words]] = {
    CouponSource.IMPORT: ("匯入", "Imported"),
    CouponSource.GENERATE: ("預先產生", "Made in advance"),
    CouponSource.AUTO_GENERATE: ("發放時產生", "Made when given"),
}

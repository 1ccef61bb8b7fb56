"""The closed sets of the contract, spelled as on the wire."""

from enum import StrEnum


class Role(StrEnum):
    """Who calls (behaviour §2). A clerk works at a tenant's write-off desk, on the pages only."""

    PLATFORM_ADMIN = "PLATFORM_ADMIN"
    TENANT_ADMIN = "TENANT_ADMIN"
    CLERK = "CLERK"
    MEMBER = "MEMBER"


class TenantType(StrEnum):
    DEALER = "DEALER"
    HOSPITAL = "HOSPITAL"
    WMT = "WMT"


class VoucherType(StrEnum):
    """Contract A §新增票券 voucherType; `06` is valid wherever a voucherType is."""

    ZERO_YUAN = "01"
    PLATFORM_COUPON = "02"
    PRODUCT = "03"
    PLAN = "04"
    LIMITED = "05"
    COUPON_CODE = "06"


class VoucherStatus(StrEnum):
    NONE = "NONE"
    ON = "ON"
    OFF = "OFF"


class TargetType(StrEnum):
    ALL = "ALL"
    MEMBER = "MEMBER"


class UseType(StrEnum):
    SELF = "SELF"
    MERCHANT = "MERCHANT"


class RedemptionStatus(StrEnum):
    VALID = "VALID"
    USED = "USED"


class EngagementKind(StrEnum):
    """How a member met a voucher: it was shown in a list, or opened."""

    REACH = "R"
    CLICK = "C"


class Gender(StrEnum):
    """`U` stands for unknown: counted in totals, drawn in no bar (behaviour §7)."""

    MALE = "M"
    FEMALE = "F"
    UNKNOWN = "U"


class AgeLevel(StrEnum):
    """Age groups of the statistics; `level0` is an unknown birthday (behaviour §7)."""

    UNKNOWN = "level0"
    UNDER_30 = "level1"
    FROM_30 = "level2"
    FROM_40 = "level3"
    FROM_50 = "level4"
    FROM_60 = "level5"


class JobState(StrEnum):
    """Behaviour §8."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class QuotaEntryKind(StrEnum):
    """Every movement of a vendor's quota (behaviour §4)."""

    PURCHASE = "PURCHASE"
    CORRECTION = "CORRECTION"
    ISSUE = "ISSUE"
    EDIT = "EDIT"
    REFUND = "REFUND"


class PointsEntryKind(StrEnum):
    """Every movement of a member's points."""

    GRANT = "GRANT"
    REDEEM = "REDEEM"
    ADD = "ADD"
    BURN = "BURN"
    VOID = "VOID"


class CouponSource(StrEnum):
    """Where a coupon set's codes come from (contract B); `VOUCHER` is a 06 voucher's pool."""

    VOUCHER = "VOUCHER"
    IMPORT = "IMPORT"
    GENERATE = "GENERATE"
    AUTO_GENERATE = "AUTO_GENERATE"


class CouponStatus(StrEnum):
    """Contract B: in the pool, given, used, taken back."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    USED = "USED"
    VOIDED = "VOIDED"

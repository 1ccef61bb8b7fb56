"""What the closed sets of the contract are called on the pages."""

from collections.abc import Mapping
from typing import Any, Final

from voucherweb.domain.demographics import AGE_LABELS
from voucherweb.domain.enums import (
    AgeLevel,
    Gender,
    JobState,
    PointsEntryKind,
    QuotaEntryKind,
    Role,
    TargetType,
    TenantType,
    UseType,
    VoucherStatus,
    VoucherType,
)
from voucherweb.domain.voucher_rules import Phase
from voucherweb.web.language import Text

ROLES: Final = {
    Role.PLATFORM_ADMIN: Text("平台管理員", "Platform admin"),
    Role.TENANT_ADMIN: Text("租戶管理員", "Tenant admin"),
    Role.CLERK: Text("核銷人員", "Clerk"),
}
TENANT_TYPES: Final = {
    TenantType.DEALER: Text("經銷商", "Dealer"),
    TenantType.HOSPITAL: Text("醫院", "Hospital"),
    TenantType.WMT: Text("WMT", "WMT"),
}
VOUCHER_TYPES: Final = {
    VoucherType.ZERO_YUAN: Text("0 元換購", "Free with points"),
    VoucherType.PLATFORM_COUPON: Text("全平台優惠券", "Platform-wide offer"),
    VoucherType.PRODUCT: Text("商品優惠", "Product offer"),
    VoucherType.PLAN: Text("方案優惠", "Plan offer"),
    VoucherType.LIMITED: Text("限量活動", "Limited offer"),
    VoucherType.COUPON_CODE: Text("折價券", "Coupon codes"),
}
STATUSES: Final = {
    VoucherStatus.NONE: Text("未上架", "Draft"),
    VoucherStatus.ON: Text("上架", "On shelf"),
    VoucherStatus.OFF: Text("已下架", "Off shelf"),
}
PHASES: Final = {
    Phase.DRAFT: Text("未上架", "Draft"),
    Phase.ON: Text("上架", "On shelf"),
    Phase.OFF: Text("已下架", "Off shelf"),
    Phase.ENDED: Text("已結束", "Ended"),
    Phase.EXPIRED: Text("已過期", "Expired"),
}
TARGETS: Final = {
    TargetType.ALL: Text("全平台", "All members"),
    TargetType.MEMBER: Text("租戶會員", "Own members"),
}
USE_TYPES: Final = {
    UseType.SELF: Text("自主核銷", "Self-service"),
    UseType.MERCHANT: Text("商城折抵", "In the shop"),
}
GENDERS: Final = {
    Gender.MALE: Text("男", "Male"),
    Gender.FEMALE: Text("女", "Female"),
    Gender.UNKNOWN: Text("未知", "Unknown"),
}
AGES: Final = {
    AgeLevel.UNKNOWN: Text("未知", "Unknown"),
    **{level: Text(zh, en) for level, (zh, en) in AGE_LABELS.items()},
}
JOB_STATES: Final = {
    JobState.QUEUED: Text("等待中", "Waiting"),
    JobState.RUNNING: Text("進行中", "Running"),
    JobState.DONE: Text("已完成", "Done"),
    JobState.FAILED: Text("失敗", "Failed"),
    JobState.CANCELLED: Text("已取消", "Cancelled"),
}
QUOTA_KINDS: Final = {
    QuotaEntryKind.PURCHASE: Text("購買額度", "Purchase"),
    QuotaEntryKind.CORRECTION: Text("更正購買", "Correction"),
    QuotaEntryKind.ISSUE: Text("發行票券", "Issue"),
    QuotaEntryKind.EDIT: Text("修改票券", "Edit"),
    QuotaEntryKind.REFUND: Text("刪除退回", "Refund"),
}
POINTS_KINDS: Final = {
    PointsEntryKind.GRANT: Text("發放", "Grant"),
    PointsEntryKind.REDEEM: Text("兌換", "Redeem"),
}

LABELS: Final[Mapping[str, Mapping[Any, Text]]] = {
    "role": ROLES,
    "tenant_type": TENANT_TYPES,
    "voucher_type": VOUCHER_TYPES,
    "status": STATUSES,
    "phase": PHASES,
    "target": TARGETS,
    "use_type": USE_TYPES,
    "gender": GENDERS,
    "age": AGES,
    "job_state": JOB_STATES,
    "quota_kind": QUOTA_KINDS,
    "points_kind": POINTS_KINDS,
}


def label(kind: str, value: str) -> str:
    """What a value of a closed set is called; a value from a later release shows as it is."""
    known = LABELS[kind].get(value)
    return value if known is None else str(known)


def choices(kind: str) -> list[tuple[str, Text]]:
    """The set as options of a select field, in its own order."""
    return [(str(value), text) for value, text in LABELS[kind].items()]

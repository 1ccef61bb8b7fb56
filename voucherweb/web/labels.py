"""What the closed sets of the contract are called on the pages."""

from collections.abc import Mapping
from typing import Any, Final

from voucherweb.domain import words
from voucherweb.domain.campaign_rules import CampaignPhase, CampaignStatus
from voucherweb.domain.enums import (
    JobState,
    PointsEntryKind,
    QuotaEntryKind,
    Role,
    TenantType,
    VoucherStatus,
)
from voucherweb.web.language import Text


def _said(known: Mapping[Any, tuple[str, str]]) -> dict[Any, Text]:
    return {value: Text(zh, en) for value, (zh, en) in known.items()}


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
VOUCHER_TYPES: Final = _said(words.VOUCHER_TYPES)
STATUSES: Final = {
    VoucherStatus.NONE: Text("未上架", "Draft"),
    VoucherStatus.ON: Text("上架", "On shelf"),
    VoucherStatus.OFF: Text("已下架", "Off shelf"),
}
PHASES: Final = _said(words.PHASES)
TARGETS: Final = _said(words.TARGETS)
USE_TYPES: Final = _said(words.USE_TYPES)
GENDERS: Final = _said(words.GENDERS)
AGES: Final = _said(words.AGES)
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
REDEMPTION_STATUSES: Final = _said(words.REDEMPTION_STATUSES)
POINTS_KINDS: Final = {
    PointsEntryKind.GRANT: Text("發放", "Grant"),
    PointsEntryKind.REDEEM: Text("兌換", "Redeem"),
    PointsEntryKind.ADD: Text("加點", "Add"),
    PointsEntryKind.BURN: Text("扣點", "Burn"),
    PointsEntryKind.VOID: Text("作廢", "Void"),
}
CAMPAIGN_STATUSES: Final = {
    CampaignStatus.ACTIVE: Text("進行", "Running"),
    CampaignStatus.INACTIVE: Text("暫停加點", "Paused"),
}
CAMPAIGN_PHASES: Final = {
    CampaignPhase.PAUSED: Text("暫停加點", "Paused"),
    CampaignPhase.PENDING: Text("尚未開始", "Not yet"),
    CampaignPhase.RUNNING: Text("進行中", "Running"),
    CampaignPhase.ENDED: Text("已結束", "Ended"),
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
    "campaign_status": CAMPAIGN_STATUSES,
    "campaign_phase": CAMPAIGN_PHASES,
    "redemption_status": REDEMPTION_STATUSES,
}


def label(kind: str, value: str) -> str:
    """What a value of a closed set is called; a value from a later release shows as it is."""
    known = LABELS[kind].get(value)
    return value if known is None else str(known)


def choices(kind: str) -> list[tuple[str, Text]]:
    """The set as options of a select field, in its own order."""
    return [(str(value), text) for value, text in LABELS[kind].items()]

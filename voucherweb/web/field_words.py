"""What fields are called outside their forms: in the audit log's details and in refusals that name
a filter. The label of a form's field is its name here too."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from wtforms.fields.core import UnboundField

from voucherweb.web.add_ons import NewAddOnForm
from voucherweb.web.admins import InviteForm
from voucherweb.web.campaigns import CampaignForm
from voucherweb.web.cards import CardForm
from voucherweb.web.coupon_set_forms import CodesForm
from voucherweb.web.forms import Form
from voucherweb.web.issuing_form import VoucherForm
from voucherweb.web.language import Text
from voucherweb.web.members import GrantForm
from voucherweb.web.settings import SiteForm, TenantSettingsForm


def _labels(forms: Iterable[type[Form]]) -> Iterator[tuple[str, Text]]:
    for form in forms:
        for base in reversed(form.__mro__):
            for name, field in vars(base).items():
                if isinstance(field, UnboundField) and field.args:
                    label = field.args[0]
                    if isinstance(label, Text):
                        yield field.kwargs.get("name", name), label


_OF_FORMS: Final[Mapping[str, Text]] = dict(
    _labels(
        (
            NewAddOnForm,
            CardForm,
            CodesForm,
            InviteForm,
            GrantForm,
            SiteForm,
            TenantSettingsForm,
            CampaignForm,
            VoucherForm,
        )
    )
)
_NAME: Final = Text("名稱", "Name")
_FIRST: Final = Text("起日", "First day")
_LAST: Final = Text("迄日", "Last day")

FIELDS: Final[Mapping[str, Text]] = {
    **_OF_FORMS,
    # Voucher's own, by the names of the table.
    "voucher_no": Text("票券編號", "Voucher number"),
    "voucher_type": _OF_FORMS["voucherType"],
    "target_type": _OF_FORMS["targetType"],
    "use_type": _OF_FORMS["useType"],
    "product_id": _OF_FORMS["productId"],
    "redeem_points": Text("兌換點數", "Points to redeem"),
    "redeem_limit": _OF_FORMS["redeemLimit"],
    "on_start": _OF_FORMS["onStartDate"],
    "on_end": _OF_FORMS["onEndDate"],
    "redeem_start": _OF_FORMS["redeemStartDate"],
    "redeem_end": _OF_FORMS["redeemEndDate"],
    "use_start": _OF_FORMS["useStartDate"],
    "use_end": _OF_FORMS["useEndDate"],
    "thumbnail_key": _OF_FORMS["thumbnailObjectKey"],
    "coupon_set_id": _OF_FORMS["couponImportId"],
    # Add-ons.
    "plan_name": _OF_FORMS["plan"],
    "origin": Text("來源網域", "Origin"),
    # What is the same word on several pages.
    "name": _NAME,
    "status": Text("狀態", "Status"),
    "state": Text("狀態", "State"),
    "role": Text("角色", "Role"),
    "tenant": Text("租戶", "Tenant"),
    "tenantId": Text("租戶", "Tenant"),
    "tenants": Text("租戶", "Tenants"),
    "member": Text("會員", "Member"),
    "members": Text("會員", "Members"),
    "memberId": Text("會員識別碼", "Member's id"),
    "vouchers": Text("票券", "Vouchers"),
    "voucherId": Text("票券", "Voucher"),
    "redemptions": Text("兌換", "Redemptions"),
    "engagements": Text("曝光與點擊", "Views and clicks"),
    "used": Text("核銷", "Used"),
    "campaign": Text("點數活動", "Campaign"),
    "set": Text("票券組", "Coupon set"),
    "setId": Text("票券組", "Coupon set"),
    "gift": Text("發放紀錄", "Giving"),
    "adminId": Text("管理員", "Admin"),
    "actor": Text("誰", "Who"),
    "action": Text("動作", "Deed"),
    "kind": Text("種類", "Kind"),
    "job": Text("作業", "Job"),
    "object": Text("對象識別碼", "Object id"),
    "what": Text("匯出內容", "What was exported"),
    "format": Text("格式", "Format"),
    "fileName": Text("檔案名稱", "File name"),
    "extension": Text("檔案格式", "Kind of file"),
    "bytes": Text("檔案大小", "Size of the file"),
    "filters": Text("條件", "Filters"),
    "title": _OF_FORMS["title"],
    "keyword": Text("關鍵字", "Keyword"),
    "q": Text("關鍵字", "Keyword"),
    "phase": Text("狀態", "State"),
    "source": Text("來源", "Source"),
    "queryDateType": Text("日期種類", "Kind of date"),
    "dateType": Text("日期種類", "Kind of date"),
    "firstDay": _FIRST,
    "lastDay": _LAST,
    "startDate": _FIRST,
    "endDate": _LAST,
    "sort": Text("排序", "Order"),
    "order": Text("排序方向", "Direction"),
    "page": Text("頁次", "Page"),
    "size": Text("每頁筆數", "Rows of a page"),
    "points": Text("點數", "Points"),
    "delta": Text("增減點數", "Points more or less"),
    "balance": Text("餘額", "Balance"),
    "refunded": Text("退回點數", "Points returned"),
    "count": Text("數量", "How many"),
    "quantity": Text("數量", "How many"),
    "row": Text("列", "Row"),
    "reason": Text("原因", "Reason"),
    "transaction": Text("交易編號", "Transaction"),
    "voided": Text("作廢的交易", "Transaction that was voided"),
    "writeOff": Text("核銷序號", "Write-off no."),
    "number": Text("票券編號", "Voucher number"),
    "vendor_no": Text("廠商編號", "Vendor number"),
    "key": Text("金鑰", "Key"),
    "sandbox": Text("沙盒", "Sandbox"),
    "scopes": Text("可以做的事", "What it may do"),
    "hours": Text("有效時間", "Lasts"),
    "step": Text("步驟", "Step"),
    "ended": Text("下架原因", "Why"),
    "changed": Text("變更的欄位", "Also changed"),
    "language": Text("語言", "Language"),
    "appearance": Text("外觀", "Appearance"),
    "desk": Text("核銷櫃台", "Desk"),
}
"""By the names that the wire, the audit log and addresses use."""


def field_word(name: str) -> str:
    """What a field is called; an empty text for one that has no name here."""
    known = FIELDS.get(name.rpartition(".")[2])
    return str(known) if known else ""

"""What people read instead of the audit log's words."""

from collections.abc import Mapping
from typing import Any, Final

from voucherweb.services.audit_objects import Thing

ACTION_LABELS: Final[dict[str, tuple[str, str]]] = {
    "add_on.add": ("新增附加元件", "Registered an add-on"),
    "add_on.change": ("變更附加元件", "Changed an add-on"),
    "add_on.disable": ("停用附加元件", "Disabled an add-on"),
    "add_on.enable": ("啟用附加元件", "Enabled an add-on"),
    "add_on.exchange": ("附加元件以交換權杖取得權杖", "An add-on exchanged its token"),
    "add_on.open": ("產生附加元件的交換權杖", "Made an exchange token for an add-on"),
    "add_on.refresh": ("附加元件更新權杖", "An add-on renewed its tokens"),
    "add_on.refused": ("拒絕附加元件的權杖要求", "Refused an add-on a token"),
    "add_on.reuse": (
        "更新權杖重複使用，已撤銷附加元件的權杖",
        "A refresh token was used again; the add-on's tokens were revoked",
    ),
    "admin.add": ("新增管理員", "Added an admin"),
    "admin.appearance": ("變更外觀", "Changed the appearance"),
    "admin.desk": ("變更核銷櫃台", "Changed the desk"),
    "admin.disable": ("停用管理員", "Disabled an admin"),
    "admin.enable": ("啟用管理員", "Enabled an admin"),
    "admin.invite_link": ("產生邀請連結", "Made an invitation link"),
    "admin.language": ("變更介面語言", "Changed the language"),
    "admin.link_used": ("使用設定密碼連結", "Used a password link"),
    "admin.password": ("變更密碼", "Changed the password"),
    "admin.rename": ("變更管理員名稱", "Renamed an admin"),
    "admin.reset": ("重設密碼", "Reset a password"),
    "admin.reset_link": ("產生重設密碼連結", "Made a password reset link"),
    "admin.role": ("變更管理員角色", "Changed an admin's role"),
    "api_key.add": ("新增 API 金鑰", "Added an API key"),
    "api_key.refused": ("拒絕 API 金鑰的權杖要求", "Refused an API key a token"),
    "api_key.revoke": ("撤銷 API 金鑰", "Revoked an API key"),
    "api_key.rotate": ("更換 API 金鑰的密鑰", "Rotated an API key's secret"),
    "api_key.token": ("以 API 金鑰取得權杖", "An API key fetched a token"),
    "branch.add": ("新增分店", "Added a branch"),
    "branch.rename": ("變更分店名稱", "Renamed a branch"),
    "campaign.add": ("新增點數活動", "Added a campaign"),
    "campaign.change": ("變更點數活動", "Changed a campaign"),
    "card.add": ("發放會員卡", "Gave a card"),
    "card.change": ("變更會員卡", "Changed a card"),
    "coupon.drop": ("捨棄匯入的一列", "Dropped a row of an import"),
    "coupon.drop_all": ("捨棄匯入的錯誤列", "Dropped the wrong rows of an import"),
    "coupon.give": ("發放票券碼", "Gave coupon codes"),
    "coupon.import": ("匯入折價券", "Imported coupons"),
    "coupon.repair": ("修正匯入的一列", "Repaired a row of an import"),
    "coupon.take_back": ("收回票券碼", "Took a coupon code back"),
    "coupon_set.create": ("新增票券組", "Added a coupon set"),
    "coupon_set.generate": ("產生票券碼", "Made coupon codes"),
    "coupon_set.import": ("匯入票券碼", "Imported coupon codes"),
    "coupon_set.pause": ("暫停發放票券組", "Paused a coupon set"),
    "coupon_set.rename": ("變更票券組名稱", "Renamed a coupon set"),
    "coupon_set.resume": ("恢復發放票券組", "Resumed a coupon set"),
    "demo.load": ("載入示範資料", "Loaded demo data"),
    "desk.undo": ("取消核銷", "Undid a write-off"),
    "desk.write_off": ("核銷票券", "Wrote a piece off"),
    "export.open": ("下載匯出檔", "Downloaded an export"),
    "export.start": ("開始匯出", "Started an export"),
    "job.cancel": ("取消作業", "Cancelled a job"),
    "member.add": ("新增會員", "Added a member"),
    "member.import": ("匯入會員", "Imported members"),
    "otp.begin": ("開始設定動態驗證碼", "Began to set up one-time codes"),
    "otp.off": ("關閉動態驗證碼", "Turned one-time codes off"),
    "otp.on": ("啟用動態驗證碼", "Turned one-time codes on"),
    "otp.remove": ("移除管理員的動態驗證碼", "Removed an admin's one-time codes"),
    "otp.renew_codes": ("更新復原碼", "Renewed the recovery codes"),
    "points.add": ("加點", "Added points to a card"),
    "points.burn": ("扣點", "Burnt points of a card"),
    "points.grant": ("贈送點數", "Granted points"),
    "points.void": ("作廢點數", "Voided points of a card"),
    "quota.add": ("新增額度", "Added quota"),
    "quota.correct": ("修正額度", "Corrected quota"),
    "sandbox.add": ("建立沙盒", "Made a sandbox"),
    "session.end": ("結束登入", "Ended a sign-in"),
    "session.end_others": ("結束其他登入", "Ended the other sign-ins"),
    "settings.change": ("變更系統設定", "Changed a setting"),
    "sign_in": ("登入", "Signed in"),
    "sign_out": ("登出", "Signed out"),
    "tenant.add": ("新增租戶", "Added a tenant"),
    "tenant.hide_small_groups": ("變更小群組隱藏", "Changed the hiding of small groups"),
    "tenant.rename": ("變更租戶名稱", "Renamed a tenant"),
    "vendor.add": ("新增發行廠商", "Added a vendor"),
    "vendor.delete": ("刪除發行廠商", "Deleted a vendor"),
    "vendor.move": ("變更發行廠商的租戶", "Moved a vendor to another tenant"),
    "voucher.add": ("發行票券", "Issued a voucher"),
    "voucher.bulk_off": ("批次下架票券", "Took vouchers off the shelf together"),
    "voucher.delete": ("刪除票券", "Deleted a voucher"),
    "voucher.status": ("變更票券狀態", "Changed a voucher's status"),
    "voucher.take_down": ("票券到期自動下架", "An ended voucher came off the shelf"),
    "voucher.update": ("編輯票券", "Changed a voucher"),
}
"""Every action that the program records, in zh-TW and English."""

KIND_LABELS: Final[dict[str, tuple[str, str]]] = {
    "add_on": ("附加元件", "Add-on"),
    "admin": ("管理員", "Admin"),
    "api_key": ("API 金鑰", "API key"),
    "branch": ("分店", "Branch"),
    "campaign": ("點數活動", "Campaign"),
    "card": ("會員卡", "Card"),
    "coupon_import": ("匯入", "Import"),
    "coupon_set": ("票券組", "Coupon set"),
    "demo": ("示範資料", "Demo data"),
    "export": ("匯出", "Export"),
    "import": ("匯入", "Import"),
    "job": ("作業", "Job"),
    "member": ("會員", "Member"),
    "members": ("會員", "Members"),
    "purchase": ("額度購買", "Quota purchase"),
    "redemption": ("會員票券", "Piece"),
    "session": ("登入", "Sign-in"),
    "setting": ("設定", "Setting"),
    "settings": ("設定", "Settings"),
    "tenant": ("租戶", "Tenant"),
    "vendor": ("發行廠商", "Vendor"),
    "voucher": ("票券", "Voucher"),
    "vouchers": ("票券", "Vouchers"),
}
"""What the objects of entries are called."""


def action_label(action: str, *, english: bool = False) -> str:
    """An action of an older or newer release is shown as it is stored."""
    return ACTION_LABELS[action][english] if action in ACTION_LABELS else action


def kind_label(kind: str, *, english: bool = False) -> str:
    return KIND_LABELS[kind][english] if kind in KIND_LABELS else kind


_TOLD: Final = ("fileName", "name", "account", "number", "vendor_no", "key", "code")
"""Fields of an entry's data that say what its object was called, the best first."""


def object_name(thing: Thing | None, data: Mapping[str, Any]) -> tuple[str, str]:
    """The title and the number of an entry's object as it is called now, else as the entry itself
    tells; both are empty for what has no name."""
    if thing and (thing.title or thing.number):
        return thing.title, thing.number
    return next((data[one] for one in _TOLD if isinstance(data.get(one), str)), ""), ""

"""What people read instead of the audit log's words."""

from typing import Final

ACTION_LABELS: Final[dict[str, tuple[str, str]]] = {
    "add_on.add": ("新增附加應用", "Registered an add-on"),
    "add_on.change": ("變更附加應用", "Changed an add-on"),
    "add_on.disable": ("停用附加應用", "Disabled an add-on"),
    "add_on.enable": ("啟用附加應用", "Enabled an add-on"),
    "add_on.exchange": ("附加應用以交換權杖取得權杖", "An add-on exchanged its token"),
    "add_on.open": ("產生附加應用的交換權杖", "Made an exchange token for an add-on"),
    "add_on.refresh": ("附加應用更新權杖", "An add-on renewed its tokens"),
    "add_on.refused": ("拒絕附加應用的權杖要求", "Refused an add-on a token"),
    "add_on.reuse": (
        "更新權杖重複使用，已撤銷附加應用的權杖",
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
    "api_key.rotate": ("輪替 API 金鑰的密鑰", "Rotated an API key's secret"),
    "api_key.token": ("以 API 金鑰取得權杖", "An API key fetched a token"),
    "branch.add": ("新增門市", "Added a branch"),
    "coupon.drop": ("捨棄匯入的一列", "Dropped a row of an import"),
    "coupon.drop_all": ("捨棄匯入的錯誤列", "Dropped the wrong rows of an import"),
    "coupon.import": ("匯入折價券", "Imported coupons"),
    "coupon.repair": ("修正匯入的一列", "Repaired a row of an import"),
    "demo.load": ("載入示範資料", "Loaded demo data"),
    "desk.undo": ("取消核銷", "Undid a write-off"),
    "desk.write_off": ("核銷票券", "Wrote a piece off"),
    "export.open": ("下載匯出檔", "Downloaded an export"),
    "export.start": ("開始匯出", "Started an export"),
    "member.add": ("新增會員", "Added a member"),
    "member.import": ("匯入會員", "Imported members"),
    "otp.begin": ("開始設定動態驗證碼", "Began to set up one-time codes"),
    "otp.off": ("關閉動態驗證碼", "Turned one-time codes off"),
    "otp.on": ("啟用動態驗證碼", "Turned one-time codes on"),
    "otp.remove": ("移除管理員的動態驗證碼", "Removed an admin's one-time codes"),
    "otp.renew_codes": ("更新復原碼", "Renewed the recovery codes"),
    "points.grant": ("贈送點數", "Granted points"),
    "quota.add": ("新增額度", "Added quota"),
    "quota.correct": ("修正額度", "Corrected quota"),
    "sandbox.add": ("建立測試環境", "Made a sandbox"),
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
    "add_on": ("附加應用", "Add-on"),
    "admin": ("管理員", "Admin"),
    "api_key": ("API 金鑰", "API key"),
    "branch": ("門市", "Branch"),
    "coupon_import": ("匯入", "Import"),
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

"""What the OpenAPI document says in words, and the calls that are declared nowhere else."""

from voucherweb.api.auth import LoginBody, RefreshBody, TokenData, login, logout, refresh
from voucherweb.api.endpoint import ADMINS, Endpoint
from voucherweb.domain.enums import Role

ROLE_NAMES = {
    Role.PLATFORM_ADMIN: ("平台管理員", "platform admins"),
    Role.TENANT_ADMIN: ("租戶管理員", "tenant admins"),
    Role.MEMBER: ("會員", "members"),
}
TAGS = {
    "auth": ("登入", "Signing in"),
    "vendors": ("發行廠商", "Vendors"),
    "quotas": ("購買額度", "Quota"),
    "uploads": ("圖檔上傳", "Uploads"),
    "imports": ("折扣碼匯入", "Coupon import"),
    "jobs": ("背景工作", "Jobs"),
    "vouchers": ("票券管理", "Voucher management"),
    "statistics": ("統計", "Statistics"),
    "member": ("App 票券", "App: vouchers"),
}
"""What the groups of calls are called, by the module (else the blueprint) that declares them."""

INFO = (
    """票券平台 API。成功回應為 `{httpCode, result}`；
失敗為 `{httpCode, errorMsg, message, requestId}`。

時間為毫秒時間戳記；數字可用數字字串傳入；`null` 等同未填；未知欄位略過。""",
    """The voucher platform's API. Answers are `{httpCode, result}`; refusals are
`{httpCode, errorMsg, message, requestId}`.

Times are epoch milliseconds; numbers may be sent as numeric strings; `null` is the same as absent;
unknown fields are ignored.""",
)
IDEMPOTENCY_KEY = (
    "24 小時內以相同的值與內容重送，會得到第一次的回應。",
    "The same key with the same body within 24 h gives the first answer again.",
)

CHALLENGE = (
    '要以 `Bearer` 權杖證明身分；`error="invalid_token"`：送來的權杖無效或已過期。',
    (
        'Asks for a `Bearer` token; `error="invalid_token"`: the one that came is not good, or has'
        " expired."
    ),
)

AUTH_CALLS = (
    Endpoint(
        "POST", "/auth/login", frozenset(), login, LoginBody, TokenData, tag="auth",
        errors=("UNAUTHORIZED", "OTP_REQUIRED", "FORBIDDEN", "TOO_MANY_REQUESTS"),
        summary=("登入", "Sign in"),
    ),
    Endpoint(
        "POST", "/auth/refresh", frozenset(), refresh, RefreshBody, TokenData,
        tag="auth", errors=("UNAUTHORIZED", "TOO_MANY_REQUESTS"),
        summary=("換發權杖", "Renew the tokens"),
    ),
    Endpoint(
        "POST", "/auth/logout", ADMINS, logout, tag="auth", raw=True, summary=("登出", "Sign out")
    ),
)  # fmt: skip

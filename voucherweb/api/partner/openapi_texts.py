"""What contract B's OpenAPI document says in words."""

from typing import Final

from voucherweb.api.openapi_texts import CHALLENGE

TITLE: Final = ("夥伴 Open API", "Partner Open API")
INFO: Final = (
    """夥伴的伺服器與附加元件以此操作一個租戶的會員、點數與票券碼。

先以 API 金鑰取得權杖（`POST /v1/auth-connect/token`），再以 `Authorization: Bearer …` 呼叫
`/v2/connect/*`。時間一律為以 `Z` 結尾的 UTC；沒有的值為 `null`；未知欄位略過。
POST 成功回 201，其他回 200。

**冪等**：每個 POST 與 DELETE 都帶新的 `Idempotency-Key`；沒有收到回應時，以同一個鍵與內容重送，
只會做一次。**節流**：每把金鑰每分鐘 6,000 次；`RateLimit` 說明餘額，429 與 503 的 `Retry-After`
是要等的秒數。**讀取交易**：`from` 含、`to` 不含，下一段的 `from` 等於上一段的 `to`。
**沙盒**：沙盒金鑰在測試資料上運作，`X-Sandbox-Fault` 可要求少見的狀況。

每個回應都有 `X-Request-Id`，查詢問題時請提供。錯誤代碼見 [/docs/errors](/docs/errors)。""",
    """Partners' servers and add-ons use it to work on the members, points and coupons of one
tenant.

Fetch a token with the API key (`POST /v1/auth-connect/token`), then call `/v2/connect/*` with
`Authorization: Bearer …`. Times are UTC and end in `Z`; what is missing is `null`; unknown fields
are ignored. A successful POST answers 201, others 200.

**Idempotency**: send a new `Idempotency-Key` with every POST and DELETE; when no answer comes, send
the same key and content again, and it is done once. **Throttling**: 6,000 calls a minute for each
key; `RateLimit` tells what is left, and `Retry-After` of a 429 or 503 how many seconds to wait.
**Reading transactions**: `from` belongs to the window, `to` does not; the next window begins where
this one ended. **Sandbox**: a sandbox key works on test data, and `X-Sandbox-Fault` asks for what
seldom happens.

Every answer has an `X-Request-Id` to name when you ask about it. For the codes see
[/docs/errors](/docs/errors).""",
)
TAGS: Final = {
    "identity": ("身分與附加元件", "Identity and add-ons"),
    "campaigns": ("點數活動與會員", "Campaigns and members"),
    "profiles": ("點數活動與會員", "Campaigns and members"),
    "transactions": ("點數與交易", "Points and transactions"),
    "points": ("點數與交易", "Points and transactions"),
    "coupon_sets": ("票券碼", "Coupons"),
    "coupons": ("票券碼", "Coupons"),
}
"""What the groups of calls are called, by the module that declares them."""

SCOPE: Final = ("需要權限 `{}`。", "Needs the scope `{}`.")
ALIAS: Final = (
    "舊網址，與 `{}` 相同；請改用新網址。",
    "The old address of `{}`, which does the same; use the new one.",
)
USER_TOKEN: Final = (
    "租戶管理員登入管理網站的權杖（`/auth/login`），不是 connect 權杖。",
    "The token of a tenant's admin who signed in (`/auth/login`), never a connect token.",
)
CONNECT_TOKEN: Final = (
    "以 API 金鑰或交換權杖取得的權杖，效期 3600 秒。",
    "The token fetched with an API key or an exchange token; it is good for 3600 seconds.",
)
IDEMPOTENCY_KEY: Final = (
    "24 小時內以相同的鍵與內容重送，會得到第一次的回應；用於不同的請求時回 422。",
    (
        "The same key with the same content within 24 hours gives the first answer again; for"
        " another request it is refused with 422."
    ),
)
SANDBOX_FAULT: Final = (
    (
        "只對沙盒金鑰有效：要求一個少見的狀況。`timeout-after-commit` 做完才回 504，"
        "再以同一個鍵重送就會得到結果；其他的不會改變任何資料。"
    ),
    (
        "For sandbox keys only: asks for what seldom happens. `timeout-after-commit` answers 504"
        " after all has been done, and the same key finds the answer; the others change nothing."
    ),
)
HEADERS: Final = {
    "X-Request-Id": (
        "這個請求的編號；可自行以同名標頭指定（英數字與 `._-`，最多 64 字）。",
        "This request's id; you may choose it by the same header (64 letters, digits or `._-`).",
    ),
    "RateLimit": (
        "這一分鐘還可呼叫幾次（r），與幾秒後重新計算（t）。",
        "How many calls are left in this minute (r), and in how many seconds it ends (t).",
    ),
    "RateLimit-Policy": (
        "每個時段的上限（q）與時段的秒數（w）。",
        "The calls allowed in a window (q), and its length in seconds (w).",
    ),
    "Retry-After": ("幾秒後再試。", "In how many seconds to try again."),
    "WWW-Authenticate": CHALLENGE,
    "Idempotent-Replayed": (
        "`true`：這是先前請求的回應。",
        "`true`: this is the answer to an earlier request.",
    ),
    "X-Sandbox-Fault": (
        "這個回應是沙盒應要求造出來的。",
        "The sandbox made this answer up, as it was asked to.",
    ),
}

"""What the faults do that a sandbox key may ask for, in words."""

from typing import Final

from voucherweb.web.language import Text

FAULT_WORDS: Final[dict[str, Text]] = {
    "timeout-after-commit": Text(
        "呼叫已經生效，但回答 504。用同一個 Idempotency-Key 再送一次，應得到原本的結果。",
        "The call takes effect, then answers 504. Sent again with the same Idempotency-Key it must"
        " answer what it did.",
    ),
    "too-many-requests": Text(
        "429，附 Retry-After。等到時間過了再送。", "429 with Retry-After: wait that long."
    ),
    "unavailable": Text("503，附 Retry-After。", "503 with Retry-After."),
    "unauthorized": Text(
        "401，如同權杖過期。重新取得權杖再送。",
        "401, as of a token that has expired: fetch another, then send again.",
    ),
    "coupon-used": Text(
        "409 COUPON_ALREADY_USED：票券已使用。", "409 COUPON_ALREADY_USED: the coupon was used."
    ),
    "coupon-expired": Text(
        "422 COUPON_NOT_IN_DATE：不在使用期間。", "422 COUPON_NOT_IN_DATE: outside its dates."
    ),
    "no-stock": Text("409 POOL_EMPTY：票券發完了。", "409 POOL_EMPTY: no coupon is left."),
    "insufficient-points": Text(
        "422 INSUFFICIENT_POINTS：點數不足。", "422 INSUFFICIENT_POINTS: too few points."
    ),
}
"""By the value of the header `X-Sandbox-Fault`."""

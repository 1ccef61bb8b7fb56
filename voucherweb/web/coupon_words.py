"""What coupon sets and their codes are called on the pages."""

from collections.abc import Mapping
from typing import Final

from voucherweb.domain import words
from voucherweb.domain.enums import CouponStatus
from voucherweb.services.coupon_set_lists import SetState
from voucherweb.web.language import Text

SOURCES: Final[Mapping[str, Text]] = {
    source: Text(zh, en) for source, (zh, en) in words.COUPON_SOURCES.items()
}
STATES: Final[Mapping[str, Text]] = {
    SetState.MAKING: Text("準備中", "Being filled"),
    SetState.GIVING: Text("可發放", "May be given"),
    SetState.GONE: Text("已發完", "All given"),
    SetState.PAUSED: Text("已暫停", "Paused"),
    SetState.OVER: Text("已過期", "Over"),
}
STATE_TAGS: Final = {
    SetState.MAKING: ("run", "refresh"),
    SetState.GIVING: ("on", "circle-check"),
    SetState.GONE: ("ended", "flag"),
    SetState.PAUSED: ("off", "player-stop"),
    SetState.OVER: ("expired", "hourglass"),
}
"""The kind of tag and its shape."""
STATUSES: Final[Mapping[str, Text]] = {
    status: Text(zh, en) for status, (zh, en) in words.COUPON_STATUSES.items()
}
TAKEN_BACK: Final = Text("已收回", "Taken back")
STATUS_TAGS: Final = {
    CouponStatus.PENDING: ("draft", "circle-dashed"),
    CouponStatus.ACTIVE: ("run", "user"),
    CouponStatus.USED: ("on", "circle-check"),
    CouponStatus.VOIDED: ("ended", "ban"),
}
WAYS: Final = {
    "auto": (
        Text("發放時產生", "Made when given"),
        Text(
            "每發放一次就產生一個新的碼，可以設定總數上限。"
            "夥伴用 API 發放時最省事；收回的碼就作廢。",
            "Each giving makes a new code, up to a limit if you set one. The least work when"
            " partners give by API; a code taken back is gone.",
        ),
    ),
    "generate": (
        Text("預先產生一批", "Made beforehand"),
        Text(
            "先產生固定數量的碼，之後逐一發放；可以匯出給印刷或合作通路。收回的碼可以再發放。",
            "A fixed number of codes now, given one by one later; they can be exported for print or"
            " resale. A code taken back can be given again.",
        ),
    ),
    "import": (
        Text("匯入現有的碼", "Import codes that exist"),
        Text(
            "通路或廠商已經給了碼，用 Excel 或 CSV 匯入；"
            "每個碼只會發給一個人，收回的碼可以再發放。",
            "A shop or supplier gave you codes: import them as a workbook or CSV. Each goes to one"
            " person only. A code taken back can be given again.",
        ),
    ),
}
"""The ways to make a set, by the last part of the address."""

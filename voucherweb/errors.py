"""Every refusal the system can utter: one exception, one table of codes (contracts A and B).

Contract codes live nowhere else. `services` and `domain` raise `refuse("VOUCHER_…")`; the JSON
edge, the pages and the commands show the same entry in their own shape and language.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class ErrorCode(NamedTuple):
    """One row of the table: the wire code, its HTTP status, and its sentence in two languages."""

    code: str
    http: int
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Detail:
    """One wrong field: its path as on the wire, and why, in two languages."""

    field: str
    en: str
    zh: str


class Refusal(Exception):
    """The caller asked for something that the rules do not allow. Nothing was changed."""

    def __init__(
        self, error: ErrorCode, details: Sequence[Detail] = (), retry_after: int | None = None
    ) -> None:
        super().__init__(error.code)
        self.error = error
        self.details = tuple(details)
        self.retry_after = retry_after


def _table(rows: Sequence[tuple[str, int, str, str]]) -> dict[str, ErrorCode]:
    return {code.rpartition(".")[2]: ErrorCode(code, http, zh, en) for code, http, zh, en in rows}


ERRORS = _table(
    [
        ("API_ERROR.INVALID_PARAMETER", 400, "參數錯誤", "Some fields are not valid"),
        ("API_ERROR.NOT_EXIST", 400, "資料不存在", "There is no such record"),
        ("API_ERROR.UNAUTHORIZED", 401, "請先登入", "Sign in first"),
        ("API_ERROR.OTP_REQUIRED", 401, "需要動態驗證碼", "A one-time code is required"),
        ("API_ERROR.FORBIDDEN", 403, "沒有權限執行此操作", "You are not allowed to do this"),
        ("API_ERROR.NOT_FOUND", 404, "沒有這個網址", "There is nothing at this address"),
        (
            "API_ERROR.METHOD_NOT_ALLOWED",
            405,
            "不支援此請求方法",
            "This method is not allowed here",
        ),
        ("API_ERROR.PAYLOAD_TOO_LARGE", 413, "內容過大", "The content is too large"),
        (
            "API_ERROR.UNSUPPORTED_MEDIA_TYPE",
            415,
            "不支援的內容格式",
            "This content type is not supported",
        ),
        (
            "API_ERROR.IDEMPOTENCY_IN_PROGRESS",
            409,
            "相同的請求仍在處理中",
            "The same request is still being processed",
        ),
        (
            "API_ERROR.IDEMPOTENCY_MISMATCH",
            422,
            "相同的 Idempotency-Key 用於不同的請求",
            "This Idempotency-Key was used for another request",
        ),
        (
            "API_ERROR.TOO_MANY_REQUESTS",
            429,
            "請求過於頻繁，請稍後再試",
            "Too many requests; try again later",
        ),
        (
            "API_ERROR.UNAVAILABLE",
            503,
            "服務暫時無法使用，請以相同的 Idempotency-Key 重試",
            "The service is busy; ask again with the same Idempotency-Key",
        ),
        (
            "API_ERROR.TIMEOUT",
            504,
            "沒有在時間內得到結果，請以相同的 Idempotency-Key 重試",
            "No answer came in time; ask again with the same Idempotency-Key",
        ),
        ("API_ERROR.INTERNAL", 500, "系統發生錯誤", "Something went wrong on our side"),
        ("RESOURCE_NOT_EXISTS", 400, "資料檔不存在", "There is no such file"),
        (
            "SERVICE_ERROR.VOUCHER_VENDOR_EXIST",
            422,
            "票券發行機構已存在",
            "This tenant already has a vendor",
        ),
        (
            "SERVICE_ERROR.VOUCHER_VENDOR_UPDATE_NOT_ALLOWED",
            422,
            "已有設定額度，不允許編輯",
            "The vendor already has quota and cannot be changed",
        ),
        (
            "SERVICE_ERROR.VOUCHER_VENDOR_DELETE_NOT_ALLOWED",
            422,
            "已有設定額度，不允許刪除",
            "The vendor already has quota and cannot be deleted",
        ),
        (
            "SERVICE_ERROR.VOUCHER_VENDOR_NOT_EXIST",
            422,
            "票券發行機構不存在",
            "The tenant has no vendor",
        ),
        (
            "SERVICE_ERROR.VOUCHER_VENDOR_NOT_ADD_QUOTA",
            422,
            "發行票券時，機構尚未設定額度",
            "The vendor has not bought any quota",
        ),
        (
            "SERVICE_ERROR.VOUCHER_QUOTA_UPDATE_NOT_LATEST",
            422,
            "非最新一筆購買額度，不允許編輯",
            "Only the latest purchase can be changed",
        ),
        (
            "SERVICE_ERROR.VOUCHER_QUOTA_UPDATE_UNDER_ZERO",
            422,
            "修改後額度小於可用額度，不可修改",
            "The change would leave less quota than is already spent",
        ),
        (
            "SERVICE_ERROR.VOUCHER_INSUFFICIENT_QUOTA",
            422,
            "發行票券時，點數餘額不足",
            "There is not enough quota for this voucher",
        ),
        (
            "SERVICE_ERROR.VOUCHER_QUOTA_NOT_BALANCE",
            422,
            "帳目計算不平等",
            "The books do not balance; nothing was changed",
        ),
        (
            "SERVICE_ERROR.VOUCHER_USE_TYPE_NOT_ALLOWED",
            422,
            "核銷方式不允許",
            "This way of use is not allowed for the voucher type",
        ),
        (
            "SERVICE_ERROR.VOUCHER_NEED_COUPON_LIST",
            422,
            "票券需綁定折價券",
            "This voucher type needs a coupon list",
        ),
        (
            "SERVICE_ERROR.VOUCHER_COUPON_REDEEM_NOT_MATCH",
            422,
            "折價券數量與兌換數量不相同",
            "The number of coupons differs from the volume",
        ),
        (
            "SERVICE_ERROR.VOUCHER_NEED_PRODUCT_ID",
            422,
            "票券需綁定商品ID",
            "This voucher needs a product id",
        ),
        (
            "SERVICE_ERROR.VOUCHER_NO_EXHAUSTED",
            422,
            "今日此類別的票券號碼已用完",
            "Today's voucher numbers of this type are used up",
        ),
        (
            "SERVICE_ERROR.VOUCHER_UPDATE_NOT_NONE_STATUS",
            422,
            "不可修改已上架的票券",
            "A voucher on the shelf cannot be changed",
        ),
        (
            "SERVICE_ERROR.VOUCHER_UPDATE_OFF_VOUCHER_NOT_ALLOWED",
            422,
            "不允許修改已下架（已結束）的票券",
            "An ended voucher cannot be changed",
        ),
        (
            "SERVICE_ERROR.VOUCHER_UPDATE_STATUS_NOT_ALLOWED",
            422,
            "票券不允許變更狀態",
            "The voucher cannot take this status now",
        ),
        (
            "SERVICE_ERROR.VOUCHER_DELETE_NOT_ALLOWED",
            422,
            "不允許刪除已上架或下架的票券",
            "A voucher that was on the shelf cannot be deleted",
        ),
        (
            "SERVICE_ERROR.UPLOAD_FILE_TYPE_NOT_ALLOWED",
            422,
            "上傳的檔案類型不允許",
            "This file type is not allowed",
        ),
        (
            "SERVICE_ERROR.UPLOAD_NOT_COMPLETE",
            422,
            "圖檔尚未上傳完成或內容不符",
            "The picture was not uploaded, or is not the picture it claims to be",
        ),
        (
            "SERVICE_ERROR.IMPORT_FILE_NOT_READABLE",
            422,
            "無法讀取匯入檔案",
            "The import file cannot be read",
        ),
        (
            "SERVICE_ERROR.VOUCHER_REDEEM_NOT_ON_STATUS",
            422,
            "不可兌換非上架票券",
            "The voucher is not on the shelf",
        ),
        (
            "SERVICE_ERROR.VOUCHER_REDEEM_NOT_IN_REDEEM_DATE",
            422,
            "非兌換期間",
            "The voucher cannot be redeemed at this time",
        ),
        (
            "SERVICE_ERROR.VOUCHER_REDEEM_OVER_VOLUME",
            422,
            "已達兌換張數",
            "The voucher is sold out",
        ),
        (
            "SERVICE_ERROR.VOUCHER_REDEEM_OVER_LIMIT",
            422,
            "已達兌換限制",
            "You have reached the limit for this voucher",
        ),
        (
            "SERVICE_ERROR.VOUCHER_REDEEM_INSUFFICIENT_POINTS",
            422,
            "兌換點數不足",
            "You do not have enough points",
        ),
        (
            "SERVICE_ERROR.VOUCHER_USE_EXPIRED",
            422,
            "使用票券日期已過期",
            "The voucher's use period is over",
        ),
        (
            "SERVICE_ERROR.VOUCHER_USE_HAD_USED",
            422,
            "票券已使用",
            "The voucher was already used",
        ),
        (
            "SERVICE_ERROR.VOUCHER_USE_NOT_STARTED",
            422,
            "尚未到使用期間",
            "The voucher's use period has not begun",
        ),
        ("ALREADY_VOIDED", 409, "已作廢過", "It was already voided"),
        ("COUPON_ALREADY_USED", 409, "票券碼已使用", "The coupon was already used"),
        ("POOL_EMPTY", 409, "票券組已沒有可發放的票券碼", "The coupon set has no free coupon left"),
        (
            "SET_LIMIT_REACHED",
            409,
            "已達票券組的發放上限",
            "The coupon set has given as many coupons as it may",
        ),
        (
            "REF_AMBIGUOUS",
            409,
            "有多筆交易使用此 ref_no，請改用交易編號作廢",
            "Several transactions bear this ref_no; void one by its id",
        ),
        ("REF_ID_EXISTS", 409, "ref_id 已被使用", "This ref_id was already used"),
        ("INSUFFICIENT_POINTS", 422, "點數不足", "There are not enough points on the card"),
        (
            "POINTS_ALREADY_SPENT",
            422,
            "這筆點數已被使用，無法作廢",
            "The points were already spent, so that adding them cannot be voided",
        ),
        ("COUPON_NOT_IN_DATE", 422, "不在票券的有效期間", "The coupon is not within its dates"),
    ]
)


def refuse(name: str, details: Sequence[Detail] = (), *, retry_after: int | None = None) -> Refusal:
    """The refusal of that short name (the code without its prefix), ready to be raised."""
    return Refusal(ERRORS[name], details, retry_after)


def invalid(field: str, en: str, zh: str) -> Refusal:
    """400 `INVALID_PARAMETER` naming one field (behaviour §1)."""
    return refuse("INVALID_PARAMETER", [Detail(field, en, zh)])

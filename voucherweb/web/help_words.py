"""What to do about each refusal of the voucher rules, for the page of help."""

from typing import Final

from voucherweb.errors import ERRORS, ErrorCode
from voucherweb.web.language import Text

ADVICE: Final[dict[str, Text]] = {
    "VOUCHER_VENDOR_EXIST": Text(
        "不用再新增；請直接使用這個租戶現有的廠商。", "Use the vendor that the tenant has."
    ),
    "VOUCHER_VENDOR_UPDATE_NOT_ALLOWED": Text(
        "買過額度的廠商不能換租戶；請為另一個租戶新增廠商。",
        "A vendor that bought quota stays with its tenant; add one for the other tenant.",
    ),
    "VOUCHER_VENDOR_DELETE_NOT_ALLOWED": Text(
        "買過額度的廠商要留在帳上，不能刪除。",
        "A vendor that bought quota stays in the books.",
    ),
    "VOUCHER_VENDOR_NOT_EXIST": Text(
        "請平台管理員先為租戶新增發行廠商。", "Ask a platform admin to add a vendor first."
    ),
    "VOUCHER_VENDOR_NOT_ADD_QUOTA": Text(
        "請平台管理員先加購額度。", "Ask a platform admin to add quota first."
    ),
    "VOUCHER_QUOTA_UPDATE_NOT_LATEST": Text(
        "只能更正最新一筆購買；較早的錯誤請用新的一筆補正。",
        "Only the latest purchase can be corrected; make up for older ones with a new one.",
    ),
    "VOUCHER_QUOTA_UPDATE_UNDER_ZERO": Text(
        "把點數改得比已用的多，或先刪除還沒上架的票券讓點數退回。",
        "Leave at least what is spent, or first delete drafts, whose points come back.",
    ),
    "VOUCHER_INSUFFICIENT_QUOTA": Text(
        "減少張數或面額，刪除不用的草稿，或請平台管理員加購額度。",
        "Take fewer pieces or a lower price, delete drafts, or ask for more quota.",
    ),
    "VOUCHER_QUOTA_NOT_BALANCE": Text(
        "沒有任何變更。請立即通知平台管理員核對帳目。",
        "Nothing was changed. Tell a platform admin at once to check the books.",
    ),
    "VOUCHER_USE_TYPE_NOT_ALLOWED": Text(
        "折價券類別請選「自主核銷」。", "For coupon codes choose “Self-service”."
    ),
    "VOUCHER_NEED_COUPON_LIST": Text(
        "先匯入折價券，或選一份匯入好的清單。", "Import coupons first, or choose an import."
    ),
    "VOUCHER_COUPON_REDEEM_NOT_MATCH": Text(
        "讓發行張數等於折價券的筆數。", "Make the volume equal to the number of coupons."
    ),
    "VOUCHER_NEED_PRODUCT_ID": Text(
        "填入商品 ID，或改用「自主核銷」。", "Fill in the product id, or choose “Self-service”."
    ),
    "VOUCHER_NO_EXHAUSTED": Text(
        "一天一個類別最多 999 張票券；請明天再發行，或換一個類別。",
        "There are 999 vouchers a day and type; issue it tomorrow or as another type.",
    ),
    "VOUCHER_UPDATE_NOT_NONE_STATUS": Text(
        "先把票券下架，再修改可以修改的欄位。",
        "Take it off the shelf, then change what may still be changed.",
    ),
    "VOUCHER_UPDATE_OFF_VOUCHER_NOT_ALLOWED": Text(
        "複製成新的票券，再發行。", "Duplicate it and issue the copy."
    ),
    "VOUCHER_UPDATE_STATUS_NOT_ALLOWED": Text(
        "重新整理看目前的狀態；上架期間結束後不能再上架，請複製成新的票券。",
        "Reload to see its state; after its shelf period duplicate it instead.",
    ),
    "VOUCHER_DELETE_NOT_ALLOWED": Text(
        "上架過的票券不能刪除；下架即可停止兌換。",
        "What was on the shelf stays; take it down to stop redeeming.",
    ),
    "UPLOAD_FILE_TYPE_NOT_ALLOWED": Text(
        "圖片請用 PNG、JPG、GIF 或 WebP。", "Use a PNG, JPG, GIF or WebP picture."
    ),
    "UPLOAD_NOT_COMPLETE": Text(
        "重新上傳圖片，等到出現預覽再送出。",
        "Upload the picture again and wait for its preview.",
    ),
    "IMPORT_FILE_NOT_READABLE": Text(
        "下載範本，另存為 .xlsx（不加密）再上傳。",
        "Download the template; save as .xlsx without a password.",
    ),
    "VOUCHER_REDEEM_NOT_ON_STATUS": Text(
        "確認票券已上架，而且在上架期間內。",
        "Check that it is on the shelf and within its shelf period.",
    ),
    "VOUCHER_REDEEM_NOT_IN_REDEEM_DATE": Text(
        "請會員在兌換期間內兌換。", "Members redeem within the redeem period."
    ),
    "VOUCHER_REDEEM_OVER_VOLUME": Text(
        "已全部兌換；需要時再發行一張。", "All pieces are gone; issue another if needed."
    ),
    "VOUCHER_REDEEM_OVER_LIMIT": Text(
        "這位會員已達每人上限。", "This member has as many as one person may have."
    ),
    "VOUCHER_REDEEM_INSUFFICIENT_POINTS": Text(
        "會員的點數不夠，無法兌換。", "The member has too few points."
    ),
    "VOUCHER_USE_EXPIRED": Text(
        "使用期間已過，不能核銷。", "The use period is over; it cannot be written off."
    ),
    "VOUCHER_USE_HAD_USED": Text(
        "查看核銷時間與櫃台，確認是否重複出示。",
        "Look when and where it was used; it may be shown a second time.",
    ),
    "VOUCHER_USE_NOT_STARTED": Text(
        "請會員在使用期間開始後再來。", "Ask the member to come within the use period."
    ),
}
"""By short name, for every code of a voucher rule."""


def rule_codes() -> list[tuple[ErrorCode, Text]]:
    """Every code of a voucher rule in the table's order, with what to do about it."""
    return [
        (error, ADVICE[name])
        for name, error in ERRORS.items()
        if error.code.startswith("SERVICE_ERROR.")
    ]

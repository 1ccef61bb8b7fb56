"""What a caller does about each code, in both languages (the error catalogue at `/docs/errors`)."""

from typing import Final

ADVICE: Final[dict[str, tuple[str, str]]] = {
    "INVALID_PARAMETER": (
        "依 details 逐欄修正後再送；原樣重送不會成功。",
        "Mend the fields named in details and send it again; the same request will not succeed.",
    ),
    "NOT_EXIST": (
        "確認編號是否正確，且屬於您的租戶；查無與別人的資料都回這個代碼。",
        "Check the id and that it is your tenant's; unknown and foreign things answer alike.",
    ),
    "UNAUTHORIZED": (
        "換發權杖後再試一次；仍失敗時，確認金鑰未撤銷、帳號未停用。",
        "Renew the token and try once more; if that fails, the key is revoked or the account shut.",
    ),
    "OTP_REQUIRED": (
        "請使用者輸入動態驗證碼，連同 otp 欄位再登入一次。",
        "Ask the person for the one-time code and sign in again with otp.",
    ),
    "FORBIDDEN": (
        "此角色、金鑰權限或狀態不允許；details 有時說明原因。調整權限前重送無用。",
        "The role, the key's scopes or a state forbids it; details may say why. Do not repeat it.",
    ),
    "NOT_FOUND": (
        "確認網址與編號；查無與別人的資料回答相同。",
        "Check the address and the id; unknown and foreign things answer alike.",
    ),
    "METHOD_NOT_ALLOWED": (
        "改用標頭 Allow 所列的方法。",
        "Use one of the methods in the header Allow.",
    ),
    "PAYLOAD_TOO_LARGE": ("縮小內容或分次傳送。", "Send less, or in several requests."),
    "UNSUPPORTED_MEDIA_TYPE": (
        "以 UTF-8 的 application/json 傳送，不壓縮。",
        "Send application/json in UTF-8, not compressed.",
    ),
    "IDEMPOTENCY_IN_PROGRESS": (
        "等 Retry-After 秒，以同一個鍵與內容再送，會得到第一次的結果。",
        "Wait for Retry-After and send the same key and content: the first answer will be there.",
    ),
    "IDEMPOTENCY_MISMATCH": (
        "每個請求用新的鍵；重送時內容要與第一次完全相同。",
        "Use a new key for each request; a repeat must be exactly what was sent first.",
    ),
    "TOO_MANY_REQUESTS": (
        "等 Retry-After 秒再呼叫，並減少呼叫次數。",
        "Wait for Retry-After, and call less often.",
    ),
    "UNAVAILABLE": (
        "等 Retry-After 秒，以同一個 Idempotency-Key 再送。",
        "Wait for Retry-After, then send it again with the same Idempotency-Key.",
    ),
    "TIMEOUT": (
        "是否已完成不明：以同一個 Idempotency-Key 與內容再送即可得知，不會做兩次。",
        "Whether it was done is unknown: the same Idempotency-Key finds out and does it once.",
    ),
    "INTERNAL": (
        "以同一個鍵稍後再試；持續發生時，將 requestId 提供給平台。",
        "Try again later with the same key; if it stays, give the operator the requestId.",
    ),
    "RESOURCE_NOT_EXISTS": (
        "檔案已過期或網址不正確，請重新產生。",
        "The file has expired or the address is wrong; have it made again.",
    ),
    "VOUCHER_VENDOR_EXIST": (
        "直接使用既有的發行機構。",
        "Use the vendor that the tenant has already.",
    ),
    "VOUCHER_VENDOR_UPDATE_NOT_ALLOWED": (
        "已有額度的發行機構不能改租戶；請另外新增。",
        "A vendor with quota keeps its tenant; add another vendor instead.",
    ),
    "VOUCHER_VENDOR_DELETE_NOT_ALLOWED": (
        "已有額度的發行機構必須保留，供帳目查核。",
        "A vendor with quota has to stay, for the books.",
    ),
    "VOUCHER_VENDOR_NOT_EXIST": (
        "請平台先為租戶新增發行機構。",
        "Have the platform add a vendor for the tenant first.",
    ),
    "VOUCHER_VENDOR_NOT_ADD_QUOTA": (
        "請平台先出售額度給這個機構。",
        "Have the platform sell the vendor quota first.",
    ),
    "VOUCHER_QUOTA_UPDATE_NOT_LATEST": (
        "只更正最新一筆購買；較早的以新的購買補正。",
        "Correct the latest purchase only; mend earlier ones by a new purchase.",
    ),
    "VOUCHER_QUOTA_UPDATE_UNDER_ZERO": (
        "點數不可少於已使用的額度。",
        "Leave at least as many points as are already spent.",
    ),
    "VOUCHER_INSUFFICIENT_QUOTA": (
        "減少發行量或單價，或先購買額度。",
        "Issue fewer or cheaper vouchers, or buy quota first.",
    ),
    "VOUCHER_QUOTA_NOT_BALANCE": (
        "請通知平台，並提供 requestId；資料沒有改變。",
        "Tell the operator the requestId; nothing was changed.",
    ),
    "VOUCHER_USE_TYPE_NOT_ALLOWED": (
        "選擇此票券類別允許的核銷方式。",
        "Choose a way of use that the voucher type allows.",
    ),
    "VOUCHER_NEED_COUPON_LIST": (
        "先匯入折扣碼清單，並在發行時附上。",
        "Import a coupon list first, and issue the voucher with it.",
    ),
    "VOUCHER_COUPON_REDEEM_NOT_MATCH": (
        "讓發行量等於折扣碼的筆數。",
        "Make the volume equal to the number of coupons.",
    ),
    "VOUCHER_NEED_PRODUCT_ID": ("填入商品編號。", "Give the product id."),
    "VOUCHER_NO_EXHAUSTED": (
        "明天再發行，或改用其他類別。",
        "Issue it tomorrow, or as another type.",
    ),
    "VOUCHER_UPDATE_NOT_NONE_STATUS": (
        "上架後只能下架；修改請另發新票券。",
        "Take it off the shelf, and issue a new one with the changes.",
    ),
    "VOUCHER_UPDATE_OFF_VOUCHER_NOT_ALLOWED": (
        "已結束的票券不能修改，請另發新票券。",
        "An ended voucher stays as it is; issue a new one.",
    ),
    "VOUCHER_UPDATE_STATUS_NOT_ALLOWED": (
        "重新讀取票券，依目前狀態操作。",
        "Read the voucher again and act on the state that it has now.",
    ),
    "VOUCHER_DELETE_NOT_ALLOWED": (
        "上架過的票券請改為下架。",
        "Take a voucher that was on the shelf off it instead.",
    ),
    "UPLOAD_FILE_TYPE_NOT_ALLOWED": (
        "改用允許的圖檔格式。",
        "Use one of the picture formats that are allowed.",
    ),
    "UPLOAD_NOT_COMPLETE": (
        "重新取得上傳網址並完整上傳。",
        "Ask for an upload address again and upload the whole file.",
    ),
    "IMPORT_FILE_NOT_READABLE": (
        "下載範本，另存為未加密的 .xlsx 再匯入。",
        "Start from the template and save it as .xlsx without a password.",
    ),
    "VOUCHER_REDEEM_NOT_ON_STATUS": (
        "重新整理可兌換的票券清單。",
        "Read the list of vouchers on the shelf again.",
    ),
    "VOUCHER_REDEEM_NOT_IN_REDEEM_DATE": (
        "在兌換期間內再試。",
        "Try again within the dates for redeeming.",
    ),
    "VOUCHER_REDEEM_OVER_VOLUME": ("已兌換完，請選擇其他票券。", "It is sold out; choose another."),
    "VOUCHER_REDEEM_OVER_LIMIT": (
        "已達每人上限，請選擇其他票券。",
        "Nobody may have more of it; choose another.",
    ),
    "VOUCHER_REDEEM_INSUFFICIENT_POINTS": (
        "累積足夠點數後再兌換。",
        "Collect enough points first.",
    ),
    "VOUCHER_USE_EXPIRED": (
        "使用期間已過，無法核銷。",
        "The time for using it is over; it cannot be used any more.",
    ),
    "VOUCHER_USE_HAD_USED": (
        "不要再交付商品；可由使用紀錄確認。",
        "Do not hand anything out again; the member's list shows the use.",
    ),
    "VOUCHER_USE_NOT_STARTED": (
        "在使用期間開始後再核銷。",
        "Use it when its use period has begun.",
    ),
    "ALREADY_VOIDED": (
        "視為已完成；重送請沿用 Idempotency-Key，就會得到第一次的回應。",
        "Take it as done; a repeat with its Idempotency-Key would get the first answer.",
    ),
    "COUPON_ALREADY_USED": (
        "不要再交付商品；以查詢票券碼確認何時、何處使用。",
        "Do not hand anything out again; checking the code tells when and where it was used.",
    ),
    "POOL_EMPTY": (
        "為票券組補充票券碼，或改發其他票券組。",
        "Fill the coupon set up, or give from another one.",
    ),
    "SET_LIMIT_REACHED": (
        "調高票券組的數量，或改發其他票券組。",
        "Give from another set; this one has reached its quantity.",
    ),
    "REF_AMBIGUOUS": (
        "由 details 選出交易編號，改以編號作廢。",
        "Choose one of the transactions in details and void it by its id.",
    ),
    "REF_ID_EXISTS": (
        "這筆可能已成功：以 ref_id 查對交易；新的交易用新的 ref_id。",
        "It may have been done before: look for the ref_id; a new transaction needs a new one.",
    ),
    "INSUFFICIENT_POINTS": (
        "先查餘額，減少點數。",
        "Look at the balance first and take fewer points.",
    ),
    "POINTS_ALREADY_SPENT": (
        "先作廢用掉這些點數的扣點，或不作廢。",
        "Void what spent the points first, or leave it.",
    ),
    "COUPON_NOT_IN_DATE": (
        "查詢票券碼的期間；過期的無法發放或核銷。",
        "Check its dates; what is over can be neither given nor used.",
    ),
}
"""By the code without its prefix."""

"""The language of refusals follows Accept-Language (behaviour §1)."""

import pytest

from tests.support.cast import Caller

ZH, EN = "資料不存在", "There is no such record"


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("", ZH),
        ("fr", ZH),
        ("en", EN),
        ("en-GB;q=0.8, fr", EN),
        ("en-US, zh-TW;q=0.9", EN),
        ("zh-CN, en;q=0.5", ZH),
        ("en;q=0", ZH),
        ("*", ZH),
    ],
)
def test_what_the_caller_likes_best_decides(admin: Caller, header: str, message: str) -> None:
    answer = admin.post("/voucher-mgmt/voucher/info", {"id": "x"}, Accept_Language=header)
    assert answer.json["message"] == message


def test_a_bound_is_told_as_a_number(admin: Caller) -> None:
    answer = admin.post("/voucher-mgmt/voucher/add", {"price": 10_000_000})
    reasons = {one["field"]: one["reason"] for one in answer.json["details"]}
    assert reasons["price"] == "必須小於或等於 9999999.99"

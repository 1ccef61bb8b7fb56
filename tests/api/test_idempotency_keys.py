"""What an `Idempotency-Key` may be: alike in both contracts and behind every server."""

import pytest
from werkzeug.test import TestResponse

from tests.support.cast import Caller, voucher_body
from tests.support.partners import PartnerCaller
from voucherweb.models import Voucher
from voucherweb.transaction import session, unit_of_work

ADD = "/voucher-mgmt/voucher/add"


def fields(answer: TestResponse) -> list[str]:
    assert answer.status_code == 400, answer.get_data(as_text=True)
    return [one["field"] for one in answer.get_json()["details"]]


@pytest.mark.parametrize("key", ["", "x" * 256, "é", "\xff", "a\xa0b"])
def test_a_key_that_cannot_be_is_refused(admin: Caller, partner: PartnerCaller, key: str) -> None:
    assert fields(admin.post(ADD, voucher_body(), Idempotency_Key=key)) == ["Idempotency-Key"]
    answer = partner.post("/v2/connect/coupon/use", {"code": "x"}, Idempotency_Key=key)
    assert fields(answer) == ["Idempotency-Key"]
    with unit_of_work():
        assert session.query(Voucher).count() == 0


@pytest.mark.parametrize("key", ["k", "x" * 255, "a b", "7f:{}\"'~", "%E5%96%AE"])
def test_any_other_key_is_taken(admin: Caller, key: str) -> None:
    body = voucher_body()
    for _ in range(2):
        assert admin.post(ADD, body, Idempotency_Key=key).status_code == 200
    with unit_of_work():
        assert session.query(Voucher).count() == 1

"""Contract B calls 16 to 20 as a partner's server sends them."""

import uuid
from typing import Any

from werkzeug.test import TestResponse

from tests.support import coupons
from tests.support.partners import PartnerCaller

GIVE = "/v2/connect/coupon/give"
HISTORY = "/v2/connect/coupon/history"
VOID = "/v2/connect/coupon/void"
CHECK = "/v2/connect/coupon/check"
USE = "/v2/connect/coupon/use"


def give(partner: PartnerCaller, person: str, set_id: uuid.UUID | str, **more: Any) -> TestResponse:
    return partner.post(f"{GIVE}/{person}", {"coupon_set_uuid": str(set_id), **more})


def given(partner: PartnerCaller, person: str, set_id: uuid.UUID, **more: Any) -> Any:
    """The coupons of a giving that must succeed."""
    answer = give(partner, person, set_id, **more)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return answer.json["data"]


def use(partner: PartnerCaller, code: str, **more: Any) -> TestResponse:
    return partner.post(USE, {"code": code, **more})


def unchanged(before: list[Any]) -> None:
    assert coupons.of_everything() == before

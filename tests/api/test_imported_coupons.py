"""Vouchers whose coupons come from an import, by `couponImportId` (behaviour §5)."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from tests.support.cast import Caller, voucher_body
from voucherweb.domain import clock
from voucherweb.models import CouponImport
from voucherweb.services import coupons
from voucherweb.transaction import session, unit_of_work

ADD = "/voucher-mgmt/voucher/add"
UPDATE = "/voucher-mgmt/voucher/update"
STATUS = "/voucher-mgmt/voucher/update-status"
DELETE = "/voucher-mgmt/voucher/delete"
INFO = "/voucher-mgmt/voucher/info"


@pytest.fixture
def import_id(admin: Caller) -> str:
    """An import of two coupons of the admin's tenant."""
    tenant = uuid.UUID(admin.tenant_id)
    texts = [("券", "說明", f"https://example.test/c/{n}") for n in (1, 2)]
    with unit_of_work():
        kept = CouponImport(
            tenant_id=tenant,
            coupon_set_id=coupons.create_set(tenant, texts).id,
            total=2,
            success=2,
            failed=0,
            expires_at=clock.now() + timedelta(days=7),
        )
        session.add(kept)
        session.flush()
        return str(kept.id)


def body(import_id: str, **changes: Any) -> dict[str, Any]:
    return voucher_body(voucherType="06", volume=2, couponImportId=import_id, **changes)


def wrong_fields(answer: Any) -> list[str]:
    assert answer.status_code == 400, answer.json
    return [one["field"] for one in answer.json["details"]]


def test_an_import_is_taken_once(admin: Caller, import_id: str) -> None:
    voucher = admin.data(ADD, body(import_id))
    assert admin.data(INFO, {"id": voucher["id"]})["couponCount"] == 2
    assert wrong_fields(admin.post(ADD, body(import_id))) == ["couponImportId"]


def test_another_tenants_import_is_as_unknown_as_any(
    admin: Caller, stranger: Caller, import_id: str
) -> None:
    foreign = stranger.post(ADD, body(import_id))
    unknown = stranger.post(ADD, body(str(uuid.uuid4())))
    assert wrong_fields(foreign) == wrong_fields(unknown) == ["couponImportId"]
    assert foreign.json["details"] == unknown.json["details"]


def test_an_empty_list_beside_an_import_is_no_list(admin: Caller, import_id: str) -> None:
    assert admin.data(ADD, body(import_id, couponList=[]))["volume"] == 2


def test_a_draft_may_name_its_own_import_again(admin: Caller, import_id: str) -> None:
    voucher = admin.data(ADD, body(import_id))["id"]
    assert admin.data(UPDATE, body(import_id, id=voucher, title="新標題"))["title"] == "新標題"
    assert admin.data(INFO, {"id": voucher})["couponCount"] == 2
    assert wrong_fields(admin.post(ADD, body(import_id))) == ["couponImportId"]


def test_a_voucher_off_the_shelf_keeps_its_import(admin: Caller, import_id: str) -> None:
    voucher = admin.data(ADD, body(import_id))["id"]
    for status in ("ON", "OFF"):
        admin.data(STATUS, {"id": voucher, "status": status})
    assert admin.data(UPDATE, body(import_id, id=voucher, title="新標題"))["title"] == "新標題"
    other = body(str(uuid.uuid4()), id=voucher)
    assert wrong_fields(admin.post(UPDATE, other)) == ["couponImportId"]


def test_an_import_is_free_again_after_delete_or_another_type(
    admin: Caller, import_id: str
) -> None:
    first = admin.data(ADD, body(import_id))["id"]
    admin.data(DELETE, {"id": first})
    second = admin.data(ADD, body(import_id))["id"]
    admin.data(UPDATE, voucher_body(id=second, volume=2))
    assert "couponCount" not in admin.data(INFO, {"id": second})
    assert admin.data(ADD, body(import_id))["volume"] == 2

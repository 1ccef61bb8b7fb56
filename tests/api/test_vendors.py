"""Contract A §票券發行廠商, through HTTP."""

import re
from decimal import Decimal

from tests.support.cast import Caller, fund, make_tenant


def test_a_vendor_gets_a_letter_and_a_serial(platform: Caller, tenant_id: str) -> None:
    data = platform.data("/voucher-mgmt/vendor/add", {"tenantId": tenant_id})
    assert data["tenantId"] == tenant_id
    assert re.fullmatch(r"[A-Z]00001", data["vendorNo"])


def test_a_tenant_gets_one_vendor_only(platform: Caller, tenant_id: str) -> None:
    platform.data("/voucher-mgmt/vendor/add", {"tenantId": tenant_id})
    answer = platform.post("/voucher-mgmt/vendor/add", {"tenantId": tenant_id})
    assert answer.status_code == 422
    assert answer.json["errorMsg"] == "SERVICE_ERROR.VOUCHER_VENDOR_EXIST"
    assert len(platform.data("/voucher-mgmt/vendor/list")) == 1


def test_a_vendor_with_quota_can_be_neither_moved_nor_deleted(
    platform: Caller, tenant_id: str
) -> None:
    fund(tenant_id)
    vendor = platform.data("/voucher-mgmt/vendor/info", {"tenantId": tenant_id})["id"]
    other = make_tenant("緯創醫學", "WMT")
    moved = platform.post("/voucher-mgmt/vendor/update", {"id": vendor, "tenantId": other})
    gone = platform.post("/voucher-mgmt/vendor/delete", {"id": vendor})
    assert moved.json["errorMsg"] == "SERVICE_ERROR.VOUCHER_VENDOR_UPDATE_NOT_ALLOWED"
    assert gone.json["errorMsg"] == "SERVICE_ERROR.VOUCHER_VENDOR_DELETE_NOT_ALLOWED"


def test_a_vendor_without_quota_moves_and_goes(platform: Caller, tenant_id: str) -> None:
    vendor = platform.data("/voucher-mgmt/vendor/add", {"tenantId": tenant_id})["id"]
    other = make_tenant("緯創醫學", "WMT")
    body = {"id": vendor, "tenantId": other}
    assert platform.data("/voucher-mgmt/vendor/update", body)["tenantId"] == other
    assert platform.data("/voucher-mgmt/vendor/delete", {"id": vendor}) == {"count": 1}


def test_quota_adds_up(platform: Caller, tenant_id: str) -> None:
    platform.data("/voucher-mgmt/vendor/add", {"tenantId": tenant_id})
    before = platform.data("/voucher-mgmt/vendor/info", {"tenantId": tenant_id})
    body = {"tenantId": tenant_id, "txDate": 1645488000000, "points": "5000", "amount": 150.5}
    bought = platform.data("/voucher-mgmt/quota/add", body)
    after = platform.data("/voucher-mgmt/vendor/info", {"tenantId": tenant_id})
    assert "deposit" not in before
    assert Decimal(str(bought["amount"])) == Decimal("150.5")
    assert (after["deposit"], after["withdraw"], after["quota"]) == (5000, 0, 5000)


def test_a_correction_moves_the_deposit(platform: Caller, tenant_id: str) -> None:
    fund(tenant_id, 5000)
    purchase = platform.data("/voucher-mgmt/quota/list", {"query": {"tenantId": tenant_id}})[0]
    body = {"id": purchase["id"], "txDate": 1, "points": 700, "amount": 1}
    platform.data("/voucher-mgmt/quota/update", body)
    info = platform.data("/voucher-mgmt/vendor/info", {"tenantId": tenant_id})
    assert info["deposit"] == 700

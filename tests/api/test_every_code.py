"""Every code of contract A, on every call that names it, reached through HTTP and harmless."""

import hashlib
import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from tests.support.cast import (
    Caller,
    fund,
    issue,
    make_admin,
    make_member,
    make_tenant,
    voucher_body,
    voucher_row,
)
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.transaction import session, unit_of_work

CONTRACT = Path(__file__).resolve().parents[2] / "docs" / "contract" / "contract-a.json"
NAMED: dict[tuple[str, str], int] = {
    (call["path"], error["code"].rpartition(".")[2]): error["httpCode"]
    for call in json.loads(CONTRACT.read_text(encoding="utf-8"))["calls"]
    for error in call["errors"]
}
UNKNOWN = "00000000-0000-4000-8000-000000000000"
COUPON = {"title": "折扣碼", "description": "7-ELEVEN 25元", "url": "https://coupon.example/A"}
MGMT = "/voucher-mgmt"
HOUR = 3_600_000


@dataclass(frozen=True)
class Cast:
    """Everybody a scenario may need; the tenant has quota, `bare` has not even a vendor."""

    client: FlaskClient
    settings: Settings
    platform: Caller
    admin: Caller
    member: Caller

    @property
    def tenant(self) -> str:
        return str(self.admin.tenant_id)

    def bare(self, *, vendor: bool = False) -> Caller:
        tenant = make_tenant("緯創醫學", "WMT")
        if vendor:
            self.platform.data(f"{MGMT}/vendor/add", {"tenantId": tenant})
        return make_admin(self.client, self.settings, tenant)

    def vendor(self, tenant: str) -> str:
        found: str = self.platform.data(f"{MGMT}/vendor/info", {"tenantId": tenant})["id"]
        return found

    def purchase(self, index: int = 0) -> dict[str, Any]:
        rows = self.platform.data(f"{MGMT}/quota/list", {"query": {"tenantId": self.tenant}})
        return {**rows[index], "points": 0}


@dataclass(frozen=True)
class Ask:
    """The request that must be refused, and the moment at which it is made."""

    caller: Caller
    body: dict[str, Any]
    when: AbstractContextManager[Any] = field(default_factory=nullcontext)


Scenario = Callable[[Cast], Ask]
SCENARIOS: dict[tuple[str, str], Scenario] = {}


def scenario(path: str, *codes: str) -> Callable[[Scenario], Scenario]:
    def keep(prepare: Scenario) -> Scenario:
        SCENARIOS.update({(path, code): prepare for code in codes})
        return prepare

    return keep


@pytest.fixture
def cast(
    client: FlaskClient, settings: Settings, platform: Caller, admin: Caller, member: Caller
) -> Cast:
    return Cast(client, settings, platform, admin, member)


def world() -> dict[str, str]:
    """A digest of every table: what a refusal must leave as it is."""
    with unit_of_work():
        names = session.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        ).all()
        return {name: _digest(name) for name in names}


def _digest(name: str) -> str:
    rows = session.scalars(text(f'SELECT t::text FROM "{name}" t ORDER BY 1')).all()
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def test_every_code_of_the_contract_has_its_scenario() -> None:
    missing = NAMED.keys() - SCENARIOS.keys()
    assert missing == set(), f"codes that no test reaches: {missing}"
    assert SCENARIOS.keys() == NAMED.keys()
    assert len({code for _, code in NAMED}) == 27


@pytest.mark.parametrize(("path", "code"), sorted(NAMED), ids=lambda one: one)
def test_a_refusal_is_told_by_its_code_and_changes_nothing(
    cast: Cast, path: str, code: str
) -> None:
    ask = SCENARIOS[path, code](cast)
    before = world()
    with ask.when:
        answer = ask.caller.post(path, ask.body)
    assert answer.json["errorMsg"].rpartition(".")[2] == code, answer.json
    assert answer.status_code == NAMED[path, code]
    assert world() == before


# --- vendors and quota --------------------------------------------------------------------------


@scenario(f"{MGMT}/vendor/add", "VOUCHER_VENDOR_EXIST")
def vendor_twice(cast: Cast) -> Ask:
    return Ask(cast.platform, {"tenantId": cast.tenant})


@scenario(f"{MGMT}/vendor/update", "VOUCHER_VENDOR_UPDATE_NOT_ALLOWED")
def move_a_vendor_with_quota(cast: Cast) -> Ask:
    return Ask(cast.platform, {"id": cast.vendor(cast.tenant), "tenantId": cast.bare().tenant_id})


@scenario(f"{MGMT}/vendor/update", "VOUCHER_VENDOR_EXIST")
def move_a_vendor_onto_another(cast: Cast) -> Ask:
    fresh = str(cast.bare(vendor=True).tenant_id)
    return Ask(cast.platform, {"id": cast.vendor(fresh), "tenantId": cast.tenant})


@scenario(f"{MGMT}/vendor/delete", "VOUCHER_VENDOR_DELETE_NOT_ALLOWED")
def delete_a_vendor_with_quota(cast: Cast) -> Ask:
    return Ask(cast.platform, {"id": cast.vendor(cast.tenant)})


@scenario(f"{MGMT}/quota/add", "VOUCHER_VENDOR_NOT_EXIST")
def sell_to_no_vendor(cast: Cast) -> Ask:
    body = {"tenantId": cast.bare().tenant_id, "txDate": 1, "points": 1, "amount": 1}
    return Ask(cast.platform, body)


@scenario(f"{MGMT}/quota/update", "VOUCHER_QUOTA_UPDATE_NOT_LATEST")
def correct_an_older_purchase(cast: Cast) -> Ask:
    older = cast.purchase()
    fund(cast.tenant, 5)
    return Ask(cast.platform, older)


@scenario(f"{MGMT}/quota/update", "VOUCHER_QUOTA_UPDATE_UNDER_ZERO")
def correct_below_what_is_spent(cast: Cast) -> Ask:
    issue(cast.admin, on=False)
    return Ask(cast.platform, cast.purchase())


# --- vouchers -----------------------------------------------------------------------------------


def _unbalance() -> None:
    """Falsify the running totals behind the entries' back."""
    with unit_of_work():
        session.execute(text("UPDATE vendors SET withdraw = withdraw + 1"))


@scenario(f"{MGMT}/voucher/add", "VOUCHER_VENDOR_NOT_EXIST")
def issue_without_vendor(cast: Cast) -> Ask:
    return Ask(cast.bare(), voucher_body())


@scenario(f"{MGMT}/voucher/add", "VOUCHER_VENDOR_NOT_ADD_QUOTA")
def issue_without_quota(cast: Cast) -> Ask:
    return Ask(cast.bare(vendor=True), voucher_body())


ISSUES: dict[str, dict[str, Any]] = {
    "VOUCHER_USE_TYPE_NOT_ALLOWED": {"voucherType": "06", "useType": "MERCHANT"},
    "VOUCHER_NEED_PRODUCT_ID": {"voucherType": "03", "useType": "MERCHANT"},
    "VOUCHER_NEED_COUPON_LIST": {"voucherType": "06"},
    "VOUCHER_COUPON_REDEEM_NOT_MATCH": {"voucherType": "06", "couponList": [COUPON], "volume": 2},
    "VOUCHER_INSUFFICIENT_QUOTA": {"price": 9_999_999, "volume": 99_999},
}
"""Changes of a good voucher that add and update refuse alike."""


def _adds(changes: dict[str, Any]) -> Scenario:
    return lambda cast: Ask(cast.admin, voucher_body(**changes))


def _updates(changes: dict[str, Any]) -> Scenario:
    return lambda cast: Ask(cast.admin, voucher_body(id=issue(cast.admin, on=False), **changes))


for _code, _changes in ISSUES.items():
    scenario(f"{MGMT}/voucher/add", _code)(_adds(_changes))
    if (f"{MGMT}/voucher/update", _code) in NAMED:
        scenario(f"{MGMT}/voucher/update", _code)(_updates(_changes))


@scenario(f"{MGMT}/voucher/add", "VOUCHER_QUOTA_NOT_BALANCE")
def issue_on_false_books(cast: Cast) -> Ask:
    _unbalance()
    return Ask(cast.admin, voucher_body())


@scenario(f"{MGMT}/voucher/update", "VOUCHER_QUOTA_NOT_BALANCE")
def change_on_false_books(cast: Cast) -> Ask:
    voucher = issue(cast.admin, on=False)
    _unbalance()
    return Ask(cast.admin, voucher_body(id=voucher, volume=3))


@scenario(f"{MGMT}/voucher/delete", "VOUCHER_QUOTA_NOT_BALANCE")
def delete_on_false_books(cast: Cast) -> Ask:
    voucher = issue(cast.admin, on=False)
    _unbalance()
    return Ask(cast.admin, {"id": voucher})


@scenario(f"{MGMT}/voucher/info", "NOT_EXIST")
@scenario(f"{MGMT}/voucher/delete", "NOT_EXIST")
def an_unknown_voucher(cast: Cast) -> Ask:
    return Ask(cast.admin, {"id": UNKNOWN})


@scenario(f"{MGMT}/voucher/update", "NOT_EXIST")
def change_an_unknown_voucher(cast: Cast) -> Ask:
    return Ask(cast.admin, voucher_body(id=UNKNOWN))


@scenario(f"{MGMT}/voucher/update-status", "NOT_EXIST")
def shelve_an_unknown_voucher(cast: Cast) -> Ask:
    return Ask(cast.admin, {"id": UNKNOWN, "status": "ON"})


@scenario(f"{MGMT}/voucher/update", "VOUCHER_UPDATE_NOT_NONE_STATUS")
def change_a_shelved_voucher(cast: Cast) -> Ask:
    return Ask(cast.admin, voucher_body(id=issue(cast.admin)))


def _after_the_shelf(voucher: str) -> AbstractContextManager[Any]:
    return clock.frozen(voucher_row(voucher).on_end + timedelta(seconds=1))


def _short_lived(cast: Cast) -> str:
    """A voucher that was on the shelf and leaves it within the hour."""
    return issue(cast.admin, onEndDate=clock.to_millis(clock.now()) + HOUR)


@scenario(f"{MGMT}/voucher/update", "VOUCHER_UPDATE_OFF_VOUCHER_NOT_ALLOWED")
def change_an_ended_voucher(cast: Cast) -> Ask:
    voucher = _short_lived(cast)
    return Ask(cast.admin, voucher_body(id=voucher), _after_the_shelf(voucher))


@scenario(f"{MGMT}/voucher/update-status", "VOUCHER_UPDATE_STATUS_NOT_ALLOWED")
def shelve_an_ended_voucher(cast: Cast) -> Ask:
    voucher = _short_lived(cast)
    return Ask(cast.admin, {"id": voucher, "status": "ON"}, _after_the_shelf(voucher))


@scenario(f"{MGMT}/voucher/delete", "VOUCHER_DELETE_NOT_ALLOWED")
def delete_a_shelved_voucher(cast: Cast) -> Ask:
    return Ask(cast.admin, {"id": issue(cast.admin)})


@scenario(f"{MGMT}/voucher/get-upload-url", "UPLOAD_FILE_TYPE_NOT_ALLOWED")
def upload_a_program(cast: Cast) -> Ask:
    return Ask(cast.admin, {"fileName": "setup", "fileType": "exe", "isThumbnail": True})


@scenario(f"{MGMT}/coupon/export-failures", "RESOURCE_NOT_EXISTS")
def download_unknown_failures(cast: Cast) -> Ask:
    return Ask(cast.admin, {"failuresId": UNKNOWN})


# --- the app ------------------------------------------------------------------------------------


@scenario("/voucher/info", "NOT_EXIST")
def see_a_draft(cast: Cast) -> Ask:
    return Ask(cast.member, {"id": issue(cast.admin, on=False)})


@scenario("/voucher/redeem", "NOT_EXIST")
def redeem_an_unknown_voucher(cast: Cast) -> Ask:
    return Ask(cast.member, {"voucherId": UNKNOWN})


@scenario("/voucher/use", "NOT_EXIST")
@scenario("/voucher/my-voucher-info", "NOT_EXIST")
def a_strangers_piece(cast: Cast) -> Ask:
    other = make_member(cast.client, cast.settings)
    piece = other.data("/voucher/redeem", {"voucherId": issue(cast.admin)})["id"]
    return Ask(cast.member, {"id": piece})


@scenario("/voucher/redeem", "VOUCHER_REDEEM_NOT_ON_STATUS")
def redeem_a_draft(cast: Cast) -> Ask:
    return Ask(cast.member, {"voucherId": issue(cast.admin, on=False)})


@scenario("/voucher/redeem", "VOUCHER_REDEEM_NOT_IN_REDEEM_DATE")
def redeem_too_early(cast: Cast) -> Ask:
    later = clock.to_millis(clock.now()) + HOUR
    return Ask(
        cast.member, {"voucherId": issue(cast.admin, redeemStartDate=later, useStartDate=later)}
    )


@scenario("/voucher/redeem", "VOUCHER_REDEEM_OVER_VOLUME")
def redeem_what_is_sold_out(cast: Cast) -> Ask:
    voucher = issue(cast.admin, volume=1)
    make_member(cast.client, cast.settings).data("/voucher/redeem", {"voucherId": voucher})
    return Ask(cast.member, {"voucherId": voucher})


@scenario("/voucher/redeem", "VOUCHER_REDEEM_OVER_LIMIT")
def redeem_too_many(cast: Cast) -> Ask:
    voucher = issue(cast.admin, redeemLimit=1)
    cast.member.data("/voucher/redeem", {"voucherId": voucher})
    return Ask(cast.member, {"voucherId": voucher})


@scenario("/voucher/redeem", "VOUCHER_REDEEM_INSUFFICIENT_POINTS")
def redeem_without_points(cast: Cast) -> Ask:
    poor = make_member(cast.client, cast.settings, grant=149)
    return Ask(poor, {"voucherId": issue(cast.admin)})


def _piece(cast: Cast) -> dict[str, Any]:
    found: dict[str, Any] = cast.member.data("/voucher/redeem", {"voucherId": issue(cast.admin)})
    return found


@scenario("/voucher/use", "VOUCHER_USE_HAD_USED")
def use_twice(cast: Cast) -> Ask:
    piece = _piece(cast)
    cast.member.data("/voucher/use", {"id": piece["id"]})
    return Ask(cast.member, {"id": piece["id"]})


@scenario("/voucher/use", "VOUCHER_USE_EXPIRED")
def use_too_late(cast: Cast) -> Ask:
    piece = _piece(cast)
    over = voucher_row(piece["voucherId"]).use_end + timedelta(milliseconds=1)
    return Ask(cast.member, {"id": piece["id"]}, clock.frozen(over))

"""The live check of the voucher form: what it says is what the API would answer."""

import re
from typing import Any

import pytest
from flask import Flask

from tests.support import books, cast
from tests.support.cast import Caller
from tests.support.site import Visitor, tenant_visitor
from tests.support.voucher_forms import CHECK, body, check, code, day, make_import, problems, typed

FILL_IN = "請填寫|請填日期"
"""How the form asks for what is missing; the API says 必填 or 不可空白."""
ADD = "/voucher-mgmt/voucher/add"

BAD: dict[str, dict[str, Any]] = {
    "nothing": dict.fromkeys(("title", "price", "volume", "voucherType"), ""),
    "title too long": {"title": "長" * 51},
    "blank title": {"title": "   "},
    "unknown type": {"voucherType": "09"},
    "price zero": {"price": "0"},
    "price negative": {"price": "-1"},
    "price three decimals": {"price": "1.234"},
    "price under a point": {"price": "0.01"},
    "price no number": {"price": "五元"},
    "price too large": {"price": "99999999"},
    "volume zero": {"volume": "0"},
    "volume too large": {"volume": "100000"},
    "volume fraction": {"volume": "1.5"},
    "limit negative": {"redeemLimit": "-1"},
    "limit too large": {"redeemLimit": "99999999999"},
    "redeem backwards": {"redeemStartDate": "2030-02-02", "redeemEndDate": "2030-02-01"},
    "use before redeem": {"redeemStartDate": day(3), "useStartDate": day(2)},
    "use ends before redeem": {"useEndDate": day(5)},
    "on after redeem": {"onStartDate": day(11), "onEndDate": day(12)},
    "several": {"title": "", "volume": "0", "useEndDate": day(5), "redeemLimit": "x"},
    "product too long": {"productId": "9" * 65},
    "description too long": {"description": "字" * 501},
    "notice too long": {"notice": "字" * 501},
    "06 in the shop": {"voucherType": "06", "useType": "MERCHANT"},
    "03 without product": {"voucherType": "03", "useType": "MERCHANT"},
    "06 without coupons": {"voucherType": "06"},
    "06 of an unknown import": {"voucherType": "06", "couponImportId": "nowhere"},
    "not enough quota": {"price": "9000", "volume": "90000"},
    "a picture of nobody": {"thumbnailObjectKey": "voucher/thumbnail/no.png"},
    "picture and quota": {"thumbnailObjectKey": "voucher/no.png", "volume": "99999", "price": "99"},
    "type before quota": {"voucherType": "03", "useType": "MERCHANT", "price": "9e9"},
}


@pytest.mark.parametrize("changes", BAD.values(), ids=list(BAD))
def test_the_check_says_what_the_api_would_answer(
    site: Visitor, admin: Caller, changes: dict[str, Any]
) -> None:
    form = typed(**changes)
    answer = admin.post(ADD, body(form))
    page = check(site, form, touched=",".join(form))
    assert answer.status_code >= 400
    assert code(page) == answer.json["errorMsg"]
    told = problems(page)
    for detail in answer.json.get("details", []):
        said = FILL_IN if detail["reason"] in {"必填", "不可空白"} else detail["reason"]
        assert re.search(said, told[detail["field"]])


def test_a_good_form_is_ready_in_both(site: Visitor, admin: Caller) -> None:
    form = typed(volume="1000", price="45")
    page = check(site, form)
    assert code(page) is None
    assert problems(page) == {}
    assert "都填好了，可以發行" in page
    assert "1,350,000 點" in page
    assert "98,650,000" in page
    assert admin.data(ADD, body(form))["redeemPoints"] == 1350


def test_a_check_writes_nothing_and_holds_nothing(site: Visitor, admin: Caller) -> None:
    form = typed(voucherType="06", volume="2", couponImportId=make_import(admin.tenant_id))
    before = books.of_everything()
    with books.statements() as ran:
        check(site, form)
    said = " ".join(ran).upper()
    assert not any(word in said for word in ("FOR UPDATE", "FOR NO KEY", "FOR SHARE"))
    assert not any(one.upper().startswith(("INSERT", "DELETE")) for one in ran)
    assert books.of_everything() == before


def test_fields_that_nobody_came_to_stay_quiet(site: Visitor) -> None:
    empty = typed(title="", price="", volume="", voucherType=None, onStartDate="")
    quiet = check(site, empty)
    assert problems(quiet) == {}
    assert "還有 5 項沒填" in quiet
    assert problems(check(site, empty, touched="price,title")) == dict.fromkeys(
        ("title", "price"), "請填寫"
    )


def test_a_chip_fills_in_dates_beside_the_panel(site: Visitor) -> None:
    page = check(site, typed(redeemStartDate="2030-03-01", redeemEndDate=""), preset="redeem.week")
    assert 'id="redeemEndDate-field" hx-swap-oob="true"' in page
    assert 'value="2030-03-07"' in page
    assert 'id="title"' not in page


def test_the_volume_is_set_to_the_imported_rows_by_one_press(site: Visitor, admin: Caller) -> None:
    form = typed(voucherType="06", couponImportId=make_import(admin.tenant_id, good=7))
    page = check(site, form, preset="volume")
    assert 'name="volume" value="7"' in page
    assert problems(page) == {}


def test_a_change_counts_only_what_it_adds(site: Visitor, admin: Caller) -> None:
    voucher_id = cast.issue(admin, on=False, price=5, volume=10)
    page = check(site, typed(price="5", volume="15"), f"?voucher={voucher_id}")
    assert "會用掉 750 點額度" in page
    less = check(site, typed(price="5", volume="4"), f"?voucher={voucher_id}")
    assert "會退回 900 點額度" in less


def test_a_change_is_checked_as_voucher_update_checks(site: Visitor, admin: Caller) -> None:
    voucher_id = cast.issue(admin)
    wanted = {"id": voucher_id, "status": "OFF"}
    admin.data("/voucher-mgmt/voucher/update-status", wanted)
    form = typed(price="6", targetType="MEMBER")
    answer = admin.post("/voucher-mgmt/voucher/update", {**body(form), "id": voucher_id})
    page = check(site, form, f"?voucher={voucher_id}")
    assert code(page) == answer.json["errorMsg"]
    assert {one["field"] for one in answer.json["details"]} == set(problems(page))


def test_another_tenants_voucher_cannot_be_checked_against(site: Visitor, stranger: Caller) -> None:
    answer = site.post(f"{CHECK}?voucher={cast.issue(stranger)}", typed(), at="/admin/vouchers/new")
    assert answer.status_code == 400
    assert "NOT_EXIST" in answer.text


def test_who_has_no_quota_sees_it_before_pressing(app: Flask) -> None:
    page = check(tenant_visitor(app, funded=False), typed())
    assert code(page) == "SERVICE_ERROR.VOUCHER_VENDOR_NOT_EXIST"
    assert "票券發行機構不存在" in page


def test_dates_that_cannot_reach_the_shelf_are_pointed_out(site: Visitor) -> None:
    over = dict.fromkeys(("onStartDate", "redeemStartDate", "useStartDate"), day(-9))
    page = check(site, typed(**over, onEndDate=day(-3)))
    assert code(page) is None
    assert "可以發行，但不能上架" in page


def test_what_is_short_says_how_many_would_fit(site: Visitor) -> None:
    page = check(site, typed(price="1000", volume="5000"))
    assert "還差 50,000,000 點" in page
    assert "最多可發行 3,333 張" in page

"""Changing and copying a voucher on the pages, without any script."""

from datetime import timedelta

import pytest

from tests.support import books, cast
from tests.support.cast import Caller
from tests.support.site import Visitor
from tests.support.voucher_forms import NEW, live_vouchers, problems, typed, values
from voucherweb.domain import clock


def edit_of(voucher_id: str) -> str:
    return f"/admin/vouchers/{voucher_id}/edit"


def test_a_draft_is_changed_whole(site: Visitor, admin: Caller) -> None:
    voucher_id = cast.issue(admin, on=False)
    page = site.text(edit_of(voucher_id))
    form = typed(**{**values(page), "title": "大杯美式", "price": "6", "voucherType": "02"})
    answer = site.send(edit_of(voucher_id), form)
    assert answer.status_code == 303
    row = cast.voucher_row(voucher_id)
    assert (row.title, row.redeem_points, row.voucher_type) == ("大杯美式", 180, "02")


def test_sending_a_form_back_unchanged_keeps_every_millisecond(
    site: Visitor, admin: Caller
) -> None:
    odd = cast.voucher_body()["useEndDate"] // 1000 * 1000 + 25
    voucher_id = cast.issue(admin, on=False, useEndDate=odd, price=5)
    form = typed(**{**values(site.text(edit_of(voucher_id))), "voucherType": "01"})
    assert site.send(edit_of(voucher_id), form).status_code == 303
    assert clock.to_millis(cast.voucher_row(voucher_id).use_end) == odd


@pytest.fixture
def off(admin: Caller) -> str:
    voucher_id = cast.issue(admin)
    admin.data("/voucher-mgmt/voucher/update-status", {"id": voucher_id, "status": "OFF"})
    return voucher_id


def test_off_the_shelf_only_the_open_fields_can_be_typed(site: Visitor, off: str) -> None:
    page = site.text(edit_of(off))
    for name in ("price", "volume", "voucherType", "targetType", "useType", "redeemLimit"):
        assert f'name="{name}"' not in page
    assert "已鎖定" in page
    assert "已經對會員承諾過" in page
    form = {**values(page), "title": "新名稱"}
    assert site.send(edit_of(off), form).status_code == 303
    row = cast.voucher_row(off)
    assert (row.title, row.volume) == ("新名稱", 10)


def test_a_locked_field_is_refused_even_if_it_is_sent(site: Visitor, off: str) -> None:
    form = {**values(site.text(edit_of(off))), "title": "新名稱", "price": "1", "volume": "11"}
    answer = site.send(edit_of(off), form)
    assert answer.status_code == 400
    assert problems(answer.text) == dict.fromkeys(("price", "volume"), "已上架過，不可再變更")
    assert cast.voucher_row(off).title != "新名稱"


def test_on_the_shelf_the_page_says_what_to_do_first(site: Visitor, admin: Caller) -> None:
    voucher_id = cast.issue(admin)
    page = site.text(edit_of(voucher_id))
    assert "上架中的票券不能編輯" in page
    assert f"/admin/vouchers/{voucher_id}/off" in page
    assert 'name="title"' not in page


def test_an_ended_voucher_can_only_be_copied(site: Visitor, admin: Caller) -> None:
    voucher_id = cast.issue(admin)
    ended = clock.now() - timedelta(minutes=1)
    books.change_voucher(voucher_id, on_end=ended)
    page = site.text(edit_of(voucher_id))
    assert "已經結束" in page
    assert f"/admin/vouchers/{voucher_id}/duplicate" in page


def test_a_voucher_opens_for_editing_ready_to_be_saved(site: Visitor, admin: Caller) -> None:
    voucher_id = cast.issue(admin, on=False, price="4.5", redeemLimit=0)
    page = site.text(edit_of(voucher_id))
    assert "可以儲存" in page
    assert "NT$4.50 × 30 =" in page
    assert values(page)["price"] == "4.5"
    assert values(page)["redeemLimit"] == "0"


def test_who_was_overtaken_is_told_and_loses_nothing(
    site: Visitor, admin: Caller, off: str
) -> None:
    form = {**values(site.text(edit_of(off))), "title": "我的名稱"}
    books.change_voucher(off, title="別人的名稱", updated_at=clock.now() + timedelta(seconds=1))
    answer = site.send(edit_of(off), form)
    assert answer.status_code == 400
    assert "剛被其他人修改過" in answer.text
    assert "我的名稱" in answer.text
    assert cast.voucher_row(off).title == "別人的名稱"
    again = {**values(answer.text), "title": "我的名稱"}
    assert site.send(edit_of(off), again).status_code == 303
    assert cast.voucher_row(off).title == "我的名稱"


def test_put_on_the_shelf_meanwhile_what_was_typed_stays(
    site: Visitor, admin: Caller, off: str
) -> None:
    form = {**values(site.text(edit_of(off))), "title": "打到一半", "seen": ""}
    admin.data("/voucher-mgmt/voucher/update-status", {"id": off, "status": "ON"})
    answer = site.send(edit_of(off), form)
    assert answer.status_code == 422
    assert "不可修改已上架的票券" in answer.text
    assert "打到一半" in answer.text


def test_a_copy_is_a_filled_in_form_and_writes_nothing(site: Visitor, admin: Caller) -> None:
    voucher_id = cast.issue(admin, title="買一送一", price=45)
    page = site.text(f"/admin/vouchers/{voucher_id}/duplicate")
    assert "買一送一" in page
    assert f'action="{NEW}"' in page
    assert values(page)["price"] == "45"
    assert "都填好了，可以發行" in page
    assert live_vouchers() == 1


@pytest.mark.parametrize("path", ["edit", "duplicate"])
def test_another_tenants_voucher_is_as_unknown_as_any(
    site: Visitor, stranger: Caller, path: str
) -> None:
    answer = site.get(f"/admin/vouchers/{cast.issue(stranger)}/{path}")
    assert answer.status_code == 400
    assert "API_ERROR.NOT_EXIST" in answer.text

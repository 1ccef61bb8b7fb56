"""Contract A §使用(核銷)票券, §我的票券摘要, §我的票券列表, §取得我的票券明細."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support import books
from tests.support.cast import Caller, issue, make_member, voucher_row
from tests.support.refusals import code
from voucherweb.config import Settings
from voucherweb.domain import clock

USE, SUMMARY = "/voucher/use", "/voucher/my-summary"
MINE, ONE = "/voucher/my-list", "/voucher/my-voucher-info"
HOUR, DAY = 3_600_000, 86_400_000
MILLISECOND = timedelta(milliseconds=1)


def take(member: Caller, voucher_id: str) -> str:
    """Redeem a piece; its id."""
    piece: str = member.data("/voucher/redeem", {"voucherId": voucher_id})["id"]
    return piece


def mine(member: Caller, **query: Any) -> list[str]:
    return [row["id"] for row in member.data(MINE, {"query": query})]


def test_using_writes_the_piece_off(admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin)
    taken = member.data("/voucher/redeem", {"voucherId": voucher_id})
    used = member.data(USE, {"id": taken["id"]})
    same = {key: taken[key] for key in taken if key not in {"status", "updateTime"}}
    assert used.items() >= same.items()
    assert used["status"] == "USED"
    assert used["usedTime"] == used["updateTime"] >= used["redeemTime"]
    assert books.used(voucher_id) == 1


def test_a_piece_is_used_once(admin: Caller, member: Caller) -> None:
    piece = take(member, issue(admin))
    member.data(USE, {"id": piece})
    before = books.of_everything()
    again = member.post(USE, {"id": piece})
    assert (again.status_code, code(again)) == (422, "VOUCHER_USE_HAD_USED")
    assert books.of_everything() == before


def test_a_used_piece_says_so_even_after_its_period(admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin)
    piece = take(member, voucher_id)
    member.data(USE, {"id": piece})
    with clock.frozen(voucher_row(voucher_id).use_end + MILLISECOND):
        assert code(member.post(USE, {"id": piece})) == "VOUCHER_USE_HAD_USED"


def test_both_ends_of_the_use_period_are_inclusive(admin: Caller, member: Caller) -> None:
    soon = clock.to_millis(clock.now()) + HOUR
    voucher_id = issue(admin, useStartDate=soon)
    first, last, late = (take(member, voucher_id) for _ in range(3))
    row = voucher_row(voucher_id)
    with clock.frozen(row.use_start - MILLISECOND):
        assert code(member.post(USE, {"id": first})) == "VOUCHER_USE_NOT_STARTED"
    with clock.frozen(row.use_start):
        assert member.data(USE, {"id": first})["status"] == "USED"
    with clock.frozen(row.use_end):
        assert member.data(USE, {"id": last})["status"] == "USED"
    with clock.frozen(row.use_end + MILLISECOND):
        assert code(member.post(USE, {"id": late})) == "VOUCHER_USE_EXPIRED"


def test_a_voucher_taken_down_can_be_used(admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin)
    piece = take(member, voucher_id)
    admin.data("/voucher-mgmt/voucher/update-status", {"id": voucher_id, "status": "OFF"})
    assert member.data(USE, {"id": piece})["status"] == "USED"


@pytest.mark.parametrize("path", [USE, ONE])
def test_others_pieces_answer_like_unknown_ids(
    client: FlaskClient, settings: Settings, admin: Caller, member: Caller, path: str
) -> None:
    theirs = take(make_member(client, settings), issue(admin))
    answers = [member.post(path, {"id": one}) for one in (theirs, str(uuid.uuid4()), "no uuid")]
    bodies = {str(answer.json | {"requestId": ""}) for answer in answers}
    assert {(answer.status_code, code(answer)) for answer in answers} == {(400, "NOT_EXIST")}
    assert len(bodies) == 1


def test_a_repeated_key_uses_once_and_answers_again(admin: Caller, member: Caller) -> None:
    piece = take(member, issue(admin))
    first = member.post(USE, {"id": piece}, Idempotency_Key="k")
    again = member.post(USE, {"id": piece}, Idempotency_Key="k")
    assert (first.status_code, again.status_code) == (200, 200)
    assert (again.data, again.headers["Idempotent-Replayed"]) == (first.data, "true")


def test_a_key_that_redeemed_is_no_key_for_using(admin: Caller, member: Caller) -> None:
    piece = take(member, issue(admin))
    member.post(USE, {"id": piece}, Idempotency_Key="k")
    answer = member.post("/voucher/redeem", {"voucherId": issue(admin)}, Idempotency_Key="k")
    assert (answer.status_code, code(answer)) == (422, "IDEMPOTENCY_MISMATCH")


def test_a_use_with_a_key_in_progress_waits_its_turn(admin: Caller, member: Caller) -> None:
    piece = take(member, issue(admin))
    with books.holding_key(f"member:{books.member_id(member.id)}", "k"):
        answer = member.post(USE, {"id": piece}, Idempotency_Key="k")
        assert (answer.status_code, code(answer)) == (409, "IDEMPOTENCY_IN_PROGRESS")
        redeem = member.post("/voucher/redeem", {"voucherId": "x"}, Idempotency_Key="k")
        assert (redeem.status_code, redeem.headers["Retry-After"]) == (409, "1")


def test_the_summary_counts_usable_pieces(admin: Caller, member: Caller) -> None:
    now = clock.to_millis(clock.now())
    used, kept = issue(admin), issue(admin, useEndDate=now + 5 * DAY)
    member.data(USE, {"id": take(member, used)})
    take(member, used)
    take(member, kept)
    assert member.get(SUMMARY).json["result"]["data"] == {"myVoucherCount": 2}
    with clock.frozen(voucher_row(used).use_end + MILLISECOND):
        assert member.get(SUMMARY).json["result"]["data"] == {"myVoucherCount": 1}


def test_my_list_shows_what_the_contract_names(admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin, price=1)
    piece = take(member, voucher_id)
    row = voucher_row(voucher_id)
    (only,) = member.data(MINE)
    assert only.pop("redeemTime") <= clock.to_millis(clock.now())
    assert only == {
        "id": piece,
        "voucherId": voucher_id,
        "title": row.title,
        "price": 1.0,
        "status": "VALID",
        "useEndDate": clock.to_millis(row.use_end),
        "isExpired": False,
    }


def test_my_list_has_only_mine(
    client: FlaskClient, settings: Settings, admin: Caller, member: Caller
) -> None:
    voucher_id = issue(admin)
    take(make_member(client, settings), voucher_id)
    piece = take(member, voucher_id)
    assert mine(member) == [piece]


def test_my_list_filters_by_status(admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin)
    used, valid = take(member, voucher_id), take(member, voucher_id)
    member.data(USE, {"id": used})
    assert mine(member, status="USED") == [used]
    assert mine(member, status="VALID") == [valid]
    assert len(mine(member, status=None)) == 2
    assert member.post(MINE, {"query": {"status": "NEW"}}).status_code == 400


def test_my_list_filters_by_expiry(admin: Caller, member: Caller) -> None:
    now = clock.to_millis(clock.now())
    short, long = issue(admin), issue(admin, useEndDate=now + 5 * DAY)
    expired, good = take(member, short), take(member, long)
    with clock.frozen(voucher_row(short).use_end + MILLISECOND):
        assert mine(member, isExpired=True) == [expired]
        assert mine(member, isExpired=False) == [good]
        assert {row["isExpired"] for row in member.data(MINE)} == {True, False}


def test_my_list_filters_by_product_and_price(admin: Caller, member: Caller) -> None:
    free = take(member, issue(admin, price=10))
    bound = take(member, issue(admin, price=20, voucherType="03", productId="P1"))
    take(member, issue(admin, price=30, voucherType="03", productId="P2"))
    assert set(mine(member, productId="P1")) == {free, bound}
    assert set(mine(member, productPrice=20)) == {free}
    assert set(mine(member, productPrice="20.01")) == {free, bound}
    assert set(mine(member, productId="P1", productPrice=10)) == set()


def test_an_empty_product_id_asks_for_no_product(admin: Caller, member: Caller) -> None:
    for product in ("P1", None):
        member.data("/voucher/redeem", {"voucherId": issue(admin, productId=product)})
    assert len(member.data("/voucher/my-list", {"query": {"productId": ""}})) == 2


def test_my_list_sorts_by_shelf_end_and_by_last_change(admin: Caller, member: Caller) -> None:
    now = clock.to_millis(clock.now())
    late = take(member, issue(admin, onEndDate=now + DAY))
    early = take(member, issue(admin, onEndDate=now + DAY - HOUR))
    with clock.frozen(clock.now() + timedelta(seconds=5)):
        member.data(USE, {"id": late})
    newest = member.data(MINE, {"sorter": {"field": "updateTime", "order": "desc"}})
    assert mine(member) == [early, late]
    assert [row["id"] for row in newest] == [late, early]
    assert member.post(MINE, {"sorter": {"field": "price"}}).status_code == 400


def test_my_list_comes_in_pages(admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin)
    taken = {take(member, voucher_id) for _ in range(3)}
    pages = [
        member.post(MINE, {"pagination": {"current": number, "pageSize": 2}}).json["result"]
        for number in (1, 2)
    ]
    assert [len(one["data"]) for one in pages] == [2, 1]
    assert {row["id"] for one in pages for row in one["data"]} == taken
    assert pages[0]["pagination"] == {"current": 1, "pageSize": 2, "total": 3}


def test_one_of_my_vouchers_tells_all(admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin, description="使用說明", notice="注意事項")
    taken = member.data("/voucher/redeem", {"voucherId": voucher_id})
    data = member.data(ONE, {"id": taken["id"]})
    number = taken["userVoucherNo"]
    expected = {
        "id": taken["id"],
        "voucherId": voucher_id,
        "userVoucherNo": number,
        "description": "使用說明",
        "notice": "注意事項",
        "status": "VALID",
        "redeemPoints": 150,
        "redeemTime": taken["redeemTime"],
        "updateTime": taken["redeemTime"],
        "isExpired": False,
        "qrCodePayload": f"health365://user-voucher?userVoucherNo={number}",
    }
    assert data.items() >= expected.items()
    assert not {"usedTime", "coupon", "thumbnailUrl"} & set(data)


def test_a_coupon_code_belongs_to_its_piece(
    client: FlaskClient, settings: Settings, admin: Caller, member: Caller
) -> None:
    coupons = [
        {"title": f"折扣碼{n}", "description": "25元", "url": f"http://t.txp.tw/v/{n}"}
        for n in range(1, 4)
    ]
    voucher_id = issue(admin, voucherType="06", volume=3, couponList=coupons)
    pieces = [take(member, voucher_id) for _ in range(3)]
    assert [member.data(ONE, {"id": one})["coupon"] for one in pieces] == coupons


@pytest.mark.parametrize("path", [USE, MINE, ONE])
def test_pieces_are_for_members(admin: Caller, platform: Caller, path: str) -> None:
    assert [one.post(path).status_code for one in (admin, platform)] == [403, 403]
    assert admin.get(SUMMARY).status_code == 403

"""Contract A §票券管理 through HTTP: issuing, changing, shelving, deleting."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.cast import Caller, issue, make_tenant, voucher_body, voucher_row
from tests.support.refusals import code
from voucherweb.domain import clock

ADD = "/voucher-mgmt/voucher/add"
UPDATE = "/voucher-mgmt/voucher/update"
STATUS = "/voucher-mgmt/voucher/update-status"
DELETE = "/voucher-mgmt/voucher/delete"
COUPON = {"title": "折扣碼", "description": "7-ELEVEN 25元", "url": "http://t.txp.tw/v/A"}


def quota(admin: Caller) -> int:
    left: int = admin.data("/voucher-mgmt/vendor/info")["quota"]
    return left


def fields(answer: Any) -> set[str]:
    assert answer.status_code == 400, answer.json
    return {one["field"] for one in answer.json["details"]}


def test_issuing_spends_quota_and_gives_a_number(admin: Caller) -> None:
    before = quota(admin)
    data = admin.data(ADD, voucher_body(price="45", volume="10"))
    assert re.fullmatch(r"[A-Z]00001\d{2}\d{8}001", data["voucherNo"])
    assert (data["status"], data["redeemPoints"], data["volume"]) == ("NONE", 1350, 10)
    assert before - quota(admin) == 13_500


def test_numbers_count_up_per_type(admin: Caller) -> None:
    numbers = [
        admin.data(ADD, voucher_body(voucherType=kind))["voucherNo"] for kind in ("01", "01", "05")
    ]
    assert [number[-3:] for number in numbers] == ["001", "002", "001"]


def test_every_wrong_field_is_named(admin: Caller) -> None:
    body = voucher_body(title="", price=0, volume=100_000, redeemLimit=-1, targetType="X")
    assert fields(admin.post(ADD, body)) == {
        "title",
        "price",
        "volume",
        "redeemLimit",
        "targetType",
    }


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"redeemEndDate": 1, "redeemStartDate": 2, "onStartDate": 0}, "redeemEndDate"),
        ({"useEndDate": 1}, "useEndDate"),
        ({"useStartDate": 1}, "useStartDate"),
        ({"onEndDate": 1}, "onEndDate"),
    ],
)
def test_dates_out_of_order_are_named(admin: Caller, changes: dict[str, int], field: str) -> None:
    assert field in fields(admin.post(ADD, voucher_body(**changes)))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"voucherType": "06", "useType": "MERCHANT"}, "VOUCHER_USE_TYPE_NOT_ALLOWED"),
        ({"voucherType": "03", "useType": "MERCHANT"}, "VOUCHER_NEED_PRODUCT_ID"),
        ({"voucherType": "06"}, "VOUCHER_NEED_COUPON_LIST"),
        ({"voucherType": "06", "couponList": [COUPON]}, "VOUCHER_COUPON_REDEEM_NOT_MATCH"),
        ({"thumbnailObjectKey": "voucher/x.png"}, "UPLOAD_NOT_COMPLETE"),
        ({"price": 9_999_999, "volume": 99_999}, "VOUCHER_INSUFFICIENT_QUOTA"),
    ],
)
def test_a_refused_issue_changes_nothing(
    admin: Caller, changes: dict[str, Any], expected: str
) -> None:
    before = quota(admin)
    answer = admin.post(ADD, voucher_body(**changes))
    assert (answer.status_code, code(answer)) == (422, expected)
    assert quota(admin) == before
    assert admin.data("/voucher-mgmt/voucher/list") == []


def test_the_checks_run_in_the_contracts_order(
    client: Any, settings: Any, platform: Caller
) -> None:
    from tests.support.cast import make_admin  # noqa: PLC0415

    tenant = make_tenant()
    poor = make_admin(client, settings, tenant)
    body = voucher_body(voucherType="06", useType="MERCHANT", price=9_999_999, volume=99_999)
    seen = [code(poor.post(ADD, body))]
    platform.data("/voucher-mgmt/vendor/add", {"tenantId": tenant})
    seen.append(code(poor.post(ADD, body)))
    terms = {"tenantId": tenant, "txDate": 1, "points": 0, "amount": 0}
    platform.data("/voucher-mgmt/quota/add", terms)
    seen.append(code(poor.post(ADD, body)))
    assert seen == [
        "VOUCHER_VENDOR_NOT_EXIST",
        "VOUCHER_VENDOR_NOT_ADD_QUOTA",
        "VOUCHER_USE_TYPE_NOT_ALLOWED",
    ]


def test_a_coupon_voucher_keeps_its_list_while_the_volume_stays(admin: Caller) -> None:
    body = voucher_body(
        voucherType="06", volume=2, couponList=[COUPON, {**COUPON, "url": "http://t.tw/B"}]
    )
    voucher = admin.data(ADD, body)
    kept = voucher_body(id=voucher["id"], voucherType="06", volume=2, title="新標題")
    assert admin.data(UPDATE, kept)["title"] == "新標題"
    assert admin.data("/voucher-mgmt/voucher/info", {"id": voucher["id"]})["couponCount"] == 2
    other = admin.post(UPDATE, {**kept, "volume": 3})
    assert code(other) == "VOUCHER_NEED_COUPON_LIST"


def test_editing_a_draft_moves_the_quota_by_the_difference(admin: Caller) -> None:
    before = quota(admin)
    voucher = issue(admin, on=False, price=5, volume=10)
    admin.data(UPDATE, voucher_body(id=voucher, price=5, volume=4))
    assert before - quota(admin) == 150 * 4


def test_editing_replaces_and_empties_what_is_absent(admin: Caller) -> None:
    voucher = issue(admin, on=False, description="舊", notice="舊", productId="P1")
    data = admin.data(UPDATE, voucher_body(id=voucher))
    assert {"description", "notice", "productId"}.isdisjoint(data)


def test_another_type_draws_a_new_number(admin: Caller) -> None:
    voucher = issue(admin, on=False)
    data = admin.data(UPDATE, voucher_body(id=voucher, voucherType="05"))
    assert data["voucherNo"][6:8] == "05"


def test_a_voucher_on_the_shelf_cannot_be_edited_or_deleted(admin: Caller) -> None:
    voucher = issue(admin)
    assert code(admin.post(UPDATE, voucher_body(id=voucher))) == "VOUCHER_UPDATE_NOT_NONE_STATUS"
    assert code(admin.post(DELETE, {"id": voucher})) == "VOUCHER_DELETE_NOT_ALLOWED"


def test_off_the_shelf_only_the_open_fields_change(admin: Caller) -> None:
    body = voucher_body()
    voucher = admin.data(ADD, body)["id"]
    for status in ("ON", "OFF"):
        admin.data(STATUS, {"id": voucher, "status": status})
    changed = {**body, "id": voucher, "title": "改名", "onEndDate": body["onEndDate"] + 1000}
    assert admin.data(UPDATE, changed)["title"] == "改名"
    refused = admin.post(UPDATE, {**changed, "price": 6, "volume": 11, "title": "不改"})
    assert fields(refused) == {"price", "volume"}
    assert voucher_row(voucher).title == "改名"


def test_an_ended_voucher_is_closed_for_good(admin: Caller) -> None:
    voucher = issue(admin)
    with clock.frozen(clock.now() + timedelta(days=1, seconds=2)):
        info = admin.data("/voucher-mgmt/voucher/info", {"id": voucher})
        answers = [
            code(admin.post(STATUS, {"id": voucher, "status": "ON"})),
            code(admin.post(UPDATE, voucher_body(id=voucher))),
            code(admin.post(DELETE, {"id": voucher})),
        ]
    assert info["status"] == "OFF"
    assert answers == [
        "VOUCHER_UPDATE_STATUS_NOT_ALLOWED",
        "VOUCHER_UPDATE_OFF_VOUCHER_NOT_ALLOWED",
        "VOUCHER_DELETE_NOT_ALLOWED",
    ]


@pytest.mark.parametrize(
    ("path", "last"),
    [
        (["ON"], "ON"),
        (["ON"], "NONE"),
        ([], "OFF"),
        ([], "NONE"),
        (["ON", "OFF"], "OFF"),
        (["ON", "OFF"], "NONE"),
    ],
)
def test_other_steps_between_statuses_are_refused(
    admin: Caller, path: list[str], last: str
) -> None:
    voucher = issue(admin, on=False)
    for status in path:
        admin.data(STATUS, {"id": voucher, "status": status})
    answer = admin.post(STATUS, {"id": voucher, "status": last})
    assert code(answer) == "VOUCHER_UPDATE_STATUS_NOT_ALLOWED"


def test_a_voucher_goes_on_off_and_on_again(admin: Caller) -> None:
    voucher = issue(admin, on=False)
    shown = [
        admin.data(STATUS, {"id": voucher, "status": status})["status"]
        for status in ("ON", "OFF", "ON")
    ]
    assert shown == ["ON", "OFF", "ON"]


def test_deleting_a_draft_gives_the_points_back(admin: Caller) -> None:
    before = quota(admin)
    voucher = issue(admin, on=False)
    assert admin.data(DELETE, {"id": voucher}) == {"count": 1}
    assert quota(admin) == before
    assert code(admin.post("/voucher-mgmt/voucher/info", {"id": voucher})) == "NOT_EXIST"


def test_a_duplicate_is_a_draft_that_can_be_added(admin: Caller) -> None:
    voucher = issue(admin, description="說明")
    draft = admin.data("/voucher-mgmt/voucher/duplicate", {"id": voucher})
    assert admin.data(ADD, draft)["description"] == "說明"


def test_another_tenants_voucher_is_an_unknown_id(admin: Caller, stranger: Caller) -> None:
    voucher = issue(admin, on=False)
    unknown = "8e4b6a4e-0000-4000-8000-000000000000"
    for path in ("info", "update-status", "delete", "duplicate"):
        bodies = [
            stranger.post(f"/voucher-mgmt/voucher/{path}", {"id": one, "status": "ON"}).json
            for one in (voucher, unknown, "not a uuid")
        ]
        for body in bodies:
            body.pop("requestId")
        assert bodies[0] == bodies[1] == bodies[2]
        assert bodies[0]["errorMsg"] == "API_ERROR.NOT_EXIST"


def test_the_list_filters_sorts_and_pages(admin: Caller) -> None:
    ids = [issue(admin, on=False, title=f"券{n}", price=n + 1) for n in range(3)]
    body = {
        "query": {"name": "券", "voucherType": "01", "status": "NONE"},
        "pagination": {"current": 2, "pageSize": 1},
        "sorter": {"field": "price", "order": "desc"},
    }
    answer = admin.post("/voucher-mgmt/voucher/list", body).json["result"]
    assert [row["id"] for row in answer["data"]] == [ids[1]]
    assert answer["pagination"] == {"current": 2, "pageSize": 1, "total": 3}
    assert (answer["total"], answer["sorter"]) == (3, {"field": "price", "order": "desc"})


def test_without_a_sorter_the_latest_change_is_first(admin: Caller) -> None:
    ids = [issue(admin, on=False) for _ in range(2)]
    admin.data(STATUS, {"id": ids[0], "status": "ON"})
    answer = admin.post("/voucher-mgmt/voucher/list").json["result"]
    assert answer["sorter"] == {"field": "updateTime", "order": "desc"}
    assert [row["id"] for row in answer["data"]] == ids


def test_the_same_key_issues_once(admin: Caller) -> None:
    body = voucher_body()
    first = admin.post(ADD, body, Idempotency_Key="k1")
    again = admin.post(ADD, body, Idempotency_Key="k1")
    other = admin.post(ADD, {**body, "volume": 11}, Idempotency_Key="k1")
    assert first.data == again.data
    assert again.headers["Idempotent-Replayed"] == "true"
    assert code(other) == "IDEMPOTENCY_MISMATCH"
    assert len(admin.data("/voucher-mgmt/voucher/list")) == 1


@pytest.mark.parametrize("kind", ["ID", "OD", "RS", "RE", "US", "UE"])
def test_date_filters_take_whole_local_days(admin: Caller, kind: str) -> None:
    with clock.frozen(datetime(2026, 3, 1, 16, 30, tzinfo=UTC)):  # 2 March, 00:30 in Taipei.
        now = clock.to_millis(clock.now())
        dates = {name: now for name in voucher_body() if name.endswith("Date")}
        issue(admin, on=False, **dates)

    def found(first: str, last: str) -> int:
        query = {"queryDateType": kind, "startDate": first, "endDate": last}
        return len(admin.data("/voucher-mgmt/voucher/list", {"query": query}))

    assert found("2026-03-02", "2026-03-02") == 1
    assert found("2026-03-01", "2026-03-01") == 0
    assert found("0001-01-01", "9999-12-31") == 1


def test_dates_out_of_order_are_named_beside_wrong_fields(admin: Caller) -> None:
    wrong = voucher_body(title="", useEndDate=1, onStartDate="x")
    assert fields(admin.post(ADD, wrong)) == {"title", "onStartDate", "useEndDate"}


def test_every_wrong_coupon_is_named(admin: Caller) -> None:
    bad = [{**COUPON, "title": " "}, COUPON, {**COUPON, "url": "ftp://t.tw"}]
    answer = admin.post(ADD, voucher_body(voucherType="06", volume=3, couponList=bad))
    assert fields(answer) == {"couponList[0].title", "couponList[2].url"}


def test_another_type_draws_a_number_of_the_day_of_issue(admin: Caller) -> None:
    with clock.frozen(datetime(2026, 3, 1, 15, 59, tzinfo=UTC)):
        voucher = admin.data(ADD, voucher_body(voucherType="01"))
    with clock.frozen(datetime(2026, 3, 1, 16, 0, tzinfo=UTC)):
        moved = admin.data(UPDATE, voucher_body(id=voucher["id"], voucherType="02"))
    assert moved["voucherNo"][6:] == "0220260301001"
    assert moved["issueDate"] == voucher["issueDate"]

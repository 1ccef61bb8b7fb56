"""Contract A §取得票券列表, §取得票券明細, §票券觸及, §票券點擊."""

import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support import books
from tests.support.cast import Caller, issue, make_member, make_tenant, voucher_row
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.services import paging, wallet

LIST, INFO = "/voucher/list", "/voucher/info"
REACH, CLICK = "/voucher/reach", "/voucher/click"
HOUR, DAY = 3_600_000, 86_400_000


def shown(caller: Caller, **query: Any) -> list[str]:
    return [row["id"] for row in caller.data(LIST, {"query": query})]


def off(admin: Caller, voucher_id: str) -> None:
    admin.data("/voucher-mgmt/voucher/update-status", {"id": voucher_id, "status": "OFF"})


def test_the_list_shows_what_the_contract_names(admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin, price=45, volume=10)
    member.data("/voucher/redeem", {"voucherId": voucher_id})
    row = voucher_row(voucher_id)
    assert member.data(LIST) == [
        {
            "id": voucher_id,
            "tenantId": admin.tenant_id,
            "voucherNo": row.voucher_no,
            "title": row.title,
            "redeemPoints": 1350,
            "volume": 10,
            "stocks": 9,
            "safetyStock": 3,
        }
    ]


def test_the_list_has_only_what_is_on_the_shelf_now(admin: Caller, member: Caller) -> None:
    now = clock.to_millis(clock.now())
    here, gone = issue(admin), issue(admin)
    issue(admin, on=False)
    issue(admin, onStartDate=now + HOUR)
    off(admin, gone)
    assert shown(member) == [here]
    with clock.frozen(voucher_row(here).on_end + timedelta(milliseconds=1)):
        assert here not in shown(member)


def test_a_sold_out_voucher_stays_in_the_list(admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin, volume=1)
    member.data("/voucher/redeem", {"voucherId": voucher_id})
    assert [row["stocks"] for row in member.data(LIST)] == [0]


def test_the_list_hides_other_tenants_member_vouchers(
    client: FlaskClient, settings: Settings, admin: Caller, member: Caller
) -> None:
    everyone, patients = issue(admin), issue(admin, targetType="MEMBER")
    insider = make_member(client, settings, tenant_id=admin.tenant_id)
    outsider = make_member(client, settings, tenant_id=make_tenant("緯緯醫學", "DEALER"))
    assert set(shown(insider)) == {everyone, patients}
    assert shown(outsider) == shown(member) == [everyone]


def test_the_list_filters_by_type(admin: Caller, member: Caller) -> None:
    issue(admin, voucherType="01")
    plan = issue(admin, voucherType="04")
    assert shown(member, voucherType="04") == [plan]
    assert len(shown(member, voucherType=None)) == 2
    assert member.post(LIST, {"query": {"voucherType": "07"}}).status_code == 400


def test_the_latest_shelf_date_comes_first(admin: Caller, member: Caller) -> None:
    now = clock.to_millis(clock.now())
    old, new, middle = (issue(admin, onStartDate=now - ago * HOUR) for ago in (3, 1, 2))
    answer = member.post(LIST, {"pagination": {"current": 1, "pageSize": 2}}).json["result"]
    assert [row["id"] for row in answer["data"]] == [new, middle]
    assert answer["total"] == 3
    assert answer["sorter"] == {"field": "onStartDate", "order": "desc"}
    rising = member.data(LIST, {"sorter": {"field": "onStartDate", "order": "asc"}})
    assert [row["id"] for row in rising] == [old, middle, new]
    assert member.post(LIST, {"sorter": {"field": "title"}}).status_code == 400


def test_a_list_takes_as_many_statements_when_it_is_long(admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin)
    member.data("/voucher/redeem", {"voucherId": voucher_id})
    with books.statements() as short:
        member.data(LIST)
        member.data("/voucher/my-list")
    for _ in range(3):
        member.data("/voucher/redeem", {"voucherId": issue(admin)})
    with books.statements() as long:
        assert len(member.data(LIST)) == len(member.data("/voucher/my-list")) == 4
    assert len(short) == len(long) == 3


def test_pictures_have_addresses(admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin)
    key = books.give_picture(voucher_id)
    piece = member.data("/voucher/redeem", {"voucherId": voucher_id})["id"]
    rows = [
        member.data(LIST)[0],
        member.data(INFO, {"id": voucher_id}),
        member.data("/voucher/my-list")[0],
        member.data("/voucher/my-voucher-info", {"id": piece}),
    ]
    assert [row["thumbnailObjectKey"] for row in rows] == [key] * 4
    assert all(key in row["thumbnailUrl"] for row in rows)


def test_a_page_beyond_the_last_still_tells_the_total(admin: Caller, member: Caller) -> None:
    issue(admin)
    answer = member.post(LIST, {"pagination": {"current": 3, "pageSize": 10}}).json["result"]
    assert (answer["data"], answer["total"]) == ([], 1)
    everything = member.post(LIST, {"pagination": {"pageSize": -1}}).json["result"]
    assert (len(everything["data"]), everything["total"]) == (1, 1)


def test_all_rows_are_refused_beyond_their_number(
    admin: Caller, member: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wallet, "MAX_ALL_ROWS", 1)
    monkeypatch.setattr(paging, "MAX_ALL_ROWS", 1)
    issue(admin)
    issue(admin)
    answer = member.post(LIST, {"pagination": {"pageSize": -1}})
    assert answer.status_code == 400
    assert [one["field"] for one in answer.json["details"]] == ["pagination.pageSize"]


def test_info_tells_all_and_counts_a_click(admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin, price=45, description="使用說明", notice="注意事項")
    data = member.data(INFO, {"id": voucher_id})
    row = voucher_row(voucher_id)
    expected = {
        "vendorName": "小港醫院",
        "voucherType": "01",
        "price": 45.0,
        "description": "使用說明",
        "notice": "注意事項",
        "status": "ON",
        "stocks": 10,
        "safetyStock": 3,
        "useEndDate": clock.to_millis(row.use_end),
        "redeemStartDate": clock.to_millis(row.redeem_start),
    }
    assert data.items() >= expected.items()
    assert books.cell(voucher_id, "click") == (1, 1)


def test_info_of_a_voucher_taken_down_can_be_read(admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin)
    off(admin, voucher_id)
    assert member.data(INFO, {"id": voucher_id})["status"] == "OFF"
    assert books.cell(voucher_id, "click") == (1, 1)


def test_info_of_an_ended_voucher_says_off_before_the_scheduler_ran(
    admin: Caller, member: Caller
) -> None:
    voucher_id = issue(admin)
    with clock.frozen(voucher_row(voucher_id).on_end + timedelta(milliseconds=1)):
        assert member.data(INFO, {"id": voucher_id})["status"] == "OFF"
    assert voucher_row(voucher_id).status == "ON"


def test_whatever_a_member_cannot_see_answers_like_an_unknown_id(
    admin: Caller, member: Caller
) -> None:
    later = clock.to_millis(clock.now()) + HOUR
    hidden = [
        issue(admin, on=False),
        issue(admin, onStartDate=later),
        issue(admin, targetType="MEMBER"),
        "no uuid",
        str(uuid.uuid4()),
    ]
    before = books.of_everything()
    answers = [member.post(INFO, {"id": one}) for one in hidden]
    bodies = {str(answer.json | {"requestId": ""}) for answer in answers}
    assert {answer.status_code for answer in answers} == {400}
    assert len(bodies) == 1
    assert "API_ERROR.NOT_EXIST" in bodies.pop()
    assert [member.data(CLICK, {"id": one}) for one in hidden] == [{"count": 0}] * 5
    assert books.of_everything() == before


def test_a_click_is_counted_again_and_again_its_person_once(admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin)
    assert [member.data(CLICK, {"id": voucher_id}) for _ in range(3)] == [{"count": 1}] * 3
    member.data(INFO, {"id": voucher_id})
    assert books.cell(voucher_id, "click") == (1, 4)


def test_reach_counts_times_and_persons(
    client: FlaskClient, settings: Settings, admin: Caller, member: Caller
) -> None:
    first, second = issue(admin), issue(admin)
    other = make_member(client, settings)
    assert member.data(REACH, {"voucherList": [first, second]}) == {"count": 2}
    assert member.data(REACH, {"voucherList": [second]}) == {"count": 1}
    assert other.data(REACH, {"voucherList": [second]}) == {"count": 1}
    assert (books.cell(first, "reach"), books.cell(second, "reach")) == ((1, 1), (2, 3))
    assert books.tenant_persons(admin.tenant_id, "reach") == 2


def test_reach_counts_only_what_is_on_the_shelf(admin: Caller, member: Caller) -> None:
    here, gone = issue(admin), issue(admin)
    off(admin, gone)
    asked = [here, gone, issue(admin, on=False), issue(admin, targetType="MEMBER"), "no uuid"]
    asked.append(str(uuid.uuid4()))
    assert member.data(REACH, {"voucherList": asked}) == {"count": 1}


def test_an_empty_reach_counts_nothing(member: Caller) -> None:
    assert member.data(REACH, {"voucherList": []}) == {"count": 0}


def test_fifty_ids_are_the_most(member: Caller) -> None:
    ids = [str(uuid.uuid4()) for _ in range(51)]
    assert member.data(REACH, {"voucherList": ids[:50]}) == {"count": 0}
    answer = member.post(REACH, {"voucherList": ids})
    assert answer.status_code == 400
    assert [one["field"] for one in answer.json["details"]] == ["voucherList"]


@pytest.mark.parametrize("spell", [str, str.upper])
def test_a_repeated_id_is_refused(admin: Caller, member: Caller, spell: Any) -> None:
    voucher_id = issue(admin)
    answer = member.post(REACH, {"voucherList": [voucher_id, spell(voucher_id)]})
    assert (answer.status_code, books.cell(voucher_id, "reach")) == (400, (0, 0))


@pytest.mark.parametrize("body", [{}, {"voucherList": "x"}, {"voucherList": [5]}])
def test_reach_wants_a_list_of_texts(member: Caller, body: dict[str, Any]) -> None:
    assert member.post(REACH, body).status_code == 400


def test_persons_count_as_they_were_at_first_times_as_they_are(
    client: FlaskClient, settings: Settings, admin: Caller
) -> None:
    voucher_id = issue(admin)
    caller = make_member(client, settings, gender="F", birthdate=date(1985, 5, 20))
    caller.data(CLICK, {"id": voucher_id})
    books.change_person(caller.id, gender="M", birthdate=date(1950, 1, 1))
    caller.data(CLICK, {"id": voucher_id})
    assert books.cells(voucher_id) == {("F", "level3", 1, 1), ("M", "level5", 0, 1)}


@pytest.mark.parametrize(("path", "column"), [(INFO, "click"), (CLICK, "click"), (REACH, "reach")])
def test_a_repeated_key_counts_once(admin: Caller, member: Caller, path: str, column: str) -> None:
    voucher_id = issue(admin)
    body = {"voucherList": [voucher_id]} if path == REACH else {"id": voucher_id}
    first = member.post(path, body, Idempotency_Key="k")
    again = member.post(path, body, Idempotency_Key="k")
    assert (again.data, again.headers["Idempotent-Replayed"]) == (first.data, "true")
    assert books.cell(voucher_id, column) == (1, 1)


@pytest.mark.parametrize("path", [LIST, INFO, REACH, CLICK])
def test_offers_are_for_members(admin: Caller, platform: Caller, path: str) -> None:
    assert [one.post(path).status_code for one in (admin, platform)] == [403, 403]

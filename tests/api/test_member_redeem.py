"""Contract A §兌換票券: the order of refusals, the answer, idempotency."""

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

REDEEM = "/voucher/redeem"
HOUR, DAY = 3_600_000, 86_400_000


def refused(caller: Caller, voucher_id: str) -> str:
    """The refusal of a redeem, which must have changed nothing."""
    before = books.of_everything()
    answer = caller.post(REDEEM, {"voucherId": voucher_id})
    assert answer.status_code in {400, 422}, answer.json
    assert books.of_everything() == before
    return code(answer)


def test_a_member_gets_a_numbered_piece_for_points(admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin, price=45, volume=10)
    data = member.data(REDEEM, {"voucherId": voucher_id})
    row = voucher_row(voucher_id)
    assert (data["seq"], data["redeemPoints"], data["status"]) == (1, 1350, "VALID")
    assert data["userVoucherNo"] == f"{row.voucher_no}00001"
    assert (data["householdMemberId"], data["voucherId"]) == (member.id, voucher_id)
    assert data["createTime"] == data["updateTime"] == data["redeemTime"]
    assert row.redeemed == 1
    assert books.balance(member.id) == 100_000 - 1350


def test_pieces_are_numbered_one_after_another(admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin, volume=3)
    taken = [member.data(REDEEM, {"voucherId": voucher_id})["seq"] for _ in range(3)]
    assert taken == [1, 2, 3]


@pytest.mark.parametrize("unknown", [str(uuid.UUID(int=7)), "42", "", "x" * 36, "ä"])
def test_an_unknown_id_does_not_exist(admin: Caller, member: Caller, unknown: str) -> None:
    assert refused(member, unknown) == "NOT_EXIST"


def test_a_voucher_never_shelved_is_not_on(admin: Caller, member: Caller) -> None:
    assert refused(member, issue(admin, on=False)) == "VOUCHER_REDEEM_NOT_ON_STATUS"


def test_a_deleted_voucher_does_not_exist(admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin, on=False)
    admin.data("/voucher-mgmt/voucher/delete", {"id": voucher_id})
    assert refused(member, voucher_id) == "NOT_EXIST"


def test_a_voucher_taken_down_is_not_on(admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin)
    admin.data("/voucher-mgmt/voucher/update-status", {"id": voucher_id, "status": "OFF"})
    assert refused(member, voucher_id) == "VOUCHER_REDEEM_NOT_ON_STATUS"


def test_a_voucher_before_its_shelf_date_is_not_on(admin: Caller, member: Caller) -> None:
    now = clock.to_millis(clock.now())
    voucher_id = issue(admin, onStartDate=now + HOUR)
    assert refused(member, voucher_id) == "VOUCHER_REDEEM_NOT_ON_STATUS"


def test_an_ended_voucher_is_not_on_before_the_scheduler_ran(admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin)
    end = voucher_row(voucher_id).on_end
    with clock.frozen(end + timedelta(milliseconds=1)):
        assert refused(member, voucher_id) == "VOUCHER_REDEEM_NOT_ON_STATUS"


def test_both_ends_of_the_shelf_period_are_inclusive(admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin)
    row = voucher_row(voucher_id)
    with clock.frozen(row.on_end):
        assert member.data(REDEEM, {"voucherId": voucher_id})["seq"] == 1


def test_outside_the_redeem_dates(admin: Caller, member: Caller) -> None:
    now = clock.to_millis(clock.now())
    later = issue(admin, redeemStartDate=now + HOUR, useStartDate=now + HOUR)
    over = issue(admin, redeemEndDate=now - 1000)
    assert refused(member, later) == "VOUCHER_REDEEM_NOT_IN_REDEEM_DATE"
    assert refused(member, over) == "VOUCHER_REDEEM_NOT_IN_REDEEM_DATE"


def test_sold_out(admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin, volume=1)
    member.data(REDEEM, {"voucherId": voucher_id})
    assert refused(member, voucher_id) == "VOUCHER_REDEEM_OVER_VOLUME"


def test_over_the_limit(admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin, volume=5, redeemLimit=2)
    member.data(REDEEM, {"voucherId": voucher_id})
    member.data(REDEEM, {"voucherId": voucher_id})
    assert refused(member, voucher_id) == "VOUCHER_REDEEM_OVER_LIMIT"


def test_too_few_points(client: FlaskClient, settings: Settings, admin: Caller) -> None:
    voucher_id = issue(admin, price=5)
    poor = make_member(client, settings, grant=149)
    none = make_member(client, settings, grant=0)
    assert refused(poor, voucher_id) == "VOUCHER_REDEEM_INSUFFICIENT_POINTS"
    assert refused(none, voucher_id) == "VOUCHER_REDEEM_INSUFFICIENT_POINTS"


def test_a_balance_can_be_spent_to_zero(
    client: FlaskClient, settings: Settings, admin: Caller
) -> None:
    just = make_member(client, settings, grant=150)
    just.data(REDEEM, {"voucherId": issue(admin, price=5)})
    assert books.balance(just.id) == 0


def test_the_first_broken_rule_answers(
    client: FlaskClient, settings: Settings, admin: Caller, member: Caller
) -> None:
    """NOT_ON_STATUS before the dates before OVER_VOLUME before OVER_LIMIT before points."""
    poor = make_member(client, settings, grant=150)
    voucher_id = issue(admin, volume=2, redeemLimit=1)
    poor.data(REDEEM, {"voucherId": voucher_id})
    assert refused(poor, voucher_id) == "VOUCHER_REDEEM_OVER_LIMIT"
    member.data(REDEEM, {"voucherId": voucher_id})
    assert refused(poor, voucher_id) == "VOUCHER_REDEEM_OVER_VOLUME"
    row = voucher_row(voucher_id)
    books.change_voucher(voucher_id, redeem_end=clock.now() - timedelta(seconds=1))
    assert refused(poor, voucher_id) == "VOUCHER_REDEEM_NOT_IN_REDEEM_DATE"
    with clock.frozen(row.on_end + timedelta(seconds=1)):
        assert refused(poor, voucher_id) == "VOUCHER_REDEEM_NOT_ON_STATUS"


def test_a_members_only_voucher_is_for_its_tenant_alone(
    client: FlaskClient, settings: Settings, admin: Caller, member: Caller
) -> None:
    voucher_id = issue(admin, targetType="MEMBER")
    patient = make_member(client, settings, tenant_id=admin.tenant_id)
    other = member.post(REDEEM, {"voucherId": voucher_id}).json
    never = member.post(REDEEM, {"voucherId": str(uuid.uuid4())}).json
    assert other | {"requestId": ""} == never | {"requestId": ""}
    assert patient.data(REDEEM, {"voucherId": voucher_id})["seq"] == 1


def test_a_repeated_key_answers_the_first_answer_again(admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin)
    first = member.post(REDEEM, {"voucherId": voucher_id}, Idempotency_Key="k1")
    member.data("/voucher/use", {"id": first.json["result"]["data"]["id"]})
    again = member.post(REDEEM, {"voucherId": voucher_id}, Idempotency_Key="k1")
    assert again.data == first.data
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert voucher_row(voucher_id).redeemed == 1
    assert books.balance(member.id) == 100_000 - 150


def test_a_replay_comes_before_every_rule(admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin, volume=1, redeemLimit=1)
    first = member.post(REDEEM, {"voucherId": voucher_id}, Idempotency_Key="k1")
    admin.data("/voucher-mgmt/voucher/update-status", {"id": voucher_id, "status": "OFF"})
    again = member.post(REDEEM, {"voucherId": voucher_id}, Idempotency_Key="k1")
    assert again.data == first.data


def test_a_key_of_another_request_is_a_mismatch(admin: Caller, member: Caller) -> None:
    voucher_id, other = issue(admin), issue(admin)
    piece = member.post(REDEEM, {"voucherId": voucher_id}, Idempotency_Key="k1").json
    answer = member.post(REDEEM, {"voucherId": other}, Idempotency_Key="k1")
    used = {"id": piece["result"]["data"]["id"]}
    elsewhere = member.post("/voucher/use", used, Idempotency_Key="k1")
    assert (answer.status_code, code(answer)) == (422, "IDEMPOTENCY_MISMATCH")
    assert (elsewhere.status_code, code(elsewhere)) == (422, "IDEMPOTENCY_MISMATCH")
    assert voucher_row(other).redeemed == 0


def test_another_members_equal_key_is_another_key(
    client: FlaskClient, settings: Settings, admin: Caller, member: Caller
) -> None:
    voucher_id = issue(admin)
    other = make_member(client, settings)
    first = member.post(REDEEM, {"voucherId": voucher_id}, Idempotency_Key="k1").json
    second = other.post(REDEEM, {"voucherId": voucher_id}, Idempotency_Key="k1").json
    assert {first["result"]["data"]["seq"], second["result"]["data"]["seq"]} == {1, 2}


def test_a_refusal_is_not_kept(admin: Caller, member: Caller) -> None:
    voucher_id = issue(admin)
    off = {"id": voucher_id, "status": "OFF"}
    admin.data("/voucher-mgmt/voucher/update-status", off)
    refusal = member.post(REDEEM, {"voucherId": voucher_id}, Idempotency_Key="k1")
    admin.data("/voucher-mgmt/voucher/update-status", off | {"status": "ON"})
    answer = member.post(REDEEM, {"voucherId": voucher_id}, Idempotency_Key="k1")
    assert (refusal.status_code, answer.status_code) == (422, 200)
    assert "Idempotent-Replayed" not in answer.headers


@pytest.mark.parametrize(("hours", "taken"), [(23.9, 1), (24.1, 2)])
def test_a_key_is_kept_for_24_hours(
    admin: Caller, member: Caller, hours: float, taken: int
) -> None:
    now = clock.to_millis(clock.now())
    voucher_id = issue(admin, onEndDate=now + 3 * DAY, redeemEndDate=now + 2 * DAY)
    member.post(REDEEM, {"voucherId": voucher_id}, Idempotency_Key="k1")
    books.age_keys(timedelta(hours=hours))
    member.post(REDEEM, {"voucherId": voucher_id}, Idempotency_Key="k1")
    assert voucher_row(voucher_id).redeemed == taken


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_has_1_to_255_characters(admin: Caller, member: Caller, key: str) -> None:
    answer = member.post(REDEEM, {"voucherId": issue(admin)}, Idempotency_Key=key)
    assert (answer.status_code, code(answer)) == (400, "INVALID_PARAMETER")


def test_only_members_redeem(admin: Caller, platform: Caller) -> None:
    voucher_id = issue(admin)
    assert admin.post(REDEEM, {"voucherId": voucher_id}).status_code == 403
    assert platform.post(REDEEM, {"voucherId": voucher_id}).status_code == 403


@pytest.mark.parametrize("body", [{}, {"voucherId": None}, {"voucherId": 5}, {"voucherId": []}])
def test_the_voucher_id_is_a_required_text(member: Caller, body: dict[str, Any]) -> None:
    answer = member.post(REDEEM, body)
    assert answer.status_code == 400
    assert [one["field"] for one in answer.json["details"]] == ["voucherId"]

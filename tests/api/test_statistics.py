"""Contract A §票券統計 (both forms) and §取得票券管理Summary, through HTTP."""

import uuid
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support import rows
from tests.support.cast import Caller, issue, make_admin, make_member, make_tenant
from tests.support.recount import LABELS
from tests.support.refusals import code
from voucherweb.config import Settings
from voucherweb.domain import clock

STATISTICS = "/voucher-mgmt/voucher/statistics"
SUMMARY = "/voucher-mgmt/voucher/summary"
INFOS = {"redeemInfo", "usedInfo", "reachInfo", "clickInfo"}
BOOKS = {"deposit": int, "withdraw": int, "quota": int, "quotaAvailRate": float}
TOTALS = {
    "totalVolume": int,
    "totalPoints": int,
    "totalAmount": float,
    "totalUnRedeemCount": int,
    "totalUnRedeemPoints": int,
    "totalRedeemCount": int,
    "totalRedeemPoints": int,
    "totalRedeemAmount": float,
    "totalUsedCount": int,
    "totalUsedAmount": float,
    "redeemRate": float,
    "usedRate": float,
}
PIECES = {
    "totalCount": int,
    "totalAmount": int,
    "totalMaleCount": int,
    "totalFemaleCount": int,
    "totalMaleRate": float,
    "totalFemaleRate": float,
    "details": list,
}
AUDIENCE = {
    "totalCount": int,
    "totalTimes": int,
    **{f"total{who}{what}": int for who in ("Male", "Female") for what in ("Count", "Times")},
    **{f"total{who}{what}Rate": float for who in ("Male", "Female") for what in ("Count", "Times")},
    "details": list,
}
REDEEMED = {"totalRedeemCount": int, "totalRedeemAmount": float, "totalRedeemRate": float}
SHAPES = {
    "redeemInfo": {**PIECES, **REDEEMED},
    "usedInfo": {**PIECES, "totalUsedRate": float},
    "reachInfo": AUDIENCE,
    "clickInfo": {**AUDIENCE, "clickRate": float},
}


def types(value: dict[str, Any]) -> dict[str, type]:
    return {name: type(one) for name, one in value.items()}


def field(answer: Any) -> str:
    assert answer.status_code == 400, answer.json
    name: str = answer.json["details"][0]["field"]
    return name


@pytest.fixture
def offer(admin: Caller) -> uuid.UUID:
    """A voucher of 10 pieces for 5 dollars, 150 points each."""
    return uuid.UUID(issue(admin, price=5, volume=10))


@pytest.fixture
def man(client: FlaskClient, settings: Settings) -> uuid.UUID:
    today = clock.local_date(clock.now(), settings.timezone)
    born = date(today.year - 34, 1, 1)
    return rows.member_id(make_member(client, settings, gender="M", birthdate=born).id)


def use_one_of(member: uuid.UUID, offer: uuid.UUID, pieces: int) -> None:
    """Redeem some pieces and use the first."""
    taken = [rows.redeem(member, offer)[1] for _ in range(pieces)]
    assert rows.use(member, taken[0]) == "USED"


def test_a_tenants_form_has_every_field_of_its_type_and_no_summary(
    admin: Caller, offer: uuid.UUID, man: uuid.UUID
) -> None:
    use_one_of(man, offer, 3)
    data = admin.data(STATISTICS, {"voucherId": str(offer)})
    assert data.keys() == INFOS
    assert {name: types(info) for name, info in data.items()} == SHAPES
    assert [(bar["ageLevel"], bar["label"]) for bar in data["clickInfo"]["details"]] == [
        *LABELS.items()
    ]


def test_the_platforms_form_adds_a_summary(
    platform: Caller, admin: Caller, offer: uuid.UUID, man: uuid.UUID
) -> None:
    use_one_of(man, offer, 3)
    data = platform.data(STATISTICS, {"tenantId": admin.tenant_id})
    assert data.keys() == INFOS | {"summaryInfo"}
    named = {"tenantId": str, "tenantName": str, "clickRate": float}
    assert types(data["summaryInfo"]) == {**named, **BOOKS, **TOTALS}
    assert {name: types(data[name]) for name in INFOS} == SHAPES


def test_a_summary_has_every_field_of_its_type(
    admin: Caller, offer: uuid.UUID, man: uuid.UUID
) -> None:
    use_one_of(man, offer, 3)
    data = admin.data(SUMMARY)
    assert types(data) == {**BOOKS, **TOTALS}
    assert (data["totalVolume"], data["totalPoints"], data["totalAmount"]) == (10, 1500, 50)
    assert (data["totalUnRedeemCount"], data["totalUnRedeemPoints"]) == (7, 1050)
    assert (data["totalRedeemPoints"], data["totalRedeemAmount"]) == (450, 15)
    assert (data["totalUsedCount"], data["totalUsedAmount"]) == (1, 5)
    assert (data["redeemRate"], data["usedRate"], data["quotaAvailRate"]) == (30, 33.3, 100)


def test_pieces_stand_in_the_bar_of_who_took_them(
    admin: Caller, offer: uuid.UUID, man: uuid.UUID
) -> None:
    use_one_of(man, offer, 2)
    info = admin.data(STATISTICS, {"voucherId": str(offer)})["redeemInfo"]
    bars = [(bar["maleCount"], bar["femaleCount"]) for bar in info["details"]]
    assert bars == [(0, 0), (2, 0), (0, 0), (0, 0), (0, 0)]
    assert (info["totalMaleRate"], info["totalFemaleRate"], info["totalRedeemRate"]) == (100, 0, 20)


def test_cents_stay_cents_in_an_amount_that_the_contract_prints_as_int(
    admin: Caller, man: uuid.UUID
) -> None:
    offer = issue(admin, price=2.25)
    rows.redeem(man, uuid.UUID(offer))
    assert admin.data(STATISTICS, {"voucherId": offer})["redeemInfo"]["totalAmount"] == 2.25


def test_who_is_unknown_counts_in_totals_but_in_no_bar(
    admin: Caller, offer: uuid.UUID, man: uuid.UUID
) -> None:
    rows.redeem(man, offer)
    rows.change_person(man, "U", date(1990, 1, 1))
    rows.redeem(man, offer)
    rows.change_person(man, "M", None)
    rows.redeem(man, offer)
    info = admin.data(STATISTICS, {"voucherId": str(offer)})["redeemInfo"]
    assert (info["totalCount"], info["totalMaleCount"], info["totalMaleRate"]) == (3, 2, 66.7)
    assert sum(bar["maleCount"] + bar["femaleCount"] for bar in info["details"]) == 1


def test_a_person_counts_once_in_the_first_group_and_each_time_in_its_own(
    admin: Caller, offer: uuid.UUID, man: uuid.UUID
) -> None:
    rows.engage("R", man, [offer])
    rows.change_person(man, "F", date(1950, 1, 1))
    rows.engage("R", man, [offer])
    info = admin.data(STATISTICS, {"voucherId": str(offer)})["reachInfo"]
    persons = [(bar["maleCount"], bar["femaleCount"]) for bar in info["details"]]
    times = [(bar["maleTimes"], bar["femaleTimes"]) for bar in info["details"]]
    assert persons == [(0, 0), (1, 0), (0, 0), (0, 0), (0, 0)]
    assert times == [(0, 0), (1, 0), (0, 0), (0, 0), (0, 1)]


def test_a_person_counts_once_across_a_tenants_vouchers(
    platform: Caller, admin: Caller, offer: uuid.UUID, man: uuid.UUID
) -> None:
    other = uuid.UUID(issue(admin, voucherType="02"))
    rows.engage("R", man, [offer, other])
    rows.engage("C", man, [other])
    whole = platform.data(STATISTICS, {"tenantId": admin.tenant_id})
    typed = platform.data(STATISTICS, {"tenantId": admin.tenant_id, "voucherType": "01"})
    assert (whole["reachInfo"]["totalCount"], whole["reachInfo"]["totalTimes"]) == (1, 2)
    assert (whole["clickInfo"]["clickRate"], whole["summaryInfo"]["clickRate"]) == (100, 100)
    assert (typed["reachInfo"]["totalTimes"], typed["clickInfo"]["clickRate"]) == (1, 0)


def test_a_type_narrows_what_was_issued_but_not_the_books(platform: Caller, admin: Caller) -> None:
    issue(admin, voucherType="01", price=5, volume=10)
    issue(admin, voucherType="02", price=1, volume=4)
    body = {"tenantId": admin.tenant_id, "voucherType": "02"}
    info = platform.data(STATISTICS, body)["summaryInfo"]
    assert (info["totalVolume"], info["totalPoints"], info["withdraw"]) == (4, 120, 1620)


def test_drafts_count_and_deleted_vouchers_do_not(admin: Caller) -> None:
    issue(admin, on=False, volume=3)
    gone = issue(admin, on=False, volume=4)
    admin.data("/voucher-mgmt/voucher/delete", {"id": gone})
    data = admin.data(SUMMARY)
    assert (data["totalVolume"], data["totalRedeemCount"], data["redeemRate"]) == (3, 0, 0)
    assert data["withdraw"] == data["totalPoints"] == 450


def test_what_does_not_exist_yet_is_left_out(
    platform: Caller, admin: Caller, client: FlaskClient, settings: Settings
) -> None:
    fresh = make_admin(client, settings, make_tenant("新租戶"))
    assert fresh.data(SUMMARY) == {}
    assert admin.data(SUMMARY).keys() == BOOKS.keys()
    data = platform.data(STATISTICS, {"tenantId": fresh.tenant_id})
    assert data["summaryInfo"] == {"tenantId": fresh.tenant_id, "tenantName": "新租戶"}
    assert {name: types(data[name]) for name in INFOS} == SHAPES
    assert [len(data[name]["details"]) for name in sorted(INFOS)] == [5, 5, 5, 5]


def test_each_role_must_name_its_own_id(platform: Caller, admin: Caller, offer: uuid.UUID) -> None:
    assert field(platform.post(STATISTICS, {"voucherId": str(offer)})) == "tenantId"
    assert field(admin.post(STATISTICS, {"tenantId": admin.tenant_id})) == "voucherId"
    assert field(platform.post(SUMMARY)) == "tenantId"
    assert field(platform.post(STATISTICS, {"tenantId": "x", "voucherType": "07"})) == "voucherType"


def test_a_tenant_admins_tenant_comes_from_the_token(
    admin: Caller, stranger: Caller, offer: uuid.UUID
) -> None:
    assert admin.data(SUMMARY, {"tenantId": stranger.tenant_id})["totalVolume"] == 10
    assert "totalVolume" not in stranger.data(SUMMARY, {"tenantId": admin.tenant_id})


def test_another_tenants_voucher_is_as_unknown_as_any(
    admin: Caller, stranger: Caller, offer: uuid.UUID
) -> None:
    gone = issue(admin, on=False)
    admin.data("/voucher-mgmt/voucher/delete", {"id": gone})
    answers = [
        stranger.post(STATISTICS, {"voucherId": str(offer)}),
        stranger.post(STATISTICS, {"voucherId": str(uuid.uuid4())}),
        stranger.post(STATISTICS, {"voucherId": "no uuid"}),
        admin.post(STATISTICS, {"voucherId": gone}),
    ]
    bodies = [{**one.json, "requestId": ""} for one in answers]
    assert code(answers[0]) == "NOT_EXIST"
    assert bodies == [bodies[0]] * 4


@pytest.mark.parametrize("path", [STATISTICS, SUMMARY])
@pytest.mark.parametrize("tenant", [str(uuid.UUID(int=7)), "no uuid"])
def test_an_unknown_tenant_does_not_exist(platform: Caller, path: str, tenant: str) -> None:
    assert code(platform.post(path, {"tenantId": tenant})) == "NOT_EXIST"


def test_members_see_no_statistics(member: Caller) -> None:
    for path in (STATISTICS, SUMMARY, "/voucher-mgmt/statistics/list"):
        assert member.post(path, {}).status_code == 403

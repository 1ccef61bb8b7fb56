"""Contract A §取得票券統計列表, through HTTP."""

import uuid
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support import rows
from tests.support.cast import Caller, fund, issue, make_admin, make_member, make_tenant
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.services.statistics_list import FIELDS

LIST = "/voucher-mgmt/statistics/list"
FIGURES = {
    "volume": int,
    "redeemCount": int,
    "redeemRate": float,
    "usedCount": int,
    "usedAmount": float,
    "usedRate": float,
    "reachCount": int,
    "reachTimes": int,
    "clickCount": int,
    "clickTimes": int,
    "clickRate": float,
}


@pytest.fixture
def busy(client: FlaskClient, settings: Settings) -> list[Caller]:
    """Three tenants: 乙 with much going on, 甲 with little, 丙 with a vendor and nothing else."""
    admins = []
    for name, price, times in (("乙", 2, 3), ("甲", 7.5, 1), ("丙", 0, 0)):
        tenant = make_tenant(name)
        fund(tenant)
        admins.append(make_admin(client, settings, tenant))
        if times:
            _keep_busy(client, settings, admins[-1], price, times)
    return admins


def _keep_busy(
    client: FlaskClient, settings: Settings, admin: Caller, price: float, times: int
) -> None:
    offer = uuid.UUID(issue(admin, price=price, volume=9))
    member = rows.member_id(make_member(client, settings).id)
    other = rows.member_id(make_member(client, settings).id)
    for _ in range(times):
        rows.use(member, rows.redeem(member, offer)[1] or uuid.UUID(int=0))
        rows.engage("R", member, [offer])
        rows.engage("R", other, [offer])
        rows.engage("C", member, [offer])
    rows.redeem(other, offer)


def names(platform: Caller, **query: Any) -> list[str]:
    return [row["tenantName"] for row in platform.data(LIST, {"query": query})]


def day(instant: datetime, settings: Settings, shift: int = 0) -> str:
    return str(clock.local_date(instant, settings.timezone) + timedelta(days=shift))


def field(answer: Any) -> str:
    assert answer.status_code == 400, answer.json
    name: str = answer.json["details"][0]["field"]
    return name


def test_a_row_has_every_field_of_its_type(platform: Caller, busy: list[Caller]) -> None:
    row = platform.data(LIST, {"query": {"name": "乙"}})[0]
    named = {"tenantId": str, "tenantName": str}
    assert {name: type(value) for name, value in row.items()} == {**named, **FIGURES}
    assert row["tenantId"] == busy[0].tenant_id
    assert (row["volume"], row["redeemCount"], row["redeemRate"]) == (9, 4, 44.4)
    assert (row["usedCount"], row["usedAmount"], row["usedRate"]) == (3, 6, 75)
    assert (row["reachCount"], row["reachTimes"], row["clickCount"]) == (2, 6, 1)
    assert (row["clickTimes"], row["clickRate"]) == (3, 50)


def test_a_tenant_that_issued_nothing_shows_its_name_only(
    platform: Caller, busy: list[Caller]
) -> None:
    assert platform.data(LIST, {"query": {"name": "丙"}}) == [
        {"tenantId": busy[2].tenant_id, "tenantName": "丙"}
    ]


def test_the_envelope_is_a_page_sorted_by_name(platform: Caller, busy: list[Caller]) -> None:
    make_tenant("沒有發行機構")
    result = platform.post(LIST).json["result"]
    assert [row["tenantName"] for row in result["data"]] == ["丙", "乙", "甲"]
    assert result["pagination"] == {"current": 1, "pageSize": 10, "total": 3}
    assert result["sorter"] == {"field": "tenantName", "order": "asc"}
    assert result["total"] == 3


def test_every_field_sorts_with_missing_as_zero_and_ties_by_id(
    platform: Caller, busy: list[Caller]
) -> None:
    fund(make_tenant("空"))
    for name in FIELDS:
        for order in ("asc", "desc"):
            sorter = {"field": name, "order": order}
            data = platform.data(LIST, {"sorter": sorter, "pagination": {"pageSize": -1}})
            missing = "" if name == "tenantName" else 0
            rows_by_id = sorted(data, key=lambda row: row["tenantId"])
            # A stable sort keeps ties in the order of their ids, upwards in both directions.
            assert data == sorted(
                rows_by_id,
                key=lambda row: row.get(name, missing),
                reverse=order == "desc",
            )


def test_pages_follow_each_other_without_overlap(platform: Caller, busy: list[Caller]) -> None:
    fund(make_tenant("空"))
    sorter = {"field": "clickRate", "order": "desc"}
    whole = platform.data(LIST, {"sorter": sorter})
    pages = [
        platform.data(LIST, {"sorter": sorter, "pagination": {"pageSize": 3, "current": number}})
        for number in (1, 2, 3)
    ]
    assert [len(one) for one in pages] == [3, 1, 0]
    assert [row for one in pages for row in one] == whole


def test_the_name_is_looked_for_anywhere(platform: Caller, busy: list[Caller]) -> None:
    fund(make_tenant("高雄小港醫院"))
    assert names(platform, name="小港") == ["高雄小港醫院"]
    assert names(platform, name="%") == []


def test_a_type_narrows_all_figures(platform: Caller, busy: list[Caller]) -> None:
    issue(busy[2], voucherType="02", volume=3)
    rows_by_name = {
        row["tenantName"]: row for row in platform.data(LIST, {"query": {"voucherType": "02"}})
    }
    assert rows_by_name["丙"]["volume"] == 3
    assert rows_by_name["乙"].keys() == {"tenantId", "tenantName"}


@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [(0, 0, True), (None, 0, True), (0, None, True), (1, None, False), (None, -1, False)],
)
def test_dates_are_whole_local_days_on_which_vouchers_go_on_the_shelf(
    platform: Caller,
    admin: Caller,
    settings: Settings,
    first: int | None,
    last: int | None,
    shown: bool,
) -> None:
    midnight = clock.start_of_day(
        clock.local_date(clock.now(), settings.timezone), settings.timezone
    )
    for start in (midnight, clock.end_of_day(date.fromisoformat(day(midnight, settings)),
                                             settings.timezone)):  # fmt: skip
        end = clock.to_millis(start + timedelta(days=3))
        issue(admin, on=False, onStartDate=clock.to_millis(start), onEndDate=end,
              redeemEndDate=end, useEndDate=end)  # fmt: skip
    query = {
        "startDate": None if first is None else day(midnight, settings, first),
        "endDate": None if last is None else day(midnight, settings, last),
    }
    assert platform.data(LIST, {"query": query})[0].get("volume") == (20 if shown else None)


def test_between_dates_persons_are_distinct_over_the_vouchers_that_match(
    platform: Caller, admin: Caller, member: Caller, settings: Settings
) -> None:
    ago = [clock.now() - timedelta(days=days) for days in (10, 5, 4)]
    offers = [uuid.UUID(issue(admin, onStartDate=clock.to_millis(start))) for start in ago]
    rows.engage("R", rows.member_id(member.id), offers)
    rows.engage("C", rows.member_id(member.id), offers[:1])
    query = {"startDate": day(ago[1], settings)}
    row = platform.data(LIST, {"query": query})[0]
    assert (row["volume"], row["reachCount"], row["reachTimes"]) == (20, 1, 2)
    assert (row["clickCount"], row["clickRate"]) == (0, 0)
    query = {"startDate": day(ago[0], settings)}
    row = platform.data(LIST, {"query": query})[0]
    assert (row["reachCount"], row["reachTimes"], row["clickRate"]) == (1, 3, 100)


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ({"startDate": "2026-05-02", "endDate": "2026-05-01"}, "query.endDate"),
        ({"startDate": "2026/05/02"}, "query.startDate"),
        ({"startDate": "2026-02-30"}, "query.startDate"),
        ({"endDate": "1234569600"}, "query.endDate"),
        ({"endDate": 20260501}, "query.endDate"),
        ({"voucherType": "99"}, "query.voucherType"),
        ({"name": "名" * 256}, "query.name"),
    ],
)
def test_a_wrong_filter_is_refused_by_name(
    platform: Caller, query: dict[str, Any], wrong: str
) -> None:
    assert field(platform.post(LIST, {"query": query})) == wrong


def test_an_unknown_sorter_is_refused(platform: Caller) -> None:
    assert field(platform.post(LIST, {"sorter": {"field": "id"}})) == "sorter.field"


def test_the_outermost_days_of_the_calendar_bound_nothing(
    platform: Caller, busy: list[Caller]
) -> None:
    everything = platform.data(LIST)
    query = {"startDate": "0001-01-01", "endDate": "9999-12-31"}
    assert platform.data(LIST, {"query": query}) == everything


def test_only_the_platform_sees_the_list(admin: Caller) -> None:
    assert admin.post(LIST).status_code == 403

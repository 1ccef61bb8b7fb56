"""Contract B call 8: transactions in half-open windows."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support import cards
from tests.support.cards import Holder
from tests.support.partners import PartnerCaller, make_partner
from tests.support.refusals import wrong_fields
from voucherweb.config import Settings
from voucherweb.domain.partner import Scope

LIST = "/v2/connect/transactions"


def add(partner: PartnerCaller, holder: Holder, **body: Any) -> dict[str, Any]:
    asked = {**holder.named, "method": 2, "points": 1, **body}
    answer = partner.post("/v2/connect/add/points", asked)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    told: dict[str, Any] = answer.get_json()
    return told


def listed(partner: PartnerCaller, path: str = LIST, **query: Any) -> dict[str, Any]:
    answer = partner.get(path, **query)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    told: dict[str, Any] = answer.get_json()
    return told


def wrong(partner: PartnerCaller, **query: Any) -> set[str]:
    return wrong_fields(partner.get(LIST, **query))


def test_nothing_is_an_empty_list(partner: PartnerCaller) -> None:
    pagination = {"page": 1, "size": 100, "total": 0, "total_pages": 0}
    assert listed(partner) == {"data": [], "pagination": pagination}


def test_a_transaction_is_told_whole(partner: PartnerCaller, holder: Holder) -> None:
    added = add(partner, holder, method=1, value="75.5", ref_no="N", ref_id="I")
    told = listed(partner)["data"][0]
    assert told.pop("created_at").endswith("Z")
    assert told == {
        "uuid": added["transaction_id"],
        "ref_id": "I",
        "ref_no": "N",
        "type": "ADD",
        "method": 1,
        "value": 75.5,
        "points": 2,
        "card_no": holder.card_no,
        "phone_number": holder.phone,
        "member_id": holder.member_id,
        "is_void": False,
    }


def test_burns_and_voids_are_told_too(partner: PartnerCaller, holder: Holder) -> None:
    add(partner, holder, points=10)
    burnt = {**holder.named, "points": 4, "ref_no": "B"}
    partner.post("/v2/connect/burn/points", burnt)
    partner.delete("/v2/connect/void/points/ref-no/B")
    told = [
        (one["type"], one["points"], one["method"], one["ref_no"], one["is_void"])
        for one in listed(partner)["data"]
    ]
    assert told == [
        ("ADD", 10, 2, None, False),
        ("BURN", 4, None, "B", True),
        ("VOID", 4, None, "B", False),
    ]


@pytest.mark.wire_fact
@pytest.mark.parametrize("path", [LIST, "/api/v1/connect/transactions"])
def test_windows_put_end_to_end_tell_everything_once(
    partner: PartnerCaller, holder: Holder, path: str
) -> None:
    ids = [add(partner, holder)["transaction_id"] for _ in range(4)]
    times = [one["created_at"] for one in listed(partner)["data"]]
    windows = [(None, times[1]), (times[1], times[3]), (times[3], None)]
    told = []
    for since, until in windows:
        query = {"from_": since, "to": until}
        told.append(listed(partner, path, **{name: one for name, one in query.items() if one}))
    assert [[one["uuid"] for one in page["data"]] for page in told] == [ids[:1], ids[1:3], ids[3:]]


@pytest.mark.wire_fact
def test_pages_are_of_100_and_begin_at_1(partner: PartnerCaller, holder: Holder) -> None:
    ids = [add(partner, holder)["transaction_id"] for _ in range(101)]
    first, second, third = (listed(partner, page=page) for page in (1, 2, 3))
    assert [one["uuid"] for page in (first, second) for one in page["data"]] == ids
    assert (len(first["data"]), len(second["data"]), third["data"]) == (100, 1, [])
    assert first["pagination"] == {"page": 1, "size": 100, "total": 101, "total_pages": 2}
    assert listed(partner, size=1000)["pagination"]["total_pages"] == 1


@pytest.mark.wire_fact
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"size": 1001}, "size"),
        ({"size": 0}, "size"),
        ({"size": "all"}, "size"),
        ({"page": 0}, "page"),
        ({"page": -1}, "page"),
        ({"page": "x"}, "page"),
    ],
)
def test_a_page_out_of_range_is_refused(
    partner: PartnerCaller, query: dict[str, Any], field: str
) -> None:
    assert wrong(partner, **query) == {field}


@pytest.mark.wire_fact
@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T04:00:00+00:00",
        "2026-11-22T12:00:00+08:00",
        "2026-11-22T04:00:00",
        "2026-11-22T04:00:00z",
        "2026-11-22",
        "2026-11-22Z",
        "2026-02-30T04:00:00Z",
        "2026-11-22T25:00:00Z",
        "2026-11-22 04:00:00Z",
        "1763784000000",
        "now",
        "",
    ],
)
@pytest.mark.parametrize("field", ["from", "to"])
def test_only_utc_ending_in_z_is_a_time(partner: PartnerCaller, field: str, text: str) -> None:
    assert wrong(partner, **{f"{field}_": text}) == {field}


@pytest.mark.wire_fact
@pytest.mark.parametrize(
    "text", ["2000-01-01T00:00:00Z", "2000-01-01T00:00:00.5Z", "2000-01-01T00:00:00.123456Z"]
)
def test_a_fraction_of_a_second_may_be_told(
    partner: PartnerCaller, holder: Holder, text: str
) -> None:
    add(partner, holder)
    assert listed(partner, from_=text)["pagination"]["total"] == 1
    assert listed(partner, to=text)["pagination"]["total"] == 0


def test_a_window_that_ends_before_it_begins_is_refused(partner: PartnerCaller) -> None:
    window = {"from_": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}
    assert wrong(partner, **window) == {"from"}
    assert listed(partner, from_=window["to"], to=window["to"])["data"] == []


def test_a_window_that_is_over_answers_the_same_later(
    partner: PartnerCaller, holder: Holder
) -> None:
    added = add(partner, holder)["transaction_id"]
    # To the microsecond after the entry: a window that is over, however quick the test.
    at = listed(partner)["data"][0]["created_at"]
    window = {"to": f"{at[:-7]}{int(at[-7:-1]) + 1:06d}Z"} if at[-7:-1] != "999999" else {"to": at}
    first = partner.get(LIST, **window).data
    partner.delete(f"/v2/connect/void/points/{added}")
    add(partner, holder)
    assert partner.get(LIST, **window).data == first
    assert listed(partner)["data"][0]["is_void"] is True


def test_a_stranger_sees_nothing(
    client: FlaskClient, settings: Settings, partner: PartnerCaller, holder: Holder
) -> None:
    add(partner, holder)
    for stranger in (make_partner(client, settings), make_partner(client, settings, platform=True)):
        assert listed(stranger)["data"] == []


def test_the_platforms_key_reads_the_platforms_programme(
    client: FlaskClient, settings: Settings, partner: PartnerCaller
) -> None:
    host = make_partner(client, settings, platform=True)
    purse = cards.make_platform_holder(grant=70)
    told = [(one["card_no"], one["type"], one["points"]) for one in listed(host)["data"]]
    assert told == [(purse.card_no, "ADD", 70)]


def test_a_key_needs_the_scope(client: FlaskClient, settings: Settings) -> None:
    writer = make_partner(client, settings, scopes=frozenset({Scope.POINTS_WRITE}))
    assert writer.get(LIST).status_code == 403

"""Contract B calls 9 to 13: add, burn and void points."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support import books, cards, cast
from tests.support.cards import Holder
from tests.support.cast import Caller
from tests.support.partners import PartnerCaller, make_partner
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.campaign_rules import CampaignStatus
from voucherweb.domain.partner import Scope
from voucherweb.services import proof
from voucherweb.services.cards import CardTerms

ADD = "/v2/connect/add/points"
BURN = "/v2/connect/burn/points"
VOID = "/v2/connect/void/points"
DAY = timedelta(days=1)


@pytest.fixture
def world(app: Any) -> tuple[str, str, Holder]:
    return cards.tenant_with_holder()


@pytest.fixture
def tenant(world: tuple[str, str, Holder]) -> str:
    return world[0]


@pytest.fixture
def campaign(world: tuple[str, str, Holder]) -> str:
    return world[1]


@pytest.fixture
def holder(world: tuple[str, str, Holder]) -> Holder:
    return world[2]


@pytest.fixture
def partner(client: FlaskClient, settings: Settings, tenant: str) -> PartnerCaller:
    return make_partner(client, settings, tenant)


@pytest.fixture
def rich(partner: PartnerCaller, holder: Holder) -> Holder:
    """The holder with 100 points."""
    assert add(partner, holder, points=100).status_code == 201
    return holder


def add(partner: PartnerCaller, holder: Holder, **body: Any) -> TestResponse:
    method = 1 if "value" in body else 2
    return partner.post(ADD, {**holder.named, "method": method, **body})


def burn(partner: PartnerCaller, holder: Holder, points: Any, **body: Any) -> TestResponse:
    return partner.post(BURN, {**holder.named, "points": points, "ref_no": "R1", **body})


def code(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]


def fields(answer: TestResponse) -> set[str]:
    assert code(answer) == (400, "INVALID_PARAMETER")
    return {one["field"] for one in answer.get_json()["details"]}


@contextmanager
def nothing_changes() -> Iterator[None]:
    before = cards.of_all_cards()
    yield
    assert cards.of_all_cards() == before


def test_points_are_added_and_told(partner: PartnerCaller, holder: Holder) -> None:
    answer = add(partner, holder, points=7, ref_no="單號 1", ref_id="id-1")
    assert answer.status_code == 201
    told = answer.get_json()
    assert uuid.UUID(told.pop("transaction_id"))
    assert told == {
        "message": "已加點",
        "card_no": holder.card_no,
        "points": 7,
        "balance": 7,
        "ref_no": "單號 1",
        "ref_id": "id-1",
    }
    assert cards.entries_of(holder) == [("ADD", 7, 7)]


@pytest.mark.wire_fact
@pytest.mark.parametrize(
    ("value", "points"),
    [("30", 1), (59.99, 1), ("60.00", 2), (89.99, 2), (3000, 100), ("9999999.99", 333333)],
)
def test_method_1_divides_the_value_by_the_rate_and_rounds_down(
    partner: PartnerCaller, holder: Holder, value: Any, points: int
) -> None:
    told = add(partner, holder, value=value).get_json()
    assert (told["points"], told["balance"]) == (points, points)


def test_a_rate_of_cents_is_exact(partner: PartnerCaller, tenant: str) -> None:
    exact = cards.make_holder(cards.make_campaign(tenant, "0.07"), tenant)
    assert add(partner, exact, value="0.63").get_json()["points"] == 9
    assert add(partner, exact, value="0.62").get_json()["points"] == 8


@pytest.mark.wire_fact
def test_method_2_adds_the_points_themselves(partner: PartnerCaller, holder: Holder) -> None:
    answer = add(partner, holder, method=2, points=5, value=3000)
    assert answer.get_json()["points"] == 5


@pytest.mark.wire_fact
def test_a_burn_is_told_with_the_card(partner: PartnerCaller, rich: Holder) -> None:
    answer = burn(partner, rich, 40, ref_no="單號 2")
    assert answer.status_code == 201
    told = answer.get_json()
    assert uuid.UUID(told.pop("transaction_id"))
    assert told == {
        "message": "已扣點",
        "card_no": rich.card_no,
        "points": 40,
        "balance": 60,
        "ref_no": "單號 2",
        "ref_id": None,
    }


def test_messages_follow_the_language(partner: PartnerCaller, holder: Holder) -> None:
    body = {**holder.named, "method": 2, "points": 1}
    assert partner.post(ADD, body, Accept_Language="en").get_json()["message"] == "Points added"


def test_a_card_never_falls_below_zero(partner: PartnerCaller, rich: Holder) -> None:
    with nothing_changes():
        assert code(burn(partner, rich, 101)) == (422, "INSUFFICIENT_POINTS")
    assert burn(partner, rich, 100).get_json()["balance"] == 0


@pytest.mark.parametrize("path", ["/api/v1/connect/add/points", ADD])
@pytest.mark.wire_fact
def test_points_are_added_at_the_old_address_too(
    partner: PartnerCaller, holder: Holder, path: str
) -> None:
    answer = partner.post(path, {**holder.named, "method": 2, "points": 3})
    assert (answer.status_code, answer.get_json()["balance"]) == (201, 3)


@pytest.mark.wire_fact
def test_points_are_burnt_at_the_old_address_too(partner: PartnerCaller, rich: Holder) -> None:
    answer = partner.post("/api/v1/connect/burn/points", {**rich.named, "points": 3, "ref_no": "R"})
    assert (answer.status_code, answer.get_json()["balance"]) == (201, 97)


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"method": None}, "method"),
        ({"method": 3}, "method"),
        ({"method": "x"}, "method"),
        ({"method": 1}, "value"),
        ({"method": 1, "value": 0}, "value"),
        ({"method": 1, "value": -30}, "value"),
        ({"method": 1, "value": "1.001"}, "value"),
        ({"method": 1, "value": "29.99"}, "value"),
        ({"method": 1, "value": "many"}, "value"),
        ({"points": None}, "points"),
        ({"points": 0}, "points"),
        ({"points": -1}, "points"),
        ({"points": 1.5}, "points"),
        ({"points": "1_0"}, "points"),
        ({"points": True}, "points"),
        ({"points": 2_000_000_001}, "points"),
        ({"phone_number": None}, "phone_number"),
        ({"card_no": ""}, "card_no"),
        ({"card_no": 123}, "card_no"),
        ({"ref_id": "x" * 256}, "ref_id"),
    ],
)
def test_a_wrong_field_of_an_add_is_named(
    partner: PartnerCaller, holder: Holder, change: dict[str, Any], wrong: str
) -> None:
    body = {**holder.named, "method": 2, "points": 1, **change}
    with nothing_changes():
        assert fields(partner.post(ADD, body)) == {wrong}


@pytest.mark.wire_fact
@pytest.mark.parametrize("field", ["phone_number", "card_no", "points", "ref_no"])
def test_every_field_of_a_burn_is_needed(partner: PartnerCaller, rich: Holder, field: str) -> None:
    body = {**rich.named, "points": 1, "ref_no": "R1", field: None}
    with nothing_changes():
        assert fields(partner.post(BURN, body)) == {field}


def test_numbers_may_come_as_text(partner: PartnerCaller, holder: Holder) -> None:
    assert add(partner, holder, method="2", points="12").get_json()["points"] == 12
    assert burn(partner, holder, "2").get_json()["balance"] == 10


def test_a_balance_has_a_maximum(partner: PartnerCaller, holder: Holder) -> None:
    add(partner, holder, points=2_000_000_000)
    with nothing_changes():
        assert fields(add(partner, holder, points=1)) == {"points"}
        assert fields(add(partner, holder, value=30)) == {"value"}


def test_telephones_are_read_as_people_write_them(partner: PartnerCaller, holder: Holder) -> None:
    spoken = f"{holder.phone[:4]}-{holder.phone[4:7]} ({holder.phone[7:]})"
    assert add(partner, holder, points=1, phone_number=spoken).status_code == 201


@pytest.mark.parametrize("phone", ["0900000000", "not a phone", "12", "０９１２３４５６７８"])
def test_phone_and_card_must_belong_together(
    partner: PartnerCaller, rich: Holder, phone: str
) -> None:
    with nothing_changes():
        assert code(add(partner, rich, points=1, phone_number=phone)) == (404, "NOT_FOUND")
        assert code(burn(partner, rich, 1, phone_number=phone)) == (404, "NOT_FOUND")


def test_another_tenants_card_is_as_unknown_as_no_card(
    client: FlaskClient, settings: Settings, partner: PartnerCaller, holder: Holder
) -> None:
    _, _, foreign = cards.tenant_with_holder()
    theirs, nobodys = add(partner, foreign, points=1), add(partner, holder, points=1, card_no="1")
    told = [{**answer.get_json(), "requestId": ""} for answer in (theirs, nobodys)]
    assert told[0] == told[1]
    assert code(theirs) == (404, "NOT_FOUND")
    assert cards.of_all_cards() == (0, 0, 0)


def test_the_platforms_card_is_no_tenants(partner: PartnerCaller, tenant: str) -> None:
    person = cards.make_person(tenant)
    mine = cards.give("00000000-0000-0000-0000-000000000001", *person)
    assert code(add(partner, mine, points=1)) == (404, "NOT_FOUND")


def test_a_ref_id_is_used_once_by_a_tenant(
    client: FlaskClient, settings: Settings, partner: PartnerCaller, rich: Holder
) -> None:
    assert add(partner, rich, points=1, ref_id="X").status_code == 201
    with nothing_changes():
        assert code(add(partner, rich, points=1, ref_id="X")) == (409, "REF_ID_EXISTS")
        assert code(burn(partner, rich, 1, ref_id="X")) == (409, "REF_ID_EXISTS")
    other, _, foreign = cards.tenant_with_holder()
    assert (
        add(make_partner(client, settings, other), foreign, points=1, ref_id="X").status_code == 201
    )


def test_an_empty_reference_is_none(partner: PartnerCaller, holder: Holder) -> None:
    for _ in range(2):
        told = add(partner, holder, points=1, ref_id="", ref_no=" ").get_json()
        assert (told["ref_id"], told["ref_no"]) == (None, None)


@pytest.mark.parametrize(
    "terms",
    [
        {"status": CampaignStatus.INACTIVE},
        {"start_date": clock.now() + DAY},
        {"end_date": clock.now() - DAY},
    ],
)
def test_a_campaign_that_is_not_running_takes_nothing_in(
    partner: PartnerCaller, tenant: str, terms: dict[str, Any]
) -> None:
    closed = cards.make_holder(cards.make_campaign(tenant, **terms), tenant)
    answer = add(partner, closed, points=1)
    assert code(answer) == (403, "FORBIDDEN")
    assert answer.get_json()["details"][0]["field"] == "card_no"
    assert cards.entries_of(closed) == []


def test_an_expired_card_moves_no_more(partner: PartnerCaller, tenant: str, campaign: str) -> None:
    late = cards.make_holder(campaign, tenant, CardTerms(expired_at=clock.now() - DAY))
    assert code(add(partner, late, points=1)) == (403, "FORBIDDEN")
    assert code(burn(partner, late, 1)) == (403, "FORBIDDEN")
    assert cards.entries_of(late) == []


def test_a_void_takes_an_add_back_once(partner: PartnerCaller, rich: Holder) -> None:
    added = add(partner, rich, points=5, ref_no="N", ref_id="I").get_json()
    answer = partner.delete(f"{VOID}/{added['transaction_id']}")
    assert answer.status_code == 200
    told = answer.get_json()
    assert uuid.UUID(told.pop("void_transaction_id"))
    assert told == {**added, "message": "已作廢", "balance": 100}
    with nothing_changes():
        again = partner.delete(f"{VOID}/{added['transaction_id']}")
        assert code(again) == (409, "ALREADY_VOIDED")
    assert cards.entries_of(rich)[-1] == ("VOID", 5, 100)


def test_a_void_takes_a_burn_back(partner: PartnerCaller, rich: Holder) -> None:
    burnt = burn(partner, rich, 30).get_json()
    told = partner.delete(f"{VOID}/{burnt['transaction_id']}").get_json()
    assert (told["points"], told["balance"]) == (30, 100)
    assert proof.prove().ok


def test_points_that_are_spent_cannot_be_taken_back(partner: PartnerCaller, rich: Holder) -> None:
    added = add(partner, rich, points=50).get_json()["transaction_id"]
    burn(partner, rich, 120)
    with nothing_changes():
        assert code(partner.delete(f"{VOID}/{added}")) == (422, "POINTS_ALREADY_SPENT")


def test_a_void_is_not_taken_back(partner: PartnerCaller, rich: Holder) -> None:
    burnt = burn(partner, rich, 30).get_json()["transaction_id"]
    void = partner.delete(f"{VOID}/{burnt}").get_json()["void_transaction_id"]
    with nothing_changes():
        assert code(partner.delete(f"{VOID}/{void}")) == (409, "ALREADY_VOIDED")


def test_several_live_matches_of_a_ref_no_are_told(partner: PartnerCaller, rich: Holder) -> None:
    ids = [
        add(partner, rich, points=n, ref_no="訂單/1").get_json()["transaction_id"] for n in (1, 2)
    ]
    with nothing_changes():
        answer = partner.delete(f"{VOID}/ref-no/訂單%2F1")
        assert code(answer) == (409, "REF_AMBIGUOUS")
    assert [one["reason"] for one in answer.get_json()["details"]] == ids
    partner.delete(f"{VOID}/{ids[0]}")
    told = partner.delete(f"{VOID}/ref-no/訂單%2F1").get_json()
    assert (told["transaction_id"], told["ref_no"], told["balance"]) == (ids[1], "訂單/1", 100)
    assert code(partner.delete(f"{VOID}/ref-no/訂單%2F1")) == (409, "ALREADY_VOIDED")


def test_a_ref_id_names_one_transaction(partner: PartnerCaller, rich: Holder) -> None:
    burnt = burn(partner, rich, 10, ref_id="a b")
    told = partner.delete(f"{VOID}/ref-id/a%20b").get_json()
    assert told["transaction_id"] == burnt.get_json()["transaction_id"]
    assert (told["ref_id"], told["balance"]) == ("a b", 100)
    assert code(partner.delete(f"{VOID}/ref-id/a%20b")) == (409, "ALREADY_VOIDED")


@pytest.mark.parametrize(
    "path",
    ["6b1f5f1e-0c1d-4a57-9a52-2f3f0f6a9d11", "7", "ref-no/none", "ref-id/none", "ref-no/%00"],
)
def test_what_nobody_knows_is_not_found(partner: PartnerCaller, rich: Holder, path: str) -> None:
    with nothing_changes():
        assert code(partner.delete(f"{VOID}/{path}")) == (404, "NOT_FOUND")


def test_a_stranger_finds_nothing_to_void(
    client: FlaskClient, settings: Settings, partner: PartnerCaller, rich: Holder
) -> None:
    added = add(partner, rich, points=5, ref_no="N", ref_id="I").get_json()["transaction_id"]
    stranger = make_partner(client, settings)
    with nothing_changes():
        for path in (added, "ref-no/N", "ref-id/I"):
            assert code(stranger.delete(f"{VOID}/{path}")) == (404, "NOT_FOUND")


def test_a_key_repeats_the_answer_and_not_the_deed(partner: PartnerCaller, rich: Holder) -> None:
    body = {**rich.named, "points": 10, "ref_no": "R"}
    first, again = (partner.post(BURN, body, Idempotency_Key="k1") for _ in range(2))
    assert first.get_json() == again.get_json()
    assert first.status_code == again.status_code == 201
    path = f"{VOID}/{first.get_json()['transaction_id']}"
    voids = [partner.delete(path, Idempotency_Key="k2") for _ in range(2)]
    assert [one.status_code for one in voids] == [200, 200]
    assert voids[0].get_json() == voids[1].get_json()
    assert cards.balance_of(rich) == 100


def test_a_refusal_with_a_key_changes_nothing(partner: PartnerCaller, rich: Holder) -> None:
    add(partner, rich, points=1, ref_id="X")
    with nothing_changes():
        body = {**rich.named, "method": 2, "points": 1, "ref_id": "X"}
        assert code(partner.post(ADD, body, Idempotency_Key="k")) == (409, "REF_ID_EXISTS")


def test_reading_is_not_writing(
    client: FlaskClient, settings: Settings, tenant: str, rich: Holder
) -> None:
    reader = make_partner(client, settings, tenant, scopes=frozenset({Scope.POINTS_READ}))
    with nothing_changes():
        assert code(add(reader, rich, points=1)) == (403, "FORBIDDEN")
        assert code(burn(reader, rich, 1)) == (403, "FORBIDDEN")
        assert code(reader.delete(f"{VOID}/{uuid.uuid4()}")) == (403, "FORBIDDEN")


def test_the_platforms_key_adds_what_redeeming_spends(
    client: FlaskClient, settings: Settings, admin: Caller
) -> None:
    host = make_partner(client, settings, platform=True)
    voucher = cast.issue(admin, price=5)
    buyer = cast.make_member(client, settings, grant=0)
    books.change_person(buyer.id, phone_number="0912345678")
    purse = cards.give("00000000-0000-0000-0000-000000000001", buyer.id, "0912345678")
    add(host, purse, value=150)
    assert buyer.post("/voucher/redeem", {"voucherId": voucher}).status_code == 200
    assert books.balance(buyer.id) == 0
    assert cards.entries_of(purse) == [("ADD", 150, 150), ("REDEEM", 150, 0)]


def test_a_redemption_is_no_partners_transaction(
    client: FlaskClient, settings: Settings, admin: Caller, member: Caller
) -> None:
    host = make_partner(client, settings, platform=True)
    member.data("/voucher/redeem", {"voucherId": cast.issue(admin)})
    listed = host.get("/v2/connect/transactions").get_json()["data"]
    redeemed = next(one for one in listed if one["type"] == "BURN")
    with nothing_changes():
        assert code(host.delete(f"{VOID}/{redeemed['uuid']}")) == (404, "NOT_FOUND")


def test_the_books_are_right_after_all_of_it(partner: PartnerCaller, rich: Holder) -> None:
    burn(partner, rich, 10, ref_no="A")
    partner.delete(f"{VOID}/ref-no/A")
    add(partner, rich, value="61.5", ref_id="B")
    partner.delete(f"{VOID}/ref-id/B")
    assert proof.prove() == proof.Proof(ok=True, checked=proof.prove().checked, first_bad=None)

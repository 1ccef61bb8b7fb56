"""Contract B calls 9 and 10: add and burn points."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support import books, cards, cast
from tests.support.cards import Holder
from tests.support.cast import Caller
from tests.support.partners import PartnerCaller, make_partner
from tests.support.points_calls import ADD, BURN, VOID, add, burn, nothing_changes
from tests.support.refusals import refusal, wrong_fields
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.campaign_rules import CampaignStatus
from voucherweb.domain.partner import Scope
from voucherweb.services.cards import CardTerms

DAY = timedelta(days=1)


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


def test_a_rate_of_cents_is_exact(partner: PartnerCaller, tenant_id: str) -> None:
    exact = cards.make_holder(cards.make_campaign(tenant_id, "0.07"), tenant_id)
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
        assert refusal(burn(partner, rich, 101)) == (422, "INSUFFICIENT_POINTS")
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
        assert wrong_fields(partner.post(ADD, body)) == {wrong}


@pytest.mark.wire_fact
@pytest.mark.parametrize("field", ["phone_number", "card_no", "points", "ref_no"])
def test_every_field_of_a_burn_is_needed(partner: PartnerCaller, rich: Holder, field: str) -> None:
    body = {**rich.named, "points": 1, "ref_no": "R1", field: None}
    with nothing_changes():
        assert wrong_fields(partner.post(BURN, body)) == {field}


def test_numbers_may_come_as_text(partner: PartnerCaller, holder: Holder) -> None:
    assert add(partner, holder, method="2", points="12").get_json()["points"] == 12
    assert burn(partner, holder, "2").get_json()["balance"] == 10


def test_a_balance_has_a_maximum(partner: PartnerCaller, holder: Holder) -> None:
    add(partner, holder, points=2_000_000_000)
    with nothing_changes():
        assert wrong_fields(add(partner, holder, points=1)) == {"points"}
        assert wrong_fields(add(partner, holder, value=30)) == {"value"}


def test_telephones_are_read_as_people_write_them(partner: PartnerCaller, holder: Holder) -> None:
    spoken = f"{holder.phone[:4]}-{holder.phone[4:7]} ({holder.phone[7:]})"
    assert add(partner, holder, points=1, phone_number=spoken).status_code == 201


@pytest.mark.parametrize("phone", ["0900000000", "not a phone", "12", "０９１２３４５６７８"])
def test_phone_and_card_must_belong_together(
    partner: PartnerCaller, rich: Holder, phone: str
) -> None:
    with nothing_changes():
        assert refusal(add(partner, rich, points=1, phone_number=phone)) == (404, "NOT_FOUND")
        assert refusal(burn(partner, rich, 1, phone_number=phone)) == (404, "NOT_FOUND")


def test_another_tenants_card_is_as_unknown_as_no_card(
    client: FlaskClient, settings: Settings, partner: PartnerCaller, holder: Holder
) -> None:
    _, _, foreign = cards.tenant_with_holder()
    theirs, nobodys = add(partner, foreign, points=1), add(partner, holder, points=1, card_no="1")
    told = [{**answer.get_json(), "requestId": ""} for answer in (theirs, nobodys)]
    assert told[0] == told[1]
    assert refusal(theirs) == (404, "NOT_FOUND")
    assert cards.of_all_cards() == (0, 0, 0)


def test_the_platforms_card_is_no_tenants(partner: PartnerCaller, tenant_id: str) -> None:
    person = cards.make_person(tenant_id)
    mine = cards.give("00000000-0000-0000-0000-000000000001", *person)
    assert refusal(add(partner, mine, points=1)) == (404, "NOT_FOUND")


def test_a_ref_id_is_used_once_by_a_tenant(
    client: FlaskClient, settings: Settings, partner: PartnerCaller, rich: Holder
) -> None:
    assert add(partner, rich, points=1, ref_id="X").status_code == 201
    with nothing_changes():
        assert refusal(add(partner, rich, points=1, ref_id="X")) == (409, "REF_ID_EXISTS")
        assert refusal(burn(partner, rich, 1, ref_id="X")) == (409, "REF_ID_EXISTS")
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
    partner: PartnerCaller, tenant_id: str, terms: dict[str, Any]
) -> None:
    closed = cards.make_holder(cards.make_campaign(tenant_id, **terms), tenant_id)
    answer = add(partner, closed, points=1)
    assert refusal(answer) == (403, "FORBIDDEN")
    assert answer.get_json()["details"][0]["field"] == "card_no"
    assert cards.entries_of(closed) == []


def test_an_expired_card_moves_no_more(
    partner: PartnerCaller, tenant_id: str, campaign: str
) -> None:
    late = cards.make_holder(campaign, tenant_id, CardTerms(expired_at=clock.now() - DAY))
    assert refusal(add(partner, late, points=1)) == (403, "FORBIDDEN")
    assert refusal(burn(partner, late, 1)) == (403, "FORBIDDEN")
    assert cards.entries_of(late) == []


def test_a_refusal_with_a_key_changes_nothing(partner: PartnerCaller, rich: Holder) -> None:
    add(partner, rich, points=1, ref_id="X")
    with nothing_changes():
        body = {**rich.named, "method": 2, "points": 1, "ref_id": "X"}
        assert refusal(partner.post(ADD, body, Idempotency_Key="k")) == (409, "REF_ID_EXISTS")


def test_reading_is_not_writing(
    client: FlaskClient, settings: Settings, tenant_id: str, rich: Holder
) -> None:
    reader = make_partner(client, settings, tenant_id, scopes=frozenset({Scope.POINTS_READ}))
    with nothing_changes():
        assert refusal(add(reader, rich, points=1)) == (403, "FORBIDDEN")
        assert refusal(burn(reader, rich, 1)) == (403, "FORBIDDEN")
        assert refusal(reader.delete(f"{VOID}/{uuid.uuid4()}")) == (403, "FORBIDDEN")


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

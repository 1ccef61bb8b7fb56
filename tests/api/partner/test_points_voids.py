"""Contract B calls 11 to 13: void points by transaction, reference number and reference id."""

import uuid

import pytest
from flask.testing import FlaskClient

from tests.support import cards, cast
from tests.support.cards import Holder
from tests.support.cast import Caller
from tests.support.partners import PartnerCaller, make_partner
from tests.support.points_calls import BURN, VOID, add, burn, nothing_changes
from tests.support.refusals import refusal
from voucherweb.config import Settings
from voucherweb.services import proof


def test_a_void_takes_an_add_back_once(partner: PartnerCaller, rich: Holder) -> None:
    added = add(partner, rich, points=5, ref_no="N", ref_id="I").get_json()
    answer = partner.delete(f"{VOID}/{added['transaction_id']}")
    assert answer.status_code == 200
    told = answer.get_json()
    assert uuid.UUID(told.pop("void_transaction_id"))
    assert told == {**added, "message": "已作廢", "balance": 100}
    with nothing_changes():
        again = partner.delete(f"{VOID}/{added['transaction_id']}")
        assert refusal(again) == (409, "ALREADY_VOIDED")
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
        assert refusal(partner.delete(f"{VOID}/{added}")) == (422, "POINTS_ALREADY_SPENT")


def test_a_void_is_not_taken_back(partner: PartnerCaller, rich: Holder) -> None:
    burnt = burn(partner, rich, 30).get_json()["transaction_id"]
    void = partner.delete(f"{VOID}/{burnt}").get_json()["void_transaction_id"]
    with nothing_changes():
        assert refusal(partner.delete(f"{VOID}/{void}")) == (409, "ALREADY_VOIDED")


def test_several_live_matches_of_a_ref_no_are_told(partner: PartnerCaller, rich: Holder) -> None:
    ids = [
        add(partner, rich, points=n, ref_no="訂單/1").get_json()["transaction_id"] for n in (1, 2)
    ]
    with nothing_changes():
        answer = partner.delete(f"{VOID}/ref-no/訂單%2F1")
        assert refusal(answer) == (409, "REF_AMBIGUOUS")
    assert [one["reason"] for one in answer.get_json()["details"]] == ids
    partner.delete(f"{VOID}/{ids[0]}")
    told = partner.delete(f"{VOID}/ref-no/訂單%2F1").get_json()
    assert (told["transaction_id"], told["ref_no"], told["balance"]) == (ids[1], "訂單/1", 100)
    assert refusal(partner.delete(f"{VOID}/ref-no/訂單%2F1")) == (409, "ALREADY_VOIDED")


def test_a_ref_id_names_one_transaction(partner: PartnerCaller, rich: Holder) -> None:
    burnt = burn(partner, rich, 10, ref_id="a b")
    told = partner.delete(f"{VOID}/ref-id/a%20b").get_json()
    assert told["transaction_id"] == burnt.get_json()["transaction_id"]
    assert (told["ref_id"], told["balance"]) == ("a b", 100)
    assert refusal(partner.delete(f"{VOID}/ref-id/a%20b")) == (409, "ALREADY_VOIDED")


@pytest.mark.parametrize(
    "path",
    ["6b1f5f1e-0c1d-4a57-9a52-2f3f0f6a9d11", "7", "ref-no/none", "ref-id/none", "ref-no/%00"],
)
def test_what_nobody_knows_is_not_found(partner: PartnerCaller, rich: Holder, path: str) -> None:
    with nothing_changes():
        assert refusal(partner.delete(f"{VOID}/{path}")) == (404, "NOT_FOUND")


def test_a_stranger_finds_nothing_to_void(
    client: FlaskClient, settings: Settings, partner: PartnerCaller, rich: Holder
) -> None:
    added = add(partner, rich, points=5, ref_no="N", ref_id="I").get_json()["transaction_id"]
    stranger = make_partner(client, settings)
    with nothing_changes():
        for path in (added, "ref-no/N", "ref-id/I"):
            assert refusal(stranger.delete(f"{VOID}/{path}")) == (404, "NOT_FOUND")


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


def test_a_redemption_is_no_partners_transaction(
    client: FlaskClient, settings: Settings, admin: Caller, member: Caller
) -> None:
    host = make_partner(client, settings, platform=True)
    member.data("/voucher/redeem", {"voucherId": cast.issue(admin)})
    listed = host.get("/v2/connect/transactions").get_json()["data"]
    redeemed = next(one for one in listed if one["type"] == "BURN")
    with nothing_changes():
        assert refusal(host.delete(f"{VOID}/{redeemed['uuid']}")) == (404, "NOT_FOUND")


def test_the_books_are_right_after_all_of_it(partner: PartnerCaller, rich: Holder) -> None:
    burn(partner, rich, 10, ref_no="A")
    partner.delete(f"{VOID}/ref-no/A")
    add(partner, rich, value="61.5", ref_id="B")
    partner.delete(f"{VOID}/ref-id/B")
    assert proof.prove() == proof.Proof(ok=True, checked=proof.prove().checked, first_bad=None)

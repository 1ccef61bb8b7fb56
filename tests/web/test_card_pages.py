"""Members' cards: given, changed, and points moved by hand with the consequence told before."""

import uuid

import pytest
from flask import Flask

from tests.support import campaigns, cast
from tests.support.admins import deeds
from tests.support.campaigns import MadeCard, balance, entries
from tests.support.site import Visitor, make_visitor, tenant_visitor, tokens
from voucherweb.models import Programme
from voucherweb.transaction import session, unit_of_work

CARDS = "/admin/partners/cards"


@pytest.fixture
def tenant(visitor: Visitor) -> str:
    assert visitor.tenant_id
    return visitor.tenant_id


def place(card: MadeCard, rest: str = "") -> str:
    return f"{CARDS}/{card.id}{rest}"


def test_a_statement_tells_every_movement(visitor: Visitor, tenant: str) -> None:
    card = campaigns.make_card(tenant, 1500)
    visitor.post(place(card, "/burn"), {"points": "200", "reason": "兌換贈品"})
    page = visitor.text(place(card))
    for told in ("+1,500", "-200", "1,300", "兌換贈品", card.card_no, visitor.account):
        assert told in page
    assert "0912345678" not in page


def test_a_card_is_found_by_its_number(visitor: Visitor, tenant: str) -> None:
    card = campaigns.make_card(tenant)
    assert visitor.get(f"{CARDS}/{card.card_no}").location == place(card)
    for unknown in ("9" * 16, "x" * 300, "%00"):
        assert visitor.get(f"{CARDS}/{unknown}").status_code in {400, 404}


def test_points_are_added_once_though_sent_twice(visitor: Visitor, tenant: str) -> None:
    card = campaigns.make_card(tenant)
    at = place(card, "/add")
    form = {**tokens(visitor.text(at)), "method": "points", "points": "1,000", "reason": "補點"}
    answers = [visitor.send(at, form) for _ in range(2)]
    assert [one.location for one in answers] == [place(card)] * 2
    assert entries(card) == [("ADD", 1000, 1000, "補點")]
    assert "points.add" in deeds()


def test_a_purchase_earns_points_at_the_campaigns_rate(visitor: Visitor, tenant: str) -> None:
    card = campaigns.make_card(tenant)
    typed = {"method": "value", "value": "1,000", "points": "5", "reason": "補登消費"}
    assert visitor.post(place(card, "/add"), typed).status_code == 303
    assert entries(card) == [("ADD", 33, 33, "補登消費")]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("method=points&points=100", "由 50 點變為 150 點"),
        ("method=value&value=1,000", "加 33 點，餘額由 50 點變為 83 點"),
        ("method=value&value=29", "不足 1 點"),
        ("method=points&points=", "目前餘額 50 點"),
        ("method=points&points=x", "目前餘額 50 點"),
        ("method=points&points=2000000000", "會超過"),
    ],
)
def test_the_sentence_beside_the_form_tells_the_new_balance(
    visitor: Visitor, tenant: str, asked: str, said: str
) -> None:
    card = campaigns.make_card(tenant, 50)
    part = visitor.text(
        place(card, f"/add?{asked}"),
        HX_Request="true",
        HX_Request_Type="partial",
        HX_Target="p#after",
    )
    assert said in part
    assert "<form" not in part


@pytest.mark.parametrize("rest", ["/add", "/burn"])
@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("points", ""),
        ("points", "0"),
        ("points", "-5"),
        ("points", "1.5"),
        ("points", "2000000001"),
        ("points", "9" * 30),
        ("reason", ""),
        ("reason", "字" * 201),
    ],
)
def test_what_cannot_be_moved_is_refused_and_kept(
    visitor: Visitor, tenant: str, rest: str, field: str, typed: str
) -> None:
    card = campaigns.make_card(tenant, 50)
    answer = visitor.post(place(card, rest), {"points": "10", "reason": "補點", field: typed})
    assert answer.status_code == 400
    assert f'href="#{field}"' in answer.text
    assert balance(card) == 50


def test_a_purchase_worth_nothing_is_refused(visitor: Visitor, tenant: str) -> None:
    card = campaigns.make_card(tenant)
    answer = visitor.post(
        place(card, "/add"), {"method": "value", "value": "29.99", "reason": "補登"}
    )
    assert answer.status_code == 400
    assert "換算後不足 1 點" in answer.text
    assert entries(card) == []


def test_no_more_is_burnt_than_there_is(visitor: Visitor, tenant: str) -> None:
    card = campaigns.make_card(tenant, 50)
    answer = visitor.post(place(card, "/burn"), {"points": "51", "reason": "兌換"})
    assert answer.status_code == 422
    assert "INSUFFICIENT_POINTS" in answer.text
    assert "餘額只有 50 點，不夠扣 51 點" in answer.text
    assert balance(card) == 50


def test_a_paused_campaign_takes_no_points_and_says_so(visitor: Visitor, tenant: str) -> None:
    card = campaigns.make_card(tenant, 50)
    with unit_of_work():
        session.get_one(Programme, card.campaign_id).status = "INACTIVE"
    page = visitor.text(place(card))
    assert "活動暫停加點" in page
    assert f'href="{place(card, "/add")}"' not in page
    assert f'href="{place(card, "/burn")}"' in page
    answer = visitor.post(place(card, "/add"), {"points": "1", "reason": "補點"})
    assert answer.status_code == 403
    assert "點數活動目前未進行" in answer.text
    spent = visitor.post(place(card, "/burn"), {"points": "20", "reason": "兌換"})
    assert spent.status_code == 303
    assert balance(card) == 30


def test_an_expired_card_says_so(visitor: Visitor, tenant: str) -> None:
    card = campaigns.make_card(tenant, 50)
    visitor.post(place(card, "/edit"), {"tier": "金卡", "expired_at": "2020-01-01"})
    page = visitor.text(place(card))
    assert "這張卡已過期" in page
    assert "金卡" in page
    assert f'href="{place(card, "/burn")}"' not in page
    answer = visitor.post(place(card, "/burn"), {"points": "1", "reason": "兌換"})
    assert answer.status_code == 403
    assert "會員卡已過期" in answer.text
    assert balance(card) == 50


@pytest.mark.parametrize(
    ("field", "typed"), [("expired_at", "明年"), ("expired_at", "٣"), ("tier", "字" * 51)]
)
def test_terms_that_cannot_be_are_refused_and_kept(
    visitor: Visitor, tenant: str, field: str, typed: str
) -> None:
    card = campaigns.make_card(tenant)
    for at in (place(card, "/edit"), f"{CARDS}/new/{card.campaign_id}"):
        answer = visitor.post(at, {"member": card.member_id, "tier": "金卡", field: typed})
        assert answer.status_code == 400
        assert f'href="#{field}"' in answer.text
        assert typed in answer.text
    assert "card.change" not in deeds()


def test_a_void_is_asked_about_with_its_consequence(visitor: Visitor, tenant: str) -> None:
    card = campaigns.make_card(tenant, 50)
    added = campaigns.add(tenant, card, 30)
    at = place(card, f"/void/{added}")
    question = visitor.text(at)
    assert "由 80 點變為 50 點" in question
    assert "不能復原" in question
    assert visitor.post(at, {"reason": "重複加點"}).location == place(card)
    assert entries(card)[-1] == ("VOID", 30, 50, "重複加點")
    assert "points.void" in deeds()
    page = visitor.text(place(card))
    assert "已作廢" in page
    assert at not in page


def test_a_void_needs_a_reason(visitor: Visitor, tenant: str) -> None:
    card = campaigns.make_card(tenant)
    added = campaigns.add(tenant, card, 30)
    answer = visitor.post(place(card, f"/void/{added}"), {"reason": " "})
    assert answer.status_code == 400
    assert 'href="#reason"' in answer.text
    assert balance(card) == 30


def test_nothing_is_voided_twice(visitor: Visitor, tenant: str) -> None:
    card = campaigns.make_card(tenant, 50)
    added = campaigns.add(tenant, card, 30)
    at = place(card, f"/void/{added}")
    forms = [{**tokens(visitor.text(at)), "reason": "重複"} for _ in range(2)]
    assert [visitor.send(at, form).status_code for form in forms] == [303, 409]
    assert visitor.get(at).status_code == 409
    assert balance(card) == 50


def test_points_that_were_spent_are_not_taken_back(visitor: Visitor, tenant: str) -> None:
    card = campaigns.make_card(tenant)
    added = campaigns.add(tenant, card, 30)
    at = place(card, f"/void/{added}")
    form = {**tokens(visitor.text(at)), "reason": "重複"}
    visitor.post(place(card, "/burn"), {"points": "20", "reason": "兌換"})
    for answer in (visitor.get(at), visitor.send(at, form)):
        assert answer.status_code == 422
        assert "POINTS_ALREADY_SPENT" in answer.text
    assert "卡上只剩 10 點" in visitor.get(at).text
    assert balance(card) == 10


def test_a_burn_is_given_back(visitor: Visitor, tenant: str) -> None:
    card = campaigns.make_card(tenant, 50)
    visitor.post(place(card, "/burn"), {"points": "20", "reason": "兌換"})
    void = next(
        part.partition('"')[0]
        for part in visitor.text(place(card)).split('href="')
        if "/void/" in part.partition('"')[0]
    )
    assert "退還 20 點" in visitor.text(void)
    visitor.post(void, {"reason": "客人反悔"})
    assert balance(card) == 50


def test_a_movement_of_another_card_is_not_voided_here(visitor: Visitor, tenant: str) -> None:
    card = campaigns.make_card(tenant)
    other = campaigns.make_card(tenant, phone="0922000000")
    added = campaigns.add(tenant, other, 30)
    assert visitor.get(place(card, f"/void/{added}")).status_code == 400
    assert balance(other) == 30


@pytest.mark.parametrize("by", ["phone", "id"])
def test_a_member_is_given_a_card(visitor: Visitor, tenant: str, by: str) -> None:
    campaign = campaigns.make_campaign(tenant)
    member = campaigns.make_holder(None)
    typed = {"phone": "0912-345-678", "id": member}[by]
    at = f"{CARDS}/new/{campaign}"
    first = visitor.post(at, {"member": typed, "tier": "金卡", "expired_at": "2030-12-31"})
    assert first.status_code == 303
    assert "金卡" in visitor.text(first.location)
    again = visitor.post(at, {"member": typed})
    assert again.location == first.location
    assert "已經有卡" in visitor.text(again.location)
    assert deeds().count("card.add") == 1


@pytest.mark.parametrize("typed", ["0999999999", "", "沒有這個人", str(uuid.UUID(int=7))])
def test_somebody_unknown_gets_no_card(visitor: Visitor, tenant: str, typed: str) -> None:
    at = f"{CARDS}/new/{campaigns.make_campaign(tenant)}"
    answer = visitor.post(at, {"member": typed})
    assert answer.status_code == 400
    assert 'href="#member"' in answer.text


def test_of_two_members_with_one_phone_none_is_guessed(visitor: Visitor, tenant: str) -> None:
    campaign = campaigns.make_campaign(tenant)
    for name in ("王小明", "王大明"):
        campaigns.make_holder(tenant, name=name)
    answer = visitor.post(f"{CARDS}/new/{campaign}", {"member": "0912345678"})
    assert answer.status_code == 400
    assert "有多位會員" in answer.text


def test_another_tenants_member_is_as_unknown_as_nobody(visitor: Visitor, tenant: str) -> None:
    campaign = campaigns.make_campaign(tenant)
    foreign = campaigns.make_holder(cast.make_tenant("緯緯醫學", "DEALER"))
    for typed in (foreign, "0912345678"):
        answer = visitor.post(f"{CARDS}/new/{campaign}", {"member": typed})
        assert answer.status_code == 400
        assert "找不到這個電話或編號" in answer.text


def test_another_tenants_card_is_not_there(app: Flask, tenant: str) -> None:
    card = campaigns.make_card(tenant, 50)
    added = campaigns.add(tenant, card, 5)
    stranger = tenant_visitor(app)
    for rest in ("", "/add", "/burn", "/edit", f"/void/{added}"):
        assert stranger.get(place(card, rest)).status_code == 400
    assert stranger.get(f"{CARDS}/{card.card_no}").status_code == 400
    assert stranger.get(f"{CARDS}/new/{card.campaign_id}").status_code == 400


def test_the_platform_moves_no_points_of_a_tenants_card(app: Flask, tenant: str) -> None:
    card = campaigns.make_card(tenant, 50)
    platform = make_visitor(app)
    assert platform.get(place(card)).status_code == 400
    assert platform.get(place(card, "/add")).status_code == 403


def test_the_pages_speak_english(app: Flask, tenant: str) -> None:
    english = make_visitor(app, "TENANT_ADMIN", tenant, language="en")
    card = campaigns.make_card(tenant)
    added = campaigns.add(tenant, card, 5)
    assert "Statement" in english.text(place(card))
    assert "Afterwards" in english.text(place(card, "/add"))
    assert "Void adding 5 points?" in english.text(place(card, f"/void/{added}"))

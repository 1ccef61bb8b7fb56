"""Coupons that an admin gives by hand and takes back, and what a member was given."""

import uuid

import pytest
from flask import Flask
from sqlalchemy import select

from tests.support import campaigns, coupons
from tests.support.admins import deeds
from tests.support.site import Visitor, make_visitor, tenant_visitor, tokens
from voucherweb.models import CouponGift, Member
from voucherweb.services import coupon_gifts
from voucherweb.transaction import session, unit_of_work

SETS = "/admin/partners/coupon-sets"
PHONE = "0912345678"


def gifts() -> list[CouponGift]:
    with unit_of_work():
        found = list(session.scalars(select(CouponGift).order_by(CouponGift.given_at)))
        session.expunge_all()
        return found


def give_page(set_id: uuid.UUID) -> str:
    return f"{SETS}/{set_id}/give"


def member_page(household_id: str) -> str:
    with unit_of_work():
        query = select(Member.id).where(Member.household_member_id == household_id)
        return f"{SETS}/members/{session.scalars(query).one()}"


def test_a_coupon_is_given_after_a_question_that_says_to_whom(visitor: Visitor) -> None:
    tenant = visitor.tenant_id or ""
    set_id, person = coupons.pool(tenant, 5), coupons.member_of(tenant)
    typed = {"member": PHONE, "quantity": "2"}
    asked = visitor.post(give_page(set_id), {**typed, "step": "ask"})
    assert asked.status_code == 200
    assert "王○明" in asked.text
    assert "<b>3</b>" in asked.text
    assert gifts() == []
    answer = visitor.post(give_page(set_id), {**typed, "step": "do"})
    assert answer.location == member_page(person)
    assert [one.given_by for one in gifts()] == [f"admin:{visitor.admin_id}"] * 2
    assert "coupon.give" in deeds()
    page = visitor.text(answer.location)
    assert "已發放 2 張給 王○明" in page
    assert all(code in page for code in coupons.codes_of(set_id)[:2])


def test_a_deed_that_is_sent_twice_gives_once(visitor: Visitor) -> None:
    tenant = visitor.tenant_id or ""
    set_id = coupons.pool(tenant, 5)
    coupons.member_of(tenant)
    typed = {"member": PHONE, "quantity": "1", "step": "do"}
    form = visitor.post(give_page(set_id), {**typed, "step": "ask"}).text
    sent = {**typed, **tokens(form)}
    first, again = (visitor.send(give_page(set_id), sent) for _ in range(2))
    assert first.location == again.location
    assert len(gifts()) == 1


def test_a_member_is_named_by_phone_card_or_id(visitor: Visitor) -> None:
    tenant = visitor.tenant_id or ""
    card = campaigns.make_card(tenant, phone="0922333444")
    for typed in ("0922-333-444", card.card_no, card.member_id):
        answer = visitor.post(f"{SETS}/members", {"member": typed})
        assert answer.location == member_page(card.member_id), typed


@pytest.mark.parametrize(
    ("member", "quantity", "said"),
    [
        ("", "1", "必填"),
        ("0900000000", "1", "找不到這個電話、卡號或編號的會員"),
        ("\0", "1", "必填"),
        (PHONE, "0", "必須是 1 至 100"),
        (PHONE, "101", "必須是 1 至 100"),
        (PHONE, "兩", 'href="#quantity"'),
        (PHONE, "6", "票券組"),
    ],
)
def test_what_cannot_be_given_is_refused_in_words(
    visitor: Visitor, member: str, quantity: str, said: str
) -> None:
    tenant = visitor.tenant_id or ""
    set_id = coupons.pool(tenant, 5)
    coupons.member_of(tenant)
    typed = {"member": member, "quantity": quantity, "step": "do"}
    answer = visitor.post(give_page(set_id), typed)
    assert answer.status_code in {400, 409}
    assert said in answer.text
    assert gifts() == []


def test_two_members_with_one_phone_are_not_guessed_between(visitor: Visitor) -> None:
    tenant = visitor.tenant_id or ""
    coupons.member_of(tenant)
    coupons.member_of(tenant)
    answer = visitor.post(f"{SETS}/members", {"member": PHONE})
    assert answer.status_code == 400
    assert "有多位會員使用這個電話" in answer.text


def test_a_strangers_member_is_nobody(app: Flask, visitor: Visitor) -> None:
    person = coupons.member_of(visitor.tenant_id)
    stranger = tenant_visitor(app)
    answer = stranger.post(f"{SETS}/members", {"member": person})
    assert "找不到" in answer.text
    assert stranger.get(member_page(person)).status_code == 400


def test_a_pools_code_that_is_taken_back_is_free_again(visitor: Visitor) -> None:
    tenant = visitor.tenant_id or ""
    set_id, person = coupons.pool(tenant, 2), coupons.member_of(tenant)
    by = coupons.caller(tenant)
    (given,) = coupon_gifts.give(coupons.execute(), by, person, set_id)
    at = f"{SETS}/gifts/{given.id}/take-back"
    assert "回到票券組" in visitor.text(at)
    answer = visitor.post(at)
    assert answer.location == member_page(person)
    assert coupons.statuses(set_id) == ["PENDING", "PENDING"]
    assert gifts()[0].voided_by == f"admin:{visitor.admin_id}"
    assert "coupon.take_back" in deeds()
    assert "已收回" in visitor.text(answer.location)


def test_taking_back_what_was_made_for_the_giving_says_that_it_is_gone(visitor: Visitor) -> None:
    tenant = visitor.tenant_id or ""
    set_id, person = coupons.auto_set(tenant), coupons.member_of(tenant)
    (given,) = coupon_gifts.give(coupons.execute(), coupons.caller(tenant), person, set_id)
    at = f"{SETS}/gifts/{given.id}/take-back"
    assert "這個碼會作廢" in visitor.text(at)
    here = f"http://localhost{SETS}/{set_id}"
    answer = visitor.post(at, Referer=here)
    assert answer.location == f"{SETS}/{set_id}"
    assert coupons.statuses(set_id) == ["VOIDED"]


def test_what_is_used_or_gone_is_not_taken_back(visitor: Visitor) -> None:
    tenant = visitor.tenant_id or ""
    set_id, person, by = coupons.pool(tenant, 2), coupons.member_of(tenant), coupons.caller(tenant)
    used, gone = coupon_gifts.give(coupons.execute(), by, person, set_id, 2)
    forms = [visitor.get(f"{SETS}/gifts/{one.id}/take-back").text for one in (used, gone)]
    coupon_gifts.use(coupons.execute(), by, used.code)
    coupon_gifts.void(coupons.execute(), by, gone.id)
    for one, form in zip((used, gone), forms, strict=True):
        at = f"{SETS}/gifts/{one.id}/take-back"
        assert visitor.get(at).status_code == 409
        assert visitor.send(at, tokens(form)).status_code == 409
    assert {one.status for one in gifts()} == {"USED", "VOIDED"}


def test_a_foreign_giving_is_as_unknown_as_none(app: Flask, visitor: Visitor) -> None:
    tenant = visitor.tenant_id or ""
    set_id, person = coupons.pool(tenant, 2), coupons.member_of(tenant)
    (given,) = coupon_gifts.give(coupons.execute(), coupons.caller(tenant), person, set_id)
    for stranger in (tenant_visitor(app), make_visitor(app)):
        for one in (given.id, uuid.UUID(int=7)):
            at = f"{SETS}/gifts/{one}/take-back"
            assert stranger.get(at).status_code == 400
            assert stranger.post(at, at="/admin/help").status_code == 400
    assert gifts()[0].status == "ACTIVE"


def test_the_members_page_tells_every_giving_masked(visitor: Visitor) -> None:
    tenant = visitor.tenant_id or ""
    coupons.some_given(tenant)
    (holder,) = {one.member_id for one in gifts()}
    page = visitor.text(f"{SETS}/members/{holder}")
    assert page.count("<code>") == len(gifts())
    assert "王○明" in page
    assert "王小明" not in page
    for field in ("givenAt", "usedAt"):
        assert visitor.get(f"{SETS}/members/{holder}?sort={field}&order=asc").status_code == 200

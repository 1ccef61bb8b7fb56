"""Members, as platform admins find them and grant them points."""

import uuid

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support import books, errands
from tests.support.admins import deeds
from tests.support.cast import Caller, issue, make_member
from tests.support.site import Visitor, make_visitor, tenant_visitor, tokens
from voucherweb.config import Settings
from voucherweb.models import PointsEntry


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return make_visitor(app)


def place(member: Caller, rest: str = "") -> str:
    return f"/admin/members/{books.member_id(member.id)}{rest}"


def test_a_member_is_found_by_id_phone_and_name(visitor: Visitor, member: Caller) -> None:
    books.change_person(member.id, phone_number="0912345678")
    for typed in (member.id, str(books.member_id(member.id)), "0912", "小明"):
        assert "王小明" in visitor.part(f"/admin/members?q={typed}", "list")
    assert "沒有符合的會員" in visitor.text("/admin/members?q=0999")


def test_a_members_statement_tells_every_movement(
    visitor: Visitor, admin: Caller, member: Caller
) -> None:
    member.data("/voucher/redeem", {"voucherId": issue(admin, title="拿鐵一杯")})
    page = visitor.text(place(member))
    assert "99,850" in page
    assert "+100,000" in page
    assert "-150" in page
    assert "拿鐵一杯" in page


def test_a_grant_is_asked_about_before_it_is_made(visitor: Visitor, member: Caller) -> None:
    at = place(member, "/grant")
    answer = visitor.post(at, {"points": "1,500", "reason": "補發", "step": "ask"})
    assert answer.status_code == 200
    assert "101,500 點" in answer.text
    assert books.balance(member.id) == 100_000
    assert deeds().count("points.grant") == 1  # The one that the cast began with.


def test_a_grant_is_made_once_though_sent_twice(visitor: Visitor, member: Caller) -> None:
    at = place(member, "/grant")
    typed = {"points": "1500", "reason": "補發"}
    asked = visitor.post(at, {**typed, "step": "ask"})
    form = {**tokens(asked.text), **typed, "step": "do"}
    answers = [visitor.send(at, form) for _ in range(2)]
    assert [one.location for one in answers] == [place(member)] * 2
    assert books.balance(member.id) == 101_500
    assert "補發" in visitor.text(place(member))


def test_a_question_can_be_gone_back_from(visitor: Visitor, member: Caller) -> None:
    at = place(member, "/grant")
    answer = visitor.post(at, {"points": "1500", "reason": "補發", "step": "edit"})
    assert 'value="1500"' in answer.text
    assert "補發" in answer.text
    assert books.balance(member.id) == 100_000


@pytest.mark.parametrize("step", ["ask", "do"])
@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("points", "0"),
        ("points", "-5"),
        ("points", "1.5"),
        ("points", "1000000001"),
        ("points", ""),
        ("reason", "  "),
        ("reason", "因" * 201),
    ],
)
def test_a_grant_that_cannot_be_is_refused(
    visitor: Visitor, member: Caller, field: str, typed: str, step: str
) -> None:
    before = errands.count(PointsEntry)
    form = {"points": "10", "reason": "補發", field: typed, "step": step}
    answer = visitor.post(place(member, "/grant"), form)
    assert answer.status_code == 400
    assert f'href="#{field}"' in answer.text
    assert (books.balance(member.id), errands.count(PointsEntry)) == (100_000, before)


@pytest.mark.parametrize("step", ["ask", "do"])
def test_a_balance_beyond_its_limit_is_refused(
    visitor: Visitor, client: FlaskClient, settings: Settings, step: str
) -> None:
    rich = make_member(client, settings, grant=1_000_000_000)
    at = place(rich, "/grant")
    visitor.post(at, {"points": "1000000000", "reason": "一", "step": "do"})
    answer = visitor.post(at, {"points": "1", "reason": "二", "step": step})
    assert answer.status_code == 400
    assert "餘額不可超過" in answer.text
    assert books.balance(rich.id) == 2_000_000_000


def test_an_unknown_member_has_no_page(visitor: Visitor) -> None:
    for rest in ("", "/grant"):
        assert visitor.get(f"/admin/members/{uuid.UUID(int=7)}{rest}").status_code == 400


@pytest.mark.parametrize("role", ["TENANT_ADMIN", "CLERK"])
def test_nobody_but_the_platform_sees_members(app: Flask, member: Caller, role: str) -> None:
    other = tenant_visitor(app, role=role)
    for path in ("/admin/members", place(member), place(member, "/grant")):
        assert other.get(path).status_code == 403
    form = {**tokens(other.text("/admin/notifications")), "points": "5", "reason": "x"}
    assert other.send(place(member, "/grant"), {**form, "step": "do"}).status_code == 403
    assert books.balance(member.id) == 100_000


def test_members_are_shown_in_english_too(app: Flask, member: Caller) -> None:
    english = make_visitor(app, language="en")
    assert "Balance" in english.text("/admin/members")
    assert "Grant points" in english.text(place(member))

"""Branches of a tenant: listed, added, renamed."""

import uuid

import pytest
from flask import Flask
from sqlalchemy import select

from tests.support import coupons
from tests.support.admins import deeds
from tests.support.site import Visitor, make_visitor, tenant_visitor
from voucherweb.models import Branch
from voucherweb.transaction import session, unit_of_work

BRANCHES = "/admin/partners/branches"


def branches() -> list[tuple[str, str]]:
    with unit_of_work():
        found = session.scalars(select(Branch).order_by(Branch.code))
        return [(one.code, one.name) for one in found]


def test_without_branches_the_page_says_what_they_are_for(visitor: Visitor) -> None:
    assert "把代碼告訴夥伴" in visitor.text(BRANCHES)


def test_a_branch_is_added_and_listed(visitor: Visitor) -> None:
    answer = visitor.post(f"{BRANCHES}/new", {"code": " KH01 ", "name": "小港門診"})
    assert answer.location == BRANCHES
    assert branches() == [("KH01", "小港門診")]
    page = visitor.text(BRANCHES)
    assert "KH01" in page
    assert "小港門診" in page


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"code": "", "name": "甲"}, "code"),
        ({"code": "A B", "name": "甲"}, "code"),
        ({"code": "A1", "name": ""}, "name"),
        ({"code": "A1", "name": "字" * 101}, "name"),
        ({"code": "A\0", "name": "甲"}, "code"),
    ],
)
def test_a_branch_that_cannot_be_is_refused_and_kept(
    visitor: Visitor, typed: dict[str, str], field: str
) -> None:
    answer = visitor.post(f"{BRANCHES}/new", typed)
    assert answer.status_code == 400
    assert f'href="#{field}"' in answer.text
    assert branches() == []


def test_a_code_that_is_taken_is_said_to_be(visitor: Visitor) -> None:
    coupons.branch(visitor.tenant_id or "", "B1")
    answer = visitor.post(f"{BRANCHES}/new", {"code": "B1", "name": "另一間"})
    assert answer.status_code == 400
    assert "已被使用" in answer.text
    assert len(branches()) == 1


def test_a_branch_is_renamed_and_its_code_stays(visitor: Visitor) -> None:
    branch_id = coupons.branch(visitor.tenant_id or "", "B1")
    assert "信義店" in visitor.text(f"{BRANCHES}/{branch_id}")
    answer = visitor.post(f"{BRANCHES}/{branch_id}", {"name": "信義二店", "code": "X"})
    assert answer.location == BRANCHES
    assert branches() == [("B1", "信義二店")]
    assert "branch.rename" in deeds()


def test_a_name_that_stays_is_no_deed(visitor: Visitor) -> None:
    branch_id = coupons.branch(visitor.tenant_id or "", "B1")
    visitor.post(f"{BRANCHES}/{branch_id}", {"name": "信義店"})
    assert "branch.rename" not in deeds()


def test_a_foreign_branch_is_as_unknown_as_none(app: Flask, visitor: Visitor) -> None:
    branch_id = coupons.branch(visitor.tenant_id or "", "B1")
    stranger = tenant_visitor(app)
    for one in (branch_id, uuid.UUID(int=7)):
        assert stranger.get(f"{BRANCHES}/{one}").status_code == 400
        sent = stranger.post(f"{BRANCHES}/{one}", {"name": "奪"}, at="/admin/help")
        assert sent.status_code == 400
    assert branches() == [("B1", "信義店")]
    assert "信義店" not in stranger.text(BRANCHES)


def test_the_platform_has_no_branches(app: Flask) -> None:
    assert make_visitor(app).get(BRANCHES).status_code == 403


def test_the_pages_speak_english(app: Flask, tenant_id: str) -> None:
    english = make_visitor(app, "TENANT_ADMIN", tenant_id, language="en")
    assert "There is no branch yet" in english.text(BRANCHES)

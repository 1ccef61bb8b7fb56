"""Tenants, as platform admins add, name and open them."""

import uuid

import pytest
from flask import Flask
from sqlalchemy import select

from tests.support import cast, errands
from tests.support.admins import deeds
from tests.support.site import Visitor, make_visitor, tenant_visitor, tokens
from voucherweb.models import Tenant
from voucherweb.transaction import session, unit_of_work


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return make_visitor(app)


def names() -> list[tuple[str, str, str]]:
    with unit_of_work():
        rows = session.execute(
            select(Tenant.name, Tenant.type, Tenant.code).order_by(Tenant.created_at)
        )
        return [(row[0], row[1], row[2]) for row in rows]


def test_tenants_are_listed_and_found_by_name_or_code(visitor: Visitor) -> None:
    cast.make_tenant("小港醫院")
    cast.make_tenant("緯緯醫學")
    part = visitor.part("/admin/tenants?name=小港", "list")
    assert "小港醫院" in part
    assert "緯緯醫學" not in part
    assert "沒有符合條件的租戶" in visitor.text("/admin/tenants?name=沒有這家")


def test_a_site_without_tenants_says_where_to_begin(visitor: Visitor) -> None:
    assert "新增第一個租戶" in visitor.text("/admin/tenants")


def test_a_tenant_is_added_once_though_sent_twice(visitor: Visitor) -> None:
    form = tokens(visitor.text("/admin/tenants/new"))
    form |= {"name": "高雄醫院", "type": "HOSPITAL", "code": "KH-1"}
    first, second = (visitor.send("/admin/tenants/new", form) for _ in range(2))
    assert first.location == second.location
    assert names() == [("高雄醫院", "HOSPITAL", "KH-1")]
    assert "新增發行廠商" in visitor.text(first.location)


def test_a_code_is_drawn_where_none_is_given(visitor: Visitor) -> None:
    visitor.post("/admin/tenants/new", {"name": "高雄醫院", "type": "DEALER"})
    ((_, kind, code),) = names()
    assert (kind, len(code)) == ("DEALER", 8)


@pytest.mark.parametrize(
    ("field", "typed"),
    [("name", " "), ("name", "名" * 256), ("type", ""), ("type", "SHOP"), ("code", "有中文")],
)
def test_a_tenant_that_cannot_be_is_refused_and_kept(
    visitor: Visitor, field: str, typed: str
) -> None:
    form = {"name": "高雄醫院", "type": "HOSPITAL", "code": "KH", field: typed}
    answer = visitor.post("/admin/tenants/new", form)
    assert answer.status_code == 400
    assert f'href="#{field}"' in answer.text
    assert form["code"] in answer.text
    assert errands.count(Tenant) == 0


def test_a_code_that_is_taken_is_refused(visitor: Visitor) -> None:
    for name in ("甲醫院", "乙醫院"):
        answer = visitor.post("/admin/tenants/new", {"name": name, "type": "DEALER", "code": "A"})
    assert answer.status_code == 400
    assert "已被使用" in answer.text
    assert [row[0] for row in names()] == ["甲醫院"]


def test_a_tenants_page_leads_to_what_is_its_own(visitor: Visitor, tenant_id: str) -> None:
    assert "還沒有發行廠商" in visitor.text(f"/admin/tenants/{tenant_id}")
    cast.fund(tenant_id)
    page = visitor.text(f"/admin/tenants/{tenant_id}")
    assert "100,000,000" in page
    own = [f"/admin/{one}?tenant={tenant_id}" for one in ("vouchers", "admins", "audit")]
    for link in ("/admin/vendors/", f"/admin/statistics/tenants/{tenant_id}", *own):
        assert link in page


def test_a_tenant_is_renamed(visitor: Visitor, tenant_id: str) -> None:
    answer = visitor.post(f"/admin/tenants/{tenant_id}/rename", {"name": "高雄小港醫院"})
    assert answer.location == f"/admin/tenants/{tenant_id}"
    assert "高雄小港醫院" in visitor.text(answer.location)
    assert "tenant.rename" in deeds()


def test_an_empty_name_is_refused(visitor: Visitor, tenant_id: str) -> None:
    answer = visitor.post(f"/admin/tenants/{tenant_id}/rename", {"name": "  "})
    assert answer.status_code == 400
    assert [row[0] for row in names()] == ["小港醫院"]
    assert "tenant.rename" not in deeds()


def test_an_unknown_tenant_has_no_page(visitor: Visitor) -> None:
    nobody = uuid.UUID(int=7)
    for rest in ("", "/rename"):
        assert visitor.get(f"/admin/tenants/{nobody}{rest}").status_code == 400


@pytest.mark.parametrize("role", ["TENANT_ADMIN", "CLERK"])
def test_nobody_but_the_platform_sees_tenants(app: Flask, role: str) -> None:
    other = tenant_visitor(app, role=role)
    for rest in ("", "/new", f"/{other.tenant_id}", f"/{other.tenant_id}/rename"):
        assert other.get(f"/admin/tenants{rest}").status_code == 403


def test_tenants_are_shown_in_english_too(app: Flask, tenant_id: str) -> None:
    english = make_visitor(app, language="en")
    assert "Hospital" in english.text("/admin/tenants")
    assert "Particulars" in english.text(f"/admin/tenants/{tenant_id}")


def test_a_page_beyond_the_end_leads_to_the_last_one(visitor: Visitor, tenant_id: str) -> None:
    answer = visitor.get("/admin/tenants?page=9&sort=code&order=desc")
    assert (answer.status_code, answer.location) == (303, "/admin/tenants?sort=code&order=desc")
    assert "小港醫院" in visitor.text(answer.location)

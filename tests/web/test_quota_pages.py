"""A tenant's own quota: what is left, what was bought, every movement."""

import pytest
from flask import Flask
from sqlalchemy import select

from tests.support import cast
from tests.support.cast import Caller
from tests.support.site import Visitor, make_visitor, tenant_visitor
from voucherweb.models import QuotaPurchase
from voucherweb.transaction import session, unit_of_work


def purchase_id(points: int) -> str:
    with unit_of_work():
        return str(
            session.scalars(select(QuotaPurchase.id).where(QuotaPurchase.points == points)).one()
        )


@pytest.fixture
def visitor(app: Flask, admin: Caller) -> Visitor:
    """An admin of the tenant whose caller issues vouchers."""
    return make_visitor(app, "TENANT_ADMIN", admin.tenant_id)


def test_the_own_quota_is_shown_with_what_was_bought(visitor: Visitor, admin: Caller) -> None:
    cast.issue(admin)
    page = visitor.text("/admin/quota")
    assert "還可以發行 99,998,500 點" in page
    assert "NT$1,000,000" in page
    assert "/correct" not in page


def test_every_movement_is_in_the_book(visitor: Visitor, admin: Caller) -> None:
    cast.issue(admin, title="拿鐵一杯")
    part = visitor.part("/admin/quota/book", "list")
    assert "拿鐵一杯" in part
    assert "-1,500" in part
    assert "<html" not in part


def test_the_versions_of_an_own_purchase_can_be_read(visitor: Visitor) -> None:
    page = visitor.text(f"/admin/quota/purchases/{purchase_id(100_000_000)}")
    assert "主機操作員" in page
    assert "更正這筆購買" not in page


def test_another_tenants_purchase_does_not_exist(visitor: Visitor) -> None:
    other = cast.make_tenant("緯緯醫學")
    cast.fund(other, 777)
    answer = visitor.get(f"/admin/quota/purchases/{purchase_id(777)}")
    assert answer.status_code == 400
    assert "777" not in answer.text
    assert "777" not in visitor.text("/admin/quota/book")


def test_a_tenant_without_vendor_is_told_what_has_to_happen(app: Flask) -> None:
    poor = tenant_visitor(app, funded=False)
    assert "還沒有發行廠商" in poor.text("/admin/quota")
    assert poor.get("/admin/quota/book").status_code == 400


@pytest.mark.parametrize("role", ["PLATFORM_ADMIN", "CLERK"])
def test_nobody_but_a_tenants_admin_has_a_quota_page(app: Flask, tenant_id: str, role: str) -> None:
    visitor = make_visitor(app, role, None if role == "PLATFORM_ADMIN" else tenant_id)
    assert visitor.get("/admin/quota").status_code == 403
    assert visitor.get("/admin/quota/book").status_code == 403


def test_the_quota_is_told_in_english_too(app: Flask, tenant_id: str) -> None:
    cast.fund(tenant_id, 500)
    english = make_visitor(app, "TENANT_ADMIN", tenant_id, language="en")
    assert "You can still issue 500 points." in english.text("/admin/quota")

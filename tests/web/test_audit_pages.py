"""The audit log as it is read: narrowed, explained, one's own."""

import uuid
from datetime import timedelta

import pytest
from flask import Flask

from tests.support import cast
from tests.support.cast import Caller
from tests.support.site import Visitor, make_visitor, tenant_visitor
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR
from voucherweb.models import Job
from voucherweb.services import tenants
from voucherweb.transaction import session, unit_of_work

PLACE = "/admin/audit"


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return make_visitor(app)


def test_a_deed_is_told_in_words_with_its_details(visitor: Visitor, tenant_id: str) -> None:
    with unit_of_work():
        tenants.rename_tenant(OPERATOR, uuid.UUID(tenant_id), "高雄小港醫院")
    page = visitor.text(f"{PLACE}?action=tenant.rename")
    assert "變更租戶名稱" in page
    assert "主機操作員" in page
    assert "<del>小港醫院</del>" in page
    assert "<ins>高雄小港醫院</ins>" in page
    assert "<code>tenant.rename</code>" in page
    assert f"/admin/tenants/{tenant_id}" in page


def test_the_log_is_narrowed_and_says_by_what(visitor: Visitor, admin: Caller) -> None:
    voucher_id = cast.issue(admin)
    part = visitor.part(f"{PLACE}?kind=voucher&object={voucher_id}&actor=admin:{admin.id}", "list")
    assert "發行票券" in part
    assert "新增額度" not in part
    assert "<html" not in part
    assert part.count('class="chip"') == 3


def test_days_are_whole_local_days(visitor: Visitor, tenant_id: str) -> None:
    cast.fund(tenant_id)
    today = clock.now().astimezone().date()
    inside = f"{PLACE}?startDate={today - timedelta(days=1)}&endDate={today + timedelta(days=1)}"
    assert "新增額度" in visitor.part(inside, "list")
    before = f"{PLACE}?endDate={today - timedelta(days=2)}"
    assert "沒有符合條件的紀錄" in visitor.part(before, "list")


@pytest.mark.parametrize(
    "query",
    [
        "startDate=yesterday",
        "startDate=2026-02-02&endDate=2026-02-01",
        "tenant=nobody",
        "sort=actor",
        "page=0",
        "page=1000000",
    ],
)
def test_a_log_that_cannot_be_is_refused(visitor: Visitor, query: str) -> None:
    assert visitor.get(f"{PLACE}?{query}").status_code == 400


def test_a_tenants_admin_reads_the_own_log_only(app: Flask, stranger: Caller) -> None:
    own = tenant_visitor(app)
    voucher_id = cast.issue(stranger)
    page = own.text(PLACE)
    assert "新增額度" in page
    assert voucher_id not in page
    assert "沒有符合條件的紀錄" in own.text(f"{PLACE}?object={voucher_id}")
    assert own.get(f"{PLACE}?tenant={stranger.tenant_id}").status_code == 400


def test_clerks_read_no_log(app: Flask) -> None:
    assert tenant_visitor(app, role="CLERK").get(PLACE).status_code == 403


def test_the_log_is_told_in_english_too(app: Flask, tenant_id: str) -> None:
    cast.fund(tenant_id)
    page = make_visitor(app, language="en").text(PLACE)
    assert "Added quota" in page
    assert "Operator" in page


def test_an_object_is_named_and_leads_to_its_page(app: Flask, admin: Caller) -> None:
    own = make_visitor(app, "TENANT_ADMIN", admin.tenant_id)
    voucher = cast.voucher_row(cast.issue(admin, title="拿鐵<一杯>"))
    page = own.text(f"{PLACE}?kind=voucher")
    assert f'<a class="audit-name" href="/admin/vouchers/{voucher.id}">拿鐵&lt;一杯&gt;</a>' in page
    assert f"<small>{voucher.voucher_no}</small>" in page
    page = own.text(f"{PLACE}?kind=voucher&object={voucher.id}")
    assert f"拿鐵&lt;一杯&gt; {voucher.voucher_no}<svg" in page


def test_a_page_that_is_not_the_readers_is_not_linked(app: Flask, tenant_id: str) -> None:
    cast.fund(tenant_id)
    page = make_visitor(app, "TENANT_ADMIN", tenant_id).text(f"{PLACE}?kind=vendor")
    assert '<span class="audit-name">小港醫院</span>' in page
    assert "/admin/vendors/" not in page


def test_the_log_becomes_a_file_as_it_is_narrowed(app: Flask) -> None:
    own = tenant_visitor(app)
    at = f"{PLACE}?kind=purchase"
    answer = own.post(f"{PLACE}/export/csv?kind=purchase", at=at)
    assert answer.status_code == 303
    with unit_of_work():
        job = session.query(Job).one()
        assert job.params["what"] == "AUDIT"
        assert job.params["filters"] == {"kind": "purchase"}


def test_the_platform_chooses_a_tenant_and_tenants_have_no_choice(
    visitor: Visitor, app: Flask, tenant_id: str
) -> None:
    cast.fund(tenant_id)
    page = visitor.text(f"{PLACE}?tenant={tenant_id}")
    assert f'<option value="{tenant_id}" selected>小港醫院</option>' in page
    assert "新增額度" in page
    assert 'name="tenant"' not in make_visitor(app, "TENANT_ADMIN", tenant_id).text(PLACE)


def test_an_admins_page_leads_to_what_they_did(visitor: Visitor, app: Flask) -> None:
    other = tenant_visitor(app)
    page = visitor.text(f"/admin/admins/{other.admin_id}")
    assert f"{PLACE}?actor=admin:{other.admin_id}" in page.replace("%3A", ":")

"""A list asks the database equally often for two rows and for a page of them."""

import uuid
from typing import Any

import psycopg
import pytest

from bench.bulk import Size, fill
from bench.pages_more import Amounts, fill_more
from tests.support.books import statements
from tests.support.site import Visitor, make_visitor
from voucherweb.config import Settings
from voucherweb.domain import clock

FEW = Amounts(audit=2, jobs=2, write_offs=2, imports=1, import_rows=2, shelf=False)
MANY = Amounts(audit=60, jobs=60, write_offs=30, imports=20, import_rows=30, shelf=False)

PLATFORM = {
    "overview": "/admin/",
    "vendors": "/admin/vendors",
    "tenants": "/admin/tenants",
    "admins": "/admin/admins",
    "members": "/admin/members",
    "statistics": "/admin/statistics",
    "jobs": "/admin/jobs",
    "audit": "/admin/audit",
    "vouchers of a tenant": "/admin/vouchers?tenant={tenant}",
    "search": "/admin/search?q=%E5%A4%A7%E9%87%8F",
}
TENANT = {
    "overview": "/admin/",
    "vouchers": "/admin/vouchers?size=50",
    "quota book": "/admin/quota/book",
    "the desk's day": "/admin/desk/day",
    "imports": "/admin/imports",
    "admins": "/admin/admins",
    "audit": "/admin/audit",
    "statistics": "/admin/statistics/mine",
    "search": "/admin/search?q=%E5%A4%A7%E9%87%8F",
}


@pytest.fixture
def tenant(app: Any, settings: Settings) -> uuid.UUID:
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        tenant_id = fill(connection, Size(40, tenants=1, vouchers=2, members=20), clock.now())[0]
        fill_more(connection, tenant_id, clock.now(), FEW)
    return tenant_id


def _grow(settings: Settings, tenant_id: uuid.UUID) -> None:
    """More of everything, and vouchers of the others become the tenant's own."""
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        added = fill(connection, Size(300, tenants=9, vouchers=60, members=100), clock.now())
        connection.execute(
            "UPDATE vouchers SET tenant_id = %s WHERE tenant_id = ANY(%s)", (tenant_id, added)
        )
        fill_more(connection, tenant_id, clock.now(), MANY)


def _asked(who: Visitor, path: str) -> int:
    who.text(path)  # What is asked once for the whole process is known from here on.
    with statements() as seen:
        who.text(path)
    return len(seen)


def _lists(who: Visitor, paths: dict[str, str], tenant_id: uuid.UUID) -> dict[str, int]:
    return {name: _asked(who, path.format(tenant=tenant_id)) for name, path in paths.items()}


@pytest.mark.parametrize(
    ("role", "paths"), [("PLATFORM_ADMIN", PLATFORM), ("TENANT_ADMIN", TENANT)]
)
def test_a_longer_list_asks_the_database_no_more_often(
    app: Any, settings: Settings, tenant: uuid.UUID, role: str, paths: dict[str, str]
) -> None:
    who = make_visitor(app, role, None if role == "PLATFORM_ADMIN" else str(tenant))
    few = _lists(who, paths, tenant)
    _grow(settings, tenant)

    assert _lists(who, paths, tenant) == few


def test_the_lists_did_grow(app: Any, settings: Settings, tenant: uuid.UUID) -> None:
    who = make_visitor(app, "TENANT_ADMIN", str(tenant))
    few = who.text("/admin/vouchers").count("<tr>")
    _grow(settings, tenant)

    assert who.text("/admin/vouchers").count("<tr>") >= few + 18

"""The last instants of the year 9999, on a server that keeps a zone east of UTC."""

from collections.abc import Iterator

import psycopg
import pytest
from flask import Flask
from psycopg import sql

from tests.support.cast import Caller, issue
from tests.support.partners import make_partner
from tests.support.site import make_visitor
from voucherweb.config import Settings
from voucherweb.extensions import db
from voucherweb.services import autocommit

LAST = 253_402_300_799_999


@pytest.fixture
def eastern(admin: Caller, settings: Settings) -> Iterator[Caller]:
    """An admin; every session that begins now gets the zone of Taipei from the server."""
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("ALTER DATABASE {} SET timezone = 'Asia/Taipei'").format(name))
        db.engine.dispose()
        yield admin
        connection.execute(sql.SQL("ALTER DATABASE {} RESET timezone").format(name))
        db.engine.dispose()


def test_a_voucher_without_end_is_read(eastern: Caller) -> None:
    issue(eastern, useEndDate=LAST, onEndDate=LAST)
    (row,) = eastern.data("/voucher-mgmt/voucher/list")
    assert row["useEndDate"] == row["onEndDate"] == LAST


@pytest.mark.usefixtures("eastern")
def test_single_statements_read_it_too(settings: Settings) -> None:
    with autocommit.connect(settings) as connection:
        rows = autocommit.run(connection, "SELECT to_timestamp(%s)", [LAST // 1000])
    assert rows[0][0].timestamp() == LAST // 1000


@pytest.mark.parametrize("page", ["/admin/vouchers", "/admin/partners/coupon-sets"])
def test_pages_show_what_has_no_end(
    app: Flask, settings: Settings, tenant_id: str, admin: Caller, page: str
) -> None:
    issue(admin, useEndDate=LAST, onEndDate=LAST)
    dates = {"start_date": "2026-01-01T00:00:00Z", "end_date": "9999-12-31T23:59:59Z"}
    partner = make_partner(app.test_client(), settings, tenant_id)
    assert partner.post("/v2/connect/coupon/sets", {"name": "咖啡", **dates}).status_code == 201
    assert "9999/12/31 (五)" in make_visitor(app, "TENANT_ADMIN", tenant_id).text(page)

"""An upgrade from the first schema finds what later releases count and look for."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest
from flask import Flask
from flask_migrate import upgrade
from psycopg import ClientCursor
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import text

from bench.bulk import HISTORY, Size
from tests.support import recount
from tests.support.engines import TestEngines, make_settings
from voucherweb import create_app
from voucherweb.domain import clock
from voucherweb.extensions import db
from voucherweb.services.proof import Result, prove
from voucherweb.services.trends import MEASURES
from voucherweb.transaction import session, unit_of_work

DATABASE = "voucherweb_days_test"
PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture
def old(engines: TestEngines, tmp_path: Path) -> Iterator[Flask]:
    """The application, set to the days of Paris, over a database of the first schema."""
    parts = conninfo_to_dict(engines.database_url)
    query = "&".join(f"{name}={value}" for name, value in parts.items() if name != "dbname")
    beside = TestEngines(f"postgresql:///{DATABASE}?{query}", engines.redis_url)
    with psycopg.connect(engines.database_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {DATABASE}")
        app = create_app(make_settings(beside, tmp_path, timezone=PARIS))
        with app.app_context():
            upgrade(revision="0001")
            yield app
            db.engine.dispose()
        connection.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


def write_history(app: Flask) -> None:
    """Events of the minutes before and after a midnight of Paris."""
    size = Size(redemptions=400, tenants=2, vouchers=9, members=60)
    now = clock.start_of_day(date(2026, 3, 29), PARIS) + timedelta(seconds=150)
    with psycopg.connect(app.extensions["settings"].libpq_url) as connection:
        cursor = ClientCursor(connection)
        for part in HISTORY:
            cursor.execute(part, {**size.parameters(), "now": now})


def test_old_events_are_counted_on_their_local_days(old: Flask) -> None:
    write_history(old)
    upgrade()
    assert prove().first_bad is None
    with unit_of_work():
        sums = ", ".join(f"sum({name})::int" for name in MEASURES)
        rows = session.execute(text(f"SELECT day, {sums} FROM voucher_days GROUP BY day"))
        told = {row[0]: dict(zip(MEASURES, row[1:], strict=True)) for row in rows}
    assert set(told) == {date(2026, 3, 28), date(2026, 3, 29)}
    assert told == recount.daily(recount.offers(), recount.events(PARIS))


def test_empty_books_have_no_days(old: Flask) -> None:
    upgrade()
    with unit_of_work():
        assert session.scalar(text("SELECT count(*) FROM voucher_days")) == 0
    assert prove().ok


COUPONS = """
WITH voucher AS (SELECT id, tenant_id, volume FROM vouchers WHERE redeemed > 0 LIMIT 1),
pool AS (
    INSERT INTO coupon_sets (tenant_id, total) SELECT tenant_id, volume FROM voucher RETURNING id
), filled AS (
    INSERT INTO coupons (set_id, ordinal, title, description, url)
    SELECT pool.id, n, '折扣碼', '7-ELEVEN', 'http://t.txp.tw/v/' || n
    FROM pool, voucher, generate_series(1, volume) n
)
UPDATE vouchers v SET voucher_type = '06', coupon_set_id = pool.id
FROM pool, voucher WHERE v.id = voucher.id
"""


def test_old_pieces_have_taken_their_coupons(old: Flask) -> None:
    write_history(old)
    with psycopg.connect(old.extensions["settings"].libpq_url) as connection:
        connection.execute(COUPONS)
    upgrade()
    with unit_of_work():
        taken = session.scalar(text("SELECT count(*) FROM coupons WHERE status = 'ACTIVE'"))
        pieces = "SELECT redeemed FROM vouchers WHERE coupon_set_id IS NOT NULL"
        assert taken == session.scalar(text(pieces)) > 0
    results: list[Result] = []
    prove(results.append)
    assert [one for one in results if one.bad and one.name.startswith("coupons.")] == []


def test_old_telephone_numbers_are_spelled_as_partners_look_for_them(old: Flask) -> None:
    typed = ["(02) 2345-6789", "+886 912 345 678", "0912345678", "ask at the desk"]
    with psycopg.connect(old.extensions["settings"].libpq_url) as connection:
        connection.cursor().executemany(
            "INSERT INTO members (phone_number) VALUES (%s)", [[one] for one in typed]
        )
    upgrade()
    with unit_of_work():
        told = session.scalars(text("SELECT phone_number FROM members ORDER BY phone_number"))
        assert set(told) == {"0223456789", "+886912345678", "0912345678", "ask at the desk"}

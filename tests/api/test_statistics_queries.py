"""The statistics ask a constant number of queries, however much there is."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from bench.bulk import Size, fill
from tests.support.cast import Caller, make_admin
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.extensions import db


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is sent to the database meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def grow(settings: Settings, size: Size) -> tuple[str, str]:
    """A tenant and one of its vouchers, in the midst of bulk data."""
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        tenant = fill(connection, size, clock.now())[0]
        query = "SELECT id FROM vouchers WHERE tenant_id = %s LIMIT 1"
        row = connection.execute(query, [tenant]).fetchone()
    assert row
    return str(tenant), str(row[0])


@pytest.mark.parametrize(
    ("path", "who", "most"),
    [
        ("/voucher-mgmt/statistics/list", "platform", 4),
        ("/voucher-mgmt/voucher/statistics", "platform", 8),
        ("/voucher-mgmt/voucher/statistics", "tenant", 4),
        ("/voucher-mgmt/voucher/summary", "tenant", 5),
    ],
)
def test_the_number_of_queries_stays_the_same(
    client: FlaskClient,
    settings: Settings,
    platform: Caller,
    path: str,
    who: str,
    most: int,
) -> None:
    counts = []
    for size in (
        Size(redemptions=20, tenants=1, vouchers=1, members=20),
        Size(redemptions=900, tenants=5, vouchers=60, members=90),
    ):
        tenant, voucher = grow(settings, size)
        caller = platform if who == "platform" else make_admin(client, settings, tenant)
        with statements() as sent:
            caller.data(path, {"tenantId": tenant, "voucherId": voucher})
        counts.append(len(sent))
    assert counts[0] == counts[1] <= most


def test_a_dated_list_asks_the_same_number_too(platform: Caller, settings: Settings) -> None:
    counts = []
    for size in (Size(50, 1, 2, 30), Size(500, 4, 30, 60)):
        grow(settings, size)
        day = str(clock.local_date(clock.now(), settings.timezone))
        with statements() as sent:
            platform.data("/voucher-mgmt/statistics/list", {"query": {"startDate": day}})
        counts.append(len(sent))
    assert counts == [5, 5]


def test_all_numbers_of_an_answer_are_read_in_one_snapshot(
    platform: Caller, settings: Settings
) -> None:
    tenant, _ = grow(settings, Size(50, 1, 2, 30))
    with statements() as sent:
        platform.data("/voucher-mgmt/voucher/statistics", {"tenantId": tenant})
    assert "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY" in sent
    assert sum("voucher_cells" in one for one in sent) == 2

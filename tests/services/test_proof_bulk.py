"""The bench's bulk data is as right as what the services write."""

import uuid
from datetime import date, datetime, timedelta

import psycopg
import pytest
from flask import Flask

from bench.bulk import Size, fill
from tests.support import recount
from tests.support.cast import Caller
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.services import trends
from voucherweb.services.proof import prove
from voucherweb.transaction import unit_of_work


def bulk(settings: Settings, size: Size, now: datetime | None = None) -> list[uuid.UUID]:
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        return fill(connection, size, now or clock.now())


def test_bulk_data_is_proved_right_and_can_be_added_to(app: Flask, settings: Settings) -> None:
    size = Size(redemptions=500, tenants=2, vouchers=12, members=60)
    first, second = bulk(settings, size), bulk(settings, size)
    proof = prove()
    assert proof.first_bad is None
    assert proof.checked > 2000
    assert len({*first, *second}) == 4


def test_bulk_data_is_told_as_a_recount_tells_it(platform: Caller, settings: Settings) -> None:
    bulk(settings, Size(redemptions=400, tenants=2, vouchers=9, members=50, engagements=300))
    log = recount.events()
    for row in platform.data("/voucher-mgmt/statistics/list"):
        tenant = uuid.UUID(row.pop("tenantId"))
        del row["tenantName"]
        assert row == recount.row(recount.picked(lambda one, t=tenant: one.tenant == t), log)


def test_bulk_days_are_told_as_a_recount_tells_them(app: Flask, settings: Settings) -> None:
    midnight = clock.start_of_day(date(2026, 5, 2), settings.timezone)
    size = Size(redemptions=400, tenants=1, vouchers=9, members=50)
    (tenant,) = bulk(settings, size, midnight + timedelta(seconds=150))
    days = recount.daily(recount.offers(), recount.events())
    assert len(days) == 2
    first, last = min(days), max(days)
    with unit_of_work():
        trend = trends.of_tenant(tenant, first, last)
    assert [day.day for day in trend.days] == [first, last]
    for day in trend.days:
        assert {name: getattr(day, name) for name in trends.MEASURES} == days[day.day]


@pytest.mark.parametrize(
    "size",
    [Size(redemptions=100_000, vouchers=1), Size(redemptions=100, vouchers=1, members=10)],
)
def test_a_size_that_cannot_be_is_refused(app: Flask, settings: Settings, size: Size) -> None:
    with pytest.raises(ValueError, match="ask for more"):
        bulk(settings, size)

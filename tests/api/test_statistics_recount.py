"""Every number of the three calls equals a slow recount (behaviour §7)."""

import uuid
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from tests.support import recount
from tests.support.cast import Caller
from tests.support.mix import Mix
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.services.proof import prove

STATISTICS = "/voucher-mgmt/voucher/statistics"
SUMMARY = "/voucher-mgmt/voucher/summary"
LIST = "/voucher-mgmt/statistics/list"


@pytest.fixture(params=[1, 2, 3])
def mix(client: FlaskClient, settings: Settings, request: pytest.FixtureRequest) -> Mix:
    played = Mix(client, settings, request.param)
    played.play(250)
    return played


def test_a_random_mix_adds_up_everywhere(mix: Mix, platform: Caller) -> None:
    assert {event.kind for event in mix.log} == {"REDEEM", "USE", "REACH", "CLICK"}
    assert prove().first_bad is None
    for admin in mix.admins:
        _check_tenant(mix, platform, admin)
    for voucher in mix.vouchers:
        _check_voucher(mix, voucher)
    _check_list(mix, platform)


def _check_tenant(mix: Mix, platform: Caller, admin: Caller) -> None:
    tenant = uuid.UUID(admin.tenant_id)
    own = recount.picked(lambda one: one.tenant == tenant)
    books = recount.books(tenant)
    assert admin.data(SUMMARY) == {**books, **recount.totals(own, mix.log)}
    assert platform.data(SUMMARY, {"tenantId": str(tenant)}) == admin.data(SUMMARY)
    for kind in (None, "01", "02", "03", "04", "05", "06"):
        some = [one for one in own if kind in (None, one.type)]
        told = platform.data(STATISTICS, {"tenantId": str(tenant), "voucherType": kind})
        info = told.pop("summaryInfo")
        assert told == recount.analyses(some, mix.log)
        named = {"tenantId": str(tenant), "tenantName": info["tenantName"], **books}
        rates = {"clickRate": recount.click_rate(some, mix.log)} if some else {}
        assert info == {**named, **recount.totals(some, mix.log), **rates}


def _check_voucher(mix: Mix, voucher: uuid.UUID) -> None:
    among = recount.picked(lambda one: one.id == voucher)
    admin = next(one for one in mix.admins if one.tenant_id == str(among[0].tenant))
    told = admin.data(STATISTICS, {"voucherId": str(voucher)})
    assert told == recount.analyses(among, mix.log)


def _check_list(mix: Mix, platform: Caller) -> None:
    zone = platform.client.application.extensions["settings"].timezone
    day = clock.local_date(clock.now(), zone) - timedelta(days=20)
    for query in (
        {},
        {"startDate": str(day)},
        {"endDate": str(day)},
        {"startDate": str(day - timedelta(days=9)), "endDate": str(day + timedelta(days=9))},
        {"voucherType": "02"},
        {"voucherType": "04", "startDate": str(day)},
    ):
        first, last = query.get("startDate", ""), query.get("endDate", "9999")
        kind = query.get("voucherType")
        for row in platform.data(LIST, {"query": query}):
            tenant, _ = uuid.UUID(row.pop("tenantId")), row.pop("tenantName")
            among = [
                one
                for one in recount.offers()
                if one.tenant == tenant
                and kind in (None, one.type)
                and first <= str(clock.local_date(one.on_start, zone)) <= last
            ]
            assert row == recount.row(among, mix.log)


def test_the_rows_tell_the_same_as_the_log_but_for_the_groups_of_times(mix: Mix) -> None:
    offers = recount.offers()
    told, logged = recount.row(offers, recount.events()), recount.row(offers, mix.log)
    assert told == logged

"""Persons between dates equal a slow recount, whatever part of the pairs are bits already."""

import uuid
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from tests.support import recount, rows
from tests.support.cast import Caller, issue, make_member
from tests.support.mix import Mix
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.enums import VoucherType
from voucherweb.domain.paging import PageRequest
from voucherweb.services import audience, statistics_list
from voucherweb.services.proof import prove
from voucherweb.services.statistics_list import Filter
from voucherweb.transaction import session, unit_of_work

Persons = dict[uuid.UUID, tuple[int, int]]


def told(wanted: Filter) -> Persons:
    asked = PageRequest(1, -1, "tenantName", descending=False)
    with unit_of_work(snapshot=True):
        listed = statistics_list.list_tenants(wanted, asked)
        beyond = PageRequest(99, 1, "tenantName", descending=False)
        assert statistics_list.list_tenants(wanted, beyond).totals == listed.totals
    total = listed.totals
    shown = {row.tenant_id: row.figures for row in listed.rows if row.figures}
    found = {tenant: (one.reach_persons, one.click_persons) for tenant, one in shown.items()}
    sums = tuple(map(sum, zip(*found.values(), strict=True))) or (0, 0)
    assert sums == ((total.reach_persons, total.click_persons) if total else (0, 0))
    return found


def recounted(wanted: Filter, mix: Mix) -> Persons:
    found = {}
    for admin in mix.admins:
        tenant = uuid.UUID(admin.tenant_id or "")
        among = {
            one.id
            for one in recount.offers()
            if one.tenant == tenant
            and wanted.voucher_type in {None, one.type}
            and (wanted.start is None or wanted.start <= one.on_start)
            and (wanted.end is None or one.on_start <= wanted.end)
        }
        met = {
            kind: {one.member for one in mix.log if one.kind == kind and one.voucher in among}
            for kind in ("REACH", "CLICK")
        }
        if among:
            found[tenant] = (len(met["REACH"]), len(met["CLICK"]))
    return found


def filters() -> list[Filter]:
    day = timedelta(days=1)
    now = clock.now()
    return [
        Filter(start=now - 20 * day),
        Filter(end=now - 20 * day),
        Filter(start=now - 30 * day, end=now - 10 * day),
        Filter(start=now - 400 * day),
        Filter(start=now - 25 * day, voucher_type=VoucherType.PLATFORM_COUPON),
        Filter(end=now - 5 * day, voucher_type=VoucherType.ZERO_YUAN),
        Filter(start=now + day),
    ]


def waiting() -> int:
    with unit_of_work():
        return int(session.scalar(text("SELECT count(*) FROM fresh_engagements")) or 0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_persons_equal_a_recount_before_between_and_after_foldings(
    client: FlaskClient, settings: Settings, seed: int
) -> None:
    mix = Mix(client, settings, seed)
    for steps in (60, 60, 120):
        mix.play(steps)
        for wanted in filters():
            assert told(wanted) == recounted(wanted, mix)
        assert waiting() > 0
        assert audience.fold() > 0
        assert (waiting(), audience.fold()) == (0, 0)
        for wanted in filters():
            assert told(wanted) == recounted(wanted, mix)
        assert prove().first_bad is None


def test_bites_fold_everything(
    client: FlaskClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience, "BITE", 3)
    mix = Mix(client, settings, 4)
    mix.play(80)
    pairs = waiting()
    assert pairs > 3
    assert audience.fold() == pairs
    assert prove().first_bad is None
    for wanted in filters():
        assert told(wanted) == recounted(wanted, mix)


def test_members_beyond_a_block_are_counted(settings: Settings, admin: Caller) -> None:
    """Two vouchers that met 9,000 members each, of whom 8,500 are the same; a third, of an earlier
    day, is why the tenant's cells cannot tell."""
    first, second, earlier = issue(admin), issue(admin), issue(admin)
    rows.tamper(
        settings,
        f"UPDATE vouchers SET on_start = on_start - interval '500 days' WHERE id = '{earlier}'",
        "INSERT INTO members (household_member_id, name) SELECT g::text, '會員'"
        " FROM generate_series(1, 9500) g",
        *(
            "WITH met AS (INSERT INTO engagements (member_id, voucher_id, kind, times, gender,"
            f" age_level, first_at, last_at) SELECT id, '{voucher}', 'R', 1, 'U', 'level0', now(),"
            f" now() FROM members WHERE household_member_id::int BETWEEN {low} AND {high}"
            " RETURNING *) INSERT INTO fresh_engagements SELECT member_id, voucher_id, kind"
            " FROM met"
            for voucher, low, high in ((first, 1, 9000), (second, 501, 9500))
        ),
    )
    wanted = Filter(start=clock.now() - timedelta(days=400))
    tenant = uuid.UUID(admin.tenant_id or "")
    assert told(wanted) == {tenant: (9500, 0)}
    assert audience.fold() == 18_000
    assert told(wanted) == {tenant: (9500, 0)}


def test_a_pair_in_both_places_or_with_the_wrong_bit_is_noticed(
    client: FlaskClient, settings: Settings, admin: Caller
) -> None:
    offer = uuid.UUID(issue(admin))
    for _ in range(2):
        rows.engage("R", rows.member_id(make_member(client, settings).id), [offer])
    assert audience.fold() == 2
    twice = "INSERT INTO fresh_engagements SELECT member_id, voucher_id, kind FROM engagements"
    rows.tamper(settings, f"{twice} LIMIT 1")
    told = "audience.pairs: audience_blocks"
    assert (prove().first_bad or "").startswith(f"{told} {offer}/R: (voucher/kind) bits")
    rows.tamper(
        settings,
        "DELETE FROM fresh_engagements",
        "UPDATE audience_blocks SET bits = set_bit(set_bit(bits, 1, 0), 7, 1)",
    )
    assert (prove().first_bad or "").startswith(told)
    rows.tamper(settings, "UPDATE audience_blocks SET bits = set_bit(set_bit(bits, 1, 1), 7, 0)")
    assert prove().first_bad is None

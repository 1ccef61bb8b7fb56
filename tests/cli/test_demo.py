"""The demo data: everything has something to show, and every number is right."""

import json
import stat
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from io import BytesIO
from itertools import pairwise, product
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import func, select, text

from tests.cli.conftest import ROOT, Ran
from voucherweb.config import Settings
from voucherweb.demo import load
from voucherweb.demo.pictures import MOTIFS, draw_picture
from voucherweb.domain import clock
from voucherweb.domain.enums import VoucherType
from voucherweb.domain.money import safety_stock
from voucherweb.domain.voucher_rules import Phase, phase
from voucherweb.errors import Refusal
from voucherweb.models import CouponImport, Member, Tenant, Upload, Vendor, Voucher
from voucherweb.services import identity
from voucherweb.services.proof import prove
from voucherweb.transaction import session, unit_of_work


def rows(statement: str) -> Sequence[Any]:
    with unit_of_work():
        return session.execute(text(statement)).all()


def vouchers() -> Sequence[Voucher]:
    with unit_of_work():
        found = session.scalars(select(Voucher).where(Voucher.deleted_at.is_(None))).all()
        session.expunge_all()
        return found


def test_its_summary_counts_what_is_there(demo: Flask, demo_load: Ran) -> None:
    summary = demo_load.answer
    tables = {"members": "members", "redemptions": "redemptions", "engagements": "engagements"}
    for name, table in tables.items():
        assert rows(f"SELECT count(*) >= {summary[name]} FROM {table}") == [(True,)]
    assert (summary["tenants"], summary["vouchers"], summary["members"]) == (5, 48, 3000)


def test_the_books_are_right(demo: Flask) -> None:
    proof = prove()
    assert (proof.ok, proof.first_bad) == (True, None)


def test_a_second_load_is_refused_and_changes_nothing(demo: Flask, demo_settings: Settings) -> None:
    before = rows("SELECT count(*), max(id) FROM audit_entries")
    with pytest.raises(Refusal) as refused:
        load(demo_settings, demo.extensions["storage"])
    assert refused.value.details[0].field == "database"
    assert rows("SELECT count(*), max(id) FROM audit_entries") == before


def test_tenants_are_those_of_the_contract_one_has_no_vendor_and_one_no_quota(demo: Flask) -> None:
    with unit_of_work():
        query = select(Tenant.name, Tenant.type, Vendor.id.is_not(None)).outerjoin(Vendor)
        houses = {tuple(row) for row in session.execute(query)}
    assert houses >= {
        ("小港醫院", "HOSPITAL", True),
        ("緯緯醫學", "DEALER", True),
        ("緯創醫學", "WMT", True),
        ("高雄醫學", "HOSPITAL", False),
        ("屏東醫學", "DEALER", True),
    }
    with unit_of_work():
        bought = set(session.scalars(select(Tenant.name).join(Vendor).where(Vendor.deposit > 0)))
    assert bought == {"小港醫院", "緯緯醫學", "緯創醫學"}


def test_every_type_stands_in_every_phase(demo: Flask) -> None:
    now = clock.now()
    seen = {(one.voucher_type, phase(one, now)) for one in vouchers()}
    assert seen == set(product(VoucherType, Phase))


def test_every_type_is_on_waiting_sold_out_and_nearly_gone(demo: Flask) -> None:
    now = clock.now()
    on = [one for one in vouchers() if phase(one, now) is Phase.ON]
    waiting = {one.voucher_type for one in on if one.on_start > now}
    sold_out = {one.voucher_type for one in on if one.redeemed == one.volume}
    nearly = {
        one.voucher_type
        for one in on
        if 0 < one.volume - one.redeemed < safety_stock(one.volume, Decimal("0.3"))
    }
    assert waiting == sold_out == nearly == set(VoucherType)


def test_texts_and_numbers_are_whole(demo: Flask) -> None:
    for one in vouchers():
        assert one.voucher_no[8:16] == f"{one.issue_date:%Y%m%d}"
        assert one.description
        assert one.notice
        assert one.created_at <= one.updated_at <= clock.now()
    assert len({one.title for one in vouchers()}) == 48


def test_every_picture_is_small_and_can_be_decoded(demo: Flask) -> None:
    storage = demo.extensions["storage"]
    with unit_of_work():
        keys = session.scalars(select(Upload.object_key).where(Upload.completed_at.is_not(None)))
        pictures = [storage.read(key, 100_000) for key in keys]
    assert len(set(pictures)) == len(vouchers())
    for picture in pictures:
        assert len(picture) <= 60_000
        assert Image.open(BytesIO(picture)).size == (640, 400)


def test_books_hold_every_kind_of_movement(demo: Flask) -> None:
    kinds = {row[0] for row in rows("SELECT DISTINCT kind FROM quota_entries")}
    assert kinds == {"PURCHASE", "CORRECTION", "ISSUE", "EDIT", "REFUND"}


def test_members_are_of_every_age_and_gender(demo: Flask) -> None:
    groups = rows(
        "SELECT gender, age_level(birthdate, current_date), count(*) FROM members GROUP BY 1, 2"
    )
    assert len(groups) == 18
    assert all(row[2] > 3 for row in groups)


def test_the_funnel_narrows_at_every_step(demo: Flask) -> None:
    steps = rows(
        "SELECT sum(reach_persons), sum(click_persons), sum(redeemed), sum(used)"
        " FROM voucher_cells GROUP BY voucher_id"
    )
    assert len(steps) == 36
    assert all(seen > clicked > redeemed > used > 0 for seen, clicked, redeemed, used in steps)


def test_history_covers_months_without_a_gap(demo: Flask) -> None:
    weeks = [
        row[0]
        for row in rows(
            "SELECT DISTINCT date_trunc('week', redeemed_at) FROM redemptions ORDER BY 1"
        )
    ]
    assert len(weeks) >= 24
    assert {(later - earlier).days for earlier, later in pairwise(weeks)} == {7}


def test_weekends_are_busier_than_the_middle_of_the_week(demo: Flask) -> None:
    days = rows(
        "SELECT extract(isodow FROM first_at AT TIME ZONE 'Asia/Taipei')::int FROM engagements"
    )
    seen = Counter(row[0] for row in days)
    assert seen[6] > 1.15 * seen[2]


def test_every_event_happened_when_the_rules_allowed_it(demo: Flask) -> None:
    against = """
        SELECT r.id FROM redemptions r JOIN vouchers v ON v.id = r.voucher_id
        JOIN members m ON m.id = r.member_id
        WHERE r.redeemed_at NOT BETWEEN greatest(v.redeem_start, v.on_start, v.first_on_at)
                AND least(v.redeem_end, v.on_end)
            OR r.used_at NOT BETWEEN greatest(v.use_start, r.redeemed_at) AND v.use_end
            OR r.used_at > now() OR r.redeemed_at > now() OR r.redeemed_at < m.created_at
            OR NOT voucher_visible(v.target_type, v.tenant_id, m.tenant_id)
        UNION ALL
        SELECT e.voucher_id FROM engagements e JOIN vouchers v ON v.id = e.voucher_id
        JOIN members m ON m.id = e.member_id
        WHERE e.first_at < greatest(v.on_start, v.first_on_at, m.created_at)
            OR e.last_at < e.first_at OR e.last_at > least(v.on_end, now())
            OR (e.times = 1 AND e.first_at < e.last_at)
            OR NOT voucher_visible(v.target_type, v.tenant_id, m.tenant_id)
    """
    assert rows(against) == []


def test_off_the_shelf_nothing_happened_any_more(demo: Flask) -> None:
    against = """
        SELECT r.id FROM redemptions r JOIN vouchers v ON v.id = r.voucher_id
        WHERE v.status = 'OFF' AND r.redeemed_at > v.updated_at
    """
    assert rows(against) == []


def test_imports_show_their_failures(demo: Flask) -> None:
    with unit_of_work():
        counts = session.execute(select(CouponImport.success, CouponImport.failed)).all()
    assert sorted(counts) == [(80, 3), (120, 3), (160, 3)]


def test_the_sample_add_on_is_registered_where_its_readme_serves_it(demo: Flask) -> None:
    (found,) = rows(
        "SELECT name, url, origin, status, plan_start < now() AND plan_end > now() FROM add_ons"
    )
    assert found == (
        "會員服務台（範例）",
        "http://127.0.0.1:9000/",
        "http://127.0.0.1:9000",
        "ENABLED",
        True,
    )
    readme = (ROOT / "examples" / "add-on" / "README.md").read_text(encoding="utf-8")
    assert found[1] in readme


def test_coupon_sets_are_of_every_source_one_paused_and_one_with_refused_rows(demo: Flask) -> None:
    sets = {tuple(row) for row in rows("SELECT source, status FROM coupon_sets WHERE name > ''")}
    assert sets == {
        ("AUTO_GENERATE", "ACTIVE"),
        ("AUTO_GENERATE", "INACTIVE"),
        ("GENERATE", "ACTIVE"),
        ("IMPORT", "ACTIVE"),
    }
    ((said, kept),) = rows(
        "SELECT (result->>'failed')::int, (SELECT count(*) FROM code_import_failures"
        " WHERE job_id = jobs.id) FROM jobs WHERE kind = 'COUPON_IMPORT'"
    )
    assert said == kept == 2


def test_the_platform_has_a_key_and_the_tenant_one_of_each_kind(demo: Flask) -> None:
    found = rows("SELECT tenant_id IS NULL, kind FROM api_keys")
    assert sorted(tuple(row) for row in found) == [
        (False, "LIVE"),
        (False, "SANDBOX"),
        (True, "LIVE"),
    ]


def test_the_accounts_are_told_to_the_owner_alone(demo: Flask, demo_settings: Settings) -> None:
    file = demo_settings.data_dir / "demo-accounts.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    accounts = json.loads(file.read_text("utf-8"))
    assert [one.get("tenant") for one in accounts] == [
        *(None, "小港醫院", "緯緯醫學", "緯創醫學", "高雄醫學", "屏東醫學", "小港醫院")
    ]
    assert accounts[-1]["role"] == "CLERK"  # Clerks sign in to the pages only.
    for one in accounts[:-1]:
        with unit_of_work():
            signed = identity.sign_in(demo_settings, one["account"], one["password"], None)
        assert signed.role == one["role"]


def test_demo_accounts_are_marked_until_they_get_a_password_of_their_own(demo: Flask) -> None:
    marked = rows("SELECT count(*) FROM admins WHERE demo")
    assert marked == [(7,)]


def test_the_member_of_the_summary_exists(demo: Flask, demo_load: Ran) -> None:
    with unit_of_work():
        wanted = Member.household_member_id == demo_load.answer["memberId"]
        assert session.scalar(select(func.count()).where(wanted)) == 1


def test_a_picture_is_the_same_for_the_same_seed() -> None:
    assert draw_picture("coffee", 22, 7) == draw_picture("coffee", 22, 7)
    assert draw_picture("coffee", 22, 7) != draw_picture("coffee", 22, 8)


def test_every_motif_can_be_drawn() -> None:
    sizes = [len(draw_picture(motif, 200, n)) for n, motif in enumerate(MOTIFS)]
    assert all(2_000 < size < 60_000 for size in sizes)

"""`prove` finds one wrong row anywhere in the books, and names it (behaviour §10)."""

import uuid
from datetime import date

import pytest
from flask.testing import FlaskClient

from tests.support import cards, coupons, rows
from tests.support.cast import Caller, issue, make_member, voucher_row
from voucherweb.config import Settings
from voucherweb.services.proof import Proof, prove
from voucherweb.services.proof_checks import CHECKS
from voucherweb.services.trends import MEASURES

OFFER = "(SELECT id FROM vouchers WHERE title = 'offer')"
OWN = f"(SELECT vendor_id FROM vouchers WHERE id = {OFFER})"
OTHER = f"(SELECT id FROM vendors WHERE id <> {OWN})"
OWNER = f"(SELECT tenant_id FROM vendors WHERE id = {OWN})"
BORN = date(1990, 1, 1)


def both(change: str) -> tuple[str, str]:
    """The same change of cells and of days, which are proved by the cells."""
    return f"UPDATE voucher_cells {change}", f"UPDATE voucher_days {change}"


TAMPERS = {
    "quota.sequence": (f"UPDATE vendors SET entry_count = entry_count + 1 WHERE id = {OWN}",),
    "quota.chain": (
        (
            "UPDATE quota_entries SET withdraw_after = withdraw_after + 1"
            f" WHERE seq = 2 AND vendor_id = {OWN}"
        ),
    ),
    "quota.deposit": (f"UPDATE vendors SET deposit = deposit + 1 WHERE id = {OWN}",),
    "quota.withdraw": (f"UPDATE vendors SET withdraw = withdraw - 1 WHERE id = {OWN}",),
    "quota.serials": (f"UPDATE vendors SET purchase_count = 2 WHERE id = {OWN}",),
    "quota.purchases": (
        f"UPDATE quota_entries SET kind = 'CORRECTION' WHERE seq = 1 AND vendor_id = {OWN}",
    ),
    "quota.revisions": (f"UPDATE quota_purchases SET remark = '改' WHERE vendor_id = {OWN}",),
    "quota.vouchers": ("UPDATE vouchers SET volume = volume + 1 WHERE title = 'offer'",),
    "quota.subjects": (
        (
            "INSERT INTO quota_entries (vendor_id, seq, kind, debit, credit, points, deposit_after,"
            " withdraw_after, voucher_id, actor, created_at)"
            " SELECT id, entry_count + 1, 'EDIT', 'AVAILABLE', 'SPENT', 0, deposit, withdraw,"
            f" {OFFER}, 'test', now() FROM vendors WHERE id = {OTHER}"
        ),
        f"UPDATE vendors SET entry_count = entry_count + 1 WHERE id = {OTHER}",
    ),
    "points.sequence": ("UPDATE cards SET entry_count = entry_count - 1 WHERE entry_count > 1",),
    "points.chain": ("UPDATE points_entries SET balance_after = 7 WHERE kind = 'REDEEM'",),
    "points.balance": ("UPDATE cards SET balance = balance + 1 WHERE balance < 100000",),
    "points.owner": (
        f"UPDATE points_entries SET owner_id = {OWNER} WHERE kind = 'ADD' AND method = 1",
    ),
    "points.holder": (
        (
            f"UPDATE members SET tenant_id = {OWNER} WHERE id IN (SELECT member_id FROM cards"
            " WHERE id IN (SELECT card_id FROM points_entries WHERE kind = 'VOID'))"
        ),
    ),
    "points.holders": ("DELETE FROM campaign_holders",),
    "points.sums": (
        (
            "INSERT INTO programme_sums"
            " (programme_id, until, added, burned, taken_back, given_back)"
            " SELECT id, now(), 1, 0, 0, 0 FROM programmes WHERE tenant_id IS NOT NULL"
        ),
    ),
    "points.voids": ("UPDATE points_entries SET ref_no = 'another' WHERE kind = 'VOID'",),
    "points.paid": (
        (
            "UPDATE redemptions SET member_id ="
            " (SELECT member_id FROM cards WHERE balance = 100000) WHERE seq = 1"
        ),
    ),
    "points.price": (
        (
            "UPDATE vouchers SET redeem_points = redeem_points * 2, volume = volume / 2"
            " WHERE title = 'offer'"
        ),
    ),
    "stock.redeemed": ("UPDATE vouchers SET redeemed = 3 WHERE title = 'offer'",),
    "stock.sequence": ("UPDATE redemptions SET seq = 9 WHERE seq = 2",),
    "stock.limit": ("UPDATE vouchers SET redeem_limit = 1 WHERE title = 'offer'",),
    "coupons.voucher": (
        (
            f"UPDATE coupon_sets SET tenant_id = (SELECT tenant_id FROM vendors WHERE id = {OTHER})"
            " WHERE source = 'VOUCHER'"
        ),
    ),
    "coupons.other": (
        (
            "INSERT INTO coupon_sets (id, tenant_id, total)"
            f" SELECT gen_random_uuid(), tenant_id, 0 FROM vendors WHERE id = {OTHER}"
        ),
        (
            "UPDATE vouchers SET coupon_set_id = (SELECT id FROM coupon_sets WHERE total = 0)"
            " WHERE title = 'offer'"
        ),
    ),
    "coupons.ordinals": ("DELETE FROM coupons WHERE ordinal = 2 AND code IS NULL",),
    "coupons.counts": ("UPDATE coupon_sets SET used = 0 WHERE source = 'AUTO_GENERATE'",),
    "coupons.gifts": (
        "UPDATE coupon_gifts SET owner_id = gen_random_uuid() WHERE status <> 'VOIDED'",
    ),
    "coupons.given": (
        (
            "UPDATE coupons SET owner_id = gen_random_uuid()"
            " WHERE code IS NOT NULL AND status = 'PENDING'"
        ),
    ),
    "coupons.next": (
        "UPDATE coupon_sets SET last_ordinal = last_ordinal + 1 WHERE source = 'GENERATE'",
    ),
    "coupons.freed": ("UPDATE coupons SET freed = false WHERE freed",),
    "coupons.taken": ("UPDATE coupons SET status = 'ACTIVE' WHERE ordinal = 2 AND code IS NULL",),
    "cells.pieces": both("SET used = used + 1 WHERE redeemed > 0"),
    "cells.persons": both("SET click_persons = 4 WHERE click_persons = 1"),
    "cells.times": both("SET reach_times = reach_times + 1"),
    "scopes.members": (
        "UPDATE engagements SET first_at = first_at - interval '1 day' WHERE gender = 'F'",
    ),
    "cells.tenant": ("UPDATE tenant_cells SET persons = 2 WHERE scope = '*' AND kind = 'C'",),
    "days.cells": ("UPDATE voucher_days SET click_times = 0 WHERE click_times = 1",),
    "desk.write_offs": (
        (
            "INSERT INTO write_offs (redemption_id, tenant_id, admin_id, at, day)"
            " SELECT r.id, a.tenant_id, a.id, r.used_at, d.day FROM admins a, redemptions r"
            " JOIN voucher_days d ON d.voucher_id = r.voucher_id AND d.used > 0"
            " WHERE r.used_at IS NOT NULL AND a.tenant_id IS NOT NULL LIMIT 1"
        ),
    ),
    "desk.days": (
        (
            "WITH desk AS (UPDATE redemptions r SET used_by = 'admin:' || a.id"
            " FROM vouchers v, admins a WHERE v.id = r.voucher_id AND a.tenant_id = v.tenant_id"
            " AND r.used_at IS NOT NULL RETURNING r.id, a.tenant_id, a.id AS admin_id, r.used_at)"
            " INSERT INTO write_offs (redemption_id, tenant_id, admin_id, at, day)"
            " SELECT id, tenant_id, admin_id, used_at, used_at::date + 9 FROM desk"
        ),
    ),
    "days.closed": (
        (
            "INSERT INTO tenant_days SELECT v.tenant_id, d.day, v.voucher_type, d.redeemed + 1,"
            " d.used, d.reach_persons, d.reach_times, d.click_persons, d.click_times"
            f" FROM voucher_days d JOIN vouchers v ON v.id = d.voucher_id WHERE v.id = {OFFER}"
        ),
    ),
    "audience.pairs": ("DELETE FROM fresh_engagements WHERE kind = 'C'",),
}


@pytest.fixture
def offer(
    client: FlaskClient, settings: Settings, admin: Caller, stranger: Caller, member: Caller
) -> uuid.UUID:
    """Somebody took two pieces of it, used one, saw it and another one, and clicked it."""
    offer, other = uuid.UUID(issue(admin, title="offer")), uuid.UUID(issue(admin, title="other"))
    texts = {"title": "折扣碼", "description": "7-ELEVEN"}
    links = [{**texts, "url": f"http://t.txp.tw/v/{n}"} for n in range(3)]
    issue(admin, on=False, voucherType="06", volume=3, couponList=links)
    coupons.some_given(admin.tenant_id)
    admin.data("/voucher-mgmt/voucher/delete", {"id": issue(admin, on=False)})
    cards.some_moved(settings)
    person = rows.member_id(make_member(client, settings, gender="M", birthdate=BORN).id)
    taken = [rows.redeem(person, offer)[1] for _ in range(2)]
    assert rows.use(person, taken[0]) == "USED"
    rows.engage("R", person, [offer])
    rows.engage("C", person, [offer])
    rows.change_person(person, "F", BORN)
    rows.engage("R", person, [other])
    return offer


def failing() -> tuple[set[str], Proof]:
    wrong: set[str] = set()
    proof = prove(lambda result: wrong.add(result.name) if result.bad else None)
    return wrong, proof


def test_empty_books_are_right(client: FlaskClient) -> None:
    assert prove() == Proof(ok=True, checked=0, first_bad=None)


def test_right_books_are_right_and_every_check_looked_at_rows(offer: uuid.UUID) -> None:
    looked: dict[str, int] = {}
    proof = prove(lambda result: looked.update({result.name: result.checked}))
    assert (proof.ok, proof.first_bad, proof.checked) == (True, None, sum(looked.values()))
    assert [name for name, rows_seen in looked.items() if not rows_seen] == [
        *("points.sums", "stock.limit", "desk.write_offs", "desk.days", "days.closed")
    ]


def test_every_check_has_a_tampering_test() -> None:
    assert {check.name for check in CHECKS} == TAMPERS.keys() | {"stock.volume"}


@pytest.mark.parametrize("name", TAMPERS)
def test_a_wrong_row_is_named_by_its_own_check_alone(
    offer: uuid.UUID, settings: Settings, name: str
) -> None:
    rows.tamper(settings, *TAMPERS[name])
    wrong, proof = failing()
    assert wrong == {name}
    table = next(check.table for check in CHECKS if check.name == name)
    assert proof.first_bad
    assert proof.first_bad.startswith(f"{name}: {table} ")
    assert not proof.ok


def test_pieces_beyond_the_volume_are_named(offer: uuid.UUID, settings: Settings) -> None:
    check = "CHECK (redeemed BETWEEN 0 AND volume)"
    lower = "UPDATE vouchers SET volume = 1 WHERE title = 'offer'"
    rows.tamper(settings, "ALTER TABLE vouchers DROP CONSTRAINT ck_vouchers_stock", lower)
    wrong, _ = failing()
    rows.tamper(
        settings,
        "UPDATE vouchers SET volume = 10",
        f"ALTER TABLE vouchers ADD CONSTRAINT ck_vouchers_stock {check}",
    )
    assert wrong == {"quota.vouchers", "stock.volume"}


def test_the_first_bad_row_is_told_with_what_it_says_and_should(
    offer: uuid.UUID, settings: Settings
) -> None:
    rows.tamper(settings, TAMPERS["stock.redeemed"][0])
    told = f"stock.redeemed: vouchers {offer}: redeemed 3, should be 2"
    assert prove() == Proof(ok=False, checked=prove().checked, first_bad=told)


@pytest.mark.parametrize(
    ("statement", "wrong"),
    [
        (
            "DELETE FROM voucher_cells",
            {"cells.pieces", "cells.persons", "cells.times", "days.cells"},
        ),
        ("DELETE FROM voucher_days", {"days.cells"}),
        ("DELETE FROM engagement_scopes", {"scopes.members", "cells.tenant"}),
        ("DELETE FROM tenant_cells", {"cells.tenant"}),
        (
            "DELETE FROM engagements",
            {"cells.persons", "cells.times", "scopes.members", "audience.pairs"},
        ),
        ("DELETE FROM coupons WHERE code IS NULL", {"coupons.ordinals"}),
        (
            "DELETE FROM coupon_gifts WHERE status = 'USED'",
            {"coupons.counts", "coupons.given", "coupons.next"},
        ),
        ("DELETE FROM quota_purchase_revisions", {"quota.purchases", "quota.revisions"}),
        (
            "DELETE FROM points_entries WHERE kind = 'REDEEM' AND seq = 3",
            {"points.sequence", "points.balance", "points.paid"},
        ),
    ],
)
def test_missing_rows_are_missed(
    offer: uuid.UUID, settings: Settings, statement: str, wrong: set[str]
) -> None:
    rows.tamper(settings, statement)
    assert failing()[0] == wrong


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_of_a_day_is_proved(
    offer: uuid.UUID, settings: Settings, measure: str
) -> None:
    moved = f"UPDATE voucher_days SET day = day - 40 WHERE voucher_id = '{offer}'"
    rows.tamper(settings, moved)
    assert prove().ok, "the cells do not tell the day"
    rows.tamper(settings, f"UPDATE voucher_days SET {measure} = {measure} + 1")
    wrong, proof = failing()
    assert wrong == {"days.cells"}
    assert proof.first_bad is not None


def test_the_voucher_whose_days_are_wrong_is_told(offer: uuid.UUID, settings: Settings) -> None:
    rows.tamper(settings, f"UPDATE voucher_days SET redeemed = 5 WHERE voucher_id = '{offer}'")
    measures = "redeemed, used, persons and times reached, persons and times clicked over all days"
    told = f"days.cells: vouchers {offer}: {measures} {{5,1,1,1,1,1}}, should be {{2,1,1,1,1,1}}"
    assert prove().first_bad == told


def test_a_piece_that_nobody_paid_for_is_noticed(offer: uuid.UUID, settings: Settings) -> None:
    rows.tamper(
        settings,
        "INSERT INTO redemptions"
        " (id, voucher_id, member_id, seq, points, gender, age_level, redeemed_at)"
        " SELECT gen_random_uuid(), voucher_id, member_id, 3, points, gender, age_level, now()"
        " FROM redemptions WHERE seq = 1",
    )
    assert failing()[0] == {"points.paid", "stock.redeemed", "cells.pieces"}


def test_the_coupons_of_redeemed_pieces_are_taken(admin: Caller, member: Caller) -> None:
    texts = {"title": "折扣碼", "description": "7-ELEVEN"}
    links = [{**texts, "url": f"http://t.txp.tw/v/{n}"} for n in range(3)]
    offer = uuid.UUID(issue(admin, voucherType="06", volume=3, couponList=links))
    person = rows.member_id(member.id)
    assert rows.redeem(person, offer)[0] == "REDEEMED"
    assert rows.redeem_many([(person, offer)])[0][0] == "REDEEMED"
    assert coupons.statuses(voucher_row(str(offer)).coupon_set_id) == ["ACTIVE"] * 2 + ["PENDING"]
    assert prove().ok


def test_a_piece_whose_coupon_was_not_taken_is_noticed(
    admin: Caller, member: Caller, settings: Settings
) -> None:
    texts = {"title": "折扣碼", "description": "7-ELEVEN", "url": "http://t.txp.tw/v/1"}
    offer = uuid.UUID(issue(admin, voucherType="06", volume=1, couponList=[texts]))
    assert rows.redeem(rows.member_id(member.id), offer)[0] == "REDEEMED"
    rows.tamper(settings, "UPDATE coupons SET status = 'PENDING'")
    assert failing()[0] == {"coupons.taken"}

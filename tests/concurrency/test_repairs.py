"""Repairs of one import beside each other, and beside the voucher that takes it."""

import itertools
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
from flask import Flask
from psycopg.errors import UniqueViolation
from sqlalchemy import select, text

from tests.concurrency.conftest import Meet, Rivals
from tests.services.test_repairs import make, offer
from tests.support.cast import Caller
from tests.support.errands import as_actor, count
from tests.support.workers import until
from voucherweb.domain.actor import Actor
from voucherweb.errors import Refusal
from voucherweb.models import Coupon, CouponImportFailure, CouponSet
from voucherweb.services import repairs
from voucherweb.transaction import session, unit_of_work

COUNT = 6


def test_appending_by_a_total_that_was_read_gives_one_place_to_all(
    rivals: Rivals, admin: Caller
) -> None:
    make(admin)

    def append(connection: psycopg.Connection[Any], meet: Meet) -> str:
        row = connection.execute("SELECT id, total FROM coupon_sets").fetchone()
        assert row
        meet()
        try:
            connection.execute(
                "INSERT INTO coupons (set_id, ordinal, title, description, url)"
                " VALUES (%s, %s, 'a', 'b', 'https://example.test/x')",
                [row[0], row[1] + 1],
            )
        except UniqueViolation:
            return "lost"
        return "kept"

    assert Counter(rivals.run(COUNT, append)) == {"kept": 1, "lost": COUNT - 1}


def together(app: Flask, actor: Actor, import_id: uuid.UUID, rows: list[tuple[int, str]]) -> Any:
    """Repair all of these rows (number, url) at once; how it ended how often."""
    meet = threading.Barrier(len(rows), timeout=30)

    def one(row: int, url: str) -> str:
        with app.app_context():
            meet.wait()
            try:
                with unit_of_work():
                    repairs.repair_row(actor, import_id, row, "券", "說明", url)
            except Refusal as refusal:
                return refusal.error.code.rpartition(".")[2]
        return "REPAIRED"

    with ThreadPoolExecutor(len(rows)) as pool:
        return Counter(pool.map(lambda row: one(*row), rows))


def ordinals() -> list[int]:
    with unit_of_work():
        return list(session.scalars(select(Coupon.ordinal).order_by(Coupon.ordinal)))


def test_repairs_of_different_rows_all_find_their_place(app: Flask, admin: Caller) -> None:
    for good in (0, 2):
        import_id = make(admin, good=good, failed=COUNT)
        rows = [(good + 1 + n, f"https://example.test/new/{n}") for n in range(1, COUNT + 1)]
        assert together(app, as_actor(admin), import_id, rows) == {"REPAIRED": COUNT}
        with unit_of_work():
            found = repairs.import_counts(as_actor(admin), import_id)
            assert (found.success, found.failed) == (good + COUNT, 0)
    assert ordinals() == sorted([*range(1, COUNT + 1), *range(1, COUNT + 3)])
    assert (count(CouponSet), count(CouponImportFailure)) == (2, 0)


def test_one_row_is_repaired_once(app: Flask, admin: Caller) -> None:
    import_id = make(admin)
    rows = [(4, f"https://example.test/new/{n}") for n in range(COUNT)]
    outcome = together(app, as_actor(admin), import_id, rows)
    assert outcome == {"REPAIRED": 1, "NOT_EXIST": COUNT - 1}
    assert ordinals() == [1, 2, 3]


def test_one_url_is_taken_once(app: Flask, admin: Caller) -> None:
    import_id = make(admin, failed=COUNT)
    rows = [(3 + n, "https://example.test/same") for n in range(1, COUNT + 1)]
    outcome = together(app, as_actor(admin), import_id, rows)
    assert outcome == {"REPAIRED": 1, "INVALID_PARAMETER": COUNT - 1}
    assert (ordinals(), count(CouponImportFailure)) == ([1, 2, 3], COUNT - 1)


def waits() -> bool:
    """Whether somebody waits for a row's lock."""
    with unit_of_work():
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype <> 'advisory'"
        return bool(session.scalar(text(waiting)))


def beside(app: Flask, first: Callable[[], Any], second: Callable[[], Any]) -> Any:
    """What `second` answers when it begins before the unit of work of `first` has committed."""
    began, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with app.app_context(), unit_of_work():
            first()
            began.set()
            go_on.wait(30)

    def follow() -> Any:
        began.wait(30)
        with app.app_context():
            return second()

    with ThreadPoolExecutor(2) as pool:
        held, answer = pool.submit(hold), pool.submit(follow)
        try:
            until(waits)
        finally:
            go_on.set()
        held.result(30)
        return answer.result(30)


def test_a_voucher_takes_a_set_with_all_that_was_repaired(app: Flask, admin: Caller) -> None:
    import_id, numbers = make(admin), itertools.count(4)

    def repair() -> None:
        url = f"https://example.test/{next(numbers)}"
        repairs.repair_row(as_actor(admin), import_id, 4, "券", "說明", url)

    def add() -> Any:
        return admin.post("/voucher-mgmt/voucher/add", offer(import_id, 2)).json["errorMsg"]

    assert beside(app, repair, add) == "SERVICE_ERROR.VOUCHER_COUPON_REDEEM_NOT_MATCH"
    assert admin.data("/voucher-mgmt/voucher/add", offer(import_id, 3))["volume"] == 3

"""Windows of transactions: half-open, in order, and final once they are over."""

import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, LiteralString

import psycopg
import pytest
from flask.testing import FlaskClient

from tests.support import cards, cast
from tests.support.cards import Holder
from tests.support.cast import Caller
from voucherweb.config import Settings
from voucherweb.domain.partner import Partner
from voucherweb.errors import Refusal
from voucherweb.models import PLATFORM_OWNER
from voucherweb.services import partner_points, partner_transactions
from voucherweb.services.autocommit import Execute, Rows
from voucherweb.services.partner_points import CardKey, Refs
from voucherweb.services.partner_transactions import Transaction, Window, read_window

MICROSECOND = timedelta(microseconds=1)
ADD = (
    "SELECT transaction_id FROM points_change('ADD', %s, 1, 2, NULL, NULL, NULL, 'x', NULL, now())"
)


@pytest.fixture
def partner(tenant_id: str) -> Partner:
    return cards.partner_of(tenant_id)


@pytest.fixture
def writer(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """A connection whose transaction stays open until it is told."""
    with psycopg.connect(settings.database_url) as connection:
        yield connection
        connection.rollback()


def add(execute: Execute, partner: Partner, holder: Holder, points: int = 1) -> uuid.UUID:
    key = CardKey(holder.card_no, holder.phone)
    return partner_points.add_points(execute, partner, key, points, Refs()).transaction_id


def now(execute: Execute) -> datetime:
    found: datetime = execute("SELECT clock_timestamp()", ())[0][0]
    return found


def everything(
    execute: Execute, owner_id: uuid.UUID, window: Window | None = None
) -> list[Transaction]:
    rows, total = read_window(execute, owner_id, window or Window(), 1000)
    assert len(rows) == total
    return list(rows)


def test_a_window_takes_its_beginning_and_leaves_its_end(
    execute: Execute, partner: Partner, holder: Holder
) -> None:
    ids = [add(execute, partner, holder) for _ in range(3)]
    times = [one.created_at for one in everything(execute, partner.owner_id)]
    window = Window(times[0], times[2])
    assert [one.uuid for one in everything(execute, partner.owner_id, window)] == ids[:2]
    after = Window(times[0] + MICROSECOND, times[2] + MICROSECOND)
    assert [one.uuid for one in everything(execute, partner.owner_id, after)] == ids[1:]


def test_pages_tell_everything_once_and_in_order(
    execute: Execute, partner: Partner, holder: Holder
) -> None:
    ids = [add(execute, partner, holder) for _ in range(7)]
    pages = [read_window(execute, partner.owner_id, Window(), 3, at) for at in (0, 3, 6, 9)]
    assert [one.uuid for rows, _ in pages for one in rows] == ids
    assert [total for _, total in pages] == [7, 7, 7, 7]


def test_equal_times_are_ordered_by_uuid(
    execute: Execute, partner: Partner, holder: Holder, settings: Settings
) -> None:
    ids = [add(execute, partner, holder) for _ in range(5)]
    with psycopg.connect(settings.database_url) as connection:
        connection.execute("ALTER TABLE points_entries DISABLE TRIGGER USER")
        connection.execute("UPDATE points_entries SET created_at = '2026-01-01T00:00:00Z'")
        connection.execute("ALTER TABLE points_entries ENABLE TRIGGER USER")
    pages = [read_window(execute, partner.owner_id, Window(), 1, at)[0][0] for at in range(5)]
    assert [one.uuid for one in pages] == sorted(ids)


def test_an_entry_is_told_with_all_that_is_known(
    execute: Execute, partner: Partner, holder: Holder
) -> None:
    key = CardKey(holder.card_no, holder.phone)
    partner_points.add_value(execute, partner, key, Decimal("61.5"), Refs("N", "I"))
    told = everything(execute, partner.owner_id)[0]
    assert (told.type, told.method, told.value, told.points) == ("ADD", 1, Decimal("61.50"), 2)
    assert (told.ref_no, told.ref_id, told.is_void) == ("N", "I", False)
    assert (told.card_no, told.phone_number, told.member_id) == (
        *(holder.card_no, holder.phone, holder.member_id),
    )


def test_grants_and_redemptions_are_told_to_the_platform_alone(
    client: FlaskClient, settings: Settings, admin: Caller, execute: Execute, partner: Partner
) -> None:
    member = cast.make_member(client, settings, grant=1000)
    member.data("/voucher/redeem", {"voucherId": cast.issue(admin)})
    told = everything(execute, PLATFORM_OWNER)
    assert [(one.type, one.method, one.points) for one in told] == [
        ("ADD", 2, 1000),
        ("BURN", None, 150),
    ]
    assert everything(execute, partner.owner_id) == []


def test_a_void_is_told_as_of_the_windows_end(
    execute: Execute, partner: Partner, holder: Holder
) -> None:
    added = add(execute, partner, holder)
    before = Window(None, now(execute))
    first = everything(execute, partner.owner_id, before)
    void = partner_points.void_by_id(execute, partner, added).void_id
    assert everything(execute, partner.owner_id, before) == first
    assert [one.is_void for one in first] == [False]
    later = everything(execute, partner.owner_id)
    assert [(one.uuid, one.type, one.is_void) for one in later] == [
        (added, "ADD", True),
        (void, "VOID", False),
    ]


def test_the_naive_way_loses_an_entry(
    execute: Execute, partner: Partner, holder: Holder, writer: psycopg.Connection[Any]
) -> None:
    writer.execute(ADD, (holder.card_id,))
    page = (partner.owner_id, None, now(execute), 10, 0)
    polled = execute(partner_transactions._PAGE, page)
    writer.commit()
    assert polled[0][0] == 0, "the window was over, and the poller goes on from its end"
    assert execute(partner_transactions._PAGE, page)[0][0] == 1, "yet there is an entry in it"


def test_a_window_that_is_over_waits_for_its_writers(
    execute: Execute, partner: Partner, holder: Holder, writer: psycopg.Connection[Any]
) -> None:
    writer.execute(ADD, (holder.card_id,))
    window = Window(None, now(execute))
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(everything, execute, partner.owner_id, window)
        with pytest.raises(TimeoutError):
            reading.result(0.3)
        writer.commit()
        first = reading.result(5)
    assert len(first) == 1
    assert everything(execute, partner.owner_id, window) == first


def test_a_writer_that_gives_up_is_waited_for_as_well(
    execute: Execute, partner: Partner, holder: Holder, writer: psycopg.Connection[Any]
) -> None:
    writer.execute(ADD, (holder.card_id,))
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(everything, execute, partner.owner_id, Window(None, now(execute)))
        time.sleep(0.1)
        writer.rollback()
        assert reading.result(5) == []


def test_those_who_begin_to_write_meanwhile_are_not_waited_for(
    settings: Settings,
    execute: Execute,
    partner: Partner,
    holder: Holder,
    writer: psycopg.Connection[Any],
) -> None:
    looked = threading.Event()

    def watched(statement: LiteralString, values: Sequence[Any]) -> Rows:
        rows = execute(statement, values)
        if rows and "points_writers" in statement:
            looked.set()
        return rows

    other = cards.make_platform_holder()
    writer.execute(ADD, (other.card_id,))
    window = Window(None, now(execute))
    with ThreadPoolExecutor(1) as pool, psycopg.connect(settings.database_url) as next_writer:
        reading = pool.submit(everything, watched, PLATFORM_OWNER, window)
        assert looked.wait(5)
        next_writer.execute(ADD, (cards.make_platform_holder().card_id,))
        writer.commit()
        assert len(reading.result(5)) == 1
        assert len(execute("SELECT points_writers(%s)", (PLATFORM_OWNER,))) == 1
        next_writer.rollback()


def test_other_owners_writers_are_not_waited_for(
    execute: Execute, partner: Partner, writer: psycopg.Connection[Any]
) -> None:
    _, _, foreign = cards.tenant_with_holder()
    writer.execute(ADD, (foreign.card_id,))
    assert everything(execute, partner.owner_id, Window(None, now(execute))) == []


def test_a_window_that_is_not_over_waits_for_nobody(
    execute: Execute, partner: Partner, holder: Holder, writer: psycopg.Connection[Any]
) -> None:
    writer.execute(ADD, (holder.card_id,))
    for end in (None, now(execute) + timedelta(hours=1)):
        assert everything(execute, partner.owner_id, Window(None, end)) == []


def test_a_writer_without_end_makes_the_answer_wait_for_another_try(
    execute: Execute,
    partner: Partner,
    holder: Holder,
    writer: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(partner_transactions, "PATIENCE", 0.1)
    writer.execute(ADD, (holder.card_id,))
    with pytest.raises(Refusal) as refused:
        everything(execute, partner.owner_id, Window(None, now(execute)))
    assert refused.value.error.code == "API_ERROR.UNAVAILABLE"

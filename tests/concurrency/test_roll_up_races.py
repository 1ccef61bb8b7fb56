"""What is folded after the event stays exact beside those who write and those who read."""

import random
import threading
import time
import uuid
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from tests.concurrency.conftest import Meet, Rivals
from tests.support import books
from tests.support.cast import Caller, issue, make_member
from tests.support.desks import make_clerk, take_piece
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.services import audience, trends
from voucherweb.services.proof import prove
from voucherweb.transaction import session, unit_of_work

ENGAGE = "SELECT count(*) FROM engage(%s, %s, %s, now(), %s)"
UNDO = "SELECT outcome FROM desk_undo(%s, %s, 'admin:x', 'oops', now())"
CLOSE = "SELECT close_days(%s, 100)"
Connection = psycopg.Connection[Any]


def test_readers_never_miss_a_person_nor_count_one_twice(
    client: FlaskClient, settings: Settings, rivals: Rivals, admin: Caller
) -> None:
    people = [books.member_id(make_member(client, settings).id) for _ in range(40)]
    vouchers = [uuid.UUID(issue(admin)) for _ in range(6)]
    today = clock.local_date(clock.now(), settings.timezone)
    over = threading.Event()
    seen: list[tuple[int, int]] = []

    def write(connection: Connection, meet: Meet) -> None:
        pick = random.Random(threading.get_ident())
        meet()
        for _ in range(60):
            chosen = pick.sample(vouchers, 3)
            member, kind = pick.choice(people), pick.choice("RC")
            connection.execute(ENGAGE, (kind, [member] * 3, chosen, today))

    def fold(connection: Connection, meet: Meet) -> None:
        meet()
        while not over.is_set():
            connection.execute("SELECT fold_audience(7)")

    def read() -> None:
        with client.application.app_context():
            while not over.is_set() or not seen:
                seen.append(_both_counts())

    acts = iter([write, write, write, fold, fold])

    def act(connection: Connection, meet: Meet) -> None:
        next(acts)(connection, meet)

    reader = threading.Thread(target=read)
    reader.start()
    stopper = threading.Timer(4, over.set)
    stopper.start()
    rivals.run(5, act)
    reader.join()
    assert [one for one in seen if one[0] != one[1]] == []
    assert len({one[0] for one in seen}) > 3, "the numbers did grow while they were read"
    audience.fold()
    assert prove().first_bad is None


def _both_counts() -> tuple[int, int]:
    """Persons by bits and fresh pairs, and by engagements, in one snapshot."""
    slow = (
        "SELECT count(DISTINCT member_id) FILTER (WHERE kind = 'R') * 1000"
        " + count(DISTINCT member_id) FILTER (WHERE kind = 'C') FROM engagements"
    )
    with unit_of_work(snapshot=True):
        row = session.execute(audience.persons([])).one_or_none()
        connection = session.connection()
        recounted = int(connection.exec_driver_sql(slow).scalar_one())
        return (int(row.reach_persons) * 1000 + int(row.click_persons) if row else 0), recounted


@pytest.fixture
def clerk(tenant_id: str) -> Actor:
    return make_clerk(tenant_id)


@pytest.fixture
def old_day(settings: Settings) -> date:
    return clock.local_date(clock.now(), settings.timezone) - timedelta(days=9)


@pytest.fixture
def written_off(admin: Caller, member: Caller, clerk: Actor, rivals: Rivals, old_day: date) -> int:
    """A write-off that was counted on a day which is long over."""
    piece = take_piece(member, issue(admin))[0]
    with psycopg.connect(rivals.url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT write_off FROM desk_write_off(%s, %s, %s, %s, now(), %s)",
            (clerk.tenant_id, clerk.id, clerk.key, piece, old_day),
        ).fetchone()
        assert row
        return int(row[0])


def used_on(clerk: Actor, day: date) -> int:
    assert clerk.tenant_id
    with unit_of_work():
        return trends.of_tenant(clerk.tenant_id, day, day).total("used")


def _beside(url: str, query: str, values: tuple[Any, ...]) -> threading.Thread:
    """Run a statement in a thread; when this returns, it waits for a lock or is done."""

    def run() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(query, values)

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.5)
    return thread


def test_a_day_is_not_closed_while_an_undo_of_it_is_under_way(
    rivals: Rivals, clerk: Actor, written_off: int, old_day: date
) -> None:
    with psycopg.connect(rivals.url) as undoing:
        undoing.execute(UNDO, (clerk.tenant_id, written_off))
        closing = _beside(rivals.url, CLOSE, (old_day,))
        assert closing.is_alive()
        undoing.commit()
        closing.join()
    assert used_on(clerk, old_day) == 0
    assert prove().first_bad is None


def test_an_undo_waits_for_the_day_to_be_closed_and_takes_its_share(
    rivals: Rivals, clerk: Actor, written_off: int, old_day: date
) -> None:
    assert used_on(clerk, old_day) == 1
    with psycopg.connect(rivals.url) as closing:
        closing.execute(CLOSE, (old_day,))
        undoing = _beside(rivals.url, UNDO, (clerk.tenant_id, written_off))
        assert undoing.is_alive()
        closing.commit()
        undoing.join()
    assert used_on(clerk, old_day) == 0
    assert prove().first_bad is None


def test_two_schedulers_close_a_day_once(
    rivals: Rivals, clerk: Actor, written_off: int, old_day: date
) -> None:
    def act(connection: Connection, meet: Meet) -> int:
        meet()
        row = connection.execute(CLOSE, (old_day,)).fetchone()
        assert row
        return int(row[0])

    assert sorted(rivals.run(4, act)) == [0, 0, 0, 1]
    assert used_on(clerk, old_day) == 1
    assert prove().first_bad is None

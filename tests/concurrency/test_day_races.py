"""The days of the trend under rivals: nothing is lost, whatever runs beside whatever."""

import itertools
import random
import uuid
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from tests.concurrency.conftest import Meet, Rivals
from tests.support import books
from tests.support.cast import Caller, issue, make_member
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.services.proof import prove

COUNT = 6
ROUNDS = 6
ONE = "SELECT outcome, redemption_id FROM redeem_one(%s, %s, 'test', NULL, NULL, now(), %s)"
MANY = (
    "SELECT outcome, redemption_id FROM redeem_many("
    "%s, %s, %s, array_fill(NULL::text, ARRAY[%s]), array_fill(NULL::bytea, ARRAY[%s]), now(), %s)"
    " ORDER BY ord"
)
USE = "SELECT outcome FROM use_one(%s, %s, 'test', now(), %s)"
ENGAGE = "SELECT count(*) FROM engage(%s, %s, %s, now(), %s)"
Connection = psycopg.Connection[Any]


@pytest.fixture
def people(client: FlaskClient, settings: Settings) -> list[uuid.UUID]:
    return [books.member_id(make_member(client, settings).id) for _ in range(4)]


def counts(url: str, table: str) -> dict[str, int]:
    """Redeemed, used, and times and persons of both kinds, over all rows of a roll-up."""
    names = ("redeemed", "used", "reach_times", "reach_persons", "click_times", "click_persons")
    sums = ", ".join(f"coalesce(sum({name}), 0)::int" for name in names)
    with psycopg.connect(url) as connection:
        row = connection.execute(f"SELECT {sums} FROM {table}").fetchone()
        assert row
        return dict(zip(names, row, strict=True))


def met(url: str, kind: str) -> int:
    """Pairs of a member and a voucher that was reached (R) or clicked (C)."""
    with psycopg.connect(url) as connection:
        query = "SELECT count(*) FROM engagements WHERE kind = %s"
        row = connection.execute(query, [kind]).fetchone()
        assert row
        return int(row[0])


def test_reading_a_day_first_and_writing_it_later_loses_events(
    rivals: Rivals, admin: Caller, settings: Settings
) -> None:
    key = (uuid.UUID(issue(admin)), clock.local_date(clock.now(), settings.timezone))
    rows = "FROM voucher_days WHERE voucher_id = %s AND day = %s"
    with psycopg.connect(rivals.url, autocommit=True) as connection:
        connection.execute("INSERT INTO voucher_days (voucher_id, day) VALUES (%s, %s)", key)

    def naive(connection: Connection, meet: Meet) -> None:
        row = connection.execute(f"SELECT redeemed {rows}", key).fetchone()
        assert row
        meet()
        change = "UPDATE voucher_days SET redeemed = %s WHERE voucher_id = %s AND day = %s"
        connection.execute(change, (row[0] + 1, *key))

    rivals.run(COUNT, naive)
    assert counts(rivals.url, "voucher_days")["redeemed"] == 1


class Rival:
    """Does everything that counts, in a random order, on two days, and notes what counted."""

    def __init__(self, connection: Connection, people: list[uuid.UUID], seed: int) -> None:
        self.connection, self.people = connection, people
        self.random = random.Random(seed)
        self.done = dict.fromkeys(("redeemed", "used", "reach_times", "click_times"), 0)

    def play(self, vouchers: list[uuid.UUID], days: tuple[date, date]) -> dict[str, int]:
        for _ in range(ROUNDS):
            day = self.random.choice(days)
            pieces = self._redeem(self.random.choice(vouchers), day)
            pieces += self._redeem_many(vouchers, day)
            for member, piece in pieces:
                self._use(member, piece, self.random.choice(days))
            self._engage("R", "reach_times", self.random.sample(vouchers, len(vouchers)), day)
            self._engage("C", "click_times", [self.random.choice(vouchers)], day)
        return self.done

    def _redeem(self, voucher: uuid.UUID, day: date) -> list[tuple[uuid.UUID, uuid.UUID]]:
        member = self.random.choice(self.people)
        rows = self.connection.execute(ONE, (member, voucher, day)).fetchall()
        return self._taken([member], rows)

    def _redeem_many(
        self, vouchers: list[uuid.UUID], day: date
    ) -> list[tuple[uuid.UUID, uuid.UUID]]:
        size = len(self.people)
        members = self.random.sample(self.people, size)
        wishes = [self.random.choice(vouchers) for _ in members]
        values = (members, wishes, ["test"] * size, size, size, day)
        return self._taken(members, self.connection.execute(MANY, values).fetchall())

    def _taken(
        self, members: list[uuid.UUID], rows: list[Any]
    ) -> list[tuple[uuid.UUID, uuid.UUID]]:
        pairs = zip(members, rows, strict=True)
        taken = [(member, piece) for member, (told, piece) in pairs if told == "REDEEMED"]
        self.done["redeemed"] += len(taken)
        return taken

    def _use(self, member: uuid.UUID, piece: uuid.UUID, day: date) -> None:
        row = self.connection.execute(USE, (member, piece, day)).fetchone()
        assert row == ("USED",)
        self.done["used"] += 1

    def _engage(self, kind: str, measure: str, vouchers: list[uuid.UUID], day: date) -> None:
        members = [self.random.choice(self.people)] * len(vouchers)
        row = self.connection.execute(ENGAGE, (kind, members, vouchers, day)).fetchone()
        assert row
        self.done[measure] += row[0]


def test_days_add_up_to_the_cells_when_everything_runs_beside_everything(
    rivals: Rivals, admin: Caller, people: list[uuid.UUID], settings: Settings
) -> None:
    vouchers = [uuid.UUID(issue(admin, volume=20)) for _ in range(3)]
    today = clock.local_date(clock.now(), settings.timezone)
    seeds = itertools.count()

    def act(connection: Connection, meet: Meet) -> dict[str, int]:
        rival = Rival(connection, people, next(seeds))
        meet()
        return rival.play(vouchers, (today, today + timedelta(days=1)))

    done = rivals.run(COUNT, act)
    sums = {measure: sum(one[measure] for one in done) for measure in done[0]}
    assert sums["redeemed"] == sums["used"] == 60
    persons = {"reach_persons": met(rivals.url, "R"), "click_persons": met(rivals.url, "C")}
    assert counts(rivals.url, "voucher_days") == {**sums, **persons}
    assert counts(rivals.url, "voucher_cells") == {**sums, **persons}
    assert prove().first_bad is None

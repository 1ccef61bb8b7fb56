"""Partners' points under rivals: first what the naive way does, then what the functions do."""

import itertools
import json
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from tests.concurrency.conftest import Meet, Rivals
from tests.concurrency.test_naive_ways import one
from tests.support import books, cards
from tests.support.cards import Holder
from tests.support.cast import Caller, issue, make_member
from voucherweb.config import Settings
from voucherweb.domain.partner import Partner
from voucherweb.errors import Refusal
from voucherweb.models import PLATFORM_OWNER
from voucherweb.services import partner_points, proof
from voucherweb.services.autocommit import Execute
from voucherweb.services.partner_points import CardKey, Moved, Refs
from voucherweb.services.partner_transactions import Transaction, Window, read_window

COUNT = 6
HERE = Path(__file__)
Connection = psycopg.Connection[Any]
ADD = "SELECT outcome FROM points_change('ADD', %s, 1, 2, NULL, NULL, NULL, 'x', NULL, now())"


@pytest.fixture
def partner(tenant_id: str) -> Partner:
    return cards.partner_of(tenant_id)


def through(connection: Connection) -> Execute:
    return lambda statement, values: connection.execute(statement, values).fetchall()


def named(holder: Holder) -> CardKey:
    return CardKey(holder.card_no, holder.phone)


def add(execute: Execute, partner: Partner, holder: Holder, points: int) -> Moved:
    return partner_points.add_points(execute, partner, named(holder), points, Refs())


def outcome(act: Any, *values: Any) -> str:
    try:
        act(*values)
    except Refusal as refusal:
        return refusal.error.code
    return "DONE"


# The naive ways.


def test_looking_before_voiding_gives_back_many_times(rivals: Rivals, control: Connection) -> None:
    def void(connection: Connection, meet: Meet) -> None:
        voided = one(connection, "SELECT used FROM control_stock")
        meet()
        if not voided:
            connection.execute("UPDATE control_stock SET used = true, balance = balance + 10")

    rivals.run(COUNT, void)
    assert one(control, "SELECT balance FROM control_stock") == 150 + 10 * COUNT


def test_looking_for_a_reference_first_writes_it_many_times(
    rivals: Rivals, control: Connection
) -> None:
    def add(connection: Connection, meet: Meet) -> None:
        known = one(connection, "SELECT count(*) FROM control_pieces WHERE seq = 7")
        meet()
        if not known:
            connection.execute("INSERT INTO control_pieces VALUES (7)")

    rivals.run(COUNT, add)
    assert one(control, "SELECT count(*) FROM control_pieces") == COUNT


def test_polling_without_waiting_loses_what_is_being_written(
    rivals: Rivals, execute: Execute, campaign: str, tenant_id: str, partner: Partner
) -> None:
    people = iter([cards.make_holder(campaign, tenant_id) for _ in range(COUNT)])
    polls: list[int] = []

    def write(connection: Connection, meet: Meet) -> None:
        with connection.transaction():
            connection.execute(ADD, (next(people).card_id,))
            if meet() == 0:
                polls.append(naive(execute, partner))
            meet()

    rivals.run(COUNT, write)
    assert polls == [0], "each poll goes on from the end of the one before"
    assert naive(execute, partner) == COUNT


def naive(execute: Execute, partner: Partner) -> int:
    """How many transactions there were until now, as far as one can see."""
    page = "SELECT total FROM points_page(%s, NULL, clock_timestamp(), 1, 0)"
    found: int = execute(page, (partner.owner_id,))[0][0]
    return found


# The functions.


def test_a_transaction_is_voided_once(
    rivals: Rivals, execute: Execute, partner: Partner, holder: Holder
) -> None:
    burnt = add(execute, partner, holder, 100)
    burnt = partner_points.burn(execute, partner, named(holder), 40, Refs("R"))

    def void(connection: Connection, meet: Meet) -> str:
        meet()
        wanted = burnt.transaction_id
        return outcome(partner_points.void_by_id, through(connection), partner, wanted)

    assert Counter(rivals.run(COUNT, void)) == {"DONE": 1, "ALREADY_VOIDED": COUNT - 1}
    assert cards.balance_of(holder) == 100


def test_a_ref_id_is_written_once(rivals: Rivals, partner: Partner, holder: Holder) -> None:
    def write(connection: Connection, meet: Meet) -> str:
        meet()
        values = (through(connection), partner, named(holder), 5, Refs(None, "X"))
        return outcome(partner_points.add_points, *values)

    assert Counter(rivals.run(COUNT, write)) == {"DONE": 1, "REF_ID_EXISTS": COUNT - 1}
    assert cards.entries_of(holder) == [("ADD", 5, 5)]


def test_a_ref_id_is_written_once_on_several_cards(
    rivals: Rivals, campaign: str, tenant_id: str, partner: Partner
) -> None:
    """The card's lock does not help here: the unique key alone decides."""
    people = [cards.make_holder(campaign, tenant_id) for _ in range(COUNT)]
    hand = itertools.count()

    def write(connection: Connection, meet: Meet) -> str:
        mine = named(people[next(hand)])
        meet()
        values = (through(connection), partner, mine, 5, Refs(None, "X"))
        return outcome(partner_points.add_points, *values)

    assert Counter(rivals.run(COUNT, write)) == {"DONE": 1, "REF_ID_EXISTS": COUNT - 1}
    assert sum(cards.balance_of(person) for person in people) == 5
    assert proof.prove().ok


def test_points_are_burnt_once(
    rivals: Rivals, execute: Execute, partner: Partner, holder: Holder
) -> None:
    add(execute, partner, holder, 99)

    def burn(connection: Connection, meet: Meet) -> str:
        meet()
        values = (through(connection), partner, named(holder), 30, Refs("R"))
        return outcome(partner_points.burn, *values)

    assert Counter(rivals.run(COUNT, burn)) == {"DONE": 3, "INSUFFICIENT_POINTS": 3}
    assert cards.balance_of(holder) == 9


def test_an_add_is_either_voided_or_spent(
    rivals: Rivals, execute: Execute, partner: Partner, holder: Holder
) -> None:
    added = add(execute, partner, holder, 100).transaction_id
    turns = itertools.count()

    def act(connection: Connection, meet: Meet) -> str:
        voids = next(turns) % 2 == 0
        meet()
        run = through(connection)
        if voids:
            return outcome(partner_points.void_by_id, run, partner, added)
        return outcome(partner_points.burn, run, partner, named(holder), 100, Refs("R"))

    outcomes = Counter(rivals.run(COUNT, act))
    assert outcomes["DONE"] == 1
    assert set(outcomes) <= {
        *("DONE", "ALREADY_VOIDED", "INSUFFICIENT_POINTS", "POINTS_ALREADY_SPENT"),
    }
    assert cards.balance_of(holder) == 0


# Processes.


def start(script: str, orders: dict[str, Any]) -> "subprocess.Popen[str]":
    """A rival that has everything loaded and waits for the word."""
    rival = subprocess.Popen(
        [sys.executable, str(HERE.with_name(script))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert rival.stdin
    assert rival.stdout
    rival.stdin.write(json.dumps(orders) + "\n")
    rival.stdin.flush()
    assert rival.stdout.readline() == "ready\n"
    return rival


def movers(
    settings: Settings, tenant: str | None, people: Sequence[Holder], count: int, times: int
) -> list["subprocess.Popen[str]"]:
    """Processes that add to these cards, burn from them and void."""
    orders = {
        "database_url": settings.database_url,
        "tenant": tenant,
        "cards": [[person.card_no, person.phone] for person in people],
        "times": times,
    }
    return [start("points_rival.py", {**orders, "seed": seed}) for seed in range(count)]


def go(rivals: Sequence["subprocess.Popen[str]"]) -> None:
    for rival in rivals:
        assert rival.stdin
        rival.stdin.write("go\n")
        rival.stdin.flush()


class Poller:
    """Reads windows put end to end, each until the moment at which it asks."""

    def __init__(self, execute: Execute, owner_id: uuid.UUID) -> None:
        self.execute, self.owner_id = execute, owner_id
        self.since: datetime | None = None
        self.windows: list[tuple[Window, list[Transaction]]] = []

    def poll(self) -> None:
        until = self.execute("SELECT clock_timestamp()", ())[0][0]
        window = Window(self.since, until)
        self.windows.append((window, self.read(window)))
        self.since = until

    def read(self, window: Window) -> list[Transaction]:
        found: list[Transaction] = []
        while True:
            rows, total = read_window(self.execute, self.owner_id, window, 7, len(found))
            found += rows
            if len(found) == total:
                return found

    @property
    def seen(self) -> list[Transaction]:
        return [row for _, rows in self.windows for row in rows]


def poll_while(rivals: Sequence["subprocess.Popen[str]"], poller: Poller) -> list[list[Any]]:
    """Poll until all rivals are done, and once more; what each of them told."""
    with ThreadPoolExecutor(len(rivals)) as pool:
        waiting = [pool.submit(rival.communicate, timeout=120) for rival in rivals]
        while not all(one.done() for one in waiting):
            poller.poll()
        poller.poll()
    return [json.loads(one.result()[0]) for one in waiting]


def in_the_books(settings: Settings, owner_id: uuid.UUID) -> set[uuid.UUID]:
    with closing(psycopg.connect(settings.database_url)) as connection:
        query = "SELECT transaction_id FROM points_entries WHERE owner_id = %s"
        return {row[0] for row in connection.execute(query, (owner_id,))}


def test_void_burn_and_add_in_parallel_leave_the_books_right(
    settings: Settings,
    execute: Execute,
    holder: Holder,
    campaign: str,
    tenant_id: str,
    partner: Partner,
) -> None:
    """And polling meanwhile loses nothing and tells nothing twice."""
    people = [holder, *(cards.make_holder(campaign, tenant_id) for _ in range(2))]
    rivals = movers(settings, tenant_id, people, count=3, times=80)
    poller = Poller(execute, partner.owner_id)
    go(rivals)
    told = {uuid.UUID(one) for ids in poll_while(rivals, poller) for one in ids}
    seen = [row.uuid for row in poller.seen]
    assert len(poller.windows) > 5
    assert len(seen) == len(set(seen))
    assert set(seen) == told == in_the_books(settings, partner.owner_id)
    assert [poller.read(window) for window, _ in poller.windows] == [
        rows for _, rows in poller.windows
    ]
    assert proof.prove().ok
    kinds = Counter(kind for person in people for kind, _, _ in cards.entries_of(person))
    assert min(kinds["ADD"], kinds["BURN"], kinds["VOID"]) > 10


def test_polling_the_platform_while_members_redeem_loses_nothing(
    client: FlaskClient, settings: Settings, execute: Execute, admin: Caller
) -> None:
    voucher = issue(admin, volume=1000)
    crowd = [str(books.member_id(make_member(client, settings).id)) for _ in range(40)]
    purses = [cards.make_platform_holder(1000) for _ in range(3)]
    orders = {"database_url": settings.database_url, "voucher": voucher, "members": crowd * 4}
    rivals = [start("rival.py", orders), *movers(settings, None, purses, count=1, times=60)]
    poller = Poller(execute, PLATFORM_OWNER)
    go(rivals)
    answers, moved = poll_while(rivals, poller)
    assert [outcome for outcome, _ in answers] == ["REDEEMED"] * 160
    seen = [row.uuid for row in poller.seen]
    assert len(seen) == len(set(seen))
    assert set(seen) == in_the_books(settings, PLATFORM_OWNER)
    assert {uuid.UUID(one) for one in moved} <= set(seen)
    assert [poller.read(window) for window, _ in poller.windows] == [
        rows for _, rows in poller.windows
    ]
    assert proof.prove().ok

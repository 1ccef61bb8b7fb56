"""Coupons under rivals: each is given to one, used once, and every count stays right.

Each race stands beside its control, which shows what looking first and writing afterwards does.
"""

import itertools
import random
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.concurrency.conftest import PATIENCE, Meet, Rivals
from tests.support import books, coupons
from tests.support.coupons import execute
from tests.support.errands import claimed, silent, store
from tests.support.partners import PartnerCaller
from voucherweb.config import Settings
from voucherweb.domain.coupon_codes import bodies
from voucherweb.domain.partner import Partner
from voucherweb.services import coupon_gifts as gifts
from voucherweb.services import coupon_imports

pytestmark = pytest.mark.usefixtures("right_books")

COUNT = 8
CLIENTS = 32
Connection = psycopg.Connection[Any]
GIVE = "SELECT outcome, gift_id, code FROM coupon_give(%s, %s, %s, %s, %s, 'test', now())"
VOID = "SELECT outcome FROM coupon_void(%s, %s, 'test', now())"
USE = "SELECT outcome FROM coupon_use(%s, %s, NULL, NULL, 'test', now())"


@pytest.fixture
def by(tenant_id: str) -> Partner:
    return coupons.caller(tenant_id)


@pytest.fixture
def person(tenant_id: str) -> str:
    return coupons.member_of(tenant_id)


@pytest.fixture
def naive(settings: Settings) -> Iterator[Connection]:
    """A pool of three and a used one, without any guard."""
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE naive_coupons (ordinal int, status text, holder text);"
            "CREATE TABLE naive_set (given int, used int);"
            "INSERT INTO naive_coupons VALUES (1, 'PENDING'), (2, 'PENDING'), (3, 'PENDING');"
            "INSERT INTO naive_set VALUES (0, 0)"
        )
        yield connection
        connection.execute("DROP TABLE naive_coupons, naive_set")


def one(connection: Connection, query: str, values: Any = ()) -> Any:
    row = connection.execute(query, values).fetchone()
    assert row
    return row[0]


def test_looking_for_a_free_coupon_first_gives_it_to_everybody(
    rivals: Rivals, naive: Connection
) -> None:
    def give(connection: Connection, meet: Meet) -> int:
        free = one(connection, "SELECT min(ordinal) FROM naive_coupons WHERE status = 'PENDING'")
        meet()
        connection.execute("UPDATE naive_coupons SET status = 'ACTIVE' WHERE ordinal = %s", [free])
        return int(free)

    assert rivals.run(COUNT, give) == [1] * COUNT


def test_looking_at_a_coupon_before_using_it_uses_it_for_everybody(
    rivals: Rivals, naive: Connection
) -> None:
    naive.execute("UPDATE naive_coupons SET status = 'ACTIVE'")

    def use(connection: Connection, meet: Meet) -> bool:
        status = one(connection, "SELECT status FROM naive_coupons WHERE ordinal = 1")
        meet()
        if status == "ACTIVE":
            connection.execute("UPDATE naive_coupons SET status = 'USED' WHERE ordinal = 1")
            connection.execute("UPDATE naive_set SET used = used + 1")
        return bool(status == "ACTIVE")

    assert rivals.run(COUNT, use) == [True] * COUNT
    assert one(naive, "SELECT used FROM naive_set") == COUNT


def test_taking_back_what_was_looked_at_frees_a_used_coupon(
    rivals: Rivals, naive: Connection
) -> None:
    naive.execute("UPDATE naive_coupons SET status = 'ACTIVE'")
    hand = itertools.count()

    def act(connection: Connection, meet: Meet) -> bool:
        turn = next(hand)
        status = one(connection, "SELECT status FROM naive_coupons WHERE ordinal = 1")
        meet()
        after = "USED" if turn == 0 else "PENDING"
        connection.execute("UPDATE naive_coupons SET status = %s WHERE ordinal = 1", [after])
        return bool(status == "ACTIVE")

    assert rivals.run(2, act) == [True, True]


def test_a_coupon_is_used_by_one(rivals: Rivals, by: Partner, person: str) -> None:
    pool = coupons.pool(by.tenant_id, 5)
    (given,) = gifts.give(execute(), by, person, pool)

    def use(connection: Connection, meet: Meet) -> str:
        meet()
        return str(one(connection, USE, [by.owner_id, given.code]))

    outcomes = Counter(rivals.run(COUNT, use))
    assert outcomes == {"USED": 1, "COUPON_ALREADY_USED": COUNT - 1}
    assert coupons.counts(pool) == (5, 1, 1)


@pytest.mark.wire_fact
def test_of_simultaneous_calls_one_uses_the_coupon(
    client: FlaskClient, partner: PartnerCaller
) -> None:
    made = coupons.auto_set(partner.owner_id)
    person = coupons.member_of(partner.owner_id)
    body = {"coupon_set_uuid": str(made)}
    code = partner.post(f"/v2/connect/coupon/give/{person}", body).json["data"][0]["code"]
    barrier = threading.Barrier(COUNT, timeout=PATIENCE)

    def use(turn: int) -> tuple[int, str | None]:
        mine = PartnerCaller(
            client.application.test_client(), partner.token, partner.key_id, partner.owner_id
        )
        # Half of them bring a key of their own: their call is a unit of work with a stored answer.
        keyed = {"Idempotency_Key": f"use-{turn}"} if turn % 2 else {}
        barrier.wait()
        answer = mine.post("/v2/connect/coupon/use", {"code": code}, **keyed)
        return answer.status_code, answer.json.get("code") if answer.status_code != 201 else None

    with ThreadPoolExecutor(COUNT) as threads:
        told = Counter(threads.map(use, range(COUNT)))
    assert told == {(201, None): 1, (409, "COUPON_ALREADY_USED"): COUNT - 1}


def test_a_thousand_coupons_go_to_32_clients_each_once(
    rivals: Rivals, by: Partner, person: str
) -> None:
    pool = coupons.pool(by.tenant_id, 1000)
    member = books.member_id(person)
    turns = itertools.count()

    def give(connection: Connection, meet: Meet) -> list[str]:
        mix = random.Random(next(turns))
        mine: list[str] = []
        meet()
        while True:
            wanted = mix.choice([1, 1, 1, 2, 3])
            values = (by.owner_id, pool, member, wanted, None)
            rows = connection.execute(GIVE, values).fetchall()
            if rows[0][0] == "GIVEN":
                assert len(rows) == wanted
                mine += [row[2] for row in rows]
            elif wanted == 1:
                assert rows[0][0] == "POOL_EMPTY"
                return mine

    taken = list(itertools.chain(*rivals.run(CLIENTS, give)))
    assert sorted(taken) == sorted(coupons.codes_of(pool))
    assert len(set(taken)) == 1000
    assert coupons.counts(pool) == (1000, 1000, 0)


def test_a_limit_holds_against_rivals(rivals: Rivals, by: Partner, person: str) -> None:
    made = coupons.auto_set(by.owner_id, quantity=10)
    member = books.member_id(person)

    def give(connection: Connection, meet: Meet) -> list[str]:
        meet()
        values = (by.owner_id, made, member, 3)
        return [connection.execute(GIVE, (*values, bodies(3))).fetchall()[0][0] for _ in range(2)]

    outcomes = Counter(itertools.chain(*rivals.run(COUNT, give)))
    assert outcomes == {"GIVEN": 3, "SET_LIMIT_REACHED": 2 * COUNT - 3}
    assert coupons.counts(made) == (9, 9, 0)


@pytest.mark.parametrize("source", ["pool", "made"])
def test_use_against_void_has_one_winner(
    rivals: Rivals, by: Partner, person: str, source: str
) -> None:
    for _ in range(5):
        holder = (
            coupons.pool(by.tenant_id, 1) if source == "pool" else coupons.auto_set(by.owner_id)
        )
        (given,) = gifts.give(execute(), by, person, holder)
        turns = itertools.count()

        def act(connection: Connection, meet: Meet) -> str:
            using = next(turns) % 2  # noqa: B023 - run to its end within the loop.
            meet()
            if using:
                return str(one(connection, USE, [by.owner_id, given.code]))  # noqa: B023
            return str(one(connection, VOID, [by.owner_id, given.id]))  # noqa: B023

        outcomes = Counter(rivals.run(4, act))
        if outcomes["USED"]:
            assert outcomes == {"USED": 1, "COUPON_ALREADY_USED": 3}
        else:
            assert outcomes == {"VOIDED": 1, "ALREADY_VOIDED": 1, "NOT_FOUND": 2}


def test_giving_taking_back_and_using_keep_every_count(
    rivals: Rivals, by: Partner, person: str
) -> None:
    pool = coupons.pool(by.tenant_id, 12)
    made = coupons.auto_set(by.owner_id, quantity=12)
    member = books.member_id(person)
    turns = itertools.count()
    known: list[tuple[uuid.UUID, str]] = []
    outcomes: Counter[str] = Counter()

    def act(connection: Connection, meet: Meet) -> None:
        mix = random.Random(next(turns))
        meet()
        for _ in range(60):
            what = mix.random()
            if what < 0.4 or not known:
                chosen = mix.choice([pool, made])
                values = (by.owner_id, chosen, member, 2, bodies(2))
                rows = connection.execute(GIVE, values).fetchall()
                outcomes[rows[0][0]] += 1
                known.extend((row[1], row[2]) for row in rows if row[0] == "GIVEN")
            elif what < 0.9:
                gift, _code = mix.choice(known)
                outcomes[one(connection, VOID, [by.owner_id, gift])] += 1
            else:
                _gift, code = mix.choice(known)
                outcomes[one(connection, USE, [by.owner_id, code])] += 1

    rivals.run(COUNT, act)
    # Nobody waited for each other in a ring, and every kind of thing has happened.
    assert outcomes.keys() >= {"GIVEN", "VOIDED", "USED", "ALREADY_VOIDED"}
    for which in (pool, made):
        statuses = Counter(coupons.statuses(which))
        total, given, used = coupons.counts(which)
        assert (given, used) == (statuses["ACTIVE"] + statuses["USED"], statuses["USED"])
        assert total == sum(statuses.values()) - statuses["VOIDED"] <= 12


def test_two_imports_of_one_code_keep_it_once(app: Flask, tenant_id: str) -> None:
    shared = [f"S-{n}" for n in range(50)]
    attempts = [
        claimed(coupons.asked_import(tenant_id, coupons.csv_file([*shared, f"OWN-{n}"])))
        for n in range(4)
    ]
    barrier = threading.Barrier(len(attempts), timeout=PATIENCE)

    def run(turn: int) -> None:
        with app.app_context():
            barrier.wait()
            coupon_imports.run_import(attempts[turn], store(), silent)

    with ThreadPoolExecutor(len(attempts)) as threads:
        list(threads.map(run, range(len(attempts))))
    totals = [coupons.set_row(attempt.job_id).total for attempt in attempts]
    assert sorted(totals) == [1, 1, 1, 51]

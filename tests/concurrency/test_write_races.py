"""Partners' writes with a key under rivals: one change, one answer, whoever dies when.

Each race stands beside its control, which shows what looking for the key first and keeping the
answer afterwards does.
"""

import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, LiteralString

import psycopg
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.concurrency.conftest import PATIENCE, Meet, Rivals
from tests.concurrency.test_naive_ways import one
from tests.support import coupons
from tests.support.coupon_calls import USE
from tests.support.partners import PartnerCaller
from tests.support.till import WRITES, Till, in_sql
from voucherweb.config import Settings
from voucherweb.services import autocommit
from voucherweb.services.autocommit import Unavailable
from voucherweb.services.partner_writes import Outcome, Wish, Work

pytestmark = pytest.mark.usefixtures("right_books")

RIVALS = 32
Connection = psycopg.Connection[Any]


@pytest.fixture
def till(client: FlaskClient, partner: PartnerCaller) -> Till:
    return Till(partner)


def told(answer: TestResponse | None) -> str:
    """OK, or the code of the refusal."""
    assert answer
    code: str = "OK" if answer.status_code == 201 else answer.get_json()["code"]
    return code


# The naive ways.


def test_looking_for_the_key_first_changes_for_everybody(
    rivals: Rivals, control: Connection
) -> None:
    control.execute("CREATE TABLE control_keys (key text, body text)")

    def burn(connection: Connection, meet: Meet) -> None:
        known = one(connection, "SELECT count(*) FROM control_keys WHERE key = 'k'")
        meet()
        if not known:
            connection.execute("UPDATE control_stock SET balance = balance - 1")
            connection.execute("INSERT INTO control_keys VALUES ('k', 'burnt')")

    try:
        rivals.run(RIVALS, burn)
        assert one(control, "SELECT balance FROM control_stock") == 150 - RIVALS
    finally:
        control.execute("DROP TABLE control_keys")


def test_keeping_the_answer_afterwards_changes_again_after_a_death(
    settings: Settings, control: Connection
) -> None:
    control.execute("CREATE TABLE control_keys (key text, body text)")

    def burn(connection: Connection, *, dies: bool) -> None:
        if one(connection, "SELECT count(*) FROM control_keys WHERE key = 'k'") == 0:
            connection.execute("UPDATE control_stock SET balance = balance - 1")
            if dies:
                control.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])
            connection.execute("INSERT INTO control_keys VALUES ('k', 'burnt')")

    try:
        with (
            psycopg.connect(settings.database_url, autocommit=True) as connection,
            pytest.raises(psycopg.OperationalError),
        ):
            burn(connection, dies=True)
        burn(control, dies=False)
        assert one(control, "SELECT balance FROM control_stock") == 150 - 2
    finally:
        control.execute("DROP TABLE control_keys")


# The writes.


@pytest.mark.parametrize("name", WRITES)
def test_of_32_calls_with_one_key_one_changes_something(till: Till, name: str) -> None:
    barrier = threading.Barrier(RIVALS, timeout=PATIENCE)

    def ask(_: int) -> TestResponse:
        barrier.wait()
        while (answer := till.post(name, "k")).status_code == 409:
            assert told(answer) == "IDEMPOTENCY_IN_PROGRESS"
            assert answer.headers["Retry-After"] == "1"
        return answer

    with ThreadPoolExecutor(RIVALS) as threads:
        answers = list(threads.map(ask, range(RIVALS)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.get_data() for answer in answers}) == 1
    replayed = Counter(answer.headers.get("Idempotent-Replayed") for answer in answers)
    assert replayed == {None: 1, "true": RIVALS - 1}
    assert till.changes(name) == 1


@pytest.mark.parametrize("name", WRITES)
def test_of_32_servers_with_one_key_one_changes_something(
    till: Till, rivals: Rivals, name: str
) -> None:
    """Each over a connection of its own, as web processes that know nothing of each other."""
    statement, values = in_sql(till, name)

    def ask(connection: Connection, meet: Meet) -> tuple[str, bytes]:
        meet()
        while True:
            row = connection.execute(statement, values).fetchone()
            assert row
            if row[0] != "IDEMPOTENCY_IN_PROGRESS":
                return row[0], bytes(row[1])

    answers = rivals.run(RIVALS, ask)
    assert len({body for _, body in answers}) == 1
    assert Counter(outcome for outcome, _ in answers)["REPLAYED"] == RIVALS - 1
    assert till.changes(name) == 1


@dataclass(slots=True)
class Stuck:
    """A call that is being done; `backend` does it, `watcher` is another connection. `first` is
    its answer, once it may go on."""

    watcher: Connection
    backend: int
    first: TestResponse | None = None


@contextmanager
def stuck(till: Till, settings: Settings, name: str) -> Iterator[Stuck]:
    """While the block lasts, `name` is being done with the key `k` and cannot come to its end:
    the row that it needs is held."""
    with (
        psycopg.connect(settings.database_url) as holder,
        psycopg.connect(settings.database_url, autocommit=True) as watcher,
        ThreadPoolExecutor(1) as threads,
    ):
        if name in {"add", "burn"}:
            query: LiteralString = "SELECT 1 FROM cards WHERE id = %s FOR NO KEY UPDATE"
            holder.execute(query, [till.holder.card_id])
        else:
            query = "SELECT 1 FROM coupon_sets WHERE id = %s FOR NO KEY UPDATE"
            holder.execute(query, [till.set_id])
        waiting = threads.submit(till.post, name, "k")
        try:
            found = Stuck(watcher, blocked(watcher, holder.info.backend_pid))
            yield found
        finally:
            holder.rollback()
        found.first = waiting.result(PATIENCE)


def blocked(watcher: Connection, by: int) -> int:
    """The backend that waits for another one."""
    query = "SELECT pid FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid))"
    for _ in range(300):
        if found := watcher.execute(query, [by]).fetchone():
            return int(found[0])
        time.sleep(0.01)
    raise AssertionError("nobody waits")


@pytest.mark.parametrize("name", WRITES)
def test_a_key_that_is_being_worked_on_is_told_at_once(
    till: Till, settings: Settings, name: str
) -> None:
    statement, values = in_sql(till, name)
    with stuck(till, settings, name) as call:
        began = time.monotonic()
        here = till.post(name, "k")
        row = call.watcher.execute(statement, values).fetchone()
        assert time.monotonic() - began < 1.5, "it waits for nothing"
    assert (told(here), here.headers["Retry-After"]) == ("IDEMPOTENCY_IN_PROGRESS", "1")
    assert row
    assert row[0] == "IDEMPOTENCY_IN_PROGRESS"
    assert told(call.first) == "OK"
    assert till.changes(name) == 1


@pytest.mark.parametrize("name", WRITES)
def test_a_backend_that_dies_at_its_work_has_changed_nothing(
    till: Till, settings: Settings, name: str
) -> None:
    with stuck(till, settings, name) as call:
        call.watcher.execute("SELECT pg_terminate_backend(%s, 5000)", [call.backend])
    assert told(call.first) == "UNAVAILABLE"
    assert till.changes(name) == 0
    first, again = till.post(name, "k"), till.post(name, "k")
    assert (told(first), first.get_data()) == ("OK", again.get_data())
    assert till.changes(name) == 1


@pytest.mark.parametrize("name", WRITES)
def test_a_backend_that_dies_between_write_and_commit_has_changed_nothing(
    till: Till, settings: Settings, control: Connection, name: str
) -> None:
    """The worst moment there is: row and answer are written, and then it dies."""
    statement, values = in_sql(till, name)
    with psycopg.connect(settings.database_url) as dying:
        row = dying.execute(statement, values).fetchone()
        assert row
        assert row[1]
        control.execute("SELECT pg_terminate_backend(%s, 5000)", [dying.info.backend_pid])
        with pytest.raises(psycopg.OperationalError):
            dying.commit()
    assert till.changes(name) == 0
    assert told(till.post(name, "k")) == "OK"
    assert till.changes(name) == 1


@pytest.mark.parametrize("name", WRITES)
def test_an_answer_that_is_lost_after_the_commit_is_found_again(
    till: Till, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    run, kept = autocommit.run, []

    def lose(connection: Any, statement: LiteralString, params: Any) -> Any:
        rows = run(connection, statement, params)
        if "_answer" in statement:
            kept.append(bytes(rows[0][2]))
            connection.close()
            raise Unavailable
        return rows

    with monkeypatch.context() as patch:
        patch.setattr(autocommit, "run", lose)
        assert told(till.post(name, "k")) == "UNAVAILABLE"
    again = till.post(name, "k")
    assert (told(again), [again.get_data()]) == ("OK", kept)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert till.changes(name) == 1


@pytest.mark.parametrize("name", ["pool", "made"])
def test_a_hot_set_of_100_coupons_is_given_exactly_100_times(
    till: Till, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """And then used exactly 100 times, by rivals who all want to use every one."""
    sizes = batches(monkeypatch)
    if name == "pool":
        till.set_id = coupons.pool(till.partner.owner_id, 100)
    else:
        till.set_id = coupons.auto_set(till.partner.owner_id, quantity=100)

    def give(turn: int) -> TestResponse:
        return till.post("give", f"give-{turn}")

    with ThreadPoolExecutor(RIVALS) as threads:
        answers = list(threads.map(give, range(140)))
    refusal = "POOL_EMPTY" if name == "pool" else "SET_LIMIT_REACHED"
    assert Counter(map(told, answers)) == {"OK": 100, refusal: 40}
    codes = [answer.get_json()["data"][0]["code"] for answer in answers if told(answer) == "OK"]
    assert sorted(codes) == sorted(coupons.codes_of(till.set_id))
    assert max(sizes) > 1, "calls that came together shared a transaction"

    def use(turn: int) -> str:
        client = till.partner.client.application.test_client()
        mine = replace(till.partner, client=client)
        return told(mine.post(USE, {"code": codes[turn % 100]}, Idempotency_Key=f"use-{turn}"))

    with ThreadPoolExecutor(RIVALS) as threads:
        assert Counter(threads.map(use, range(200))) == {"OK": 100, "COUPON_ALREADY_USED": 100}
    assert coupons.counts(till.set_id) == (100, 100, 100)


def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many calls each batch has, from now on."""
    sizes, many = [1], Work.many

    def counted(self: Work, wishes: Sequence[Wish]) -> Sequence[Outcome]:
        sizes.append(len(wishes))
        return many(self, wishes)

    monkeypatch.setattr(Work, "many", counted)
    return sizes


def test_batches_of_several_servers_do_not_wait_for_each_other_in_a_ring(
    till: Till, rivals: Rivals
) -> None:
    """Each gives from the same sets, named in an order of its own."""
    sets = [coupons.auto_set(till.partner.owner_id) for _ in range(4)]
    statement = (
        "SELECT outcome FROM coupon_give_answers(%s::text[], %s::text[], %s::bytea[], %s::text[],"
        " %s::uuid[], %s::uuid[], %s::text[], %s::integer[], %s::text[], now())"
    )
    turns = iter(range(100))

    def give(connection: Connection, meet: Meet) -> list[str]:
        turn = next(turns)
        meet()
        outcomes: list[str] = []
        for _ in range(10):
            wanted = sets[turn % 4 :] + sets[: turn % 4]
            wanted = wanted if turn % 2 else wanted[::-1]
            count = len(wanted)
            values = (
                [till.partner.name] * count,
                [str(uuid.uuid4()) for _ in wanted],
                [b"print"] * count,
                ["[\1,\1,\1,\1]"] * count,
                [till.partner.owner_id] * count,
                wanted,
                [till.holder.member_id] * count,
                [1] * count,
                [f"A{uuid.uuid4().hex}" for _ in wanted],
            )
            outcomes += [row[0] for row in connection.execute(statement, values).fetchall()]
        return outcomes

    assert {outcome for mine in rivals.run(8, give) for outcome in mine} == {"GIVEN"}
    assert [coupons.counts(one) for one in sets] == [(80, 80, 0)] * 4


def test_what_is_kept_is_what_was_told(till: Till, settings: Settings) -> None:
    answers = {name: till.post(name, name).get_data() for name in WRITES}
    with psycopg.connect(settings.database_url) as connection:
        rows = connection.execute("SELECT key, status, body FROM idempotency_keys").fetchall()
    assert {key: bytes(body) for key, _, body in rows} == answers
    assert {status for _, status, _ in rows} == {201}
    assert all(json.loads(body) for body in answers.values())

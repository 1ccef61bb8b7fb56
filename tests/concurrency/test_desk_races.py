"""A piece is used once, whether desks, the member or both try, and an undo happens once.

First what reading before writing does, deterministically: all rivals read before any writes.
"""

import itertools
import uuid
from collections import Counter
from typing import Any

import psycopg
import pytest

from tests.concurrency.conftest import Meet, Rivals
from tests.support.books import member_id
from tests.support.cast import Caller, issue
from tests.support.desks import make_clerk, take_piece
from voucherweb.domain.actor import Actor
from voucherweb.services.proof import prove

COUNT = 6
Connection = psycopg.Connection[Any]


@pytest.fixture
def clerk(tenant_id: str) -> Actor:
    return make_clerk(tenant_id)


@pytest.fixture
def piece(admin: Caller, member: Caller) -> uuid.UUID:
    return take_piece(member, issue(admin))[0]


def first(connection: Connection, query: str, values: list[Any] | None = None) -> Any:
    row = connection.execute(query, values).fetchone()
    assert row
    return row[0]


def write_off(connection: Connection, clerk: Actor, piece: uuid.UUID) -> str:
    query = "SELECT outcome FROM desk_write_off(%s, %s, %s, %s, now(), current_date)"
    return str(first(connection, query, [clerk.tenant_id, clerk.id, clerk.key, piece]))


def use(connection: Connection, member: uuid.UUID, piece: uuid.UUID) -> str:
    query = "SELECT outcome FROM use_one(%s, %s, %s, now(), current_date)"
    return str(first(connection, query, [member, piece, f"member:{member}"]))


def undo(connection: Connection, clerk: Actor, write_off_id: int) -> str:
    query = "SELECT outcome FROM desk_undo(%s, %s, 'admin:x', 'oops', now())"
    return str(first(connection, query, [clerk.tenant_id, write_off_id]))


def standing(connection: Connection) -> int:
    """The write-off that stands."""
    return int(first(connection, "SELECT id FROM write_offs WHERE undone_at IS NULL"))


def used(rivals: Rivals) -> tuple[int, int, int, int]:
    """Used pieces by the rows, the cells and the days, and write-offs that stand."""
    with psycopg.connect(rivals.url) as connection:
        row = connection.execute(
            "SELECT (SELECT count(used_at) FROM redemptions),"
            " (SELECT coalesce(sum(used), 0)::int FROM voucher_cells),"
            " (SELECT coalesce(sum(used), 0)::int FROM voucher_days),"
            " (SELECT count(*) FROM write_offs WHERE undone_at IS NULL)"
        ).fetchone()
        assert row
        return row[0], row[1], row[2], row[3]


def test_looking_first_lets_desk_and_member_both_use(rivals: Rivals, control: Connection) -> None:
    def act(connection: Connection, meet: Meet) -> bool:
        free = not first(connection, "SELECT used FROM control_stock")
        meet()
        if free:
            connection.execute("UPDATE control_stock SET used = true, redeemed = redeemed + 1")
        return bool(free)

    assert rivals.run(COUNT, act) == [True] * COUNT
    assert first(control, "SELECT redeemed FROM control_stock") == COUNT


def test_looking_first_takes_one_use_back_twice(rivals: Rivals, control: Connection) -> None:
    control.execute("UPDATE control_stock SET used = true, redeemed = 1")

    def act(connection: Connection, meet: Meet) -> None:
        used_now = first(connection, "SELECT used FROM control_stock")
        meet()
        if used_now:
            connection.execute("UPDATE control_stock SET used = false, redeemed = redeemed - 1")

    rivals.run(COUNT, act)
    assert first(control, "SELECT redeemed FROM control_stock") == 1 - COUNT


def test_desks_write_a_piece_off_once(rivals: Rivals, clerk: Actor, piece: uuid.UUID) -> None:
    def act(connection: Connection, meet: Meet) -> str:
        meet()
        return write_off(connection, clerk, piece)

    outcomes = Counter(rivals.run(COUNT, act))
    assert outcomes == {"WRITTEN_OFF": 1, "VOUCHER_USE_HAD_USED": COUNT - 1}
    assert used(rivals) == (1, 1, 1, 1)
    assert prove().ok


def test_the_desk_and_the_member_use_a_piece_once(
    rivals: Rivals, clerk: Actor, member: Caller, piece: uuid.UUID
) -> None:
    hand, person = itertools.count(), member_id(member.id)

    def act(connection: Connection, meet: Meet) -> str:
        at_desk = next(hand) % 2
        meet()
        return write_off(connection, clerk, piece) if at_desk else use(connection, person, piece)

    outcomes = Counter(rivals.run(COUNT, act))
    won = outcomes.keys() - {"VOUCHER_USE_HAD_USED"}
    assert won <= {"USED", "WRITTEN_OFF"}
    assert (outcomes["VOUCHER_USE_HAD_USED"], len(won)) == (COUNT - 1, 1)
    assert used(rivals) == (1, 1, 1, outcomes["WRITTEN_OFF"])
    assert prove().ok


@pytest.mark.parametrize("first_is_desk", [True, False], ids=["desk", "member"])
def test_whoever_waits_for_the_other_finds_the_piece_used(
    rivals: Rivals, clerk: Actor, member: Caller, piece: uuid.UUID, first_is_desk: bool
) -> None:
    """One holds the row uncommitted when the other, who saw the piece free, comes to it."""
    person, hand = member_id(member.id), itertools.count()
    acts = [
        lambda connection: write_off(connection, clerk, piece),
        lambda connection: use(connection, person, piece),
    ]

    def act(connection: Connection, meet: Meet) -> str:
        if next(hand):
            meet()
            return acts[first_is_desk](connection)
        with connection.transaction():
            outcome = acts[not first_is_desk](connection)
            meet()
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            while not first(connection, waiting):
                connection.execute("SELECT pg_sleep(0.01)")
        return outcome

    winner = "WRITTEN_OFF" if first_is_desk else "USED"
    assert set(rivals.run(2, act)) == {winner, "VOUCHER_USE_HAD_USED"}
    assert used(rivals) == (1, 1, 1, int(first_is_desk))


def test_an_undo_happens_once(rivals: Rivals, clerk: Actor, piece: uuid.UUID) -> None:
    with psycopg.connect(rivals.url) as connection:
        write_off(connection, clerk, piece)

    def act(connection: Connection, meet: Meet) -> str:
        id_ = standing(connection)
        meet()
        return undo(connection, clerk, id_)

    assert Counter(rivals.run(COUNT, act)) == {"UNDONE": 1, "UNDONE_BEFORE": COUNT - 1}
    assert used(rivals) == (0, 0, 0, 0)
    assert prove().ok


def test_writing_off_and_undoing_together_never_deadlock_and_the_counts_hold(
    rivals: Rivals, clerk: Actor, member: Caller, piece: uuid.UUID
) -> None:
    person = member_id(member.id)

    def act(connection: Connection, meet: Meet) -> list[str]:
        meet()
        outcomes = []
        for _ in range(10):
            outcomes.append(write_off(connection, clerk, piece))
            row = connection.execute("SELECT max(id) FROM write_offs").fetchone()
            assert row
            outcomes.append(undo(connection, clerk, row[0] or 0))
        return outcomes

    outcomes = Counter(itertools.chain(*rivals.run(COUNT, act)))
    assert outcomes["WRITTEN_OFF"] == outcomes["UNDONE"] > 0
    assert used(rivals) == (0, 0, 0, 0)
    with psycopg.connect(rivals.url) as connection:
        assert use(connection, person, piece) == "USED"
    assert used(rivals) == (1, 1, 1, 0)
    assert prove().ok

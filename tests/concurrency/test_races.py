"""The same races against the real functions: threads, each with a connection of its own."""

import itertools
import random
import uuid
from collections import Counter
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from tests.concurrency.conftest import Meet, Rivals
from tests.support import books
from tests.support.cast import Caller, issue, make_member, voucher_row
from voucherweb.config import Settings

COUNT = 6
ONE = "SELECT outcome, seq FROM redeem_one(%s, %s, %s, %s, %s, now(), current_date)"
MANY = "SELECT outcome, seq FROM redeem_many(%s, %s, %s, %s, %s, now(), current_date) ORDER BY ord"
Connection = psycopg.Connection[Any]


@pytest.fixture
def people(client: FlaskClient, settings: Settings) -> list[uuid.UUID]:
    callers = [make_member(client, settings) for _ in range(COUNT)]
    return [books.member_id(one.id) for one in callers]


def redeem(
    connection: Connection, member: uuid.UUID, voucher: str, key: str | None = None
) -> tuple[str, int | None]:
    values = (member, uuid.UUID(voucher), f"member:{member}", key, b"print")
    row = connection.execute(ONE, values).fetchone()
    assert row
    return row[0], row[1]


def test_never_more_pieces_than_the_volume(
    rivals: Rivals, admin: Caller, people: list[uuid.UUID]
) -> None:
    voucher = issue(admin, volume=4)
    hand = itertools.count()

    def act(connection: Connection, meet: Meet) -> list[tuple[str, int | None]]:
        mine = people[next(hand)]
        meet()
        return [redeem(connection, mine, voucher) for _ in range(3)]

    answers = list(itertools.chain(*rivals.run(COUNT, act)))
    given = sorted(seq for outcome, seq in answers if outcome == "REDEEMED" and seq)
    assert given == [1, 2, 3, 4]
    assert Counter(outcome for outcome, _ in answers)["VOUCHER_REDEEM_OVER_VOLUME"] == 14
    assert voucher_row(voucher).redeemed == 4


def test_never_more_than_the_limit_for_one_member(
    rivals: Rivals, admin: Caller, member: Caller
) -> None:
    voucher = issue(admin, volume=50, redeemLimit=2)
    mine = books.member_id(member.id)

    def act(connection: Connection, meet: Meet) -> list[tuple[str, int | None]]:
        meet()
        return [redeem(connection, mine, voucher) for _ in range(3)]

    outcomes = Counter(outcome for one in rivals.run(COUNT, act) for outcome, _ in one)
    assert outcomes == {"REDEEMED": 2, "VOUCHER_REDEEM_OVER_LIMIT": 16}


def test_points_are_spent_once(
    rivals: Rivals, client: FlaskClient, settings: Settings, admin: Caller
) -> None:
    poor = make_member(client, settings, grant=2 * 150 + 149)
    vouchers = [issue(admin) for _ in range(3)]
    mine, hand = books.member_id(poor.id), itertools.cycle(vouchers)

    def act(connection: Connection, meet: Meet) -> tuple[str, int | None]:
        voucher = next(hand)
        meet()
        return redeem(connection, mine, voucher)

    outcomes = Counter(outcome for outcome, _ in rivals.run(COUNT, act))
    assert outcomes == {"REDEEMED": 2, "VOUCHER_REDEEM_INSUFFICIENT_POINTS": 4}
    assert books.balance(poor.id) == 149


def test_one_key_takes_one_piece(rivals: Rivals, admin: Caller, member: Caller) -> None:
    voucher = issue(admin, volume=50)
    mine = books.member_id(member.id)

    def act(connection: Connection, meet: Meet) -> tuple[str, int | None]:
        meet()
        return redeem(connection, mine, voucher, "k")

    answers = rivals.run(COUNT, act)
    outcomes = Counter(outcome for outcome, _ in answers)
    assert outcomes["REDEEMED"] == 1
    assert set(outcomes) <= {"REDEEMED", "REPLAYED", "IDEMPOTENCY_IN_PROGRESS"}
    assert {seq for _, seq in answers} <= {1, None}
    assert voucher_row(voucher).redeemed == 1


def test_a_piece_is_used_once(rivals: Rivals, admin: Caller, member: Caller) -> None:
    piece = member.data("/voucher/redeem", {"voucherId": issue(admin)})["id"]
    mine = books.member_id(member.id)

    def act(connection: Connection, meet: Meet) -> str:
        meet()
        row = connection.execute(
            "SELECT outcome FROM use_one(%s, %s, 'test', now(), current_date)",
            [mine, uuid.UUID(piece)],
        ).fetchone()
        assert row
        return str(row[0])

    assert Counter(rivals.run(COUNT, act)) == {"USED": 1, "VOUCHER_USE_HAD_USED": COUNT - 1}


def test_batches_and_single_calls_share_vouchers_without_deadlock(
    rivals: Rivals, admin: Caller, people: list[uuid.UUID]
) -> None:
    vouchers = [issue(admin, volume=5) for _ in range(3)]
    seeds = itertools.count()

    def act(connection: Connection, meet: Meet) -> list[str]:
        mix = random.Random(next(seeds))
        meet()
        outcomes = []
        for _ in range(5):
            wishes = [mix.choice(vouchers) for _ in people]
            mine = mix.sample(people, len(people))
            outcomes.append(redeem(connection, mine[0], wishes[0])[0])
            outcomes += _batch(connection, mine, wishes)
        return outcomes

    outcomes = Counter(itertools.chain(*rivals.run(COUNT, act)))
    assert outcomes["REDEEMED"] == 15
    assert set(outcomes) == {"REDEEMED", "VOUCHER_REDEEM_OVER_VOLUME"}
    assert [voucher_row(one).redeemed for one in vouchers] == [5, 5, 5]


def _batch(connection: Connection, members: list[uuid.UUID], vouchers: list[str]) -> list[str]:
    ids = [uuid.UUID(one) for one in vouchers]
    callers = [f"member:{one}" for one in members]
    blank: list[None] = [None] * len(members)
    return [row[0] for row in connection.execute(MANY, (members, ids, callers, blank, blank))]


@pytest.mark.parametrize(("kind", "column"), [("R", "reach"), ("C", "click")])
def test_no_reach_or_click_is_lost(
    rivals: Rivals, admin: Caller, people: list[uuid.UUID], kind: str, column: str
) -> None:
    vouchers = [uuid.UUID(issue(admin)) for _ in range(4)]
    seeds = itertools.count()

    def act(connection: Connection, meet: Meet) -> None:
        mix = random.Random(next(seeds))
        meet()
        for _ in range(5):
            mine = mix.choice(people[:2])
            ids = mix.sample(vouchers, len(vouchers))
            connection.execute(
                "SELECT * FROM engage(%s, %s, %s, now(), current_date)",
                [kind, [mine] * len(ids), ids],
            )

    rivals.run(COUNT, act)
    with psycopg.connect(rivals.url) as connection:
        sums = connection.execute(
            f"SELECT sum({column}_times), sum({column}_persons) FROM voucher_cells"
            " WHERE voucher_id = ANY (%s)",
            [vouchers],
        ).fetchone()
    assert sums == (COUNT * 5 * len(vouchers), 2 * len(vouchers))

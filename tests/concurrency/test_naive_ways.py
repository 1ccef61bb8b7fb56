"""What read-then-write does under rivals: the controls that the real functions are held against.

Each shows that its race is real, deterministically: all rivals read before any writes.
"""

from typing import Any

import psycopg

from tests.concurrency.conftest import Meet, Rivals

COUNT = 6
Connection = psycopg.Connection[Any]


def one(connection: Connection, query: str) -> Any:
    row = connection.execute(query).fetchone()
    assert row
    return row[0]


def test_reading_the_stock_first_oversells(rivals: Rivals, control: Connection) -> None:
    def redeem(connection: Connection, meet: Meet) -> bool:
        free = one(connection, "SELECT redeemed < volume FROM control_stock")
        meet()
        if free:
            connection.execute("UPDATE control_stock SET redeemed = redeemed + 1")
        return bool(free)

    assert rivals.run(COUNT, redeem) == [True] * COUNT
    assert one(control, "SELECT redeemed FROM control_stock") == COUNT


def test_numbering_by_what_was_read_repeats_numbers(rivals: Rivals, control: Connection) -> None:
    def redeem(connection: Connection, meet: Meet) -> int:
        seq = one(connection, "SELECT redeemed + 1 FROM control_stock")
        meet()
        connection.execute("UPDATE control_stock SET redeemed = %s", [seq])
        return int(seq)

    assert rivals.run(COUNT, redeem) == [1] * COUNT


def test_counting_first_passes_the_limit(rivals: Rivals, control: Connection) -> None:
    def redeem(connection: Connection, meet: Meet) -> None:
        had = one(connection, "SELECT count(*) FROM control_pieces")
        meet()
        if had < 1:
            connection.execute("INSERT INTO control_pieces VALUES (1)")

    rivals.run(COUNT, redeem)
    assert one(control, "SELECT count(*) FROM control_pieces") == COUNT


def test_writing_a_balance_that_was_read_loses_payments(
    rivals: Rivals, control: Connection
) -> None:
    def pay(connection: Connection, meet: Meet) -> bool:
        balance = one(connection, "SELECT balance FROM control_stock")
        meet()
        if balance >= 150:
            connection.execute("UPDATE control_stock SET balance = %s", [balance - 150])
        return bool(balance >= 150)

    assert rivals.run(COUNT, pay) == [True] * COUNT
    assert one(control, "SELECT balance FROM control_stock") == 0


def test_looking_before_using_uses_twice(rivals: Rivals, control: Connection) -> None:
    def use(connection: Connection, meet: Meet) -> bool:
        used = one(connection, "SELECT used FROM control_stock")
        meet()
        connection.execute("UPDATE control_stock SET used = true")
        return not used

    assert rivals.run(COUNT, use) == [True] * COUNT

"""Rivals: the same act by several threads at once, each over a connection of its own."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from voucherweb.config import Settings

PATIENCE = 30.0
Meet = Callable[[], object]
Act = Callable[[psycopg.Connection[Any], Meet], Any]


class Rivals:
    """Runs an act in `count` threads. The act calls `meet` at the point where all must have
    arrived before anyone goes on, which makes the worst order of events certain."""

    def __init__(self, settings: Settings) -> None:
        self.url = settings.database_url

    def run(self, count: int, act: Act) -> list[Any]:
        barrier = threading.Barrier(count, timeout=PATIENCE)

        def alone(_: int) -> Any:
            with psycopg.connect(self.url, autocommit=True) as connection:
                return act(connection, barrier.wait)

        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(alone, range(count)))


@pytest.fixture
def rivals(settings: Settings) -> Rivals:
    return Rivals(settings)


@pytest.fixture
def control(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """Tables without any guard, for showing what the naive way does to them."""
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE control_stock (volume int, redeemed int, balance int, used boolean);"
            "CREATE TABLE control_pieces (seq int);"
            "INSERT INTO control_stock VALUES (1, 0, 150, false)"
        )
        yield connection
        connection.execute("DROP TABLE control_stock, control_pieces")

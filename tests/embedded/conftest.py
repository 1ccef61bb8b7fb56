"""Real engines of every kind that this machine has; the wheels are always there."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from voucherweb.embedded.binaries import Mode, all_postgres, all_redis
from voucherweb.embedded.engines import EngineOptions, Engines, EngineUrls, start_engines
from voucherweb.embedded.temporary import temporary_data_dir

SYSTEM_HAS_BOTH = bool(all_postgres("system") and all_redis("system"))
KINDS: list[Mode] = ["wheel", "system"] if SYSTEM_HAS_BOTH else ["wheel"]

Start = Callable[..., Engines]


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with temporary_data_dir() as path:
        yield path


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Mode:
    mode: Mode = request.param
    return mode


@pytest.fixture
def start(kind: Mode) -> Iterator[Start]:
    """Start durable engines of one kind; whatever the test leaves running is stopped."""
    started: list[Engines] = []

    def begin(directory: Path, *, durable: bool = False) -> Engines:
        options = EngineOptions(directory, kind, durable=durable, owner="instance")
        engines = start_engines(options)
        started.append(engines)
        return engines

    yield begin
    for engines in started:
        engines.stop()


def remember(urls: EngineUrls, word: str) -> None:
    """Put one word into both engines, committed."""
    with psycopg.connect(urls.database_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS words (word text PRIMARY KEY)")
        connection.execute("INSERT INTO words VALUES (%s)", (word,))
    with redis.Redis.from_url(urls.redis_url) as client:
        client.sadd("words", word)


def recall(urls: EngineUrls) -> tuple[list[str], list[str]]:
    """The words that each engine knows."""
    with psycopg.connect(urls.database_url) as connection:
        rows = connection.execute("SELECT word FROM words ORDER BY word").fetchall()
    with redis.Redis.from_url(urls.redis_url) as client:
        members: set[bytes] = client.smembers("words")
    return [row[0] for row in rows], sorted(member.decode() for member in members)

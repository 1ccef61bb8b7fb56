"""The engines themselves: made, kept, revived, stopped."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
import redis

from tests.embedded.conftest import KINDS, recall, remember
from voucherweb.embedded.binaries import EngineError
from voucherweb.embedded.engines import (
    EngineOptions,
    Engines,
    engines_for,
    running_engines,
    start_engines,
)
from voucherweb.embedded.processes import alive, wait_until

Start = Callable[..., Engines]


def run_dir_of(engines: Engines) -> Path:
    return Path(parse_qs(urlsplit(engines.database_url).query)["host"][0])


def setting(connection: psycopg.Connection, name: str) -> str:
    row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
    assert row
    return str(row[0])


def test_the_wheels_are_always_tested() -> None:
    assert "wheel" in KINDS


def test_postgres_is_safe_from_crashes_and_keeps_texts_in_order_of_code_points(
    start: Start, data_dir: Path
) -> None:
    with psycopg.connect(start(data_dir, durable=True).database_url) as connection:
        names = ("fsync", "synchronous_commit", "full_page_writes", "server_encoding")
        assert [setting(connection, name) for name in names] == ["on", "on", "on", "UTF8"]
        texts = "(VALUES ('a'), ('B'), ('é'), ('中')) AS t (word)"
        rows = connection.execute(f"SELECT word FROM {texts} ORDER BY word").fetchall()
    assert [row[0] for row in rows] == ["B", "a", "é", "中"]


def test_the_app_is_no_superuser_but_may_create_databases(start: Start, data_dir: Path) -> None:
    with psycopg.connect(start(data_dir).database_url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        connection.execute("CREATE DATABASE another")
    assert row == (False, False)


def test_redis_appends_every_write_and_evicts_nothing(start: Start, data_dir: Path) -> None:
    with redis.Redis.from_url(start(data_dir).redis_url) as client:
        assert client.config_get("appendonly") == {"appendonly": "yes"}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_nothing_listens_on_tcp(start: Start, data_dir: Path) -> None:
    engines = start(data_dir)
    with psycopg.connect(engines.database_url) as connection:
        assert setting(connection, "listen_addresses") == ""
    with redis.Redis.from_url(engines.redis_url) as client:
        assert client.config_get("port") == {"port": "0"}


def test_only_the_engines_account_can_enter_the_directory_of_the_sockets(
    start: Start, data_dir: Path
) -> None:
    facts = run_dir_of(start(data_dir)).stat()
    assert facts.st_mode & 0o777 == 0o700


def test_a_second_start_has_the_data_of_the_first(start: Start, data_dir: Path) -> None:
    first = start(data_dir)
    remember(first.urls, "kept")
    first.stop()
    assert recall(start(data_dir).urls) == (["kept"], ["kept"])


def test_a_clean_stop_leaves_no_process_and_no_socket(start: Start, data_dir: Path) -> None:
    engines = start(data_dir)
    assert engines.postgres
    assert engines.redis
    pids = [engines.postgres.pid, engines.redis.pid, engines.guard.pid]
    place, family = run_dir_of(engines), engines.postgres.at_work()
    assert len(family) > 1
    engines.stop()
    assert not any(alive(pid) for pid in [*pids, *family])
    assert not place.exists()
    assert running_engines(data_dir) is None


def test_a_killed_postgres_comes_back_at_the_same_address_with_every_commit(
    start: Start, data_dir: Path
) -> None:
    engines = start(data_dir, durable=True)
    remember(engines.urls, "committed")
    assert engines.postgres
    os.kill(engines.postgres.pid, signal.SIGKILL)
    assert wait_until(lambda: bool(engines.revive()), 10)
    assert recall(engines.urls)[0] == ["committed"]


def test_a_killed_redis_comes_back_at_the_same_address_with_its_keys(
    start: Start, data_dir: Path
) -> None:
    engines = start(data_dir)
    remember(engines.urls, "queued")
    assert engines.redis
    os.kill(engines.redis.pid, signal.SIGKILL)
    assert wait_until(lambda: bool(engines.revive()), 10)
    assert recall(engines.urls)[1] == ["queued"]


def test_two_instances_run_side_by_side_and_share_nothing(start: Start, data_dir: Path) -> None:
    one, two = data_dir / "one", data_dir / "two"
    first, second = start(one), start(two)
    remember(first.urls, "first")
    remember(second.urls, "second")
    assert recall(first.urls) == (["first"], ["first"])
    assert recall(second.urls) == (["second"], ["second"])


def test_a_long_path_with_spaces_is_fine(start: Start, data_dir: Path) -> None:
    place = data_dir / ("a rather long name " * 6).strip() / ("還有空格 " * 8).strip()
    engines = start(place)
    remember(engines.urls, "here")
    assert recall(engines.urls) == (["here"], ["here"])


def test_a_second_instance_over_the_same_data_is_refused(start: Start, data_dir: Path) -> None:
    start(data_dir)
    with pytest.raises(EngineError, match="already running over DATA_DIR"):
        start(data_dir)


def test_a_given_url_is_used_and_nothing_is_started(data_dir: Path) -> None:
    options = EngineOptions(data_dir, database_url="postgresql://x/y", redis_url="redis://z")
    with start_engines(options) as engines:
        assert (engines.database_url, engines.redis_url) == ("postgresql://x/y", "redis://z")
        assert (engines.postgres, engines.redis) == (None, None)
    assert list(data_dir.iterdir()) == []


def test_with_one_url_given_only_the_other_engine_is_started(data_dir: Path) -> None:
    options = EngineOptions(data_dir, "wheel", database_url="postgresql://x/y")
    with start_engines(options) as engines, redis.Redis.from_url(engines.redis_url) as client:
        assert engines.postgres is None
        assert client.ping()


def test_a_command_uses_the_engines_of_the_running_instance(start: Start, data_dir: Path) -> None:
    engines = start(data_dir)
    assert running_engines(data_dir) == engines.urls
    with engines_for(EngineOptions(data_dir)) as urls:
        assert urls == engines.urls
    assert engines.revive() == []


def test_a_command_without_an_instance_starts_engines_and_stops_them(data_dir: Path) -> None:
    with engines_for(EngineOptions(data_dir, "wheel", durable=False)) as urls:
        remember(urls, "by a command")
        assert running_engines(data_dir) is None
    with engines_for(EngineOptions(data_dir, "wheel", durable=False)) as urls:
        assert recall(urls) == (["by a command"], ["by a command"])


def test_what_cannot_start_leaves_nothing_behind(data_dir: Path) -> None:
    with start_engines(EngineOptions(data_dir, "wheel", durable=False)) as engines:
        assert engines.postgres
        control = engines.postgres.data / "global" / "pg_control"
    control.write_bytes(b"")
    with pytest.raises(EngineError, match="postgres did not start"):
        start_engines(EngineOptions(data_dir, "wheel", durable=False))
    assert running_engines(data_dir) is None
    assert not engines.postgres.at_work()

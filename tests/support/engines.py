"""Engines and databases for tests: a real PostgreSQL and a real Redis-protocol server.

Each test process starts its own, honouring `ENGINES`; the schema is built once by the migrations.
Tests commit for real, so what they prove is what runs; tables are emptied between them.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import redis
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from voucherweb.config import DEVELOPMENT_SECRET, Settings
from voucherweb.embedded.engines import EngineOptions, start_engines
from voucherweb.models import PLATFORM_PROGRAMME
from voucherweb.services import call_log, identity, site_settings


@dataclass(frozen=True, slots=True)
class TestEngines:
    """Where this test process's engines answer."""

    __test__ = False

    database_url: str
    redis_url: str


@contextmanager
def running_engines(data_dir: Path) -> Iterator[TestEngines]:
    """The engines of this test process: those at TEST_DATABASE_URL, else its own."""
    options = EngineOptions(
        data_dir,
        mode=os.environ.get("ENGINES", "auto"),
        durable=False,
        database_url=os.environ.get("TEST_DATABASE_URL"),
        redis_url=os.environ.get("TEST_REDIS_URL"),
        log=lambda _line: None,
    )
    with start_engines(options) as engines:
        if engines.postgres:
            _let_empty(engines.postgres.superuser_url, engines.database_url)
        yield TestEngines(engines.database_url, engines.redis_url)


def _let_empty(superuser_url: str, url: str) -> None:
    """Let the application's role pass by keys and guards, see `empty_database`."""
    role = sql.Identifier(conninfo_to_dict(url)["user"])
    grant = sql.SQL("GRANT SET ON PARAMETER session_replication_role TO {}")
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(grant.format(role))


def make_settings(engines: TestEngines, data_dir: Path, **changes: Any) -> Settings:
    values: dict[str, Any] = {
        "environment": "test",
        "secret_key": DEVELOPMENT_SECRET,
        "database_url": engines.database_url,
        "redis_url": engines.redis_url,
        "data_dir": data_dir,
        "public_url": None,
        "timezone": ZoneInfo("Asia/Taipei"),
        "unit_points": 30,
        "safety_stock_rate": Decimal("0.3"),
        "ratelimit_enabled": False,
        "port": 8000,
        "web_workers": 1,
        "web_threads": 8,
        "db_pool_size": 8,
        "s3": None,
        "member_tokens": None,
        "log_level": "CRITICAL",
    }
    return Settings(**{**values, **changes})


_FILLED = """
SELECT string_agg(format('SELECT %L, pg_relation_size(%L) WHERE EXISTS (SELECT FROM %I)',
                         tablename, tablename, tablename), ' UNION ALL ')
FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'
"""
LARGE = 1_000_000
"""Bytes from which on deleting rows would leave more behind than making files anew."""


def empty_database(url: str) -> None:
    """Empty every table. Most are empty already, and deleting a few rows costs a small part of
    truncating all; as a replica nobody checks keys or guards append-only tables meanwhile."""
    with psycopg.connect(url, autocommit=True) as connection:
        filled = _filled(connection)
        if any(size > LARGE for _, size in filled) or not _is_replica(connection):
            _truncate(connection)
        else:
            for name, _ in filled:
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
        connection.execute(
            "INSERT INTO programmes (id, name) VALUES (%s, 'Platform')", [PLATFORM_PROGRAMME]
        )


def _filled(connection: psycopg.Connection) -> list[tuple[str, int]]:
    """The tables that hold rows, and the size of each in bytes."""
    question = connection.execute(_FILLED).fetchone()
    assert question
    return connection.execute(question[0]).fetchall()


def _is_replica(connection: psycopg.Connection) -> bool:
    """Whether this session may act as a replica; it does so from now on."""
    try:
        connection.execute("SET session_replication_role = replica")
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


def _truncate(connection: psycopg.Connection) -> None:
    """Truncate every table; the append-only ones are opened for it, which their owner can do."""
    rows = connection.execute(
        "SELECT tablename, tablename IN (SELECT c.relname FROM pg_trigger t"
        " JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgname LIKE '%append_only')"
        " FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
    ).fetchall()
    guarded = [sql.Identifier(name) for name, append_only in rows if append_only]
    names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in rows)
    with connection.transaction():
        for table in guarded:
            connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(table))
        connection.execute(sql.SQL("TRUNCATE {}").format(names))
        for table in guarded:
            connection.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(table))


def empty_redis(url: str) -> None:
    with redis.Redis.from_url(url) as client:
        client.flushdb()


def empty_system(settings: Settings) -> None:
    """Empty tables, an empty Redis, and a process that remembers nothing of what was there."""
    call_log.flush(settings)  # Or a line of the test before would come into this one's log.
    empty_database(settings.database_url)
    empty_redis(settings.redis_url)
    identity.forget_members()
    site_settings.forget()

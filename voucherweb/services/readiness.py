"""Whether this system can do its work now: what `/readyz` tells (behaviour §10).

The reasons are fixed sentences: an error's own words may name hosts and accounts.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import psycopg
import structlog
from alembic.script import ScriptDirectory
from redis.exceptions import RedisError

from voucherweb import queueing
from voucherweb.config import APPLICATION_NAME, Settings
from voucherweb.storage.protocol import Storage, StorageUnavailable

PATIENCE: Final = 2.5
"""Seconds in which all checks must have answered; together, for they run side by side."""
_DATABASE_SECONDS: Final = 2
_MIGRATIONS: Final = Path(__file__).resolve().parents[2] / "migrations"
ROLES: Final = (*queueing.QUEUES, "scheduler")
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One thing that must hold; `why` says what is wrong, or is empty."""

    name: str
    why: str = ""

    @property
    def ok(self) -> bool:
        return not self.why


Group = Callable[[], list[Outcome]]
"""Checks that share one connection; their names are known before they are asked."""


def ask_database(settings: Settings) -> list[Outcome]:
    """`database`, `migrations`, `data`, over a connection of its own: a pool that is busy to its
    last connection is a system at work, not a database that is away."""
    names = ("migrations", "data")
    try:
        with brief_connection(settings) as connection:
            migrations = _migrations(connection)
            data = (
                Outcome("data", _unknown("data")) if migrations.why else _data(connection, settings)
            )
            return [Outcome("database"), migrations, data]
    except psycopg.Error as error:
        log.warning("database_not_ready", error=type(error).__name__)
        return [Outcome("database", "PostgreSQL does not answer"), *_unasked(names)]


@contextmanager
def brief_connection(settings: Settings) -> Iterator["psycopg.Connection"]:
    """A connection outside the pool whose statements give up after two seconds."""
    with psycopg.connect(
        settings.libpq_url,
        connect_timeout=_DATABASE_SECONDS,
        fallback_application_name=f"{APPLICATION_NAME}-probe",
        prepare_threshold=None,
    ) as connection:
        # Within the transaction, so that a pooler in front hands the setting to nobody else.
        connection.execute(
            "SELECT set_config('statement_timeout', %s, true)", [str(_DATABASE_SECONDS * 1000)]
        )
        yield connection


@lru_cache(maxsize=1)
def heads() -> frozenset[str]:
    """The revisions that this program needs."""
    return frozenset(ScriptDirectory(str(_MIGRATIONS)).get_heads())


def revisions() -> frozenset[str]:
    """Every revision that this program knows."""
    script = ScriptDirectory(str(_MIGRATIONS))
    return frozenset(one.revision for one in script.walk_revisions())


def _migrations(connection: "psycopg.Connection") -> Outcome:
    made = connection.execute("SELECT to_regclass('alembic_version') IS NOT NULL").fetchone()
    if made != (True,):
        return Outcome("migrations", "the database is empty: run flask --app app db upgrade")
    rows = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    if {row[0] for row in rows} != heads():
        return Outcome("migrations", "another revision is in: run flask --app app db upgrade")
    return Outcome("migrations")


def _data(connection: "psycopg.Connection", settings: Settings) -> Outcome:
    """Demo data are in, where they belong: a start loads them when there is nobody, and only
    development wants them. Production must have no account of them."""
    row = connection.execute(
        "SELECT EXISTS (SELECT FROM admins) OR EXISTS (SELECT FROM tenants),"
        " EXISTS (SELECT FROM admins WHERE demo)"
    ).fetchone()
    anybody, demo = row or (False, False)
    if settings.production and demo:
        return Outcome("data", "there are demo accounts in a production database")
    if settings.environment == "development" and not anybody:
        return Outcome("data", "the demo data are not in: run flask --app app demo load")
    return Outcome("data")


def ask_redis() -> list[Outcome]:
    """`redis`, and a sign of life of each worker and of the scheduler. Needs the app's context."""
    try:
        queueing.connection().ping()
        seen = {role: queueing.seen(role) for role in ROLES}
    except RedisError as error:
        log.warning("redis_not_ready", error=type(error).__name__)
        return [Outcome("redis", "Redis does not answer"), *_unasked(ROLES)]
    silent = f"no sign of life in {queueing.SEEN_SECONDS} s"
    return [Outcome("redis"), *(Outcome(role, "" if seen[role] else silent) for role in ROLES)]


def ask_storage(storage: Storage) -> list[Outcome]:
    """`storage`: whether objects can be stored now."""
    try:
        storage.check()
    except StorageUnavailable:
        return [Outcome("storage", "objects cannot be stored")]
    return [Outcome("storage")]


def _unknown(name: str) -> str:
    return f"{name} cannot be known now"


def _unasked(names: tuple[str, ...]) -> list[Outcome]:
    return [Outcome(name, _unknown(name)) for name in names]


class Panel:
    """Asks groups of checks side by side and waits `patience` seconds at most.

    A group that still hangs from an earlier call is not asked again: however often people look,
    each group occupies one thread at most.
    """

    def __init__(self, groups: Mapping[str, Group], patience: float = PATIENCE) -> None:
        self._groups = groups
        self._patience = patience
        self._running: dict[str, Future[list[Outcome]]] = {}
        self._lock = threading.Lock()

    def ask(self) -> list[Outcome]:
        """The outcomes in the order of the groups; a group that is late or broke is one failure."""
        end = time.monotonic() + self._patience
        with self._lock:
            asked = {name: self._start(name) for name in self._groups}
        wait_for(asked.values(), timeout=max(end - time.monotonic(), 0))
        return [outcome for name, future in asked.items() for outcome in self._told(name, future)]

    def _start(self, name: str) -> "Future[list[Outcome]]":
        known = self._running.get(name)
        if known is not None and not known.done():
            return known
        future: Future[list[Outcome]] = Future()
        self._running[name] = future
        group = self._groups[name]
        threading.Thread(
            target=_fulfil, args=(future, group), name=f"ready-{name}", daemon=True
        ).start()
        return future

    def _told(self, name: str, future: "Future[list[Outcome]]") -> list[Outcome]:
        if not future.done():
            return [Outcome(name, f"no answer in {self._patience:g} s")]
        error = future.exception()
        if error is None:
            return future.result()
        log.error("readiness_check_failed", check=name, exc_info=error)
        return [Outcome(name, "the check itself failed; see the log")]


def _fulfil(future: "Future[list[Outcome]]", group: Group) -> None:
    try:
        future.set_result(group())
    except Exception as error:  # noqa: BLE001 - whoever waits for the future gets it.
        future.set_exception(error)

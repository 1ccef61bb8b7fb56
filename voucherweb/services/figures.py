"""What monitoring wants to know of the whole system, read at the moment of the scrape."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import psycopg
import structlog
from redis.exceptions import RedisError

from voucherweb import queueing
from voucherweb.config import APPLICATION_NAME, Settings
from voucherweb.services.readiness import ROLES, brief_connection

_PROJECT: Final = Path(__file__).resolve().parents[2] / "pyproject.toml"
log = structlog.get_logger(__name__)


@cache
def version() -> str:
    """The release that runs, as pyproject.toml names it."""
    found: str = tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["project"]["version"]
    return found


@dataclass(frozen=True, slots=True)
class DatabaseFigures:
    """Counts of jobs by kind and state, and of server sessions by state; ages in seconds."""

    jobs: list[tuple[str, str, int]]
    sessions: list[tuple[str, int]]
    session_limit: int
    oldest_waiting: float


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """How many jobs wait in each queue, and which programs gave a sign of life."""

    lengths: dict[str, int]
    seen: dict[str, bool]


def of_database(settings: Settings) -> DatabaseFigures | None:
    """None when the database does not answer in two seconds or has no schema yet."""
    try:
        with brief_connection(settings) as connection:
            limit, waiting = connection.execute(
                "SELECT current_setting('max_connections')::int,"
                " (SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8"
                " FROM jobs WHERE state = 'QUEUED')"
            ).fetchone() or (0, 0.0)
            jobs = connection.execute(
                "SELECT kind, state, count(*) FROM jobs GROUP BY kind, state ORDER BY kind, state"
            ).fetchall()
            sessions = connection.execute(
                "SELECT coalesce(state, 'unknown'), count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = %s"
                " GROUP BY state ORDER BY 1",
                [APPLICATION_NAME],
            ).fetchall()
    except psycopg.Error as error:
        log.warning("no_database_figures", error=type(error).__name__)
        return None
    return DatabaseFigures(jobs, sessions, limit, waiting)


def of_queues() -> QueueFigures | None:
    """None when Redis does not answer. Needs the app's context."""
    try:
        lengths = {name: len(queueing.waiting(name)) for name in queueing.QUEUES}
        seen = {role: queueing.seen(role) for role in ROLES}
    except RedisError as error:
        log.warning("no_queue_figures", error=type(error).__name__)
        return None
    return QueueFigures(lengths, seen)

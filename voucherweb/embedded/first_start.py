"""What the supervisor asks the database before it serves, and what it tells when it does."""

import json
from pathlib import Path

import psycopg
import redis
from alembic.script import ScriptDirectory

from voucherweb.embedded.binaries import EngineError

ROOT = Path(__file__).resolve().parents[2]
ACCOUNTS = "demo-accounts.json"


ANSWER_SECONDS = 5


def _plain(database_url: str) -> str:
    scheme, _, rest = database_url.partition("://")  # SQLAlchemy's spelling names a driver.
    return f"{scheme.partition('+')[0]}://{rest}"


def _ask(database_url: str, question: str) -> list[tuple[object, ...]]:
    with psycopg.connect(_plain(database_url), autocommit=True) as connection:
        return connection.execute(question.encode()).fetchall()


def require_answers(database_url: str | None, redis_url: str | None) -> None:
    """Raises `EngineError` when a server that was given by its URL does not let us in."""
    if database_url:
        try:
            psycopg.connect(_plain(database_url), connect_timeout=ANSWER_SECONDS).close()
        except psycopg.OperationalError as error:
            raise EngineError(f"DATABASE_URL: {' '.join(str(error).split())}") from error
        except psycopg.ProgrammingError as error:  # What it says may repeat a password.
            raise EngineError("DATABASE_URL: libpq cannot read this address") from error
    if redis_url:
        try:
            redis.Redis.from_url(redis_url, socket_timeout=ANSWER_SECONDS).ping()
        except redis.RedisError as error:
            raise EngineError(f"REDIS_URL: {error}") from error
        except ValueError as error:
            raise EngineError("REDIS_URL: redis-py cannot read this address") from error


def is_behind(database_url: str) -> bool:
    """Whether migrations are missing. Asking takes a third of the time of an idle upgrade."""
    made = _ask(database_url, "SELECT to_regclass('alembic_version') IS NOT NULL")
    if made != [(True,)]:
        return True
    reached = {row[0] for row in _ask(database_url, "SELECT version_num FROM alembic_version")}
    return reached != set(ScriptDirectory(str(ROOT / "migrations")).get_heads())


def is_empty(database_url: str) -> bool:
    """Whether the (migrated) database has neither a tenant nor an admin."""
    question = "SELECT NOT EXISTS (SELECT FROM tenants) AND NOT EXISTS (SELECT FROM admins)"
    return _ask(database_url, question) == [(True,)]


def accounts_text(data_dir: Path) -> str:
    """The demo accounts as `demo load` wrote them, a line each; empty when there are none.

    The file is a list of objects; `account` and `password` come first, then whatever else they say.
    """
    path = data_dir / ACCOUNTS
    if not path.exists():
        return ""
    lines = ["  Demo accounts (account · password):"]
    for entry in json.loads(path.read_text(encoding="utf-8")):
        rest = [str(value) for key, value in entry.items() if key not in {"account", "password"}]
        lines.append("    " + " · ".join([entry["account"], entry["password"], *rest]))
    return "\n".join(lines) + "\n\n"

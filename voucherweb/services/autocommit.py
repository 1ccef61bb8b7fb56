"""Single statements that are their own transaction: the listed exception to `transaction.py`.

One call of a SQL function, prepared, on an autocommit connection: no BEGIN, no COMMIT, and no
Python between a row lock and the commit (docs/adr/0005-redeem-path.md). Nothing else opens such
connections. The commit is always waited for: `synchronous_commit` is never off here.
"""

import select
import time
from collections.abc import Callable, Sequence
from typing import Any, LiteralString

import psycopg
import structlog
from psycopg import errors as pg
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from voucherweb.config import APPLICATION_NAME, Settings
from voucherweb.errors import ERRORS, Refusal
from voucherweb.services.per_process import PerProcess
from voucherweb.transaction import session

log = structlog.get_logger(__name__)

Connection = psycopg.Connection[tuple[Any, ...]]
Rows = Sequence[Sequence[Any]]
Execute = Callable[[LiteralString, Sequence[Any]], Rows]
"""Runs one statement with positional `%s` parameters and answers its rows."""

LOCK_TIMEOUT = "3s"
BATCH_LOCK_TIMEOUT = "500ms"
"""For statements that hold rows of many callers while they wait for one more."""
STATEMENT_TIMEOUT = "5s"
CONNECT_SECONDS = 3
SILENCE_MILLISECONDS = 15_000
POOL_SECONDS = 3.0
RECONNECT_SECONDS = 5.0

GONE = (pg.AdminShutdown, pg.CrashShutdown, pg.CannotConnectNow, pg.IdleSessionTimeout)
BUSY = (pg.LockNotAvailable, pg.QueryCanceled, pg.DeadlockDetected, pg.SerializationFailure)


class Unavailable(Refusal):
    """503: no connection in time, or it broke. Whether the statement took effect is then unknown;
    asking again with the same key finds out."""

    def __init__(self) -> None:
        super().__init__(ERRORS["UNAVAILABLE"], retry_after=1)


class Busy(Unavailable):
    """A lock was not to be had in time: the statement was undone, and may be asked again."""


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "autocommit": True,
        "prepare_threshold": 0 if settings.db_prepared_statements else None,
        "connect_timeout": CONNECT_SECONDS,
        "tcp_user_timeout": SILENCE_MILLISECONDS,
        "fallback_application_name": APPLICATION_NAME,
    }


def connect(settings: Settings, lock_timeout: str = LOCK_TIMEOUT) -> Connection:
    """A connection for single statements; raises `Unavailable`."""
    try:
        connection = psycopg.connect(settings.libpq_url, **_options(settings))
        _configure(connection, lock_timeout)
    except psycopg.OperationalError as error:
        log.warning("no_connection", error=type(error).__name__)
        raise Unavailable from error
    return connection


def _configure(connection: Connection, lock_timeout: str = LOCK_TIMEOUT) -> None:
    connection.execute(
        "SELECT set_config('lock_timeout', %s, false), set_config('statement_timeout', %s, false),"
        " set_config('TimeZone', 'UTC', false),"
        " CASE WHEN current_setting('synchronous_commit') = 'off'"
        " THEN set_config('synchronous_commit', 'on', false) END",
        (lock_timeout, STATEMENT_TIMEOUT),
        prepare=False,
    )


def still_there(connection: Connection) -> bool:
    """Whether an idle connection is worth using; one that is not gets closed.

    To an idle connection the server says nothing but goodbye, so one look at the socket tells,
    where asking would cost a round trip.
    """
    if not connection.closed:
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN)
        if not poll.poll(0):
            return True
        connection.close()
    return False


def run(connection: Connection, statement: LiteralString, params: Sequence[Any]) -> Rows:
    """The rows of one statement. Raises `Busy` when a lock was not to be had in time, another
    `Unavailable` when the connection broke; any other error is the database's own. Only when the
    connection broke may something have been changed."""
    try:
        return connection.execute(statement, params).fetchall()
    except BUSY as error:
        log.warning("busy", error=type(error).__name__)
        raise Busy from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        if connection.closed or isinstance(error, GONE):
            log.warning("connection_lost", error=type(error).__name__)
            raise Unavailable from error
        raise


class Line:
    """One such connection, opened at its first statement and again when it broke. Never used by
    two threads at once."""

    def __init__(self, settings: Settings, lock_timeout: str = LOCK_TIMEOUT) -> None:
        self._settings = settings
        self._lock_timeout = lock_timeout
        self._connection: Connection | None = None

    def rows(self, statement: LiteralString, params: Sequence[Any]) -> Rows:
        """Run one statement as one transaction; raises as `run` does."""
        if self._connection is None or not still_there(self._connection):
            self._connection = connect(self._settings, self._lock_timeout)
        return run(self._connection, statement, params)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


class Autocommit:
    """A pool of such connections, opened at the first statement."""

    def __init__(self, settings: Settings) -> None:
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            settings.libpq_url,
            kwargs=_options(settings),
            min_size=1,
            max_size=settings.db_pool_size,
            open=False,
            configure=_configure,
            reconnect_timeout=RECONNECT_SECONDS,
            num_workers=2,
            name="autocommit",
        )
        self._pool.open()

    def rows(self, statement: LiteralString, params: Sequence[Any]) -> Rows:
        """Run one statement as one transaction; raises as `run` does."""
        connection = self._take()
        try:
            return run(connection, statement, params)
        finally:
            self._pool.putconn(connection)

    def _take(self) -> Connection:
        """A living connection. After a restart of the server each dead one is met once."""
        end = time.monotonic() + POOL_SECONDS
        while True:
            try:
                connection = self._pool.getconn(end - time.monotonic())
            except (PoolTimeout, PoolClosed) as error:
                log.warning("no_connection", error=type(error).__name__)
                raise Unavailable from error
            if still_there(connection):
                return connection
            self._pool.putconn(connection)

    def close(self) -> None:
        self._pool.close()


_databases = PerProcess(Autocommit)


def alone(settings: Settings) -> Execute:
    """Executes each statement as a transaction of its own."""
    return _databases.get(settings).rows


def within_unit_of_work(statement: LiteralString, params: Sequence[Any]) -> Rows:
    """Executes a statement as a part of the current unit of work, for calls that store more."""
    return session.connection().exec_driver_sql(statement, tuple(params)).all()

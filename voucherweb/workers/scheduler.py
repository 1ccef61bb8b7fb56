"""The scheduler: `python -m voucherweb.workers.scheduler`.

It sleeps until the next voucher ends (a second at most), calls the take-down, and does the chores
of `schedule.py` in a thread of their own, so that none of them makes a take-down late. A PostgreSQL
advisory lock says who leads: a second scheduler waits on it and takes over the moment that the
first one's session ends. What it starts may run twice without harm, so two leaders do none.
"""

import os
import select
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

import structlog
from flask import Flask
from psycopg.errors import LockNotAvailable
from redis.exceptions import RedisError
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from voucherweb import create_app, queueing
from voucherweb.config import load_settings
from voucherweb.domain import clock
from voucherweb.embedded.attach import attached_environment, told_in_a_sentence
from voucherweb.extensions import db
from voucherweb.services import jobs, shelf
from voucherweb.transaction import unit_of_work
from voucherweb.workers.schedule import CHORES, Chore

ROLE: Final = "scheduler"
TICK_SECONDS: Final = 1.0
LEADER_LOCK: Final = 714_286
# A leader whose machine fell silent must not keep its lock for the hours that TCP would wait.
_LEADER_SESSION: Final = (
    "SET lock_timeout = '1s'",
    "SET tcp_keepalives_idle = 5",
    "SET tcp_keepalives_interval = 2",
    "SET tcp_keepalives_count = 3",
)
log = structlog.get_logger(__name__)


class Signals:
    """SIGTERM and SIGINT as something to wait for, exact and without a race."""

    def __init__(self) -> None:
        self._ear, self._mouth = socket.socketpair()
        self._mouth.setblocking(False)
        signal.set_wakeup_fd(self._mouth.fileno())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: None)

    def within(self, seconds: float) -> bool:
        """Sleep; True at once when a signal to stop has come."""
        return bool(select.select([self._ear], [], [], max(seconds, 0))[0])


@contextmanager
def leader_session() -> Iterator[Connection]:
    """A connection of our own, closed for good at the end, and its locks with it."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        try:
            for statement in _LEADER_SESSION:
                connection.execute(text(statement))
            yield connection
        finally:
            connection.invalidate()


def lead(connection: Connection) -> bool:
    """Wait up to a second for the lead; whether it is ours."""
    try:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LEADER_LOCK})
    except DBAPIError as error:
        if isinstance(error.orig, LockNotAvailable):
            return False
        raise
    return True


def tick() -> float:
    """Call the take-down if a voucher has ended; the seconds until there is something to do."""
    with unit_of_work():
        due = shelf.next_end()
        if due is not None and due <= clock.now():
            jobs.submit_once(jobs.TAKE_DOWN)
            return TICK_SECONDS
    if due is None:
        return TICK_SECONDS
    return min(TICK_SECONDS, (due - clock.now()) / timedelta(seconds=1))


def serve(connection: Connection, stop: Signals) -> None:
    """Lead until a signal comes; raises when the session, and the lead with it, is lost."""
    while True:
        connection.execute(text("SELECT 1"))
        try:
            pause = tick()
            queueing.mark_seen(ROLE)
        except RedisError:
            log.warning("redis_away")
            pause = TICK_SECONDS
        if stop.within(pause):
            return


class Chores(threading.Thread):
    """Does what is due while the leader leads; one at a time, a failing one again at its time."""

    def __init__(self, app: Flask, chores: tuple[Chore, ...] = CHORES) -> None:
        super().__init__(name="chores", daemon=True)
        self._app = app
        self._due = dict.fromkeys(chores, 0.0)
        self._over = threading.Event()

    def run(self) -> None:
        with self._app.app_context():
            while not self._over.is_set():
                for chore, due in self._due.items():
                    if due <= time.monotonic() and not self._over.is_set():
                        self._due[chore] = time.monotonic() + chore.every.total_seconds()
                        self._do(chore)
                self._over.wait(max(0.05, min(self._due.values()) - time.monotonic()))

    def _do(self, chore: Chore) -> None:
        try:
            count = chore.do()
        except Exception:
            log.exception("chore_failed", chore=chore.name)
        else:
            if count:
                log.info("chore_done", chore=chore.name, count=count)

    def finish(self) -> None:
        """Stop after the chore at hand."""
        self._over.set()
        self.join(timeout=4)


def run(app: Flask, stop: Signals) -> None:
    """Stand by, lead, stand by again after a loss; returns when a signal came."""
    while True:
        try:
            with leader_session() as connection:
                while not lead(connection):
                    if stop.within(0):
                        return
                log.info("scheduler_leads", pid=os.getpid())
                chores = Chores(app)
                chores.start()
                try:
                    serve(connection, stop)
                finally:
                    chores.finish()
                return
        except SQLAlchemyError as error:
            log.warning("scheduler_lost_database", error=type(error).__name__)
        if stop.within(TICK_SECONDS):
            return


def main() -> int:
    """Run until SIGTERM or SIGINT; returns 0."""
    stop = Signals()
    with told_in_a_sentence():
        app = create_app(load_settings(attached_environment()))
    with app.app_context():
        run(app, stop)
    log.info("scheduler_stopped")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

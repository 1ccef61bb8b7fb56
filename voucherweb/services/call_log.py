"""The log of partners' calls: written behind the answers, some at a time (contract B).

A sandbox key's line is written before its answer goes out, because certification reads it. The
others wait for up to a second in this process; those of a process that is killed are lost, which
is fit for a log and would not be for books.
"""

import threading
import uuid
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Final

import structlog
from psycopg import Error

from voucherweb.config import Settings
from voucherweb.services import autocommit
from voucherweb.services.autocommit import Execute, Unavailable
from voucherweb.services.per_process import PerProcess

INTERVAL: Final = 1.0
"""Seconds between two writings."""
MOST: Final = 500
"""Lines in one statement."""
HELD: Final = 20_000
"""Lines that may wait; more are dropped and counted."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Line:
    """One call; see `models.PartnerCall`."""

    at: datetime
    tenant_id: uuid.UUID | None
    caller: str
    request_id: str
    method: str
    path: str
    query: str
    status: int
    code: str | None
    ms: int
    idempotency_key: str | None
    replayed: bool
    fingerprint: bytes | None
    fault: str | None
    retry_after: int | None
    address: str | None


_WRITE: Final = """
WITH lines AS (
    INSERT INTO partner_calls (at, tenant_id, caller, request_id, method, path, query, status,
                               code, ms, idempotency_key, replayed, fingerprint, fault,
                               retry_after, address)
    SELECT * FROM unnest(
        %s::timestamptz[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[],
        %s::text[], %s::integer[], %s::text[], %s::integer[], %s::text[], %s::boolean[],
        %s::bytea[], %s::text[], %s::integer[], %s::text[])
    RETURNING caller, at, status
), seen AS (
    UPDATE api_keys k SET last_used_at = used.at
    FROM (
        SELECT one.id, s.at FROM (SELECT caller, max(at) AS at FROM lines
              WHERE status <> 401 GROUP BY 1) s
        JOIN api_keys one ON s.caller = 'key:' || one.id
        WHERE coalesce(one.last_used_at, '-infinity') < s.at
        FOR NO KEY UPDATE OF one SKIP LOCKED
    ) used WHERE k.id = used.id
)
SELECT count(*) FROM lines
"""


def write(execute: Execute, lines: Sequence[Line]) -> None:
    """Append lines, and note when each key was used last (a refused token uses no key), unless
    another process is noting that of the same key at this moment: it notes about the same. What
    the log cannot take is lost, and said so: the calls themselves have been answered."""
    columns = zip(*(astuple(line) for line in lines), strict=True)
    try:
        execute(_WRITE, [list(column) for column in columns])
    except (Unavailable, Error) as error:
        log.error("call_log_lost", lines=len(lines), error=type(error).__name__)


class Recorder:
    """Collects lines and writes them from a thread of its own."""

    def __init__(self, settings: Settings) -> None:
        self._execute = autocommit.alone(settings)
        self._lines: list[Line] = []
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._wake = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="call-log", daemon=True)
        self._thread.start()

    def add(self, line: Line) -> None:
        with self._lock:
            if len(self._lines) < HELD:
                self._lines.append(line)
                return
        log.error("call_log_full")

    def flush(self) -> None:
        """Write what waits."""
        with self._writing:
            with self._lock:
                lines, self._lines = self._lines, []
            for first in range(0, len(lines), MOST):
                write(self._execute, lines[first : first + MOST])

    def _run(self) -> None:
        while not self._ended:
            self._wake.wait(INTERVAL)
            self.flush()

    def close(self) -> None:
        self._ended = True
        self._wake.set()
        self._thread.join()


_recorders = PerProcess(Recorder)


def record(settings: Settings, line: Line, *, at_once: bool) -> None:
    """Log one call; `at_once` writes it before this returns."""
    if at_once:
        write(autocommit.alone(settings), [line])
    else:
        _recorders.get(settings).add(line)


def flush(settings: Settings) -> None:
    """Write what this process still holds, so that whoever reads the log next finds it."""
    _recorders.get(settings).flush()

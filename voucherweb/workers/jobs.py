"""What the workers run: a few lines around a service, in a process of its own for each job.

A job that is refused is FAILED with the reason. A database or store that is away is nobody's fault:
the attempt is left as it stands, and the scheduler's sweep has it tried again.
"""

import uuid
from collections.abc import Callable
from typing import Final

import structlog
from flask import current_app
from sqlalchemy.exc import OperationalError

from voucherweb.config import Settings
from voucherweb.errors import Refusal
from voucherweb.extensions import db
from voucherweb.services import (
    bulk,
    cleanup,
    coupon_imports,
    coupon_jobs,
    exports,
    imports,
    jobs,
    shelf,
)
from voucherweb.services.jobs import Attempt
from voucherweb.spreadsheets.isolation import limit_cpu, limit_memory
from voucherweb.spreadsheets.limits import unreadable
from voucherweb.storage.keys import import_key
from voucherweb.storage.protocol import Storage, StorageUnavailable
from voucherweb.transaction import unit_of_work
from voucherweb.workers.pulse import Pulse

log = structlog.get_logger(__name__)


def storage() -> Storage:
    """The object store of the application that this process works for."""
    found: Storage = current_app.extensions["storage"]
    return found


def settings() -> Settings:
    """The settings of the application that this process works for."""
    found: Settings = current_app.extensions["settings"]
    return found


def carry_out(job_id: str) -> None:
    """Do an admin's job within bounds of memory and CPU time (queue `imports`)."""
    _forget_connections()
    limit_memory()
    limit_cpu()
    _run(job_id, lambda attempt, pulse: _WORK[attempt.kind](attempt, pulse))


def do_here(job_id: uuid.UUID) -> None:
    """Do a job in this process, which goes on afterwards, under the same record as a worker; the
    record tells how it ended. Nothing when a worker has it already."""
    _run(str(job_id), lambda attempt, pulse: _WORK[attempt.kind](attempt, pulse))


def take_down(job_id: str) -> None:
    """Take ended vouchers down (queue `takedown`)."""
    _forget_connections()
    _run(job_id, lambda attempt, _pulse: log.info("taken_down", count=shelf.take_down(attempt)))


def _parse(attempt: Attempt, pulse: Pulse) -> None:
    try:
        imports.run_import(attempt, storage(), pulse.progress)
    except MemoryError:
        raise unreadable(
            "Reading the workbook takes too much memory", "讀取檔案所需的記憶體過大"
        ) from None


def _export(attempt: Attempt, pulse: Pulse) -> None:
    exports.run_export(attempt, storage(), settings().timezone, pulse.progress)


def _bulk_off(attempt: Attempt, pulse: Pulse) -> None:
    bulk.run_take_down(attempt, pulse.progress)


def _generate_codes(attempt: Attempt, pulse: Pulse) -> None:
    coupon_jobs.run_generation(attempt, pulse.progress)


def _import_codes(attempt: Attempt, pulse: Pulse) -> None:
    coupon_imports.run_import(attempt, storage(), pulse.progress)


_WORK: Final[dict[str, Callable[[Attempt, Pulse], None]]] = {
    jobs.IMPORT: _parse,
    jobs.EXPORT: _export,
    jobs.BULK_OFF: _bulk_off,
    jobs.COUPON_GENERATE: _generate_codes,
    jobs.COUPON_IMPORT: _import_codes,
}


def _forget_connections() -> None:
    """Those that the worker had open belong to the worker."""
    db.engine.dispose(close=False)


def _run(job_id: str, work: Callable[[Attempt, Pulse], object]) -> None:
    with structlog.contextvars.bound_contextvars(job=job_id):
        with unit_of_work():
            attempt = jobs.claim(uuid.UUID(job_id))
        if attempt is None:
            log.info("job_not_waiting")
            return
        with Pulse(attempt) as pulse:
            _attempt(attempt, pulse, work)


def _attempt(attempt: Attempt, pulse: Pulse, work: Callable[[Attempt, Pulse], object]) -> None:
    try:
        work(attempt, pulse)
        log.info("job_done")
    except jobs.Superseded:
        log.info("job_superseded", attempt=attempt.number)
    except (OperationalError, StorageUnavailable):
        raise
    except Refusal as refusal:
        _fail(attempt, refusal)
    except Exception:
        log.exception("job_failed")
        _fail(attempt, jobs.broken_off("Its processing broke off", "處理中斷，請稍後重試"))


def _fail(attempt: Attempt, refusal: Refusal) -> None:
    log.info("job_refused", code=refusal.error.code)
    try:
        with unit_of_work():
            jobs.fail(attempt, refusal)
        tidy_up(attempt.job_id, attempt.kind)
    except jobs.Superseded:
        log.info("job_superseded", attempt=attempt.number)


def tidy_up(job_id: uuid.UUID, kind: str) -> None:
    """Remove what a job that failed has left behind."""
    for extension in jobs.READ_FILES.get(kind, ()):
        storage().delete(import_key(job_id, extension))
    if kind in coupon_jobs.KINDS:
        cleanup.forget_unfilled_sets()

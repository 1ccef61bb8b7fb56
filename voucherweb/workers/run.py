"""An RQ worker of one queue: `python -m voucherweb.workers.run imports|takedown`.

Each job gets a process of its own. When that process dies, its job alone has failed. SIGTERM and
SIGINT let a running job end first; a second one ends it, too.
"""

import gc
import os
import signal
import sys
import uuid
from types import FrameType
from typing import Any, Final

import structlog
from redis.client import Pipeline
from redis.exceptions import RedisError
from rq import Worker
from rq.job import Job as CarriedJob
from sqlalchemy.exc import SQLAlchemyError

from voucherweb import create_app, queueing
from voucherweb.config import load_settings
from voucherweb.embedded.attach import attached_environment, told_in_a_sentence
from voucherweb.errors import Refusal
from voucherweb.extensions import db
from voucherweb.services import jobs
from voucherweb.spreadsheets.limits import unreadable
from voucherweb.transaction import unit_of_work
from voucherweb.workers.jobs import tidy_up

BEAT_SECONDS: Final = 5
# RQ waits for work this much shorter than the time to live.
_TTL_SECONDS: Final = BEAT_SECONDS + 15
_BY_THE_FILE: Final = {signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGXCPU, signal.SIGILL}
log = structlog.get_logger(__name__)


class QueueWorker(Worker):
    """RQ's worker, which also says that it is alive and never ends more than its own child."""

    # A take-down has to be on time also after Redis was away for long.
    max_connection_wait_time = 2.0
    asked_to_stop = False

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        self.asked_to_stop = True
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        super().heartbeat(timeout, pipeline)
        if not self.is_horse:
            try:
                queueing.mark_seen(self.queue_names()[0])
            except RedisError:
                log.warning("sign_of_life_failed")

    def kill_horse(self, sig: signal.Signals = signal.SIGKILL) -> None:
        """RQ signals the child's process group, which just after the fork, and just after the
        child's end, is the worker's own."""
        pid = self.horse_pid
        if pid:
            try:
                os.kill(pid, sig)
            except ProcessLookupError:
                log.debug("horse_already_dead", pid=pid)


def died(status: int | None, kind: str = jobs.IMPORT) -> Refusal:
    """What to tell of a job of a kind whose process ended with this wait status."""
    number = os.WTERMSIG(status) if status is not None and os.WIFSIGNALED(status) else None
    if kind in jobs.READ_FILES and number in _BY_THE_FILE:
        return unreadable("The workbook broke the program that reads it", "讀取檔案時程式中止")
    name = signal.Signals(number).name if number else f"exit {status}"
    again = "請重新匯入" if kind in jobs.READ_FILES else "請重試"
    return jobs.broken_off(
        f"Its process was ended from outside ({name})", f"處理程序被終止（{name}），{again}"
    )


def horse_died(job: CarriedJob, _pid: int, status: int, _usage: Any) -> None:
    """Mark the job of a dead child as failed; runs in the worker, which goes on."""
    job_id = uuid.UUID(job.id)
    log.error("job_process_died", job=job.id, status=status)
    try:
        with unit_of_work():
            kind = jobs.kind_of(job_id)
            if kind is not None:
                jobs.break_off(job_id, died(status, kind))
        if kind is not None:
            tidy_up(job_id, kind)
    except (SQLAlchemyError, Refusal):
        log.exception("break_off_failed", job=job.id)  # The sweep meets it again.
    finally:
        db.engine.dispose()  # The next child must not inherit a connection.


def warm_up() -> None:
    """What each child would else do for itself: learn about the database, sort out memory."""
    with db.engine.connect():
        log.debug("database_answers")
    db.engine.dispose()
    gc.collect()
    gc.freeze()


def main(words: list[str]) -> int:
    """Work until a signal comes; 0 after a clean stop, 1 when the worker gave up, 2 for a queue
    that does not exist."""
    if len(words) != 1 or words[0] not in queueing.QUEUES:
        sys.stderr.write(f"usage: python -m voucherweb.workers.run {'|'.join(queueing.QUEUES)}\n")
        return 2
    with told_in_a_sentence():
        settings = load_settings(attached_environment())
        app = create_app(settings)
    with app.app_context():
        worker = QueueWorker(
            words[0],
            name=f"{words[0]}-{uuid.uuid4().hex}",
            connection=queueing.connect(settings.redis_url),
            worker_ttl=_TTL_SECONDS,
            job_monitoring_interval=BEAT_SECONDS,
            log_job_description=False,
            work_horse_killed_handler=horse_died,
        )
        warm_up()
        log.info("worker_started", queue=words[0], pid=os.getpid())
        worker.work(logging_level=None)
        log.info("worker_stopped", queue=words[0])
        return 0 if worker.asked_to_stop else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""The carrier of background work: RQ over Redis. The record is the jobs table (behaviour §8).

Only ids travel. What is queued here is queued after the commit of its row, may be lost with Redis
and may be carried twice: the row decides whether there is anything to do.
"""

import time
import uuid
from datetime import datetime
from typing import Final, NamedTuple

import structlog
from flask import current_app
from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue, Worker
from rq.command import send_stop_job_command
from rq.exceptions import InvalidJobOperation, NoSuchJobError

from voucherweb.config import Settings

IMPORTS: Final = "imports"
TAKEDOWN: Final = "takedown"
SEEN_SECONDS: Final = 15
"""How long a sign of life counts; every program gives one at least each 5 s."""
_ENDED_SECONDS: Final = 60
_FAILURE_SECONDS: Final = 3600
_REDIS_SECONDS: Final = 5
_PAUSE_WITHOUT_REDIS: Final = 0.25
log = structlog.get_logger(__name__)


class _Work(NamedTuple):
    """What a queue's worker calls, by dotted path, and how many seconds it may take."""

    function: str
    timeout: int


QUEUES: Final = {
    IMPORTS: _Work("voucherweb.workers.jobs.carry_out", 300),
    TAKEDOWN: _Work("voucherweb.workers.jobs.take_down", 60),
}


def connection() -> Redis:
    """The running application's Redis client, made at its first use; safe over fork."""
    known: Redis | None = current_app.extensions.get("queue_redis")
    if known is None:
        settings: Settings = current_app.extensions["settings"]
        known = connect(settings.redis_url)
        current_app.extensions["queue_redis"] = known
    return known


def connect(url: str) -> Redis:
    """A client that gives up soon: a request must not hang on a Redis that is away."""
    client: Redis = Redis.from_url(
        url,
        socket_timeout=_REDIS_SECONDS,
        socket_connect_timeout=2,
        health_check_interval=30,
        retry=Retry(ExponentialBackoff(cap=0.2, base=0.05), 2),
    )
    return client


def enqueue(queue: str, job_id: uuid.UUID) -> None:
    """Carry a job to its worker; call it after the commit of the job's row.

    Raises `RedisError`; the scheduler's sweep then carries the job later.
    """
    work = QUEUES[queue]
    Queue(queue, connection=connection()).enqueue(
        work.function,
        str(job_id),
        job_id=str(job_id),
        job_timeout=work.timeout,
        result_ttl=0,
        failure_ttl=_FAILURE_SECONDS,
        description=queue,
    )


def waiting(queue: str) -> set[str]:
    """The ids that Redis holds for the worker of this queue."""
    return set(Queue(queue, connection=connection()).get_job_ids())


class Program(NamedTuple):
    """One worker as Redis knows it: `state` idle, busy, started or suspended."""

    name: str
    queue: str
    state: str
    job_id: uuid.UUID | None
    last_heartbeat: datetime | None


def programs() -> list[Program]:
    """The workers whose registration lives, by queue and name; raises `RedisError`."""
    found = [
        Program(
            worker.name,
            ",".join(worker.queue_names()),
            worker.get_state(),
            uuid.UUID(job_id) if (job_id := worker.get_current_job_id()) else None,
            worker.last_heartbeat,
        )
        for worker in Worker.all(connection=connection())
    ]
    return sorted(found, key=lambda program: (program.queue, program.name))


def stop(job_id: uuid.UUID) -> None:
    """Have the worker end the process that runs this job, if one does."""
    try:
        send_stop_job_command(connection(), str(job_id))
    except (NoSuchJobError, InvalidJobOperation):
        log.debug("nothing_to_stop", job=str(job_id))


def announce_end(job_id: uuid.UUID) -> None:
    """Wake whoever waits for the end of this job."""
    with connection().pipeline() as pipe:
        pipe.rpush(_ended(job_id), 1)
        pipe.expire(_ended(job_id), _ENDED_SECONDS)
        pipe.execute()


def await_end(job_id: uuid.UUID, seconds: float) -> None:
    """Sleep until the end of a job is announced, at most so many seconds (below 5).

    Returning says nothing: the row does. Without Redis it is a short sleep.
    """
    try:
        connection().blpop([_ended(job_id)], timeout=max(seconds, 0.01))
    except RedisError:
        time.sleep(min(seconds, _PAUSE_WITHOUT_REDIS))


def mark_seen(role: str) -> None:
    """Tell `/readyz` that a program of this role (a queue's name, `scheduler`) is alive."""
    connection().set(_seen(role), 1, ex=SEEN_SECONDS)


def seen(role: str) -> bool:
    """Whether a program of this role gave a sign of life lately; raises `RedisError`."""
    return bool(connection().exists(_seen(role)))


def _ended(job_id: uuid.UUID) -> str:
    return f"voucherweb:ended:{job_id}"


def _seen(role: str) -> str:
    return f"voucherweb:seen:{role}"

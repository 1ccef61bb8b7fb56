"""The admin site's long work as tests start it, carry it in this process, and look at it."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from flask import current_app
from sqlalchemy import func, select

from tests.support.cast import Caller, voucher_row
from tests.support.workers import until
from voucherweb.config import Settings
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.models import Job
from voucherweb.services import bulk, exports, jobs
from voucherweb.services.jobs import Attempt
from voucherweb.storage.protocol import Storage
from voucherweb.transaction import session, unit_of_work


def as_actor(caller: Caller) -> Actor:
    """The admin behind a caller, as services know him."""
    if caller.tenant_id is None:
        return Actor(Role.PLATFORM_ADMIN, uuid.UUID(caller.id))
    return Actor(Role.TENANT_ADMIN, uuid.UUID(caller.id), uuid.UUID(caller.tenant_id))


def store() -> Storage:
    found: Storage = current_app.extensions["storage"]
    return found


def asked(admin: Caller, what: str, extension: str = "csv", **filters: Any) -> uuid.UUID:
    """Start an export in zh-TW."""
    with unit_of_work():
        return exports.start_export(as_actor(admin), what, extension, filters)


def off(admin: Caller, *voucher_ids: str) -> uuid.UUID:
    """Start taking vouchers down."""
    with unit_of_work():
        return bulk.start_take_down(as_actor(admin), [uuid.UUID(one) for one in voucher_ids])


def claimed(job_id: uuid.UUID) -> Attempt:
    with unit_of_work():
        attempt = jobs.claim(job_id)
    assert attempt is not None
    return attempt


def silent(_percent: int) -> None:
    """Progress that nobody follows."""


def written(job_id: uuid.UUID, on_progress: Callable[[int], None] = silent) -> uuid.UUID:
    """Carry an export in this process; its id."""
    zone = current_app.extensions["settings"].timezone
    exports.run_export(claimed(job_id), store(), zone, on_progress)
    return job_id


def downloaded(admin: Caller, job_id: uuid.UUID) -> bytes:
    with unit_of_work():
        file = exports.open_export(as_actor(admin), store(), job_id)
    data = b"".join(file.blocks)
    assert len(data) == file.size
    return data


def lines(admin: Caller, job_id: uuid.UUID) -> list[list[str]]:
    """The cells of an export as CSV."""
    text = downloaded(admin, job_id).decode("utf-8-sig")
    return [line.split(",") for line in text.split("\r\n")[:-1]]


def job(job_id: uuid.UUID) -> Job:
    """A job as the table has it now."""
    with unit_of_work():
        found = session.get_one(Job, job_id)
        session.expunge(found)
        return found


def over(job_id: uuid.UUID, seconds: float = 20) -> Job:
    """A job once it has ended."""
    until(lambda: job(job_id).state not in jobs.OPEN, seconds)
    return job(job_id)


def count(table: type[Any]) -> int:
    with unit_of_work():
        return session.scalar(select(func.count()).select_from(table)) or 0


def states(voucher_ids: list[str]) -> list[str]:
    return [voucher_row(one).status for one in voucher_ids]


def handled(job_id: uuid.UUID) -> int:
    """How many vouchers a bulk job has dealt with so far."""
    return (job(job_id).result or {}).get("handled", 0)


@contextmanager
def holding(settings: Settings, voucher_id: str) -> Iterator[None]:
    """Nobody can change this voucher while the block lasts."""
    with psycopg.connect(settings.database_url) as connection:
        connection.execute("SELECT 1 FROM vouchers WHERE id = %s FOR UPDATE", [voucher_id])
        yield
        connection.rollback()

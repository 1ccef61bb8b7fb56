"""`coupons import`, `coupons generate`."""

import uuid
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import click
from flask.cli import AppGroup

from voucherweb import queueing
from voucherweb.cli.command import Answer, command, settings, storage
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR
from voucherweb.domain.coupon_terms import SetTerms
from voucherweb.domain.enums import JobState
from voucherweb.errors import Refusal, invalid, refuse
from voucherweb.models import Job
from voucherweb.services import coupon_imports, coupon_jobs, jobs
from voucherweb.services.ids import parse_id
from voucherweb.transaction import session, unit_of_work
from voucherweb.workers.jobs import do_here

YEAR: Final = timedelta(days=365)
SHOWN: Final = 20
"""Refused rows that are told on stderr."""

coupons = AppGroup("coupons", help="Pools of coupon codes that partners give to members.")


@command(coupons, "import")
@click.option("--tenant", required=True, help="The id of the tenant.")
@click.option("--name", required=True, help="What the set is called.")
@click.option("--start", help="Good from this day or instant; now without it.")
@click.option("--end", help="Good until the end of this day, or this instant; a year without it.")
@click.option("--no-wait", is_flag=True, help="Leave the reading to a worker.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_codes(
    tenant: str, name: str, start: str | None, end: str | None, no_wait: bool, file: Path
) -> Answer:
    """Make a pool out of a tenant's own codes: .xlsx, or CSV in UTF-8, with a column named code.

    Rows that are blank, too long, or there already are refused; the others become the pool.
    """
    terms = _terms(name, start, end)
    given = (file.name, file.read_bytes())
    job_id = coupon_imports.start_import(
        OPERATOR, storage(), _tenant(tenant), terms, given, carried=no_wait
    )
    if no_wait:
        return _told(job_id)
    counts = _done(job_id)
    _tell_refused(job_id, counts["failed"])
    if not counts["success"]:
        raise invalid("file", "not one row is good", "沒有任何一列可以匯入")
    return {"coupon_set_uuid": str(job_id), **counts}


@command(coupons, "generate")
@click.option("--tenant", required=True, help="The id of the tenant.")
@click.option("--name", required=True, help="What the set is called.")
@click.option("--quantity", required=True, type=int, help="How many codes, at most 1,000,000.")
@click.option("--prefix", help="What every code begins with.")
@click.option("--start", help="Good from this day or instant; now without it.")
@click.option("--end", help="Good until the end of this day, or this instant; a year without it.")
@click.option("--no-wait", is_flag=True, help="Leave the making to a worker.")
def generate(
    tenant: str,
    name: str,
    quantity: int,
    prefix: str | None,
    start: str | None,
    end: str | None,
    no_wait: bool,
) -> Answer:
    """Make a pool of new codes."""
    terms = _terms(name, start, end, prefix, quantity)
    with unit_of_work():
        job_id = coupon_jobs.start_generation(OPERATOR, _tenant(tenant), terms, carried=no_wait)
    if no_wait:
        return _told(job_id)
    _done(job_id)
    return {"coupon_set_uuid": str(job_id)}


def _told(job_id: uuid.UUID) -> Answer:
    return {"job_id": str(job_id), "coupon_set_uuid": str(job_id)}


def _tenant(given: str) -> uuid.UUID:
    found = parse_id(given)
    if found is None:
        raise refuse("NOT_EXIST")
    return found


def _terms(
    name: str,
    start: str | None,
    end: str | None,
    prefix: str | None = None,
    quantity: int | None = None,
) -> SetTerms:
    begin = _instant("start", start, last=False) if start else clock.now()
    until = _instant("end", end, last=True) if end else begin + YEAR
    return SetTerms(name, begin, until, prefix=prefix, quantity=quantity)


def _instant(option: str, given: str, *, last: bool) -> datetime:
    """A local day's first or last instant, or an instant that tells its offset."""
    zone = settings().timezone
    try:
        day = date.fromisoformat(given)
        return clock.end_of_day(day, zone) if last else clock.start_of_day(day, zone)
    except (ValueError, OverflowError):
        pass
    try:
        instant = datetime.fromisoformat(given)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise invalid(
            option,
            "must be YYYY-MM-DD, or an instant such as 2026-11-22T04:00:00Z",
            "須為 YYYY-MM-DD，或像 2026-11-22T04:00:00Z 這樣的時間",
        )
    return instant


def _done(job_id: uuid.UUID) -> dict[str, int]:
    """Do the job in this process, so that it ends whether or not a worker runs; how many rows it
    had, and how many were good and refused. Raises the refusal of a job that failed."""
    do_here(job_id)
    job = _job(job_id)
    while job.state in jobs.OPEN:  # A worker has taken it out of this process's hands.
        queueing.await_end(job_id, 1)
        job = _job(job_id)
    if job.state != JobState.DONE or job.result is None:
        raise _why(job)
    return {name: int(job.result[name]) for name in ("total", "success", "failed")}


def _why(job: Job) -> Refusal:
    if job.state == JobState.FAILED:
        return jobs.refusal_of(job)
    return jobs.broken_off("It was cancelled", "作業已取消")


def _job(job_id: uuid.UUID) -> Job:
    with unit_of_work():
        found = session.get_one(Job, job_id)
        session.expunge(found)
        return found


def _tell_refused(job_id: uuid.UUID, count: int) -> None:
    if not count:
        return
    with unit_of_work():
        rows, _ = coupon_imports.refused_rows(job_id, SHOWN)
        for row in rows:
            click.echo(f"{row.row_number}: {row.code!r} {row.reason_en}／{row.reason}", err=True)
    if count > SHOWN:
        click.echo(f"… {count - SHOWN} more", err=True)

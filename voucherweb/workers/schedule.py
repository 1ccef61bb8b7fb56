"""What the scheduler does, and how often, as data."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from voucherweb.domain import clock
from voucherweb.services import audience, campaign_book, cleanup, jobs, partner_cleanup, trends
from voucherweb.transaction import unit_of_work
from voucherweb.workers.jobs import storage


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to do every so often; it may be done twice, and by two at a time."""

    name: str
    every: timedelta
    do: Callable[[], int]


def sweep_jobs() -> int:
    with unit_of_work():
        return jobs.sweep()


def forget_uploads() -> int:
    return storage().sweep(clock.now() - cleanup.KEEP_UPLOADS)


CHORES = (
    Chore("sweep_jobs", timedelta(seconds=5), sweep_jobs),
    Chore("forget_idempotency_keys", timedelta(minutes=10), cleanup.forget_idempotency_keys),
    Chore("forget_imports", timedelta(minutes=10), cleanup.forget_imports),
    Chore("forget_workbooks", timedelta(minutes=10), lambda: cleanup.forget_workbooks(storage())),
    Chore("forget_unfilled_sets", timedelta(seconds=30), cleanup.forget_unfilled_sets),
    Chore("forget_exports", timedelta(minutes=10), lambda: cleanup.forget_exports(storage())),
    Chore("forget_sessions", timedelta(hours=1), cleanup.forget_sessions),
    Chore("forget_jobs", timedelta(hours=1), cleanup.forget_jobs),
    Chore("forget_partner_calls", timedelta(hours=1), partner_cleanup.forget_calls),
    Chore("forget_partner_tokens", timedelta(hours=1), partner_cleanup.forget_tokens),
    Chore("forget_uploads", timedelta(hours=1), forget_uploads),
    Chore("fold_audience", timedelta(seconds=15), audience.fold),
    Chore("close_points", timedelta(minutes=5), campaign_book.close_points),
    Chore("close_days", timedelta(hours=1), trends.close_days),
)
"""Beside the take-down, which the scheduler itself keeps time for."""

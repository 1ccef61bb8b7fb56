"""What happened day by day, with one voucher or with a tenant's vouchers: the daily trend.

All of it is read from the roll-up `voucher_days`, which each event keeps exact in its own
transaction. Days are local days of the zone that was set when the event came. For many vouchers,
days that are over are added up once (`close_days`) and read from `tenant_days`.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Date, Row, Select, any_, bindparam, func, literal, select, text, union_all

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import VoucherType
from voucherweb.errors import invalid
from voucherweb.models import TenantDay, Voucher, VoucherDay
from voucherweb.services.summary import existing
from voucherweb.services.vouchers import get_voucher
from voucherweb.transaction import session, unit_of_work

MAX_DAYS = 366
SPARKLINE_DAYS = 30
OPEN_DAYS: Final = 4
"""So many days in UTC stay open: a local day ends up to half a day later than it, a zone of days
may be changed by 26 hours, and a transaction lasts far less than the rest."""
BITE: Final = 31
"""Days that are closed in one transaction."""


@dataclass(frozen=True, slots=True)
class Day:
    """One local day. Persons are counted on the day of their first event with a voucher, so over
    several vouchers a person counts once for each, and over days they add up."""

    day: date
    reach_times: int = 0
    reach_persons: int = 0
    click_times: int = 0
    click_persons: int = 0
    redeemed: int = 0
    used: int = 0


MEASURES = tuple(name for name in Day.__slots__ if name != "day")
"""The names of a day's six counts."""


@dataclass(frozen=True, slots=True)
class Trend:
    """Every day from the first to the last, also those on which nothing happened."""

    days: tuple[Day, ...]

    def of(self, measure: str) -> tuple[int, ...]:
        """One of `MEASURES`, day by day."""
        return tuple(map(attrgetter(measure), self.days))

    def total(self, measure: str) -> int:
        """One of `MEASURES`, over all days."""
        return sum(self.of(measure))


def of_voucher(
    actor: Actor, voucher_id: uuid.UUID | None, first_day: date, last_day: date
) -> Trend:
    """One voucher's days, both ends included; a platform admin may ask for any tenant's.

    Raises INVALID_PARAMETER for days out of order or more than 366 of them, then NOT_EXIST, also
    for another tenant's voucher. 2 queries.
    """
    _require_span(first_day, last_day)
    voucher = get_voucher(actor, voucher_id)
    days = _counts(VoucherDay).where(VoucherDay.voucher_id == voucher.id)
    rows = session.execute(days, {"first_day": first_day, "last_day": last_day})
    return _trend(rows, first_day, last_day)


def of_tenant(
    tenant_id: uuid.UUID,
    first_day: date,
    last_day: date,
    voucher_type: VoucherType | None = None,
) -> Trend:
    """The days of all vouchers of a tenant that exist, or of those of one type, added up.

    Raises INVALID_PARAMETER for days out of order or more than 366 of them. 1 query.
    """
    _require_span(first_day, last_day)
    values = {
        "tenant_id": tenant_id,
        "voucher_type": voucher_type,
        "first_day": first_day,
        "last_day": last_day,
    }
    rows = session.execute(_of_tenant(typed=voucher_type is not None), values)
    return _trend(rows, first_day, last_day)


@lru_cache
def _of_tenant(*, typed: bool) -> Select[*tuple[Any, ...]]:
    picked = select(Voucher.id).where(*existing(typed=typed)).scalar_subquery()
    closed = [TenantDay.tenant_id == bindparam("tenant_id")]
    if typed:
        closed.append(TenantDay.voucher_type == bindparam("voucher_type"))
    # What was never on the shelf has no days, so that a deleted draft is missing in none of them.
    over = select(func.coalesce(func.max(TenantDay.day), literal("-infinity", Date)))
    every = union_all(
        _counts(TenantDay).where(*closed),
        # An array is looked up in the primary key; a join would read every tenant's days.
        _counts(VoucherDay).where(
            VoucherDay.voucher_id == any_(func.array(picked)),
            VoucherDay.day > over.scalar_subquery(),
        ),
    ).subquery("every")
    sums = (func.sum(every.c[name]) for name in MEASURES)
    return select(every.c.day, *sums).group_by(every.c.day)


def sparkline(tenant_id: uuid.UUID, today: date, days: int = SPARKLINE_DAYS) -> Trend:
    """A tenant's last days, `today` being the last of them. 1 query, as `of_tenant`."""
    return of_tenant(tenant_id, today - timedelta(days=days - 1), today)


def _require_span(first_day: date, last_day: date) -> None:
    if last_day < first_day:
        raise invalid("endDate", "must not be before startDate", "不得早於開始日期")
    if (last_day - first_day).days >= MAX_DAYS:
        raise invalid("endDate", f"at most {MAX_DAYS} days can be shown", f"最多 {MAX_DAYS} 天")


def _counts(days: type[VoucherDay] | type[TenantDay]) -> Select[*tuple[Any, ...]]:
    """The counts of days from `first_day` to `last_day`, which are parameters."""
    named = (getattr(days, name) for name in MEASURES)
    between = days.day.between(bindparam("first_day"), bindparam("last_day"))
    return select(days.day, *named).where(between)


def _trend(rows: Iterable[Row[*tuple[Any, ...]]], first_day: date, last_day: date) -> Trend:
    known = {row[0]: Day(*row) for row in rows}
    span = (first_day + timedelta(days=n) for n in range((last_day - first_day).days + 1))
    return Trend(tuple(known.get(day) or Day(day) for day in span))


def close_days() -> int:
    """Add up the days that are over, for the trends of tenants; how many days.

    No event comes for a day that has been over for three whole days, whatever the zone of days
    becomes meanwhile; only an undo takes something from it, and knows of closed days.
    """
    last = clock.now().date() - timedelta(days=OPEN_DAYS)
    total = 0
    while True:
        with unit_of_work():
            query = text("SELECT close_days(:last, :most)")
            count = int(session.execute(query, {"last": last, "most": BITE}).scalar_one())
        total += count
        if count == 0:
            return total

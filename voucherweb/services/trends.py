"""What happened day by day, with one voucher or with a tenant's vouchers: the daily trend.

All of it is read from the roll-up `voucher_days`, which each event keeps exact in its own
transaction. Days are local days of the zone that was set when the event came.
"""

import uuid
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, any_, func, select

from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import VoucherType
from voucherweb.errors import invalid
from voucherweb.models import Voucher, VoucherDay
from voucherweb.services.summary import existing
from voucherweb.services.vouchers import get_voucher
from voucherweb.transaction import session

MAX_DAYS = 366
SPARKLINE_DAYS = 30


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
        return tuple(getattr(day, measure) for day in self.days)

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
    return _daily(VoucherDay.voucher_id == voucher.id, first_day, last_day)


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
    picked = select(Voucher.id).where(*existing(tenant_id, voucher_type)).scalar_subquery()
    # An array is looked up in the primary key; a join would read every tenant's days.
    return _daily(VoucherDay.voucher_id == any_(func.array(picked)), first_day, last_day)


def sparkline(tenant_id: uuid.UUID, today: date, days: int = SPARKLINE_DAYS) -> Trend:
    """A tenant's last days, `today` being the last of them. 1 query, as `of_tenant`."""
    return of_tenant(tenant_id, today - timedelta(days=days - 1), today)


def _require_span(first_day: date, last_day: date) -> None:
    if last_day < first_day:
        raise invalid("endDate", "must not be before startDate", "不得早於開始日期")
    if (last_day - first_day).days >= MAX_DAYS:
        raise invalid("endDate", f"at most {MAX_DAYS} days can be shown", f"最多 {MAX_DAYS} 天")


def _daily(picked: ColumnElement[bool], first_day: date, last_day: date) -> Trend:
    rows = session.execute(
        select(VoucherDay.day, *(func.sum(getattr(VoucherDay, name)) for name in MEASURES))
        .where(picked, VoucherDay.day.between(first_day, last_day))
        .group_by(VoucherDay.day)
    )
    known = {row[0]: Day(row[0], **dict(zip(MEASURES, row[1:], strict=True))) for row in rows}
    span = (first_day + timedelta(days=n) for n in range((last_day - first_day).days + 1))
    return Trend(tuple(known.get(day) or Day(day) for day in span))

"""Local days as filters: whole days, both ends inclusive (behaviour §3)."""

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from voucherweb.domain.clock import end_of_day, start_of_day


def span(
    first: date | None, last: date | None, zone: ZoneInfo
) -> tuple[datetime | None, datetime | None]:
    """The first and the last instant of these local days; None where there is no bound.

    The outermost days of the calendar begin or end beyond what an instant can say, where nothing
    lies: they bound nothing.
    """
    return _or_none(start_of_day, first, zone), _or_none(end_of_day, last, zone)


def _or_none(
    edge: Callable[[date, ZoneInfo], datetime], day: date | None, zone: ZoneInfo
) -> datetime | None:
    if day is None:
        return None
    try:
        return edge(day, zone)
    except OverflowError:
        return None

"""The only source of the current time; tests freeze it, nothing else reads a clock.

Instants are `datetime` in UTC inside and epoch milliseconds on the wire (behaviour §3).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_frozen: datetime | None = None


def now() -> datetime:
    """The current instant, UTC, cut to whole milliseconds as the wire shows it."""
    instant = _frozen or datetime.now(UTC)
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


@contextmanager
def frozen(instant: datetime) -> Iterator[None]:
    """Hold `now()` at one instant for the length of a test."""
    global _frozen  # noqa: PLW0603 - one clock for the whole process is the point of this module.
    before, _frozen = _frozen, instant
    try:
        yield
    finally:
        _frozen = before


def to_millis(instant: datetime) -> int:
    """Epoch milliseconds of an aware instant, exact (no float on the way)."""
    delta = instant - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000


def from_millis(millis: int) -> datetime:
    """The instant of epoch milliseconds, exact."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=millis)


def local(instant: datetime, zone: ZoneInfo) -> datetime:
    """What a clock in `zone` shows at this instant. Beyond the years 1 to 9999, where the ends of
    what has no end lie, it stands still."""
    try:
        return instant.astimezone(zone)
    except OverflowError:
        last, first = datetime.max.replace(tzinfo=zone), datetime.min.replace(tzinfo=zone)
        return last if instant.year > 1 else first


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """The calendar day that people in `zone` see at this instant."""
    return local(instant, zone).date()


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Local midnight at the beginning of `day`, as an instant."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The last millisecond of `day` in `zone`: end dates are inclusive (behaviour §3)."""
    return start_of_day(day + timedelta(days=1), zone) - timedelta(milliseconds=1)

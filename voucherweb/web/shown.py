"""How values are shown on the pages: numbers, points, money, days and moments in local time."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from flask import current_app, g
from markupsafe import Markup, escape

from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.web.language import EN, current_language, t

WEEKDAYS: Final = ("一", "二", "三", "四", "五", "六", "日")
NOTHING: Final = "—"


def settings() -> Settings:
    found: Settings = current_app.extensions["settings"]
    return found


def number(value: float | Decimal | None) -> str:
    """1,234,567; what does not exist is a dash."""
    return NOTHING if value is None else f"{value:,}"


def points(value: int | None) -> str:
    """1,350 點 / 1,350 points."""
    if value is None:
        return NOTHING
    return t(f"{value:,} 點", f"{value:,} point{'' if value == 1 else 's'}")


def money(value: Decimal | None) -> str:
    """NT$ with separators; cents only when there are any."""
    if value is None:
        return NOTHING
    return f"NT${value:,.0f}" if value == value.to_integral_value() else f"NT${value:,.2f}"


def percent(value: Decimal | None) -> str:
    """12.5 %, one decimal as the contract rounds it."""
    return NOTHING if value is None else f"{value:.1f}%"


def local(instant: datetime) -> datetime:
    """The instant in the zone that the pages show."""
    return clock.local(instant, settings().timezone)


def day(value: date | datetime | None) -> str:
    """2026/11/21 (六), of an instant its local day."""
    if isinstance(value, datetime):
        return _at(value, "")
    return NOTHING if value is None else _day(value, english=current_language() == EN)


def short_day(value: date | datetime | None) -> str:
    """2026/11/21, of an instant its local day."""
    return day(value).partition(" ")[0]


def moment(instant: datetime | None) -> str:
    """2026/11/21 (六) 23:59 in local time."""
    return _at(instant, " %H:%M")


def moment_to_second(instant: datetime | None) -> str:
    """2026/11/21 (六) 23:59:59: for ends, which are inclusive."""
    return _at(instant, " %H:%M:%S")


def window_days(start: datetime, end: datetime) -> Markup:
    """The first and the last local day of a window; its moments show when one points at it."""
    return _window(start, end, *_reader())


def _at(instant: datetime | None, time: str) -> str:
    return NOTHING if instant is None else _written(instant, time, *_reader())


def _reader() -> tuple[ZoneInfo, bool]:
    """The zone that the pages show, and whether English is read; found once for a request."""
    try:
        found: tuple[ZoneInfo, bool] = g.reader
    except AttributeError:
        found = g.reader = settings().timezone, current_language() == EN
    return found


@lru_cache(maxsize=8192)
def _written(instant: datetime, time: str, zone: ZoneInfo, english: bool) -> str:
    """Kept, because a list shows hundreds of moments, and mostly the same ones."""
    shown = clock.local(instant, zone)
    return _day(shown, english=english) + (shown.strftime(time) if time else "")


@lru_cache(maxsize=8192)
def _window(start: datetime, end: datetime, zone: ZoneInfo, english: bool) -> Markup:
    first, last = (_written(one, "", zone, english).partition(" ")[0] for one in (start, end))
    return Markup('<span title="{} – {}">{} – {}</span>').format(
        _written(start, " %H:%M", zone, english),
        _written(end, " %H:%M:%S", zone, english),
        first,
        last,
    )


def _day(shown: date, *, english: bool) -> str:
    weekday = f"{shown:%a}" if english else WEEKDAYS[shown.weekday()]
    return f"{shown:%Y/%m/%d} ({weekday})"


def time_of_day(instant: datetime | None) -> str:
    return NOTHING if instant is None else f"{local(instant):%H:%M:%S}"


def time_tag(instant: datetime | None) -> Markup:
    """A moment that machines can read too."""
    return escape(NOTHING) if instant is None else _time_tag(instant, *_reader())


@lru_cache(maxsize=8192)
def _time_tag(instant: datetime, zone: ZoneInfo, english: bool) -> Markup:
    written = _written(instant, " %H:%M", zone, english)
    return Markup('<time datetime="{}">{}</time>').format(instant.isoformat(), written)


def today() -> date:
    return clock.local_date(clock.now(), settings().timezone)


def age_of(instant: datetime | None) -> str:
    """How long ago, in the largest unit that says something."""
    if instant is None:
        return NOTHING
    return duration(clock.now() - instant)


def duration(length: timedelta) -> str:
    """3 分鐘 / 3 minutes."""
    seconds = max(int(length.total_seconds()), 0)
    for size, zh, en in ((86_400, "天", "day"), (3600, "小時", "hour"), (60, "分鐘", "minute")):
        count = seconds // size
        if count:
            return t(f"{count} {zh}", f"{count} {en}{'' if count == 1 else 's'}")
    return t(f"{seconds} 秒", f"{seconds} second{'' if seconds == 1 else 's'}")


def size(count: int) -> str:
    """Bytes in the unit that people read."""
    for unit, length in (("MB", 1 << 20), ("KB", 1 << 10)):
        if count >= length:
            return f"{count / length:,.1f} {unit}"
    return f"{count:,} B"


FILTERS: Final = {
    "number": number,
    "points": points,
    "money": money,
    "percent": percent,
    "day": day,
    "short_day": short_day,
    "moment": moment,
    "moment_to_second": moment_to_second,
    "time_of_day": time_of_day,
    "time_tag": time_tag,
    "age": age_of,
    "bytes": size,
    # Of numbers; `max` and `min` of the template language ask each for its letter case.
    "highest": max,
    "lowest": min,
}

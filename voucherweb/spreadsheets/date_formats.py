"""Stored serial days as the date or time that a spreadsheet shows (ECMA-376 part 1 §18.8.30)."""

import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_ERA = re.compile(r"[egb]", re.IGNORECASE)
_DATE_LETTERS = frozenset("ymdhs")
_NOON_MARKS = frozenset({"AM/PM", "A/P", "上午/下午"})
_MONTHS = "January February March April May June July August September October November December"
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
_LARGEST_SERIAL = 2_957_000  # Before 9999-12-31 in both epochs, the last day a spreadsheet knows.


def is_date(piece: str) -> bool:
    """Whether a piece of a number format stands for a part of a date, a time or a duration."""
    return piece[0].lower() in _DATE_LETTERS or _ELAPSED.fullmatch(piece) is not None


def literal(piece: str) -> str:
    """What a piece shows that is no placeholder: its quoted text, its currency, or itself."""
    if piece.startswith('"'):
        return piece[1:-1]
    if piece.startswith("\\"):
        return piece[1:]
    if piece.startswith("[$"):
        return piece[2:-1].partition("-")[0]
    return "" if piece[0] in "_*[@" else piece


def date_text(pieces: list[str], value: Decimal, *, date1904: bool) -> str | None:
    """The text of `value` days, None beyond the calendar. Eras are shown as ISO dates."""
    if value >= _LARGEST_SERIAL:
        return None
    moment = _moment(value, date1904)
    bare = "".join(piece for piece in pieces if not piece.startswith(('"', "\\", "[")))
    if _ERA.search(bare):
        return _iso(moment)
    return "".join(_date_parts(pieces, value, moment))


def _moment(value: Decimal, date1904: bool) -> datetime:
    """Serial days since the workbook's epoch; day 60 of 1900 never was, days before it shift."""
    if date1904:
        epoch = datetime(1904, 1, 1, tzinfo=UTC)
    else:
        epoch = datetime(1899, 12, 31 if value < 60 else 30, tzinfo=UTC)
    milliseconds = (value * 86_400_000).to_integral_value(ROUND_HALF_UP)
    return epoch + timedelta(milliseconds=int(milliseconds))


def _iso(moment: datetime) -> str:
    midnight = (moment.hour, moment.minute, moment.second) == (0, 0, 0)
    return f"{moment:%Y-%m-%d}" if midnight else f"{moment:%Y-%m-%d %H:%M:%S}"


def _date_parts(pieces: list[str], value: Decimal, moment: datetime) -> list[str]:
    twelve = any(piece.upper() in _NOON_MARKS for piece in pieces)
    last = len(pieces)
    out: list[str] = []
    for index, piece in enumerate(pieces):
        kind = piece[0].lower()
        if elapsed := _ELAPSED.fullmatch(piece):
            out.append(_elapsed(elapsed[1].lower(), value))
        elif kind == "m" and _is_minute(pieces, index, last):
            out.append(f"{moment.minute:0{min(len(piece), 2)}d}")
        elif kind in _DATE_LETTERS:
            out.append(_date_part(kind, piece, moment, twelve))
        elif piece.upper() in _NOON_MARKS:
            first, _, second = piece.partition("/")
            out.append(first if moment.hour < 12 else second)
        else:
            out.append(literal(piece))
    return out


def _elapsed(unit: str, value: Decimal) -> str:
    per_day = {"h": 24, "m": 1440, "s": 86_400}[unit[0]]
    whole = (value * 86_400).to_integral_value(ROUND_HALF_UP) * per_day // 86_400
    return f"{int(whole):0{len(unit)}d}"


def _is_minute(pieces: list[str], index: int, last: int) -> bool:
    """`m` means minutes after an hour or before seconds, and months everywhere else."""
    before = next((t for t in pieces[index - 1 :: -1] if is_date(t)), "") if index else ""
    after = next((t for t in pieces[index + 1 : last] if is_date(t)), "")
    return before.strip("[")[:1].lower() == "h" or after.strip("[")[:1].lower() == "s"


def _date_part(kind: str, piece: str, moment: datetime, twelve: bool) -> str:
    width = len(piece)
    if kind == "y":
        return f"{moment.year:04d}" if width > 2 else f"{moment.year % 100:02d}"
    if kind == "h":
        hour = (moment.hour % 12 or 12) if twelve else moment.hour
        return f"{hour:0{min(width, 2)}d}"
    if kind == "s":
        seconds, _, fraction = piece.partition(".")
        text = f"{moment.second:0{min(len(seconds), 2)}d}"
        tail = f"{moment.microsecond:06d}"[: len(fraction)]
        return f"{text}.{tail}" if tail else text
    if kind == "m":
        return _named(moment.month, _MONTHS.split()[moment.month - 1], width)
    return _named(moment.day, _DAYS.split()[moment.weekday()], width)


def _named(number: int, name: str, width: int) -> str:
    if width <= 2:
        return f"{number:0{width}d}"
    return {3: name[:3], 5: name[:1]}.get(width, name)

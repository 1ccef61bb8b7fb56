"""What operators type about people: names, genders, birthdays, telephones (behaviour §10)."""

import re
import unicodedata
from datetime import date
from typing import Final

from voucherweb.domain.texts import Problem, line_problem

NAME_MAX: Final = 100
OLDEST: Final = date(1900, 1, 1)

_SEPARATORS = re.compile(r"[\s().\u2010-\u2015-]+")
_UNSEEN: Final = frozenset({"Cf", "Mn", "Zs"})
_PHONE = re.compile(r"\+?[0-9]{6,20}")
_GENDERS: Final = {
    **dict.fromkeys(("m", "male", "男"), "M"),
    **dict.fromkeys(("f", "female", "女"), "F"),
    **dict.fromkeys(("", "u", "unknown", "未知", "不明"), "U"),
}


class Unreadable(ValueError):
    """The value is not what its field wants; `problem` says why."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.problem: Problem = (en, zh)


def read_name(text: str, most: int = NAME_MAX) -> str:
    """A name as it is shown: trimmed, one line, 1 to `most` characters of which something can be
    seen; raises `Unreadable`."""
    name = text.strip()
    if not any(unicodedata.category(one) not in _UNSEEN for one in name):
        raise Unreadable("is required", "必填")
    if len(name) > most:
        raise Unreadable(f"is longer than {most} characters", f"超過 {most} 個字")
    problem = line_problem(name)
    if problem is not None:
        raise Unreadable(*problem)
    return name


def read_phone(text: str) -> str:
    """6 to 20 digits of any country, a leading `+` kept, spaces, dashes and brackets dropped."""
    phone = _SEPARATORS.sub("", text)
    if not _PHONE.fullmatch(phone) or not phone.isascii():
        raise Unreadable(
            "must have 6 to 20 digits, with or without a +", "須為 6 至 20 位數字，可加 +"
        )
    return phone


def read_gender(text: str) -> str:
    """M, F or U; an empty text is unknown."""
    gender = _GENDERS.get(text.strip().casefold())
    if gender is None:
        raise Unreadable("must be M or F, or empty", "須為 M 或 F，或留空")
    return gender


def read_birthday(text: str, today: date) -> date | None:
    """YYYY-MM-DD (or with slashes) from 1900 to today; an empty text is unknown."""
    plain = text.strip().replace("/", "-")
    if not plain:
        return None
    try:
        year, month, day = (int(part) for part in plain.split("-"))
        born = date(year, month, day)
    except ValueError:
        raise Unreadable("must be a date as YYYY-MM-DD", "須為 YYYY-MM-DD 格式的日期") from None
    if not OLDEST <= born <= today:
        raise Unreadable("must be from 1900-01-01 to today", "須介於 1900-01-01 與今天之間")
    return born

"""Keyword search in lists."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute


def contains(
    column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None], keyword: str
) -> ColumnElement[Any]:
    """Rows whose text contains the keyword as typed: % and _ are ordinary characters, letter
    case does not matter, and a NUL, which no text can hold, is not looked for."""
    words = keyword.replace("\0", "").strip()
    if words.lower() == words.upper():  # Without letter case, e.g. 王小明: five times as quick.
        return column.contains(words, autoescape=True)
    return column.icontains(words, autoescape=True)

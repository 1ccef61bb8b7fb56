"""Keyword search in lists."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute


def contains(
    column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None], keyword: str
) -> ColumnElement[Any]:
    """Rows whose text contains the keyword as typed: % and _ are ordinary characters, letter
    case does not matter, and a NUL, which no text can hold, is not looked for."""
    return column.icontains(keyword.replace("\0", "").strip(), autoescape=True)

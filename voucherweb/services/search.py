"""Keyword search in lists."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute


def contains(column: InstrumentedAttribute[str], keyword: str) -> ColumnElement[Any]:
    """Rows whose text contains the keyword as typed: % and _ are ordinary characters, letter
    case does not matter."""
    return column.icontains(keyword.strip(), autoescape=True)

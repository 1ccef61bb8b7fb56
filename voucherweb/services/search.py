"""Keyword search in lists."""

from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, func


def contains(
    column: SQLColumnExpression[str] | SQLColumnExpression[str | None], keyword: str
) -> ColumnElement[Any]:
    """Rows whose text contains the keyword as typed: % and _ are ordinary characters, letter
    case does not matter, and a NUL, which no text can hold, is not looked for."""
    words = _words(keyword)
    if words.lower() == words.upper():  # Without letter case, e.g. 王小明: five times as quick.
        return column.contains(words, autoescape=True)
    return column.icontains(words, autoescape=True)


def contains_by_index(
    column: SQLColumnExpression[str] | SQLColumnExpression[str | None], keyword: str
) -> ColumnElement[Any]:
    """The same for a column with an index over `text_grams`, where few rows contain the keyword.
    An empty keyword is in every row, and has no index."""
    grams = func.search_grams(_words(keyword))
    return and_(func.text_grams(column).op("@>")(grams), contains(column, keyword))


def _words(keyword: str) -> str:
    return keyword.replace("\0", "").strip()

"""Orders of long lists that an index can answer."""

from typing import Any

from sqlalchemy import SQLColumnExpression, type_coerce
from sqlalchemy.types import NullType


def as_indexed(column: SQLColumnExpression[Any]) -> SQLColumnExpression[Any]:
    """A number that is never missing, as `fetch_page` is to sort by it: bare, because an index
    knows nothing of the expression that sorts missing numbers as 0."""
    return type_coerce(column, NullType())

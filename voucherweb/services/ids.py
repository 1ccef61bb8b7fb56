"""Ids as they arrive: an id that is no UUID is an unknown id (behaviour §1)."""

import uuid
from collections.abc import Iterable, Sequence

from sqlalchemy import ARRAY, ColumnElement, SQLColumnExpression, Uuid, any_, cast, func


def parse_id(value: str | None) -> uuid.UUID | None:
    """The UUID, or None for text that is none (never an error of its own)."""
    try:
        return uuid.UUID(value) if value and len(value) == 36 else None
    except ValueError:
        return None


def one_of(column: SQLColumnExpression[uuid.UUID], ids: Iterable[uuid.UUID]) -> ColumnElement[bool]:
    """Rows with one of these ids, by a statement whose text, and so the plan that is kept for it,
    is the same however many there are."""
    return column == any_(cast(list(ids), ARRAY(Uuid)))


def place_in(
    ids: Sequence[uuid.UUID], column: SQLColumnExpression[uuid.UUID]
) -> ColumnElement[int]:
    """Orders rows as these ids, one of which each has, stand."""
    return func.array_position(cast(ids, ARRAY(Uuid)), column)

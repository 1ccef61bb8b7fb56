"""Runs a list query: whitelisted order with ties by id, bounded pages, the total beside it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Select, SQLColumnExpression, Text, collate, func, select
from sqlalchemy.types import Integer, Numeric

from voucherweb.domain.paging import MAX_ALL_ROWS, PageRequest
from voucherweb.errors import invalid
from voucherweb.transaction import session

AnySelect = Select[*tuple[Any, ...]]
Rows = Sequence[Row[*tuple[Any, ...]]]


def order_key(column: SQLColumnExpression[Any]) -> SQLColumnExpression[Any]:
    """Missing numbers sort as 0, text by code point (behaviour §1)."""
    kind = func.min(column).type
    if isinstance(kind, Text):
        return collate(column, "C")
    return func.coalesce(column, 0) if isinstance(kind, Integer | Numeric) else column


def need_bounded(asked: PageRequest, total: int) -> None:
    """Raises INVALID_PARAMETER when `pageSize: -1` would answer more than 10,000 rows."""
    if asked.size < 0 and total > MAX_ALL_ROWS:
        raise invalid(
            "pagination.pageSize",
            f"-1 answers at most {MAX_ALL_ROWS} rows, this list has {total}",
            f"-1 最多回傳 {MAX_ALL_ROWS} 筆，此清單有 {total} 筆",
        )


def fetch_page(
    query: AnySelect,
    asked: PageRequest,
    columns: Mapping[str, SQLColumnExpression[Any]],
    tie: SQLColumnExpression[Any],
    counted: AnySelect | None = None,
    *,
    pick_first: bool = False,
    values: Mapping[str, Any] | None = None,
) -> tuple[Rows, int]:
    """The rows of the page asked for and the number of all rows; `counted` has as many rows as
    `query` and costs less to count. `pick_first` when it selects `tie` and can be ordered: the
    page is then found in it, and only its rows are joined to what `query` tells of them. `values`
    are those of the queries' parameters.

    Raises INVALID_PARAMETER when `pageSize: -1` would answer more than 10,000 rows.
    """
    every = query.order_by(None) if counted is None else counted
    total = session.scalar(select(func.count()).select_from(every.subquery()), values) or 0
    need_bounded(asked, total)
    key = order_key(columns[asked.field])
    order = key.desc() if asked.descending else key.asc(), tie
    if counted is not None and pick_first:
        picked = _cut(counted.order_by(*order), asked)
        rows = session.execute(query.where(tie.in_(picked)).order_by(*order), values)
    else:
        rows = session.execute(_cut(query.order_by(*order), asked), values)
    return rows.all(), total


def _cut(query: AnySelect, asked: PageRequest) -> AnySelect:
    return query.limit(asked.size).offset(asked.offset) if asked.size > 0 else query

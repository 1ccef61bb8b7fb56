"""Pages far down a list in the order of time, found by moments alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, SQLColumnExpression, func, select
from sqlalchemy.orm import InstrumentedAttribute

from voucherweb.domain.paging import PageRequest
from voucherweb.transaction import session

FAR: Final = 500
"""From how many rows on turning over moments is quicker than turning over rows."""


def ids_of_page(
    id_: InstrumentedAttribute[int],
    at: InstrumentedAttribute[datetime],
    wanted: Sequence[ColumnElement[bool]],
    asked: PageRequest,
    *missing: SQLColumnExpression[object],
) -> Sequence[int]:
    """The ids of a page in the order of time, those of one moment by their ids. Of the rows before
    it nothing is read but their moments, which the index that finds them has to hold. `missing` are
    columns that are NULL in all of them and come first in that index: ordered by them too, because
    the order of an index is not known to be that of what follows a NULL."""
    keys = (*missing, at)
    order = [one.desc() if asked.descending else one.asc() for one in keys]
    if asked.offset < FAR:
        ids = select(id_).where(*wanted).order_by(*order, id_)
        return session.scalars(ids.limit(asked.size).offset(asked.offset)).all()
    moments = select(at).where(*wanted).order_by(*order)
    first = session.scalar(moments.limit(1).offset(asked.offset))
    if first is None:
        return []
    before = moments.limit(asked.offset).subquery("before")
    same = session.scalars(select(func.count()).where(before.c[at.key] == first)).one()
    since = at <= first if asked.descending else at >= first
    ids = select(id_).where(*wanted, since).order_by(*order, id_)
    return session.scalars(ids.limit(asked.size).offset(same)).all()

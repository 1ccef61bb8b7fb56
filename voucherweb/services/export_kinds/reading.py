"""Rows by a server-side cursor: some at a time, however many there are."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row, func, select

from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.errors import refuse
from voucherweb.services.export_kinds.kind import PAGE
from voucherweb.services.paging import AnySelect
from voucherweb.transaction import session


def count(query: AnySelect) -> int:
    return session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0


def stream(query: AnySelect) -> Iterator[Row[*tuple[Any, ...]]]:
    """The rows of columns (not of entities, which the session would keep). The cursor is opened
    for the first row and closed after the last, or with this iterator."""
    with session.execute(query.execution_options(yield_per=PAGE)) as found:
        yield from found


def need_manager(actor: Actor) -> None:
    """Raises FORBIDDEN for anybody but the platform's and the tenants' admins."""
    if actor.role not in {Role.PLATFORM_ADMIN, Role.TENANT_ADMIN}:
        raise refuse("FORBIDDEN")

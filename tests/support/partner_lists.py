"""The bench's partner data, and how lists over them are read page by page and recounted."""

import uuid
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from sqlalchemy import text

from bench.bulk import Size, fill
from bench.pages_partners import PartnerAmounts, fill_partners
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.domain.paging import PageRequest
from voucherweb.transaction import session, unit_of_work

ZONE = ZoneInfo("Asia/Taipei")
PLATFORM = Actor(Role.PLATFORM_ADMIN, uuid.uuid4())
SOME = PartnerAmounts(200, 3_000, 300, 200, 12, 3, 5)


def fill_some(settings: Settings) -> Actor:
    """An admin of the tenant whose partners did most."""
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        tenant_id = fill(connection, Size(40, tenants=1, vouchers=2, members=300), clock.now())[0]
        fill_partners(connection, tenant_id, clock.now(), SOME)
    return Actor(Role.TENANT_ADMIN, uuid.uuid4(), tenant_id)


def rows(query: str, **values: Any) -> list[tuple[Any, ...]]:
    with unit_of_work():
        return [tuple(row) for row in session.execute(text(query), values)]


def page(number: int = 1, size: int = 20, field: str = "time", *, down: bool = True) -> PageRequest:
    return PageRequest(number, size, field, down)


def paged(
    read: Callable[[PageRequest], Any], field: str, name: str, *, down: bool = True
) -> list[Any]:
    """One thing of all that a list has, page by page."""
    found: list[Any] = []
    with unit_of_work():
        _, total = read(page(1, 20, field, down=down))
        for number in range(1, 2 + total // 20):
            lines = read(page(number, 20, field, down=down))[0]
            found += [getattr(one, name) for one in lines]
    assert len(found) == total
    return found

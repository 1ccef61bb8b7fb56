"""Age × gender of what happened with one voucher or all of a tenant (contract A §票券統計)."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from sqlalchemy import select

from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Gender, VoucherType
from voucherweb.domain.small_groups import ALL
from voucherweb.domain.small_groups import Table as Told
from voucherweb.domain.words import AGES, GENDERS, Words
from voucherweb.errors import invalid, refuse
from voucherweb.models import Tenant
from voucherweb.services import statistics
from voucherweb.services.export_kinds.kind import ExportKind, Filters, Order, Table
from voucherweb.services.export_kinds.reading import need_manager
from voucherweb.services.statistics import Statistics
from voucherweb.services.statistics_tables import tables
from voucherweb.services.tenants import is_tenant
from voucherweb.services.vouchers import get_voucher
from voucherweb.spreadsheets.tables import Value
from voucherweb.transaction import session

_TOTAL: Final[Words] = ("合計", "Total")
_HEADER: Final[tuple[Words, ...]] = (
    ("分析", "Analysis"),
    ("年齡層", "Age"),
    *(GENDERS[gender] for gender in Gender),
    _TOTAL,
)
_MEASURES: Final[tuple[Words, ...]] = (
    ("兌換數量", "Redeemed"),
    ("核銷數量", "Used"),
    ("曝光人數", "Seen by"),
    ("曝光人次", "Times seen"),
    ("點擊人數", "Persons who clicked"),
    ("點擊次數", "Clicks"),
)


def _need(actor: Actor, filters: Filters) -> tuple[uuid.UUID, uuid.UUID | None]:
    """The tenant, and the voucher if one is asked for."""
    need_manager(actor)
    filters.one_of("voucherType", VoucherType)
    if filters.has("voucherId"):
        voucher = get_voucher(actor, filters.id("voucherId"))
        return voucher.tenant_id, voucher.id
    if actor.is_platform and not filters.has("tenantId"):
        raise invalid("filters.tenantId", "is required", "必填")
    named = filters.id("tenantId") if actor.is_platform else actor.tenant_id
    if named is None or not is_tenant(named):
        raise refuse("NOT_EXIST")
    return named, None


def _read(order: Order) -> Table:
    tenant_id, voucher_id = _need(order.actor, order.filters)
    hide = session.scalars(select(Tenant.hide_small_groups).where(Tenant.id == tenant_id)).one()
    if voucher_id is not None:
        found = statistics.of_voucher(replace(order.actor, tenant_id=tenant_id), voucher_id)
    else:
        wanted = order.filters.one_of("voucherType", VoucherType)
        found = statistics.of_tenant(tenant_id, wanted)
    return Table(_rows(order, found, hide), len(_MEASURES) * (len(AGES) + 1))


def _rows(order: Order, found: Statistics, hide: bool) -> Iterator[list[Value]]:
    shown = tables(found, hide=hide)
    measured = (
        shown.redeemed,
        shown.used,
        shown.reach_persons,
        shown.reach_times,
        shown.click_persons,
        shown.click_times,
    )
    for measure, told in zip(_MEASURES, measured, strict=True):
        yield from _table(order, measure, told)


def _table(order: Order, measure: Words, told: Told) -> Iterator[list[Value]]:
    """One line for each age level and one of sums."""
    for age, words in (*AGES.items(), (ALL, _TOTAL)):
        cells = [told.at(who, age) for who in (*Gender, ALL)]
        yield [order.word(measure), order.word(words), *cells]


KIND: Final = ExportKind(("票券統計", "voucher statistics"), _HEADER, _need, _read)
"""Filters `voucherId`, or for a whole tenant `voucherType`; the platform's admins give `voucherId`
or `tenantId`."""

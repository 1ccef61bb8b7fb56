"""Vouchers as admins see them: one, a list, and their place on the shelf (behaviour §5)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, SQLColumnExpression, and_, case, select

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.days import span
from voucherweb.domain.enums import VoucherStatus, VoucherType
from voucherweb.domain.paging import PageRequest
from voucherweb.domain.voucher_rules import Phase, may_become, shown_status
from voucherweb.errors import refuse
from voucherweb.models import Voucher
from voucherweb.services import audit
from voucherweb.services.paging import Rows, fetch_page
from voucherweb.services.search import contains
from voucherweb.services.voucher_counts import by_phase, phase_at
from voucherweb.transaction import session

DATE_FILTERS: dict[str, SQLColumnExpression[Any]] = {
    "ID": Voucher.issue_date,
    "OD": Voucher.on_start,
    "RS": Voucher.redeem_start,
    "RE": Voucher.redeem_end,
    "US": Voucher.use_start,
    "UE": Voucher.use_end,
}
"""Contract A §票券管理列表 queryDateType."""


@dataclass(frozen=True, slots=True)
class VoucherFilter:
    """Which vouchers of a tenant a list shows; dates are whole local days, both inclusive. `phase`
    is finer than the wire's `status`."""

    tenant_id: uuid.UUID | None
    date_type: str = "ID"
    first_day: date | None = None
    last_day: date | None = None
    voucher_type: VoucherType | None = None
    status: VoucherStatus | None = None
    title: str | None = None
    phase: Phase | None = None


def status_now() -> SQLColumnExpression[str]:
    """The status as shown, in SQL: an ended voucher is OFF before the scheduler says so."""
    now = clock.now()
    over = and_(Voucher.status == "ON", (Voucher.on_end < now) | (Voucher.use_end < now))
    return case((over, "OFF"), else_=Voucher.status)


def sort_columns() -> dict[str, SQLColumnExpression[Any]]:
    """Contract A §票券管理列表 sorter."""
    return {
        "voucherNo": Voucher.voucher_no,
        "title": Voucher.title,
        "targetType": Voucher.target_type,
        "voucherType": Voucher.voucher_type,
        "volume": Voucher.volume,
        "price": Voucher.price,
        "redeem_points": Voucher.redeem_points,
        "redeemPoints": Voucher.redeem_points,
        "redeemCount": Voucher.redeemed,
        "redeemStartDate": Voucher.redeem_start,
        "redeemEndDate": Voucher.redeem_end,
        "useStartDate": Voucher.use_start,
        "useEndDate": Voucher.use_end,
        "status": status_now(),
        "updateTime": Voucher.updated_at,
    }


def list_vouchers(wanted: VoucherFilter, asked: PageRequest, zone: ZoneInfo) -> tuple[Rows, int]:
    """Rows (Voucher,) of one tenant's vouchers that were not deleted."""
    return fetch_page(matching(wanted, zone), asked, sort_columns(), Voucher.id)


def count_phases(wanted: VoucherFilter, zone: ZoneInfo) -> dict[Phase, int]:
    """How many of the vouchers that all but the phase lets through are in each phase."""
    return by_phase(matching(replace(wanted, phase=None), zone))


def matching(wanted: VoucherFilter, zone: ZoneInfo) -> Select[Voucher]:
    """The vouchers that a filter lets through, in no order."""
    query = select(Voucher).where(
        Voucher.tenant_id == wanted.tenant_id, Voucher.deleted_at.is_(None)
    )
    column = DATE_FILTERS[wanted.date_type]
    by_day = wanted.date_type == "ID"
    days = (wanted.first_day, wanted.last_day)
    first, last = days if by_day else span(*days, zone)
    if first:
        query = query.where(column >= first)
    if last:
        query = query.where(column <= last)
    if wanted.voucher_type:
        query = query.where(Voucher.voucher_type == wanted.voucher_type)
    if wanted.status:
        query = query.where(status_now() == wanted.status)
    if wanted.title:
        query = query.where(contains(Voucher.title, wanted.title))
    if wanted.phase:
        query = query.where(phase_at(clock.now()) == wanted.phase)
    return query


def on_shelf_among(actor: Actor, voucher_ids: Sequence[uuid.UUID]) -> Sequence[Voucher]:
    """Those of the given vouchers of the actor's tenant that are on the shelf now, by number."""
    return session.scalars(
        select(Voucher)
        .where(
            Voucher.id.in_(voucher_ids),
            Voucher.tenant_id == actor.tenant_id,
            Voucher.deleted_at.is_(None),
            status_now() == VoucherStatus.ON,
        )
        .order_by(Voucher.voucher_no)
    ).all()


def get_voucher(actor: Actor, voucher_id: uuid.UUID | None, *, lock: bool = False) -> Voucher:
    """A voucher that the admin may see; raises NOT_EXIST for every other id."""
    query = select(Voucher).where(Voucher.id == voucher_id, Voucher.deleted_at.is_(None))
    if not actor.is_platform:
        query = query.where(Voucher.tenant_id == actor.tenant_id)
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    voucher = session.scalar(query)
    if voucher is None:
        raise refuse("NOT_EXIST")
    return voucher


def set_status(actor: Actor, voucher_id: uuid.UUID | None, wanted: VoucherStatus) -> Voucher:
    """Put a voucher on the shelf or take it down by hand.

    Raises NOT_EXIST and VOUCHER_UPDATE_STATUS_NOT_ALLOWED.
    """
    voucher = get_voucher(actor, voucher_id, lock=True)
    now = clock.now()
    if not may_become(voucher, wanted, now):
        raise refuse("VOUCHER_UPDATE_STATUS_NOT_ALLOWED")
    before = shown_status(voucher, now)
    voucher.status = wanted
    voucher.updated_at = now
    if voucher.first_on_at is None:
        voucher.first_on_at = now
    audit.record(
        actor, "voucher.status", "voucher", voucher.id, voucher.tenant_id, before=before, now=wanted
    )
    session.flush()
    return voucher

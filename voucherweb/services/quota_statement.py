"""A vendor's quota book as people read it: its movements, a purchase's history, and its proof."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Row, SQLColumnExpression, select

from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.domain.paging import PageRequest
from voucherweb.errors import refuse
from voucherweb.models import QuotaEntry, QuotaPurchase, QuotaPurchaseRevision, Vendor, Voucher
from voucherweb.services.actor_names import actor_names
from voucherweb.services.indexed import as_indexed
from voucherweb.services.paging import fetch_page
from voucherweb.services.proof import Proof, run_check
from voucherweb.services.proof_checks import quota
from voucherweb.services.proof_checks.check import Check
from voucherweb.services.vendors import get_vendor
from voucherweb.transaction import session

SORT: Final[dict[str, SQLColumnExpression[Any]]] = {"seq": as_indexed(QuotaEntry.seq)}


@dataclass(frozen=True, slots=True)
class QuotaLine:
    """One movement; `points` is signed, what was added to the quota that is left. It is about a
    purchase (its serial, counted from 1) or a voucher."""

    seq: int
    kind: str
    points: int
    deposit_after: int
    withdraw_after: int
    purchase_id: uuid.UUID | None
    purchase_serial: int | None
    voucher_id: uuid.UUID | None
    voucher_no: str | None
    voucher_title: str | None
    actor: str
    actor_name: str
    at: datetime

    @property
    def quota_after(self) -> int:
        return self.deposit_after - self.withdraw_after


@dataclass(frozen=True, slots=True)
class Revision:
    """One version of a purchase, counted from 1; `amount` is money."""

    number: int
    tx_date: datetime
    points: int
    amount: Decimal
    remark: str | None
    actor: str
    actor_name: str
    at: datetime


def _need_reader(actor: Actor) -> None:
    if actor.role not in {Role.PLATFORM_ADMIN, Role.TENANT_ADMIN}:
        raise refuse("FORBIDDEN")


def _vendor(actor: Actor, tenant_id: uuid.UUID | None) -> Vendor:
    _need_reader(actor)
    if not actor.is_platform and actor.tenant_id != tenant_id:
        raise refuse("NOT_EXIST")
    return get_vendor(tenant_id)


def statement(
    actor: Actor, tenant_id: uuid.UUID | None, asked: PageRequest, *, english: bool = False
) -> tuple[list[QuotaLine], int]:
    """A page of a vendor's movements, sorted by `seq`, and how many there are.

    For the platform and the tenant's own admins. Raises FORBIDDEN and NOT_EXIST, also for a
    tenant without vendor.
    """
    vendor = _vendor(actor, tenant_id)
    mine = QuotaEntry.vendor_id == vendor.id
    query = (
        select(QuotaEntry, QuotaPurchase.serial, Voucher.voucher_no, Voucher.title)
        .outerjoin(QuotaPurchase, QuotaPurchase.id == QuotaEntry.purchase_id)
        .outerjoin(Voucher, Voucher.id == QuotaEntry.voucher_id)
        .where(mine)
    )
    rows, total = fetch_page(
        query, asked, SORT, as_indexed(QuotaEntry.seq), select(QuotaEntry.id).where(mine)
    )
    names = actor_names((row[0].actor for row in rows), english=english)
    return [_line(row, names) for row in rows], total


def _line(row: Row[*tuple[Any, ...]], names: dict[str, str]) -> QuotaLine:
    entry, serial, voucher_no, title = row
    return QuotaLine(
        seq=entry.seq,
        kind=entry.kind,
        points=entry.points if entry.credit == "AVAILABLE" else -entry.points,
        deposit_after=entry.deposit_after,
        withdraw_after=entry.withdraw_after,
        purchase_id=entry.purchase_id,
        purchase_serial=serial,
        voucher_id=entry.voucher_id,
        voucher_no=voucher_no,
        voucher_title=title,
        actor=entry.actor,
        actor_name=names[entry.actor],
        at=entry.created_at,
    )


def purchase_history(
    actor: Actor, purchase_id: uuid.UUID | None, *, english: bool = False
) -> list[Revision]:
    """Every version of a purchase, the first one first; raises FORBIDDEN and NOT_EXIST."""
    _need_reader(actor)
    query = (
        select(QuotaPurchaseRevision)
        .join(QuotaPurchase, QuotaPurchase.id == QuotaPurchaseRevision.purchase_id)
        .join(Vendor, Vendor.id == QuotaPurchase.vendor_id)
        .where(QuotaPurchase.id == purchase_id)
        .order_by(QuotaPurchaseRevision.revision)
    )
    if not actor.is_platform:
        query = query.where(Vendor.tenant_id == actor.tenant_id)
    found = session.scalars(query).all()
    if not found:
        raise refuse("NOT_EXIST")
    names = actor_names((one.actor for one in found), english=english)
    return [
        Revision(
            number=one.revision,
            tx_date=one.tx_date,
            points=one.points,
            amount=one.amount,
            remark=one.remark,
            actor=one.actor,
            actor_name=names[one.actor],
            at=one.created_at,
        )
        for one in found
    ]


def prove_vendor(actor: Actor, tenant_id: uuid.UUID | None) -> Proof:
    """Prove one vendor's quota book: the checks of `books prove` over its rows alone, each as of
    the moment of its statement. Raises FORBIDDEN and NOT_EXIST."""
    vendor = _vendor(actor, tenant_id)
    results = [run_check(_of_vendor(check, vendor.id)) for check in quota.CHECKS]
    first_bad = next((one.first_bad for one in results if one.first_bad), None)
    return Proof(first_bad is None, sum(one.checked for one in results), first_bad)


def _of_vendor(check: Check, vendor_id: uuid.UUID) -> Check:
    """The same check where every table that it names holds the vendor's rows alone."""
    mine = f"vendor_id = '{vendor_id}'"
    purchases = f"SELECT id FROM public.quota_purchases WHERE {mine}"  # noqa: S608 - an id.
    rows = f"""
        WITH vendors AS (SELECT * FROM public.vendors WHERE id = '{vendor_id}'),
        quota_entries AS (SELECT * FROM public.quota_entries WHERE {mine}),
        quota_purchases AS (SELECT * FROM public.quota_purchases WHERE {mine}),
        quota_purchase_revisions AS (
            SELECT * FROM public.quota_purchase_revisions WHERE purchase_id IN ({purchases})
        ),
        vouchers AS (SELECT * FROM public.vouchers WHERE {mine})
        {check.rows}
    """  # noqa: S608 - the checks are constants of this program, and the id is a UUID.
    return Check(check.name, check.table, check.says, rows)

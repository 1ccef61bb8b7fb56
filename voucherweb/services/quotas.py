"""Quota: what a vendor bought, spent and has left, as double entries (behaviour §4).

Every movement locks the vendor's row, proves that its running totals equal its entries, appends
one entry and moves the totals with it. CHECKs hold `0 ≤ withdraw ≤ deposit` whatever happens here.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, case, func, select

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import QuotaEntryKind
from voucherweb.domain.paging import PageRequest
from voucherweb.errors import refuse
from voucherweb.models import QuotaEntry, QuotaPurchase, QuotaPurchaseRevision, Vendor
from voucherweb.services import audit
from voucherweb.services.paging import Rows, fetch_page
from voucherweb.services.vendors import vendor_of_tenant
from voucherweb.transaction import session

SORT: dict[str, SQLColumnExpression[Any]] = {
    "txDate": QuotaPurchase.tx_date,
    "points": QuotaPurchase.points,
    "amount": QuotaPurchase.amount,
    "updateTime": QuotaPurchase.updated_at,
}


@dataclass(frozen=True, slots=True)
class PurchaseTerms:
    """What a purchase says: when, how many points, for how much money."""

    tx_date: datetime
    points: int
    amount: Decimal
    remark: str | None


def list_purchases(tenant_id: uuid.UUID | None, asked: PageRequest) -> tuple[Rows, int]:
    """Rows (QuotaPurchase, tenant id); a tenant without vendor has none."""
    query = (
        select(QuotaPurchase, Vendor.tenant_id)
        .join(Vendor, Vendor.id == QuotaPurchase.vendor_id)
        .where(Vendor.tenant_id == tenant_id)
    )
    return fetch_page(query, asked, SORT, QuotaPurchase.id)


def find_purchase(actor: Actor, purchase_id: uuid.UUID | None) -> tuple[QuotaPurchase, Vendor]:
    """A purchase and its vendor: any for a platform admin, the own for a tenant's admin; raises
    NOT_EXIST."""
    query = (
        select(QuotaPurchase, Vendor)
        .join(Vendor, Vendor.id == QuotaPurchase.vendor_id)
        .where(QuotaPurchase.id == purchase_id)
    )
    if not actor.is_platform:
        query = query.where(Vendor.tenant_id == actor.tenant_id)
    row = session.execute(query).one_or_none()
    if row is None:
        raise refuse("NOT_EXIST")
    return row[0], row[1]


def quota_after(vendor: Vendor, points: int, instead_of: QuotaPurchase | None = None) -> int:
    """The points left once so many are bought, or once a purchase is corrected to so many; below
    0 is what `correct_purchase` refuses."""
    before = instead_of.points if instead_of else 0
    return vendor.deposit + points - before - vendor.withdraw


def need_balance(vendor: Vendor) -> None:
    """Raises VOUCHER_QUOTA_NOT_BALANCE when the running totals and the entries disagree."""
    sums = session.execute(
        select(
            func.count(),
            func.coalesce(func.max(QuotaEntry.seq), 0),
            -_balance_of("PLATFORM"),
            _balance_of("SPENT"),
        ).where(QuotaEntry.vendor_id == vendor.id)
    ).one()
    if tuple(sums) != (vendor.entry_count, vendor.entry_count, vendor.deposit, vendor.withdraw):
        raise refuse("VOUCHER_QUOTA_NOT_BALANCE")


def _balance_of(account: str) -> ColumnElement[int]:
    """What was credited to the account minus what was debited."""
    signed = case(
        (QuotaEntry.credit == account, QuotaEntry.points),
        (QuotaEntry.debit == account, -QuotaEntry.points),
        else_=0,
    )
    return func.coalesce(func.sum(signed), 0)


def lock_books(tenant_id: uuid.UUID | None) -> Vendor | None:
    """The tenant's vendor with its books locked and proved balanced, or None."""
    vendor = vendor_of_tenant(tenant_id, lock=True)
    if vendor:
        need_balance(vendor)
    return vendor


def post(
    actor: Actor,
    vendor: Vendor,
    kind: QuotaEntryKind,
    points: int,
    *,
    purchase_id: uuid.UUID | None = None,
    voucher_id: uuid.UUID | None = None,
) -> None:
    """Append one movement to locked books; `points` is signed: what is added to the deposit
    (purchase, correction) or to what is spent (issue, edit, refund)."""
    if voucher_id is None:
        vendor.deposit += points
        debit, credit = "PLATFORM", "AVAILABLE"
    else:
        vendor.withdraw += points
        debit, credit = "AVAILABLE", "SPENT"
    if points < 0:
        debit, credit = credit, debit
    vendor.entry_count += 1
    vendor.updated_at = clock.now()
    session.add(
        QuotaEntry(
            vendor_id=vendor.id,
            seq=vendor.entry_count,
            kind=kind,
            debit=debit,
            credit=credit,
            points=abs(points),
            deposit_after=vendor.deposit,
            withdraw_after=vendor.withdraw,
            purchase_id=purchase_id,
            voucher_id=voucher_id,
            actor=actor.key,
            created_at=clock.now(),
        )
    )
    session.flush()


def add_purchase(actor: Actor, tenant_id: uuid.UUID | None, terms: PurchaseTerms) -> QuotaPurchase:
    """Sell quota to a tenant's vendor; raises VOUCHER_VENDOR_NOT_EXIST."""
    vendor = lock_books(tenant_id)
    if vendor is None:
        raise refuse("VOUCHER_VENDOR_NOT_EXIST")
    vendor.purchase_count += 1
    now = clock.now()
    purchase = QuotaPurchase(
        vendor_id=vendor.id,
        serial=vendor.purchase_count,
        tx_date=terms.tx_date,
        points=terms.points,
        amount=terms.amount,
        remark=terms.remark,
        created_at=now,
        updated_at=now,
    )
    session.add(purchase)
    session.flush()
    _keep_revision(actor, purchase, 1)
    post(actor, vendor, QuotaEntryKind.PURCHASE, terms.points, purchase_id=purchase.id)
    audit.record(actor, "quota.add", "purchase", purchase.id, vendor.tenant_id, points=terms.points)
    return purchase


def correct_purchase(
    actor: Actor, purchase_id: uuid.UUID | None, terms: PurchaseTerms
) -> tuple[QuotaPurchase, uuid.UUID]:
    """Change the vendor's latest purchase by a correction entry; answers it and its tenant.

    Raises NOT_EXIST, VOUCHER_QUOTA_UPDATE_NOT_LATEST and VOUCHER_QUOTA_UPDATE_UNDER_ZERO.
    """
    tenant_id = session.scalar(
        select(Vendor.tenant_id)
        .join(QuotaPurchase, QuotaPurchase.vendor_id == Vendor.id)
        .where(QuotaPurchase.id == purchase_id)
    )
    vendor = lock_books(tenant_id) if tenant_id else None
    if vendor is None:
        raise refuse("NOT_EXIST")
    purchase = session.get_one(QuotaPurchase, purchase_id, populate_existing=True)
    if purchase.serial != vendor.purchase_count:
        raise refuse("VOUCHER_QUOTA_UPDATE_NOT_LATEST")
    delta = terms.points - purchase.points
    if quota_after(vendor, terms.points, purchase) < 0:
        raise refuse("VOUCHER_QUOTA_UPDATE_UNDER_ZERO")
    purchase.tx_date, purchase.points = terms.tx_date, terms.points
    purchase.amount, purchase.remark = terms.amount, terms.remark
    purchase.updated_at = clock.now()
    _keep_revision(actor, purchase, _revisions(purchase.id) + 1)
    post(actor, vendor, QuotaEntryKind.CORRECTION, delta, purchase_id=purchase.id)
    audit.record(actor, "quota.correct", "purchase", purchase.id, vendor.tenant_id, delta=delta)
    return purchase, vendor.tenant_id


def _revisions(purchase_id: uuid.UUID) -> int:
    return (
        session.scalar(select(func.count()).where(QuotaPurchaseRevision.purchase_id == purchase_id))
        or 0
    )


def _keep_revision(actor: Actor, purchase: QuotaPurchase, number: int) -> None:
    session.add(
        QuotaPurchaseRevision(
            purchase_id=purchase.id,
            revision=number,
            tx_date=purchase.tx_date,
            points=purchase.points,
            amount=purchase.amount,
            remark=purchase.remark,
            actor=actor.key,
            created_at=clock.now(),
        )
    )
    session.flush()

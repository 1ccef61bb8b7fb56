"""Issuing vouchers against quota: add, change, delete — one unit of work each (behaviour §5).

The checks stand in issuing_rules.py. Everything that needs no lock is checked first; the books are
locked late and everything that a rival could have changed is then looked at again under that lock.
"""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy.dialects.postgresql import insert

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import QuotaEntryKind, VoucherStatus, VoucherType
from voucherweb.domain.numbering import MAX_DAILY_SERIAL, voucher_no
from voucherweb.domain.voucher_rules import LOCKED_WHEN_OFF, Phase, phase
from voucherweb.errors import Refusal, invalid, refuse
from voucherweb.models import CouponSet, Vendor, Voucher, VoucherSerial
from voucherweb.services import audit, coupons, quotas, vendors
from voucherweb.services.issuing_rules import (
    ISSUE_CHECKS,
    OFF_CHECKS,
    Case,
    Check,
    Draft,
    Shop,
    check_terms,
    need_issuing_vendor,
    problems,
    settle,
)
from voucherweb.services.voucher_changes import changes, snapshot
from voucherweb.services.vouchers import get_voucher
from voucherweb.transaction import session

__all__ = [
    "Draft",
    "Forecast",
    "Shop",
    "add_voucher",
    "delete_voucher",
    "foresee",
    "update_voucher",
]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What would come of a draft: every refusal, the first of which a write would raise, and its
    numbers in points. `takes` is what the quota gives for it (negative: gets back); `coupons` is
    how many the import that it names has; `deposit` and `withdraw` are None without a vendor."""

    refusals: list[Refusal]
    points: int
    total: int
    takes: int
    deposit: int | None
    withdraw: int | None
    coupons: int | None


def foresee(
    shop: Shop, actor: Actor, draft: Draft, voucher_id: uuid.UUID | None = None
) -> Forecast:
    """Run the checks of `add_voucher`, or of `update_voucher` for a voucher, and write nothing.

    Locks nothing, so that a later write may find something else. Raises NOT_EXIST.
    """
    before = get_voucher(actor, voucher_id) if voucher_id else None
    case = Case(shop, actor, draft, before, hold=False)
    refusals = problems(case, _checks_of(before))
    vendor = vendors.vendor_of_tenant(actor.tenant_id)
    return Forecast(
        refusals=refusals,
        points=case.points,
        total=case.points * draft.terms.volume,
        takes=case.extra,
        deposit=vendor.deposit if vendor else None,
        withdraw=vendor.withdraw if vendor else None,
        coupons=case.pool.total if case.pool else None,
    )


def _checks_of(before: Voucher | None) -> Sequence[Check]:
    if before is None:
        return ISSUE_CHECKS
    if phase(before, clock.now()) is Phase.OFF:
        return OFF_CHECKS
    first, *others = ISSUE_CHECKS
    return first, _check_open, *others


def _check_open(case: Case) -> None:
    if case.before:
        _need_open(case.before)


def _coupon_set(draft: Draft, tenant_id: uuid.UUID, pool: CouponSet | None) -> uuid.UUID | None:
    if draft.terms.voucher_type is not VoucherType.COUPON_CODE:
        return None
    return (pool or coupons.create_set(tenant_id, draft.coupon_list or ())).id


def _next_number(vendor: Vendor, voucher_type: VoucherType, day: date) -> str:
    """The next number of (vendor, type, local day of issue); raises VOUCHER_NO_EXHAUSTED after
    999."""
    serial = session.scalar(
        insert(VoucherSerial)
        .values(vendor_id=vendor.id, voucher_type=voucher_type, issue_date=day, last=1)
        .on_conflict_do_update(
            index_elements=["vendor_id", "voucher_type", "issue_date"],
            set_={"last": VoucherSerial.last + 1},
            where=VoucherSerial.last < MAX_DAILY_SERIAL,
        )
        .returning(VoucherSerial.last)
    )
    if serial is None:
        raise refuse("VOUCHER_NO_EXHAUSTED")
    return voucher_no(vendor.vendor_no, voucher_type, day, serial)


def add_voucher(shop: Shop, actor: Actor, draft: Draft) -> Voucher:
    """Issue a draft voucher and spend its points from the tenant's quota.

    Raises what contract A §新增票券 and behaviour §5 list, in that order; then nothing changed.
    """
    case = Case(shop, actor, draft)
    settle(case, ISSUE_CHECKS)
    vendor, terms, points = need_issuing_vendor(case.vendor), draft.terms, case.points
    now = clock.now()
    day = clock.local_date(now, shop.settings.timezone)
    voucher = Voucher(
        **asdict(terms),
        tenant_id=vendor.tenant_id,
        vendor_id=vendor.id,
        voucher_no=_next_number(vendor, terms.voucher_type, day),
        redeem_points=points,
        issue_date=day,
        coupon_set_id=_coupon_set(draft, vendor.tenant_id, case.pool),
        status=VoucherStatus.NONE,
        redeemed=0,
        created_at=now,
        updated_at=now,
    )
    session.add(voucher)
    session.flush()
    quotas.post(actor, vendor, QuotaEntryKind.ISSUE, points * terms.volume, voucher_id=voucher.id)
    audit.record(actor, "voucher.add", "voucher", voucher.id, number=voucher.voucher_no)
    session.flush()
    return voucher


def update_voucher(
    shop: Shop,
    actor: Actor,
    voucher_id: uuid.UUID | None,
    draft: Draft,
    seen: datetime | None = None,
) -> Voucher:
    """Replace a draft's terms, or the open fields of one that is off the shelf.

    `seen` is the `updated_at` that the caller knows: who changed it later is not overwritten.
    Raises INVALID_PARAMETER (also for a locked field), NOT_EXIST, then what `add_voucher` raises
    besides VOUCHER_UPDATE_NOT_NONE_STATUS and VOUCHER_UPDATE_OFF_VOUCHER_NOT_ALLOWED.
    """
    # What is asked for is judged before whether it is there.
    known = _known(actor, voucher_id)
    check_terms(Case(shop, actor, draft, known))
    if known is None:
        raise refuse("NOT_EXIST")
    # Books before voucher, as everywhere: whoever needs both locks takes them in this order.
    vendors.vendor_of_tenant(actor.tenant_id, lock=True)
    voucher = get_voucher(actor, voucher_id, lock=True)
    if seen is not None and clock.to_millis(voucher.updated_at) != clock.to_millis(seen):
        raise invalid("updateTime", "was changed by somebody else meanwhile", "已被其他人修改")
    case, before = Case(shop, actor, draft, voucher), snapshot(voucher)
    if _need_open(voucher) is Phase.OFF:
        _update_off(case, voucher)
    else:
        _update_draft(case, voucher)
    voucher.updated_at = clock.now()
    audit.record(actor, "voucher.update", "voucher", voucher.id, **changes(before, voucher))
    session.flush()
    return voucher


def _known(actor: Actor, voucher_id: uuid.UUID | None) -> Voucher | None:
    try:
        return get_voucher(actor, voucher_id)
    except Refusal:
        return None


def _need_open(voucher: Voucher) -> Phase:
    """DRAFT or OFF; raises why a voucher in another phase cannot change."""
    now = phase(voucher, clock.now())
    if now is Phase.ON:
        raise refuse("VOUCHER_UPDATE_NOT_NONE_STATUS")
    if now not in {Phase.DRAFT, Phase.OFF}:
        raise refuse("VOUCHER_UPDATE_OFF_VOUCHER_NOT_ALLOWED")
    return now


def _update_draft(case: Case, voucher: Voucher) -> None:
    # What the change takes, and whether the coupons stay, is known of the voucher as it was.
    points, delta, keeps = case.points, case.extra, case.keeps_coupons
    settle(case, ISSUE_CHECKS)
    terms, vendor = case.terms, need_issuing_vendor(case.vendor)
    if terms.voucher_type != voucher.voucher_type:
        voucher.voucher_no = _next_number(vendor, terms.voucher_type, voucher.issue_date)
    for name, value in asdict(terms).items():
        setattr(voucher, name, value)
    voucher.redeem_points = points
    _exchange_coupons(voucher, case, keeps=keeps)
    session.flush()
    if delta:
        quotas.post(case.actor, vendor, QuotaEntryKind.EDIT, delta, voucher_id=voucher.id)


def _exchange_coupons(voucher: Voucher, case: Case, *, keeps: bool) -> None:
    is_coupon = case.terms.voucher_type is VoucherType.COUPON_CODE
    if keeps and is_coupon:
        return
    before = voucher.coupon_set_id
    voucher.coupon_set_id = _coupon_set(case.draft, voucher.tenant_id, case.pool)
    session.flush()
    if before and before != voucher.coupon_set_id:
        coupons.release_set(before)


def _update_off(case: Case, voucher: Voucher) -> None:
    settle(case, OFF_CHECKS)
    for name, value in asdict(case.terms).items():
        if name not in LOCKED_WHEN_OFF:
            setattr(voucher, name, value)


def delete_voucher(actor: Actor, voucher_id: uuid.UUID | None) -> int:
    """Delete a draft and give its points back; answers 1.

    Raises NOT_EXIST, VOUCHER_DELETE_NOT_ALLOWED and VOUCHER_QUOTA_NOT_BALANCE.
    """
    get_voucher(actor, voucher_id)
    vendor = vendors.vendor_of_tenant(actor.tenant_id, lock=True)
    voucher = get_voucher(actor, voucher_id, lock=True)
    if voucher.status != VoucherStatus.NONE:
        raise refuse("VOUCHER_DELETE_NOT_ALLOWED")
    vendor = need_issuing_vendor(vendor)
    quotas.need_balance(vendor)
    points = voucher.redeem_points * voucher.volume
    now = clock.now()
    before, voucher.coupon_set_id = voucher.coupon_set_id, None
    voucher.deleted_at = voucher.updated_at = now
    session.flush()
    if before:
        coupons.release_set(before)
    quotas.post(actor, vendor, QuotaEntryKind.REFUND, -points, voucher_id=voucher.id)
    audit.record(actor, "voucher.delete", "voucher", voucher.id, refunded=points)
    session.flush()
    return 1

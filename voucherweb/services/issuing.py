"""Issuing vouchers against quota: add, change, delete — one unit of work each (behaviour §5).

The checks run in the order that behaviour §5 gives. Everything that needs no lock is checked
first; the books are locked late and everything that a rival could have changed is then looked at
again under that lock.
"""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy.dialects.postgresql import insert

from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import QuotaEntryKind, VoucherStatus, VoucherType
from voucherweb.domain.money import redeem_points
from voucherweb.domain.numbering import MAX_DAILY_SERIAL, voucher_no
from voucherweb.domain.voucher_rules import (
    LOCKED_WHEN_OFF,
    Phase,
    VoucherTerms,
    combination_refusal,
    date_problems,
    phase,
    price_problems,
)
from voucherweb.errors import Detail, refuse
from voucherweb.models import CouponSet, Vendor, Voucher, VoucherSerial
from voucherweb.services import audit, coupons, quotas, uploads, vendors
from voucherweb.services.vouchers import get_voucher
from voucherweb.storage.protocol import Storage
from voucherweb.transaction import session


@dataclass(frozen=True, slots=True)
class Draft:
    """A voucher as asked for: its terms, and its coupons as a list or as an import's id."""

    terms: VoucherTerms
    coupon_list: Sequence[coupons.CouponTexts] | None = None
    import_id: uuid.UUID | None = None
    import_named: bool = False
    multipart: uploads.MultipartClaim | None = None


@dataclass(frozen=True, slots=True)
class Shop:
    """What issuing needs of its surroundings."""

    settings: Settings
    storage: Storage


def _check_terms(shop: Shop, draft: Draft) -> None:
    problems = date_problems(draft.terms)
    problems += price_problems(draft.terms.price, shop.settings.unit_points)
    if draft.coupon_list and draft.import_named:
        problems.append(
            Detail("couponImportId", "give it or couponList, not both", "不可與 couponList 並用")
        )
    if problems:
        raise refuse("INVALID_PARAMETER", problems)


def _need_issuing_vendor(vendor: Vendor | None) -> Vendor:
    if vendor is None:
        raise refuse("VOUCHER_VENDOR_NOT_EXIST")
    if not vendor.purchase_count:
        raise refuse("VOUCHER_VENDOR_NOT_ADD_QUOTA")
    return vendor


def _check_combination(terms: VoucherTerms) -> None:
    refusal = combination_refusal(terms)
    if refusal:
        raise refuse(refusal)


def _unknown_import() -> Detail:
    return Detail("couponImportId", "is not an import that can be used", "不是可使用的匯入編號")


def _need_coupons(
    actor: Actor, draft: Draft, kept: int = 0, own: uuid.UUID | None = None
) -> CouponSet | None:
    """The imported set that a 06 draft names, held; checks that the number of coupons is right.

    `kept` is the number of coupons that the voucher already has and keeps; `own` the set that it
    holds, which may be named again.
    """
    if draft.terms.voucher_type is not VoucherType.COUPON_CODE:
        return None
    pool = None
    if draft.import_named:
        pool = coupons.set_of_import(actor, draft.import_id, own)
        if pool is None:
            raise refuse("INVALID_PARAMETER", [_unknown_import()])
    given = pool.total if pool else len(draft.coupon_list or ()) or kept
    if not given:
        raise refuse("VOUCHER_NEED_COUPON_LIST")
    if given != draft.terms.volume:
        raise refuse("VOUCHER_COUPON_REDEEM_NOT_MATCH")
    return pool


def _coupon_set(draft: Draft, tenant_id: uuid.UUID, pool: CouponSet | None) -> uuid.UUID | None:
    if draft.terms.voucher_type is not VoucherType.COUPON_CODE:
        return None
    return (pool or coupons.create_set(tenant_id, draft.coupon_list or ())).id


def _lock_books(tenant_id: uuid.UUID | None, extra: int) -> Vendor:
    """The locked books with room for `extra` more points; what the checks found without a lock
    is found again. INSUFFICIENT_QUOTA stands before NOT_BALANCE in the contract's order."""
    vendor = _need_issuing_vendor(vendors.vendor_of_tenant(tenant_id, lock=True))
    if extra > vendor.deposit - vendor.withdraw:
        raise refuse("VOUCHER_INSUFFICIENT_QUOTA")
    quotas.need_balance(vendor)
    return vendor


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
    terms = draft.terms
    _check_terms(shop, draft)
    _need_issuing_vendor(vendors.vendor_of_tenant(actor.tenant_id))
    _check_combination(terms)
    pool = _need_coupons(actor, draft)
    uploads.need_picture(shop.storage, actor, terms.thumbnail_key, draft.multipart)
    points = redeem_points(terms.price, shop.settings.unit_points)
    vendor = _lock_books(actor.tenant_id, points * terms.volume)
    now = clock.now()
    day = clock.local_date(now, shop.settings.timezone)
    voucher = Voucher(
        **asdict(terms),
        tenant_id=vendor.tenant_id,
        vendor_id=vendor.id,
        voucher_no=_next_number(vendor, terms.voucher_type, day),
        redeem_points=points,
        issue_date=day,
        coupon_set_id=_coupon_set(draft, vendor.tenant_id, pool),
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


def update_voucher(shop: Shop, actor: Actor, voucher_id: uuid.UUID | None, draft: Draft) -> Voucher:
    """Replace a draft's terms, or the open fields of one that is off the shelf.

    Raises INVALID_PARAMETER (also for a locked field), NOT_EXIST, then what `add_voucher` raises
    besides VOUCHER_UPDATE_NOT_NONE_STATUS and VOUCHER_UPDATE_OFF_VOUCHER_NOT_ALLOWED.
    """
    _check_terms(shop, draft)
    get_voucher(actor, voucher_id)
    # Books before voucher, as everywhere: whoever needs both locks takes them in this order.
    vendor = vendors.vendor_of_tenant(actor.tenant_id, lock=True)
    voucher = get_voucher(actor, voucher_id, lock=True)
    match phase(voucher, clock.now()):
        case Phase.DRAFT:
            _update_draft(shop, actor, _need_issuing_vendor(vendor), voucher, draft)
        case Phase.OFF:
            _update_off(shop, actor, voucher, draft)
        case Phase.ON:
            raise refuse("VOUCHER_UPDATE_NOT_NONE_STATUS")
        case _:
            raise refuse("VOUCHER_UPDATE_OFF_VOUCHER_NOT_ALLOWED")
    voucher.updated_at = clock.now()
    audit.record(actor, "voucher.update", "voucher", voucher.id)
    session.flush()
    return voucher


def _update_draft(shop: Shop, actor: Actor, vendor: Vendor, voucher: Voucher, draft: Draft) -> None:
    terms = draft.terms
    _check_combination(terms)
    given = draft.coupon_list is not None or draft.import_named
    keeps = voucher.coupon_set_id is not None and not given and terms.volume == voucher.volume
    kept = voucher.volume if keeps else 0
    pool = _need_coupons(actor, draft, kept, voucher.coupon_set_id)
    uploads.need_picture(shop.storage, actor, terms.thumbnail_key, draft.multipart)
    points = redeem_points(terms.price, shop.settings.unit_points)
    delta = points * terms.volume - voucher.redeem_points * voucher.volume
    _lock_books(actor.tenant_id, delta)
    if terms.voucher_type != voucher.voucher_type:
        voucher.voucher_no = _next_number(vendor, terms.voucher_type, voucher.issue_date)
    for name, value in asdict(terms).items():
        setattr(voucher, name, value)
    voucher.redeem_points = points
    _exchange_coupons(voucher, draft, pool, keeps=keeps)
    session.flush()
    if delta:
        quotas.post(actor, vendor, QuotaEntryKind.EDIT, delta, voucher_id=voucher.id)


def _exchange_coupons(
    voucher: Voucher, draft: Draft, pool: CouponSet | None, *, keeps: bool
) -> None:
    is_coupon = draft.terms.voucher_type is VoucherType.COUPON_CODE
    if keeps and is_coupon:
        return
    before = voucher.coupon_set_id
    voucher.coupon_set_id = _coupon_set(draft, voucher.tenant_id, pool)
    session.flush()
    if before and before != voucher.coupon_set_id:
        coupons.release_set(before)


def _update_off(shop: Shop, actor: Actor, voucher: Voucher, draft: Draft) -> None:
    terms = draft.terms
    locked = [
        Detail(wire, "cannot change any more", "已上架過，不可再變更")
        for name, wire in LOCKED_WHEN_OFF.items()
        if getattr(terms, name) != getattr(voucher, name)
        and not (name == "product_id" and terms.product_id is None)
    ]
    same = {
        "couponList": _same_list(voucher, draft),
        "couponImportId": _same_import(actor, voucher, draft),
    }
    locked += [
        Detail(wire, "cannot change any more", "已上架過，不可再變更")
        for wire in same
        if not same[wire]
    ]
    if locked:
        raise refuse("INVALID_PARAMETER", locked)
    uploads.need_picture(shop.storage, actor, terms.thumbnail_key, draft.multipart)
    for name, value in asdict(terms).items():
        if name not in LOCKED_WHEN_OFF:
            setattr(voucher, name, value)


def _same_import(actor: Actor, voucher: Voucher, draft: Draft) -> bool:
    if not draft.import_named:
        return True
    pool = coupons.set_of_import(actor, draft.import_id, voucher.coupon_set_id)
    return pool is not None and pool.id == voucher.coupon_set_id


def _same_list(voucher: Voucher, draft: Draft) -> bool:
    if draft.coupon_list is None or voucher.coupon_set_id is None:
        return True
    return coupons.same_coupons(voucher.coupon_set_id, list(draft.coupon_list))


def delete_voucher(actor: Actor, voucher_id: uuid.UUID | None) -> int:
    """Delete a draft and give its points back; answers 1.

    Raises NOT_EXIST, VOUCHER_DELETE_NOT_ALLOWED and VOUCHER_QUOTA_NOT_BALANCE.
    """
    get_voucher(actor, voucher_id)
    vendor = vendors.vendor_of_tenant(actor.tenant_id, lock=True)
    voucher = get_voucher(actor, voucher_id, lock=True)
    if voucher.status != VoucherStatus.NONE:
        raise refuse("VOUCHER_DELETE_NOT_ALLOWED")
    vendor = _need_issuing_vendor(vendor)
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

"""The checks of issuing and changing a voucher, in the order that behaviour §5 gives.

Written down once for two uses: `settle` runs them for a write, holding what a rival could change,
and stops at the first refusal; `problems` only looks, holds nothing and collects every refusal.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from voucherweb.config import Settings
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import VoucherType
from voucherweb.domain.money import redeem_points
from voucherweb.domain.voucher_rules import (
    LOCKED_WHEN_OFF,
    VoucherTerms,
    combination_refusal,
    date_problems,
    line_problems,
    price_problems,
)
from voucherweb.errors import Detail, Refusal, refuse
from voucherweb.models import CouponSet, Vendor, Voucher
from voucherweb.services import coupons, quotas, uploads, vendors
from voucherweb.storage.protocol import Storage


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


@dataclass(slots=True)
class Case:
    """One draft under examination. `before` is the voucher that it would replace; `hold` keeps
    what was looked at until the end of the unit of work. The checks fill in `pool`, the imported
    coupons that the draft names, and `vendor`."""

    shop: Shop
    actor: Actor
    draft: Draft
    before: Voucher | None = None
    hold: bool = True
    pool: CouponSet | None = None
    vendor: Vendor | None = None

    @property
    def terms(self) -> VoucherTerms:
        return self.draft.terms

    @property
    def points(self) -> int:
        """Points of one piece."""
        return redeem_points(self.terms.price, self.shop.settings.unit_points)

    @property
    def extra(self) -> int:
        """Points that the quota must give, or gets back, for the whole voucher."""
        spent = self.before.redeem_points * self.before.volume if self.before else 0
        return self.points * self.terms.volume - spent

    @property
    def keeps_coupons(self) -> bool:
        """Whether a change leaves the voucher its coupons: none are given, as many are wanted."""
        given = self.draft.coupon_list is not None or self.draft.import_named
        before = self.before
        return (
            before is not None
            and before.coupon_set_id is not None
            and not given
            and self.terms.volume == before.volume
        )


Check = Callable[[Case], None]


def check_terms(case: Case) -> None:
    """INVALID_PARAMETER with every field that cannot be, as far as that needs nothing else."""
    found = line_problems(case.terms, case.before)
    found += date_problems(case.terms)
    found += price_problems(case.terms.price, case.shop.settings.unit_points)
    if case.draft.coupon_list and case.draft.import_named:
        found.append(
            Detail("couponImportId", "give it or couponList, not both", "不可與 couponList 並用")
        )
    if found:
        raise refuse("INVALID_PARAMETER", found)


def need_issuing_vendor(vendor: Vendor | None) -> Vendor:
    """Raises VOUCHER_VENDOR_NOT_EXIST and VOUCHER_VENDOR_NOT_ADD_QUOTA."""
    if vendor is None:
        raise refuse("VOUCHER_VENDOR_NOT_EXIST")
    if not vendor.purchase_count:
        raise refuse("VOUCHER_VENDOR_NOT_ADD_QUOTA")
    return vendor


def check_vendor(case: Case) -> None:
    case.vendor = need_issuing_vendor(vendors.vendor_of_tenant(case.actor.tenant_id))


def check_combination(case: Case) -> None:
    refusal = combination_refusal(case.terms)
    if refusal:
        raise refuse(refusal)


def check_coupons(case: Case) -> None:
    """A 06 draft has as many coupons as pieces. The set that the voucher holds already may be
    named again."""
    case.pool = None
    if case.terms.voucher_type is not VoucherType.COUPON_CODE:
        return
    draft = case.draft
    if draft.import_named:
        own = case.before.coupon_set_id if case.before else None
        case.pool = coupons.set_of_import(case.actor, draft.import_id, own, hold=case.hold)
        if case.pool is None:
            raise refuse("INVALID_PARAMETER", [_unknown_import()])
    kept = case.before.volume if case.before and case.keeps_coupons else 0
    given = case.pool.total if case.pool else len(draft.coupon_list or ()) or kept
    if not given:
        raise refuse("VOUCHER_NEED_COUPON_LIST")
    if given != case.terms.volume:
        raise refuse("VOUCHER_COUPON_REDEEM_NOT_MATCH")


def check_picture(case: Case) -> None:
    uploads.need_picture(
        case.shop.storage,
        case.actor,
        case.terms.thumbnail_key,
        case.draft.multipart,
        keep=case.hold,
    )


def check_books(case: Case) -> None:
    """The books, locked for a write, have room; what the checks before found without a lock is
    found again. INSUFFICIENT_QUOTA stands before NOT_BALANCE in the contract's order."""
    vendor = need_issuing_vendor(vendors.vendor_of_tenant(case.actor.tenant_id, lock=case.hold))
    if case.extra > vendor.deposit - vendor.withdraw:
        raise refuse("VOUCHER_INSUFFICIENT_QUOTA")
    quotas.need_balance(vendor)
    case.vendor = vendor


def check_locked(case: Case) -> None:
    """A voucher that was on the shelf keeps what was promised (behaviour §5)."""
    before, terms = case.before, case.terms
    if before is None:
        return
    changed = [
        wire
        for name, wire in LOCKED_WHEN_OFF.items()
        if getattr(terms, name) != getattr(before, name)
        and not (name == "product_id" and terms.product_id is None)
    ]
    if not _same_list(before, case.draft):
        changed.append("couponList")
    if not _same_import(case, before):
        changed.append("couponImportId")
    if changed:
        en, zh = "cannot change any more", "已上架過，不可再變更"
        raise refuse("INVALID_PARAMETER", [Detail(wire, en, zh) for wire in changed])


ISSUE_CHECKS: Final[tuple[Check, ...]] = (
    check_terms,
    check_vendor,
    check_combination,
    check_coupons,
    check_picture,
    check_books,
)
OFF_CHECKS: Final[tuple[Check, ...]] = (check_terms, check_locked, check_picture)


def settle(case: Case, checks: Sequence[Check]) -> None:
    """Raises the first refusal."""
    for check in checks:
        check(case)


def problems(case: Case, checks: Sequence[Check]) -> list[Refusal]:
    """Every refusal in the order of the checks, each code once."""
    found: dict[str, Refusal] = {}
    for check in checks:
        try:
            check(case)
        except Refusal as refusal:
            if refusal.error.http == 503:
                raise
            found.setdefault(refusal.error.code, refusal)
    return list(found.values())


def _unknown_import() -> Detail:
    return Detail("couponImportId", "is not an import that can be used", "不是可使用的匯入編號")


def _same_import(case: Case, before: Voucher) -> bool:
    if not case.draft.import_named:
        return True
    own = before.coupon_set_id
    pool = coupons.set_of_import(case.actor, case.draft.import_id, own, hold=case.hold)
    return pool is not None and pool.id == own


def _same_list(before: Voucher, draft: Draft) -> bool:
    if draft.coupon_list is None or before.coupon_set_id is None:
        return True
    return coupons.same_coupons(before.coupon_set_id, list(draft.coupon_list))

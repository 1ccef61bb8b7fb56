"""What a voucher may say, and what may be done with it (contract A §新增票券, behaviour §5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from voucherweb.domain.enums import TargetType, UseType, VoucherStatus, VoucherType
from voucherweb.domain.money import redeem_points
from voucherweb.domain.texts import line_problem
from voucherweb.errors import Detail

MAX_REDEEM_POINTS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class VoucherTerms:
    """Everything that an admin decides about a voucher besides its coupons."""

    title: str
    target_type: TargetType
    voucher_type: VoucherType
    use_type: UseType
    price: Decimal
    volume: int
    redeem_start: datetime
    redeem_end: datetime
    use_start: datetime
    use_end: datetime
    on_start: datetime
    on_end: datetime
    redeem_limit: int
    description: str | None = None
    notice: str | None = None
    thumbnail_key: str | None = None
    product_id: str | None = None


EDITABLE_WHEN_OFF = frozenset(
    {
        "title",
        "thumbnail_key",
        "redeem_start",
        "redeem_end",
        "use_start",
        "use_end",
        "on_start",
        "on_end",
        "description",
        "notice",
    }
)
LOCKED_WHEN_OFF = {
    "target_type": "targetType",
    "voucher_type": "voucherType",
    "use_type": "useType",
    "price": "price",
    "volume": "volume",
    "redeem_limit": "redeemLimit",
    "product_id": "productId",
}
"""Fields that a voucher which was on the shelf keeps for good, with their names on the wire."""

_LINES = {"title": "title", "product_id": "productId"}

_ORDER: Sequence[tuple[str, str, str, str, str, str]] = (
    ("redeem_start", "redeem_end", "redeemEndDate", "redeemStartDate", "兌換迄日", "兌換起日"),
    ("use_start", "use_end", "useEndDate", "useStartDate", "使用迄日", "使用起日"),
    ("on_start", "on_end", "onEndDate", "onStartDate", "下架日", "上架日"),
    ("redeem_start", "use_start", "useStartDate", "redeemStartDate", "使用起日", "兌換起日"),
    ("redeem_end", "use_end", "useEndDate", "redeemEndDate", "使用迄日", "兌換迄日"),
    ("on_start", "redeem_end", "redeemEndDate", "onStartDate", "兌換迄日", "上架日"),
)


def date_problems(terms: VoucherTerms) -> list[Detail]:
    """Every pair of dates that stands in the wrong order, under the name of the later one."""
    dates = {name: getattr(terms, name) for pair in _ORDER for name in pair[:2]}
    return dates_out_of_order(dates)


def dates_out_of_order(dates: Mapping[str, datetime]) -> list[Detail]:
    """The same of the dates that are known, by their names in `VoucherTerms`."""
    return [
        Detail(wire, f"must not be before {earlier_wire}", f"{zh}不可早於{earlier_zh}")
        for earlier, later, wire, earlier_wire, zh, earlier_zh in _ORDER
        if earlier in dates and later in dates and dates[earlier] > dates[later]
    ]


def line_problems(terms: VoucherTerms, before: "Named | None" = None) -> list[Detail]:
    """The texts that do not stand on one line; what a voucher has `before` may stay as it is."""
    found = []
    for name, wire in _LINES.items():
        text = getattr(terms, name)
        problem = line_problem(text or "")
        if problem and not (before and text == getattr(before, name)):
            found.append(Detail(wire, *problem))
    return found


class Named(Protocol):
    """The part of a voucher that stands on one line."""

    title: str
    product_id: str | None


def price_problems(price: Decimal, unit_points: int) -> list[Detail]:
    """A piece costs at least one point, and no more than the books can hold."""
    points = redeem_points(price, unit_points)
    if points < 1:
        return [Detail("price", "is worth less than one point", "換算後不足 1 點")]
    if points > MAX_REDEEM_POINTS:
        return [Detail("price", "is worth too many points", "換算後點數過大")]
    return []


def combination_refusal(terms: VoucherTerms) -> str | None:
    """The code of the first rule between type, way of use and product that is broken."""
    if terms.voucher_type is VoucherType.COUPON_CODE and terms.use_type is not UseType.SELF:
        return "VOUCHER_USE_TYPE_NOT_ALLOWED"
    product = terms.voucher_type is VoucherType.PRODUCT and terms.use_type is UseType.MERCHANT
    if product and not terms.product_id:
        return "VOUCHER_NEED_PRODUCT_ID"
    return None


class Shelved(Protocol):
    """The part of a voucher that its place on the shelf depends on."""

    status: str
    on_start: datetime
    on_end: datetime
    use_end: datetime
    first_on_at: datetime | None


def is_over(voucher: Shelved, at: datetime) -> bool:
    """Past its on-shelf period or its use period: it cannot be on the shelf any more."""
    return at > voucher.on_end or at > voucher.use_end


def shown_status(voucher: Shelved, at: datetime) -> VoucherStatus:
    """The status on the wire, right even before the scheduler has taken an ended voucher down."""
    if voucher.status == VoucherStatus.ON and is_over(voucher, at):
        return VoucherStatus.OFF
    return VoucherStatus(voucher.status)


class Phase(StrEnum):
    """What people call the state of a voucher: the status, with the two ways of being over."""

    DRAFT = "DRAFT"
    ON = "ON"
    OFF = "OFF"
    ENDED = "ENDED"
    EXPIRED = "EXPIRED"


def phase(voucher: Shelved, at: datetime) -> Phase:
    """未上架, 上架, 已下架, 已結束 (past onEndDate) or 已過期 (past useEndDate)."""
    if voucher.first_on_at is None:
        return Phase.DRAFT
    if at > voucher.use_end:
        return Phase.EXPIRED
    if at > voucher.on_end:
        return Phase.ENDED
    return Phase.ON if voucher.status == VoucherStatus.ON else Phase.OFF


def may_become(voucher: Shelved, wanted: VoucherStatus, at: datetime) -> bool:
    """NONE → ON → OFF → ON …, onto the shelf only while it is not over."""
    now = shown_status(voucher, at)
    if wanted is VoucherStatus.ON:
        return now is not VoucherStatus.ON and not is_over(voucher, at)
    return wanted is VoucherStatus.OFF and now is VoucherStatus.ON

"""Amounts, points and rates (behaviour §3). Money is Decimal with two places, never a float."""

from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

MAX_AMOUNT = Decimal("9999999.99")
CENT = Decimal("0.01")


def redeem_points(price: Decimal, unit_points: int) -> int:
    """Points that one piece costs: price × UNIT_POINTS, rounded half up."""
    return int((price * unit_points).quantize(Decimal(1), ROUND_HALF_UP))


def total_points(price: Decimal, volume: int, unit_points: int) -> int:
    """Points that a whole voucher takes from the quota."""
    return redeem_points(price, unit_points) * volume


def rate(part: int | Decimal, whole: int | Decimal) -> Decimal:
    """Percent with one decimal, rounded half up; 0 when there is nothing to divide by."""
    if not whole:
        return Decimal(0)
    return (Decimal(part) * 100 / Decimal(whole)).quantize(Decimal("0.1"), ROUND_HALF_UP)


def safety_stock(volume: int, ratio: Decimal) -> int:
    """Pieces under which the app shows a voucher as nearly gone (behaviour §5)."""
    return int((volume * ratio).to_integral_value(ROUND_CEILING))

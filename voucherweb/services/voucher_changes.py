"""What a change did to a voucher, as the audit log keeps it."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from voucherweb.models import Voucher

SHORT: Final = (
    "title",
    "voucher_no",
    "voucher_type",
    "target_type",
    "use_type",
    "product_id",
    "price",
    "redeem_points",
    "volume",
    "redeem_limit",
    "on_start",
    "on_end",
    "redeem_start",
    "redeem_end",
    "use_start",
    "use_end",
)
"""Fields that are kept as they were and as they are now."""
LONG: Final = ("thumbnail_key", "description", "notice", "coupon_set_id")
"""Fields of which the log says only that they changed."""


def snapshot(voucher: Voucher) -> dict[str, Any]:
    """The fields as they stand, to be compared later."""
    return {name: getattr(voucher, name) for name in (*SHORT, *LONG)}


def changes(before: dict[str, Any], voucher: Voucher) -> dict[str, Any]:
    """The data of an entry: [before, after] of each short field that is another now, and under
    `changed` the names of the long ones."""
    now = snapshot(voucher)
    told: dict[str, Any] = {
        name: [_plain(before[name]), _plain(now[name])]
        for name in SHORT
        if before[name] != now[name]
    }
    if longer := [name for name in LONG if before[name] != now[name]]:
        told["changed"] = longer
    return told


def _plain(value: Any) -> Any:
    """A value of JSON; an instant in UTC, an amount as a text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value) if isinstance(value, Decimal) else value

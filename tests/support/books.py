"""The rows behind redeeming, as tests look at them and shift them in time."""

import uuid
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, text, update

from voucherweb.models import Card, IdempotencyKey, Member, Voucher
from voucherweb.transaction import session, unit_of_work

COUNTED = ("redemptions", "points_entries", "idempotency_keys", "engagements", "engagement_scopes")


def balance(household_id: str) -> int:
    """What the member has left in the platform's programme."""
    with unit_of_work():
        found = session.scalar(
            select(Card.balance).join(Member).where(Member.household_member_id == household_id)
        )
        return found or 0


def of_everything() -> dict[str, Any]:
    """A fingerprint of all rows that redeeming, using and engaging may change."""
    with unit_of_work():
        found = {table: session.scalar(text(f"SELECT count(*) FROM {table}")) for table in COUNTED}
        found["used"] = session.scalar(text("SELECT count(used_at) FROM redemptions"))
        found["redeemed"] = session.scalar(select(func.sum(Voucher.redeemed)))
        found["balance"] = session.scalar(select(func.sum(Card.balance)))
        found["cells"] = session.scalar(
            text(
                "SELECT coalesce(sum(redeemed + used + reach_times + click_times), 0)"
                " FROM voucher_cells"
            )
        )
        return found


def change_voucher(voucher_id: str, **values: Any) -> None:
    """Change a row that the API would not let an admin change."""
    with unit_of_work():
        session.execute(update(Voucher).where(Voucher.id == uuid.UUID(voucher_id)).values(**values))


def age_keys(by: timedelta) -> None:
    """Make every stored answer older."""
    with unit_of_work():
        session.execute(update(IdempotencyKey).values(created_at=IdempotencyKey.created_at - by))

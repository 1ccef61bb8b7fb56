"""The rows behind redeeming, as tests look at them and shift them in time."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text, update

from voucherweb.extensions import db
from voucherweb.models import Card, IdempotencyKey, Member, PointsEntry, Voucher
from voucherweb.transaction import session, unit_of_work

COUNTED = ("redemptions", "points_entries", "idempotency_keys", "engagements", "engagement_scopes")


def balance(household_id: str) -> int:
    """What the member has left in the platform's programme."""
    with unit_of_work():
        found = session.scalar(
            select(Card.balance).join(Member).where(Member.household_member_id == household_id)
        )
        return found or 0


def member_id(household_id: str) -> uuid.UUID:
    """The key of a cast member, whose `id` is what the host app knows."""
    with unit_of_work():
        query = select(Member.id).where(Member.household_member_id == household_id)
        return session.scalars(query).one()


def entry_of(redemption_id: uuid.UUID) -> tuple[int, int, datetime]:
    """Points, balance afterwards and time of the entry that paid for a piece."""
    with unit_of_work():
        row = session.execute(
            select(PointsEntry.points, PointsEntry.balance_after, PointsEntry.created_at).where(
                PointsEntry.redemption_id == redemption_id
            )
        ).one()
        return row[0], row[1], row[2]


@contextmanager
def holding_key(caller: str, key: str) -> Iterator[None]:
    """As if another process were at work on a request with this key."""
    with db.engine.connect() as connection:
        held = connection.scalar(select(func.idempotency_lock(caller, key)))
        assert held
        yield
        connection.rollback()


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

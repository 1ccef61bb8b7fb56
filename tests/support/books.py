"""The rows behind redeeming, as tests look at them and shift them in time."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

from sqlalchemy import event, func, select, text, update

from voucherweb.extensions import db
from voucherweb.models import (
    PLATFORM_PROGRAMME,
    Card,
    IdempotencyKey,
    Member,
    PointsEntry,
    Redemption,
    TenantCell,
    Upload,
    Voucher,
    VoucherCell,
)
from voucherweb.services import autocommit
from voucherweb.transaction import session, unit_of_work

COUNTED = ("redemptions", "points_entries", "idempotency_keys", "engagements", "engagement_scopes")


def balance(household_id: str) -> int:
    """What the member has left in the platform's programme."""
    with unit_of_work():
        found = session.scalar(
            select(Card.balance)
            .join(Member)
            .where(
                Member.household_member_id == household_id,
                Card.programme_id == PLATFORM_PROGRAMME,
            )
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
        found["days"] = session.scalar(
            text(
                "SELECT coalesce(sum(redeemed + used + reach_times + click_times), 0)"
                " FROM voucher_days"
            )
        )
        return found


def cell(voucher_id: str, kind: str) -> tuple[int, int]:
    """(persons, times) of reach or click, over all cells of a voucher."""
    with unit_of_work():
        row = session.execute(
            text(
                f"SELECT coalesce(sum({kind}_persons), 0), coalesce(sum({kind}_times), 0)"
                " FROM voucher_cells WHERE voucher_id = :id"
            ),
            {"id": voucher_id},
        ).one()
        return int(row[0]), int(row[1])


def cells(voucher_id: str) -> set[tuple[str, str, int, int]]:
    """(gender, age level, click persons, click times) of each cell."""
    with unit_of_work():
        rows = session.execute(
            select(
                VoucherCell.gender,
                VoucherCell.age_level,
                VoucherCell.click_persons,
                VoucherCell.click_times,
            ).where(VoucherCell.voucher_id == uuid.UUID(voucher_id))
        )
        return {(row[0], row[1], row[2], row[3]) for row in rows}


def used(voucher_id: str) -> int:
    """Used pieces as the cells have it."""
    with unit_of_work():
        query = select(func.sum(VoucherCell.used))
        return session.scalar(query.where(VoucherCell.voucher_id == uuid.UUID(voucher_id))) or 0


def most_pieces_of_one_member(voucher_id: str) -> int:
    with unit_of_work():
        counts = (
            select(func.count())
            .select_from(Redemption)
            .where(Redemption.voucher_id == uuid.UUID(voucher_id))
            .group_by(Redemption.member_id)
        )
        return max(session.scalars(counts), default=0)


def tenant_persons(tenant_id: str | None, kind: str) -> int:
    """Distinct members over all vouchers of a tenant."""
    with unit_of_work():
        query = select(func.sum(TenantCell.persons)).where(
            TenantCell.tenant_id == uuid.UUID(tenant_id or ""),
            TenantCell.scope == "*",
            TenantCell.kind == kind[0].upper(),
        )
        return session.scalar(query) or 0


def change_person(household_id: str, **values: Any) -> None:
    with unit_of_work():
        session.execute(
            update(Member).where(Member.household_member_id == household_id).values(**values)
        )


def change_voucher(voucher_id: str, **values: Any) -> None:
    """Change a row that the API would not let an admin change."""
    with unit_of_work():
        session.execute(update(Voucher).where(Voucher.id == uuid.UUID(voucher_id)).values(**values))


def give_picture(voucher_id: str) -> str:
    """As if a picture had been uploaded for the voucher; its key."""
    row = uuid.UUID(voucher_id)
    key = f"voucher/thumbnail/{uuid.uuid4()}.png"
    with unit_of_work():
        voucher = session.get_one(Voucher, row)
        upload = Upload(
            object_key=key,
            tenant_id=voucher.tenant_id,
            upload_id=key,
            is_thumbnail=True,
            file_name="a.png",
            file_type="png",
        )
        session.add(upload)
        session.flush()
        voucher.thumbnail_key = key
    return key


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements that run meanwhile, over the ORM's engine or an autocommit connection."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    def noted(connection: Any, statement: Any, params: Any) -> Any:
        seen.append(statement)
        return run(connection, statement, params)

    run = autocommit.run
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        with mock.patch.object(autocommit, "run", noted):
            yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def age_keys(by: timedelta) -> None:
    """Make every stored answer older."""
    with unit_of_work():
        session.execute(update(IdempotencyKey).values(created_at=IdempotencyKey.created_at - by))

"""Events straight through the SQL functions, and rows changed behind the system's back."""

import uuid
from datetime import date

import psycopg
from sqlalchemy import text

from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.models import Member
from voucherweb.services.members import find_member
from voucherweb.transaction import session, unit_of_work

ZONE_DAY = "(now() AT TIME ZONE 'Asia/Taipei')::date"


def member_id(household_id: str) -> uuid.UUID:
    """The key of a cast member, whose `id` is what the host app knows."""
    with unit_of_work():
        found = find_member(household_id)
        assert found
        return found.id


def redeem(member: uuid.UUID, voucher: uuid.UUID) -> tuple[str, uuid.UUID | None]:
    """The outcome of one redemption, and its id."""
    with unit_of_work():
        row = session.execute(
            text(
                "SELECT outcome, redemption_id FROM redeem_one("
                f":member, :voucher, 'test', NULL, NULL, :now, {ZONE_DAY})"
            ),
            {"member": member, "voucher": voucher, "now": clock.now()},
        ).one()
        return row.outcome, row.redemption_id


def redeem_many(pairs: list[tuple[uuid.UUID, uuid.UUID]]) -> list[tuple[str, uuid.UUID | None]]:
    """The same for a batch of (member, voucher) in which each member stands once."""
    blank = [None] * len(pairs)
    with unit_of_work():
        rows = session.execute(
            text(
                "SELECT outcome, redemption_id FROM redeem_many(:members, :vouchers, :callers,"
                f" CAST(:keys AS text[]), CAST(:prints AS bytea[]), :now, {ZONE_DAY}) ORDER BY ord"
            ),
            {
                "members": [member for member, _ in pairs],
                "vouchers": [voucher for _, voucher in pairs],
                "callers": ["test"] * len(pairs),
                "keys": blank,
                "prints": blank,
                "now": clock.now(),
            },
        ).all()
        return [(row.outcome, row.redemption_id) for row in rows]


def use(member: uuid.UUID, redemption: uuid.UUID) -> str:
    """The outcome of writing one piece off."""
    with unit_of_work():
        outcome: str = session.execute(
            text(f"SELECT outcome FROM use_one(:member, :piece, 'test', :now, {ZONE_DAY})"),
            {"member": member, "piece": redemption, "now": clock.now()},
        ).scalar_one()
        return outcome


def engage(kind: str, member: uuid.UUID, vouchers: list[uuid.UUID]) -> set[uuid.UUID]:
    """The vouchers whose reach (R) or click (C) counted."""
    with unit_of_work():
        rows = session.execute(
            text(f"SELECT voucher FROM engage(:kind, :members, :vouchers, :now, {ZONE_DAY})"),
            {
                "kind": kind,
                "members": [member] * len(vouchers),
                "vouchers": vouchers,
                "now": clock.now(),
            },
        )
        return set(rows.scalars())


def change_person(member: uuid.UUID, gender: str, birthdate: date | None) -> None:
    with unit_of_work():
        person = session.get_one(Member, member)
        person.gender, person.birthdate = gender, birthdate


def tamper(settings: Settings, *statements: str) -> None:
    """Change rows behind the system's back, append-only ones too, which only their owner can."""
    with psycopg.connect(settings.database_url) as connection:
        guarded = connection.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE '%append_only'"
        ).fetchall()
        for (table,) in guarded:
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            cursor = connection.execute(statement)
            assert cursor.rowcount != 0, f"changed nothing: {statement}"
        for (table,) in guarded:
            connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")

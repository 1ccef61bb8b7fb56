"""Points of members: grants, balances and statements (behaviour §3, §10)."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select, update

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import PointsEntryKind
from voucherweb.errors import invalid, refuse
from voucherweb.models import PLATFORM_PROGRAMME, Card, PointsEntry
from voucherweb.services import audit
from voucherweb.transaction import session

MAX_GRANT = 1_000_000_000
MAX_BALANCE = 2_000_000_000


def grant(actor: Actor, member_id: uuid.UUID, points: int, reason: str | None = None) -> int:
    """Add points to a member's card in the platform's programme; answers the new balance.

    Raises NOT_EXIST for an unknown member and INVALID_PARAMETER for an amount out of range.
    """
    _need_amount(points)
    row = session.execute(
        update(Card)
        .where(Card.member_id == member_id, Card.programme_id == PLATFORM_PROGRAMME)
        .values(balance=Card.balance + points, entry_count=Card.entry_count + 1)
        .returning(Card.id, Card.balance, Card.entry_count)
    ).one_or_none()
    if row is None:
        raise refuse("NOT_EXIST")
    _need_room(row.balance)
    session.add(
        PointsEntry(
            card_id=row.id,
            seq=row.entry_count,
            kind=PointsEntryKind.GRANT,
            debit="PROGRAMME",
            credit="CARD",
            points=points,
            balance_after=row.balance,
            actor=actor.key,
            reason=reason,
            created_at=clock.now(),
        )
    )
    audit.record(actor, "points.grant", "member", member_id, points=points, reason=reason)
    session.flush()
    return int(row.balance)


def _need_amount(points: int) -> None:
    if not 0 < points <= MAX_GRANT:
        raise invalid("points", f"must be from 1 to {MAX_GRANT}", f"須為 1 到 {MAX_GRANT}")


def _need_room(balance_after: int) -> None:
    if balance_after > MAX_BALANCE:
        raise invalid("points", f"would exceed {MAX_BALANCE}", f"餘額不可超過 {MAX_BALANCE}")


def balance_after(member_id: uuid.UUID, points: int) -> int:
    """The balance that granting so many points would lead to as things are now; raises what
    `grant` does for an amount out of range."""
    _need_amount(points)
    after = balance(member_id) + points
    _need_room(after)
    return after


def balance(member_id: uuid.UUID) -> int:
    """What the member can spend by `/voucher/redeem`; 0 without a card."""
    found = session.scalar(
        select(Card.balance).where(
            Card.member_id == member_id, Card.programme_id == PLATFORM_PROGRAMME
        )
    )
    return found or 0


def statement(member_id: uuid.UUID, limit: int = 100) -> Sequence[PointsEntry]:
    """The latest movements of a member's card, newest first."""
    return session.scalars(
        select(PointsEntry)
        .join(Card, Card.id == PointsEntry.card_id)
        .where(Card.member_id == member_id)
        .order_by(PointsEntry.id.desc())
        .limit(limit)
    ).all()

"""Points of members in the platform's programme: grants and balances (behaviour §3, §10)."""

import uuid

from sqlalchemy import select

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.errors import Refusal, invalid, refuse
from voucherweb.models import PLATFORM_PROGRAMME, Card
from voucherweb.services import audit
from voucherweb.services.autocommit import within_unit_of_work
from voucherweb.transaction import session

MAX_GRANT = 1_000_000_000
MAX_BALANCE = 2_000_000_000
"""Also the SQL function's, which alone changes balances."""

_GRANT = """
WITH card AS MATERIALIZED (
    SELECT c.id FROM cards c WHERE c.member_id = %s AND c.programme_id = %s
)
SELECT done.outcome, done.balance FROM card, LATERAL points_change(
    'GRANT', card.id, %s, NULL, NULL, NULL, NULL, %s, %s, %s
) AS done
"""


def grant(actor: Actor, member_id: uuid.UUID, points: int, reason: str | None = None) -> int:
    """Add points to a member's card in the platform's programme; answers the new balance.

    Raises NOT_EXIST for an unknown member and INVALID_PARAMETER for an amount out of range.
    """
    _need_amount(points)
    session.flush()
    rows = within_unit_of_work(
        _GRANT, (member_id, PLATFORM_PROGRAMME, points, actor.key, reason, clock.now())
    )
    if not rows:
        raise refuse("NOT_EXIST")
    outcome, balance = rows[0]
    if outcome != "DONE":
        raise _over_maximum()
    audit.record(actor, "points.grant", "member", member_id, points=points, reason=reason)
    session.flush()
    return int(balance)


def _need_amount(points: int) -> None:
    if not 0 < points <= MAX_GRANT:
        raise invalid("points", f"must be from 1 to {MAX_GRANT}", f"須為 1 到 {MAX_GRANT}")


def _need_room(balance_after: int) -> None:
    if balance_after > MAX_BALANCE:
        raise _over_maximum()


def _over_maximum() -> Refusal:
    return invalid("points", f"would exceed {MAX_BALANCE}", f"餘額不可超過 {MAX_BALANCE}")


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

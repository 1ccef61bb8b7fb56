"""Reach and click: counted per member and voucher, with their cells, in one statement each."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime

from voucherweb.domain.actor import Actor
from voucherweb.services.autocommit import Execute

MAX_REACHED = 50
_ENGAGE = "SELECT count(*) FROM engage(%s, %s, %s, %s, %s)"


def reach(
    execute: Execute,
    actor: Actor,
    voucher_ids: Sequence[uuid.UUID],
    at: datetime,
    day: date,
) -> int:
    """Count that the member saw these vouchers; answers how many exist for the member and are on
    the shelf (behaviour §6)."""
    return _engage(execute, "R", actor, voucher_ids, at, day)


def click(
    execute: Execute, actor: Actor, voucher_id: uuid.UUID | None, at: datetime, day: date
) -> int:
    """Count one click; 0 for a voucher that the member cannot see. Ended ones count too."""
    return _engage(execute, "C", actor, [voucher_id] if voucher_id else [], at, day)


def _engage(
    execute: Execute,
    kind: str,
    actor: Actor,
    voucher_ids: Sequence[uuid.UUID],
    at: datetime,
    day: date,
) -> int:
    if not voucher_ids:
        return 0
    members = [actor.id] * len(voucher_ids)
    count: int = execute(_ENGAGE, (kind, members, list(voucher_ids), at, day))[0][0]
    return count

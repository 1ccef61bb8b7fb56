"""Today at the write-off desk of the demo's first tenant: some pieces written off, one undone."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from voucherweb.config import Settings
from voucherweb.demo.cast import CLERK_ACCOUNT, Cast
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.models import Admin, Redemption, Voucher
from voucherweb.services import desk
from voucherweb.transaction import session

PIECES: Final = 15
SHIFT: Final = timedelta(hours=3)
"""How long ago the clerk began, unless the day is younger."""
REASON: Final = "誤掃到前一位會員的票券"


def work(settings: Settings, cast: Cast, now: datetime) -> int:
    """Write pieces off and take the last one back; answers how many stay used."""
    first = cast.admins[0]
    clerk_id = session.scalars(select(Admin.id).where(Admin.account == CLERK_ACCOUNT)).one()
    clerk = Actor(Role.CLERK, clerk_id, first.tenant_id)
    midnight = clock.start_of_day(clock.local_date(now, settings.timezone), settings.timezone)
    began = max(midnight, now - SHIFT)
    pieces = _usable(first, began)
    receipts = []
    for number, piece in enumerate(pieces):
        with clock.frozen(began + (now - began) * number / (len(pieces) + 1)):
            receipts.append(desk.write_off(clerk, piece, settings.timezone))
    if not receipts:
        return 0
    with clock.frozen(now):
        desk.undo(first, receipts[-1].id, REASON)
    return len(receipts) - 1


def _usable(admin: Actor, at: datetime) -> Sequence[uuid.UUID]:
    """Unused pieces of the tenant that could be used at this time, the oldest first."""
    return session.scalars(
        select(Redemption.id)
        .join(Voucher, Voucher.id == Redemption.voucher_id)
        .where(
            Voucher.tenant_id == admin.tenant_id,
            Redemption.used_at.is_(None),
            Redemption.redeemed_at < at,
            Voucher.use_start < at,
            Voucher.use_end > at + timedelta(days=1),
        )
        .order_by(Redemption.redeemed_at, Redemption.id)
        .limit(PIECES)
    ).all()

"""Taking ended vouchers down from the shelf, on time (behaviour §5).

A voucher that is ON comes down once now > onEndDate or now > useEndDate; both ends are inclusive
milliseconds. Reads are right without it: see `voucher_on_shelf` and `shown_status`.
"""

import time
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, or_, select, text

from voucherweb.domain import clock
from voucherweb.domain.enums import VoucherStatus
from voucherweb.models import Voucher
from voucherweb.services import jobs
from voucherweb.services.jobs import Attempt
from voucherweb.transaction import session, unit_of_work

CHUNK: Final = 5000
_PAUSE_SECONDS: Final = 0.05
_PATIENCE: Final = 20
_MILLISECOND: Final = timedelta(milliseconds=1)

# Rows that a redemption or an admin holds are skipped and met again a moment later, so this never
# waits for anybody and cannot be part of a deadlock, in whatever order it takes its locks. A change
# of status is a change: `updated_at` moves. `data` says which end came first, as the reader of the
# log will ask.
_TAKE_DOWN = text("""
    WITH ended AS (
        SELECT ctid FROM vouchers
        WHERE status = 'ON' AND (on_end < :now OR use_end < :now)
        LIMIT :most FOR NO KEY UPDATE SKIP LOCKED
    ), down AS (
        UPDATE vouchers v SET status = 'OFF', updated_at = :now FROM ended
        WHERE v.ctid = ended.ctid
        RETURNING v.id, v.tenant_id, v.on_end, v.use_end
    ), entries AS (
        INSERT INTO audit_entries (at, actor, tenant_id, action, object_kind, object_id, data)
        SELECT :now, :actor, tenant_id, 'voucher.take_down', 'voucher', id::text,
               jsonb_build_object('ended', CASE WHEN on_end <= use_end THEN 'on' ELSE 'use' END)
        FROM down
    )
    SELECT count(*) FROM down
""")


def next_end() -> datetime | None:
    """The first instant at which a voucher that is ON must be down; None without any."""
    on = Voucher.status == VoucherStatus.ON
    ends = session.execute(
        select(
            select(func.min(Voucher.on_end)).where(on).scalar_subquery(),
            select(func.min(Voucher.use_end)).where(on).scalar_subquery(),
        )
    ).one()
    known = [end for end in ends if end is not None]
    return min(known) + _MILLISECOND if known else None


def take_down(attempt: Attempt) -> int:
    """Take every ended voucher down, in chunks of a commit each; how many there were."""
    total = 0
    for _ in range(_PATIENCE):
        while count := _take_chunk():
            total += count
        if not _any_left():
            break
        time.sleep(_PAUSE_SECONDS)
    with unit_of_work():
        jobs.finish(attempt, {"count": total})
    return total


def _take_chunk() -> int:
    with unit_of_work():
        values = {"now": clock.now(), "most": CHUNK, "actor": jobs.SYSTEM}
        return session.scalar(_TAKE_DOWN, values) or 0


def _any_left() -> bool:
    now = clock.now()
    left = select(Voucher.id).where(
        Voucher.status == VoucherStatus.ON, or_(Voucher.on_end < now, Voucher.use_end < now)
    )
    with unit_of_work():
        return bool(session.scalar(select(left.exists())))

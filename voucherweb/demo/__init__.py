"""The demo data: tenants, quota, vouchers of every type in every scene, members, months of history.

Relative to today and out of a seeded generator: the same every time but for the dates. Loaded in
one unit of work, so a database has all of it or nothing.
"""

import uuid
from collections.abc import Mapping
from random import Random
from typing import Any, Final

import structlog
from sqlalchemy import select

from voucherweb.config import Settings
from voucherweb.demo import counter, partners
from voucherweb.demo.cast import ACCOUNTS_FILE, Cast, create_cast, write_accounts
from voucherweb.demo.history import run_of, tell
from voucherweb.demo.imports import import_yesterday
from voucherweb.demo.issuing import Office, storing_pictures
from voucherweb.demo.ledger import keep_ledger
from voucherweb.demo.people import make_people
from voucherweb.demo.schedule import Calendar, Story, stories
from voucherweb.demo.writing import write_history
from voucherweb.domain import clock
from voucherweb.domain.actor import OPERATOR
from voucherweb.domain.money import redeem_points
from voucherweb.errors import invalid
from voucherweb.models import Admin, Member, Tenant
from voucherweb.services import audit, issuing
from voucherweb.storage.protocol import Storage
from voucherweb.transaction import lock_key, session, unit_of_work

SEED: Final = 20_220_223
ACTION: Final = "demo.load"
KIND: Final = "demo"
FOUNDED: Final = -210
"""The day, counted from today, on which tenants and admins were created."""

log = structlog.get_logger(__name__)


def load(settings: Settings, storage: Storage) -> dict[str, Any]:
    """Fill an empty database; answers what was written. Raises INVALID_PARAMETER, changing
    nothing, when there is a tenant, an admin or a member already.

    The accounts stand in DATA_DIR/demo-accounts.json before the data is committed.
    """
    with unit_of_work():
        lock_key(KIND, "load")
        _need_empty()
        now = clock.now()
        calendar = Calendar(clock.local_date(now, settings.timezone), settings.timezone)
        told = stories(calendar)
        with storing_pictures(storage, told):
            with clock.frozen(calendar.at(FOUNDED, 9)):
                cast = create_cast()
            issued = Office(issuing.Shop(settings, storage), cast, calendar).work(told)
            for number, admin in enumerate(cast.issuers):
                import_yesterday(admin, calendar, good=80 + 40 * number)
            summary = _write_lives(settings, cast, calendar, issued, clock.to_millis(now))
            summary["used"] += counter.work(settings, cast, now)
            partners.set_up(cast.issuers[0], calendar)
            partners.give_platform_key(cast.platform, calendar)
        audit.record(OPERATOR, ACTION, KIND, KIND, **summary)
        session.flush()
        write_accounts(settings.data_dir)
        log.info("demo_loaded", **summary)
    return {**summary, "accounts": str(settings.data_dir / ACCOUNTS_FILE)}


def _write_lives(
    settings: Settings, cast: Cast, calendar: Calendar, issued: Mapping[Story, uuid.UUID], now: int
) -> dict[str, Any]:
    """Members, and what they did with the vouchers; answers the counts. `now` in epoch
    milliseconds."""
    rng = Random(SEED)  # noqa: S311 - data to look at.
    unit = settings.unit_points
    people = make_people(rng, calendar.today, now)
    runs = [
        run_of(story, voucher_id, redeem_points(story.terms.price, unit), now)
        for story, voucher_id in issued.items()
    ]
    history = tell([run for run in runs if run], people, calendar)
    moves = keep_ledger(rng, people, history.pieces, unit, now)
    write_history(people, cast.tenants, history, moves, settings.timezone.key)
    return {
        "tenants": len(cast.admins),
        "vouchers": len(issued),
        "members": len(people),
        "redemptions": len(history.pieces),
        "used": sum(piece.used_at is not None for piece in history.pieces),
        "engagements": len(history.engaged),
        "memberId": people[0].household_id,
    }


def _is_empty() -> bool:
    used = [session.scalar(select(select(one.id).exists())) for one in (Tenant, Admin, Member)]
    return not any(used)


def _need_empty() -> None:
    if not _is_empty():
        raise invalid(
            "database",
            "already holds tenants, admins or members; demo data only goes into an empty one",
            "已有租戶、管理員或會員；示範資料只能載入空的資料庫",
        )

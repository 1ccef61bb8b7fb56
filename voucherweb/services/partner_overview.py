"""What there is for partners to work with, and how their calls went lately, in one look."""

import uuid
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.campaign_rules import CampaignStatus
from voucherweb.domain.enums import CouponSource
from voucherweb.models import (
    PLATFORM_OWNER,
    PLATFORM_PROGRAMME,
    AddOn,
    ApiKey,
    CampaignHolder,
    Card,
    CouponSet,
    Programme,
)
from voucherweb.services import call_lists
from voucherweb.services.add_ons import ENABLED
from voucherweb.services.api_keys import SANDBOX
from voucherweb.services.call_lists import LoggedCall, Recent
from voucherweb.services.campaign_book import totals_of
from voucherweb.services.campaigns import owned_by
from voucherweb.transaction import session

TROUBLES: Final = 5


@dataclass(frozen=True, slots=True)
class Overview:
    """Counts of one owner, the platform's or a tenant's. `points_out` are on members' cards,
    `sandbox_keys` are among `keys`, which leave out the revoked."""

    campaigns: int
    running: int
    holders: int
    points_out: int
    coupon_sets: int
    coupons_given: int
    coupons_used: int
    keys: int
    sandbox_keys: int
    add_ons: int
    has_called: bool
    calls: Recent
    troubles: list[LoggedCall]


def overview(actor: Actor, *, english: bool = False) -> Overview:
    """The counts of the actor's tenant, or of the platform itself. Raises FORBIDDEN for all but
    admins."""
    calls = call_lists.recent(actor)
    owner_id = actor.tenant_id or PLATFORM_OWNER
    return Overview(
        **_campaigns(owner_id),
        **_coupons(owner_id),
        **_callers(actor.tenant_id),
        has_called=call_lists.has_called(actor),
        calls=calls,
        troubles=call_lists.last_refused(actor, TROUBLES, english=english),
    )


def _campaigns(owner_id: uuid.UUID) -> dict[str, int]:
    own = owned_by(owner_id)
    now = clock.now()
    running = func.count().filter(
        Programme.status == CampaignStatus.ACTIVE,
        func.coalesce(Programme.start_date, now) <= now,
        func.coalesce(Programme.end_date, now) >= now,
    )
    campaigns = session.execute(select(func.count(), running).where(own)).one()
    return {
        "campaigns": campaigns[0],
        "running": campaigns[1],
        "holders": _holders(owner_id),
        "points_out": totals_of(owner_id).outstanding,
    }


def _holders(owner_id: uuid.UUID) -> int:
    """How many members hold a card. In the platform's one programme a member has one; of a tenant's
    several the database notes each member once."""
    if owner_id == PLATFORM_OWNER:
        query = select(func.count()).where(Card.programme_id == PLATFORM_PROGRAMME)
    else:
        query = select(func.count()).where(CampaignHolder.tenant_id == owner_id)
    return session.scalars(query).one()


def _coupons(owner_id: uuid.UUID) -> dict[str, int]:
    row = session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(CouponSet.given), 0),
            func.coalesce(func.sum(CouponSet.used), 0),
        ).where(CouponSet.owner_id == owner_id, CouponSet.source != CouponSource.VOUCHER)
    ).one()
    return {
        "coupon_sets": row[0],
        "coupons_given": int(row[1]),
        "coupons_used": int(row[2]),
    }


def _callers(tenant_id: uuid.UUID | None) -> dict[str, int]:
    mine = _is(ApiKey.tenant_id, tenant_id)
    sandbox = func.count().filter(ApiKey.kind == SANDBOX)
    keys = session.execute(
        select(func.count(), sandbox).where(mine, ApiKey.revoked_at.is_(None))
    ).one()
    add_ons = select(func.count()).where(AddOn.tenant_id == tenant_id, AddOn.status == ENABLED)
    return {
        "keys": keys[0],
        "sandbox_keys": keys[1],
        "add_ons": session.scalars(add_ons).one(),
    }


def _is(column: InstrumentedAttribute[Any], value: uuid.UUID | None) -> ColumnElement[bool]:
    return column.is_(None) if value is None else column == value

"""What there is for partners to work with, and how their calls went lately, in one look."""

import uuid
from dataclasses import dataclass
from typing import Final

from sqlalchemy import FromClause, func, select, true

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
from voucherweb.services.paging import AnySelect
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
        **_counts(owner_id, actor.tenant_id),
        points_out=totals_of(owner_id).outstanding,
        has_called=calls.total > 0 or call_lists.has_called(actor),
        calls=calls,
        troubles=call_lists.last_refused(actor, TROUBLES, english=english),
    )


def _counts(owner_id: uuid.UUID, tenant_id: uuid.UUID | None) -> dict[str, int]:
    """All that is counted of what the owner keeps, in one statement."""
    parts = [
        query.subquery()
        for query in (
            _campaigns(owner_id),
            _holders(owner_id),
            _coupons(owner_id),
            _keys(tenant_id),
            _add_ons(tenant_id),
        )
    ]
    every: FromClause = parts[0]
    for part in parts[1:]:
        every = every.join(part, true())
    columns = [column for part in parts for column in part.c]
    row = session.execute(select(*columns).select_from(every)).one()
    return {name: int(number) for name, number in row._mapping.items()}


def _campaigns(owner_id: uuid.UUID) -> AnySelect:
    now = clock.now()
    running = func.count().filter(
        Programme.status == CampaignStatus.ACTIVE,
        func.coalesce(Programme.start_date, now) <= now,
        func.coalesce(Programme.end_date, now) >= now,
    )
    own = owned_by(owner_id)
    return select(func.count().label("campaigns"), running.label("running")).where(own)


def _holders(owner_id: uuid.UUID) -> AnySelect:
    """How many members hold a card. In the platform's one programme a member has one; of a tenant's
    several the database notes each member once."""
    counted = select(func.count().label("holders"))
    if owner_id == PLATFORM_OWNER:
        return counted.where(Card.programme_id == PLATFORM_PROGRAMME)
    return counted.where(CampaignHolder.tenant_id == owner_id)


def _coupons(owner_id: uuid.UUID) -> AnySelect:
    return select(
        func.count().label("coupon_sets"),
        func.coalesce(func.sum(CouponSet.given), 0).label("coupons_given"),
        func.coalesce(func.sum(CouponSet.used), 0).label("coupons_used"),
    ).where(CouponSet.owner_id == owner_id, CouponSet.source != CouponSource.VOUCHER)


def _keys(tenant_id: uuid.UUID | None) -> AnySelect:
    sandbox = func.count().filter(ApiKey.kind == SANDBOX)
    mine = ApiKey.tenant_id == tenant_id, ApiKey.revoked_at.is_(None)
    return select(func.count().label("keys"), sandbox.label("sandbox_keys")).where(*mine)


def _add_ons(tenant_id: uuid.UUID | None) -> AnySelect:
    mine = AddOn.tenant_id == tenant_id, AddOn.status == ENABLED
    return select(func.count().label("add_ons")).where(*mine)

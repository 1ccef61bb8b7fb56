"""A tenant's sandbox twin: a tenant of its own in which partners try things out.

Nothing in a twin is anybody's: its members are made up and its coupons open nothing. It is never
listed beside tenants (`tenants.real_tenants`), has neither admins nor a vendor, and shares the
calls' code and the tables with the real ones, so that what works in it works.
"""

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import insert, select

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import CouponSource
from voucherweb.models import Branch, Card, Coupon, CouponSet, Member, Programme, Tenant
from voucherweb.services import audit
from voucherweb.services.autocommit import within_unit_of_work
from voucherweb.services.tenants import get_tenant
from voucherweb.transaction import session

PHONES: Final = tuple(f"090000000{number}" for number in range(1, 6))
POINTS: Final = 10_000
"""What each card begins with."""
POOL: Final = 100
"""Coupons of the pool, `SANDBOX-001` and so on."""
BRANCH: Final = "B001"
_SURNAMES: Final = "林陳李王張"
_LIFE: Final = timedelta(days=3650)
_ADD: Final = """
SELECT outcome FROM points_change('ADD', %s, %s, 2, NULL, 'SANDBOX', NULL, %s, NULL, %s)
"""


@dataclass(frozen=True, slots=True)
class _Seeding:
    """The twin that is being filled, by whom and when."""

    twin_id: uuid.UUID
    actor: Actor
    now: datetime


def need_twin(actor: Actor, tenant_id: uuid.UUID) -> uuid.UUID:
    """The id of the tenant's twin, made and filled when there is none. Of two at once one makes
    it. Raises NOT_EXIST for a tenant that the actor may not see."""
    tenant = get_tenant(actor, tenant_id, lock=True)
    known = session.scalar(select(Tenant.id).where(Tenant.sandbox_of == tenant.id))
    if known is not None:
        return known
    now = clock.now()
    twin = Tenant(
        code=f"{tenant.code[:20]}-SB-{secrets.token_hex(4)}",
        name=tenant.name,
        type=tenant.type,
        sandbox_of=tenant.id,
        created_at=now,
        updated_at=now,
    )
    session.add(twin)
    session.flush()
    _fill(_Seeding(twin.id, actor, now))
    audit.record(actor, "sandbox.add", "tenant", tenant.id, tenant.id)
    session.flush()
    return twin.id


def _fill(seeding: _Seeding) -> None:
    campaign = Programme(
        tenant_id=seeding.twin_id,
        name="測試活動 Sandbox campaign",
        value_per_point=100,
        created_at=seeding.now,
        updated_at=seeding.now,
    )
    branch = Branch(
        tenant_id=seeding.twin_id,
        code=BRANCH,
        name="測試門市 Sandbox branch",
        created_at=seeding.now,
    )
    session.add_all([campaign, branch])
    session.flush()
    for phone, surname in zip(PHONES, _SURNAMES, strict=True):
        _add_member(seeding, campaign.id, phone, f"{surname}測試")
    _add_pool(seeding)
    session.add(
        _coupon_set(seeding, CouponSource.AUTO_GENERATE, "測試票券組（即時產生） Generated")
    )
    session.flush()


def _add_member(seeding: _Seeding, campaign_id: uuid.UUID, phone: str, name: str) -> None:
    member = Member(
        tenant_id=seeding.twin_id, name=name, phone_number=phone, created_at=seeding.now
    )
    session.add(member)
    session.flush()
    card = Card(member_id=member.id, programme_id=campaign_id, created_at=seeding.now)
    session.add(card)
    session.flush()
    outcome = within_unit_of_work(_ADD, (card.id, POINTS, seeding.actor.key, seeding.now))[0][0]
    if outcome != "DONE":
        raise RuntimeError(f"no points for a sandbox's card: {outcome}")


def _add_pool(seeding: _Seeding) -> None:
    pool = _coupon_set(seeding, CouponSource.IMPORT, "測試票券組（匯入） Imported", POOL)
    session.add(pool)
    session.flush()
    session.execute(
        insert(Coupon),
        [
            {
                "set_id": pool.id,
                "ordinal": number,
                "owner_id": seeding.twin_id,
                "code": f"SANDBOX-{number:03d}",
            }
            for number in range(1, POOL + 1)
        ],
    )


def _coupon_set(seeding: _Seeding, source: CouponSource, name: str, total: int = 0) -> CouponSet:
    return CouponSet(
        id=uuid.uuid4(),
        tenant_id=seeding.twin_id,
        source=source,
        name=name,
        start_date=seeding.now,
        end_date=seeding.now + _LIFE,
        total=total,
        created_by=seeding.actor.key,
        created_at=seeding.now,
    )

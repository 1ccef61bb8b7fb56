"""Points programmes: the platform's, and each tenant's own, which contract B calls campaigns."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import ColumnElement, SQLColumnExpression, func, select

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.campaign_rules import CampaignTerms, read_terms
from voucherweb.domain.paging import PageRequest
from voucherweb.errors import refuse
from voucherweb.models import PLATFORM_OWNER, Card, Programme
from voucherweb.services import audit
from voucherweb.services.paging import Rows, fetch_page
from voucherweb.services.tenants import managed_tenant
from voucherweb.transaction import session

SORT: Final[dict[str, SQLColumnExpression[Any]]] = {
    "name": Programme.name,
    "status": Programme.status,
    "createTime": Programme.created_at,
    "updateTime": Programme.updated_at,
}


def owned_by(owner_id: uuid.UUID) -> ColumnElement[bool]:
    """The condition on `Programme` rows under which they are the owner's."""
    if owner_id == PLATFORM_OWNER:
        return Programme.tenant_id.is_(None)
    return Programme.tenant_id == owner_id


def create_campaign(actor: Actor, tenant_id: uuid.UUID | None, terms: CampaignTerms) -> Programme:
    """A new programme of a tenant, by its admins and the platform's.

    Raises FORBIDDEN, INVALID_PARAMETER naming every wrong field (`tenant` for an unknown one).
    """
    tenant = managed_tenant(actor, tenant_id)
    kept = read_terms(terms)
    now = clock.now()
    programme = Programme(tenant_id=tenant.id, created_at=now, updated_at=now, **asdict(kept))
    session.add(programme)
    session.flush()
    audit.record(actor, "campaign.add", "campaign", programme.id, tenant.id, **_told(kept))
    session.flush()
    return programme


def change_campaign(actor: Actor, campaign_id: uuid.UUID | None, terms: CampaignTerms) -> Programme:
    """Other terms, from now on: what was added keeps its points. The platform's programme is
    changed by platform admins. Raises NOT_EXIST and what `create_campaign` does."""
    programme = get_campaign(actor, campaign_id, lock=True)
    kept = read_terms(terms)
    before, after = _told(_terms(programme)), _told(kept)
    if before != after:
        for name, value in asdict(kept).items():
            setattr(programme, name, value)
        programme.updated_at = clock.now()
        changed = {name: [before[name], after[name]] for name in after}
        data = {name: both for name, both in changed.items() if both[0] != both[1]}
        audit.record(
            actor, "campaign.change", "campaign", programme.id, programme.tenant_id, **data
        )
    session.flush()
    return programme


def get_campaign(actor: Actor, campaign_id: uuid.UUID | None, *, lock: bool = False) -> Programme:
    """A programme: any for platform admins, for a tenant's own admins its own; raises FORBIDDEN
    for everybody else, and NOT_EXIST."""
    query = select(Programme).where(Programme.id == campaign_id)
    if not actor.is_platform:
        query = query.where(Programme.tenant_id == managed_tenant(actor, actor.tenant_id).id)
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    programme = session.scalar(query)
    if programme is None:
        raise refuse("NOT_EXIST")
    return programme


def list_campaigns(
    actor: Actor, tenant_id: uuid.UUID | None, asked: PageRequest
) -> tuple[Rows, int]:
    """Rows (Programme, number of its cards) of a tenant; without one, for platform admins, of the
    platform. Raises as `get_campaign` does."""
    if not (actor.is_platform and tenant_id is None):
        tenant_id = managed_tenant(actor, tenant_id).id
    cards = select(func.count()).where(Card.programme_id == Programme.id).scalar_subquery()
    own = owned_by(tenant_id or PLATFORM_OWNER)
    query = select(Programme, cards.label("cards")).where(own)
    return fetch_page(query, asked, SORT, Programme.id, select(Programme.id).where(own))


def campaigns_of(owner_id: uuid.UUID, size: int, offset: int) -> tuple[Sequence[Programme], int]:
    """A page of an owner's programmes as partners see them, oldest first, and how many there
    are."""
    own = owned_by(owner_id)
    total = session.scalar(select(func.count()).select_from(Programme).where(own)) or 0
    order = select(Programme).where(own).order_by(Programme.created_at, Programme.id)
    return session.scalars(order.limit(size).offset(offset)).all(), total


def _terms(programme: Programme) -> CampaignTerms:
    names = CampaignTerms.__dataclass_fields__
    return read_terms(CampaignTerms(**{name: getattr(programme, name) for name in names}))


def _told(terms: CampaignTerms) -> dict[str, str | None]:
    """The terms as the audit log keeps them."""
    return {name: None if value is None else str(value) for name, value in asdict(terms).items()}

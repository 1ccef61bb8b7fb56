"""Add-ons: web applications of partners that a tenant's admins open inside the admin site."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.add_on_rules import read_config, read_url
from voucherweb.domain.enums import Role
from voucherweb.domain.partner import ALL_SCOPES, Scope
from voucherweb.domain.people import Unreadable, read_name
from voucherweb.errors import invalid, refuse
from voucherweb.models import AddOn
from voucherweb.services import audit
from voucherweb.services.tenants import CODE, CODE_PROBLEM, managed_tenant
from voucherweb.transaction import session

ENABLED: Final = "ENABLED"
DISABLED: Final = "DISABLED"
OLDEST: Final = 2000
"""The year before which no plan began or ended."""


class PlanStatus(StrEnum):
    """Whether the plan of an add-on runs now. It stops nothing by itself: the add-on is told."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class Plan:
    """What the tenant has bought, from when until when (both inclusive; None: without an end)."""

    name: str = "STANDARD"
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class AddOnTerms:
    """How an add-on is registered; `config` is what it is told, never a secret."""

    name: str
    url: str
    plan: Plan = Plan()
    config: Any = None
    scopes: frozenset[Scope] = ALL_SCOPES


def create_add_on(actor: Actor, tenant_id: uuid.UUID | None, code: str, terms: AddOnTerms) -> AddOn:
    """A new add-on of a tenant.

    Raises FORBIDDEN for all but admins, NOT_EXIST for a foreign tenant, INVALID_PARAMETER naming
    the field that cannot be, or the code when the tenant has it already.
    """
    tenant = managed_tenant(actor, tenant_id)
    if not CODE.fullmatch(code):
        raise invalid("code", *CODE_PROBLEM)
    now = clock.now()
    made = session.scalar(
        insert(AddOn)
        .values(tenant_id=tenant.id, code=code, created_at=now, updated_at=now, **_checked(terms))
        .on_conflict_do_nothing(index_elements=["tenant_id", "code"])
        .returning(AddOn.id)
    )
    if made is None:
        raise invalid("code", "is already in use", "已被使用")
    add_on = session.get_one(AddOn, made)
    audit.record(actor, "add_on.add", "add_on", made, tenant.id, code=code, origin=add_on.origin)
    session.flush()
    return add_on


def _checked(terms: AddOnTerms) -> dict[str, Any]:
    """The columns of these terms; raises INVALID_PARAMETER."""
    fields: dict[str, Any] = {}
    try:
        fields["name"] = read_name(terms.name)
    except Unreadable as error:
        raise invalid("name", *error.problem) from error
    try:
        fields["url"], fields["origin"] = read_url(terms.url)
    except Unreadable as error:
        raise invalid("url", *error.problem) from error
    try:
        fields["config"] = read_config({} if terms.config is None else terms.config)
    except Unreadable as error:
        raise invalid("config", *error.problem) from error
    return {**fields, **_plan_fields(terms.plan), "scopes": sorted(terms.scopes)}


def _plan_fields(plan: Plan) -> dict[str, Any]:
    try:
        name = read_name(plan.name)
    except Unreadable as error:
        raise invalid("plan", *error.problem) from error
    for field, instant in (("plan_start", plan.start), ("plan_end", plan.end)):
        if instant is not None and instant.year < OLDEST:
            raise invalid(field, f"is before the year {OLDEST}", f"早於 {OLDEST} 年")
    if plan.start and plan.end and plan.start > plan.end:
        raise invalid("plan_end", "is before plan_start", "早於方案開始時間")
    return {"plan_name": name, "plan_start": plan.start, "plan_end": plan.end}


def change_add_on(actor: Actor, add_on_id: uuid.UUID | None, terms: AddOnTerms) -> AddOn:
    """Other terms for an add-on, whose code stays; raises as `create_add_on`."""
    add_on = get_add_on(actor, add_on_id, lock=True)
    fields = _checked(terms)
    changed = [name for name, value in fields.items() if getattr(add_on, name) != value]
    if changed:
        for name in changed:
            setattr(add_on, name, fields[name])
        add_on.updated_at = clock.now()
        audit.record(actor, "add_on.change", "add_on", add_on.id, add_on.tenant_id, changed=changed)
        session.flush()
    return add_on


def set_enabled(actor: Actor, add_on_id: uuid.UUID | None, *, enabled: bool) -> AddOn:
    """Let an add-on work, or end all its tokens at once; raises FORBIDDEN and NOT_EXIST."""
    add_on = get_add_on(actor, add_on_id, lock=True)
    wanted = ENABLED if enabled else DISABLED
    if add_on.status != wanted:
        add_on.status, add_on.updated_at = wanted, clock.now()
        if enabled:
            audit.record(actor, "add_on.enable", "add_on", add_on.id, add_on.tenant_id)
        else:
            audit.record(actor, "add_on.disable", "add_on", add_on.id, add_on.tenant_id)
        session.flush()
    return add_on


def list_add_ons(actor: Actor, tenant_id: uuid.UUID | None) -> Sequence[AddOn]:
    """A tenant's add-ons in the order of their codes; raises FORBIDDEN and NOT_EXIST."""
    tenant = managed_tenant(actor, tenant_id)
    query = select(AddOn).where(AddOn.tenant_id == tenant.id)
    return session.scalars(query.order_by(AddOn.code, AddOn.id)).all()


def get_add_on(actor: Actor, add_on_id: uuid.UUID | None, *, lock: bool = False) -> AddOn:
    """An add-on: any for a platform admin, for a tenant's admin the tenant's own; raises
    FORBIDDEN for others, and NOT_EXIST."""
    if actor.role not in {Role.PLATFORM_ADMIN, Role.TENANT_ADMIN}:
        raise refuse("FORBIDDEN")
    query = select(AddOn).where(AddOn.id == add_on_id)
    if not actor.is_platform:
        query = query.where(AddOn.tenant_id == actor.tenant_id)
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    add_on = session.scalar(query)
    if add_on is None:
        raise refuse("NOT_EXIST")
    return add_on


def plan_status(start: datetime | None, end: datetime | None, at: datetime) -> PlanStatus:
    """Whether a plan with these ends, both inclusive, runs at an instant."""
    if start is not None and at < start:
        return PlanStatus.PENDING
    return PlanStatus.EXPIRED if end is not None and at > end else PlanStatus.ACTIVE

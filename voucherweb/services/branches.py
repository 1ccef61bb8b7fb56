"""Branches: the places of a tenant where coupons are used."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.people import Unreadable, read_name
from voucherweb.errors import invalid
from voucherweb.models import Branch
from voucherweb.services import audit
from voucherweb.services.tenants import CODE, CODE_PROBLEM, managed_tenant
from voucherweb.transaction import session


def create_branch(actor: Actor, tenant_id: uuid.UUID | None, code: str, name: str) -> Branch:
    """A new branch of a tenant; `code` is what a partner names it by.

    Raises FORBIDDEN for all but admins, NOT_EXIST for a foreign tenant, INVALID_PARAMETER for a
    code or name that cannot be, and for a code that the tenant has already.
    """
    tenant = managed_tenant(actor, tenant_id)
    if not CODE.fullmatch(code):
        raise invalid("code", *CODE_PROBLEM)
    try:
        shown = read_name(name)
    except Unreadable as error:
        raise invalid("name", *error.problem) from error
    made = session.scalar(
        insert(Branch)
        .values(tenant_id=tenant.id, code=code, name=shown, created_at=clock.now())
        .on_conflict_do_nothing(index_elements=["tenant_id", "code"])
        .returning(Branch.id)
    )
    if made is None:
        raise invalid("code", "is already in use", "已被使用")
    audit.record(actor, "branch.add", "branch", made, tenant.id, code=code, name=shown)
    session.flush()
    return session.get_one(Branch, made)


def list_branches(actor: Actor, tenant_id: uuid.UUID | None) -> Sequence[Branch]:
    """A tenant's branches in the order of their codes; raises FORBIDDEN and NOT_EXIST."""
    tenant = managed_tenant(actor, tenant_id)
    query = select(Branch).where(Branch.tenant_id == tenant.id)
    return session.scalars(query.order_by(Branch.code, Branch.id)).all()

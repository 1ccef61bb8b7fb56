"""One branch of a tenant, and another name for it."""

import uuid

from sqlalchemy import select

from voucherweb.domain.actor import Actor
from voucherweb.domain.people import Unreadable, read_name
from voucherweb.errors import invalid, refuse
from voucherweb.models import Branch
from voucherweb.services import audit
from voucherweb.services.tenants import managed_tenant
from voucherweb.transaction import session


def get_branch(actor: Actor, branch_id: uuid.UUID | None, *, lock: bool = False) -> Branch:
    """A branch of the actor's tenant; raises FORBIDDEN for all but admins, and NOT_EXIST."""
    tenant = managed_tenant(actor, actor.tenant_id)
    query = select(Branch).where(Branch.id == branch_id, Branch.tenant_id == tenant.id)
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise refuse("NOT_EXIST")
    return found


def rename_branch(actor: Actor, branch_id: uuid.UUID | None, name: str) -> Branch:
    """Another name for a branch, whose code stays; raises as `get_branch`, and INVALID_PARAMETER
    for a name that cannot be."""
    try:
        wanted = read_name(name)
    except Unreadable as error:
        raise invalid("name", *error.problem) from error
    branch = get_branch(actor, branch_id, lock=True)
    before, branch.name = branch.name, wanted
    if before != wanted:
        data = {"before": before, "after": wanted}
        audit.record(actor, "branch.rename", "branch", branch.id, branch.tenant_id, **data)
    session.flush()
    return branch

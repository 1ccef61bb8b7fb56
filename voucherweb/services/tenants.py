"""Tenants: created by operators and platform admins, seen by their own people (behaviour §10)."""

import re
import secrets
import uuid
from typing import Any, Final

from sqlalchemy import ColumnElement, SQLColumnExpression, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role, TenantType
from voucherweb.domain.paging import PageRequest
from voucherweb.domain.people import Unreadable, read_name
from voucherweb.errors import invalid, refuse
from voucherweb.models import Admin, Member, Tenant
from voucherweb.services import audit
from voucherweb.services.paging import Rows, fetch_page
from voucherweb.services.search import contains
from voucherweb.transaction import session

CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
CODE_PROBLEM: Final = (
    "must be 1 to 32 letters, digits, dots, dashes or underscores",
    "須為 1 至 32 個英文字母、數字、點、連字號或底線",
)
_UNAMBIGUOUS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_TRIES: Final = 20

SORT: dict[str, SQLColumnExpression[Any]] = {
    "name": Tenant.name,
    "code": Tenant.code,
    "type": Tenant.type,
    "createTime": Tenant.created_at,
    "updateTime": Tenant.updated_at,
}


def real_tenants() -> ColumnElement[bool]:
    """What keeps the twins of tenants, in which their partners try things out, from wherever
    tenants are listed, chosen or looked up: nobody signs in to a twin or issues for it."""
    return Tenant.sandbox_of.is_(None)


def real_members() -> ColumnElement[bool]:
    """The same for members: those of a twin are made up, and nobody's customers."""
    twins = select(Tenant.id).where(Tenant.sandbox_of.is_not(None))
    return or_(Member.tenant_id.is_(None), Member.tenant_id.not_in(twins))


def create_tenant(actor: Actor, name: str, kind: TenantType, code: str | None = None) -> Tenant:
    """A new tenant; without a code it gets a random one of 8 characters.

    Raises INVALID_PARAMETER for a name or code that cannot be, and for a code that is taken.
    """
    name = _checked_name(name)
    if code is not None:
        if not CODE.fullmatch(code):
            raise invalid("code", *CODE_PROBLEM)
        tenant = _insert(name, kind, code)
        if tenant is None:
            raise invalid("code", "is already in use", "已被使用")
    else:
        tenant = _with_random_code(name, kind)
    audit.record(actor, "tenant.add", "tenant", tenant.id, tenant.id, name=name, code=tenant.code)
    session.flush()
    return tenant


def _checked_name(name: str) -> str:
    try:
        return read_name(name)
    except Unreadable as error:
        raise invalid("name", *error.problem) from error


def _with_random_code(name: str, kind: TenantType) -> Tenant:
    for _ in range(_TRIES):
        code = "".join(secrets.choice(_UNAMBIGUOUS) for _ in range(8))
        tenant = _insert(name, kind, code)
        if tenant is not None:
            return tenant
    raise RuntimeError("no free tenant code was found")


def _insert(name: str, kind: TenantType, code: str) -> Tenant | None:
    """The row, or None when the code is taken; of rivals the unique key lets one through."""
    now = clock.now()
    tenant_id = session.scalar(
        insert(Tenant)
        .values(code=code, name=name, type=kind, created_at=now, updated_at=now)
        .on_conflict_do_nothing(index_elements=["code"])
        .returning(Tenant.id)
    )
    return session.get_one(Tenant, tenant_id) if tenant_id else None


def is_tenant(tenant_id: uuid.UUID | None) -> bool:
    """Whether there is a tenant of this id, which is no twin."""
    wanted = select(Tenant.id).where(Tenant.id == tenant_id, real_tenants())
    return bool(session.scalar(select(wanted.exists())))


def need_tenant(tenant_id: uuid.UUID | None) -> uuid.UUID:
    """The id of a tenant that exists; raises INVALID_PARAMETER naming `tenant`."""
    if tenant_id is None or not is_tenant(tenant_id):
        raise invalid("tenant", "there is no tenant of this id", "沒有此編號的租戶")
    return tenant_id


def list_tenants(name: str | None, asked: PageRequest) -> tuple[Rows, int]:
    """Rows (Tenant, number of its people who are not disabled), for platform admins; `name` is
    looked for anywhere in names and codes."""
    people = (
        select(func.count())
        .where(Admin.tenant_id == Tenant.id, Admin.disabled_at.is_(None))
        .correlate(Tenant)
        .scalar_subquery()
    )
    query = select(Tenant, people.label("people")).where(real_tenants())
    counted = select(Tenant.id).where(real_tenants())
    if name:
        found = or_(contains(Tenant.name, name), contains(Tenant.code, name))
        query, counted = query.where(found), counted.where(found)
    return fetch_page(query, asked, SORT, Tenant.id, counted)


def get_tenant(actor: Actor, tenant_id: uuid.UUID | None, *, lock: bool = False) -> Tenant:
    """A tenant: any for a platform admin, for its own people their own; raises NOT_EXIST."""
    query = select(Tenant).where(Tenant.id == tenant_id, real_tenants())
    if not actor.is_platform:
        query = query.where(Tenant.id == actor.tenant_id)
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    tenant = session.scalar(query)
    if tenant is None:
        raise refuse("NOT_EXIST")
    return tenant


def managed_tenant(actor: Actor, tenant_id: uuid.UUID | None) -> Tenant:
    """The tenant whose partners an admin looks after: any for the platform, for a tenant's admin
    the own one. Raises FORBIDDEN for clerks and members, NOT_EXIST for another tenant."""
    if actor.role not in {Role.PLATFORM_ADMIN, Role.TENANT_ADMIN}:
        raise refuse("FORBIDDEN")
    return get_tenant(actor, tenant_id)


def rename_tenant(actor: Actor, tenant_id: uuid.UUID | None, name: str) -> Tenant:
    """Another name; raises FORBIDDEN for all but platform admins, NOT_EXIST, INVALID_PARAMETER."""
    if not actor.is_platform:
        raise refuse("FORBIDDEN")
    wanted = _checked_name(name)
    tenant = get_tenant(actor, tenant_id, lock=True)
    before, tenant.name = tenant.name, wanted
    if before != wanted:
        tenant.updated_at = clock.now()
        _rename_twin(tenant)
        data = {"before": before, "after": wanted}
        audit.record(actor, "tenant.rename", "tenant", tenant.id, tenant.id, **data)
    session.flush()
    return tenant


def _rename_twin(tenant: Tenant) -> None:
    """Its sandbox is called alike. Whoever makes one holds the lock on the tenant meanwhile
    (`sandboxes.need_twin`), so that it is there already, or will be made with the new name."""
    session.execute(
        update(Tenant)
        .where(Tenant.sandbox_of == tenant.id)
        .values(name=tenant.name, updated_at=tenant.updated_at)
    )


def set_hide_small_groups(actor: Actor, hide: bool) -> Tenant:
    """Whether pages, prints and exports keep groups of fewer than 5 people to themselves; a tenant
    admin's choice for the own tenant. Raises FORBIDDEN for others."""
    if actor.role is not Role.TENANT_ADMIN:
        raise refuse("FORBIDDEN")
    tenant = get_tenant(actor, actor.tenant_id, lock=True)
    if tenant.hide_small_groups != hide:
        tenant.hide_small_groups, tenant.updated_at = hide, clock.now()
        audit.record(actor, "tenant.hide_small_groups", "tenant", tenant.id, tenant.id, after=hide)
    session.flush()
    return tenant

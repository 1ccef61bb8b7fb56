"""Tenants: created by operators (behaviour §10)."""

import re
import secrets
import uuid
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import TenantType
from voucherweb.domain.people import Unreadable, read_name
from voucherweb.errors import invalid
from voucherweb.models import Tenant
from voucherweb.services import audit
from voucherweb.transaction import session

CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_UNAMBIGUOUS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_TRIES: Final = 20


def create_tenant(actor: Actor, name: str, kind: TenantType, code: str | None = None) -> Tenant:
    """A new tenant; without a code it gets a random one of 8 characters.

    Raises INVALID_PARAMETER for a name or code that cannot be, and for a code that is taken.
    """
    name = _checked_name(name)
    if code is not None:
        if not CODE.fullmatch(code):
            raise invalid(
                "code",
                "must be 1 to 32 letters, digits, dots, dashes or underscores",
                "須為 1 至 32 個英文字母、數字、點、連字號或底線",
            )
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


def need_tenant(tenant_id: uuid.UUID | None) -> uuid.UUID:
    """The id of a tenant that exists; raises INVALID_PARAMETER naming `tenant`."""
    found = session.scalar(select(Tenant.id).where(Tenant.id == tenant_id))
    if found is None:
        raise invalid("tenant", "there is no tenant of this id", "沒有此編號的租戶")
    return found

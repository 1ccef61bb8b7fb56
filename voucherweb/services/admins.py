"""Admins: created, found, given roles and passwords, disabled (behaviour §10).

A platform admin manages everybody, a tenant admin the people of the own tenant; to him all others
do not exist. What admins do to their own account is in `profile`.
"""

import re
import secrets
import uuid
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.domain.paging import PageRequest
from voucherweb.domain.passwords import password_problem
from voucherweb.domain.people import Unreadable, read_name
from voucherweb.errors import invalid, refuse
from voucherweb.models import Admin, AdminLink, AuthSession, Tenant
from voucherweb.services import audit
from voucherweb.services.credentials import hash_password
from voucherweb.services.paging import Rows, fetch_page
from voucherweb.services.search import contains
from voucherweb.services.tenants import need_tenant
from voucherweb.transaction import lock_key, session

# One alphabet, so that no two accounts look alike and every database lowers them alike.
ACCOUNT: Final = re.compile(r"[a-z0-9][a-z0-9._@+-]{2,254}")
DESK_MAX: Final = 60
MANAGERS: Final = frozenset({Role.PLATFORM_ADMIN, Role.TENANT_ADMIN})
TENANT_ROLES: Final = frozenset({Role.TENANT_ADMIN, Role.CLERK})

SORT: dict[str, SQLColumnExpression[Any]] = {
    "account": Admin.account,
    "name": Admin.name,
    "role": Admin.role,
    "tenantName": Tenant.name,
    "createTime": Admin.created_at,
}


@dataclass(frozen=True, slots=True)
class AdminFilter:
    """Which admins a list shows; `keyword` is looked for in accounts and names."""

    keyword: str | None = None
    role: Role | None = None
    tenant_id: uuid.UUID | None = None
    state: Literal["active", "invited", "disabled"] | None = None


def create_admin(
    actor: Actor,
    role: Role,
    account: str,
    password: str,
    tenant_id: uuid.UUID | None = None,
    *,
    name: str | None = None,
    desk: str | None = None,
    demo: bool = False,
) -> Admin:
    """A new admin of the platform, or admin or clerk of a tenant.

    Raises INVALID_PARAMETER for a weak password, an account that cannot be or is taken, and a
    tenant that is unknown, missing for a tenant's people, or given for the platform's.
    """
    account = account.strip().lower()
    _check_account(account)
    check_password(account, password)
    if role in TENANT_ROLES:
        tenant_id = need_tenant(tenant_id)
    elif tenant_id is not None:
        raise invalid("tenant", "a platform admin has no tenant", "平台管理員不屬於任何租戶")
    admin_id = session.scalar(
        insert(Admin)
        .values(
            role=role,
            tenant_id=tenant_id,
            account=account,
            name=_name(name) if name is not None else None,
            desk=_desk(role, desk),
            password_hash=hash_password(password),
            demo=demo,
            created_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=["account"])
        .returning(Admin.id)
    )
    if admin_id is None:
        raise invalid("account", "is already in use", "已被使用")
    audit.record(actor, "admin.add", "admin", admin_id, tenant_id, account=account, role=role)
    session.flush()
    return session.get_one(Admin, admin_id)


def reset_password(actor: Actor, account: str, password: str) -> Admin:
    """Give an admin another password and end all of his sessions at once; open links are void.

    A demo account with a password of its own is a demo account no more. Raises INVALID_PARAMETER
    for an unknown account and for a weak password.
    """
    account = account.strip().lower()
    admin = session.scalar(select(Admin).where(Admin.account == account).with_for_update())
    if admin is None:
        raise invalid("account", "there is no such account", "沒有此帳號")
    set_password(admin, password)
    end_sessions(admin.id)
    audit.record(actor, "admin.reset", "admin", admin.id, admin.tenant_id, account=account)
    session.flush()
    return admin


def set_password(admin: Admin, password: str) -> None:
    """Store the password of a locked admin; raises INVALID_PARAMETER for a weak one. A second
    factor that waits for its first code is void: who began it may be who knew the old password."""
    check_password(admin.account, password)
    admin.password_hash = hash_password(password)
    admin.demo = False
    admin.otp_pending = None
    void_links(admin.id)


def end_sessions(admin_id: uuid.UUID, but: uuid.UUID | None = None) -> None:
    """Revoke every sign-in of the admin, with all of its tokens; `but` is one to spare."""
    session.execute(
        update(AuthSession)
        .where(AuthSession.admin_id == admin_id, AuthSession.revoked_at.is_(None))
        .where(AuthSession.id.is_distinct_from(but))
        .values(revoked_at=clock.now())
    )


def void_links(admin_id: uuid.UUID) -> None:
    """No open link of the admin works any more."""
    session.execute(
        delete(AdminLink).where(AdminLink.admin_id == admin_id, AdminLink.used_at.is_(None))
    )


def is_invited() -> ColumnElement[bool]:
    """In SQL: whether the admin has not yet taken up the invitation."""
    open_link = select(AdminLink.token_hash).where(
        AdminLink.admin_id == Admin.id, AdminLink.kind == "INVITE", AdminLink.used_at.is_(None)
    )
    return open_link.exists()


def is_waiting(admin: Admin) -> bool:
    """Whether this admin has not yet taken up the invitation."""
    found = session.scalar(select(Admin.id).where(Admin.id == admin.id, is_invited()))
    return found is not None


def need_manager(actor: Actor) -> None:
    """Raises FORBIDDEN for whoever manages nobody."""
    if actor.role not in MANAGERS:
        raise refuse("FORBIDDEN")


def _visible(actor: Actor) -> Select[Admin]:
    need_manager(actor)
    query = select(Admin)
    return query if actor.is_platform else query.where(Admin.tenant_id == actor.tenant_id)


def get_admin(actor: Actor, admin_id: uuid.UUID | None, *, lock: bool = False) -> Admin:
    """An admin whom the actor manages; `lock` holds the row. Raises NOT_EXIST and FORBIDDEN."""
    query = _visible(actor).where(Admin.id == admin_id)
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    admin = session.scalar(query)
    if admin is None:
        raise refuse("NOT_EXIST")
    return admin


def list_admins(actor: Actor, wanted: AdminFilter, asked: PageRequest) -> tuple[Rows, int]:
    """Rows (Admin, tenant name or None, whether still invited) and the number of all; a tenant
    admin sees the own tenant's. Raises FORBIDDEN."""
    query = (
        _visible(actor)
        .outerjoin(Tenant, Tenant.id == Admin.tenant_id)
        .add_columns(Tenant.name, is_invited().label("invited"))
    )
    if wanted.keyword:
        found = contains(Admin.account, wanted.keyword), contains(Admin.name, wanted.keyword)
        query = query.where(or_(*found))
    if wanted.role:
        query = query.where(Admin.role == wanted.role)
    if wanted.tenant_id:
        query = query.where(Admin.tenant_id == wanted.tenant_id)
    if wanted.state == "disabled":
        query = query.where(Admin.disabled_at.is_not(None))
    elif wanted.state:
        open_now = is_invited() if wanted.state == "invited" else ~is_invited()
        query = query.where(Admin.disabled_at.is_(None), open_now)
    return fetch_page(query, asked, SORT, Admin.id)


def change_role(
    actor: Actor, admin_id: uuid.UUID | None, role: Role, tenant_id: uuid.UUID | None = None
) -> Admin:
    """Another role, which holds at the next request; `tenant_id` is where one who was of the
    platform goes. Who goes to or leaves the platform signs in again.

    Raises NOT_EXIST, FORBIDDEN for a tenant admin who would make a platform admin, and
    INVALID_PARAMETER for a tenant that cannot be and for the last platform admin.
    """
    need_grantable(actor, role)
    lock_key("admins", "platform")
    admin = get_admin(actor, admin_id, lock=True)
    before, home = Role(admin.role), admin.tenant_id
    if before is role:
        return admin
    if before is Role.PLATFORM_ADMIN:
        _need_another_platform_admin(admin.id)
    admin.tenant_id = _next_tenant(home, role, tenant_id)
    admin.role = role
    if role is Role.PLATFORM_ADMIN:
        admin.desk = None
    if admin.tenant_id != home:
        end_sessions(admin.id)
    tenant = admin.tenant_id or home
    audit.record(actor, "admin.role", "admin", admin.id, tenant, before=before, after=role)
    session.flush()
    return admin


def need_grantable(actor: Actor, role: Role) -> None:
    """Raises FORBIDDEN for a role that the actor may not give, INVALID_PARAMETER for none."""
    need_manager(actor)
    if role not in MANAGERS | TENANT_ROLES:
        raise invalid("role", "is not a role of admins", "不是管理員的角色")
    if role is Role.PLATFORM_ADMIN and not actor.is_platform:
        raise refuse("FORBIDDEN")


def _next_tenant(home: uuid.UUID | None, role: Role, wanted: uuid.UUID | None) -> uuid.UUID | None:
    if role is Role.PLATFORM_ADMIN:
        return None
    if home is None:
        return need_tenant(wanted)
    if wanted not in {None, home}:
        raise invalid("tenant", "nobody changes tenants", "帳號不能換到其他租戶")
    return home


def _need_another_platform_admin(admin_id: uuid.UUID) -> None:
    """Somebody must stay who can sign in and manage all; the caller holds the key of them."""
    other = session.scalar(
        select(Admin.id)
        .where(Admin.role == Role.PLATFORM_ADMIN, Admin.id != admin_id)
        .where(Admin.disabled_at.is_(None), ~is_invited())
        .limit(1)
    )
    if other is None:
        raise invalid("admin", "is the last platform admin", "是最後一位平台管理員")


def rename(actor: Actor, admin_id: uuid.UUID | None, name: str) -> Admin:
    """Another name, of oneself or of somebody managed; raises NOT_EXIST, FORBIDDEN and
    INVALID_PARAMETER."""
    admin = _own_or_managed(actor, admin_id)
    before, admin.name = admin.name, _name(name)
    if before != admin.name:
        data = {"before": before, "after": admin.name}
        audit.record(actor, "admin.rename", "admin", admin.id, admin.tenant_id, **data)
    session.flush()
    return admin


def set_desk(actor: Actor, admin_id: uuid.UUID | None, desk: str | None) -> Admin:
    """Where somebody of a tenant writes off; an empty text is nowhere. Clerks may set their own.
    Raises NOT_EXIST, FORBIDDEN and INVALID_PARAMETER."""
    admin = _own_or_managed(actor, admin_id)
    before, admin.desk = admin.desk, _desk(Role(admin.role), desk)
    if before != admin.desk:
        data = {"before": before, "after": admin.desk}
        audit.record(actor, "admin.desk", "admin", admin.id, admin.tenant_id, **data)
    session.flush()
    return admin


def lock_own(actor: Actor) -> Admin:
    """The actor's own row, held; raises NOT_EXIST for an actor who is no admin."""
    admin = session.scalar(
        select(Admin)
        .where(Admin.id == actor.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if admin is None:
        raise refuse("NOT_EXIST")
    return admin


def _own_or_managed(actor: Actor, admin_id: uuid.UUID | None) -> Admin:
    return lock_own(actor) if admin_id == actor.id else get_admin(actor, admin_id, lock=True)


def disable(actor: Actor, admin_id: uuid.UUID | None) -> Admin:
    """Let somebody in no more: all sessions end at once, open links are void.

    Raises NOT_EXIST, FORBIDDEN, and INVALID_PARAMETER for oneself and the last platform admin.
    """
    lock_key("admins", "platform")
    admin = get_admin(actor, admin_id, lock=True)
    if admin.id == actor.id:
        raise invalid("admin", "nobody disables himself", "不能停用自己的帳號")
    if admin.disabled_at is None:
        if admin.role == Role.PLATFORM_ADMIN:
            _need_another_platform_admin(admin.id)
        admin.disabled_at = clock.now()
        end_sessions(admin.id)
        void_links(admin.id)
        audit.record(actor, "admin.disable", "admin", admin.id, admin.tenant_id)
    session.flush()
    return admin


def enable(actor: Actor, admin_id: uuid.UUID | None) -> Admin:
    """Let somebody in again; raises NOT_EXIST and FORBIDDEN."""
    admin = get_admin(actor, admin_id, lock=True)
    if admin.disabled_at is not None:
        admin.disabled_at = None
        audit.record(actor, "admin.enable", "admin", admin.id, admin.tenant_id)
    session.flush()
    return admin


def random_password() -> str:
    """A password that nobody guesses and that can be read out: 20 characters in five groups."""
    alphabet = "abcdefghijkmnpqrstuvwxyz23456789"
    groups = ("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(5))
    return "-".join(groups)


def _check_account(account: str) -> None:
    if not ACCOUNT.fullmatch(account):
        raise invalid(
            "account",
            "must be 3 to 255 letters, digits or . _ @ + -",
            "須為 3 至 255 個英文字母、數字或 . _ @ + -",
        )


def check_password(account: str, password: str) -> None:
    """Raises INVALID_PARAMETER for a password that is none."""
    problem = password_problem(account, password)
    if problem:
        raise invalid("password", *problem)


def _name(name: str) -> str:
    try:
        return read_name(name)
    except Unreadable as error:
        raise invalid("name", *error.problem) from error


def _desk(role: Role, desk: str | None) -> str | None:
    if desk is None or not desk.strip():
        return None
    if role is Role.PLATFORM_ADMIN:
        raise invalid("desk", "a platform admin has no desk", "平台管理員沒有櫃台")
    try:
        return read_name(desk, DESK_MAX)
    except Unreadable as error:
        raise invalid("desk", *error.problem) from error

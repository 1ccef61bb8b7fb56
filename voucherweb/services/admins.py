"""Admins: created and given new passwords by operators (behaviour §10)."""

import re
import secrets
import uuid
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.domain.passwords import password_problem
from voucherweb.errors import invalid
from voucherweb.models import Admin, AuthSession
from voucherweb.services import audit
from voucherweb.services.credentials import hash_password
from voucherweb.services.tenants import need_tenant
from voucherweb.transaction import session

# One alphabet, so that no two accounts look alike and every database lowers them alike.
ACCOUNT: Final = re.compile(r"[a-z0-9][a-z0-9._@+-]{2,254}")


def create_admin(
    actor: Actor,
    role: Role,
    account: str,
    password: str,
    tenant_id: uuid.UUID | None = None,
    *,
    demo: bool = False,
) -> Admin:
    """A new admin of the platform, or of a tenant.

    Raises INVALID_PARAMETER for a weak password, an account that cannot be or is taken, and a
    tenant that is unknown, missing for a tenant's admin, or given for the platform's.
    """
    account = account.strip().lower()
    _check_account(account)
    _check_password(account, password)
    if role is not Role.PLATFORM_ADMIN:
        tenant_id = need_tenant(tenant_id)
    elif tenant_id is not None:
        raise invalid("tenant", "a platform admin has no tenant", "平台管理員不屬於任何租戶")
    admin_id = session.scalar(
        insert(Admin)
        .values(
            role=role,
            tenant_id=tenant_id,
            account=account,
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
    """Give an admin another password and end all of his sessions at once.

    A demo account with a password of its own is a demo account no more. Raises INVALID_PARAMETER
    for an unknown account and for a weak password.
    """
    account = account.strip().lower()
    admin = session.scalar(select(Admin).where(Admin.account == account).with_for_update())
    if admin is None:
        raise invalid("account", "there is no such account", "沒有此帳號")
    _check_password(account, password)
    admin.password_hash = hash_password(password)
    admin.demo = False
    end_sessions(admin.id)
    audit.record(actor, "admin.reset", "admin", admin.id, admin.tenant_id, account=account)
    session.flush()
    return admin


def end_sessions(admin_id: uuid.UUID) -> None:
    """Revoke every sign-in of the admin, with all of its tokens."""
    session.execute(
        update(AuthSession)
        .where(AuthSession.admin_id == admin_id, AuthSession.revoked_at.is_(None))
        .values(revoked_at=clock.now())
    )


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


def _check_password(account: str, password: str) -> None:
    problem = password_problem(account, password)
    if problem:
        raise invalid("password", *problem)

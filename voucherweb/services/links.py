"""Links that let an admin set a password once: invitations, and new passwords for old admins.

Only the digest of a link's secret is stored; whoever makes a link sees the secret this once.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import delete, select, update

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.errors import invalid, refuse
from voucherweb.models import Admin, AdminLink
from voucherweb.services import audit, site_settings, tokens
from voucherweb.services.admins import (
    TENANT_ROLES,
    create_admin,
    end_sessions,
    get_admin,
    is_invited,
    need_grantable,
    set_password,
)
from voucherweb.transaction import session

Kind = Literal["INVITE", "RESET"]
INVITE: Final = "INVITE"
RESET: Final = "RESET"
PAGE: Final = "/admin/link/"
"""Where the page of a link is; the secret follows."""


@dataclass(frozen=True, slots=True)
class Link:
    """An open link, and for whom it was made."""

    kind: Kind
    account: str
    name: str | None
    expires_at: datetime


def invite(
    actor: Actor,
    role: Role,
    account: str,
    name: str,
    tenant_id: uuid.UUID | None,
    desk: str | None = None,
) -> tuple[Admin, str]:
    """A new admin who sets the first password by the link with the secret answered.

    A platform admin invites anybody, a tenant admin people of the own tenant, whose id may be left
    out. Raises FORBIDDEN, NOT_EXIST for another tenant, and INVALID_PARAMETER.
    """
    need_grantable(actor, role)
    if not actor.is_platform:
        if tenant_id not in {None, actor.tenant_id}:
            raise refuse("NOT_EXIST")
        tenant_id = actor.tenant_id
    nobodys = tokens.new_secret()
    desk = desk if role in TENANT_ROLES else None
    admin = create_admin(actor, role, account, nobodys, tenant_id, name=name, desk=desk)
    return admin, _make(actor, admin, INVITE)


def reset_link(actor: Actor, admin_id: uuid.UUID | None) -> str:
    """The secret of a link to a new password; for somebody who has not taken up the invitation
    it is a new invitation. `read_link` tells which. Two-factor sign-in stays as it is.

    Nobody makes one for himself: another password of one's own takes the old one, which a stray
    session does not know. Raises FORBIDDEN, NOT_EXIST, and INVALID_PARAMETER for a disabled admin.
    """
    if admin_id == actor.id:
        raise refuse("FORBIDDEN")
    admin = get_admin(actor, admin_id, lock=True)
    if admin.disabled_at is not None:
        raise invalid("admin", "is disabled", "帳號已停用")
    waiting = session.scalar(select(Admin.id).where(Admin.id == admin.id, is_invited()))
    return _make(actor, admin, INVITE if waiting else RESET)


def _make(actor: Actor, admin: Admin, kind: Kind) -> str:
    """The caller holds the admin's row, so that of two makers the later one's link works."""
    session.execute(delete(AdminLink).where(AdminLink.admin_id == admin.id, AdminLink.kind == kind))
    settings = site_settings.read()
    hours = settings.invite_hours if kind == INVITE else settings.reset_hours
    secret, now = tokens.new_secret(), clock.now()
    link = AdminLink(
        token_hash=tokens.digest(secret),
        admin_id=admin.id,
        kind=kind,
        made_by=actor.key,
        created_at=now,
        expires_at=now + timedelta(hours=hours),
    )
    session.add(link)
    audit.record(
        actor, f"admin.{kind.lower()}_link", "admin", admin.id, admin.tenant_id, hours=hours
    )
    session.flush()
    return secret


def address(public_url: str | None, secret: str) -> str:
    """What the invited person opens; without a public address the path alone."""
    return f"{public_url or ''}{PAGE}{secret}"


def read_link(secret: str) -> Link:
    """The open link of that secret; raises NOT_EXIST for an unknown, used, voided or expired one
    alike."""
    row = session.execute(
        select(AdminLink.kind, Admin.account, Admin.name, AdminLink.expires_at)
        .join(Admin, Admin.id == AdminLink.admin_id)
        .where(AdminLink.token_hash == _digest(secret), AdminLink.used_at.is_(None))
        .where(AdminLink.expires_at > clock.now(), Admin.disabled_at.is_(None))
    ).one_or_none()
    if row is None:
        raise refuse("NOT_EXIST")
    kind: Kind = INVITE if row.kind == INVITE else RESET
    return Link(kind, row.account, row.name, row.expires_at)


def use_link(secret: str, password: str) -> Admin:
    """Set the password of the link's admin and end all of his sessions; other links are void.

    Works once, also for two at once. Raises NOT_EXIST as `read_link`, and INVALID_PARAMETER for a
    weak password, after which the link still works.
    """
    token = _digest(secret)
    # The admin is locked before the link, as everywhere else: no two can wait for each other.
    whose = select(AdminLink.admin_id).where(AdminLink.token_hash == token).scalar_subquery()
    admin = session.scalar(
        select(Admin)
        .where(Admin.id == whose)
        .where(Admin.disabled_at.is_(None))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if admin is None or not _spend(token):
        raise refuse("NOT_EXIST")
    set_password(admin, password)
    end_sessions(admin.id)
    actor = Actor(Role(admin.role), admin.id, admin.tenant_id)
    audit.record(actor, "admin.link_used", "admin", admin.id)
    session.flush()
    return admin


def _spend(token: str) -> bool:
    now = clock.now()
    spent = session.scalar(
        update(AdminLink)
        .where(AdminLink.token_hash == token, AdminLink.used_at.is_(None))
        .where(AdminLink.expires_at > now)
        .values(used_at=now)
        .returning(AdminLink.admin_id)
    )
    return spent is not None


def _digest(secret: str) -> str:
    """Ours are ASCII; other text is no secret, and need not be encodable."""
    return tokens.digest(secret if secret.isascii() else "")

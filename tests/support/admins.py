"""Admins as the services see them: actors with passwords and live sessions, and rival threads."""

import itertools
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Flask
from sqlalchemy import select

from tests.support.cast import PASSWORD
from voucherweb.domain.actor import OPERATOR, Actor
from voucherweb.domain.enums import Role
from voucherweb.errors import Refusal
from voucherweb.models import Admin, AuditEntry, AuthSession
from voucherweb.services import web_sessions
from voucherweb.services.admins import create_admin
from voucherweb.transaction import session, unit_of_work

PATIENCE = 30.0
_serial = itertools.count(1)


def account_of(actor: Actor) -> str:
    return str(row(Admin, actor.id).account)


def hire(role: Role, tenant_id: str | None = None) -> Actor:
    """An admin who can sign in with `PASSWORD`."""
    with unit_of_work():
        tenant = uuid.UUID(tenant_id) if tenant_id else None
        account = f"person{next(_serial)}@example.test"
        admin = create_admin(OPERATOR, role, account, PASSWORD, tenant)
        return Actor(role, admin.id, tenant)


def signed_in(settings: Any, actor: Actor, otp: str | None = None) -> Actor:
    """The same admin on a page session of its own."""
    with unit_of_work():
        account = session.scalars(select(Admin.account).where(Admin.id == actor.id)).one()
        opened = web_sessions.open_session(settings, account, PASSWORD, otp, "Browser", "192.0.2.1")
        return Actor(actor.role, actor.id, actor.tenant_id, session_id=opened.session_id)


def is_live(actor: Actor) -> bool:
    assert actor.session_id
    return web_sessions.session_person(actor.session_id) is not None


def row(model: Any, key: Any) -> Any:
    """The row as the database has it now."""
    with unit_of_work():
        found = session.get_one(model, key)
        session.expunge(found)
        return found


def live_sessions(actor: Actor) -> int:
    with unit_of_work():
        return len(
            session.scalars(
                select(AuthSession.id)
                .where(AuthSession.admin_id == actor.id, AuthSession.revoked_at.is_(None))
            ).all()
        )  # fmt: skip


def deeds() -> list[str]:
    """The actions in the audit log, the oldest first."""
    with unit_of_work():
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def audited(action: str) -> list[AuditEntry]:
    """The audit log's entries of that action, the oldest first."""
    with unit_of_work():
        found = session.scalars(
            select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id)
        ).all()
        session.expunge_all()
        return list(found)


def race(app: Flask, *acts: Callable[[], Any]) -> list[Any]:
    """Each act in a thread and unit of work of its own, all let go at once: what they answered,
    or the short name of the refusal."""
    barrier = threading.Barrier(len(acts), timeout=PATIENCE)

    def alone(act: Callable[[], Any]) -> Any:
        with app.app_context():
            barrier.wait()
            try:
                with unit_of_work():
                    return act()
            except Refusal as refusal:
                return refusal.error.code.rpartition(".")[2]

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(alone, acts))


def refusal(act: Callable[[], Any]) -> tuple[str, list[str]]:
    """The short name and the fields of the refusal that the act must meet, in a unit of work."""
    try:
        with unit_of_work():
            act()
    except Refusal as refused:
        return refused.error.code.rpartition(".")[2], [one.field for one in refused.details]
    raise AssertionError("nothing was refused")

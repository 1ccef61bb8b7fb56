"""The admin site's sign-ins: opened, recognised on every page, listed and ended (behaviour §2).

A session ends after 30 days, or when nobody was seen on it for as long as the site's settings
say. Sessions of the JSON API stand in the same table, were never "seen", and open no page.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, Select, Text, bindparam, cast, func, or_, select, update

from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.errors import refuse
from voucherweb.models import Admin, AuthSession, Job, Tenant
from voucherweb.services import audit, identity, site_settings
from voucherweb.services.credentials import check_credentials
from voucherweb.services.ids import parse_id
from voucherweb.transaction import session, unit_of_work

LIFE: Final = timedelta(days=30)
TOUCH: Final = timedelta(minutes=5)
"""How exactly it is known when somebody was last seen."""


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A fresh sign-in; the page keeps `session_id` in its signed cookie."""

    session_id: uuid.UUID
    admin_id: uuid.UUID
    role: Role


@dataclass(frozen=True, slots=True)
class Person:
    """Who looks at a page, and how they like it. `unseen` counts their finished jobs that they
    were not told of; `second_factor` says whether they sign in with a one-time code too, and
    `must_enrol` that the site demands it of them and they have none."""

    actor: Actor
    account: str
    name: str | None
    language: str | None
    appearance: str | None
    desk: str | None
    tenant_id: uuid.UUID | None
    tenant_name: str | None
    hide_small_groups: bool
    second_factor: bool
    must_enrol: bool
    unseen: int


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One live sign-in of an admin. `last_seen_at` is None for one of the JSON API."""

    id: uuid.UUID
    created_at: datetime
    last_seen_at: datetime | None
    address: str | None
    user_agent: str | None
    current: bool


def open_session(
    settings: Settings, account: str, password: str, otp: str | None, agent: str, address: str
) -> OpenedSession:
    """Sign somebody in to the pages; raises UNAUTHORIZED or OTP_REQUIRED."""
    admin = check_credentials(settings, account, password, otp)
    now = clock.now()
    opened = AuthSession(
        admin_id=admin.id,
        expires_at=now + LIFE,
        last_seen_at=now,
        user_agent=agent[:255],
        address=address[:64],
    )
    session.add(opened)
    session.flush()
    actor = Actor(Role(admin.role), admin.id, admin.tenant_id, session_id=opened.id)
    audit.record(actor, "sign_in", "admin", admin.id)
    return OpenedSession(opened.id, admin.id, actor.role)


def _idle() -> timedelta:
    return timedelta(minutes=site_settings.read().session_idle_minutes)


def session_person(session_id: str | uuid.UUID) -> Person | None:
    """Who the session is of; None when it is unknown, revoked, expired or idle for too long, and
    when its admin is disabled. Runs in a unit of work of its own, so call it before the page's.
    """
    wanted = parse_id(str(session_id))
    if wanted is None:
        return None
    with unit_of_work():
        row = _find(wanted)
        if row is None:
            return None
        if row.last_seen_at < clock.now() - TOUCH:
            _touch(wanted)
        return _person(wanted, row)


def _who() -> Select[*tuple[Any, ...]]:
    unseen = (
        select(func.count())
        .where(Job.actor == func.concat("admin:", cast(Admin.id, Text)))
        .where(Job.tenant_id.is_not_distinct_from(Admin.tenant_id))
        .where(Job.finished_at.is_not(None), Job.seen_at.is_(None))
        .correlate(Admin)
        .scalar_subquery()
    )
    return (
        select(Admin, AuthSession.last_seen_at, Tenant.name, Tenant.hide_small_groups, unseen)
        .join(AuthSession, AuthSession.admin_id == Admin.id)
        .outerjoin(Tenant, Tenant.id == Admin.tenant_id)
        .where(AuthSession.id == bindparam("session_id"), AuthSession.revoked_at.is_(None))
        .where(AuthSession.expires_at > bindparam("now"))
        .where(AuthSession.last_seen_at > bindparam("awake"))
        .where(Admin.disabled_at.is_(None))
    )


_WHO: Final = _who()
"""Built once: every page asks it before anything else."""


def _find(session_id: uuid.UUID) -> Row[*tuple[Any, ...]] | None:
    now = clock.now()
    values = {"session_id": session_id, "now": now, "awake": now - _idle()}
    return session.execute(_WHO, values).one_or_none()


def _person(session_id: uuid.UUID, row: Row[*tuple[Any, ...]]) -> Person:
    admin, _, tenant_name, hide_small_groups, unseen = row
    actor = Actor(Role(admin.role), admin.id, admin.tenant_id, session_id=session_id)
    second_factor = admin.otp_secret is not None
    demanded = site_settings.demands_second_factor(actor.role)
    return Person(
        actor=actor,
        account=admin.account,
        name=admin.name,
        language=admin.language,
        appearance=admin.appearance,
        desk=admin.desk,
        tenant_id=admin.tenant_id,
        tenant_name=tenant_name,
        hide_small_groups=bool(hide_small_groups),
        second_factor=second_factor,
        must_enrol=demanded and not second_factor,
        unseen=unseen,
    )


def _touch(session_id: uuid.UUID) -> None:
    """Of many pages at once one writes."""
    now = clock.now()
    session.execute(
        update(AuthSession)
        .where(AuthSession.id == session_id, AuthSession.last_seen_at < now - TOUCH)
        .values(last_seen_at=now)
    )


def end_session(actor: Actor) -> None:
    """Sign out of the session that is in use."""
    identity.sign_out(actor)


def list_sessions(actor: Actor) -> Sequence[SessionRow]:
    """The caller's own live sign-ins, the latest first."""
    now = clock.now()
    found = session.scalars(
        select(AuthSession)
        .where(AuthSession.admin_id == actor.id, AuthSession.revoked_at.is_(None))
        .where(AuthSession.expires_at > now)
        .where(or_(AuthSession.last_seen_at.is_(None), AuthSession.last_seen_at > now - _idle()))
        .order_by(AuthSession.created_at.desc(), AuthSession.id)
    )
    return [
        SessionRow(
            one.id,
            one.created_at,
            one.last_seen_at,
            one.address,
            one.user_agent,
            current=one.id == actor.session_id,
        )
        for one in found
    ]


def end_session_of(actor: Actor, session_id: uuid.UUID | None) -> None:
    """End one of the caller's own sign-ins; raises NOT_EXIST for any other."""
    ended = session.scalar(
        update(AuthSession)
        .where(AuthSession.id == session_id, AuthSession.admin_id == actor.id)
        .where(AuthSession.revoked_at.is_(None))
        .values(revoked_at=clock.now())
        .returning(AuthSession.id)
    )
    if ended is None:
        raise refuse("NOT_EXIST")
    audit.record(actor, "session.end", "session", ended)


def end_other_sessions(actor: Actor) -> int:
    """End all of the caller's sign-ins but the one in use; answers how many."""
    ended = session.scalars(
        update(AuthSession)
        .where(AuthSession.admin_id == actor.id, AuthSession.revoked_at.is_(None))
        .where(AuthSession.id.is_distinct_from(actor.session_id))
        .where(AuthSession.expires_at > clock.now())
        .values(revoked_at=clock.now())
        .returning(AuthSession.id)
    ).all()
    if ended:
        audit.record(actor, "session.end_others", "admin", actor.id, count=len(ended))
    return len(ended)

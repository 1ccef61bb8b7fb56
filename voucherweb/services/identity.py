"""Who calls: from a bearer token to an `Actor`, and the admins' sign-in (behaviour §2)."""

import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeGuard

from sqlalchemy import select, update

from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.errors import Detail, refuse
from voucherweb.models import Admin, AuthSession, RefreshToken
from voucherweb.services import audit, autocommit, site_settings, tokens
from voucherweb.services.credentials import check_credentials
from voucherweb.services.members import MAX_HOUSEHOLD_ID, Person, find_or_create_member
from voucherweb.transaction import session, unit_of_work

MEMBER_CACHE_SECONDS = 30
MEMBER_CACHE_SIZE = 20_000
_KNOWN_MEMBER = "SELECT id, tenant_id FROM members WHERE household_member_id = %s"

_members: OrderedDict[str, tuple[float, Actor]] = OrderedDict()


@dataclass(frozen=True, slots=True)
class SignIn:
    """A token pair; `expires_in` in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int
    role: Role
    tenant_id: uuid.UUID | None


def authenticate(settings: Settings, token: str) -> Actor:
    """The actor of a bearer token; raises UNAUTHORIZED.

    A member's checked token is remembered for 30 s at the most; an admin's session is read from
    the database every time, so that a sign-out holds at once.
    """
    known = _members.get(token)
    if known and known[0] > time.monotonic():
        return known[1]
    claims = tokens.verify(settings, token)
    if claims.audience == tokens.ADMIN_AUDIENCE:
        return _admin_actor(claims.data)
    actor = _member_actor(settings, claims.data)
    _remember(token, actor, float(claims.data["exp"]))
    return actor


def _remember(token: str, actor: Actor, expires: float) -> None:
    life = min(MEMBER_CACHE_SECONDS, expires - clock.now().timestamp())
    _members[token] = (time.monotonic() + life, actor)
    while len(_members) > MEMBER_CACHE_SIZE:
        _members.popitem(last=False)


def forget_members() -> None:
    """Empty the cache of checked member tokens (tests, and after an import of members)."""
    _members.clear()


def _uuid(value: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(value))
    except ValueError:
        return None


def _admin_actor(data: dict[str, Any]) -> Actor:
    with unit_of_work():
        row = session.execute(
            select(Admin.id, Admin.role, Admin.tenant_id, AuthSession.id)
            .join(AuthSession, AuthSession.admin_id == Admin.id)
            .where(
                AuthSession.id == _uuid(data.get("sid")),
                Admin.id == _uuid(data["sub"]),
                Admin.disabled_at.is_(None),
                AuthSession.revoked_at.is_(None),
                AuthSession.expires_at > clock.now(),
            )
        ).one_or_none()
    if row is None:
        raise refuse("UNAUTHORIZED")
    return Actor(Role(row[1]), row[0], row[2], session_id=row[3])


def _member_actor(settings: Settings, data: dict[str, Any]) -> Actor:
    household_id = data["sub"]
    if not _is_household_id(household_id):
        raise refuse("UNAUTHORIZED")
    # In a rush every caller is met for the first time: a known member costs one statement.
    known = autocommit.alone(settings)(_KNOWN_MEMBER, (household_id,))
    if known:
        return Actor(Role.MEMBER, known[0][0], known[0][1], household_id=household_id)
    with unit_of_work():
        member = find_or_create_member(household_id, _person(data))
        return Actor(Role.MEMBER, member.id, member.tenant_id, household_id=household_id)


def _is_household_id(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= MAX_HOUSEHOLD_ID and _storable(value)


def _storable(text: str) -> bool:
    """Whether the database can hold the text: no NUL, no lone surrogates."""
    return "\0" not in text and not any("\ud800" <= one <= "\udfff" for one in text)


def _person(data: dict[str, Any]) -> Person:
    """The claims that describe a new member; a claim of a wrong shape counts as missing."""
    birthdate = data.get("birthdate")
    try:
        born = date.fromisoformat(birthdate) if isinstance(birthdate, str) else None
    except ValueError:
        born = None
    return Person(
        name=_claim(data, "name"),
        gender=_claim(data, "gender"),
        birthdate=born,
        phone_number=_claim(data, "phone_number"),
        tenant_id=_uuid(data.get("tenantId")),
    )


def _claim(data: dict[str, Any], name: str) -> str | None:
    value = data.get(name)
    return value[:255] if isinstance(value, str) and value and _storable(value) else None


def sign_in(
    settings: Settings, account: str, password: str, otp: str | None, agent: str | None = None
) -> SignIn:
    """A token pair for account, password and one-time code, of which a recovery code is one.

    Raises UNAUTHORIZED, OTP_REQUIRED, and FORBIDDEN for a clerk, who works on the pages only, and
    for a platform admin who has yet to add the second factor that the site asks for.
    """
    admin = check_credentials(settings, account, password, otp)
    if admin.role == Role.CLERK:
        raise refuse("FORBIDDEN")
    if admin.otp_secret is None and site_settings.demands_second_factor(Role(admin.role)):
        reason = Detail(
            "otp",
            "two-factor sign-in is required: switch it on in the admin site first",
            "須先到管理網站啟用兩步驟驗證",
        )
        raise refuse("FORBIDDEN", [reason])
    now = clock.now()
    auth = AuthSession(
        admin_id=admin.id, expires_at=now + tokens.REFRESH_LIFE, user_agent=(agent or "")[:255]
    )
    session.add(auth)
    session.flush()
    actor = Actor(Role(admin.role), admin.id, admin.tenant_id, session_id=auth.id)
    audit.record(actor, "sign_in", "admin", admin.id)
    return _pair(settings, admin, auth)


def _pair(settings: Settings, admin: Admin, auth: AuthSession) -> SignIn:
    secret = tokens.new_secret()
    session.add(RefreshToken(token_hash=tokens.digest(secret), session_id=auth.id))
    return SignIn(
        access_token=tokens.admin_access(settings, admin.id, auth.id),
        refresh_token=secret,
        expires_in=int(tokens.ACCESS_LIFE.total_seconds()),
        role=Role(admin.role),
        tenant_id=admin.tenant_id,
    )


def refresh(settings: Settings, secret: str) -> SignIn | None:
    """A new pair for an unused refresh token, which is spent by it.

    None means that the token was used before: its whole session is revoked, because one of the
    two holders stole it. Unknown, expired and revoked ones raise UNAUTHORIZED.
    """
    spent = session.execute(
        update(RefreshToken)
        .where(RefreshToken.token_hash == tokens.digest(secret), RefreshToken.used_at.is_(None))
        .values(used_at=clock.now())
        .returning(RefreshToken.session_id)
    ).scalar_one_or_none()
    if spent is None:
        _revoke_reused(secret)
        return None
    row = session.execute(
        select(Admin, AuthSession)
        .join(AuthSession, AuthSession.admin_id == Admin.id)
        .where(
            AuthSession.id == spent,
            AuthSession.revoked_at.is_(None),
            AuthSession.expires_at > clock.now(),
            Admin.disabled_at.is_(None),
            Admin.role != Role.CLERK,
        )
    ).one_or_none()
    if row is None:
        raise refuse("UNAUTHORIZED")
    return _pair(settings, row[0], row[1])


def _revoke_reused(secret: str) -> None:
    known = session.get(RefreshToken, tokens.digest(secret))
    if known is None:
        raise refuse("UNAUTHORIZED")
    _revoke(known.session_id)


def sign_out(actor: Actor) -> None:
    """Revoke the session of this access token, with all its refresh tokens, at once."""
    if actor.session_id:
        _revoke(actor.session_id)
        audit.record(actor, "sign_out", "admin", actor.id)


def _revoke(session_id: uuid.UUID) -> None:
    session.execute(
        update(AuthSession)
        .where(AuthSession.id == session_id, AuthSession.revoked_at.is_(None))
        .values(revoked_at=clock.now())
    )

"""How an add-on comes by its tokens: offered to an admin, exchanged once, renewed by rotation.

An exchange token is good once, within 60 seconds, and bound to the sign-in of the admin who opened
the add-on; what comes of it ends with that sign-in. Every token is stored as a digest. Refusals are
committed too: they are counted and audited although the call fails.
"""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from psycopg.types.json import Jsonb
from sqlalchemy import Select, select, update

from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.domain.partner import CallerKind
from voucherweb.errors import refuse
from voucherweb.models import AddOn, AuthSession, ConnectFamily, ConnectRefreshToken, ExchangeToken
from voucherweb.services import audit, partner_tokens, tokens
from voucherweb.services.autocommit import Execute, within_unit_of_work
from voucherweb.transaction import session, unit_of_work

EXCHANGE_LIFE: Final = timedelta(seconds=60)
FAMILY_LIFE: Final = timedelta(hours=24)
"""How long an opened add-on may renew its tokens; opening it again begins anew."""

_OFFER: Final = """
WITH add_on AS (
    SELECT a.id FROM add_ons a
    WHERE a.id = %s AND a.tenant_id = %s AND a.status = 'ENABLED' AND %s
), made AS (
    INSERT INTO exchange_tokens (token_hash, add_on_id, session_id, created_at, expires_at)
    SELECT %s, add_on.id, %s, %s, %s FROM add_on RETURNING add_on_id
), noted AS (
    INSERT INTO audit_entries (at, actor, tenant_id, action, object_kind, object_id, data,
                               request_id)
    SELECT %s, %s, %s, CASE WHEN made.add_on_id IS NULL THEN 'add_on.refused'
                            ELSE 'add_on.open' END, 'add_on', %s,
           CASE WHEN made.add_on_id IS NULL THEN %s ELSE '{}'::jsonb END, %s
    FROM (SELECT 1) once LEFT JOIN made ON true
)
SELECT add_on_id FROM made
"""


@dataclass(frozen=True, slots=True)
class Offered:
    """A fresh exchange token; `expires_in` in seconds."""

    exchange_token: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What an add-on works with; `expires_in` of the access token in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int
    token_type: str = "Bearer"  # noqa: S105 - a word of the wire, no password


@dataclass(frozen=True, slots=True)
class _AddOn:
    """An add-on as the one who acts."""

    id: uuid.UUID
    tenant_id: uuid.UUID | None

    @property
    def key(self) -> str:
        return f"{CallerKind.ADD_ON}:{self.id}"


def offer(execute: Execute, actor: Actor, add_on_id: uuid.UUID | None) -> Offered:
    """An exchange token for an add-on that the actor's tenant has, by one statement (contract B
    call 1).

    Raises FORBIDDEN for everybody but a tenant's admin, and NOT_EXIST for an add-on that is
    unknown, another tenant's or disabled. Refusals are audited if `execute` commits by itself.
    """
    allowed = actor.role is Role.TENANT_ADMIN and actor.session_id is not None
    secret, now = tokens.new_secret(), clock.now()
    made = execute(
        _OFFER,
        (
            add_on_id,
            actor.tenant_id,
            allowed,
            tokens.digest(secret),
            actor.session_id,
            now,
            now + EXCHANGE_LIFE,
            now,
            actor.key,
            actor.tenant_id,
            str(add_on_id or "unknown"),
            Jsonb({"step": "offer", "reason": "unknown" if allowed else "role"}),
            structlog.contextvars.get_contextvars().get("request_id"),
        ),
    )
    if not allowed:
        raise refuse("FORBIDDEN")
    if not made:
        raise refuse("NOT_EXIST")
    return Offered(secret, int(EXCHANGE_LIFE.total_seconds()))


def exchange(settings: Settings, secret: str) -> TokenPair:
    """The first token pair for an exchange token (call 2). Of two at once exactly one gets it.

    Runs in a unit of work of its own. Raises UNAUTHORIZED for a token that is unknown, used or
    expired, and when the add-on or the sign-in behind it has ended.
    """
    with unit_of_work():
        pair = _exchange(settings, _digest(secret), clock.now())
    if pair is None:
        raise refuse("UNAUTHORIZED")
    return pair


def _exchange(settings: Settings, token_hash: str, now: datetime) -> TokenPair | None:
    spent = session.execute(
        update(ExchangeToken)
        .where(ExchangeToken.token_hash == token_hash, ExchangeToken.used_at.is_(None))
        .where(ExchangeToken.expires_at > now)
        .values(used_at=now, attempts=ExchangeToken.attempts + 1)
        .returning(ExchangeToken.add_on_id, ExchangeToken.session_id)
    ).one_or_none()
    if spent is None:
        _count_refused(token_hash)
        return None
    add_on_id, session_id = spent
    ends = session.scalar(select(AuthSession.expires_at).where(AuthSession.id == session_id))
    family = ConnectFamily(
        add_on_id=add_on_id,
        session_id=session_id,
        created_at=now,
        expires_at=min(now + FAMILY_LIFE, ends or now),
    )
    session.add(family)
    session.flush()
    add_on = _living(add_on_id, family.id)
    if add_on is None:
        session.delete(family)
        _refused("exchange", "ended", add_on_id)
        return None
    audit.record(add_on, "add_on.exchange", "add_on", add_on_id)
    return _pair(settings, add_on, family.id, now)


def _count_refused(token_hash: str) -> None:
    """One more attempt at a token that is used or expired."""
    known = session.execute(
        update(ExchangeToken)
        .where(ExchangeToken.token_hash == token_hash)
        .values(attempts=ExchangeToken.attempts + 1)
        .returning(ExchangeToken.add_on_id, ExchangeToken.used_at)
    ).one_or_none()
    if known is None:
        _refused("exchange", "unknown", None)
    else:
        _refused("exchange", "expired" if known.used_at is None else "used", known.add_on_id)


def is_exchange_token(secret: str) -> bool:
    """Whether there is such a token, used, expired or not; writes nothing."""
    known = select(ExchangeToken.token_hash).where(ExchangeToken.token_hash == _digest(secret))
    return _is_any(known)


def is_refresh_token(secret: str) -> bool:
    """The same for a refresh token: one that was spent ends its family when it comes again."""
    key = ConnectRefreshToken.token_hash
    return _is_any(select(key).where(key == _digest(secret)))


def _is_any(query: Select[str]) -> bool:
    with unit_of_work():
        return bool(session.scalar(select(query.exists())))


def refresh(settings: Settings, secret: str) -> TokenPair:
    """The next token pair for a refresh token, which is spent by it (call 3).

    A token that was spent before ends its whole family: one of its two holders stole it, and
    nobody can tell which. So of two who use one token at once, one gets a pair, and then neither
    has any. Runs in a unit of work of its own; raises UNAUTHORIZED.
    """
    with unit_of_work():
        pair = _refresh(settings, _digest(secret), clock.now())
    if pair is None:
        raise refuse("UNAUTHORIZED")
    return pair


def _refresh(settings: Settings, token_hash: str, now: datetime) -> TokenPair | None:
    family_id = session.scalar(
        update(ConnectRefreshToken)
        .where(ConnectRefreshToken.token_hash == token_hash, ConnectRefreshToken.used_at.is_(None))
        .values(used_at=now)
        .returning(ConnectRefreshToken.family_id)
    )
    if family_id is None:
        _revoke_reused(token_hash, now)
        return None
    add_on_id = session.scalars(
        select(ConnectFamily.add_on_id).where(ConnectFamily.id == family_id)
    ).one()
    add_on = _living(add_on_id, family_id)
    if add_on is None:
        _refused("refresh", "ended", add_on_id)
        return None
    audit.record(add_on, "add_on.refresh", "add_on", add_on_id)
    return _pair(settings, add_on, family_id, now)


def _revoke_reused(token_hash: str, now: datetime) -> None:
    row = session.execute(
        select(ConnectFamily.id, ConnectFamily.add_on_id)
        .join(ConnectRefreshToken, ConnectRefreshToken.family_id == ConnectFamily.id)
        .where(ConnectRefreshToken.token_hash == token_hash)
    ).one_or_none()
    if row is None:
        _refused("refresh", "unknown", None)
        return
    session.execute(
        update(ConnectFamily)
        .where(ConnectFamily.id == row.id, ConnectFamily.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    tenant_id = session.scalar(select(AddOn.tenant_id).where(AddOn.id == row.add_on_id))
    audit.record(audit.NOBODY_KNOWN, "add_on.reuse", "add_on", row.add_on_id, tenant_id)


def _living(add_on_id: uuid.UUID, family_id: uuid.UUID) -> _AddOn | None:
    """The add-on if a token of this family would be good now."""
    found = partner_tokens.add_on_partner(within_unit_of_work, add_on_id, family_id)
    return _AddOn(found.id, found.tenant_id) if found else None


def _pair(settings: Settings, add_on: _AddOn, family_id: uuid.UUID, now: datetime) -> TokenPair:
    secret = tokens.new_secret()
    session.add(
        ConnectRefreshToken(token_hash=_digest(secret), family_id=family_id, created_at=now)
    )
    session.flush()
    access = partner_tokens.access_token(settings, CallerKind.ADD_ON, add_on.id, family_id)
    return TokenPair(access, secret, int(partner_tokens.LIFE.total_seconds()))


def _refused(step: str, reason: str, add_on_id: uuid.UUID | None) -> None:
    tenant_id = session.scalar(select(AddOn.tenant_id).where(AddOn.id == add_on_id))
    audit.record(
        audit.NOBODY_KNOWN,
        "add_on.refused",
        "add_on",
        add_on_id or "unknown",
        tenant_id,
        step=step,
        reason=reason,
    )


def _digest(secret: str) -> str:
    """Of any text whatever: what is no token of ours need not be encodable."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()

"""Connect tokens: the bearer tokens of contract B, and the partner whom each one stands for.

They are signed for an audience of their own, with a key of its own, so that no user's token passes
as one of them and none of them as a user's (`tokens.verify`). What they say is only whose they are
and what they rely on: a key's secret or an add-on's token family. Whether both still hold is read
from the database on every call, so that revoking holds at once.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, LiteralString

import jwt

from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.partner import CallerKind, Partner, Scope
from voucherweb.errors import refuse
from voucherweb.models import PLATFORM_OWNER
from voucherweb.services import tokens
from voucherweb.services.autocommit import Execute, alone
from voucherweb.services.ids import parse_id

AUDIENCE: Final = "voucherweb:connect"
LIFE: Final = timedelta(seconds=3600)
_MAX_TOKEN: Final = 4096

_LIVE_KEY: Final = """
    SELECT k.id, k.tenant_id, CASE k.kind WHEN 'SANDBOX' THEN twin.id ELSE k.tenant_id END,
           s.id, k.scopes, k.kind = 'SANDBOX'
    FROM api_keys k JOIN api_key_secrets s ON s.api_key_id = k.id
    LEFT JOIN tenants twin ON k.kind = 'SANDBOX' AND twin.sandbox_of = k.tenant_id
    WHERE k.id = %s AND s.id = %s
      AND k.revoked_at IS NULL AND (s.expires_at IS NULL OR s.expires_at > %s)
      AND (k.kind = 'LIVE' OR twin.id IS NOT NULL)
"""
# A secret that has ended is forgotten before the tokens that were made from it are.
_KEY_ALONE: Final = """
    SELECT k.id, k.tenant_id, k.tenant_id, %s::uuid, k.scopes, k.kind = 'SANDBOX'
    FROM api_keys k WHERE k.id = %s
"""
_LIVE_ADD_ON: Final = """
    SELECT a.id, a.tenant_id, a.tenant_id, f.id, a.scopes, false
    FROM connect_families f
    JOIN add_ons a ON a.id = f.add_on_id
    JOIN auth_sessions s ON s.id = f.session_id
    JOIN admins m ON m.id = s.admin_id
    WHERE a.id = %s AND f.id = %s AND a.status = 'ENABLED'
      AND f.revoked_at IS NULL AND f.expires_at > %s
      AND s.revoked_at IS NULL AND s.expires_at > %s
      AND m.disabled_at IS NULL AND m.role = 'TENANT_ADMIN' AND m.tenant_id = a.tenant_id
"""


@dataclass(frozen=True, slots=True)
class _Named:
    """What a correctly signed connect token says."""

    kind: CallerKind
    id: uuid.UUID
    proof_id: uuid.UUID


def access_token(
    settings: Settings, kind: CallerKind, caller_id: uuid.UUID, proof_id: uuid.UUID
) -> str:
    """A connect token of 3600 s for a key (`proof_id`: its secret) or an add-on (its family)."""
    claims = {"sub": str(caller_id), "knd": kind.value, "prf": str(proof_id)}
    return tokens.sign(settings, AUDIENCE, claims, clock.now() + LIFE)


def authenticate(settings: Settings, execute: Execute, token: str) -> Partner:
    """The partner of a bearer token, by one statement.

    Raises UNAUTHORIZED for a string that is no connect token, for one that has expired, and once
    the key, its secret, the add-on, its token family, or the admin's sign-in behind it has ended.
    """
    named = _read(settings, token)
    if named is None:
        raise refuse("UNAUTHORIZED")
    if named.kind is CallerKind.KEY:
        found = _partner(execute, named, _LIVE_KEY, (named.id, named.proof_id, clock.now()))
    else:
        found = add_on_partner(execute, named.id, named.proof_id)
    if found is None:
        raise refuse("UNAUTHORIZED")
    return found


def add_on_partner(execute: Execute, add_on_id: uuid.UUID, family_id: uuid.UUID) -> Partner | None:
    """The add-on of a token family, if tokens of that family hold now; one statement."""
    named, now = _Named(CallerKind.ADD_ON, add_on_id, family_id), clock.now()
    return _partner(execute, named, _LIVE_ADD_ON, (add_on_id, family_id, now, now))


def partner_of_ended(settings: Settings, token: str) -> Partner | None:
    """Whose key a token is that `authenticate` has refused: we signed it, and it has expired, or
    its key is revoked, or its secret has ended. None for every other string. For the log of calls
    only: such a partner may do nothing."""
    named = _read(settings, token, expired=True)
    if named is None or named.kind is not CallerKind.KEY:
        return None
    return _partner(alone(settings), named, _KEY_ALONE, (named.proof_id, named.id))


def _read(settings: Settings, token: str, *, expired: bool = False) -> _Named | None:
    """What the token names, if its signature, audience and (unless `expired`) time are right."""
    if len(token) > _MAX_TOKEN or not token.isascii():
        return None
    try:
        if jwt.get_unverified_header(token).get("kid") != tokens.OUR_KEY_ID:
            return None
        data: dict[str, Any] = jwt.decode(
            token,
            tokens.signing_key(settings.secret_key, AUDIENCE),
            algorithms=["HS256"],
            audience=AUDIENCE,
            options={
                "require": ["exp", "sub"],
                "verify_exp": not expired,
                "verify_iat": False,
                "strict_aud": True,
            },
        )
        kind = CallerKind(str(data.get("knd")))
    except (jwt.PyJWTError, ValueError):
        return None
    caller_id, proof_id = parse_id(str(data["sub"])), parse_id(str(data.get("prf")))
    return _Named(kind, caller_id, proof_id) if caller_id and proof_id else None


def _partner(
    execute: Execute, named: _Named, statement: LiteralString, params: tuple[Any, ...]
) -> Partner | None:
    rows = execute(statement, params)
    if not rows:
        return None
    id_, tenant_id, owner_id, proof_id, scopes, sandbox = rows[0]
    return Partner(
        kind=named.kind,
        id=id_,
        tenant_id=tenant_id,
        owner_id=owner_id or PLATFORM_OWNER,
        proof_id=proof_id,
        scopes=known_scopes(scopes),
        sandbox=sandbox,
    )


def known_scopes(stored: Iterable[str]) -> frozenset[Scope]:
    """The scopes of a row; one that an earlier release knew opens nothing."""
    return frozenset(scope for scope in Scope if scope.value in set(stored))

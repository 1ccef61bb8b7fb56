"""Partners' API keys: a public name, secrets that are shown once, and the tokens made from both.

Secrets have 256 random bits; only their digests are stored, so that there is nothing to guess and
nothing to find in a copy of the database.
"""

import hashlib
import hmac
import re
import secrets
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.domain.partner import ALL_SCOPES, CallerKind, Scope
from voucherweb.domain.people import Unreadable, read_name
from voucherweb.errors import invalid, refuse
from voucherweb.models import ApiKey, ApiKeySecret
from voucherweb.services import audit, partner_tokens, sandboxes
from voucherweb.services.tenants import managed_tenant
from voucherweb.transaction import session, unit_of_work

LIVE: Final = "LIVE"
SANDBOX: Final = "SANDBOX"
DEFAULT_OVERLAP: Final = timedelta(hours=24)
MAX_OVERLAP: Final = timedelta(days=30)
MOST_SECRETS: Final = 8
"""Secrets of one key that hold at once. Every check compares as many digests, whoever asks."""

_MARKS: Final = {LIVE: "live", SANDBOX: "test"}
_KEY: Final = re.compile(r"vk_(live|test)_[0-9a-f]{24}")
_NOBODYS: Final = hashlib.sha256(secrets.token_bytes(32)).hexdigest()


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key with a secret that nobody can be told again."""

    id: uuid.UUID
    api_key: str
    api_secret: str


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A connect token; `expires_in` in seconds."""

    access_token: str
    expires_in: int
    token_type: str = "Bearer"  # noqa: S105 - a word of the wire, no password


def create_key(
    actor: Actor,
    tenant_id: uuid.UUID | None,
    name: str,
    scopes: Iterable[Scope] = ALL_SCOPES,
    *,
    sandbox: bool = False,
) -> IssuedKey:
    """A new key of a tenant, or without one of the platform; a sandbox key works in the tenant's
    twin, which the first one brings about.

    Raises FORBIDDEN for a platform key that a tenant's admin wants, and for clerks; NOT_EXIST for
    a foreign tenant; INVALID_PARAMETER naming the field.
    """
    owner = _owner(actor, tenant_id, sandbox=sandbox)
    granted = sorted(set(scopes))
    if not granted:
        raise invalid("scopes", "must name one or more", "至少須有一項")
    kind = SANDBOX if sandbox else LIVE
    key = ApiKey(
        key=f"vk_{_MARKS[kind]}_{secrets.token_hex(12)}",
        tenant_id=owner,
        kind=kind,
        name=_checked_name(name),
        scopes=granted,
        created_at=clock.now(),
        created_by=actor.key,
    )
    session.add(key)
    session.flush()
    secret = _add_secret(key)
    if owner is not None and sandbox:
        sandboxes.need_twin(actor, owner)
    audit.record(
        actor, "api_key.add", "api_key", key.id, owner, key=key.key, sandbox=sandbox, scopes=granted
    )
    session.flush()
    return IssuedKey(key.id, key.key, secret)


def _owner(actor: Actor, tenant_id: uuid.UUID | None, *, sandbox: bool) -> uuid.UUID | None:
    if tenant_id is not None or not actor.is_platform:
        if tenant_id is None:
            raise refuse("FORBIDDEN")
        return managed_tenant(actor, tenant_id).id
    if sandbox:
        raise invalid("sandbox", "is for keys of tenants", "只有租戶的金鑰才能用於沙盒")
    return None


def _checked_name(name: str) -> str:
    try:
        return read_name(name)
    except Unreadable as error:
        raise invalid("name", *error.problem) from error


def _add_secret(key: ApiKey) -> str:
    secret = f"vs_{_MARKS[key.kind]}_{secrets.token_urlsafe(32)}"
    session.add(
        ApiKeySecret(api_key_id=key.id, secret_hash=_digest(secret), created_at=clock.now())
    )
    session.flush()
    return secret


def rotate_key(actor: Actor, key: str, overlap: timedelta = DEFAULT_OVERLAP) -> IssuedKey:
    """One more secret; the present ones, with the tokens made from them, end after `overlap`, or
    earlier if they were to. An overlap of zero ends them at once.

    Raises FORBIDDEN, NOT_EXIST, and INVALID_PARAMETER for a revoked key, for an overlap beyond 30
    days, and when 8 secrets hold already.
    """
    if not timedelta() <= overlap <= MAX_OVERLAP:
        raise invalid("overlap_hours", "must be from 0 to 720", "須為 0 到 720")
    found = get_key(actor, key, lock=True)
    if found.revoked_at is not None:
        raise invalid("key", "is revoked", "金鑰已撤銷")
    now = clock.now()
    living = session.scalars(
        select(ApiKeySecret).where(ApiKeySecret.api_key_id == found.id, _holds(now))
    ).all()
    if overlap and len(living) >= MOST_SECRETS:
        raise invalid(
            "key", f"has {MOST_SECRETS} secrets already", f"已有 {MOST_SECRETS} 組有效的密鑰"
        )
    end = now + overlap
    for one in living:
        one.expires_at = end if one.expires_at is None else min(one.expires_at, end)
    secret = _add_secret(found)
    hours = overlap / timedelta(hours=1)
    audit.record(
        actor, "api_key.rotate", "api_key", found.id, found.tenant_id, key=key, hours=hours
    )
    session.flush()
    return IssuedKey(found.id, found.key, secret)


def revoke_key(actor: Actor, key: str) -> ApiKey:
    """End a key with its secrets and tokens at once, for good. Revoking twice changes nothing.
    Raises FORBIDDEN and NOT_EXIST."""
    found = get_key(actor, key, lock=True)
    if found.revoked_at is None:
        found.revoked_at, found.revoked_by = clock.now(), actor.key
        audit.record(actor, "api_key.revoke", "api_key", found.id, found.tenant_id, key=key)
        session.flush()
    return found


def get_key(actor: Actor, key: str, *, lock: bool = False) -> ApiKey:
    """A key by its public name: any for a platform admin, for a tenant's admin the tenant's own.
    Raises FORBIDDEN for others, and NOT_EXIST."""
    query = select(ApiKey).where(ApiKey.key == _plain(key), *_visible(actor))
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise refuse("NOT_EXIST")
    return found


def list_keys(actor: Actor, tenant_id: uuid.UUID | None = None) -> Sequence[ApiKey]:
    """Keys, revoked ones too, the latest first: of one tenant, or without one all that the actor
    may see. Raises FORBIDDEN, and NOT_EXIST for a foreign tenant."""
    query = select(ApiKey).where(*_visible(actor))
    if tenant_id is not None:
        query = query.where(ApiKey.tenant_id == managed_tenant(actor, tenant_id).id)
    return session.scalars(query.order_by(ApiKey.created_at.desc(), ApiKey.id)).all()


def ends_of_secrets(key: ApiKey) -> Sequence[datetime | None]:
    """When each secret that still holds will end, the latest secret first; None is never."""
    return session.scalars(
        select(ApiKeySecret.expires_at)
        .where(ApiKeySecret.api_key_id == key.id, _holds(clock.now()))
        .order_by(ApiKeySecret.created_at.desc(), ApiKeySecret.id)
    ).all()


def _visible(actor: Actor) -> list[Any]:
    if actor.role not in {Role.PLATFORM_ADMIN, Role.TENANT_ADMIN}:
        raise refuse("FORBIDDEN")
    return [] if actor.is_platform else [ApiKey.tenant_id == actor.tenant_id]


def _holds(at: datetime) -> Any:
    expires: InstrumentedAttribute[datetime | None] = ApiKeySecret.expires_at
    return or_(expires.is_(None), expires > at)


def issue_token(settings: Settings, api_key: str, api_secret: str) -> AccessToken:
    """A connect token for a key and one of its secrets. Runs in a unit of work of its own, so
    that the audit log keeps refusals too.

    Raises UNAUTHORIZED alike for an unknown key, a wrong or ended secret and a revoked key: each
    costs the same statements and the same number of digests and comparisons.
    """
    presented = _digest(api_secret)
    now = clock.now()
    with unit_of_work():
        rows = _secrets_of(api_key, now)
        proof = _matching(rows, presented)
        if proof is not None:
            issued = _issue(settings, proof, now)
        else:
            _record_refusal(api_key, rows)
    if proof is None:
        raise refuse("UNAUTHORIZED")
    return issued


def is_proof(api_key: str, api_secret: str) -> bool:
    """Whether `issue_token` would be right now to give a token for these; writes nothing."""
    presented = _digest(api_secret)
    with unit_of_work():
        return _matching(_secrets_of(api_key, clock.now()), presented) is not None


def _secrets_of(api_key: str, at: datetime) -> Sequence[Row[*tuple[Any, ...]]]:
    """A row for each secret of the key that holds, or one without a secret; none for an unknown
    key."""
    return session.execute(
        select(
            ApiKey.id,
            ApiKey.tenant_id,
            ApiKey.revoked_at,
            ApiKeySecret.id,
            ApiKeySecret.secret_hash,
        )
        .outerjoin(ApiKeySecret, (ApiKeySecret.api_key_id == ApiKey.id) & _holds(at))
        .where(ApiKey.key == _plain(api_key))
        .order_by(ApiKeySecret.created_at.desc())
        .limit(MOST_SECRETS)
    ).all()


def _matching(
    rows: Sequence[Row[*tuple[Any, ...]]], presented: str
) -> Row[*tuple[Any, ...]] | None:
    """The row of a key in force whose secret was presented. Compares as often for every key."""
    found = None
    for row in [*rows, *[None] * (MOST_SECRETS - len(rows))]:
        kept = row[4] if row is not None and row[4] is not None else _NOBODYS
        same = hmac.compare_digest(kept, presented)
        if same and row is not None and row.revoked_at is None:
            found = row
    return found


def _issue(settings: Settings, proof: Row[*tuple[Any, ...]], now: datetime) -> AccessToken:
    key_id, tenant_id, _, secret_id, _ = proof
    session.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=now))
    audit.record(_Key(f"{CallerKind.KEY}:{key_id}", tenant_id), "api_key.token", "api_key", key_id)
    token = partner_tokens.access_token(settings, CallerKind.KEY, key_id, secret_id)
    return AccessToken(token, int(partner_tokens.LIFE.total_seconds()))


@dataclass(frozen=True, slots=True)
class _Key:
    """A key as the one who acts."""

    key: str
    tenant_id: uuid.UUID | None


def _record_refusal(api_key: str, rows: Sequence[Row[*tuple[Any, ...]]]) -> None:
    """What was presented as the key is written down only if it has a key's form: else it may be
    a secret in the wrong field."""
    if rows:
        named, tenant_id = str(rows[0][0]), rows[0][1]
        reason = "revoked" if rows[0].revoked_at is not None else "secret"
    else:
        named, tenant_id, reason = _plain(api_key) or "unknown", None, "unknown"
    audit.record(audit.NOBODY_KNOWN, "api_key.refused", "api_key", named, tenant_id, reason=reason)


def _plain(api_key: str) -> str:
    """The text if it has the form of a key, or else one that is no key's."""
    return api_key if _KEY.fullmatch(api_key) else ""


def _digest(secret: str) -> str:
    """Of any text whatever: what is no secret of ours need not be encodable."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()

"""Tokens: our own access tokens, the host app's member tokens, and refresh secrets.

Our tokens carry `kid: vw` and are signed with a key derived from SECRET_KEY, one per audience, so
that a token of one kind can never pass as another.
"""

import hashlib
import hmac
import json
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import jwt

from voucherweb.config import MemberTokens, Settings
from voucherweb.domain import clock
from voucherweb.errors import refuse

OUR_KEY_ID = "vw"
ADMIN_AUDIENCE = "voucherweb:admin"
MEMBER_AUDIENCE = "voucherweb:member"
ACCESS_LIFE = timedelta(seconds=3600)
REFRESH_LIFE = timedelta(days=30)
MEMBER_LIFE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Claims:
    """A verified token: for whom it was made, and what it says."""

    audience: str
    data: dict[str, Any]


@lru_cache(maxsize=16)
def signing_key(secret: str, audience: str) -> bytes:
    return hmac.new(secret.encode(), audience.encode(), hashlib.sha256).digest()


def sign(settings: Settings, audience: str, claims: dict[str, Any], expires: datetime) -> str:
    return jwt.encode(
        {**claims, "aud": audience, "iat": clock.now(), "exp": expires},
        signing_key(settings.secret_key, audience),
        algorithm="HS256",
        headers={"kid": OUR_KEY_ID},
    )


def verify(settings: Settings, token: str) -> Claims:
    """The claims of a valid token; raises UNAUTHORIZED for every other string."""
    try:
        header = jwt.get_unverified_header(token)
        if header.get("kid") == OUR_KEY_ID:
            return _verify_ours(settings, token)
        return Claims(MEMBER_AUDIENCE, _verify_host(settings.member_tokens, token, header))
    except (jwt.PyJWTError, ValueError) as error:
        raise refuse("UNAUTHORIZED") from error


def _verify_ours(settings: Settings, token: str) -> Claims:
    unverified = jwt.decode(token, options={"verify_signature": False})
    audience = unverified.get("aud")
    if audience not in (ADMIN_AUDIENCE, MEMBER_AUDIENCE):  # Anything, even a list: not signed yet.
        raise refuse("UNAUTHORIZED")
    data = jwt.decode(
        token,
        signing_key(settings.secret_key, audience),
        algorithms=["HS256"],
        audience=audience,
        options={"require": ["exp", "sub"], "verify_iat": False},
    )
    return Claims(audience, data)


def _verify_host(config: MemberTokens | None, token: str, header: dict[str, Any]) -> dict[str, Any]:
    if config is None:
        raise refuse("UNAUTHORIZED")
    key: Any = config.key
    if config.jwks_file:
        key = _jwk(config.jwks_file, header.get("kid"))
    return jwt.decode(
        token,
        key,
        algorithms=list(config.algorithms),
        issuer=config.issuer,
        audience=config.audience,
        options={
            "require": ["exp", "sub"],
            "verify_aud": config.audience is not None,
            "verify_iat": False,
        },
    )


def _jwk(path: Path, key_id: str | None) -> jwt.PyJWK:
    keys = _jwk_set(path, path.stat().st_mtime_ns).keys
    for key in keys:
        if key.key_id == key_id or (key_id is None and len(keys) == 1):
            return key
    raise jwt.InvalidKeyError("no such key")


@lru_cache(maxsize=4)
def _jwk_set(path: Path, _changed: int) -> jwt.PyJWKSet:
    return jwt.PyJWKSet.from_dict(json.loads(path.read_text(encoding="utf-8")))


def admin_access(settings: Settings, admin_id: uuid.UUID, session_id: uuid.UUID) -> str:
    claims = {"sub": str(admin_id), "sid": str(session_id)}
    return sign(settings, ADMIN_AUDIENCE, claims, clock.now() + ACCESS_LIFE)


def member_token(settings: Settings, household_id: str) -> str:
    """A member's token as the host app would make it (`members token`, 24 h)."""
    return sign(settings, MEMBER_AUDIENCE, {"sub": household_id}, clock.now() + MEMBER_LIFE)


def new_secret() -> str:
    """256 random bits, for refresh tokens and the like; stored only as `digest` of it."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()

"""Keys as the pages show them: an admin's own, a page at a time, or one by its id."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    DateTime,
    SQLColumnExpression,
    cast,
    func,
    literal,
    or_,
    select,
)

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.domain.paging import PageRequest
from voucherweb.errors import refuse
from voucherweb.models import ApiKey, ApiKeySecret
from voucherweb.services.paging import fetch_page
from voucherweb.services.search import contains
from voucherweb.transaction import session

_NEVER: Final = cast(literal("-infinity"), DateTime(timezone=True))
SORT: Final[Mapping[str, SQLColumnExpression[Any]]] = {
    "name": ApiKey.name,
    "createTime": ApiKey.created_at,
    "lastUsed": func.coalesce(ApiKey.last_used_at, _NEVER),
}


@dataclass(frozen=True, slots=True)
class KeyFilter:
    """`keyword` is a part of the name or of the key; `kind` LIVE or SANDBOX; `revoked` None for
    both."""

    keyword: str | None = None
    kind: str | None = None
    revoked: bool | None = None


def _own(actor: Actor) -> ColumnElement[bool]:
    """The keys that an admin looks after: the tenant's, or the platform's own. Raises FORBIDDEN
    for others."""
    if actor.role not in {Role.PLATFORM_ADMIN, Role.TENANT_ADMIN}:
        raise refuse("FORBIDDEN")
    return ApiKey.tenant_id.is_not_distinct_from(actor.tenant_id)


def key_page(actor: Actor, narrowed: KeyFilter, asked: PageRequest) -> tuple[Sequence[ApiKey], int]:
    """A page of the admin's keys, revoked ones too, and how many there are. Raises FORBIDDEN."""
    query = select(ApiKey).where(_own(actor))
    if narrowed.keyword:
        typed = narrowed.keyword
        query = query.where(or_(contains(ApiKey.name, typed), contains(ApiKey.key, typed)))
    if narrowed.kind:
        query = query.where(ApiKey.kind == narrowed.kind)
    if narrowed.revoked is not None:
        ended = ApiKey.revoked_at.is_not(None)
        query = query.where(ended if narrowed.revoked else ~ended)
    rows, total = fetch_page(query, asked, SORT, ApiKey.id)
    return [row[0] for row in rows], total


def own_key(actor: Actor, key_id: uuid.UUID | None) -> ApiKey:
    """One of the admin's keys; raises FORBIDDEN and NOT_EXIST."""
    found = session.scalar(select(ApiKey).where(ApiKey.id == key_id, _own(actor)))
    if found is None:
        raise refuse("NOT_EXIST")
    return found


def secrets_of(key: ApiKey) -> Sequence[ApiKeySecret]:
    """The secrets that hold now, the latest first."""
    held = or_(ApiKeySecret.expires_at.is_(None), ApiKeySecret.expires_at > clock.now())
    return session.scalars(
        select(ApiKeySecret)
        .where(ApiKeySecret.api_key_id == key.id, held)
        .order_by(ApiKeySecret.created_at.desc(), ApiKeySecret.id)
    ).all()


def rotating(keys: Iterable[ApiKey]) -> dict[uuid.UUID, datetime]:
    """Until when the former secrets of keys that are being rotated hold."""
    rows = session.execute(
        select(ApiKeySecret.api_key_id, func.max(ApiKeySecret.expires_at))
        .where(ApiKeySecret.api_key_id.in_([one.id for one in keys]))
        .where(ApiKeySecret.expires_at > clock.now())
        .group_by(ApiKeySecret.api_key_id)
    )
    return {key_id: end for key_id, end in rows if end}

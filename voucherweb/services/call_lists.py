"""Reading the log of partners' calls (contract B), newest first."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import aliased

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.days import span
from voucherweb.domain.enums import Role
from voucherweb.domain.paging import MAX_ALL_ROWS, PageRequest
from voucherweb.domain.partner import CallerKind
from voucherweb.domain.scanning import typed_words
from voucherweb.errors import invalid, refuse
from voucherweb.models import AddOn, ApiKey, PartnerCall, Tenant
from voucherweb.services.actor_names import actor_names
from voucherweb.services.ids import parse_id
from voucherweb.services.indexed import as_indexed
from voucherweb.services.paging import fetch_page
from voucherweb.services.search import contains
from voucherweb.transaction import session

SORT_FIELDS: Final = ("id",)
MOST_LISTED: Final = MAX_ALL_ROWS
"""Who wants to see further back narrows the list."""
LOOKED_AT: Final = 100_000
"""How many of the newest calls are looked through for a status, a code or a path, which no index
knows."""
RECENTLY: Final = timedelta(hours=24)
_NEAR: Final = 50_000
_MOST_REPEATS: Final = 20
_MAX_ID: Final = 2**63 - 1


class Outcome(StrEnum):
    """What came of a call: `REFUSED` is the caller's to mend, `FAILED` ours."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class Ended(StrEnum):
    """Why a token that was good once is refused: its key is `REVOKED`, or it has expired, or the
    secret behind it was exchanged (`RENEWED`: by a new one)."""

    REVOKED = "revoked"
    RENEWED = "renewed"


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls to list; None leaves a condition out. `caller` is `key:<id>` or `addon:<id>`,
    `path` any part of the address, `own` for the platform those of its own keys; the days are
    whole local days, both inclusive."""

    caller: str | None = None
    outcome: Outcome | None = None
    code: str | None = None
    path: str | None = None
    request_id: str | None = None
    tenant_id: uuid.UUID | None = None
    own: bool = False
    first_day: date | None = None
    last_day: date | None = None

    @property
    def looks_through(self) -> bool:
        """Whether it asks for something that no index knows."""
        return bool(self.outcome or self.code or self.path)


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """One call with its caller's name; `tenant_name` is None for the platform's keys."""

    line: PartnerCall
    caller_name: str
    tenant_name: str | None


@dataclass(frozen=True, slots=True)
class Recent:
    """How many of the newest 100,000 calls came within the last 24 hours, and what came of them."""

    done: int
    refused: int
    failed: int

    @property
    def total(self) -> int:
        return self.done + self.refused + self.failed

    @property
    def is_all(self) -> bool:
        """Whether there were no more than these."""
        return self.total < LOOKED_AT


def list_calls(
    actor: Actor, wanted: CallFilter, asked: PageRequest, zone: ZoneInfo, *, english: bool = False
) -> tuple[list[LoggedCall], int]:
    """A page of calls, sorted by `id` (in the order in which they were written), and how many
    match, 10,000 at the most.

    The platform reads all, a tenant's admin those of the own tenant. Raises FORBIDDEN for
    everybody else, and INVALID_PARAMETER for a page beyond 10,000 calls.
    """
    allowed = _allowed(actor)
    if asked.offset >= MOST_LISTED:
        raise invalid(
            "page", f"only the first {MOST_LISTED} calls are listed", f"只列出前 {MOST_LISTED} 筆"
        )
    scope = [*allowed, *_indexed(wanted, zone)]
    lines: Any = PartnerCall
    if wanted.looks_through:
        lines, scope = _newest(scope), []
    conditions = [*scope, *_looked_for(lines, wanted)]
    rows, total = fetch_page(
        select(lines, Tenant.name)
        .outerjoin(Tenant, Tenant.id == lines.tenant_id)
        .where(*conditions),
        asked,
        {"id": as_indexed(lines.id)},
        as_indexed(lines.id),
        select(lines.id).where(*conditions).limit(MOST_LISTED + 1),
    )
    return _named(rows, english=english), min(total, MOST_LISTED)


def get_call(actor: Actor, call_id: int, *, english: bool = False) -> LoggedCall:
    """One call of those that the actor may read; raises FORBIDDEN and NOT_EXIST."""
    query = (
        select(PartnerCall, Tenant.name)
        .outerjoin(Tenant, Tenant.id == PartnerCall.tenant_id)
        .where(PartnerCall.id == min(call_id, _MAX_ID), *_allowed(actor))
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise refuse("NOT_EXIST")
    return _named([row], english=english)[0]


def why_ended(call: PartnerCall) -> Ended | None:
    """Why the token of a key's call was refused; None for all other calls. That line is written
    for tokens only that were good once (`partner_tokens.partner_of_ended`)."""
    kind, _, id_ = call.caller.partition(":")
    if call.status != 401 or call.fault is not None or kind != CallerKind.KEY:
        return None
    revoked_at = session.scalar(select(ApiKey.revoked_at).where(ApiKey.id == parse_id(id_)))
    revoked = revoked_at is not None and revoked_at <= call.at
    return Ended.REVOKED if revoked else Ended.RENEWED


def same_key(call: PartnerCall) -> Sequence[PartnerCall]:
    """The other calls of the same caller, among those written shortly before and after, that bore
    the same `Idempotency-Key`; the earliest first, 20 at the most."""
    if call.idempotency_key is None:
        return []
    return session.scalars(
        select(PartnerCall)
        .where(
            PartnerCall.caller == call.caller,
            PartnerCall.id.between(call.id - _NEAR, call.id + _NEAR),
            PartnerCall.id != call.id,
            PartnerCall.idempotency_key == call.idempotency_key,
        )
        .order_by(PartnerCall.id)
        .limit(_MOST_REPEATS)
    ).all()


def recent(actor: Actor) -> Recent:
    """What came of the calls of the last 24 hours: those of the tenant, or of the platform's own
    keys. Raises FORBIDDEN."""
    lines = _newest(_own(actor))
    counted = [
        func.count().filter(_came_to(lines.status, one))
        for one in (Outcome.DONE, Outcome.REFUSED, Outcome.FAILED)
    ]
    since = clock.now() - RECENTLY
    row = session.execute(select(*counted).where(lines.at >= since)).one()
    return Recent(row[0], row[1], row[2])


def has_called(actor: Actor) -> bool:
    """Whether the log holds any call of the same; raises FORBIDDEN."""
    return bool(session.scalar(select(select(PartnerCall.id).where(*_own(actor)).exists())))


def last_refused(actor: Actor, most: int, *, english: bool = False) -> list[LoggedCall]:
    """The latest calls of the same that did not do what they were to; raises FORBIDDEN."""
    lines = _newest(_own(actor))
    query = select(lines, Tenant.name).outerjoin(Tenant, Tenant.id == lines.tenant_id)
    bad = query.where(lines.status >= 400).order_by(lines.id.desc()).limit(most)
    return _named(session.execute(bad).all(), english=english)


def _newest(scope: Sequence[ColumnElement[bool]]) -> Any:
    """The newest calls, as a table to look through."""
    newest = select(PartnerCall).where(*scope).order_by(PartnerCall.id.desc()).limit(LOOKED_AT)
    return aliased(PartnerCall, newest.subquery())


def _own(actor: Actor) -> list[ColumnElement[bool]]:
    """Written so that an index knows the platform's, which have no tenant, too."""
    _need_reader(actor)
    mine = PartnerCall.tenant_id
    return [mine.is_(None) if actor.tenant_id is None else mine == actor.tenant_id]


def callers(actor: Actor) -> list[tuple[str, str]]:
    """The keys and add-ons of a tenant, of the platform its own keys, as callers with their names;
    raises FORBIDDEN."""
    _need_reader(actor)
    mine = ApiKey.tenant_id.is_not_distinct_from(actor.tenant_id)
    keys = session.execute(select(ApiKey.id, ApiKey.name).where(mine).order_by(ApiKey.name)).all()
    add_ons = session.execute(
        select(AddOn.id, AddOn.name).where(AddOn.tenant_id == actor.tenant_id).order_by(AddOn.name)
    ).all()
    return [
        *((f"{CallerKind.KEY}:{id_}", name) for id_, name in keys),
        *((f"{CallerKind.ADD_ON}:{id_}", name) for id_, name in add_ons),
    ]


def _need_reader(actor: Actor) -> None:
    if actor.role not in {Role.PLATFORM_ADMIN, Role.TENANT_ADMIN}:
        raise refuse("FORBIDDEN")


def _allowed(actor: Actor) -> list[ColumnElement[bool]]:
    _need_reader(actor)
    return [] if actor.is_platform else [PartnerCall.tenant_id == actor.tenant_id]


def _indexed(wanted: CallFilter, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    """What an index answers."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.caller:
        conditions.append(PartnerCall.caller == typed_words(wanted.caller))
    if wanted.request_id:
        conditions.append(PartnerCall.request_id == typed_words(wanted.request_id))
    if wanted.own:
        conditions.append(PartnerCall.tenant_id.is_(None))
    if wanted.tenant_id:
        conditions.append(PartnerCall.tenant_id == wanted.tenant_id)
    first, last = span(wanted.first_day, wanted.last_day, zone)
    if first:
        conditions.append(PartnerCall.at >= first)
    if last:
        conditions.append(PartnerCall.at <= last)
    return conditions


def _looked_for(lines: Any, wanted: CallFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.outcome:
        conditions.append(_came_to(lines.status, wanted.outcome))
    if wanted.code:
        conditions.append(lines.code == typed_words(wanted.code).upper())
    if wanted.path:
        conditions.append(contains(lines.path, typed_words(wanted.path)))
    return conditions


def _came_to(status: Any, outcome: Outcome) -> ColumnElement[bool]:
    if outcome is Outcome.DONE:
        found: ColumnElement[bool] = status < 400
    elif outcome is Outcome.REFUSED:
        found = status.between(400, 499)
    else:
        found = status >= 500
    return found


def _named(rows: Sequence[Row[*tuple[Any, ...]]], *, english: bool) -> list[LoggedCall]:
    names = actor_names((row[0].caller for row in rows), english=english)
    return [LoggedCall(line, names[line.caller], tenant) for line, tenant in rows]

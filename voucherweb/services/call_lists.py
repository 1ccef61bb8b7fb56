"""Reading the log of partners' calls (contract B), newest first."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, func, literal, literal_column, select

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
from voucherweb.services.far_pages import ids_of_page
from voucherweb.services.ids import parse_id
from voucherweb.services.paging import AnySelect
from voucherweb.services.search import contains
from voucherweb.transaction import session

SORT_FIELDS: Final = ("time",)
MOST_LISTED: Final = MAX_ALL_ROWS
"""Who wants to see further back narrows the list."""
LOOKED_AT: Final = 10_000
"""How many of the newest calls are looked through for a path, which no index knows; and for what
came of them: of those that did not succeed, so many of these."""
RECENTLY: Final = timedelta(hours=24)
MOST_RECENT: Final = 100_000
"""Calls that are counted in that time."""
_MOST_REPEATS: Final = 20
_REFUSED: Final = PartnerCall.status >= literal_column("400")
"""Spelled out, so that every plan knows that the index of these calls will do."""
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

    @property
    def is_of_refused(self) -> bool:
        """Whether it asks for calls that did not succeed."""
        return bool(self.outcome not in {None, Outcome.DONE} or self.code)


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
        return self.total < MOST_RECENT


def list_calls(
    actor: Actor, wanted: CallFilter, asked: PageRequest, zone: ZoneInfo, *, english: bool = False
) -> tuple[list[LoggedCall], int]:
    """A page of calls, sorted by `time`, and how many match, 10,000 at the most.

    The platform reads all, a tenant's admin those of the own tenant. Raises FORBIDDEN for
    everybody else, and INVALID_PARAMETER for a page beyond 10,000 calls.
    """
    allowed = _allowed(actor)
    if asked.offset >= MOST_LISTED:
        raise invalid(
            "page", f"only the first {MOST_LISTED} calls are listed", f"只列出前 {MOST_LISTED} 筆"
        )
    scope = _indexed(wanted, zone)
    if wanted.looks_through:
        ids, total = _looked_for(wanted, [*allowed, *scope], asked)
    else:
        # An index of callers does not hold their tenants, and need not for one's own.
        if actor.is_platform or wanted.caller not in {id_ for id_, _ in callers(actor)}:
            scope += allowed
        missing = [PartnerCall.tenant_id] if wanted.own else []
        ids = ids_of_page(PartnerCall.id, PartnerCall.at, scope, asked, *missing)
        one = select(literal(1).label("one")).select_from(PartnerCall).where(*scope)
        most = one.limit(MOST_LISTED + 1).subquery()
        total = session.scalars(select(func.count()).select_from(most)).one()
    found = {row[0].id: row for row in session.execute(_told().where(PartnerCall.id.in_(ids)))}
    return _named([found[id_] for id_ in ids], english=english), min(total, MOST_LISTED)


def _looked_for(
    wanted: CallFilter, scope: Sequence[ColumnElement[bool]], asked: PageRequest
) -> tuple[Sequence[int], int]:
    """The ids of a page of those among the newest that fulfil what no index knows, and how many
    do. Looks through them once, unless the page lies beyond the last."""
    named = [PartnerCall.id, PartnerCall.at, PartnerCall.status, PartnerCall.code]
    if wanted.path:  # All but the path is told by the indexes of calls that did not succeed.
        named.append(PartnerCall.path)
    refused = [_REFUSED] if wanted.is_of_refused else []
    picked = select(*named).where(*scope, *refused)
    newest = picked.order_by(PartnerCall.at.desc()).limit(LOOKED_AT).subquery("newest")
    query = select(newest.c.id, func.count().over()).where(*_conditions(newest.c, wanted))
    order = newest.c.at.desc() if asked.descending else newest.c.at.asc()
    page = query.order_by(order, newest.c.id).limit(asked.size).offset(asked.offset)
    rows = session.execute(page).all()
    if not rows and asked.offset:
        return [], session.scalars(select(func.count()).select_from(query.subquery())).one()
    return [row[0] for row in rows], rows[0][1] if rows else 0


def _told() -> AnySelect:
    return select(PartnerCall, Tenant.name).outerjoin(Tenant, Tenant.id == PartnerCall.tenant_id)


def get_call(actor: Actor, call_id: int, *, english: bool = False) -> LoggedCall:
    """One call of those that the actor may read; raises FORBIDDEN and NOT_EXIST."""
    query = _told().where(PartnerCall.id == min(call_id, _MAX_ID), *_allowed(actor))
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
    """The other calls of the same caller that bore the same `Idempotency-Key`; the earliest first,
    20 at the most."""
    if call.idempotency_key is None:
        return []
    return session.scalars(
        select(PartnerCall)
        .where(
            PartnerCall.caller == call.caller,
            PartnerCall.id != call.id,
            PartnerCall.idempotency_key == call.idempotency_key,
        )
        .order_by(PartnerCall.at, PartnerCall.id)
        .limit(_MOST_REPEATS)
    ).all()


def recent(actor: Actor) -> Recent:
    """What came of the calls of the last 24 hours: those of the tenant, or of the platform's own
    keys. Raises FORBIDDEN."""
    since = clock.now() - RECENTLY
    newest = (
        select(PartnerCall.status)
        .where(*_own(actor), PartnerCall.at >= since)
        .order_by(PartnerCall.at.desc())
        .limit(MOST_RECENT)
        .subquery("newest")
    )
    status = newest.c.status
    counted = [func.count(), *(func.count().filter(status >= least) for least in (400, 500))]
    row = session.execute(select(*counted).select_from(newest)).one()
    return Recent(done=row[0] - row[1], refused=row[1] - row[2], failed=row[2])


def has_called(actor: Actor) -> bool:
    """Whether the log holds any call of the same; raises FORBIDDEN."""
    return bool(session.scalar(select(select(PartnerCall.id).where(*_own(actor)).exists())))


def last_refused(actor: Actor, most: int, *, english: bool = False) -> list[LoggedCall]:
    """The latest calls of the same that did not do what they were to; raises FORBIDDEN."""
    # By tenants too, so that an index knows the order of the platform's, which have none.
    latest = (PartnerCall.tenant_id.desc(), PartnerCall.at.desc(), PartnerCall.id)
    ids = select(PartnerCall.id).where(*_own(actor), _REFUSED).order_by(*latest).limit(most)
    found = session.scalars(ids).all()
    if not found:
        return []
    query = _told().where(PartnerCall.id.in_(found))
    return _named(session.execute(query.order_by(*latest)).all(), english=english)


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


def _conditions(lines: Any, wanted: CallFilter) -> list[ColumnElement[bool]]:
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

"""Coupon sets and their codes as the pages list them: narrowed, a page at a time, at a cost that
does not grow with the set."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, SQLColumnExpression, and_, case, func, select
from sqlalchemy.orm import InstrumentedAttribute

from voucherweb.domain import clock
from voucherweb.domain.enums import CouponSource, CouponStatus
from voucherweb.domain.paging import PageRequest
from voucherweb.domain.texts import storable
from voucherweb.errors import refuse
from voucherweb.models import Branch, Coupon, CouponGift, CouponSet, Job, Member
from voucherweb.models.coupons import CodeImportFailure
from voucherweb.services import coupon_jobs, jobs
from voucherweb.services.coupon_sets import ACTIVE, INACTIVE, PENDING, SORT, sets_of
from voucherweb.services.indexed import as_indexed
from voucherweb.services.masking import mask_name, mask_phone
from voucherweb.services.paging import AnySelect, fetch_page
from voucherweb.services.search import contains
from voucherweb.transaction import session

REFUSED_SORT: Final[Mapping[str, SQLColumnExpression[Any]]] = {
    "row": as_indexed(CodeImportFailure.row_number)
}


class SetState(StrEnum):
    """What may be done with a set now."""

    MAKING = "making"
    GIVING = "giving"
    GONE = "gone"
    PAUSED = "paused"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class SetFilter:
    """`keyword` is a part of the name."""

    keyword: str | None = None
    source: CouponSource | None = None
    state: SetState | None = None


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A code of a set with who holds it: `member_name` and `member_phone` are masked, empty when
    unknown; nobody holds a code without a `gift_id`."""

    ordinal: int
    code: str
    status: CouponStatus
    gift_id: uuid.UUID | None
    member_id: uuid.UUID | None
    member_name: str
    member_phone: str
    given_at: datetime | None
    used_at: datetime | None
    branch_name: str | None


def limit_of(pool: CouponSet) -> int | None:
    """How many may be given at a time: a pool's codes, or what a set that makes codes is limited
    to; None is any number."""
    return pool.quantity if pool.source == CouponSource.AUTO_GENERATE else pool.total


def state_of(pool: CouponSet) -> SetState:
    """The state of a set now."""
    limit = limit_of(pool)
    if pool.status == PENDING:
        return SetState.MAKING
    if pool.end_date is not None and clock.now() > pool.end_date:
        return SetState.OVER
    if pool.status == INACTIVE:
        return SetState.PAUSED
    return SetState.GONE if limit is not None and pool.given >= limit else SetState.GIVING


def _in_state(state: SetState) -> ColumnElement[bool]:
    """The same in SQL."""
    is_auto = CouponSet.source == CouponSource.AUTO_GENERATE
    limit = case((is_auto, CouponSet.quantity), else_=CouponSet.total)
    gone = func.coalesce(CouponSet.given >= limit, False)
    over = CouponSet.end_date < clock.now()
    open_ = and_(CouponSet.status == ACTIVE, ~over)
    return {
        SetState.MAKING: CouponSet.status == PENDING,
        SetState.OVER: and_(CouponSet.status != PENDING, over),
        SetState.PAUSED: and_(CouponSet.status == INACTIVE, ~over),
        SetState.GONE: and_(open_, gone),
        SetState.GIVING: and_(open_, ~gone),
    }[state]


def find_sets(
    owner_id: uuid.UUID, narrowed: SetFilter, asked: PageRequest
) -> tuple[list[CouponSet], int]:
    """A page of the owner's sets, sorted by one of `coupon_sets.SORT`, and how many match."""
    query = sets_of(owner_id)
    if narrowed.keyword:
        query = query.where(contains(CouponSet.name, narrowed.keyword))
    if narrowed.source:
        query = query.where(CouponSet.source == narrowed.source)
    if narrowed.state:
        query = query.where(_in_state(narrowed.state))
    rows, total = fetch_page(query, asked, SORT, CouponSet.id)
    return [one for (one,) in rows], total


def job_of(pool: CouponSet) -> Job:
    """The job that fills a pool, which bears the pool's id; raises NOT_EXIST when there is none
    any more."""
    job = session.get(Job, pool.id)
    if job is None:
        raise refuse("NOT_EXIST")
    return job


def filling(owner_id: uuid.UUID, set_id: uuid.UUID | None) -> Job:
    """The job that fills, or was to fill, a pool of the owner's; raises NOT_EXIST."""
    job = session.scalar(
        select(Job).where(
            Job.id == set_id,
            Job.kind.in_(coupon_jobs.KINDS),
            func.coalesce(Job.tenant_id, uuid.UUID(int=0)) == owner_id,
        )
    )
    if job is None:
        raise refuse("NOT_EXIST")
    return job


def refused_page(
    owner_id: uuid.UUID, set_id: uuid.UUID | None, asked: PageRequest
) -> tuple[Sequence[CodeImportFailure], int]:
    """A page of the rows that an import into this set refused, sorted by `row`; raises NOT_EXIST
    for what was no import of the owner's, and once its record is gone."""
    job = filling(owner_id, set_id)
    if job.kind != jobs.COUPON_IMPORT:
        raise refuse("NOT_EXIST")
    query = select(CodeImportFailure).where(CodeImportFailure.job_id == job.id)
    rows, total = fetch_page(query, asked, REFUSED_SORT, CodeImportFailure.row_number)
    return [one for (one,) in rows], total


def count_codes(pool: CouponSet, status: CouponStatus | None) -> int:
    """How many codes of a set are in a state, by the counters that the set keeps. Only a set that
    makes codes has some that were taken back for good."""
    made = max(pool.last_ordinal, pool.total)
    gone = made - pool.total if pool.source == CouponSource.AUTO_GENERATE else 0
    return {
        None: pool.total + gone,
        CouponStatus.PENDING: pool.total - pool.given,
        CouponStatus.ACTIVE: pool.given - pool.used,
        CouponStatus.USED: pool.used,
        CouponStatus.VOIDED: gone,
    }[status]


def codes_page(
    pool: CouponSet, asked: PageRequest, status: CouponStatus | None
) -> tuple[list[CodeLine], int]:
    """A page of the codes of a set in the order of their numbers, and how many there are."""
    total = count_codes(pool, status)
    picked = _picked(pool, asked, status, total)
    order = Coupon.ordinal.desc() if asked.descending else Coupon.ordinal
    rows = session.execute(_lines(pool).where(Coupon.ordinal.in_(picked)).order_by(order))
    return [_line(row) for row in rows], total


def _picked(
    pool: CouponSet, asked: PageRequest, status: CouponStatus | None, total: int
) -> Sequence[int]:
    """The numbers of one page's codes. Numbers run from 1 without a gap, so that a page far back
    costs what the first one does; given codes are found by their giving."""
    begin, end = min(asked.offset, total), min(asked.offset + asked.size, total)
    # A list is read the other way round from its end.
    low, high = (total - end, total - begin) if asked.descending else (begin, end)
    if status is None:
        return range(low + 1, high + 1)
    if status is CouponStatus.PENDING:
        return _free(pool, low, high)
    query = select(CouponGift.ordinal).where(
        CouponGift.set_id == pool.id, CouponGift.status == status
    )
    return _slice(query, CouponGift.ordinal, low, high, total)


def _free(pool: CouponSet, low: int, high: int) -> Sequence[int]:
    """The free codes from the `low`-th to before the `high`-th: first those that were taken back,
    and behind the last that was ever given all others, which are found by counting."""
    freed = pool.last_ordinal - pool.given
    query = select(Coupon.ordinal).where(Coupon.set_id == pool.id, Coupon.freed)
    taken_back = _slice(query, Coupon.ordinal, min(low, freed), min(high, freed), freed)
    first = pool.last_ordinal + 1 - freed
    return [*taken_back, *range(first + max(low, freed), first + max(high, freed))]


def _slice(
    query: AnySelect, ordinal: InstrumentedAttribute[int], low: int, high: int, total: int
) -> Sequence[int]:
    """Numbers from the `low`-th to before the `high`-th; the second half is counted from its
    end."""
    if low >= high:
        return []
    turned = low > total - high
    order, skipped = (ordinal.desc(), total - high) if turned else (ordinal.asc(), low)
    return session.scalars(query.order_by(order).limit(high - low).offset(skipped)).all()


def code_lines(pool: CouponSet, code: str) -> list[CodeLine]:
    """The code of a set that is exactly this text, or this text in capitals: one line or none."""
    typed = code.strip()
    if not storable(typed):
        return []
    query = _lines(pool).where(
        Coupon.owner_id == pool.owner_id, Coupon.code.in_({typed, typed.upper()})
    )
    return [_line(row) for row in session.execute(query.order_by(Coupon.ordinal))]


def _lines(pool: CouponSet) -> AnySelect:
    return (
        select(
            Coupon.ordinal,
            Coupon.code,
            Coupon.status,
            CouponGift.id,
            CouponGift.member_id,
            Member.name,
            Member.phone_number,
            CouponGift.given_at,
            CouponGift.used_at,
            Branch.name,
        )
        .outerjoin(CouponGift, CouponGift.id == Coupon.gift_id)
        .outerjoin(Member, Member.id == CouponGift.member_id)
        .outerjoin(Branch, Branch.id == CouponGift.branch_id)
        .where(Coupon.set_id == pool.id)
    )


def _line(row: Row[*tuple[Any, ...]]) -> CodeLine:
    ordinal, code, status, gift_id, member_id, name, phone, given_at, used_at, branch = row
    return CodeLine(
        ordinal=ordinal,
        code=code,
        status=CouponStatus(status),
        gift_id=gift_id,
        member_id=member_id,
        member_name=mask_name(name),
        member_phone=mask_phone(phone),
        given_at=given_at,
        used_at=used_at,
        branch_name=branch,
    )

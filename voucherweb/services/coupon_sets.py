"""Partners' sets of coupons: made, listed, paused and renamed (contract B calls 14 and 15).

The pools of 06 vouchers are sets, too, and are none of these: see services/coupons.py.
"""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Select, SQLColumnExpression, exists, func, or_, select, update

from voucherweb.domain.actor import Actor
from voucherweb.domain.coupon_terms import SetTerms, problems_of
from voucherweb.domain.enums import CouponSource, Role
from voucherweb.domain.paging import PageRequest
from voucherweb.errors import refuse
from voucherweb.models import PLATFORM_OWNER, CouponSet, Job, Tenant
from voucherweb.services import audit, jobs
from voucherweb.services.indexed import as_indexed
from voucherweb.services.paging import fetch_page
from voucherweb.transaction import session

PENDING: Final = "PENDING"
ACTIVE: Final = "ACTIVE"
INACTIVE: Final = "INACTIVE"
SORT: Final[dict[str, SQLColumnExpression[Any]]] = {
    "createdAt": CouponSet.created_at,
    "name": CouponSet.name,
    "endDate": CouponSet.end_date,
    "given": as_indexed(CouponSet.given),
    "used": as_indexed(CouponSet.used),
}
"""What the pages' list can be sorted by."""


def told_total(pool: CouponSet) -> int:
    """The `total` of the wire: how many coupons a pool has; of a set that makes codes how many it
    may give, or without a limit how many it has made."""
    if pool.source == CouponSource.AUTO_GENERATE and pool.quantity is not None:
        return pool.quantity
    return pool.total


def checked(terms: SetTerms, kept_name: str | None = None) -> SetTerms:
    """The terms without blanks around their texts; raises INVALID_PARAMETER naming every field
    that is wrong. The name that a set has already may stay as it is."""
    tidy = terms.tidy()
    problems = problems_of(tidy, kept_name)
    if problems:
        raise refuse("INVALID_PARAMETER", problems)
    return tidy


def create_auto_set(owner_id: uuid.UUID, by: audit.Doer, terms: SetTerms) -> CouponSet:
    """A set that makes a code for each giving, at most `quantity`. Raises INVALID_PARAMETER."""
    tenant_id = None if owner_id == PLATFORM_OWNER else owner_id
    good, source = checked(terms), CouponSource.AUTO_GENERATE
    pool = _add(tenant_id, by.key, good, source, ACTIVE, uuid.uuid4())
    audit.record(by, "coupon_set.create", "coupon_set", pool.id, name=pool.name)
    session.flush()
    return pool


def add_pool(
    tenant_id: uuid.UUID | None, by: str, terms: SetTerms, source: CouponSource, job_id: uuid.UUID
) -> CouponSet:
    """A pool that a job is to fill; it bears the job's id and gives nothing until then. `terms`
    were `checked`."""
    return _add(tenant_id, by, replace(terms, quantity=None), source, PENDING, job_id)


def _add(
    tenant_id: uuid.UUID | None,
    by: str,
    terms: SetTerms,
    source: CouponSource,
    status: str,
    set_id: uuid.UUID,
) -> CouponSet:
    pool = CouponSet(
        id=set_id,
        tenant_id=tenant_id,
        source=source,
        status=status,
        total=0,
        created_by=by,
        **{name: getattr(terms, name) for name in SetTerms.__dataclass_fields__},
    )
    session.add(pool)
    session.flush()
    session.refresh(pool)
    return pool


def sets_of(owner_id: uuid.UUID) -> Select[CouponSet]:
    """The owner's sets; a pool that is not filled yet counts while its job goes on."""
    being_filled = exists().where(Job.id == CouponSet.id, Job.state.in_(jobs.OPEN))
    return select(CouponSet).where(
        CouponSet.owner_id == owner_id,
        CouponSet.source != CouponSource.VOUCHER,
        or_(CouponSet.status != PENDING, being_filled),
    )


def get_set(owner_id: uuid.UUID, set_id: uuid.UUID | None) -> CouponSet:
    """Raises NOT_EXIST, alike for an unknown set and for another's."""
    found = session.scalar(sets_of(owner_id).where(CouponSet.id == set_id))
    if found is None:
        raise refuse("NOT_EXIST")
    return found


def list_sets(owner_id: uuid.UUID, size: int, offset: int = 0) -> tuple[Sequence[CouponSet], int]:
    """A page of the owner's sets in the order in which they were made, and how many there are."""
    query = sets_of(owner_id)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    in_order = query.order_by(CouponSet.created_at, CouponSet.id)
    return session.scalars(in_order.limit(size).offset(offset)).all(), total


def page_of_sets(owner_id: uuid.UUID, asked: PageRequest) -> tuple[list[CouponSet], int]:
    """The same as the pages ask for it, sorted by one of `SORT`."""
    rows, total = fetch_page(sets_of(owner_id), asked, SORT, CouponSet.id)
    return [one for (one,) in rows], total


def owner_of(actor: Actor, tenant_id: uuid.UUID | None) -> uuid.UUID:
    """Whose sets an admin works on: a tenant's admin on the own tenant's, the platform's on those
    of the tenant that is named, or on the platform's own. Raises FORBIDDEN and NOT_EXIST."""
    if actor.role is Role.TENANT_ADMIN and actor.tenant_id is not None:
        return actor.tenant_id
    if not actor.is_platform:
        raise refuse("FORBIDDEN")
    if tenant_id is None:
        return PLATFORM_OWNER
    if session.scalar(select(Tenant.id).where(Tenant.id == tenant_id)) is None:
        raise refuse("NOT_EXIST")
    return tenant_id


def pause(actor: Actor, owner_id: uuid.UUID, set_id: uuid.UUID | None) -> None:
    """Give no more coupons of the set; those that members hold stay good. Raises NOT_EXIST, also
    for a pool that is not filled yet; a set that is paused already stays as it is."""
    _switch(actor, owner_id, set_id, INACTIVE, "pause")


def resume(actor: Actor, owner_id: uuid.UUID, set_id: uuid.UUID | None) -> None:
    """Give coupons of a paused set again; raises as `pause` does."""
    _switch(actor, owner_id, set_id, ACTIVE, "resume")


def _switch(
    actor: Actor, owner_id: uuid.UUID, set_id: uuid.UUID | None, status: str, verb: str
) -> None:
    pool = get_set(owner_id, set_id)
    if pool.status == PENDING:
        raise refuse("NOT_EXIST")
    changed = session.scalar(
        update(CouponSet)
        .where(CouponSet.id == pool.id, CouponSet.status.not_in((status, PENDING)))
        .values(status=status)
        .returning(CouponSet.id)
    )
    if changed is not None:
        audit.record(
            actor, f"coupon_set.{verb}", "coupon_set", pool.id, pool.tenant_id, name=pool.name
        )


def rename(
    actor: Actor,
    owner_id: uuid.UUID,
    set_id: uuid.UUID | None,
    name: str,
    description: str | None = None,
) -> None:
    """Call a set something else. Raises NOT_EXIST, and INVALID_PARAMETER naming `name` or
    `description`."""
    pool = get_set(owner_id, set_id)
    if pool.start_date is None or pool.end_date is None:
        raise ValueError(f"coupon set {pool.id} has no dates")
    terms = checked(SetTerms(name, pool.start_date, pool.end_date, description), pool.name)
    before, pool.name, pool.description = pool.name, terms.name, terms.description
    session.flush()
    audit.record(
        actor,
        "coupon_set.rename",
        "coupon_set",
        pool.id,
        pool.tenant_id,
        was=before,
        name=pool.name,
    )

"""Pools of coupon codes made by jobs (queue `imports`).

A pool is there, empty and PENDING, from the moment that its job is asked for, and bears the job's
id. Its codes, its ACTIVE state and the end of the job come in one transaction: a job that is
cancelled, fails or dies leaves no code behind, and may run again. The clean-up removes the pool of
a job that ended badly; nobody is shown it any more by then.
"""

import uuid
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

from psycopg import IntegrityError as DriverIntegrityError
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from voucherweb.domain.actor import Actor
from voucherweb.domain.coupon_codes import chunks
from voucherweb.domain.coupon_terms import QUANTITY_MAX, SetTerms
from voucherweb.domain.enums import CouponSource
from voucherweb.errors import invalid
from voucherweb.models import PLATFORM_OWNER, CouponSet
from voucherweb.services import audit, jobs
from voucherweb.services.coupon_sets import ACTIVE, PENDING, add_pool, checked, owner_of
from voucherweb.services.jobs import Attempt, Superseded
from voucherweb.services.violations import UNIQUE_CODE, constraint_of
from voucherweb.transaction import session, unit_of_work

KINDS: Final = (jobs.COUPON_GENERATE, jobs.COUPON_IMPORT)
TRIES: Final = 3
_STORED: Final = 95
"""Percent of a job after which only the commit is left."""
Result = TypeVar("Result")


def start_generation(
    actor: Actor,
    tenant_id: uuid.UUID | None,
    terms: SetTerms,
    *,
    carried: bool = True,
) -> uuid.UUID:
    """Record a pool of `terms.quantity` new codes and queue its making once this unit of work has
    committed; the id of both, the set and its job. `carried` as `jobs.submit` has it.

    Raises INVALID_PARAMETER naming every wrong field, `quantity` too when it is missing, FORBIDDEN
    and NOT_EXIST as `owner_of` does.
    """
    owner_id = owner_of(actor, tenant_id)
    good, job_id = checked(terms), uuid.uuid4()
    if good.quantity is None:
        most = f"{QUANTITY_MAX:,}"
        raise invalid("quantity", f"must be 1 to {most}", f"必須是 1 至 {most}")
    owner = None if owner_id == PLATFORM_OWNER else owner_id
    add_pool(owner, actor.key, good, CouponSource.GENERATE, job_id)
    jobs.submit(
        jobs.COUPON_GENERATE,
        actor.key,
        job_id=job_id,
        tenant_id=owner,
        carried=carried,
        quantity=good.quantity,
        name=good.name,
    )
    audit.record(
        actor,
        "coupon_set.generate",
        "coupon_set",
        job_id,
        owner,
        name=good.name,
        quantity=good.quantity,
    )
    return job_id


def run_generation(attempt: Attempt, on_progress: Callable[[int], None]) -> None:
    """Make the codes of a job's pool; the result is {setId, total, success, failed}.

    Raises `Superseded`, and what `on_progress` raises.
    """
    again_if_taken(lambda: _generate(attempt, on_progress))


def _generate(attempt: Attempt, on_progress: Callable[[int], None]) -> None:
    quantity: int = attempt.params["quantity"]
    with unit_of_work():
        take_your_time()
        pool = waiting_pool(attempt)
        made = chunks(quantity, pool.prefix or "")
        copy_codes(pool, made, lambda done: on_progress(done * _STORED // quantity))
        activate(pool, quantity)
        jobs.finish(attempt, result_of(pool, quantity, 0))


def again_if_taken(work: Callable[[], Result]) -> Result:
    """Do a unit of work, and do it again when somebody else had one of its codes first."""
    for _ in range(TRIES - 1):
        try:
            return work()
        except (DriverIntegrityError, IntegrityError) as error:
            if constraint_of(error) != UNIQUE_CODE:
                raise
    return work()


def take_your_time() -> None:
    """A statement that writes a million rows takes longer than one that answers a request."""
    session.execute(text("SET LOCAL statement_timeout = 0"))


def waiting_pool(attempt: Attempt) -> CouponSet:
    """The pool of a job, held until the end of the unit of work; raises `Superseded` when it has
    been filled or is gone."""
    query = select(CouponSet).where(CouponSet.id == attempt.job_id, CouponSet.status == PENDING)
    pool = session.scalar(
        query.with_for_update(key_share=True).execution_options(populate_existing=True)
    )
    if pool is None:
        raise Superseded
    return pool


def activate(pool: CouponSet, total: int) -> None:
    """The pool has its codes: they can be given from the commit on."""
    pool.total, pool.status = total, ACTIVE
    session.flush()


def result_of(pool: CouponSet | None, success: int, failed: int) -> dict[str, Any]:
    return {
        "setId": str(pool.id) if pool else None,
        "total": success + failed,
        "success": success,
        "failed": failed,
    }


def driver() -> Any:
    """The database driver's connection of this unit of work, for COPY."""
    found = session.connection().connection.driver_connection
    if found is None:
        raise RuntimeError("the unit of work has no database connection")
    return found


def copy_codes(pool: CouponSet, codes: Iterable[list[str]], on_done: Callable[[int], None]) -> None:
    """Store a pool's codes, chunk by chunk, numbered from 1 (COPY). They hold no sign that has a
    meaning to COPY."""
    head, foot = f"{pool.id}\t", f"\t{pool.owner_id}\t"
    done = 0
    statement = "COPY coupons (set_id, ordinal, owner_id, code) FROM STDIN"
    with driver().cursor() as cursor, cursor.copy(statement) as copy:
        for chunk in codes:
            copy.write(
                "".join(
                    f"{head}{ordinal}{foot}{code}\n"
                    for ordinal, code in enumerate(chunk, start=done + 1)
                )
            )
            done += len(chunk)
            on_done(done)

"""Many vouchers off the shelf at once: a job that does one after the other (queue `imports`)."""

import uuid
from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import select

from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role, VoucherStatus
from voucherweb.errors import Refusal, invalid, refuse
from voucherweb.models import Voucher
from voucherweb.services import audit, jobs
from voucherweb.services.jobs import Attempt
from voucherweb.services.vouchers import set_status
from voucherweb.transaction import session, unit_of_work

MOST: Final = 1000


def start_take_down(actor: Actor, voucher_ids: Sequence[uuid.UUID]) -> uuid.UUID:
    """Queue taking these vouchers of the tenant down, once this unit of work has committed; the id
    of the job. An id given twice counts once.

    Raises FORBIDDEN for all but a tenant's admin, and INVALID_PARAMETER for none or over 1,000.
    """
    if actor.role is not Role.TENANT_ADMIN:
        raise refuse("FORBIDDEN")
    wanted = list(dict.fromkeys(voucher_ids))
    if not 1 <= len(wanted) <= MOST:
        raise invalid("ids", f"must be 1 to {MOST:,} vouchers", f"須為 1 至 {MOST:,} 張票券")
    ids = [str(voucher_id) for voucher_id in wanted]
    job_id = jobs.submit(jobs.BULK_OFF, actor.key, tenant_id=actor.tenant_id, ids=ids)
    audit.record(actor, "voucher.bulk_off", "job", job_id, count=len(ids))
    return job_id


def run_take_down(attempt: Attempt, on_progress: Callable[[int], None]) -> None:
    """Take the vouchers of a job down, each in a unit of work of its own together with the note
    of it. A cancellation therefore comes between two, and another attempt goes on where this one
    was broken off.

    The result is {total, handled, takenDown, skipped: [{id, voucherNo, title, code}]}; `code` is
    NOT_EXIST or VOUCHER_UPDATE_STATUS_NOT_ALLOWED. Raises `Superseded`.
    """
    ids = [uuid.UUID(voucher_id) for voucher_id in attempt.params["ids"]]
    with unit_of_work():
        done = jobs.noted(attempt) or _nothing_yet(len(ids))
    for voucher_id in ids[done["handled"] :]:
        done = _one(attempt, voucher_id, done)
        on_progress(_percent(done))
    with unit_of_work():
        jobs.finish(attempt, done)


def _nothing_yet(total: int) -> dict[str, Any]:
    return {"total": total, "handled": 0, "takenDown": 0, "skipped": []}


def _percent(done: dict[str, Any]) -> int:
    handled: int = done["handled"]
    return handled * 100 // int(done["total"])


def _one(attempt: Attempt, voucher_id: uuid.UUID, before: dict[str, Any]) -> dict[str, Any]:
    done = before | {"handled": before["handled"] + 1}
    actor = jobs.actor_of(attempt)
    with unit_of_work():
        try:
            set_status(actor, voucher_id, VoucherStatus.OFF)
            done["takenDown"] += 1
        except Refusal as refusal:
            done["skipped"] = [*before["skipped"], _skipped(actor, voucher_id, refusal)]
        jobs.note(attempt, _percent(done), done)
    return done


def _skipped(actor: Actor, voucher_id: uuid.UUID, refusal: Refusal) -> dict[str, Any]:
    known = session.execute(
        select(Voucher.voucher_no, Voucher.title).where(
            Voucher.id == voucher_id,
            Voucher.tenant_id == actor.tenant_id,
            Voucher.deleted_at.is_(None),
        )
    ).one_or_none()
    number, title = known or (None, None)
    code = refusal.error.code.rpartition(".")[2]
    return {"id": str(voucher_id), "voucherNo": number, "title": title, "code": code}

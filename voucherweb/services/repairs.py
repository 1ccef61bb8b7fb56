"""What an import refused, made good row by row: corrected into its set, or dropped.

Everything that changes an import locks its row first and its set second, as the clean-up does. Who
takes a set for a voucher locks the set, so a set grows before it is taken or not at all. The
result of the job stays what parsing found; the counts of today are those of the import.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, Uuid, cast, delete, exists, insert, or_, select

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.coupon_rules import Problem, check_coupon
from voucherweb.domain.paging import PageRequest
from voucherweb.errors import Detail, invalid, refuse
from voucherweb.models import (
    Coupon,
    CouponImport,
    CouponImportFailure,
    CouponSet,
    Job,
    Voucher,
)
from voucherweb.services import audit, jobs
from voucherweb.services.coupons import CouponTexts, create_set
from voucherweb.services.imports import FAILURE_COLUMNS, as_failed
from voucherweb.services.indexed import as_indexed
from voucherweb.services.paging import fetch_page
from voucherweb.spreadsheets.coupons import FailedRow
from voucherweb.spreadsheets.limits import MAX_SHEET_ROW
from voucherweb.transaction import session

TAKEN_URL = Problem("url", "is already that of a good row", "與其他匯入成功的網址重複")


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """An import as it stands now: total = success + failed; the voucher that has taken its good
    rows, if one has."""

    import_id: uuid.UUID
    total: int
    success: int
    failed: int
    voucher_id: uuid.UUID | None
    voucher_no: str | None
    voucher_title: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ImportRow:
    """An import in the list: its job, and its counts once it has ended well and while it is
    kept."""

    job: Job
    counts: ImportCounts | None

    @property
    def file_name(self) -> str | None:
        """What the admin called the file, if that is known."""
        name: str | None = self.job.params.get("fileName")
        return name


@dataclass(frozen=True, slots=True)
class FreeImport:
    """An import whose good rows a voucher may take; `file_name` is None when it is not known."""

    id: uuid.UUID
    file_name: str | None
    created_at: datetime
    success: int
    failed: int


_COUNTS = (
    CouponImport.id,
    CouponImport.total,
    CouponImport.success,
    CouponImport.failed,
    Voucher.id,
    Voucher.voucher_no,
    Voucher.title,
    CouponImport.expires_at,
)


def import_counts(actor: Actor, import_id: uuid.UUID | None) -> ImportCounts:
    """Raises NOT_EXIST for another tenant's import, and once it has expired."""
    row = session.execute(
        _of(actor, import_id)
        .with_only_columns(*_COUNTS)
        .outerjoin(Voucher, Voucher.coupon_set_id == CouponImport.coupon_set_id)
    ).one_or_none()
    if row is None:
        raise refuse("NOT_EXIST")
    return ImportCounts(*tuple(row))


def list_imports(actor: Actor, asked: PageRequest) -> tuple[list[ImportRow], int]:
    """The tenant's imports of the last 7 days, those that go on and those that failed included;
    sorted by `createdAt`."""
    jobs_of_tenant = select(Job).where(Job.tenant_id == actor.tenant_id, Job.kind == jobs.IMPORT)
    found = cast(Job.result["importId"].astext, Uuid) == CouponImport.id
    query = (
        jobs_of_tenant.add_columns(*_COUNTS)
        .outerjoin(CouponImport, found & (CouponImport.expires_at > clock.now()))
        .outerjoin(Voucher, Voucher.coupon_set_id == CouponImport.coupon_set_id)
    )
    columns = {"createdAt": Job.created_at}
    rows, total = fetch_page(query, asked, columns, Job.id, jobs_of_tenant)
    return [
        ImportRow(job, ImportCounts(*counts) if counts[0] else None) for job, *counts in rows
    ], total


def free_imports(actor: Actor, latest: int, own: uuid.UUID | None = None) -> list[FreeImport]:
    """Among the tenant's latest imports those with good rows that no voucher has taken, or only
    the voucher `own`; latest first."""
    job = (
        select(
            Job.id,
            Job.created_at,
            Job.params["fileName"].astext.label("file_name"),
            Job.result["importId"].astext.label("import_id"),
        )
        .where(Job.tenant_id == actor.tenant_id, Job.kind == jobs.IMPORT)
        .order_by(Job.created_at.desc(), Job.id)
        .limit(latest)
        .subquery("job")
    )
    found, counts = cast(job.c.import_id, Uuid) == CouponImport.id, CouponImport
    query = (
        select(counts.id, job.c.file_name, job.c.created_at, counts.success, counts.failed)
        .join(job, found & (counts.expires_at > clock.now()))
        .outerjoin(Voucher, Voucher.coupon_set_id == counts.coupon_set_id)
        .where(counts.success > 0, or_(Voucher.id.is_(None), Voucher.id == own))
        .order_by(job.c.created_at.desc(), job.c.id)
    )
    return [FreeImport(*row) for row in session.execute(query)]


def failed_page(
    actor: Actor, import_id: uuid.UUID | None, asked: PageRequest
) -> tuple[list[FailedRow], int]:
    """Refused rows with their reasons in both languages, sorted by `rowNumber`, and how many there
    are; raises NOT_EXIST."""
    known = _need(actor, import_id)
    query = select(*FAILURE_COLUMNS).where(CouponImportFailure.import_id == known.id)
    number = CouponImportFailure.row_number
    rows, total = fetch_page(query, asked, {"rowNumber": number}, number)
    return [as_failed(row) for row in rows], total


def failed_row(actor: Actor, import_id: uuid.UUID | None, row_number: int) -> FailedRow:
    """One refused row; raises NOT_EXIST, also once it was repaired or dropped."""
    known = _need(actor, import_id)
    row = None
    if 1 <= row_number <= MAX_SHEET_ROW:  # More than the column can hold, perhaps.
        row = session.execute(
            select(*FAILURE_COLUMNS).where(
                CouponImportFailure.import_id == known.id,
                CouponImportFailure.row_number == row_number,
            )
        ).one_or_none()
    if row is None:
        raise refuse("NOT_EXIST")
    return as_failed(row)


def good_page(
    actor: Actor, import_id: uuid.UUID | None, asked: PageRequest
) -> tuple[list[Coupon], int]:
    """Good rows, repaired ones last, sorted by `ordinal`, and how many there are; raises
    NOT_EXIST."""
    known = _need(actor, import_id)
    query = select(Coupon).where(Coupon.set_id == known.coupon_set_id)
    counted = select(Coupon.ordinal).where(Coupon.set_id == known.coupon_set_id)
    columns = {"ordinal": as_indexed(Coupon.ordinal)}
    rows, total = fetch_page(query, asked, columns, Coupon.ordinal, counted)
    return [one for (one,) in rows], total


def repair_row(
    actor: Actor,
    import_id: uuid.UUID | None,
    row_number: int,
    title: str,
    description: str,
    url: str,
) -> None:
    """Move a refused row, corrected, to the end of the import's good rows.

    Raises INVALID_PARAMETER naming what is still wrong (`title`, `description`, `url`), or
    `importId` when a voucher has taken the good rows; NOT_EXIST for another tenant's import, one
    that has expired, and a row that was repaired or dropped meanwhile.
    """
    texts = (title.strip(), description.strip(), url.strip())
    _refuse_if_wrong(check_coupon(*texts))
    found = _need(actor, import_id, lock=True)
    pool = _free_set(found)
    _remove(found, row_number)
    if pool is None:
        found.coupon_set_id = create_set(found.tenant_id, [texts]).id
    else:
        _append(pool, texts)
    found.success += 1
    found.failed -= 1
    audit.record(
        actor, "coupon.repair", "coupon_import", found.id, row=row_number, set=_set_of(found)
    )
    session.flush()


def drop_row(actor: Actor, import_id: uuid.UUID | None, row_number: int) -> None:
    """Forget a refused row; raises NOT_EXIST."""
    found = _need(actor, import_id, lock=True)
    _remove(found, row_number)
    found.failed -= 1
    found.total -= 1
    audit.record(actor, "coupon.drop", "coupon_import", found.id, row=row_number)
    session.flush()


def drop_all(actor: Actor, import_id: uuid.UUID | None) -> int:
    """Forget every refused row of an import; how many there were. Raises NOT_EXIST."""
    found = _need(actor, import_id, lock=True)
    gone = session.execute(
        delete(CouponImportFailure)
        .where(CouponImportFailure.import_id == found.id)
        .returning(CouponImportFailure.row_number)
    )
    count = len(gone.all())
    found.failed -= count
    found.total -= count
    audit.record(actor, "coupon.drop_all", "coupon_import", found.id, count=count)
    session.flush()
    return count


def _of(actor: Actor, import_id: uuid.UUID | None) -> Select[CouponImport]:
    return select(CouponImport).where(
        CouponImport.id == import_id,
        CouponImport.tenant_id == actor.tenant_id,
        CouponImport.expires_at > clock.now(),
    )


def _need(actor: Actor, import_id: uuid.UUID | None, *, lock: bool = False) -> CouponImport:
    query = _of(actor, import_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise refuse("NOT_EXIST")
    return found


def _refuse_if_wrong(problems: Sequence[Problem]) -> None:
    if problems:
        details = [Detail(problem.column, problem.en, problem.zh) for problem in problems]
        raise refuse("INVALID_PARAMETER", details)


def _free_set(found: CouponImport) -> CouponSet | None:
    """The set of an import, locked and not taken; None when the import has none yet."""
    pool = session.scalar(
        select(CouponSet)
        .where(CouponSet.id == found.coupon_set_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    # Asked after the lock, in a statement of its own: a rival that took the set has committed.
    taken = exists().where(Voucher.coupon_set_id == found.coupon_set_id)
    if pool is not None and session.scalar(select(taken)):
        raise invalid(
            "importId",
            "the good rows already belong to a voucher",
            "匯入成功的資料已用於票券，無法再修正",
        )
    return pool


def _remove(found: CouponImport, row_number: int) -> None:
    if not 1 <= row_number <= MAX_SHEET_ROW:  # More than the column can hold, perhaps.
        raise refuse("NOT_EXIST")
    gone = session.execute(
        delete(CouponImportFailure)
        .where(
            CouponImportFailure.import_id == found.id,
            CouponImportFailure.row_number == row_number,
        )
        .returning(CouponImportFailure.row_number)
    )
    if gone.one_or_none() is None:
        raise refuse("NOT_EXIST")


def _append(pool: CouponSet, texts: CouponTexts) -> None:
    title, description, url = texts
    same = exists().where(Coupon.set_id == pool.id, Coupon.url == url)
    if session.scalar(select(same)):
        _refuse_if_wrong([TAKEN_URL])
    pool.total += 1
    values = {"title": title, "description": description, "url": url}
    session.execute(insert(Coupon).values(set_id=pool.id, ordinal=pool.total, **values))


def _set_of(found: CouponImport) -> str:
    return str(found.coupon_set_id)

"""Coupon imports: a workbook in, good rows as a coupon set, bad rows with reasons (behaviour §8).

The workbook waits in the object store under its job's id. Its rows go into the tables while it is
read, in one transaction together with the end of the job, so that nothing half done remains.
"""

import hashlib
import re
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Row, select

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.coupon_rules import Problem
from voucherweb.errors import refuse
from voucherweb.models import Coupon, CouponImport, CouponImportFailure
from voucherweb.services import audit, idempotency, jobs
from voucherweb.services.coupons import create_set
from voucherweb.services.jobs import Attempt
from voucherweb.spreadsheets.coupons import CouponRow, FailedRow, iter_coupons
from voucherweb.spreadsheets.limits import unreadable
from voucherweb.storage.keys import import_key
from voucherweb.storage.protocol import ObjectNotFound, Storage
from voucherweb.transaction import after_commit, session, unit_of_work

KEEP: Final = timedelta(days=7)
PAGE: Final = 2000
# One text in a workbook may be shared by every row: what takes kilobytes there could take
# gigabytes here.
MAX_TEXT: Final = 256 * 1024 * 1024
MAX_NAME: Final = 255
FAILURE_COLUMNS: Final = (
    CouponImportFailure.row_number,
    CouponImportFailure.title,
    CouponImportFailure.description,
    CouponImportFailure.url,
    CouponImportFailure.columns,
    CouponImportFailure.reasons,
    CouponImportFailure.reasons_en,
)
_NOT_IN_DATABASE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import found; the good rows are read by `coupon_page`."""

    import_id: uuid.UUID
    set_id: uuid.UUID | None
    total: int
    success: int
    failed: int

    def as_json(self) -> dict[str, Any]:
        return {
            "importId": str(self.import_id),
            "setId": str(self.set_id) if self.set_id else None,
            "total": self.total,
            "success": self.success,
            "failed": self.failed,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "ImportResult":
        set_id = uuid.UUID(data["setId"]) if data["setId"] else None
        counts = (data["total"], data["success"], data["failed"])
        return cls(uuid.UUID(data["importId"]), set_id, *counts)


def start_import(
    actor: Actor,
    storage: Storage,
    workbook: bytes,
    file_name: str | None = None,
    once_key: str | None = None,
) -> uuid.UUID:
    """Keep the workbook and queue its parsing; the id of the job. `file_name` is what the admin
    called the file. The same workbook sent again under the same `once_key` is the same job.

    Raises IDEMPOTENCY_IN_PROGRESS while the first of them is being kept.
    """
    job_id = uuid.uuid4()
    told: dict[str, Any] = {"fileName": _storable(file_name)[:MAX_NAME]} if file_name else {}
    storage.write(import_key(job_id), workbook)
    try:
        with unit_of_work():
            begun = _begun(actor, workbook, once_key, job_id)
            if begun == job_id:
                jobs.submit(
                    jobs.IMPORT,
                    actor.key,
                    job_id=job_id,
                    tenant_id=actor.tenant_id,
                    stored=True,
                    **told,
                )
                audit.record(actor, "coupon.import", "job", job_id, bytes=len(workbook))
    except BaseException:
        storage.delete(import_key(job_id))
        raise
    if begun != job_id:
        storage.delete(import_key(job_id))
    return begun


def _begun(actor: Actor, workbook: bytes, once_key: str | None, job_id: uuid.UUID) -> uuid.UUID:
    """The job that already reads this workbook for this key; `job_id` when none does."""
    if not once_key:
        return job_id
    print_ = hashlib.sha256(workbook).digest()
    # With the file in the key: another one chosen on the same page is another import.
    key = hashlib.sha256(once_key.encode() + print_).hexdigest()
    known = idempotency.recall(f"import:{actor.key}", key, print_)
    if known is not None:
        return uuid.UUID(known.body.decode())
    answer = idempotency.Answer(202, str(job_id).encode())
    idempotency.store(f"import:{actor.key}", key, print_, answer)
    return job_id


def run_import(attempt: Attempt, storage: Storage, on_progress: Callable[[int], None]) -> None:
    """Parse the workbook of a job and keep what it holds.

    Raises `Refusal` IMPORT_FILE_NOT_READABLE, `Superseded`, and what `on_progress` raises.
    """
    with _local_copy(storage, import_key(attempt.job_id)) as path, unit_of_work():
        result = _keep(attempt, iter_coupons(path, on_progress))
        jobs.finish(attempt, result.as_json())
        after_commit(partial(storage.delete, import_key(attempt.job_id)))


class _local_copy:  # noqa: N801 - a context manager, used like a function.
    """The object as a local file for as long as the block lasts."""

    def __init__(self, storage: Storage, key: str) -> None:
        self._storage, self._key = storage, key
        self._file = tempfile.NamedTemporaryFile(suffix=".xlsx")  # noqa: SIM115 - closed by __exit__.

    def __enter__(self) -> Path:
        try:
            with self._storage.open(self._key) as source:
                shutil.copyfileobj(source, self._file)
        except BaseException as error:
            self._file.close()
            if isinstance(error, ObjectNotFound):
                raise unreadable("The file is no longer there", "檔案已不存在") from error
            raise
        self._file.flush()
        return Path(self._file.name)

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _keep(attempt: Attempt, rows: Iterator[CouponRow | FailedRow]) -> ImportResult:
    if attempt.tenant_id is None:
        raise ValueError("an import belongs to a tenant")
    failures: list[FailedRow] = []
    good = _good_rows(rows, failures)
    first = next(good, None)
    pool = create_set(attempt.tenant_id, chain([first], good)) if first else None
    success = pool.total if pool else 0
    kept = CouponImport(
        id=uuid.uuid4(),
        tenant_id=attempt.tenant_id,
        coupon_set_id=pool.id if pool else None,
        total=success + len(failures),
        success=success,
        failed=len(failures),
        expires_at=clock.now() + KEEP,
    )
    session.add(kept)
    session.flush()
    if failures:
        _copy_failures(kept.id, failures)
    return ImportResult(kept.id, kept.coupon_set_id, kept.total, success, len(failures))


def _good_rows(
    rows: Iterator[CouponRow | FailedRow], failures: list[FailedRow]
) -> Iterator[CouponRow]:
    """The good rows as they are read; the others are put aside."""
    size = 0
    for row in rows:
        size += len(row.title) + len(row.description) + len(row.url)
        if size > MAX_TEXT:
            raise unreadable("The rows hold more text than one import takes", "文字總量過大")
        if isinstance(row, CouponRow):
            yield row
        else:
            failures.append(row)


def _copy_failures(import_id: uuid.UUID, failures: Sequence[FailedRow]) -> None:
    driver = session.connection().connection.driver_connection
    if driver is None:
        raise RuntimeError("the unit of work has no database connection")
    statement = (
        "COPY coupon_import_failures"
        " (import_id, row_number, title, description, url, columns, reasons, reasons_en)"
        " FROM STDIN"
    )
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in failures:
            texts = (_storable(text) for text in (row.title, row.description, row.url))
            columns = [problem.column for problem in row.problems]
            reasons = [problem.zh for problem in row.problems]
            english = [problem.en for problem in row.problems]
            copy.write_row((import_id, row.row_number, *texts, columns, reasons, english))


def _storable(text: str) -> str:
    return _NOT_IN_DATABASE.sub("\ufffd", text)


def coupon_pages(result: ImportResult) -> Iterator[list[dict[str, str]]]:
    """The good rows in their order, some at a time; no connection is held in between.

    Raises `LookupError` when the set went away meanwhile.
    """
    for first in range(1, result.success + 1, PAGE):
        last = min(first + PAGE - 1, result.success)
        with unit_of_work():
            rows = session.execute(
                select(Coupon.title, Coupon.description, Coupon.url)
                .where(Coupon.set_id == result.set_id, Coupon.ordinal.between(first, last))
                .order_by(Coupon.ordinal)
            ).all()
        if len(rows) != last - first + 1:
            raise LookupError(f"coupon set {result.set_id} is gone")
        yield [{"title": row[0], "description": row[1], "url": row[2]} for row in rows]


def need_failures(actor: Actor, import_id: uuid.UUID | None) -> uuid.UUID:
    """The id of an import of the actor's tenant whose failures are kept still.

    Raises RESOURCE_NOT_EXISTS.
    """
    found = session.scalar(
        select(CouponImport.id).where(
            CouponImport.id == import_id,
            CouponImport.tenant_id == actor.tenant_id,
            CouponImport.failed > 0,
            CouponImport.expires_at > clock.now(),
        )
    )
    if found is None:
        raise refuse("RESOURCE_NOT_EXISTS")
    return found


def failed_rows(import_id: uuid.UUID) -> Iterator[FailedRow]:
    """The refused rows in the order of the sheet; no connection is held in between."""
    after = 0
    while True:
        with unit_of_work():
            rows = session.execute(
                select(*FAILURE_COLUMNS)
                .where(
                    CouponImportFailure.import_id == import_id,
                    CouponImportFailure.row_number > after,
                )
                .order_by(CouponImportFailure.row_number)
                .limit(PAGE)
            ).all()
        yield from map(as_failed, rows)
        if len(rows) < PAGE:
            return
        after = rows[-1].row_number


def as_failed(row: Row[*tuple[Any, ...]]) -> FailedRow:
    """A refused row as parsing found it, from `FAILURE_COLUMNS`."""
    reasons = zip(row.columns, row.reasons_en or row.reasons, row.reasons, strict=True)
    problems = tuple(Problem(*one) for one in reasons)
    return FailedRow(row.row_number, row.title, row.description, row.url, problems)

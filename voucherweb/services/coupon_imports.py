"""Pools of a tenant's own codes, out of a file: good rows as a pool, the others with reasons.

The file waits in the object store under its job's id. Its rows go through a temporary table, in
which the database finds those that come twice or that the tenant has already: a million codes are
never in this program's memory. The pool, what was refused and the end of the job come in one
transaction (see coupon_jobs.py).
"""

import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from shutil import copyfileobj
from typing import Any, Final

from sqlalchemy import func, select, text

from voucherweb.domain.actor import Actor
from voucherweb.domain.coupon_codes import CODE_MAX
from voucherweb.domain.coupon_terms import SetTerms
from voucherweb.domain.enums import CouponSource, JobState
from voucherweb.domain.texts import storable
from voucherweb.errors import invalid, refuse
from voucherweb.models import PLATFORM_OWNER, CodeImportFailure, CouponSet
from voucherweb.services import audit, jobs
from voucherweb.services.coupon_jobs import (
    activate,
    again_if_taken,
    driver,
    result_of,
    take_your_time,
    waiting_pool,
)
from voucherweb.services.coupon_sets import add_pool, checked, owner_of
from voucherweb.services.jobs import Attempt
from voucherweb.spreadsheets.codes import CodeRow, iter_codes
from voucherweb.spreadsheets.limits import unreadable
from voucherweb.storage.keys import FILE_TYPES, import_key
from voucherweb.storage.protocol import ObjectNotFound, Storage
from voucherweb.transaction import after_commit, session, unit_of_work

EXTENSIONS: Final = jobs.READ_FILES[jobs.COUPON_IMPORT]
MAX_NAME: Final = 255
MAX_FAILURES: Final = 100_000
"""Refused rows that are kept; of more only the number is."""
_READ: Final = 60
"""Percent of a job after which the file has been read."""

_STAGE: Final = (
    'CREATE TEMP TABLE staged_codes (row_number integer, code text COLLATE "C") ON COMMIT DROP'
)
# Of rows with one code the first counts. What the tenant had before is another pool's.
_STORE: Final = """
INSERT INTO coupons (set_id, ordinal, owner_id, code)
SELECT :pool, row_number() OVER (ORDER BY f.row_number), :owner, f.code
FROM (SELECT code, min(row_number) AS row_number FROM staged_codes GROUP BY code) f
WHERE NOT EXISTS (SELECT 1 FROM coupons c WHERE c.owner_id = :owner AND c.code = f.code)
"""
_REPEATED: Final = """
INSERT INTO code_import_failures (job_id, row_number, code, reason, reason_en)
SELECT :job, r.row_number, r.code, format('與第 %s 列的代碼重複', r.first),
       format('is the same as in row %s', r.first)
FROM (
    SELECT row_number, code, min(row_number) OVER (PARTITION BY code) AS first FROM staged_codes
) r WHERE r.row_number <> r.first
ORDER BY r.row_number LIMIT :most
"""
_KNOWN: Final = """
INSERT INTO code_import_failures (job_id, row_number, code, reason, reason_en)
SELECT :job, f.row_number, f.code, '您已有這個代碼', 'is already a code of yours'
FROM (SELECT code, min(row_number) AS row_number FROM staged_codes GROUP BY code) f
JOIN coupons c ON c.owner_id = :owner AND c.code = f.code AND c.set_id <> :pool
ORDER BY f.row_number LIMIT :most
"""


def start_import(
    actor: Actor,
    storage: Storage,
    tenant_id: uuid.UUID | None,
    terms: SetTerms,
    file: tuple[str, bytes],
    *,
    carried: bool = True,
) -> uuid.UUID:
    """Keep a file (its name and content), record the pool that it is to fill and queue the
    reading; the id of both, the set and its job. `carried` as `jobs.submit` has it. Opens a unit
    of work of its own.

    Raises INVALID_PARAMETER naming every wrong field (`file` for one that is neither .xlsx nor
    .csv, or too large), FORBIDDEN and NOT_EXIST as `owner_of` does.
    """
    name, content = file
    extension = _extension(name, len(content))
    good, job_id = checked(terms), uuid.uuid4()
    storage.write(import_key(job_id, extension), content)
    try:
        with unit_of_work():
            _record(actor, tenant_id, good, job_id, carried, fileName=name, extension=extension)
    except BaseException:
        storage.delete(import_key(job_id, extension))
        raise
    return job_id


def _extension(name: str, size: int) -> str:
    extension = name.rpartition(".")[2].lower()
    if extension not in EXTENSIONS:
        raise invalid("file", "must be a .xlsx or .csv file", "必須是 .xlsx 或 .csv 檔案")
    if size > FILE_TYPES[extension].limit:
        megabytes = FILE_TYPES[extension].limit // 2**20
        raise invalid("file", f"is larger than {megabytes} MB", f"超過 {megabytes} MB")
    return extension


def _record(
    actor: Actor,
    tenant_id: uuid.UUID | None,
    terms: SetTerms,
    job_id: uuid.UUID,
    carried: bool,
    **file: str,
) -> None:
    owner_id = owner_of(actor, tenant_id)
    owner = None if owner_id == PLATFORM_OWNER else owner_id
    add_pool(owner, actor.key, terms, CouponSource.IMPORT, job_id)
    told = {"fileName": _shown(file["fileName"])[:MAX_NAME], "extension": file["extension"]}
    jobs.submit(
        jobs.COUPON_IMPORT,
        actor.key,
        job_id=job_id,
        tenant_id=owner,
        carried=carried,
        stored=True,
        name=terms.name,
        **told,
    )
    audit.record(actor, "coupon_set.import", "coupon_set", job_id, owner, name=terms.name, **told)


def run_import(attempt: Attempt, storage: Storage, on_progress: Callable[[int], None]) -> None:
    """Read the file of a job and fill its pool; the result is {setId, total, success, failed}.
    Without a good row there is no pool, and `setId` is null.

    Raises `Refusal` IMPORT_FILE_NOT_READABLE, `Superseded`, and what `on_progress` raises.
    """
    extension: str = attempt.params["extension"]
    key = import_key(attempt.job_id, extension)

    def reading(percent: int) -> None:
        on_progress(percent * _READ // 100)

    with _local_copy(storage, key, extension) as path:
        again_if_taken(
            lambda: _keep(attempt, iter_codes(path, extension, reading), storage, on_progress)
        )


@contextmanager
def _local_copy(storage: Storage, key: str, extension: str) -> Iterator[Path]:
    with tempfile.NamedTemporaryFile(suffix=f".{extension}") as file:
        try:
            with storage.open(key) as source:
                copyfileobj(source, file)
        except ObjectNotFound as error:
            raise unreadable("The file is no longer there", "檔案已不存在") from error
        file.flush()
        yield Path(file.name)


def _keep(
    attempt: Attempt,
    rows: Iterator[CodeRow],
    storage: Storage,
    on_progress: Callable[[int], None],
) -> None:
    with unit_of_work():
        take_your_time()
        pool = waiting_pool(attempt)
        refused: list[CodeRow] = []
        total = _stage(rows, refused)
        if total == 0:
            raise unreadable("The file holds no codes", "檔案沒有任何代碼")
        on_progress(_READ)
        success = _store(attempt, pool, refused)
        if success:
            activate(pool, success)
        else:
            session.delete(pool)
        jobs.finish(attempt, result_of(pool if success else None, success, total - success))
        extension = attempt.params["extension"]
        after_commit(partial(storage.delete, import_key(attempt.job_id, extension)))


def _stage(rows: Iterator[CodeRow], refused: list[CodeRow]) -> int:
    """Put good rows into the temporary table and the first of the others aside; how many rows
    there are."""
    session.execute(text(_STAGE))
    total = 0
    statement = "COPY staged_codes (row_number, code) FROM STDIN"
    with driver().cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            total += 1
            if row.problem is None:
                copy.write_row((row.number, row.code))
            elif len(refused) < MAX_FAILURES:
                refused.append(row)
    session.execute(text("ANALYZE staged_codes"))
    return total


def _store(attempt: Attempt, pool: CouponSet, refused: Sequence[CodeRow]) -> int:
    """The number of codes that the pool has now; what was refused is kept with its reasons."""
    known = {"pool": pool.id, "owner": pool.owner_id, "job": attempt.job_id}
    _copy_refused(attempt.job_id, refused)
    stored: Any = session.execute(text(_STORE), known)
    success: int = stored.rowcount
    room = MAX_FAILURES - len(refused)
    for statement in (_REPEATED, _KNOWN):
        added: Any = session.execute(text(statement), {**known, "most": room})
        room -= added.rowcount
    return success


def _copy_refused(job_id: uuid.UUID, refused: Sequence[CodeRow]) -> None:
    statement = "COPY code_import_failures (job_id, row_number, code, reason, reason_en) FROM STDIN"
    with driver().cursor() as cursor, cursor.copy(statement) as copy:
        for row in refused:
            english, chinese = row.problem or ("", "")
            # What is too long to be a code is too long to be shown whole.
            shown = _shown(row.code)[: 2 * CODE_MAX]
            copy.write_row((job_id, row.number, shown, chinese, english))


def _shown(given: str) -> str:
    """A text that the database can hold."""
    return (
        given if storable(given) else "".join(one if storable(one) else "\ufffd" for one in given)
    )


def list_refused(
    actor: Actor, job_id: uuid.UUID | None, size: int, offset: int = 0
) -> tuple[Sequence[CodeImportFailure], int]:
    """A page of the rows that an import refused, in the file's order, and how many are kept.

    Raises NOT_EXIST for a job that the actor may not see, and for one that has not ended well.
    """
    job = jobs.own_job(actor, job_id)
    if job.kind != jobs.COUPON_IMPORT or job.state != JobState.DONE:
        raise refuse("NOT_EXIST")
    return refused_rows(job.id, size, offset)


def refused_rows(
    job_id: uuid.UUID, size: int, offset: int = 0
) -> tuple[Sequence[CodeImportFailure], int]:
    """The same of any job, for whoever need not be asked who he is."""
    query = select(CodeImportFailure).where(CodeImportFailure.job_id == job_id)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    in_order = query.order_by(CodeImportFailure.row_number).limit(size).offset(offset)
    return session.scalars(in_order).all(), total

"""Exports: lists and figures as files, written by a job (queue `imports`).

What can be exported is told in `export_kinds`. Everything in a file is read in one snapshot by a
server-side cursor, written to a temporary file row by row, and then kept in the object store for
seven days, for the admin who asked and his tenant only.
"""

import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final
from zoneinfo import ZoneInfo

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import JobState
from voucherweb.domain.words import Words
from voucherweb.errors import invalid, refuse
from voucherweb.services import audit, jobs
from voucherweb.services.export_kinds import EXPORTS
from voucherweb.services.export_kinds.kind import MAX_ROWS, ExportKind, Filters, Order, Table
from voucherweb.services.jobs import Attempt, Superseded
from voucherweb.spreadsheets.tables import Value, write_csv, write_xlsx
from voucherweb.storage.keys import FILE_TYPES, export_key
from voucherweb.storage.protocol import ObjectNotFound, Storage
from voucherweb.transaction import unit_of_work

FORMATS: Final = ("xlsx", "csv")
_BLOCK: Final = 64 * 1024
_STEP: Final = 500
_ALL_WRITTEN: Final = 95
_CHARSETS: Final = {"csv": "; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file on its way out; `size` in bytes. Reading `blocks` to the end, or closing them, lets
    go of the store."""

    file_name: str
    media_type: str
    size: int
    blocks: Iterator[bytes]


def name_of(what: str) -> Words:
    """What a kind of export is called."""
    return EXPORTS[what].name


def start_export(
    actor: Actor, what: str, extension: str, filters: Mapping[str, Any], *, english: bool = False
) -> uuid.UUID:
    """Queue an export once this unit of work has committed; the id of the job.

    `filters` holds JSON values as the kind tells them. Raises INVALID_PARAMETER for a kind, format
    or filter that there is not, NOT_EXIST for what the actor may not see, FORBIDDEN.
    """
    kind = EXPORTS.get(what)
    if kind is None:
        raise invalid("what", "is no known export", "沒有這種匯出")
    if extension not in FORMATS:
        raise invalid("format", "must be xlsx or csv", "必須是 xlsx 或 csv")
    for name, value in filters.items():
        if isinstance(value, str) and "\0" in value:
            raise invalid(name, "must not contain NUL", "不可包含 NUL 字元")
    kind.need(actor, Filters(filters))
    asked: dict[str, Any] = {"what": what, "format": extension, "filters": dict(filters)}
    job_id = jobs.submit(
        jobs.EXPORT, actor.key, tenant_id=actor.tenant_id, stored=True, english=english, **asked
    )
    audit.record(actor, "export.start", "job", job_id, **asked)
    return job_id


def run_export(
    attempt: Attempt, storage: Storage, zone: ZoneInfo, on_progress: Callable[[int], None]
) -> None:
    """Write the file of a job and keep it; the result is {fileName, bytes, rows, attempt}.

    Raises `Refusal` when there are too many rows, `Superseded`, and what `on_progress` raises.
    """
    kind, extension = EXPORTS[attempt.params["what"]], attempt.params["format"]
    order = Order(
        jobs.actor_of(attempt), Filters(attempt.params["filters"]), attempt.params["english"], zone
    )
    key = export_key(attempt.job_id, attempt.number, extension)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "export")
        with unit_of_work(snapshot=True):
            rows = _write(path, extension, kind, order, on_progress)
        result = {
            "fileName": _file_name(kind, order, extension),
            "bytes": path.stat().st_size,
            "rows": rows,
            "attempt": attempt.number,
        }
        storage.write(key, path.read_bytes())
    try:
        with unit_of_work():
            jobs.finish(attempt, result)
    except Superseded:
        storage.delete(key)
        raise


def _write(
    path: Path, extension: str, kind: ExportKind, order: Order, on_progress: Callable[[int], None]
) -> int:
    table = kind.read(order)
    most = kind.most_lines if extension == "csv" and kind.most_lines else MAX_ROWS
    if table.total > most:
        raise invalid(
            "filters",
            f"match {table.total:,} rows; at most {most:,} can be exported at once",
            f"符合 {table.total:,} 筆，一次最多匯出 {most:,} 筆，請縮小範圍",
        )
    header = [order.word(words) for words in kind.header]
    rows = _reported(table, on_progress)
    if extension == "csv":
        return write_csv(path, header, rows)
    return write_xlsx(path, header, rows, order.word(kind.name))


def _reported(table: Table, on_progress: Callable[[int], None]) -> Iterator[Sequence[Value]]:
    for at, row in enumerate(table.rows):
        if at % _STEP == 0:
            on_progress(min(_ALL_WRITTEN, at * _ALL_WRITTEN // max(table.total, 1)))
        yield row
    on_progress(_ALL_WRITTEN)


def _file_name(kind: ExportKind, order: Order, extension: str) -> str:
    name = order.word(kind.name).replace(" ", "-")
    return f"{name}_{order.local(clock.now()):%Y%m%d_%H%M%S}.{extension}"


def open_export(actor: Actor, storage: Storage, job_id: uuid.UUID | None) -> ExportFile:
    """The file of an export that the actor or his tenant has; the download is put on record.

    Raises NOT_EXIST for another's, and when there is no file, not yet or no longer.
    """
    job = jobs.own_job(actor, job_id)
    if job.kind != jobs.EXPORT or job.state != JobState.DONE or job.result is None:
        raise refuse("NOT_EXIST")
    extension = job.params["format"]
    key = export_key(job.id, job.result["attempt"], extension)
    with ExitStack() as opened:
        try:
            stream = opened.enter_context(storage.open(key))
        except ObjectNotFound:
            raise refuse("NOT_EXIST") from None
        audit.record(actor, "export.open", "job", job.id, what=job.params["what"])
        media_type = FILE_TYPES[extension].media_type + _CHARSETS.get(extension, "")
        blocks = _Blocks(stream, opened.pop_all())
    return ExportFile(job.result["fileName"], media_type, job.result["bytes"], blocks)


class _Blocks(Iterator[bytes]):
    """The bytes of a stream, which is closed after the last or by `close`: web servers call it
    when a client goes away."""

    def __init__(self, stream: BinaryIO, opened: ExitStack) -> None:
        self._stream, self._opened = stream, opened

    def __next__(self) -> bytes:
        block = self._stream.read(_BLOCK)
        if not block:
            self.close()
            raise StopIteration
        return block

    def close(self) -> None:
        self._opened.close()

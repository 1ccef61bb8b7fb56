"""`backup`: the whole system in one file, while it runs (behaviour §10).

The tables are read in one REPEATABLE READ snapshot, so that the books in it balance, and the
objects afterwards: what a row names was stored before the row. Redis holds nothing to keep: its
queues are filled again from the jobs table.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import structlog
from psycopg import Connection
from sqlalchemy import text

from voucherweb.domain import clock
from voucherweb.services import backup_tables as tables
from voucherweb.services.backup_archive import (
    FORMAT,
    ArchiveWriter,
    BackupError,
    Manifest,
    TableEntry,
    new_archive,
)
from voucherweb.services.figures import version
from voucherweb.storage.local import LocalStorage
from voucherweb.storage.local_archive import keys
from voucherweb.storage.protocol import ObjectNotFound, Storage
from voucherweb.transaction import session, unit_of_work

LOCAL = "local"
_CHUNK = 256 * 1024
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What a backup holds: rows over all tables, objects and their bytes, the file's bytes."""

    revision: str
    rows: int
    objects: int
    object_bytes: int
    file_bytes: int
    store: str


def write_backup(file: Path, storage: Storage) -> BackupReport:
    """Write a backup to `file`, replacing an older one only by a whole one.

    The bucket of an S3 store is not in it. Raises `BackupError` when the schema is missing or
    being changed, or the file cannot be written.
    """
    try:
        with new_archive(file) as archive, unit_of_work(snapshot=True):
            manifest = _fill(archive, driver_connection(), storage)
            archive.finish(manifest)
        size = file.stat().st_size
    except OSError as error:
        raise BackupError(f"{file} cannot be written: {error.strerror}") from error
    return _report(manifest, size)


def _report(manifest: Manifest, size: int) -> BackupReport:
    rows = sum(table.rows for table in manifest.tables.values())
    return BackupReport(
        manifest.revision,
        rows,
        manifest.objects,
        manifest.object_bytes,
        size,
        manifest.store,
    )


def driver_connection() -> Connection:
    """The psycopg connection of the current unit of work, for COPY."""
    found = session.connection().connection.driver_connection
    return cast("Connection", found)


def revision_of_database() -> str | None:
    """The Alembic revision that is in; None for a database without a schema."""
    if session.scalar(text("SELECT to_regclass('public.alembic_version')")) is None:
        return None
    found: str | None = session.scalar(text("SELECT version_num FROM public.alembic_version"))
    return found


def _fill(archive: ArchiveWriter, connection: Connection, storage: Storage) -> Manifest:
    # The snapshot begins here. A schema that was changed since would not fit the rows seen.
    if not tables.try_migration_lock(connection, shared=True):
        raise BackupError("an upgrade of the database is running; try again when it has ended")
    revision = revision_of_database()
    if revision is None:
        raise BackupError("the database has no schema yet: there is nothing to back up")
    tables.fix_text_form(connection)
    columns = tables.columns_by_table(connection)
    tables.lock_against_changes(connection, columns)
    rows = {name: _dump(archive, connection, name, columns[name]) for name in columns}
    sequences = tables.sequences(connection)
    objects, size, store = _objects(archive, storage)
    return Manifest(
        format=FORMAT,
        version=version(),
        revision=revision,
        created_at=clock.now(),
        server=connection.info.parameter_status("server_version") or "",
        tables={name: TableEntry(columns[name], rows[name]) for name in columns},
        sequences=sequences,
        store=store,
        objects=objects,
        object_bytes=size,
    )


def _dump(
    archive: ArchiveWriter, connection: Connection, name: str, columns: tuple[str, ...]
) -> int:
    with archive.entry(f"tables/{name}.copy", packed=True) as sink:
        return tables.dump(connection, name, columns, sink)


def _objects(archive: ArchiveWriter, storage: Storage) -> tuple[int, int, str]:
    """How many, how many bytes, and where the objects are."""
    if not isinstance(storage, LocalStorage):
        log.warning("objects_stay_in_the_bucket", remedy="use the bucket's versions or replication")
        return 0, 0, "s3"
    count = size = 0
    for key in keys(storage):
        try:
            source = storage.open_file(key)
        except ObjectNotFound:
            continue  # Deleted meanwhile, and by its row's deletion no longer needed.
        with source, archive.entry(f"objects/{key}", packed=False) as sink:
            while chunk := source.read(_CHUNK):
                sink.write(chunk)
        count, size = count + 1, size + sink.size
    return count, size, LOCAL

"""`restore`: a backup in the place of what is there, or nothing at all (behaviour §10).

The whole file is compared with its checksums first. Then one transaction removes the old tables,
builds the schema of the backup's revision by the migrations, loads the rows, and checks every
foreign key; the objects change places just before its commit, and back if that fails.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
import structlog
from psycopg import Connection
from psycopg.errors import LockNotAvailable
from redis.exceptions import RedisError
from sqlalchemy import Connection as EngineConnection
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from voucherweb import queueing
from voucherweb.config import APPLICATION_NAME, Settings
from voucherweb.services import backup_tables as tables
from voucherweb.services.backup_archive import (
    ArchiveReader,
    BackupError,
    Manifest,
    open_archive,
)
from voucherweb.services.backups import LOCAL, driver_connection, revision_of_database
from voucherweb.services.proof import Proof, prove
from voucherweb.services.readiness import ROLES, revisions
from voucherweb.storage.keys import InvalidKey
from voucherweb.storage.local import LocalStorage
from voucherweb.storage.local_archive import Replacement
from voucherweb.storage.protocol import Storage, StorageUnavailable
from voucherweb.transaction import session, unit_of_work

_LOCK_SECONDS: Final = 5
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Target:
    """Where to restore to. `build` makes the schema of a revision over a given connection and in
    its transaction; `upgrade` brings the restored schema to that of this release."""

    settings: Settings
    storage: Storage
    build: Callable[[EngineConnection, str], None]
    upgrade: Callable[[], None]
    force: bool = False


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What was restored, and whether its books are right."""

    manifest: Manifest
    rows: int
    proof: Proof


def check_backup(file: Path) -> Manifest:
    """Read a backup from end to end and change nothing; raises `BackupError` for a bad one."""
    with open_archive(file) as archive:
        _require_known(archive.manifest)
        return archive.manifest


def restore_backup(file: Path, target: Target) -> RestoreReport:
    """Put a backup in the place of what is there.

    Raises `BackupError`, with nothing changed, when the file is damaged or of a newer release,
    when the system runs, or when there are data and `force` is not set.
    """
    with open_archive(file) as archive:
        _require_known(archive.manifest)
        with unit_of_work():
            _require_alone(driver_connection())
        _require_silence()
        rows = _replace(archive, target)
    target.upgrade()
    return RestoreReport(archive.manifest, rows, prove())


def _require_known(manifest: Manifest) -> None:
    if manifest.revision not in revisions():
        raise BackupError(
            f"the backup is of release {manifest.version} with schema {manifest.revision}, which "
            "this release does not know: install that release or a newer one"
        )


def _require_silence() -> None:
    """Workers between two jobs hold no session; their signs of life outlast them by seconds."""
    end = time.monotonic() + queueing.SEEN_SECONDS + 1
    told = False
    while alive := _alive():
        if time.monotonic() > end:
            raise BackupError(f"still running: {', '.join(alive)}. Stop the system first")
        if not told:
            log.info("waiting_for_signs_of_life_to_end", roles=alive)
            told = True
        time.sleep(0.5)


def _alive() -> list[str]:
    try:
        return [role for role in ROLES if queueing.seen(role)]
    except RedisError:
        log.warning("redis_away")  # Without it no worker can be at work.
        return []


def _replace(archive: ArchiveReader, target: Target) -> int:
    try:
        with ExitStack() as undo:
            swap = _stage_objects(archive, target.storage, undo)
            undo.enter_context(unit_of_work())
            rows = _replace_tables(archive, target)
            swap()
            return rows
    except (OSError, InvalidKey, StorageUnavailable) as error:
        raise BackupError(f"the objects cannot be restored: {error}") from error
    except DBAPIError as error:
        raise _refused(error.orig) from error
    except psycopg.Error as error:
        raise _refused(error) from error


def _refused(error: object) -> BackupError:
    if isinstance(error, LockNotAvailable):
        return BackupError("somebody uses the database's tables; end that session")
    # The first line names the rule; what follows may quote a row.
    reason = str(error).partition("\n")[0]
    return BackupError(f"PostgreSQL refused the backup, nothing was changed: {reason}")


def _stage_objects(
    archive: ArchiveReader, storage: Storage, undo: ExitStack
) -> Callable[[], object]:
    """Prepare the objects; what is returned puts them in their place."""
    if isinstance(storage, LocalStorage):
        fresh = undo.enter_context(Replacement(storage))
        for key, stream in archive.objects():
            fresh.stage(key, stream)
        return fresh.swap if archive.manifest.store == LOCAL else lambda: None

    def store_all() -> None:
        # Keys are never given twice, so writing beside what is there harms nothing.
        for key, stream in archive.objects():
            storage.write(key, stream.read())

    return store_all


def _replace_tables(archive: ArchiveReader, target: Target) -> int:
    connection = driver_connection()
    session.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'"))
    if not tables.try_migration_lock(connection, shared=False):
        raise BackupError("an upgrade, a backup or another restore is running")
    _require_alone(connection)
    if not target.force and _holds_data(connection):
        raise BackupError("there are data in this database; --force replaces them for good")
    manifest = archive.manifest
    tables.drop_everything(connection)
    target.build(session.connection(), manifest.revision)
    tables.fix_text_form(connection)
    rows = _load(archive, connection)
    if target.settings.production and _demo_accounts(connection):
        raise BackupError("the backup holds demo accounts, which production refuses")
    return rows


def _require_alone(connection: Connection) -> None:
    row = connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND application_name = %s",
        [APPLICATION_NAME],
    ).fetchone()
    if row and row[0]:
        raise BackupError(f"the system runs ({row[0]} sessions in the database). Stop it first")


def _holds_data(connection: Connection) -> bool:
    if revision_of_database() is None:
        return bool(tables.columns_by_table(connection))
    row = connection.execute(
        "SELECT EXISTS (SELECT FROM tenants) OR EXISTS (SELECT FROM admins)"
        " OR EXISTS (SELECT FROM members)"
    ).fetchone()
    return row != (False,)


def _load(archive: ArchiveReader, connection: Connection) -> int:
    wanted = archive.manifest.tables
    there = tables.columns_by_table(connection)
    if there != {name: entry.columns for name, entry in wanted.items()}:
        raise BackupError("the backup's tables are not those of its revision: it was altered")
    with tables.without_guards(connection, wanted):
        for name, entry in wanted.items():
            with archive.table(name) as stream:
                found = tables.load(connection, name, entry, stream)
            if found != entry.rows:
                raise BackupError(f"{name}: {found} rows came out of {entry.rows}")
    tables.set_sequences(connection, archive.manifest.sequences)
    tables.analyze(connection, wanted)
    return sum(entry.rows for entry in wanted.values())


def _demo_accounts(connection: Connection) -> bool:
    return connection.execute("SELECT EXISTS (SELECT FROM admins WHERE demo)").fetchone() == (True,)

"""`backup FILE` and `restore FILE`."""

from pathlib import Path
from typing import Any

import click
from alembic import command as alembic
from flask import current_app
from flask.cli import with_appcontext
from flask_migrate import upgrade
from sqlalchemy import Connection

from voucherweb.cli.command import Answer, OperatorCommand, Outcome, settings, storage
from voucherweb.embedded.claims import holder
from voucherweb.extensions import db
from voucherweb.services.backup_archive import BackupError, Manifest
from voucherweb.services.backups import write_backup
from voucherweb.services.restores import RestoreReport, Target, check_backup, restore_backup

_FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@click.command("backup", cls=OperatorCommand)
@_FILE
@with_appcontext
def backup(file: Path) -> Answer:
    """Write the database and the local objects to FILE, while everything runs.

    FILE holds people's data and password hashes; it is readable by its owner alone. A bucket (S3)
    and the settings are not in it.
    """
    try:
        done = write_backup(file.absolute(), storage())
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    return {
        "file": str(file.absolute()),
        "bytes": done.file_bytes,
        "revision": done.revision,
        "rows": done.rows,
        "objects": done.objects,
        "objectBytes": done.object_bytes,
        "store": done.store,
    }


@click.command("restore", cls=OperatorCommand)
@_FILE
@click.option("--force", is_flag=True, help="Replace the data that are there.")
@click.option("--check", is_flag=True, help="Only read FILE from end to end; change nothing.")
@with_appcontext
def restore(file: Path, force: bool, check: bool) -> Answer | Outcome:
    """Put the contents of FILE in the place of the database and the local objects.

    Everything else must have been stopped. A damaged FILE changes nothing. Ends with a proof of
    the books: exit 1 when they are wrong.
    """
    try:
        if check:
            return _contents(check_backup(file))
        return _told(_restore(file, force=force))
    except BackupError as error:
        raise click.ClickException(str(error)) from error


def _restore(file: Path, *, force: bool) -> RestoreReport:
    running = holder(settings().data_dir)
    if running is not None and running.owner == "instance":
        raise BackupError(f"the system runs over this DATA_DIR (pid {running.pid}). Stop it first")
    db.engine.dispose()  # Our own idle sessions must not look like a running system.
    return restore_backup(file, Target(settings(), storage(), _build, upgrade, force))


def _build(connection: Connection, revision: str) -> None:
    """Run the migrations up to a revision inside the connection's transaction."""
    config = current_app.extensions["migrate"].migrate.get_config()
    config.attributes["connection"] = connection
    alembic.upgrade(config, revision)


def _contents(manifest: Manifest) -> Answer:
    return {
        "revision": manifest.revision,
        "version": manifest.version,
        "createdAt": manifest.created_at.isoformat(),
        "rows": sum(table.rows for table in manifest.tables.values()),
        "objects": manifest.objects,
        "store": manifest.store,
    }


def _told(done: RestoreReport) -> Outcome:
    books: dict[str, Any] = {"ok": done.proof.ok, "checked": done.proof.checked}
    if done.proof.first_bad is not None:
        books["firstBad"] = done.proof.first_bad
    answer = {**_contents(done.manifest), "books": books}
    return Outcome(answer, exit_code=0 if done.proof.ok else 1)

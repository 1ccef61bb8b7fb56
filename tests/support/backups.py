"""Backups and restores in this process, and all that they must give back."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from flask import Flask
from psycopg import sql

from voucherweb import create_app
from voucherweb.cli.backup import _build
from voucherweb.config import Settings
from voucherweb.extensions import db
from voucherweb.services import backup_tables, per_process
from voucherweb.services.backups import write_backup
from voucherweb.services.restores import RestoreReport, Target, restore_backup
from voucherweb.storage.local import LocalStorage
from voucherweb.transaction import session

SHAPE = """
    SELECT conrelid::regclass::text || conname || pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
    UNION ALL SELECT tgrelid::regclass::text || tgname || tgenabled::text FROM pg_trigger
    WHERE NOT tgisinternal ORDER BY 1
"""
State = dict[str, str]


def state(settings: Settings) -> State:
    """A checksum of every table, of the schema's rules and of every object."""
    with psycopg.connect(settings.libpq_url) as connection:
        found = {"rules": str(connection.execute(SHAPE).fetchall())}
        for name in backup_tables.columns_by_table(connection):
            query = sql.SQL("SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} t")
            row = connection.execute(query.format(sql.Identifier(name))).fetchone()
            found[name] = str(row)
    objects = settings.data_dir / "objects"
    for path in objects.rglob("*.*"):
        if path.is_file():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            found[str(path.relative_to(objects))] = digest
    return found


def clear_objects(settings: Settings) -> None:
    for path in (settings.data_dir / "objects").rglob("*.*"):
        if path.is_file():
            path.unlink()


def store(app: Flask) -> LocalStorage:
    found: LocalStorage = app.extensions["storage"]
    return found


def back_up(app: Flask, folder: Path) -> Path:
    file = folder / "backup.zip"
    with app.app_context():
        write_backup(file, store(app))
    return file


def restore(file: Path, settings: Settings, *, force: bool = False) -> RestoreReport:
    """Restore as the command does, in an application of its own."""
    app = create_app(settings)
    with app.app_context():
        target = Target(settings, store(app), _build, lambda: None, force)
        try:
            return restore_backup(file, target)
        finally:
            db.engine.dispose()


@contextmanager
def alone(app: Flask) -> Iterator[None]:
    """Without this test's own sessions, which look like those of a running system."""
    with app.app_context():
        session.remove()
        db.engine.dispose()
    per_process.close_all()
    yield

"""Backup and restore: the drill, and what must never happen (behaviour §10)."""

import dataclasses
import hashlib
import json
import threading
import tracemalloc
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from psycopg import sql

from tests.support import cast
from tests.support.cast import Caller
from tests.support.engines import TestEngines, make_settings
from voucherweb import create_app, queueing
from voucherweb.cli.backup import _build
from voucherweb.config import APPLICATION_NAME, Settings
from voucherweb.domain.actor import OPERATOR
from voucherweb.embedded.engines import EngineOptions, start_engines
from voucherweb.extensions import db
from voucherweb.models import Member
from voucherweb.services import backup_tables, per_process, points
from voucherweb.services.backup_archive import BackupError, new_archive, open_archive
from voucherweb.services.backups import write_backup
from voucherweb.services.restores import RestoreReport, Target, check_backup, restore_backup
from voucherweb.storage.keys import object_key
from voucherweb.storage.local import LocalStorage
from voucherweb.transaction import session, unit_of_work

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


@pytest.fixture
def source(app: Flask, admin: Caller, settings: Settings) -> Iterator[Flask]:
    """A system with books, vouchers, redeemed pieces and objects, and nothing of other tests."""
    _clear_objects(settings)
    voucher = cast.issue(admin, volume=5)
    spender = cast.make_member(admin.client, settings)
    spender.data("/voucher/redeem", {"voucherId": voucher})
    for number in range(3):
        store(app).write(object_key(True, "png"), bytes([number]) * 70_000)
    yield app
    _clear_objects(settings)


def _clear_objects(settings: Settings) -> None:
    for path in (settings.data_dir / "objects").rglob("*.*"):
        if path.is_file():
            path.unlink()


@pytest.fixture
def empty(engines: TestEngines, settings: Settings, tmp_path: Path) -> Iterator[Settings]:
    """Settings of another, empty database and another DATA_DIR."""
    name = f"restored_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(engines.database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        url = engines.database_url.replace(connection.info.dbname + "?", name + "?", 1)
        yield make_settings(TestEngines(url, engines.redis_url), tmp_path / "data")
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


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


def test_the_drill_gives_back_every_row_rule_and_object(
    source: Flask, settings: Settings, empty: Settings, tmp_path: Path
) -> None:
    file = back_up(source, tmp_path)
    report = restore(file, empty)
    assert report.proof.ok
    assert report.proof.checked > 0
    assert state(empty) == state(settings)
    assert (report.manifest.objects, report.manifest.object_bytes) == (3, 210_000)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_restored_system_goes_on_where_the_other_stopped(
    source: Flask, empty: Settings, tmp_path: Path
) -> None:
    restore(back_up(source, tmp_path), empty)
    app = create_app(empty)
    with app.app_context():
        try:
            tenant = cast.make_tenant()
            cast.fund(tenant)
            admin = cast.make_admin(app.test_client(), empty, tenant)
            assert cast.issue(admin)
            with (
                pytest.raises(psycopg.errors.RestrictViolation),
                psycopg.connect(empty.libpq_url) as connection,
            ):
                connection.execute("DELETE FROM points_entries")
        finally:
            db.engine.dispose()


def _write_until(app: Flask, over: threading.Event, member_id: uuid.UUID) -> None:
    with app.app_context():
        while not over.is_set():
            with unit_of_work():
                points.grant(OPERATOR, member_id, 1, "while a backup runs")


def test_a_backup_among_writers_has_books_that_balance(
    source: Flask, settings: Settings, empty: Settings, tmp_path: Path
) -> None:
    with unit_of_work():
        members = [row.id for row in session.query(Member).all()]
    over = threading.Event()
    writers = [
        threading.Thread(target=_write_until, args=(source, over, members[n % len(members)]))
        for n in range(4)
    ]
    for writer in writers:
        writer.start()
    files = [back_up(source, tmp_path).rename(tmp_path / f"{n}.zip") for n in range(3)]
    over.set()
    for writer in writers:
        writer.join()
    rows = [check_backup(file).tables["points_entries"].rows for file in files]
    assert rows[0] < rows[1] < rows[2]
    assert restore(files[1], empty).proof.ok


def test_a_backup_moves_to_another_server_version(
    source: Flask, settings: Settings, tmp_path: Path
) -> None:
    file = back_up(source, tmp_path)
    options = EngineOptions(
        tmp_path / "engines", mode="wheel", durable=False, log=lambda _line: None
    )
    with start_engines(options) as engines:
        urls = TestEngines(engines.database_url, engines.redis_url)
        moved = make_settings(urls, tmp_path / "moved")
        assert restore(file, moved).proof.ok
        assert state(moved) == state(settings)


def _flip(at: float) -> Callable[[Path], None]:
    def damage(file: Path) -> None:
        data = bytearray(file.read_bytes())
        data[int(len(data) * at)] ^= 0x40
        file.write_bytes(data)

    return damage


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-200])


def _rewrite(change: Callable[[dict[str, bytes]], object]) -> Callable[[Path], None]:
    """Another zip of the entries, itself sound, with something changed."""

    def damage(file: Path) -> None:
        with zipfile.ZipFile(file) as old:
            entries = {name: old.read(name) for name in old.namelist()}
        change(entries)
        with zipfile.ZipFile(file, "w") as new:
            for name, data in entries.items():
                new.writestr(name, data)

    return damage


DAMAGE = {
    "a bit flipped early": _flip(0.1),
    "a bit flipped in the middle": _flip(0.5),
    "a bit flipped late": _flip(0.9),
    "the end cut off": _cut,
    "an entry missing": _rewrite(lambda entries: entries.pop("tables/members.copy")),
    "a foreign entry": _rewrite(lambda entries: entries.update({"tables/x.copy": b""})),
    "a table exchanged": _rewrite(lambda entries: entries.update({"tables/cards.copy": b"1\n"})),
    "no checksums": _rewrite(lambda entries: entries.pop("SHA256SUMS")),
    "no backup at all": lambda file: file.write_bytes(b"hello"),
    "nothing": lambda file: file.unlink(),
}


def test_a_damaged_backup_is_refused_and_changes_nothing(
    source: Flask, settings: Settings, tmp_path: Path
) -> None:
    sound = back_up(source, tmp_path).read_bytes()
    before = state(settings)
    for number, (kind, damage) in enumerate(DAMAGE.items()):
        file = tmp_path / f"{number}.zip"
        file.write_bytes(sound)
        damage(file)
        with alone(source), pytest.raises(BackupError, match=r"damaged|no backup|no file"):
            restore(file, settings, force=True)
        assert state(settings) == before, kind


def _with_broken_rows(file: Path, target: Path) -> None:
    """A backup whose checksums are right and whose rows break a foreign key."""
    with open_archive(file) as old, new_archive(target) as new:
        for name in old.manifest.tables:
            with new.entry(f"tables/{name}.copy", packed=True) as sink, old.table(name) as rows:
                data = rows.read()
                sink.write(b"" if name == "members" else data)
        tables = old.manifest.tables
        tables["members"] = dataclasses.replace(tables["members"], rows=0)
        new.finish(old.manifest)


def test_rows_that_break_a_rule_leave_everything_as_it_was(
    source: Flask, settings: Settings, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.zip"
    _with_broken_rows(back_up(source, tmp_path), broken)
    before = state(settings)
    with alone(source), pytest.raises(BackupError, match="fk_"):
        restore(broken, settings, force=True)
    assert state(settings) == before


def test_objects_change_places_only_with_the_rows(
    source: Flask, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = back_up(source, tmp_path)
    store(source).write(object_key(True, "png"), b"newer than the backup")
    before = state(settings)
    with alone(source):
        monkeypatch.setattr(type(session()), "commit", _failing_commit(type(session()).commit))
        with pytest.raises(BackupError, match="went away"):
            restore(file, settings, force=True)
    monkeypatch.undo()
    assert state(settings) == before
    assert not (settings.data_dir / "objects" / ".restore").exists()


def _failing_commit(real: Callable[[object], None]) -> Callable[[object], None]:
    """The first commit ends the look whether the system runs; the second one is the restore's."""
    fails = iter((False, True))

    def commit(session_: object) -> None:
        if next(fails):
            raise psycopg.OperationalError("the server went away")
        real(session_)

    return commit


@contextmanager
def alone(app: Flask) -> Iterator[None]:
    """Without this test's own sessions, which look like those of a running system."""
    with app.app_context():
        session.remove()
        db.engine.dispose()
    per_process.close_all()
    yield


def test_data_are_replaced_only_by_force(source: Flask, settings: Settings, tmp_path: Path) -> None:
    file = back_up(source, tmp_path)
    before = state(settings)
    cast.make_tenant("新的機構")
    with alone(source), pytest.raises(BackupError, match="--force"):
        restore(file, settings)
    assert state(settings) != before
    with alone(source):
        assert restore(file, settings, force=True).proof.ok
    assert state(settings) == before


def test_a_running_web_process_is_noticed(
    source: Flask, settings: Settings, tmp_path: Path
) -> None:
    file = back_up(source, tmp_path)
    with (
        alone(source),
        psycopg.connect(settings.libpq_url, application_name=APPLICATION_NAME),
        pytest.raises(BackupError, match="runs"),
    ):
        restore(file, settings, force=True)


@pytest.mark.parametrize("role", ["imports", "takedown", "scheduler"])
def test_a_running_worker_is_noticed(
    source: Flask, empty: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    file = back_up(source, tmp_path)
    queueing.mark_seen(role)
    monkeypatch.setattr(queueing, "SEEN_SECONDS", -1)
    with pytest.raises(BackupError, match=role):
        restore(file, empty)


def test_production_takes_no_demo_accounts(source: Flask, empty: Settings, tmp_path: Path) -> None:
    with unit_of_work():
        session.execute(db.text("UPDATE admins SET demo = true"))
    file = back_up(source, tmp_path)
    production = dataclasses.replace(empty, environment="production")
    with pytest.raises(BackupError, match="demo"):
        restore(file, production)


def test_a_backup_of_a_newer_release_is_refused(
    source: Flask, empty: Settings, tmp_path: Path
) -> None:
    file, newer = back_up(source, tmp_path), tmp_path / "newer.zip"
    with open_archive(file) as old, new_archive(newer) as new:
        new.finish(dataclasses.replace(old.manifest, revision="9999", version="99"))
    with pytest.raises(BackupError, match="does not know"):
        restore(newer, empty)


def test_a_backup_that_fails_leaves_the_older_one(
    source: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = back_up(source, tmp_path)
    before = file.read_bytes()
    monkeypatch.setattr(backup_tables, "dump", lambda *_: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        back_up(source, tmp_path)
    assert file.read_bytes() == before
    assert list(tmp_path.glob(".backup*")) == []


def test_memory_does_not_grow_with_the_objects(
    source: Flask, empty: Settings, tmp_path: Path
) -> None:
    key = object_key(False, "mp4")
    store(source).write(key, b"x")
    with store(source)._path(key).open("r+b") as file:
        file.truncate(64 * 1024 * 1024)
    tracemalloc.start()
    try:
        restore(back_up(source, tmp_path), empty)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        store(source).delete(key)
    assert peak < 24 * 1024 * 1024


def test_an_empty_database_has_nothing_to_back_up(empty: Settings, tmp_path: Path) -> None:
    app = create_app(empty)
    with app.app_context(), pytest.raises(BackupError, match="no schema"):
        write_backup(tmp_path / "x.zip", store(app))
    with app.app_context():
        db.engine.dispose()
    assert list(tmp_path.glob("*.zip")) == []


def test_the_commands_answer_json_and_exit_codes(
    source: Flask, settings: Settings, tmp_path: Path
) -> None:
    runner, file = source.test_cli_runner(), str(tmp_path / "drill.zip")
    made = runner.invoke(args=["backup", file, "--json"])
    assert made.exit_code == 0, made.output
    assert json.loads(made.stdout)["objects"] == 3
    checked = runner.invoke(args=["restore", file, "--check", "--json"])
    assert json.loads(checked.stdout)["rows"] == json.loads(made.stdout)["rows"]
    with alone(source):
        refused = runner.invoke(args=["restore", file])
        done = runner.invoke(args=["restore", file, "--force", "--json"])
    assert (refused.exit_code, "--force" in refused.stderr) == (1, True)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["books"]["ok"] is True


def test_a_backup_into_no_folder_says_so(source: Flask, tmp_path: Path) -> None:
    answer = source.test_cli_runner().invoke(args=["backup", str(tmp_path / "no" / "b.zip")])
    assert (answer.exit_code, "cannot be written" in answer.stderr) == (1, True)

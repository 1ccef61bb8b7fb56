"""Backup and restore: the drill, and what it must live through (behaviour §10)."""

import json
import threading
import tracemalloc
import uuid
from pathlib import Path

import psycopg
import pytest
from flask import Flask

from tests.support import cast
from tests.support.backups import alone, back_up, restore, state, store
from tests.support.engines import TestEngines, make_settings
from voucherweb import create_app
from voucherweb.config import Settings
from voucherweb.domain.actor import OPERATOR
from voucherweb.embedded.engines import EngineOptions, start_engines
from voucherweb.extensions import db
from voucherweb.models import Member
from voucherweb.services import backup_tables, points
from voucherweb.services.backup_archive import BackupError
from voucherweb.services.backups import write_backup
from voucherweb.services.restores import check_backup
from voucherweb.storage.keys import object_key
from voucherweb.transaction import session, unit_of_work


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

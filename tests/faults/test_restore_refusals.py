"""What is never restored, and that a refused restore changes nothing (behaviour §10)."""

import dataclasses
import zipfile
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from flask import Flask

from tests.support import cast
from tests.support.backups import alone, back_up, restore, state, store
from voucherweb import queueing
from voucherweb.config import APPLICATION_NAME, Settings
from voucherweb.extensions import db
from voucherweb.services.backup_archive import BackupError, new_archive, open_archive
from voucherweb.storage.keys import object_key
from voucherweb.transaction import session, unit_of_work


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

"""Where the engines live when root may not run them, and whose data they are."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.embedded.conftest import recall, remember
from voucherweb.embedded.binaries import EngineError, choose_postgres, recorded
from voucherweb.embedded.engines import EngineOptions, start_engines
from voucherweb.embedded.quarters import (
    SYSTEM_PLACES,
    Account,
    Quarters,
    find_quarters,
    within_reach,
)

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run engines as another")


@pytest.fixture
def closed_dir(data_dir: Path) -> Iterator[Path]:
    """A DATA_DIR below a home that other accounts cannot enter."""
    home = data_dir / "home"
    home.mkdir(mode=0o700)
    yield home / "clone" / "var"
    outside = recorded(home / "clone" / "var").get("home")
    if outside:
        shutil.rmtree(str(outside))


@as_root
def test_below_a_closed_home_the_data_go_to_a_directory_of_the_system(closed_dir: Path) -> None:
    said: list[str] = []
    with start_engines(
        EngineOptions(closed_dir, "wheel", durable=False, log=said.append)
    ) as engines:
        remember(engines.urls, "far away")
        assert engines.postgres
        assert engines.postgres.data.parent.parent in SYSTEM_PLACES
    assert any("are kept in" in line for line in said)
    with start_engines(EngineOptions(closed_dir, "wheel", durable=False)) as engines:
        assert recall(engines.urls) == (["far away"], ["far away"])


@as_root
def test_a_recorded_place_that_is_gone_is_refused_rather_than_begun_anew(closed_dir: Path) -> None:
    quarters = find_quarters(closed_dir_made(closed_dir), print)
    shutil.rmtree(quarters.home)
    with pytest.raises(EngineError, match="which is gone"):
        find_quarters(closed_dir, print)
    quarters.home.mkdir()


def closed_dir_made(path: Path) -> Path:
    path.mkdir(parents=True)
    return path


@as_root
def test_the_engines_run_as_the_owner_of_their_data(data_dir: Path) -> None:
    (data_dir / "engines").mkdir(mode=0o700)
    os.chown(data_dir / "engines", 65534, 65534)
    with start_engines(EngineOptions(data_dir, "wheel", durable=False)) as engines:
        assert engines.postgres
        assert Path(f"/proc/{engines.postgres.pid}").stat().st_uid == 65534


@as_root
def test_programs_below_a_closed_home_are_copied_where_the_account_can_run_them(
    closed_dir: Path, data_dir: Path
) -> None:
    original = choose_postgres("wheel").directory.parents[1]
    package = closed_dir_made(closed_dir) / original.name
    shutil.copytree(original, package, ignore=shutil.ignore_patterns("include", "share"))
    libraries = original.with_name(f"{original.name}.libs")
    shutil.copytree(libraries, package.with_name(libraries.name))
    account = Account(65534, 65534)
    account.give(data_dir)
    program = package / "pginstall" / "bin" / "initdb"
    quarters = Quarters(data_dir, account)
    copy = within_reach(program, package, quarters, print)
    assert copy.is_relative_to(data_dir)
    assert account.can_run(copy)
    assert not account.can_run(program)
    assert within_reach(program, package, quarters, print) == copy


def test_an_unreadable_record_is_named(data_dir: Path) -> None:
    (data_dir / "engines.json").write_text("{half")
    with pytest.raises(EngineError, match=r"cannot read .*engines\.json"):
        find_quarters(data_dir, print)

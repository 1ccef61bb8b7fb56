"""Which programs are chosen."""

from pathlib import Path

import pytest

from voucherweb.embedded.binaries import (
    EngineError,
    all_postgres,
    all_redis,
    as_mode,
    choose_postgres,
    choose_redis,
    wheels_needed,
)
from voucherweb.embedded.quarters import write_record


def make_program(path: Path, says: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> str:
    """A PATH with PostgreSQL 16 and Redis 7.2 on it."""
    make_program(tmp_path / "bin" / "postgres", "postgres (PostgreSQL) 16.3")
    make_program(tmp_path / "bin" / "initdb", "initdb (PostgreSQL) 16.3")
    make_program(tmp_path / "bin" / "redis-server", "Redis server v=7.2.4 sha=0 malloc=x bits=64")
    return str(tmp_path / "bin")


def test_the_machines_own_servers_come_before_the_wheels(machine: str) -> None:
    assert (choose_postgres("auto", None, machine).major) == 16
    assert (choose_redis("auto", None, machine).flavour) == "redis-7"


def test_wheel_ignores_the_machines_own_servers(machine: str) -> None:
    assert choose_postgres("wheel", None, machine).source == "wheel"
    assert choose_redis("wheel", None, machine).source == "wheel"


def test_system_says_what_to_do_when_the_machine_has_none(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"no PostgreSQL was found.*DATABASE_URL"):
        choose_postgres("system", None, str(tmp_path))
    with pytest.raises(EngineError, match=r"no Redis or Valkey was found.*REDIS_URL"):
        choose_redis("system", None, str(tmp_path))


def test_the_major_that_made_the_data_wins_over_the_order(machine: str) -> None:
    recorded = choose_postgres("wheel").major
    assert choose_postgres("auto", recorded, machine).source == "wheel"


def test_another_major_than_the_one_that_made_the_data_is_refused(machine: str) -> None:
    with pytest.raises(EngineError, match="made by PostgreSQL 14; ENGINES=auto offers 16"):
        choose_postgres("auto", 14, machine)


def test_the_flavour_that_held_the_queues_wins_over_the_order(machine: str) -> None:
    before = choose_redis("wheel").flavour
    assert choose_redis("auto", before, machine).flavour == before
    assert choose_redis("auto", "redis-3", machine).flavour == "redis-7"


def test_servers_that_are_too_old_are_passed_over(tmp_path: Path) -> None:
    make_program(tmp_path / "postgres", "postgres (PostgreSQL) 14.9")
    make_program(tmp_path / "initdb", "initdb (PostgreSQL) 14.9")
    make_program(tmp_path / "redis-server", "Redis server v=5.0.3 sha=0")
    assert all_postgres("system", str(tmp_path)) == []
    assert all_redis("system", str(tmp_path)) == []


def test_a_program_that_does_not_run_here_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "redis-server").write_bytes(b"\x7fELF of another machine")
    (tmp_path / "redis-server").chmod(0o755)
    assert all_redis("system", str(tmp_path)) == []


def test_an_unknown_mode_is_refused() -> None:
    assert as_mode("") == "auto"
    with pytest.raises(EngineError, match="ENGINES='docker': expected auto, system or wheel"):
        as_mode("docker")


@pytest.mark.parametrize(
    ("database", "redis", "needed"),
    [(True, True, False), (True, False, True), (False, True, True), (False, False, True)],
)
def test_wheels_are_needed_for_what_has_no_url(
    tmp_path: Path, database: bool, redis: bool, needed: bool
) -> None:
    given = wheels_needed("wheel", tmp_path, database_given=database, redis_given=redis)
    assert given is needed


def test_wheels_are_needed_when_only_they_can_open_the_data(tmp_path: Path) -> None:
    write_record(tmp_path, postgres_major=choose_postgres("wheel").major + 100)
    assert wheels_needed("auto", tmp_path, database_given=False, redis_given=True)

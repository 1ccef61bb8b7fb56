"""The supervisor over real engines and a made-up process table."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from voucherweb.embedded.claims import read_state
from voucherweb.embedded.engines import running_engines
from voucherweb.embedded.processes import alive, descendants, wait_until
from voucherweb.embedded.temporary import temporary_data_dir

PLAN = Path(__file__).with_name("supervised_plan.py")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class System:
    """A supervisor in a process of its own, as `make run` starts it."""

    data_dir: Path
    port: int
    process: "subprocess.Popen[str]"
    lines: list[str] = field(default_factory=list)

    def said(self, text: str) -> bool:
        return any(text in line for line in self.lines)

    def await_line(self, text: str, seconds: float = 60) -> None:
        assert wait_until(lambda: self.said(text), seconds), "\n".join(self.lines)

    def pid(self, name: str) -> int:
        """The latest process id that a made-up process wrote down."""
        return int((self.data_dir / f"{name}.pid").read_text())

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=60)


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with temporary_data_dir() as path:
        yield path


def launch(data_dir: Path, port: int, plan: str = "usual") -> System:
    environ = {"PATH": os.defpath, "DATA_DIR": str(data_dir), "PORT": str(port), "ENGINES": "wheel"}
    process = subprocess.Popen(
        [sys.executable, str(PLAN), plan],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    system = System(data_dir, port, process)

    def read() -> None:
        assert process.stdout
        system.lines.extend(iter(process.stdout.readline, ""))

    threading.Thread(target=read, daemon=True).start()
    return system


@pytest.fixture
def systems() -> Iterator[list[System]]:
    started: list[System] = []
    yield started
    for system in started:
        if system.process.poll() is None:
            system.stop()
        if system.process.stdout:
            wait_until(lambda s=system: s.process.stdout.closed, 0.1)
            system.process.stdout.close()


@pytest.fixture
def system(data_dir: Path, systems: list[System]) -> System:
    systems.append(launch(data_dir, free_port()))
    systems[0].await_line("Ctrl-C stops everything")
    systems[0].await_line("worker  | at work")
    return systems[0]


def test_it_prepares_then_serves_then_prints_address_and_accounts(system: System) -> None:
    log = "\n".join(system.lines)
    steps = ["the schema is there", "running demo", "the demo is there", "ready after"]
    assert [log.index(step) for step in steps] == sorted(log.index(step) for step in steps)
    assert f"http://127.0.0.1:{system.port}" in log
    assert "admin@example.test · secret-of-the-demo" in log


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_leaves_no_process_socket_or_directory(
    system: System, number: signal.Signals
) -> None:
    family = descendants([system.process.pid])
    state = read_state(system.data_dir)
    assert state
    assert state.run_dir
    assert len(family) > 6
    assert system.stop(number) == 0
    assert not [pid for pid in family if alive(pid)]
    assert not Path(state.run_dir).exists()
    assert not (system.data_dir / "engines.state.json").exists()


def test_the_web_server_stops_first_and_the_engines_last(system: System) -> None:
    system.stop()
    order = (system.data_dir / "stopped").read_text().split()
    assert order == ["web", "worker:database-answers"]


@pytest.mark.parametrize("name", ["web", "worker"])
def test_a_killed_child_is_started_again(system: System, name: str) -> None:
    before = system.pid(name)
    os.kill(before, signal.SIGKILL)
    assert wait_until(lambda: system.pid(name) != before and alive(system.pid(name)), 20)
    system.await_line(f"{name} ended (signal 9)")


def test_what_a_killed_child_had_started_dies_with_it(system: System) -> None:
    grandchild = system.pid("grandchild")
    os.kill(system.pid("worker"), signal.SIGKILL)
    assert wait_until(lambda: not alive(grandchild), 20)


def test_a_killed_postgres_is_started_again_at_the_same_address(system: System) -> None:
    urls = running_engines(system.data_dir)
    assert urls
    with psycopg.connect(urls.database_url) as connection:
        row = connection.execute("SELECT pg_postmaster_start_time()::text").fetchone()
    pid_file = system.data_dir / "engines" / "postgres" / "postmaster.pid"
    os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)
    system.await_line("postgres had died and was started again")
    with psycopg.connect(urls.database_url) as connection:
        again = connection.execute("SELECT pg_postmaster_start_time()::text").fetchone()
    assert row != again


def test_a_killed_supervisor_takes_everything_with_it(system: System) -> None:
    family = descendants([system.process.pid])
    system.process.kill()
    system.process.wait()
    assert wait_until(lambda: not any(map(alive, family)), 40)
    assert running_engines(system.data_dir) is None


def test_the_second_start_is_quick_and_has_the_data(system: System, systems: list[System]) -> None:
    system.stop()
    begun = time.monotonic()
    systems.append(launch(system.data_dir, system.port))
    systems[1].await_line("Ctrl-C stops everything", 20)
    assert time.monotonic() - begun < 10
    assert not systems[1].said("running demo")


def test_two_systems_run_side_by_side(system: System, systems: list[System]) -> None:
    other = system.data_dir / "other"
    systems.append(launch(other, free_port()))
    systems[1].await_line("Ctrl-C stops everything")
    assert running_engines(other) != running_engines(system.data_dir)
    assert system.process.poll() is None


def test_a_taken_port_is_named_before_anything_is_started(
    data_dir: Path, systems: list[System]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        systems.append(launch(data_dir, taken.getsockname()[1]))
        assert systems[0].process.wait(timeout=30) == 2
    systems[0].await_line(f"port {systems[0].port} of 127.0.0.1 cannot be used", 5)
    assert list(data_dir.iterdir()) == []


def test_a_failed_migration_stops_the_start_and_leaves_nothing(
    data_dir: Path, systems: list[System]
) -> None:
    systems.append(launch(data_dir, free_port(), "broken"))
    assert systems[0].process.wait(timeout=60) == 2
    systems[0].await_line("migrate failed with exit code 7; its log is above", 5)
    assert running_engines(data_dir) is None


def test_a_child_that_ignores_the_signal_is_killed(data_dir: Path, systems: list[System]) -> None:
    systems.append(launch(data_dir, free_port(), "stubborn"))
    systems[0].await_line("Ctrl-C stops everything")
    stubborn = systems[0].pid("worker")
    assert systems[0].stop() == 0
    assert not alive(stubborn)
    systems[0].await_line("worker does not stop: killing it", 5)

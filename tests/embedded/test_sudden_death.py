"""A process that runs engines is killed without a chance to clean up."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.embedded.conftest import recall, remember
from voucherweb.embedded.claims import State, read_state
from voucherweb.embedded.engines import EngineOptions, running_engines, start_engines
from voucherweb.embedded.processes import alive, wait_until

PROGRAM = """
import sys, time
from pathlib import Path
from voucherweb.embedded.engines import EngineOptions, start_engines
engines = start_engines(EngineOptions(Path(sys.argv[1]), "wheel", owner="instance"))
print(engines.postgres.pid, engines.redis.pid, engines.guard.pid, flush=True)
time.sleep(600)
"""


def run_engines(data_dir: Path) -> tuple["subprocess.Popen[str]", list[int]]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(data_dir)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    return process, [int(word) for word in process.stdout.readline().split()]


def kill(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.communicate()


def known_state(data_dir: Path) -> State:
    state = read_state(data_dir)
    assert state
    assert state.run_dir
    return state


def test_the_guard_stops_the_engines_when_their_owner_is_killed(data_dir: Path) -> None:
    process, pids = run_engines(data_dir)
    sockets = Path(known_state(data_dir).run_dir or "")
    assert sockets.is_dir()
    kill(process)
    assert wait_until(lambda: not any(map(alive, pids)), 20)
    assert not sockets.exists()
    assert running_engines(data_dir) is None


def test_the_next_start_stops_what_even_the_guard_could_not(data_dir: Path) -> None:
    process, (postgres, redis, guard) = run_engines(data_dir)
    found = running_engines(data_dir)
    assert found
    remember(found, "before the crash")
    sockets = Path(known_state(data_dir).run_dir or "")
    os.kill(guard, signal.SIGKILL)
    kill(process)
    assert alive(postgres)
    assert alive(redis)
    with start_engines(EngineOptions(data_dir, "wheel", durable=False)) as engines:
        assert recall(engines.urls) == (["before the crash"], ["before the crash"])
        assert not alive(postgres)
        assert not alive(redis)
        assert not sockets.exists()


def test_a_killed_guard_is_started_again_and_still_knows_its_charges(data_dir: Path) -> None:
    with start_engines(EngineOptions(data_dir, "wheel", durable=False)) as engines:
        first = engines.guard.pid
        os.kill(first, signal.SIGKILL)
        assert wait_until(lambda: not alive(first), 5)
        engines.revive()
        assert engines.guard.pid != first
        assert alive(engines.guard.pid)

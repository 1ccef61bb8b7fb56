"""Look at, signal and await processes that may not be our own children."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Container, Iterable
from pathlib import Path

_PROC = Path("/proc")


def alive(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    status = _stat(pid)
    return status is None or status[0] not in {"Z", "X"}


def _stat(pid: int) -> tuple[str, int] | None:
    """State letter and parent of a process on Linux; None elsewhere or when it has gone."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The program's name stands in brackets and may itself hold brackets and spaces.
    fields = text.rpartition(")")[2].split()
    return fields[0], int(fields[1])


def parents() -> dict[int, int]:
    """pid → parent's pid of every living process; zombies are left out."""
    if (_PROC / "self" / "stat").exists():
        pids = [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdecimal()]
        found = ((pid, _stat(pid)) for pid in pids)
        return {pid: stat[1] for pid, stat in found if stat and stat[0] not in {"Z", "X"}}
    listing = subprocess.run(
        ["/bin/ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=True
    )
    return {int(pid): int(up) for pid, up in (line.split() for line in listing.stdout.splitlines())}


def descendants(roots: Iterable[int]) -> set[int]:
    """The processes below `roots`, the roots themselves not counted."""
    children: dict[int, list[int]] = {}
    for pid, parent in parents().items():
        children.setdefault(parent, []).append(pid)
    below: set[int] = set()
    queue = list(roots)
    while queue:
        for child in children.get(queue.pop(), []):
            if child not in below:
                below.add(child)
                queue.append(child)
    return below


def occupants(directory: Path, names: Container[str], pid_file: Path) -> list[int]:
    """The servers at work in a data directory, the one noted in its pid file first.

    PostgreSQL and Redis work in their data directory, so on Linux this finds all that is left of a
    server whose parent was killed, backends included, and no shell that merely stands there.
    Elsewhere the pid file is all there is to go by.
    """
    noted = _noted(pid_file)
    if not (_PROC / "self" / "cwd").exists():
        return [pid for pid in noted if alive(pid)]
    found = []
    for entry in _PROC.iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):  # It ended meanwhile, or belongs to somebody else.
                at_home = (entry / "cwd").readlink() == directory
                if at_home and (entry / "comm").read_text().strip() in names:
                    found.append(int(entry.name))
    return sorted((pid for pid in found if alive(pid)), key=lambda pid: pid not in noted)


def _noted(pid_file: Path) -> list[int]:
    try:
        return [int(pid_file.read_text(encoding="utf-8").split()[0])]
    except (OSError, ValueError, IndexError):
        return []


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """Signal each process; those that have ended already are none of our business."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def wait_until(done: Callable[[], bool], seconds: float, pause: float = 0.05) -> bool:
    """Poll until `done()`; False when `seconds` have passed first."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() >= end:
            return False
        time.sleep(pause)
    return True


def end_all(
    pids: Iterable[int], steps: Iterable[tuple[signal.Signals, float]], patience: float = 0.0
) -> None:
    """Signal processes that are not our children, ever harder, until none is alive.

    First they get `patience` seconds to end by themselves; `steps` are (signal, seconds to wait
    for it); SIGKILL follows the last.
    """
    watched = [pid for pid in pids if alive(pid)]
    if wait_until(lambda: not any(map(alive, watched)), patience):
        return
    for number, seconds in (*steps, (signal.SIGKILL, 5.0)):
        send((pid for pid in watched if alive(pid)), number)
        if wait_until(lambda: not any(map(alive, watched)), seconds):
            return


def end_child(
    child: "subprocess.Popen[bytes]", steps: Iterable[tuple[signal.Signals, float]]
) -> int:
    """Signal a child ever harder until it ends, SIGKILL last; returns its exit code."""
    for number, seconds in steps:
        if child.poll() is not None:
            break
        child.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=seconds)
    if child.poll() is None:
        child.kill()
    return child.wait()

"""The supervisor's children: started, restarted with growing pauses, ended with all they made."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping

from voucherweb.embedded.console import Console
from voucherweb.embedded.first_start import ROOT
from voucherweb.embedded.guard import Guard
from voucherweb.embedded.process_table import Process
from voucherweb.embedded.processes import descendants, end_all, parents, send, wait_until

GUARD_RANK = 1
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 15.0
STEADY_SECONDS = 20.0
_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> bool:
    """Become the parent of our descendants' orphans (Linux), so that none of them gets lost.

    The job process of a worker that was killed would else live on as a child of init.
    """
    if not sys.platform.startswith("linux"):
        return False
    return bool(ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


def end_orphans(known: Iterable[int]) -> None:
    """Kill and reap every child of ours that we did not start ourselves."""
    ours = set(known)
    me = os.getpid()
    strangers = [pid for pid, parent in parents().items() if parent == me and pid not in ours]
    end_all(descendants(strangers) | set(strangers), ())
    reap_orphans(ours)


def reap_orphans(known: Iterable[int]) -> None:
    """Bury the adopted dead; our own children are left to the objects that started them."""
    ours = set(known)
    with contextlib.suppress(ChildProcessError):
        while True:
            look = os.WEXITED | os.WNOHANG | os.WNOWAIT
            dead = os.waitid(os.P_ALL, 0, look)
            if dead is None or dead.si_pid in ours:
                return
            os.waitpid(dead.si_pid, os.WNOHANG)


class Child:
    """One program of the process table, kept alive."""

    def __init__(
        self, process: Process, environ: Mapping[str, str], console: Console, guard: Guard
    ) -> None:
        self.process = process
        self._environ = {**environ, **process.env}
        self._console = console
        self._guard = guard
        self._popen: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._started = 0.0
        self._failures = 0
        self._due: float | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it lives."""
        return self._popen.pid if self._popen is not None else None

    def start(self) -> None:
        """Start the program in its own session, so that Ctrl-C reaches the supervisor alone."""
        self._due = None
        self._started = time.monotonic()
        self._popen = subprocess.Popen(
            self.process.argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env=self._environ,
            start_new_session=True,
        )
        self._guard.watch(self._popen.pid, signal.SIGTERM, GUARD_RANK)
        if self._popen.stdout is not None:
            self._reader = self._console.follow(self.process.name, self._popen.stdout)

    def exited(self) -> int | None:
        """The exit code, once, after the program ended; None while it lives or waits."""
        if self._popen is None:
            return None
        code = self._popen.poll()
        if code is not None:
            self._forget()
        return code

    def _forget(self) -> None:
        if self._popen is not None:
            self._guard.forget(self._popen.pid)
            self._popen = None

    def schedule_restart(self) -> float:
        """Plan the next start; the pause doubles while it keeps dying young. Returns seconds."""
        now = time.monotonic()
        self._failures = 0 if now - self._started > STEADY_SECONDS else self._failures + 1
        doublings = min(max(self._failures - 1, 0), 10)
        pause = min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)
        self._due = now + pause
        return pause

    def start_if_due(self) -> None:
        if self._due is not None and time.monotonic() >= self._due:
            self.start()

    def ask_to_stop(self) -> None:
        self._due = None
        if self._popen is not None and self._popen.poll() is None:
            self._popen.send_signal(signal.SIGTERM)

    def finish(self, patience: Callable[[float], bool]) -> None:
        """Wait while `patience(seconds waited)`, then kill it and all below it."""
        if self._popen is None:
            return
        popen, begun = self._popen, time.monotonic()
        while popen.poll() is None and patience(time.monotonic() - begun):
            time.sleep(0.03)
        if popen.poll() is None:
            self._console.say(f"{self.process.name} does not stop: killing it")
            send([*descendants([popen.pid]), popen.pid], signal.SIGKILL)
            wait_until(lambda: popen.poll() is not None, 10)
        self._forget()

    def drain(self) -> None:
        """Wait until the last lines are on the console; call it after the orphans have ended."""
        if self._reader is not None:
            self._reader.join(timeout=5)

"""What the two servers have in common: one process with a log, started, watched and ended."""

import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from voucherweb.embedded.binaries import EngineError
from voucherweb.embedded.guard import Guard
from voucherweb.embedded.processes import end_all, end_child, occupants
from voucherweb.embedded.quarters import Log, Quarters

# The servers get this and nothing of ours: a PGDATA or LC_ALL of the user must not reach them.
BARE_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
START_SECONDS = 600.0  # Recovery after a crash may take its time; a dead server is seen at once.
GUARD_RANK = 2
LARGEST_LOG = 10_000_000

Steps = tuple[tuple[signal.Signals, float], ...]


@dataclass(slots=True)
class Server(ABC):
    """One engine process over its data directory, reachable by a unix socket in `run_dir`."""

    quarters: Quarters
    run_dir: Path
    guard: Guard
    log: Log
    name: str
    data: Path
    durable: bool = True
    stopping: Steps = ()
    programs: frozenset[str] = frozenset()
    pid_file: str = ""
    process: "subprocess.Popen[bytes] | None" = field(default=None)

    @abstractmethod
    def command(self) -> list[str]:
        """The program and its arguments."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether the server takes commands now."""

    def at_work(self) -> list[int]:
        """The processes, ours or of an earlier life, that use the data; the leader first."""
        return occupants(self.data.resolve(), self.programs, self.data / self.pid_file)

    @property
    def pid(self) -> int:
        """The server's process id; raises `EngineError` when it was never started."""
        if self.process is None:
            raise EngineError(f"{self.name} is not running")
        return self.process.pid

    @property
    def log_path(self) -> Path:
        return self.quarters.folder("log") / f"{self.name}.log"

    def start(self) -> None:
        """Start and wait until it answers; raises `EngineError` with the end of its log."""
        self.end_leftovers()
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        output = os.open(self.log_path, flags, 0o600)
        try:
            self.process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=BARE_ENVIRONMENT,
                start_new_session=True,
                **self.quarters.account.identity,
            )
        finally:
            os.close(output)
        self.guard.watch(self.pid, self.stopping[0][0], GUARD_RANK)
        try:
            self._await_answer()
        except BaseException:
            self.stop()
            raise

    def _await_answer(self) -> None:
        end = time.monotonic() + START_SECONDS
        while not self.answers():
            if not self.running:
                raise EngineError(
                    f"{self.name} did not start; {self.log_path} ends:\n{self.tail()}"
                )
            if time.monotonic() > end:
                raise EngineError(
                    f"{self.name} gave no answer in {START_SECONDS:.0f} s; "
                    f"{self.log_path} ends:\n{self.tail()}"
                )
            time.sleep(0.03)

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def tail(self, lines: int = 15) -> str:
        """The last lines of the server's log."""
        with self.log_path.open(encoding="utf-8", errors="replace") as file:
            return "".join(deque(file, maxlen=lines)).rstrip()

    def end_leftovers(self) -> None:
        """Stop what an earlier life left over our data, its leader in an orderly way."""
        left = self.at_work()
        if left:
            self.log(f"stopping {self.name} left over from an earlier run (pid {left[0]})")
            end_all(left[:1], self.stopping)
            end_all(self.at_work(), ((signal.SIGQUIT, 2.0),))

    def trim_log(self) -> None:
        """Empty a log that grew too long; the server appends, so it goes on at the beginning."""
        if self.log_path.stat().st_size > LARGEST_LOG:
            os.truncate(self.log_path, 0)

    def revive(self) -> bool:
        """Start the server again if it died; True when that was needed."""
        if self.running:
            return False
        self.guard.forget(self.pid)
        self.start()
        return True

    def stop(self) -> None:
        """End the server in an orderly way; killed only when it does not go."""
        if self.process is not None:
            end_child(self.process, self.stopping)
            self.guard.forget(self.process.pid)
            end_all(self.at_work(), ())

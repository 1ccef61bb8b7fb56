"""Stops what a supervisor leaves behind when it dies without a word (`kill -9`, out of memory).

It runs as a process of its own, reads lines of JSON from a pipe whose other end only the
supervisor holds, and acts when the pipe ends without a goodbye:

    {"watch": pid, "signal": number, "rank": n}   stop it, lower ranks first
    {"forget": pid}                               it has ended in an orderly way
    {"remove": "/tmp/…"}                          a directory to delete at the very end
    {"bye": true}                                 nothing is left to do
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING or __package__:
    from voucherweb.embedded.processes import alive, descendants, end_all, send
else:  # Run by path: importing the package would load the whole app.
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    from processes import alive, descendants, end_all, send

GRACE_SECONDS = 15.0


@dataclass(slots=True)
class Charge:
    """What the guard would have to stop and to delete."""

    watched: dict[int, tuple[int, signal.Signals]] = field(default_factory=dict)
    directories: set[str] = field(default_factory=set)
    over: bool = False

    def note(self, line: str) -> None:
        """Take in one line of the supervisor."""
        word = json.loads(line)
        if "watch" in word:
            self.watched[word["watch"]] = (word["rank"], signal.Signals(word["signal"]))
        elif "forget" in word:
            self.watched.pop(word["forget"], None)
        elif "remove" in word:
            self.directories.add(word["remove"])
        self.over = self.over or "bye" in word

    def carry_out(self) -> int:
        """Stop every watched process with all its offspring; returns how many were alive."""
        stopped = 0
        for rank in sorted({rank for rank, _ in self.watched.values()}):
            leaders = [pid for pid, (its, _) in self.watched.items() if its == rank and alive(pid)]
            family = descendants(leaders) | set(leaders)
            stopped += len(leaders)
            for pid in leaders:
                send([pid], self.watched[pid][1])
            end_all(family, (), patience=GRACE_SECONDS)
        for directory in self.directories:
            shutil.rmtree(directory, ignore_errors=True)
        return stopped


def main() -> None:
    """Listen until the pipe ends, then act if no goodbye came."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    charge = Charge()
    for line in sys.stdin:
        # A supervisor killed in mid-write leaves half a line, which says nothing.
        with contextlib.suppress(json.JSONDecodeError):
            charge.note(line)
    if not charge.over:
        stopped = charge.carry_out()
        with contextlib.suppress(OSError):  # The terminal may have gone with the supervisor.
            os.write(2, f"guard: the supervisor vanished; stopped {stopped} processes\n".encode())


class Guard:
    """The supervisor's end of the pipe. Starts the guard again if somebody kills it."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, object]] = {}
        self._process = self._start()

    @staticmethod
    def _start() -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(__file__).resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def watch(self, pid: int, number: signal.Signals, rank: int) -> None:
        """Have `pid` and its offspring stopped if we vanish; lower ranks are stopped first."""
        self._known[str(pid)] = {"watch": pid, "signal": int(number), "rank": rank}
        self._say(self._known[str(pid)])

    def forget(self, pid: int) -> None:
        """`pid` has ended, its number may be given to a stranger."""
        self._known.pop(str(pid), None)
        self._say({"forget": pid})

    def remove_at_the_end(self, directory: Path) -> None:
        """Have a directory of sockets deleted if we vanish."""
        self._known[str(directory)] = {"remove": str(directory)}
        self._say(self._known[str(directory)])

    def ensure(self) -> None:
        """Start the guard again if it was killed."""
        if self._process.poll() is not None:
            self._close_pipe()
            self._process = self._start()
            for word in list(self._known.values()):
                self._say(word)

    def dismiss(self) -> None:
        """Everything is stopped: let the guard go."""
        self._say({"bye": True})
        self._close_pipe()
        self._process.wait()

    def _say(self, word: dict[str, object]) -> None:
        pipe = self._process.stdin
        if pipe is not None and not pipe.closed:
            with contextlib.suppress(BrokenPipeError):  # `ensure` starts it again and repeats all.
                pipe.write(json.dumps(word).encode() + b"\n")
                pipe.flush()

    def _close_pipe(self) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()


if __name__ == "__main__":
    main()

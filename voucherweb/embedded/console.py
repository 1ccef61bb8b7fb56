"""One readable log out of many processes: a line at a time, each with its origin."""

import contextlib
import sys
import threading
from collections.abc import Iterable
from typing import IO, TextIO

COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
OWN_NAME = "system"


class Console:
    """Writes whole lines with a prefix for each origin, coloured on a terminal."""

    def __init__(self, names: Iterable[str], out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._lock = threading.Lock()
        every = [OWN_NAME, *names]
        self._width = max(map(len, every))
        self._colours = {name: COLOURS[at % len(COLOURS)] for at, name in enumerate(every)}
        self._coloured = self._out.isatty()

    def say(self, line: str) -> None:
        """A line of the supervisor itself."""
        self.line(OWN_NAME, line)

    def line(self, name: str, text: str) -> None:
        """A line of the process `name`."""
        prefix = f"{name:<{self._width}} |"
        if self._coloured:
            prefix = f"\x1b[{self._colours.get(name, 37)}m{prefix}\x1b[0m"
        self.bare(f"{prefix} {text}")

    def bare(self, text: str) -> None:
        """Text as it is. A reader that has gone (`make run | head`) must stop nothing."""
        with self._lock, contextlib.suppress(BrokenPipeError, ValueError):
            self._out.write(f"{text}\n")
            self._out.flush()

    def follow(self, name: str, stream: IO[bytes]) -> threading.Thread:
        """Copy the lines of a child's output in a thread of their own until it is closed."""

        def copy() -> None:
            with stream:
                for raw in stream:
                    self.line(name, raw.decode(errors="replace").rstrip("\r\n"))

        thread = threading.Thread(target=copy, name=f"log-{name}", daemon=True)
        thread.start()
        return thread

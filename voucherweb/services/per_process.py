"""Things with threads or connections that each process makes for itself, and closes at its end."""

import atexit
import os
import threading
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from voucherweb.config import Settings


class Closing(Protocol):
    def close(self) -> None: ...


T = TypeVar("T", bound=Closing)
_all: "list[PerProcess[Any]]" = []


class PerProcess(Generic[T]):
    """One `T` per process and database, made at its first use; safe between threads.

    A forked child starts without any: it must neither use nor close what belongs to its parent.
    """

    def __init__(self, make: Callable[[Settings], T]) -> None:
        self._make = make
        self._forked: list[dict[str, T]] = []
        self._reset()
        _all.append(self)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, T] = {}

    def get(self, settings: Settings) -> T:
        found = self._known.get(settings.database_url)
        if found is None:
            with self._lock:
                found = self._known.get(settings.database_url)
                if found is None:
                    found = self._known[settings.database_url] = self._make(settings)
        return found

    def close(self) -> None:
        """Close all; the next use makes new ones."""
        with self._lock:
            known, self._known = self._known, {}
        for one in known.values():
            one.close()

    def forget(self) -> None:
        """In a forked child: begin with none."""
        self._forked.append(self._known)  # Kept, since dropping a connection would end it.
        self._reset()


def close_all() -> None:
    """Close everything that this process has open, the latest kind first."""
    for one in reversed(_all):
        one.close()


def _forget_all() -> None:
    for one in _all:
        one.forget()


atexit.register(close_all)
os.register_at_fork(after_in_child=_forget_all)

"""What the supervisor runs, as data."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from voucherweb.config import EngineSettings
from voucherweb.embedded.first_start import is_behind, is_empty

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Process:
    """A program of the system. Those with a lower `stop_rank` are stopped first.

    `needed`, of a program that prepares the database, is asked with its URL whether to run it.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    stop_rank: int = 0
    grace_seconds: float = 10.0
    needed: Callable[[str], bool] | None = None


def _module(*words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", *words)


def web(settings: EngineSettings) -> Process:
    """The HTTP server: a master that respawns its worker processes."""
    options = {
        "--interface": "wsgi",
        "--host": HOST,
        "--port": str(settings.port),
        "--http": "1",
        "--workers": str(settings.web_workers),
        "--blocking-threads": str(settings.web_threads),
        "--respawn-interval": "0.2",
        "--workers-kill-timeout": "5",
        "--log-level": "error",
    }
    words = [word for pair in options.items() for word in pair]
    flags = ("--no-ws", "--respawn-failed-workers")
    return Process("web", _module("granian", *words, *flags, "app:app"), stop_rank=0)


MIGRATE = Process("migrate", _module("flask", "--app", "app", "db", "upgrade"), needed=is_behind)
DEMO = Process("demo", _module("flask", "--app", "app", "demo", "load"), needed=is_empty)
PROCESSES = (
    Process("imports", _module("voucherweb.workers.run", "imports"), stop_rank=1),
    Process("takedown", _module("voucherweb.workers.run", "takedown"), stop_rank=1),
    Process("scheduler", _module("voucherweb.workers.scheduler"), stop_rank=2, grace_seconds=5.0),
)


def preparations(settings: EngineSettings) -> tuple[Process, ...]:
    """What runs once before the others start. Production gets no demo data."""
    return (MIGRATE,) if settings.production else (MIGRATE, DEMO)


def processes(settings: EngineSettings) -> tuple[Process, ...]:
    """The long-running programs, in the order of their start."""
    return (web(settings), *PROCESSES)

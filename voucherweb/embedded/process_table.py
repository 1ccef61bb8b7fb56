"""What the supervisor runs, as data."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from voucherweb.config import EngineSettings

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Process:
    """A program of the system. Those with a lower `stop_rank` are stopped first."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    stop_rank: int = 0
    grace_seconds: float = 10.0


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
        "--log-level": "warning",
    }
    words = [word for pair in options.items() for word in pair]
    flags = ("--no-ws", "--respawn-failed-workers")
    return Process("web", _module("granian", *words, *flags, "app:app"), stop_rank=0)


MIGRATE = Process("migrate", _module("flask", "--app", "app", "db", "upgrade"))
DEMO = Process("demo", _module("flask", "--app", "app", "demo", "load"))
PROCESSES = (
    Process("imports", _module("voucherweb.workers.run", "imports"), stop_rank=1),
    Process("takedown", _module("voucherweb.workers.run", "takedown"), stop_rank=1),
    Process("scheduler", _module("voucherweb.workers.scheduler"), stop_rank=2, grace_seconds=5.0),
)


def processes(settings: EngineSettings) -> tuple[Process, ...]:
    """The long-running programs, in the order of their start."""
    return (web(settings), *PROCESSES)

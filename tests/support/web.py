"""The application as it is served: Granian with worker processes, which tests may kill."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from voucherweb.config import Settings
from voucherweb.embedded.processes import descendants, end_all, end_child, wait_until

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 180.0
GRACE = ((signal.SIGTERM, 10.0),)


@dataclass(frozen=True, slots=True)
class Web:
    """A running server: its port and its master process."""

    port: int
    pid: int

    def workers(self) -> list[int]:
        """The processes that answer requests."""
        return sorted(pid for pid in descendants([self.pid]) if _is_worker(pid))


def _is_worker(pid: int) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return b"spawn_main" in words or b"granian" in words


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(
    settings: Settings, *, workers: int = 2, threads: int = 32, log_level: str = "CRITICAL"
) -> Iterator[Web]:
    """Serve the application over these settings' engines until the end of the block."""
    port = free_port()
    options = {
        "--interface": "wsgi",
        "--host": "127.0.0.1",
        "--port": str(port),
        "--http": "1",
        "--workers": str(workers),
        "--blocking-threads": str(threads),
        "--respawn-interval": "0.2",
        "--workers-kill-timeout": "5",
        "--log-level": "error",
    }
    words = [word for pair in options.items() for word in pair]
    argv = [sys.executable, "-m", "granian", *words, "--no-ws", "--respawn-failed-workers"]
    environ = {
        **os.environ,
        "APP_ENV": "test",
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "DATA_DIR": str(settings.data_dir),
        "RATELIMIT_ENABLED": "0",
        "LOG_LEVEL": log_level,
    }
    process = subprocess.Popen([*argv, "app:app"], cwd=ROOT, env=environ)
    try:
        assert wait_until(lambda: is_listening(port), START_SECONDS), "the web server did not start"
        yield Web(port, process.pid)
    finally:
        below = descendants([process.pid])
        end_child(process, GRACE)
        end_all(below, ())


def is_listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True

"""The whole system in one process tree: `make run` and `python app.py`.

Engines → migrations → demo data → web, workers, scheduler. What dies is started again; Ctrl-C
stops everything in the reverse order and leaves no process, socket or directory behind.
"""

import http.client
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import FrameType

from voucherweb.config import (
    EngineSettings,
    SettingsError,
    environment,
    load_engine_settings,
    load_settings,
)
from voucherweb.embedded.attach import with_urls
from voucherweb.embedded.binaries import EngineError, as_mode
from voucherweb.embedded.children import Child, adopt_orphans, end_orphans, reap_orphans
from voucherweb.embedded.claims import already_running, holder
from voucherweb.embedded.console import Console
from voucherweb.embedded.engines import EngineOptions, Engines, EngineUrls, start_engines
from voucherweb.embedded.first_start import accounts_text, require_answers
from voucherweb.embedded.process_table import HOST, Process, preparations, processes

TICK_SECONDS = 0.1
PROBE_SECONDS = 0.25
IMPATIENT_SECONDS = 45.0
NOT_YET = EngineUrls("postgresql:///not-yet", "unix:///not-yet")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StartError(RuntimeError):
    """The system cannot start; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run: `prepare` once, in order and as far as needed, then `serve` without end."""

    settings: EngineSettings
    environ: Mapping[str, str]
    prepare: Sequence[Process] = ()
    serve: Sequence[Process] = ()


@dataclass(slots=True)
class Supervisor:
    """Runs one plan. `run()` returns the exit code after everything has been stopped."""

    plan: Plan
    console: Console
    children: list[Child] = field(default_factory=list)
    signals: int = 0
    stopping: bool = False
    ready: bool = False
    _began: float = field(default_factory=time.monotonic)
    _next_probe: float = 0.0
    _last_answer: str | None = None

    def run(self) -> int:
        """Start, watch, stop. Raises `StartError`, `EngineError` with nothing left running."""
        # A signal that is ignored already, as SIGHUP under nohup, stays so; a shell's `&` ignores
        # SIGINT, but whoever sends one to us means it.
        heard = [n for n in SIGNALS if n == signal.SIGINT or signal.getsignal(n) != signal.SIG_IGN]
        before = {number: signal.signal(number, self._on_signal) for number in heard}
        try:
            with ExitStack() as undo:
                self._require_free_port()
                adopting = adopt_orphans()
                engines = self._start_engines()
                undo.callback(engines.stop)
                undo.callback(self._stop_children, engines, adopting=adopting)
                self._prepare(engines)
                self._serve(engines, adopting=adopting)
                self.console.say("stopping")
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        self.console.say("stopped; nothing is left running")
        return 0

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.signals += 1
        if self.signals == 2 and not self.stopping:
            raise KeyboardInterrupt  # The start hangs; unwind it.

    def _require_free_port(self) -> None:
        port = self.plan.settings.port
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as error:
                other = holder(self.plan.settings.data_dir)
                if other and other.owner == "instance":  # `make run` twice: another port is no help
                    raise already_running(self.plan.settings.data_dir, other) from error
                raise StartError(
                    f"port {port} of {HOST} cannot be used ({error.strerror}): "
                    f"choose another one, as in `make run PORT={port + 1}`"
                ) from error

    def _start_engines(self) -> Engines:
        settings = self.plan.settings
        require_answers(settings.database_url, settings.redis_url)
        return start_engines(
            EngineOptions(
                settings.data_dir,
                as_mode(settings.engines),
                settings.database_url,
                settings.redis_url,
                owner="instance",
                log=self.console.say,
            )
        )

    def _environ(self, engines: Engines) -> dict[str, str]:
        ours = {
            "DATA_DIR": str(self.plan.settings.data_dir),
            "PORT": str(self.plan.settings.port),
            "PYTHONUNBUFFERED": "1",
        }
        return with_urls({**self.plan.environ, **ours}, engines.urls)

    def _prepare(self, engines: Engines) -> None:
        for process in self.plan.prepare:
            if not self.signals and (
                process.needed is None or process.needed(engines.database_url)
            ):
                self.console.say(f"running {process.name}")
                self._once(process, engines)

    def _once(self, process: Process, engines: Engines) -> None:
        """Run a program to its end; raises `StartError` when it fails."""
        child = Child(process, self._environ(engines), self.console, engines.guard)
        self.children.append(child)
        child.start()
        while (code := child.exited()) is None and not self.signals:
            time.sleep(0.02)
        if code is not None:
            child.drain()
            self.children.remove(child)
        if code:
            raise StartError(f"{process.name} failed with exit code {code}; its log is above")

    def _serve(self, engines: Engines, *, adopting: bool) -> None:
        environ = self._environ(engines)
        for process in self.plan.serve:
            child = Child(process, environ, self.console, engines.guard)
            self.children.append(child)
            child.start()
        while not self.signals:
            self._revive_engines(engines)
            self._revive_children(engines, adopting=adopting)
            if not self.ready and self.plan.serve:
                self._probe()
            time.sleep(TICK_SECONDS)

    def _revive_engines(self, engines: Engines) -> None:
        try:
            revived = engines.revive()
        except EngineError as error:
            self.console.say(f"{error}; trying again")
            time.sleep(1)
            return
        for name in revived:
            self.console.say(f"{name} had died and was started again")

    def _revive_children(self, engines: Engines, *, adopting: bool) -> None:
        for child in self.children:
            code = child.exited()
            if code is not None:
                if adopting:
                    end_orphans(self._known(engines))
                pause = child.schedule_restart()
                reason = f"signal {-code}" if code < 0 else f"exit code {code}"
                self.console.say(f"{child.process.name} ended ({reason}); again in {pause:.1f} s")
            child.start_if_due()
        reap_orphans(self._known(engines))

    def _known(self, engines: Engines) -> list[int]:
        servers = [one.pid for one in (engines.postgres, engines.redis) if one is not None]
        return [engines.guard.pid, *servers, *(child.pid for child in self.children if child.pid)]

    def _probe(self) -> None:
        now = time.monotonic()
        if now < self._next_probe:
            return
        self._next_probe = now + PROBE_SECONDS
        status, answer = ask_ready(self.plan.settings.port)
        if status == 200:
            self.ready = True
            self._announce(now - self._began)
        elif now - self._began > IMPATIENT_SECONDS and answer != self._last_answer:
            self._last_answer = answer
            self.console.say(f"not ready yet; /readyz says: {answer or 'nothing'}")

    def _announce(self, seconds: float) -> None:
        self.console.say(f"ready after {seconds:.1f} s")
        self.console.bare(f"\n  http://{HOST}:{self.plan.settings.port}\n")
        accounts = accounts_text(self.plan.settings.data_dir)
        self.console.bare(f"{accounts}  Ctrl-C stops everything.\n")

    def _stop_children(self, engines: Engines, *, adopting: bool) -> None:
        self.stopping = True
        before = self.signals
        for rank in sorted({child.process.stop_rank for child in self.children}):
            group = [child for child in self.children if child.process.stop_rank == rank]
            for child in group:
                child.ask_to_stop()
            for child in group:
                grace = child.process.grace_seconds
                # A second Ctrl-C means now.
                child.finish(lambda waited, g=grace: waited < g and self.signals == before)  # type: ignore[misc]
        if adopting:
            end_orphans(self._known(engines))
        for child in self.children:
            child.drain()


def ask_ready(port: int) -> tuple[int, str]:
    """Status and body of /readyz; (0, "") while nobody answers."""
    connection = http.client.HTTPConnection(HOST, port, timeout=3)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        return answer.status, answer.read(2000).decode(errors="replace").strip()
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()


def exit_code_of(run: Callable[[], int]) -> int:
    """What `run` returns, or the code for what it raised, told on stderr.

    1: an engine failed or the start was broken off; 2: a setting, the port or a program is wrong.
    """
    try:
        return run()
    except KeyboardInterrupt:
        sys.stderr.write("stopped during the start\n")
        return 1
    except (StartError, EngineError, SettingsError) as error:
        sys.stderr.write(f"voucherweb cannot start: {error}\n")
        return 1 if isinstance(error, EngineError) else 2


def _run() -> int:
    settings = load_engine_settings()
    # All of them now: later each program would refuse the same setting, again and again.
    load_settings(with_urls(environment(), NOT_YET))
    plan = Plan(settings, environment(), preparations(settings), processes(settings))
    names = [process.name for process in (*plan.prepare, *plan.serve)]
    return Supervisor(plan, Console(names)).run()


def main() -> int:
    """Run the system; returns the exit code, 0 after an orderly stop."""
    return exit_code_of(_run)

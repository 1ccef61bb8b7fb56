"""PostgreSQL and a Redis-protocol server for one DATA_DIR, found, started and stopped.

    with start_engines(EngineOptions(Path("var"))) as engines:
        engines.database_url, engines.redis_url

Neither opens a TCP port: both listen on unix sockets in a private directory with a short name, so
that any number of instances run side by side. A URL that is given is used as it is.
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from voucherweb.embedded.binaries import (
    EngineError,
    Mode,
    choose_postgres,
    choose_redis,
    recorded,
)
from voucherweb.embedded.claims import Claim, Owner, claim, holder, try_claim
from voucherweb.embedded.guard import Guard
from voucherweb.embedded.postgres import PostgresServer, cluster_major
from voucherweb.embedded.quarters import Log, Quarters, find_quarters, within_reach, write_record
from voucherweb.embedded.redis_server import RedisServer
from voucherweb.embedded.servers import Server

# Socket paths must stay under about 100 bytes, so TMPDIR, which may be long, comes last.
SHORT_PLACES = ("/tmp", "/var/tmp")  # noqa: S108 - mkdtemp makes a private directory there.
WAIT_SECONDS = 300.0


def to_stderr(line: str) -> None:
    """The default log: standard output belongs to the commands' results."""
    sys.stderr.write(f"{line}\n")


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What to run. `durable=False` trades crash safety for speed, for tests alone.

    `shared_buffers` is PostgreSQL's, in its own notation. `search_path` replaces PATH and the known
    system places when servers are looked for.
    """

    data_dir: Path
    mode: Mode = "auto"
    database_url: str | None = None
    redis_url: str | None = None
    durable: bool = True
    shared_buffers: str = "192MB"
    owner: Owner = "command"
    search_path: str | None = None
    log: Log = field(default=to_stderr)


@dataclass(frozen=True, slots=True)
class EngineUrls:
    """Where the engines answer: a libpq URL and a redis-py URL."""

    database_url: str
    redis_url: str


class Engines:
    """The engines of one DATA_DIR. Those with a given URL are not ours and are None here."""

    def __init__(
        self,
        urls: EngineUrls,
        postgres: PostgresServer | None,
        redis: RedisServer | None,
        guard: Guard,
        undo: ExitStack,
    ) -> None:
        self.urls = urls
        self.postgres = postgres
        self.redis = redis
        self.guard = guard
        self._undo = undo

    @property
    def database_url(self) -> str:
        return self.urls.database_url

    @property
    def redis_url(self) -> str:
        return self.urls.redis_url

    def revive(self) -> list[str]:
        """Start again what died, at the same address; returns the names of those restarted.

        Raises `EngineError` when a server does not come up again.
        """
        self.guard.ensure()
        servers: list[Server] = [one for one in (self.postgres, self.redis) if one is not None]
        for server in servers:
            server.trim_log()
        return [server.name for server in servers if server.revive()]

    def stop(self) -> None:
        """Stop in an orderly way and leave no process, socket or directory; may be called twice."""
        self._undo.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _make_run_dir(quarters: Quarters) -> Path:
    """A private directory with a short name for the sockets."""
    for place in (*SHORT_PLACES, tempfile.gettempdir()):
        try:
            path = Path(tempfile.mkdtemp(prefix="voucherweb-", dir=place))
        except OSError:
            continue
        quarters.account.give(path)
        if len(str(path)) < 80 and quarters.account.can_enter(path):
            return path
        path.rmdir()
    raise EngineError(f"no directory for sockets can be made in any of {', '.join(SHORT_PLACES)}")


def _postgres(
    options: EngineOptions, quarters: Quarters, run_dir: Path, guard: Guard
) -> PostgresServer:
    """Ready to start. The cluster's own major decides which binaries fit."""
    data = quarters.home / "postgres"
    found = choose_postgres(options.mode, cluster_major(data), options.search_path)
    program = found.directory / "postgres"
    if found.source == "wheel":
        program = within_reach(program, program.parents[2], quarters, options.log)
    server = PostgresServer(
        quarters, run_dir, guard, options.log, data=data, durable=options.durable
    )
    server.bin_dir, server.major = program.parent, found.major
    server.shared_buffers = options.shared_buffers
    server.end_leftovers()
    if server.create_if_missing():
        options.log(f"made a PostgreSQL {found.major} cluster in {data} ({found.source})")
    write_record(options.data_dir, postgres_major=found.major)
    return server


def _redis(options: EngineOptions, quarters: Quarters, run_dir: Path, guard: Guard) -> RedisServer:
    """Ready to start, over a directory of its own flavour: none reads a newer or other one's."""
    before = recorded(options.data_dir).get("redis")
    found = choose_redis(options.mode, str(before) if before else None, options.search_path)
    if before and before != found.flavour:
        options.log(f"{before} held the queues until now, {found.flavour} begins with empty ones")
    program = found.path
    if found.source == "wheel":
        program = within_reach(program, program.parents[2], quarters, options.log)
    data = quarters.folder(found.flavour)
    server = RedisServer(quarters, run_dir, guard, options.log, data=data, durable=options.durable)
    server.program = program
    write_record(options.data_dir, redis=found.flavour)
    return server


def start_engines(options: EngineOptions) -> Engines:
    """Start what has no URL, and wait until it answers.

    Raises `EngineError` when nothing fits, when the data belong to another PostgreSQL major or
    user, or when another instance runs over the same DATA_DIR; then nothing is left running.
    """
    options = replace(options, data_dir=options.data_dir.resolve())
    if options.database_url and options.redis_url:
        return _none_of_ours(options.database_url, options.redis_url)
    held = claim(options.data_dir, options.owner, options.log, WAIT_SECONDS)
    return _start_claimed(options, held)


def _none_of_ours(database_url: str, redis_url: str) -> Engines:
    with ExitStack() as undo:
        guard = Guard()
        undo.callback(guard.dismiss)
        return Engines(EngineUrls(database_url, redis_url), None, None, guard, undo.pop_all())


def _start_claimed(options: EngineOptions, held: Claim) -> Engines:
    with ExitStack() as undo:
        undo.callback(held.release)
        if held.left_over and held.left_over.run_dir:
            shutil.rmtree(held.left_over.run_dir, ignore_errors=True)
        quarters = find_quarters(options.data_dir, options.log)
        guard = Guard()
        undo.callback(guard.dismiss)
        run_dir = _make_run_dir(quarters)
        undo.callback(shutil.rmtree, run_dir)
        guard.remove_at_the_end(run_dir)
        held.publish(replace(held.state, run_dir=str(run_dir)))
        postgres = redis = None
        if not options.database_url:
            postgres = _postgres(options, quarters, run_dir, guard)
            undo.callback(postgres.stop)
            postgres.start()
            postgres.prepare_database()
        if not options.redis_url:
            redis = _redis(options, quarters, run_dir, guard)
            undo.callback(redis.stop)
            redis.start()
        urls = EngineUrls(
            options.database_url or (postgres.url if postgres else ""),
            options.redis_url or (redis.url if redis else ""),
        )
        held.publish(replace(held.state, database_url=urls.database_url, redis_url=urls.redis_url))
        return Engines(urls, postgres, redis, guard, undo.pop_all())


def running_engines(data_dir: Path) -> EngineUrls | None:
    """The engines of an instance that runs over this DATA_DIR; None when there is none (yet)."""
    state = holder(data_dir.resolve())
    if state is None or state.owner != "instance" or not (state.database_url and state.redis_url):
        return None
    return EngineUrls(state.database_url, state.redis_url)


@contextmanager
def engines_for(options: EngineOptions) -> Iterator[EngineUrls]:
    """The engines for the length of a command: those given, those that run, or started for it.

    While an instance starts, or another command has its own engines up, this waits.
    """
    options = replace(options, data_dir=options.data_dir.resolve())
    if options.database_url and options.redis_url:
        yield EngineUrls(options.database_url, options.redis_url)
        return
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        running = running_engines(options.data_dir)
        if running:
            yield EngineUrls(
                options.database_url or running.database_url,
                options.redis_url or running.redis_url,
            )
            return
        held = try_claim(options.data_dir, "command")
        if held:
            with _start_claimed(options, held) as engines:
                yield engines.urls
            return
        time.sleep(0.1)
    raise EngineError(f"DATA_DIR {options.data_dir} stayed in use for {WAIT_SECONDS:.0f} s")

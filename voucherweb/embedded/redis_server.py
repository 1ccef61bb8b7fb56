"""One private Redis-protocol server (Valkey or Redis) on a unix socket."""

import signal
from dataclasses import dataclass, field
from pathlib import Path

import redis

from voucherweb.embedded.servers import Server, Steps

STOPPING: Steps = ((signal.SIGTERM, 15.0),)
SOCKET = "redis.sock"


@dataclass(slots=True)
class RedisServer(Server):
    """Append-only, never evicting: queues must not lose jobs to a full memory."""

    name: str = "redis"
    data: Path = field(default=Path())
    stopping: Steps = STOPPING
    programs: frozenset[str] = frozenset({"redis-server", "valkey-server"})
    pid_file: str = "server.pid"
    program: Path = field(default=Path())

    @property
    def url(self) -> str:
        return f"unix://{self.run_dir / SOCKET}?db=0"

    def command(self) -> list[str]:
        settings = {
            "port": "0",
            "unixsocket": str(self.run_dir / SOCKET),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "pidfile": str(self.data / self.pid_file),
            "appendonly": "yes",
            "appendfsync": "everysec" if self.durable else "no",
            "maxmemory-policy": "noeviction",
            "save": "",
            "daemonize": "no",
        }
        return [
            str(self.program),
            *(word for key, value in settings.items() for word in (f"--{key}", value)),
        ]

    def answers(self) -> bool:
        client = redis.Redis.from_url(self.url, socket_timeout=5)
        try:
            # While it still loads its file it answers BusyLoadingError, a ConnectionError too.
            return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):
            return False
        finally:
            client.close()

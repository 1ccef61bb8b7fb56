"""One private PostgreSQL: cluster made, started, its role and database made, stopped."""

import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from voucherweb.embedded.binaries import EngineError
from voucherweb.embedded.servers import BARE_ENVIRONMENT, Server, Steps

PORT = 5432  # A part of the socket's file name only; no TCP port is opened.
ROLE = "voucherweb"
DATABASE = "voucherweb"
SUPERUSER = "postgres"
# SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one.
STOPPING: Steps = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0))
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "wal_compression": "on",
    "max_wal_size": "2GB",
    "jit": "off",  # The statements are short; not every build has it either.
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    # Statements and the details of errors hold people's data; a log must not.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
}
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
FLEETING = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def socket_url(run_dir: Path, role: str, database: str) -> str:
    """A libpq URL over the socket; it names the port, so that a PGPORT set outside is moot."""
    return f"postgresql://{role}@/{database}?host={run_dir}&port={PORT}"


def cluster_major(cluster: Path) -> int | None:
    """The PostgreSQL major that made the cluster; None when there is no cluster.

    The file is the server's own record, so it is right whoever made or moved the cluster.
    """
    try:
        return int((cluster / "PG_VERSION").read_text(encoding="ascii").strip())
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise EngineError(f"{cluster} belongs to another user: start as that user") from error


@dataclass(slots=True)
class PostgresServer(Server):
    """The cluster in `<home>/postgres`, listening in `run_dir` only."""

    name: str = "postgres"
    data: Path = field(default=Path())
    stopping: Steps = STOPPING
    programs: frozenset[str] = frozenset({"postgres"})
    pid_file: str = "postmaster.pid"
    bin_dir: Path = field(default=Path())
    major: int = 0
    shared_buffers: str = "192MB"

    @property
    def url(self) -> str:
        """For the app: the owner of the database, no superuser, may create databases."""
        return socket_url(self.run_dir, ROLE, DATABASE)

    @property
    def superuser_url(self) -> str:
        return socket_url(self.run_dir, SUPERUSER, "postgres")

    def command(self) -> list[str]:
        settings = {
            **SETTINGS,
            "shared_buffers": self.shared_buffers,
            **(DURABLE if self.durable else FLEETING),
            "unix_socket_directories": str(self.run_dir),
        }
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        return [str(self.bin_dir / "postgres"), "-D", str(self.data), *options]

    def answers(self) -> bool:
        try:
            psycopg.connect(self.superuser_url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def create_if_missing(self) -> bool:
        """Make the cluster when there is none; True when it was made."""
        if cluster_major(self.data) is not None:
            return False
        fresh = self.quarters.folder("postgres-new")
        for locale in _locales(self.major):
            shutil.rmtree(fresh)
            self.quarters.folder("postgres-new")
            answer = self._initdb(fresh, locale)
            if answer.returncode == 0:
                fresh.replace(self.data)
                return True
        raise EngineError(f"initdb failed:\n{answer.stderr.strip()}")

    def _initdb(self, target: Path, locale: list[str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [
                str(self.bin_dir / "initdb"),
                f"--pgdata={target}",
                f"--username={SUPERUSER}",
                "--encoding=UTF8",
                "--auth-local=trust",  # Only the engines' account can enter the socket's directory.
                "--auth-host=reject",
                "--data-checksums",
                *([] if self.durable else ["--no-sync"]),
                *locale,
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=BARE_ENVIRONMENT,
            **self.quarters.account.identity,
        )

    def prepare_database(self) -> None:
        """Make the app's role and database when they are not there."""
        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            if not _exists(connection, "pg_roles", "rolname", ROLE):
                connection.execute(
                    sql.SQL("CREATE ROLE {} LOGIN CREATEDB NOSUPERUSER").format(
                        sql.Identifier(ROLE)
                    )
                )
            if not _exists(connection, "pg_database", "datname", DATABASE):
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        sql.Identifier(DATABASE), sql.Identifier(ROLE)
                    )
                )


def _exists(connection: "psycopg.Connection", catalog: str, column: str, name: str) -> bool:
    query = sql.SQL("SELECT 1 FROM {} WHERE {} = %s").format(
        sql.Identifier("pg_catalog", catalog), sql.Identifier(column)
    )
    return connection.execute(query, (name,)).fetchone() is not None


def _locales(major: int) -> list[list[str]]:
    """Text sorts by code point in each; the later ones are for machines without the earlier."""
    plain = ["--locale=C"]
    if major >= 17:
        return [[*plain, "--locale-provider=builtin", "--builtin-locale=C.UTF-8"], plain]
    return [["--locale=C.UTF-8"], plain]

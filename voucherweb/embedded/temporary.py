"""Engines for the length of a test session or a measurement, gone without a trace afterwards."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from voucherweb.embedded.binaries import Mode
from voucherweb.embedded.engines import (
    SHORT_PLACES,
    EngineOptions,
    Engines,
    start_engines,
    to_stderr,
)
from voucherweb.embedded.quarters import Log


@contextmanager
def temporary_data_dir() -> Iterator[Path]:
    """An empty DATA_DIR that any account can enter, removed at the end.

    pytest's own temporary directories are closed to other accounts, and root's engines run as one.
    """
    path = Path(tempfile.mkdtemp(prefix="voucherweb-data-", dir=SHORT_PLACES[0]))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path)


@contextmanager
def temporary_engines(
    mode: Mode = "auto", *, durable: bool = False, log: Log = to_stderr
) -> Iterator[Engines]:
    """Fresh, empty engines; by default fast rather than safe from crashes."""
    with (
        temporary_data_dir() as data_dir,
        start_engines(EngineOptions(data_dir, mode, durable=durable, log=log)) as engines,
    ):
        yield engines

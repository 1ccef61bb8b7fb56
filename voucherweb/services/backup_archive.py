"""The backup file: a zip of tables, objects, a manifest, and the SHA-256 of each of them.

    tables/<name>.copy   rows as COPY's text, which every PostgreSQL since long reads
    objects/<key>        pictures, videos, workbooks of the local store, as they are
    manifest.json        what is in it, and of which schema
    SHA256SUMS           of all the others, in the form that `sha256sum -c` reads

Bytes flow through; what grows in memory is the list of entries, about a kilobyte each.
"""

import hashlib
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import mkstemp
from typing import IO, Final, Protocol

from pydantic import TypeAdapter, ValidationError

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
SUMS: Final = "SHA256SUMS"
_CHUNK: Final = 256 * 1024


class BackupError(RuntimeError):
    """A backup cannot be made, read or restored; the message says why. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class TableEntry:
    """One table: its columns in the order of the file, and how many rows."""

    columns: tuple[str, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. `revision` names the schema, `sequences` their last values; `store` is
    `local`, or where the objects are that the file does not hold."""

    format: int
    version: str
    revision: str
    created_at: datetime
    server: str
    tables: dict[str, TableEntry]
    sequences: dict[str, int]
    store: str
    objects: int
    object_bytes: int


_manifest = TypeAdapter(Manifest)


class Sink(Protocol):
    """Where the bytes of an entry go."""

    def write(self, data: bytes | bytearray | memoryview, /) -> object: ...


class _Hashing:
    """A sink that also adds up the SHA-256 and the size of what passes."""

    def __init__(self, target: Sink) -> None:
        self._target = target
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes | bytearray | memoryview, /) -> None:
        self._target.write(data)
        self.digest.update(data)
        self.size += len(data)


class ArchiveWriter:
    """Adds entries one after the other; `finish` must come last."""

    def __init__(self, target: zipfile.ZipFile) -> None:
        self._zip = target
        self._sums: dict[str, str] = {}

    @contextmanager
    def entry(self, name: str, *, packed: bool) -> Iterator[_Hashing]:
        """Write one entry of any size; `packed` for what shrinks."""
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        info.external_attr = 0o600 << 16
        with self._zip.open(info, "w", force_zip64=True) as target:
            sink = _Hashing(target)
            yield sink
        self._sums[name] = sink.digest.hexdigest()

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest and the checksums."""
        with self.entry(MANIFEST, packed=True) as sink:
            sink.write(_manifest.dump_json(manifest, indent=1))
        lines = "".join(f"{digest}  {name}\n" for name, digest in self._sums.items())
        self._zip.writestr(zipfile.ZipInfo(SUMS), lines)


@contextmanager
def new_archive(file: Path) -> Iterator[ArchiveWriter]:
    """Write a backup that appears under its name only when it is whole and on the disk.

    For its owner's eyes only: it holds people's data and password hashes. Raises `OSError`.
    """
    handle, name = mkstemp(dir=file.parent, prefix=f".{file.name}.")
    path = Path(name)
    try:
        with os.fdopen(handle, "wb") as target:
            with zipfile.ZipFile(target, "w", compresslevel=6) as archive:
                yield ArchiveWriter(archive)
            target.flush()
            os.fsync(target.fileno())
        path.replace(file)
        _sync(file.parent)
    finally:
        path.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class ArchiveReader:
    """A backup whose every byte has been compared with its checksums."""

    def __init__(self, source: zipfile.ZipFile, manifest: Manifest) -> None:
        self._zip = source
        self.manifest = manifest

    def table(self, name: str) -> IO[bytes]:
        """The rows of a table, as a stream."""
        return self._zip.open(f"tables/{name}.copy")

    def objects(self) -> Iterator[tuple[str, IO[bytes]]]:
        """Each object's key and its bytes as a stream, to be read before the next is asked for."""
        for name in self._zip.namelist():
            if name.startswith("objects/"):
                with self._zip.open(name) as stream:
                    yield name.removeprefix("objects/"), stream


@contextmanager
def open_archive(file: Path) -> Iterator[ArchiveReader]:
    """A backup, read once from end to end before this returns.

    Raises `BackupError` when it is damaged, incomplete, or of a format that is not known here.
    """
    try:
        with zipfile.ZipFile(file) as source:
            _verify(source)
            yield ArchiveReader(source, _read_manifest(source))
    except FileNotFoundError as error:
        raise BackupError(f"there is no file {file}") from error
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise BackupError(f"{file} is damaged or no backup: {error}") from error


def _verify(source: zipfile.ZipFile) -> None:
    names = source.namelist()
    if SUMS not in names or MANIFEST not in names:
        raise BackupError("this zip is no backup: it has no manifest or no checksums")
    sums = {}
    for line in source.read(SUMS).decode("utf-8", "replace").splitlines():
        digest, _, name = line.partition("  ")
        sums[name] = digest
    if sorted(names) != sorted([*sums, SUMS]):
        raise BackupError("the backup is damaged: entries are missing, foreign or repeated")
    for name, digest in sums.items():
        with source.open(name) as stream:
            if _sha256(stream) != digest:
                raise BackupError(f"the backup is damaged: {name} differs from its checksum")


def _sha256(stream: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _read_manifest(source: zipfile.ZipFile) -> Manifest:
    try:
        found = _manifest.validate_json(source.read(MANIFEST))
    except ValidationError as error:
        raise BackupError("the backup's manifest cannot be read by this release") from error
    if found.format != FORMAT:
        raise BackupError(f"the backup has format {found.format}; this release reads {FORMAT}")
    return found

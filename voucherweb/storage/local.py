"""Objects on the local disk, behind signed addresses that the app itself serves (behaviour §9).

`objects/<folder>/<first two characters>/<name>` holds an object, `objects/.parts/` open uploads,
`objects/.tmp/` what is being written. An object appears under its name only when it is whole and
on the disk, so readers, rivals and a power cut never meet half of one.
"""

import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO, Protocol

from voucherweb.domain import clock
from voucherweb.errors import refuse
from voucherweb.storage.keys import InvalidKey, check_key
from voucherweb.storage.protocol import (
    URL_LIFE,
    ObjectInfo,
    ObjectNotFound,
    PartSpec,
    StorageUnavailable,
    UploadNotComplete,
    broken_off,
    md5_hex,
    missing_part,
    wrong_part,
)
from voucherweb.storage.signing import Grant, UrlSigner
from voucherweb.storage.url_cache import UrlCache

_CHUNK = 256 * 1024
_UPLOAD_ID = re.compile(r"[0-9a-f]{32}")


class Source(Protocol):
    """Anything that can be read in chunks."""

    def read(self, size: int, /) -> bytes: ...


class LocalStorage:
    """`Storage` below `directory`; addresses begin with what `public_url()` answers."""

    def __init__(self, directory: Path, secret: str, public_url: Callable[[], str]) -> None:
        self.directory = directory
        self.signer = UrlSigner(secret)
        self._public_url = public_url
        self._cache = UrlCache()

    def presign_put(self, key: str, expires: int = URL_LIFE) -> str:
        check_key(key)
        return self._sign(Grant("PUT", key, _until(expires)))

    def start_multipart(self, key: str, parts: Sequence[PartSpec]) -> str:  # noqa: ARG002 - each address carries its own part.
        check_key(key)
        upload_id = uuid.uuid4().hex
        with _disk():
            self._parts(key, upload_id).mkdir(parents=True)
        return upload_id

    def presign_part(
        self, key: str, upload_id: str, part: PartSpec, expires: int = URL_LIFE
    ) -> str:
        check_key(key)
        return self._sign(Grant("PUT", key, _until(expires), upload_id, part))

    def complete_multipart(self, key: str, upload_id: str, parts: Sequence[PartSpec]) -> None:
        ordered = sorted(parts, key=lambda part: part.number)
        folder = self._parts(key, upload_id)
        try:
            self._assemble(key, folder, ordered)
        except UploadNotComplete:
            # A rival or an earlier call may have completed it and removed the parts.
            if not self._holds(key, ordered):
                raise
        shutil.rmtree(folder, ignore_errors=True)

    def abort_multipart(self, key: str, upload_id: str) -> None:
        shutil.rmtree(self._parts(key, upload_id), ignore_errors=True)

    def stat(self, key: str) -> ObjectInfo | None:
        with _disk():
            try:
                return info_of(self._path(key).stat())
            except FileNotFoundError:
                return None

    def read(self, key: str, limit: int) -> bytes:
        with self.open(key) as stream:
            return stream.read(limit)

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        return self.open_file(key)

    def open_file(self, key: str) -> BinaryIO:
        """The object as an open file that can be sought; raises `ObjectNotFound`."""
        with _disk():
            try:
                return self._path(key).open("rb")
            except FileNotFoundError:
                raise ObjectNotFound(key) from None

    def write(self, key: str, data: bytes) -> None:
        with self._replacing(self._path(key)) as file:
            file.write(data)

    def delete(self, key: str) -> None:
        with _disk():
            self._path(key).unlink(missing_ok=True)

    def presign_get(self, key: str, expires: int = URL_LIFE, filename: str | None = None) -> str:
        def sign() -> str:
            check_key(key)
            return self.signer.address(Grant("GET", key, _until(expires), filename=filename))

        return self._public_url() + self._cache.get(key, expires, filename, sign)

    def sweep(self, before: datetime) -> int:
        limit, removed = before.timestamp(), 0
        with _disk():
            for folder in (self.directory / ".parts", self.directory / ".tmp"):
                for path in folder.iterdir() if folder.is_dir() else ():
                    removed += _remove_if_older(path, limit)
        return removed

    def check(self) -> None:
        with _disk(), self._temporary() as (_, file):
            file.write(b"ready")

    def receive(self, grant: Grant, source: Source, length: int) -> str:
        """Store the `length` bytes of a granted PUT, in constant memory; returns their MD5.

        Raises 413 beyond the limit of the type or part, and `UploadNotComplete` when the body
        broke off or a part has another length or MD5; then nothing is stored.
        """
        limit, part = check_key(grant.key).limit, grant.part
        target = self._path(grant.key)
        if part is not None and grant.upload_id is not None:
            folder = self._parts(grant.key, grant.upload_id)
            if not folder.is_dir():
                raise UploadNotComplete("the upload is not open", "此上傳已完成或已取消")
            limit, target = min(limit, part.size), folder / str(part.number)
        with self._replacing(target, make_folder=part is None) as file:
            size, md5 = _copy(source, file, limit)
            if size != length:
                raise broken_off()
            if part is not None and (size, md5) != (part.size, part.md5):
                raise wrong_part(part.number)
        return md5

    def _path(self, key: str) -> Path:
        check_key(key)
        folder, _, name = key.rpartition("/")
        return self.directory / folder / name[:2] / name

    def _parts(self, key: str, upload_id: str) -> Path:
        check_key(key)
        if not _UPLOAD_ID.fullmatch(upload_id):
            raise InvalidKey(repr(upload_id[:200]))
        # The key is in the name, so that an upload's id opens nothing under another key.
        return self.directory / ".parts" / f"{upload_id}-{md5_hex(key.encode())}"

    def _sign(self, grant: Grant) -> str:
        return self._public_url() + self.signer.address(grant)

    def _assemble(self, key: str, folder: Path, parts: Sequence[PartSpec]) -> None:
        for part in parts:
            if not (folder / str(part.number)).is_file():
                raise missing_part(part.number)
        with self._replacing(self._path(key)) as file:
            for part in parts:
                try:
                    with (folder / str(part.number)).open("rb") as source:
                        copied = _copy(source, file, part.size)
                except FileNotFoundError:
                    raise missing_part(part.number) from None
                if copied != (part.size, part.md5):
                    raise wrong_part(part.number)

    def _holds(self, key: str, parts: Sequence[PartSpec]) -> bool:
        """Whether the object is exactly these parts, by reading it."""
        info = self.stat(key)
        if info is None or info.size != sum(part.size for part in parts):
            return False
        with self.open_file(key) as file:
            return all(_digest(file, part.size) == part.md5 for part in parts)

    @contextmanager
    def _temporary(self) -> Iterator[tuple[Path, BinaryIO]]:
        folder = self.directory / ".tmp"
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = mkstemp(dir=folder)
        path = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                yield path, file
        finally:
            path.unlink(missing_ok=True)

    @contextmanager
    def _replacing(self, target: Path, *, make_folder: bool = True) -> Iterator[BinaryIO]:
        """A file to write that takes the target's place at the end, if nothing was raised."""
        with _disk(), self._temporary() as (path, file):
            yield file
            file.flush()
            os.fsync(file.fileno())
            if make_folder and not target.parent.is_dir():
                target.parent.mkdir(parents=True, exist_ok=True)
                _sync_folder(target.parent.parent)
            path.replace(target)
            _sync_folder(target.parent)


def stat_open(file: BinaryIO) -> tuple[ObjectInfo, datetime]:
    """Size, tag and time of change of an open object: of these bytes, whatever replaces them."""
    status = os.fstat(file.fileno())
    return info_of(status), datetime.fromtimestamp(status.st_mtime, UTC)


def info_of(status: os.stat_result) -> ObjectInfo:
    """A new file is a new inode, so the tag changes even within one tick of the disk's clock."""
    tag = f"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"
    return ObjectInfo(status.st_size, tag)


@contextmanager
def _disk() -> Iterator[None]:
    """A disk that is full, read-only or broken is a store that does not answer."""
    try:
        yield
    except OSError as error:
        raise StorageUnavailable from error


def _until(expires: int) -> int:
    return int(clock.now().timestamp()) + expires


def _copy(source: Source, target: BinaryIO, limit: int) -> tuple[int, str]:
    """Copy to the end; returns size and MD5. Raises 413 as soon as more than `limit` came."""
    digest, size = hashlib.md5(usedforsecurity=False), 0
    while chunk := source.read(_CHUNK):
        size += len(chunk)
        if size > limit:
            raise refuse("PAYLOAD_TOO_LARGE")
        digest.update(chunk)
        target.write(chunk)
    return size, digest.hexdigest()


def _digest(file: BinaryIO, size: int) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    while size > 0 and (chunk := file.read(min(size, _CHUNK))):
        size -= len(chunk)
        digest.update(chunk)
    return digest.hexdigest()


def _remove_if_older(path: Path, limit: float) -> bool:
    try:
        if path.stat().st_mtime >= limit:
            return False
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    except FileNotFoundError:
        return False  # Completed, or removed by a rival, while we looked.
    return True


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

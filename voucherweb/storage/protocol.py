"""What the system asks of a store of objects; two adapters keep it (behaviour §9)."""

import hashlib
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from voucherweb.errors import ERRORS, Detail, Refusal

URL_LIFE = 3600
"""Seconds for which an upload or download address is valid (contract A, 時效 3600 秒)."""

MAX_PARTS = 1000
"""Parts of one upload that every S3-compatible store takes; some take ten times as many."""

_MD5 = re.compile(r"[0-9a-f]{32}")


class ObjectNotFound(LookupError):
    """There is no object of that key; the message is the key."""


class StorageUnavailable(Refusal):
    """The store did not answer, or is not set up: 503 `API_ERROR.UNAVAILABLE`. Safe to retry."""

    def __init__(self) -> None:
        super().__init__(ERRORS["UNAVAILABLE"])


class UploadNotComplete(Refusal):
    """422 `UPLOAD_NOT_COMPLETE`: bytes are missing, or are not what was announced."""

    def __init__(self, en: str, zh: str) -> None:
        details = [Detail("thumbnailObjectKey", en, zh)]
        super().__init__(ERRORS["UPLOAD_NOT_COMPLETE"], details)


@dataclass(frozen=True, slots=True)
class PartSpec:
    """One announced part: its number from 1, MD5 in hex of either case, size in bytes.

    Raises `ValueError` for what no store could take.
    """

    number: int
    md5: str
    size: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "md5", self.md5.lower())
        if not 1 <= self.number <= MAX_PARTS:
            raise ValueError(f"part {self.number}: expected a number from 1 to {MAX_PARTS}")
        if not _MD5.fullmatch(self.md5):
            raise ValueError(f"part {self.number}: md5 is not 32 hexadecimal digits")
        if self.size < 1:
            raise ValueError(f"part {self.number}: size must be at least 1 byte")


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """Size in bytes, and a tag that changes whenever the bytes do (opaque, without quotes)."""

    size: int
    etag: str


class Storage(Protocol):
    """A store of whole objects under keys as `keys.check_key` allows.

    Every method raises `InvalidKey` (a `ValueError`) for another key and `StorageUnavailable`
    when the store does not answer. Addresses are absolute, live `expires` seconds and serve one
    method on one key; uploading needs no header besides Content-Length.
    """

    def presign_put(self, key: str, expires: int = URL_LIFE) -> str:
        """Where to PUT the whole object at once."""
        ...

    def start_multipart(self, key: str, parts: Sequence[PartSpec]) -> str:
        """Open an upload in these parts; returns its id, at most 1024 characters."""
        ...

    def presign_part(
        self, key: str, upload_id: str, part: PartSpec, expires: int = URL_LIFE
    ) -> str:
        """Where to PUT one part; another length is refused there, another MD5 at the latest
        by `complete_multipart`. A part may be sent again until then.
        """
        ...

    def complete_multipart(self, key: str, upload_id: str, parts: Sequence[PartSpec]) -> None:
        """Make the parts one object. May be repeated; raises `UploadNotComplete` and changes
        nothing when a part is missing or differs in MD5 or size from what was announced.
        """
        ...

    def abort_multipart(self, key: str, upload_id: str) -> None:
        """Forget an upload and its parts. May be repeated."""
        ...

    def stat(self, key: str) -> ObjectInfo | None:
        """Size and tag, or None when there is no such object."""
        ...

    def read(self, key: str, limit: int) -> bytes:
        """The first `limit` bytes at most; raises `ObjectNotFound`."""
        ...

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        """The bytes as a forward stream; raises `ObjectNotFound`."""
        ...

    def write(self, key: str, data: bytes) -> None:
        """Store a whole object; who reads meanwhile sees the old or the new one, never a mix."""
        ...

    def delete(self, key: str) -> None:
        """Remove the object if there is one."""
        ...

    def presign_get(self, key: str, expires: int = URL_LIFE, filename: str | None = None) -> str:
        """Where to GET the object, as a download of that name if one is given. The same address
        is answered for some minutes, so that browsers may keep the picture.
        """
        ...

    def sweep(self, before: datetime) -> int:
        """Remove uploads begun before that instant and never completed; returns how many."""
        ...

    def check(self) -> None:
        """For `/readyz`: raises `StorageUnavailable` unless objects can be stored now."""
        ...


def md5_hex(data: bytes) -> str:
    """The MD5 that S3 and the contract speak of; it proves transport, not authorship."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def parts_digest(parts: Sequence[PartSpec]) -> str:
    """One word for a list of parts, in the shape of a multipart ETag."""
    ordered = sorted(parts, key=lambda part: part.number)
    return f"{md5_hex(b''.join(bytes.fromhex(part.md5) for part in ordered))}-{len(ordered)}"


def missing_part(number: int) -> UploadNotComplete:
    """The refusal for a part that never came."""
    return UploadNotComplete(f"part {number} was not uploaded", f"第 {number} 塊尚未上傳")


def wrong_part(number: int) -> UploadNotComplete:
    """The refusal for a part with other bytes than announced."""
    return UploadNotComplete(
        f"part {number} differs from its md5 or chunkSize",
        f"第 {number} 塊與 md5 或 chunkSize 不符",
    )


def broken_off() -> UploadNotComplete:
    """The refusal for a body that ended before its announced length."""
    return UploadNotComplete("the upload broke off", "上傳中斷")

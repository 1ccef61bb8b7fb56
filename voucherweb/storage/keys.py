"""Which objects there may be: the form of a key, the file types, their sizes (behaviour §9)."""

import re
import uuid
from typing import NamedTuple
from urllib.parse import quote

from voucherweb.errors import refuse

MEGABYTE = 1024 * 1024


class FileType(NamedTuple):
    """What the extension promises: the media type, the most bytes, and who may upload it."""

    media_type: str
    limit: int
    uploadable: bool = False
    thumbnail: bool = False


def _picture(media_type: str) -> FileType:
    return FileType(media_type, 10 * MEGABYTE, uploadable=True, thumbnail=True)


FILE_TYPES = {
    "png": _picture("image/png"),
    "jpg": _picture("image/jpeg"),
    "jpeg": _picture("image/jpeg"),
    "gif": _picture("image/gif"),
    "webp": _picture("image/webp"),
    "mp4": FileType("video/mp4", 200 * MEGABYTE, uploadable=True),
    "xlsx": FileType(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", 64 * MEGABYTE
    ),
    "csv": FileType("text/csv", 64 * MEGABYTE),
}

UPLOADS = "voucher"
"""The folder of everything that clients upload."""

# `staged` is where parts wait. Folders hold no dot and a file has exactly one, so a key can
# neither climb nor hide, and no file ever wants the place of a folder.
_KEY = re.compile(
    r"(?!staged/)(?:[a-z0-9][a-z0-9_-]{0,63}/){1,6}[a-z0-9][a-z0-9_-]{0,127}\.([a-z0-9]{1,10})"
)


class InvalidKey(ValueError):
    """This is no key that the system ever gave out."""


def check_key(key: str) -> FileType:
    """The file type of a well-formed key; raises `InvalidKey`."""
    match = _KEY.fullmatch(key)
    kind = FILE_TYPES.get(match[1]) if match else None
    if kind is None:
        raise InvalidKey(repr(key[:200]))
    return kind


def object_key(is_thumbnail: bool, file_type: str) -> str:
    """A fresh key as in contract A §取得上傳網址, e.g. `voucher/thumbnail/<uuid>.png`.

    Raises 422 `UPLOAD_FILE_TYPE_NOT_ALLOWED` for a type that may not be uploaded so.
    """
    extension = file_type.lower()
    kind = FILE_TYPES.get(extension)
    if kind is None or not kind.uploadable or (is_thumbnail and not kind.thumbnail):
        raise refuse("UPLOAD_FILE_TYPE_NOT_ALLOWED")
    folder = f"{UPLOADS}/thumbnail" if is_thumbnail else UPLOADS
    return f"{folder}/{uuid.uuid4()}.{extension}"


def import_key(job_id: uuid.UUID, extension: str = "xlsx") -> str:
    """Where the file of an import waits for its job."""
    return f"imports/{job_id}.{extension}"


def export_key(job_id: uuid.UUID, attempt: int, extension: str) -> str:
    """Where the file that an attempt of an export wrote is kept. Each attempt has its own, so that
    one that was given up can neither replace nor remove what a later one made."""
    return f"exports/{job_id}-{attempt}.{extension}"


def attachment(filename: str) -> str:
    """A Content-Disposition that saves under this name, whatever its script (RFC 6266)."""
    return f"attachment; filename*=UTF-8''{quote(filename, safe='', errors='replace')}"

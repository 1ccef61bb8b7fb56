"""Is an uploaded file really the picture or video that its key claims (behaviour §9)?"""

import threading
from io import BytesIO

from PIL import Image

from voucherweb.storage.keys import check_key
from voucherweb.storage.protocol import ObjectInfo, Storage, UploadNotComplete

MAX_PIXELS = 40_000_000
"""Pixels of one picture: 160 MB decoded at the worst; a telephone's photo has 12 to 24 million."""

MAX_ANIMATED_PIXELS = 80_000_000
"""Pixels decoded of one animation; what comes after them is not looked at."""

_FORMATS = {"png": "PNG", "jpg": "JPEG", "jpeg": "JPEG", "gif": "GIF", "webp": "WEBP"}
_NOT_MP4 = {b"qt  ", b"heic", b"heix", b"mif1", b"avif", b"avis"}
_VIDEO_HEAD = 4096

# One picture at a time and process: decoding is where a small file becomes a large memory.
_decoding = threading.Lock()


def check_upload(storage: Storage, key: str) -> ObjectInfo:
    """The stored object of that key, found to be what its extension claims and not too large.

    Raises 422 `UPLOAD_NOT_COMPLETE` saying why when it is missing, too large or something else.
    """
    kind = check_key(key)
    info = storage.stat(key)
    if info is None:
        raise UploadNotComplete("the file was not uploaded", "檔案尚未上傳")
    if info.size > kind.limit:
        raise UploadNotComplete(
            f"the file is larger than {kind.limit} bytes", f"檔案超過 {kind.limit} bytes"
        )
    file_type = key.rpartition(".")[2]
    if file_type == "mp4":
        check_video(storage.read(key, _VIDEO_HEAD))
    else:
        check_picture(storage.read(key, kind.limit), file_type)
    return info


def check_picture(data: bytes, file_type: str) -> None:
    """Decode a png, jpg, jpeg, gif or webp; raises `UploadNotComplete` if it is not that, is
    damaged, or has more than `MAX_PIXELS`.
    """
    try:
        with _decoding, Image.open(BytesIO(data), formats=[_FORMATS[file_type]]) as picture:
            _check_pixels(picture)
            _decode(picture)
    except UploadNotComplete:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except Exception as error:
        # Hostile bytes make the decoders raise nearly anything; all of it means the same.
        raise UploadNotComplete(
            f"the file is not a readable {file_type}", f"檔案不是可讀取的 {file_type}"
        ) from error


def check_video(head: bytes) -> None:
    """The first bytes of an MP4 are its `ftyp` box; raises `UploadNotComplete` otherwise."""
    size, name, brand = int.from_bytes(head[:4]), head[4:8], head[8:12]
    well_formed = name == b"ftyp" and 16 <= size <= _VIDEO_HEAD and size % 4 == 0
    if not well_formed or len(head) < size or brand in _NOT_MP4:
        raise UploadNotComplete("the file is not an mp4", "檔案不是 mp4")


def _check_pixels(picture: Image.Image) -> None:
    if picture.width * picture.height > MAX_PIXELS:
        raise _too_many_pixels()


def _decode(picture: Image.Image) -> None:
    frame, budget = 0, MAX_ANIMATED_PIXELS
    while budget > 0:
        picture.load()
        budget -= picture.width * picture.height
        frame += 1
        try:
            picture.seek(frame)
        except EOFError:
            return
        _check_pixels(picture)


def _too_many_pixels() -> UploadNotComplete:
    return UploadNotComplete(
        f"the picture has more than {MAX_PIXELS} pixels", f"圖片超過 {MAX_PIXELS} 像素"
    )

"""Uploaded files are what they claim to be, or are refused (behaviour §9)."""

import re
import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from voucherweb.errors import Refusal
from voucherweb.storage.keys import FILE_TYPES, MEGABYTE, object_key
from voucherweb.storage.pictures import check_picture, check_upload, check_video
from voucherweb.storage.protocol import Storage, UploadNotComplete

FORMATS = {"png": "PNG", "jpg": "JPEG", "jpeg": "JPEG", "gif": "GIF", "webp": "WEBP"}
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
FTYP = struct.pack(">I", 24) + b"ftypisom" + bytes(4) + b"isommp42"


def drawn(file_type: str, size: tuple[int, int] = (40, 30), frames: int = 1) -> bytes:
    buffer = BytesIO()
    pictures = [Image.new("RGB", size, (n * 20 % 255, 90, 40)) for n in range(frames)]
    more = {"save_all": True, "append_images": pictures[1:]} if frames > 1 else {}
    pictures[0].save(buffer, FORMATS[file_type], **more)
    return buffer.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("file_type", FORMATS)
def test_a_picture_of_each_type_passes(file_type: str) -> None:
    check_picture(drawn(file_type), file_type)


@pytest.mark.parametrize("file_type", ["gif", "webp", "png"])
def test_an_animation_passes(file_type: str) -> None:
    check_picture(drawn(file_type, frames=5), file_type)


@pytest.mark.parametrize("claimed", FORMATS)
@pytest.mark.parametrize("actual", ["png", "jpg", "gif", "webp"])
def test_one_type_does_not_pass_for_another(claimed: str, actual: str) -> None:
    if FORMATS[claimed] == FORMATS[actual]:
        check_picture(drawn(actual), claimed)
    else:
        with pytest.raises(UploadNotComplete, match="UPLOAD_NOT_COMPLETE"):
            check_picture(drawn(actual), claimed)


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"<svg/>", b"\x89PNG\r\n\x1a\n", b"GIF89a" + b"\xff" * 50]
)
@pytest.mark.parametrize("file_type", FORMATS)
def test_what_is_no_picture_is_refused(data: bytes, file_type: str) -> None:
    with pytest.raises(UploadNotComplete):
        check_picture(data, file_type)


@pytest.mark.parametrize("file_type", ["png", "jpg", "webp"])
def test_a_cut_off_picture_is_refused(file_type: str) -> None:
    whole = drawn(file_type, (200, 200))
    with pytest.raises(UploadNotComplete):
        check_picture(whole[: len(whole) * 2 // 3], file_type)


@pytest.mark.parametrize(("width", "height"), [(8000, 5001), (10_000, 10_000), (60_000, 60_000)])
def test_a_picture_of_too_many_pixels_is_refused_undecoded(width: int, height: int) -> None:
    with pytest.raises(UploadNotComplete) as refused:
        check_picture(png_claiming(width, height), "png")
    assert "pixels" in refused.value.details[0].en


@pytest.mark.parametrize("position", range(0, 600, 7))
def test_a_damaged_picture_passes_or_is_refused_and_nothing_else(position: int) -> None:
    for file_type in ("png", "jpg", "gif", "webp"):
        data = bytearray(drawn(file_type, (64, 64)))
        data[position % len(data)] ^= 0xFF
        try:
            check_picture(bytes(data), file_type)
        except UploadNotComplete as refused:
            assert refused.details  # noqa: PT017 - either outcome is right; any third one fails.


def test_an_mp4_begins_with_its_box() -> None:
    check_video(FTYP + b"moov")


@pytest.mark.parametrize(
    "head",
    [b"", b"hello", FTYP[:20], FTYP.replace(b"ftyp", b"moov"), FTYP.replace(b"isom", b"heic", 1)],
)
def test_what_is_no_mp4_is_refused(head: bytes) -> None:
    with pytest.raises(UploadNotComplete):
        check_video(head)


def test_keys_look_as_in_the_contract() -> None:
    assert re.fullmatch(f"voucher/thumbnail/{UUID}\\.png", object_key(True, "PNG"))
    assert re.fullmatch(f"voucher/{UUID}\\.mp4", object_key(False, "mp4"))


@pytest.mark.parametrize(
    ("thumbnail", "file_type"),
    [(True, "mp4"), (True, "svg"), (False, "html"), (False, "xlsx"), (False, ""), (True, "../png")],
)
def test_other_types_cannot_be_uploaded(thumbnail: bool, file_type: str) -> None:
    with pytest.raises(Refusal, match="UPLOAD_FILE_TYPE_NOT_ALLOWED"):
        object_key(thumbnail, file_type)


def test_the_limits_are_those_of_the_contract() -> None:
    assert {FILE_TYPES[name].limit for name in FORMATS} == {10 * MEGABYTE}
    assert FILE_TYPES["mp4"].limit == 200 * MEGABYTE


def test_an_uploaded_picture_is_checked_where_it_lies(store: Storage, key: str) -> None:
    with pytest.raises(UploadNotComplete):
        check_upload(store, key)
    store.write(key, drawn("png"))
    assert check_upload(store, key).size == len(drawn("png"))
    store.write(key, b"not a picture")
    with pytest.raises(UploadNotComplete):
        check_upload(store, key)


def test_an_uploaded_file_that_is_too_large_is_refused(store: Storage, key: str) -> None:
    store.write(key, drawn("png") + bytes(10 * MEGABYTE))
    with pytest.raises(UploadNotComplete) as refused:
        check_upload(store, key)
    assert "larger" in refused.value.details[0].en


def test_an_uploaded_video_is_checked_by_its_head(store: Storage) -> None:
    key = object_key(is_thumbnail=False, file_type="mp4")
    store.write(key, FTYP + bytes(10_000))
    assert check_upload(store, key).size == 10_024
    store.write(key, bytes(10_000))
    with pytest.raises(UploadNotComplete):
        check_upload(store, key)

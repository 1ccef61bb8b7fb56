"""Uploads in parts: every part as announced, or no object (behaviour §9)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.storage.http_client import fetch
from voucherweb.domain import clock
from voucherweb.storage.keys import MEGABYTE, InvalidKey, object_key
from voucherweb.storage.protocol import PartSpec, Storage, UploadNotComplete, md5_hex

SMALL = [b"first part, ", b"second part, ", b"the end"]
# The least that S3 joins by itself: 5 MiB in every part but the last.
LARGE = [b"\x01" * (5 * MEGABYTE), b"\x02" * 10]


@pytest.fixture(params=[SMALL, LARGE], ids=["small", "large"])
def chunks(request: pytest.FixtureRequest) -> list[bytes]:
    return list(request.param)


def announced(chunks: list[bytes]) -> list[PartSpec]:
    return [PartSpec(n, md5_hex(data).upper(), len(data)) for n, data in enumerate(chunks, 1)]


def send(store: Storage, key: str, upload: str, part: PartSpec, data: bytes) -> int:
    return fetch("PUT", store.presign_part(key, upload, part), data).status


def send_all(store: Storage, key: str, upload: str, chunks: list[bytes]) -> None:
    for part, data in zip(announced(chunks), chunks, strict=True):
        assert send(store, key, upload, part, data) == 200


def test_parts_become_one_object(store: Storage, key: str, chunks: list[bytes]) -> None:
    parts = announced(chunks)
    upload = store.start_multipart(key, parts)
    for part, data in reversed(list(zip(parts, chunks, strict=True))):
        assert send(store, key, upload, part, data) == 200
    assert store.stat(key) is None
    store.complete_multipart(key, upload, parts)
    answer = fetch("GET", store.presign_get(key))
    assert (answer.status, answer.body) == (200, b"".join(chunks))
    assert answer.headers["Content-Type"] == "image/png"


def test_completing_may_be_repeated(store: Storage, key: str, chunks: list[bytes]) -> None:
    parts = announced(chunks)
    upload = store.start_multipart(key, parts)
    send_all(store, key, upload, chunks)
    store.complete_multipart(key, upload, parts)
    before = store.stat(key)
    store.complete_multipart(key, upload, list(reversed(parts)))
    assert store.stat(key) == before


def test_rivals_may_complete_at_once(store: Storage, key: str, chunks: list[bytes]) -> None:
    parts = announced(chunks)
    upload = store.start_multipart(key, parts)
    send_all(store, key, upload, chunks)
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(store.complete_multipart, key, upload, parts) for _ in range(4)]
        for future in futures:
            future.result()
    assert store.read(key, 10 * MEGABYTE) == b"".join(chunks)


def test_a_missing_part_is_refused_until_it_comes(
    store: Storage, key: str, chunks: list[bytes]
) -> None:
    parts = announced(chunks)
    upload = store.start_multipart(key, parts)
    send_all(store, key, upload, chunks[:-1])
    with pytest.raises(UploadNotComplete) as refused:
        store.complete_multipart(key, upload, parts)
    assert f"part {len(chunks)} " in refused.value.details[0].en
    assert store.stat(key) is None
    assert send(store, key, upload, parts[-1], chunks[-1]) == 200
    store.complete_multipart(key, upload, parts)
    assert store.read(key, 10 * MEGABYTE) == b"".join(chunks)


def test_a_part_with_another_md5_is_refused_until_it_is_right(
    store: Storage, key: str, chunks: list[bytes]
) -> None:
    parts = announced(chunks)
    upload = store.start_multipart(key, parts)
    send_all(store, key, upload, chunks)
    wrong = b"#" * len(chunks[0])
    if send(store, key, upload, parts[0], wrong) == 200:
        with pytest.raises(UploadNotComplete):
            store.complete_multipart(key, upload, parts)
        assert store.stat(key) is None
        assert send(store, key, upload, parts[0], chunks[0]) == 200
    store.complete_multipart(key, upload, parts)
    assert store.read(key, 10 * MEGABYTE) == b"".join(chunks)


def test_a_part_that_only_ever_came_wrong_is_never_joined(
    store: Storage, key: str, chunks: list[bytes]
) -> None:
    parts = announced(chunks)
    upload = store.start_multipart(key, parts)
    send(store, key, upload, parts[0], b"#" * len(chunks[0]))
    for part, data in list(zip(parts, chunks, strict=True))[1:]:
        assert send(store, key, upload, part, data) == 200
    with pytest.raises(UploadNotComplete):
        store.complete_multipart(key, upload, parts)
    assert store.stat(key) is None


@pytest.mark.parametrize("change", [-1, +1])
def test_a_part_of_another_length_is_refused_at_its_address(
    store: Storage, key: str, change: int
) -> None:
    parts = announced(SMALL)
    upload = store.start_multipart(key, parts)
    data = (SMALL[0] + b"#")[: len(SMALL[0]) + change]
    assert send(store, key, upload, parts[0], data) in {403, 413, 422}
    with pytest.raises(UploadNotComplete):
        store.complete_multipart(key, upload, parts)


def test_an_address_of_one_part_takes_no_other(store: Storage, key: str) -> None:
    parts = announced(LARGE)
    upload = store.start_multipart(key, parts)
    url = store.presign_part(key, upload, parts[1])
    for name in ("part", "partNumber"):
        moved = url.replace(f"{name}=2", f"{name}=3")
        assert moved == url or fetch("PUT", moved, LARGE[1]).status == 403


def test_an_upload_opens_nothing_under_another_key(
    store: Storage, key: str, chunks: list[bytes]
) -> None:
    parts = announced(chunks)
    upload = store.start_multipart(key, parts)
    send_all(store, key, upload, chunks)
    other = object_key(is_thumbnail=True, file_type="png")
    with pytest.raises(UploadNotComplete):
        store.complete_multipart(other, upload, parts)
    assert store.stat(other) is None


def test_an_aborted_upload_is_gone(store: Storage, key: str, chunks: list[bytes]) -> None:
    parts = announced(chunks)
    upload = store.start_multipart(key, parts)
    send_all(store, key, upload, chunks)
    store.abort_multipart(key, upload)
    store.abort_multipart(key, upload)
    with pytest.raises(UploadNotComplete):
        store.complete_multipart(key, upload, parts)
    assert store.stat(key) is None


def test_sweeping_removes_old_uploads_and_no_object(
    store: Storage, key: str, chunks: list[bytes]
) -> None:
    parts = announced(chunks)
    kept = object_key(is_thumbnail=True, file_type="png")
    store.write(kept, b"kept")
    upload = store.start_multipart(key, parts)
    send_all(store, key, upload, chunks)
    assert store.sweep(clock.now() - timedelta(hours=1)) == 0
    assert store.sweep(clock.now() + timedelta(hours=1)) > 0
    with pytest.raises(UploadNotComplete):
        store.complete_multipart(key, upload, parts)
    assert store.read(kept, 10) == b"kept"


@pytest.mark.parametrize(
    ("number", "md5", "size"),
    [(0, "0" * 32, 1), (1001, "0" * 32, 1), (1, "0" * 31, 1), (1, "g" * 32, 1), (1, "0" * 32, 0)],
)
def test_a_part_that_no_store_takes_cannot_be_announced(number: int, md5: str, size: int) -> None:
    with pytest.raises(ValueError, match=f"part {number}"):
        PartSpec(number, md5, size)


def test_an_upload_id_of_no_upload_is_refused(store: Storage, key: str) -> None:
    with pytest.raises((UploadNotComplete, InvalidKey)):
        store.complete_multipart(key, "../../etc", announced(SMALL))

"""Whole objects through signed addresses: both stores, the same promises (behaviour §9)."""

import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.storage.http_client import fetch
from voucherweb.storage.keys import InvalidKey, object_key
from voucherweb.storage.protocol import ObjectNotFound, PartSpec, Storage

ALL_BYTES = bytes(range(256)) * 40


def tampered(url: str) -> str:
    return url[:-1] + ("0" if url[-1] != "0" else "1")


def test_bytes_put_at_an_address_come_back_unchanged(store: Storage, key: str) -> None:
    assert fetch("PUT", store.presign_put(key), ALL_BYTES).status == 200
    answer = fetch("GET", store.presign_get(key))
    assert (answer.status, answer.body) == (200, ALL_BYTES)
    assert answer.headers["Content-Type"] == "image/png"


def test_an_uploader_cannot_choose_the_type_that_browsers_see(store: Storage, key: str) -> None:
    headers = {"Content-Type": "text/html"}
    assert fetch("PUT", store.presign_put(key), b"<script>", headers).status == 200
    assert fetch("GET", store.presign_get(key)).headers["Content-Type"] == "image/png"


def test_an_address_lives_for_an_hour(store: Storage, key: str) -> None:
    query = parse_qs(urlsplit(store.presign_put(key)).query)
    if "expires" in query:
        assert 3590 < int(query["expires"][0]) - time.time() <= 3600
    else:
        assert query["X-Amz-Expires"] == ["3600"]


def test_a_tampered_address_is_refused_and_stores_nothing(store: Storage, key: str) -> None:
    assert fetch("PUT", tampered(store.presign_put(key)), b"x").status == 403
    assert store.stat(key) is None
    store.write(key, b"secret")
    answer = fetch("GET", tampered(store.presign_get(key)))
    assert answer.status == 403
    assert b"secret" not in answer.body


def test_an_address_without_its_signature_is_refused(store: Storage, key: str) -> None:
    store.write(key, b"secret")
    answer = fetch("GET", store.presign_get(key).partition("?")[0])
    assert answer.status in {400, 403}
    assert b"secret" not in answer.body


def test_a_late_address_is_refused(store: Storage, key: str) -> None:
    store.write(key, b"first")
    put, get = store.presign_put(key, expires=1), store.presign_get(key, expires=1)
    time.sleep(2.1)
    assert fetch("PUT", put, b"second").status == 403
    assert fetch("GET", get).status == 403
    assert store.read(key, 100) == b"first"


def test_an_address_opens_no_other_key(store: Storage, key: str) -> None:
    other = object_key(is_thumbnail=True, file_type="png")
    store.write(other, b"secret")
    assert fetch("GET", store.presign_get(key).replace(key, other)).status == 403
    assert fetch("PUT", store.presign_put(key).replace(key, other), b"x").status == 403
    assert store.read(other, 100) == b"secret"


def test_a_download_address_does_not_upload(store: Storage, key: str) -> None:
    store.write(key, b"first")
    assert fetch("PUT", store.presign_get(key), b"second").status == 403
    assert store.read(key, 100) == b"first"


def test_a_missing_object_is_404_at_a_good_address(store: Storage, key: str) -> None:
    assert fetch("GET", store.presign_get(key)).status == 404


def test_a_range_is_answered_alone(store: Storage, key: str) -> None:
    store.write(key, ALL_BYTES)
    answer = fetch("GET", store.presign_get(key), headers={"Range": "bytes=10-19"})
    assert (answer.status, answer.body) == (206, ALL_BYTES[10:20])
    assert answer.headers["Content-Range"] == f"bytes 10-19/{len(ALL_BYTES)}"


def test_a_known_tag_saves_the_bytes(store: Storage, key: str) -> None:
    store.write(key, ALL_BYTES)
    url = store.presign_get(key)
    tag = fetch("GET", url).headers["ETag"]
    assert fetch("GET", url, headers={"If-None-Match": tag}).status == 304


def test_a_named_download_is_an_attachment_in_any_script(store: Storage) -> None:
    key = "failures/2f0c.xlsx"
    store.write(key, b"PK")
    answer = fetch("GET", store.presign_get(key, filename="檢驗檢查錯誤資料檔.xlsx"))
    assert answer.body == b"PK"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''%E6%AA")


def test_the_same_address_is_given_for_some_minutes(store: Storage, key: str) -> None:
    first = store.presign_get(key)
    time.sleep(1.1)
    assert store.presign_get(key) == first


def test_reading_stops_at_the_limit(store: Storage, key: str) -> None:
    store.write(key, b"0123456789")
    assert store.read(key, 4) == b"0123"
    assert store.read(key, 100) == b"0123456789"


def test_an_object_can_be_streamed(store: Storage, key: str) -> None:
    store.write(key, ALL_BYTES)
    with store.open(key) as stream:
        assert stream.read(10) + stream.read() == ALL_BYTES


def test_an_empty_object_is_an_object(store: Storage, key: str) -> None:
    assert fetch("PUT", store.presign_put(key), b"").status == 200
    info = store.stat(key)
    assert info is not None
    assert info.size == 0
    assert store.read(key, 10) == b""


def test_reading_what_is_not_there_says_so(store: Storage, key: str) -> None:
    assert store.stat(key) is None
    with pytest.raises(ObjectNotFound):
        store.read(key, 10)
    with pytest.raises(ObjectNotFound), store.open(key):
        pass


def test_a_new_content_has_a_new_tag(store: Storage, key: str) -> None:
    store.write(key, b"one")
    before = store.stat(key)
    store.write(key, b"two")
    after = store.stat(key)
    assert before is not None
    assert after is not None
    assert (before.size, after.size) == (3, 3)
    assert before.etag != after.etag


def test_deleting_may_be_repeated(store: Storage, key: str) -> None:
    store.write(key, b"x")
    store.delete(key)
    store.delete(key)
    assert store.stat(key) is None


BAD_KEYS = [
    "../etc/passwd.png",
    "voucher/../../x.png",
    "voucher/./x.png",
    "/voucher/x.png",
    "voucher//x.png",
    "voucher/x",
    "voucher/.hidden.png",
    "voucher/x.png/../y.png",
    "voucher/x.php",
    "voucher/x.png\n",
    "voucher/x\0.png",
    "voucher\\x.png",
    "staged/x/1.png",
    "x.png",
    "",
    "voucher/" + "a" * 300 + ".png",
]


@pytest.mark.parametrize("bad", BAD_KEYS)
def test_a_key_that_was_never_given_out_is_refused_everywhere(store: Storage, bad: str) -> None:
    part = PartSpec(1, "0" * 32, 1)
    for call in (
        lambda: store.presign_put(bad),
        lambda: store.presign_get(bad),
        lambda: store.presign_part(bad, "u", part),
        lambda: store.start_multipart(bad, [part]),
        lambda: store.complete_multipart(bad, "u", [part]),
        lambda: store.abort_multipart(bad, "u"),
        lambda: store.stat(bad),
        lambda: store.read(bad, 1),
        lambda: store.open(bad),
        lambda: store.write(bad, b""),
        lambda: store.delete(bad),
    ):
        with pytest.raises(InvalidKey):
            call()


def test_rival_writers_of_one_key_leave_one_whole_object(store: Storage, key: str) -> None:
    size, writers = 1_000_000, 6
    url = store.presign_put(key)
    store.write(key, bytes(size))
    with ThreadPoolExecutor(writers + 1) as pool:
        sent = [pool.submit(fetch, "PUT", url, bytes([n]) * size) for n in range(writers)]
        seen = [store.read(key, 2 * size) for _ in range(10)]
        assert {future.result().status for future in sent} <= {200, 202}
    for content in [*seen, store.read(key, 2 * size)]:
        assert content == bytes([content[0]]) * size


def test_a_working_store_is_ready(store: Storage) -> None:
    store.check()

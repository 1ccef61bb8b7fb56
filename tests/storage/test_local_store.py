"""What only the local store has: its disk, and the addresses that the app serves itself."""

import socket
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.storage.http_client import announce, fetch, files_app
from voucherweb.domain import clock
from voucherweb.errors import Refusal
from voucherweb.storage.keys import MEGABYTE, object_key
from voucherweb.storage.local import LocalStorage
from voucherweb.storage.protocol import PartSpec, StorageUnavailable, md5_hex


def leftovers(local: LocalStorage) -> list[Path]:
    return list((local.directory / ".tmp").iterdir())


def test_addresses_carry_expires_and_signature(local: LocalStorage, key: str) -> None:
    url = local.presign_put(key)
    assert url.startswith("http://127.0.0.1:")
    assert f"/files/{key}?expires=" in url
    assert "&signature=" in url


def test_a_forged_address_answers_the_error_code(local: LocalStorage, key: str) -> None:
    answer = fetch("GET", local.presign_get(key) + "0")
    assert answer.status == 403
    assert b'"API_ERROR.FORBIDDEN"' in answer.body


@pytest.mark.parametrize(
    ("value", "other"), [("expires=", "expires=1"), ("size=1", "size=2"), ("md5=0", "md5=1")]
)
def test_every_value_of_an_address_is_signed(
    local: LocalStorage, key: str, value: str, other: str
) -> None:
    part = PartSpec(1, "0" * 32, 1)
    url = local.presign_part(key, local.start_multipart(key, [part]), part)
    assert value in url
    assert fetch("PUT", url.replace(value, other), b"x").status == 403


def test_a_signature_in_another_script_is_merely_wrong(local: LocalStorage, key: str) -> None:
    url = local.presign_get(key).partition("?")[0] + "?expires=%D9%A1&signature=%E7%A5%A8%ED%A0"
    assert fetch("GET", url).status == 403


def test_an_address_ends_with_its_last_second(local: LocalStorage, key: str) -> None:
    url = local.presign_put(key, expires=60)
    values = dict(pair.split("=") for pair in urlsplit(url).query.split("&"))
    with clock.frozen(clock.from_millis(int(values["expires"]) * 1000 - 1)):
        assert local.signer.verify("PUT", key, values).key == key
    with (
        clock.frozen(clock.from_millis(int(values["expires"]) * 1000)),
        pytest.raises(Refusal, match="FORBIDDEN"),
    ):
        local.signer.verify("PUT", key, values)


def test_another_secret_signs_otherwise(local: LocalStorage, tmp_path: Path, key: str) -> None:
    stranger = LocalStorage(tmp_path, "another secret", lambda: "http://x")
    path = stranger.presign_put(key).removeprefix("http://x")
    host = local.presign_put(key).partition("/files/")[0]
    assert fetch("PUT", host + path, b"x").status == 403


@pytest.mark.parametrize(("file_type", "limit"), [("png", 10), ("mp4", 200)])
def test_too_many_bytes_are_refused_before_they_are_sent(
    local: LocalStorage, file_type: str, limit: int
) -> None:
    key = object_key(is_thumbnail=False, file_type=file_type)
    assert announce(local.presign_put(key), limit * MEGABYTE + 1) == 413
    assert local.stat(key) is None


@pytest.mark.parametrize("framing", ["", "Transfer-Encoding: chunked\r\n"])
def test_a_body_of_unknown_length_is_refused(local: LocalStorage, key: str, framing: str) -> None:
    url = urlsplit(local.presign_put(key))
    with socket.create_connection((url.hostname, url.port)) as link:
        head = f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: x\r\n{framing}\r\n"
        link.sendall(head.encode())
        assert b" 400 " in link.recv(100)
    assert local.stat(key) is None


def put_as_some_servers_do(local: LocalStorage, key: str, body: bytes, length: int) -> int:
    """Through a server that ends its input by itself, whether the body was whole or not."""
    path = local.presign_put(key).partition("/files/")[2]
    environ = {
        "wsgi.input_terminated": True,
        "wsgi.input": BytesIO(body),
        "CONTENT_LENGTH": str(length),
    }
    client = files_app(local).test_client()
    return client.put(f"/files/{path}", environ_overrides=environ).status_code


def test_a_broken_off_body_that_ends_quietly_is_refused(local: LocalStorage, key: str) -> None:
    assert put_as_some_servers_do(local, key, b"half", 8) == 422
    assert local.stat(key) is None
    assert leftovers(local) == []


def test_exactly_the_limit_is_allowed(local: LocalStorage, key: str) -> None:
    body = bytes(10 * MEGABYTE)
    assert put_as_some_servers_do(local, key, body, len(body)) == 200
    assert put_as_some_servers_do(local, key, body + b"x", len(body)) == 413


def test_a_broken_off_upload_leaves_nothing(local: LocalStorage, key: str) -> None:
    local.write(key, b"before")
    url = urlsplit(local.presign_put(key))
    with socket.create_connection((url.hostname, url.port)) as link:
        link.sendall(
            f"PUT {url.path}?{url.query} HTTP/1.1\r\nContent-Length: 99\r\n\r\nhalf".encode()
        )
        link.shutdown(socket.SHUT_WR)
        assert b" 422 " in link.recv(100)
    assert leftovers(local) == []
    assert local.read(key, 100) == b"before"


def test_a_part_with_another_md5_is_refused_at_once(local: LocalStorage, key: str) -> None:
    part = PartSpec(1, md5_hex(b"right"), 5)
    url = local.presign_part(key, local.start_multipart(key, [part]), part)
    assert fetch("PUT", url, b"wrong").status == 422
    assert fetch("PUT", url, b"right").status == 200


def test_browsers_never_run_what_was_uploaded(local: LocalStorage, key: str) -> None:
    local.write(key, b"<script>")
    headers = fetch("GET", local.presign_get(key)).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert headers["Content-Disposition"] == "inline"
    assert "private" in headers["Cache-Control"]


def test_a_head_request_tells_the_size_alone(local: LocalStorage, key: str) -> None:
    local.write(key, b"0123456789")
    answer = fetch("HEAD", local.presign_get(key))
    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (200, b"", "10")


def test_a_range_beyond_the_end_is_416(local: LocalStorage, key: str) -> None:
    local.write(key, b"0123456789")
    answer = fetch("GET", local.presign_get(key), headers={"Range": "bytes=20-30"})
    assert (answer.status, answer.headers["Content-Range"]) == (416, "bytes */10")


@pytest.mark.parametrize("path", ["../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", ".tmp/x"])
def test_a_path_that_climbs_is_refused(local: LocalStorage, key: str, path: str) -> None:
    url = local.presign_get(key).replace(key, path)
    assert fetch("GET", url).status in {403, 404}


def test_a_full_or_broken_disk_is_unavailable(tmp_path: Path, key: str) -> None:
    (tmp_path / "objects").write_text("a file where the folder should be")
    broken = LocalStorage(tmp_path / "objects", "secret", lambda: "http://x")
    for call in (broken.check, lambda: broken.write(key, b"x")):
        with pytest.raises(StorageUnavailable):
            call()


def test_sweeping_removes_what_a_killed_process_left(tmp_path: Path) -> None:
    store = LocalStorage(tmp_path, "secret", lambda: "http://x")
    (tmp_path / ".tmp").mkdir()
    (tmp_path / ".tmp" / "half").write_bytes(b"half")
    assert store.sweep(clock.now() + timedelta(minutes=1)) == 1
    assert leftovers(store) == []


def test_download_addresses_are_signed_anew_after_some_minutes(
    local: LocalStorage, key: str
) -> None:
    start = clock.now()
    with clock.frozen(start):
        first = local.presign_get(key)
    with clock.frozen(start + timedelta(seconds=299)):
        assert local.presign_get(key) == first
    with clock.frozen(start + timedelta(seconds=301)):
        assert local.presign_get(key) != first

"""Hostile bytes on the wire of the real server: what no HTTP library would send."""

import json
import socket
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support import cast
from tests.support.engines import empty_database
from tests.support.web import Web, serving
from voucherweb.config import Settings

ADD = b"/voucher-mgmt/vendor/add"


@pytest.fixture(scope="module")
def web(migrated: Flask, settings: Settings) -> Iterator[Web]:
    with serving(settings, workers=1, threads=4) as running:
        yield running


@pytest.fixture(scope="module")
def token(migrated: Flask, settings: Settings, web: Web) -> bytes:
    """A platform admin of the database that the server reads."""
    empty_database(settings.database_url)
    with migrated.app_context():
        return cast.make_admin(FlaskClient(migrated), settings).token.encode()


def speak(web: Web, request: bytes, *, hang_up: bool = False) -> tuple[int, dict[str, object]]:
    """Send the bytes and answer the status and the JSON that come back; status 0 is none.

    To `hang_up` is to end the sending side at once, before the body is whole.
    """
    with socket.create_connection(("127.0.0.1", web.port), timeout=20) as line:
        line.sendall(request)
        if hang_up:
            line.shutdown(socket.SHUT_WR)
        answer = b""
        while more := line.recv(65_536):
            answer += more
    head, _, body = answer.partition(b"\r\n\r\n")
    status = int(head.split(b" ")[1]) if head else 0
    return status, json.loads(body) if b"application/json" in head else {}


def request(token: bytes, body: bytes, *headers: bytes, path: bytes = ADD) -> bytes:
    lines = [
        b"POST %s HTTP/1.1" % path, b"Host: localhost", b"Connection: close",
        b"Content-Type: application/json", b"Authorization: Bearer " + token, *headers,
    ]  # fmt: skip
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


CHUNKED = b"Transfer-Encoding: chunked"


def test_a_chunked_body_is_read_whole(web: Web, token: bytes) -> None:
    body = chunk(b'{"tenant') + chunk(b'Id":"nobody"}') + chunk(b"")
    status, answer = speak(web, request(token, body, CHUNKED))
    assert (status, answer["errorMsg"]) == (400, "API_ERROR.NOT_EXIST")


def test_a_chunked_body_has_the_same_limit(web: Web, token: bytes) -> None:
    body = chunk(b'{"x":"') + chunk(b"a" * 600_000) * 2 + chunk(b'"}') + chunk(b"")
    status, answer = speak(web, request(token, body, CHUNKED))
    assert (status, answer["errorMsg"]) == (413, "API_ERROR.PAYLOAD_TOO_LARGE")


CUT_OFF = {
    "announced": (b'{"tenantId":"x"}', b"Content-Length: 500"),
    "chunked": (chunk(b'{"tenantId":"x"'), CHUNKED),
    "in a chunk": (b"500\r\n{}", CHUNKED),
    "bad chunk size": (b"zz\r\n{}\r\n0\r\n\r\n", CHUNKED),
}


@pytest.mark.parametrize(("body", "header"), CUT_OFF.values(), ids=CUT_OFF.keys())
def test_a_body_that_breaks_off_is_no_server_error(
    web: Web, token: bytes, body: bytes, header: bytes
) -> None:
    """The server may hang up on it, as the caller did; it must not act on half a body. (A body
    whose JSON is whole is whole: no beginning of a JSON object is one itself.)"""
    status, answer = speak(web, request(token, body, header), hang_up=True)
    assert status in {0, 400}
    assert answer.get("errorMsg") in {None, "API_ERROR.INVALID_PARAMETER"}


ODD = {
    "length and chunks": (b"{}", b"Content-Length: 2\r\n" + CHUNKED),
    "two lengths": (b"{}", b"Content-Length: 2\r\nContent-Length: 3"),
    "negative length": (b"{}", b"Content-Length: -2"),
    "length no number": (b"{}", b"Content-Length: two"),
    "injected line": (b"{}", b"X-Request-Id: a\r\n b: c\r\nContent-Length: 2"),
    "NUL in a header": (b"{}", b"X-Request-Id: a\0b\r\nContent-Length: 2"),
    "long header": (b"{}", b"X-Long: " + b"a" * 2_000_000 + b"\r\nContent-Length: 2"),
}


@pytest.mark.parametrize(("body", "header"), ODD.values(), ids=ODD.keys())
def test_odd_framing_is_no_server_error(web: Web, token: bytes, body: bytes, header: bytes) -> None:
    try:
        status, _ = speak(web, request(token, body, header))
    except (ConnectionResetError, BrokenPipeError):
        status = 0  # It hung up in the middle of what we sent.
    assert status < 500
    assert speak(web, request(token, b"{}", b"Content-Length: 2"))[0] == 400


@pytest.mark.parametrize("path", [b"/\xff", b"/%zz", b"//", b"*", b"/?" + b"a" * 60_000, b"/a b"])
def test_an_odd_address_is_no_server_error(web: Web, token: bytes, path: bytes) -> None:
    status, _ = speak(web, request(token, b"{}", b"Content-Length: 2", path=path))
    assert status < 500

"""The plainest HTTP client: what a browser or an app sends to an address, and no header more."""

import http.client
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, Response, jsonify
from werkzeug.serving import make_server

from voucherweb.errors import Refusal
from voucherweb.storage.local import LocalStorage
from voucherweb.web.files import files_blueprint


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str]


def fetch(
    method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """One request on a connection of its own. A server may refuse before it read the body."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        try:
            connection.request(method, f"{parts.path}?{parts.query}", body, dict(headers or {}))
        except (BrokenPipeError, ConnectionResetError):
            assert body, "only a server that was sent a body may stop listening"
        response = connection.getresponse()
        return Answer(response.status, response.read(), response.headers)
    finally:
        connection.close()


def announce(url: str, length: int) -> int:
    """The status for a PUT that announces so many bytes, without sending them."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        connection.putrequest("PUT", f"{parts.path}?{parts.query}")
        connection.putheader("Content-Length", str(length))
        connection.endheaders()
        return connection.getresponse().status
    finally:
        connection.close()


def files_app(storage: LocalStorage) -> Flask:
    """The least app around the file routes."""
    app = Flask("files")
    app.register_blueprint(files_blueprint(storage))

    @app.errorhandler(Refusal)
    def refused(refusal: Refusal) -> tuple[Response, int]:
        error = refusal.error
        return jsonify(httpCode=error.http, errorMsg=error.code), error.http

    return app


@contextmanager
def serving_local(directory: Path) -> Iterator[LocalStorage]:
    """A local store whose addresses are served by a real server on a loopback port."""
    address: list[str] = []
    storage = LocalStorage(directory, "a secret of the tests", lambda: address[0])
    server = make_server("127.0.0.1", 0, files_app(storage), threaded=True)
    address.append(f"http://127.0.0.1:{server.port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield storage
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

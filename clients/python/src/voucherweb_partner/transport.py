"""How requests travel: over the standard library's HTTP, one kept connection for each thread."""

import http.client
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class ConnectionTrouble(Exception):
    """No answer came: whether the server acted on the request is unknown."""


class Transport(Protocol):
    """Sends one request. Another one may be given to the client, such as one over httpx."""

    def send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        """The answer to one request; raises `ConnectionTrouble` when there is none in time."""
        ...

    def close(self) -> None:
        """Let go of every connection."""
        ...


class HttpTransport:
    """`base_url` such as https://vouchers.example; `timeout` in seconds for each step."""

    def __init__(
        self, base_url: str, timeout: float = 15.0, context: ssl.SSLContext | None = None
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("base_url must begin with https:// or http:// and name a host")
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._prefix = parts.path.rstrip("/")
        self._timeout = timeout
        self._context = context
        self._own = threading.local()
        self._lock = threading.Lock()
        self._opened: list[http.client.HTTPConnection] = []

    def send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        """A kept connection that the server closed meanwhile is opened anew, once."""
        known: http.client.HTTPConnection | None = getattr(self._own, "connection", None)
        if known is not None:
            try:
                return self._exchange(known, method, target, headers, body)
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                self._drop()
            except (OSError, http.client.HTTPException) as trouble:
                self._drop()
                raise ConnectionTrouble(str(trouble) or type(trouble).__name__) from trouble
        try:
            return self._exchange(self._connect(), method, target, headers, body)
        except (OSError, http.client.HTTPException) as trouble:
            self._drop()
            raise ConnectionTrouble(str(trouble) or type(trouble).__name__) from trouble

    def close(self) -> None:
        """Close the connections of all threads; a later request opens another."""
        with self._lock:
            opened, self._opened = self._opened, []
        for one in opened:
            one.close()

    def _drop(self) -> None:
        """Close this thread's connection."""
        known: http.client.HTTPConnection | None = getattr(self._own, "connection", None)
        if known is not None:
            known.close()
            self._own.connection = None
            with self._lock:
                self._opened = [one for one in self._opened if one is not known]

    def _connect(self) -> http.client.HTTPConnection:
        if self._secure:
            made: http.client.HTTPConnection = http.client.HTTPSConnection(
                self._host, self._port, timeout=self._timeout, context=self._context
            )
        else:
            made = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        self._own.connection = made
        with self._lock:
            self._opened.append(made)
        return made

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> Answer:
        connection.request(method, self._prefix + target, body, dict(headers))
        answer = connection.getresponse()
        content = answer.read()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, named, content)

"""A closed-loop HTTP client: N keep-alive connections in one thread, prebuilt requests.

It parses only the status line and Content-Length, so that a shared machine measures the server
and not the client. Each connection sends its next request when its last answer is whole.
"""

import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Result:
    """What one run saw; latencies in seconds, one for each answer, in order of completion."""

    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def percentile(self, percent: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


class _Connection:
    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.began = 0.0

    def send(self, data: bytes) -> None:
        self.buffer = b""
        self.began = time.perf_counter()
        self.socket.sendall(data)

    def receive(self) -> tuple[int, bytes] | None:
        """The status and body of a whole answer, or None while some is missing."""
        chunk = self.socket.recv(1 << 18)
        if not chunk:
            raise ConnectionError("the server closed a connection in the middle of an answer")
        self.buffer += chunk
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found or len(body) < _content_length(head):
            return None
        return int(head[9:12]), body


def _content_length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.index(b"content-length:") + len(b"content-length:")
    end = lowered.find(b"\r", at)
    return int(lowered[at : end if end >= 0 else None])


def request(method: str, path: str, token: str = "", body: bytes = b"", **headers: str) -> bytes:
    """The bytes of one HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: bench", f"Content-Length: {len(body)}"]
    if body:
        lines.append("Content-Type: application/json")
    if token:
        lines.append(f"Authorization: Bearer {token}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def run(
    address: tuple[str, int],
    requests: Sequence[bytes],
    connections: int = 64,
    *,
    keep_bodies: bool = False,
) -> Result:
    """Send every request once over so many connections; raises when the server hangs up."""
    result = Result()
    todo = iter(requests)
    with selectors.DefaultSelector() as selector:
        open_ = [_Connection(address) for _ in range(min(connections, len(requests)))]
        began = time.perf_counter()
        for one in open_:
            selector.register(one.socket, selectors.EVENT_READ, one)
            one.send(next(todo))
        active = len(open_)
        while active:
            for key, _ in selector.select(timeout=60):
                active -= _step(key.data, result, todo, keep_bodies=keep_bodies)
        result.seconds = time.perf_counter() - began
        for one in open_:
            one.socket.close()
    return result


def _step(one: _Connection, result: Result, todo: Iterator[bytes], *, keep_bodies: bool) -> int:
    """Take what arrived; 1 when the connection has nothing more to do."""
    answer = one.receive()
    if answer is None:
        return 0
    result.latencies.append(time.perf_counter() - one.began)
    result.statuses[answer[0]] += 1
    if keep_bodies:
        result.bodies.append(answer[1])
    following = next(todo, None)
    if following is None:
        return 1
    one.send(following)
    return 0

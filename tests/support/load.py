"""A crowd of HTTP clients that do not give up: what a rush looks like from outside.

Each connection is a thread. A lost connection, a 409, a 429 or a 5xx means "ask again with the
same key", which is what the answers tell clients to do.
"""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

AGAIN = {429, 500, 503}
IN_PROGRESS = b"IDEMPOTENCY_IN_PROGRESS"
PAUSE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Ask:
    """One write with its caller's token and idempotency key."""

    path: str
    token: str
    body: dict[str, Any]
    key: str
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer that a client accepted, after so many tries."""

    ask: Ask
    status: int
    body: bytes
    replayed: bool
    tries: int

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)["result"]["data"]
        return found

    @property
    def code(self) -> str:
        """The error's short name, of either contract; OK for a success."""
        if self.status in {200, 201}:
            return "OK"
        told = json.loads(self.body)
        name: str = told.get("errorMsg") or told["code"]
        return name.rpartition(".")[2]

    @property
    def unsettled(self) -> bool:
        """Whether the caller is told, or has, to ask again with the same key."""
        return self.status in AGAIN or (self.status == 409 and IN_PROGRESS in self.body)


class Client:
    """One keep-alive connection that is opened again whenever it was lost."""

    def __init__(self, port: int, patience: float) -> None:
        self._port = port
        self._patience = patience
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, ask: Ask) -> Answer:
        """Ask until there is an answer to keep; raises `TimeoutError` when patience ends."""
        end = time.monotonic() + self._patience
        tries = 0
        while time.monotonic() < end:
            tries += 1
            answer = self._try(ask, tries)
            if answer and not answer.unsettled:
                return answer
            time.sleep(PAUSE_SECONDS)
        raise TimeoutError(f"no answer to {ask.key} after {tries} tries")

    def _try(self, ask: Ask, tries: int) -> Answer | None:
        headers = {
            "Authorization": f"Bearer {ask.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": ask.key,
        }
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=15)
        try:
            body = json.dumps(ask.body) if ask.method == "POST" else None
            self._connection.request(ask.method, ask.path, body, headers)
            response = self._connection.getresponse()
            told = response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return None
        replayed = response.headers.get("Idempotent-Replayed") == "true"
        return Answer(ask, response.status, told, replayed, tries)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def rush(
    port: int,
    asks: Iterable[Ask],
    connections: int,
    *,
    patience: float = 60.0,
    on_answer: Callable[[int], object] = lambda _count: None,
) -> list[Answer]:
    """Ask everything over so many connections; `on_answer` hears how many answers there are.

    Raises the first error of any client.
    """
    todo = _shared(asks)
    done: SimpleQueue[Answer | BaseException] = SimpleQueue()
    threads = [
        threading.Thread(target=_work, args=(Client(port, patience), todo, done), daemon=True)
        for _ in range(connections)
    ]
    for thread in threads:
        thread.start()
    answers: list[Answer] = []
    running = connections
    while running:
        found = done.get()
        if isinstance(found, StopIteration):
            running -= 1
        elif isinstance(found, BaseException):
            raise found
        else:
            answers.append(found)
            on_answer(len(answers))
    return answers


def _shared(asks: Iterable[Ask]) -> Callable[[], Ask]:
    lock = threading.Lock()
    each: Iterator[Ask] = iter(asks)

    def following() -> Ask:
        with lock:
            return next(each)

    return following


def _work(
    client: Client, following: Callable[[], Ask], done: "SimpleQueue[Answer | BaseException]"
) -> None:
    try:
        while True:
            done.put(client.ask(following()))
    except Exception as error:  # noqa: BLE001 - the end of the list, or what `rush` must raise.
        done.put(error)
    finally:
        client.close()

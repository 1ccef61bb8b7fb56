"""One call, made until it is answered: keys, tokens, waits and repeats."""

import json
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

from voucherweb_partner.errors import NoAnswer, error_of
from voucherweb_partner.tokens import Source, Tokens
from voucherweb_partner.transport import Answer, ConnectionTrouble, Transport

FAULT = "X-Sandbox-Fault"
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a call is made, and how long it waits in between, in seconds."""

    attempts: int = 5
    longest_wait: float = 120.0
    first_pause: float = 0.5


@dataclass(frozen=True, slots=True)
class Request:
    """A call to make; a write without a key gets one of its own. `fault` asks a sandbox for a
    made-up refusal, with the first attempt only."""

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    key: str | None = None
    fault: str | None = None

    @property
    def target(self) -> str:
        given = {name: value for name, value in self.query.items() if value is not None}
        return f"{self.path}?{urlencode(given)}" if given else self.path


class Session:
    """Makes calls for one partner. Threads may share it."""

    def __init__(
        self,
        transport: Transport,
        source: Source,
        *,
        language: str = "zh-TW",
        patience: Patience = Patience(),
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport, self._language, self._patience = transport, language, patience
        self._sleep, self._monotonic = sleep, monotonic
        self._tokens = Tokens(source, self._post_openly, monotonic)
        self._lock = threading.Lock()
        self._not_before = 0.0
        self.server_time: datetime | None = None
        """The time of the latest answer, by the server's clock."""

    def call(self, request: Request) -> Any:
        """The JSON of a successful answer; raises `PartnerError`, or `NoAnswer`."""
        is_write = request.method in {"POST", "DELETE"}
        key = request.key or (str(uuid.uuid4()) if is_write else None)
        answer, token = self._with_token(request, key, request.fault)
        if answer.status == 401:
            self._tokens.refused(token)
            answer, _ = self._with_token(request, key, None)
        return _content(answer)

    def _with_token(
        self, request: Request, key: str | None, fault: str | None
    ) -> tuple[Answer, str]:
        """The answer, and the token that it was asked with."""
        token = ""

        def headers(attempt: int) -> dict[str, str]:
            nonlocal token
            token = self._tokens.current()
            return self._headers(token, key, fault if attempt == 1 else None)

        answer = self._until_answered(request.method, request.target, request.body, headers, key)
        return answer, token

    def _until_answered(
        self,
        method: str,
        target: str,
        body: Mapping[str, Any] | None,
        headers: Callable[[int], Mapping[str, str]],
        key: str | None,
    ) -> Answer:
        """The first answer that asking again would not change. Raises `NoAnswer`."""
        for attempt in range(1, self._patience.attempts + 1):
            is_last = attempt == self._patience.attempts
            told = headers(attempt)
            try:
                answer = self._send(method, target, told, body)
            except ConnectionTrouble as trouble:
                if is_last:
                    raise NoAnswer(str(trouble), key) from trouble
                self._pause(attempt)
                continue
            if answer.status < 400 or is_last or not self._may_repeat(answer, attempt):
                break
        return answer

    def _may_repeat(self, answer: Answer, attempt: int) -> bool:
        """Wait as the answer asks; False when asking again would not help."""
        wait = _retry_after(answer)
        if wait is not None:
            if wait > self._patience.longest_wait:
                return False
            self._hold(wait)
            return True
        if answer.status in {429, 502, 503, 504}:
            self._pause(attempt)
            return True
        return False

    def _hold(self, seconds: float) -> None:
        """Let every thread wait, for what was refused is the key's, not the thread's."""
        with self._lock:
            self._not_before = max(self._not_before, self._monotonic() + seconds)

    def _pause(self, attempt: int) -> None:
        self._sleep(self._patience.first_pause * 2 ** (attempt - 1))

    def _send(
        self, method: str, target: str, headers: Mapping[str, str], body: Mapping[str, Any] | None
    ) -> Answer:
        wait = self._not_before - self._monotonic()
        if wait > 0:
            self._sleep(wait)
        content = None if body is None else json.dumps(body).encode()
        answer = self._transport.send(method, target, headers, content)
        if "date" in answer.headers:
            self.server_time = parsedate_to_datetime(answer.headers["date"])
        return answer

    def _headers(self, token: str, key: str | None, fault: str | None) -> dict[str, str]:
        told = {
            "Authorization": f"Bearer {token}",
            "Accept-Language": self._language,
            "Content-Type": JSON,
            "Idempotency-Key": key,
            FAULT: fault,
        }
        return {name: value for name, value in told.items() if value is not None}

    def _post_openly(self, path: str, body: Mapping[str, Any], repeat: bool) -> Mapping[str, Any]:
        """Fetch a token. Without `repeat` it is asked for once only: an exchange or refresh token
        must not be offered twice."""
        headers = {"Accept-Language": self._language, "Content-Type": JSON}
        if repeat:
            answer = self._until_answered("POST", path, body, lambda _: headers, None)
        else:
            try:
                answer = self._send("POST", path, headers, body)
            except ConnectionTrouble as trouble:
                raise NoAnswer(str(trouble)) from trouble
        found: Mapping[str, Any] = _content(answer)
        return found


def _content(answer: Answer) -> Any:
    if answer.status >= 400:
        raise _refusal(answer)
    return json.loads(answer.body)


def _retry_after(answer: Answer) -> float | None:
    told = answer.headers.get("retry-after", "")
    return float(told) if told.isdigit() else None


def _refusal(answer: Answer) -> Exception:
    try:
        body = json.loads(answer.body)
    except ValueError:
        body = None
    return error_of(answer.status, body, _retry_after(answer))

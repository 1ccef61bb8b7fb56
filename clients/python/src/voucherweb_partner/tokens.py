"""Access tokens: fetched when first needed, renewed a minute before they end."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

EARLY = 60.0
"""Seconds before its end when a token is renewed."""

Ask = Callable[[str, Mapping[str, Any], bool], Mapping[str, Any]]
"""Posts a JSON object to a path without a token, and gives the JSON object of the answer. The
truth value says whether the same may be asked again when no answer comes."""


@dataclass(frozen=True, slots=True)
class Token:
    """`ends` is on this process's monotonic clock."""

    value: str
    ends: float


class Source(Protocol):
    """Where tokens come from."""

    def fetch(self, ask: Ask) -> Mapping[str, Any]:
        """An answer with `access_token` and `expires_in`."""
        ...


@dataclass(frozen=True, slots=True)
class KeySource:
    """A partner's server, by its key and secret."""

    api_key: str
    api_secret: str

    def fetch(self, ask: Ask) -> Mapping[str, Any]:
        proof = {"api_key": self.api_key, "api_secret": self.api_secret}
        return ask("/v1/auth-connect/token", proof, True)


class AddOnSource:
    """An add-on: its exchange token is offered once, then each refresh token once."""

    def __init__(self, exchange_token: str) -> None:
        self._path = "/v1/auth-connect/access-token"
        self._proof = {"exchange_token": exchange_token}

    def fetch(self, ask: Ask) -> Mapping[str, Any]:
        pair = ask(self._path, self._proof, False)
        self._path = "/v1/auth-connect/refresh-token"
        self._proof = {"refresh_token": str(pair["refresh_token"])}
        return pair


class Tokens:
    """The current token, for all threads of the process."""

    def __init__(
        self, source: Source, ask: Ask, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._source, self._ask, self._monotonic = source, ask, monotonic
        self._lock = threading.Lock()
        self._token: Token | None = None

    def current(self) -> str:
        """A token that is good for a while yet."""
        with self._lock:
            if self._token is None or self._monotonic() > self._token.ends - EARLY:
                self._token = self._fetched()
            return self._token.value

    def refused(self, value: str) -> None:
        """Forget the token that the server refused, unless another thread has a newer one."""
        with self._lock:
            if self._token is not None and self._token.value == value:
                self._token = None

    def _fetched(self) -> Token:
        asked = self._monotonic()
        told = self._source.fetch(self._ask)
        return Token(str(told["access_token"]), asked + float(told["expires_in"]))

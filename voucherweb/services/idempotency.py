"""Idempotent writes: the first answer is stored in the transaction of its effect (behaviour §2).

The advisory lock lasts until that transaction ends, so a key that is still being worked on is
visible to every process and is free again the moment its holder commits, rolls back or dies.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from voucherweb.domain import clock
from voucherweb.errors import Refusal, refuse
from voucherweb.services.autocommit import Execute, within_unit_of_work

KEEP = timedelta(hours=24)
MAX_KEY = 255
REPLAYED: Final = "REPLAYED"
RETRY_SECONDS: Final = 1

_BEGIN: Final = "SELECT outcome, status, body FROM idempotency_begin(%s, %s, %s, %s)"
_KEEP: Final = "SELECT idempotency_keep(%s, %s, %s, %s, %s, %s)"


@dataclass(frozen=True, slots=True)
class Answer:
    """A stored first answer, byte for byte."""

    status: int
    body: bytes


def fingerprint(method: str, path: str, body: bytes) -> bytes:
    """What must be equal for a repeated key to be the same request."""
    return hashlib.sha256(b"\0".join((method.encode(), path.encode(), body))).digest()


def begin(execute: Execute, caller: str, key: str, print_: bytes) -> Answer | None:
    """The first answer of this caller's key, or None when the work is still to be done.

    Raises IDEMPOTENCY_IN_PROGRESS while another request with the key runs, and
    IDEMPOTENCY_MISMATCH when the key was used for another request.
    """
    outcome, status, body = execute(_BEGIN, (caller, key, print_, clock.now()))[0]
    if outcome is None:
        return None
    if outcome != REPLAYED:
        raise refusal_of(outcome)
    return Answer(status, bytes(body))


def refusal_of(outcome: str) -> Refusal:
    """Why `idempotency_begin` would not."""
    in_progress = outcome == "IDEMPOTENCY_IN_PROGRESS"
    return refuse(outcome, retry_after=RETRY_SECONDS if in_progress else None)


def recall(caller: str, key: str, print_: bytes) -> Answer | None:
    """`begin` as a part of the current unit of work, to whose end the key is held."""
    return begin(within_unit_of_work, caller, key, print_)


def store(caller: str, key: str, print_: bytes, answer: Answer) -> None:
    """Keep the answer; an expired answer under the same key is replaced."""
    values = (caller, key, print_, answer.status, answer.body, clock.now())
    within_unit_of_work(_KEEP, values)

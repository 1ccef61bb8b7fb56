"""Idempotent writes: the first answer is stored in the transaction of its effect (behaviour §2).

The advisory lock lasts until that transaction ends, so a key that is still being worked on is
visible to every process and is free again the moment its holder commits, rolls back or dies.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from voucherweb.domain import clock
from voucherweb.errors import refuse
from voucherweb.models import IdempotencyKey
from voucherweb.transaction import session

KEEP = timedelta(hours=24)
MAX_KEY = 255


@dataclass(frozen=True, slots=True)
class Answer:
    """A stored first answer, byte for byte."""

    status: int
    body: bytes


def fingerprint(method: str, path: str, body: bytes) -> bytes:
    """What must be equal for a repeated key to be the same request."""
    return hashlib.sha256(b"\0".join((method.encode(), path.encode(), body))).digest()


def recall(caller: str, key: str, print_: bytes) -> Answer | None:
    """The first answer of this caller's key, or None when the work is still to be done.

    Raises IDEMPOTENCY_IN_PROGRESS while another request with the key runs, and
    IDEMPOTENCY_MISMATCH when the key was used for another request.
    """
    if not session.scalar(select(func.idempotency_lock(caller, key))):
        raise refuse("IDEMPOTENCY_IN_PROGRESS", retry_after=1)
    known = session.scalar(
        select(IdempotencyKey).where(
            IdempotencyKey.caller == caller,
            IdempotencyKey.key == key,
            IdempotencyKey.created_at > clock.now() - KEEP,
        )
    )
    if known is None:
        return None
    if known.fingerprint != print_ or known.body is None or known.status is None:
        raise refuse("IDEMPOTENCY_MISMATCH")
    return Answer(known.status, known.body)


def store(caller: str, key: str, print_: bytes, answer: Answer) -> None:
    """Keep the answer; an expired answer under the same key is replaced."""
    values = {
        "fingerprint": print_,
        "status": answer.status,
        "body": answer.body,
        "redemption_id": None,
        "created_at": clock.now(),
    }
    session.execute(
        insert(IdempotencyKey)
        .values(caller=caller, key=key, **values)
        .on_conflict_do_update(index_elements=["caller", "key"], set_=values)
    )

"""App calls that are one statement: their own transaction, or one with the caller's key."""

from collections.abc import Callable
from datetime import date, datetime

from flask import Response, g

from voucherweb.api.endpoint import idempotency_key, settings
from voucherweb.api.envelope import JSON, success
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.services import autocommit, idempotency
from voucherweb.services.autocommit import Execute
from voucherweb.transaction import unit_of_work

REPLAYED = "Idempotent-Replayed"

Work = Callable[[Execute], dict[str, object]]


def answer(actor: Actor, work: Work) -> Response:
    """Do the work and answer its data. Without an `Idempotency-Key` each statement commits by
    itself; with one, the answer is stored in the transaction of the effect (behaviour §2)."""
    key = idempotency_key()
    if key is None:
        return Response(success(work(autocommit.alone(settings()))), mimetype=JSON)
    with unit_of_work():
        known = idempotency.recall(actor.key, key, g.fingerprint)
        if known is None:
            body = success(work(autocommit.within_unit_of_work))
            idempotency.store(actor.key, key, g.fingerprint, idempotency.Answer(200, body))
            return Response(body, mimetype=JSON)
    response = Response(known.body, status=known.status, mimetype=JSON)
    response.headers[REPLAYED] = "true"
    return response


def moment() -> tuple[datetime, date]:
    """The instant, and the local day that ages are counted on."""
    now = clock.now()
    return now, clock.local_date(now, settings().timezone)

"""Writes every call of contract B into the call log, once it has been answered."""

from urllib.parse import urlencode

from flask import Response, g, request

from voucherweb.api.endpoint import settings
from voucherweb.api.partner.call import milliseconds
from voucherweb.domain import clock
from voucherweb.domain.partner import Partner
from voucherweb.services import call_log

TOLD = ("from", "to", "page", "size")
"""The query parameters that the log may show; others are people's data or codes."""


def record(response: Response) -> Response:
    """Add the headers that every answer bears, and the line of the log."""
    for name, value in g.get("partner_headers", {}).items():
        response.headers.setdefault(name, value)
    partner: Partner | None = g.get("partner")
    if partner is not None and request.method != "OPTIONS":
        call_log.record(settings(), _line(partner, response), at_once=partner.sandbox)
    return response


def _line(partner: Partner, response: Response) -> call_log.Line:
    shown = {name: request.args[name] for name in TOLD if name in request.args}
    return call_log.Line(
        at=clock.now(),
        tenant_id=partner.tenant_id,
        caller=partner.key,
        request_id=g.get("request_id", ""),
        method=request.method,
        path=_storable(request.path)[:500],
        query=urlencode(shown)[:500],
        status=response.status_code,
        code=g.get("partner_code"),
        ms=milliseconds(),
        idempotency_key=request.headers.get("Idempotency-Key", "")[:255] or None,
        replayed=g.get("partner_replayed", False),
        fingerprint=g.get("partner_print"),
        fault=g.get("partner_fault"),
        retry_after=g.get("partner_retry_after"),
        address=request.remote_addr,
    )


def _storable(path: str) -> str:
    """The path as the database can hold it: one line that it cannot would lose all that are
    written with it, other partners' too."""
    return path.replace("\0", "%00")

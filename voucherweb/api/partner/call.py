"""Declares a call of contract B once: route, scope, shapes, errors — and runs it.

The wrapper authenticates, throttles, parses, honours the idempotency key, answers in the fixed
shapes and writes the call log. OpenAPI is made from the same declarations.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from flask import Response, g, request

from voucherweb.api.endpoint import idempotency_key, settings
from voucherweb.api.envelope import JSON
from voucherweb.api.parsing import parse, read_json
from voucherweb.api.partner import at_once
from voucherweb.api.partner.answers import Listed, body_of, with_headers
from voucherweb.api.partner.blueprint import blueprint
from voucherweb.api.partner.faults import Fault, When, asked_fault, befall
from voucherweb.api.partner.limits import count_call, count_ended
from voucherweb.api.partner.shapes import NoQuery, PageQuery, PartnerBody, PartnerData
from voucherweb.domain.partner import Partner, Scope
from voucherweb.errors import Refusal, refuse
from voucherweb.services import idempotency, partner_tokens
from voucherweb.services.autocommit import Execute, alone, within_unit_of_work
from voucherweb.services.partner_writes import Deed, Once
from voucherweb.transaction import unit_of_work

ALIAS: Final = "/api/v1/connect/"
REPLAYED: Final = "Idempotent-Replayed"


class NoFields(PartnerBody):
    """A call without a body."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, authenticated and typed. `execute` runs one SQL statement: alone as its own
    transaction, or as a part of the unit of work that also stores the idempotent answer."""

    partner: Partner
    body: Any
    query: Any
    path: dict[str, str]
    execute: Execute


Handler = Callable[[Asked], PartnerData | Listed | Deed]


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `write` honours `Idempotency-Key`; `session` runs the handler inside a unit of
    work, for services that use the ORM; the handler of an `at_once` call describes a deed, which
    is one statement with its answer; `alias` also answers under the old clients' address."""

    method: str
    path: str
    scope: Scope | None
    handler: Callable[..., Any]
    body: type[PartnerBody] = NoFields
    query: type[PartnerBody] = NoQuery
    data: type[PartnerData] | None = None
    listed: bool = False
    errors: tuple[str, ...] = ()
    write: bool = False
    session: bool = False
    at_once: bool = False
    alias: bool = False
    summary: tuple[str, str] = ("", "")
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> int:
        return 201 if self.method == "POST" else 200


CALLS: list[Call] = []


def call(
    method: str, path: str, *, scope: Scope | None, **options: Any
) -> Callable[[Handler], Handler]:
    """Register a handler `(asked) -> data | Listed` for a call with a connect JWT; without a scope
    everybody who has one may call it."""

    def register(handler: Handler) -> Handler:
        declare(Call(method, path, scope, handler, **options), run)
        return handler

    return register


def declare(declared: Call, answer: Callable[[Call], Response]) -> None:
    """Bind one call to its addresses; `answer` makes the response."""
    CALLS.append(declared)
    name = f"{declared.handler.__module__.rpartition('.')[2]}_{declared.handler.__name__}"
    paths = {name: declared.path}
    if declared.alias:
        paths[f"{name}_v1"] = declared.path.replace("/v2/connect/", ALIAS)
    for endpoint, path in paths.items():
        blueprint.add_url_rule(
            path, endpoint, lambda **_in_path: answer(declared), methods=[declared.method]
        )


def partner_named() -> Partner:
    """The caller of the bearer token; raises UNAUTHORIZED."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise refuse("UNAUTHORIZED")
    try:
        partner = partner_tokens.authenticate(settings(), alone(settings()), token.strip())
    except Refusal as refusal:
        if refusal.error.http == 401:
            _remember_ended(token.strip())
        raise
    g.partner = partner
    structlog.contextvars.bind_contextvars(actor=partner.key, tenant=str(partner.tenant_id or ""))
    return partner


def _remember_ended(token: str) -> None:
    """The log shows a key's calls with a token that was good once: certification wants to see that
    a partner renews it, and an admin who revoked the key, who still uses it. What we never signed
    leaves no line, nor do more of these than a key may call."""
    partner = partner_tokens.partner_of_ended(settings(), token)
    if partner is not None:
        count_ended(partner)
        g.partner = partner


def run(declared: Call) -> Response:
    """Answer one request of a call that needs a connect JWT."""
    partner = partner_named()
    g.partner_headers = count_call(partner)
    if declared.scope is not None and declared.scope not in partner.scopes:
        raise refuse("FORBIDDEN")
    fault = asked_fault(partner, declared.errors)
    befall(fault, When.BEFORE)
    response = _answer(declared, partner, fault)
    if not g.get("partner_replayed", False):  # Or the lost answer would never be found again.
        befall(fault, When.AFTER)
    return response


def _answer(declared: Call, partner: Partner, fault: Fault | None) -> Response:
    raw, data = read_json(request) if declared.method == "POST" else (b"", {})
    query = parse(declared.query, request.args.to_dict())
    body = parse(declared.body, data)
    path = {name: str(value) for name, value in (request.view_args or {}).items()}
    key = idempotency_key() if declared.write else None
    if key is not None:
        print_ = idempotency.fingerprint(declared.method, _own_address(declared, path), raw)
        g.partner_key, g.partner_print = key, print_
    if declared.at_once:
        return _at_once(declared, Asked(partner, body, query, path, alone(settings())), fault)
    if key is not None:
        asked = Asked(partner, body, query, path, within_unit_of_work)
        return _once(declared, asked, key, print_, fault)
    if declared.session or fault is not None:
        with unit_of_work():
            asked = Asked(partner, body, query, path, within_unit_of_work)
            made = _bytes(declared, asked)
            befall(fault, When.INSTEAD)
    else:
        made = _bytes(declared, Asked(partner, body, query, path, alone(settings())))
    return Response(made, status=declared.status, mimetype=JSON)


def _own_address(declared: Call, path: dict[str, str]) -> str:
    """The address under its present name, so that an alias is the same request."""
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: path[found[1]], declared.path)


def _bytes(declared: Call, asked: Asked) -> bytes:
    result = declared.handler(asked)
    if isinstance(asked.query, PageQuery):
        return body_of(result, asked.query.page, asked.query.size)
    return body_of(result)


def _once(declared: Call, asked: Asked, key: str, print_: bytes, fault: Fault | None) -> Response:
    """The first answer of this key: made now, or found; see services/idempotency.py."""
    with unit_of_work():
        known = idempotency.recall(asked.partner.key, key, print_)
        if known is None:
            answer = idempotency.Answer(declared.status, _bytes(declared, asked))
            befall(fault, When.INSTEAD)
            idempotency.store(asked.partner.key, key, print_, answer)
            return Response(answer.body, status=answer.status, mimetype=JSON)
    return _replayed(known.status, known.body)


def _at_once(declared: Call, asked: Asked, fault: Fault | None) -> Response:
    once = Once(asked.partner.key, g.get("partner_key"), g.get("partner_print", b""))
    told = at_once.answer(lambda: declared.handler(asked), once, fault)
    if told.replayed:
        return _replayed(told.status, told.body)
    return Response(told.body, status=told.status, mimetype=JSON)


def _replayed(status: int, body: bytes) -> Response:
    g.partner_replayed = True
    return with_headers(Response(body, status=status, mimetype=JSON), {REPLAYED: "true"})


def milliseconds() -> int:
    """How long this request has taken so far."""
    began: float = g.get("began", time.perf_counter())
    return round((time.perf_counter() - began) * 1000)

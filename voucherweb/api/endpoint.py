"""Declares a call of contract A once: route, roles, shapes, errors — and runs it.

The wrapper parses, authorises, opens the unit of work, honours the idempotency key and wraps the
answer. OpenAPI is made from the same declarations.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog
from flask import Blueprint, Response, current_app, g, request
from pydantic import BaseModel

from voucherweb.api.envelope import JSON, success
from voucherweb.api.parsing import MAX_JSON, Body, parse, read_json
from voucherweb.config import Settings
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.errors import invalid, refuse
from voucherweb.services import idempotency, identity
from voucherweb.transaction import unit_of_work

PLATFORM = frozenset({Role.PLATFORM_ADMIN})
TENANT = frozenset({Role.TENANT_ADMIN})
ADMINS = PLATFORM | TENANT
MEMBER = frozenset({Role.MEMBER})


class NoBody(Body):
    """A call without fields."""


class Handler(Protocol):
    __name__: str

    def __call__(self, actor: Actor, body: Any, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One call. `write` honours `Idempotency-Key`; `own_transaction` means that the handler's
    service commits by itself (the hot paths); `snapshot` reads everything as of one moment, so
    that the numbers of one answer agree; `raw` handlers read the request themselves.
    `extra` tells OpenAPI what the models cannot: `multipart` (a form's schema), `binary` (the
    media type of a file), `accepted` (the model of a 202)."""

    method: str
    path: str
    roles: frozenset[Role]
    handler: Callable[..., Any]
    body: type[Body] = NoBody
    data: type[BaseModel] | None = None
    listed: bool = False
    paged: bool = False
    errors: tuple[str, ...] = ()
    write: bool = False
    own_transaction: bool = False
    snapshot: bool = False
    raw: bool = False
    max_bytes: int = MAX_JSON
    summary: tuple[str, str] = ("", "")
    tag: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


ENDPOINTS: list[Endpoint] = []


def endpoint(
    blueprint: Blueprint, method: str, path: str, *, roles: frozenset[Role], **options: Any
) -> Callable[[Handler], Handler]:
    """Register a handler `(actor, body) -> data | Page | Response` under a path of the contract."""

    def register(handler: Handler) -> Handler:
        url = f"{blueprint.url_prefix or ''}{path}"
        declared = Endpoint(method, url, roles, handler, tag=blueprint.name, **options)
        ENDPOINTS.append(declared)
        name = f"{handler.__module__.rpartition('.')[2]}_{handler.__name__}"
        blueprint.add_url_rule(path, name, lambda **_in_path: run(declared), methods=[method])
        return handler

    return register


def settings() -> Settings:
    """The settings of the running application."""
    found: Settings = current_app.extensions["settings"]
    return found


def caller(roles: frozenset[Role]) -> Actor:
    """The authenticated actor; raises UNAUTHORIZED, or FORBIDDEN for another role."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise refuse("UNAUTHORIZED")
    actor = identity.authenticate(settings(), token.strip())
    structlog.contextvars.bind_contextvars(actor=actor.key, tenant=str(actor.tenant_id or ""))
    if actor.role not in roles:
        raise refuse("FORBIDDEN")
    return actor


def idempotency_key() -> str | None:
    """The caller's key; raises INVALID_PARAMETER when it is longer than 255 characters, or holds
    others than ASCII, of which some servers hand on nothing."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (0 < len(key) <= idempotency.MAX_KEY and key.isascii()):
        raise invalid(
            "Idempotency-Key",
            "must have 1 to 255 ASCII characters",
            "須為 1 到 255 個 ASCII 字元",
        )
    return key


def run(call: Endpoint) -> Response:
    actor = caller(call.roles)
    if call.raw:
        return _respond(call.handler(actor, None))
    raw, data = read_json(request, call.max_bytes) if call.method == "POST" else (b"", {})
    body = parse(call.body, data)
    if call.own_transaction:
        g.fingerprint = idempotency.fingerprint(call.method, request.path, raw)
        return _respond(call.handler(actor, body))
    key = idempotency_key() if call.write else None
    if key is None:
        with unit_of_work(snapshot=call.snapshot):
            result = call.handler(actor, body)
        return _respond(result)
    return _run_once(
        call, actor, body, key, idempotency.fingerprint(call.method, request.path, raw)
    )


def _run_once(call: Endpoint, actor: Actor, body: Body, key: str, print_: bytes) -> Response:
    with unit_of_work():
        known = idempotency.recall(actor.key, key, print_)
        if known is None:
            answer = idempotency.Answer(200, success(call.handler(actor, body)))
            idempotency.store(actor.key, key, print_, answer)
            return Response(answer.body, mimetype=JSON)
    response = Response(known.body, status=known.status, mimetype=JSON)
    response.headers["Idempotent-Replayed"] = "true"
    return response


def _respond(result: Any) -> Response:
    return result if isinstance(result, Response) else Response(success(result), mimetype=JSON)

"""What every request gets: an id, a log line, and headers that keep browsers honest."""

import re
import time
import uuid
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import structlog
from flask import Flask, Response, g, request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger("voucherweb.access")

HIDDEN_PART = "secret"
"""The name that a rule gives to a part of its address which nobody else may see."""
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
UNTIMED = frozenset({"sign_in", "links"})
"""Blueprints whose forms are not told how long they took: who guesses passwords might learn."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}


def security_policy(storage_origin: str | None, framed: str | None = None) -> str:
    """Everything comes from us; pictures and uploads also go to the object store, and the page
    that shows an add-on frames that one's origin (`framed`). No other page frames anything."""
    store = f" {storage_origin}" if storage_origin else ""
    frames = framed or "'none'"
    return (
        f"default-src 'self'; img-src 'self' data: blob:{store}; connect-src 'self'{store};"
        f" media-src 'self' blob:{store}; frame-src {frames}; object-src 'none';"
        " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


class _Headers:
    """Adds the fixed headers outside Flask, where it costs microseconds, to every answer that does
    not say otherwise."""

    def __init__(self, wrapped: "WSGIApplication", headers: dict[str, str]) -> None:
        self._wrapped, self._headers = wrapped, headers

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        def start(
            status: str, headers: list[tuple[str, str]], exc_info: Any = None
        ) -> Callable[[bytes], object]:
            if status < "4":  # The throttles tell even the successful to wait 0 seconds.
                headers = [pair for pair in headers if pair[0].lower() != "retry-after"]
            given = {name.lower() for name, _ in headers}
            headers += [pair for pair in self._headers.items() if pair[0].lower() not in given]
            return start_response(status, headers, exc_info)

        return self._wrapped(environ, start)


def register_requests(app: Flask, storage_origin: str | None) -> None:
    app.before_request(_begin)
    app.after_request(_finish)
    headers = {**HEADERS, "Content-Security-Policy": security_policy(storage_origin)}
    app.wsgi_app = _Headers(app.wsgi_app, headers)  # type: ignore[method-assign]


def _begin() -> None:
    given = request.headers.get("X-Request-Id", "")
    request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=request_id)
    g.request_id = request_id
    g.began = time.perf_counter()


def _told_path() -> str:
    """The path as a log may show it: what nobody made a route for may be anything, a mistyped
    secret included, and of an address that is itself a secret only the rule is told."""
    if request.url_rule is None:
        return "unmatched"
    secret = HIDDEN_PART in (request.view_args or {})
    return request.url_rule.rule if secret else request.path


def _finish(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.get("request_id", "")
    if request.headers.get("Authorization"):
        response.headers.setdefault("Cache-Control", "no-store")
    ms = round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1)
    told = request.method == "GET" or request.blueprint not in UNTIMED
    if told and request.path.startswith("/admin"):
        response.headers["Server-Timing"] = f"app;dur={ms}"
    log.info(
        "request",
        method=request.method,
        path=_told_path(),
        status=response.status_code,
        ms=ms,
    )
    return response

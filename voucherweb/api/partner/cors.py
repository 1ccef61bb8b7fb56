"""Lets add-ons call from their own pages: CORS for registered origins, without credentials."""

import re
from typing import Final

from flask import Response, request

from voucherweb.api.endpoint import settings
from voucherweb.services.add_on_origins import is_registered_origin
from voucherweb.services.autocommit import alone

OPEN: Final = re.compile(r"/v1/auth-connect/(access|refresh)-token|/(v2|api/v1)/connect/.+")
SENT: Final = "Authorization, Content-Type, Idempotency-Key, X-Request-Id, Accept-Language"
SEEN: Final = (
    "X-Request-Id, Retry-After, RateLimit, RateLimit-Policy, Idempotent-Replayed, WWW-Authenticate"
)


def preflight() -> Response | None:
    """What a browser asks before it lets a page call us."""
    asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
    return Response(status=204) if asks else None


def allow_origin(response: Response) -> Response:
    """Let the page read the answer when its origin is a registered add-on's."""
    origin = request.headers.get("Origin")
    if origin is None or not OPEN.fullmatch(request.path):
        return response
    response.vary.add("Origin")
    if not is_registered_origin(alone(settings()), origin):
        return response
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = SEEN
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, DELETE"
        response.headers["Access-Control-Allow-Headers"] = SENT
        response.headers["Access-Control-Max-Age"] = "600"
    return response

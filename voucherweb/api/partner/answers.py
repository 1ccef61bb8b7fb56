"""The answers of contract B: objects, lists and refusals, each in its fixed shape."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
import structlog
from flask import Response, g, request

from voucherweb.api.envelope import JSON, challenge, wants_english
from voucherweb.api.partner.blueprint import PREFIXES
from voucherweb.api.partner.shapes import PartnerData
from voucherweb.errors import ERRORS, Refusal

PHRASES: Final = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    413: "Payload Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
"""What a status is called, whatever the release of Python calls it."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of a list; `total` counts all pages' rows."""

    rows: Sequence[PartnerData]
    total: int


def body_of(result: PartnerData | Listed, page: int = 1, size: int = 100) -> bytes:
    """`{…}` of an object, `{"data":[…],"pagination":{…}}` of a list."""
    if isinstance(result, PartnerData):
        return orjson.dumps(result.wire())
    pagination = {
        "page": page,
        "size": size,
        "total": result.total,
        "total_pages": -(-result.total // size),
    }
    return orjson.dumps({"data": [row.wire() for row in result.rows], "pagination": pagination})


def code_of(refusal: Refusal) -> str:
    """The code as contract B spells it: without a prefix, and one word for what is not there."""
    name = refusal.error.code.rpartition(".")[2]
    return "NOT_FOUND" if name == "NOT_EXIST" else name


def refused(refusal: Refusal) -> Response:
    """The HTTP answer of a refusal, with `Retry-After` where waiting helps."""
    english = wants_english()
    code = code_of(refusal)
    error = ERRORS["NOT_EXIST"] if code == "NOT_FOUND" else refusal.error
    status = 404 if code == "NOT_FOUND" else error.http
    body: dict[str, Any] = {
        "statusCode": status,
        "error": PHRASES[status],
        "code": code,
        "message": error.en if english else error.zh,
        "requestId": structlog.contextvars.get_contextvars().get("request_id", ""),
    }
    if refusal.details:
        body["details"] = [
            {"field": one.field, "reason": one.en if english else one.zh} for one in refusal.details
        ]
    g.partner_code = code
    response = Response(orjson.dumps(body), status=status, mimetype=JSON)
    if refusal.retry_after is not None:
        response.headers["Retry-After"] = str(refusal.retry_after)
        g.partner_retry_after = refusal.retry_after
    response.vary.add("Accept-Language")
    return challenge(response)


def answer_problem(refusal: Refusal) -> Response | None:
    """The refusal in contract B's shape when the address is one of contract B's."""
    return refused(refusal) if request.path.startswith(PREFIXES) else None


def with_headers(response: Response, headers: Mapping[str, str]) -> Response:
    for name, value in headers.items():
        response.headers[name] = value
    return response

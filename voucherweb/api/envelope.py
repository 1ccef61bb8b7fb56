"""The fixed envelope of contract A: success, lists and failures (behaviour §1)."""

from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from flask import Response, request

from voucherweb.errors import ERRORS, Detail, ErrorCode, Refusal

JSON = "application/json"
REALM = "voucherweb"


@dataclass(frozen=True, slots=True)
class Sorter:
    """The order that a list was given in."""

    field: str
    order: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, with all that the envelope says about it."""

    rows: list[dict[str, Any]]
    total: int
    current: int
    page_size: int
    sorter: Sorter


def success(data: Any) -> bytes:
    """`{"httpCode":200,"result":{"data":…}}`; a `Page` adds pagination, sorter and total."""
    if isinstance(data, Page):
        result: dict[str, Any] = {
            "data": data.rows,
            "pagination": {
                "current": data.current,
                "pageSize": data.page_size,
                "total": data.total,
            },
            "sorter": {"field": data.sorter.field, "order": data.sorter.order},
            "total": data.total,
        }
    else:
        result = {"data": data}
    return orjson.dumps({"httpCode": 200, "result": result})


def accepted(data: Any) -> bytes:
    """The 202 of work that goes on in the background (behaviour §8)."""
    return orjson.dumps({"httpCode": 202, "result": {"data": data}})


def wants_english() -> bool:
    """zh-TW unless the caller prefers English (behaviour §1)."""
    for tag, quality in request.accept_languages:
        language = tag.partition("-")[0].lower()
        if quality > 0 and language in {"zh", "en", "*"}:
            return language == "en"
    return False


def failure(error: ErrorCode, details: tuple[Detail, ...] = ()) -> dict[str, Any]:
    """The body of a refusal in the caller's language."""
    english = wants_english()
    body: dict[str, Any] = {
        "httpCode": error.http,
        "errorMsg": error.code,
        "message": error.en if english else error.zh,
        "requestId": structlog.contextvars.get_contextvars().get("request_id", ""),
    }
    if details:
        body["details"] = [
            {"field": one.field, "reason": one.en if english else one.zh} for one in details
        ]
    return body


def challenge(response: Response) -> Response:
    """The answer, which says how to prove who one is if it is a 401 (RFC 9110 §11.6.1, RFC 6750
    §3): `invalid_token` tells a token that is not good from none at all."""
    if response.status_code == 401:
        given = request.headers.get("Authorization", "").partition(" ")
        bearer = given[0].lower() == "bearer" and given[2].strip()
        error = ', error="invalid_token"' if bearer else ""
        response.headers["WWW-Authenticate"] = f'Bearer realm="{REALM}"{error}'
    return response


def failure_response(refusal: Refusal) -> Response:
    """The HTTP answer of a refusal, with `Retry-After` where waiting helps."""
    response = Response(
        orjson.dumps(failure(refusal.error, refusal.details)),
        status=refusal.error.http,
        mimetype=JSON,
    )
    if refusal.retry_after is not None:
        response.headers["Retry-After"] = str(refusal.retry_after)
    response.vary.add("Accept-Language")
    return challenge(response)


def failure_named(name: str) -> Response:
    return failure_response(Refusal(ERRORS[name]))

"""Maps every failure to the contract's shape: refusals, HTTP errors, the database, surprises.

Below some addresses another edge shows the same refusal in its own shape: see `show_by`.
"""

from collections.abc import Callable
from typing import Final

import structlog
from flask import Flask, Response, current_app
from psycopg import errors as pg
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, TooManyRequests

from voucherweb.api.envelope import failure_response
from voucherweb.errors import ERRORS, Refusal

log = structlog.get_logger(__name__)

BY_CONSTRAINT = {
    "uq_vendors_tenant_id": "VOUCHER_VENDOR_EXIST",
    "ck_vendors_quota": "VOUCHER_INSUFFICIENT_QUOTA",
    "ck_quota_entries_after": "VOUCHER_INSUFFICIENT_QUOTA",
    "ck_vouchers_stock": "VOUCHER_REDEEM_OVER_VOLUME",
    "ck_cards_balance": "VOUCHER_REDEEM_INSUFFICIENT_POINTS",
    "uq_vouchers_coupon_set_id": "VOUCHER_NEED_COUPON_LIST",
    "uq_points_entries_ref_id": "REF_ID_EXISTS",
    "uq_points_entries_voids": "ALREADY_VOIDED",
}
"""The database is the last guard: what it refuses is still told in the contract's words."""

BY_STATUS = {
    400: "INVALID_PARAMETER",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    429: "TOO_MANY_REQUESTS",
    503: "UNAVAILABLE",
}

TRANSIENT = (
    pg.OperationalError,
    pg.LockNotAvailable,
    pg.QueryCanceled,
    pg.DeadlockDetected,
    pg.SerializationFailure,
)


_ANSWERERS: Final = "problem_answerers"
Answerer = Callable[[Refusal], Response | None]
"""Shows a refusal in its own shape, or None when the address is not its own."""


def show_by(app: Flask, answerer: Answerer) -> None:
    """Have refusals shown by another edge where its addresses are meant."""
    app.extensions.setdefault(_ANSWERERS, []).append(answerer)


def register_problems(app: Flask) -> None:
    """Bind the handlers; the order of specificity is Flask's."""
    app.register_error_handler(Refusal, _answer)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(pg.Error, _driver)
    app.register_error_handler(PoolTimeout, _unavailable)
    app.register_error_handler(RedisError, _unavailable)
    app.register_error_handler(Exception, _surprise)


def _answer(refusal: Refusal) -> Response:
    others: list[Answerer] = current_app.extensions.get(_ANSWERERS, [])
    shown = next(filter(None, (other(refusal) for other in others)), None)
    return failure_response(refusal) if shown is None else shown


def _named(name: str) -> Response:
    return _answer(Refusal(ERRORS[name]))


def _http(error: HTTPException) -> Response:
    if error.code is not None and error.code < 400:
        return Response(
            error.get_response().get_data(), status=error.code, headers=error.get_headers()
        )
    response = _named(BY_STATUS.get(error.code or 500, "INTERNAL"))
    if isinstance(error, TooManyRequests):
        response.headers.setdefault("Retry-After", "60")
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def _database(error: DBAPIError) -> Response:
    return _cause(error, error.orig)


def _driver(error: pg.Error) -> Response:
    """What single statements raise, which pass by SQLAlchemy (services/autocommit.py)."""
    return _cause(error, error)


def _cause(error: Exception, cause: BaseException | None) -> Response:
    if isinstance(cause, pg.IntegrityError) and cause.diag.constraint_name in BY_CONSTRAINT:
        return _named(BY_CONSTRAINT[cause.diag.constraint_name])
    if isinstance(cause, TRANSIENT):
        return _unavailable(error)
    return _surprise(error)


def _unavailable(error: Exception) -> Response:
    log.warning("unavailable", error=type(error).__name__)
    return _answer(Refusal(ERRORS["UNAVAILABLE"], retry_after=1))


def _surprise(error: Exception) -> Response:
    log.error("unhandled", exc_info=error)
    return _named("INTERNAL")

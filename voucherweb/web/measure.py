"""Measures every request for `/metrics`; the labels come from the route map and the code table."""

import time

import orjson
from flask import Flask, Response, g, request

from voucherweb import metrics
from voucherweb.config import Settings
from voucherweb.errors import ERRORS

REDEEM = "/voucher/redeem"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
CODES = frozenset(error.code for error in ERRORS.values())


def register_metrics(app: Flask) -> None:
    """Count what this application answers. Raises `OSError` when DATA_DIR cannot be written."""
    settings: Settings = app.extensions["settings"]
    metrics.share(settings.data_dir / "metrics")
    app.before_request(_begin)
    app.after_request(_measure)


def _begin() -> None:
    g.measured_from = time.perf_counter()


def _measure(response: Response) -> Response:
    # An unknown path or method has no route, and must not become a label of its own.
    endpoint = request.url_rule.rule if request.url_rule else "unmatched"
    method = request.method if request.method in METHODS else "other"
    seconds = time.perf_counter() - g.get("measured_from", time.perf_counter())
    metrics.count_request(endpoint, method, f"{response.status_code // 100}xx", seconds)
    if endpoint == REDEEM and method == "POST":
        metrics.count_redeem(_outcome(response))
    return response


def _outcome(response: Response) -> str:
    if response.status_code == 200:
        return "replayed" if "Idempotent-Replayed" in response.headers else "redeemed"
    try:
        code = orjson.loads(response.get_data()).get("errorMsg")
    except (ValueError, AttributeError):
        return "other"
    return code if code in CODES else "other"

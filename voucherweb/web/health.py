"""`/healthz`, `/readyz` and `/metrics`: for load balancers and monitoring (behaviour §10)."""

import hmac
import platform
from collections.abc import Callable, Iterable, Iterator

import orjson
from flask import Blueprint, Flask, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from voucherweb import metrics
from voucherweb.api.envelope import JSON
from voucherweb.config import Settings
from voucherweb.errors import refuse
from voucherweb.services import figures, readiness
from voucherweb.services.readiness import Outcome, Panel
from voucherweb.storage.protocol import Storage

LOOPBACK = frozenset({"127.0.0.1", "::1"})


def health_blueprint(app: Flask) -> Blueprint:
    """The three routes for this application."""
    blueprint = Blueprint("health", __name__)
    settings: Settings = app.extensions["settings"]
    panel = _panel(app, settings)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        return _json({"status": "alive"}, 200)

    @blueprint.get("/readyz")
    def readyz() -> Response:
        return _told(panel.ask())

    @blueprint.get("/metrics")
    def scrape() -> Response:
        _require_scraper(settings)
        return Response(_exposition(settings), content_type=CONTENT_TYPE_LATEST)

    return blueprint


def _panel(app: Flask, settings: Settings) -> Panel:
    storage: Storage = app.extensions["storage"]

    def redis() -> list[Outcome]:
        with app.app_context():
            return readiness.ask_redis()

    return Panel(
        {
            "database": lambda: readiness.ask_database(settings),
            "redis": redis,
            "storage": lambda: readiness.ask_storage(storage),
        }
    )


def _json(body: object, status: int) -> Response:
    response = Response(orjson.dumps(body), status=status, mimetype=JSON)
    response.headers["Cache-Control"] = "no-store"
    return response


def _told(outcomes: list[Outcome]) -> Response:
    ready = all(outcome.ok for outcome in outcomes)
    checks = [
        {"name": one.name, "ok": one.ok} | ({} if one.ok else {"why": one.why}) for one in outcomes
    ]
    body = {"status": "ready" if ready else "not ready", "checks": checks}
    return _json(body, 200 if ready else 503)


def _require_scraper(settings: Settings) -> None:
    """With METRICS_TOKEN its bearer, without it this machine alone. Raises UNAUTHORIZED, FORBIDDEN.

    A proxy on this machine would make everybody local, so a forwarded request never is.
    """
    if settings.metrics_token:
        given = request.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(given, f"Bearer {settings.metrics_token}".encode()):
            raise refuse("UNAUTHORIZED")
        return
    forwarded = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded"))
    if forwarded or (request.remote_addr or "") not in LOOPBACK:
        raise refuse("FORBIDDEN")


class _Ready(Collector):
    """Hands on metrics that were made before."""

    def __init__(self, found: Iterable[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        return self._found


def _exposition(settings: Settings) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Ready([*metrics.shared_metrics(), *_gauges(settings)]))
    return generate_latest(registry)


def _gauges(settings: Settings) -> Iterator[Metric]:
    """What is true of the whole system at this moment, whichever process is asked."""
    yield _build()
    up = GaugeMetricFamily(
        "voucherweb_up", "Whether the figures of this part could be read.", labels=["part"]
    )
    for part, read in _PARTS.items():
        found = read(settings)
        up.add_metric([part], float(found is not None))
        yield from found or ()
    yield up


def _build() -> Metric:
    build = GaugeMetricFamily(
        "voucherweb_build_info", "The program that runs.", labels=["version", "revision", "python"]
    )
    revision = ",".join(sorted(readiness.heads()))
    build.add_metric([figures.version(), revision, platform.python_version()], 1)
    return build


def _of_database(settings: Settings) -> list[Metric] | None:
    found = figures.of_database(settings)
    if found is None:
        return None
    jobs = GaugeMetricFamily("voucherweb_jobs", "Rows of the jobs table.", labels=["kind", "state"])
    for kind, state, count in found.jobs:
        jobs.add_metric([kind, state], count)
    sessions = GaugeMetricFamily(
        "voucherweb_database_connections",
        "Sessions of this system at the server, over all of its processes.",
        labels=["state"],
    )
    for state, count in found.sessions:
        sessions.add_metric([state], count)
    limit = GaugeMetricFamily(
        "voucherweb_database_connections_limit",
        "Sessions that the server takes from everybody together.",
        value=found.session_limit,
    )
    waiting = GaugeMetricFamily(
        "voucherweb_oldest_waiting_job_seconds",
        "Age of the oldest job that no worker has begun.",
        value=found.oldest_waiting,
    )
    return [jobs, sessions, limit, waiting]


def _of_queues(settings: Settings) -> list[Metric] | None:  # noqa: ARG001 - the parts are asked alike.
    found = figures.of_queues()
    if found is None:
        return None
    queues = GaugeMetricFamily(
        "voucherweb_queue_length", "Jobs that wait in Redis.", labels=["queue"]
    )
    seen = GaugeMetricFamily(
        "voucherweb_seen", "Whether a program of this role is alive.", labels=["role"]
    )
    for queue, length in found.lengths.items():
        queues.add_metric([queue], length)
    for role, alive in found.seen.items():
        seen.add_metric([role], float(alive))
    return [queues, seen]


_PARTS: dict[str, Callable[[Settings], list[Metric] | None]] = {
    "database": _of_database,
    "redis": _of_queues,
}

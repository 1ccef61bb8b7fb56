"""Puts the application together: settings → extensions → errors → api → web → commands."""

from pathlib import Path
from typing import Any

from flask import Flask, has_request_context
from psycopg import Connection
from sqlalchemy import event

from voucherweb.api import register_api
from voucherweb.api.pictures import public_url
from voucherweb.cli import register_commands
from voucherweb.config import APPLICATION_NAME, Settings, load_settings
from voucherweb.extensions import db, limiter, migrate
from voucherweb.logs import configure_logs
from voucherweb.production import harden
from voucherweb.storage import make_storage
from voucherweb.storage.local import LocalStorage
from voucherweb.web.docs import docs
from voucherweb.web.files import files_blueprint
from voucherweb.web.health import health_blueprint
from voucherweb.web.measure import register_metrics
from voucherweb.web.requests import register_requests
from voucherweb.web.site import register_site

LOCK_TIMEOUT = "10s"
IDLE_TIMEOUT = "60s"
"""What a request waits for a row that somebody holds, and after what time the rows of a server that
vanished in the middle of one are free again. Workers and commands may wait for as long as it takes.
"""
ROOT = Path(__file__).resolve().parent.parent


def create_app(settings: Settings | None = None) -> Flask:
    """The WSGI application for these settings (default: from the environment).

    Raises `SettingsError` when a setting is missing, wrong, or unsafe in production.
    """
    settings = settings or load_settings()
    configure_logs(settings.log_level, json_lines=settings.production)
    app = Flask("voucherweb", static_folder="static", template_folder="templates")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.sqlalchemy_url,
        SQLALCHEMY_ENGINE_OPTIONS={
            "pool_size": settings.db_pool_size,
            "max_overflow": settings.db_pool_size,
            "pool_timeout": 10,
            "pool_pre_ping": True,
            # The parameters of a failed statement are people's data; an error must not show them.
            "hide_parameters": True,
            "connect_args": _connect_args(settings),
        },
        RATELIMIT_ENABLED=settings.ratelimit_enabled,
        RATELIMIT_STORAGE_URI=_limiter_url(settings.redis_url),
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=(settings.public_url or "").startswith("https://"),
    )
    app.extensions["settings"] = settings
    db.init_app(app)
    with app.app_context():
        event.listen(db.engine, "connect", _speak_utc)
        if settings.db_prepared_statements:  # Behind a pooler they belong to the role.
            event.listen(db.engine, "connect", _give_up_in_time)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"))
    limiter.init_app(app)
    store = make_storage(settings, public_url)
    app.extensions["storage"] = store
    if isinstance(store, LocalStorage):
        app.register_blueprint(files_blueprint(store))
    harden(app, settings)
    register_requests(app, settings.storage_origin)
    register_metrics(app)
    register_api(app)
    app.register_blueprint(health_blueprint(app))
    app.register_blueprint(docs)
    register_site(app)
    register_commands(app)
    return app


def _connect_args(settings: Settings) -> dict[str, object]:
    """Short queries of many requests share the machine: none may take several processes or compile
    itself. A pooler in transaction mode knows neither prepared statements nor start options."""
    named: dict[str, object] = {"fallback_application_name": APPLICATION_NAME}
    if not settings.db_prepared_statements:
        return {**named, "prepare_threshold": None}
    return {**named, "options": "-c jit=off -c max_parallel_workers_per_gather=0"}


def _speak_utc(connection: Connection[Any], _record: object) -> None:
    """A server may keep another zone, in which the last instants of the year 9999 lie beyond what
    Python can say."""
    connection.autocommit = True
    connection.execute("SET TIME ZONE 'UTC'")
    connection.autocommit = False


def _give_up_in_time(connection: Connection[Any], _record: object) -> None:
    if has_request_context():
        connection.autocommit = True
        connection.execute(
            "SELECT set_config('lock_timeout', %s, false),"
            " set_config('idle_in_transaction_session_timeout', %s, false)",
            (LOCK_TIMEOUT, IDLE_TIMEOUT),
            prepare=False,
        )
        connection.autocommit = False


def _limiter_url(url: str) -> str:
    """The limiter's library spells a Redis socket `redis+unix://`."""
    return f"redis+{url}" if url.startswith("unix://") else url

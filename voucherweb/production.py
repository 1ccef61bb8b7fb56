"""What production asks beyond right settings: proxies, HTTPS, and a database without demo accounts.

The settings themselves are refused in `config.refuse_unsafe`.
"""

import psycopg
import structlog
from flask import Flask, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix

from voucherweb.config import Settings, SettingsError

YEAR_SECONDS = 31_536_000
log = structlog.get_logger(__name__)


def harden(app: Flask, settings: Settings) -> None:
    """Trust as many proxies as the settings say, and no other; answer with HSTS behind TLS.

    Raises `SettingsError` when a production database holds demo accounts.
    """
    if settings.production:
        refuse_demo_accounts(settings)
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        # The proxy passes Host itself; nobody may choose another one by a header.
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=count, x_proto=count, x_host=0, x_port=0, x_prefix=0
        )
    elif settings.production:
        app.before_request(_OnceWarned())
    if (settings.public_url or "").startswith("https://"):
        app.after_request(_only_https)


def refuse_demo_accounts(settings: Settings) -> None:
    """Raises `SettingsError` when `demo load` ran on this database: its passwords are public.

    A database that does not answer, or has no schema yet, is left to `/readyz`, which asks again.
    """
    question = "SELECT count(*) FROM admins WHERE demo"
    try:
        with psycopg.connect(settings.libpq_url, connect_timeout=3) as connection:
            row = connection.execute(question).fetchone()
    except psycopg.errors.UndefinedTable:
        return
    except psycopg.OperationalError as error:
        log.warning("demo_accounts_not_looked_for", error=type(error).__name__)
        return
    if row and row[0]:
        raise SettingsError(
            f"the database holds {row[0]} demo account(s), whose passwords are public: "
            "give production a database of its own (DATABASE_URL or DATA_DIR)"
        )


class _OnceWarned:
    """Says once that a proxy is in front which nobody trusts: all its users share one address,
    and with it one allowance of sign-ins."""

    def __init__(self) -> None:
        self._warned = False

    def __call__(self) -> None:
        if not self._warned and "X-Forwarded-For" in request.headers:
            self._warned = True
            log.warning("untrusted_proxy", remedy="set TRUSTED_PROXIES to the number of proxies")


def _only_https(response: Response) -> Response:
    response.headers.setdefault("Strict-Transport-Security", f"max-age={YEAR_SECONDS}")
    return response

"""A system whose throttles count, as the others of the tests do not."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from flask import Flask
from flask.testing import FlaskClient

from voucherweb import create_app
from voucherweb.config import Settings
from voucherweb.domain import clock
from voucherweb.extensions import db, limiter


@contextmanager
def throttled(app: Flask, settings: Settings) -> Iterator[FlaskClient]:
    """Its client, while the partners' windows stand still early in an hour and 20 seconds into a
    minute."""
    loud = create_app(replace(settings, ratelimit_enabled=True))
    loud.test_client_class = app.test_client_class
    try:
        with clock.frozen(clock.now().replace(minute=10, second=20)):
            yield loud.test_client()
    finally:
        limiter.enabled = False
        with loud.app_context():
            db.engine.dispose()

"""What people see when something is refused or breaks: a page in their language that says what
happened and what to do, with the contract's code small beside it."""

import structlog
from flask import Flask, Response, g, request
from flask_wtf.csrf import CSRFError

from voucherweb.api.envelope import failure_named
from voucherweb.api.problems import show_by
from voucherweb.errors import ERRORS, Refusal, refuse
from voucherweb.transaction import session
from voucherweb.web.page import ours, to_sign_in
from voucherweb.web.rendering import refused

log = structlog.get_logger(__name__)


def register_page_problems(app: Flask) -> None:
    """Below `/admin` every refusal is a page; elsewhere it stays the JSON envelope."""
    show_by(app, _answer)
    app.register_error_handler(CSRFError, _forged)


def _answer(refusal: Refusal) -> Response | None:
    if not ours(request.path):
        return None
    if refusal.error.http == 401:
        return to_sign_in()
    session.rollback()  # What failed may have left its transaction behind.
    # The page that says so must not ask for what does not answer.
    g.database_away = refusal.error is ERRORS["UNAVAILABLE"]
    return refused(refusal)


def _forged(error: CSRFError) -> Response:
    log.info("forged_or_stale_form", reason=error.description)
    if not ours(request.path):
        return failure_named("FORBIDDEN")
    return refused(refuse("FORBIDDEN"), stale=True)

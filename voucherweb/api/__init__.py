"""The JSON edge of contract A: management calls, app calls, sign-in."""

from flask import Flask

from voucherweb.api import modules
from voucherweb.api.auth import auth
from voucherweb.api.management.blueprint import blueprint as management
from voucherweb.api.member.blueprint import blueprint as member
from voucherweb.api.problems import register_problems

__all__ = ["modules", "register_api"]


def register_api(app: Flask) -> None:
    """Bind the blueprints and the error shapes."""
    app.url_map.merge_slashes = False  # An address is written one way; no redirect drops a body.
    app.register_blueprint(auth)
    app.register_blueprint(management)
    app.register_blueprint(member)
    register_problems(app)

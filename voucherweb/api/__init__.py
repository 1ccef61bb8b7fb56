"""The JSON edge: management calls, app calls and sign-in of contract A, and contract B."""

from flask import Flask

from voucherweb.api import modules
from voucherweb.api.auth import auth
from voucherweb.api.management.blueprint import blueprint as management
from voucherweb.api.member.blueprint import blueprint as member
from voucherweb.api.partner import modules as partner_modules
from voucherweb.api.partner.answers import answer_problem
from voucherweb.api.partner.blueprint import RestConverter
from voucherweb.api.partner.blueprint import blueprint as partner
from voucherweb.api.partner.cors import allow_origin, preflight
from voucherweb.api.partner.recording import record
from voucherweb.api.problems import register_problems, show_by

__all__ = ["modules", "partner_modules", "register_api"]

# Bound once, with the module: a blueprint is shared by every application of the process.
partner.before_request(preflight)
partner.after_request(record)
partner.after_request(allow_origin)


def register_api(app: Flask) -> None:
    """Bind the blueprints and the error shapes."""
    app.url_map.merge_slashes = False  # An address is written one way; no redirect drops a body.
    app.url_map.converters["rest"] = RestConverter
    app.register_blueprint(auth)
    app.register_blueprint(management)
    app.register_blueprint(member)
    app.register_blueprint(partner)
    register_problems(app)
    show_by(app, answer_problem)

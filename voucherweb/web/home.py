"""The first page of each role."""

from flask import Blueprint, Response, url_for

from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.web.page import EVERYBODY, go, page
from voucherweb.web.rendering import render

home_pages = Blueprint("home", __name__, url_prefix="/admin")


@page(home_pages, "/", roles=EVERYBODY)
def home(actor: Actor) -> Response:
    if actor.role is Role.CLERK:
        return go(url_for("desk.desk"))
    return render("home/index.html")

"""The partner section of the admin site: its overview."""

from flask import Blueprint, Response

from voucherweb.domain.actor import Actor
from voucherweb.web.page import ADMINS, page
from voucherweb.web.partner_tabs import partner_tabs
from voucherweb.web.rendering import render

partner_pages = Blueprint("partners", __name__, url_prefix="/admin/partners")


@page(partner_pages, "", roles=ADMINS)
def index(_actor: Actor) -> Response:
    return render("partners/index.html")


@partner_pages.app_context_processor
def _tabs() -> dict[str, object]:
    """Every page of the section shows its tabs."""
    return {"partner_tabs": partner_tabs}

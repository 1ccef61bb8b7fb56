"""Short help: first steps, the words used, the windows of a voucher, refusals, the keyboard."""

from datetime import timedelta
from typing import Final

from flask import Blueprint, Response

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.web.help_words import rule_codes
from voucherweb.web.page import EVERYBODY, page
from voucherweb.web.rendering import render
from voucherweb.web.shown import settings, today
from voucherweb.web.tickets import Timeline, timeline

help_pages: Final = Blueprint("help", __name__, url_prefix="/admin/help")


@page(help_pages, "", roles=EVERYBODY)
def index(actor: Actor) -> Response:
    return render("help/index.html", role=actor.role, codes=rule_codes(), line=_example())


def _example() -> Timeline:
    """An example of the three windows around today."""
    zone, day = settings().timezone, today()

    def span(first: int, last: int) -> tuple[object, object]:
        begin = clock.start_of_day(day + timedelta(days=first), zone)
        return begin, clock.end_of_day(day + timedelta(days=last), zone)

    spans = {"on": span(-10, 20), "redeem": span(-7, 20), "use": span(-7, 50)}
    return timeline(spans)  # type: ignore[arg-type]

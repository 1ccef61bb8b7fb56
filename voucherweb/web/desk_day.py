"""What was written off on a day: a clerk's own, a tenant admin's whole tenant, as list and file."""

import uuid
from datetime import date, timedelta

from flask import Response, request, url_for

from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.domain.paging import SortSpec
from voucherweb.errors import invalid
from voucherweb.services import desk_records, exports
from voucherweb.services.desk_records import ClerkTotal
from voucherweb.services.export_kinds.write_offs import NOBODY
from voucherweb.services.exports import FORMATS
from voucherweb.services.ids import parse_id
from voucherweb.web import listing
from voucherweb.web.desk import desk_pages
from voucherweb.web.forms import Done, Form, press
from voucherweb.web.language import EN, current_language
from voucherweb.web.listing import Listing
from voucherweb.web.page import DESK, TENANT, page
from voucherweb.web.rendering import render
from voucherweb.web.shown import day as shown_day
from voucherweb.web.shown import today
from voucherweb.web.voucher_deeds import STARTED, job_page

SORT = SortSpec(tuple(desk_records.SORT), "at", "desc")
_DAY = timedelta(days=1)


@page(desk_pages, "/day", roles=DESK)
def day(actor: Actor) -> Response:
    manages = actor.role is Role.TENANT_ADMIN
    wanted = listing.read(SORT, ("day", "admin") if manages else ("day",))
    chosen = listing.day_of(wanted, "day") or today()
    found = desk_records.day_list(actor, chosen, wanted.asked, _admin(wanted))
    wanted.total = found.total
    _chips(wanted, chosen, found.clerks)
    return render(
        "desk/day.html",
        rows=found.receipts,
        clerks=found.clerks,
        list=wanted,
        chosen=chosen,
        manages=manages,
        near=_near(wanted, chosen),
        exports=_export_urls(wanted, chosen) if manages else [],
        address=wanted.address,
    )


def _admin(wanted: Listing) -> uuid.UUID | None:
    """Whose write-offs are asked for; None is everybody's."""
    text = wanted.get("admin")
    return parse_id(text) or NOBODY if text else None


def _chips(wanted: Listing, chosen: date, clerks: list[ClerkTotal]) -> None:
    if wanted.get("day"):
        wanted.chips.append(("day", shown_day(chosen)))
    text = wanted.get("admin")
    if text:
        name = next((one.by for one in clerks if str(one.admin_id) == text), text)
        wanted.chips.append(("admin", name))


def _near(wanted: Listing, chosen: date) -> tuple[str | None, str | None]:
    """The addresses of the day before, and of the day after unless that is yet to come."""
    before = wanted.url(day=str(chosen - _DAY), page=1) if chosen > date.min else None
    if chosen >= today():
        return before, None
    after = chosen + _DAY
    return before, wanted.url(day=None if after == today() else str(after), page=1)


def _export_urls(wanted: Listing, chosen: date) -> list[tuple[str, str, Form]]:
    who = wanted.get("admin")
    return [
        (one, url_for("desk.export", extension=one, day=str(chosen), admin=who), Form())
        for one in FORMATS
    ]


@page(desk_pages, "/day/export/<extension>", roles=TENANT, methods=("POST",))
def export(actor: Actor, extension: str) -> Response:
    """The day that the address names, as a file."""
    wanted = request.args.get("day")
    if not wanted:
        raise invalid("day", "is required", "必填")
    given = {"firstDay": wanted, "lastDay": wanted}
    if request.args.get("admin"):
        given["adminId"] = request.args["admin"]

    def act() -> Done:
        english = current_language() == EN
        job_id = exports.start_export(actor, "WRITE_OFFS", extension, given, english=english)
        return job_page(job_id), STARTED

    return press(actor, act)

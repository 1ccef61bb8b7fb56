"""The log of partners' calls: what they asked, what came of it, and what to do about it."""

import uuid
from typing import Final

from flask import Blueprint, Response, url_for

from voucherweb.domain.actor import Actor
from voucherweb.domain.paging import SortSpec
from voucherweb.domain.partner import CallerKind
from voucherweb.errors import invalid
from voucherweb.models import PartnerCall
from voucherweb.services import call_lists, tenants
from voucherweb.services.actor_names import actor_names
from voucherweb.services.call_lists import CallFilter, Outcome
from voucherweb.services.ids import parse_id
from voucherweb.web import call_words, listing
from voucherweb.web.language import Text, is_english
from voucherweb.web.listing import Listing
from voucherweb.web.page import ADMINS, page
from voucherweb.web.rendering import render
from voucherweb.web.shown import day, settings

call_pages = Blueprint("calls", __name__, url_prefix="/admin/partners/calls")

SORT: Final = SortSpec(call_lists.SORT_FIELDS, "time", "desc")
FILTERS: Final = (
    *("caller", "outcome", "code", "path", "request", "tenant", "whose"),
    *("startDate", "endDate"),
)
WHOSE: Final = {"own": Text("平台自己的金鑰", "The platform's own keys")}


@page(call_pages, "", roles=ADMINS)
def index(actor: Actor) -> Response:
    callers = call_lists.callers(actor)
    wanted, narrowed = _read(actor, dict(callers))
    rows, wanted.total = call_lists.list_calls(
        actor, narrowed, wanted.asked, settings().timezone, english=is_english()
    )
    return render(
        "calls/index.html",
        rows=rows,
        list=wanted,
        callers=callers,
        outcomes=call_words.OUTCOMES,
        codes=call_words.codes(),
        whose=WHOSE,
        most=call_lists.MOST_LISTED,
        looked_at=call_lists.LOOKED_AT if narrowed.looks_through else None,
        address=wanted.address,
    )


@page(call_pages, "/<int:call_id>", roles=ADMINS)
def show(actor: Actor, call_id: int) -> Response:
    call = call_lists.get_call(actor, call_id, english=is_english())
    return render(
        "calls/show.html",
        call=call,
        line=call.line,
        others=call_lists.same_key(call.line),
        advice=call_words.advice(call.line.code),
        ended=call_words.ENDED.get(call_lists.why_ended(call.line)),
        caller_url=_caller_url(actor, call.line),
    )


def _caller_url(actor: Actor, line: PartnerCall) -> str | None:
    """The page of the key or add-on that called, if it is the reader's own."""
    kind, _, id_ = line.caller.partition(":")
    if line.tenant_id != actor.tenant_id or parse_id(id_) is None:
        return None
    if kind == CallerKind.KEY:
        return url_for("api_keys.show", key_id=id_)
    return url_for("add_ons.show", add_on_id=id_)


def _read(actor: Actor, callers: dict[str, str]) -> tuple[Listing, CallFilter]:
    wanted = listing.read(SORT, FILTERS)
    first, last = listing.day_of(wanted, "startDate"), listing.day_of(wanted, "endDate")
    if first and last and last < first:
        raise invalid("endDate", "the last day must not be before the first", "迄日不可早於起日")
    outcome = listing.choice_of(wanted, "outcome", Outcome)
    narrowed = CallFilter(
        caller=wanted.get("caller"),
        outcome=outcome,
        code=wanted.get("code"),
        path=wanted.get("path"),
        request_id=wanted.get("request"),
        tenant_id=_tenant(actor, wanted),
        own=actor.is_platform and wanted.get("whose") == "own",
        first_day=first,
        last_day=last,
    )
    if narrowed.caller:
        wanted.chips.append(("caller", _name(actor, narrowed.caller, callers)))
    _chips(wanted, narrowed)
    return wanted, narrowed


def _name(actor: Actor, caller: str, callers: dict[str, str]) -> str:
    """What the caller is called; to a tenant's admin another's key says nothing."""
    if actor.is_platform:
        return actor_names([caller], english=is_english())[caller]
    return callers.get(caller, caller)


def _tenant(actor: Actor, wanted: Listing) -> uuid.UUID | None:
    """The tenant that is named; another's does not exist to a tenant's admin."""
    if not wanted.get("tenant"):
        return None
    tenant = tenants.get_tenant(actor, parse_id(wanted.get("tenant")))
    wanted.chips.append(("tenant", tenant.name))
    return tenant.id


def _chips(wanted: Listing, narrowed: CallFilter) -> None:
    if narrowed.outcome:
        wanted.chips.append(("outcome", str(call_words.OUTCOMES[narrowed.outcome])))
    for name in ("code", "path", "request"):
        listing.chip(wanted, name)
    if narrowed.own:
        listing.chip(wanted, "whose", WHOSE)
    for name, value, text in (
        ("startDate", narrowed.first_day, Text("{} 起", "{} or later")),
        ("endDate", narrowed.last_day, Text("{} 止", "{} or earlier")),
    ):
        if value:
            wanted.chips.append((name, str(text.format(day(value)))))


@call_pages.app_context_processor
def _words() -> dict[str, object]:
    """The overview shows calls too."""
    return {"call_name": call_words.call_name, "code_sentence": call_words.sentence}

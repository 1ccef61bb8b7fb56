"""The audit log: who did what to what, and when; the platform's whole, a tenant's own."""

import uuid
from typing import Final

from flask import Blueprint, Response, request, url_for

from voucherweb.domain.actor import Actor
from voucherweb.domain.paging import SortSpec
from voucherweb.errors import invalid
from voucherweb.services import audit_log, exports, tenants
from voucherweb.services.audit_labels import ACTION_LABELS, KIND_LABELS
from voucherweb.services.audit_log import (
    AuditFilter,
    Entry,
    action_label,
    actor_names,
    kind_label,
)
from voucherweb.services.exports import FORMATS
from voucherweb.services.ids import parse_id
from voucherweb.web import listing
from voucherweb.web.admins import tenant_choices
from voucherweb.web.audit_details import details
from voucherweb.web.audit_words import audit_word, object_name, object_url
from voucherweb.web.forms import Done, Form, press
from voucherweb.web.language import Text, is_english
from voucherweb.web.listing import Listing
from voucherweb.web.page import ADMINS, page
from voucherweb.web.rendering import render
from voucherweb.web.shown import day, settings
from voucherweb.web.voucher_deeds import STARTED, job_page

audit_pages = Blueprint("audit", __name__, url_prefix="/admin/audit")

SORT: Final = SortSpec(tuple(audit_log.SORT), "id", "desc")
FILTERS: Final = ("actor", "action", "kind", "object", "tenant", "startDate", "endDate")


@page(audit_pages, "", roles=ADMINS)
def index(actor: Actor) -> Response:
    wanted, narrowed = _read(actor)
    entries, wanted.total = audit_log.list_entries(
        actor, narrowed, wanted.asked, settings().timezone, english=is_english()
    )
    _chips(wanted, narrowed, entries)
    return render(
        "audit/index.html",
        entries=entries,
        list=wanted,
        actions=_sorted(ACTION_LABELS),
        kinds=_sorted(KIND_LABELS),
        tenants=tenant_choices,
        most=audit_log.MOST_LISTED,
        exports=_export_urls(wanted),
        address=wanted.address,
    )


def _export_urls(wanted: Listing) -> list[tuple[str, str, Form]]:
    """Where this very list becomes a file."""
    query = wanted.url(page=1, size=None, sort=None, order=None).partition("?")[2]
    return [(one, f"{url_for('audit.export', extension=one)}?{query}", Form()) for one in FORMATS]


@page(audit_pages, "/export/<extension>", roles=ADMINS, methods=("POST",))
def export(actor: Actor, extension: str) -> Response:
    """The list that the address describes, as a file."""
    given = {name: request.args[name] for name in FILTERS if request.args.get(name)}

    def act() -> Done:
        job_id = exports.start_export(actor, "AUDIT", extension, given, english=is_english())
        return job_page(job_id), STARTED

    return press(actor, act)


def _sorted(labels: dict[str, tuple[str, str]]) -> list[tuple[str, str]]:
    return [(value, text[is_english()]) for value, text in labels.items()]


def _read(actor: Actor) -> tuple[Listing, AuditFilter]:
    wanted = listing.read(SORT, FILTERS)
    first, last = listing.day_of(wanted, "startDate"), listing.day_of(wanted, "endDate")
    if first and last and last < first:
        raise invalid("endDate", "the last day must not be before the first", "迄日不可早於起日")
    narrowed = AuditFilter(
        actor=wanted.get("actor"),
        action=wanted.get("action"),
        kind=wanted.get("kind"),
        object_id=wanted.get("object"),
        tenant_id=_tenant(actor, wanted),
        first_day=first,
        last_day=last,
    )
    return wanted, narrowed


def _tenant(actor: Actor, wanted: Listing) -> uuid.UUID | None:
    """The tenant that is named; another's does not exist to a tenant's admin."""
    if not wanted.get("tenant"):
        return None
    tenant = tenants.get_tenant(actor, parse_id(wanted.get("tenant")))
    wanted.chips.append(("tenant", tenant.name))
    return tenant.id


def _chips(wanted: Listing, narrowed: AuditFilter, entries: list[Entry]) -> None:
    english = is_english()
    if narrowed.actor:
        name = actor_names([narrowed.actor], english=english)[narrowed.actor]
        wanted.chips.append(("actor", name))
    if narrowed.action:
        wanted.chips.append(("action", action_label(narrowed.action, english=english)))
    if narrowed.kind:
        wanted.chips.append(("kind", kind_label(narrowed.kind, english=english)))
    if narrowed.object_id:
        name = next((name for one in entries if (name := " ".join(object_name(one)).strip())), "")
        wanted.chips.append(("object", name or narrowed.object_id))
    for name, value, text in (
        ("startDate", narrowed.first_day, Text("{} 起", "{} or later")),
        ("endDate", narrowed.last_day, Text("{} 止", "{} or earlier")),
    ):
        if value:
            wanted.chips.append((name, str(text.format(day(value)))))


@audit_pages.app_context_processor
def _words() -> dict[str, object]:
    """Other pages show entries too."""
    return {
        "audit_word": audit_word,
        "audit_details": details,
        "object_name": object_name,
        "object_url": object_url,
    }

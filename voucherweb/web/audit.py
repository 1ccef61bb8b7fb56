"""The audit log: who did what to what, and when; the platform's whole, a tenant's own."""

import uuid
from typing import Any, Final

from flask import Blueprint, Response, url_for

from voucherweb.domain.actor import Actor
from voucherweb.domain.paging import SortSpec
from voucherweb.errors import invalid
from voucherweb.services import audit_log, tenants
from voucherweb.services.audit_labels import ACTION_LABELS, KIND_LABELS
from voucherweb.services.audit_log import (
    AuditFilter,
    Entry,
    action_label,
    actor_names,
    kind_label,
)
from voucherweb.services.ids import parse_id
from voucherweb.web import listing
from voucherweb.web.language import Text, is_english
from voucherweb.web.listing import Listing
from voucherweb.web.page import ADMINS, PAGES, page, visitor
from voucherweb.web.rendering import render
from voucherweb.web.shown import day, settings

audit_pages = Blueprint("audit", __name__, url_prefix="/admin/audit")

SORT: Final = SortSpec(tuple(audit_log.SORT), "id", "desc")
FILTERS: Final = ("actor", "action", "kind", "object", "tenant", "startDate", "endDate")


@page(audit_pages, "", roles=ADMINS)
def index(actor: Actor) -> Response:
    wanted, narrowed = _read(actor)
    entries, wanted.total = audit_log.list_entries(
        actor, narrowed, wanted.asked, settings().timezone, english=is_english()
    )
    return render(
        "audit/index.html",
        entries=entries,
        list=wanted,
        actions=_sorted(ACTION_LABELS),
        kinds=_sorted(KIND_LABELS),
        most=audit_log.MOST_LISTED,
        address=wanted.address,
    )


def _sorted(labels: dict[str, tuple[str, str]]) -> list[tuple[str, str]]:
    return [(value, text[is_english()]) for value, text in labels.items()]


def _read(actor: Actor) -> tuple[Listing, AuditFilter]:
    wanted = listing.read(SORT, FILTERS)
    first, last = listing.day_of(wanted, "startDate"), listing.day_of(wanted, "endDate")
    if first and last and last < first:
        raise invalid("endDate", "must not be before the first day", "不可早於起日")
    narrowed = AuditFilter(
        actor=wanted.get("actor"),
        action=wanted.get("action"),
        kind=wanted.get("kind"),
        object_id=wanted.get("object"),
        tenant_id=_tenant(actor, wanted),
        first_day=first,
        last_day=last,
    )
    _chips(wanted, narrowed)
    return wanted, narrowed


def _tenant(actor: Actor, wanted: Listing) -> uuid.UUID | None:
    """The tenant that is named; another's does not exist to a tenant's admin."""
    if not wanted.get("tenant"):
        return None
    tenant = tenants.get_tenant(actor, parse_id(wanted.get("tenant")))
    wanted.chips.append(("tenant", tenant.name))
    return tenant.id


def _chips(wanted: Listing, narrowed: AuditFilter) -> None:
    english = is_english()
    if narrowed.actor:
        name = actor_names([narrowed.actor], english=english)[narrowed.actor]
        wanted.chips.append(("actor", name))
    if narrowed.action:
        wanted.chips.append(("action", action_label(narrowed.action, english=english)))
    if narrowed.kind:
        wanted.chips.append(("kind", kind_label(narrowed.kind, english=english)))
    listing.chip(wanted, "object")
    for name, value, text in (
        ("startDate", narrowed.first_day, Text("{} 起", "{} or later")),
        ("endDate", narrowed.last_day, Text("{} 止", "{} or earlier")),
    ):
        if value:
            wanted.chips.append((name, str(text.format(day(value)))))


def audit_word(kind: str, value: str) -> str:
    """What an action or a kind of object is called."""
    english = is_english()
    if kind == "action":
        return action_label(value, english=english)
    return kind_label(value, english=english)


_PLACES: Final[dict[str, tuple[str, str]]] = {
    "voucher": ("vouchers.show", "voucher_id"),
    "vendor": ("purchases.index", "vendor_id"),
    "tenant": ("tenants.show", "tenant_id"),
    "member": ("members.show", "member_id"),
    "admin": ("admins.show", "admin_id"),
    "campaign": ("campaigns.show", "campaign_id"),
    "card": ("cards.show", "card_id"),
}
"""Where an object of an entry has a page of its own, and what its id is called there."""


def object_url(entry: Entry) -> str | None:
    """The page of an entry's object, if there is one for this reader."""
    endpoint, name = _PLACES.get(entry.object_kind, ("", ""))
    known = next((one for one in PAGES if one.endpoint == endpoint), None)
    if known is None or parse_id(entry.object_id) is None:
        return None
    if visitor().actor.role not in known.roles:
        return None
    place: dict[str, Any] = {name: entry.object_id}
    return url_for(endpoint, **place)


@audit_pages.app_context_processor
def _words() -> dict[str, object]:
    """Other pages show entries too."""
    return {"audit_word": audit_word, "object_url": object_url}

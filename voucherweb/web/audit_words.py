"""What entries of the audit log say in words, and where their objects have pages."""

import functools
from typing import Any, Final

from flask import url_for

from voucherweb.services import audit_labels
from voucherweb.services.audit_labels import action_label, kind_label
from voucherweb.services.audit_log import MENTIONED, Entry
from voucherweb.services.export_kinds import EXPORTS
from voucherweb.web.language import is_english
from voucherweb.web.page import PAGES, Page, visitor


def audit_word(kind: str, value: str) -> str:
    """What an action or a kind of object is called."""
    english = is_english()
    if kind == "action":
        return action_label(value, english=english)
    return kind_label(value, english=english)


_PLACES: Final[dict[str, tuple[str, str]]] = {
    "add_on": ("add_ons.show", "add_on_id"),
    "admin": ("admins.show", "admin_id"),
    "api_key": ("api_keys.show", "key_id"),
    "branch": ("branches.rename", "branch_id"),
    "campaign": ("campaigns.show", "campaign_id"),
    "card": ("cards.show", "card_id"),
    "coupon_import": ("imports.show", "job_id"),
    "coupon_set": ("coupon_sets.show", "coupon_set_id"),
    "job": ("jobs.show", "job_id"),
    "member": ("members.show", "member_id"),
    "tenant": ("tenants.show", "tenant_id"),
    "vendor": ("purchases.index", "vendor_id"),
    "voucher": ("vouchers.show", "voucher_id"),
}
"""Where an object of an entry has a page of its own, and what its id is called there."""


def object_url(entry: Entry, mentioned: str = "") -> str | None:
    """The page of an entry's object, or of the one that a field of its data names, if there is
    one for this reader."""
    kind = MENTIONED[mentioned] if mentioned else entry.object_kind
    thing = entry.mentioned.get(mentioned) if mentioned else entry.thing
    if kind == "settings":
        return _url("settings.platform")
    if thing is None or not thing.opens:
        return None
    if kind == "purchase":
        below = _url("purchases.show", vendor_id=thing.above, purchase_id=thing.id)
        return below or _url("quota.show", purchase_id=thing.id)
    if kind == "redemption":
        receipt = entry.data.get("writeOff")
        written_off = _url("desk.receipt", write_off_id=receipt) if receipt else None
        return written_off or _url("vouchers.pieces", voucher_id=thing.above)
    endpoint, name = _PLACES.get(kind, ("", ""))
    return _url(endpoint, **{name: thing.id})


def _url(endpoint: str, **place: Any) -> str | None:
    """The address of a page that the reader's role may see."""
    known = _pages().get(endpoint)
    if known is None or visitor().actor.role not in known.roles:
        return None
    return url_for(endpoint, **place)


@functools.cache
def _pages() -> dict[str, Page]:
    """The pages by endpoint; asked for when all of them are declared."""
    return {one.endpoint: one for one in PAGES}


def object_name(entry: Entry) -> tuple[str, str]:
    """The title and the number of an entry's object; both are empty for what has no name."""
    title, number = audit_labels.object_name(entry.thing, entry.data)
    if not (title or number) and entry.data.get("what") in EXPORTS:
        return EXPORTS[entry.data["what"]].name[is_english()], ""
    return title, number

"""One box for vouchers, pieces, tenants and members (services/finding.py)."""

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, current_app, request, url_for

from voucherweb.domain.actor import Actor
from voucherweb.domain.scanning import MAX_TYPED, plain, typed_words
from voucherweb.services import finding
from voucherweb.services.finding import Findings, MemberHit, PieceHit, TenantHit, VoucherHit
from voucherweb.web.language import Text, t
from voucherweb.web.listing import PAGE_SIZES
from voucherweb.web.page import ADMINS, go, page
from voucherweb.web.rendering import render, wanted_part

search_pages: Final = Blueprint("search", __name__, url_prefix="/admin/search")

MOST: Final = 20
"""So many hits of each kind are shown."""
GROUPS: Final = {
    "pieces": Text("會員的票券", "Members' pieces"),
    "vouchers": Text("票券", "Vouchers"),
    "tenants": Text("租戶與發行廠商", "Tenants and vendors"),
    "members": Text("會員", "Members"),
}


@dataclass(frozen=True, slots=True)
class Hit:
    """One line of the results. `url` is None where the site has no page of it."""

    title: str
    about: str
    url: str | None
    phase: str | None = None
    tag: tuple[str, str] | None = None
    """A state's kind and word, for what has no phase."""


@page(search_pages, "", roles=ADMINS)
def index(actor: Actor) -> Response:
    typed = request.args.get("q", "")[:MAX_TYPED]
    found = finding.find(actor, typed, MOST)
    straight = _exact(typed, found)
    if straight and wanted_part() is None:
        return go(straight)
    groups = _groups(found)
    return render(
        "search/index.html",
        typed=typed_words(typed),
        groups=[(name, GROUPS[name], hits) for name, hits in groups.items() if hits],
        most=MOST,
        platform=actor.is_platform,
        address=url_for("search.index", q=typed or None),
    )


def _exact(typed: str, found: Findings) -> str | None:
    """Where a whole number of one voucher or piece leads; None for anything else."""
    if found.pieces:
        return _piece(found.pieces[0]).url
    same = [one for one in found.vouchers if one.voucher_no == plain(typed)]
    return _voucher(same[0]).url if same else None


def _groups(found: Findings) -> dict[str, list[Hit]]:
    return {
        "pieces": [_piece(one) for one in found.pieces],
        "vouchers": [_voucher(one) for one in found.vouchers],
        "tenants": [_tenant(one) for one in found.tenants],
        "members": [_member(one) for one in found.members],
    }


def _url(endpoint: str, **values: object) -> str | None:
    known = endpoint in current_app.view_functions
    return url_for(endpoint, **values) if known else None  # type: ignore[arg-type]


def _voucher(one: VoucherHit) -> Hit:
    about = f"{one.voucher_no} · {one.tenant_name}"
    return Hit(one.title, about, _url("vouchers.show", voucher_id=one.id), phase=one.phase)


def _piece(one: PieceHit) -> Hit:
    """Pieces are numbered without gaps, so the number tells on which page of the list it is."""
    size = PAGE_SIZES[0]
    url = _url(
        "vouchers.pieces",
        voucher_id=one.voucher_id,
        sort="seq",
        order="asc",
        page=(one.seq - 1) // size + 1,
    )
    tag = ("on", t("已使用", "Used")) if one.used_at else ("draft", t("未使用", "Not used"))
    return Hit(one.number, f"{one.voucher_title} · {one.member_name}", url, tag=tag)


def _tenant(one: TenantHit) -> Hit:
    url = _url("tenants.show", tenant_id=one.id)
    return Hit(one.name, " · ".join(filter(None, (one.code, one.vendor_no))), url)


def _member(one: MemberHit) -> Hit:
    about = " · ".join(filter(None, (one.household_member_id, one.phone_number)))
    url = _url("members.show", member_id=one.id)
    return Hit(one.name or one.household_member_id, about, url)

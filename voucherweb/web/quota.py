"""A tenant's own quota: what was bought, spent and is left, and every movement of it."""

import uuid
from typing import Final

from flask import Blueprint, Response, request, url_for

from voucherweb.domain.actor import Actor
from voucherweb.domain.paging import SortSpec
from voucherweb.services import quota_statement, quotas, vendors
from voucherweb.web import listing
from voucherweb.web.language import Text, is_english
from voucherweb.web.page import TENANT, page
from voucherweb.web.rendering import render

quota_pages = Blueprint("quota", __name__, url_prefix="/admin/quota")

SORT: Final = SortSpec(tuple(quotas.SORT), "txDate", "desc")
BOOK: Final = SortSpec(tuple(quota_statement.SORT), "seq", "desc")


def _tabs() -> list[tuple[str, str, bool]]:
    texts = {"quota.index": Text("購買紀錄", "Purchases"), "quota.book": Text("帳本", "Book")}
    return [
        (str(text), url_for(endpoint), request.endpoint == endpoint)
        for endpoint, text in texts.items()
    ]


@page(quota_pages, "", roles=TENANT)
def index(actor: Actor) -> Response:
    vendor = vendors.vendor_of_tenant(actor.tenant_id)
    wanted = listing.read(SORT)
    rows, wanted.total = quotas.list_purchases(actor.tenant_id, wanted.asked)
    return render(
        "quota/index.html",
        vendor=vendor,
        rows=rows,
        list=wanted,
        tabs=_tabs(),
        address=wanted.address,
    )


@page(quota_pages, "/book", roles=TENANT)
def book(actor: Actor) -> Response:
    wanted = listing.read(BOOK)
    vendor = vendors.get_vendor(actor.tenant_id)
    lines, wanted.total = quota_statement.statement(
        actor, actor.tenant_id, wanted.asked, english=is_english()
    )
    return render(
        "quota/book.html",
        vendor=vendor,
        lines=lines,
        list=wanted,
        tabs=_tabs(),
        address=wanted.address,
    )


@page(quota_pages, "/purchases/<uuid:purchase_id>", roles=TENANT)
def show(actor: Actor, purchase_id: uuid.UUID) -> Response:
    purchase, vendor = quotas.find_purchase(actor, purchase_id)
    revisions = quota_statement.purchase_history(actor, purchase_id, english=is_english())
    return render("vendors/purchase.html", vendor=vendor, purchase=purchase, revisions=revisions)

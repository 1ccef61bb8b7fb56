"""One vendor: what it bought, its quota book, the proof of it, and what was done to it
(contract A §票券購買額度)."""

import uuid
from datetime import datetime
from typing import Any, Final

from flask import Blueprint, Response, request, url_for
from wtforms import StringField, TextAreaField

from voucherweb.api.management.quotas import MAX_POINTS, TermsBody
from voucherweb.api.parsing import parse
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.paging import SortSpec
from voucherweb.errors import ERRORS, refuse
from voucherweb.models import QuotaPurchase, Tenant, Vendor
from voucherweb.services import audit_log, quota_statement, quotas, vendors
from voucherweb.services.audit_log import AuditFilter
from voucherweb.transaction import unit_of_work
from voucherweb.web import listing, local_times
from voucherweb.web.forms import Done, Form, attempt
from voucherweb.web.language import Text, is_english
from voucherweb.web.page import PLATFORM, page
from voucherweb.web.rendering import render
from voucherweb.web.shown import settings

purchase_pages = Blueprint("purchases", __name__, url_prefix="/admin/vendors/<uuid:vendor_id>")

SORT: Final = SortSpec(tuple(quotas.SORT), "txDate", "desc")
BOOK: Final = SortSpec(tuple(quota_statement.SORT), "seq", "desc")
LOG: Final = SortSpec(tuple(audit_log.SORT), "id", "desc")


class PurchaseForm(Form):
    txDate = StringField(Text("購買時間", "Bought at"))  # noqa: N815 - as on the wire
    points = StringField(Text("點數", "Points"))
    amount = StringField(Text("金額", "Amount"))
    remark = TextAreaField(Text("備註", "Remark"))
    kept: datetime | None = None

    def fill(self, purchase: QuotaPurchase | None) -> None:
        """Begin with now, or with the purchase as it stands."""
        self.kept = purchase.tx_date if purchase else None
        if self.sent:
            return
        self.txDate.data = local_times.typed(self.kept or clock.now())
        if purchase:
            self.points.data = str(purchase.points)
            self.amount.data = f"{purchase.amount.normalize():f}"
            self.remark.data = purchase.remark

    def wire(self) -> dict[str, Any]:
        given = super().wire()
        if "txDate" in given:
            given["txDate"] = local_times.millis("txDate", given["txDate"], self.kept)
        for name in {"points", "amount"} & given.keys():
            given[name] = given[name].replace(",", "")
        return given

    def terms(self) -> quotas.PurchaseTerms:
        return parse(TermsBody, self.wire()).terms()


def _tabs(vendor_id: uuid.UUID) -> list[tuple[str, str, bool]]:
    texts = {
        "purchases.index": Text("購買紀錄", "Purchases"),
        "purchases.book": Text("帳本", "Book"),
        "purchases.proof": Text("驗證帳目", "Proof"),
        "purchases.log": Text("異動", "History"),
    }
    return [
        (str(text), url_for(endpoint, vendor_id=vendor_id), request.endpoint == endpoint)
        for endpoint, text in texts.items()
    ]


def _shown(template: str, vendor: Vendor, tenant: Tenant, **more: Any) -> Response:
    tabs = _tabs(vendor.id)
    return render(f"vendors/{template}.html", vendor=vendor, tenant=tenant, tabs=tabs, **more)


@page(purchase_pages, "", roles=PLATFORM)
def index(actor: Actor, vendor_id: uuid.UUID) -> Response:
    vendor, tenant = vendors.find_vendor(actor, vendor_id)
    wanted = listing.read(SORT)
    rows, wanted.total = quotas.list_purchases(tenant.id, wanted.asked)
    return _shown("purchases", vendor, tenant, rows=rows, list=wanted, address=wanted.address)


@page(purchase_pages, "/book", roles=PLATFORM)
def book(actor: Actor, vendor_id: uuid.UUID) -> Response:
    vendor, tenant = vendors.find_vendor(actor, vendor_id)
    wanted = listing.read(BOOK)
    lines, wanted.total = quota_statement.statement(
        actor, tenant.id, wanted.asked, english=is_english()
    )
    return _shown("book", vendor, tenant, lines=lines, list=wanted, address=wanted.address)


@page(purchase_pages, "/proof", roles=PLATFORM, methods=("GET", "POST"))
def proof(actor: Actor, vendor_id: uuid.UUID) -> Response:
    form = Form()
    if not form.sent:
        return _shown("proof", *vendors.find_vendor(actor, vendor_id), form=form, proof=None)
    with unit_of_work(snapshot=True):
        vendor, tenant = vendors.find_vendor(actor, vendor_id)
        found = quota_statement.prove_vendor(actor, tenant.id)
        return _shown("proof", vendor, tenant, form=form, proof=found, at=clock.now())


@page(purchase_pages, "/log", roles=PLATFORM)
def log(actor: Actor, vendor_id: uuid.UUID) -> Response:
    vendor, tenant = vendors.find_vendor(actor, vendor_id)
    wanted = listing.read(LOG)
    asked = AuditFilter(kind="vendor", object_id=str(vendor.id))
    entries, wanted.total = audit_log.list_entries(
        actor, asked, wanted.asked, settings().timezone, english=is_english()
    )
    return _shown("log", vendor, tenant, entries=entries, list=wanted, address=wanted.address)


@page(purchase_pages, "/purchases/new", roles=PLATFORM, methods=("GET", "POST"))
def add(actor: Actor, vendor_id: uuid.UUID) -> Response:
    form = PurchaseForm()
    form.fill(None)
    back = url_for("purchases.index", vendor_id=vendor_id)

    def act() -> Done:
        vendor, _ = vendors.find_vendor(actor, vendor_id)
        bought = quotas.add_purchase(actor, vendor.tenant_id, form.terms())
        said = Text("已加購 {}，剩餘 {}。", "Bought {}; {} are left.")
        return back, said.format(_points(bought.points), _points(vendor.deposit - vendor.withdraw))

    answer = attempt(form, actor, act) if form.sent else None
    if answer:
        return answer
    return _form(actor, form, vendors.find_vendor(actor, vendor_id)[0], None)


def _purchase(
    actor: Actor, vendor_id: uuid.UUID, purchase_id: uuid.UUID
) -> tuple[QuotaPurchase, Vendor]:
    """A purchase of this vendor; raises NOT_EXIST."""
    purchase, vendor = quotas.find_purchase(actor, purchase_id)
    if vendor.id != vendor_id:
        raise refuse("NOT_EXIST")
    return purchase, vendor


@page(purchase_pages, "/purchases/<uuid:purchase_id>", roles=PLATFORM)
def show(actor: Actor, vendor_id: uuid.UUID, purchase_id: uuid.UUID) -> Response:
    purchase, vendor = _purchase(actor, vendor_id, purchase_id)
    _, tenant = vendors.find_vendor(actor, vendor_id)
    revisions = quota_statement.purchase_history(actor, purchase_id, english=is_english())
    return _shown("purchase", vendor, tenant, purchase=purchase, revisions=revisions)


@page(
    purchase_pages,
    "/purchases/<uuid:purchase_id>/correct",
    roles=PLATFORM,
    methods=("GET", "POST"),
)
def correct(actor: Actor, vendor_id: uuid.UUID, purchase_id: uuid.UUID) -> Response:
    form = PurchaseForm()
    form.fill(_purchase(actor, vendor_id, purchase_id)[0])
    back = url_for("purchases.index", vendor_id=vendor_id)

    def act() -> Done:
        quotas.correct_purchase(actor, purchase_id, form.terms())
        return back, Text(
            "已更正購買紀錄；更正前的內容保留在紀錄中。",
            "The purchase was corrected; its former versions are kept.",
        )

    answer = attempt(form, actor, act) if form.sent else None
    if answer:
        return answer
    purchase, vendor = _purchase(actor, vendor_id, purchase_id)
    return _form(actor, form, vendor, purchase)


def _form(
    actor: Actor, form: PurchaseForm, vendor: Vendor, purchase: QuotaPurchase | None
) -> Response:
    _, tenant = vendors.find_vendor(actor, vendor.id)
    after = _after(form, vendor, purchase)
    given = {"form": form, "status": form.status, "purchase": purchase, "after": after}
    return _shown("purchase_form", vendor, tenant, **given)


def _points(count: int) -> Text:
    return Text(f"{count:,} 點", f"{count:,} points")


def _after(form: PurchaseForm, vendor: Vendor, purchase: QuotaPurchase | None) -> Text:
    """The sentence beside the form: what would be left. Asked again as the points are typed."""
    text = request.args.get("points", form.points.data or "").replace(",", "").strip()
    left = vendor.deposit - vendor.withdraw
    few = text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_POINTS))
    if not (few and int(text) <= MAX_POINTS):
        said = Text(
            "目前剩餘 {}。填入點數後，這裡會說明變化。", "{} are left now. Type the points."
        )
        return said.format(_points(left))
    after = quotas.quota_after(vendor, int(text), purchase)
    if after < 0:
        refused = ERRORS["VOUCHER_QUOTA_UPDATE_UNDER_ZERO"]
        said = Text(
            "不能更正成這個點數：{}。已用 {}，至少要保留這麼多。",
            "It cannot be corrected to this: {}. {} are spent already, so many must stay.",
        )
        return said.format(Text(refused.zh, refused.en), _points(vendor.withdraw))
    if after == left:
        return Text("剩餘額度維持 {}。", "The quota left stays {}.").format(_points(left))
    said = Text("剩餘額度將由 {}變為 {}。", "The quota left will go from {} to {}.")
    return said.format(_points(left), _points(after))

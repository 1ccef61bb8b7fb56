"""Vendors: the issuing identities of tenants, for platform admins (contract A §票券發行廠商)."""

import uuid

from flask import Blueprint, Response, url_for
from wtforms import SelectField

from voucherweb.domain.actor import Actor
from voucherweb.domain.paging import SortSpec
from voucherweb.services import vendors
from voucherweb.services.ids import parse_id
from voucherweb.web import listing
from voucherweb.web.forms import Done, Form, attempt
from voucherweb.web.language import Text, with_aside
from voucherweb.web.page import PLATFORM, page
from voucherweb.web.rendering import confirm, render

vendor_pages = Blueprint("vendors", __name__, url_prefix="/admin/vendors")

SORT = SortSpec(tuple(vendors.SORT), "updateTime", "desc")


class VendorForm(Form):
    tenantId = SelectField(Text("租戶", "Tenant"), validate_choice=False)  # noqa: N815 - as on the wire

    def offer(self) -> None:
        """Offer the tenants that can still be given a vendor."""
        self.tenantId.choices = [
            (str(one.id), with_aside(one.name, one.code))
            for one in vendors.tenants_without_vendor()
        ]


@page(vendor_pages, "", roles=PLATFORM)
def index(_actor: Actor) -> Response:
    wanted = listing.read(SORT, ("name",))
    rows, wanted.total = vendors.list_vendors(wanted.get("name"), wanted.asked)
    listing.chip(wanted, "name")
    free = bool(vendors.tenants_without_vendor())
    return render("vendors/index.html", rows=rows, list=wanted, free=free, address=wanted.address)


@page(vendor_pages, "/new", roles=PLATFORM, methods=("GET", "POST"))
def add(actor: Actor) -> Response:
    form = VendorForm()
    form.offer()

    def act() -> Done:
        vendor = vendors.add_vendor(actor, parse_id(form.tenantId.data))
        said = Text(
            "已新增發行廠商 {}。接著為它加購額度。", "Vendor {} was added. Sell it quota next."
        )
        return url_for("purchases.index", vendor_id=vendor.id), said.format(vendor.vendor_no)

    answer = attempt(form, actor, act) if form.sent else None
    return answer or render("vendors/form.html", form=form, status=form.status)


@page(vendor_pages, "/<uuid:vendor_id>/move", roles=PLATFORM, methods=("GET", "POST"))
def move(actor: Actor, vendor_id: uuid.UUID) -> Response:
    form = VendorForm()
    vendor, tenant = vendors.find_vendor(actor, vendor_id)
    form.offer()

    def act() -> Done:
        moved = vendors.move_vendor(actor, vendor_id, parse_id(form.tenantId.data))
        said = Text("發行廠商 {} 已改屬另一個租戶。", "Vendor {} now belongs to another tenant.")
        return url_for("purchases.index", vendor_id=vendor_id), said.format(moved.vendor_no)

    number, name = vendor.vendor_no, tenant.name
    answer = attempt(form, actor, act) if form.sent else None
    return answer or render(
        "vendors/move.html",
        form=form,
        status=form.status,
        vendor_id=vendor_id,
        vendor_no=number,
        tenant_name=name,
    )


@page(vendor_pages, "/<uuid:vendor_id>/delete", roles=PLATFORM, methods=("GET", "POST"))
def delete(actor: Actor, vendor_id: uuid.UUID) -> Response:
    form = Form()
    back = url_for("vendors.index")

    def act() -> Done:
        vendors.delete_vendor(actor, vendor_id)
        return back, Text("已刪除發行廠商。", "The vendor was deleted.")

    answer = attempt(form, actor, act) if form.sent else None
    if answer:
        return answer
    vendor, tenant = vendors.find_vendor(actor, vendor_id)
    title = Text("刪除「{}」的發行廠商 {}？", "Delete the vendor of {}, {}?")
    return confirm(
        title.format(tenant.name, vendor.vendor_no),
        [
            Text(
                "租戶將無法再發行票券，直到重新新增廠商。尚未購買額度，因此不影響任何點數。"
                "刪除後不能復原，重新新增會得到另一個編號。",
                "The tenant cannot issue vouchers until it is given a vendor again. No quota was"
                " bought, so no points are affected. This cannot be undone; a new vendor gets"
                " another number.",
            )
        ],
        Text("刪除發行廠商", "Delete vendor"),
        form=form,
        back=back,
        danger=True,
    )

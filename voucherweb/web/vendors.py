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
from voucherweb.web.language import Text
from voucherweb.web.page import PLATFORM, page
from voucherweb.web.rendering import confirm, render

vendor_pages = Blueprint("vendors", __name__, url_prefix="/admin/vendors")

SORT = SortSpec(tuple(vendors.SORT), "updateTime", "desc")


class VendorForm(Form):
    tenantId = SelectField(Text("租戶", "Tenant"), validate_choice=False)  # noqa: N815 - as on the wire


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
    form.tenantId.choices = [(str(one.id), one.name) for one in vendors.tenants_without_vendor()]

    def act() -> Done:
        vendor = vendors.add_vendor(actor, parse_id(form.tenantId.data))
        said = Text("已新增發行廠商 {}。", "Vendor {} was added.").format(vendor.vendor_no)
        return url_for("vendors.index"), said

    answer = attempt(form, actor, act) if form.sent else None
    return answer or render("vendors/form.html", form=form, status=form.status)


@page(vendor_pages, "/<uuid:vendor_id>/delete", roles=PLATFORM, methods=("GET", "POST"))
def delete(actor: Actor, vendor_id: uuid.UUID) -> Response:
    form = Form()

    def act() -> Done:
        vendors.delete_vendor(actor, vendor_id)
        return url_for("vendors.index"), Text("已刪除發行廠商。", "The vendor was deleted.")

    answer = attempt(form, actor, act) if form.sent else None
    return answer or confirm(
        Text("刪除這個發行廠商？", "Delete this vendor?"),
        [
            Text(
                "租戶將無法再發行票券，直到重新新增廠商。尚未購買額度，因此不影響任何點數。",
                "The tenant cannot issue vouchers until it is given a vendor again. No quota was"
                " bought, so no points are affected.",
            )
        ],
        Text("刪除發行廠商", "Delete vendor"),
        form=form,
        back=url_for("vendors.index"),
        danger=True,
    )

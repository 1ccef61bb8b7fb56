"""Tenants: whose vouchers these are; created and renamed by platform admins."""

import uuid
from typing import Final

from flask import Blueprint, Response, url_for
from wtforms import SelectField, StringField

from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import TenantType
from voucherweb.domain.paging import SortSpec
from voucherweb.errors import invalid
from voucherweb.services import tenants, vendors
from voucherweb.web import labels, listing
from voucherweb.web.forms import Done, Form, attempt
from voucherweb.web.language import Text
from voucherweb.web.page import PLATFORM, page
from voucherweb.web.rendering import render

tenant_pages = Blueprint("tenants", __name__, url_prefix="/admin/tenants")

SORT: Final = SortSpec(tuple(tenants.SORT), "name", "asc")
_NAME: Final = Text("名稱", "Name")


class TenantForm(Form):
    name = StringField(_NAME)
    type = SelectField(Text("類型", "Type"), validate_choice=False)
    code = StringField(Text("代碼", "Code"))

    def kind(self) -> TenantType:
        try:
            return TenantType(self.type.data or "")
        except ValueError:
            raise invalid("type", "choose one of the types", "請選擇一種類型") from None


class NameForm(Form):
    name = StringField(_NAME)


@page(tenant_pages, "", roles=PLATFORM)
def index(_actor: Actor) -> Response:
    wanted = listing.read(SORT, ("name",))
    rows, wanted.total = tenants.list_tenants(wanted.get("name"), wanted.asked)
    listing.chip(wanted, "name")
    return render("tenants/index.html", rows=rows, list=wanted, address=wanted.address)


@page(tenant_pages, "/new", roles=PLATFORM, methods=("GET", "POST"))
def add(actor: Actor) -> Response:
    form = TenantForm()
    form.type.choices = labels.choices("tenant_type")

    def act() -> Done:
        code = (form.code.data or "").strip() or None
        tenant = tenants.create_tenant(actor, form.name.data or "", form.kind(), code)
        said = Text(
            "已新增租戶「{}」，代碼 {}。接著新增發行廠商與管理員。",
            "{} was added; its code is {}. Give it a vendor and admins next.",
        )
        return url_for("tenants.show", tenant_id=tenant.id), said.format(tenant.name, tenant.code)

    answer = attempt(form, actor, act) if form.sent else None
    return answer or render("tenants/form.html", form=form, status=form.status)


@page(tenant_pages, "/<uuid:tenant_id>", roles=PLATFORM)
def show(actor: Actor, tenant_id: uuid.UUID) -> Response:
    tenant = tenants.get_tenant(actor, tenant_id)
    vendor = vendors.vendor_of_tenant(tenant.id)
    return render("tenants/show.html", tenant=tenant, vendor=vendor)


@page(tenant_pages, "/<uuid:tenant_id>/rename", roles=PLATFORM, methods=("GET", "POST"))
def rename(actor: Actor, tenant_id: uuid.UUID) -> Response:
    form = NameForm()
    known = tenants.get_tenant(actor, tenant_id).name
    if not form.sent:
        form.name.data = known

    def act() -> Done:
        tenant = tenants.rename_tenant(actor, tenant_id, form.name.data or "")
        said = Text("租戶名稱已改為「{}」。", "The tenant is called {} now.")
        return url_for("tenants.show", tenant_id=tenant_id), said.format(tenant.name)

    answer = attempt(form, actor, act) if form.sent else None
    return answer or render(
        "tenants/rename.html", form=form, status=form.status, tenant_id=tenant_id, known=known
    )

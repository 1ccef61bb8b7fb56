"""The figures of each voucher of a tenant, side by side: the rows behind its statistics."""

import uuid
from typing import Final

from flask import Response, url_for

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import VoucherType
from voucherweb.domain.paging import SortSpec
from voucherweb.models import Tenant
from voucherweb.services import tenants, voucher_figures
from voucherweb.web import labels, listing
from voucherweb.web.page import PLATFORM, TENANT, page
from voucherweb.web.rendering import render
from voucherweb.web.statistics import statistics_pages
from voucherweb.web.statistics_overview import COLUMNS

SORT: Final = SortSpec(voucher_figures.FIELDS, "redeemCount", "desc")


@page(statistics_pages, "/mine/vouchers", roles=TENANT)
def of_mine(actor: Actor) -> Response:
    return _show(tenants.get_tenant(actor, actor.tenant_id), url_for("statistics.tenant"))


@page(statistics_pages, "/tenants/<uuid:tenant_id>/vouchers", roles=PLATFORM)
def of_tenants(actor: Actor, tenant_id: uuid.UUID) -> Response:
    above = url_for("statistics.of_tenant", tenant_id=tenant_id)
    return _show(tenants.get_tenant(actor, tenant_id), above)


def _show(tenant: Tenant, above: str) -> Response:
    wanted = listing.read(SORT, ("voucherType",))
    kind = listing.choice_of(wanted, "voucherType", VoucherType)
    listing.chip(wanted, "voucherType", labels.VOUCHER_TYPES)
    rows, wanted.total = voucher_figures.list_vouchers(tenant.id, wanted.asked, kind)
    return render(
        "statistics/vouchers.html",
        list=wanted,
        rows=rows,
        tenant=tenant,
        above=above,
        columns=COLUMNS,
        taken_at=clock.now(),
        address=wanted.address,
    )

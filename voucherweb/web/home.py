"""The first page of each role."""

from dataclasses import dataclass

from flask import Blueprint, Response, current_app, url_for

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.enums import Role
from voucherweb.errors import refuse
from voucherweb.services import attention, statistics, summary, trends
from voucherweb.services.attention import Attention
from voucherweb.services.summary import Summary
from voucherweb.web.language import Text
from voucherweb.web.page import EVERYBODY, go, page
from voucherweb.web.rendering import render
from voucherweb.web.shown import settings, today
from voucherweb.web.statistics_overview import show_tenants

home_pages = Blueprint("home", __name__, url_prefix="/admin")


@dataclass(frozen=True, slots=True)
class Step:
    """One of the steps from a new tenant to the first voucher in the app."""

    done: bool
    name: Text
    hint: Text
    endpoint: str | None = None
    button: Text | None = None


@page(home_pages, "/", roles=EVERYBODY)
def home(actor: Actor) -> Response:
    if actor.role is Role.CLERK:
        return go(url_for("desk.desk"))
    return show_tenants() if actor.is_platform else _of_tenant(actor)


def _of_tenant(actor: Actor) -> Response:
    tenant_id = actor.tenant_id
    if tenant_id is None:
        raise refuse("NOT_EXIST")
    figures = statistics.of_tenant(tenant_id)
    found = summary.of_tenant(tenant_id, used=(figures.used.total, figures.used_amount))
    wants = attention.of_tenant(tenant_id, settings().safety_stock_rate)
    return render(
        "home/tenant.html",
        found=found,
        figures=figures,
        trend=trends.sparkline(tenant_id, today()),
        wants=wants,
        steps=_steps(found, wants),
        taken_at=clock.now(),
        imports_page="imports.index" in current_app.view_functions,
    )


def _steps(found: Summary, wants: Attention) -> list[Step]:
    """What is left to do until members see a voucher; empty once one was on the shelf."""
    on_shelf = wants.vouchers > wants.drafts
    if on_shelf and found.books:
        return []
    ask = Text("由平台管理員處理，請與平台聯絡。", "The platform does this; get in touch with it.")
    return [
        Step(found.has_vendor, Text("取得發行廠商", "Get a vendor"), ask),
        Step(found.books is not None, Text("購買額度", "Buy quota"), ask),
        Step(
            wants.vouchers > 0,
            Text("發行第一張票券", "Issue the first voucher"),
            Text(
                "設定面額、張數與日期；發行時從額度扣點。",
                "Set price, volume and dates; issuing takes points from the quota.",
            ),
            "vouchers.issue",
            Text("發行票券", "Issue a voucher"),
        ),
        Step(
            on_shelf,
            Text("上架", "Put it on the shelf"),
            Text(
                "上架後，會員才看得到並能兌換。", "Only then do members see it and can redeem it."
            ),
            "vouchers.index",
            Text("前往票券清單", "Go to the vouchers"),
        ),
    ]

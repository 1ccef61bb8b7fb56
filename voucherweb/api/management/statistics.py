"""Contract A §取得票券統計列表, §票券統計 (both forms), §取得票券管理Summary."""

from typing import Any

from voucherweb.api.endpoint import ADMINS, PLATFORM, endpoint, settings
from voucherweb.api.envelope import Page
from voucherweb.api.listing import page
from voucherweb.api.management.blueprint import blueprint
from voucherweb.api.management.statistics_shapes import (
    StatisticsBody,
    StatisticsData,
    StatisticsListBody,
    SummaryBody,
    SummaryData,
    TenantFigures,
    analyses,
    summary_figures,
    summary_info,
    tenant_figures,
)
from voucherweb.api.management.vendors import tenant_named
from voucherweb.domain.actor import Actor
from voucherweb.domain.days import span
from voucherweb.domain.paging import SortSpec
from voucherweb.errors import invalid
from voucherweb.services import statistics, statistics_list, summary
from voucherweb.services.ids import parse_id

SORT = SortSpec(statistics_list.FIELDS, "tenantName", "asc")


@endpoint(
    blueprint,
    "POST",
    "/statistics/list",
    roles=PLATFORM,
    body=StatisticsListBody,
    data=TenantFigures,
    paged=True,
    snapshot=True,
    summary=("取得票券統計列表", "Figures of every tenant with a vendor"),
)
def list_statistics(_actor: Actor, body: StatisticsListBody) -> Page:
    asked, query = body.page_request(SORT), body.query
    if query.start_date and query.end_date and query.start_date > query.end_date:
        raise invalid("query.endDate", "must not be before startDate", "不可早於起日")
    start, end = span(query.start_date, query.end_date, settings().timezone)
    wanted = statistics_list.Filter(start, end, query.voucher_type, query.name)
    found = statistics_list.list_tenants(wanted, asked)
    return page([tenant_figures(row).wire() for row in found.rows], found.total, asked)


@endpoint(
    blueprint,
    "POST",
    "/voucher/statistics",
    roles=ADMINS,
    body=StatisticsBody,
    data=StatisticsData,
    snapshot=True,
    errors=("NOT_EXIST",),
    summary=("票券統計", "Statistics of a tenant (platform) or of a voucher (tenant)"),
)
def voucher_statistics(actor: Actor, body: StatisticsBody) -> dict[str, Any]:
    if not actor.is_platform:
        if body.voucher_id is None:
            raise invalid("voucherId", "Field required", "必填")
        found = statistics.of_voucher(actor, parse_id(body.voucher_id))
        return StatisticsData(**analyses(found)).wire()
    tenant_id = parse_id(tenant_named(actor, body.tenant_id))
    totals = summary.of_tenant(tenant_id, body.voucher_type)
    found = statistics.of_tenant(totals.tenant_id, body.voucher_type)
    return StatisticsData(summary_info=summary_info(totals, found), **analyses(found)).wire()


@endpoint(
    blueprint,
    "POST",
    "/voucher/summary",
    roles=ADMINS,
    body=SummaryBody,
    data=SummaryData,
    snapshot=True,
    errors=("NOT_EXIST",),
    summary=("取得票券管理 Summary", "Totals of a tenant's books and vouchers"),
)
def voucher_summary(actor: Actor, body: SummaryBody) -> dict[str, Any]:
    found = summary.of_tenant(parse_id(tenant_named(actor, body.tenant_id)))
    return SummaryData(**summary_figures(found)).wire()

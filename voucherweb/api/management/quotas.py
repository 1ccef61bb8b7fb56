"""Contract A §票券購買額度: quota purchases of a vendor."""

import uuid

from pydantic import Field

from voucherweb.api.answers import Data, Number, Timestamp
from voucherweb.api.endpoint import ADMINS, PLATFORM, endpoint
from voucherweb.api.envelope import Page
from voucherweb.api.listing import ListBody, page
from voucherweb.api.management.blueprint import blueprint
from voucherweb.api.management.vendors import tenant_named
from voucherweb.api.parsing import Amount, Body, Integer, Millis
from voucherweb.domain.actor import Actor
from voucherweb.domain.paging import SortSpec
from voucherweb.models import QuotaPurchase
from voucherweb.services import quotas
from voucherweb.services.ids import parse_id

SORT = SortSpec(("txDate", "points", "amount", "updateTime"), "txDate", "desc")
MAX_POINTS = 2_147_483_647


class QuotaQuery(Body):
    tenant_id: str | None = None


class QuotaListBody(ListBody):
    query: QuotaQuery = QuotaQuery()


class TermsBody(Body):
    tx_date: Millis
    points: Integer = Field(ge=0, le=MAX_POINTS)
    amount: Amount
    remark: str | None = Field(default=None, max_length=500)

    def terms(self) -> quotas.PurchaseTerms:
        return quotas.PurchaseTerms(self.tx_date, self.points, self.amount, self.remark)


class QuotaAddBody(TermsBody):
    tenant_id: str


class QuotaUpdateBody(TermsBody):
    id: str


class QuotaData(Data):
    id: str
    tenant_id: str
    tx_date: Timestamp
    points: int
    amount: Number
    remark: str | None = None
    update_time: Timestamp


def _quota(purchase: QuotaPurchase, tenant_id: uuid.UUID) -> dict[str, object]:
    return QuotaData(
        id=str(purchase.id),
        tenant_id=str(tenant_id),
        tx_date=purchase.tx_date,
        points=purchase.points,
        amount=purchase.amount,
        remark=purchase.remark,
        update_time=purchase.updated_at,
    ).wire()


@endpoint(
    blueprint,
    "POST",
    "/quota/list",
    roles=ADMINS,
    body=QuotaListBody,
    data=QuotaData,
    paged=True,
    summary=("取得票券發行額度管理列表", "List quota purchases"),
)
def quota_list(actor: Actor, body: QuotaListBody) -> Page:
    asked = body.page_request(SORT)
    tenant_id = parse_id(tenant_named(actor, body.query.tenant_id, "query.tenantId"))
    rows, total = quotas.list_purchases(tenant_id, asked)
    return page([_quota(purchase, tenant) for purchase, tenant in rows], total, asked)


@endpoint(
    blueprint,
    "POST",
    "/quota/add",
    roles=PLATFORM,
    body=QuotaAddBody,
    data=QuotaData,
    write=True,
    errors=("VOUCHER_VENDOR_NOT_EXIST", "VOUCHER_QUOTA_NOT_BALANCE"),
    summary=("新增票券購買額度", "Sell quota to a vendor"),
)
def quota_add(actor: Actor, body: QuotaAddBody) -> dict[str, object]:
    tenant_id = parse_id(body.tenant_id)
    purchase = quotas.add_purchase(actor, tenant_id, body.terms())
    return _quota(purchase, uuid.UUID(body.tenant_id))


@endpoint(
    blueprint,
    "POST",
    "/quota/update",
    roles=PLATFORM,
    body=QuotaUpdateBody,
    data=QuotaData,
    write=True,
    errors=(
        "NOT_EXIST",
        "VOUCHER_QUOTA_UPDATE_NOT_LATEST",
        "VOUCHER_QUOTA_UPDATE_UNDER_ZERO",
        "VOUCHER_QUOTA_NOT_BALANCE",
    ),
    summary=("編輯票券購買額度", "Correct the latest purchase"),
)
def quota_update(actor: Actor, body: QuotaUpdateBody) -> dict[str, object]:
    return _quota(*quotas.correct_purchase(actor, parse_id(body.id), body.terms()))

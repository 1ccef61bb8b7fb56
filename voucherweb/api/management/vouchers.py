"""Contract A §票券管理: list, read, issue, change, shelve and delete vouchers."""

from typing import Any

from voucherweb.api.endpoint import ADMINS, TENANT, endpoint, settings
from voucherweb.api.envelope import Page
from voucherweb.api.listing import page
from voucherweb.api.management.blueprint import blueprint
from voucherweb.api.management.vendors import CountData, IdBody, tenant_named
from voucherweb.api.management.voucher_shapes import (
    DraftData,
    StatusBody,
    VoucherBody,
    VoucherData,
    VoucherInfo,
    VoucherListBody,
    VoucherRow,
    VoucherUpdateBody,
    dates,
    draft_of,
)
from voucherweb.api.pictures import picture_url, storage
from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.paging import SortSpec
from voucherweb.domain.voucher_rules import shown_status
from voucherweb.errors import invalid
from voucherweb.models import Voucher
from voucherweb.services import coupons, issuing, vouchers
from voucherweb.services.ids import parse_id

SORT = SortSpec(tuple(vouchers.sort_columns()), "voucherNo", "desc")
MAX_VOUCHER_JSON = 64_000_000

ISSUE_ERRORS = (
    "VOUCHER_VENDOR_NOT_EXIST",
    "VOUCHER_VENDOR_NOT_ADD_QUOTA",
    "VOUCHER_USE_TYPE_NOT_ALLOWED",
    "VOUCHER_NEED_PRODUCT_ID",
    "VOUCHER_NEED_COUPON_LIST",
    "VOUCHER_COUPON_REDEEM_NOT_MATCH",
    "UPLOAD_NOT_COMPLETE",
    "VOUCHER_INSUFFICIENT_QUOTA",
    "VOUCHER_QUOTA_NOT_BALANCE",
    "VOUCHER_NO_EXHAUSTED",
)


def _common(voucher: Voucher) -> dict[str, Any]:
    return {
        "id": str(voucher.id),
        "voucher_no": voucher.voucher_no,
        "voucher_type": voucher.voucher_type,
        "use_type": voucher.use_type,
        "title": voucher.title,
        "target_type": voucher.target_type,
        "price": voucher.price,
        "volume": voucher.volume,
        "issue_date": clock.start_of_day(voucher.issue_date, settings().timezone),
        "status": shown_status(voucher, clock.now()),
        "redeem_points": voucher.redeem_points,
        "update_time": voucher.updated_at,
        "thumbnail_object_key": voucher.thumbnail_key,
        **dates(voucher),
    }


def _whole(voucher: Voucher) -> dict[str, Any]:
    return {
        **_common(voucher),
        "tenant_id": str(voucher.tenant_id),
        "redeem_limit": voucher.redeem_limit,
        "description": voucher.description,
        "notice": voucher.notice,
        "product_id": voucher.product_id,
    }


def _answer(voucher: Voucher) -> dict[str, object]:
    return VoucherData(**_whole(voucher)).wire()


def _row(voucher: Voucher) -> dict[str, object]:
    return VoucherRow(
        **_common(voucher),
        thumbnail_url=picture_url(voucher.thumbnail_key),
        redeem_count=voucher.redeemed,
    ).wire()


def _shop() -> issuing.Shop:
    return issuing.Shop(settings(), storage())


@endpoint(
    blueprint,
    "POST",
    "/voucher/list",
    roles=ADMINS,
    body=VoucherListBody,
    data=VoucherRow,
    paged=True,
    summary=("票券管理列表", "List vouchers"),
)
def voucher_list(actor: Actor, body: VoucherListBody) -> Page:
    asked = body.page_request(SORT)
    query = body.query
    if query.start_date and query.end_date and query.start_date > query.end_date:
        raise invalid("query.endDate", "must not be before startDate", "不可早於起日")
    wanted = vouchers.VoucherFilter(
        tenant_id=parse_id(tenant_named(actor, query.tenant_id, "query.tenantId")),
        date_type=query.query_date_type,
        first_day=query.start_date,
        last_day=query.end_date,
        voucher_type=query.voucher_type,
        status=query.status,
        title=query.name,
    )
    rows, total = vouchers.list_vouchers(wanted, asked, settings().timezone)
    return page([_row(voucher) for (voucher,) in rows], total, asked)


@endpoint(
    blueprint,
    "POST",
    "/voucher/info",
    roles=ADMINS,
    body=IdBody,
    data=VoucherInfo,
    errors=("NOT_EXIST",),
    summary=("取得票券管理明細", "Read a voucher"),
)
def voucher_info(actor: Actor, body: IdBody) -> dict[str, object]:
    voucher = vouchers.get_voucher(actor, parse_id(body.id))
    count = coupons.count_coupons(voucher.coupon_set_id) if voucher.coupon_set_id else None
    return VoucherInfo(
        **_whole(voucher), thumbnail_url=picture_url(voucher.thumbnail_key), coupon_count=count
    ).wire()


@endpoint(
    blueprint,
    "POST",
    "/voucher/add",
    roles=TENANT,
    body=VoucherBody,
    data=VoucherData,
    write=True,
    max_bytes=MAX_VOUCHER_JSON,
    errors=ISSUE_ERRORS,
    summary=("新增票券", "Issue a voucher"),
)
def voucher_add(actor: Actor, body: VoucherBody) -> dict[str, object]:
    return _answer(issuing.add_voucher(_shop(), actor, body.draft()))


@endpoint(
    blueprint,
    "POST",
    "/voucher/update",
    roles=TENANT,
    body=VoucherUpdateBody,
    data=VoucherData,
    write=True,
    max_bytes=MAX_VOUCHER_JSON,
    errors=(
        "NOT_EXIST",
        "VOUCHER_UPDATE_NOT_NONE_STATUS",
        "VOUCHER_UPDATE_OFF_VOUCHER_NOT_ALLOWED",
        *ISSUE_ERRORS,
    ),
    summary=("編輯票券", "Change a voucher"),
)
def voucher_update(actor: Actor, body: VoucherUpdateBody) -> dict[str, object]:
    return _answer(issuing.update_voucher(_shop(), actor, parse_id(body.id), body.draft()))


@endpoint(
    blueprint,
    "POST",
    "/voucher/update-status",
    roles=TENANT,
    body=StatusBody,
    data=VoucherData,
    write=True,
    errors=("NOT_EXIST", "VOUCHER_UPDATE_STATUS_NOT_ALLOWED"),
    summary=("編輯票券上下架狀態", "Put a voucher on or off the shelf"),
)
def voucher_update_status(actor: Actor, body: StatusBody) -> dict[str, object]:
    return _answer(vouchers.set_status(actor, parse_id(body.id), body.status))


@endpoint(
    blueprint,
    "POST",
    "/voucher/delete",
    roles=TENANT,
    body=IdBody,
    data=CountData,
    write=True,
    errors=("NOT_EXIST", "VOUCHER_DELETE_NOT_ALLOWED", "VOUCHER_QUOTA_NOT_BALANCE"),
    summary=("刪除票券", "Delete a draft voucher"),
)
def voucher_delete(actor: Actor, body: IdBody) -> dict[str, object]:
    return CountData(count=issuing.delete_voucher(actor, parse_id(body.id))).wire()


@endpoint(
    blueprint,
    "POST",
    "/voucher/duplicate",
    roles=TENANT,
    body=IdBody,
    data=DraftData,
    errors=("NOT_EXIST",),
    summary=("複製票券為新草稿", "Fields of a new draft like this voucher"),
)
def voucher_duplicate(actor: Actor, body: IdBody) -> dict[str, object]:
    return draft_of(vouchers.get_voucher(actor, parse_id(body.id))).wire()

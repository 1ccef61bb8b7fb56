"""Contract A §票券發行廠商: tenants without vendor, and the vendors."""

from pydantic import Field

from voucherweb.api.answers import Data, Timestamp
from voucherweb.api.endpoint import ADMINS, PLATFORM, NoBody, endpoint, settings
from voucherweb.api.envelope import Page
from voucherweb.api.listing import ListBody, page
from voucherweb.api.management.blueprint import blueprint
from voucherweb.api.parsing import Body
from voucherweb.domain.actor import Actor
from voucherweb.domain.paging import SortSpec
from voucherweb.errors import invalid
from voucherweb.models import Vendor
from voucherweb.services import vendors
from voucherweb.services.ids import parse_id

SORT = SortSpec(("vendorName", "deposit", "withdraw", "quota", "updateTime"), "updateTime", "asc")


class UnitPointsData(Data):
    unit_points: int


class TenantData(Data):
    id: str
    name: str
    tenant_type: str
    industry_type_list: list[str]


class VendorQuery(Body):
    name: str | None = Field(default=None, max_length=255)


class VendorListBody(ListBody):
    query: VendorQuery = VendorQuery()


class QuotaFigures(Data):
    """The books' totals; left out until quota was bought."""

    deposit: int | None = None
    withdraw: int | None = None
    quota: int | None = None


class VendorRow(QuotaFigures):
    id: str
    tenant_id: str
    vendor_name: str
    update_time: Timestamp


class VendorInfo(QuotaFigures):
    id: str
    tenant_id: str
    vendor_no: str
    update_time: Timestamp


class VendorData(Data):
    id: str
    tenant_id: str
    vendor_no: str
    update_time: Timestamp


class TenantBody(Body):
    tenant_id: str


class OwnTenantBody(Body):
    """A platform admin names the tenant; a tenant admin's own comes from the token."""

    tenant_id: str | None = None


class MoveBody(Body):
    id: str
    tenant_id: str


class IdBody(Body):
    id: str


class CountData(Data):
    count: int


def figures(vendor: Vendor) -> dict[str, int]:
    if not vendor.purchase_count:
        return {}
    quota = vendor.deposit - vendor.withdraw
    return {"deposit": vendor.deposit, "withdraw": vendor.withdraw, "quota": quota}


def tenant_named(actor: Actor, tenant_id: str | None, field: str = "tenantId") -> str | None:
    """The tenant that a call is about: an admin's own, or the one that the platform names;
    raises INVALID_PARAMETER when the platform names none."""
    if not actor.is_platform:
        return str(actor.tenant_id)
    if tenant_id is None:
        raise invalid(field, "Field required", "必填")
    return tenant_id


def _vendor(vendor: Vendor) -> dict[str, object]:
    return VendorData(
        id=str(vendor.id),
        tenant_id=str(vendor.tenant_id),
        vendor_no=vendor.vendor_no,
        update_time=vendor.updated_at,
    ).wire()


@endpoint(
    blueprint,
    "GET",
    "/unit-points-rate",
    roles=ADMINS,
    data=UnitPointsData,
    summary=("取得票券點數兌換基準", "Points per unit of money"),
)
def unit_points_rate(_actor: Actor, _body: NoBody) -> dict[str, object]:
    return UnitPointsData(unit_points=settings().unit_points).wire()


@endpoint(
    blueprint,
    "GET",
    "/vendor/tenant-list",
    roles=PLATFORM,
    data=TenantData,
    listed=True,
    summary=("取得待新增票券租戶列表", "Tenants without a vendor"),
)
def tenant_list(_actor: Actor, _body: NoBody) -> list[dict[str, object]]:
    return [
        TenantData(
            id=str(one.id),
            name=one.name,
            tenant_type=one.type,
            industry_type_list=one.industry_types,
        ).wire()
        for one in vendors.tenants_without_vendor()
    ]


@endpoint(
    blueprint,
    "POST",
    "/vendor/list",
    roles=PLATFORM,
    body=VendorListBody,
    data=VendorRow,
    paged=True,
    summary=("取得票券發行廠商管理列表", "List vendors"),
)
def vendor_list(_actor: Actor, body: VendorListBody) -> Page:
    asked = body.page_request(SORT)
    rows, total = vendors.list_vendors(body.query.name, asked)
    return page([_row(vendor, name) for vendor, name in rows], total, asked)


def _row(vendor: Vendor, name: str) -> dict[str, object]:
    return VendorRow(
        id=str(vendor.id),
        tenant_id=str(vendor.tenant_id),
        vendor_name=name,
        update_time=vendor.updated_at,
        **figures(vendor),
    ).wire()


@endpoint(
    blueprint,
    "POST",
    "/vendor/info",
    roles=ADMINS,
    body=OwnTenantBody,
    data=VendorInfo,
    errors=("NOT_EXIST",),
    summary=("取得票券發行廠商明細", "Vendor of a tenant"),
)
def vendor_info(actor: Actor, body: OwnTenantBody) -> dict[str, object]:
    vendor = vendors.get_vendor(parse_id(tenant_named(actor, body.tenant_id)))
    return VendorInfo(
        id=str(vendor.id),
        tenant_id=str(vendor.tenant_id),
        vendor_no=vendor.vendor_no,
        update_time=vendor.updated_at,
        **figures(vendor),
    ).wire()


@endpoint(
    blueprint,
    "POST",
    "/vendor/add",
    roles=PLATFORM,
    body=TenantBody,
    data=VendorData,
    write=True,
    errors=("NOT_EXIST", "VOUCHER_VENDOR_EXIST"),
    summary=("新增票券發行廠商", "Add a vendor"),
)
def vendor_add(actor: Actor, body: TenantBody) -> dict[str, object]:
    return _vendor(vendors.add_vendor(actor, parse_id(body.tenant_id)))


@endpoint(
    blueprint,
    "POST",
    "/vendor/update",
    roles=PLATFORM,
    body=MoveBody,
    data=VendorData,
    write=True,
    errors=("NOT_EXIST", "VOUCHER_VENDOR_UPDATE_NOT_ALLOWED", "VOUCHER_VENDOR_EXIST"),
    summary=("編輯票券發行廠商", "Move a vendor to another tenant"),
)
def vendor_update(actor: Actor, body: MoveBody) -> dict[str, object]:
    return _vendor(vendors.move_vendor(actor, parse_id(body.id), parse_id(body.tenant_id)))


@endpoint(
    blueprint,
    "POST",
    "/vendor/delete",
    roles=PLATFORM,
    body=IdBody,
    data=CountData,
    write=True,
    errors=("NOT_EXIST", "VOUCHER_VENDOR_DELETE_NOT_ALLOWED"),
    summary=("刪除票券發行廠商", "Delete a vendor"),
)
def vendor_delete(actor: Actor, body: IdBody) -> dict[str, object]:
    return CountData(count=vendors.delete_vendor(actor, parse_id(body.id))).wire()

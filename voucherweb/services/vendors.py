"""Vendors: the issuing identity of a tenant (contract A §票券發行廠商, behaviour §4)."""

import secrets
import string
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import SQLColumnExpression, collate, select
from sqlalchemy.dialects.postgresql import insert

from voucherweb.domain import clock
from voucherweb.domain.actor import Actor
from voucherweb.domain.paging import PageRequest
from voucherweb.errors import refuse
from voucherweb.models import Tenant, Vendor, VendorSerial
from voucherweb.services import audit
from voucherweb.services.paging import Rows, fetch_page
from voucherweb.services.search import contains
from voucherweb.services.tenants import is_tenant, real_tenants
from voucherweb.transaction import session

SORT: dict[str, SQLColumnExpression[Any]] = {
    "vendorName": Tenant.name,
    "deposit": Vendor.deposit,
    "withdraw": Vendor.withdraw,
    "quota": Vendor.deposit - Vendor.withdraw,
    "updateTime": Vendor.updated_at,
}


def tenants_without_vendor() -> Sequence[Tenant]:
    """Tenants that can still be given a vendor, by name."""
    has = select(Vendor.id).where(Vendor.tenant_id == Tenant.id).exists()
    return session.scalars(
        select(Tenant).where(~has, real_tenants()).order_by(collate(Tenant.name, "C"), Tenant.id)
    ).all()


def list_vendors(name: str | None, asked: PageRequest) -> tuple[Rows, int]:
    """Rows (Vendor, tenant name); `name` is looked for anywhere in the tenant's name."""
    query = select(Vendor, Tenant.name).join(Tenant, Tenant.id == Vendor.tenant_id)
    if name:
        query = query.where(contains(Tenant.name, name))
    return fetch_page(query, asked, SORT, Vendor.id)


def vendor_of_tenant(tenant_id: uuid.UUID | None, *, lock: bool = False) -> Vendor | None:
    """The tenant's vendor; `lock` holds its books until the end of the unit of work."""
    query = select(Vendor).where(Vendor.tenant_id == tenant_id)
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    return session.scalar(query)


def get_vendor(tenant_id: uuid.UUID | None) -> Vendor:
    """The tenant's vendor; raises NOT_EXIST."""
    vendor = vendor_of_tenant(tenant_id)
    if vendor is None:
        raise refuse("NOT_EXIST")
    return vendor


def find_vendor(actor: Actor, vendor_id: uuid.UUID | None) -> tuple[Vendor, Tenant]:
    """A vendor and its tenant: any for a platform admin, a tenant's own for its people; raises
    NOT_EXIST."""
    query = select(Vendor, Tenant).join(Tenant, Tenant.id == Vendor.tenant_id)
    query = query.where(Vendor.id == vendor_id)
    if not actor.is_platform:
        query = query.where(Vendor.tenant_id == actor.tenant_id)
    row = session.execute(query).one_or_none()
    if row is None:
        raise refuse("NOT_EXIST")
    return row[0], row[1]


def add_vendor(actor: Actor, tenant_id: uuid.UUID | None) -> Vendor:
    """A vendor with a number of its own; raises NOT_EXIST for an unknown tenant and
    VOUCHER_VENDOR_EXIST. Of simultaneous adds for one tenant the unique key lets one through."""
    _need_free_tenant(tenant_id)
    number = _next_vendor_no()
    vendor_id = session.scalar(
        insert(Vendor)
        .values(tenant_id=tenant_id, vendor_no=number, updated_at=clock.now())
        .on_conflict_do_nothing(index_elements=["tenant_id"])
        .returning(Vendor.id)
    )
    if vendor_id is None:
        raise refuse("VOUCHER_VENDOR_EXIST")
    audit.record(actor, "vendor.add", "vendor", vendor_id, tenant_id, vendor_no=number)
    return session.get_one(Vendor, vendor_id)


def _need_free_tenant(tenant_id: uuid.UUID | None) -> None:
    if tenant_id is None or not is_tenant(tenant_id):
        raise refuse("NOT_EXIST")
    if vendor_of_tenant(tenant_id):
        raise refuse("VOUCHER_VENDOR_EXIST")


def _next_vendor_no() -> str:
    """A random letter and the next serial under it; the counter's row lock keeps it unique."""
    letter = secrets.choice(string.ascii_uppercase)
    serial = session.scalar(
        insert(VendorSerial)
        .values(letter=letter, last=1)
        .on_conflict_do_update(index_elements=["letter"], set_={"last": VendorSerial.last + 1})
        .returning(VendorSerial.last)
    )
    return f"{letter}{serial:05d}"


def _locked_without_purchase(vendor_id: uuid.UUID | None, refusal: str) -> Vendor:
    vendor = session.scalar(
        select(Vendor)
        .where(Vendor.id == vendor_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if vendor is None:
        raise refuse("NOT_EXIST")
    if vendor.purchase_count:
        raise refuse(refusal)
    return vendor


def move_vendor(actor: Actor, vendor_id: uuid.UUID | None, tenant_id: uuid.UUID | None) -> Vendor:
    """Give the vendor to another tenant; raises NOT_EXIST, VOUCHER_VENDOR_UPDATE_NOT_ALLOWED once
    quota was bought, and VOUCHER_VENDOR_EXIST."""
    vendor = _locked_without_purchase(vendor_id, "VOUCHER_VENDOR_UPDATE_NOT_ALLOWED")
    if vendor.tenant_id != tenant_id:
        _need_free_tenant(tenant_id)
        before, vendor.tenant_id = vendor.tenant_id, _known(tenant_id)
        audit.record(actor, "vendor.move", "vendor", vendor.id, tenant_id, before=str(before))
    vendor.updated_at = clock.now()
    session.flush()
    return vendor


def _known(tenant_id: uuid.UUID | None) -> uuid.UUID:
    if tenant_id is None:
        raise refuse("NOT_EXIST")
    return tenant_id


def delete_vendor(actor: Actor, vendor_id: uuid.UUID | None) -> int:
    """Delete a vendor that never bought quota; answers 1. Raises NOT_EXIST and
    VOUCHER_VENDOR_DELETE_NOT_ALLOWED."""
    vendor = _locked_without_purchase(vendor_id, "VOUCHER_VENDOR_DELETE_NOT_ALLOWED")
    audit.record(
        actor, "vendor.delete", "vendor", vendor.id, vendor.tenant_id, vendor_no=vendor.vendor_no
    )
    session.delete(vendor)
    session.flush()
    return 1

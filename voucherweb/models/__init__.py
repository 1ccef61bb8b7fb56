"""The tables, one subject a file. Rules across rows live in services and in the database."""

from voucherweb.models.admins import Admin, AdminLink, AuthSession, RecoveryCode, RefreshToken
from voucherweb.models.base import Base
from voucherweb.models.coupons import Coupon, CouponImport, CouponImportFailure, CouponSet
from voucherweb.models.engagement import (
    Engagement,
    EngagementScope,
    TenantCell,
    VoucherCell,
    VoucherDay,
)
from voucherweb.models.jobs import AuditEntry, IdempotencyKey, Job, Upload
from voucherweb.models.members import PLATFORM_PROGRAMME, Card, Member, PointsEntry, Programme
from voucherweb.models.redemptions import Redemption, WriteOff
from voucherweb.models.tenants import SiteSetting, Tenant
from voucherweb.models.vendors import (
    QuotaEntry,
    QuotaPurchase,
    QuotaPurchaseRevision,
    Vendor,
    VendorSerial,
)
from voucherweb.models.vouchers import Voucher, VoucherSerial

__all__ = [
    "PLATFORM_PROGRAMME",
    "Admin",
    "AdminLink",
    "AuditEntry",
    "AuthSession",
    "Base",
    "Card",
    "Coupon",
    "CouponImport",
    "CouponImportFailure",
    "CouponSet",
    "Engagement",
    "EngagementScope",
    "IdempotencyKey",
    "Job",
    "Member",
    "PointsEntry",
    "Programme",
    "QuotaEntry",
    "QuotaPurchase",
    "QuotaPurchaseRevision",
    "RecoveryCode",
    "Redemption",
    "RefreshToken",
    "SiteSetting",
    "Tenant",
    "TenantCell",
    "Upload",
    "Vendor",
    "VendorSerial",
    "Voucher",
    "VoucherCell",
    "VoucherDay",
    "VoucherSerial",
    "WriteOff",
]

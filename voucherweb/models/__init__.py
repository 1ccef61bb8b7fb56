"""The tables, one subject a file. Rules across rows live in services and in the database."""

from voucherweb.models.admins import Admin, AdminLink, AuthSession, RecoveryCode, RefreshToken
from voucherweb.models.audience import AudienceBlock, AudienceMember, FreshEngagement
from voucherweb.models.base import Base
from voucherweb.models.coupons import (
    CodeImportFailure,
    Coupon,
    CouponGift,
    CouponImport,
    CouponImportFailure,
    CouponSet,
)
from voucherweb.models.engagement import (
    Engagement,
    EngagementScope,
    TenantCell,
    TenantDay,
    VoucherCell,
    VoucherDay,
)
from voucherweb.models.jobs import AuditEntry, IdempotencyKey, Job, Upload
from voucherweb.models.members import (
    PLATFORM_OWNER,
    PLATFORM_PROGRAMME,
    CampaignHolder,
    Card,
    Member,
    PointsEntry,
    Programme,
    ProgrammeSum,
)
from voucherweb.models.partners import (
    AddOn,
    ApiKey,
    ApiKeySecret,
    ConnectFamily,
    ConnectRefreshToken,
    ExchangeToken,
    PartnerCall,
)
from voucherweb.models.redemptions import Redemption, WriteOff
from voucherweb.models.tenants import Branch, SiteSetting, Tenant
from voucherweb.models.vendors import (
    QuotaEntry,
    QuotaPurchase,
    QuotaPurchaseRevision,
    Vendor,
    VendorSerial,
)
from voucherweb.models.vouchers import Voucher, VoucherSerial

__all__ = [
    "PLATFORM_OWNER",
    "PLATFORM_PROGRAMME",
    "AddOn",
    "Admin",
    "AdminLink",
    "ApiKey",
    "ApiKeySecret",
    "AudienceBlock",
    "AudienceMember",
    "AuditEntry",
    "AuthSession",
    "Base",
    "Branch",
    "CampaignHolder",
    "Card",
    "CodeImportFailure",
    "ConnectFamily",
    "ConnectRefreshToken",
    "Coupon",
    "CouponGift",
    "CouponImport",
    "CouponImportFailure",
    "CouponSet",
    "Engagement",
    "EngagementScope",
    "ExchangeToken",
    "FreshEngagement",
    "IdempotencyKey",
    "Job",
    "Member",
    "PartnerCall",
    "PointsEntry",
    "Programme",
    "ProgrammeSum",
    "QuotaEntry",
    "QuotaPurchase",
    "QuotaPurchaseRevision",
    "RecoveryCode",
    "Redemption",
    "RefreshToken",
    "SiteSetting",
    "Tenant",
    "TenantCell",
    "TenantDay",
    "Upload",
    "Vendor",
    "VendorSerial",
    "Voucher",
    "VoucherCell",
    "VoucherDay",
    "VoucherSerial",
    "WriteOff",
]

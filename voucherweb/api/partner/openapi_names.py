"""The published names of contract B's components."""

from typing import Final

PUBLISHED: Final = frozenset(
    {
        "ErrorResponse",
        "Pagination",
        "ExchangeTokenRequest",
        "ExchangeTokenResponse",
        "TokenExchangeRequest",
        "RefreshTokenRequest",
        "TokenPairResponse",
        "ApiKeyAuthRequest",
        "AccessTokenResponse",
        "ExtensionConfigResponse",
        "Campaign",
        "CampaignList",
        "ProfileCard",
        "ProfileOtherDataItem",
        "Profile",
        "ProfileList",
        "Transaction",
        "TransactionList",
        "AddPointsRequest",
        "AddPointsResponse",
        "BurnPointsRequest",
        "BurnPointsResponse",
        "VoidPointsResponse",
        "CouponSet",
        "CouponSetList",
        "CreateCouponSetRequest",
        "AssignCouponRequest",
        "AssignCouponItem",
        "AssignCouponResponse",
        "MemberCoupon",
        "MemberCouponList",
        "VoidCouponResponse",
        "CouponInfo",
        "CouponByCodeBusinessBranch",
        "CouponByCodeMember",
        "CouponByCode",
        "UseCouponRequest",
        "UseCouponResponse",
    }
)
"""A part of an answer that has another name is told where it stands."""

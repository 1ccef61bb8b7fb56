"""Imports every module that declares calls of contract B, so that `CALLS` is whole."""

from voucherweb.api.partner import (
    campaigns,
    coupon_sets,
    coupons,
    identity,
    points,
    profiles,
    transactions,
)

MODULES = (campaigns, coupon_sets, coupons, identity, points, profiles, transactions)

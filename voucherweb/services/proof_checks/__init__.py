"""Every check of the proof, in the order in which the first bad row is named."""

from voucherweb.services.proof_checks import coupons, desk, events, points, quota, roll_ups, stock

CHECKS = (
    *quota.CHECKS,
    *points.CHECKS,
    *stock.CHECKS,
    *coupons.CHECKS,
    *events.CHECKS,
    *desk.CHECKS,
    *roll_ups.CHECKS,
)

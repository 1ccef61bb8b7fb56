"""Stock: vouchers against the pieces that were given out, and against their coupon sets."""

from voucherweb.services.proof_checks.check import Check

_PIECES = "SELECT voucher_id, count(*) AS n, max(seq) AS last, min(seq) AS first FROM redemptions"

CHECKS = (
    Check(
        "stock.redeemed",
        "vouchers",
        "redeemed",
        f"""
        SELECT v.id, v.redeemed::bigint AS said, coalesce(r.n, 0) AS should
        FROM vouchers v LEFT JOIN ({_PIECES} GROUP BY 1) r ON r.voucher_id = v.id
        """,
    ),
    Check(
        "stock.sequence",
        "vouchers",
        "first and last seq (each is unique)",
        f"""
        SELECT r.voucher_id AS id, ARRAY[r.first, r.last]::bigint[] AS said,
               ARRAY[1, r.n] AS should
        FROM ({_PIECES} GROUP BY 1) r
        """,
    ),
    Check(
        "stock.volume",
        "vouchers",
        "pieces beyond the volume",
        f"""
        SELECT v.id, greatest(r.n - v.volume, 0) AS said, 0::bigint AS should
        FROM vouchers v JOIN ({_PIECES} GROUP BY 1) r ON r.voucher_id = v.id
        """,
    ),
    Check(
        "stock.limit",
        "redemptions",
        "(voucher/member) pieces beyond the limit",
        """
        SELECT r.voucher_id || '/' || r.member_id AS id,
               greatest(count(*) - v.redeem_limit, 0) AS said, 0::bigint AS should
        FROM redemptions r JOIN vouchers v ON v.id = r.voucher_id
        WHERE v.redeem_limit > 0
        GROUP BY r.voucher_id, r.member_id, v.redeem_limit
        """,
    ),
    Check(
        "coupons.voucher",
        "vouchers",
        "tenant and number of coupons",
        """
        SELECT v.id, ARRAY[v.tenant_id::text, v.volume::text] AS said,
               ARRAY[s.tenant_id::text, s.total::text] AS should
        FROM vouchers v LEFT JOIN coupon_sets s ON s.id = v.coupon_set_id
        WHERE v.voucher_type = '06' AND v.deleted_at IS NULL
        """,
    ),
    Check(
        "coupons.other",
        "vouchers",
        "coupon set",
        """
        SELECT id, coupon_set_id AS said, NULL::uuid AS should FROM vouchers
        WHERE voucher_type <> '06' OR deleted_at IS NOT NULL
        """,
    ),
)

"""Coupons: sets against their coupons, coupons against what was given or redeemed."""

from voucherweb.services.proof_checks.check import Check

_LIVE = "SELECT * FROM coupon_gifts WHERE status <> 'VOIDED'"

CHECKS = (
    # A set that makes codes numbers every one, and counts those that were not taken back.
    Check(
        "coupons.ordinals",
        "coupon_sets",
        "number of coupons, of all ever made, first and last ordinal (each is unique)",
        """
        SELECT s.id, ARRAY[s.total, s.made, least(s.made, 1), s.made]::bigint[] AS said,
               ARRAY[coalesce(c.n, 0), coalesce(c.made, 0), coalesce(c.first, 0),
                     coalesce(c.last, 0)] AS should
        FROM (
            SELECT id, total,
                   CASE source WHEN 'AUTO_GENERATE' THEN last_ordinal ELSE total END AS made
            FROM coupon_sets
        ) s LEFT JOIN (
            SELECT set_id, count(*) FILTER (WHERE status <> 'VOIDED') AS n, count(*) AS made,
                   min(ordinal) AS first, max(ordinal) AS last
            FROM coupons GROUP BY 1
        ) c ON c.set_id = s.id
        """,
    ),
    Check(
        "coupons.counts",
        "coupon_sets",
        "coupons given, and of these used",
        """
        SELECT s.id, ARRAY[s.given, s.used]::bigint[] AS said,
               ARRAY[coalesce(g.given, 0), coalesce(g.used, 0)] AS should
        FROM coupon_sets s LEFT JOIN (
            SELECT set_id, count(*) FILTER (WHERE status <> 'VOIDED') AS given,
                   count(*) FILTER (WHERE status = 'USED') AS used
            FROM coupon_gifts GROUP BY 1
        ) g ON g.set_id = s.id
        """,
    ),
    Check(
        "coupons.gifts",
        "coupon_gifts",
        "its own id, state and owner at its coupon",
        f"""
        SELECT g.id, ARRAY[g.id::text, g.status, g.owner_id::text] AS said,
               ARRAY[c.gift_id::text, c.status, c.owner_id::text] AS should
        FROM ({_LIVE}) g
        JOIN coupons c ON c.set_id = g.set_id AND c.ordinal = g.ordinal
        """,
    ),
    Check(
        "coupons.given",
        "coupons",
        "(set/ordinal) owner and living gift",
        f"""
        SELECT c.set_id || '/' || c.ordinal AS id, ARRAY[c.owner_id, c.gift_id] AS said,
               ARRAY[s.owner_id, g.id] AS should
        FROM coupons c
        JOIN coupon_sets s ON s.id = c.set_id AND s.source <> 'VOUCHER'
        LEFT JOIN ({_LIVE}) g ON g.set_id = c.set_id AND g.ordinal = c.ordinal
        """,
    ),
    # What lies beyond the last given coupon was never given: the next giving starts there.
    Check(
        "coupons.next",
        "coupon_sets",
        "last ordinal that was ever given",
        """
        SELECT s.id, s.last_ordinal AS said, coalesce(g.last, 0) AS should
        FROM coupon_sets s LEFT JOIN (
            SELECT set_id, max(ordinal) AS last FROM coupon_gifts GROUP BY 1
        ) g ON g.set_id = s.id
        """,
    ),
    Check(
        "coupons.freed",
        "coupons",
        "(set/ordinal) whether it is free because it was taken back",
        """
        SELECT c.set_id || '/' || c.ordinal AS id, c.freed AS said,
               c.status = 'PENDING' AND c.ordinal <= s.last_ordinal AS should
        FROM coupons c JOIN coupon_sets s ON s.id = c.set_id
        """,
    ),
    Check(
        "coupons.taken",
        "coupons",
        "(set/ordinal) whether a piece of its voucher has it",
        """
        SELECT c.set_id || '/' || c.ordinal AS id, c.status AS said,
               CASE WHEN r.id IS NULL THEN 'PENDING' ELSE 'ACTIVE' END AS should
        FROM coupons c
        JOIN coupon_sets s ON s.id = c.set_id AND s.source = 'VOUCHER'
        LEFT JOIN vouchers v ON v.coupon_set_id = c.set_id
        LEFT JOIN redemptions r ON r.voucher_id = v.id AND r.seq = c.ordinal
        """,
    ),
)

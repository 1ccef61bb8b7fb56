"""Members' points: cards against their entries, and redemptions against what was paid."""

from voucherweb.services.proof_checks.check import Check

_SIGNED = "CASE WHEN credit = 'CARD' THEN points ELSE -points END"

CHECKS = (
    Check(
        "points.sequence",
        "cards",
        "number of entries and last seq",
        """
        SELECT c.id,
               ARRAY[c.entry_count, c.entry_count, least(c.entry_count, 1)]::bigint[] AS said,
               ARRAY[coalesce(e.n, 0), coalesce(e.last, 0), coalesce(e.first, 0)] AS should
        FROM cards c LEFT JOIN (
            SELECT card_id, count(*) AS n, max(seq) AS last, min(seq) AS first
            FROM points_entries GROUP BY 1
        ) e ON e.card_id = c.id
        """,
    ),
    Check(
        "points.chain",
        "points_entries",
        "balance after it",
        f"""
        SELECT id, balance_after::bigint AS said,
               sum({_SIGNED}) OVER (
                   PARTITION BY card_id ORDER BY seq ROWS UNBOUNDED PRECEDING
               ) AS should
        FROM points_entries
        """,
    ),
    Check(
        "points.balance",
        "cards",
        "balance",
        f"""
        SELECT c.id, c.balance::bigint AS said, coalesce(e.points, 0) AS should
        FROM cards c LEFT JOIN (
            SELECT card_id, sum({_SIGNED}) AS points FROM points_entries GROUP BY 1
        ) e ON e.card_id = c.id
        """,
    ),
    Check(
        "points.paid",
        "redemptions",
        "points and member",
        """
        SELECT r.id, ARRAY[r.points::text, r.member_id::text] AS said,
               ARRAY[e.points::text, c.member_id::text] AS should
        FROM redemptions r
        LEFT JOIN points_entries e ON e.redemption_id = r.id
        LEFT JOIN cards c ON c.id = e.card_id
        """,
    ),
    Check(
        "points.price",
        "redemptions",
        "points",
        """
        SELECT r.id, r.points AS said, v.redeem_points AS should
        FROM redemptions r JOIN vouchers v ON v.id = r.voucher_id
        """,
    ),
)

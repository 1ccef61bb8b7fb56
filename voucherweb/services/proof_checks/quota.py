"""The quota books: vendors, purchases and vouchers against the entries (behaviour §4).

That a vendor's `withdraw` is the sum of its vouchers' total points follows from two checks: each
voucher equals its entries, and `withdraw` equals all entries.
"""

from voucherweb.services.proof_checks.check import Check

_SPENT = "CASE 'SPENT' WHEN credit THEN points WHEN debit THEN -points ELSE 0 END"
_BOUGHT = "CASE 'PLATFORM' WHEN debit THEN points WHEN credit THEN -points ELSE 0 END"

CHECKS = (
    Check(
        "quota.sequence",
        "vendors",
        "number of entries and last seq",
        """
        SELECT v.id, ARRAY[v.entry_count, v.entry_count, least(v.entry_count, 1)]::bigint[] AS said,
               ARRAY[e.n, e.last, e.first] AS should
        FROM vendors v LEFT JOIN LATERAL (
            SELECT count(*) AS n, coalesce(max(seq), 0) AS last, coalesce(min(seq), 0) AS first
            FROM quota_entries WHERE vendor_id = v.id
        ) e ON true
        """,
    ),
    Check(
        "quota.chain",
        "quota_entries",
        "deposit and withdraw after it",
        f"""
        SELECT id, ARRAY[deposit_after, withdraw_after]::numeric[] AS said,
               ARRAY[sum({_BOUGHT}) OVER line, sum({_SPENT}) OVER line] AS should
        FROM quota_entries
        WINDOW line AS (PARTITION BY vendor_id ORDER BY seq ROWS UNBOUNDED PRECEDING)
        """,
    ),
    Check(
        "quota.deposit",
        "vendors",
        "deposit",
        f"""
        SELECT v.id, v.deposit::numeric AS said, coalesce(e.points, 0) AS should
        FROM vendors v LEFT JOIN (
            SELECT vendor_id, sum({_BOUGHT}) AS points FROM quota_entries GROUP BY 1
        ) e ON e.vendor_id = v.id
        """,
    ),
    Check(
        "quota.withdraw",
        "vendors",
        "withdraw",
        f"""
        SELECT v.id, v.withdraw::numeric AS said, coalesce(e.points, 0) AS should
        FROM vendors v LEFT JOIN (
            SELECT vendor_id, sum({_SPENT}) AS points FROM quota_entries GROUP BY 1
        ) e ON e.vendor_id = v.id
        """,
    ),
    Check(
        "quota.serials",
        "vendors",
        "number of purchases and last serial",
        """
        SELECT v.id,
               ARRAY[v.purchase_count, v.purchase_count, least(v.purchase_count, 1)]::bigint[]
                   AS said,
               ARRAY[p.n, p.last, p.first] AS should
        FROM vendors v LEFT JOIN LATERAL (
            SELECT count(*) AS n, coalesce(max(serial), 0) AS last,
                   coalesce(min(serial), 0) AS first
            FROM quota_purchases WHERE vendor_id = v.id
        ) p ON true
        """,
    ),
    Check(
        "quota.purchases",
        "quota_purchases",
        "points, PURCHASE entries, entries",
        f"""
        SELECT p.id, ARRAY[p.points, 1, r.n]::numeric[] AS said,
               ARRAY[e.points, e.bought, e.n]::numeric[] AS should
        FROM quota_purchases p
        LEFT JOIN (
            SELECT purchase_id, count(*) AS n FROM quota_purchase_revisions GROUP BY 1
        ) r ON r.purchase_id = p.id
        LEFT JOIN (
            SELECT purchase_id, vendor_id, sum({_BOUGHT}) AS points, count(*) AS n,
                   count(*) FILTER (WHERE kind = 'PURCHASE') AS bought
            FROM quota_entries WHERE purchase_id IS NOT NULL GROUP BY 1, 2
        ) e ON e.purchase_id = p.id AND e.vendor_id = p.vendor_id
        """,
    ),
    Check(
        "quota.revisions",
        "quota_purchases",
        "terms (latest revision) and whether the revisions count from 1",
        """
        SELECT p.id,
               ARRAY[p.tx_date::text, p.points::text, p.amount::text, p.remark, 'true'] AS said,
               ARRAY[r.tx_date::text, r.points::text, r.amount::text, r.remark,
                     (r.n = r.revision AND r.first = 1)::text] AS should
        FROM quota_purchases p LEFT JOIN (
            SELECT DISTINCT ON (purchase_id) *, count(*) OVER line AS n,
                   min(revision) OVER line AS first
            FROM quota_purchase_revisions WINDOW line AS (PARTITION BY purchase_id)
            ORDER BY purchase_id, revision DESC
        ) r ON r.purchase_id = p.id
        """,
    ),
    Check(
        "quota.vouchers",
        "vouchers",
        "total points, ISSUE entries, REFUND entries",
        f"""
        SELECT v.id,
               ARRAY[CASE WHEN v.deleted_at IS NULL THEN v.redeem_points::bigint * v.volume ELSE 0
                     END, 1, (v.deleted_at IS NOT NULL)::integer]::numeric[] AS said,
               ARRAY[e.points, e.issued, e.refunded]::numeric[] AS should
        FROM vouchers v LEFT JOIN (
            SELECT voucher_id, vendor_id, sum({_SPENT}) AS points,
                   count(*) FILTER (WHERE kind = 'ISSUE') AS issued,
                   count(*) FILTER (WHERE kind = 'REFUND') AS refunded
            FROM quota_entries WHERE voucher_id IS NOT NULL GROUP BY 1, 2
        ) e ON e.voucher_id = v.id AND e.vendor_id = v.vendor_id
        """,
    ),
    Check(
        "quota.subjects",
        "quota_entries",
        "vendor",
        """
        SELECT e.id, e.vendor_id AS said, coalesce(p.vendor_id, v.vendor_id) AS should
        FROM quota_entries e
        LEFT JOIN quota_purchases p ON p.id = e.purchase_id
        LEFT JOIN vouchers v ON v.id = e.voucher_id
        """,
    ),
)

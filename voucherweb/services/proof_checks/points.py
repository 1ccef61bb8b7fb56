"""Members' points: cards against their entries, entries against their programmes and against what
they take back, and redemptions against what was paid."""

from voucherweb.models import PLATFORM_OWNER, PLATFORM_PROGRAMME
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
        "points.owner",
        "points_entries",
        "owner, and of a tenant's entry the programme",
        f"""
        SELECT e.id, ARRAY[e.owner_id, e.programme_id] AS said,
               ARRAY[coalesce(p.tenant_id, '{PLATFORM_OWNER}'),
                     CASE WHEN p.tenant_id IS NOT NULL THEN p.id END] AS should
        FROM points_entries e
        JOIN cards c ON c.id = e.card_id
        JOIN programmes p ON p.id = c.programme_id
        """,
    ),
    Check(
        "points.holder",
        "cards",
        "tenant of its member",
        """
        SELECT c.id, m.tenant_id AS said,
               CASE WHEN m.tenant_id IS NULL OR p.tenant_id IS NULL THEN m.tenant_id
                    ELSE p.tenant_id END AS should
        FROM cards c
        JOIN members m ON m.id = c.member_id
        JOIN programmes p ON p.id = c.programme_id
        """,
    ),
    Check(
        "points.holders",
        "campaign_holders",
        "(tenant/member) whether a card of the tenant's campaigns is held",
        """
        SELECT tenant_id || '/' || member_id AS id, h.noted AS said, c.held AS should
        FROM (SELECT tenant_id, member_id, true AS noted FROM campaign_holders) h
        FULL JOIN (
            SELECT DISTINCT p.tenant_id, c.member_id, true AS held
            FROM cards c JOIN programmes p ON p.id = c.programme_id
            WHERE p.tenant_id IS NOT NULL
        ) c USING (tenant_id, member_id)
        """,
    ),
    Check(
        "points.sums",
        "programme_sums",
        "points added, burned, taken back and given back until then",
        """
        SELECT s.programme_id AS id,
               ARRAY[s.added, s.burned, s.taken_back, s.given_back] AS said,
               ARRAY[
                   coalesce(sum(e.points) FILTER (WHERE e.kind IN ('ADD', 'GRANT')), 0),
                   coalesce(sum(e.points) FILTER (WHERE e.kind = 'BURN'), 0),
                   coalesce(sum(e.points) FILTER (
                       WHERE e.kind = 'VOID' AND e.debit = 'CARD'), 0),
                   coalesce(sum(e.points) FILTER (
                       WHERE e.kind = 'VOID' AND e.credit = 'CARD'), 0)] AS should
        FROM programme_sums s
        LEFT JOIN cards c ON c.programme_id = s.programme_id
        LEFT JOIN points_entries e ON e.card_id = c.id AND e.created_at < s.until
        GROUP BY s.programme_id
        """,
    ),
    Check(
        "points.voids",
        "points_entries",
        "what it takes back: card, owner, points, accounts, reference, kind",
        """
        SELECT v.id,
               ARRAY[v.card_id::text, v.owner_id::text, v.points::text, v.debit, v.credit,
                     v.ref_no, 'once, later'] AS said,
               ARRAY[e.card_id::text, e.owner_id::text, e.points::text, e.credit, e.debit,
                     e.ref_no, CASE WHEN e.kind NOT IN ('VOID', 'REDEEM') AND e.seq < v.seq
                                    THEN 'once, later' ELSE e.kind END] AS should
        FROM points_entries v LEFT JOIN points_entries e ON e.id = v.voids
        WHERE v.kind = 'VOID'
        """,
    ),
    Check(
        "points.paid",
        "redemptions",
        "points, member and programme",
        f"""
        SELECT r.id, ARRAY[r.points::text, r.member_id::text, '{PLATFORM_PROGRAMME}'] AS said,
               ARRAY[e.points::text, c.member_id::text, c.programme_id::text] AS should
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

"""What is folded after the event: closed days against the days of vouchers, audiences against
engagements (behaviour §7)."""

from voucherweb.services.proof_checks.check import Check

_MEASURES = ("redeemed", "used", "reach_persons", "reach_times", "click_persons", "click_times")
_NOUGHTS = "{0,0,0,0,0,0}"
_COUNTS = f"ARRAY[{', '.join(_MEASURES)}]::bigint[]"
_SUMS = f"ARRAY[{', '.join(f'sum({name})' for name in _MEASURES)}]::bigint[]"

CHECKS = (
    Check(
        "days.closed",
        "tenant_days",
        "redeemed, used, persons and times reached, persons and times clicked of all vouchers",
        f"""
        SELECT tenant_id || '/' || day || '/' || voucher_type AS id,
               coalesce(t.n, '{_NOUGHTS}') AS said, coalesce(d.n, '{_NOUGHTS}') AS should
        FROM (SELECT tenant_id, day, voucher_type, {_COUNTS} AS n FROM tenant_days) t
        FULL JOIN (
            SELECT v.tenant_id, d.day, v.voucher_type, {_SUMS} AS n
            FROM (
                SELECT * FROM voucher_days WHERE day <= (SELECT max(day) FROM tenant_days)
            ) d JOIN (SELECT id AS voucher_id, tenant_id, voucher_type FROM vouchers) v
                USING (voucher_id)
            GROUP BY 1, 2, 3
        ) d USING (tenant_id, day, voucher_type)
        """,
    ),
    # A pair that were fresh and a bit at once would be one too many.
    Check(
        "audience.pairs",
        "audience_blocks",
        "(voucher/kind) bits and fresh pairs, and engagements found among them",
        """
        SELECT voucher_id || '/' || kind AS id,
               ARRAY[coalesce(b.n, 0) + coalesce(f.n, 0), coalesce(e.found, 0)] AS said,
               ARRAY[coalesce(e.n, 0), coalesce(e.n, 0)] AS should
        FROM (
            SELECT g.voucher_id, g.kind, count(*) AS n,
                   count(*) FILTER (
                       WHERE f.kind IS NOT NULL OR get_bit(b.bits, a.number % 8192) = 1
                   ) AS found
            FROM engagements g JOIN vouchers v ON v.id = g.voucher_id
            LEFT JOIN fresh_engagements f USING (member_id, voucher_id, kind)
            LEFT JOIN audience_members a
                ON a.tenant_id = v.tenant_id AND a.member_id = g.member_id
            LEFT JOIN audience_blocks b
                ON b.voucher_id = g.voucher_id AND b.kind = g.kind AND b.block = a.number / 8192
            GROUP BY 1, 2
        ) e
        FULL JOIN (
            SELECT voucher_id, kind, sum(bit_count(bits))::bigint AS n FROM audience_blocks
            GROUP BY 1, 2
        ) b USING (voucher_id, kind)
        FULL JOIN (
            SELECT voucher_id, kind, count(*) AS n FROM fresh_engagements GROUP BY 1, 2
        ) f USING (voucher_id, kind)
        """,
    ),
)

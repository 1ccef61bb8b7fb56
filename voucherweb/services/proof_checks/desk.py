"""The desks' write-offs against the pieces that they used up."""

from voucherweb.services.proof_checks.check import Check

CHECKS = (
    Check(
        "desk.write_offs",
        "write_offs",
        "tenant, time and admin of the piece's use",
        """
        SELECT w.id, ARRAY[w.tenant_id::text, w.at::text, 'admin:' || w.admin_id] AS said,
               ARRAY[v.tenant_id::text, r.used_at::text, r.used_by] AS should
        FROM write_offs w
        JOIN redemptions r ON r.id = w.redemption_id
        JOIN vouchers v ON v.id = r.voucher_id
        WHERE w.undone_at IS NULL
        """,
    ),
    # Members use pieces on the same days: a day counts what desks wrote off on it, or more.
    Check(
        "desk.days",
        "voucher_days",
        "uses on the day, at least those at desks",
        """
        SELECT w.id, w.n AS said, least(w.n, coalesce(d.used, 0)) AS should
        FROM (
            SELECT r.voucher_id || ' ' || w.day AS id, r.voucher_id, w.day, count(*) AS n
            FROM write_offs w JOIN redemptions r ON r.id = w.redemption_id
            WHERE w.undone_at IS NULL GROUP BY r.voucher_id, w.day
        ) w
        LEFT JOIN voucher_days d USING (voucher_id, day)
        """,
    ),
)

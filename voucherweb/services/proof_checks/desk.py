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
)

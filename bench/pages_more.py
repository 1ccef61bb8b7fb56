"""What pages show beside the bulk: every day of a year, write-offs, the audit log, jobs, imports.

`fill_more(connection, tenant_id, now)` adds to one tenant that `bulk.fill` made. The days of the
trend are more than what was redeemed on them, so `flask books prove` objects afterwards.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

DAY_ZONE = "Asia/Taipei"


@dataclass(frozen=True, slots=True)
class Amounts:
    """How many rows of each; write-offs are no more than the tenant's used pieces. `shelf`: three
    vouchers become a draft, one taken down and one with coupons."""

    audit: int = 100_000
    jobs: int = 10_000
    write_offs: int = 50_000
    imports: int = 200
    import_rows: int = 200
    shelf: bool = True


_ADMINS = """
CREATE TEMP TABLE more_admins ON COMMIT DROP AS
SELECT n, gen_random_uuid() AS id FROM generate_series(0, 39) n;

INSERT INTO admins (id, role, tenant_id, account, name, password_hash)
SELECT id, CASE WHEN n < 5 THEN 'TENANT_ADMIN' ELSE 'CLERK' END, %(tenant)s::uuid,
       'more-' || id, '人員 ' || n, 'unusable'
FROM more_admins;

INSERT INTO auth_sessions (admin_id, expires_at, last_seen_at)
SELECT id, %(now)s::timestamptz - g * interval '1 day', %(now)s::timestamptz - g * interval '2 days'
FROM more_admins CROSS JOIN generate_series(1, 500) g;
"""

_DAYS = """
INSERT INTO voucher_days (voucher_id, day, redeemed, used, reach_persons, reach_times,
                          click_persons, click_times)
SELECT v.id, (%(now)s::timestamptz AT TIME ZONE %(zone)s)::date - g, 20, 7, 30, 90, 10, 12
FROM vouchers v CROSS JOIN generate_series(0, 365) g
ON CONFLICT DO NOTHING;
"""

_WRITE_OFFS = """
INSERT INTO write_offs (redemption_id, tenant_id, admin_id, desk, at, day, undone_at, undone_by,
                        undo_reason)
SELECT r.id, v.tenant_id, a.id, '一號櫃台', w.at, (w.at AT TIME ZONE %(zone)s)::date,
       CASE WHEN r.n %% 50 = 0 THEN w.at END,
       CASE WHEN r.n %% 50 = 0 THEN 'admin:' || a.id END,
       CASE WHEN r.n %% 50 = 0 THEN '誤核銷' END
FROM (SELECT *, row_number() OVER () AS n FROM (
          SELECT r.id, r.voucher_id FROM redemptions r JOIN vouchers v ON v.id = r.voucher_id
          WHERE v.tenant_id = %(tenant)s::uuid AND r.used_at IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM write_offs w WHERE w.redemption_id = r.id)
          LIMIT %(write_offs)s) taken) r
JOIN vouchers v ON v.id = r.voucher_id JOIN more_admins a ON a.n = r.n %% 40
CROSS JOIN LATERAL (SELECT %(now)s::timestamptz - r.n %% 300 * interval '2 hours' AS at) w;
"""

# Three of the vouchers become a draft, one that was taken down, and one with coupons.
_SHELF = """
CREATE TEMP TABLE more_set ON COMMIT DROP AS SELECT gen_random_uuid() AS id;

INSERT INTO coupon_sets (id, tenant_id, total)
SELECT id, %(tenant)s::uuid, %(rows)s * 10 FROM more_set;

INSERT INTO coupons (set_id, ordinal, title, description, url)
SELECT id, g, '折價券 ' || g, '全品項九折', 'https://example.com/' || g
FROM more_set CROSS JOIN generate_series(1, %(rows)s * 10) g;

UPDATE vouchers v SET
    status = CASE p.n WHEN 1 THEN 'NONE' WHEN 2 THEN 'OFF' ELSE v.status END,
    first_on_at = CASE p.n WHEN 1 THEN NULL ELSE v.first_on_at END,
    voucher_type = CASE p.n WHEN 3 THEN '06' ELSE v.voucher_type END,
    coupon_set_id = CASE p.n WHEN 3 THEN (SELECT id FROM more_set) END
FROM (
    SELECT id, row_number() OVER (ORDER BY voucher_no DESC) AS n FROM vouchers
    WHERE tenant_id = %(tenant)s::uuid
) p WHERE p.id = v.id AND p.n <= 3 AND %(shelf)s;
"""

_AUDIT = """
INSERT INTO audit_entries (at, actor, tenant_id, action, object_kind, object_id, data)
SELECT %(now)s::timestamptz - (%(audit)s - g) * interval '5 minutes', 'admin:' || a.id,
       CASE WHEN g %% 10 > 0 THEN %(tenant)s::uuid END,
       (ARRAY['sign_in', 'voucher.update', 'voucher.status', 'desk.write_off'])[1 + g %% 4],
       (ARRAY['session', 'voucher', 'voucher', 'redemption'])[1 + g %% 4],
       gen_random_uuid()::text, jsonb_build_object('before', 'ON', 'now', 'OFF', 'n', g)
FROM generate_series(1, %(audit)s) g JOIN more_admins a ON a.n = g %% 40
ORDER BY g;
"""

_JOBS = """
INSERT INTO jobs (kind, tenant_id, actor, state, progress, params, result, attempts, created_at,
                  started_at, finished_at, seen_at)
SELECT CASE WHEN g %% 3 = 0 THEN 'BULK_OFF' ELSE 'EXPORT' END,
       CASE WHEN g %% 4 > 0 THEN %(tenant)s::uuid END, 'admin:' || a.id,
       CASE WHEN g %% 20 = 0 THEN 'FAILED' ELSE 'DONE' END, 100,
       '{"what": "VOUCHERS", "format": "xlsx", "filters": {}, "english": false}', '{}', 1, t.at,
       t.at, t.at + interval '3 seconds', t.at + interval '1 minute'
FROM generate_series(1, %(jobs)s) g JOIN more_admins a ON a.n = g %% 5
CROSS JOIN LATERAL (SELECT %(now)s::timestamptz - g * interval '10 minutes' AS at) t;
"""

_IMPORTS = """
CREATE TEMP TABLE more_imports ON COMMIT DROP AS
SELECT n, gen_random_uuid() AS id, gen_random_uuid() AS set_id
FROM generate_series(1, %(imports)s) n;

INSERT INTO coupon_sets (id, tenant_id, total) SELECT set_id, %(tenant)s::uuid, %(rows)s
FROM more_imports;

INSERT INTO coupons (set_id, ordinal, title, description, url)
SELECT set_id, g, '折價券 ' || g, '全品項九折', 'https://example.com/' || g
FROM more_imports CROSS JOIN generate_series(1, %(rows)s) g;

INSERT INTO coupon_imports (id, tenant_id, coupon_set_id, total, success, failed, expires_at)
SELECT id, %(tenant)s::uuid, set_id, %(rows)s * 2, %(rows)s, %(rows)s,
       %(now)s::timestamptz + interval '1 day'
FROM more_imports;

INSERT INTO coupon_import_failures (import_id, row_number, title, description, url, columns,
                                    reasons, reasons_en)
SELECT id, 1 + g, '', '說明', 'example', '{title,url}', '{必填,不是網址}', '{required,"no address"}'
FROM more_imports CROSS JOIN generate_series(1, %(rows)s) g;

INSERT INTO jobs (kind, tenant_id, actor, state, progress, result, attempts, created_at,
                  finished_at, seen_at)
SELECT 'IMPORT', %(tenant)s::uuid, 'admin:' || a.id, 'DONE', 100,
       jsonb_build_object('importId', i.id, 'setId', i.set_id, 'total', %(rows)s * 2,
                          'success', %(rows)s, 'failed', %(rows)s), 1, t.at, t.at, t.at
FROM more_imports i JOIN more_admins a ON a.n = i.n %% 5
CROSS JOIN LATERAL (SELECT %(now)s::timestamptz - i.n * interval '1 hour' AS at) t;
"""

TABLES = (
    "admins, auth_sessions, voucher_days, write_offs, audit_entries, jobs, coupon_sets, coupons,"
    " coupon_imports, coupon_import_failures"
)


def fill_more(
    connection: psycopg.Connection[tuple[Any, ...]],
    tenant_id: uuid.UUID,
    now: datetime,
    amounts: Amounts | None = None,
) -> None:
    """Write all of it in one transaction, then VACUUM ANALYZE."""
    wanted = amounts or Amounts()
    parameters = {
        "tenant": tenant_id,
        "now": now,
        "zone": DAY_ZONE,
        "audit": wanted.audit,
        "jobs": wanted.jobs,
        "write_offs": wanted.write_offs,
        "imports": wanted.imports,
        "rows": wanted.import_rows,
        "shelf": wanted.shelf,
    }
    cursor = psycopg.ClientCursor(connection)
    with connection.transaction():
        for part in (_ADMINS, _DAYS, _WRITE_OFFS, _SHELF, _AUDIT, _JOBS, _IMPORTS):
            cursor.execute(part, parameters)
    cursor.execute(f"VACUUM (ANALYZE) {TABLES}")

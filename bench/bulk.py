"""Fills a migrated database with any number of redemptions and engagements by set-based SQL.

`fill(connection, Size(redemptions=1_000_000))` writes tenants with vendors and quota, vouchers on
the shelf, members with points, redemptions (a third of them used) with their point entries, and
engagements — and every counter, running total and cell that belongs to them, so that
`flask books prove` is clean afterwards. It adds to what is there, needs no empty database, takes
about two minutes for 10⁶ on two cores, and is the same whenever it is run with the same
size, but for the ids. The caller's connection must be in autocommit mode: everything is one
transaction, followed by VACUUM ANALYZE.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

UNIT_POINTS = 30
DAY_ZONE = "Asia/Taipei"
TABLES = (
    "tenants, vendors, quota_entries, vouchers, members, cards, points_entries, redemptions,"
    " engagements, engagement_scopes, voucher_cells, tenant_cells, voucher_days, fresh_engagements"
)


@dataclass(frozen=True, slots=True)
class Size:
    """How much to write. Vouchers are dealt to tenants, redemptions to vouchers, in turn.

    `engagements` is the number of pairs (member, voucher) that are reached, default as many as
    redemptions; every third of them also clicked. A pair is reached once, so there must be at
    least `engagements / vouchers` members.
    """

    redemptions: int
    tenants: int = 4
    vouchers: int = 100
    members: int = 20_000
    engagements: int | None = None

    def parameters(self) -> dict[str, Any]:
        reached = self.redemptions if self.engagements is None else self.engagements
        per_voucher = -(-self.redemptions // self.vouchers)
        if per_voucher > 99_999:
            raise ValueError("a voucher has at most 99,999 pieces: ask for more vouchers")
        if reached > self.vouchers * self.members:
            raise ValueError("more engagements than pairs: ask for more members or vouchers")
        return {
            "tenants": self.tenants,
            "vouchers": self.vouchers,
            "members": self.members,
            "redemptions": self.redemptions,
            "engagements": reached,
            "volume": min(per_voucher + 100, 99_999),
            "unit": UNIT_POINTS,
            "zone": DAY_ZONE,
        }


_TENANTS = """
CREATE TEMP TABLE bulk_tenants ON COMMIT DROP AS
SELECT n, gen_random_uuid() AS id, gen_random_uuid() AS vendor_id
FROM generate_series(0, %(tenants)s - 1) n;

INSERT INTO tenants (id, code, name, type)
SELECT id, 'BULK-' || id, '大量資料 ' || n, 'DEALER' FROM bulk_tenants;

WITH given AS (
    INSERT INTO vendor_serials (letter, last) VALUES ('Z', %(tenants)s)
    ON CONFLICT (letter) DO UPDATE SET last = vendor_serials.last + excluded.last
    RETURNING last
)
INSERT INTO vendors (id, tenant_id, vendor_no)
SELECT vendor_id, id, 'Z' || lpad((last - %(tenants)s + n + 1)::text, 5, '0')
FROM bulk_tenants, given;
"""

_VOUCHERS = """
CREATE TEMP TABLE bulk_vouchers ON COMMIT DROP AS
SELECT i AS n, gen_random_uuid() AS id, t.id AS tenant_id, t.vendor_id,
       '0' || 1 + i / %(tenants)s %% 5 AS voucher_type,
       (1 + i %% 9)::numeric(9, 2) AS price, (1 + i %% 9) * %(unit)s AS redeem_points,
       (%(now)s::timestamptz AT TIME ZONE %(zone)s)::date - i %% 90 AS day,
       (SELECT count(*) FROM generate_series(i, %(redemptions)s - 1, %(vouchers)s)) AS redeemed
FROM generate_series(0, %(vouchers)s - 1) i JOIN bulk_tenants t ON t.n = i %% %(tenants)s;

CREATE TEMP TABLE bulk_serials ON COMMIT DROP AS
SELECT n, row_number() OVER (PARTITION BY vendor_id, voucher_type, day ORDER BY n) AS serial
FROM bulk_vouchers;

INSERT INTO voucher_serials (vendor_id, voucher_type, issue_date, last)
SELECT vendor_id, voucher_type, day, max(serial)
FROM bulk_vouchers JOIN bulk_serials USING (n) GROUP BY 1, 2, 3;

INSERT INTO vouchers (
    id, tenant_id, vendor_id, voucher_no, voucher_type, target_type, use_type, status, price,
    redeem_points, volume, redeemed, redeem_limit, redeem_start, redeem_end, use_start, use_end,
    on_start, on_end, issue_date, title, first_on_at)
SELECT v.id, v.tenant_id, v.vendor_id,
       d.vendor_no || v.voucher_type || to_char(v.day, 'YYYYMMDD') || lpad(s.serial::text, 3, '0'),
       v.voucher_type, 'ALL', 'SELF', 'ON', v.price, v.redeem_points, %(volume)s, v.redeemed, 0,
       w.opened, w.ended, w.opened, w.ended, w.opened, w.ended, v.day, '大量票券 ' || n, w.opened
FROM bulk_vouchers v JOIN bulk_serials s USING (n) JOIN vendors d ON d.id = v.vendor_id
CROSS JOIN LATERAL (
    SELECT v.day::timestamp AT TIME ZONE %(zone)s AS opened,
           %(now)s::timestamptz + interval '1 year' AS ended
) w;
"""

_QUOTA = """
CREATE TEMP TABLE bulk_purchases ON COMMIT DROP AS
SELECT vendor_id, gen_random_uuid() AS id, count(*) AS vouchers,
       sum(redeem_points::bigint * %(volume)s) AS spent,
       2 * sum(redeem_points::bigint * %(volume)s) AS points
FROM bulk_vouchers GROUP BY 1;

INSERT INTO quota_purchases (id, vendor_id, serial, tx_date, points, amount)
SELECT id, vendor_id, 1, %(now)s, points, least(points / %(unit)s, 9999999) FROM bulk_purchases;

INSERT INTO quota_purchase_revisions (purchase_id, revision, tx_date, points, amount, actor)
SELECT id, 1, tx_date, points, amount, 'bench' FROM quota_purchases
WHERE id IN (SELECT id FROM bulk_purchases);

INSERT INTO quota_entries (vendor_id, seq, kind, debit, credit, points, deposit_after,
                           withdraw_after, purchase_id, voucher_id, actor, created_at)
SELECT vendor_id, 1, 'PURCHASE', 'PLATFORM', 'AVAILABLE', points, points, 0, id, NULL::uuid,
       'bench', %(now)s
FROM bulk_purchases
UNION ALL
SELECT v.vendor_id, 1 + row_number() OVER line, 'ISSUE', 'AVAILABLE', 'SPENT',
       v.redeem_points::bigint * %(volume)s, p.points,
       sum(v.redeem_points::bigint * %(volume)s) OVER line, NULL, v.id, 'bench', %(now)s
FROM bulk_vouchers v JOIN bulk_purchases p USING (vendor_id)
WINDOW line AS (PARTITION BY v.vendor_id ORDER BY v.n);

UPDATE vendors d SET deposit = p.points, withdraw = p.spent, purchase_count = 1,
                     entry_count = 1 + p.vouchers
FROM bulk_purchases p WHERE p.vendor_id = d.id;
"""

_MEMBERS = """
CREATE TEMP TABLE bulk_members ON COMMIT DROP AS
SELECT n, gen_random_uuid() AS id, gen_random_uuid() AS card_id,
       %(now)s::timestamptz - interval '2 days' - n * interval '1 second' AS joined,
       (ARRAY['F', 'M', 'F', 'M', 'F', 'M', 'U'])[1 + n %% 7] AS gender,
       CASE WHEN n %% 11 > 0 THEN date '1940-01-01' + (n * 37 %% 25000)::integer END AS birthdate,
       coalesce(p.points, 0) AS spent, coalesce(p.pieces, 0) AS pieces
FROM generate_series(0, %(members)s - 1) n LEFT JOIN (
    SELECT (g * 7919::bigint + g / %(vouchers)s) %% %(members)s AS n, count(*) AS pieces,
           sum((1 + g %% %(vouchers)s %% 9) * %(unit)s) AS points
    FROM generate_series(0, %(redemptions)s - 1) g GROUP BY 1
) p USING (n);
CREATE UNIQUE INDEX ON bulk_members (n);
ANALYZE bulk_members;

INSERT INTO members (id, name, gender, birthdate, phone_number, created_at)
SELECT id, '會員 ' || n, gender, birthdate,
       '09' || lpad((n * 7919::bigint %% 100000000)::text, 8, '0'), joined
FROM bulk_members ORDER BY n DESC;

INSERT INTO cards (id, member_id, programme_id, balance, entry_count, created_at)
SELECT card_id, id, '00000000-0000-0000-0000-000000000001', 10000, 1 + pieces, joined
FROM bulk_members ORDER BY n DESC;

INSERT INTO points_entries
    (card_id, seq, kind, debit, credit, points, balance_after, actor, created_at)
SELECT card_id, 1, 'GRANT', 'PROGRAMME', 'CARD', spent + 10000, spent + 10000, 'bench', joined
FROM bulk_members ORDER BY n DESC;
"""

_REDEMPTIONS = """
INSERT INTO redemptions (id, voucher_id, member_id, seq, points, gender, age_level, redeemed_at,
                         used_at, used_gender, used_age_level, used_by)
SELECT gen_random_uuid(), v.id, m.id, 1 + g / %(vouchers)s, v.redeem_points, m.gender, a.level,
       e.at, CASE WHEN u.used THEN e.at END, CASE WHEN u.used THEN m.gender END,
       CASE WHEN u.used THEN a.level END, CASE WHEN u.used THEN 'bench' END
FROM generate_series(0, %(redemptions)s - 1) g
JOIN bulk_vouchers v ON v.n = g %% %(vouchers)s
JOIN bulk_members m ON m.n = (g * 7919::bigint + g / %(vouchers)s) %% %(members)s
CROSS JOIN LATERAL (SELECT age_level(m.birthdate, v.day) AS level) a
CROSS JOIN LATERAL (SELECT %(now)s::timestamptz - g %% 86400 * interval '1 second' AS at) e
CROSS JOIN LATERAL (SELECT g %% 3 = 0 AS used) u;

INSERT INTO points_entries (card_id, seq, kind, debit, credit, points, balance_after,
                            redemption_id, actor, created_at)
SELECT m.card_id, 1 + row_number() OVER line, 'REDEEM', 'CARD', 'VOUCHER', r.points,
       m.spent + 10000 - sum(r.points) OVER line, r.id, 'bench', r.redeemed_at
FROM redemptions r JOIN bulk_members m ON m.id = r.member_id
WINDOW line AS (PARTITION BY r.member_id ORDER BY r.redeemed_at, r.id ROWS UNBOUNDED PRECEDING);

INSERT INTO voucher_cells (voucher_id, gender, age_level, redeemed, used)
SELECT voucher_id, gender, age_level, count(*), count(used_at)
FROM redemptions WHERE voucher_id IN (SELECT id FROM bulk_vouchers) GROUP BY 1, 2, 3;
"""

_ENGAGEMENTS = """
CREATE TEMP TABLE bulk_engagements ON COMMIT DROP AS
SELECT m.id AS member_id, v.id AS voucher_id, v.tenant_id, v.voucher_type, k.kind,
       1 + e %% 5 AS times, m.gender, age_level(m.birthdate, v.day) AS age_level,
       %(now)s::timestamptz - e %% 86400 * interval '1 second' AS at
FROM generate_series(0, %(engagements)s - 1) e
JOIN bulk_vouchers v ON v.n = e %% %(vouchers)s
JOIN bulk_members m ON m.n = (e / %(vouchers)s + v.n * 101) %% %(members)s
JOIN (VALUES ('R', 1), ('C', 3)) AS k (kind, every) ON e / %(vouchers)s %% k.every = 0;

INSERT INTO engagements
    (member_id, voucher_id, kind, times, gender, age_level, first_at, last_at)
SELECT member_id, voucher_id, kind, times, gender, age_level, at, at
FROM bulk_engagements ORDER BY member_id, voucher_id, kind;

INSERT INTO engagement_scopes (member_id, tenant_id, scope, kind, gender, age_level)
SELECT DISTINCT ON (member_id, tenant_id, s.scope, kind)
       member_id, tenant_id, s.scope, kind, gender, age_level
FROM bulk_engagements CROSS JOIN LATERAL (VALUES ('*'), (voucher_type)) AS s (scope)
ORDER BY member_id, tenant_id, s.scope, kind, at;

INSERT INTO tenant_cells (tenant_id, scope, kind, gender, age_level, persons)
SELECT tenant_id, scope, kind, gender, age_level, count(*) FROM engagement_scopes
WHERE tenant_id IN (SELECT id FROM bulk_tenants) GROUP BY 1, 2, 3, 4, 5;

INSERT INTO voucher_cells AS c (voucher_id, gender, age_level, reach_persons, reach_times,
                                click_persons, click_times)
SELECT voucher_id, gender, age_level,
       count(*) FILTER (WHERE kind = 'R'), coalesce(sum(times) FILTER (WHERE kind = 'R'), 0),
       count(*) FILTER (WHERE kind = 'C'), coalesce(sum(times) FILTER (WHERE kind = 'C'), 0)
FROM bulk_engagements GROUP BY 1, 2, 3
ON CONFLICT (voucher_id, gender, age_level) DO UPDATE SET
    reach_persons = excluded.reach_persons, reach_times = excluded.reach_times,
    click_persons = excluded.click_persons, click_times = excluded.click_times;
"""

HISTORY = (_TENANTS, _VOUCHERS, _QUOTA, _MEMBERS, _REDEMPTIONS, _ENGAGEMENTS)
"""All but the roll-ups that came later, as it was before there were any."""

_DAYS = """
INSERT INTO voucher_days (voucher_id, day, redeemed, used, reach_persons, reach_times,
                          click_persons, click_times)
SELECT voucher_id, (at AT TIME ZONE %(zone)s)::date, sum(taken), sum(used),
       count(*) FILTER (WHERE met = 'R'), coalesce(sum(times) FILTER (WHERE met = 'R'), 0),
       count(*) FILTER (WHERE met = 'C'), coalesce(sum(times) FILTER (WHERE met = 'C'), 0)
FROM (
    SELECT voucher_id, redeemed_at AS at, 1 AS taken, 0 AS used, NULL AS met, 0 AS times
    FROM redemptions WHERE voucher_id IN (SELECT id FROM bulk_vouchers)
    UNION ALL
    SELECT voucher_id, used_at, 0, 1, NULL, 0
    FROM redemptions WHERE voucher_id IN (SELECT id FROM bulk_vouchers) AND used_at IS NOT NULL
    UNION ALL
    SELECT voucher_id, at, 0, 0, kind, times FROM bulk_engagements
) events GROUP BY 1, 2;
"""

_FRESH = """
INSERT INTO fresh_engagements (member_id, voucher_id, kind)
SELECT member_id, voucher_id, kind FROM bulk_engagements;
"""


def fill(
    connection: psycopg.Connection[tuple[Any, ...]], size: Size, now: datetime
) -> list[uuid.UUID]:
    """Write all of it; answers the ids of the new tenants. Raises ValueError for sizes that
    cannot be."""
    parameters = {**size.parameters(), "now": now}
    cursor = psycopg.ClientCursor(connection)
    with connection.transaction():
        cursor.execute("SET LOCAL work_mem = '256MB'; SET LOCAL jit = off")
        for part in (*HISTORY, _DAYS, _FRESH):
            cursor.execute(part, parameters)
        tenants = cursor.execute("SELECT id FROM bulk_tenants ORDER BY n").fetchall()
    cursor.execute(f"VACUUM (ANALYZE) {TABLES}")
    return [row[0] for row in tenants]

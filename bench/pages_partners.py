"""What the partner section shows: a great campaign with its books, coupon sets with their gifts,
and the partners who call (`pages_callers`).

`fill_partners(connection, tenant_id, now)` adds to one tenant, and in part to the platform, of
what `bulk.fill` made. The books are right, so that `flask books prove` finds nothing in them.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from bench import pages_callers


@dataclass(frozen=True, slots=True)
class PartnerAmounts:
    """How many rows of each. Every card of the great campaign, whose holders are members of no
    tenant, has ten entries; `calls` are spread over 30 days, `coupons` are those of the great set,
    and `refused` the rows of a file that did not become codes."""

    cards: int = 100_000
    calls: int = 1_000_000
    certified: int = 5_000
    coupons: int = 1_000_000
    sets: int = 30
    branches: int = 50
    refused: int = 10_000

    def quick(self) -> "PartnerAmounts":
        return PartnerAmounts(10_000, 30_000, 1_000, 30_000, 30, 50, 1_000)


# The great campaign, and three that a hundredth of its holders take part in.
_CAMPAIGNS = """
CREATE TEMP TABLE partner_members ON COMMIT DROP AS
SELECT id, row_number() OVER (ORDER BY created_at, id) - 1 AS n
FROM members WHERE tenant_id IS NULL ORDER BY created_at, id LIMIT %(cards)s;
CREATE UNIQUE INDEX ON partner_members (n);
ANALYZE partner_members;

CREATE TEMP TABLE partner_campaigns ON COMMIT DROP AS
SELECT n, gen_random_uuid() AS id, CASE n WHEN 0 THEN %(cards)s ELSE %(cards)s / 100 END AS cards
FROM generate_series(0, 3) n;

INSERT INTO programmes (id, tenant_id, name, value_per_point, created_at, updated_at)
SELECT id, %(tenant)s, '消費集點 ' || n, 100, t.at, t.at
FROM partner_campaigns
CROSS JOIN LATERAL (SELECT %(now)s::timestamptz - (400 - n) * interval '1 day' AS at) t;

CREATE TEMP TABLE partner_cards ON COMMIT DROP AS
SELECT gen_random_uuid() AS id, m.id AS member_id, p.id AS programme_id, m.n, p.n AS campaign,
       %(now)s::timestamptz - interval '60 days'
           - m.n * 7919 %% %(cards)s * (interval '300 days' / %(cards)s) AS at
FROM partner_campaigns p JOIN partner_members m ON m.n < p.cards;
ANALYZE partner_cards;
"""

# Points are added, burnt, and both taken back. An entry's number is its id, because one that takes
# another back has to name it.
_POINTS = """
CREATE TEMP TABLE partner_steps ON COMMIT DROP AS
SELECT * FROM (VALUES
    (1, 'ADD', 'PROGRAMME', 'CARD', 500, 500, 2, NULL),
    (2, 'ADD', 'PROGRAMME', 'CARD', 100, 600, 1, NULL),
    (3, 'BURN', 'CARD', 'PARTNER', 200, 400, NULL, NULL),
    (4, 'ADD', 'PROGRAMME', 'CARD', 80, 480, 2, NULL),
    (5, 'VOID', 'CARD', 'PROGRAMME', 80, 400, NULL, 4),
    (6, 'BURN', 'CARD', 'PARTNER', 50, 350, NULL, NULL),
    (7, 'VOID', 'PARTNER', 'CARD', 50, 400, NULL, 6),
    (8, 'ADD', 'PROGRAMME', 'CARD', 40, 440, 2, NULL),
    (9, 'BURN', 'CARD', 'PARTNER', 30, 410, NULL, NULL),
    (10, 'GRANT', 'PROGRAMME', 'CARD', 10, 420, NULL, NULL)
) AS s (seq, kind, debit, credit, points, balance, method, voids);

CREATE TEMP TABLE partner_entries ON COMMIT DROP AS
SELECT c.id AS card_id, c.programme_id, c.n, s.*,
       o.last + row_number() OVER (ORDER BY e.at, c.id, s.seq) AS id,
       CASE WHEN s.seq = 1 THEN c.n %% 1000 ELSE 0 END AS more, e.at,
       'N-' || c.campaign || '-' || c.n || '-' || s.seq AS ref
FROM (SELECT coalesce(max(id), 0) AS last FROM points_entries) o, partner_cards c, partner_steps s
CROSS JOIN LATERAL (SELECT c.at + s.seq * interval '5 days 23 hours' AS at) e;
CREATE UNIQUE INDEX ON partner_entries (card_id, seq);
ANALYZE partner_entries;

INSERT INTO cards (id, member_id, programme_id, balance, entry_count, tier, expired_at, created_at)
SELECT id, member_id, programme_id, 420 + n %% 1000, 10, (ARRAY['金卡', '銀卡', NULL])[1 + n %% 3],
       CASE WHEN n %% 7 = 0 THEN %(now)s::timestamptz + interval '90 days' END, at
FROM partner_cards ORDER BY at;

INSERT INTO points_entries (
    id, card_id, seq, kind, debit, credit, points, balance_after, actor, created_at, owner_id,
    method, value, ref_no, ref_id, voids, programme_id)
OVERRIDING SYSTEM VALUE
SELECT e.id, e.card_id, e.seq, e.kind, e.debit, e.credit, e.points + e.more,
       e.balance + e.n %% 1000, k.caller, e.at, %(tenant)s, e.method,
       CASE e.method WHEN 1 THEN e.points * 100 END, coalesce(v.ref, e.ref),
       CASE WHEN e.voids IS NULL AND e.seq %% 2 = 0 THEN e.ref END, v.id, e.programme_id
FROM partner_entries e
LEFT JOIN partner_entries v ON v.card_id = e.card_id AND v.seq = e.voids
JOIN partner_callers k ON k.n = e.n %% 10
ORDER BY e.id;
SELECT setval(pg_get_serial_sequence('points_entries', 'id'), max(id)) FROM points_entries;
"""

# One card with a long statement, and the cards of the twin in which sandbox keys work.
_LONG = """
INSERT INTO programmes (id, tenant_id, name) SELECT gen_random_uuid(), id, '測試活動'
FROM tenants WHERE sandbox_of = %(tenant)s;

CREATE TEMP TABLE partner_long ON COMMIT DROP AS
SELECT gen_random_uuid() AS id, m.id AS member_id, p.id AS programme_id, p.tenant_id AS owner_id,
       %(cards)s / 5 AS entries
FROM programmes p JOIN tenants t ON t.id = p.tenant_id AND t.sandbox_of = %(tenant)s
CROSS JOIN LATERAL (SELECT id FROM partner_members WHERE n = 0) m
UNION ALL
SELECT gen_random_uuid(), m.id, p.id, %(tenant)s, %(cards)s / 5
FROM partner_campaigns p JOIN partner_members m ON p.n = 1 AND m.n = p.cards;

INSERT INTO cards (id, member_id, programme_id, balance, entry_count, created_at)
SELECT id, member_id, programme_id, entries * 5, entries,
       %(now)s::timestamptz - interval '31 days' FROM partner_long;

INSERT INTO points_entries (card_id, seq, kind, debit, credit, points, balance_after, actor,
                            created_at, owner_id, method, ref_no, programme_id)
SELECT c.id, g, 'ADD', 'PROGRAMME', 'CARD', 5, g * 5, k.caller,
       %(now)s::timestamptz - (c.entries - g) * (interval '30 days' / c.entries), c.owner_id, 2,
       'L-' || g, c.programme_id
FROM partner_long c CROSS JOIN generate_series(1, c.entries) g JOIN partner_callers k ON k.n = 0
ORDER BY g;
"""

# One great set, one imported, one that makes codes, one that is being filled, and small ones of
# every state; the platform has one of each. Two fifths of a set's coupons were given: of ten
# one was taken back and three were used.
_SETS = """
CREATE TEMP TABLE partner_sets ON COMMIT DROP AS
SELECT n, o.tenant_id, gen_random_uuid() AS id,
       (ARRAY['GENERATE', 'IMPORT', 'AUTO_GENERATE', 'GENERATE'])[1 + n %% 4] AS source,
       CASE WHEN n = 3 THEN 0 WHEN n > 3 THEN 100 WHEN n = 0 THEN o.coupons ELSE o.coupons / 10
       END AS coupons,
       CASE WHEN n = 3 THEN 'PENDING' WHEN n %% 10 = 9 THEN 'INACTIVE' ELSE 'ACTIVE' END AS status
FROM (VALUES (%(tenant)s::uuid, %(coupons)s, %(sets)s), (NULL, %(coupons)s / 10, 4))
    AS o (tenant_id, coupons, sets)
CROSS JOIN LATERAL generate_series(0, o.sets - 1) n;

INSERT INTO jobs (id, kind, tenant_id, actor, state, progress, result, attempts, created_at,
                  started_at, finished_at, seen_at)
SELECT id, CASE source WHEN 'IMPORT' THEN 'COUPON_IMPORT' ELSE 'COUPON_GENERATE' END, tenant_id,
       'system', CASE n WHEN 3 THEN 'RUNNING' ELSE 'DONE' END, CASE n WHEN 3 THEN 40 ELSE 100 END,
       CASE WHEN n <> 3 THEN jsonb_build_object(
           'setId', id, 'total', coupons + %(refused)s, 'success', coupons, 'failed', %(refused)s)
       END, 1, %(now)s, %(now)s, d.at, d.at
FROM partner_sets CROSS JOIN LATERAL (
    SELECT CASE WHEN n <> 3 THEN %(now)s::timestamptz END AS at) d
WHERE source <> 'AUTO_GENERATE';

INSERT INTO code_import_failures (job_id, row_number, code, reason, reason_en)
SELECT id, 1 + g, 'X-' || g, '檔案裡已有相同的碼', 'stands in the file twice'
FROM partner_sets CROSS JOIN generate_series(1, %(refused)s) g WHERE n = 1;

CREATE TEMP TABLE partner_coupons ON COMMIT DROP AS
SELECT s.id AS set_id, s.source, coalesce(s.tenant_id, '00000000-0000-0000-0000-000000000000')
       AS owner_id, s.tenant_id, g AS ordinal, gen_random_uuid() AS gift_id,
       CASE WHEN g > s.coupons * 2 / 5 THEN NULL WHEN g %% 10 = 0 THEN 'VOIDED'
            WHEN g %% 10 < 4 THEN 'USED' ELSE 'ACTIVE' END AS gift
FROM partner_sets s CROSS JOIN generate_series(1, s.coupons) g
WHERE s.source <> 'AUTO_GENERATE' OR g <= s.coupons * 2 / 5;
ANALYZE partner_coupons;

INSERT INTO coupon_sets (
    id, tenant_id, source, name, start_date, end_date, status, total, given, used, last_ordinal,
    created_by, created_at)
SELECT s.id, s.tenant_id, s.source, '票券組 ' || s.n, t.made,
       t.made + CASE s.n %% 7 WHEN 6 THEN interval '30 days' ELSE interval '1 year' END, s.status,
       coalesce(c.total, 0), coalesce(c.given, 0), coalesce(c.used, 0), coalesce(c.last, 0),
       'system', t.made
FROM partner_sets s
CROSS JOIN LATERAL (SELECT %(now)s::timestamptz - (100 - s.n) * interval '1 day' AS made) t
LEFT JOIN (
    SELECT set_id, count(*) FILTER (WHERE source <> 'AUTO_GENERATE' OR gift <> 'VOIDED') AS total,
           count(*) FILTER (WHERE gift <> 'VOIDED') AS given,
           count(*) FILTER (WHERE gift = 'USED') AS used,
           max(ordinal) FILTER (WHERE gift <> '') AS last
    FROM partner_coupons GROUP BY 1
) c ON c.set_id = s.id;

INSERT INTO coupons (set_id, ordinal, owner_id, code, status, gift_id, freed)
SELECT set_id, ordinal, owner_id, upper(substr(md5(set_id || '/' || ordinal), 1, 16)),
       CASE WHEN gift = 'VOIDED' AND source = 'AUTO_GENERATE' THEN 'VOIDED'
            WHEN gift = 'VOIDED' THEN 'PENDING' ELSE coalesce(gift, 'PENDING') END,
       CASE WHEN gift <> 'VOIDED' THEN gift_id END,
       coalesce(gift = 'VOIDED' AND source <> 'AUTO_GENERATE', false)
FROM partner_coupons ORDER BY set_id, ordinal;

INSERT INTO coupon_gifts (id, owner_id, set_id, ordinal, member_id, status, given_at, given_by,
                          used_at, used_by, ref_no, branch_id, voided_at, voided_by)
SELECT c.gift_id, c.owner_id, c.set_id, c.ordinal, m.id, c.gift, t.given, k.caller,
       CASE c.gift WHEN 'USED' THEN t.used END, CASE c.gift WHEN 'USED' THEN k.caller END,
       CASE c.gift WHEN 'USED' THEN 'U-' || c.ordinal END,
       CASE c.gift WHEN 'USED' THEN b.id END,
       CASE c.gift WHEN 'VOIDED' THEN t.used END, CASE c.gift WHEN 'VOIDED' THEN k.caller END
FROM partner_coupons c
-- One member is given very many.
JOIN partner_members m ON m.n = CASE WHEN c.ordinal %% 200 = 5 THEN 0
    ELSE c.ordinal * 7919::bigint %% %(cards)s END
CROSS JOIN LATERAL (
    SELECT g.at AS given, g.at + interval '1 day' AS used FROM (
        SELECT %(now)s::timestamptz - interval '30 days' + c.ordinal * interval '2 seconds' AS at) g
) t
JOIN partner_callers k ON k.n = c.ordinal %% 10
LEFT JOIN partner_branches b ON b.n = c.ordinal %% %(branches)s AND c.tenant_id IS NOT NULL
WHERE c.gift IS NOT NULL ORDER BY c.set_id, c.ordinal;
"""

TABLES = (
    "programmes, cards, points_entries, campaign_holders, jobs, coupon_sets, coupons,"
    f" coupon_gifts, code_import_failures, {pages_callers.TABLES}"
)


def fill_partners(
    connection: psycopg.Connection[tuple[Any, ...]],
    tenant_id: uuid.UUID,
    now: datetime,
    amounts: PartnerAmounts | None = None,
) -> None:
    """Write all of it in one transaction, then VACUUM ANALYZE."""
    wanted = amounts or PartnerAmounts()
    parameters = {"tenant": tenant_id, "now": now} | {
        name: getattr(wanted, name) for name in PartnerAmounts.__dataclass_fields__
    }
    cursor = psycopg.ClientCursor(connection)
    with connection.transaction():
        cursor.execute("SET LOCAL work_mem = '256MB'; SET LOCAL jit = off")
        for part in (_CAMPAIGNS, pages_callers.CALLERS, _POINTS, _LONG, _SETS, pages_callers.CALLS):
            cursor.execute(part, parameters)
    cursor.execute(f"VACUUM (ANALYZE) {TABLES}")

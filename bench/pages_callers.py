"""Who calls at the bench: keys, add-ons and branches of a tenant and keys of the platform, and the
log of what they called. Part of `pages_partners`, whose parameters these statements take."""

# Ten keys and add-ons of the tenant by numbers from 0, of which the first calls most; keys of the
# platform by numbers from 100; one sandbox key that shows what it can by 200.
CALLERS = """
INSERT INTO tenants (code, name, type, sandbox_of)
SELECT 'BULK-TWIN-' || id, name, type, id FROM tenants WHERE id = %(tenant)s;

CREATE TEMP TABLE partner_keys ON COMMIT DROP AS
SELECT n, gen_random_uuid() AS id, CASE WHEN n < 100 THEN %(tenant)s::uuid END AS tenant_id,
       n BETWEEN 15 AND 19 AS sandbox, n %% 10 = 9 AS revoked
FROM (SELECT * FROM generate_series(0, 19) UNION ALL SELECT * FROM generate_series(100, 104)) g (n);

INSERT INTO api_keys (id, key, tenant_id, kind, name, scopes, created_at, created_by, last_used_at,
                      revoked_at, revoked_by)
SELECT id, 'vk_' || CASE WHEN sandbox THEN 'test_' ELSE 'live_' END
           || substr(md5(id::text), 1, 24), tenant_id,
       CASE WHEN sandbox THEN 'SANDBOX' ELSE 'LIVE' END, '夥伴系統 ' || n,
       ARRAY['coupons', 'points'], t.at, 'system', %(now)s,
       CASE WHEN revoked THEN %(now)s::timestamptz END, CASE WHEN revoked THEN 'system' END
FROM partner_keys
CROSS JOIN LATERAL (SELECT %(now)s::timestamptz - (200 - n) * interval '1 day' AS at) t;

INSERT INTO api_key_secrets (api_key_id, secret_hash, created_at, expires_at)
SELECT id, md5(id::text || g), %(now)s::timestamptz - g * interval '1 day',
       CASE WHEN g > 1 THEN %(now)s::timestamptz + g * interval '1 hour' END
FROM partner_keys CROSS JOIN generate_series(1, 3) g;

CREATE TEMP TABLE partner_add_ons ON COMMIT DROP AS
SELECT n, gen_random_uuid() AS id FROM generate_series(0, 4) n;

INSERT INTO add_ons (id, tenant_id, code, name, url, origin, status, scopes, plan_name, config)
SELECT id, %(tenant)s, 'ADD-' || n, '附加元件 ' || n, 'https://a' || n || '.example.com/app',
       'https://a' || n || '.example.com', CASE n WHEN 4 THEN 'DISABLED' ELSE 'ENABLED' END,
       ARRAY['points'], 'STANDARD', '{"colour": "blue", "shops": [1, 2, 3]}'
FROM partner_add_ons;

CREATE TEMP TABLE partner_sessions ON COMMIT DROP AS
SELECT s.id, row_number() OVER (ORDER BY s.id) AS n
FROM auth_sessions s JOIN admins a ON a.id = s.admin_id WHERE a.tenant_id = %(tenant)s LIMIT 2000;

INSERT INTO exchange_tokens (token_hash, add_on_id, session_id, created_at, expires_at, used_at,
                             attempts)
SELECT md5('exchange' || s.id), a.id, s.id, t.at, t.at + interval '1 minute', t.at, 1
FROM partner_sessions s JOIN partner_add_ons a ON a.n = s.n %% 5
CROSS JOIN LATERAL (SELECT %(now)s::timestamptz - s.n * interval '5 minutes' AS at) t;

INSERT INTO connect_families (add_on_id, session_id, created_at, expires_at)
SELECT a.id, s.id, t.at, t.at + interval '30 days'
FROM partner_sessions s JOIN partner_add_ons a ON a.n = s.n %% 5
CROSS JOIN LATERAL (SELECT %(now)s::timestamptz - s.n * interval '5 minutes' AS at) t;

CREATE TEMP TABLE partner_branches ON COMMIT DROP AS
SELECT n, gen_random_uuid() AS id FROM generate_series(0, %(branches)s - 1) n;

INSERT INTO branches (id, tenant_id, code, name)
SELECT id, %(tenant)s, 'B' || lpad(n::text, 3, '0'), '門市 ' || n FROM partner_branches;

CREATE TEMP TABLE partner_callers ON COMMIT DROP AS
SELECT n, 'key:' || id AS caller, tenant_id FROM partner_keys WHERE n < 8 OR n >= 100
UNION ALL SELECT 8 + n, 'addon:' || id, %(tenant)s FROM partner_add_ons WHERE n < 2
UNION ALL SELECT 200, 'key:' || id, tenant_id FROM partner_keys WHERE n = 15;
ANALYZE partner_callers;
ANALYZE partner_branches;
"""

# Of ten calls one is the platform's, one another tenant's, four the busiest key's. Of the tenant's
# calls two of a hundred are refused and one of a thousand fails; the platform's all succeed. The
# sandbox key reads transactions and writes in turn, and meets what it has to show that it can take.
CALLS = """
CREATE TEMP TABLE partner_lines ON COMMIT DROP AS
SELECT %(now)s::timestamptz - (%(calls)s - g) * (interval '30 days' / %(calls)s) AS at,
       k.tenant_id, k.caller, CASE WHEN g %% 3 = 0 THEN 'GET' ELSE 'POST' END AS method,
       (ARRAY['transactions', 'burn/points', 'add/points'])[1 + g %% 3] AS path, '' AS query,
       r.status, r.code, CASE WHEN g %% 3 > 0 THEN 'k-' || g - (g %% 1000 = 7)::integer END AS key,
       g %% 1000 = 7 AS replayed, NULL::bytea AS fingerprint, NULL::integer AS retry_after
FROM generate_series(1, %(calls)s) g
CROSS JOIN LATERAL (
    SELECT CASE WHEN g %% 10 < 2 THEN 200 WHEN g %% 50 = 3 THEN 422 WHEN g %% 1000 = 7 THEN 503
                ELSE 201 END AS status,
           CASE WHEN g %% 10 < 2 THEN NULL WHEN g %% 50 = 3 THEN 'INSUFFICIENT_POINTS'
                WHEN g %% 1000 = 7 THEN 'UNAVAILABLE' END AS code
) r
JOIN (
    SELECT n, caller, tenant_id FROM partner_callers
    UNION ALL SELECT 300, 'key:' || gen_random_uuid(), (SELECT min(id::text)::uuid FROM tenants
                                                        WHERE id <> %(tenant)s)
) k ON k.n = CASE WHEN g %% 10 = 0 THEN 100 + g / 10 %% 5 WHEN g %% 10 = 1 THEN 300
                  WHEN g %% 10 < 6 THEN 0 ELSE 1 + g / 10 %% 9 END;

INSERT INTO partner_lines
SELECT %(now)s::timestamptz - (%(certified)s - g) * interval '10 seconds', k.tenant_id, k.caller,
       s.method, CASE s.method WHEN 'GET' THEN 'transactions' ELSE 'add/points' END, s.query,
       s.status, s.code, CASE s.method WHEN 'POST' THEN 'c-' || s.first END, s.step = 31,
       decode(md5('c-' || s.first), 'hex'), CASE s.status WHEN 429 THEN 2 END
FROM partner_callers k CROSS JOIN generate_series(1, %(certified)s) g
CROSS JOIN LATERAL (
    -- What was refused is the same call as the one after it.
    SELECT g %% 100 AS step, g - (g %% 100 IN (31, 51, 71))::integer AS first
) o
CROSS JOIN LATERAL (
    SELECT o.*,
           CASE WHEN o.first %% 2 = 0 AND o.first %% 100 <> 30 THEN 'GET' ELSE 'POST' END AS method,
           CASE o.step WHEN 30 THEN 504 WHEN 50 THEN 429 WHEN 70 THEN 401 ELSE 200 END AS status,
           CASE o.step WHEN 30 THEN 'TIMEOUT' WHEN 50 THEN 'TOO_MANY_REQUESTS'
                       WHEN 70 THEN 'UNAUTHORIZED' END AS code,
           CASE WHEN o.first %% 2 = 0 AND o.first %% 100 <> 30 THEN
               'from=' || w.begin || '&to=' || w.finish || '&page=1&size=100' ELSE '' END AS query
    FROM (
        SELECT to_char(t.at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS begin,
               to_char(t.at + interval '10 minutes', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS finish
        FROM (SELECT (%(now)s::timestamptz AT TIME ZONE 'UTC') - interval '30 days'
                     + o.first / 2 * interval '10 minutes' AS at) t
    ) w
) s
WHERE k.n = 200;

INSERT INTO partner_calls (at, tenant_id, caller, request_id, method, path, query, status, code, ms,
                           idempotency_key, replayed, fingerprint, retry_after, address)
SELECT at, tenant_id, caller, gen_random_uuid()::text, method, '/v2/connect/' || path, query,
       status, code, 12, key, replayed, fingerprint, retry_after, '203.0.113.7'
FROM partner_lines ORDER BY at;

INSERT INTO audit_entries (at, actor, tenant_id, action, object_kind, object_id)
SELECT l.at + interval '3 seconds', l.caller, l.tenant_id, 'api_key.token', 'api_key',
       substr(l.caller, 5)
FROM partner_lines l WHERE l.status = 401 ORDER BY l.at;
"""

TABLES = (
    "tenants, api_keys, api_key_secrets, add_ons, exchange_tokens, connect_families, branches,"
    " partner_calls, audit_entries"
)

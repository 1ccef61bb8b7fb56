-- Counts reaches (p_kind R) or clicks (C) of pairs (member, voucher) and returns the pairs that
-- counted: those whose voucher the member may see (behaviour §6). A reach needs the voucher on the
-- shelf; a click counts on ended vouchers too. Every step writes in key order, so that calls that
-- share vouchers cannot deadlock: engagements, fresh pairs, scopes, tenant cells, voucher cells,
-- voucher days.
CREATE OR REPLACE FUNCTION engage(
    p_kind text, p_members uuid[], p_vouchers uuid[], p_at timestamptz, p_day date
) RETURNS TABLE (member uuid, voucher uuid) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
    lines record;
BEGIN
    WITH eligible AS (
        SELECT q.member, q.voucher, count(*)::integer AS times, v.tenant_id AS tenant,
               v.voucher_type AS scope, m.gender, age_level(m.birthdate, p_day) AS age_level
        FROM unnest(p_members, p_vouchers) AS q (member, voucher)
        CROSS JOIN LATERAL (SELECT * FROM members WHERE id = q.member) m
        CROSS JOIN LATERAL (
            SELECT x.tenant_id, x.voucher_type FROM vouchers x
            WHERE x.id = q.voucher AND x.deleted_at IS NULL
                AND voucher_visible(x.target_type, x.tenant_id, m.tenant_id)
                AND x.first_on_at IS NOT NULL AND p_at >= x.on_start
                AND (p_kind = 'C'
                     OR voucher_on_shelf(x.status, x.on_start, x.on_end, x.use_end, p_at))
        ) v
        GROUP BY q.member, q.voucher, v.tenant_id, v.voucher_type, m.gender, m.birthdate
    ), counted AS (
        INSERT INTO engagements AS e
            (member_id, voucher_id, kind, times, gender, age_level, first_at, last_at)
        SELECT member, voucher, p_kind, times, gender, age_level, p_at, p_at
        FROM eligible ORDER BY member, voucher
        ON CONFLICT (member_id, voucher_id, kind)
        DO UPDATE SET times = e.times + excluded.times, last_at = excluded.last_at
        RETURNING member_id, voucher_id, (xmax = 0) AS fresh
    )
    SELECT array_agg(l.member) AS members, array_agg(l.voucher) AS vouchers,
           array_agg(l.times) AS times, array_agg(l.tenant) AS tenants,
           array_agg(l.scope) AS scopes, array_agg(l.gender) AS genders,
           array_agg(l.age_level) AS ages, array_agg(c.fresh::integer) AS fresh
    INTO lines
    FROM eligible l JOIN counted c ON c.member_id = l.member AND c.voucher_id = l.voucher;
    IF lines.members IS NULL THEN
        RETURN;
    END IF;

    IF 1 = ANY (lines.fresh) THEN
        INSERT INTO fresh_engagements (member_id, voucher_id, kind)
        SELECT l.member, l.voucher, p_kind
        FROM unnest(lines.members, lines.vouchers, lines.fresh) AS l (member, voucher, fresh)
        WHERE l.fresh = 1 ORDER BY 1, 2;
        WITH met AS (
            INSERT INTO engagement_scopes
                (member_id, tenant_id, scope, kind, gender, age_level)
            SELECT DISTINCT l.member, l.tenant, s.scope, p_kind, l.gender, l.age_level
            FROM unnest(lines.members, lines.tenants, lines.scopes, lines.genders, lines.ages,
                        lines.fresh) AS l (member, tenant, own, gender, age_level, fresh)
            CROSS JOIN LATERAL (VALUES ('*'), (l.own)) AS s (scope)
            WHERE l.fresh = 1
            ORDER BY 1, 2, 3
            ON CONFLICT DO NOTHING
            RETURNING tenant_id, scope, gender, age_level
        )
        INSERT INTO tenant_cells (tenant_id, scope, kind, gender, age_level, persons)
        SELECT tenant_id, scope, p_kind, gender, age_level, count(*) FROM met
        GROUP BY 1, 2, 4, 5 ORDER BY 1, 2, 4, 5
        ON CONFLICT (tenant_id, scope, kind, gender, age_level)
        DO UPDATE SET persons = tenant_cells.persons + excluded.persons;
    END IF;

    INSERT INTO voucher_cells AS c
        (voucher_id, gender, age_level, reach_persons, reach_times, click_persons, click_times)
    SELECT l.voucher, l.gender, l.age_level,
           CASE p_kind WHEN 'R' THEN sum(l.fresh) ELSE 0 END,
           CASE p_kind WHEN 'R' THEN sum(l.times) ELSE 0 END,
           CASE p_kind WHEN 'C' THEN sum(l.fresh) ELSE 0 END,
           CASE p_kind WHEN 'C' THEN sum(l.times) ELSE 0 END
    FROM unnest(lines.vouchers, lines.genders, lines.ages, lines.fresh, lines.times)
        AS l (voucher, gender, age_level, fresh, times)
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (voucher_id, gender, age_level) DO UPDATE SET
        reach_persons = c.reach_persons + excluded.reach_persons,
        reach_times = c.reach_times + excluded.reach_times,
        click_persons = c.click_persons + excluded.click_persons,
        click_times = c.click_times + excluded.click_times;

    INSERT INTO voucher_days AS d
        (voucher_id, day, reach_persons, reach_times, click_persons, click_times)
    SELECT l.voucher, p_day,
           CASE p_kind WHEN 'R' THEN sum(l.fresh) ELSE 0 END,
           CASE p_kind WHEN 'R' THEN sum(l.times) ELSE 0 END,
           CASE p_kind WHEN 'C' THEN sum(l.fresh) ELSE 0 END,
           CASE p_kind WHEN 'C' THEN sum(l.times) ELSE 0 END
    FROM unnest(lines.vouchers, lines.fresh, lines.times) AS l (voucher, fresh, times)
    GROUP BY 1 ORDER BY 1
    ON CONFLICT (voucher_id, day) DO UPDATE SET
        reach_persons = d.reach_persons + excluded.reach_persons,
        reach_times = d.reach_times + excluded.reach_times,
        click_persons = d.click_persons + excluded.click_persons,
        click_times = d.click_times + excluded.click_times;
    RETURN QUERY SELECT * FROM unnest(lines.members, lines.vouchers);
END
$$;

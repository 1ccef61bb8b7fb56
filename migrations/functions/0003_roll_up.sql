-- Closes local days: adds up what all vouchers of a tenant and a type did on each day after the last
-- closed one, up to p_last and p_most days at a time; answers the number of days. Nothing but an
-- undo changes a day that is over, and that keeps the closed row right (desk_undo), hence the lock.
CREATE FUNCTION close_days(p_last date, p_most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    first_open date;
    last_taken date;
BEGIN
    PERFORM pg_advisory_xact_lock(714287);
    -- Statements of their own, so that they see what was committed while we waited.
    SELECT max(day) + 1 INTO first_open FROM tenant_days;
    SELECT min(day) INTO first_open FROM voucher_days
    WHERE day >= coalesce(first_open, '-infinity');
    last_taken := least(p_last, first_open + p_most - 1);
    IF first_open IS NULL OR last_taken < first_open THEN
        RETURN 0;
    END IF;
    INSERT INTO tenant_days (tenant_id, voucher_type, day, redeemed, used, reach_persons,
                             reach_times, click_persons, click_times)
    SELECT v.tenant_id, v.voucher_type, d.day, sum(d.redeemed), sum(d.used), sum(d.reach_persons),
           sum(d.reach_times), sum(d.click_persons), sum(d.click_times)
    FROM voucher_days d JOIN vouchers v ON v.id = d.voucher_id
    WHERE d.day BETWEEN first_open AND last_taken
    GROUP BY 1, 2, 3;
    RETURN last_taken - first_open + 1;
END
$$;

-- Puts p_most fresh pairs (member, voucher) into the bit sets from which persons are counted over
-- any choice of vouchers; answers how many. A pair is at any moment either fresh or a bit. One at
-- a time, because it numbers the members of each tenant's audience as they come.
CREATE FUNCTION fold_audience(p_most integer) RETURNS integer LANGUAGE plpgsql
SET jit = off
AS $$
DECLARE
    lines record;
BEGIN
    PERFORM pg_advisory_xact_lock(714288);
    WITH bite AS (
        SELECT member_id, voucher_id, kind FROM fresh_engagements
        ORDER BY member_id, voucher_id, kind LIMIT p_most
    ), taken AS (
        DELETE FROM fresh_engagements f USING bite s
        WHERE f.member_id = s.member_id AND f.voucher_id = s.voucher_id AND f.kind = s.kind
        RETURNING f.member_id, f.voucher_id, f.kind
    )
    SELECT array_agg(t.member_id) AS members, array_agg(t.voucher_id) AS vouchers,
           array_agg(t.kind) AS kinds, array_agg(v.tenant_id) AS tenants
    INTO lines
    FROM taken t JOIN vouchers v ON v.id = t.voucher_id;
    IF lines.members IS NULL THEN
        RETURN 0;
    END IF;
    INSERT INTO audience_members (tenant_id, member_id, number)
    SELECT q.tenant, q.member,
           coalesce((SELECT max(a.number) FROM audience_members a WHERE a.tenant_id = q.tenant), -1)
               + row_number() OVER (PARTITION BY q.tenant ORDER BY q.member)
    FROM (
        SELECT DISTINCT tenant, member
        FROM unnest(lines.tenants, lines.members) AS l (tenant, member)
        WHERE NOT EXISTS (SELECT 1 FROM audience_members a
                          WHERE a.tenant_id = l.tenant AND a.member_id = l.member)
    ) q;
    INSERT INTO audience_blocks AS b (voucher_id, kind, block, bits)
    SELECT l.voucher, l.kind, a.number / 8192, bit_or(set_bit(0::bit(8192), a.number % 8192, 1))
    FROM unnest(lines.tenants, lines.members, lines.vouchers, lines.kinds)
        AS l (tenant, member, voucher, kind)
    JOIN audience_members a ON a.tenant_id = l.tenant AND a.member_id = l.member
    GROUP BY 1, 2, 3
    ON CONFLICT (voucher_id, kind, block) DO UPDATE SET bits = b.bits | excluded.bits;
    RETURN cardinality(lines.members);
END
$$;

-- The set-based twin of redeem_one: the same rules for a batch in which each member stands at most
-- once. One commit for all. Locks: cards by id, then vouchers by id, then cells by key, then days
-- by key.
-- Plans are made once a session and look rows up by key: a plan made for few rows, or from the
-- statistics of a voucher that did not exist a minute ago, would cost more than the work.
CREATE OR REPLACE FUNCTION redeem_many(
    p_members uuid[], p_vouchers uuid[], p_callers text[], p_keys text[], p_prints bytea[],
    p_at timestamptz, p_day date
) RETURNS TABLE (
    ord integer, outcome text, redemption_id uuid, seq integer, points integer,
    redeemed_at timestamptz, voucher_no text
) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
    free boolean[];
    lines redeem_line[];
BEGIN
    SELECT array_agg(q.key IS NULL OR idempotency_lock(q.caller, q.key) ORDER BY q.n) INTO free
    FROM unnest(p_callers, p_keys) WITH ORDINALITY AS q (caller, key, n);

    -- Known keys are looked up after their locks, in a statement of its own.
    SELECT array_agg(ROW(
        q.n, q.member, q.voucher, q.caller, q.key, q.print,
        CASE WHEN NOT q.free THEN 'IDEMPOTENCY_IN_PROGRESS'
             WHEN k.caller IS NULL THEN NULL
             WHEN k.fingerprint <> q.print OR r.id IS NULL THEN 'IDEMPOTENCY_MISMATCH'
             ELSE 'REPLAYED' END,
        m.tenant_id, m.gender, age_level(m.birthdate, p_day), c.id,
        r.points, v.voucher_no, r.id, r.seq, r.redeemed_at
    )::redeem_line ORDER BY q.n) INTO lines
    FROM unnest(p_members, p_vouchers, p_callers, p_keys, p_prints, free)
        WITH ORDINALITY AS q (member, voucher, caller, key, print, free, n)
    LEFT JOIN LATERAL (SELECT * FROM members WHERE id = q.member) m ON true
    LEFT JOIN LATERAL (
        SELECT id FROM cards WHERE member_id = q.member
            AND programme_id = '00000000-0000-0000-0000-000000000001'
    ) c ON true
    LEFT JOIN LATERAL (
        SELECT * FROM idempotency_keys WHERE caller = q.caller AND key = q.key
            AND created_at > p_at - interval '24 hours'
    ) k ON q.free
    LEFT JOIN LATERAL (SELECT * FROM redemptions WHERE id = k.redemption_id) r ON true
    LEFT JOIN LATERAL (SELECT x.voucher_no FROM vouchers x WHERE x.id = r.voucher_id) v ON true;

    -- The rules about the voucher alone need no lock: a sold-out rush ends here.
    SELECT array_agg(ROW(
        l.ord, l.member, l.voucher, l.caller, l.key, l.print,
        CASE WHEN l.outcome IS NOT NULL THEN l.outcome
             WHEN v.id IS NULL THEN 'NOT_EXIST'
             ELSE v.refusal END,
        l.tenant, l.gender, l.age_level, l.card,
        coalesce(l.points, v.redeem_points), coalesce(l.voucher_no, v.voucher_no),
        l.redemption, l.seq, l.redeemed_at
    )::redeem_line ORDER BY l.ord) INTO lines
    FROM unnest(lines) l
    LEFT JOIN LATERAL (
        SELECT x.id, x.redeem_points, x.voucher_no, redeem_refusal(
            x.status, x.on_start, x.on_end, x.use_end, x.redeem_start, x.redeem_end, x.redeemed,
            x.volume, x.deleted_at, voucher_visible(x.target_type, x.tenant_id, l.tenant), p_at
        ) AS refusal
        FROM vouchers x WHERE x.id = l.voucher
    ) v ON true;

    IF EXISTS (SELECT 1 FROM unnest(lines) l WHERE l.outcome IS NULL) THEN
        PERFORM 1 FROM cards c
        JOIN (SELECT card FROM unnest(lines) WHERE outcome IS NULL) l ON l.card = c.id
        ORDER BY c.id FOR NO KEY UPDATE OF c;
        lines := redeem_under_card_locks(lines);
        PERFORM 1 FROM vouchers v
        WHERE v.id IN (SELECT l.voucher FROM unnest(lines) l WHERE l.outcome IS NULL)
        ORDER BY v.id FOR NO KEY UPDATE;
        lines := redeem_under_voucher_locks(lines, p_at);
        PERFORM redeem_write(lines, p_at, p_day);
    END IF;

    RETURN QUERY SELECT l.ord, l.outcome, l.redemption, l.seq, l.points,
                        l.redeemed_at, l.voucher_no FROM unnest(lines) l;
END
$$;

DROP FUNCTION redeem_write(redeem_line[], timestamptz);

CREATE FUNCTION redeem_write(lines redeem_line[], p_at timestamptz, p_day date)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE vouchers v SET redeemed = v.redeemed + g.pieces
    FROM (
        SELECT voucher, count(*) AS pieces FROM unnest(lines)
        WHERE outcome = 'REDEEMED' GROUP BY voucher
    ) g WHERE v.id = g.voucher;
    INSERT INTO redemptions
        (id, voucher_id, member_id, seq, points, gender, age_level, redeemed_at)
    SELECT redemption, voucher, member, seq, points, gender, age_level, p_at
    FROM unnest(lines) WHERE outcome = 'REDEEMED' ORDER BY ord;
    WITH paid AS (
        UPDATE cards c SET balance = c.balance - l.points, entry_count = c.entry_count + 1
        FROM unnest(lines) l WHERE l.outcome = 'REDEEMED' AND c.id = l.card
        RETURNING c.id, c.entry_count, l.points, c.balance, l.redemption, l.caller
    )
    INSERT INTO points_entries (card_id, seq, kind, debit, credit, points, balance_after,
                                redemption_id, actor, created_at)
    SELECT p.id, p.entry_count, 'REDEEM', 'CARD', 'VOUCHER', p.points, p.balance,
           p.redemption, p.caller, p_at
    FROM paid p;
    INSERT INTO idempotency_keys (caller, key, fingerprint, redemption_id, created_at)
    SELECT caller, key, print, redemption, p_at FROM unnest(lines)
    WHERE outcome = 'REDEEMED' AND key IS NOT NULL
    ON CONFLICT (caller, key) DO UPDATE SET fingerprint = excluded.fingerprint,
        redemption_id = excluded.redemption_id, status = NULL, body = NULL,
        created_at = excluded.created_at;
    INSERT INTO voucher_cells (voucher_id, gender, age_level, redeemed)
    SELECT voucher, gender, age_level, count(*) FROM unnest(lines)
    WHERE outcome = 'REDEEMED' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (voucher_id, gender, age_level)
    DO UPDATE SET redeemed = voucher_cells.redeemed + excluded.redeemed;
    INSERT INTO voucher_days (voucher_id, day, redeemed)
    SELECT voucher, p_day, count(*) FROM unnest(lines)
    WHERE outcome = 'REDEEMED' GROUP BY 1 ORDER BY 1
    ON CONFLICT (voucher_id, day)
    DO UPDATE SET redeemed = voucher_days.redeemed + excluded.redeemed;
END
$$;

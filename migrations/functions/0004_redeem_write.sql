-- What a batch of redeem_many writes, under the locks that it holds.
CREATE OR REPLACE FUNCTION redeem_write(lines redeem_line[], p_at timestamptz, p_day date)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    wanted bigint;
    taken bigint;
BEGIN
    PERFORM points_begin('00000000-0000-0000-0000-000000000000');
    UPDATE vouchers v SET redeemed = v.redeemed + g.pieces
    FROM (
        SELECT voucher, count(*) AS pieces FROM unnest(lines)
        WHERE outcome = 'REDEEMED' GROUP BY voucher
    ) g WHERE v.id = g.voucher;
    INSERT INTO redemptions
        (id, voucher_id, member_id, seq, points, gender, age_level, redeemed_at)
    SELECT redemption, voucher, member, seq, points, gender, age_level, p_at
    FROM unnest(lines) WHERE outcome = 'REDEEMED' ORDER BY ord;
    -- The coupons of 06 vouchers' pieces are taken like any other coupon: once.
    SELECT count(*) INTO wanted FROM unnest(lines) l
    JOIN vouchers v ON v.id = l.voucher AND v.coupon_set_id IS NOT NULL
    WHERE l.outcome = 'REDEEMED';
    IF wanted > 0 THEN
        UPDATE coupons c SET status = 'ACTIVE'
        FROM unnest(lines) l JOIN vouchers v ON v.id = l.voucher
        WHERE l.outcome = 'REDEEMED' AND c.set_id = v.coupon_set_id AND c.ordinal = l.seq
            AND c.status = 'PENDING';
        GET DIAGNOSTICS taken = ROW_COUNT;
        IF taken <> wanted THEN
            RAISE EXCEPTION '% coupons are not free', wanted - taken
                USING ERRCODE = 'data_exception';
        END IF;
    END IF;
    WITH paid AS (
        UPDATE cards c SET balance = c.balance - l.points, entry_count = c.entry_count + 1
        FROM unnest(lines) l WHERE l.outcome = 'REDEEMED' AND c.id = l.card
        RETURNING c.id, c.entry_count, l.points, c.balance, l.redemption, l.caller
    )
    INSERT INTO points_entries (card_id, seq, kind, debit, credit, points, balance_after,
                                redemption_id, actor, created_at)
    SELECT p.id, p.entry_count, 'REDEEM', 'CARD', 'VOUCHER', p.points, p.balance,
           p.redemption, p.caller, clock_timestamp()
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

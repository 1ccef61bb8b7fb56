-- Redeems one piece in one call: points, stock, limit, the member's piece and the idempotent
-- answer, or a refusal that changes nothing (behaviour §6). Locks: card, then voucher, then cell,
-- then day.
-- One plan a session, by key: see redeem_many.
CREATE OR REPLACE FUNCTION redeem_one(
    p_member uuid, p_voucher uuid, p_caller text, p_key text, p_print bytea,
    p_at timestamptz, p_day date,
    OUT outcome text, OUT redemption_id uuid, OUT seq integer, OUT points integer,
    OUT redeemed_at timestamptz, OUT voucher_no text
) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    known idempotency_keys%ROWTYPE;
    person record;
    offer record;
    v_card record;
BEGIN
    IF p_key IS NOT NULL THEN
        IF NOT idempotency_lock(p_caller, p_key) THEN
            outcome := 'IDEMPOTENCY_IN_PROGRESS';
            RETURN;
        END IF;
        SELECT * INTO known FROM idempotency_keys k
        WHERE k.caller = p_caller AND k.key = p_key AND k.created_at > p_at - interval '24 hours';
        IF FOUND AND (known.fingerprint <> p_print OR known.redemption_id IS NULL) THEN
            outcome := 'IDEMPOTENCY_MISMATCH';
            RETURN;
        ELSIF FOUND THEN
            SELECT 'REPLAYED', r.id, r.seq, r.points, r.redeemed_at, v.voucher_no
            INTO outcome, redemption_id, seq, points, redeemed_at, voucher_no
            FROM redemptions r JOIN vouchers v ON v.id = r.voucher_id
            WHERE r.id = known.redemption_id;
            RETURN;
        END IF;
    END IF;

    SELECT m.tenant_id, m.gender, age_level(m.birthdate, p_day) AS age_level
    INTO person FROM members m WHERE m.id = p_member;
    SELECT v.redeem_points, v.redeem_limit, v.voucher_no, v.coupon_set_id, redeem_refusal(
        v.status, v.on_start, v.on_end, v.use_end, v.redeem_start, v.redeem_end, v.redeemed,
        v.volume, v.deleted_at, voucher_visible(v.target_type, v.tenant_id, person.tenant_id), p_at
    ) AS refusal
    INTO offer FROM vouchers v WHERE v.id = p_voucher;
    IF NOT FOUND OR offer.refusal IS NOT NULL THEN
        outcome := coalesce(offer.refusal, 'NOT_EXIST');
        RETURN;
    END IF;

    SELECT c.id, c.balance, c.entry_count INTO v_card FROM cards c
    WHERE c.member_id = p_member AND c.programme_id = '00000000-0000-0000-0000-000000000001'
    FOR NO KEY UPDATE;
    -- Counted in a statement of its own, after the card's lock, so that it sees every piece that
    -- the same member was given before.
    IF offer.redeem_limit > 0 AND offer.redeem_limit <= (
        SELECT count(*) FROM redemptions r
        WHERE r.voucher_id = p_voucher AND r.member_id = p_member
    ) THEN
        outcome := 'VOUCHER_REDEEM_OVER_LIMIT';
        RETURN;
    END IF;
    IF coalesce(v_card.balance, 0) < offer.redeem_points THEN
        outcome := 'VOUCHER_REDEEM_INSUFFICIENT_POINTS';
        RETURN;
    END IF;

    UPDATE vouchers v SET redeemed = v.redeemed + 1
    WHERE v.id = p_voucher AND redeem_refusal(
        v.status, v.on_start, v.on_end, v.use_end, v.redeem_start, v.redeem_end, v.redeemed,
        v.volume, v.deleted_at, voucher_visible(v.target_type, v.tenant_id, person.tenant_id), p_at
    ) IS NULL
    RETURNING v.redeemed INTO seq;
    IF NOT FOUND THEN
        SELECT redeem_refusal(
            v.status, v.on_start, v.on_end, v.use_end, v.redeem_start, v.redeem_end, v.redeemed,
            v.volume, v.deleted_at,
            voucher_visible(v.target_type, v.tenant_id, person.tenant_id), p_at
        ) INTO outcome FROM vouchers v WHERE v.id = p_voucher;
        outcome := coalesce(outcome, 'VOUCHER_REDEEM_OVER_VOLUME');
        RETURN;
    END IF;

    -- The coupon of a 06 voucher's piece is taken like any other coupon: once.
    IF offer.coupon_set_id IS NOT NULL THEN
        UPDATE coupons c SET status = 'ACTIVE'
        WHERE c.set_id = offer.coupon_set_id AND c.ordinal = seq AND c.status = 'PENDING';
        IF NOT FOUND THEN
            RAISE EXCEPTION 'coupon % of set % is not free', seq, offer.coupon_set_id
                USING ERRCODE = 'data_exception';
        END IF;
    END IF;
    PERFORM points_begin('00000000-0000-0000-0000-000000000000');
    redemption_id := gen_random_uuid();
    UPDATE cards c SET balance = c.balance - offer.redeem_points, entry_count = c.entry_count + 1
    WHERE c.id = v_card.id;
    INSERT INTO redemptions
        (id, voucher_id, member_id, seq, points, gender, age_level, redeemed_at)
    VALUES (redemption_id, p_voucher, p_member, seq, offer.redeem_points, person.gender,
            person.age_level, p_at);
    INSERT INTO points_entries (card_id, seq, kind, debit, credit, points, balance_after,
                                redemption_id, actor, created_at)
    VALUES (v_card.id, v_card.entry_count + 1, 'REDEEM', 'CARD', 'VOUCHER', offer.redeem_points,
            v_card.balance - offer.redeem_points, redemption_id, p_caller, clock_timestamp());
    IF p_key IS NOT NULL THEN
        INSERT INTO idempotency_keys (caller, key, fingerprint, redemption_id, created_at)
        VALUES (p_caller, p_key, p_print, redemption_id, p_at)
        ON CONFLICT (caller, key) DO UPDATE SET fingerprint = excluded.fingerprint,
            redemption_id = excluded.redemption_id, status = NULL, body = NULL,
            created_at = excluded.created_at;
    END IF;
    INSERT INTO voucher_cells (voucher_id, gender, age_level, redeemed)
    VALUES (p_voucher, person.gender, person.age_level, 1)
    ON CONFLICT (voucher_id, gender, age_level)
    DO UPDATE SET redeemed = voucher_cells.redeemed + 1;
    INSERT INTO voucher_days (voucher_id, day, redeemed) VALUES (p_voucher, p_day, 1)
    ON CONFLICT (voucher_id, day) DO UPDATE SET redeemed = voucher_days.redeemed + 1;
    outcome := 'REDEEMED';
    points := offer.redeem_points;
    redeemed_at := p_at;
    voucher_no := offer.voucher_no;
END
$$;

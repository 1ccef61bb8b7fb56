-- Writes one piece off, exactly once (behaviour §6). The answer carries the piece as it stands.
CREATE OR REPLACE FUNCTION use_one(
    p_member uuid, p_redemption uuid, p_actor text, p_at timestamptz, p_day date,
    OUT outcome text, OUT voucher_id uuid, OUT seq integer, OUT points integer,
    OUT redeemed_at timestamptz, OUT used_at timestamptz, OUT voucher_no text
) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    person record;
    window_start timestamptz;
    window_end timestamptz;
BEGIN
    SELECT r.voucher_id, r.seq, r.points, r.redeemed_at, r.used_at, v.voucher_no,
           v.use_start, v.use_end
    INTO voucher_id, seq, points, redeemed_at, used_at, voucher_no, window_start, window_end
    FROM redemptions r JOIN vouchers v ON v.id = r.voucher_id
    WHERE r.id = p_redemption AND r.member_id = p_member;
    outcome := CASE
        WHEN voucher_id IS NULL THEN 'NOT_EXIST'
        WHEN used_at IS NOT NULL THEN 'VOUCHER_USE_HAD_USED'
        WHEN p_at > window_end THEN 'VOUCHER_USE_EXPIRED'
        WHEN p_at < window_start THEN 'VOUCHER_USE_NOT_STARTED'
    END;
    IF outcome IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT m.gender, age_level(m.birthdate, p_day) AS age_level
    INTO person FROM members m WHERE m.id = p_member;
    UPDATE redemptions r SET used_at = p_at, used_gender = person.gender,
        used_age_level = person.age_level, used_by = p_actor
    WHERE r.id = p_redemption AND r.used_at IS NULL;
    IF NOT FOUND THEN
        outcome := 'VOUCHER_USE_HAD_USED';
        RETURN;
    END IF;
    INSERT INTO voucher_cells (voucher_id, gender, age_level, used)
    VALUES (voucher_id, person.gender, person.age_level, 1)
    ON CONFLICT (voucher_id, gender, age_level) DO UPDATE SET used = voucher_cells.used + 1;
    INSERT INTO voucher_days (voucher_id, day, used) VALUES (voucher_id, p_day, 1)
    ON CONFLICT (voucher_id, day) DO UPDATE SET used = voucher_days.used + 1;
    used_at := p_at;
    outcome := 'USED';
END
$$;

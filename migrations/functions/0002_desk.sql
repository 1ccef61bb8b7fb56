-- Writes one piece off at a desk of the tenant that issued it, exactly once: the rules and their
-- order are those of use_one, and the same row decides between the desk and the member.
-- Locks: redemption, then cell, then day, then write-off.
CREATE FUNCTION desk_write_off(
    p_tenant uuid, p_admin uuid, p_actor text, p_redemption uuid, p_at timestamptz, p_day date,
    OUT outcome text, OUT write_off bigint
) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
AS $$
DECLARE
    piece record;
BEGIN
    SELECT r.voucher_id, r.used_at, v.use_start, v.use_end, m.gender,
           age_level(m.birthdate, p_day) AS age_level
    INTO piece
    FROM redemptions r
    JOIN vouchers v ON v.id = r.voucher_id
    JOIN members m ON m.id = r.member_id
    WHERE r.id = p_redemption AND v.tenant_id = p_tenant;
    outcome := CASE
        WHEN NOT FOUND THEN 'NOT_EXIST'
        WHEN piece.used_at IS NOT NULL THEN 'VOUCHER_USE_HAD_USED'
        WHEN p_at > piece.use_end THEN 'VOUCHER_USE_EXPIRED'
        WHEN p_at < piece.use_start THEN 'VOUCHER_USE_NOT_STARTED'
    END;
    IF outcome IS NOT NULL THEN
        RETURN;
    END IF;
    UPDATE redemptions r SET used_at = p_at, used_gender = piece.gender,
        used_age_level = piece.age_level, used_by = p_actor
    WHERE r.id = p_redemption AND r.used_at IS NULL;
    IF NOT FOUND THEN
        outcome := 'VOUCHER_USE_HAD_USED';
        RETURN;
    END IF;
    INSERT INTO voucher_cells AS c (voucher_id, gender, age_level, used)
    VALUES (piece.voucher_id, piece.gender, piece.age_level, 1)
    ON CONFLICT (voucher_id, gender, age_level) DO UPDATE SET used = c.used + 1;
    INSERT INTO voucher_days AS d (voucher_id, day, used) VALUES (piece.voucher_id, p_day, 1)
    ON CONFLICT (voucher_id, day) DO UPDATE SET used = d.used + 1;
    INSERT INTO write_offs (redemption_id, tenant_id, admin_id, desk, at, day)
    SELECT p_redemption, p_tenant, p_admin, a.desk, p_at, p_day FROM admins a WHERE a.id = p_admin
    RETURNING id INTO STRICT write_off;
    outcome := 'WRITTEN_OFF';
END
$$;

-- Takes a desk's write-off back, once: the piece is as if it had never been used, and the counts
-- lose what that use had added, in the group and on the local day on which it was counted.
CREATE FUNCTION desk_undo(
    p_tenant uuid, p_write_off bigint, p_actor text, p_reason text, p_at timestamptz,
    OUT outcome text, OUT redemption uuid
) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
AS $$
DECLARE
    piece record;
    counted_on date;
BEGIN
    SELECT w.redemption_id, w.day INTO redemption, counted_on FROM write_offs w
    WHERE w.id = p_write_off AND w.tenant_id = p_tenant;
    IF NOT FOUND THEN
        outcome := 'NOT_EXIST';
        RETURN;
    END IF;
    SELECT r.voucher_id, r.used_gender, r.used_age_level INTO piece
    FROM redemptions r WHERE r.id = redemption FOR NO KEY UPDATE;
    -- In a statement of its own, after the piece's lock, so that of two undos one finds nothing.
    UPDATE write_offs w SET undone_at = p_at, undone_by = p_actor, undo_reason = p_reason
    WHERE w.id = p_write_off AND w.undone_at IS NULL;
    IF NOT FOUND THEN
        outcome := 'UNDONE_BEFORE';
        RETURN;
    END IF;
    UPDATE redemptions r SET used_at = NULL, used_gender = NULL, used_age_level = NULL,
        used_by = NULL
    WHERE r.id = redemption AND r.used_at IS NOT NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'write-off % stands, but its piece is not used', p_write_off;
    END IF;
    UPDATE voucher_cells c SET used = c.used - 1
    WHERE c.voucher_id = piece.voucher_id AND c.gender = piece.used_gender
        AND c.age_level = piece.used_age_level;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no cell counts the use of write-off %', p_write_off;
    END IF;
    UPDATE voucher_days d SET used = d.used - 1
    WHERE d.voucher_id = piece.voucher_id AND d.day = counted_on;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no day counts the use of write-off %', p_write_off;
    END IF;
    outcome := 'UNDONE';
END
$$;

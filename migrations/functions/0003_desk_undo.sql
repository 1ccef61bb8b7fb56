-- Takes a desk's write-off back, once: the piece is as if it had never been used, and the counts
-- lose what that use had added, in the group and on the local day on which it was counted. Where
-- that day has been closed (close_days), the tenant's day loses it too.
CREATE OR REPLACE FUNCTION desk_undo(
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
    -- Days are closed under this lock alone: either that waits for us and counts without this use,
    -- or we wait for it, and the next statement sees the row that it wrote.
    PERFORM pg_advisory_xact_lock_shared(714287);
    UPDATE tenant_days t SET used = t.used - 1
    FROM vouchers v
    WHERE v.id = piece.voucher_id AND t.tenant_id = v.tenant_id
        AND t.voucher_type = v.voucher_type AND t.day = counted_on;
    outcome := 'UNDONE';
END
$$;

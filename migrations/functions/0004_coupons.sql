-- Gives coupons of one set to one member, all of them or none (contract B call 16). A pool gives
-- its next free ones; for a set that makes codes, p_codes holds as many new ones as are wanted.
-- Locks: the set, then its coupons. The set's row holds the limit, so it is taken first: whoever
-- comes after sees what is left to the last coupon.
CREATE FUNCTION coupon_give(
    p_set uuid, p_member uuid, p_quantity integer, p_codes text[], p_actor text, p_at timestamptz
) RETURNS TABLE (outcome text, gift_id uuid, code text) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    pool record;
    ordinals integer[];
    codes text[];
    gifts uuid[];
BEGIN
    SELECT s.owner_id, s.source, s.status, s.end_date, s.total, s.given, s.quantity,
           s.last_ordinal
    INTO pool FROM coupon_sets s WHERE s.id = p_set FOR NO KEY UPDATE;
    outcome := CASE
        WHEN pool.source IS NULL OR pool.source = 'VOUCHER' THEN 'NOT_FOUND'
        WHEN pool.status <> 'ACTIVE' THEN 'SET_CLOSED'
        WHEN p_at > pool.end_date THEN 'COUPON_NOT_IN_DATE'
        WHEN pool.source = 'AUTO_GENERATE' AND pool.given + p_quantity > pool.quantity
            THEN 'SET_LIMIT_REACHED'
        WHEN pool.source <> 'AUTO_GENERATE' AND pool.given + p_quantity > pool.total
            THEN 'POOL_EMPTY'
    END;
    IF outcome IS NOT NULL THEN
        RETURN NEXT;
        RETURN;
    END IF;
    IF pool.source = 'AUTO_GENERATE' THEN
        UPDATE coupon_sets s SET total = s.total + p_quantity, given = s.given + p_quantity,
            last_ordinal = s.last_ordinal + p_quantity
        WHERE s.id = p_set;
        WITH made AS (
            INSERT INTO coupons (set_id, ordinal, owner_id, code, status, gift_id)
            SELECT p_set, pool.last_ordinal + n, pool.owner_id, fresh, 'ACTIVE',
                   gen_random_uuid()
            FROM unnest(p_codes[1:p_quantity]) WITH ORDINALITY AS one (fresh, n)
            RETURNING ordinal, code, gift_id
        )
        SELECT array_agg(m.ordinal), array_agg(m.code), array_agg(m.gift_id)
        INTO ordinals, codes, gifts FROM made m;
    ELSE
        UPDATE coupon_sets s SET given = s.given + p_quantity WHERE s.id = p_set;
        WITH free AS (
            SELECT c.ordinal FROM coupons c
            WHERE c.set_id = p_set AND c.status = 'PENDING' AND c.code IS NOT NULL
            ORDER BY c.ordinal LIMIT p_quantity FOR NO KEY UPDATE
        ), taken AS (
            UPDATE coupons c SET status = 'ACTIVE', gift_id = gen_random_uuid()
            FROM free
            WHERE c.set_id = p_set AND c.ordinal = free.ordinal AND c.status = 'PENDING'
            RETURNING c.ordinal, c.code, c.gift_id
        )
        SELECT array_agg(t.ordinal), array_agg(t.code), array_agg(t.gift_id)
        INTO ordinals, codes, gifts FROM taken t;
    END IF;
    IF coalesce(cardinality(gifts), 0) <> p_quantity THEN
        RAISE EXCEPTION 'coupon set % counts free coupons that are not there', p_set
            USING ERRCODE = 'data_exception';
    END IF;
    INSERT INTO coupon_gifts (id, owner_id, set_id, ordinal, member_id, given_at, given_by)
    SELECT g, pool.owner_id, p_set, o, p_member, p_at, p_actor
    FROM unnest(gifts, ordinals) AS one (g, o);
    RETURN QUERY SELECT 'GIVEN'::text, one.g, one.c
    FROM unnest(gifts, codes, ordinals) AS one (g, c, o) ORDER BY one.o;
END
$$;

-- Takes a coupon back from its member (contract B call 18): a pool's is free again, one that was
-- made for the giving is gone. Locks: the set, then the coupon.
CREATE FUNCTION coupon_void(
    p_owner uuid, p_gift uuid, p_actor text, p_at timestamptz,
    OUT outcome text, OUT status text
) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    gift record;
BEGIN
    SELECT g.set_id, g.ordinal, s.source INTO gift
    FROM coupon_gifts g JOIN coupon_sets s ON s.id = g.set_id
    WHERE g.id = p_gift AND g.owner_id = p_owner;
    IF NOT FOUND THEN
        outcome := 'NOT_FOUND';
        RETURN;
    END IF;
    PERFORM 1 FROM coupon_sets s WHERE s.id = gift.set_id FOR NO KEY UPDATE;
    UPDATE coupon_gifts g SET status = 'VOIDED', voided_at = p_at, voided_by = p_actor
    WHERE g.id = p_gift AND g.status = 'ACTIVE';
    IF NOT FOUND THEN
        SELECT CASE g.status WHEN 'USED' THEN 'COUPON_ALREADY_USED' ELSE 'ALREADY_VOIDED' END
        INTO outcome FROM coupon_gifts g WHERE g.id = p_gift;
        RETURN;
    END IF;
    status := CASE gift.source WHEN 'AUTO_GENERATE' THEN 'VOIDED' ELSE 'PENDING' END;
    UPDATE coupons c SET status = coupon_void.status, gift_id = NULL
    WHERE c.set_id = gift.set_id AND c.ordinal = gift.ordinal;
    UPDATE coupon_sets s SET given = s.given - 1,
        total = s.total - CASE gift.source WHEN 'AUTO_GENERATE' THEN 1 ELSE 0 END
    WHERE s.id = gift.set_id;
    outcome := 'VOIDED';
END
$$;

-- Uses a coupon by its code, exactly once (contract B call 20). Locks: the set, then the coupon.
CREATE FUNCTION coupon_use(
    p_owner uuid, p_code text, p_branch_code text, p_ref_no text, p_actor text, p_at timestamptz,
    OUT outcome text, OUT gift_id uuid, OUT used_at timestamptz
) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    coupon record;
    v_branch uuid;
BEGIN
    SELECT c.set_id, c.ordinal, c.status, c.gift_id, s.start_date, s.end_date INTO coupon
    FROM coupons c JOIN coupon_sets s ON s.id = c.set_id
    WHERE c.owner_id = p_owner AND c.code = p_code;
    IF p_branch_code IS NOT NULL THEN
        SELECT b.id INTO v_branch FROM branches b
        WHERE b.tenant_id = p_owner AND b.code = p_branch_code;
    END IF;
    outcome := CASE
        WHEN coupon.status IS NULL OR coupon.status IN ('PENDING', 'VOIDED') THEN 'NOT_FOUND'
        WHEN p_branch_code IS NOT NULL AND v_branch IS NULL THEN 'BRANCH_NOT_FOUND'
        WHEN coupon.status = 'USED' THEN 'COUPON_ALREADY_USED'
        WHEN p_at < coupon.start_date OR p_at > coupon.end_date THEN 'COUPON_NOT_IN_DATE'
    END;
    IF outcome IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM 1 FROM coupon_sets s WHERE s.id = coupon.set_id FOR NO KEY UPDATE;
    UPDATE coupons c SET status = 'USED'
    WHERE c.set_id = coupon.set_id AND c.ordinal = coupon.ordinal AND c.status = 'ACTIVE'
    RETURNING c.gift_id INTO gift_id;
    IF NOT FOUND THEN
        SELECT CASE c.status WHEN 'USED' THEN 'COUPON_ALREADY_USED' ELSE 'NOT_FOUND' END
        INTO outcome FROM coupons c
        WHERE c.set_id = coupon.set_id AND c.ordinal = coupon.ordinal;
        RETURN;
    END IF;
    UPDATE coupon_gifts g SET status = 'USED', used_at = p_at, used_by = p_actor,
        ref_no = p_ref_no, branch_id = v_branch
    WHERE g.id = coupon_use.gift_id;
    UPDATE coupon_sets s SET used = s.used + 1 WHERE s.id = coupon.set_id;
    used_at := p_at;
    outcome := 'USED';
END
$$;

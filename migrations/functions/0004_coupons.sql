-- Coupons of partners' sets. Locks, everywhere in this order: the set, its coupons, their gifts.
-- The set's row holds the numbers that decide, so it is taken first: whoever comes after sees what
-- is left to the last coupon, and no two calls can wait for each other.

-- Gives coupons of one set to one member, all of them or none (contract B call 16). For a set that
-- makes codes, p_codes holds as many new ones as are wanted, still without the set's prefix. A pool
-- gives those that nobody ever had, in their order, and when they are used up those that were taken
-- back: a code that somebody has seen is given again as late as can be. So the next coupon is known
-- by its number, and no index has to be searched for it behind all that were given before.
CREATE FUNCTION coupon_give(
    p_owner uuid, p_set uuid, p_member uuid, p_quantity integer, p_codes text[], p_actor text,
    p_at timestamptz
) RETURNS TABLE (
    outcome text, gift_id uuid, code text, static_code text, expired_at timestamptz
) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    pool record;
    fresh integer := p_quantity;
    ordinals integer[];
BEGIN
    SELECT s.owner_id, s.source, s.status, s.end_date, s.total, s.given, s.quantity, s.prefix,
           s.static_code, s.last_ordinal
    INTO pool FROM coupon_sets s WHERE s.id = p_set AND s.owner_id = p_owner FOR NO KEY UPDATE;
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
        INSERT INTO coupons (set_id, ordinal, owner_id, code, status, gift_id)
        SELECT p_set, pool.last_ordinal + n, pool.owner_id, coalesce(pool.prefix, '') || body,
               'ACTIVE', gen_random_uuid()
        FROM unnest(p_codes[1:p_quantity]) WITH ORDINALITY AS one (body, n);
    ELSE
        fresh := least(p_quantity, pool.total - pool.last_ordinal);
    END IF;
    ordinals := ARRAY(SELECT generate_series(pool.last_ordinal + 1, pool.last_ordinal + fresh));
    IF fresh < p_quantity THEN
        ordinals := ordinals || ARRAY(
            SELECT c.ordinal FROM coupons c WHERE c.set_id = p_set AND c.freed
            ORDER BY c.ordinal LIMIT p_quantity - fresh
        );
    END IF;
    IF pool.source <> 'AUTO_GENERATE' THEN
        UPDATE coupons c SET status = 'ACTIVE', gift_id = gen_random_uuid(), freed = false
        WHERE c.set_id = p_set AND c.ordinal = ANY (ordinals) AND c.status = 'PENDING';
    END IF;
    RETURN QUERY WITH given AS (
        INSERT INTO coupon_gifts AS g
            (id, owner_id, set_id, ordinal, member_id, given_at, given_by)
        SELECT c.gift_id, pool.owner_id, p_set, c.ordinal, p_member, p_at, p_actor
        FROM coupons c
        WHERE c.set_id = p_set AND c.ordinal = ANY (ordinals) AND c.status = 'ACTIVE'
        RETURNING g.id, g.ordinal
    )
    SELECT 'GIVEN'::text, given.id, c.code, pool.static_code, pool.end_date
    FROM given JOIN coupons c ON c.set_id = p_set AND c.ordinal = given.ordinal
    WHERE c.ordinal = ANY (ordinals)
    ORDER BY array_position(ordinals, c.ordinal);
    GET DIAGNOSTICS fresh = ROW_COUNT;
    IF fresh <> p_quantity THEN
        RAISE EXCEPTION 'coupon set % counts free coupons that are not there', p_set
            USING ERRCODE = 'data_exception';
    END IF;
    UPDATE coupon_sets s SET given = s.given + p_quantity,
        total = s.total + CASE s.source WHEN 'AUTO_GENERATE' THEN p_quantity ELSE 0 END,
        last_ordinal = greatest(s.last_ordinal, (SELECT max(n) FROM unnest(ordinals) n))
    WHERE s.id = p_set;
END
$$;

-- Takes a coupon back from its member (contract B call 18): a pool's is free again, one that was
-- made for the giving is gone.
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
    -- Named by its gift: what was taken back and given to somebody else meanwhile is not his.
    UPDATE coupons c SET
        status = CASE gift.source WHEN 'AUTO_GENERATE' THEN 'VOIDED' ELSE 'PENDING' END,
        freed = gift.source <> 'AUTO_GENERATE', gift_id = NULL
    WHERE c.set_id = gift.set_id AND c.ordinal = gift.ordinal AND c.gift_id = p_gift
        AND c.status = 'ACTIVE'
    RETURNING c.status INTO status;
    IF NOT FOUND THEN
        SELECT CASE g.status WHEN 'USED' THEN 'COUPON_ALREADY_USED' ELSE 'ALREADY_VOIDED' END
        INTO outcome FROM coupon_gifts g WHERE g.id = p_gift;
        RETURN;
    END IF;
    UPDATE coupon_gifts g SET status = 'VOIDED', voided_at = p_at, voided_by = p_actor
    WHERE g.id = p_gift;
    UPDATE coupon_sets s SET given = s.given - 1,
        total = s.total - CASE s.source WHEN 'AUTO_GENERATE' THEN 1 ELSE 0 END
    WHERE s.id = gift.set_id;
    outcome := 'VOIDED';
END
$$;

-- Uses a coupon by its code, exactly once (contract B call 20). The pause of a set stops its giving
-- only: what members hold stays good.
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
    SELECT c.set_id, c.ordinal, c.status, s.start_date, s.end_date INTO coupon
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

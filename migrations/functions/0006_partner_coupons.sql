-- Whose member somebody is, as partners see it: a tenant's own, and those without a tenant who hold
-- a card of one of its programmes; for the platform everybody but the sandboxes' made-up members.
CREATE FUNCTION partner_member(p_owner uuid, p_household text)
RETURNS uuid LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
BEGIN
    RETURN (
        SELECT m.id FROM members m WHERE m.household_member_id = p_household AND (
            m.tenant_id = p_owner
            OR (p_owner = '00000000-0000-0000-0000-000000000000' AND NOT EXISTS (
                SELECT 1 FROM tenants t WHERE t.id = m.tenant_id AND t.sandbox_of IS NOT NULL
            ))
            OR (m.tenant_id IS NULL AND EXISTS (
                SELECT 1 FROM cards c JOIN programmes p ON p.id = c.programme_id
                WHERE c.member_id = m.id AND p.tenant_id = p_owner
            ))
        )
    );
END
$$;

-- coupon_give with its answer, which is kept under the caller's key if there is one (contract B
-- call 16). p_codes are new codes with commas between. The blanks of p_answer are uuid, code,
-- static_code, expired_at of each coupon.
-- Locks: the key (never waited for), then the set, its coupons, their gifts.
CREATE FUNCTION coupon_give_answer(
    p_caller text, p_key text, p_print bytea, p_answer text, p_owner uuid, p_set uuid,
    p_household text, p_quantity integer, p_codes text, p_at timestamptz,
    OUT outcome text, OUT status integer, OUT body bytea
) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
AS $$
DECLARE
    v_member uuid;
    given record;
    v_told text[] := '{}';
BEGIN
    IF p_key IS NOT NULL THEN
        SELECT b.outcome, b.status, b.body INTO outcome, status, body
        FROM idempotency_begin(p_caller, p_key, p_print, p_at) b;
        IF outcome IS NOT NULL THEN
            RETURN;
        END IF;
    END IF;
    v_member := partner_member(p_owner, p_household);
    IF v_member IS NULL THEN
        outcome := 'NOT_FOUND';
        RETURN;
    END IF;
    FOR given IN
        SELECT * FROM coupon_give(p_owner, p_set, v_member, p_quantity,
                                  string_to_array(p_codes, ','), p_caller, p_at)
    LOOP
        outcome := given.outcome;
        EXIT WHEN outcome <> 'GIVEN';
        v_told := v_told || ARRAY[
            told(given.gift_id::text), told(given.code), told(given.static_code),
            told(given.expired_at)
        ];
    END LOOP;
    IF outcome <> 'GIVEN' THEN
        RETURN;
    END IF;
    status := 201;
    body := filled_in(p_answer, v_told);
    IF p_key IS NOT NULL THEN
        PERFORM idempotency_keep(p_caller, p_key, p_print, status, body, p_at);
    END IF;
END
$$;

-- The same for a batch: one transaction, in the order of the sets' ids, in which everybody who
-- locks several takes them. Each call is judged by coupon_give_answer, and sees what those before
-- it have done.
CREATE FUNCTION coupon_give_answers(
    p_callers text[], p_keys text[], p_prints bytea[], p_answers text[], p_owners uuid[],
    p_sets uuid[], p_households text[], p_quantities integer[], p_codes text[], p_at timestamptz
) RETURNS TABLE (ord integer, outcome text, status integer, body bytea) LANGUAGE plpgsql AS $$
BEGIN
    FOR ord IN
        SELECT n FROM unnest(p_sets) WITH ORDINALITY AS one (id, n) ORDER BY id, n
    LOOP
        SELECT a.outcome, a.status, a.body INTO outcome, status, body
        FROM coupon_give_answer(
            p_callers[ord], p_keys[ord], p_prints[ord], p_answers[ord], p_owners[ord],
            p_sets[ord], p_households[ord], p_quantities[ord], p_codes[ord], p_at
        ) a;
        RETURN NEXT;
    END LOOP;
END
$$;

-- coupon_use with its answer, which is kept under the caller's key if there is one (contract B
-- call 20). The blanks of p_answer are uuid, used_at.
-- Locks: the key (never waited for), then the set, its coupon, the gift.
CREATE FUNCTION coupon_use_answer(
    p_caller text, p_key text, p_print bytea, p_answer text, p_owner uuid, p_code text,
    p_branch_code text, p_ref_no text, p_at timestamptz,
    OUT outcome text, OUT status integer, OUT body bytea
) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
AS $$
DECLARE
    done record;
BEGIN
    IF p_key IS NOT NULL THEN
        SELECT b.outcome, b.status, b.body INTO outcome, status, body
        FROM idempotency_begin(p_caller, p_key, p_print, p_at) b;
        IF outcome IS NOT NULL THEN
            RETURN;
        END IF;
    END IF;
    SELECT * INTO done FROM coupon_use(p_owner, p_code, p_branch_code, p_ref_no, p_caller, p_at);
    outcome := done.outcome;
    IF outcome <> 'USED' THEN
        RETURN;
    END IF;
    status := 201;
    body := filled_in(p_answer, ARRAY[told(done.gift_id::text), told(done.used_at)]);
    IF p_key IS NOT NULL THEN
        PERFORM idempotency_keep(p_caller, p_key, p_print, status, body, p_at);
    END IF;
END
$$;

-- The same for a batch, in the order of the sets' ids. A code never changes its set, so that the
-- order may be read before anything is locked.
CREATE FUNCTION coupon_use_answers(
    p_callers text[], p_keys text[], p_prints bytea[], p_answers text[], p_owners uuid[],
    p_codes text[], p_branch_codes text[], p_ref_nos text[], p_at timestamptz
) RETURNS TABLE (ord integer, outcome text, status integer, body bytea) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
BEGIN
    FOR ord IN
        SELECT n FROM unnest(p_owners, p_codes) WITH ORDINALITY AS one (owner_id, code, n)
        ORDER BY (
            SELECT c.set_id FROM coupons c
            WHERE c.owner_id = one.owner_id AND c.code = one.code
        ), n
    LOOP
        SELECT a.outcome, a.status, a.body INTO outcome, status, body
        FROM coupon_use_answer(
            p_callers[ord], p_keys[ord], p_prints[ord], p_answers[ord], p_owners[ord],
            p_codes[ord], p_branch_codes[ord], p_ref_nos[ord], p_at
        ) a;
        RETURN NEXT;
    END LOOP;
END
$$;

-- The card that a partner names by its number and its holder's telephone, if it is the owner's.
CREATE FUNCTION partner_card(p_owner uuid, p_card_no text, p_phone text)
RETURNS uuid LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
BEGIN
    RETURN (
        SELECT c.id FROM cards c
        JOIN programmes p ON p.id = c.programme_id
        JOIN members m ON m.id = c.member_id
        WHERE c.card_no = p_card_no AND m.phone_number = p_phone
            AND coalesce(p.tenant_id, '00000000-0000-0000-0000-000000000000') = p_owner
            AND (p.tenant_id IS NULL OR m.tenant_id IS NULL OR m.tenant_id = p.tenant_id)
    );
END
$$;

-- points_change with its answer, which is kept under the caller's key if there is one (contract B
-- calls 9 and 10). The blanks of p_answer are transaction_id, points, balance.
-- Locks: the key (never waited for), then the card.
CREATE FUNCTION points_answer(
    p_caller text, p_key text, p_print bytea, p_answer text, p_card uuid, p_kind text,
    p_points integer, p_method integer, p_value numeric, p_ref_no text, p_ref_id text,
    p_at timestamptz,
    OUT outcome text, OUT status integer, OUT body bytea
) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
AS $$
DECLARE
    moved record;
BEGIN
    IF p_key IS NOT NULL THEN
        SELECT b.outcome, b.status, b.body INTO outcome, status, body
        FROM idempotency_begin(p_caller, p_key, p_print, p_at) b;
        IF outcome IS NOT NULL THEN
            RETURN;
        END IF;
    END IF;
    SELECT * INTO moved FROM points_change(p_kind, p_card, p_points, p_method, p_value, p_ref_no,
                                           p_ref_id, p_caller, NULL, p_at);
    outcome := moved.outcome;
    IF outcome <> 'DONE' THEN
        RETURN;
    END IF;
    status := 201;
    body := filled_in(p_answer, ARRAY[
        told(moved.transaction_id::text), moved.points::text, moved.balance::text
    ]);
    IF p_key IS NOT NULL THEN
        PERFORM idempotency_keep(p_caller, p_key, p_print, status, body, p_at);
    END IF;
END
$$;

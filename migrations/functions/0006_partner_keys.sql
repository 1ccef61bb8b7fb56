-- What the hot writes of partners share: the idempotency key begun, the answer filled in and kept.
-- Whoever calls these holds no row lock yet; keys are tried and never waited for.

-- Takes a caller's key for this transaction. No outcome: the work is still to be done. REPLAYED
-- tells the first answer; IDEMPOTENCY_IN_PROGRESS and IDEMPOTENCY_MISMATCH refuse (behaviour §2).
CREATE FUNCTION idempotency_begin(
    p_caller text, p_key text, p_print bytea, p_at timestamptz,
    OUT outcome text, OUT status integer, OUT body bytea
) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
AS $$
DECLARE
    known idempotency_keys%ROWTYPE;
BEGIN
    IF NOT idempotency_lock(p_caller, p_key) THEN
        outcome := 'IDEMPOTENCY_IN_PROGRESS';
        RETURN;
    END IF;
    -- A statement of its own, after the lock: it sees what the key's last holder has committed.
    SELECT * INTO known FROM idempotency_keys k
    WHERE k.caller = p_caller AND k.key = p_key AND k.created_at > p_at - interval '24 hours';
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF known.fingerprint <> p_print OR known.body IS NULL OR known.status IS NULL THEN
        outcome := 'IDEMPOTENCY_MISMATCH';
        RETURN;
    END IF;
    outcome := 'REPLAYED';
    status := known.status;
    body := known.body;
END
$$;

-- Keeps the first answer of a key; an expired one under the same key is replaced.
CREATE FUNCTION idempotency_keep(
    p_caller text, p_key text, p_print bytea, p_status integer, p_body bytea, p_at timestamptz
) RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    INSERT INTO idempotency_keys (caller, key, fingerprint, status, body, created_at)
    VALUES (p_caller, p_key, p_print, p_status, p_body, p_at)
    ON CONFLICT (caller, key) DO UPDATE SET fingerprint = excluded.fingerprint,
        status = excluded.status, body = excluded.body, redemption_id = NULL,
        created_at = excluded.created_at;
END
$$;

-- An answer whose blanks are filled in, in their order. A blank is the sign U+0001, which no JSON
-- text contains as such; each value is a JSON text.
CREATE FUNCTION filled_in(p_answer text, p_values text[]) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
    parts text[] := string_to_array(p_answer, chr(1));
    told text := parts[1];
BEGIN
    IF cardinality(parts) <> cardinality(p_values) + 1 THEN
        RAISE EXCEPTION 'an answer has % blanks for % values', cardinality(parts) - 1,
            cardinality(p_values) USING ERRCODE = 'data_exception';
    END IF;
    FOR n IN 1 .. cardinality(p_values) LOOP
        told := told || p_values[n] || parts[n + 1];
    END LOOP;
    RETURN convert_to(told, 'UTF8');
END
$$;

-- Values as contract B's answers spell them; a missing one is null.
CREATE FUNCTION told(p_text text) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(to_json(p_text)::text, 'null')
$$;

CREATE FUNCTION told(p_at timestamptz) RETURNS text LANGUAGE sql AS $$
    SELECT to_char(p_at AT TIME ZONE 'UTC', '"\""YYYY-MM-DD"T"HH24:MI:SS.US"Z\""')
$$;

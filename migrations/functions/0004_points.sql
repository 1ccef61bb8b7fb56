-- Whoever writes points tells so before taking the time of the entry, until the end of the
-- transaction. A reader of a window that lies in the past waits for those who were writing then
-- (see points_writers), and so sees all that the window will ever hold. Nobody waits for readers.
CREATE FUNCTION points_begin(p_owner uuid) RETURNS void LANGUAGE sql VOLATILE AS $$
    SELECT pg_advisory_xact_lock_shared(7411, hashtext(p_owner::text))
$$;

-- The transactions that write points of this owner now.
CREATE FUNCTION points_writers(p_owner uuid) RETURNS SETOF text LANGUAGE sql VOLATILE AS $$
    SELECT l.virtualtransaction FROM pg_locks l
    WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 7411 AND l.objsubid = 2
        AND l.objid = (hashtext(p_owner::text)::bigint & 4294967295)::oid
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND l.pid <> pg_backend_pid()
$$;

-- Adds points to a card or burns them: one statement, balance and entry together (contract B
-- calls 9 and 10). With p_value the points are its worth at the programme's rate, rounded down.
-- Locks: the card. The time is taken under it, so that a card's entries are in its order.
CREATE FUNCTION points_change(
    p_kind text, p_card uuid, p_points integer, p_method integer, p_value numeric,
    p_ref_no text, p_ref_id text, p_actor text, p_reason text, p_at timestamptz,
    OUT outcome text, OUT transaction_id uuid, OUT card_no text, OUT points integer,
    OUT balance integer
) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    card record;
    v_seq integer;
    v_signed integer;
BEGIN
    SELECT c.card_no, c.expired_at, p.tenant_id, p.status, p.start_date, p.end_date,
           p.value_per_point,
           coalesce(p.tenant_id, '00000000-0000-0000-0000-000000000000') AS owner_id
    INTO card FROM cards c JOIN programmes p ON p.id = c.programme_id WHERE c.id = p_card;
    card_no := card.card_no;
    -- div() is exact; a quotient that was rounded first could be worth one point too many.
    points := CASE WHEN p_value IS NULL THEN p_points
                   ELSE least(div(p_value, card.value_per_point), 2147483647) END;
    outcome := CASE
        WHEN card.card_no IS NULL THEN 'NOT_FOUND'
        WHEN p_kind = 'ADD' AND (card.status <> 'ACTIVE' OR p_at < card.start_date
            OR p_at > card.end_date) THEN 'CAMPAIGN_CLOSED'
        WHEN p_kind <> 'GRANT' AND p_at > card.expired_at THEN 'CARD_EXPIRED'
        WHEN points < 1 THEN 'WORTH_NOTHING'
        WHEN p_ref_id IS NOT NULL AND EXISTS (
            SELECT 1 FROM points_entries e
            WHERE e.owner_id = card.owner_id AND e.ref_id = p_ref_id
        ) THEN 'REF_ID_EXISTS'
    END;
    IF outcome IS NOT NULL THEN
        RETURN;
    END IF;
    v_signed := CASE p_kind WHEN 'BURN' THEN -points ELSE points END;
    PERFORM points_begin(card.owner_id);
    UPDATE cards c SET balance = c.balance + v_signed, entry_count = c.entry_count + 1
    WHERE c.id = p_card AND c.balance::bigint + v_signed BETWEEN 0 AND 2000000000
    RETURNING c.balance, c.entry_count INTO balance, v_seq;
    IF NOT FOUND THEN
        outcome := CASE p_kind WHEN 'BURN' THEN 'INSUFFICIENT_POINTS' ELSE 'OVER_MAXIMUM' END;
        RETURN;
    END IF;
    transaction_id := gen_random_uuid();
    INSERT INTO points_entries (card_id, seq, kind, debit, credit, points, balance_after, actor,
                                reason, created_at, transaction_id, owner_id, method, value,
                                ref_no, ref_id)
    VALUES (p_card, v_seq, p_kind, CASE p_kind WHEN 'BURN' THEN 'CARD' ELSE 'PROGRAMME' END,
            CASE p_kind WHEN 'BURN' THEN 'PARTNER' ELSE 'CARD' END, points, balance, p_actor,
            p_reason, clock_timestamp(), transaction_id, card.owner_id, p_method, p_value,
            p_ref_no, p_ref_id);
    outcome := 'DONE';
END
$$;

-- Takes one transaction back, exactly once (contract B calls 11 to 13). Exactly one of the three
-- names is given. A redemption is no partner's transaction and is not found. Of the transactions
-- that share a ref_no at most 100 are told. Each way of naming has an index, which one condition
-- for all three would not use.
-- Locks: the card.
CREATE FUNCTION points_void(
    p_owner uuid, p_transaction uuid, p_ref_no text, p_ref_id text, p_actor text,
    p_reason text DEFAULT NULL,
    OUT outcome text, OUT transaction_id uuid, OUT card_no text, OUT points integer,
    OUT balance integer, OUT voided_id uuid, OUT ref_no text, OUT ref_id text, OUT matches uuid[]
) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
    ids bigint[];
    entry record;
    v_signed integer;
    v_seq integer;
BEGIN
    IF p_transaction IS NOT NULL THEN
        SELECT array_agg(e.id) INTO ids FROM points_entries e
        WHERE e.transaction_id = p_transaction AND e.kind <> 'REDEEM' AND e.owner_id = p_owner;
    ELSIF p_ref_id IS NOT NULL THEN
        SELECT array_agg(e.id) INTO ids FROM points_entries e
        WHERE e.owner_id = p_owner AND e.ref_id = p_ref_id;
    ELSE
        SELECT array_agg(live.id), array_agg(live.told ORDER BY live.created_at, live.told)
        INTO ids, matches FROM (
            SELECT e.id, e.created_at, e.transaction_id AS told FROM points_entries e
            WHERE e.owner_id = p_owner AND e.ref_no = p_ref_no AND e.kind <> 'VOID'
                AND NOT EXISTS (SELECT 1 FROM points_entries v WHERE v.voids = e.id)
            LIMIT 100
        ) live;
        outcome := CASE
            WHEN cardinality(ids) > 1 THEN 'REF_AMBIGUOUS'
            WHEN ids IS NULL AND EXISTS (
                SELECT 1 FROM points_entries e WHERE e.owner_id = p_owner AND e.ref_no = p_ref_no
            ) THEN 'ALREADY_VOIDED'
        END;
        IF outcome IS NOT NULL THEN
            RETURN;
        END IF;
    END IF;
    SELECT e.id, e.card_id, e.kind, e.points, e.transaction_id, e.ref_no, e.ref_id, e.debit,
           e.credit
    INTO entry FROM points_entries e WHERE e.id = ids[1];
    outcome := CASE WHEN entry.id IS NULL THEN 'NOT_FOUND'
                    WHEN entry.kind = 'VOID' THEN 'IS_VOID' END;
    IF outcome IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM points_begin(p_owner);
    SELECT c.card_no, c.balance INTO card_no, balance FROM cards c
    WHERE c.id = entry.card_id FOR NO KEY UPDATE;
    -- Asked in a statement of its own, under the card's lock.
    IF EXISTS (SELECT 1 FROM points_entries v WHERE v.voids = entry.id) THEN
        outcome := 'ALREADY_VOIDED';
        RETURN;
    END IF;
    v_signed := CASE entry.credit WHEN 'CARD' THEN -entry.points ELSE entry.points END;
    outcome := CASE WHEN balance::bigint + v_signed < 0 THEN 'POINTS_ALREADY_SPENT'
                    WHEN balance::bigint + v_signed > 2000000000 THEN 'OVER_MAXIMUM' END;
    IF outcome IS NOT NULL THEN
        RETURN;
    END IF;
    UPDATE cards c SET balance = c.balance + v_signed, entry_count = c.entry_count + 1
    WHERE c.id = entry.card_id
    RETURNING c.balance, c.entry_count INTO balance, v_seq;
    transaction_id := gen_random_uuid();
    INSERT INTO points_entries (card_id, seq, kind, debit, credit, points, balance_after, actor,
                                reason, created_at, transaction_id, owner_id, ref_no, voids)
    VALUES (entry.card_id, v_seq, 'VOID', entry.credit, entry.debit, entry.points, balance,
            p_actor, p_reason, clock_timestamp(), transaction_id, p_owner, entry.ref_no, entry.id);
    points := entry.points;
    voided_id := entry.transaction_id;
    ref_no := entry.ref_no;
    ref_id := entry.ref_id;
    outcome := 'DONE';
END
$$;

-- One page of an owner's transactions from p_from (inclusive) to p_to (exclusive), each beside
-- the number of all in that window; one row without a transaction where the page is empty
-- (contract B call 8). Pages are found in the index alone, and their rows by it. Whether an entry
-- was taken back is told as of p_to, so that a window that is over is told alike for ever.
CREATE FUNCTION points_page(
    p_owner uuid, p_from timestamptz, p_to timestamptz, p_size integer, p_offset bigint
) RETURNS TABLE (
    total bigint, transaction_id uuid, ref_id text, ref_no text, type text, method integer,
    value numeric, points integer, card_no text, phone_number text, member_id text,
    is_void boolean, created_at timestamptz
) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    v_from timestamptz := coalesce(p_from, '-infinity');
    v_to timestamptz := coalesce(p_to, 'infinity');
BEGIN
    RETURN QUERY
    WITH page AS MATERIALIZED (
        SELECT e.created_at, e.transaction_id FROM points_entries e
        WHERE e.owner_id = p_owner AND e.created_at >= v_from AND e.created_at < v_to
        ORDER BY e.created_at, e.transaction_id LIMIT p_size OFFSET p_offset
    ), counted AS MATERIALIZED (
        SELECT count(*) AS total FROM points_entries e
        WHERE e.owner_id = p_owner AND e.created_at >= v_from AND e.created_at < v_to
    )
    SELECT n.total, e.transaction_id, e.ref_id, e.ref_no,
           CASE e.kind WHEN 'REDEEM' THEN 'BURN' WHEN 'GRANT' THEN 'ADD' ELSE e.kind END,
           CASE e.kind WHEN 'GRANT' THEN 2 ELSE e.method END, e.value, e.points, c.card_no,
           m.phone_number, m.household_member_id,
           EXISTS (
               SELECT 1 FROM points_entries v WHERE v.voids = e.id AND v.created_at < v_to
           ), e.created_at
    FROM counted n LEFT JOIN (
        page p
        JOIN points_entries e ON e.owner_id = p_owner AND e.created_at = p.created_at
            AND e.transaction_id = p.transaction_id
        JOIN cards c ON c.id = e.card_id
        JOIN members m ON m.id = c.member_id
    ) ON true
    ORDER BY e.created_at, e.transaction_id;
END
$$;

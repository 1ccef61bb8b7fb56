-- The programme of an entry, for the lists and sums of one campaign among several of a tenant's. The
-- platform has a single programme, and redeeming, which writes most entries, pays for none of this.
CREATE FUNCTION points_programme() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT c.programme_id INTO NEW.programme_id FROM cards c WHERE c.id = NEW.card_id;
    RETURN NEW;
END
$$;

CREATE TRIGGER points_entries_programme BEFORE INSERT ON points_entries FOR EACH ROW
WHEN (NEW.programme_id IS NULL AND NEW.owner_id <> '00000000-0000-0000-0000-000000000000')
EXECUTE FUNCTION points_programme();

-- Who holds a card of a tenant's campaigns, once, however many. In the order of the key, so that no
-- two statements wait for each other.
CREATE FUNCTION note_holders() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO campaign_holders (tenant_id, member_id)
    SELECT DISTINCT p.tenant_id, n.member_id
    FROM new_cards n JOIN programmes p ON p.id = n.programme_id
    WHERE p.tenant_id IS NOT NULL
    ORDER BY 1, 2
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

CREATE TRIGGER cards_holders AFTER INSERT ON cards REFERENCING NEW TABLE AS new_cards
FOR EACH STATEMENT EXECUTE FUNCTION note_holders();

-- Adds up the entries that partners and admins wrote before a moment from which on alone new ones
-- can come, beyond those that were added up before; answers the number of programmes. Whoever
-- writes tells so before taking the time of the entry (points_begin), so an entry yet to be seen is
-- no older than the transaction that writes it. The moment is taken before looking who writes.
CREATE FUNCTION close_points() RETURNS integer LANGUAGE plpgsql SET jit = off AS $$
DECLARE
    programme record;
    v_until timestamptz;
    closed integer;
    total integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(714289);
    FOR programme IN
        SELECT p.id, p.tenant_id, coalesce(p.tenant_id, '00000000-0000-0000-0000-000000000000')
               AS owner_id, coalesce(s.until, '-infinity') AS until
        FROM programmes p LEFT JOIN programme_sums s ON s.programme_id = p.id
    LOOP
        v_until := clock_timestamp();
        SELECT least(v_until, min(coalesce(a.xact_start, '-infinity'))) INTO v_until
        FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
        WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 7411 AND l.objsubid = 2
            AND l.objid = (hashtext(programme.owner_id::text)::bigint & 4294967295)::oid
            AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database());
        -- A statement of its own sees what all writers before that moment have committed.
        INSERT INTO programme_sums AS s
            (programme_id, until, added, burned, taken_back, given_back)
        SELECT programme.id, v_until,
               coalesce(sum(e.points) FILTER (WHERE e.kind IN ('ADD', 'GRANT')), 0),
               coalesce(sum(e.points) FILTER (WHERE e.kind = 'BURN'), 0),
               coalesce(sum(e.points) FILTER (WHERE e.kind = 'VOID' AND e.credit <> 'CARD'), 0),
               coalesce(sum(e.points) FILTER (WHERE e.kind = 'VOID' AND e.credit = 'CARD'), 0)
        FROM (
            SELECT p.kind, p.credit, p.points FROM points_entries p
            WHERE programme.tenant_id IS NULL AND p.programme_id IS NULL AND p.kind <> 'REDEEM'
                AND p.owner_id = programme.owner_id AND p.kind IN ('ADD', 'BURN', 'GRANT', 'VOID')
                AND p.created_at >= programme.until AND p.created_at < v_until
            UNION ALL
            SELECT t.kind, t.credit, t.points FROM points_entries t
            WHERE programme.tenant_id IS NOT NULL AND t.programme_id = programme.id
                AND t.kind IN ('ADD', 'BURN', 'GRANT', 'VOID')
                AND t.created_at >= programme.until AND t.created_at < v_until
        ) e
        HAVING count(*) > 0
        ON CONFLICT (programme_id) DO UPDATE SET until = excluded.until,
            added = s.added + excluded.added, burned = s.burned + excluded.burned,
            taken_back = s.taken_back + excluded.taken_back,
            given_back = s.given_back + excluded.given_back;
        GET DIAGNOSTICS closed = ROW_COUNT;
        total := total + closed;
    END LOOP;
    RETURN total;
END
$$;

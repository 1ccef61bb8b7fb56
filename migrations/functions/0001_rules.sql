-- The age level of the statistics (contract A §票券統計, behaviour §7). A leap-day birthday is
-- completed on 1 March of other years. Only immutable operators (no `age`, which depends on the
-- session's time zone), so that the planner can write it out in place of a call.
CREATE FUNCTION age_level(birthdate date, day date) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN birthdate IS NULL OR birthdate > day THEN 'level0'
        WHEN birthdate <= day - interval '60 years' THEN 'level5'
        WHEN birthdate <= day - interval '50 years' THEN 'level4'
        WHEN birthdate <= day - interval '40 years' THEN 'level3'
        WHEN birthdate <= day - interval '30 years' THEN 'level2'
        ELSE 'level1'
    END
$$;

-- A voucher of target MEMBER is for the members of its tenant only (behaviour §2).
CREATE FUNCTION voucher_visible(target_type text, voucher_tenant uuid, member_tenant uuid)
RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT target_type = 'ALL' OR voucher_tenant IS NOT DISTINCT FROM member_tenant
$$;

-- On the shelf at an instant, whether or not the scheduler has run (behaviour §5).
CREATE FUNCTION voucher_on_shelf(
    status text, on_start timestamptz, on_end timestamptz, use_end timestamptz, at timestamptz
) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT status = 'ON' AND at >= on_start AND at <= on_end AND at <= use_end
$$;

-- The first rule about the voucher itself that forbids redeeming it, or NULL (behaviour §6).
CREATE FUNCTION redeem_refusal(
    status text, on_start timestamptz, on_end timestamptz, use_end timestamptz,
    redeem_start timestamptz, redeem_end timestamptz, redeemed integer, volume integer,
    deleted_at timestamptz, visible boolean, at timestamptz
) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN deleted_at IS NOT NULL OR NOT visible THEN 'NOT_EXIST'
        WHEN NOT voucher_on_shelf(status, on_start, on_end, use_end, at)
            THEN 'VOUCHER_REDEEM_NOT_ON_STATUS'
        WHEN at < redeem_start OR at > redeem_end THEN 'VOUCHER_REDEEM_NOT_IN_REDEEM_DATE'
        WHEN redeemed >= volume THEN 'VOUCHER_REDEEM_OVER_VOLUME'
    END
$$;

-- One number per caller and key, for the advisory lock that makes "still running" visible.
CREATE FUNCTION idempotency_lock(caller text, key text)
RETURNS boolean LANGUAGE sql VOLATILE AS $$
    SELECT pg_try_advisory_xact_lock(hashtextextended(caller || chr(31) || key, 7))
$$;

CREATE FUNCTION forbid_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER points_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON points_entries
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER quota_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON quota_entries
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER quota_purchase_revisions_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON quota_purchase_revisions
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();

INSERT INTO programmes (id, name) VALUES ('00000000-0000-0000-0000-000000000001', 'Platform');

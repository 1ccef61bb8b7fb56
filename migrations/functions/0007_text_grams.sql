-- The characters of a text and their pairs, in lower case: an index over them finds a part of a
-- name in any script, however short, without reading every name.
CREATE FUNCTION text_grams(words text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
DECLARE
    one text[] := string_to_array(lower(words), NULL);
    found text[] := one;
BEGIN
    FOR n IN 2..coalesce(cardinality(one), 0) LOOP
        found := found || (one[n - 1] || one[n]);
    END LOOP;
    RETURN found;
END $$;

-- What of a searched part must be among them: its pairs, or its only character.
CREATE FUNCTION search_grams(words text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
SELECT CASE WHEN length(lower(words)) < 2 THEN text_grams(words)
            ELSE (text_grams(words))[length(lower(words)) + 1:] END
$$;

-- What the tests of sync() share: roles of each level, and said(), which runs a
-- statement and tells what came of it, without undoing it.

CREATE ROLE lms_sync;
CREATE ROLE lms_admin;
SELECT mentoring.grant_access('lms_sync', 'sync'),
       mentoring.grant_access('lms_admin', 'admin');

CREATE FUNCTION pg_temp.said(who text, statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    what    text;
    detail  text;
    hint    text;
    place   text;
    result  text;
BEGIN
    PERFORM set_config('role', who, true);
    EXECUTE 'SELECT string_agg(x::text, chr(10)) FROM (' || statement || ') AS x'
       INTO result;
    PERFORM set_config('role', 'none', true);
    RETURN result;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS what = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
        hint = PG_EXCEPTION_HINT, place = PG_EXCEPTION_CONTEXT;
    RETURN concat_ws(' | ', SQLSTATE || ' ' || what, nullif(detail, ''),
                     nullif(hint, ''),
                     substring(place from '[a-z]+_query of source [^\n]*'));
END
$$;

CREATE FUNCTION pg_temp.sync(name text, force boolean DEFAULT false)
RETURNS text
LANGUAGE sql AS $$
    SELECT pg_temp.said('lms_sync', format(
        'SELECT * FROM mentoring.sync(%L, %L)', name, force))
$$;

-- In which columns of which tables of ours does a text occur?
CREATE FUNCTION pg_temp.found(wanted text)
RETURNS TABLE (place text, n bigint)
LANGUAGE plpgsql AS $$
DECLARE
    r record;
BEGIN
    FOR r IN SELECT c.oid::regclass AS tab, c.relname, a.attname
               FROM pg_class c
               JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
                AND NOT a.attisdropped
              WHERE c.relnamespace = 'mentoring'::regnamespace
                AND c.relkind = 'r'
              ORDER BY c.relname COLLATE "C", a.attnum
    LOOP
        EXECUTE format('SELECT count(*) FROM %s WHERE position(%L IN %I::text) > 0',
                       r.tab, wanted, r.attname) INTO n;
        IF n > 0 THEN
            place := r.relname || '.' || r.attname;
            RETURN NEXT;
        END IF;
    END LOOP;
END
$$;

-- How far a call has come stands in pg_stat_activity while it runs, and is
-- gone afterwards.  A custom criterion looks at it from inside the call.

BEGIN;
\set SHOW_CONTEXT never
\getenv test_dir PG_ABS_SRCDIR
\set setup :test_dir '/match_setup.sql'
\set ECHO none
\i :setup
\set ECHO all
SET application_name = 'an application';

CREATE SCHEMA watch;
CREATE SEQUENCE watch.calls;
CREATE FUNCTION watch.look(mentee jsonb, mentor jsonb) RETURNS double precision
LANGUAGE plpgsql
AS $$
DECLARE
    name text;
BEGIN
    PERFORM pg_stat_clear_snapshot();
    SELECT regexp_replace(application_name, '\d+ %', '.. %') INTO name
      FROM pg_stat_activity WHERE pid = pg_backend_pid();
    IF mentee ->> 'place' = '13' THEN
        RAISE EXCEPTION 'failed while "%"', name USING ERRCODE = 'MM001';
    END IF;
    IF mentee ->> 'place' = '1' AND mentor ->> 'place' = '1' THEN
        RAISE INFO 'seen: %', name;
    END IF;
    RETURN 1;
END
$$;
CREATE FUNCTION pg_temp.shown() RETURNS text
LANGUAGE sql
AS $$
    SELECT pg_stat_clear_snapshot();
    SELECT application_name FROM pg_stat_activity
     WHERE pid = pg_backend_pid()
$$;

SELECT pg_temp.line(981, '{1, 2}', '{1, 2}');
INSERT INTO mentoring.criterion (programme_id, name, kind, weight, params)
VALUES (981, 'look', 'custom', 1, '{"function": "watch.look"}');
SELECT mentoring.match(981) AS run \gset
SELECT pg_temp.shown();
SELECT count(*) FROM mentoring.verify_match(981, :run);
SELECT pg_temp.shown();
SHOW application_name;

-- after an error, too, whoever catches it
UPDATE mentoring.person SET profile = '{"place": 13}' WHERE id = 98102;
SAVEPOINT s;
SELECT mentoring.match(981);
ROLLBACK TO s;
SELECT pg_temp.shown();
DO $$
BEGIN
    PERFORM mentoring.match(981);
EXCEPTION WHEN SQLSTATE 'MM001' THEN
    RAISE INFO 'caught, shown: %', pg_temp.shown();
END
$$;

-- INFO comes once a second at most, so not in a call this short.
SET LOCAL mentoring.progress = on;
UPDATE mentoring.person SET profile = '{"place": 3}' WHERE id = 98102;
SELECT mentoring.match(981) > 0;
CREATE OR REPLACE FUNCTION watch.look(mentee jsonb, mentor jsonb)
RETURNS double precision
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM pg_sleep(0.6);
    RETURN 1;
END
$$;
SELECT mentoring.match(981) > 0;
ROLLBACK;

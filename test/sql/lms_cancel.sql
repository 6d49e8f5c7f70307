-- sync() stopped in the middle leaves nothing; while it runs others see how far
-- it is; whatever fails says of which source and object, and at which row.

\set QUIET on
\set SHOW_CONTEXT never
\set ON_ERROR_ROLLBACK on
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
\set setup `echo "$PG_ABS_SRCDIR/lms_setup.sql"`
BEGIN;
\set ECHO none
\o /dev/null
\i :setup
ALTER SEQUENCE mentoring.person_id_seq RESTART 7201;
\o
\set ECHO all
SET application_name = 'an application';

CREATE TABLE public.hr (id text, name text);
INSERT INTO public.hr SELECT 'c' || i, 'Person ' || i FROM generate_series(1, 20) AS i;

-- Where to look, where to stay, where to fail: in the source's query, which is
-- somebody else's, and in triggers of a site on our tables.
CREATE TABLE public.what (at text, act text);
CREATE FUNCTION public.here(place text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    act  text := (SELECT w.act FROM public.what w WHERE at = place);
    name text;
BEGIN
    IF act = 'look' THEN
        PERFORM pg_stat_clear_snapshot();
        SELECT regexp_replace(application_name, '\d+ %', '.. %') INTO name
          FROM pg_stat_activity WHERE pid = pg_backend_pid();
        RAISE INFO '%: %', place, name;
    ELSIF act = 'stay' THEN
        PERFORM pg_sleep(60);
    ELSIF act = 'fail' THEN
        RAISE EXCEPTION 'no' USING ERRCODE = 'MM002';
    END IF;
    RETURN true;
END
$$;
CREATE FUNCTION public.here() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.here(TG_TABLE_NAME);
    RETURN NULL;
END
$$;
GRANT SELECT ON public.hr, public.what TO lms_sync;
CREATE TRIGGER site AFTER INSERT ON mentoring.person EXECUTE FUNCTION public.here();
CREATE TRIGGER site AFTER INSERT ON mentoring.person_history EXECUTE FUNCTION public.here();
CREATE TRIGGER site AFTER INSERT ON mentoring.skill EXECUTE FUNCTION public.here();
CREATE TRIGGER site AFTER INSERT ON mentoring.person_skill EXECUTE FUNCTION public.here();
CREATE TRIGGER site AFTER INSERT ON mentoring.learning_log EXECUTE FUNCTION public.here();
SELECT pg_temp.said('lms_admin', $$SELECT mentoring.register_source('hr', 'custom',
    'SELECT id AS external_id, name AS display_name, ''unit'' AS org_unit FROM public.hr WHERE id <> ''c7'' OR public.here(''person_query'')',
    skill_query => 'SELECT id AS external_id, ''Lms cancelled'' AS skill, 3 AS level FROM public.hr WHERE id <> ''c7'' OR public.here(''skill_query'')',
    activity_query => 'SELECT id AS external_id, id AS source_event_id, DATE ''2024-01-01'' AS occurred_on, ''other'' AS kind, 1 AS minutes FROM public.hr') > 0$$);
INSERT INTO mentoring.programme (id, name, model, status) VALUES (7201, 'cancelled', 'one_to_one', 'running');
INSERT INTO mentoring.person (id, source, external_id, display_name) VALUES (7101, 'hr', 'c1', 'Person 1');
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status) VALUES (7201, 7201, 7101, 'mentee', 'accepted');

CREATE FUNCTION pg_temp.act(place text, act text) RETURNS void
LANGUAGE sql AS $$
    DELETE FROM public.what;
    INSERT INTO public.what VALUES (place, act);
$$;
CREATE FUNCTION pg_temp.left_behind() RETURNS text
LANGUAGE sql AS $$
    SELECT pg_stat_clear_snapshot();
    SELECT concat_ws(' ',
        (SELECT count(*) FROM mentoring.person WHERE source = 'hr'),
        (SELECT count(*) FROM mentoring.person_history h JOIN mentoring.person p ON p.id = h.person_id WHERE p.source = 'hr'),
        (SELECT count(*) FROM mentoring.skill WHERE name = 'Lms cancelled'),
        (SELECT count(*) FROM mentoring.person_skill WHERE source = 'hr'),
        (SELECT count(*) FROM mentoring.learning_log WHERE source = 'hr'),
        (SELECT last_synced_at IS NULL FROM mentoring.source WHERE name = 'hr'),
        current_user = session_user, current_setting('session_replication_role'),
        current_setting('search_path'), current_setting('enable_nestloop'),
        (SELECT application_name FROM pg_stat_activity WHERE pid = pg_backend_pid()));
$$;
SELECT pg_temp.left_behind();

-- What others see
\set VERBOSITY terse
SAVEPOINT s;
INSERT INTO public.what SELECT unnest(ARRAY['person_query', 'skill_query', 'person', 'person_history', 'skill', 'person_skill', 'learning_log']), 'look';
SELECT pg_temp.sync('hr');
SELECT pg_temp.left_behind();
ROLLBACK TO s;

-- Stopped
\set VERBOSITY sqlstate
SELECT pg_temp.act('person_query', 'stay');
SET LOCAL statement_timeout = '300ms';
SELECT pg_temp.sync('hr');
SELECT pg_temp.left_behind();
SELECT pg_temp.act('person', 'stay');
SELECT pg_temp.sync('hr');
SELECT pg_temp.left_behind();
SELECT pg_temp.act('person_history', 'stay');
SELECT pg_temp.sync('hr');
SELECT pg_temp.left_behind();
SELECT pg_temp.act('person_skill', 'stay');
SELECT pg_temp.sync('hr');
SELECT pg_temp.left_behind();
SELECT pg_temp.act('learning_log', 'stay');
SELECT pg_temp.sync('hr');
SELECT pg_temp.left_behind();
SET LOCAL statement_timeout = 0;

-- Failed
\set VERBOSITY default
CREATE FUNCTION pg_temp.fails(place text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    context text;
BEGIN
    PERFORM pg_temp.act(place, 'fail');
    PERFORM set_config('role', 'lms_sync', true);
    PERFORM mentoring.sync('hr');
    RETURN 'nothing';
EXCEPTION WHEN SQLSTATE 'MM002' THEN
    GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
    RETURN substring(context from '[a-z_]+ of source [^\n]*');
END
$$;
SELECT pg_temp.fails(place), pg_temp.left_behind()
  FROM unnest(ARRAY['person_query', 'skill_query', 'person', 'person_history', 'skill', 'person_skill', 'learning_log']) AS place;
DELETE FROM public.what;
-- once more, in one go, and with its triggers
SELECT pg_temp.sync('hr');
SELECT pg_temp.left_behind() LIKE '20 20 1 20 1 %';

-- Without triggers of a site a level of nobody can't be left either.
DROP TRIGGER site ON mentoring.person_skill;
SAVEPOINT s;
ALTER TABLE mentoring.person_skill ADD CONSTRAINT site FOREIGN KEY (id) REFERENCES mentoring.programme NOT VALID;
INSERT INTO public.hr VALUES ('c21', 'Person 21');
SELECT pg_temp.sync('hr') LIKE '23503 %';
ROLLBACK TO s;
SELECT pg_temp.sync('hr');
ROLLBACK;

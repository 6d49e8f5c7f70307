-- What match() refuses, each with its SQLSTATE, and nothing half-written.

BEGIN;
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
\getenv test_dir PG_ABS_SRCDIR
\set setup :test_dir '/match_setup.sql'
\set ECHO none
\i :setup
\set ECHO all

-- A message as callers see it: code, text, detail, hint.
CREATE FUNCTION pg_temp.refused(query text) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    code text;
    message text;
    detail text;
    hint text;
BEGIN
    EXECUTE query;
    RETURN 'not refused';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE,
        message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
        hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(E'\n', code || ' ' || message, nullif(detail, ''),
                     '-> ' || nullif(hint, ''));
END
$$;
\pset format unaligned
\pset tuples_only on

SELECT pg_temp.line(911, '{1, 2}', '{1, 2}');

-- Words
SELECT pg_temp.refused('SELECT mentoring.match(911, ''best'')');
SELECT pg_temp.refused('SELECT mentoring.match(911, ''stable'')');
SELECT pg_temp.refused('SELECT mentoring.match(911, ''optimal'', ''most'')');
SELECT pg_temp.refused('SELECT mentoring.match(911, ''optimal'', ''fair'')');
SELECT pg_temp.refused('SELECT mentoring.match(NULL)');
SELECT pg_temp.refused('SELECT mentoring.match(911, NULL)');
SELECT pg_temp.refused('SELECT mentoring.match(911, objective => NULL)');
SELECT pg_temp.refused('SELECT mentoring.match(911, options => NULL)');

-- Options
SELECT pg_temp.refused('SELECT mentoring.match(911, options => ''[]'')');
SELECT pg_temp.refused('SELECT mentoring.match(911, options => ''3'')');
SELECT pg_temp.refused(format('SELECT mentoring.match(911, options => %L)', o))
  FROM unnest('{"{\"minscore\": 1}", "{\"min_score\": \"0.5\"}",
                "{\"min_score\": 1.5}", "{\"min_score\": -0.1}",
                "{\"min_score\": 1e999}", "{\"min_score\": null}",
                "{\"keep\": \"no\"}", "{\"keep\": null}", "{\"keep\": {}}",
                "{\"churn_penalty\": 0.1}", "{\"ageing\": true}",
                "{\"seed\": 1}"}'::text[]) AS o;

-- Programmes
SELECT pg_temp.refused('SELECT mentoring.match(-1)');
SELECT pg_temp.line(912, '{1}', '{1}', model => 'peer');
SELECT pg_temp.line(913, '{1}', '{1}', model => 'group');
SELECT pg_temp.line(914, '{1}', '{1}', model => 'circle');
SELECT pg_temp.refused('SELECT mentoring.match(912)');
SELECT pg_temp.refused('SELECT mentoring.match(913)');
SELECT pg_temp.refused('SELECT mentoring.match(914)');
SELECT pg_temp.line(915, '{1}', '{1}');
UPDATE mentoring.programme SET status = 'closed' WHERE id = 915;
SELECT pg_temp.refused('SELECT mentoring.match(915)');
SELECT pg_temp.line(916, '{}', '{1}');
SELECT pg_temp.refused('SELECT mentoring.match(916)');
SELECT pg_temp.line(917, '{1}', '{1}');
UPDATE mentoring.participant SET status = 'waitlisted' WHERE id = 91751;
SELECT pg_temp.refused('SELECT mentoring.match(917)');
SELECT pg_temp.line(918, '{1}', '{1}');
DELETE FROM mentoring.criterion WHERE programme_id = 918;
SELECT pg_temp.refused('SELECT mentoring.match(918)');
SELECT pg_temp.line(919, '{1}', '{1}');
UPDATE mentoring.criterion SET weight = 0, minimum = 0.5
 WHERE programme_id = 919;
SELECT pg_temp.refused('SELECT mentoring.match(919)');

-- Memory, before anything is allocated
INSERT INTO mentoring.programme (id, name, model) VALUES (920, 'big', 'one_to_one');
INSERT INTO mentoring.person (id, external_id, display_name)
SELECT 920000 + n, 'big ' || n, 'big ' || n FROM generate_series(1, 1200) AS n;
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
SELECT 920, id, id, CASE WHEN id % 2 = 0 THEN 'mentor' ELSE 'mentee' END,
       'accepted'
  FROM mentoring.person WHERE id BETWEEN 920001 AND 921200;
INSERT INTO mentoring.criterion (programme_id, name, kind, mentee_key, params)
VALUES (920, 'grade', 'near', 'grade', '{"range": 10}');
SET LOCAL mentoring.match_memory = '1MB';
SELECT regexp_replace(pg_temp.refused('SELECT mentoring.match(920)'),
                      'At least \d+ kB', 'At least ... kB');
RESET mentoring.match_memory;
SELECT mentoring.match(920) > 0;
DELETE FROM mentoring.match_run WHERE programme_id = 920;

-- Runs
SELECT pg_temp.refused('SELECT mentoring.publish_match(911, -1)');
SELECT pg_temp.refused('SELECT mentoring.publish_match(-1, 1)');
SELECT pg_temp.refused('SELECT mentoring.publish_match(911, NULL)');
SELECT pg_temp.refused('SELECT mentoring.publish_match(NULL, 1)');
SELECT pg_temp.refused('SELECT mentoring.discard_match(911, -1)');
SELECT pg_temp.refused('SELECT mentoring.discard_match(911, NULL)');
SELECT pg_temp.refused('SELECT * FROM mentoring.verify_match(911, -1)');
SELECT pg_temp.refused('SELECT * FROM mentoring.verify_match(-1, -1)');
SELECT pg_temp.refused('SELECT * FROM mentoring.verify_match(911, NULL)');
SELECT pg_temp.refused('SELECT * FROM mentoring.diff_match(911, -1, -2)');
SELECT pg_temp.refused('SELECT * FROM mentoring.diff_match(911, NULL, -2)');
SELECT mentoring.match(911) AS run \gset
SELECT pg_temp.refused(format(
    'SELECT * FROM mentoring.diff_match(911, %s, -2)', :run));
-- a run of another programme is not found
SELECT regexp_replace(pg_temp.refused(format(
    'SELECT mentoring.publish_match(912, %s)', :run)),
    'run \d+', 'run (run)');

-- Rights: the owner's are needed, whatever was granted.
CREATE ROLE regress_mentoring_user;
GRANT USAGE ON SCHEMA mentoring TO regress_mentoring_user;
GRANT ALL ON ALL TABLES IN SCHEMA mentoring TO regress_mentoring_user;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA mentoring TO regress_mentoring_user;
REVOKE EXECUTE ON FUNCTION mentoring._level_app, mentoring._level_sync,
    mentoring._level_analyst, mentoring._level_admin FROM regress_mentoring_user;
SELECT regexp_replace(pg_temp.refused(format(
           'SET LOCAL ROLE regress_mentoring_user; SELECT %s', call)),
           'role ".*"', 'role (owner)')
  FROM unnest(ARRAY['mentoring.match(911)',
                    'mentoring.publish_match(911, 1)',
                    'mentoring.discard_match(911, 1)',
                    'mentoring.verify_match(911, 1)',
                    'mentoring.diff_match(911, 1, 1)']) AS call;

-- Nothing was written but the run that succeeded.
SELECT count(*) FROM mentoring.match_run WHERE programme_id BETWEEN 911 AND 920;

ROLLBACK;

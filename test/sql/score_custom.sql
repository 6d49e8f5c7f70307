-- Custom criteria: a function judges the pair, with nobody's rights but those
-- of its own owner.

BEGIN;
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT errors

CREATE SCHEMA custom;
INSERT INTO mentoring.programme (id, name, model)
VALUES (551, 'custom', 'one_to_one');
INSERT INTO mentoring.person (id, external_id, display_name, grade, profile)
VALUES (55101, 'custom 1', 'One', 3, '{"n": 1, "shown": true}'),
       (55102, 'custom 2', 'Two', 5, '{"n": 2, "hidden": null}'),
       (55103, 'custom 3', 'Three', 7, '{"n": 3}');
INSERT INTO mentoring.participant
       (programme_id, id, person_id, role, status, profile)
VALUES (551, 55101, 55101, 'mentee', 'accepted', '{"own": 1}'),
       (551, 55102, 55102, 'mentor', 'accepted', '{"n": 22}'),
       (551, 55103, 55103, 'mentor', 'accepted', '{}'),
       (551, 55104, 55101, 'mentor', 'accepted', '{"n": "boom"}');

-- The function sees the profiles of person and participant merged, not the
-- columns of person.  Its result is rounded half up to a millionth; NULL is no
-- value.
CREATE FUNCTION custom.judge(mentee jsonb, mentor jsonb)
RETURNS double precision
LANGUAGE sql IMMUTABLE
AS $$ SELECT (mentor ->> 'n')::double precision / 22 $$;
INSERT INTO mentoring.criterion
       (programme_id, id, name, kind, if_missing, params)
VALUES (551, 55101, 'judge', 'custom', 0.1,
        '{"function": "custom.judge"}');
SELECT criterion, mentee_value, mentor_value, similarity
  FROM mentoring.explain_pair(551, 55101, 55103);
SELECT * FROM mentoring.pair_scores(551);
CREATE OR REPLACE FUNCTION custom.judge(mentee jsonb, mentor jsonb)
RETURNS double precision
LANGUAGE sql IMMUTABLE
AS $$ SELECT CASE mentor ->> 'n' WHEN '22' THEN NULL ELSE 0.9999995 END $$;
SELECT * FROM mentoring.pair_scores(551);

-- It is not asked about a pair excluded anyway (55104 is the same person),
-- but its result matters for a rule, and explain_pair asks about everybody.
CREATE OR REPLACE FUNCTION custom.judge(mentee jsonb, mentor jsonb)
RETURNS double precision
LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    IF mentor ->> 'n' = 'boom' THEN
        RAISE EXCEPTION 'asked about %', mentor;
    END IF;
    RETURN 0.5;
END
$$;
UPDATE mentoring.criterion SET minimum = 0.5 WHERE id = 55101;
SELECT * FROM mentoring.pair_scores(551);
UPDATE mentoring.criterion SET minimum = 0.6 WHERE id = 55101;
SELECT * FROM mentoring.pair_scores(551);
SELECT * FROM mentoring.explain_pair(551, 55101, 55104);
UPDATE mentoring.criterion SET minimum = NULL WHERE id = 55101;

-- A result that is no similarity.
CREATE OR REPLACE FUNCTION custom.judge(mentee jsonb, mentor jsonb)
RETURNS double precision
LANGUAGE sql VOLATILE
AS $$ SELECT current_setting('custom.result')::double precision $$;
SET LOCAL custom.result = 'NaN';
SELECT * FROM mentoring.pair_scores(551);
SET LOCAL custom.result = 'Infinity';
SELECT mentoring.compatibility(551, 55101, 55103);
SET LOCAL custom.result = '1.0000001';
SELECT mentoring.compatibility(551, 55101, 55103);
SET LOCAL custom.result = '-0.1';
SELECT mentoring.compatibility(551, 55101, 55103);
SET LOCAL custom.result = '-0';
SELECT mentoring.compatibility(551, 55101, 55103);
SET LOCAL custom.result = '1';
SELECT mentoring.compatibility(551, 55101, 55103);

-- An error inside names the pair.
CREATE OR REPLACE FUNCTION custom.judge(mentee jsonb, mentor jsonb)
RETURNS double precision
LANGUAGE plpgsql
AS $$ BEGIN RETURN 1 / (mentee ->> 'own')::integer / 0; END $$;
SELECT mentoring.compatibility(551, 55101, 55103);

-- A STRICT function is called like any other: profiles are never NULL.
CREATE OR REPLACE FUNCTION custom.judge(mentee jsonb, mentor jsonb)
RETURNS double precision
LANGUAGE sql STRICT
AS $$ SELECT 0.25::double precision $$;
SELECT mentoring.compatibility(551, 55101, 55103);

-- A function that is gone, moved, or has become another one.
DROP FUNCTION custom.judge;
SELECT mentoring.compatibility(551, 55101, 55103);
CREATE FUNCTION custom.judge(mentee jsonb, mentor jsonb) RETURNS real
LANGUAGE sql AS $$ SELECT 0.25::real $$;
SELECT mentoring.compatibility(551, 55101, 55103);
DROP FUNCTION custom.judge;
CREATE FUNCTION custom.judge(mentee jsonb, mentor jsonb)
RETURNS SETOF double precision
LANGUAGE sql AS $$ SELECT 0.25::double precision $$;
SELECT mentoring.compatibility(551, 55101, 55103);
DROP FUNCTION custom.judge;

-- Names that need quotes.
CREATE SCHEMA "Custom.2";
CREATE FUNCTION "Custom.2"."Judge it"(jsonb, jsonb) RETURNS double precision
LANGUAGE sql AS $$ SELECT 0.75::double precision $$;
UPDATE mentoring.criterion
   SET params = '{"function": "\"Custom.2\".\"Judge it\""}' WHERE id = 55101;
SELECT mentoring.compatibility(551, 55101, 55103);

-- What a function does with settings and search_path is undone, and the
-- caller's search_path means nothing to it.
CREATE FUNCTION custom.judge(jsonb, jsonb) RETURNS double precision
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM set_config('custom.result', current_setting('search_path'), false);
    PERFORM set_config('search_path', 'nowhere', false);
    RETURN CASE WHEN current_setting('custom.result') = 'pg_catalog, pg_temp'
                THEN 1 ELSE 0 END;
END
$$;
UPDATE mentoring.criterion SET params = '{"function": "custom.judge"}'
 WHERE id = 55101;
SET LOCAL search_path = custom, public;
SELECT mentoring.compatibility(551, 55101, 55103);
SHOW search_path;
SHOW custom.result;
RESET search_path;

-- Rights.  One who may write criteria, and make functions, gains nothing by
-- it, though the extension's owner calls them: they run as the one who made
-- them, in a restricted operation.
CREATE ROLE regress_mentoring_writer;
CREATE ROLE regress_mentoring_other;
GRANT regress_mentoring_other TO regress_mentoring_writer;
CREATE TABLE custom.secret (content text);
CREATE TABLE custom.own (who text);
ALTER TABLE custom.own OWNER TO regress_mentoring_writer;
GRANT USAGE, CREATE ON SCHEMA custom TO regress_mentoring_writer;
GRANT USAGE ON SCHEMA mentoring TO regress_mentoring_writer;

DROP FUNCTION custom.judge;
SET LOCAL ROLE regress_mentoring_writer;
CREATE FUNCTION custom.judge(mentee jsonb, mentor jsonb)
RETURNS double precision
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO custom.own VALUES (current_user);
    EXECUTE current_setting('custom.attempt');
    RETURN 1;
END
$$;
RESET ROLE;

-- As itself it may do what its owner may.
SET LOCAL custom.attempt = 'SELECT 1';
SELECT mentoring.compatibility(551, 55101, 55103);
SELECT who FROM custom.own;

-- As anybody else it may nothing, and no way leads there.
\set VERBOSITY sqlstate
SET LOCAL custom.attempt = 'ALTER ROLE regress_mentoring_writer SUPERUSER';
SELECT mentoring.compatibility(551, 55101, 55103);
SET LOCAL custom.attempt = 'INSERT INTO custom.secret VALUES (''mine'')';
SELECT mentoring.compatibility(551, 55101, 55103);
SET LOCAL custom.attempt = 'SELECT * FROM custom.secret';
SELECT * FROM mentoring.pair_scores(551);
SET LOCAL custom.attempt = 'SELECT * FROM mentoring.person';
SELECT * FROM mentoring.recommend(551, 55101);
SET LOCAL custom.attempt = 'UPDATE mentoring.participant SET capacity = 9';
SELECT * FROM mentoring.explain_pair(551, 55101, 55103);
SET LOCAL custom.attempt = 'SET ROLE regress_mentoring_other';
SELECT mentoring.compatibility(551, 55101, 55103);
SET LOCAL custom.attempt = 'RESET ROLE';
SELECT mentoring.compatibility(551, 55101, 55103);
SET LOCAL custom.attempt = 'RESET SESSION AUTHORIZATION';
SELECT mentoring.compatibility(551, 55101, 55103);
SET LOCAL custom.attempt = 'CREATE TEMPORARY TABLE trap (a integer)';
SELECT mentoring.compatibility(551, 55101, 55103);
SET LOCAL custom.attempt = 'DECLARE c CURSOR WITH HOLD FOR SELECT 1';
SELECT mentoring.compatibility(551, 55101, 55103);
SELECT count(*) AS secrets FROM custom.secret;
SELECT rolsuper FROM pg_roles WHERE rolname = 'regress_mentoring_writer';
SELECT current_user = session_user AS is_still_oneself;

-- A cancel or a time-out is answered in the middle.
SET LOCAL custom.attempt = 'SELECT pg_sleep(60)';
SAVEPOINT waiting;
SET LOCAL statement_timeout = '50ms';
SELECT * FROM mentoring.pair_scores(551);
ROLLBACK TO waiting;
SELECT current_user = session_user AS is_still_oneself,
       current_setting('search_path') <> 'pg_catalog, pg_temp' AS has_own_path;

ROLLBACK;

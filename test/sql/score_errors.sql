-- What scoring refuses, and what it says then.

BEGIN;
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
\set VERBOSITY default

INSERT INTO mentoring.programme (id, name, model)
VALUES (521, 'errors', 'one_to_one'), (522, 'no criteria', 'group'),
       (523, 'peers', 'peer'), (524, 'circles', 'circle'),
       (525, 'never', 'job_shadow');
INSERT INTO mentoring.person (id, external_id, display_name, profile)
VALUES (52101, 'error 1', 'Mentee', '{"number": 1, "text": "two", "flag": true, "set": ["a"], "vector": [1, 2], "mixed": [1]}'),
       (52102, 'error 2', 'Mentor', '{"number": "NaN", "text": 2, "flag": "Infinity", "set": [1], "vector": [1, 2, 3], "mixed": ["1"]}'),
       (52103, 'error 3', 'Coordinator', '{}'),
       (52104, 'error 4', 'Applicant', '{}');
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
VALUES (521, 52101, 52101, 'mentee', 'accepted'),
       (521, 52102, 52102, 'mentor', 'accepted'),
       (521, 52103, 52103, 'coordinator', 'accepted'),
       (521, 52104, 52104, 'mentor', 'applied'),
       (525, 52105, 52101, 'mentee', 'accepted'),
       (525, 52106, 52102, 'mentor', 'accepted');

-- Unknown programmes and participants; SQLSTATE P0002.
SELECT mentoring.compatibility(599, 52101, 52102);
SELECT * FROM mentoring.pair_scores(599);
SELECT * FROM mentoring.explain_pair(599, 52101, 52102);
SELECT * FROM mentoring.recommend(599, 52101);
SELECT mentoring.default_criteria(599);
\set VERBOSITY sqlstate
SELECT mentoring.compatibility(599, 52101, 52102);
SELECT mentoring.default_criteria(599);
\set VERBOSITY default

-- No criteria.
SELECT mentoring.compatibility(522, 1, 2);
SELECT * FROM mentoring.pair_scores(522);
SELECT mentoring.compatibility(521, 52101, 52102);
INSERT INTO mentoring.criterion (programme_id, id, name, kind)
VALUES (521, 52101, 'met', 'not_met');

SELECT mentoring.compatibility(521, 52199, 52102);
SELECT mentoring.compatibility(521, 52101, 52199);
SELECT mentoring.compatibility(521, 0, 52102);
SELECT mentoring.compatibility(521, 52101, 0);
SELECT mentoring.compatibility(521, 52101, -1);
SELECT * FROM mentoring.recommend(521, 52199);
SELECT * FROM mentoring.recommend(521, 0);
SELECT * FROM mentoring.explain_pair(521, 52199, 52102);
SELECT * FROM mentoring.explain_pair(521, 0, 52102);
SELECT * FROM mentoring.explain_pair(521, 52101, 0);

-- A participant of another programme is none of this one.
SELECT mentoring.compatibility(521, 52105, 52102);

-- The wrong role, and the wrong order.
SELECT mentoring.compatibility(521, 52102, 52101);
SELECT mentoring.compatibility(521, 52101, 52103);
SELECT * FROM mentoring.explain_pair(521, 52103, 52102);
SELECT * FROM mentoring.recommend(521, 52103);

-- Not accepted is no error: there is no score.
SELECT mentoring.compatibility(521, 52101, 52104);
SELECT * FROM mentoring.recommend(521, 52104);

-- NULL in, nothing out.
SELECT mentoring.compatibility(521, 52101, NULL);
SELECT * FROM mentoring.pair_scores(NULL);
SELECT * FROM mentoring.recommend(521, 52101, NULL);
SELECT * FROM mentoring.explain_pair(NULL, 52101, 52102);
SELECT mentoring.default_criteria(NULL);

SELECT * FROM mentoring.recommend(521, 52101, 0);
SELECT * FROM mentoring.recommend(521, 52101, -3);

-- Models that have no mentees and mentors.
SELECT mentoring.default_criteria(523), mentoring.default_criteria(524);
SELECT * FROM mentoring.pair_scores(523);
SELECT mentoring.compatibility(524, 1, 2);

-- Nothing to weigh.
UPDATE mentoring.criterion SET weight = 0 WHERE programme_id = 521;
SELECT mentoring.compatibility(521, 52101, 52102);
SELECT * FROM mentoring.pair_scores(521);
SELECT * FROM mentoring.recommend(521, 52101);
SELECT * FROM mentoring.explain_pair(521, 52101, 52102);

-- Values of the wrong type, whichever side has them: the participant, the key
-- and the value are named.  Texts that look like numbers are texts.
CREATE FUNCTION pg_temp.try(kind text, mentee_key text, mentor_key text,
                            params text DEFAULT '{}')
RETURNS double precision
LANGUAGE plpgsql
AS $$
BEGIN
    DELETE FROM mentoring.criterion WHERE programme_id = 521;
    INSERT INTO mentoring.criterion
           (programme_id, name, kind, mentee_key, mentor_key, params)
    VALUES (521, 'tried', kind, mentee_key, mentor_key, params::jsonb);
    RETURN mentoring.compatibility(521, 52101, 52102);
END
$$;
SELECT pg_temp.try('near', 'number', 'number', '{"range": 1}');
SELECT pg_temp.try('near', 'text', 'text', '{"range": 1}');
SELECT pg_temp.try('gap', 'number', 'flag', '{"from": 1}');
SELECT pg_temp.try('gap', 'flag', 'text', '{"from": 1}');
SELECT pg_temp.try('near', 'vector', 'vector', '{"range": 1}');
SELECT pg_temp.try('overlap', 'set', 'set');
SELECT pg_temp.try('overlap', 'number', 'set');
SELECT pg_temp.try('overlap', 'flag', 'set');
SELECT pg_temp.try('cosine', 'number', 'vector');
SELECT pg_temp.try('cosine', 'mixed', 'mixed');
SELECT pg_temp.try('cosine', 'vector', 'vector');
SELECT pg_temp.try('availability', 'text', 'text');
SELECT pg_temp.try('availability', 'set', 'text');
SELECT pg_temp.try('text', 'text', 'text');
SELECT pg_temp.try('text', 'set', 'text');
SELECT pg_temp.try('near', 'display_name', 'number', '{"range": 1}');
\set VERBOSITY sqlstate
SELECT pg_temp.try('near', 'number', 'number', '{"range": 1}');
SELECT pg_temp.try('cosine', 'vector', 'vector');
\set VERBOSITY default

-- A long value is cut.
UPDATE mentoring.person
   SET profile = jsonb_build_object('number', repeat('ü', 200))
 WHERE id = 52101;
SELECT pg_temp.try('near', 'number', 'number', '{"range": 1}');

-- Numbers beyond double precision are refused when written, wherever they
-- stand; so are NaN and infinity, which JSON has not.
UPDATE mentoring.person SET profile = '{"number": 1e400}' WHERE id = 52101;
UPDATE mentoring.person SET profile = '{"vector": [1, -1e309]}'
 WHERE id = 52101;
\set VERBOSITY sqlstate
UPDATE mentoring.person SET profile = '{"number": NaN}' WHERE id = 52101;
UPDATE mentoring.person SET profile = '{"number": Infinity}' WHERE id = 52101;
\set VERBOSITY default
-- A vector can be too long all the same.
UPDATE mentoring.person SET profile = '{"vector": [1e200, 1]}'
 WHERE id IN (52101, 52102);
SELECT pg_temp.try('cosine', 'vector', 'vector');

-- Unknown time zones, of the person and of a profile.
UPDATE mentoring.person
   SET timezone = 'Europe/Atlantis', profile = '{"availability":
       [{"day": 1, "from": "09:00", "to": "11:00"}]}'
 WHERE id IN (52101, 52102);
SELECT pg_temp.try('availability', NULL, NULL);
UPDATE mentoring.person SET timezone = 'UTC' WHERE id IN (52101, 52102);
UPDATE mentoring.participant SET profile = '{"timezone": "UTC''"}'
 WHERE id = 52102;
SELECT pg_temp.try('availability', NULL, NULL);
-- What PostgreSQL would read as a POSIX rule, west counting as positive.
UPDATE mentoring.participant SET profile = '{"timezone": "+05:30"}'
 WHERE id = 52102;
SELECT pg_temp.try('availability', NULL, NULL);
UPDATE mentoring.participant SET profile = '{"timezone": "99"}'
 WHERE id = 52102;
SELECT pg_temp.try('availability', NULL, NULL);
UPDATE mentoring.participant SET profile = '{"timezone": "Etc/GMT+25"}'
 WHERE id = 52102;
SELECT pg_temp.try('availability', NULL, NULL);
UPDATE mentoring.participant SET profile = '{"timezone": "Etc/GMT+5"}'
 WHERE id = 52102;
SELECT pg_temp.try('availability', NULL, NULL);
UPDATE mentoring.participant SET profile = '{"timezone": "EST5EDT"}'
 WHERE id = 52102;
SELECT pg_temp.try('availability', NULL, NULL);
UPDATE mentoring.participant SET profile = '{"timezone": 2}' WHERE id = 52102;
SELECT pg_temp.try('availability', NULL, NULL);
UPDATE mentoring.participant SET profile = '{}' WHERE id = 52102;
SELECT pg_temp.try('availability', NULL, NULL);
-- A programme without any first week.
UPDATE mentoring.programme SET created_at = 'infinity' WHERE id = 521;
SELECT pg_temp.try('availability', NULL, NULL);

-- A text search configuration nobody has.
SELECT pg_temp.try('text', 'text', NULL, '{"config": "klingon"}');
SELECT pg_temp.try('text', 'text', NULL, '{"config": "a b"}');

-- Beyond the memory allowed, before it is allocated.
UPDATE mentoring.person SET profile = (
    SELECT jsonb_build_object('vector', jsonb_agg(i)) FROM generate_series(1, 60000) AS i)
 WHERE id IN (52101, 52102);
SELECT pg_temp.try('cosine', 'vector', NULL);
SET LOCAL mentoring.match_memory = '1MB';
SELECT pg_temp.try('cosine', 'vector', NULL);
RESET mentoring.match_memory;

-- A time-out is answered in the middle of four million pairs.
INSERT INTO mentoring.programme (id, name, model)
VALUES (526, 'large', 'one_to_one');
INSERT INTO mentoring.person (id, external_id, display_name, grade)
SELECT 5260000 + n, 'large ' || n, 'Person ' || n, n % 10
FROM generate_series(1, 4000) AS n;
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
SELECT 526, 5260000 + n, 5260000 + n,
       CASE WHEN n <= 2000 THEN 'mentee' ELSE 'mentor' END, 'accepted'
FROM generate_series(1, 4000) AS n;
INSERT INTO mentoring.criterion
       (programme_id, name, kind, mentee_key, params)
VALUES (526, 'grade', 'gap', 'grade', '{"from": 1, "to": 3}');
SAVEPOINT waiting;
SET LOCAL statement_timeout = '200ms';
SELECT count(*) FROM mentoring.pair_scores(526);
ROLLBACK TO waiting;
SELECT count(*) FROM mentoring.recommend(526, 5260001);

-- Nothing of this is for everybody.
CREATE ROLE regress_mentoring_nobody;
GRANT USAGE ON SCHEMA mentoring TO regress_mentoring_nobody;
SET LOCAL ROLE regress_mentoring_nobody;
SELECT mentoring.compatibility(521, 52101, 52102);
SELECT * FROM mentoring.pair_scores(521);
SELECT * FROM mentoring.recommend(521, 52101);
SELECT * FROM mentoring.explain_pair(521, 52101, 52102);
RESET ROLE;
\set VERBOSITY terse
-- EXECUTE alone doesn't let anybody act with the owner's rights.
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA mentoring TO regress_mentoring_nobody;
REVOKE EXECUTE ON FUNCTION mentoring._level_app, mentoring._level_sync,
    mentoring._level_analyst, mentoring._level_admin FROM regress_mentoring_nobody;
SET LOCAL ROLE regress_mentoring_nobody;
SELECT mentoring.compatibility(521, 52101, 52102);
SELECT * FROM mentoring.pair_scores(521);
SELECT * FROM mentoring.recommend(521, 52101);
SELECT * FROM mentoring.explain_pair(521, 52101, 52102);
SELECT mentoring._score_hash(521);
SELECT mentoring.default_criteria(521);
RESET ROLE;

ROLLBACK;

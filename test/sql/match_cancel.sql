-- A cancel is answered in every part of the work and leaves nothing behind.

-- Other tests roll back what they insert; analyzed as empty pages, that would
-- mislead the planner about the rows to come.
VACUUM ANALYZE mentoring.person, mentoring.programme, mentoring.participant,
    mentoring.participant_load, mentoring.criterion, mentoring.match_run,
    mentoring.match_price, mentoring.proposal, mentoring.proposal_member,
    mentoring.relationship, mentoring.relationship_member;

BEGIN;
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never

-- A programme large enough to be at work whenever the timeouts below strike.
INSERT INTO mentoring.programme (id, name, model)
VALUES (981, 'cancelled', 'one_to_one');
SELECT setseed(0.75);
INSERT INTO mentoring.person (id, external_id, display_name, profile)
SELECT 9810000 + n, 'cancelled ' || n, 'person ' || n,
       jsonb_build_object('x', random() * 100, 'y', random() * 100)
  FROM generate_series(1, 5000) AS n;
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
SELECT 981, id, id, CASE WHEN id % 2 = 0 THEN 'mentor' ELSE 'mentee' END,
       'accepted'
  FROM mentoring.person
 WHERE id BETWEEN 9810001 AND 9815000;
INSERT INTO mentoring.criterion (programme_id, name, kind, mentee_key, params)
VALUES (981, 'x', 'near', 'x', '{"range": 60}'),
       (981, 'y', 'near', 'y', '{"range": 60}');

-- Another whose scores come from a function that takes its time.
CREATE FUNCTION public.slow_similarity(mentee jsonb, mentor jsonb)
RETURNS double precision
LANGUAGE sql
AS $$ SELECT 0.5 FROM pg_sleep(0.02) $$;
INSERT INTO mentoring.programme (id, name, model)
VALUES (982, 'slow', 'one_to_one');
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
SELECT 982, id + 10000, id,
       CASE WHEN id % 2 = 0 THEN 'mentor' ELSE 'mentee' END, 'accepted'
  FROM mentoring.person
 WHERE id BETWEEN 9810001 AND 9810100;
INSERT INTO mentoring.criterion (programme_id, name, kind, params)
VALUES (982, 'slow', 'custom', '{"function": "public.slow_similarity"}');

CREATE TEMPORARY VIEW left_behind AS
SELECT (SELECT count(*) FROM mentoring.match_run
         WHERE programme_id IN (981, 982)) AS runs,
       (SELECT count(*) FROM mentoring.match_price
         WHERE programme_id IN (981, 982)) AS prices,
       (SELECT count(*) FROM mentoring.proposal
         WHERE programme_id IN (981, 982)) AS proposals,
       current_user = session_user AS is_myself,
       current_setting('search_path') AS search_path;

\set VERBOSITY sqlstate
SET statement_timeout = '10ms';
SELECT mentoring.match(981);
SET statement_timeout = '30ms';
SELECT mentoring.match(981);
SELECT mentoring.match(981, 'greedy');
SET statement_timeout = '70ms';
SELECT mentoring.match(981);
SELECT mentoring.match(982);
SELECT * FROM mentoring.solve_assignment(
    'SELECT l AS left_id, r AS right_id, l * r / 9000000.0 AS score
       FROM generate_series(1, 3000) AS l, generate_series(1, 3000) AS r');
SELECT * FROM mentoring.solve_assignment(
    'SELECT 1 AS left_id, 1 AS right_id, 0.5 AS score FROM pg_sleep(10)');
RESET statement_timeout;
\set VERBOSITY default
SELECT * FROM left_behind;

-- The session goes on as before, and a whole run is still possible.
SELECT mentoring.match(981) AS run \gset
SELECT pair_count FROM mentoring.match_run WHERE id = :run;

-- The same for who checks and who publishes: all or nothing.
\set VERBOSITY sqlstate
SET statement_timeout = '60ms';
SELECT * FROM mentoring.verify_match(981, :run);
SELECT mentoring.publish_match(981, :run);
RESET statement_timeout;
\set VERBOSITY default
SELECT status FROM mentoring.match_run WHERE id = :run;
SELECT count(*) FROM mentoring.relationship WHERE programme_id = 981;
SELECT sum(active) AS places_taken FROM mentoring.participant_load
 WHERE programme_id = 981;

ROLLBACK;

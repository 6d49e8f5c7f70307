-- Existing relationships: kept with their places, or put to choice again.

BEGIN;
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
\getenv test_dir PG_ABS_SRCDIR
\set setup :test_dir '/match_setup.sql'
\set ECHO none
\i :setup
\set ECHO all

CREATE FUNCTION pg_temp.relationships(programme bigint)
RETURNS TABLE (mentee_id bigint, mentor_id bigint, status text,
               ended_from text, is_no_fault boolean, end_reason text)
LANGUAGE sql
AS $$
    SELECT a.participant_id, b.participant_id, r.status, r.ended_from,
           r.is_no_fault, regexp_replace(r.end_reason, '\d+', '(run)')
      FROM mentoring.relationship AS r
      JOIN mentoring.relationship_member AS a
        ON a.relationship_id = r.id AND a.role = 'mentee'
      JOIN mentoring.relationship_member AS b
        ON b.relationship_id = r.id AND b.role = 'mentor'
     WHERE r.programme_id = programme
     ORDER BY r.id
$$;

-- 95103 comes late: the two pairs of the first run are proposed by then.
SELECT pg_temp.line(951, '{1, 5, 2}', '{2, 9}', '{1, 2}');
UPDATE mentoring.participant SET status = 'waitlisted' WHERE id = 95103;
SELECT mentoring.match(951) AS first \gset
SELECT pg_temp.pairs(951, :first);
SELECT mentoring.publish_match(951, :first);
UPDATE mentoring.participant SET status = 'accepted' WHERE id = 95103;

-- Kept: 95103 gets the place that is left; who is full takes no part.
SELECT mentoring.match(951) AS kept \gset
SELECT pg_temp.pairs(951, :kept);
SELECT participant_id, places, reason FROM mentoring.match_price
 WHERE match_run_id = :kept ORDER BY participant_id;
SELECT * FROM pg_temp.faults(951, :kept);

-- Not kept: the proposed ones give their places back for this run.
SELECT mentoring.match(951, options => '{"keep": false}') AS anew \gset
SELECT pg_temp.pairs(951, :anew);
SELECT participant_id, places, reason FROM mentoring.match_price
 WHERE match_run_id = :anew ORDER BY participant_id;
SELECT * FROM pg_temp.faults(951, :anew);
SELECT * FROM mentoring.diff_match(951, :first, :anew);

-- Matching alone changed nothing.
SELECT * FROM pg_temp.relationships(951);

-- Publishing ends what the run doesn't repeat, keeps what it does, and
-- creates the rest.
SELECT mentoring.publish_match(951, :anew);
SELECT * FROM pg_temp.relationships(951);
SELECT participant_id, capacity, active FROM mentoring.participant_load
 WHERE programme_id = 951 ORDER BY participant_id;
SELECT * FROM mentoring.verify_load();

-- The proof holds after publication, and when all have become active.
SELECT * FROM pg_temp.faults(951, :anew);
UPDATE mentoring.relationship SET status = 'active'
 WHERE programme_id = 951 AND status = 'proposed';
SELECT * FROM pg_temp.faults(951, :anew);

-- The draft that kept them has been overtaken.
SELECT check_name, holds FROM pg_temp.faults(951, :kept);

-- What is active stays, whatever keep says.
SELECT mentoring.match(951, options => '{"keep": false}') AS run \gset
SELECT pg_temp.pairs(951, :run);
SELECT mentoring.publish_match(951, :run);
SELECT mentee_id, mentor_id, status FROM pg_temp.relationships(951);

-- A pair that became active after the draft was made is in the way of it.
SELECT pg_temp.line(952, '{1}', '{2}');
SELECT mentoring.match(952) AS first \gset
SELECT mentoring.publish_match(952, :first);
SELECT mentoring.match(952, options => '{"keep": false}') AS anew \gset
SELECT pg_temp.pairs(952, :anew);
UPDATE mentoring.relationship SET status = 'trial' WHERE programme_id = 952;
DO $$
DECLARE
    detail text;
BEGIN
    PERFORM mentoring.publish_match(952, max(id)) FROM mentoring.match_run
      WHERE programme_id = 952;
EXCEPTION WHEN object_not_in_prerequisite_state THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RAISE NOTICE '%', detail;
END
$$;
UPDATE mentoring.relationship SET status = 'active' WHERE programme_id = 952;

-- A pin that is met by a relationship is not proposed again; a proposed one
-- that is given back is.
SELECT pg_temp.line(953, '{1, 2}', '{2, 9}');
INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
VALUES (953, 95301, 95351, 'pin');
SELECT mentoring.match(953) AS first \gset
SELECT pg_temp.pairs(953, :first);
SELECT mentoring.publish_match(953, :first);
SELECT mentoring.match(953) AS kept,
       mentoring.match(953, options => '{"keep": false}') AS anew \gset
SELECT pg_temp.pairs(953, :kept) AS kept, pg_temp.pairs(953, :anew) AS anew;
SELECT * FROM pg_temp.faults(953, :kept);
SELECT * FROM pg_temp.faults(953, :anew);
SELECT mentoring.publish_match(953, :anew);
SELECT mentee_id, mentor_id, status FROM pg_temp.relationships(953);

ROLLBACK;

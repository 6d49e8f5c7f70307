-- Who isn't active in the directory is in no new match; what runs goes on.

BEGIN;
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
\getenv test_dir PG_ABS_SRCDIR
\set setup :test_dir '/match_setup.sql'
\set ECHO none
\i :setup
\set ECHO all

CREATE FUNCTION pg_temp.set_active(id bigint, is_active boolean)
RETURNS void
LANGUAGE sql
AS $$
    UPDATE mentoring.person AS n SET is_active = set_active.is_active
      FROM mentoring.participant AS p
     WHERE p.id = set_active.id AND n.id = p.person_id
$$;

-- Mentees 99001 to 99003, mentors 99051 and on.
SELECT pg_temp.line(990, '{1, 2, 8}', '{1, 2, 9}');
SELECT mentoring.match(990) AS before \gset
SELECT pg_temp.pairs(990, :before);
SELECT count(*) FROM pg_temp.faults(990, :before);

-- The mentor at 2 and the mentee at 8 are suspended.
SELECT pg_temp.set_active(99052, false), pg_temp.set_active(99003, false);
SELECT partner_id FROM mentoring.recommend(990, 99002);
SELECT count(*) FROM mentoring.recommend(990, 99003);
SELECT count(*) FROM mentoring.recommend(990, 99052);
SELECT mentoring.compatibility(990, 99002, 99052) IS NULL AS not_eligible;
SELECT count(*) FROM mentoring.pair_scores(990)
 WHERE mentor_id = 99052 OR mentee_id = 99003;
SELECT kind, mentee_value, mentor_value, is_met
  FROM mentoring.explain_pair(990, 99002, 99052) WHERE criterion IS NULL;
SELECT participant_id FROM mentoring.waiting_list
 WHERE programme_id = 990 ORDER BY 1;
SELECT mentoring.match(990) AS run \gset
SELECT pg_temp.pairs(990, :run);
SELECT count(*) FROM pg_temp.faults(990, :run);
SELECT m.method, pg_temp.pairs(990, m.run)
  FROM (SELECT method, mentoring.match(990, method) AS run
          FROM unnest('{stable, greedy}'::text[]) AS method) AS m;

-- Nor in a pair that waiting would help, a draft of before, a pin.
SELECT pg_temp.pairs(990, mentoring.match(990, options => '{"ageing": 1}'));
SELECT check_name, holds, regexp_replace(detail, '\d+:', '(id):') AS detail
  FROM pg_temp.faults(990, :before) AS f;
\set VERBOSITY sqlstate
SELECT mentoring.publish_match(990, :before);
\set VERBOSITY default
INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
VALUES (990, 99001, 99052, 'pin');
SELECT mentoring.match(990);
DELETE FROM mentoring.pair_rule WHERE programme_id = 990;

-- Requests: neither side; one that was open is closed.
SELECT mentoring.request_mentor(990, 99002, 99052);
SELECT mentoring.request_mentor(990, 99003, 99051);
SELECT pg_temp.set_active(99052, true);
SELECT mentoring.request_mentor(990, 99002, 99052) AS request \gset
SELECT pg_temp.set_active(99052, false);
SELECT mentoring.expire_requests(990);
SELECT status, reason FROM mentoring.request WHERE id = :request;

-- Both are back: as before.
SELECT pg_temp.set_active(99052, true), pg_temp.set_active(99003, true);
SELECT count(*) FROM pg_temp.faults(990, :before);
SELECT mentoring.publish_match(990, :before);

-- A relationship goes on; the place stays taken.
SELECT pg_temp.set_active(99052, false);
SELECT r.status, count(*) FROM mentoring.relationship AS r
 WHERE programme_id = 990 GROUP BY r.status;
SELECT active FROM mentoring.participant_load
 WHERE programme_id = 990 AND participant_id = 99052;

-- Nobody is left.
UPDATE mentoring.person SET is_active = false
 WHERE id IN (SELECT person_id FROM mentoring.participant
               WHERE programme_id = 990 AND role = 'mentor');
SELECT mentoring.match(990);

-- Peers, too.
INSERT INTO mentoring.programme (id, name, model, status)
VALUES (991, 'peers', 'peer', 'matching');
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
SELECT 991, 100 + id, id, 'peer', 'accepted'
  FROM mentoring.person WHERE id BETWEEN 99001 AND 99003 OR id = 99051;
INSERT INTO mentoring.criterion
    (programme_id, name, kind, mentee_key, weight, params)
VALUES (991, 'distance', 'near', 'place', 1, '{"range": 10}');
SELECT pg_temp.pairs(991, mentoring.match(991));
SELECT pg_temp.set_active(99101, false);
SELECT pg_temp.pairs(991, mentoring.match(991));
ROLLBACK;

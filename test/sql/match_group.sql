-- Circles of peers, and groups of mentees with a mentor.

BEGIN;
\set SHOW_CONTEXT never
\getenv test_dir PG_ABS_SRCDIR
\set setup :test_dir '/match_setup.sql'
\set ECHO none
\i :setup
\set ECHO all

-- Peers on a line; the programme wants circles of three or four.
CREATE FUNCTION pg_temp.peers(programme bigint, places numeric[],
                              model text DEFAULT 'circle')
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO mentoring.programme (id, name, model, status, min_group_size,
                                     max_group_size)
    VALUES (programme, 'peers ' || programme, model, 'matching', 3, 4);
    INSERT INTO mentoring.person (id, external_id, display_name, profile)
    SELECT programme * 100 + n, 'peer ' || programme * 100 + n, 'peer ' || n,
           jsonb_build_object('place', x)
      FROM unnest(places) WITH ORDINALITY AS u (x, n);
    INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
    SELECT programme, id, id, 'peer', 'accepted'
      FROM mentoring.person WHERE id / 100 = programme;
    INSERT INTO mentoring.criterion
        (programme_id, name, kind, mentee_key, weight, params)
    VALUES (programme, 'distance', 'near', 'place', 1, '{"range": 10}');
END
$$;

-- The members of each proposal as one line.
CREATE FUNCTION pg_temp.groups(run bigint) RETURNS text
LANGUAGE sql
AS $$
    SELECT string_agg(members || ' ' || score, ', ' ORDER BY members)
      FROM (SELECT o.score, string_agg((m.participant_id % 100)::text, '-'
                                       ORDER BY m.role DESC, m.participant_id)
                            AS members
              FROM mentoring.proposal AS o
              JOIN mentoring.proposal_member AS m ON m.proposal_id = o.id
             WHERE o.match_run_id = run GROUP BY o.id, o.score) AS g
$$;

SELECT pg_temp.peers(951, '{1, 1, 1, 5, 5, 5, 5, 9, 9, 9}');
SELECT mentoring.match(951) AS run \gset
SELECT pg_temp.groups(:run);
SELECT method, pair_count, unmatched_count, total_score,
       bound >= total_score AS is_bound, detail ->> 'placed' AS placed,
       detail ->> 'placed_bound' AS placed_bound
  FROM mentoring.match_run WHERE id = :run;
SELECT * FROM pg_temp.faults(951, :run);
-- two who must, and two who must not share a circle
INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
VALUES (951, 95101, 95110, 'pin'), (951, 95105, 95104, 'forbid');
SELECT mentoring.match(951) AS run \gset
SELECT count(*) FILTER (WHERE (mentee_id, mentor_id) = (95101, 95110)) AS pinned,
       count(*) FILTER (WHERE (mentee_id, mentor_id) = (95104, 95105)) AS forbidden
  FROM mentoring.proposed_pair WHERE match_run_id = :run;
SELECT * FROM pg_temp.faults(951, :run);
SELECT mentoring.publish_match(951, :run) = pair_count AS all_published
  FROM mentoring.match_run WHERE id = :run;
SELECT * FROM pg_temp.faults(951, :run);
SELECT count(*) AS members, count(DISTINCT relationship_id) AS circles
  FROM mentoring.relationship_member WHERE programme_id = 951;
SELECT sum(active) AS places_taken FROM mentoring.participant_load
 WHERE programme_id = 951;
-- matched again, the same circles are taken over
SELECT mentoring.match(951, options => '{"keep": false}') AS again \gset
SELECT mentoring.publish_match(951, :again) AS created \gset
SELECT count(*) = pair_count AS all_there
  FROM mentoring.match_run AS m, mentoring.relationship AS r
 WHERE m.id = :again AND r.match_run_id = :again AND r.status = 'proposed'
 GROUP BY pair_count;
SELECT sum(active) AS places_taken FROM mentoring.participant_load
 WHERE programme_id = 951;

-- The same seed gives the same circles, in whatever order people came.
SELECT pg_temp.peers(952, (SELECT array_agg((n * 37 % 23)::numeric)
                             FROM generate_series(1, 23) AS n));
SELECT mentoring.match(952, options => '{"seed": 5}') AS a \gset
SELECT mentoring.match(952, options => '{"seed": 5}') AS b \gset
SELECT pg_temp.groups(:a) = pg_temp.groups(:b) AS same;
SELECT * FROM pg_temp.faults(952, :a);
SELECT mentoring.match(952, 'greedy') AS start \gset
SELECT s.method, s.total_score <= h.total_score AS no_better,
       s.total_score > 0.8 * h.total_score AS not_much_worse
  FROM mentoring.match_run AS s, mentoring.match_run AS h
 WHERE s.id = :start AND h.id = :a;
-- a member moved to another circle is found
UPDATE mentoring.proposal_member SET proposal_id =
       (SELECT max(id) FROM mentoring.proposal WHERE match_run_id = :a)
 WHERE id = (SELECT min(m.id) FROM mentoring.proposal_member AS m
              JOIN mentoring.proposal AS o ON o.id = m.proposal_id
             WHERE o.match_run_id = :a);
SELECT check_name, holds FROM pg_temp.faults(952, :a);

-- Too few for a circle: nobody is placed.
SELECT pg_temp.peers(953, '{1, 2}');
SELECT mentoring.match(953) AS run \gset
SELECT pair_count, unmatched_count FROM mentoring.match_run WHERE id = :run;
SELECT participant_id, reason FROM mentoring.unmatched
 WHERE match_run_id = :run ORDER BY 1;

-- Groups: a mentor leads as many groups as places, each of three to four
-- people.
SELECT pg_temp.line(954, '{1, 1, 2, 5, 5, 6, 9, 9}', '{1, 5, 9}', '{1, 1, 1}',
                    'group');
UPDATE mentoring.programme SET min_group_size = 3, max_group_size = 4
 WHERE id = 954;
SELECT mentoring.match(954) AS run \gset
SELECT pg_temp.groups(:run);
SELECT method, pair_count, unmatched_count, total_score, bound,
       detail ->> 'placed' AS placed
  FROM mentoring.match_run WHERE id = :run;
SELECT * FROM pg_temp.faults(954, :run);
INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
VALUES (954, 95401, 95453, 'pin');
SELECT mentoring.match(954) AS run \gset
SELECT count(*) FROM mentoring.proposed_pair
 WHERE match_run_id = :run AND (mentee_id, mentor_id) = (95401, 95453);
SELECT * FROM pg_temp.faults(954, :run);
SELECT mentoring.publish_match(954, :run);
SELECT participant_id, active FROM mentoring.participant_load
 WHERE programme_id = 954 AND participant_id > 95450 ORDER BY 1;
UPDATE mentoring.proposal SET score = 0.5 WHERE match_run_id = :run;
SELECT check_name, holds FROM pg_temp.faults(954, :run);

-- Refused
\set ON_ERROR_ROLLBACK on
\set VERBOSITY terse
SELECT mentoring.match(954, 'stable');
SELECT mentoring.match(954, objective => 'fair');
SELECT mentoring.match(954, objective => 'best_total');
SELECT mentoring.match(951, options => '{"ageing": 0.1}');
SELECT mentoring.match(951, options => '{"churn_penalty": 0.1}');
SELECT mentoring.shortage(951);
SELECT pg_temp.line(955, '{1}', '{1}');
SELECT mentoring.match(955, 'heuristic');
ROLLBACK;

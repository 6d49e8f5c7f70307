-- Methods and objectives beside the best total: stable, fair; models that are
-- matched like one_to_one.

BEGIN;
\set SHOW_CONTEXT never
\getenv test_dir PG_ABS_SRCDIR
\set setup :test_dir '/match_setup.sql'
\set ECHO none
\i :setup
\set ECHO all

-- Fair: the worst pair is raised, though the total falls.
SELECT pg_temp.line(944, '{1, 5}', '{5, 14}');
SELECT mentee_id, mentor_id, score FROM mentoring.pair_scores(944);
SELECT mentoring.match(944) AS best \gset
SELECT pg_temp.pairs(944, :best);
SELECT mentoring.match(944, objective => 'fair') AS run \gset
SELECT pg_temp.pairs(944, :run);
SELECT method, objective, total_score, bound, gap,
       detail ->> 'fairness_cost' AS fairness_cost
  FROM mentoring.match_run WHERE id = :run;
SELECT check_name, holds, detail FROM mentoring.verify_match(944, :run)
 WHERE check_name IN ('total', 'fair');
-- the best total isn't fair
UPDATE mentoring.match_run SET objective = 'fair' WHERE id = :best;
SELECT check_name, holds, detail FROM mentoring.verify_match(944, :best)
 WHERE check_name = 'fair';
SELECT cover, price, reason FROM mentoring.match_price
 WHERE match_run_id = :run ORDER BY participant_id;

-- Stable: each side by its own preferences.  Both mentees would rather have
-- 94551, who would rather have 94502.
SELECT pg_temp.line(945, '{5, 5}', '{5, 5}');
INSERT INTO mentoring.criterion (programme_id, name, kind, weight)
VALUES (945, 'preference', 'preference', 1);
INSERT INTO mentoring.preference (programme_id, participant_id, preferred_id,
                                  rank)
VALUES (945, 94501, 94551, 1), (945, 94501, 94552, 2),
       (945, 94502, 94551, 1), (945, 94502, 94552, 2),
       (945, 94551, 94502, 1), (945, 94551, 94501, 2),
       (945, 94552, 94502, 1), (945, 94552, 94501, 2);
SELECT mentoring.match(945, 'stable') AS run \gset
SELECT pg_temp.pairs(945, :run);
SELECT method, pair_count, bound IS NULL AS no_bound,
       detail ->> 'kernel' AS kernel
  FROM mentoring.match_run WHERE id = :run;
SELECT check_name, holds, detail FROM mentoring.verify_match(945, :run)
 WHERE check_name = 'stable';
-- swapped, 94502 and 94551 would rather be together
UPDATE mentoring.proposal_member
   SET participant_id = 189103 - participant_id + 0
 WHERE role = 'mentor' AND proposal_id IN
       (SELECT id FROM mentoring.proposal WHERE match_run_id = :run);
SELECT check_name, holds, detail FROM mentoring.verify_match(945, :run)
 WHERE holds IS NOT true;

-- Pins come first and hold whatever the sides think; waiting counts for the
-- mentors.
INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
VALUES (945, 94501, 94551, 'pin');
SELECT mentoring.match(945, 'stable') AS run \gset
SELECT pg_temp.pairs(945, :run);
SELECT * FROM pg_temp.faults(945, :run);
DELETE FROM mentoring.pair_rule WHERE programme_id = 945;
UPDATE mentoring.participant SET applied_at = '2001-01-01' WHERE id = 94501;
SELECT mentoring.match(945, 'stable', options => '{"ageing": 1}') AS run \gset
SELECT pg_temp.pairs(945, :run);
SELECT * FROM pg_temp.faults(945, :run);

-- Random programmes: fair is what solve_assignment says of the scores, stable
-- what solve_stable says, and both hold.
CREATE FUNCTION pg_temp.fill(programme bigint, n integer) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM pg_temp.line(programme,
        (SELECT array_agg(round((random() * 14)::numeric, n % 3))
           FROM generate_series(1, 1 + (random() * 9)::integer)),
        (SELECT array_agg(round((random() * 14)::numeric, n % 3))
           FROM generate_series(1, 1 + (random() * 9)::integer)));
    UPDATE mentoring.participant SET capacity = (random() * 2)::integer
     WHERE programme_id = programme AND random() < 0.5;
    INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
    SELECT programme, a.id, b.id, 'forbid'
      FROM mentoring.participant AS a, mentoring.participant AS b
     WHERE a.programme_id = programme AND a.role = 'mentee'
       AND b.programme_id = programme AND b.role = 'mentor'
       AND random() < 0.15;
END
$$;

CREATE FUNCTION pg_temp.check_methods(programme bigint, n integer)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    fair     bigint;
    stable   bigint;
    places   text := format('SELECT CASE role WHEN ''mentee'' THEN ''left''
        ELSE ''right'' END AS side, id, capacity AS places
        FROM mentoring.participant WHERE programme_id = %s', programme);
    wrong    integer := 0;
BEGIN
    PERFORM pg_temp.fill(programme, n);
    fair := mentoring.match(programme, objective => 'fair');
    stable := mentoring.match(programme, 'stable');
    PERFORM FROM mentoring.proposed_pair AS p
       FULL JOIN mentoring.solve_assignment(format(
                'SELECT mentee_id AS left_id, mentor_id AS right_id, score
                   FROM mentoring.pair_scores(%s)', programme), places,
                'fair') AS s
         ON (s.left_id, s.right_id) = (p.mentee_id, p.mentor_id)
      WHERE (p.match_run_id = fair OR p.match_run_id IS NULL)
        AND (p.mentee_id IS NULL OR s.left_id IS NULL);
    wrong := wrong + FOUND::integer;
    IF (SELECT string_agg(format('%s-%s', mentee_id, mentor_id), ' '
                          ORDER BY mentee_id, mentor_id)
          FROM mentoring.proposed_pair WHERE match_run_id = stable)
       IS DISTINCT FROM
       (SELECT string_agg(format('%s-%s', left_id, right_id), ' '
                          ORDER BY left_id, right_id)
          FROM mentoring.solve_stable(format(
            'SELECT mentee_id AS left_id, mentor_id AS right_id,
                    score AS left_score, score AS right_score
               FROM mentoring.pair_scores(%s)', programme), places))
    THEN
        wrong := wrong + 2;
    END IF;
    PERFORM FROM mentoring.verify_match(programme, fair) WHERE holds IS NOT true;
    wrong := wrong + 4 * FOUND::integer;
    PERFORM FROM mentoring.verify_match(programme, stable) WHERE holds IS NOT true;
    RETURN wrong + 8 * FOUND::integer;
END
$$;
SELECT setseed(0.75);
SELECT count(*) AS programmes, sum(r::integer) AS wrong
  FROM (SELECT pg_temp.check_methods(946000 + n, n) AS r
          FROM generate_series(1, 30) AS n) AS t;

-- A reverse programme and job shadowing are matched as one_to_one is.
SELECT pg_temp.line(947, '{1, 3, 7}', '{2, 7}', '{2, 1}', 'reverse');
SELECT pg_temp.line(948, '{1, 3, 7}', '{2, 7}', '{2, 1}', 'job_shadow');
SELECT pg_temp.line(949, '{1, 3, 7}', '{2, 7}', '{2, 1}');
SELECT g, replace(pg_temp.pairs(g, mentoring.match(g, m)), g::text, '...')
  FROM unnest('{947, 948, 949}'::bigint[]) AS g,
       unnest('{optimal, greedy, stable}'::text[]) AS m ORDER BY m, g;
SELECT mentoring.match(948) AS run \gset
SELECT * FROM pg_temp.faults(948, :run);
SELECT mentoring.publish_match(948, :run);
SELECT status, count(*) FROM mentoring.relationship
 WHERE programme_id = 948 GROUP BY status;
ROLLBACK;

-- Peers in pairs: the best pairing, with its proof.

BEGIN;
\set SHOW_CONTEXT never
\getenv test_dir PG_ABS_SRCDIR
\set setup :test_dir '/match_setup.sql'
\set ECHO none
\i :setup
\set ECHO all

-- Notices name runs by their ids; undone with the rest.
ALTER SEQUENCE mentoring.match_run_id_seq RESTART WITH 9810001;

-- Peers on a line; persons have the ids of the participants.
CREATE FUNCTION pg_temp.peers(programme bigint, places numeric[])
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO mentoring.programme (id, name, model, status)
    VALUES (programme, 'peers ' || programme, 'peer', 'matching');
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

SELECT pg_temp.peers(981, '{1, 2, 4, 8, 9}');
SELECT * FROM mentoring.pair_scores(981);
SELECT mentoring.match(981) AS run \gset
SELECT pg_temp.pairs(981, :run);
SELECT method, objective, mentee_count, mentor_count, eligible_count,
       pair_count, unmatched_count, total_score, bound, gap,
       detail ->> 'kernel' AS kernel
  FROM mentoring.match_run WHERE id = :run;
SELECT participant_id, reason FROM mentoring.unmatched WHERE match_run_id = :run;
SELECT check_name, holds, detail FROM mentoring.verify_match(981, :run)
 WHERE check_name <> 'inputs_unchanged';
SELECT mentoring.publish_match(981, :run);
SELECT role, count(*) FROM mentoring.relationship_member
 WHERE programme_id = 981 GROUP BY role;
SELECT * FROM pg_temp.faults(981, :run);
-- two who are together aren't scored again
SELECT mentoring.compatibility(981, 98101, 98102) IS NULL AS together;

-- A triangle of good pairs needs an odd set for its proof.
SELECT pg_temp.peers(982, '{5, 5, 5, 14}');
SELECT mentoring.match(982, objective => 'best_total') AS run \gset
SELECT pair_count, total_score FROM mentoring.match_run WHERE id = :run;
SELECT count(*) > 0 AS has_sets, bool_and(price > 0) AS priced
  FROM mentoring.match_odd_set WHERE match_run_id = :run;
SELECT * FROM pg_temp.faults(982, :run);
-- what makes the proof fail
SAVEPOINT s;
DELETE FROM mentoring.match_odd_set WHERE match_run_id = :run;
SELECT check_name, holds FROM pg_temp.faults(982, :run);
ROLLBACK TO s;
UPDATE mentoring.match_price SET price = price + 0.000001
 WHERE match_run_id = :run
   AND participant_id = (SELECT min(m.participant_id)
                           FROM mentoring.proposal AS o
                           JOIN mentoring.proposal_member AS m
                             ON m.proposal_id = o.id
                          WHERE o.match_run_id = :run);
SELECT check_name, holds FROM pg_temp.faults(982, :run);
ROLLBACK TO s;
DELETE FROM mentoring.proposal WHERE match_run_id = :run;
SELECT check_name, holds FROM pg_temp.faults(982, :run);
ROLLBACK TO s;

-- A difference of directions: the mean counts, and both rules.
SELECT pg_temp.peers(983, '{1, 1, 1, 1}');
INSERT INTO mentoring.skill (id, name) VALUES (98301, 'baking');
INSERT INTO mentoring.participant_skill
       (programme_id, participant_id, skill_id, level, target_level)
VALUES (983, 98301, 98301, 1, 3), (983, 98302, 98301, 3, NULL),
       (983, 98303, 98301, 2, 4), (983, 98304, 98301, 4, NULL);
INSERT INTO mentoring.criterion (programme_id, name, kind, weight)
VALUES (983, 'skills', 'skill_cover', 1);
SELECT mentee_id, mentor_id, score FROM mentoring.pair_scores(983);
SELECT criterion, similarity, contribution
  FROM mentoring.explain_pair(983, 98301, 98302);
SELECT mentoring.match(983) AS run \gset
SELECT pg_temp.pairs(983, :run);
SELECT * FROM pg_temp.faults(983, :run);

-- Pins either way round, forbidden pairs, waiting, churn.
INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
VALUES (983, 98302, 98301, 'pin'), (983, 98301, 98302, 'pin');
SELECT mentoring.match(983) AS run \gset
SELECT pg_temp.pairs(983, :run);
SELECT * FROM pg_temp.faults(983, :run);
DELETE FROM mentoring.pair_rule WHERE programme_id = 983;
INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
VALUES (983, 98304, 98301, 'forbid'), (983, 98301, 98303, 'forbid');
UPDATE mentoring.participant SET applied_at = '2001-01-01' WHERE id = 98304;
SELECT mentoring.match(983, options => '{"ageing": 0.1}') AS run \gset
SELECT pg_temp.pairs(983, :run);
SELECT total_score, bound, gap FROM mentoring.match_run WHERE id = :run;
SELECT * FROM pg_temp.faults(983, :run);
SELECT mentoring.publish_match(983, :run);
DELETE FROM mentoring.pair_rule WHERE programme_id = 983;
SELECT mentoring.match(983, options => '{"keep": false, "churn_penalty": 1}')
       AS run \gset
SELECT pg_temp.pairs(983, :run);
SELECT * FROM pg_temp.faults(983, :run);
SELECT mentoring.match(983, 'greedy', options => '{"keep": false}') AS run \gset
SELECT pg_temp.pairs(983, :run);
SELECT check_name, holds FROM pg_temp.faults(983, :run);

-- Matched again, pairs of the run are worth keeping.
SELECT pg_temp.peers(988, '{1, 2, 8, 9}');
SELECT mentoring.match(988) AS run \gset
SELECT pg_temp.pairs(988, :run);
UPDATE mentoring.person SET profile = '{"place": 8}' WHERE id = 98802;
UPDATE mentoring.person SET profile = '{"place": 2}' WHERE id = 98803;
\set VERBOSITY terse
SAVEPOINT s;
SELECT mentoring.rematch(988, :run) = :run AS same_run;
SELECT pg_temp.pairs(988, :run);
ROLLBACK TO s;
SELECT mentoring.rematch(988, :run, options => '{"churn_penalty": 0.6}') = :run
       AS same_run;
SELECT pg_temp.pairs(988, :run);
SELECT total_score, detail -> 'value' AS value, detail -> 'churn' AS churn
  FROM mentoring.match_run WHERE id = :run;
SELECT * FROM pg_temp.faults(988, :run);
\set VERBOSITY default

-- Random programmes: what solve_pairing says of the scores, at least as good
-- as greedy, with a proof.
CREATE FUNCTION pg_temp.check_peers(programme bigint, n integer) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    run    bigint;
    greedy bigint;
    best   numeric;
BEGIN
    PERFORM pg_temp.peers(programme,
        (SELECT array_agg(round((random() * 14)::numeric, n % 3))
           FROM generate_series(1, 2 + (random() * 11)::integer)));
    INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
    SELECT programme, a.id, b.id, 'forbid'
      FROM mentoring.participant AS a, mentoring.participant AS b
     WHERE a.programme_id = programme AND b.programme_id = programme
       AND a.id <> b.id AND random() < 0.1 * (n % 4);
    run := mentoring.match(programme, objective => 'best_total');
    greedy := mentoring.match(programme, 'greedy', 'best_total');
    SELECT sum(score::numeric) INTO best
      FROM mentoring.solve_pairing(format(
          'SELECT mentee_id AS a_id, mentor_id AS b_id, score
             FROM mentoring.pair_scores(%s)', programme));
    IF coalesce(best, 0) <> (SELECT total_score::numeric
                               FROM mentoring.match_run WHERE id = run) THEN
        RETURN 'not the best';
    END IF;
    PERFORM FROM mentoring.match_run AS r, mentoring.match_run AS g
      WHERE r.id = run AND g.id = greedy
        AND (g.total_score > r.total_score OR g.bound < r.total_score
             OR 2 * g.total_score < r.total_score - 1e-9);
    IF FOUND THEN
        RETURN 'greedy';
    END IF;
    PERFORM FROM pg_temp.faults(programme, run);
    IF FOUND THEN
        RETURN 'no proof';
    END IF;
    run := mentoring.match(programme);
    PERFORM FROM pg_temp.faults(programme, run);
    RETURN CASE WHEN FOUND THEN 'no proof' ELSE 'ok' END;
END
$$;
SELECT setseed(0.125);
SELECT result, count(*)
  FROM (SELECT pg_temp.check_peers(984000 + n, n) AS result
          FROM generate_series(1, 40) AS n) AS t GROUP BY result;

-- Refused
\set ON_ERROR_ROLLBACK on
\set VERBOSITY terse
SELECT mentoring.match(981, 'stable');
SELECT mentoring.match(981, objective => 'fair');
SELECT mentoring.price_of_rules(981);
INSERT INTO mentoring.programme (id, name, model) VALUES (985, 'nobody', 'peer');
INSERT INTO mentoring.criterion (programme_id, name, kind, mentee_key, weight)
VALUES (985, 'site', 'same', 'site', 1);
SELECT mentoring.match(985);
ROLLBACK;

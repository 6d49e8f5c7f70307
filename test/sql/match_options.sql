-- Options that add to scores: ageing, churn_penalty.

BEGIN;
\set SHOW_CONTEXT never
\getenv test_dir PG_ABS_SRCDIR
\set setup :test_dir '/match_setup.sql'
\set ECHO none
\i :setup
\set ECHO all

-- 94102 suits better, 94101 has waited.  Half a year is worth half of ageing.
SELECT pg_temp.line(941, '{1, 3}', '{4}');
UPDATE mentoring.participant
   SET applied_at = now() - interval '182 days 23 hours' WHERE id = 94101;
UPDATE mentoring.participant
   SET applied_at = now() + interval '1 day' WHERE id = 94102;
SELECT mentoring.match(941) AS run \gset
SELECT pg_temp.pairs(941, :run);
SELECT mentoring.match(941, options => '{"ageing": 0.4}') AS run \gset
SELECT pg_temp.pairs(941, :run);
SELECT mentoring.match(941, options => '{"ageing": 0.5}') AS run \gset
SELECT pg_temp.pairs(941, :run);
SELECT * FROM pg_temp.faults(941, :run);
SELECT participant_id, places, cover, price, priority
  FROM mentoring.match_price WHERE match_run_id = :run ORDER BY 1;
-- the total is that of the scores, the bound that of the value
SELECT total_score, bound, gap, detail ->> 'value' AS value
  FROM mentoring.match_run WHERE id = :run;
-- a year and more count alike
UPDATE mentoring.participant SET applied_at = '2001-01-01' WHERE id = 94101;
SELECT mentoring.match(941, options => '{"ageing": 0.000001}') AS run \gset
SELECT priority FROM mentoring.match_price
 WHERE match_run_id = :run AND participant_id = 94101;
-- min_score looks at the score alone
SELECT mentoring.match(941, options => '{"ageing": 1, "min_score": 0.75}')
       AS run \gset
SELECT pg_temp.pairs(941, :run);
-- a priority or a date of application changed later is found
SAVEPOINT s;
UPDATE mentoring.match_price SET priority = 0.5
 WHERE match_run_id = :run AND participant_id = 94101;
SELECT check_name, holds FROM pg_temp.faults(941, :run);
ROLLBACK TO s;
UPDATE mentoring.participant SET applied_at = now() WHERE id = 94101;
SELECT check_name, holds FROM pg_temp.faults(941, :run);

-- Best_total counts value: a pair of score 0 is taken once it is worth more.
SELECT pg_temp.line(942, '{1}', '{20}');
SELECT mentoring.match(942, objective => 'best_total') AS run \gset
SELECT pg_temp.pairs(942, :run);
UPDATE mentoring.participant SET applied_at = '2001-01-01' WHERE id = 94201;
SELECT mentoring.match(942, objective => 'best_total',
                       options => '{"ageing": 0.1}') AS run \gset
SELECT pg_temp.pairs(942, :run);
SELECT * FROM pg_temp.faults(942, :run);

-- Least disruption: two proposed pairs are kept as long as nothing gains more
-- than the penalty for each of them.
SELECT pg_temp.line(943, '{1, 2}', '{1, 2}');
INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
VALUES (943, 94301, 94351, 'forbid');
SELECT mentoring.match(943) AS run \gset
SELECT pg_temp.pairs(943, :run);
SELECT mentoring.publish_match(943, :run);
DELETE FROM mentoring.pair_rule WHERE programme_id = 943;
SELECT mentoring.match(943, options => '{"keep": false,
                                         "churn_penalty": 0.1}') AS run \gset
SELECT pg_temp.pairs(943, :run), detail -> 'churn' AS churn
  FROM mentoring.match_run WHERE id = :run;
SELECT mentoring.match(943, options => '{"keep": false,
                                         "churn_penalty": 0.100001}')
       AS run \gset
SELECT pg_temp.pairs(943, :run);
SELECT total_score, bound, gap FROM mentoring.match_run WHERE id = :run;
SELECT * FROM pg_temp.faults(943, :run);
SELECT mentoring.publish_match(943, :run);
SELECT * FROM pg_temp.faults(943, :run);
UPDATE mentoring.match_run SET detail = detail - 'churn' WHERE id = :run;
SELECT check_name, holds FROM pg_temp.faults(943, :run);
ROLLBACK;

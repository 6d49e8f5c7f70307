-- A programme matched: pairs, counts, reasons, objectives and methods.

BEGIN;
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
\getenv test_dir PG_ABS_SRCDIR
\set setup :test_dir '/match_setup.sql'
\set ECHO none
\i :setup
\set ECHO all

-- Mentees at 0, 4, 5 and 9; mentors at 5 (one place), 4 (one) and 20 (two).
-- Nobody scores above 0 with the last, but 0 is eligible, too.
SELECT pg_temp.line(901, '{0, 4, 5, 9}', '{5, 4, 20}', '{1, 1, 2}');

-- As many pairs as possible: all four.
SELECT mentoring.match(901) AS run \gset
SELECT pg_temp.pairs(901, :run);
SELECT method, objective, options, status, mentee_count, mentor_count,
       eligible_count, pair_count, unmatched_count, total_score, bound, gap
  FROM mentoring.match_run
 WHERE id = :run;
SELECT elapsed_ms > 0 AS has_time, length(input_hash) AS hash_length,
       extension_version = mentoring.version() AS is_this_version,
       published_at IS NULL AS is_draft,
       (SELECT array_agg(key ORDER BY key) FROM jsonb_object_keys(detail) AS key)
           AS detail,
       detail ->> 'kernel' AS kernel
  FROM mentoring.match_run
 WHERE id = :run;
SELECT * FROM mentoring.unmatched WHERE match_run_id = :run;
SELECT participant_id, places, reason FROM mentoring.match_price
 WHERE match_run_id = :run ORDER BY participant_id;
SELECT check_name, holds FROM mentoring.verify_match(901, :run);

-- The highest total: pairs of score 0 are never taken.  Two mentees are
-- outbid; the mentor at 20 has eligible mentees, who went elsewhere.
SELECT mentoring.match(901, 'optimal', 'best_total') AS run \gset
SELECT pg_temp.pairs(901, :run);
SELECT participant_id, reason FROM mentoring.unmatched
 WHERE match_run_id = :run ORDER BY participant_id;
SELECT pair_count, unmatched_count, total_score FROM mentoring.match_run
 WHERE id = :run;
SELECT * FROM pg_temp.faults(901, :run);

-- Greedy takes the best remaining pair again and again; it claims nothing
-- about optimality but says how far off it may be.  Here the best pairs are
-- 4-4 and 5-5, which is optimal, too.
SELECT mentoring.match(901, 'greedy') AS run \gset
SELECT pg_temp.pairs(901, :run);
SELECT method, objective, pair_count, total_score,
       bound >= total_score AS is_bound, gap = bound - total_score AS is_gap,
       detail ->> 'kernel' AS kernel
  FROM mentoring.match_run
 WHERE id = :run;
SELECT count(*) AS prices, count(cover) AS covers, count(price) AS prices_set
  FROM mentoring.match_price
 WHERE match_run_id = :run;
SELECT * FROM pg_temp.faults(901, :run);
SELECT mentoring.match(901, 'greedy', 'best_total') AS run \gset
SELECT pg_temp.pairs(901, :run);

-- Where it pays to give up the best pair, greedy is worse: 3-5 is the best
-- pair, but then 8 is left with 0.
SELECT pg_temp.line(902, '{3, 8}', '{0, 5}');
SELECT mentoring.match(902, 'optimal') AS optimal,
       mentoring.match(902, 'greedy') AS greedy \gset
SELECT pg_temp.pairs(902, :optimal) AS optimal,
       pg_temp.pairs(902, :greedy) AS greedy;
SELECT method, total_score, bound, gap FROM mentoring.match_run
 WHERE id IN (:optimal, :greedy) ORDER BY id;
SELECT * FROM mentoring.diff_match(902, :optimal, :greedy);

-- min_score: pairs below are not eligible, at it they are.
SELECT mentoring.match(901, options => '{"min_score": 0.6}') AS run \gset
SELECT pg_temp.pairs(901, :run);
SELECT participant_id, reason FROM mentoring.unmatched
 WHERE match_run_id = :run ORDER BY participant_id;
SELECT eligible_count, options FROM mentoring.match_run WHERE id = :run;
SELECT * FROM pg_temp.faults(901, :run);
SELECT mentoring.match(901, options => '{"min_score": 0.600001}') AS run \gset
SELECT pg_temp.pairs(901, :run);

-- The mentors' side has fewer places: the matrix is turned, the result isn't.
SELECT pg_temp.line(903, '{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
                          16, 17, 18, 19, 20}', '{3, 17.5}', '{2, 1}');
SELECT mentoring.match(903) AS run \gset
SELECT pg_temp.pairs(903, :run);
SELECT * FROM pg_temp.faults(903, :run);
SELECT reason, count(*) FROM mentoring.unmatched
 WHERE match_run_id = :run GROUP BY reason;

-- Mentees may have more places than one, too, and a pair counts once.
UPDATE mentoring.participant SET capacity = 3
 WHERE programme_id = 902 AND id = 90201;
UPDATE mentoring.participant SET capacity = 5
 WHERE programme_id = 902 AND id = 90252;
SELECT mentoring.match(902) AS run \gset
SELECT pg_temp.pairs(902, :run);
SELECT participant_id, places FROM mentoring.match_price
 WHERE match_run_id = :run ORDER BY participant_id;
SELECT * FROM pg_temp.faults(902, :run);

-- Reasons.  90401 has an eligible mentor who is full, 90402 none at all (the
-- only one is forbidden, so 90452 has nobody, either), 90404 is outbid; mentor
-- 90454 is eligible only with a mentee who is full.
SELECT pg_temp.line(904, '{1, 5, 10, 10, 40, 80}', '{1, 5, 10, 41, 60, 30}');
UPDATE mentoring.criterion SET minimum = 0.7 WHERE programme_id = 904;
INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
VALUES (904, 90402, 90452, 'forbid');
UPDATE mentoring.participant SET capacity = 0 WHERE id IN (90451, 90405);
SELECT mentoring.match(904) AS run \gset
SELECT pg_temp.pairs(904, :run);
SELECT participant_id, reason FROM mentoring.unmatched
 WHERE match_run_id = :run ORDER BY participant_id;
SELECT mentee_count, mentor_count, eligible_count, pair_count,
       unmatched_count FROM mentoring.match_run WHERE id = :run;
SELECT * FROM pg_temp.faults(904, :run);

-- Everybody full is no error: there is nothing to propose.
UPDATE mentoring.participant SET capacity = 0 WHERE programme_id = 902;
SELECT mentoring.match(902) AS run \gset
SELECT mentee_count, mentor_count, eligible_count, pair_count, total_score,
       bound, gap
  FROM mentoring.match_run
 WHERE id = :run;
SELECT check_name, holds FROM mentoring.verify_match(902, :run);

-- Reverse and job shadow programmes are matched as pairs, too.
SELECT pg_temp.line(905, '{1}', '{2}', NULL, 'reverse');
SELECT pg_temp.line(906, '{1}', '{2}', NULL, 'job_shadow');
SELECT mentoring.match(905) AS reverse, mentoring.match(906) AS shadow \gset
SELECT pg_temp.pairs(905, :reverse), pg_temp.pairs(906, :shadow);

ROLLBACK;

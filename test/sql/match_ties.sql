-- Of several optimal matchings one is the result: higher score, then lower
-- mentee, then lower mentor, for whatever order the data came in.

BEGIN;
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
\getenv test_dir PG_ABS_SRCDIR
\set setup :test_dir '/match_setup.sql'
\set ECHO none
\i :setup
\set ECHO all

-- All pairs alike: the lowest mentees with the lowest mentors.
SELECT pg_temp.line(961, '{1, 1, 1, 1}', '{1, 1, 1}');
SELECT mentoring.match(961) AS run \gset
SELECT pg_temp.pairs(961, :run);
SELECT participant_id, reason FROM mentoring.unmatched WHERE match_run_id = :run;
SELECT mentoring.match(961, 'greedy') AS run \gset
SELECT pg_temp.pairs(961, :run);

-- With more places the lowest mentor is filled first.
UPDATE mentoring.participant SET capacity = 2 WHERE id IN (96151, 96153);
SELECT mentoring.match(961) AS run \gset
SELECT pg_temp.pairs(961, :run);
SELECT mentoring.match(961, 'greedy') AS run \gset
SELECT pg_temp.pairs(961, :run);

-- 0.9 + 0.7 = 0.8 + 0.8: the matching with the higher single score.
SELECT pg_temp.line(962, '{1, 2}', '{3, 4}');
SELECT mentoring.match(962) AS run \gset
SELECT pg_temp.pairs(962, :run);

-- Mentees at 1 to 6, mentors at 1 to 4, one in two places: the answer of brute
-- force over all matchings in the order of the rule.
SELECT pg_temp.line(963, '{1, 2, 3, 4, 5, 6}', '{4, 3, 2, 1}', '{1, 2, 1, 1}');
SELECT mentoring.match(963) AS run \gset
SELECT pg_temp.pairs(963, :run);
WITH RECURSIVE pair AS (
    SELECT s.mentee_id, s.mentor_id, s.score::numeric AS score,
           row_number() OVER (ORDER BY s.score DESC, s.mentee_id, s.mentor_id)
               AS place
      FROM mentoring.pair_scores(963) AS s
), matching AS (
    SELECT 0::bigint AS last, 0::numeric AS total, '{}'::bigint[] AS places,
           '{}'::bigint[] AS mentees, '{}'::bigint[] AS mentors
    UNION ALL
    SELECT p.place, m.total + p.score, m.places || p.place,
           m.mentees || p.mentee_id, m.mentors || p.mentor_id
      FROM matching AS m
      JOIN pair AS p
        ON p.place > m.last AND p.mentee_id <> ALL (m.mentees)
       AND cardinality(array_positions(m.mentors, p.mentor_id)) <
           CASE p.mentor_id WHEN 96352 THEN 2 ELSE 1 END
)
SELECT (SELECT string_agg(format('%s-%s %s', mentee_id, mentor_id, score::real),
                          ', ' ORDER BY mentee_id)
          FROM pair WHERE place = ANY (m.places)) AS by_brute_force
  FROM matching AS m
 ORDER BY cardinality(m.places) DESC, m.total DESC, m.places
 LIMIT 1;

-- Twice the same; and the same with mentors as rows of the matrix or mentees.
SELECT count(*) AS runs, count(DISTINCT pg_temp.pairs(963, id)) AS results
  FROM (SELECT mentoring.match(963) AS id FROM generate_series(1, 3)) AS r;
SELECT pg_temp.line(964, array_agg(n % 3), '{1, 1, 2, 2}')
  FROM generate_series(1, 40) AS n;
SELECT mentoring.match(964) AS run \gset
SELECT pg_temp.pairs(964, :run);
SELECT * FROM pg_temp.faults(964, :run);

ROLLBACK;

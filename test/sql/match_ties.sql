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

-- Scores of few levels tie a good part of all pairs.  Where a list of these is
-- more memory than is allowed, and where they don't fit beside a matrix that
-- does, rows are made on demand for them; the result is the same.
CREATE FUNCTION pg_temp.levels(programme bigint, mentees integer, mentors integer)
RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO mentoring.programme (id, name, model, status, starts_on)
    VALUES (programme, 'levels ' || programme, 'one_to_one', 'matching',
            '2024-01-01');
    INSERT INTO mentoring.person (id, external_id, display_name, profile)
    SELECT programme * 10000 + n, 'levels ' || programme * 10000 + n,
           'person ' || n,
           jsonb_build_object('town', n % CASE WHEN n > mentees THEN 4 ELSE 3 END,
                              'sport', greatest(n % 50, 40))
      FROM generate_series(1, mentees + mentors) AS n;
    INSERT INTO mentoring.participant
        (programme_id, id, person_id, role, status, capacity)
    SELECT programme, programme * 10000 + n, programme * 10000 + n,
           CASE WHEN n > mentees THEN 'mentor' ELSE 'mentee' END, 'accepted', 1
      FROM generate_series(1, mentees + mentors) AS n;
    INSERT INTO mentoring.criterion
        (programme_id, name, kind, mentee_key, weight, params)
    VALUES (programme, 'town', 'same', 'town', 2, '{}'),
           (programme, 'sport', 'same', 'sport', 1, '{}');
$$;
CREATE FUNCTION pg_temp.match_within(allowed text, programme bigint)
RETURNS bigint
LANGUAGE plpgsql
SET jit = off
AS $$
DECLARE
    usual text := current_setting('mentoring.match_memory');
    run bigint;
BEGIN
    PERFORM set_config('mentoring.match_memory', allowed, true);
    run := mentoring.match(programme);
    PERFORM set_config('mentoring.match_memory', usual, true);
    RETURN run;
END
$$;
CREATE FUNCTION pg_temp.differences(run bigint, other bigint)
RETURNS bigint
LANGUAGE sql
AS $$
    SELECT count(*)
      FROM (SELECT mentee_id, mentor_id, score
              FROM mentoring.proposed_pair WHERE match_run_id = run) AS a
      FULL JOIN (SELECT mentee_id, mentor_id, score
                   FROM mentoring.proposed_pair WHERE match_run_id = other) AS b
     USING (mentee_id, mentor_id, score)
     WHERE a IS NULL OR b IS NULL
$$;
SELECT pg_temp.levels(965, 900, 800), pg_temp.levels(966, 800, 900);
CREATE TABLE pg_temp.run AS
SELECT programme, allowed, pg_temp.match_within(allowed, programme) AS id
  FROM generate_series(965, 966) AS programme
 CROSS JOIN unnest('{256MB, 3800kB, 2MB}'::text[]) AS allowed;
SELECT programme, allowed, r.pair_count, r.total_score,
       r.detail ? 'rows_scored' AS on_demand,
       (r.detail ->> 'memory_bytes')::bigint <= pg_size_bytes(allowed) AS kept,
       pg_temp.differences(id, min(id) OVER (PARTITION BY programme)),
       (SELECT count(*) FROM pg_temp.faults(programme, id)) AS faults
  FROM pg_temp.run JOIN mentoring.match_run AS r USING (id)
 ORDER BY id;

-- What fits in neither way.
\set VERBOSITY terse
SELECT pg_temp.match_within('1200kB', 965);
\set VERBOSITY default

-- The same after changes, with a matrix and without.
SELECT pg_temp.match_within('256MB', 965) AS run,
       pg_temp.match_within('256MB', 965) AS other \gset
UPDATE mentoring.participant SET status = 'withdrawn'
 WHERE id IN (9650002, 9650300, 9650901);
SET LOCAL mentoring.match_memory = '3800kB';
SELECT mentoring.rematch(965, :run) = :run AS same_run;
SET LOCAL mentoring.match_memory = '2MB';
SELECT mentoring.rematch(965, :other) = :other AS same_run;
RESET mentoring.match_memory;
SELECT mentoring.match(965) AS anew \gset
SELECT r.detail ->> 'changed' AS changed,
       r.detail ->> 'solved_anew' AS solved_anew,
       r.detail ? 'rows_scored' AS on_demand,
       pg_temp.differences(r.id, :anew)
  FROM mentoring.match_run AS r WHERE r.id IN (:run, :other) ORDER BY r.id;

ROLLBACK;

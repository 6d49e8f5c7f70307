-- solve_assignment: the optimal matching of any two sets, by query text.

\set SHOW_CONTEXT never

-- Any ids in any order, any integer and number types, any other columns.
SELECT * FROM mentoring.solve_assignment($$
    SELECT * FROM (VALUES
        ('a', 20::bigint, -7::smallint, 0.5::real),
        ('b', 3, -7, 0.75),
        ('c', 20, 100, 0.25)) AS v (note, left_id, right_id, score) $$);

-- As many pairs as possible, then the highest total; or the highest total,
-- pairs of score 0 or less never.
CREATE TEMPORARY TABLE sample (left_id integer, right_id integer,
                               score numeric);
INSERT INTO sample VALUES (1, 1, 0.9), (1, 2, 0.1), (2, 1, 0.6), (2, 2, -0.4),
    (3, 2, 0), (4, 3, -0.2);
SELECT * FROM mentoring.solve_assignment('TABLE sample');
SELECT * FROM mentoring.solve_assignment('TABLE sample', NULL, 'best_total');

-- Fair: as many pairs as possible, then the worst pair is raised first, and
-- only then the others. Everybody would be content with 2 and 3; two who could
-- be happy step back for the third.
CREATE TEMPORARY TABLE wish (left_id integer, right_id integer, score numeric);
INSERT INTO wish VALUES (1, 1, 0.9), (1, 2, 0.5), (2, 2, 0.9), (2, 3, 0.4),
    (3, 3, 0.1), (3, 1, 0.4), (4, 4, 0.05);
SELECT o.objective, s.*
  FROM (VALUES ('fair'), ('most_pairs')) AS o (objective),
       LATERAL mentoring.solve_assignment('TABLE wish', NULL, o.objective)
           AS s
 ORDER BY o.objective, s.left_id;

-- Negative scores count, and a place more on one side is used for fairness.
SELECT * FROM mentoring.solve_assignment(
    'SELECT left_id, right_id, score - 1 AS score FROM wish',
    $$ SELECT 'right' AS side, 2 AS id, 2 AS places $$, 'fair');

-- Places on both sides; a pair is taken once at most, ids without pairs and
-- places beyond use are no error.
SELECT * FROM mentoring.solve_assignment('TABLE sample', $$
    SELECT * FROM (VALUES ('left', 1, 2), ('right', 1, 9000000000),
                          ('left', 4, 0), ('right', 77, 3))
        AS v (side, id, places) $$);

-- No rows: no pairs.
SELECT * FROM mentoring.solve_assignment('SELECT * FROM sample WHERE false');
SELECT * FROM mentoring.solve_assignment('TABLE sample',
    $$ SELECT 'right' AS side, right_id AS id, 0 AS places FROM sample
       GROUP BY right_id $$);

-- Scores are rounded half up to 10^-6, numeric ones exactly.
SELECT v.given, s.score
  FROM (VALUES ('0.0000005'), ('0.00000049999999999999999999999'),
               ('-0.0000005'), ('-0.00000050000000000000000001'),
               ('0.1234565'), ('999.9999994999'), ('-1000'), ('1e-300'))
       AS v (given),
       LATERAL mentoring.solve_assignment(format(
           'SELECT 1 AS left_id, 1 AS right_id, %L::numeric AS score',
           v.given)) AS s;

-- Domains, varchar and name count as what they are made of.
CREATE DOMAIN pg_temp.share AS numeric CHECK (VALUE <= 1);
SELECT * FROM mentoring.solve_assignment(
    'SELECT 1 AS left_id, 2 AS right_id, 0.5::pg_temp.share AS score',
    $$ SELECT 'left'::varchar(9) AS side, 1 AS id, 1::smallint AS places
       UNION ALL SELECT 'right'::name, 2, 1 $$);

-- The query is the caller's: his rights, his search_path, his data, and a
-- big one may run in parallel.
CREATE ROLE regress_mentoring_solver;
GRANT USAGE ON SCHEMA mentoring TO regress_mentoring_solver;
GRANT EXECUTE ON FUNCTION mentoring.solve_assignment TO
    regress_mentoring_solver;
SET ROLE regress_mentoring_solver;
SELECT * FROM mentoring.solve_assignment('TABLE sample');
SELECT * FROM mentoring.solve_assignment(
    'SELECT 1 AS left_id, 1 AS right_id, 0.5 AS score');
RESET ROLE;
REVOKE ALL ON FUNCTION mentoring.solve_assignment FROM
    regress_mentoring_solver;
REVOKE ALL ON SCHEMA mentoring FROM regress_mentoring_solver;
DROP ROLE regress_mentoring_solver;

-- Against brute force: every matching of four by four with random scores, many
-- of them equal, some pairs missing.  The stated rule leaves one answer.
CREATE FUNCTION pg_temp.best(pairs_sql text, objective text)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    answer text;
BEGIN
    EXECUTE format($q$
        WITH RECURSIVE pair AS (
            SELECT left_id, right_id, score,
                   row_number() OVER (ORDER BY score DESC, left_id, right_id)
                       AS place
              FROM (%2$s) AS q
        ), matching AS (
            SELECT 0::bigint AS last, 0::numeric AS total,
                   '{}'::bigint[] AS places, '{}'::integer[] AS lefts,
                   '{}'::integer[] AS rights, '{}'::numeric[] AS scores
            UNION ALL
            SELECT p.place, m.total + p.score, m.places || p.place,
                   m.lefts || p.left_id, m.rights || p.right_id,
                   p.score || m.scores
              FROM matching AS m
              JOIN pair AS p
                ON p.place > m.last AND p.left_id <> ALL (m.lefts)
               AND p.right_id <> ALL (m.rights)
               AND (p.score > 0 OR %1$L <> 'best_total')
        )
        SELECT (SELECT string_agg(format('%%s-%%s', left_id, right_id), ' '
                                  ORDER BY left_id, right_id)
                  FROM pair WHERE place = ANY (m.places))
          FROM matching AS m
         ORDER BY CASE WHEN %1$L <> 'best_total' THEN cardinality(m.places)
                  END DESC,
                  CASE WHEN %1$L = 'fair' THEN m.scores END DESC,
                  m.total DESC, m.places
         LIMIT 1 $q$, objective, pairs_sql) INTO answer;
    RETURN answer;
END
$$;
SELECT setseed(0.25);
CREATE TEMPORARY TABLE trial AS
SELECT n, l AS left_id, r AS right_id,
       (floor(random() * 5) - CASE WHEN n % 2 = 0 THEN 1 ELSE 0 END) / 4
           AS score
  FROM generate_series(1, 120) AS n, generate_series(1, 4) AS l,
       generate_series(1, 4) AS r
 WHERE random() < 0.8;
ALTER TABLE trial ALTER score TYPE numeric;
SELECT o.objective, count(*) AS trials,
       count(*) FILTER (WHERE a.answer IS DISTINCT FROM b.answer) AS wrong
  FROM generate_series(1, 120) AS n,
       (VALUES ('most_pairs'), ('best_total'), ('fair')) AS o (objective),
       LATERAL (SELECT format('SELECT left_id, right_id, score FROM trial WHERE n = %s', n) AS q)
           AS q,
       LATERAL (SELECT string_agg(format('%s-%s', left_id, right_id), ' '
                                  ORDER BY left_id, right_id) AS answer
                  FROM mentoring.solve_assignment(q.q, NULL, o.objective)) AS a,
       LATERAL (SELECT pg_temp.best(q.q, o.objective) AS answer) AS b
 GROUP BY o.objective
 ORDER BY o.objective;

-- Left and right exchanged: the same pairs, whichever side has fewer places.
CREATE TEMPORARY TABLE wide AS
SELECT l AS left_id, r AS right_id,
       ((l * 7919 + r * 104729 + l * r * 31) % 999983) / 1000000.0 AS score
  FROM generate_series(1, 300) AS l, generate_series(1, 40) AS r;
SELECT count(*) AS pairs,
       count(*) FILTER (WHERE b.left_id IS NULL) AS differ,
       sum(a.score) = (SELECT sum(score) FROM mentoring.solve_assignment(
           'TABLE wide')) AS is_total
  FROM mentoring.solve_assignment('TABLE wide') AS a
  FULL JOIN mentoring.solve_assignment(
      'SELECT left_id AS right_id, right_id AS left_id, score FROM wide
        ORDER BY random()') AS b
    ON b.left_id = a.right_id AND b.right_id = a.left_id;

-- The same when fair; and a fair answer has as many pairs, a better worst one,
-- and a lower total.
CREATE TEMPORARY VIEW narrow AS SELECT * FROM wide WHERE left_id <= 42;
WITH fair AS (
    SELECT * FROM mentoring.solve_assignment('TABLE narrow', NULL, 'fair')
), exchanged AS (
    SELECT * FROM mentoring.solve_assignment(
        'SELECT left_id AS right_id, right_id AS left_id, score FROM narrow
          ORDER BY random()', NULL, 'fair')
), best AS (
    SELECT * FROM mentoring.solve_assignment('TABLE narrow')
)
SELECT (SELECT count(*) FROM fair) AS pairs,
       (SELECT count(*) FILTER (WHERE e.left_id IS NULL)
          FROM fair AS f
          FULL JOIN exchanged AS e
            ON e.left_id = f.right_id AND e.right_id = f.left_id) AS differ,
       (SELECT count(*) FROM best) AS best_pairs,
       (SELECT min(score) FROM fair) > (SELECT min(score) FROM best)
           AS is_fairer,
       (SELECT sum(score) FROM fair) < (SELECT sum(score) FROM best)
           AS has_lower_total;

-- The answer depends on the rows, not on their order, also when all are
-- equal: then the lower left id goes with the lower right id.
SELECT count(*) AS pairs, bool_and(left_id = right_id) AS is_diagonal
  FROM mentoring.solve_assignment(
      'SELECT l AS left_id, r AS right_id, 0.5 AS score
         FROM generate_series(1, 100) AS l, generate_series(1, 100) AS r
        ORDER BY r, l');
SELECT count(*) AS pairs, bool_and(left_id = right_id) AS is_diagonal
  FROM mentoring.solve_assignment(
      'SELECT l AS left_id, r AS right_id, 0.5 AS score
         FROM generate_series(1, 100) AS l, generate_series(1, 100) AS r
        ORDER BY l * 7919 % 101, r * 31 % 101');

-- Sets far apart in size, and a matrix of mostly nothing.
SELECT count(*) AS pairs, min(score), max(score)
  FROM mentoring.solve_assignment(
      'SELECT 1 AS left_id, r AS right_id, r / 100000.0 AS score
         FROM generate_series(1, 50000) AS r');
SELECT count(*) AS pairs
  FROM mentoring.solve_assignment(
      'SELECT i AS left_id, i AS right_id, 0.1 AS score
         FROM generate_series(1, 2000) AS i');

--
-- Bad input: what is wrong, and the way out
--

CREATE FUNCTION pg_temp.refused(arguments text) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    code text;
    message text;
    detail text;
    hint text;
BEGIN
    EXECUTE 'SELECT * FROM mentoring.solve_assignment(' || arguments || ')';
    RETURN 'not refused';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE,
        message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
        hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(E'\n', code || ' ' || message, nullif(detail, ''),
                     '-> ' || nullif(hint, ''));
END
$$;
\pset format unaligned
\pset tuples_only on

-- columns
SELECT pg_temp.refused($$'SELECT 1 AS left_id, 1 AS right_id'$$);
SELECT pg_temp.refused($$'SELECT 1 AS left, 2 AS right_id, 3 AS score'$$);
SELECT pg_temp.refused($$'SELECT 1 AS left_id, 1 AS left_id, 2 AS right_id, 3 AS score'$$);
SELECT pg_temp.refused($$'SELECT ''1'' AS left_id, 2 AS right_id, 3 AS score'$$);
SELECT pg_temp.refused($$'SELECT 1.0 AS left_id, 2 AS right_id, 3 AS score'$$);
SELECT pg_temp.refused($$'SELECT 1 AS left_id, 2 AS right_id, true AS score'$$);
SELECT pg_temp.refused($$'TABLE sample', 'SELECT 1 AS id, 2 AS places'$$);
SELECT pg_temp.refused($$'TABLE sample', 'SELECT 1 AS side, 1 AS id, 2 AS places'$$);
SELECT pg_temp.refused($$'TABLE sample', 'SELECT ''left'' AS side, 1 AS id, 2.5 AS places'$$);

-- values
SELECT pg_temp.refused($$'SELECT NULL::integer AS left_id, 2 AS right_id, 3 AS score'$$);
SELECT pg_temp.refused($$'SELECT 1 AS left_id, NULL::integer AS right_id, 3 AS score'$$);
SELECT pg_temp.refused($$'SELECT 1 AS left_id, 2 AS right_id, NULL::float8 AS score'$$);
SELECT pg_temp.refused($$'SELECT 1 AS left_id, 2 AS right_id, ''NaN''::float8 AS score'$$);
SELECT pg_temp.refused($$'SELECT 1 AS left_id, 2 AS right_id, ''NaN''::numeric AS score'$$);
SELECT pg_temp.refused($$'SELECT 1 AS left_id, 2 AS right_id, ''-Infinity''::float4 AS score'$$);
SELECT pg_temp.refused($$'SELECT 1 AS left_id, 2 AS right_id, ''Infinity''::numeric AS score'$$);
SELECT pg_temp.refused($$'SELECT 1 AS left_id, 2 AS right_id, 1000.0000001 AS score'$$);
SELECT pg_temp.refused($$'SELECT 1 AS left_id, 2 AS right_id, -2147483648 AS score'$$);
SELECT pg_temp.refused($$'SELECT 1 AS left_id, 2 AS right_id, 1e400 AS score'$$);
SELECT pg_temp.refused($$'SELECT i % 3 AS left_id, i % 2 AS right_id, i AS score FROM generate_series(1, 9) AS i'$$);

-- places
SELECT pg_temp.refused($$'TABLE sample', 'SELECT ''left'' AS side, 1 AS id, -1 AS places'$$);
SELECT pg_temp.refused($$'TABLE sample', 'SELECT ''left'' AS side, 1 AS id, NULL::integer AS places'$$);
SELECT pg_temp.refused($$'TABLE sample', 'SELECT NULL::text AS side, 1 AS id, 1 AS places'$$);
SELECT pg_temp.refused($$'TABLE sample', 'SELECT ''Left'' AS side, 1 AS id, 1 AS places'$$);
SELECT pg_temp.refused($$'TABLE sample', 'SELECT ''right'' AS side, 1 AS id, i AS places FROM generate_series(1, 2) AS i'$$);

-- statements: exactly one SELECT that only reads
SELECT pg_temp.refused($$''$$);
SELECT pg_temp.refused($$'TABLE sample; DELETE FROM sample'$$);
SELECT pg_temp.refused($$'DELETE FROM sample RETURNING *'$$);
SELECT pg_temp.refused($$'WITH d AS (DELETE FROM sample RETURNING *) SELECT * FROM d'$$);
SELECT pg_temp.refused($$'SELECT * INTO other FROM sample'$$);
SELECT pg_temp.refused($$'SELECT * FROM sample FOR UPDATE'$$);
SELECT pg_temp.refused($$'EXPLAIN SELECT 1'$$);
SELECT pg_temp.refused($$'SELECT $1 AS left_id'$$);
SELECT pg_temp.refused($$'SELEC 1'$$);
SELECT pg_temp.refused($$'TABLE sample', 'DROP TABLE sample'$$);
SELECT count(*) FROM sample;

-- words
SELECT pg_temp.refused($$NULL$$);
SELECT pg_temp.refused($$'TABLE sample', NULL, NULL$$);
SELECT pg_temp.refused($$'TABLE sample', NULL, 'cheapest'$$);

-- memory: a query of endless rows ends, and so does a matrix too large
SET mentoring.match_memory = '4MB';
SELECT regexp_replace(pg_temp.refused($$'SELECT i AS left_id, i AS right_id, 0.1 AS score
    FROM (SELECT generate_series(1, 1000000000) AS i) AS s'$$),
    '\d+ by \d+|\d+ kB', '(n)', 'g');
SELECT regexp_replace(pg_temp.refused($$'SELECT 1 AS left_id, 1 AS right_id, 0.1 AS score
    FROM (SELECT generate_series(1, 1000000000)) AS s'$$),
    '\d+ kB', '(n)', 'g');
SELECT regexp_replace(pg_temp.refused($$'SELECT i AS left_id, i AS right_id, 0.1 AS score
    FROM generate_series(1, 1100) AS i'$$), '\d+ kB', '(n)', 'g');
SELECT regexp_replace(pg_temp.refused($$'TABLE sample',
    'SELECT ''left'' AS side, i AS id, 1 AS places
       FROM (SELECT generate_series(1, 1000000000) AS i) AS s'$$),
    '\d+ kB', '(n)', 'g');
RESET mentoring.match_memory;

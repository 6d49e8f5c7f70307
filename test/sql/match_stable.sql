-- solve_stable: the stable matching of any two sets that is best for the left
-- side, by query text.

\set SHOW_CONTEXT never

-- Any ids in any order, any integer and number types, any other columns.
SELECT * FROM mentoring.solve_stable($$
    SELECT * FROM (VALUES
        ('a', 20::bigint, -7::smallint, 0.5::real, 3),
        ('b', 3, -7, 0.75, 4),
        ('c', 20, 100, 0.25, -1)) AS v (note, left_id, right_id, left_score,
                                        right_score) $$);

-- The example of Gale and Shapley's paper: three men, three women, ranks of
-- each by the other.  The men get their first choices and the women their
-- last; the other way round it is the women who do.
CREATE TEMPORARY TABLE ranking (left_id integer, right_id integer,
                                left_score integer, right_score integer);
INSERT INTO ranking VALUES
    (1, 11, -1, -3), (1, 12, -2, -2), (1, 13, -3, -1),
    (2, 11, -3, -1), (2, 12, -1, -3), (2, 13, -2, -2),
    (3, 11, -2, -2), (3, 12, -3, -1), (3, 13, -1, -3);
SELECT * FROM mentoring.solve_stable('TABLE ranking');
SELECT * FROM mentoring.solve_stable(
    'SELECT right_id AS left_id, left_id AS right_id,
            right_score AS left_score, left_score AS right_score
       FROM ranking');

-- Incomplete lists: who is left without an offer stays alone.  Ties: the lower id
-- is preferred, by either side.
SELECT * FROM mentoring.solve_stable($$
    SELECT * FROM (VALUES (1, 1, 5, 5), (2, 1, 5, 9), (2, 2, 5, 1))
        AS v (left_id, right_id, left_score, right_score) $$);
SELECT * FROM mentoring.solve_stable(
    'SELECT l AS left_id, r AS right_id, 1 AS left_score, 1 AS right_score
       FROM generate_series(1, 3) AS l, generate_series(1, 4) AS r
      ORDER BY l * 7 % 5, r * 7 % 5');

-- Places on both sides; a pair is taken once at most, ids without pairs and
-- places beyond use are no error.
SELECT * FROM mentoring.solve_stable('TABLE ranking', $$
    SELECT * FROM (VALUES ('left', 1, 2), ('right', 11, 9000000000),
                          ('left', 3, 0), ('right', 77, 3))
        AS v (side, id, places) $$);

-- No rows: no pairs.
SELECT * FROM mentoring.solve_stable('SELECT * FROM ranking WHERE false');
SELECT * FROM mentoring.solve_stable('TABLE ranking',
    $$ SELECT 'right' AS side, right_id AS id, 0 AS places FROM ranking
       GROUP BY right_id $$);

-- Scores are rounded half up to 10^-6, numeric ones exactly: what is equal
-- then is a tie.
SELECT v.given, s.right_id
  FROM (VALUES ('0.0000004'), ('0.0000005'), ('0.49999999999999999e-6'))
       AS v (given),
       LATERAL mentoring.solve_stable(format(
           'SELECT 1 AS left_id, r AS right_id, 0 AS right_score,
                   CASE r WHEN 8 THEN %L ELSE ''0'' END::numeric AS left_score
              FROM generate_series(7, 9) AS r', v.given)) AS s;

-- The query is the caller's: his rights, his data.
CREATE ROLE regress_mentoring_solver;
GRANT USAGE ON SCHEMA mentoring TO regress_mentoring_solver;
GRANT EXECUTE ON FUNCTION mentoring.solve_stable TO regress_mentoring_solver;
SET ROLE regress_mentoring_solver;
SELECT * FROM mentoring.solve_stable('TABLE ranking');
SELECT * FROM mentoring.solve_stable(
    'SELECT 1 AS left_id, 1 AS right_id, 0.5 AS left_score,
            0.5 AS right_score');
RESET ROLE;
REVOKE ALL ON FUNCTION mentoring.solve_stable FROM regress_mentoring_solver;
REVOKE ALL ON SCHEMA mentoring FROM regress_mentoring_solver;
DROP ROLE regress_mentoring_solver;

-- Against the definition: every matching of three by three with up to two
-- places each, many scores equal, some pairs missing.  Of the stable ones the
-- one is left-optimal whose pairs the left side ranks best.
CREATE TEMPORARY TABLE trial AS
WITH pair AS (
    SELECT n, l AS left_id, r AS right_id, hashint4(n * 100 + l * 10 + r) AS h
      FROM generate_series(1, 150) AS n, generate_series(1, 3) AS l,
           generate_series(1, 3) AS r
)
SELECT n, left_id, right_id, (h >> 8) & 3 AS left_score,
       CASE WHEN n % 2 = 0 THEN -((h >> 8) & 3) ELSE (h >> 12) & 3 END
           AS right_score
  FROM pair
 WHERE h & 7 <> 0;
CREATE TEMPORARY TABLE trial_places AS
SELECT n, side, id, 1 + (hashint4(n * 10 + id) & 1) * (n % 3) / 2 AS places
  FROM generate_series(1, 150) AS n, (VALUES ('left'), ('right')) AS s (side),
       generate_series(1, 3) AS id;

CREATE FUNCTION pg_temp.best(trial_number integer) RETURNS text
LANGUAGE sql
AS $$
    WITH RECURSIVE pair AS (
        SELECT t.left_id, t.right_id,
               row_number() OVER (PARTITION BY t.left_id
                   ORDER BY t.left_score DESC, t.right_id) AS left_rank,
               row_number() OVER (PARTITION BY t.right_id
                   ORDER BY t.right_score DESC, t.left_id) AS right_rank,
               lp.places AS left_places, rp.places AS right_places,
               t.left_id * 10 + t.right_id AS code
          FROM trial AS t
          JOIN trial_places AS lp
            ON lp.n = t.n AND lp.side = 'left' AND lp.id = t.left_id
          JOIN trial_places AS rp
            ON rp.n = t.n AND rp.side = 'right' AND rp.id = t.right_id
         WHERE t.n = trial_number
    ), subset AS (
        SELECT '{}'::integer[] AS codes
        UNION ALL
        SELECT s.codes || p.code
          FROM subset AS s
          JOIN pair AS p ON p.code > coalesce(s.codes[cardinality(s.codes)], 0)
         WHERE (SELECT count(*) FROM unnest(s.codes) AS c
                 WHERE c / 10 = p.left_id) < p.left_places
           AND (SELECT count(*) FROM unnest(s.codes) AS c
                 WHERE c % 10 = p.right_id) < p.right_places
    ), stable AS (
        SELECT s.codes,
               (SELECT coalesce(sum(p.left_rank), 0) FROM pair AS p
                 WHERE p.code = ANY (s.codes)) AS left_ranks
          FROM subset AS s
         WHERE NOT EXISTS (
            SELECT FROM pair AS p
             WHERE p.code <> ALL (s.codes)
               AND (SELECT count(*) FROM pair AS q
                     WHERE q.code = ANY (s.codes) AND q.left_id = p.left_id
                       AND q.left_rank < p.left_rank) < p.left_places
               AND (SELECT count(*) FROM pair AS q
                     WHERE q.code = ANY (s.codes) AND q.right_id = p.right_id
                       AND q.right_rank < p.right_rank) < p.right_places)
    )
    SELECT array_to_string(codes, ' ')
           || CASE WHEN count(*) OVER () > 1 THEN ' (of several)' ELSE '' END
      FROM stable
     ORDER BY left_ranks
     LIMIT 1
$$;
SELECT count(*) AS trials,
       count(*) FILTER (WHERE b.answer LIKE '%several%') AS of_several,
       count(*) FILTER (WHERE a.answer IS DISTINCT FROM
                              replace(b.answer, ' (of several)', '')) AS wrong
  FROM generate_series(1, 150) AS n,
       LATERAL (SELECT coalesce(string_agg((left_id * 10 + right_id)::text, ' '
                                ORDER BY left_id, right_id), '') AS answer
                  FROM mentoring.solve_stable(format(
                       'SELECT left_id, right_id, left_score, right_score
                          FROM trial WHERE n = %s', n), format(
                       'SELECT side, id, places FROM trial_places
                         WHERE n = %s', n))) AS a,
       LATERAL (SELECT pg_temp.best(n) AS answer) AS b;

-- The answer depends on the rows, not on their order, and is the same for a
-- query ordered by either id.
CREATE TEMPORARY TABLE wide AS
SELECT l AS left_id, r AS right_id,
       (l * 7919 + r * 104729 + l * r * 31) % 991 AS left_score,
       (l * 5023 + r * 70001 + l * r * 57) % 997 AS right_score
  FROM generate_series(1, 400) AS l, generate_series(1, 150) AS r;
CREATE TEMPORARY TABLE answer AS
SELECT * FROM mentoring.solve_stable('TABLE wide',
    'SELECT ''right'' AS side, r AS id, r % 4 AS places
       FROM generate_series(1, 150) AS r');
SELECT o.sorting, count(*) AS pairs,
       count(*) FILTER (WHERE a.left_id IS NULL OR s.left_id IS NULL) AS differ
  FROM (VALUES ('left_id'), ('right_id'), ('random()')) AS o (sorting),
       LATERAL (SELECT * FROM answer) AS a
  FULL JOIN LATERAL mentoring.solve_stable(
       'SELECT * FROM wide ORDER BY ' || o.sorting,
       'SELECT ''right'' AS side, r AS id, r % 4 AS places
          FROM generate_series(1, 150) AS r') AS s
    USING (left_id, right_id)
 GROUP BY o.sorting
 ORDER BY o.sorting;

-- Nobody blocks: no pair that both would rather have than the worst they got
-- or an empty place.
SELECT count(*) AS blocking
  FROM wide AS w
  LEFT JOIN (SELECT left_id, min(left_score * 1000 - right_id) AS worst
               FROM answer JOIN wide USING (left_id, right_id)
              GROUP BY left_id) AS l USING (left_id)
  LEFT JOIN (SELECT right_id, min(right_score * 1000 - left_id) AS worst,
                    count(*) AS taken
               FROM answer JOIN wide USING (left_id, right_id)
              GROUP BY right_id) AS r USING (right_id)
 WHERE w.right_id % 4 > 0
   AND (l.worst IS NULL OR w.left_score * 1000 - w.right_id > l.worst)
   AND (coalesce(r.taken, 0) < w.right_id % 4
        OR w.right_score * 1000 - w.left_id > r.worst);

-- Few pairs of many ids take no room for those that aren't there.
SET mentoring.match_memory = '64MB';
SELECT count(*) AS pairs, bool_and(left_id = right_id) AS is_diagonal
  FROM mentoring.solve_stable(
      'SELECT i AS left_id, i AS right_id, 1 AS left_score, 1 AS right_score
         FROM generate_series(1, 100000) AS i',
      'SELECT side, i AS id, 1000000 AS places
         FROM generate_series(1, 1000) AS i,
              (VALUES (''left''), (''right'')) AS s (side)');
RESET mentoring.match_memory;

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
    EXECUTE 'SELECT * FROM mentoring.solve_stable(' || arguments || ')';
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
SELECT pg_temp.refused($$'SELECT 1 AS left_id, 1 AS right_id, 1 AS score'$$);
SELECT pg_temp.refused($$'SELECT 1 AS left_id, 1 AS right_id, 1 AS left_score'$$);
SELECT pg_temp.refused($$'SELECT 1 AS left_id, 1 AS right_id, 1 AS right_score'$$);
SELECT pg_temp.refused($$'SELECT 1 AS left_id, 2 AS right_id, 3 AS left_score, true AS right_score'$$);
SELECT pg_temp.refused($$'SELECT 1.5 AS left_id, 2 AS right_id, 3 AS left_score, 4 AS right_score'$$);
SELECT pg_temp.refused($$'SELECT left_id, right_id, left_score, left_score, right_score FROM ranking'$$);
SELECT pg_temp.refused($$'TABLE ranking', 'SELECT 1 AS id, 2 AS places'$$);

-- values: a pair has both scores, or isn't there
SELECT pg_temp.refused($$'SELECT 1 AS left_id, 2 AS right_id, NULL::float8 AS left_score, 3 AS right_score'$$);
SELECT pg_temp.refused($$'SELECT 1 AS left_id, 2 AS right_id, 3 AS left_score, NULL::float8 AS right_score'$$);
SELECT pg_temp.refused($$'SELECT 1 AS left_id, NULL::integer AS right_id, 3 AS left_score, 4 AS right_score'$$);
SELECT pg_temp.refused($$'SELECT 1 AS left_id, 2 AS right_id, 3 AS left_score, ''NaN''::float8 AS right_score'$$);
SELECT pg_temp.refused($$'SELECT 1 AS left_id, 2 AS right_id, ''Infinity''::float8 AS left_score, 4 AS right_score'$$);
SELECT pg_temp.refused($$'SELECT 1 AS left_id, 2 AS right_id, 3 AS left_score, -1000.5 AS right_score'$$);
SELECT pg_temp.refused($$'SELECT i % 3 AS left_id, i % 2 AS right_id, i AS left_score, i AS right_score FROM generate_series(1, 9) AS i'$$);

-- places
SELECT pg_temp.refused($$'TABLE ranking', 'SELECT ''left'' AS side, 1 AS id, -1 AS places'$$);
SELECT pg_temp.refused($$'TABLE ranking', 'SELECT ''left'' AS side, 1 AS id, NULL::integer AS places'$$);
SELECT pg_temp.refused($$'TABLE ranking', 'SELECT ''mentor'' AS side, 1 AS id, 1 AS places'$$);
SELECT pg_temp.refused($$'TABLE ranking', 'SELECT ''right'' AS side, 1 AS id, i AS places FROM generate_series(1, 2) AS i'$$);

-- statements: exactly one SELECT that only reads
SELECT pg_temp.refused($$''$$);
SELECT pg_temp.refused($$'TABLE ranking; TABLE ranking'$$);
SELECT pg_temp.refused($$'DELETE FROM ranking RETURNING *'$$);
SELECT pg_temp.refused($$'WITH d AS (DELETE FROM ranking RETURNING *) SELECT * FROM d'$$);
SELECT pg_temp.refused($$'TABLE ranking', 'DROP TABLE ranking'$$);
SELECT pg_temp.refused($$NULL$$);
SELECT count(*) FROM ranking;

-- memory: a query of endless rows ends, and so do lists and places too many
SET mentoring.match_memory = '4MB';
SELECT regexp_replace(pg_temp.refused($$'SELECT i AS left_id, i AS right_id, 1 AS left_score, 1 AS right_score
    FROM (SELECT generate_series(1, 1000000000) AS i) AS s'$$),
    '\d+ by \d+|\d+ kB', '(n)', 'g');
SELECT regexp_replace(pg_temp.refused($$'SELECT 1 AS left_id, 1 AS right_id, 1 AS left_score, 1 AS right_score
    FROM (SELECT generate_series(1, 1000000000)) AS s'$$),
    '\d+ kB', '(n)', 'g');
SELECT regexp_replace(pg_temp.refused($$'SELECT l AS left_id, r AS right_id, 1 AS left_score, 1 AS right_score
    FROM generate_series(1, 300) AS l, generate_series(1, 300) AS r',
    'SELECT side, i AS id, 300 AS places FROM generate_series(1, 300) AS i,
        (VALUES (''left''), (''right'')) AS s (side)'$$), '\d+ kB', '(n)', 'g');
RESET mentoring.match_memory;

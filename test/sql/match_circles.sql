-- solve_circles: peers in circles, by query text.

\set SHOW_CONTEXT never

-- Two circles of three are better than any others of these six: 5.4 against
-- 3.2 in all.  Any ids, any integer and number types, any other columns, each
-- pair in either order.
CREATE TEMPORARY TABLE peer (a_id bigint, b_id integer, score numeric,
                             note text);
INSERT INTO peer VALUES
    (-7, 20, 0.9, 'x'), (20, 300, 0.9, NULL), (300, -7, 0.9, 'y'),
    (4, 50, 0.9, 'z'), (50, 61, 0.9, NULL), (4, 61, 0.9, NULL),
    (-7, 4, 0.5, NULL), (50, 20, 0.5, NULL), (300, 61, 0.5, NULL);
SELECT * FROM mentoring.solve_circles('TABLE peer', 2, 3);
SELECT * FROM mentoring.solve_circles(
    'SELECT score::real, a_id::smallint AS b_id, b_id AS a_id FROM peer',
    3, 4);

-- Every two of a circle are a pair of the query; who can't be placed is not
-- returned.  A pair may come in both orders.
SELECT * FROM mentoring.solve_circles(
    'SELECT a_id, b_id, score FROM peer WHERE (a_id, b_id) <> (50, 61)
      UNION ALL SELECT b_id, a_id, score FROM peer WHERE a_id < 0', 3, 3);

-- As many as possible come before a high total: the four are placed although
-- three of them would score more.
SELECT * FROM mentoring.solve_circles($$
    SELECT * FROM (VALUES (1, 2, 0.9), (1, 3, 0.9), (2, 3, 0.9),
                          (1, 4, -0.9), (2, 4, -0.9), (3, 4, -0.9))
        AS v (a_id, b_id, score) $$, 3, 4);

-- No rows: no circles.
SELECT * FROM mentoring.solve_circles(
    'SELECT * FROM peer WHERE false', 3, 5);

-- Seven circles of five, hidden among people who like each other less.
CREATE TEMPORARY TABLE hidden AS
SELECT a * 17 % 37 AS a_id, b * 17 % 37 AS b_id,
       CASE WHEN a % 7 = b % 7 THEN 0.9
            ELSE (a * b * (a + b) % 31) / 40.0 END AS score
  FROM generate_series(1, 35) AS a, generate_series(1, 35) AS b
 WHERE a < b;
SELECT circle_no, array_agg(member_id) AS members,
       count(DISTINCT member_id * 24 % 37 % 7) = 1 AS is_hidden_one
  FROM mentoring.solve_circles('TABLE hidden', 4, 5)
 GROUP BY circle_no ORDER BY circle_no;

-- A checked division of larger data: pairs of 60 people with many exceptions.
CREATE TEMPORARY TABLE many AS
SELECT a AS a_id, b AS b_id,
       (a * 7919 + b * 104729 + a * b * 31) % 1000 / 1000.0 AS score
  FROM generate_series(1, 60) AS a, generate_series(1, 60) AS b
 WHERE a < b AND (a * b + a + b) % 11 > 0;
CREATE FUNCTION pg_temp.faults(pairs_sql text, min_size integer,
                               max_size integer)
RETURNS TABLE (placed bigint, circles bigint, wrong_sizes bigint,
               wrong_pairs bigint, wrong_numbers bigint)
LANGUAGE plpgsql
AS $$
BEGIN
    RETURN QUERY EXECUTE format($q$
        WITH pair AS (%s),
        answer AS (SELECT * FROM mentoring.solve_circles(%L, %s, %s)),
        circle AS (
            SELECT circle_no, count(*) AS size, min(member_id) AS first
              FROM answer GROUP BY circle_no
        )
        SELECT (SELECT count(DISTINCT member_id) FROM answer),
               (SELECT count(*) FROM circle),
               (SELECT count(*) FROM circle
                 WHERE size NOT BETWEEN %3$s AND %4$s),
               (SELECT count(*)
                  FROM answer AS x
                  JOIN answer AS y
                    ON y.circle_no = x.circle_no AND y.member_id > x.member_id
                 WHERE NOT EXISTS (
                     SELECT FROM pair AS p
                      WHERE least(p.a_id, p.b_id) = x.member_id
                        AND greatest(p.a_id, p.b_id) = y.member_id)),
               (SELECT count(*)
                  FROM (SELECT circle_no,
                               row_number() OVER (ORDER BY first) AS n
                          FROM circle) AS c
                 WHERE c.circle_no <> c.n) $q$,
        pairs_sql, pairs_sql, min_size, max_size);
END
$$;
SELECT s.min_size, s.max_size, f.*
  FROM (VALUES (3, 3), (4, 4), (3, 5), (5, 7), (2, 60))
       AS s (min_size, max_size),
       LATERAL pg_temp.faults('SELECT * FROM many', s.min_size, s.max_size)
           AS f;

-- The order of rows, of ids within them and of other ids in the same order
-- makes no difference; the same call has the same answer.
SELECT count(*) AS members, count(*) FILTER (
           WHERE b.circle_no IS DISTINCT FROM a.circle_no
              OR c.circle_no IS DISTINCT FROM a.circle_no) AS differ
  FROM mentoring.solve_circles('TABLE many', 4, 5) AS a
  FULL JOIN mentoring.solve_circles(
      'SELECT CASE WHEN random() < 0.5 THEN a_id ELSE b_id END AS x, *
         FROM many ORDER BY random()', 4, 5) AS b USING (member_id)
  FULL JOIN (
      SELECT circle_no, (member_id + 1000) / 10 AS member_id
        FROM mentoring.solve_circles(
            'SELECT b_id * 10 - 1000 AS a_id, a_id * 10 - 1000 AS b_id, score
               FROM many ORDER BY 2, 1 DESC', 4, 5)) AS c USING (member_id);

-- Where the best division is found, neither do the ids themselves, nor the
-- seed.
SELECT count(DISTINCT circles) AS answers, count(*) AS calls
  FROM generate_series(1, 12) AS k,
       LATERAL (
           SELECT array_agg(members ORDER BY members) AS circles
             FROM (SELECT array_agg(o ORDER BY o) AS members
                     FROM mentoring.solve_circles(format(
                              'SELECT a_id * %1$s %% 37 AS a_id,
                                      b_id * %1$s %% 37 AS b_id, score
                                 FROM hidden', k), 5, 5, 20, k) AS s
                     JOIN generate_series(1, 36) AS o
                       ON o * k % 37 = s.member_id
                    GROUP BY s.circle_no) AS c) AS answer;

-- More effort is never worse than none, and here better.
CREATE FUNCTION pg_temp.total(pairs_sql text, effort integer)
RETURNS numeric
LANGUAGE plpgsql
AS $$
DECLARE
    total numeric;
BEGIN
    EXECUTE format($q$
        SELECT sum(p.score)
          FROM (%s) AS p
          JOIN mentoring.solve_circles(%L, 4, 5, %s) AS a
            ON a.member_id = p.a_id
          JOIN mentoring.solve_circles(%L, 4, 5, %s) AS b
            ON b.member_id = p.b_id AND b.circle_no = a.circle_no $q$,
        pairs_sql, pairs_sql, effort, pairs_sql, effort) INTO total;
    RETURN total;
END
$$;
SELECT pg_temp.total('SELECT * FROM many', 10) >
       pg_temp.total('SELECT * FROM many', 0) AS is_better;

-- The query is the caller's: his rights, his data.
CREATE ROLE regress_mentoring_solver;
GRANT USAGE ON SCHEMA mentoring TO regress_mentoring_solver;
GRANT EXECUTE ON FUNCTION mentoring.solve_circles TO regress_mentoring_solver;
SET ROLE regress_mentoring_solver;
SELECT * FROM mentoring.solve_circles('TABLE peer', 3, 3);
SELECT * FROM mentoring.solve_circles(
    'SELECT 1 AS a_id, 2 AS b_id, 0.5 AS score', 2, 2);
RESET ROLE;
REVOKE ALL ON FUNCTION mentoring.solve_circles FROM regress_mentoring_solver;
REVOKE ALL ON SCHEMA mentoring FROM regress_mentoring_solver;
DROP ROLE regress_mentoring_solver;

-- What is refused.
SELECT * FROM mentoring.solve_circles(NULL, 3, 4);
SELECT * FROM mentoring.solve_circles('TABLE peer', NULL, 4);
SELECT * FROM mentoring.solve_circles('TABLE peer', 3, NULL);
SELECT * FROM mentoring.solve_circles('TABLE peer', 3, 4, NULL);
SELECT * FROM mentoring.solve_circles('TABLE peer', 3, 4, 100, NULL);
SELECT * FROM mentoring.solve_circles('TABLE peer', 1, 4);
SELECT * FROM mentoring.solve_circles('TABLE peer', 4, 3);
SELECT * FROM mentoring.solve_circles('TABLE peer', 3, 7);
SELECT * FROM mentoring.solve_circles('TABLE peer', 3, 1025);
SELECT * FROM mentoring.solve_circles('TABLE peer', 3, 4, -1);
SELECT * FROM mentoring.solve_circles('TABLE peer', 3, 4, 1000001);
SELECT * FROM mentoring.solve_circles('TABLE peer; TABLE peer', 3, 4);
SELECT * FROM mentoring.solve_circles('DELETE FROM peer', 3, 4);
SELECT * FROM mentoring.solve_circles(
    'SELECT a_id, score FROM peer', 3, 4);
SELECT * FROM mentoring.solve_circles(
    'SELECT a_id, b_id::numeric, score FROM peer', 3, 4);
SELECT * FROM mentoring.solve_circles(
    'TABLE peer UNION ALL SELECT 61, 61, 0.5, NULL', 3, 4);
SELECT * FROM mentoring.solve_circles(
    'TABLE peer UNION ALL SELECT 4, 50, 0.9, NULL', 3, 4);
SELECT * FROM mentoring.solve_circles(
    'TABLE peer UNION ALL SELECT 50, 4, 0.7, NULL', 3, 4);
SELECT * FROM mentoring.solve_circles(
    'TABLE peer UNION ALL SELECT 4, NULL, 0.7, NULL', 3, 4);
SELECT * FROM mentoring.solve_circles(
    'TABLE peer UNION ALL SELECT 4, 20, NULL, NULL', 3, 4);
SELECT * FROM mentoring.solve_circles(
    'TABLE peer UNION ALL SELECT 4, 20, ''NaN'', NULL', 3, 4);
SELECT * FROM mentoring.solve_circles(
    'TABLE peer UNION ALL SELECT 4, 20, 1000.1, NULL', 3, 4);

-- Memory is refused before it is taken; by a query of endless rows, too.
SET mentoring.match_memory = '1MB';
\set VERBOSITY terse
SELECT * FROM mentoring.solve_circles(
    'SELECT i AS a_id, i + 1 AS b_id, 1 AS score
       FROM generate_series(1, 2000) AS i', 2, 4);
SELECT count(*) FROM mentoring.solve_circles(
    'WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r)
     SELECT i AS a_id, i + 1 AS b_id, 1 AS score FROM r', 2, 4);
SELECT count(*) AS placed FROM mentoring.solve_circles(
    'SELECT i AS a_id, i + 1 AS b_id, 1 AS score
       FROM generate_series(1, 200) AS i', 2, 4, 1);
\set VERBOSITY default
RESET mentoring.match_memory;

-- It can be cancelled.
SET statement_timeout = '300ms';
SELECT * FROM mentoring.solve_circles('TABLE many', 4, 5, 1000000);
RESET statement_timeout;

-- solve_pairing: the best pairing of any set, by query text.

BEGIN;
\set SHOW_CONTEXT never
CREATE TEMPORARY TABLE pair (a_id bigint, b_id bigint, score numeric);

-- a path: the outer pairs are worth more than the inner one
INSERT INTO pair VALUES (1, 2, 0.6), (3, 2, 1), (3, 4, 0.6);
SELECT * FROM mentoring.solve_pairing('SELECT * FROM pair');
UPDATE pair SET score = 1.2 WHERE b_id = 2 AND a_id = 3;
SELECT * FROM mentoring.solve_pairing('SELECT * FROM pair');
UPDATE pair SET score = 1.200001 WHERE b_id = 2 AND a_id = 3;
SELECT * FROM mentoring.solve_pairing('SELECT * FROM pair');
-- a pair of score 0 or less is never taken; one may stand both ways round
TRUNCATE pair;
INSERT INTO pair VALUES (7, 8, 0), (9, 10, -1), (5, 6, 0.5), (6, 5, 0.5);
SELECT * FROM mentoring.solve_pairing('SELECT * FROM pair');
TRUNCATE pair;
SELECT * FROM mentoring.solve_pairing('SELECT * FROM pair');

-- Against every pairing of random sets, which is the highest of: leave the
-- first one out, or pair the first one.
CREATE FUNCTION pg_temp.best(ids bigint[]) RETURNS numeric
LANGUAGE plpgsql
AS $$
DECLARE
    best numeric;
    one  record;
BEGIN
    IF cardinality(ids) < 2 THEN
        RETURN 0;
    END IF;
    best := pg_temp.best(ids[2:]);
    FOR one IN SELECT CASE WHEN a_id = ids[1] THEN b_id ELSE a_id END AS other,
                      score
                 FROM pair
                WHERE ids[1] IN (a_id, b_id) AND a_id = ANY (ids)
                  AND b_id = ANY (ids)
    LOOP
        best := greatest(best, one.score
                         + pg_temp.best(array_remove(ids[2:], one.other)));
    END LOOP;
    RETURN best;
END
$$;
CREATE FUNCTION pg_temp.try_pairing(n integer) RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
    TRUNCATE pair;
    INSERT INTO pair
    SELECT a * 7 % 31, b * 7 % 31, round((random() * 2 - 0.3)::numeric, n % 4)
      FROM generate_series(1, 4 + n % 4) AS a, generate_series(1, 4 + n % 4) AS b
     WHERE a < b AND random() < 0.8;
    RETURN pg_temp.best((SELECT array_agg(DISTINCT id) FROM pair,
                                unnest(ARRAY[a_id, b_id]) AS id))
           = coalesce((SELECT sum(score::numeric)
                         FROM mentoring.solve_pairing('SELECT * FROM pair')), 0);
END
$$;
SELECT setseed(0.375);
SELECT pg_temp.try_pairing(n) AS is_best, count(*)
  FROM generate_series(1, 60) AS n GROUP BY 1;

-- Refused
\set ON_ERROR_ROLLBACK on
\set VERBOSITY terse
SELECT * FROM mentoring.solve_pairing(NULL);
SELECT * FROM mentoring.solve_pairing('SELECT 1 AS a_id, 1 AS b_id, 1 AS score');
SELECT * FROM mentoring.solve_pairing('SELECT 1 AS a_id, 2 AS b_id');
SELECT * FROM mentoring.solve_pairing('VALUES (1, 2, 3)');
SELECT * FROM mentoring.solve_pairing($$
    SELECT * FROM (VALUES (1, 2, 0.5), (2, 1, 0.6)) AS p (a_id, b_id, score)$$);
SELECT * FROM mentoring.solve_pairing($$
    SELECT * FROM (VALUES (1, 2, 0.5), (1, 2, 0.5)) AS p (a_id, b_id, score)$$);
SELECT * FROM mentoring.solve_pairing('SELECT 1 AS a_id, 2 AS b_id,
    ''NaN''::float8 AS score');
SELECT * FROM mentoring.solve_pairing('SELECT 1 AS a_id, NULL::bigint AS b_id,
    1 AS score');
SELECT * FROM mentoring.solve_pairing('DELETE FROM pair RETURNING *');
ROLLBACK;

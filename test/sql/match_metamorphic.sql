-- What must not matter, doesn't: ids, the order of rows, units, who was left
-- over, places counted together or one by one.  That needs no oracle, only two
-- answers that have to agree.  Here the functions that solve query texts;
-- match_metamorphic_tables has whole programmes.
--
-- Half of the problems have scores that are all different, so that one answer
-- is the best and ids can't matter.  The others have few scores and many
-- equally good answers.  Of these the rule about ties (higher score, lower left
-- id, lower right id) names one: what leaves the order of scores and ids as it
-- was must leave the pairs, anything else only how good they are.  Of peers,
-- for whom there is no such rule, it is only known how good they are.  Each
-- relation below says what it promises, for scores that differ and scores that
-- tie.

BEGIN;
\set SHOW_CONTEXT never

-- Left ids 1 to 8, right ids 11 to 17.  Problems below 100 have two sides, of
-- which both (kind 0), the right (1) or the left (2) have 0 to 2 places, one
-- otherwise; the problems above are peers, of which the one with the lower id
-- stands left.
CREATE TEMPORARY TABLE problem AS
SELECT n, n < 100 AS has_sides, n % 3 AS kind, n % 2 = 0 AS is_tied
  FROM generate_series(1, 142) AS n
 WHERE n <= 60 OR n > 100;
CREATE TEMPORARY TABLE edge (n integer, l bigint, r bigint, score numeric,
                             back numeric);
CREATE TEMPORARY TABLE room (n integer, side text, id bigint, places integer);

SELECT setseed(0.25);
INSERT INTO edge (n, l, r)
SELECT n, l, r
  FROM problem, generate_series(1, 4 + n % 5) AS l,
       generate_series(11, 15 + n % 3) AS r
 WHERE has_sides;
INSERT INTO edge (n, l, r)
SELECT n, l, r
  FROM problem, generate_series(1, 6 + n % 5) AS l,
       generate_series(l + 1, 6 + n % 5) AS r
 WHERE NOT has_sides;
DELETE FROM edge WHERE random() < 0.15 * (n / 4 % 4);
UPDATE edge AS e
   SET score = CASE WHEN NOT is_tied THEN
                    round((random() * 70 - 20)::numeric, 6)
               WHEN p.n % 4 = 0 THEN floor(random() * 4 - 1)
               ELSE 1 END,
       back = CASE WHEN is_tied THEN floor(random() * 3)
              ELSE round((random() * 70 - 20)::numeric, 6) END
  FROM problem AS p WHERE p.n = e.n;
INSERT INTO room
SELECT n, 'left', l, CASE WHEN kind = 1 THEN 1 ELSE floor(random() * 3) END
  FROM problem, generate_series(1, 4 + n % 5) AS l WHERE has_sides;
INSERT INTO room
SELECT n, 'right', r, CASE WHEN kind = 2 THEN 1 ELSE floor(random() * 3) END
  FROM problem, generate_series(11, 15 + n % 3) AS r WHERE has_sides;

-- Two matchings, of which the rule names the one with the pair of 1 and 12; it
-- would be the other if right ids came first in it.
INSERT INTO problem VALUES (62, true, 1, true);
INSERT INTO edge
VALUES (62, 1, 12, 1, 1), (62, 2, 13, 1, 1), (62, 3, 11, 1, 1),
       (62, 1, 13, 1, 1), (62, 2, 11, 1, 1), (62, 3, 12, 1, 1);
INSERT INTO room
SELECT 62, side, first + i, 1
  FROM (VALUES ('left', 0), ('right', 10)) AS s (side, first),
       generate_series(1, 3) AS i;

-- The problem at hand, and the pairs its answer has taken
CREATE TEMPORARY TABLE pair (left_id bigint, right_id bigint, score numeric,
                             right_score numeric);
CREATE TEMPORARY TABLE place (side text, id bigint, places integer);
CREATE TEMPORARY TABLE taken (l bigint, r bigint);

-- A relation: new query texts (NULL: as they were), how to tell the old ids of
-- a pair found (l, r), and what has to be as it was, 'pairs' or 'measure'; NULL
-- where nothing has to be, which isn't tried.  For :left and :right stands each
-- id of that side that was left over, in turn.
CREATE TEMPORARY TABLE relation (
    name text, ways text, differ text, tie text, kinds text DEFAULT '0, 1, 2',
    pairs text, places text, old_ids text DEFAULT 'l, r FROM found', way text
);

-- Ids and the order of rows.  Of peers no rule about ties is stated, except
-- that the same ids and scores have the same answer.
INSERT INTO relation (name, ways, differ, tie, pairs, places, old_ids)
SELECT 'ids in the same order', ways, 'pairs', tie,
       'SELECT left_id * 3 + 5 AS left_id, right_id * 3 + 5 AS right_id, score,
               right_score FROM pair',
       'SELECT side, id * 3 + 5 AS id, places FROM place',
       '(l - 5) / 3, (r - 5) / 3 FROM found'
  FROM (VALUES ('most_pairs, best_total, fair, stable, circles', 'pairs'),
               ('pairing', 'measure')) AS v (ways, tie);
INSERT INTO relation (name, ways, differ, tie, pairs, places, old_ids)
SELECT 'any ids', ways, 'pairs', tie,
       'SELECT left_id * 37 % 101 - 50 AS left_id,
               right_id * 37 % 101 - 50 AS right_id, score, right_score
          FROM pair',
       'SELECT side, id * 37 % 101 - 50 AS id, places FROM place',
       '(l + 50) * 71 % 101, (r + 50) * 71 % 101 FROM found'
  FROM (VALUES ('most_pairs, best_total, fair, pairing', 'measure'),
               -- ids decide between equals, and who is free follows
               ('stable', NULL)) AS v (ways, tie);
INSERT INTO relation (name, ways, differ, tie, pairs, places) VALUES
    ('rows in another order',
     'most_pairs, best_total, fair, stable, pairing, circles', 'pairs', 'pairs',
     'SELECT * FROM pair ORDER BY md5(concat(left_id, right_id))',
     'SELECT * FROM place ORDER BY md5(concat(id, side))'),
    ('either peer first', 'pairing, circles', 'pairs', 'pairs',
     'SELECT CASE WHEN odd THEN left_id ELSE right_id END AS left_id,
             CASE WHEN odd THEN right_id ELSE left_id END AS right_id, score
        FROM pair, LATERAL (SELECT left_id * right_id % 3 > 0) AS o (odd)',
     NULL),
    ('pairs in both orders', 'circles', 'pairs', 'pairs',
     'SELECT left_id, right_id, score FROM pair UNION ALL
      SELECT right_id, left_id, score FROM pair', NULL);
INSERT INTO relation (name, ways, differ, tie, pairs, places, old_ids)
SELECT 'left and right change sides', ways, differ, 'measure',
       'SELECT right_id AS left_id, left_id AS right_id,
               CASE WHEN ' || (ways = 'stable') || ' THEN right_score
               ELSE score END AS score, score AS right_score FROM pair',
       'SELECT CASE side WHEN ''left'' THEN ''right'' ELSE ''left'' END AS side,
               id, places FROM place', 'r, l FROM found'
  FROM (VALUES ('most_pairs, best_total, fair', 'pairs'),
               -- who proposes is better off, but the same are matched
               ('stable', 'measure')) AS v (ways, differ);

-- Units.  Of fair and stable only the order of the scores counts, of most_pairs
-- only their differences.
INSERT INTO relation (name, ways, differ, tie, pairs) VALUES
    ('scores doubled', 'most_pairs, best_total, fair, stable', 'pairs', 'pairs',
     'SELECT left_id, right_id, score * 2 AS score,
             right_score * 2 AS right_score FROM pair'),
    ('scores doubled', 'pairing', 'pairs', 'measure',
     'SELECT left_id, right_id, score * 2 AS score FROM pair'),
    ('scores raised', 'most_pairs, fair, stable', 'pairs', 'pairs',
     'SELECT left_id, right_id, score + 300 AS score,
             right_score - 300 AS right_score FROM pair'),
    ('ranks for scores', 'fair', 'pairs', 'pairs',
     'SELECT left_id, right_id, dense_rank() OVER (ORDER BY score) AS score
        FROM pair'),
    ('ranks for scores', 'stable', 'pairs', 'pairs',
     'SELECT left_id, right_id,
             dense_rank() OVER (PARTITION BY left_id ORDER BY score) AS score,
             dense_rank() OVER (PARTITION BY right_id ORDER BY right_score)
                 AS right_score FROM pair');

-- One objective by another: a pair is worth more than all scores together, and
-- a pair of some score is worse than any number of pairs of higher ones.
INSERT INTO relation (name, ways, differ, tie, pairs, way) VALUES
    ('most_pairs as best_total', 'most_pairs', 'pairs', 'pairs',
     'SELECT left_id, right_id, score + 900 AS score FROM pair', 'best_total'),
    ('fair as most_pairs', 'fair', NULL, 'pairs',
     'SELECT left_id, right_id, -(20 ^ (2 - score)) / 100 AS score FROM pair',
     'most_pairs');

-- Who or what was left over may go.  Without a left id that proposed in vain
-- others of the left may be better off, but the same are matched, as in all
-- stable answers (the theorem of the rural hospitals); the same without pairs.
INSERT INTO relation (name, ways, differ, tie, pairs, places)
SELECT 'who was left over goes, left', ways, differ, tie,
       'SELECT * FROM pair WHERE :left NOT IN (left_id, right_id)',
       'SELECT * FROM place WHERE id <> :left'
  FROM (VALUES ('most_pairs, best_total, fair', 'pairs', 'pairs'),
               ('stable', 'measure', 'measure'),
               ('pairing', 'pairs', 'measure')) AS v (ways, differ, tie);
INSERT INTO relation (name, ways, differ, tie, pairs, places) VALUES
    ('who was left over goes, right', 'most_pairs, best_total, fair, stable',
     'pairs', 'pairs', 'SELECT * FROM pair WHERE right_id <> :right',
     'SELECT * FROM place WHERE id <> :right');
INSERT INTO relation (name, ways, differ, tie, pairs)
SELECT 'half of the pairs left over go', ways, differ, tie,
       'SELECT * FROM pair
         WHERE (left_id, right_id) IN (SELECT l, r FROM taken)
            OR (left_id + right_id) % 2 = 0'
  FROM (VALUES ('most_pairs, best_total, fair', 'pairs', 'pairs'),
               ('stable', 'measure', 'measure'),
               ('pairing', 'pairs', 'measure')) AS v (ways, differ, tie);
INSERT INTO relation (name, ways, differ, tie, pairs, places) VALUES
    ('who suits nobody comes', 'most_pairs, best_total, fair, stable', 'pairs',
     'pairs', NULL,
     'SELECT * FROM place UNION ALL
      VALUES (''left'', 0, 5), (''right'', 99, 5)'),
    ('who adds no score comes', 'best_total', 'pairs', 'pairs',
     'TABLE pair UNION ALL SELECT 0, r, 0, 0 FROM generate_series(11, 13) AS r
      UNION ALL SELECT l, 99, -5, 0 FROM generate_series(1, 3) AS l', NULL),
    ('who adds no score comes', 'pairing', 'pairs', 'measure',
     'TABLE pair UNION ALL SELECT l, 99, 1 - l, 0
                             FROM generate_series(1, 3) AS l', NULL),
    ('more places where some are free',
     'most_pairs, best_total, fair, stable', 'pairs', 'pairs', NULL,
     'SELECT side, id, places + CASE WHEN places > (
                 SELECT count(*) FROM taken
                  WHERE CASE side WHEN ''left'' THEN l ELSE r END = id)
             THEN 2 ELSE 0 END AS places FROM place');
-- What was taken may be worth more: then nothing else is as good.
INSERT INTO relation (name, ways, differ, tie, pairs)
SELECT 'pairs taken are better', ways, agree, agree,
       'SELECT left_id, right_id, score + more AS score,
               right_score + more AS right_score
          FROM pair, LATERAL (
              SELECT 5 * count(*) FROM taken
               WHERE (l, r) = (left_id, right_id)) AS m (more)'
  FROM (VALUES ('most_pairs, best_total, fair, pairing', 'pairs'),
               ('stable', 'measure')) AS v (ways, agree);

-- Two places are two with one place, as nobody of the other side, who has one
-- place, can take both.
INSERT INTO relation (name, ways, differ, tie, kinds, pairs, places, old_ids)
VALUES
    ('two right places, one each', 'most_pairs, best_total, fair, stable',
     'pairs', 'pairs', '1',
     'SELECT left_id, right_id * 10 + c AS right_id, score, right_score
        FROM pair, generate_series(0, 1) AS c',
     'SELECT side, id * 10 + c AS id, (places > c)::integer AS places
        FROM place, generate_series(0, 1) AS c WHERE side = ''right''',
     'l, r / 10 FROM found'),
    ('two left places, one each', 'most_pairs, best_total, fair, stable',
     'pairs', 'pairs', '2',
     'SELECT left_id * 10 + c AS left_id, right_id, score, right_score
        FROM pair, generate_series(0, 1) AS c',
     'SELECT side, id * 10 + c AS id, (places > c)::integer AS places
        FROM place, generate_series(0, 1) AS c WHERE side = ''left''',
     'l / 10, r FROM found');

-- Problems that have nothing to do with each other can be solved at once.  The
-- solver works from the side with fewer places; who comes may turn that round.
INSERT INTO relation (name, ways, differ, tie, pairs, places, old_ids)
SELECT 'two problems at once', ways, 'pairs', tie,
       'TABLE pair UNION ALL
        SELECT l + 100, r + 100, score, back FROM edge WHERE n = ' || n,
       'TABLE place UNION ALL
        SELECT side, id + 100, places FROM room WHERE n = ' || n,
       'l, r FROM found WHERE l < 100'
  FROM (VALUES ('most_pairs, best_total, fair, stable', 'pairs', 6),
               ('pairing', 'measure', 106)) AS v (ways, tie, n);
INSERT INTO relation (name, ways, differ, tie, pairs, old_ids)
SELECT 'many come ' || side, 'most_pairs, best_total, fair, stable', 'pairs',
       'pairs',
       format('TABLE pair UNION ALL
               SELECT %s, 1, 1 FROM generate_series(101, 109) AS i', ids),
       'l, r FROM found WHERE l < 100'
  FROM (VALUES ('left', 'i, 100'), ('right', '100, i')) AS v (side, ids);

-- The pairs found, by the ids they had without the relation, as left * 1000 +
-- right; of circles all two who share one.
CREATE FUNCTION pg_temp.solve(way text, pairs text, places text, old_ids text)
RETURNS bigint[]
LANGUAGE plpgsql
AS $$
DECLARE
    is_peers  boolean := way IN ('pairing', 'circles');
    found_sql text := CASE way
        WHEN 'stable' THEN 'SELECT * FROM mentoring.solve_stable($1, $2)'
        WHEN 'pairing' THEN
            'SELECT a_id, b_id FROM mentoring.solve_pairing($1)'
        WHEN 'circles' THEN
            'SELECT a_id, b_id
               FROM (SELECT unnest(array_agg(member_id)) AS a_id,
                            array_agg(member_id) AS ids
                       FROM mentoring.solve_circles($1, 3, 4, 5)
                      GROUP BY circle_no) AS c, unnest(ids) AS b_id
              WHERE b_id > a_id'
        ELSE 'SELECT left_id, right_id
                FROM mentoring.solve_assignment($1, $2, $3)' END;
    pairs_sql text := CASE
        WHEN is_peers THEN
            'SELECT left_id AS a_id, right_id AS b_id, score FROM (%s) AS q'
        WHEN way = 'stable' THEN
            'SELECT left_id, right_id, score AS left_score, right_score
               FROM (%s) AS q'
        ELSE '%s' END;
    answer    bigint[];
BEGIN
    EXECUTE format(
        'WITH found (l, r) AS (%s), old (l, r) AS (SELECT %s)
         SELECT array_agg(p ORDER BY p)
           FROM (SELECT CASE WHEN $4 AND l > r THEN r * 1000 + l
                        ELSE l * 1000 + r END AS p FROM old) AS o',
        found_sql, old_ids)
       INTO answer USING format(pairs_sql, pairs), places, way, is_peers;
    RETURN coalesce(answer, '{}');
END
$$;

-- What all equally good answers share.  Of stable ones that is who is matched
-- how often.
CREATE FUNCTION pg_temp.measure(way text, answer bigint[]) RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
    IF way = 'stable' THEN
        RETURN string_agg(concat(who, ':', times), ' ' ORDER BY who)
          FROM (SELECT who, count(*) AS times
                  FROM unnest(answer) AS p,
                       LATERAL (VALUES (p / 1000), (p % 1000)) AS v (who)
                 GROUP BY who) AS c;
    END IF;
    RETURN CASE way
           WHEN 'most_pairs' THEN concat(count(*), ' ', sum(score))
           WHEN 'fair' THEN string_agg(score::text, ' ' ORDER BY score)
           ELSE sum(score)::text END
      FROM pair WHERE left_id * 1000 + right_id = ANY (answer);
END
$$;

CREATE TEMPORARY TABLE outcome (
    relation text, way text, n integer, is_tied boolean, promise text,
    before bigint[], after bigint[], holds boolean
);

-- All relations of the problem at hand and a way to solve it
CREATE FUNCTION pg_temp.try(p problem, way text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    base    bigint[];
    other   bigint[];
    measure text;
    rel     record;
BEGIN
    base := pg_temp.solve(way, 'TABLE pair', 'TABLE place', 'l, r FROM found');
    measure := pg_temp.measure(way, base);
    DELETE FROM taken;
    INSERT INTO taken SELECT c / 1000, c % 1000 FROM unnest(base) AS c;
    FOR rel IN
        WITH left_over AS (
            SELECT DISTINCT side, id
              FROM pair, LATERAL (VALUES (':left', left_id),
                      (CASE WHEN p.has_sides THEN ':right' ELSE ':left' END,
                       right_id)) AS v (side, id)
             WHERE NOT EXISTS (SELECT FROM taken WHERE id IN (l, r))
        )
        SELECT name, coalesce(relation.way, try.way) AS way, old_ids, promise,
               replace(coalesce(pairs, 'TABLE pair'), side, id) AS pairs,
               replace(coalesce(places, 'TABLE place'), side, id) AS places
          FROM relation,
               LATERAL (SELECT CASE WHEN p.is_tied THEN tie ELSE differ END)
                   AS t (promise),
               LATERAL (SELECT side, id::text FROM left_over
                         WHERE strpos(pairs, side) > 0
                         UNION ALL
                        SELECT '', ''
                         WHERE pairs IS NULL OR pairs !~ ':(left|right)')
                   AS u (side, id)
         WHERE try.way = ANY (string_to_array(ways, ', '))
           AND p.kind::text = ANY (string_to_array(kinds, ', '))
           AND promise IS NOT NULL
    LOOP
        other := pg_temp.solve(rel.way, rel.pairs, rel.places, rel.old_ids);
        INSERT INTO outcome
        SELECT rel.name, way, p.n, p.is_tied, rel.promise, base, other,
               CASE rel.promise WHEN 'pairs' THEN other = base
               ELSE pg_temp.measure(way, other) IS NOT DISTINCT FROM measure
               END;
    END LOOP;
END
$$;

CREATE FUNCTION pg_temp.try(p problem) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    DELETE FROM pair;
    INSERT INTO pair SELECT l, r, score, back FROM edge WHERE edge.n = p.n;
    DELETE FROM place;
    INSERT INTO place SELECT side, id, places FROM room WHERE room.n = p.n;
    PERFORM pg_temp.try(p, way)
       FROM unnest(CASE WHEN p.has_sides
                   THEN '{most_pairs, best_total, fair, stable}'::text[]
                   ELSE '{pairing, circles}' END) AS way;
END
$$;
SELECT count(pg_temp.try(p)) AS problems FROM problem AS p;

SELECT relation, way,
       max(promise) FILTER (WHERE NOT is_tied) AS differ,
       max(promise) FILTER (WHERE is_tied) AS tie,
       count(*) FILTER (WHERE before <> '{}') >= 8 AS is_tried,
       count(*) FILTER (WHERE holds IS NOT true) AS wrong
  FROM outcome
 GROUP BY relation, way
 ORDER BY relation COLLATE "C", way COLLATE "C";
SELECT * FROM outcome WHERE holds IS NOT true
 ORDER BY relation COLLATE "C", way COLLATE "C", n LIMIT 5;
-- Ties were met: there other ids have other pairs, equally good.
SELECT way, count(*) FILTER (WHERE after <> before AND is_tied) > 0 AS tie,
       count(*) FILTER (WHERE after <> before AND NOT is_tied) > 0 AS differ
  FROM outcome
 WHERE relation = 'any ids' AND way <> 'stable'
 GROUP BY way ORDER BY way COLLATE "C";

ROLLBACK;

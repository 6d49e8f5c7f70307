-- Random programmes: every run holds, is what solve_assignment makes of the
-- scores, beats greedy, and survives publication.

BEGIN;
\set SHOW_CONTEXT never
\getenv test_dir PG_ABS_SRCDIR
\set setup :test_dir '/match_setup.sql'
\set ECHO none
\i :setup
\set ECHO all

CREATE TEMPORARY TABLE outcome (
    n integer, objective text, has_pins boolean, pairs integer, detail text
);

-- Sizes 1 to 12, few or many ties, places 0 to 3, a minimum now and then,
-- forbidden pairs, pins wherever they fit.
CREATE FUNCTION pg_temp.fill(programme bigint, n integer) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    step numeric := CASE n % 3 WHEN 0 THEN 1 WHEN 1 THEN 0.1 ELSE 0.000001 END;
BEGIN
    PERFORM pg_temp.line(programme,
        (SELECT array_agg(round((random() * 14)::numeric / step) * step)
           FROM generate_series(1, 1 + (random() * 11)::integer)),
        (SELECT array_agg(round((random() * 14)::numeric / step) * step)
           FROM generate_series(1, 1 + (random() * 11)::integer)));
    UPDATE mentoring.participant SET capacity = (random() * 3)::integer
     WHERE programme_id = programme AND random() < 0.6;
    IF n % 4 = 0 THEN
        UPDATE mentoring.criterion SET minimum = 0.5
         WHERE programme_id = programme;
    END IF;
    INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
    SELECT programme, a.id, b.id, 'forbid'
      FROM mentoring.participant AS a, mentoring.participant AS b
     WHERE a.programme_id = programme AND a.role = 'mentee'
       AND b.programme_id = programme AND b.role = 'mentor'
       AND random() < 0.15;
    IF n % 5 = 0 THEN
        INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id,
                                         rule)
        SELECT programme, left_id, right_id, 'pin'
          FROM mentoring.solve_assignment(format(
              'SELECT mentee_id AS left_id, mentor_id AS right_id, -score AS score
                 FROM mentoring.pair_scores(%s) AS s
                 JOIN mentoring.participant AS a
                   ON a.id = s.mentee_id AND a.capacity > 0
                 JOIN mentoring.participant AS b
                   ON b.id = s.mentor_id AND b.capacity > 0', programme))
         WHERE left_id % 2 = 0;
    END IF;
END
$$;

CREATE FUNCTION pg_temp.check_run(programme bigint, n integer, aim text)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    least numeric := CASE WHEN n % 7 = 0 THEN 0.4 ELSE 0 END;
    chosen jsonb := jsonb_build_object('min_score', least);
    run bigint := mentoring.match(programme, 'optimal', aim, chosen);
    greedy bigint := mentoring.match(programme, 'greedy', aim, chosen);
    problem text;
    has_pins boolean := EXISTS (SELECT FROM mentoring.pair_rule
                                 WHERE programme_id = programme
                                   AND rule = 'pin');
BEGIN
    SELECT string_agg(v.check_name || ': ' || v.detail, '; ') INTO problem
      FROM (SELECT * FROM mentoring.verify_match(programme, run)
             UNION ALL
            SELECT * FROM mentoring.verify_match(programme, greedy)) AS v
     WHERE NOT v.holds;
    IF NOT has_pins AND pg_temp.pairs(programme, run) IS DISTINCT FROM
       (SELECT string_agg(format('%s-%s %s', left_id, right_id, score), ', '
                          ORDER BY left_id, right_id)
          FROM mentoring.solve_assignment(
              format('SELECT mentee_id AS left_id, mentor_id AS right_id, score
                        FROM mentoring.pair_scores(%s) WHERE score >= %s',
                     programme, least),
              format('SELECT CASE role WHEN ''mentee'' THEN ''left''
                             ELSE ''right'' END AS side, id,
                             capacity AS places
                        FROM mentoring.participant WHERE programme_id = %s',
                     programme), aim))
    THEN
        problem := concat_ws('; ', problem, 'not as solve_assignment');
    END IF;
    IF EXISTS (SELECT FROM mentoring.match_run AS o, mentoring.match_run AS g
                WHERE o.id = run AND g.id = greedy
                  AND (g.pair_count > o.pair_count AND aim = 'most_pairs'
                       OR g.total_score > o.total_score
                          AND (aim = 'best_total'
                               OR g.pair_count = o.pair_count)
                       OR g.bound < o.total_score))
    THEN
        problem := concat_ws('; ', problem, 'worse than greedy');
    END IF;
    INSERT INTO outcome SELECT n, aim, has_pins, pair_count, problem
      FROM mentoring.match_run WHERE id = run;
END
$$;

SELECT setseed(0.125);
DO $$
BEGIN
    FOR n IN 1 .. 40 LOOP
        PERFORM pg_temp.fill(9900000 + n, n);
        PERFORM pg_temp.check_run(9900000 + n, n, 'most_pairs');
        PERFORM pg_temp.check_run(9900000 + n, n, 'best_total');
    END LOOP;
END
$$;
SELECT objective, count(*) AS runs, count(*) FILTER (WHERE has_pins) AS pinned,
       sum(pairs) > 100 AS have_pairs, count(detail) AS wrong
  FROM outcome GROUP BY objective ORDER BY objective;
SELECT * FROM outcome WHERE detail IS NOT NULL;

-- All of them published, the proofs hold and the places are exact.
SELECT count(*) AS published, sum(pairs) = sum(created) AS all_created
  FROM (SELECT r.programme_id, r.pair_count AS pairs,
               mentoring.publish_match(r.programme_id, r.id) AS created
          FROM mentoring.match_run AS r
         WHERE r.programme_id BETWEEN 9900001 AND 9900040
           AND r.objective = 'most_pairs' AND r.method = 'optimal') AS p;
SELECT count(*) AS runs, count(*) FILTER (WHERE NOT v.holds) AS wrong
  FROM mentoring.match_run AS r,
       LATERAL mentoring.verify_match(r.programme_id, r.id) AS v
 WHERE r.programme_id BETWEEN 9900001 AND 9900040 AND r.status = 'published';
SELECT * FROM mentoring.verify_load();

ROLLBACK;

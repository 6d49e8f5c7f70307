-- Who is together, has met or parted after a trial, against the definition in
-- plain SQL, and the same whatever part of the programme is read.

BEGIN;
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
\getenv test_dir PG_ABS_SRCDIR
\set definition :test_dir '/score_definition.sql'
\set setup :test_dir '/score_setup.sql'
\set ECHO none
\i :definition
\i :setup
\set ECHO all

-- Ninety relationships of two to five members in two programmes, of every
-- status, with roles that change: who is mentee here is mentor or peer there,
-- and some are both.
UPDATE mentoring.participant SET capacity = 99 WHERE programme_id = 501;
INSERT INTO mentoring.participant
       (programme_id, id, person_id, role, status, capacity)
SELECT 502, 50200 + 40 * k + n, 50100 + n,
       (ARRAY['mentor', 'mentee', 'peer'])[1 + (n + k) % 3], 'accepted', 99
FROM generate_series(1, 31) AS n, generate_series(0, 1) AS k
WHERE k = 0 OR n % 4 = 0;
INSERT INTO mentoring.relationship (programme_id, id, status, ended_from)
SELECT 501 + i % 2, 50100 + i,
       CASE WHEN i % 3 = 0 THEN
            (ARRAY['proposed', 'trial', 'active', 'paused'])[1 + i % 4]
            WHEN i % 7 = 0 THEN 'completed' ELSE 'ended' END,
       CASE WHEN i % 3 > 0 AND i % 7 > 0 THEN
            (ARRAY['proposed', 'trial', 'active', 'paused'])[1 + i % 4] END
FROM generate_series(1, 90) AS i;
INSERT INTO mentoring.relationship_member
       (programme_id, relationship_id, participant_id, role)
SELECT DISTINCT ON (r.id, p.id) r.programme_id, r.id, p.id,
       CASE WHEN p.role IN ('mentee', 'mentor') THEN p.role ELSE 'peer' END
FROM mentoring.relationship AS r
CROSS JOIN LATERAL generate_series(1, 2 + r.id % 4) AS k
JOIN (SELECT *, row_number() OVER (PARTITION BY programme_id
                                   ORDER BY id * 7919 % 10007) AS n,
             count(*) OVER (PARTITION BY programme_id) AS size
        FROM mentoring.participant) AS p
  ON p.programme_id = r.programme_id
 AND p.n = 1 + (r.id * 17 + k * k * 5 + k * r.id % 11) % p.size
WHERE r.programme_id IN (501, 502);
SELECT size, count(*) FROM (SELECT count(*) AS size
                              FROM mentoring.relationship_member
                             GROUP BY relationship_id) AS r
 GROUP BY size ORDER BY size;

-- Scores of all pairs by the definition, by reading all, one pair at a time,
-- and one participant at a time from either side.
DELETE FROM mentoring.criterion
 WHERE programme_id = 501 AND kind NOT IN ('skill_cover', 'not_met');
CREATE FUNCTION pg_temp.compare()
RETURNS TABLE (pairs bigint, eligible bigint, wrong bigint, wrong_pair bigint,
               wrong_for_mentee bigint, wrong_for_mentor bigint)
LANGUAGE sql
AS $$
    SELECT count(*), count(d.score),
           count(*) FILTER (WHERE s.score IS DISTINCT FROM d.score),
           count(*) FILTER (WHERE mentoring.compatibility(501, a.id, b.id)
                                  IS DISTINCT FROM d.score),
           count(*) FILTER (WHERE e.score IS DISTINCT FROM d.score),
           count(*) FILTER (WHERE o.score IS DISTINCT FROM d.score)
      FROM mentoring.participant AS a
      JOIN mentoring.participant AS b
        ON b.programme_id = a.programme_id AND b.role = 'mentor'
       AND b.status = 'accepted'
      LEFT JOIN definition.score(501, 'definition.similarity(501)') AS d
        ON d.mentee_id = a.id AND d.mentor_id = b.id
      LEFT JOIN mentoring.pair_scores(501) AS s
        ON s.mentee_id = a.id AND s.mentor_id = b.id
      LEFT JOIN LATERAL mentoring.recommend(501, a.id, 99) AS e
        ON e.partner_id = b.id
      LEFT JOIN LATERAL mentoring.recommend(501, b.id, 99) AS o
        ON o.partner_id = a.id
     WHERE a.programme_id = 501 AND a.role = 'mentee'
       AND a.status = 'accepted'
$$;
SELECT * FROM pg_temp.compare();

-- Why pairs are excluded, and how many have met.
SELECT x.kind, count(*)
  FROM mentoring.participant AS a, mentoring.participant AS b,
       mentoring.explain_pair(501, a.id, b.id) AS x
 WHERE a.programme_id = 501 AND a.role = 'mentee' AND a.status = 'accepted'
   AND b.programme_id = 501 AND b.role = 'mentor' AND b.status = 'accepted'
   AND (NOT x.is_met OR x.kind = 'not_met' AND x.similarity = 0)
 GROUP BY x.kind ORDER BY x.kind;

-- As a rule: who has met is not eligible.
UPDATE mentoring.criterion SET minimum = 0.5, weight = 0
 WHERE programme_id = 501 AND kind = 'not_met';
SELECT * FROM pg_temp.compare();

-- Nobody asks who has met; a trial that ended still counts.
DELETE FROM mentoring.criterion
 WHERE programme_id = 501 AND kind = 'not_met';
SELECT * FROM pg_temp.compare();

ROLLBACK;

-- The scores of the demo company against their definition in plain SQL: all
-- pairs, to the last digit.

BEGIN;
\getenv test_dir PG_ABS_SRCDIR
\set company :test_dir '/../sql/demo/company.sql'
\set definition :test_dir '/score_definition.sql'
\set ECHO none
\i :company
\i :definition
\set ECHO all
\set ON_ERROR_STOP off

ANALYZE mentoring.criterion, mentoring.programme;
CREATE TEMPORARY TABLE similarity AS
SELECT * FROM definition.similarity(:demo_programme_id);
ANALYZE similarity;

-- What each criterion makes of them: pairs without a value, different values.
SELECT c.name, c.kind, count(*) AS pairs,
       count(*) FILTER (WHERE s.similarity IS NULL) AS missing,
       count(DISTINCT s.similarity) AS different
  FROM mentoring.criterion c
  JOIN similarity s ON s.criterion_id = c.id
 WHERE c.programme_id = :demo_programme_id
 GROUP BY c.id, c.name, c.kind
 ORDER BY c.id;

CREATE TEMPORARY TABLE difference AS
SELECT mentee_id, mentor_id, a.score AS expected, b.score AS found
  FROM definition.score(:demo_programme_id, 'similarity') AS a
  FULL JOIN mentoring.pair_scores(:demo_programme_id) AS b
    USING (mentee_id, mentor_id);
SELECT count(*) AS eligible, count(DISTINCT expected) AS different_scores,
       count(*) FILTER (WHERE found IS DISTINCT FROM expected) AS wrong
  FROM difference;

-- compatibility() and explain_pair() of some of them: the same similarities,
-- and contributions that add up.
CREATE TEMPORARY TABLE sample AS
SELECT * FROM (SELECT *, row_number() OVER (ORDER BY mentee_id, mentor_id) AS n
                 FROM difference) AS d
 WHERE n % 97 = 0;
CREATE TEMPORARY TABLE explained AS
SELECT p.mentee_id, p.mentor_id, p.expected, x.*
  FROM sample p,
       mentoring.explain_pair(:demo_programme_id, p.mentee_id, p.mentor_id)
           AS x;
ANALYZE explained;
SELECT count(*) AS pairs,
       count(*) FILTER (WHERE score = expected) AS right_score,
       count(*) FILTER (WHERE total = expected::numeric) AS right_total
  FROM (SELECT expected, sum(contribution::numeric) AS total,
               mentoring.compatibility(:demo_programme_id, mentee_id,
                                       mentor_id) AS score
          FROM explained GROUP BY mentee_id, mentor_id, expected) AS p;
SELECT count(*) AS values,
       count(*) FILTER (WHERE x.similarity = coalesce(s.similarity, 500000)
                                             / 1e6::float8) AS right_values
  FROM explained x
  JOIN mentoring.criterion c
    ON c.programme_id = :demo_programme_id AND c.name = x.criterion
  JOIN similarity s
    ON s.criterion_id = c.id AND s.mentee_id = x.mentee_id
   AND s.mentor_id = x.mentor_id;

-- Each pair that isn't eligible breaks a rule, and says which.
SELECT kind, count(*) AS pairs
  FROM (SELECT p.mentee_id, p.mentor_id
          FROM (SELECT mentee_id, mentor_id, row_number() OVER
                           (ORDER BY mentee_id, mentor_id) AS n
                  FROM (SELECT DISTINCT mentee_id, mentor_id FROM similarity
                        EXCEPT SELECT mentee_id, mentor_id FROM difference)
                       AS e) AS p
         WHERE p.n % 211 = 0) AS refused
  LEFT JOIN LATERAL (SELECT kind
                       FROM mentoring.explain_pair(:demo_programme_id,
                                mentee_id, mentor_id)
                      WHERE NOT is_met) AS x ON true
 GROUP BY kind ORDER BY kind;

ROLLBACK;

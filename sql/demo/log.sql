-- A term of the learning log: the best matching is published, its pairs meet,
-- learn and write, and the views add up.
--
-- Run by psql after show.sql, once: the same entries each time.  Pairs differ
-- as people do: some meet every week, some seldom, and some stop.

\set ON_ERROR_STOP on
\set QUIET on
\pset format aligned
\pset border 1
\pset linestyle ascii
\pset footer off
\pset expanded off
\pset null ''
SET client_min_messages = warning;

SELECT r.programme_id AS programme, max(r.id) AS run
  FROM mentoring.match_run r
  JOIN mentoring.programme p ON p.id = r.programme_id
 WHERE p.name = 'Next step' AND r.method = 'optimal' AND r.status = 'draft'
 GROUP BY r.programme_id
 ORDER BY r.programme_id DESC
 LIMIT 1
\gset

\echo
\echo 'A term of learning'
\echo '------------------'

SELECT mentoring.publish_match(:programme, :run) AS pairs
\gset
UPDATE mentoring.relationship SET status = 'active'
 WHERE programme_id = :programme AND status = 'proposed';
UPDATE mentoring.programme SET status = 'running' WHERE id = :programme;

-- Each week of the term a pair may meet; the mentee thinks it over two days
-- later and, in some weeks, practises a wanted skill.  "pace" is how many weeks
-- of ten the pair meets, "stop" the week after which it doesn't any more.
CREATE TEMPORARY TABLE term AS
WITH pair AS (
    SELECT m.relationship_id, m.participant_id, e.person_id,
           3 + (m.participant_id * 7919 % 8) AS pace,
           CASE WHEN m.participant_id % 6 = 0
                THEN 3 + m.participant_id % 5 ELSE 16 END AS stop
      FROM mentoring.relationship_member m
      JOIN mentoring.participant e
        ON e.programme_id = m.programme_id AND e.id = m.participant_id
     WHERE m.programme_id = :programme AND m.role = 'mentee'
),
wanted AS (
    SELECT s.participant_id, s.skill_id, s.target_level,
           coalesce(s.level, h.level, 0) AS level,
           row_number() OVER (PARTITION BY s.participant_id
                              ORDER BY s.skill_id) - 1 AS n,
           count(*) OVER (PARTITION BY s.participant_id) AS skills
      FROM mentoring.participant_skill s
      JOIN pair p USING (participant_id)
      LEFT JOIN mentoring.person_skill h
        ON h.person_id = p.person_id AND h.skill_id = s.skill_id
     WHERE s.programme_id = :programme AND s.target_level IS NOT NULL
),
week AS (
    SELECT p.*, w, g.starts_on + 7 * w AS monday
      FROM pair p, mentoring.programme g, generate_series(0, 15) AS w
     WHERE g.id = :programme
       AND (p.participant_id * 31 + w * 7) % 10 < p.pace AND w <= p.stop
)
SELECT w.relationship_id, w.participant_id, a.kind,
       w.monday + (w.participant_id % 4)::integer + a.days AS occurred_on,
       a.minutes, s.skill_id, s.level AS level_before,
       least(s.level + (w.w > 7 AND a.kind = 'practice')::integer,
             s.target_level)::smallint AS level_after
  FROM week w
  JOIN LATERAL (
      VALUES ('meeting', 0, (30 + w.participant_id % 4 * 15)::integer, false),
             ('reflection', 2, 10, false),
             ('practice', 3, (20 + w.participant_id * w.w % 7 * 10)::integer,
              true)
  ) AS a (kind, days, minutes, has_skill)
    ON a.kind <> 'practice' OR (w.participant_id + w.w) % 3 > 0
  LEFT JOIN wanted s
    ON s.participant_id = w.participant_id AND a.has_skill
   AND s.n = w.w % s.skills
 ORDER BY occurred_on, w.participant_id, a.kind;

-- What it costs: the same entries without totals, taken back, and with them.
BEGIN;
ALTER TABLE mentoring.learning_log DISABLE TRIGGER learning_log_total;
SELECT clock_timestamp() AS t0 \gset
INSERT INTO mentoring.learning_log
       (programme_id, relationship_id, participant_id, kind, occurred_on,
        minutes, skill_id, level_before, level_after)
SELECT :programme, t.* FROM term t;
SELECT clock_timestamp() AS t1 \gset
ROLLBACK;
SELECT clock_timestamp() AS t2 \gset
INSERT INTO mentoring.learning_log
       (programme_id, relationship_id, participant_id, kind, occurred_on,
        minutes, skill_id, level_before, level_after)
SELECT :programme, t.relationship_id, t.participant_id, t.kind, t.occurred_on,
       t.minutes, t.skill_id, t.level_before, t.level_after
  FROM term t;
SELECT clock_timestamp() AS t3 \gset

SELECT format(E'%s pairs of match run %s write %s entries in sixteen weeks:\n%s us an entry without totals, %s us with all of them.',
              :pairs, :run, to_char(count(*), 'FM999,999'),
              round(extract(epoch FROM :'t1'::timestamptz
                                       - :'t0'::timestamptz) * 1e6
                    / count(*)),
              round(extract(epoch FROM :'t3'::timestamptz
                                       - :'t2'::timestamptz) * 1e6
                    / count(*))) AS cost_line
  FROM term
\gset
\echo :cost_line
\echo

SELECT to_char(month, 'YYYY-MM') AS month, entries, round(minutes / 60.0)
           AS hours, participants, active_days AS "active days"
  FROM mentoring.learning_by_programme_month
 WHERE programme_id = :programme
 ORDER BY learning_by_programme_month.month;

SELECT s.name AS "skill practised", sum(t.entries) AS entries,
       sum(t.gain) AS "levels gained"
  FROM mentoring.learning_by_skill_month t
  JOIN mentoring.skill s ON s.id = t.skill_id
 WHERE t.programme_id = :programme
 GROUP BY s.name
 ORDER BY 3 DESC, 2 DESC, 1
 LIMIT 5;

SELECT CASE WHEN streak_weeks >= 10 THEN '10 and more'
            WHEN streak_weeks >= 4 THEN '4 to 9' ELSE '1 to 3' END
           AS "weeks in a row, to the last",
       count(*) AS mentees,
       round(avg(minutes) / 60, 1) AS "hours each",
       to_char(max(last_on), 'YYYY-MM-DD') AS "last entry"
  FROM mentoring.learning_by_participant
 WHERE programme_id = :programme
 GROUP BY 1
 ORDER BY min(streak_weeks) DESC;

SELECT week, entries, minutes, active_days AS "active days"
  FROM mentoring.learning_by_relationship_week
 WHERE programme_id = :programme
   AND relationship_id = (SELECT min(relationship_id) FROM term)
 ORDER BY learning_by_relationship_week.week
 LIMIT 4;

SELECT count(*) AS "totals that differ from the log"
  FROM mentoring.verify_learning_log();


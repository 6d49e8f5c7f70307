-- The demo company is what its description says, and the same everywhere.

-- One transaction: the other tests of this database don't meet the company.
BEGIN;
\getenv test_dir PG_ABS_SRCDIR
\set company :test_dir '/../sql/demo/company.sql'
\set ECHO none
\i :company
\set ECHO all
\set ON_ERROR_STOP off

CREATE TEMPORARY VIEW employee AS
SELECT p.*, p.profile ->> 'occupation' AS occupation
  FROM mentoring.person AS p
 WHERE p.source = 'havelin';

-- 1,200 people with names of their own, in at least 60 real occupations.
SELECT count(*) AS people,
       count(DISTINCT display_name) AS names,
       count(DISTINCT email) AS addresses,
       count(DISTINCT occupation) AS occupations,
       count(DISTINCT occupation) >= 60 AS is_varied,
       count(DISTINCT org_unit) AS units,
       count(DISTINCT site) AS sites,
       count(DISTINCT timezone) AS time_zones
  FROM employee;

-- Every time zone is one the server knows, on five continents.
SELECT count(*) FILTER (WHERE z.name IS NULL) AS unknown,
       count(DISTINCT CASE WHEN e.timezone LIKE 'America/Sao%'
                           THEN 'South America'
                           ELSE split_part(e.timezone, '/', 1) END)
           AS continents
  FROM employee AS e
  LEFT JOIN pg_timezone_names AS z ON z.name = e.timezone;

-- Three levels of management above staff; the chain of everybody ends at the
-- chief executive, so nobody is above himself.
WITH RECURSIVE chain AS (
    SELECT id, 0 AS managers FROM employee WHERE manager_id IS NULL
    UNION ALL
    SELECT e.id, c.managers + 1
      FROM chain AS c
      JOIN employee AS e ON e.manager_id = c.id
)
SELECT managers, count(*) AS people,
       count(*) FILTER (WHERE EXISTS (SELECT FROM employee AS e
                                       WHERE e.manager_id = chain.id))
           AS with_reports
  FROM chain
 GROUP BY managers
 ORDER BY managers;

-- Managers outrank those who report to them in four of five cases at least.
SELECT avg((boss.grade > e.grade)::integer) >= 0.8 AS mostly_senior
  FROM employee AS e
  JOIN employee AS boss ON boss.id = e.manager_id;

-- Everybody speaks something, is free at some time and has interests; two
-- facility managers have no work values because O*NET has none for them.
SELECT count(*) FILTER (WHERE jsonb_array_length(profile -> 'languages') = 0)
           AS mute,
       count(*) FILTER (WHERE profile -> 'languages' ? 'English') AS english,
       count(*) FILTER (WHERE NOT profile ? 'availability') AS never_free,
       count(*) FILTER (WHERE NOT profile ? 'interests') AS without_interest,
       count(*) FILTER (WHERE NOT profile ? 'work_values') AS without_values
  FROM employee;

-- Twenty skills each, with levels that follow O*NET's: at most 1.9 from that of
-- the occupation (0.7 for seniority, 0.7 for the person, 0.5 for rounding).
SELECT count(*) AS rows, count(DISTINCT s.skill_id) AS skills,
       min(s.level) AS lowest, max(s.level) AS highest
  FROM employee AS e
  JOIN mentoring.person_skill AS s ON s.person_id = e.id;

SELECT count(*) AS too_far
  FROM employee AS e
  JOIN mentoring.person_skill AS s ON s.person_id = e.id
  JOIN mentoring.skill AS k ON k.id = s.skill_id
  JOIN demo.element AS x ON 'O*NET ' || x.kind = k.category
                        AND x.name = k.name
  JOIN demo.occupation AS o ON o.code = e.occupation
 WHERE abs(s.level - CASE x.kind WHEN 'skill' THEN o.skill_level[x.no]
                                 ELSE o.knowledge_level[x.no] END)
       NOT BETWEEN 0 AND 1.9;

-- The programme: who takes part, and with how many places.
SELECT a.role, count(*) AS people, sum(a.capacity) AS places,
       min(a.capacity) AS least, max(a.capacity) AS most,
       count(*) FILTER (WHERE a.status <> 'accepted') AS not_accepted
  FROM employee AS e
  JOIN mentoring.participant AS a ON a.person_id = e.id
 GROUP BY a.role
 ORDER BY a.role COLLATE "C";

SELECT count(*) AS in_both_roles
  FROM (SELECT a.person_id
          FROM employee AS e
          JOIN mentoring.participant AS a ON a.person_id = e.id
         GROUP BY a.person_id
        HAVING count(*) > 1) AS twice;

-- Each mentee wants one to six skills, all of a level not reached yet, of an
-- occupation one job zone higher.
SELECT count(DISTINCT a.id) AS mentees, min(w.wants) AS fewest,
       max(w.wants) AS most, sum(w.reached) AS reached
  FROM employee AS e
  JOIN mentoring.participant AS a ON a.person_id = e.id
  JOIN (SELECT participant_id, count(*) AS wants,
               count(*) FILTER (WHERE target_level <= level) AS reached
          FROM mentoring.participant_skill
         GROUP BY participant_id) AS w ON w.participant_id = a.id
 WHERE a.role = 'mentee';

SELECT t.job_zone - o.job_zone AS zones_up, count(*) AS mentees
  FROM employee AS e
  JOIN mentoring.participant AS a ON a.person_id = e.id
  JOIN demo.occupation AS o ON o.code = e.occupation,
LATERAL (SELECT x.job_zone
           FROM demo.post AS p
           JOIN demo.occupation AS x ON x.code = p.occupation
          WHERE a.aims = 'Next step: ' || p.role || '.'
          ORDER BY p.id
          LIMIT 1) AS t
 WHERE a.role = 'mentee'
 GROUP BY zones_up;

-- Seven criteria, two of them only rules.
SELECT c.name, c.kind, c.weight, c.minimum, c.params
  FROM mentoring.criterion AS c
  JOIN mentoring.programme AS p ON p.id = c.programme_id
 WHERE p.name = 'Next step'
 ORDER BY c.id;

-- The same on every machine: a fingerprint of all of it, ids aside.
SELECT encode(sha256(convert_to(string_agg(
           concat_ws('|', e.external_id, e.display_name, e.org_unit,
                     e.job_role, e.grade, e.site, e.timezone,
                     boss.external_id, e.profile,
                     e.joined_on - date '2000-01-01'),
           E'\n' ORDER BY e.external_id COLLATE "C"), 'UTF8')), 'hex')
           AS people
  FROM employee AS e
  LEFT JOIN employee AS boss ON boss.id = e.manager_id;

SELECT encode(sha256(convert_to(string_agg(
           concat_ws('|', e.external_id, k.name, s.level),
           E'\n' ORDER BY e.external_id COLLATE "C", k.name COLLATE "C",
                       k.category COLLATE "C"),
           'UTF8')), 'hex') AS skills
  FROM employee AS e
  JOIN mentoring.person_skill AS s ON s.person_id = e.id
  JOIN mentoring.skill AS k ON k.id = s.skill_id;

SELECT encode(sha256(convert_to(string_agg(
           concat_ws('|', e.external_id, a.role, a.capacity, a.bio, a.aims,
                     extract(epoch FROM a.applied_at)::bigint, w.wants),
           E'\n' ORDER BY a.id), 'UTF8')), 'hex') AS programme
  FROM employee AS e
  JOIN mentoring.participant AS a ON a.person_id = e.id
  LEFT JOIN (SELECT w.participant_id,
                    string_agg(concat_ws(':', k.name, w.level, w.target_level,
                                         w.weight), ','
                               ORDER BY k.name COLLATE "C",
                                        k.category COLLATE "C") AS wants
               FROM mentoring.participant_skill AS w
               JOIN mentoring.skill AS k ON k.id = w.skill_id
              GROUP BY w.participant_id) AS w ON w.participant_id = a.id;

ROLLBACK;

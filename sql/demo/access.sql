-- Who sees what: the same tables, read by the application for one person after
-- the other.
--
-- Run by psql after log.sql, as a superuser, who makes the application's role;
-- everything shown is read as that role.

\set ON_ERROR_STOP on
\set QUIET on
\pset format aligned
\pset border 1
\pset linestyle ascii
\pset footer off
\pset expanded off
\pset null ''
SET client_min_messages = warning;

\echo
\echo 'Who sees what'
\echo '-------------'

-- The application connects as "demo_lms"; the head of People coordinates.
SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'demo_lms') AS is_new
\gset
\if :is_new
    CREATE ROLE demo_lms;
\endif
GRANT SET ON PARAMETER mentoring.person_id TO demo_lms;
GRANT TEMPORARY ON DATABASE :DBNAME TO demo_lms;
SELECT mentoring.grant_access('demo_lms', 'app') AS is_new
\gset

SELECT p.id AS programme
  FROM mentoring.programme p
 WHERE p.name = 'Next step'
 ORDER BY p.id DESC
 LIMIT 1
\gset

-- The pair that has written most, the mentee's manager, and who coordinates.
SELECT e.source, e.external_id AS mentee, o.external_id AS mentor,
       m.external_id AS manager
  FROM mentoring.learning_by_participant t
  JOIN mentoring.relationship_member a
    ON a.programme_id = t.programme_id AND a.participant_id = t.participant_id
  JOIN mentoring.relationship_member b
    ON b.programme_id = a.programme_id
   AND b.relationship_id = a.relationship_id AND b.role = 'mentor'
  JOIN mentoring.participant pa
    ON pa.programme_id = a.programme_id AND pa.id = a.participant_id
  JOIN mentoring.participant pb
    ON pb.programme_id = b.programme_id AND pb.id = b.participant_id
  JOIN mentoring.person e ON e.id = pa.person_id
  JOIN mentoring.person o ON o.id = pb.person_id
  JOIN mentoring.person m ON m.id = e.manager_id
 WHERE t.programme_id = :programme
   AND NOT EXISTS (SELECT FROM mentoring.participant q
                    WHERE q.programme_id = t.programme_id
                      AND q.person_id = m.id)
 ORDER BY t.entries DESC, t.minutes DESC, t.participant_id
 LIMIT 1
\gset
SELECT external_id AS coordinator
  FROM mentoring.person p
 WHERE org_unit = 'People'
   AND NOT EXISTS (SELECT FROM mentoring.participant q
                    WHERE q.programme_id = :programme
                      AND q.person_id = p.id AND q.role <> 'coordinator')
 ORDER BY grade DESC, id
 LIMIT 1
\gset
INSERT INTO mentoring.participant (programme_id, person_id, role, status)
VALUES (:programme, mentoring.person_id(:'source', :'coordinator'),
        'coordinator', 'accepted')
    ON CONFLICT DO NOTHING;

SET SESSION AUTHORIZATION demo_lms;

-- The mentee keeps what was thought over afterwards to herself, and shows one
-- to those who run the programme.  No WHERE says whose entries: only one's own
-- can be changed.
BEGIN;
SELECT mentoring.act_as(:'source', :'mentee') AS id
\gset
UPDATE mentoring.learning_log
   SET visibility = CASE kind WHEN 'reflection' THEN 'private'
                              WHEN 'meeting' THEN 'coordinator'
                              ELSE 'relationship' END;
COMMIT;

-- What each sees of the same tables, by the same statement.
CREATE TEMPORARY TABLE seen (
    no integer, works_for text, people bigint, participants bigint,
    relationships bigint, entries bigint
);
PREPARE see (integer, text) AS
INSERT INTO seen
SELECT $1, $2, (SELECT count(*) FROM mentoring.person),
       (SELECT count(*) FROM mentoring.participant),
       (SELECT count(*) FROM mentoring.relationship),
       (SELECT count(*) FROM mentoring.learning_log);

BEGIN;
EXECUTE see (1, 'nobody');
COMMIT;
BEGIN;
SELECT mentoring.act_as(:'source', :'mentee') AS id
\gset
EXECUTE see (2, 'a mentee');
COMMIT;
BEGIN;
SELECT mentoring.act_as(:'source', :'mentor') AS id
\gset
EXECUTE see (3, 'her mentor');
COMMIT;
BEGIN;
SELECT mentoring.act_as(:'source', :'manager') AS id
\gset
EXECUTE see (4, 'her manager');
COMMIT;
BEGIN;
SELECT mentoring.act_as(:'source', :'coordinator') AS id
\gset
EXECUTE see (5, 'a coordinator');
COMMIT;

SELECT works_for AS "the application works for", people, participants,
       relationships, entries AS "log entries"
  FROM seen ORDER BY no;

-- A page of one's own.
BEGIN;
SELECT mentoring.act_as(:'source', :'mentee') AS id
\gset
SELECT display_name AS "whom the mentee is with", role, status
  FROM mentoring.partner ORDER BY relationship_id;
SELECT visibility AS "her entries", count(*) AS entries,
       sum(minutes) AS minutes
  FROM mentoring.learning_log GROUP BY 1 ORDER BY 1;
COMMIT;

RESET SESSION AUTHORIZATION;

-- What changes in the Moodle come to: learning, moving, leaving.
--
-- Run by psql after log.sql, once, where the company came from a Moodle.

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
\echo 'The company is in a Moodle'
\echo '--------------------------'

SELECT format(E'Its %s tables in schema "moodle" of this very database were read by sync(), with\nthe rights of a role that may do nothing else; nothing of ours is on them:',
              count(*)) AS tables
FROM pg_class
WHERE relnamespace = 'moodle'::regnamespace AND relkind = 'r'
\gset
\echo :tables
\echo

SELECT (SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE c.relnamespace = 'moodle'::regnamespace) AS triggers,
       (SELECT count(*) FROM pg_constraint
        WHERE confrelid IN (SELECT oid FROM pg_class
                            WHERE relnamespace = 'moodle'::regnamespace))
           AS "foreign keys",
       (SELECT count(*) FROM pg_depend d
        JOIN pg_rewrite r ON r.oid = d.objid
        JOIN pg_class v ON v.oid = r.ev_class
        JOIN pg_class t ON t.oid = d.refobjid
        WHERE d.classid = 'pg_rewrite'::regclass
          AND d.refclassid = 'pg_class'::regclass
          AND t.relnamespace = 'moodle'::regnamespace) AS "views";

SELECT object AS "first sync()", inserted, updated, retired, refused
FROM demo.sync_report WHERE call = 'first';

SET SESSION AUTHORIZATION demo_sync;
INSERT INTO demo.sync_report
SELECT 'second', * FROM mentoring.sync('havelin');
RESET SESSION AUTHORIZATION;
SELECT format('The second one found nothing to write: %s rows inserted, %s updated, %s retired.',
              sum(inserted), sum(updated), sum(retired)) AS second
FROM demo.sync_report WHERE call = 'second'
\gset
\echo :second
\echo

\echo 'A term in Moodle'
\echo '----------------'

-- Mentees work in Moodle: thirty a week for twelve weeks, each some six pages
-- with less than half an hour in between; every fourth completes a course.
CREATE TEMPORARY TABLE student AS
SELECT a.id AS participant_id, a.person_id, w.n + 2 AS userid,
       row_number() OVER (ORDER BY a.id) AS no
FROM mentoring.participant a
JOIN mentoring.programme g ON g.id = a.programme_id
JOIN demo.who w ON w.person_id = a.person_id
WHERE g.name = 'Next step' AND g.status = 'running' AND a.role = 'mentee';
INSERT INTO moodle.mdl_logstore_standard_log
       (eventname, edulevel, userid, courseid, timecreated)
SELECT '\core\event\course_viewed', 2, s.userid, 2,
       extract(epoch FROM timestamptz '2025-03-10 17:00+00'
               + interval '7 days' * week + interval '1 day' * (s.no % 5)
               + interval '1 minute' * (page * (5 + s.no % 9)))::bigint
FROM student s, generate_series(0, 11) AS week, generate_series(0, 5) AS page
WHERE s.no % 12 = week % 12;
INSERT INTO moodle.mdl_course_completions (userid, course, timecompleted)
SELECT userid, 2, extract(epoch FROM timestamptz '2025-06-02 10:00+00')::bigint
FROM student WHERE no % 4 = 0;

-- One is renamed, one moves, one is suspended, one is deleted.
SELECT string_agg(userid::text, ' ' ORDER BY no) AS ids,
       (array_agg(userid ORDER BY no))[1] AS renamed,
       (array_agg(userid ORDER BY no))[2] AS moved,
       (array_agg(userid ORDER BY no))[3] AS suspended,
       (array_agg(userid ORDER BY no))[4] AS deleted
FROM student WHERE no <= 4
\gset
CREATE TEMPORARY TABLE before AS
SELECT p.id, s.no, p.display_name, p.org_unit, p.is_active
FROM student s JOIN mentoring.person p ON p.id = s.person_id
WHERE s.no <= 4;
UPDATE moodle.mdl_user SET lastname = lastname || '-Newman' WHERE id = :renamed;
UPDATE moodle.mdl_user SET department = 'Research' WHERE id = :moved;
UPDATE moodle.mdl_user SET suspended = 1 WHERE id = :suspended;
UPDATE moodle.mdl_user SET deleted = 1, username = email || '.1750000000',
       email = md5(username), idnumber = '' WHERE id = :deleted;

-- The programme began after the first sync(): read all activity once.
UPDATE mentoring.source SET last_synced_at = NULL WHERE name = 'havelin';
SET SESSION AUTHORIZATION demo_sync;
INSERT INTO demo.sync_report
SELECT 'third', * FROM mentoring.sync('havelin');
RESET SESSION AUTHORIZATION;

SELECT object AS "after a term", inserted, updated, retired, refused
FROM demo.sync_report WHERE call = 'third';

SELECT kind AS "learnt in Moodle", count(*) AS entries,
       count(DISTINCT participant_id) AS mentees, sum(minutes) AS minutes
FROM mentoring.learning_log
WHERE source = 'havelin'
GROUP BY kind
ORDER BY kind COLLATE "C";

SELECT (ARRAY['renamed', 'moved', 'suspended', 'deleted'])[b.no]
           AS "in Moodle",
       format('%s, %s', b.display_name, b.org_unit) AS "was",
       CASE WHEN p.erased_at IS NOT NULL THEN '(erased)'
            ELSE format('%s, %s', p.display_name, p.org_unit) END AS "is",
       CASE WHEN p.is_active THEN 'yes' ELSE 'no' END AS "active"
FROM before b
JOIN mentoring.person p ON p.id = b.id
ORDER BY b.no;

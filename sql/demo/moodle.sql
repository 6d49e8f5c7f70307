-- The demo company in the tables of a Moodle, and from there in the directory.
--
-- Read by company.sql where psql's variable lms is set.  Schema "moodle" stands
-- for a Moodle in the same database: its tables are test/lms_moodle_tables.sql.
-- What a Moodle knows of people comes from it by sync(): names, addresses,
-- departments, custom fields, interests, managers, rated competencies.  What it
-- doesn't, people tell the mentoring application: the languages they speak,
-- what matters to them in work, and when they are free.

CREATE SCHEMA moodle;
SET search_path = moodle;
\ir ../../test/lms_moodle_tables.sql
RESET search_path;

-- Moodle's own accounts are 1, the guest, and 2, the administrator.
INSERT INTO moodle.mdl_config (name, value)
VALUES ('timezone', 'America/Chicago'), ('mnet_localhost_id', '1');
INSERT INTO moodle.mdl_user (id, confirmed, mnethostid, username, firstname,
    lastname, email)
VALUES (1, 1, 1, 'guest', 'Guest user', ' ', 'root@localhost'),
       (2, 1, 1, 'admin', 'Admin', 'User', 'admin@havelin.example');
INSERT INTO moodle.mdl_user (id, confirmed, mnethostid, username, firstname,
    lastname, email, institution, department, timezone)
SELECT n + 2, 1, 1, split_part(email, '@', 1) || n, given, family, email,
       'Havelin', unit, timezone
FROM entry
ORDER BY n;
SELECT setval('moodle.mdl_user_id_seq', max(id)) AS last_id
FROM moodle.mdl_user
\gset demo_

INSERT INTO moodle.mdl_user_info_field (id, shortname, name, datatype)
VALUES (1, 'occupation', 'Occupation (O*NET)', 'text'),
       (2, 'role', 'Role', 'text'), (3, 'site', 'Site', 'menu'),
       (4, 'grade', 'Grade', 'text');
INSERT INTO moodle.mdl_user_info_data (userid, fieldid, data)
SELECT e.n + 2, f.id, f.data
FROM entry e,
LATERAL (VALUES (1, e.profile ->> 'occupation'), (2, e.role), (3, e.site),
                (4, e.grade::text)) AS f (id, data)
ORDER BY e.n, f.id;

INSERT INTO moodle.mdl_tag (name, rawname)
SELECT DISTINCT i, initcap(i)
FROM entry e, jsonb_array_elements_text(e.profile -> 'interests') AS i
ORDER BY i;
INSERT INTO moodle.mdl_tag_instance (tagid, component, itemtype, itemid)
SELECT t.id, 'core', 'user', e.n + 2
FROM entry e, jsonb_array_elements_text(e.profile -> 'interests') AS i
JOIN moodle.mdl_tag t ON t.name = i
ORDER BY e.n, t.id;

-- A manager has a role over each who reports to him.
INSERT INTO moodle.mdl_role (id, shortname) VALUES (1, 'manager');
INSERT INTO moodle.mdl_context (id, contextlevel, instanceid)
SELECT n + 2, 30, n + 2 FROM entry ORDER BY n;
INSERT INTO moodle.mdl_role_assignments (roleid, contextid, userid)
SELECT 1, n + 2, manager + 2 FROM entry WHERE manager IS NOT NULL ORDER BY n;

-- Competencies are rated on a scale of eight, O*NET's levels 0 to 7.
INSERT INTO moodle.mdl_scale (id, name, scale)
VALUES (1, 'O*NET levels', '0,1,2,3,4,5,6,7');
INSERT INTO moodle.mdl_competency_framework (shortname, scaleid)
SELECT DISTINCT category, 1 FROM mentoring.skill
WHERE category LIKE 'O*NET %' ORDER BY category;
INSERT INTO moodle.mdl_competency (id, shortname, idnumber,
    competencyframeworkid)
SELECT s.id, s.name, s.uri, f.id
FROM mentoring.skill s
JOIN moodle.mdl_competency_framework f ON f.shortname = s.category
ORDER BY s.id;
INSERT INTO moodle.mdl_competency_usercomp (userid, competencyid, proficiency,
    grade)
SELECT n + 2, skill_id, (level > 3)::integer, level + 1
FROM known
ORDER BY n, place;

-- As autovacuum has done where a Moodle has been for an hour
ANALYZE moodle.mdl_user, moodle.mdl_user_info_field, moodle.mdl_user_info_data,
    moodle.mdl_tag, moodle.mdl_tag_instance, moodle.mdl_context,
    moodle.mdl_role_assignments, moodle.mdl_competency,
    moodle.mdl_competency_usercomp;

-- The role that calls sync() reads Moodle's tables and has level sync here.
SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'demo_sync') AS is_new
\gset demo_
\if :demo_is_new
    CREATE ROLE demo_sync;
\endif
GRANT USAGE ON SCHEMA moodle TO demo_sync;
GRANT SELECT ON ALL TABLES IN SCHEMA moodle TO demo_sync;
SELECT mentoring.grant_access('demo_sync', 'sync') AS is_new
\gset demo_

SELECT mentoring.register_moodle('havelin', 'moodle', options => '{
    "fields": ["occupation"],
    "job_role_field": "role", "site_field": "site", "grade_field": "grade",
    "own_keys": ["availability", "languages", "work_values"]}') AS source_id
\gset demo_

CREATE TABLE demo.sync_report (
    call      text NOT NULL,
    object    text NOT NULL,
    inserted  bigint NOT NULL,
    updated   bigint NOT NULL,
    retired   bigint NOT NULL,
    refused   bigint NOT NULL
);
COMMENT ON TABLE demo.sync_report IS 'What the calls of sync() reported.';

GRANT USAGE ON SCHEMA demo TO demo_sync;
GRANT INSERT ON demo.sync_report TO demo_sync;
SET SESSION AUTHORIZATION demo_sync;
INSERT INTO demo.sync_report
SELECT 'first', * FROM mentoring.sync('havelin');
RESET SESSION AUTHORIZATION;

INSERT INTO demo.who
SELECT e.n, p.id
FROM entry e
JOIN mentoring.person p
  ON p.source = 'havelin' AND p.external_id = (e.n + 2)::text;

-- What people tell the application themselves stays with the next sync().
UPDATE mentoring.person p
SET profile = p.profile || (e.profile - 'occupation' - 'interests')
FROM entry e
JOIN demo.who w ON w.n = e.n
WHERE p.id = w.person_id;

-- A Moodle in the same database: what its tables become, what changes in it
-- come to, and that it doesn't notice us.

\set QUIET on
\set SHOW_CONTEXT never
\set ON_ERROR_ROLLBACK on
\pset format unaligned
\pset tuples_only on
SET datestyle = 'ISO';
SET timezone = 'UTC';
\set setup `echo "$PG_ABS_SRCDIR/lms_setup.sql"`
\set moodle `echo "$PG_ABS_SRCDIR/lms_moodle.sql"`
BEGIN;
\set ECHO none
\o /dev/null
\i :setup
CREATE SCHEMA "the lms";
SET LOCAL search_path = "the lms";
\i :moodle
RESET search_path;
GRANT USAGE ON SCHEMA "the lms" TO lms_sync, lms_admin;
GRANT SELECT ON ALL TABLES IN SCHEMA "the lms" TO lms_sync;
ALTER SEQUENCE mentoring.person_id_seq RESTART 5001;
\o
\set ECHO all

-- Profiles are put together in one pass: of one key the last entry counts,
-- null hides what came before, sets are sorted, and empty ones no entries.
SELECT mentoring._profile('{"a": 1, "b": "x", "c": [1, 2]}'::jsonb,
    '{"b": null, "d": true}'::jsonb, NULL::jsonb, 'k', 'v'::text, 'empty', ''::varchar,
    'none', NULL::text, 'set', ARRAY['b', 'a', NULL, 'b', 'ab'], 'zoo', '{}'::varchar[],
    'void', ARRAY[NULL::text], 'k', 'w'::text, 'long', ARRAY[repeat('x', 300)]);
SELECT mentoring._profile('{"b": 1}'::jsonb, k, v, '{"a": 2}'::jsonb)
  FROM (VALUES ('a', 'y'), (repeat('k', 40), E'"\\\n'), ('b', NULL)) AS e (k, v);
SELECT mentoring._profile(NULL::jsonb), mentoring._profile('{}'::jsonb);
-- as the functions it stands for say
SELECT count(*) FROM (SELECT
       (SELECT jsonb_object_agg('k' || floor(random() * 6), CASE WHEN random() < 0.7 THEN r END)
          FROM generate_series(1, 4) AS r WHERE random() < 0.8 + n * 0) AS one,
       (SELECT jsonb_object_agg('k' || floor(random() * 6), CASE WHEN random() < 0.7 THEN to_jsonb('t' || r) END)
          FROM generate_series(1, 4) AS r WHERE random() < 0.8 + n * 0) AS two,
       (SELECT array_agg(repeat(chr(97 + floor(random() * 3)::integer), floor(random() * 3)::integer))
          FROM generate_series(1, 4) AS r WHERE random() < 0.6 + n * 0) AS words
  FROM generate_series(1, 3000) AS n) AS r
 WHERE mentoring._profile(one, two, 'k1', NULLIF(words[1], ''), 'k2', words)
    IS DISTINCT FROM jsonb_strip_nulls(coalesce(one, '{}') || coalesce(two, '{}')
       || CASE WHEN words[1] <> '' THEN jsonb_build_object('k1', words[1]) ELSE '{}' END
       || CASE WHEN words IS NULL THEN '{}' ELSE jsonb_build_object('k2',
          (SELECT jsonb_agg(DISTINCT w COLLATE "C") FROM unnest(words) AS w)) END);
SELECT mentoring._profile('[1]'::jsonb);
SELECT mentoring._profile('a');
SELECT mentoring._profile(NULL::text, 'a'::text);
SELECT mentoring._profile('a', 1);
SELECT mentoring._profile(1, 'a'::text);
SELECT mentoring._profile(VARIADIC ARRAY['a', 'b']);

-- Registering needs level admin and finds what is there.
SELECT pg_temp.said('lms_sync', 'SELECT mentoring.register_moodle(''moodle'', ''the lms'')');
SELECT pg_temp.said('lms_admin', 'SELECT mentoring.register_moodle(''moodle'')');
SELECT pg_temp.said('lms_admin', 'SELECT mentoring.register_moodle(''moodle'', ''the lms'', ''mdl2_'')');
SELECT pg_temp.said('lms_admin', 'SELECT mentoring.register_moodle(''moodle'', ''the lms'') > 0');

-- Persons
SELECT pg_temp.sync('moodle');
SELECT external_id, display_name, email, org_unit, timezone,
       is_active,
       (SELECT m.external_id FROM mentoring.person m WHERE m.id = p.manager_id)
           AS manager, profile
  FROM mentoring.person p WHERE source = 'moodle' ORDER BY id;
SELECT p.external_id, s.category, s.name, k.level
  FROM mentoring.person_skill k
  JOIN mentoring.person p ON p.id = k.person_id
  JOIN mentoring.skill s ON s.id = k.skill_id
 WHERE k.source = 'moodle' ORDER BY p.id, s.name;
SELECT p.external_id, h.valid_from = current_date, h.valid_to, h.org_unit
  FROM mentoring.person_history h
  JOIN mentoring.person p ON p.id = h.person_id
 WHERE p.source = 'moodle' ORDER BY p.id;

-- A second run writes nothing.
CREATE TEMP TABLE before AS
SELECT 'person' AS t, id, ctid AS at, xmin::text AS by FROM mentoring.person
UNION ALL SELECT 'person_skill', id, ctid, xmin::text FROM mentoring.person_skill
UNION ALL SELECT 'person_history', id, ctid, xmin::text FROM mentoring.person_history
UNION ALL SELECT 'skill', id, ctid, xmin::text FROM mentoring.skill;
SELECT pg_temp.sync('moodle');
SELECT count(*) AS rewritten FROM (
    (SELECT 'person' AS t, id, ctid FROM mentoring.person
     UNION ALL SELECT 'person_skill', id, ctid FROM mentoring.person_skill
     UNION ALL SELECT 'person_history', id, ctid FROM mentoring.person_history
     UNION ALL SELECT 'skill', id, ctid FROM mentoring.skill)
    EXCEPT SELECT t, id, at FROM before) AS x;
SELECT count(*) > 20 AS compared FROM before;

-- Activity: in programmes under way, of mentees alone; sessions by the rule of
-- thirty minutes, over midnight for the later day.
\o /dev/null
INSERT INTO mentoring.programme (id, name, model, status)
VALUES (5001, 'under way', 'one_to_one', 'running'),
       (5002, 'over', 'one_to_one', 'closed');
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status, bio)
SELECT g.id, g.id * 100 + p.external_id::integer, p.id,
       CASE WHEN p.external_id IN ('10', '11') THEN 'mentor' ELSE 'mentee' END,
       'accepted', 'I am ' || p.display_name
  FROM mentoring.person p, mentoring.programme g
 WHERE p.source = 'moodle' AND p.external_id IN ('3', '4', '10', '11')
   AND g.id IN (5001, 5002) ORDER BY g.id, p.id;
UPDATE mentoring.source SET last_synced_at = NULL WHERE name = 'moodle';
\o
SELECT pg_temp.sync('moodle');
SELECT programme_id, participant_id, occurred_on, kind, minutes, source_event_id
  FROM mentoring.learning_log WHERE source = 'moodle' ORDER BY 1, 2, 3, 4;
-- what arrives late joins its day
\o /dev/null
INSERT INTO "the lms".mdl_logstore_standard_log (edulevel, userid, timecreated)
VALUES (2, 3, 1714557300);
UPDATE mentoring.source SET last_synced_at = '2024-05-02 12:00+00' WHERE name = 'moodle';
\o
SELECT pg_temp.sync('moodle');
SELECT occurred_on, kind, minutes FROM mentoring.learning_log
 WHERE source = 'moodle' AND kind = 'practice' ORDER BY 1;

-- Renamed, moved, suspended: history is kept.
\o /dev/null
UPDATE mentoring.person_history SET valid_from = current_date - 10
 WHERE person_id IN (SELECT id FROM mentoring.person WHERE source = 'moodle');
UPDATE "the lms".mdl_user SET department = 'Poetry', lastname = 'King', suspended = 1
 WHERE id = 3;
\o
SELECT pg_temp.sync('moodle');
SELECT display_name, org_unit, is_active FROM mentoring.person
 WHERE source = 'moodle' AND external_id = '3';
SELECT current_date - valid_from AS from_days, current_date - valid_to AS to_days,
       h.org_unit
  FROM mentoring.person_history h
  JOIN mentoring.person p ON p.id = h.person_id
 WHERE p.source = 'moodle' AND p.external_id = '3' ORDER BY valid_from;

-- Deleted, as delete_user() does it: of 4 nothing is left but what is counted.
\o /dev/null
UPDATE "the lms".mdl_user SET deleted = 1, username = 'sean@example.org.1', idnumber = '',
       email = md5(username) WHERE id = 4;
DELETE FROM "the lms".mdl_competency_usercomp WHERE userid = 4;
DELETE FROM "the lms".mdl_user_info_data WHERE userid = 4;
DELETE FROM "the lms".mdl_role_assignments WHERE userid = 4 OR contextid = 21;
\o
SELECT place FROM pg_temp.found('O''Brien');
SELECT pg_temp.sync('moodle');
SELECT * FROM pg_temp.found('O''Brien');
SELECT * FROM pg_temp.found('sean@');
SELECT * FROM pg_temp.found('Trinity');
SELECT external_id = 'erased-' || id, display_name, email, org_unit, is_active,
       left_on = current_date AS has_left
  FROM mentoring.person WHERE source = 'moodle' AND erased_at IS NOT NULL;
SELECT count(*), sum(minutes) FROM mentoring.learning_log
 WHERE source = 'moodle' AND participant_id = 500104;
SELECT pg_temp.sync('moodle');

-- An empty table, as in the middle of a restore, erases nobody.
\o /dev/null
UPDATE "the lms".mdl_user SET deleted = 1 WHERE id IN (6, 8, 9);
\o
SELECT pg_temp.sync('moodle');
SELECT count(*) FROM mentoring.person WHERE source = 'moodle' AND erased_at IS NOT NULL;
SELECT pg_temp.sync('moodle', true);
SELECT count(*) FROM mentoring.person WHERE source = 'moodle' AND erased_at IS NOT NULL;

-- Mentors as pins, where options name a programme.
SELECT pg_temp.said('lms_admin', 'SELECT mentoring.register_moodle(''moodle'', ''the lms'', options => ''{"programme_id": 5001, "fields": ["remote"], "job_role_field": "jobtitle"}'') > 0');
SELECT pg_temp.sync('moodle');
SELECT mentee_id, mentor_id, rule, reason FROM mentoring.pair_rule WHERE programme_id = 5001;
-- One of the two is suspended: a pin would let every match fail.
SELECT p.external_id, p.is_active FROM mentoring.participant t JOIN mentoring.person p ON p.id = t.person_id
 WHERE t.programme_id = 5001 AND t.id IN (500103, 500110) ORDER BY 1;
UPDATE "the lms".mdl_user SET suspended = 0;
SELECT pg_temp.sync('moodle');
SELECT mentee_id, mentor_id, rule, reason FROM mentoring.pair_rule WHERE programme_id = 5001;
UPDATE mentoring.participant SET status = 'withdrawn' WHERE programme_id = 5001 AND id = 500103;
SELECT pg_temp.sync('moodle');
UPDATE mentoring.participant SET status = 'applied' WHERE programme_id = 5001 AND id = 500103;
UPDATE mentoring.participant SET status = 'accepted' WHERE programme_id = 5001 AND id = 500103;
SELECT pg_temp.sync('moodle');
SELECT job_role, profile, (SELECT m.external_id FROM mentoring.person m WHERE m.id = p.manager_id)
  FROM mentoring.person p WHERE source = 'moodle' AND external_id = '3';
\o /dev/null
DELETE FROM "the lms".mdl_role_assignments WHERE roleid = 9;
\o
SELECT pg_temp.sync('moodle');
SELECT count(*) FROM mentoring.pair_rule WHERE programme_id = 5001;

-- Moodle alters its tables as if we weren't there, and nothing of ours is on
-- them.
SELECT count(*) FROM pg_depend d
  JOIN pg_class c ON c.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass
 WHERE c.relnamespace = '"the lms"'::regnamespace
   AND (d.classid, d.objid) NOT IN (
       SELECT 'pg_class'::regclass, oid FROM pg_class
        WHERE relnamespace IN ('"the lms"'::regnamespace,
                               'pg_toast'::regnamespace)
       UNION ALL SELECT 'pg_constraint'::regclass, oid FROM pg_constraint
        WHERE connamespace = '"the lms"'::regnamespace
       UNION ALL SELECT 'pg_attrdef'::regclass, oid FROM pg_attrdef
       UNION ALL SELECT 'pg_type'::regclass, oid FROM pg_type);
ALTER TABLE "the lms".mdl_user ALTER COLUMN department TYPE varchar(300);
ALTER TABLE "the lms".mdl_user ALTER COLUMN id TYPE numeric(18);
SELECT pg_temp.sync('moodle');
ALTER TABLE "the lms".mdl_user ALTER COLUMN id TYPE bigint;
SELECT pg_temp.sync('moodle');
ALTER TABLE "the lms".mdl_user DROP COLUMN department;
SELECT pg_temp.sync('moodle');
ROLLBACK;

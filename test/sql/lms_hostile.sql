-- Sources made to hurt: names that are SQL, values no table of ours can hold,
-- a Moodle full of nonsense.

\set QUIET on
\set SHOW_CONTEXT never
\set ON_ERROR_ROLLBACK on
\pset format unaligned
\pset tuples_only on
\pset null '(null)'
SET datestyle = 'ISO';
SET timezone = 'UTC';
\set setup `echo "$PG_ABS_SRCDIR/lms_setup.sql"`
\set moodle `echo "$PG_ABS_SRCDIR/lms_moodle.sql"`
BEGIN;
\set ECHO none
\o /dev/null
\i :setup
CREATE SCHEMA "x""; DROP SCHEMA mentoring CASCADE; --";
SET LOCAL search_path = "x""; DROP SCHEMA mentoring CASCADE; --";
\i :moodle
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT relname FROM pg_class
                 WHERE relnamespace = '"x""; DROP SCHEMA mentoring CASCADE; --"'::regnamespace
                   AND relkind = 'r'
    LOOP
        EXECUTE format('ALTER TABLE %I RENAME TO %I', name,
                       replace(name, 'mdl_', 'm''$q$"%s'));
    END LOOP;
END
$$;
RESET search_path;
GRANT USAGE ON SCHEMA "x""; DROP SCHEMA mentoring CASCADE; --" TO lms_sync, lms_admin;
GRANT SELECT ON ALL TABLES IN SCHEMA "x""; DROP SCHEMA mentoring CASCADE; --" TO lms_sync;
ALTER SEQUENCE mentoring.person_id_seq RESTART 7301;
\o
\set ECHO all

-- Names that are SQL: of the schema, the tables, the source, roles and fields.
SELECT pg_temp.said('lms_admin', $$SELECT mentoring.register_moodle('a"b''; DROP TABLE mentoring.person; --',
    'x"; DROP SCHEMA mentoring CASCADE; --', 'm''$q$"%s',
    '{"manager_roles": ["manager", "'') OR true --"], "fields": ["'') --", "remote"], "job_role_field": "job''title", "site_field": "%s"}') > 0$$);
SET client_min_messages = error;
SELECT pg_temp.sync('a"b''; DROP TABLE mentoring.person; --');
RESET client_min_messages;
SELECT pg_temp.said('lms_admin', 'SELECT mentoring.register_moodle(''x'', ''x"; DROP SCHEMA mentoring CASCADE; --'', ''mdl_'')');
SELECT pg_temp.said('lms_admin', $$SELECT mentoring.register_moodle('x', 'x"; DROP SCHEMA mentoring CASCADE; --', 'm''$q$"%s', '{"fields": 3}')$$);
SELECT mentoring.attach_trigger('x"; DROP SCHEMA mentoring CASCADE; --', 'm''$q$"%suser', 'a"b''; DROP TABLE mentoring.person; --',
    'id', 'last"name, ''); DROP TABLE mentoring.person; --');
UPDATE "x""; DROP SCHEMA mentoring CASCADE; --"."m'$q$""%suser" SET lastname = 'Countess' WHERE id = 3;
SELECT source, table_name, external_id, action FROM mentoring.sync_queue;
SELECT mentoring.detach_trigger('x"; DROP SCHEMA mentoring CASCADE; --', 'm''$q$"%suser');

-- A Moodle whose rows hold what no form would let in
\o /dev/null
SET LOCAL search_path = "x""; DROP SCHEMA mentoring CASCADE; --";
UPDATE "m'$q$""%suser" SET timezone = repeat('Z', 100), email = repeat('e', 100), department = repeat('d', 255) WHERE id = 3;
UPDATE "m'$q$""%suser" SET firstname = E'\u202e\u0007', lastname = E'\n\t', lang = '__', timezone = E'Europe/Rome\n' WHERE id = 4;
UPDATE "m'$q$""%suser_info_data" SET data = CASE fieldid WHEN 1 THEN '9e999' WHEN 2 THEN 'maybe' WHEN 3 THEN '99999999999' ELSE repeat('x', 1048576) END WHERE userid = 3;
INSERT INTO "m'$q$""%suser_info_field" (id, shortname, name, datatype) VALUES (20, 'remote', 'twice', 'text'), (21, '', 'none', 'datetime');
INSERT INTO "m'$q$""%suser_info_data" (userid, fieldid, data) VALUES (5, 20, '-0'), (5, 21, '-99999999999'), (99, 1, 'of nobody');
INSERT INTO "m'$q$""%stag" (id, name) VALUES (30, ''), (31, repeat('t', 255));
INSERT INTO "m'$q$""%stag_instance" (tagid, component, itemtype, itemid) VALUES (30, 'core', 'user', 3), (31, 'core', 'user', 3), (77, 'core', 'user', 3);
INSERT INTO "m'$q$""%scourse_completions" (userid, course, timecompleted)
VALUES (3, 9, 9223372036854775807), (3, 9, -9223372036854775808), (3, 9, 253402300799);
INSERT INTO "m'$q$""%slogstore_standard_log" (edulevel, userid, timecreated)
VALUES (2, 3, 9223372036854775807), (2, 3, -1), (2, 3, 253402300800);
UPDATE "m'$q$""%scompetency_usercomp" SET grade = 9223372036854775807 WHERE userid = 4;
UPDATE "m'$q$""%sscale" SET scale = '';
UPDATE "m'$q$""%sconfig" SET value = '; DROP' WHERE name = 'mnet_localhost_id';
UPDATE "m'$q$""%sconfig" SET value = 'nowhere' WHERE name = 'timezone';
INSERT INTO "m'$q$""%srole_assignments" (roleid, contextid, userid) VALUES (1, 22, 3), (1, 20, 5), (1, 9999, 5);
RESET search_path;
INSERT INTO mentoring.programme (id, name, model, status) VALUES (7301, 'hostile', 'one_to_one', 'running');
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
SELECT 7301, 7301, id, 'mentee', 'accepted' FROM mentoring.person WHERE source LIKE 'a"b%' AND external_id = '3';
UPDATE mentoring.source SET last_synced_at = NULL WHERE name LIKE 'a"b%';
\o
SELECT pg_temp.sync('a"b''; DROP TABLE mentoring.person; --');
SELECT external_id, display_name, left(email, 10), length(org_unit), timezone, left(profile::text, 100), length(profile::text),
       (SELECT m.external_id FROM mentoring.person m WHERE m.id = p.manager_id)
  FROM mentoring.person p WHERE source LIKE 'a"b%' AND external_id IN ('3', '4', '5') ORDER BY id;
SELECT source_event_id, occurred_on FROM mentoring.learning_log WHERE programme_id = 7301 ORDER BY id;
SET client_min_messages = error;
SELECT pg_temp.sync('a"b''; DROP TABLE mentoring.person; --');
RESET client_min_messages;

-- Values of any source
CREATE TABLE public.bad (id text, name text, mail text, zone text, day date, level double precision, minutes bigint, extra jsonb, manager text);
GRANT SELECT ON public.bad TO lms_sync;
INSERT INTO public.bad VALUES
    ('1', repeat('n', 1048576), repeat('m', 1048576) || '@x', repeat('z', 1048576), '-infinity', 'NaN', 9223372036854775807, jsonb_build_object(repeat('k', 100000), 1), '2'),
    ('2', 'two', '@', '', '5874897-12-31', 'Infinity', -9223372036854775808, ('{"a": ' || repeat('[', 5000) || repeat(']', 5000) || '}')::jsonb, '3'),
    ('3', 'three', 'a@b', 'Europe/', '4713-01-01 BC', -0.4, 0, '{"a": 1e400}', '1'),
    ('4', E'\u200b', E'a\n@b', 'Nowhere/City', '0001-01-01', 7.5, 1440, '{"": null, "x": ""}', '4'),
    ('5', 'five', NULL, '+99:99', NULL, 'Infinity', NULL, '[]', repeat('q', 1048576));
SELECT pg_temp.said('lms_admin', $$SELECT mentoring.register_source('bad', 'custom',
    'SELECT id AS external_id, name AS display_name, mail AS email, zone AS timezone, day AS joined_on, extra AS profile FROM public.bad ORDER BY id',
    'SELECT id AS external_id, manager AS manager_external_id FROM public.bad ORDER BY id',
    'SELECT id AS external_id, ''Lms bad'' AS skill, level FROM public.bad ORDER BY id',
    'SELECT id AS external_id, id AS source_event_id, day AS occurred_on, ''other'' AS kind, minutes FROM public.bad ORDER BY id') > 0$$);
SELECT pg_temp.sync('bad');
SELECT external_id, length(display_name), length(email), timezone, joined_on, left(profile::text, 60),
       (SELECT m.external_id FROM mentoring.person m WHERE m.id = p.manager_id)
  FROM mentoring.person p WHERE source = 'bad' ORDER BY id;
SELECT p.external_id, k.level FROM mentoring.person_skill k JOIN mentoring.person p ON p.id = k.person_id WHERE p.source = 'bad' ORDER BY 1;
SET client_min_messages = error;
SELECT pg_temp.sync('bad');
RESET client_min_messages;
ROLLBACK;

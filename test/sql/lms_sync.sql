-- register_source() and sync(): what they refuse, and how rows become persons.

\set QUIET on
\set SHOW_CONTEXT never
\set ON_ERROR_ROLLBACK on
\pset format unaligned
\pset tuples_only on
\pset null '(null)'
SET datestyle = 'ISO';
SET timezone = 'UTC';
\set setup `echo "$PG_ABS_SRCDIR/lms_setup.sql"`
BEGIN;
\set ECHO none
\o /dev/null
\i :setup
ALTER SEQUENCE mentoring.person_id_seq RESTART 6001;
\o
\set ECHO all

-- Registering prepares each text.

CREATE FUNCTION pg_temp.register(person_query text) RETURNS text
LANGUAGE sql AS $$
    SELECT pg_temp.said('lms_admin', format(
        'SELECT mentoring.register_source(''hr'', ''custom'', %L) > 0',
        person_query))
$$;
SELECT pg_temp.register(NULL);
SELECT pg_temp.register('');
SELECT pg_temp.register('SELECT 1; SELECT 2');
SELECT pg_temp.register('DELETE FROM mentoring.person');
SELECT pg_temp.register('SELECT id AS external_id, display_name FROM mentoring.person FOR UPDATE');
SELECT pg_temp.register('SELECT 1 AS external_id, ''a'' AS display_name INTO x');
SELECT pg_temp.register('WITH d AS (DELETE FROM mentoring.person_skill RETURNING person_id) SELECT person_id AS external_id, ''a'' AS display_name FROM d');
SELECT pg_temp.register('SELECT 1 AS id');
SELECT pg_temp.register('SELECT 1 AS external_id, ''a'' AS name');
SELECT pg_temp.register('SELECT 1 AS external_id, ''a'' AS display_name, 2 AS external_id');
SELECT pg_temp.register('SELECT 1.5 AS external_id, ''a'' AS display_name');
SELECT pg_temp.register('SELECT 1 AS external_id, ''a'' AS display_name, ''b'' AS grade');
SELECT pg_temp.register('SELECT * FROM nowhere');
SELECT pg_temp.register('SELECT 1 AS external_id, ''a'' AS display_name, now() AS joined_on, true AS is_active, ''{}''::json AS profile, 3 AS anything_else');
SELECT pg_temp.said('lms_admin', 'SELECT mentoring.register_source(''local'', ''custom'', ''SELECT 1'')');
SELECT pg_temp.said('lms_admin', 'SELECT mentoring.register_source(''x'', ''ilias'', ''SELECT 1'')');
SELECT pg_temp.said('lms_admin', 'SELECT mentoring.register_source(NULL, ''custom'', ''SELECT 1'')');
SELECT pg_temp.said('lms_admin', 'SELECT mentoring.register_source(''x'', ''custom'', ''SELECT 1'', options => ''[]'')');
SELECT pg_temp.said('lms_admin', 'SELECT mentoring.register_source(''x'', ''xapi'', NULL, ''SELECT 1 AS external_id'') > 0');
SELECT pg_temp.said('lms_admin', 'SELECT mentoring.register_source(''x'', ''xapi'', NULL) > 0');
-- a text is written by that function alone
SELECT r, p, has_any_column_privilege(r, 'mentoring.source', p)
  FROM (VALUES ('lms_admin'), ('lms_sync')) AS r (r),
       (VALUES ('SELECT'), ('INSERT'), ('UPDATE')) AS p (p) ORDER BY 1, 2;

-- Who may call, and for what.
SELECT pg_temp.said('lms_sync', 'SELECT mentoring.sync(''nobody'')');
SELECT pg_temp.said('lms_sync', 'SELECT mentoring.sync(NULL)');
SELECT mentoring.sync('hr');

-- Rows, good and bad.

CREATE TABLE public.hr (
    id text, name text, mail text, boss text, zone text, since date, until date,
    level integer, extra jsonb);
GRANT SELECT ON public.hr TO lms_sync;
INSERT INTO public.hr VALUES
    ('a', 'Ann', 'ann@example.org', 'b', 'Europe/Rome', '2020-01-01', NULL, 3, '{"x": 1}'),
    ('b', 'Bob', 'no address', 'c', 'Eastern Time (US & Canada)', '2020-01-01', '2019-01-01', 3, '[1]'),
    ('c', 'Cy', '', 'c', '99', 'infinity', NULL, -1, '{"nested": {"a": 1}, "good": ["x", "y"], "mixed": ["x", 1]}'),
    ('d', '', NULL, 'nobody', NULL, NULL, NULL, NULL, NULL),
    ('', 'Empty key', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (NULL, 'No key', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    ('a', 'Ann again', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (repeat('k', 2000), 'Long key', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    ('e''; DROP TABLE mentoring.person; --', E'Eve"\\''\n', NULL, 'a', '''; SELECT 1', NULL, NULL, 1, NULL),
    ('f', 'Big', NULL, 'e''; DROP TABLE mentoring.person; --', 'UTC+3', NULL, NULL, NULL,
     jsonb_build_object('much', repeat('x', 1048576)));
SELECT pg_temp.said('lms_admin', $$SELECT mentoring.register_source('hr', 'custom',
    'SELECT id AS external_id, name AS display_name, mail AS email, zone AS timezone, since AS joined_on, until AS left_on, level AS grade, extra AS profile FROM public.hr ORDER BY ctid -- a comment',
    'SELECT id AS external_id, boss AS manager_external_id FROM public.hr WHERE boss IS NOT NULL ORDER BY ctid') > 0$$);
SELECT pg_temp.sync('hr');
SELECT external_id, display_name, email, timezone, joined_on, left_on, grade,
       left(profile::text, 60), length(profile::text),
       (SELECT m.external_id FROM mentoring.person m WHERE m.id = p.manager_id)
  FROM mentoring.person p WHERE source = 'hr' ORDER BY id;
-- who can't be taken any more isn't gone
UPDATE public.hr SET name = '' WHERE id = 'a' AND name = 'Ann';
SELECT pg_temp.sync('hr');
SELECT display_name, erased_at FROM mentoring.person WHERE source = 'hr' AND external_id = 'a';
UPDATE public.hr SET name = 'Ann' WHERE id = 'a' AND name = '';

-- What belongs to the person stays; what a query doesn't return stays.
UPDATE mentoring.person
   SET site = 'Rome', profile = profile || '{"availability": [{"day": 1, "from": "09:00", "to": "10:00"}], "own": 1}'
 WHERE source = 'hr' AND external_id = 'a';
SELECT pg_temp.sync('hr');
SELECT site, profile FROM mentoring.person WHERE source = 'hr' AND external_id = 'a';

-- Skills: levels of other origin are left alone.
DELETE FROM public.hr WHERE id IS NULL OR id IN ('', 'd') OR length(id) > 1000 OR name = 'Ann again';
INSERT INTO mentoring.skill (id, name, category) VALUES (6001, 'Lms C', NULL), (6002, 'Lms SQL', 'x');
INSERT INTO mentoring.person_skill (person_id, skill_id, level)
SELECT id, 6001, 2 FROM mentoring.person WHERE source = 'hr' AND external_id = 'b';
CREATE TABLE public.hr_skill (id text, skill text, level numeric, category text);
GRANT SELECT ON public.hr_skill TO lms_sync;
INSERT INTO public.hr_skill VALUES ('a', 'Lms C', 3.5, NULL), ('a', 'Lms C', 1, NULL), ('b', 'Lms C', 5, NULL),
    ('a', 'Lms SQL', 7, 'x'), ('a', 'Lms SQL', 6, NULL), ('b', 'Lms new', 'NaN', NULL), ('b', 'Lms new', 7.4, NULL),
    ('nobody', 'Lms new', 1, NULL), ('b', '', 1, NULL);
SELECT pg_temp.said('lms_admin', $$SELECT mentoring.register_source('hr', 'custom',
    'SELECT id AS external_id, name AS display_name FROM public.hr ORDER BY ctid',
    skill_query => 'SELECT id AS external_id, skill, level, category FROM public.hr_skill ORDER BY ctid') > 0$$);
SELECT pg_temp.sync('hr');
SELECT p.external_id, s.category, s.name, k.level, k.source
  FROM mentoring.person_skill k
  JOIN mentoring.person p ON p.id = k.person_id
  JOIN mentoring.skill s ON s.id = k.skill_id
 WHERE p.source = 'hr' ORDER BY 1, 2, 3;
UPDATE public.hr_skill SET level = 2 WHERE skill = 'Lms C' AND id = 'a';
DELETE FROM public.hr_skill WHERE skill = 'Lms SQL' AND category = 'x';
SELECT pg_temp.sync('hr');
SELECT pg_temp.sync('hr');

-- Activity: a known event isn't entered again, a changed one is corrected.
CREATE TABLE public.hr_event (id text, event text, day date, kind text, minutes bigint, skill text);
GRANT SELECT ON public.hr_event TO lms_sync;
INSERT INTO mentoring.programme (id, name, model, status) VALUES (6001, 'sync', 'one_to_one', 'running');
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
SELECT 6001, 6001 + row_number() OVER (ORDER BY id),
       id, 'mentee', CASE external_id WHEN 'c' THEN 'waitlisted' ELSE 'accepted' END
  FROM mentoring.person WHERE source = 'hr' AND external_id IN ('a', 'b', 'c') ORDER BY id;
INSERT INTO public.hr_event VALUES ('a', '1', '2024-01-01', 'practice', 30, 'Lms C'), ('a', '2', '2024-01-01', 'course', 99999, NULL),
    ('a', '2', '2024-01-02', 'course', 1, NULL), ('b', '3', '2024-01-01', 'reading', 1, NULL), ('b', '4', '2024-01-01', 'other', -1, NULL),
    ('b', '5', current_date + 3, 'other', 1, NULL), ('c', '6', '2024-01-01', 'other', 1, NULL), ('b', NULL, '2024-01-01', 'other', 1, NULL),
    ('b', '7', '2024-01-01', 'other', 5, 'Lms brand new');
SELECT pg_temp.said('lms_admin', $$SELECT mentoring.register_source('hr', 'custom',
    'SELECT id AS external_id, name AS display_name FROM public.hr ORDER BY ctid',
    activity_query => 'SELECT id AS external_id, event AS source_event_id, day AS occurred_on, kind, minutes, skill FROM public.hr_event WHERE $1 IS NULL OR day > $1 - interval ''100 years''') > 0$$);
SELECT pg_temp.sync('hr');
SELECT l.participant_id, l.source_event_id, l.occurred_on, l.kind, l.minutes, s.name
  FROM mentoring.learning_log l LEFT JOIN mentoring.skill s ON s.id = l.skill_id
 WHERE l.source = 'hr' ORDER BY 2;
UPDATE mentoring.learning_log SET reflection = 'my words' WHERE source = 'hr' AND source_event_id = '1';
UPDATE public.hr_event SET minutes = 31 WHERE event = '1';
SELECT pg_temp.sync('hr');
SELECT minutes, reflection FROM mentoring.learning_log WHERE source = 'hr' AND source_event_id = '1';
SELECT count(*) FROM mentoring.verify_learning_log();

-- History by query
SELECT pg_temp.said('lms_admin', $$SELECT mentoring.register_source('hr', 'custom',
    'SELECT id AS external_id, name AS display_name FROM public.hr ORDER BY ctid',
    history_query => 'SELECT * FROM (VALUES (''a'', DATE ''2020-01-01'', DATE ''2020-12-31'', ''Sales'', ''b''), (''a'', ''2021-01-01'', NULL, ''Legal'', ''x''), (''a'', ''2022-01-01'', ''2021-01-01'', ''Wrong'', NULL)) AS h (external_id, valid_from, valid_to, org_unit, manager_external_id)') > 0$$);
DELETE FROM mentoring.person_history WHERE person_id = (SELECT id FROM mentoring.person WHERE source = 'hr' AND external_id = 'a');
SELECT pg_temp.sync('hr');
SELECT pg_temp.sync('hr');
SELECT valid_from, valid_to, h.org_unit, m.external_id FROM mentoring.person_history h
  LEFT JOIN mentoring.person m ON m.id = h.manager_id
 WHERE person_id = (SELECT id FROM mentoring.person WHERE source = 'hr' AND external_id = 'a') ORDER BY 1;

-- Merged accounts: b becomes a, which goes on as new; c and f go round.
CREATE TABLE public.hr_alias (id text, target text);
GRANT SELECT ON public.hr_alias TO lms_sync;
SELECT pg_temp.said('lms_admin', $$SELECT mentoring.register_source('hr', 'custom',
    'SELECT id AS external_id, name AS display_name FROM public.hr ORDER BY ctid',
    alias_query => 'SELECT id AS external_id, target AS person_external_id FROM public.hr_alias') > 0$$);
SELECT pg_temp.sync('hr');
CREATE TEMP TABLE was AS SELECT external_id, id FROM mentoring.person WHERE source = 'hr';
INSERT INTO public.hr_alias VALUES ('a', 'new'), ('b', 'a'), ('c', 'f'), ('f', 'c'), ('z', 'unknown');
DELETE FROM public.hr WHERE id IN ('a', 'b');
INSERT INTO public.hr (id, name) VALUES ('new', 'Ann and Bob');
SELECT pg_temp.sync('hr');
SELECT w.external_id, p.external_id = 'erased-' || p.id AS is_erased, p.display_name
  FROM mentoring.person p JOIN was w ON w.id = p.id ORDER BY w.external_id;
SELECT a.external_id, w.external_id FROM mentoring.person_alias a JOIN was w ON w.id = a.person_id
 WHERE a.source = 'hr' ORDER BY 1;
SELECT pg_temp.sync('hr');
-- an account elsewhere, entered by an administrator, joins the two
INSERT INTO mentoring.person_alias (source, external_id, person_id)
SELECT 'hr', 'c', id FROM mentoring.person WHERE source = 'hr' AND external_id = 'new';
DELETE FROM public.hr_alias WHERE id IN ('c', 'f', 'z');
INSERT INTO public.hr_alias VALUES ('c', 'new');
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
SELECT 6001, 6090, id, 'mentor', 'accepted' FROM was WHERE external_id = 'f';
INSERT INTO public.hr_alias VALUES ('f', 'e''; DROP TABLE mentoring.person; --');
SELECT pg_temp.sync('hr');
SELECT w.external_id FROM mentoring.participant t JOIN was w ON w.id = t.person_id WHERE t.id = 6090;
-- split again
DELETE FROM public.hr_alias WHERE id = 'f';
SELECT pg_temp.sync('hr');
SELECT external_id, display_name FROM mentoring.person WHERE source = 'hr' AND erased_at IS NULL ORDER BY 1;

-- An error in a query undoes everything and names the query and the row.
SELECT pg_temp.said('lms_admin', $$SELECT mentoring.register_source('hr', 'custom',
    'SELECT id AS external_id, name || ''!'' AS display_name FROM public.hr ORDER BY ctid',
    skill_query => 'SELECT id AS external_id, ''s'' AS skill, 1 / (level - level) AS level FROM public.hr WHERE level IS NOT NULL') > 0$$);
SELECT pg_temp.sync('hr');
SELECT count(*) FROM mentoring.person WHERE source = 'hr' AND display_name LIKE '%!';

-- Code of the source's owner runs with the caller's rights, and can't keep any.

CREATE ROLE lms_owner;
CREATE SCHEMA lms_owner AUTHORIZATION lms_owner;
CREATE FUNCTION lms_owner.evil(what text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE what;
    RETURN 'done';
END
$$;
ALTER FUNCTION lms_owner.evil(text) OWNER TO lms_owner;
CREATE TABLE lms_owner.code (text text);
GRANT USAGE ON SCHEMA lms_owner TO lms_sync, lms_admin;
CREATE VIEW lms_owner.people AS
SELECT id, name || coalesce((SELECT lms_owner.evil(text) FROM lms_owner.code), '') AS name FROM public.hr;
ALTER VIEW lms_owner.people OWNER TO lms_owner;
GRANT SELECT ON public.hr, lms_owner.code TO lms_owner;
GRANT SELECT ON lms_owner.people TO lms_sync;
SELECT pg_temp.said('lms_admin', $$SELECT mentoring.register_source('hr', 'custom',
    'SELECT id AS external_id, name AS display_name FROM lms_owner.people') > 0$$);
CREATE FUNCTION pg_temp.attack(what text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM lms_owner.code;
    INSERT INTO lms_owner.code VALUES (what);
    RETURN pg_temp.sync('hr', true);
END
$$;
-- (in the words of each version)
SELECT left(pg_temp.attack('CREATE ROLE lms_evil SUPERUSER'), 5);
SELECT pg_temp.attack('RESET ROLE');
SELECT pg_temp.attack('SET SESSION AUTHORIZATION postgres');
SELECT pg_temp.attack('CREATE TEMPORARY TABLE evil (a integer)');
SELECT pg_temp.attack('UPDATE mentoring.source SET person_query = ''SELECT 1''');
SELECT pg_temp.attack('DELETE FROM mentoring.programme');
SELECT pg_temp.attack('SELECT mentoring.sync(''hr'')');
SELECT count(*) FROM pg_roles WHERE rolname = 'lms_evil';
SELECT count(*) FROM mentoring.person WHERE display_name LIKE '%done';
-- a setting changed there is what it was
SELECT split_part(pg_temp.attack('SET search_path = lms_owner'), chr(10), 1);
SHOW search_path;
-- with a superuser's rights it doesn't even begin
SELECT pg_temp.attack('CREATE ROLE lms_evil SUPERUSER') IS NOT NULL;
SELECT mentoring.sync('hr');
SELECT count(*) FROM pg_roles WHERE rolname = 'lms_evil';
ROLLBACK;

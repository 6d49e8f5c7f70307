-- Persons and skills: what a row may hold, and who sees one.

\set ON_ERROR_ROLLBACK on
\set VERBOSITY terse
\pset format unaligned
\pset tuples_only on
BEGIN;

-- What a statement says: ok, or SQLSTATE and message.
CREATE FUNCTION pg_temp.said(statement text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;

-- A person needs a key in the source and a name.
INSERT INTO mentoring.person (external_id, display_name)
VALUES ('ada', 'Ada')
RETURNING source, profile, is_active, manager_id IS NULL;
INSERT INTO mentoring.person (display_name) VALUES ('Nobody');
INSERT INTO mentoring.person (external_id) VALUES ('nobody');

-- (source, external_id) is the key.
INSERT INTO mentoring.person (external_id, display_name)
VALUES ('ada', 'Another Ada');
INSERT INTO mentoring.person (source, external_id, display_name)
VALUES ('moodle', 'ada', 'Ada in Moodle')
RETURNING 'the same key in another source';

INSERT INTO mentoring.person (id, external_id, display_name, joined_on)
VALUES (900001, 'bob', 'Bob', '2020-02-29');
SELECT v.assignment, pg_temp.said(format(
           'UPDATE mentoring.person SET %s WHERE id = 900001', v.assignment))
  FROM (VALUES
           ('source = '''''),
           ('source = NULL'),
           ('external_id = '''''),
           ('external_id = NULL'),
           ('display_name = '''''),
           ('display_name = NULL'),
           ('email = ''nobody'''),
           ('email = ''@example.org'''),
           ('email = ''bob@'''),
           ('email = ''bob@example.org'''),
           ('grade = -1'),
           ('grade = 0'),
           ('timezone = '''''),
           ('left_on = ''2020-02-28'''),
           ('left_on = ''2020-02-29'''),
           ('joined_on = ''2020-03-01'''),
           ('joined_on = ''-infinity'''),
           ('left_on = ''infinity'''),
           ('manager_id = id'),
           ('manager_id = 900099'),
           ('is_active = NULL'),
           ('profile = NULL'),
           ('id = NULL')
       ) AS v (assignment);

-- A profile is an object of texts, numbers, booleans, sets, vectors and
-- availability; a message names the key.
SELECT v.profile, pg_temp.said(format(
           'UPDATE mentoring.person SET profile = %L WHERE id = 900001',
           v.profile))
  FROM (VALUES
           ('{}'),
           ('{"a": "text", "b": 1.5, "c": true, "d": null}'),
           ('{"a": [], "b": ["x", "y", "x"], "c": [1, -2.5, 1e300]}'),
           ('{"availability": [{"day": 1, "from": "09:00", "to": "11:30"}]}'),
           ('{"when": [{"day": 7, "from": "00:00", "to": "24:00"}]}'),
           ('[]'),
           ('"text"'),
           ('1'),
           ('null'),
           ('{"a": {"b": 1}}'),
           ('{"a": {}}'),
           ('{"fine": 1, "a": [["x"]]}'),
           ('{"a": [1, "x"]}'),
           ('{"a": ["x", 1]}'),
           ('{"a": ["x", null]}'),
           ('{"a": [null]}'),
           ('{"a": [true]}'),
           ('{"a": [{"day": 1, "from": "09:00", "to": "10:00"}, 1]}'),
           ('{"a": [{"day": 1, "from": "09:00", "to": "10:00"}, []]}'),
           ('{"a": [[], {"day": 1, "from": "09:00", "to": "10:00"}]}'),
           ('{"a": [{}]}'),
           ('{"a": [{"day": 0, "from": "09:00", "to": "10:00"}]}'),
           ('{"a": [{"day": 8, "from": "09:00", "to": "10:00"}]}'),
           ('{"a": [{"day": 1.5, "from": "09:00", "to": "10:00"}]}'),
           ('{"a": [{"day": "1", "from": "09:00", "to": "10:00"}]}'),
           ('{"a": [{"day": 1e999, "from": "09:00", "to": "10:00"}]}'),
           ('{"a": [{"from": "09:00", "to": "10:00"}]}'),
           ('{"a": [{"day": 1, "to": "10:00"}]}'),
           ('{"a": [{"day": 1, "from": "09:00"}]}'),
           ('{"a": [{"day": 1, "from": "9:00", "to": "10:00"}]}'),
           ('{"a": [{"day": 1, "from": "09.00", "to": "10:00"}]}'),
           ('{"a": [{"day": 1, "from": "09:00", "to": "10:60"}]}'),
           ('{"a": [{"day": 1, "from": "09:00", "to": "24:01"}]}'),
           ('{"a": [{"day": 1, "from": "-9:00", "to": "10:00"}]}'),
           ('{"a": [{"day": 1, "from": "0é:0", "to": "10:00"}]}'),
           ('{"a": [{"day": 1, "from": 9, "to": 10}]}'),
           ('{"a": [{"day": 1, "from": null, "to": "10:00"}]}'),
           ('{"a": [{"day": 1, "from": "10:00", "to": "10:00"}]}'),
           ('{"a": [{"day": 1, "from": "10:00", "to": "09:45"}]}'),
           ('{"a": [{"day": 1, "from": "09:00", "to": "10:00", "x": 1}]}'),
           ('{"a": 1e309}'),
           ('{"a": -1e309}'),
           ('{"a": [0, 1e999]}'),
           ('{"ключ": {}}'),
           ('{"with \"quotes\" and %s": {}}'),
           ('{"": {}}')
       ) AS v (profile);

-- A long key is cut, at the end of a character.
SELECT pg_temp.said(format('SELECT mentoring._check_profile(%L)',
           jsonb_build_object('a' || repeat('é', 100000), '{}'::jsonb)));
SELECT pg_temp.said(format('SELECT mentoring._check_profile(%L)',
           jsonb_build_object(repeat('k', 100), '{}'::jsonb)));

-- What is no number in JSON is text there.
SELECT p, mentoring._check_profile(p)
  FROM jsonb_build_object('a', 'NaN'::numeric, 'b', 'Infinity'::float8) AS p;
SELECT pg_temp.said(format('SELECT mentoring._check_profile(%L)',
           jsonb_build_object('a', ARRAY[1, 'NaN']::float8[])));
SELECT pg_temp.said(format('SELECT mentoring._check_profile(%L)',
           jsonb_build_object('a', 10::numeric ^ 20000)));

-- Many entries, many keys, deep nesting.
SELECT mentoring._check_profile(jsonb_build_object('a', v.a, 'b', v.b))
  FROM (SELECT array_agg(i) AS a, array_agg('text ' || i) AS b
          FROM generate_series(1, 5000) AS i) AS v;
SELECT mentoring._check_profile(jsonb_object_agg('key ' || i, i))
  FROM generate_series(1, 5000) AS i;
SELECT pg_temp.said(format('SELECT mentoring._check_profile(%L)',
           '{"a": ' || repeat('[', 1000) || repeat(']', 1000) || '}'));
SELECT mentoring._check_profile(NULL) IS NULL;

-- The hint shows what it should be.
\set VERBOSITY default
SELECT mentoring._check_profile('{"interests": {"chess": true}}');
SELECT mentoring._check_profile('[1]');
\set VERBOSITY terse

-- A skill is unique by category and name, also without a category.
INSERT INTO mentoring.skill (id, name, category)
VALUES (900001, 'Negotiation', NULL), (900002, 'Negotiation', 'Sales'),
       (900003, 'Writing', 'Sales');
INSERT INTO mentoring.skill (name) VALUES ('Negotiation');
INSERT INTO mentoring.skill (name, category) VALUES ('Negotiation', 'Sales');
SELECT v.assignment, pg_temp.said(format(
           'UPDATE mentoring.skill SET %s WHERE id = 900001', v.assignment))
  FROM (VALUES ('name = '''''), ('name = NULL'), ('category = '''''),
               ('uri = '''''), ('uri = ''https://example.org/1''')
       ) AS v (assignment);

-- Levels run from 0 to 7.
INSERT INTO mentoring.person_skill (id, person_id, skill_id, level)
VALUES (900001, 900001, 900001, 0), (900002, 900001, 900002, 7);
INSERT INTO mentoring.person_skill (person_id, skill_id, level)
VALUES (900001, 900001, 3);
SELECT v.assignment, pg_temp.said(format(
           'UPDATE mentoring.person_skill SET %s WHERE id = 900001',
           v.assignment))
  FROM (VALUES ('level = -1'), ('level = 8'), ('level = NULL'),
               ('source = '''''), ('source = NULL'), ('person_id = 900099'),
               ('person_id = NULL'), ('skill_id = 900099'),
               ('skill_id = NULL'), ('skill_id = 900003')
       ) AS v (assignment);

-- Periods of a person's history.
INSERT INTO mentoring.person_history (id, person_id, valid_from, valid_to)
VALUES (900001, 900001, '2020-01-01', '2020-12-31');
INSERT INTO mentoring.person_history (person_id, valid_from)
VALUES (900001, '2020-01-01');
SELECT v.assignment, pg_temp.said(format(
           'UPDATE mentoring.person_history SET %s WHERE id = 900001',
           v.assignment))
  FROM (VALUES ('valid_to = ''2019-12-31'''), ('valid_to = ''2020-01-01'''),
               ('valid_to = ''infinity'''), ('valid_from = ''-infinity'''),
               ('valid_to = NULL'), ('valid_from = NULL'), ('grade = -1'),
               ('exit_kind = '''''), ('manager_id = 900099'),
               ('person_id = 900099'), ('person_id = NULL')
       ) AS v (assignment);

-- What describes a person goes with it; history and reports keep it.
INSERT INTO mentoring.person (id, external_id, display_name, manager_id)
VALUES (900002, 'cleo', 'Cleo', 900001);
INSERT INTO mentoring.person_skill (person_id, skill_id, level)
VALUES (900002, 900003, 4);
DELETE FROM mentoring.skill WHERE id = 900003;
DELETE FROM mentoring.person WHERE id = 900001;
DELETE FROM mentoring.person WHERE id = 900002 RETURNING display_name;
SELECT count(*) FROM mentoring.person_skill WHERE person_id = 900002;
DELETE FROM mentoring.person WHERE id = 900001;
DELETE FROM mentoring.person_history WHERE id = 900001;
DELETE FROM mentoring.person WHERE id = 900001 RETURNING display_name;

-- person_id() finds a person by the key of the source.
INSERT INTO mentoring.person (id, source, external_id, display_name)
VALUES (900003, 'moodle', 'ключ 7', 'Dmitri');
SELECT mentoring.person_id('moodle', 'ключ 7');
SELECT mentoring.person_id('local', 'ключ 7') IS NULL,
       mentoring.person_id('moodle', '') IS NULL,
       mentoring.person_id(NULL, 'ключ 7') IS NULL,
       mentoring.person_id('moodle', NULL) IS NULL;

-- Neither tables nor operators of the caller's get in its way, and the
-- caller's search_path stays.
CREATE SCHEMA regress_hostile;
CREATE FUNCTION regress_hostile.capture(text, text) RETURNS boolean
LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'captured'; END $$;
CREATE OPERATOR regress_hostile.= (
    FUNCTION = regress_hostile.capture, LEFTARG = text, RIGHTARG = text);
CREATE TEMP TABLE person (id bigint, source text, external_id text);
SET LOCAL search_path = regress_hostile, pg_temp, mentoring, pg_catalog;
SELECT mentoring.person_id('moodle', 'ключ 7');
SHOW search_path;
SELECT mentoring.person_id(source, external_id)
  FROM mentoring.person
 WHERE id OPERATOR(pg_catalog.>=) 900001;
SHOW search_path;
RESET search_path;
DROP TABLE pg_temp.person;

-- A role with every right on the tables, but to whom no policy speaks, sees no
-- row and writes none.
CREATE ROLE regress_mentoring_reader;
GRANT USAGE ON SCHEMA mentoring TO regress_mentoring_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA mentoring
    TO regress_mentoring_reader;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA mentoring TO regress_mentoring_reader;
REVOKE EXECUTE ON FUNCTION mentoring._level_app, mentoring._level_sync,
    mentoring._level_analyst, mentoring._level_admin FROM regress_mentoring_reader;
INSERT INTO mentoring.person_skill (person_id, skill_id, level)
VALUES (900003, 900001, 1);
INSERT INTO mentoring.person_history (person_id, valid_from)
VALUES (900003, '2020-01-01');
SET LOCAL ROLE regress_mentoring_reader;
SELECT (SELECT count(*) FROM mentoring.person),
       (SELECT count(*) FROM mentoring.person_history),
       (SELECT count(*) FROM mentoring.person_skill);
INSERT INTO mentoring.person (external_id, display_name) VALUES ('x', 'X');
INSERT INTO mentoring.person_history (person_id, valid_from)
VALUES (900003, '2021-01-01');
INSERT INTO mentoring.person_skill (person_id, skill_id, level)
VALUES (900003, 900002, 1);
UPDATE mentoring.person SET display_name = 'X' RETURNING id;
DELETE FROM mentoring.person RETURNING id;
-- Reading rows for somebody takes more than EXECUTE.
SELECT mentoring.person_id('moodle', 'ключ 7');
RESET ROLE;

ROLLBACK;

-- Programmes, participants, criteria and rules: what a row may hold.

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

-- A programme needs a name and a model.
INSERT INTO mentoring.programme (id, name, model)
VALUES (900001, 'First', 'one_to_one'), (900002, 'Second', 'peer')
RETURNING status, answer_days, channel IS NULL, starts_on IS NULL,
          created_at IS NOT NULL;
SELECT v.assignment, pg_temp.said(format(
           'UPDATE mentoring.programme SET %s WHERE id = 900001', v.assignment))
  FROM (VALUES
           ('name = '''''),
           ('name = NULL'),
           ('model = ''pairs'''),
           ('model = NULL'),
           ('channel = ''post'''),
           ('channel = ''blended'''),
           ('status = NULL'),
           ('starts_on = ''2026-01-01'''),
           ('ends_on = ''2025-12-31'''),
           ('ends_on = ''2026-01-01'''),
           ('starts_on = ''2026-01-02'''),
           ('starts_on = ''-infinity'''),
           ('ends_on = ''infinity'''),
           ('cadence_days = 0'),
           ('cadence_days = 1'),
           ('min_group_size = 1'),
           ('max_group_size = 1'),
           ('min_group_size = 5'),
           ('max_group_size = 4'),
           ('max_group_size = 5'),
           ('answer_days = 0'),
           ('answer_days = NULL'),
           ('target_pairs = -1'),
           ('target_pairs = 0')
       ) AS v (assignment);
SELECT m.model, pg_temp.said(format(
           'INSERT INTO mentoring.programme (name, model) VALUES (''x'', %L)',
           m.model))
  FROM unnest(ARRAY['one_to_one', 'group', 'reverse', 'peer', 'circle',
                    'job_shadow', 'One_to_one', '']) AS m (model);
INSERT INTO mentoring.programme (name, model, status) VALUES ('x', 'peer', '');

-- Participants: a person, once for each role.
INSERT INTO mentoring.person (id, external_id, display_name)
SELECT 900000 + i, 'p' || i, 'Person ' || i FROM generate_series(1, 4) AS i;
INSERT INTO mentoring.participant (programme_id, id, person_id, role)
VALUES (900001, 900001, 900001, 'mentor'), (900001, 900002, 900002, 'mentee'),
       (900001, 900003, 900003, 'mentee'), (900002, 900004, 900001, 'peer')
RETURNING status, capacity, profile, applied_at IS NOT NULL;
INSERT INTO mentoring.participant (programme_id, person_id, role)
VALUES (900001, 900001, 'mentor');
INSERT INTO mentoring.participant (programme_id, person_id, role)
VALUES (900001, 900001, 'mentee') RETURNING 'the same person in another role';
SELECT v.assignment, pg_temp.said(format(
           'UPDATE mentoring.participant SET %s WHERE id = 900001',
           v.assignment))
  FROM (VALUES
           ('role = ''boss'''),
           ('role = NULL'),
           ('status = NULL'),
           ('capacity = -1'),
           ('capacity = NULL'),
           ('capacity = 0'),
           ('capacity = 2147483647'),
           ('applied_at = NULL'),
           ('profile = ''{"a": {}}'''),
           ('profile = NULL'),
           ('person_id = 900099'),
           ('person_id = NULL'),
           ('programme_id = 900099'),
           ('programme_id = 900002'),
           ('programme_id = NULL'),
           ('id = 900098')
       ) AS v (assignment);
SELECT r.role, pg_temp.said(format(
           'INSERT INTO mentoring.participant (programme_id, person_id, role)
            VALUES (900001, 900004, %L)', r.role))
  FROM unnest(ARRAY['mentor', 'mentee', 'peer', 'champion', 'coordinator',
                    'sponsor', 'Mentor', '']) AS r (role);
SELECT s.status, pg_temp.said(format(
           'INSERT INTO mentoring.participant (programme_id, person_id, role,
                                               status)
            VALUES (900002, 900004, ''mentor'', %L)', s.status))
  FROM unnest(ARRAY['retired', '']) AS s (status);

-- Skills offered and wanted.
INSERT INTO mentoring.skill (id, name) VALUES (900001, 'Writing'),
                                              (900002, 'Reading');
INSERT INTO mentoring.participant_skill (programme_id, id, participant_id,
                                         skill_id)
VALUES (900001, 900001, 900002, 900001) RETURNING level, target_level, weight;
INSERT INTO mentoring.participant_skill (programme_id, participant_id, skill_id)
VALUES (900001, 900002, 900001);
SELECT v.assignment, pg_temp.said(format(
           'UPDATE mentoring.participant_skill SET %s WHERE id = 900001',
           v.assignment))
  FROM (VALUES
           ('level = -1'), ('level = 8'), ('level = 0'), ('level = 7'),
           ('target_level = -1'), ('target_level = 8'), ('target_level = 0'),
           ('target_level = 7'), ('level = 1.5'),
           ('weight = -1'), ('weight = ''NaN'''), ('weight = ''Infinity'''),
           ('weight = ''-Infinity'''), ('weight = 1000001'),
           ('weight = NULL'), ('weight = 0'), ('weight = 1000000'),
           ('skill_id = 900099'), ('skill_id = NULL'),
           ('participant_id = 900099'), ('participant_id = NULL')
       ) AS v (assignment);

-- A row of one programme can't refer to another programme's.
SELECT pg_temp.said($$INSERT INTO mentoring.participant_skill
    (programme_id, participant_id, skill_id) VALUES (900002, 900002, 900002)$$);
SELECT pg_temp.said($$INSERT INTO mentoring.pair_rule
    (programme_id, mentee_id, mentor_id, rule)
    VALUES (900001, 900002, 900004, 'pin')$$);
SELECT pg_temp.said($$INSERT INTO mentoring.pair_rule
    (programme_id, mentee_id, mentor_id, rule)
    VALUES (900001, 900004, 900001, 'pin')$$);
SELECT pg_temp.said($$INSERT INTO mentoring.preference
    (programme_id, participant_id, preferred_id, rank)
    VALUES (900001, 900002, 900004, 1)$$);
SELECT pg_temp.said($$INSERT INTO mentoring.preference
    (programme_id, participant_id, preferred_id, rank)
    VALUES (900001, 900004, 900002, 1)$$);

-- Pins and forbids.
INSERT INTO mentoring.pair_rule (programme_id, id, mentee_id, mentor_id, rule)
VALUES (900001, 900001, 900002, 900001, 'pin');
INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
VALUES (900001, 900002, 900001, 'pin');
SELECT v.assignment, pg_temp.said(format(
           'UPDATE mentoring.pair_rule SET %s WHERE id = 900001',
           v.assignment))
  FROM (VALUES ('rule = ''maybe'''), ('rule = NULL'), ('rule = ''forbid'''),
               ('mentee_id = mentor_id'), ('mentee_id = NULL'),
               ('mentor_id = NULL')
       ) AS v (assignment);

-- A preference is a rank or a veto, for somebody else.
INSERT INTO mentoring.preference (programme_id, id, participant_id,
                                  preferred_id, rank)
VALUES (900001, 900001, 900002, 900001, 1) RETURNING is_veto;
INSERT INTO mentoring.preference (programme_id, participant_id, preferred_id,
                                  rank)
VALUES (900001, 900002, 900001, 2);
SELECT v.assignment, pg_temp.said(format(
           'UPDATE mentoring.preference SET %s WHERE id = 900001',
           v.assignment))
  FROM (VALUES ('rank = 0'), ('rank = NULL'), ('is_veto = true'),
               ('is_veto = NULL'), ('rank = NULL, is_veto = true'),
               ('rank = 2, is_veto = false'),
               ('preferred_id = participant_id'), ('preferred_id = NULL'),
               ('participant_id = NULL')
       ) AS v (assignment);

-- Columns of a criterion.
INSERT INTO mentoring.criterion (programme_id, id, name, kind)
VALUES (900001, 900001, 'Skills', 'skill_cover')
RETURNING weight, minimum, if_missing, params;
INSERT INTO mentoring.criterion (programme_id, name, kind)
VALUES (900001, 'Skills', 'not_met');
SELECT v.assignment, pg_temp.said(format(
           'UPDATE mentoring.criterion SET %s WHERE id = 900001',
           v.assignment))
  FROM (VALUES
           ('name = '''''), ('name = NULL'),
           ('kind = ''astrology'''), ('kind = NULL'),
           ('weight = -0.1'), ('weight = ''NaN'''), ('weight = ''Infinity'''),
           ('weight = 1000001'), ('weight = NULL'), ('weight = 0'),
           ('minimum = -0.1'), ('minimum = 1.1'), ('minimum = ''NaN'''),
           ('minimum = 0'), ('minimum = 1'), ('minimum = NULL'),
           ('if_missing = -0.1'), ('if_missing = 1.1'),
           ('if_missing = ''NaN'''), ('if_missing = NULL'),
           ('if_missing = 0'), ('if_missing = 1'),
           ('params = NULL'),
           ('programme_id = 900099'), ('programme_id = NULL'),
           ('kind = ''same'', mentee_key = '''''),
           ('kind = ''same'', mentee_key = ''a'', mentor_key = ''''')
       ) AS v (assignment);

-- Keys and params of each kind; a message names the key of params.
SELECT v.kind, v.keys, v.params, pg_temp.said(format(
           'INSERT INTO mentoring.criterion
                (programme_id, name, kind, mentee_key, mentor_key, params)
            VALUES (900001, ''x'', %L, %s, %L);
            DELETE FROM mentoring.criterion WHERE name = ''x''',
           v.kind, v.keys, v.params))
  FROM (VALUES
           ('skill_cover', 'NULL, NULL', '{}'),
           ('skill_cover', 'NULL, NULL', '{"strict": true}'),
           ('skill_cover', 'NULL, NULL', '{"strict": null}'),
           ('skill_cover', 'NULL, NULL', '{"strict": 1}'),
           ('skill_cover', 'NULL, NULL', '{"Strict": true}'),
           ('skill_cover', 'NULL, NULL', '{"range": 1}'),
           ('skill_cover', 'NULL, NULL', '[]'),
           ('skill_cover', 'NULL, NULL', '["strict", true]'),
           ('skill_cover', 'NULL, NULL', '"strict"'),
           ('skill_cover', 'NULL, NULL', 'null'),
           ('skill_cover', '''a'', NULL', '{}'),
           ('skill_cover', 'NULL, ''a''', '{}'),
           ('overlap', '''a'', NULL', '{}'),
           ('overlap', '''a'', ''b''', '{"measure": "cover"}'),
           ('overlap', '''a'', NULL', '{"measure": "jaccard"}'),
           ('overlap', '''a'', NULL', '{"measure": null}'),
           ('overlap', '''a'', NULL', '{"measure": "dice"}'),
           ('overlap', '''a'', NULL', '{"measure": 1}'),
           ('overlap', '''a'', NULL', '{"measure": ["cover"]}'),
           ('overlap', 'NULL, ''a''', '{}'),
           ('same', '''a'', NULL', '{}'),
           ('same', 'NULL, NULL', '{}'),
           ('same', '''a'', NULL', '{"measure": "cover"}'),
           ('differ', '''a'', ''b''', '{"strict": false}'),
           ('differ', 'NULL, NULL', '{}'),
           ('near', '''a'', NULL', '{"range": 20}'),
           ('near', '''a'', NULL', '{"range": 1e-9, "strict": true}'),
           ('near', '''a'', NULL', '{}'),
           ('near', '''a'', NULL', '{"range": null}'),
           ('near', '''a'', NULL', '{"range": 0}'),
           ('near', '''a'', NULL', '{"range": -1}'),
           ('near', '''a'', NULL', '{"range": 1e-400}'),
           ('near', '''a'', NULL', '{"range": 1e400}'),
           ('near', '''a'', NULL', '{"range": "20"}'),
           ('near', '''a'', NULL', '{"range": "NaN"}'),
           ('near', '''a'', NULL', '{"range": {}}'),
           ('near', 'NULL, NULL', '{"range": 20}'),
           ('gap', '''a'', NULL', '{"from": 1, "to": 3}'),
           ('gap', '''a'', NULL', '{"from": 1, "to": 1, "slack": 0}'),
           ('gap', '''a'', NULL', '{"from": -2.5}'),
           ('gap', '''a'', NULL', '{"to": 0, "slack": 2}'),
           ('gap', '''a'', NULL', '{}'),
           ('gap', '''a'', NULL', '{"slack": 1}'),
           ('gap', '''a'', NULL', '{"from": 3, "to": 1}'),
           ('gap', '''a'', NULL', '{"from": "1"}'),
           ('gap', '''a'', NULL', '{"from": 1, "to": true}'),
           ('gap', '''a'', NULL', '{"from": 1, "slack": -1}'),
           ('gap', '''a'', NULL', '{"from": 1e400}'),
           ('gap', 'NULL, NULL', '{"from": 1}'),
           ('cosine', '''a'', NULL', '{}'),
           ('cosine', '''a'', NULL', '{"range": 1}'),
           ('cosine', 'NULL, NULL', '{}'),
           ('availability', 'NULL, NULL', '{}'),
           ('availability', '''a'', ''b''', '{"minutes": 1}'),
           ('availability', 'NULL, NULL', '{"minutes": 10080}'),
           ('availability', 'NULL, NULL', '{"minutes": 0}'),
           ('availability', 'NULL, NULL', '{"minutes": 10081}'),
           ('availability', 'NULL, NULL', '{"minutes": 1.5}'),
           ('availability', 'NULL, NULL', '{"minutes": "60"}'),
           ('availability', 'NULL, NULL', '{"minutes": 1e400}'),
           ('text', '''a'', NULL', '{}'),
           ('text', '''a'', NULL', '{"config": "english"}'),
           ('text', '''a'', NULL', '{"config": 1}'),
           ('text', 'NULL, NULL', '{}'),
           ('reporting_line', 'NULL, NULL', '{}'),
           ('reporting_line', 'NULL, NULL', '{"depth": 1, "siblings": true}'),
           ('reporting_line', 'NULL, NULL', '{"depth": 1000}'),
           ('reporting_line', 'NULL, NULL', '{"depth": 0}'),
           ('reporting_line', 'NULL, NULL', '{"depth": 1001}'),
           ('reporting_line', 'NULL, NULL', '{"depth": 2.5}'),
           ('reporting_line', 'NULL, NULL', '{"siblings": "yes"}'),
           ('reporting_line', '''manager_id'', NULL', '{}'),
           ('not_met', 'NULL, NULL', '{}'),
           ('not_met', 'NULL, NULL', '{"depth": 1}'),
           ('not_met', '''a'', NULL', '{}'),
           ('preference', 'NULL, NULL', '{"strict": true}'),
           ('preference', 'NULL, NULL', '{"rank": 1}'),
           ('preference', '''a'', NULL', '{}'),
           ('custom', 'NULL, NULL', '{}'),
           ('custom', 'NULL, NULL', '{"function": null}'),
           ('custom', 'NULL, NULL', '{"function": 5}'),
           ('custom', 'NULL, NULL', '["function"]'),
           ('custom', 'NULL, NULL', '["function", "public.f", 1, 2, 3]'),
           ('custom', 'NULL, NULL', '"function"'),
           ('custom', 'NULL, NULL', '5'),
           ('custom', 'NULL, NULL', 'null'),
           ('custom', '''a'', NULL', '{"function": "public.f"}')
       ) AS v (kind, keys, params);
SELECT pg_temp.said(format(
           'INSERT INTO mentoring.criterion (programme_id, name, kind, params)
            VALUES (900001, ''x'', ''not_met'', %L)',
           jsonb_build_object(repeat('ж', 100000), 1)));
\set VERBOSITY default
INSERT INTO mentoring.criterion (programme_id, name, kind, mentee_key, params)
VALUES (900001, 'x', 'near', 'age', '{"range": "wide"}');
\set VERBOSITY terse

-- The function of a custom criterion: named with its schema.
CREATE SCHEMA regress_custom;
CREATE FUNCTION regress_custom.good(mentee jsonb, mentor jsonb)
RETURNS double precision
LANGUAGE sql IMMUTABLE AS 'SELECT 0.5::double precision';
CREATE FUNCTION regress_custom.real_number(mentee jsonb, mentor jsonb)
RETURNS real LANGUAGE sql IMMUTABLE AS 'SELECT 0.5::real';
CREATE FUNCTION regress_custom.many(mentee jsonb, mentor jsonb)
RETURNS SETOF double precision
LANGUAGE sql IMMUTABLE AS 'SELECT 0.5::double precision';
CREATE FUNCTION regress_custom.texts(mentee text, mentor text)
RETURNS double precision
LANGUAGE sql IMMUTABLE AS 'SELECT 0.5::double precision';
CREATE FUNCTION regress_custom.one(mentee jsonb)
RETURNS double precision
LANGUAGE sql IMMUTABLE AS 'SELECT 0.5::double precision';
CREATE PROCEDURE regress_custom.procedure(mentee jsonb, mentor jsonb)
LANGUAGE sql AS 'SELECT 0.5::double precision';
CREATE FUNCTION regress_custom.step(state double precision, a jsonb, b jsonb)
RETURNS double precision
LANGUAGE sql IMMUTABLE AS 'SELECT state';
CREATE AGGREGATE regress_custom.total(jsonb, jsonb) (
    SFUNC = regress_custom.step, STYPE = double precision);
CREATE FUNCTION regress_custom."Odd Näme"(mentee jsonb, mentor jsonb)
RETURNS double precision
LANGUAGE sql IMMUTABLE AS 'SELECT 0.5::double precision';
INSERT INTO mentoring.criterion (programme_id, id, name, kind, params)
VALUES (900001, 900002, 'Own', 'custom', '{"function": "regress_custom.good"}');
SELECT f.name, pg_temp.said(format(
           'UPDATE mentoring.criterion SET params = %L WHERE id = 900002',
           jsonb_build_object('function', f.name)))
  FROM unnest(ARRAY[
           'regress_custom.good',
           'regress_custom."Odd Näme"',
           'REGRESS_CUSTOM.Good',
           'good',
           'a.regress_custom.good',
           '',
           'regress_custom.',
           'regress_custom.good(jsonb, jsonb)',
           'regress_custom.good; DROP TABLE x',
           'regress_custom.real_number',
           'regress_custom.many',
           'regress_custom.texts',
           'regress_custom.one',
           'regress_custom.procedure',
           'regress_custom.total',
           'regress_custom.missing',
           'regress_missing.good',
           'regress_custom.' || repeat('ж', 200)]) AS f (name);

-- One that doesn't exist is a warning on INSERT, so that a dump restores, ...
\set VERBOSITY default
INSERT INTO mentoring.criterion (programme_id, id, name, kind, params)
VALUES (900001, 900003, 'Later', 'custom',
        '{"function": "regress_custom.later"}');
INSERT INTO mentoring.criterion (programme_id, id, name, kind, params)
VALUES (900001, 900004, 'Nowhere', 'custom',
        '{"function": "regress_missing.good"}');
-- ... and an error on UPDATE, until it exists.
UPDATE mentoring.criterion SET weight = 2 WHERE id = 900003;
CREATE FUNCTION regress_custom.later(mentee jsonb, mentor jsonb)
RETURNS double precision
LANGUAGE sql IMMUTABLE AS 'SELECT 0.5::double precision';
UPDATE mentoring.criterion SET weight = 2 WHERE id = 900003;
-- What can't be right later is an error at once.
INSERT INTO mentoring.criterion (programme_id, name, kind, params)
VALUES (900001, 'x', 'custom', '{"function": "regress_custom.real_number"}');
INSERT INTO mentoring.criterion (programme_id, name, kind, params)
VALUES (900001, 'x', 'custom', '{"function": "good"}');
-- Params of other kinds name no function.
UPDATE mentoring.criterion
   SET kind = 'not_met' WHERE id = 900002;
\set VERBOSITY terse

-- The writer must be allowed to execute the function.
CREATE ROLE regress_mentoring_writer;
GRANT USAGE ON SCHEMA mentoring, regress_custom TO regress_mentoring_writer;
GRANT SELECT, INSERT, UPDATE ON mentoring.criterion
    TO regress_mentoring_writer;
GRANT EXECUTE ON FUNCTION mentoring._check_criterion
    TO regress_mentoring_writer;
CREATE POLICY regress_mentoring_writer ON mentoring.criterion
    TO regress_mentoring_writer USING (true);
REVOKE ALL ON FUNCTION regress_custom.later FROM PUBLIC;
SET LOCAL ROLE regress_mentoring_writer;
INSERT INTO mentoring.criterion (programme_id, name, kind, params)
VALUES (900001, 'x', 'custom', '{"function": "regress_custom.later"}');
UPDATE mentoring.criterion SET weight = 3 WHERE id = 900003;
INSERT INTO mentoring.criterion (programme_id, name, kind, params)
VALUES (900001, 'Mine', 'custom', '{"function": "regress_custom.good"}')
RETURNING name;
RESET ROLE;
REVOKE USAGE ON SCHEMA regress_custom FROM regress_mentoring_writer;
SET LOCAL ROLE regress_mentoring_writer;
INSERT INTO mentoring.criterion (programme_id, name, kind, params)
VALUES (900001, 'x', 'custom', '{"function": "regress_custom.good"}');
RESET ROLE;
DROP POLICY regress_mentoring_writer ON mentoring.criterion;

-- Row security: with every right and no policy, nothing to see or to write.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA mentoring
    TO regress_mentoring_writer;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA mentoring TO regress_mentoring_writer;
REVOKE EXECUTE ON FUNCTION mentoring._level_app, mentoring._level_sync,
    mentoring._level_analyst, mentoring._level_admin FROM regress_mentoring_writer;
SET LOCAL ROLE regress_mentoring_writer;
SELECT (SELECT count(*) FROM mentoring.programme),
       (SELECT count(*) FROM mentoring.participant),
       (SELECT count(*) FROM mentoring.participant_skill),
       (SELECT count(*) FROM mentoring.criterion),
       (SELECT count(*) FROM mentoring.pair_rule),
       (SELECT count(*) FROM mentoring.preference);
INSERT INTO mentoring.programme (name, model) VALUES ('x', 'peer');
INSERT INTO mentoring.participant (programme_id, person_id, role)
VALUES (900002, 900002, 'peer');
INSERT INTO mentoring.participant_skill (programme_id, participant_id, skill_id)
VALUES (900001, 900003, 900001);
INSERT INTO mentoring.criterion (programme_id, name, kind)
VALUES (900001, 'x', 'not_met');
INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
VALUES (900001, 900003, 900001, 'pin');
INSERT INTO mentoring.preference (programme_id, participant_id, preferred_id,
                                  rank)
VALUES (900001, 900003, 900001, 1);
UPDATE mentoring.programme SET name = 'x' RETURNING id;
DELETE FROM mentoring.participant RETURNING id;
RESET ROLE;

-- What describes a participant goes with it.
DELETE FROM mentoring.skill WHERE id = 900001;
DELETE FROM mentoring.person WHERE id = 900002;
DELETE FROM mentoring.programme WHERE id = 900001;
DELETE FROM mentoring.participant WHERE id = 900002;
SELECT (SELECT count(*) FROM mentoring.participant_skill
         WHERE programme_id = 900001),
       (SELECT count(*) FROM mentoring.pair_rule WHERE programme_id = 900001),
       (SELECT count(*) FROM mentoring.preference WHERE programme_id = 900001),
       (SELECT count(*) FROM mentoring.participant_load
         WHERE participant_id = 900002);
INSERT INTO mentoring.preference (programme_id, participant_id, preferred_id,
                                  rank)
VALUES (900001, 900003, 900001, 1);
DELETE FROM mentoring.participant WHERE id = 900001;
SELECT count(*) FROM mentoring.preference WHERE programme_id = 900001;
-- A programme without participants takes its criteria along.
DELETE FROM mentoring.participant WHERE programme_id = 900001;
DELETE FROM mentoring.programme WHERE id = 900001 RETURNING name;
SELECT count(*) FROM mentoring.criterion WHERE programme_id = 900001;

ROLLBACK;

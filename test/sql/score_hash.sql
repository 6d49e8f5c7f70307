-- The hash of the inputs: the same for the same, whatever came first, and
-- another one after every change that could matter.

BEGIN;
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
\getenv test_dir PG_ABS_SRCDIR
\set definition :test_dir '/score_definition.sql'
\set setup :test_dir '/score_setup.sql'
\set ECHO none
\i :definition
\i :setup
\set ECHO all

CREATE TEMPORARY TABLE hash AS
SELECT 'start' AS change, mentoring._score_hash(501) AS value;
SELECT length(value) AS digits, value ~ '^[0-9a-f]*$' AS is_hex FROM hash;

-- A change is made, the inputs are hashed, and it is undone.
CREATE FUNCTION pg_temp.hash_after(change text) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    value text;
BEGIN
    BEGIN
        EXECUTE change;
        value := mentoring._score_hash(501);
        RAISE EXCEPTION USING ERRCODE = 'ZZ001', MESSAGE = value;
    EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
        RETURN SQLERRM;
    END;
END
$$;

-- Changes that matter.  Every hash must be a new one.
CREATE TEMPORARY TABLE change (id serial, statement text);
INSERT INTO change (statement) VALUES
    ('UPDATE mentoring.programme SET starts_on = starts_on + 7 WHERE id = 501'),
    ('UPDATE mentoring.programme SET model = ''group'' WHERE id = 501'),
    ('UPDATE mentoring.criterion SET weight = 3.5 WHERE id = 50101'),
    ('UPDATE mentoring.criterion SET minimum = 0.5 WHERE id = 50101'),
    ('UPDATE mentoring.criterion SET minimum = 0 WHERE id = 50101'),
    ('UPDATE mentoring.criterion SET if_missing = 0.25 WHERE id = 50101'),
    ('UPDATE mentoring.criterion SET mentor_key = ''language'' WHERE id = 50102'),
    ('UPDATE mentoring.criterion SET params = ''{"strict": true}'' WHERE id = 50102'),
    ('UPDATE mentoring.criterion SET kind = ''same'' WHERE id = 50108'),
    ('DELETE FROM mentoring.criterion WHERE id = 50119'),
    ('UPDATE mentoring.participant SET status = ''waitlisted'' WHERE id = 50101'),
    ('UPDATE mentoring.participant SET capacity = capacity + 1 WHERE id = 50122'),
    ('UPDATE mentoring.participant SET profile = ''{"age": 99}'' WHERE id = 50122'),
    ('UPDATE mentoring.participant SET bio = ''other words'' WHERE id = 50121'),
    ('UPDATE mentoring.participant SET aims = ''other words'' WHERE id = 50102'),
    ('UPDATE mentoring.person SET profile = profile || ''{"age": 98}'' WHERE id = 50121'),
    ('UPDATE mentoring.person SET profile = profile || ''{"pace": null}'' WHERE id = 50121'),
    ('UPDATE mentoring.person SET grade = 12 WHERE id = 50121'),
    ('UPDATE mentoring.person SET is_active = false WHERE id = 50121'),
    ('UPDATE mentoring.person SET timezone = ''Asia/Tokyo'' WHERE id = 50121'),
    ('UPDATE mentoring.person SET manager_id = 50121 WHERE id = 50105'),
    ('UPDATE mentoring.person_skill SET level = (level + 1) % 8
       WHERE (person_id, skill_id) IN
             (SELECT p.id, s.skill_id FROM mentoring.participant p
              JOIN mentoring.person_skill s USING (person_id)
              WHERE p.role = ''mentor'' AND p.status = ''accepted''
                AND NOT EXISTS (SELECT FROM mentoring.participant_skill o
                                WHERE o.participant_id = p.id
                                  AND o.skill_id = s.skill_id))'),
    ('UPDATE mentoring.participant_skill SET level = 7 WHERE participant_id = 50122'),
    ('UPDATE mentoring.participant_skill SET target_level = 7 WHERE participant_id = 50102'),
    ('UPDATE mentoring.participant_skill SET weight = weight + 1 WHERE participant_id = 50102'),
    ('DELETE FROM mentoring.participant_skill WHERE participant_id IN
       (SELECT id FROM mentoring.participant WHERE role = ''mentee'')'),
    ('INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
      VALUES (501, 50101, 50122, ''forbid'')'),
    ('INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
      VALUES (501, 50101, 50122, ''pin'')'),
    ('INSERT INTO mentoring.preference
        (programme_id, participant_id, preferred_id, rank)
      VALUES (501, 50101, 50129, 4)'),
    ('INSERT INTO mentoring.preference
        (programme_id, participant_id, preferred_id, is_veto)
      VALUES (501, 50101, 50129, true)'),
    ('UPDATE mentoring.preference SET rank = 8 WHERE participant_id = 50121
        AND preferred_id = 50101'),
    ('WITH r AS (INSERT INTO mentoring.relationship (programme_id, id, status)
                 VALUES (501, 50101, ''active''))
      INSERT INTO mentoring.relationship_member
        (programme_id, relationship_id, participant_id, role)
      VALUES (501, 50101, 50101, ''mentee''), (501, 50101, 50121, ''mentor'')'),
    ('WITH r AS (INSERT INTO mentoring.relationship (programme_id, id, status)
                 VALUES (501, 50101, ''completed''))
      INSERT INTO mentoring.relationship_member
        (programme_id, relationship_id, participant_id, role)
      VALUES (501, 50101, 50101, ''mentee''), (501, 50101, 50121, ''mentor'')'),
    ('WITH r AS (INSERT INTO mentoring.relationship
                   (programme_id, id, status, ended_from)
                 VALUES (501, 50101, ''ended'', ''trial''))
      INSERT INTO mentoring.relationship_member
        (programme_id, relationship_id, participant_id, role)
      VALUES (501, 50101, 50101, ''mentee''), (501, 50101, 50121, ''mentor'')'),
    ('CREATE OR REPLACE FUNCTION definition.judge(mentee jsonb, mentor jsonb)
      RETURNS double precision LANGUAGE sql AS ''SELECT 1::float8'''),
    ('CREATE OR REPLACE FUNCTION definition.judge(mentee jsonb, mentor jsonb)
      RETURNS double precision LANGUAGE sql RETURN 0.5'),
    ('CREATE OR REPLACE FUNCTION definition.judge(mentee jsonb, mentor jsonb)
      RETURNS double precision LANGUAGE sql RETURN 0.25');
INSERT INTO hash SELECT statement, pg_temp.hash_after(statement) FROM change
ORDER BY id;
SELECT count(*) AS hashes, count(DISTINCT value) AS different,
       count(value) FILTER (WHERE length(value) <> 64) AS broken
  FROM hash;
SELECT a.change, b.change
  FROM hash a JOIN hash b ON a.value = b.value AND a.ctid < b.ctid;

-- Changes that don't matter.
SELECT statement, pg_temp.hash_after(statement) = value AS is_same
FROM (VALUES
    ('UPDATE mentoring.programme SET name = ''x'', purpose = ''y'', ends_on = ''2030-01-01'' WHERE id = 501'),
    ('UPDATE mentoring.criterion SET name = ''x'' WHERE id = 50101'),
    ('UPDATE mentoring.person SET email = ''a@b'' WHERE id = 50121'),
    ('UPDATE mentoring.person SET profile = profile || ''{"pace": 1.000}'' WHERE id = 50121'),
    ('UPDATE mentoring.participant SET capacity = 9 WHERE id = 50111'),
    ('INSERT INTO mentoring.person_skill (person_id, skill_id, level) VALUES (50118, 50101, 1)'),
    ('DELETE FROM mentoring.pair_rule WHERE programme_id = 501'),
    ('UPDATE mentoring.participant_skill SET weight = 5 WHERE participant_id = 50122'),
    ('SET LOCAL timezone = ''Asia/Tokyo''; SET LOCAL datestyle = ''German''; SET LOCAL extra_float_digits = 0'),
    ('SET LOCAL enable_hashjoin = off; SET LOCAL enable_nestloop = off; SET LOCAL enable_indexscan = off'))
    AS v (statement), hash WHERE change = 'start';

-- The same rows, the last first.
CREATE TEMPORARY TABLE kept_person AS
SELECT * FROM mentoring.person WHERE id BETWEEN 50101 AND 50132;
CREATE TEMPORARY TABLE kept_person_skill AS
SELECT * FROM mentoring.person_skill WHERE person_id BETWEEN 50101 AND 50132;
CREATE TEMPORARY TABLE kept_participant AS
SELECT * FROM mentoring.participant WHERE programme_id = 501;
CREATE TEMPORARY TABLE kept_skill AS
SELECT * FROM mentoring.participant_skill WHERE programme_id = 501;
CREATE TEMPORARY TABLE kept_criterion AS
SELECT * FROM mentoring.criterion WHERE programme_id = 501;
CREATE TEMPORARY TABLE kept_preference AS
SELECT * FROM mentoring.preference WHERE programme_id = 501;
CREATE TEMPORARY TABLE kept_score AS
SELECT * FROM mentoring.pair_scores(501);
DELETE FROM mentoring.criterion WHERE programme_id = 501;
DELETE FROM mentoring.participant WHERE programme_id = 501;
DELETE FROM mentoring.person_skill WHERE person_id BETWEEN 50101 AND 50132;
UPDATE mentoring.person SET manager_id = NULL
 WHERE id BETWEEN 50101 AND 50132;
DELETE FROM mentoring.person WHERE id BETWEEN 50101 AND 50132;
INSERT INTO mentoring.criterion SELECT * FROM kept_criterion ORDER BY id DESC;
INSERT INTO mentoring.person SELECT * FROM kept_person ORDER BY id DESC;
INSERT INTO mentoring.participant
SELECT * FROM kept_participant ORDER BY id DESC;
INSERT INTO mentoring.person_skill
SELECT * FROM kept_person_skill ORDER BY id DESC;
INSERT INTO mentoring.participant_skill
SELECT * FROM kept_skill ORDER BY id DESC;
INSERT INTO mentoring.preference
SELECT * FROM kept_preference ORDER BY id DESC;
SELECT mentoring._score_hash(501) = value AS is_same
  FROM hash WHERE change = 'start';
SELECT count(*) AS pairs,
       count(*) FILTER (WHERE a.score IS DISTINCT FROM b.score) AS different
  FROM kept_score a
  FULL JOIN mentoring.pair_scores(501) b USING (mentee_id, mentor_id);

ROLLBACK;

-- Rights of the person: what export_person() gives out, what erase_person()
-- takes away and what it keeps, what retention() removes; who may call them.

\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = ISO;
BEGIN;

-- Every column that refers to a person or a participant, that describes one or
-- that holds free text is in the list, and the list names no other object.

CREATE TEMP VIEW objection AS
WITH member AS (
    SELECT c.oid, c.relname
      FROM pg_class AS c
      JOIN pg_depend AS d
        ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
       AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
      JOIN pg_extension AS e
        ON e.oid = d.refobjid
     WHERE e.extname = 'mentoring' AND c.relkind IN ('r', 'p')
), listed AS (
    SELECT * FROM mentoring._personal_column()
), personal AS (
    SELECT m.relname, a.attname
      FROM member AS m
      JOIN pg_attribute AS a
        ON a.attrelid = m.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE a.attname NOT IN ('id', 'programme_id')
       AND (m.relname IN ('person', 'person_history', 'participant')
            -- by name, for derived tables and the audit have no foreign keys
            OR a.attname ~ '^((person|participant|mentee|mentor|manager|preferred)_id|[ab]_id)$'
            OR EXISTS (SELECT FROM pg_constraint AS f
                        WHERE f.conrelid = m.oid AND f.contype = 'f'
                          AND a.attnum = ANY (f.conkey)
                          AND f.confrelid IN ('mentoring.person'::regclass,
                                              'mentoring.participant'::regclass))
            -- text of any kind, unless a CHECK lists what it may be
            OR (a.atttypid IN (SELECT t.oid FROM pg_type AS t
                                WHERE t.typcategory IN ('S', 'A')
                                   OR t.typname IN ('json', 'jsonb', 'xml',
                                                    'bytea', 'tsvector'))
                AND NOT EXISTS (SELECT FROM pg_constraint AS c
                                 WHERE c.conrelid = m.oid AND c.contype = 'c'
                                   AND c.conkey = ARRAY[a.attnum]
                                   AND pg_get_constraintdef(c.oid)
                                       ~ '= ANY \(\(?ARRAY\[')))
)
SELECT 'not listed' AS problem, relname || '.' || attname AS column_name
  FROM personal AS p
 WHERE NOT EXISTS (SELECT FROM listed AS l
                    WHERE l.table_name = p.relname
                      AND l.column_name = p.attname)
UNION ALL
SELECT 'listed, but isn''t there', l.table_name || '.' || l.column_name
  FROM listed AS l
 WHERE NOT EXISTS (SELECT
                     FROM member AS m
                     JOIN pg_attribute AS a ON a.attrelid = m.oid
                    WHERE m.relname = l.table_name
                      AND a.attname = l.column_name AND NOT a.attisdropped)
UNION ALL
SELECT 'listed twice', table_name || '.' || column_name
  FROM listed
 GROUP BY table_name, column_name
HAVING count(*) > 1
UNION ALL
SELECT 'no such treatment: ' || treatment, table_name || '.' || column_name
  FROM listed
 WHERE treatment NOT IN ('exported, erased', 'exported, kept', 'erased',
                         'kept')
UNION ALL
SELECT 'kept without a reason', table_name || '.' || column_name
  FROM listed
 WHERE treatment ~ 'kept' AND why IS NULL;

SELECT * FROM objection ORDER BY 1, 2;

-- It finds what is missing.
SAVEPOINT before;
ALTER TABLE mentoring.participant ADD COLUMN hobby integer;
ALTER TABLE mentoring.programme ADD COLUMN remark text;
ALTER TABLE mentoring.criterion ADD COLUMN labels text[];
ALTER TABLE mentoring.skill ADD COLUMN expert bigint REFERENCES mentoring.person;
ALTER TABLE mentoring.event ADD COLUMN mentee_id bigint;
ALTER TABLE mentoring.programme
    ADD COLUMN colour text CHECK (colour IN ('red', 'blue'));
ALTER TABLE mentoring.request RENAME COLUMN reason TO words;
SELECT * FROM objection ORDER BY 1, 2;
ROLLBACK TO before;

-- People: 1 and 2 mentors, 3 to 5 mentees, 6 coordinates; 1 is the manager of
-- 2 and 3.  Ids are these plus 98400.  What is written names who wrote it.

INSERT INTO mentoring.skill (id, name) VALUES (98400, 'person data');
INSERT INTO mentoring.person
    (id, external_id, display_name, email, org_unit, job_role, grade, site,
     timezone, manager_id, profile, joined_on)
SELECT 98400 + i, 'data-' || i, 'name of ' || i, i || '@example.org', 'unit',
       'job', 5, 'site', 'Europe/Berlin', CASE WHEN i IN (2, 3) THEN 98401 END,
       '{"hobby": "chess"}', '2020-01-01'
  FROM generate_series(1, 6) AS i;
INSERT INTO mentoring.person_history
    (person_id, valid_from, valid_to, org_unit, job_role, grade, site,
     manager_id, exit_kind)
SELECT 98400 + i, '2020-01-01', '2021-01-01', 'old unit', 'old job', 4,
       'old site', CASE i WHEN 1 THEN 98406 ELSE 98401 END, 'moved'
  FROM generate_series(1, 3) AS i;
INSERT INTO mentoring.person_skill (person_id, skill_id, level)
VALUES (98401, 98400, 7), (98402, 98400, 6);
INSERT INTO mentoring.person_role (person_id, role_name)
VALUES (98401, 'person_data_one'), (98402, 'person_data_two');

INSERT INTO mentoring.programme (id, name, model, status, min_group_size)
VALUES (984, 'pairs', 'one_to_one', 'running', NULL),
       (985, 'circles', 'circle', 'running', 3);
INSERT INTO mentoring.participant
    (programme_id, id, person_id, role, status, capacity, bio, aims, profile)
SELECT 984, 98400 + i, 98400 + i,
       CASE WHEN i <= 2 THEN 'mentor' WHEN i <= 5 THEN 'mentee'
            ELSE 'coordinator' END, 'accepted', 3,
       CASE WHEN i <= 2 THEN 'garden music bio of ' || i END,
       CASE WHEN i > 2 THEN 'garden music aims of ' || i END,
       '{"note": "chess"}'
  FROM generate_series(1, 6) AS i;
INSERT INTO mentoring.participant
    (programme_id, id, person_id, role, status, capacity)
SELECT 985, 98500 + i, 98400 + i, 'peer', 'accepted', 3
  FROM generate_series(1, 4) AS i;
INSERT INTO mentoring.participant_skill
    (programme_id, participant_id, skill_id, level)
VALUES (984, 98401, 98400, 5), (984, 98402, 98400, 5);
INSERT INTO mentoring.criterion
    (programme_id, id, name, kind, mentee_key, mentor_key)
VALUES (984, 98400, 'words', 'text', 'aims', 'bio');
INSERT INTO mentoring.pair_rule
    (programme_id, mentee_id, mentor_id, rule, reason)
VALUES (984, 98405, 98401, 'forbid', 'secret of the coordinator');
INSERT INTO mentoring.preference
    (programme_id, participant_id, preferred_id, rank, is_veto)
VALUES (984, 98401, 98404, 1, false), (984, 98405, 98401, NULL, true),
       (984, 98405, 98402, 1, false);

-- 1 and 3 are together; one of three is ended; a circle of three peers and one
-- of two.
INSERT INTO mentoring.relationship
    (programme_id, id, status, started_on, ended_on, end_reason)
VALUES (984, 98401, 'active', '2024-01-01', NULL, NULL),
       (984, 98402, 'ended', '2023-01-01', '2023-02-01', 'quarrel'),
       (984, 98403, 'ended', '2023-01-01', '2023-02-01', 'other quarrel'),
       (985, 98501, 'active', '2024-01-01', NULL, NULL),
       (985, 98502, 'paused', '2024-01-01', NULL, NULL);
INSERT INTO mentoring.relationship_member
    (programme_id, relationship_id, participant_id, role)
VALUES (984, 98401, 98401, 'mentor'), (984, 98401, 98403, 'mentee'),
       (984, 98402, 98401, 'mentor'), (984, 98402, 98404, 'mentee'),
       (984, 98403, 98402, 'mentor'), (984, 98403, 98404, 'mentee'),
       (985, 98501, 98501, 'peer'), (985, 98501, 98502, 'peer'),
       (985, 98501, 98503, 'peer'), (985, 98502, 98501, 'peer'),
       (985, 98502, 98504, 'peer');
INSERT INTO mentoring.request
    (programme_id, id, mentee_id, mentor_id, rank, status, asked_at, reason)
VALUES (984, 98401, 98404, 98401, 1, 'asked', now(), NULL),
       (984, 98402, 98404, 98402, 2, 'waiting', NULL, NULL),
       (984, 98403, 98405, 98402, 1, 'asked', now(), NULL),
       (984, 98404, 98405, 98401, 2, 'waiting', NULL, NULL),
       (984, 98405, 98403, 98401, 1, 'declined', now(), 'no time'),
       (984, 98406, 98403, 98402, 2, 'declined', now(), 'mentor full');
INSERT INTO mentoring.learning_log
    (programme_id, id, occurred_on, relationship_id, participant_id, minutes,
     skill_id, level_before, level_after, reflection, visibility, source,
     source_event_id)
SELECT 984, 98400 + row_number() OVER (ORDER BY p, r, v), '2024-02-01', r, 98400 + p, 30,
       98400, 1, 2, 'entry of ' || p || ' ' || v, v, 'moodle', p || v || r
  FROM (VALUES (98401, 1), (98401, 3), (NULL, 3), (NULL, 1)) AS x (r, p)
 CROSS JOIN unnest(ARRAY['private', 'relationship', 'coordinator']) AS v;
UPDATE mentoring.participant SET capacity = 4 WHERE id = 98401;
INSERT INTO mentoring.event
    (programme_id, role_name, person_id, object, object_id, action, old, new)
VALUES (984, 'person_data_one', 98401, 'participant', 98402, 'update',
        '{"capacity": 77}', '{"capacity": 78}'),
       (984, 'person_data_two', 98402, 'participant', 98402, 'update',
        '{"capacity": 88}', '{"capacity": 89}');
SELECT coalesce(max(id), 0) AS last FROM mentoring.access_event \gset
INSERT INTO mentoring.access_event (role_name, action, object, detail)
VALUES ('postgres', 'grant', 'role person_data_one', 'level app'),
       ('person_data_one', 'grant', 'role person_data_two', 'level app');

-- a published run, and a draft with words of everybody
SELECT mentoring.publish_match(984, mentoring.match(984));
UPDATE mentoring.relationship SET status = 'ended', end_reason = 'not wanted'
 WHERE programme_id = 984 AND status = 'proposed';
SELECT mentoring.match(984) AS draft \gset
SELECT texts FROM mentoring.match_run WHERE id = :draft;

-- Export
--
-- For the person: how many rows of each table, and which entries.

CREATE TEMP VIEW exported AS
SELECT e.key AS table_name, jsonb_array_length(e.value) AS rows
  FROM jsonb_each(mentoring.export_person(98401)) AS e;
SELECT * FROM exported ORDER BY table_name COLLATE "C";
SELECT mentoring.export_person(98401) = mentoring.export_person(98401);
SELECT x ->> 'reflection'
  FROM jsonb_array_elements(mentoring.export_person(98401) -> 'learning_log')
       AS x;
SELECT x - 'id' - 'at' - 'programme_id' - 'object_id' #- '{new,ended_on}'
  FROM jsonb_array_elements(mentoring.export_person(98401) -> 'event') AS x;
SELECT x - 'id' - 'at'
  FROM jsonb_array_elements(mentoring.export_person(98401) -> 'access_event')
       AS x;
SELECT x ->> 'mentee_id', x ->> 'mentor_id'
  FROM jsonb_array_elements(mentoring.export_person(98401) -> 'request') AS x;
SELECT x ->> 'mentee_id', x ->> 'mentor_id'
  FROM jsonb_array_elements(mentoring.export_person(98403) -> 'request') AS x;

-- What others decided or wrote for themselves isn't in it.
SELECT mentoring.export_person(98401)::text ~ 'secret of the coordinator',
       mentoring.export_person(98401)::text ~ 'entry of 3 private',
       mentoring.export_person(98401)::text ~ 'capacity": 88',
       mentoring.export_person(98401)::text ~ 'capacity": 77',
       mentoring.export_person(98401)::text ~ 'is_veto": true',
       mentoring.export_person(98405)::text ~ 'is_veto": true';

-- Who may.  A level is the right to execute its marker.
CREATE ROLE person_data_app;
CREATE ROLE person_data_admin;
GRANT USAGE ON SCHEMA mentoring TO person_data_app, person_data_admin;
GRANT EXECUTE ON FUNCTION mentoring.export_person(bigint),
    mentoring.erase_person(bigint, text), mentoring.retention(bigint, integer)
    TO person_data_app, person_data_admin;
GRANT EXECUTE ON FUNCTION mentoring._level_app() TO person_data_app;
GRANT EXECUTE ON FUNCTION mentoring._level_admin() TO person_data_admin;
GRANT SET ON PARAMETER mentoring.person_id TO person_data_app;

SET LOCAL ROLE person_data_app;
SELECT mentoring.export_person(98401) IS NULL;
SET LOCAL mentoring.person_id = '98402';
SELECT mentoring.export_person(98401) IS NULL;
SELECT mentoring.export_person(-1) IS NULL;
SELECT mentoring.export_person(98402) -> 'person' -> 0 ->> 'display_name';
SET LOCAL mentoring.person_id = '98403';
SELECT count(*)
  FROM jsonb_array_elements(mentoring.export_person(98403) -> 'learning_log')
       AS x
 WHERE x ->> 'visibility' = 'private';
SELECT mentoring.erase_person(98401);
SELECT * FROM mentoring.retention(984, 30);
SELECT mentoring._erase_person(98401, NULL);
SET LOCAL mentoring.person_id = '';
SET LOCAL ROLE person_data_admin;
SELECT mentoring.export_person(98403) -> 'person' -> 0 ->> 'display_name';
SELECT count(*)
  FROM jsonb_array_elements(mentoring.export_person(98403) -> 'learning_log')
       AS x
 WHERE x ->> 'visibility' = 'private';
SELECT mentoring.export_person(-1);
SELECT mentoring.export_person(NULL);
SELECT mentoring._export_person(98403, true);

-- Erasing
SELECT mentoring.erase_person(-1);
SELECT mentoring.erase_person(NULL);
RESET ROLE;
SET LOCAL mentoring.person_id = '98401';
SELECT mentoring.erase_person(98401);
SET LOCAL mentoring.person_id = '';

-- Pins of the person go, for no match could keep them; others stay.
INSERT INTO mentoring.pair_rule
    (programme_id, mentee_id, mentor_id, rule, reason)
VALUES (984, 98405, 98402, 'pin', 'stays'),
       (984, 98404, 98401, 'pin', 'goes'), (984, 98401, 98402, 'pin', 'goes');

-- Somebody has the new name already, so it becomes a longer one.
INSERT INTO mentoring.person (id, external_id, display_name)
VALUES (98499, 'erased-98401', 'a strange name');

CREATE TEMP VIEW total AS
SELECT (SELECT jsonb_agg(x ORDER BY x::text) FROM mentoring.learning_by_participant AS x
         WHERE programme_id = 984) AS participant,
       (SELECT jsonb_agg(x) FROM mentoring.learning_by_programme_month AS x
         WHERE programme_id = 984) AS month,
       (SELECT jsonb_agg(x) FROM mentoring.learning_by_skill_month AS x
         WHERE programme_id = 984) AS skill,
       (SELECT jsonb_agg(x ORDER BY x::text) FROM mentoring.learning_by_relationship_week AS x
         WHERE programme_id = 984) AS week,
       (SELECT jsonb_agg(x ORDER BY x::text) FROM mentoring.proposed_pair AS x
         WHERE programme_id = 984) AS pairs,
       (SELECT jsonb_agg(x ORDER BY x::text) FROM mentoring.match_price AS x
         WHERE programme_id = 984) AS prices;
CREATE TEMP TABLE before AS SELECT * FROM total;

SET LOCAL ROLE person_data_admin;
SELECT mentoring.erase_person(98401, 'asked for it');
SELECT mentoring.erase_person(98401, 'asked for it');
RESET ROLE;

SELECT (t) = (b) FROM total AS t, before AS b;
SELECT count(*) FROM mentoring.verify_load();
SELECT count(*) FROM mentoring.verify_learning_log();
SELECT role_name, action, object, detail FROM mentoring.access_event
 WHERE id > :last ORDER BY id;
SELECT to_jsonb(p) - 'erased_at', erased_at = now()
  FROM mentoring.person AS p WHERE id = 98401;
SELECT id, manager_id FROM mentoring.person WHERE id IN (98402, 98403)
 ORDER BY id;
SELECT to_jsonb(h) - 'id' FROM mentoring.person_history AS h
 WHERE person_id BETWEEN 98401 AND 98403 ORDER BY person_id;
SELECT programme_id, id, status, bio, aims, profile
  FROM mentoring.participant WHERE person_id IN (98401, 98402) ORDER BY id;
SELECT person_id FROM mentoring.person_skill WHERE skill_id = 98400;
SELECT participant_id FROM mentoring.participant_skill WHERE programme_id = 984;
SELECT role_name FROM mentoring.person_role ORDER BY 1;
SELECT participant_id, preferred_id FROM mentoring.preference
 WHERE programme_id = 984;
SELECT mentee_id, mentor_id, rule, reason FROM mentoring.pair_rule
 WHERE programme_id = 984 ORDER BY 1, 2;
DELETE FROM mentoring.pair_rule WHERE rule = 'pin' AND programme_id = 984;
-- 4 asks the next; 5, who had asked another, still waits for that one
SELECT mentee_id, mentor_id, status, asked_at = now() AS asked
  FROM mentoring.request WHERE programme_id = 984 ORDER BY id;
-- the circle of three goes on, that of two doesn't
SELECT r.id, r.status, r.ended_from, r.end_reason, r.is_no_fault
  FROM mentoring.relationship AS r
 WHERE r.programme_id IN (984, 985) AND r.match_run_id IS NULL ORDER BY r.id;
SELECT id, reflection, source_event_id, minutes
  FROM mentoring.learning_log WHERE programme_id = 984 ORDER BY id;
SELECT role_name, object, old
  FROM mentoring.event WHERE object_id = 98402 ORDER BY id;
SELECT texts IS NULL, input_hash IS NULL, status
  FROM mentoring.match_run WHERE programme_id = 984 ORDER BY id;

-- A run without frequencies counts words anew: rematched it is what a match
-- made now is.
SELECT check_name, holds FROM mentoring.verify_match(984, :draft);
SELECT mentoring.rematch(984, :draft) = :draft;
SELECT mentoring.match(984) AS anew \gset
SELECT change, score_a = score_b, count(*)
  FROM mentoring.diff_match(984, :draft, :anew) GROUP BY 1, 2;
SELECT check_name FROM mentoring.verify_match(984, :draft) WHERE NOT holds;

-- The person is nobody any more, and what arrives later is erased by another
-- call.
SELECT e.rows FROM exported AS e WHERE e.table_name = 'person_role';
SET LOCAL ROLE person_data_app;
SET LOCAL mentoring.person_id = '98401';
SELECT mentoring.export_person(98401);
RESET ROLE;
SET LOCAL mentoring.person_id = '';
UPDATE mentoring.person SET email = 'back@example.org' WHERE id = 98401;
UPDATE mentoring.learning_log SET reflection = 'late'
 WHERE participant_id = 98401 AND relationship_id IS NULL;
SELECT mentoring.erase_person(98401, 'again');
SELECT count(email) FROM mentoring.person WHERE id = 98401;
SELECT count(*) FROM mentoring.learning_log WHERE reflection = 'late';
SELECT count(*) FROM mentoring.access_event
 WHERE id > :last AND action = 'erase';

-- Of a circle of which two are left one more goes.
SELECT mentoring.erase_person(98402);
SELECT status FROM mentoring.relationship WHERE id = 98501;
SELECT count(*) FROM mentoring.verify_load();

-- Retention

INSERT INTO mentoring.learning_log
    (programme_id, occurred_on, participant_id, minutes)
VALUES (984, current_date - 30, 98404, 7), (984, current_date - 31, 98404, 8),
       (985, current_date - 31, 98504, 9);
UPDATE mentoring.event SET at = now() - interval '40 days'
 WHERE programme_id = 984 AND object_id = 98402;
INSERT INTO mentoring.match_run (programme_id, id, method, status, created_at)
SELECT 984, 98400 + i, 'greedy', s, now() - interval '40 days'
  FROM unnest(ARRAY['draft', 'discarded', 'published', 'discarded'])
       WITH ORDINALITY AS u (s, i);
INSERT INTO mentoring.proposal (programme_id, match_run_id, score)
VALUES (984, 98401, 1);
-- a relationship of a run that was not published: by hand
INSERT INTO mentoring.relationship
    (programme_id, id, match_run_id, status, ended_on, end_reason, created_at)
VALUES (984, 98496, NULL, 'active', NULL, 'still open', '2020-01-01'),
       (984, 98497, NULL, 'completed', NULL, 'no date', '2020-01-01'),
       (984, 98498, NULL, 'ended', current_date - 30, 'recent', '2020-01-01'),
       (984, 98499, 98404, 'ended', current_date - 31, 'long ago',
        '2020-01-01');
INSERT INTO mentoring.request
    (programme_id, id, mentee_id, mentor_id, status, asked_at, answer_by,
     answered_at, created_at)
SELECT 984, 98410 + i, 98405, 98402, s, t - interval '2 days', t,
       CASE WHEN s = 'declined' THEN t END, t - interval '2 days'
  FROM (VALUES (1, 'declined', 29), (2, 'declined', 40), (3, 'expired', 31),
               (4, 'expired', 29), (5, 'withdrawn', 30)) AS v (i, s, days),
       LATERAL (SELECT now() - days * interval '1 day' AS t) AS x;

SET LOCAL ROLE person_data_admin;
SELECT * FROM mentoring.retention(984, 0);
SELECT * FROM mentoring.retention(984, -1);
SELECT * FROM mentoring.retention(984, NULL);
SELECT * FROM mentoring.retention(NULL, 30);
SELECT * FROM mentoring.retention(-1, 30);
SELECT * FROM mentoring.retention(984, 2147483647);
SELECT * FROM mentoring.retention(984, 30);
SELECT * FROM mentoring.retention(984, 30);
RESET ROLE;

SELECT count(*), min(current_date - occurred_on) FROM mentoring.learning_log
 WHERE programme_id = 984;
SELECT entries, minutes FROM mentoring.learning_by_participant
 WHERE programme_id = 984;
SELECT count(*) FROM mentoring.verify_learning_log();
SELECT count(*) FROM mentoring.learning_log WHERE programme_id = 985;
SELECT id, status FROM mentoring.match_run
 WHERE programme_id = 984 AND id > 98400 ORDER BY id;
SELECT id FROM mentoring.request
 WHERE programme_id = 984 AND id > 98410 ORDER BY id;
SELECT id, end_reason FROM mentoring.relationship
 WHERE programme_id = 984 AND id > 98490 ORDER BY id;
SELECT count(*) FROM mentoring.event
 WHERE programme_id = 984 AND object_id = 98402;

ROLLBACK;

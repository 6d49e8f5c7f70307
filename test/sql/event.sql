-- The audit: every change and every deletion of what is audited, by whom and
-- for whom, and nothing else.

\set ON_ERROR_ROLLBACK on
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never
BEGIN;

-- What has been recorded since it was last asked for; "me" is who runs this.
CREATE TEMP TABLE seen AS SELECT id FROM mentoring.event;
CREATE FUNCTION pg_temp.news() RETURNS SETOF text
LANGUAGE sql
AS $$
    WITH fresh AS (
        INSERT INTO seen
        SELECT id FROM mentoring.event
        EXCEPT SELECT id FROM seen RETURNING id
    )
    SELECT concat_ws(' ', programme_id,
                     CASE role_name WHEN session_user THEN 'me'
                          ELSE role_name END,
                     'for ' || person_id || ':', object, object_id, action, old,
                     '-> ' || new::text)
      FROM mentoring.event JOIN fresh USING (id)
     ORDER BY id
$$;

INSERT INTO mentoring.person (id, external_id, display_name)
SELECT 950100 + i, 'audited ' || i, 'Person ' || i
  FROM generate_series(1, 6) AS i;
INSERT INTO mentoring.programme (id, name, purpose, model)
VALUES (9501, 'Audited', 'for a purpose', 'one_to_one'),
       (9502, 'Other', NULL, 'one_to_one');
INSERT INTO mentoring.participant (programme_id, id, person_id, role, capacity)
SELECT 9501, id, id, CASE WHEN id < 950103 THEN 'mentor' ELSE 'mentee' END, 2
  FROM mentoring.person WHERE id / 100 = 9501;
INSERT INTO mentoring.criterion (programme_id, id, name, kind, mentee_key)
VALUES (9501, 9501, 'place', 'same', 'site'),
       (9502, 9502, 'place', 'same', 'site');
INSERT INTO mentoring.pair_rule (programme_id, id, mentee_id, mentor_id, rule)
VALUES (9501, 9501, 950103, 950101, 'pin');
INSERT INTO mentoring.match_run (programme_id, id, method)
VALUES (9501, 9501, 'optimal');
INSERT INTO mentoring.relationship (programme_id, id, status)
VALUES (9501, 9501, 'proposed');
INSERT INTO mentoring.relationship_member
       (programme_id, id, relationship_id, participant_id, role)
VALUES (9501, 9501, 9501, 950101, 'mentor'),
       (9501, 9502, 9501, 950103, 'mentee');

-- An INSERT is no change: so a dump is restored without a second account.
SELECT count(*) FROM pg_temp.news();

-- Columns listed are recorded when they change, and only those that changed.
UPDATE mentoring.programme
   SET status = 'recruiting', starts_on = '2030-02-03', target_pairs = 20
 WHERE id = 9501;
UPDATE mentoring.programme SET status = 'recruiting', target_pairs = NULL
 WHERE id = 9501;
UPDATE mentoring.participant SET status = 'accepted', capacity = capacity
 WHERE id = 950101;
UPDATE mentoring.participant SET capacity = 3 WHERE id = 950102;
UPDATE mentoring.criterion SET weight = 2.5, minimum = 0.1 WHERE id = 9501;
UPDATE mentoring.criterion SET kind = 'differ', minimum = NULL WHERE id = 9501;
UPDATE mentoring.criterion SET mentee_key = 'grade' WHERE id = 9501;
UPDATE mentoring.pair_rule SET rule = 'forbid', mentor_id = 950102
 WHERE id = 9501;
UPDATE mentoring.match_run SET status = 'discarded', pair_count = 7,
       total_score = 1.25
 WHERE id = 9501;
UPDATE mentoring.relationship_member SET participant_id = 950102
 WHERE id = 9501;
SELECT pg_temp.news();

-- What triggers set is recorded as well.
UPDATE mentoring.relationship SET status = 'active', started_on = '2030-01-01'
 WHERE id = 9501;
UPDATE mentoring.relationship
   SET status = 'ended', ended_on = '2030-01-31', is_no_fault = true,
       end_reason = 'a secret'
 WHERE id = 9501;
SELECT pg_temp.news();

-- Other columns and values that stay aren't.
UPDATE mentoring.programme SET name = 'secret', purpose = 'secret'
 WHERE id = 9501;
UPDATE mentoring.participant
   SET bio = 'secret', aims = 'secret', profile = '{"a": "secret"}',
       applied_at = '2001-01-01'
 WHERE programme_id = 9501;
UPDATE mentoring.relationship SET end_reason = 'secret' WHERE id = 9501;
UPDATE mentoring.criterion SET name = 'secret', params = '{"strict": true}'
 WHERE id = 9501;
UPDATE mentoring.pair_rule SET reason = 'secret' WHERE id = 9501;
UPDATE mentoring.match_run SET detail = '{"a": "secret"}', texts = '{}'
 WHERE id = 9501;
UPDATE mentoring.participant SET status = status, capacity = capacity
 WHERE programme_id = 9501;
UPDATE mentoring.participant SET capacity = 9 WHERE id = 0;
SELECT count(*) FROM pg_temp.news();

-- Every row of a statement; a statement that updates by inserting; one that is
-- undone by a trigger.
UPDATE mentoring.participant SET capacity = 4
 WHERE id IN (950104, 950105, 950106);
INSERT INTO mentoring.criterion (programme_id, name, kind, mentee_key)
VALUES (9502, 'place', 'same', 'site')
    ON CONFLICT (programme_id, name) DO UPDATE SET if_missing = 0.25;
CREATE FUNCTION pg_temp.keep() RETURNS trigger LANGUAGE plpgsql
AS 'BEGIN NEW.capacity = OLD.capacity; RETURN NEW; END';
CREATE TRIGGER keep BEFORE UPDATE ON mentoring.participant
    FOR EACH ROW EXECUTE FUNCTION pg_temp.keep();
UPDATE mentoring.participant SET capacity = 5 WHERE id = 950104;
DROP TRIGGER keep ON mentoring.participant;
SELECT pg_temp.news();

-- A change of the key leads on to what follows.
UPDATE mentoring.criterion SET programme_id = 9501, name = 'moved'
 WHERE id = 9502;
UPDATE mentoring.criterion SET id = 9503 WHERE id = 9502;
UPDATE mentoring.criterion SET weight = 4 WHERE id = 9503;
SELECT pg_temp.news();

-- Values look alike whatever the session's settings are.
SET LOCAL datestyle = 'German';
SET LOCAL extra_float_digits = -10;
UPDATE mentoring.programme SET ends_on = '31.12.2031' WHERE id = 9501;
UPDATE mentoring.criterion SET weight = 0.12345678901234567 WHERE id = 9503;
UPDATE mentoring.criterion SET weight = 1e-10 WHERE id = 9503;
RESET datestyle;
RESET extra_float_digits;
SELECT pg_temp.news();

-- What is undone isn't recorded.
SAVEPOINT undone;
UPDATE mentoring.participant SET capacity = 7 WHERE id = 950101;
ROLLBACK TO undone;
SELECT count(*) FROM pg_temp.news();

-- A deletion is recorded with all columns; what goes along, too.
DELETE FROM mentoring.relationship_member WHERE id = 9502;
DELETE FROM mentoring.relationship_member WHERE id = 9501;
DELETE FROM mentoring.relationship WHERE id = 9501;
DELETE FROM mentoring.match_run WHERE id = 9501;
DELETE FROM mentoring.participant WHERE id = 950103;
INSERT INTO mentoring.criterion (programme_id, id, name, kind)
VALUES (9502, 9504, 'left', 'skill_cover');
DELETE FROM mentoring.programme WHERE id = 9502;
SELECT pg_temp.news();

-- When: one transaction, one moment.
SELECT count(DISTINCT at), max(at) = now()
  FROM mentoring.event WHERE programme_id = 9501;

-- For whom: the person set, or who has logged in with this role; empty counts
-- as nobody.
SET LOCAL mentoring.person_id = '950105';
UPDATE mentoring.participant SET capacity = 5 WHERE id = 950104;
SET LOCAL mentoring.person_id = '';
UPDATE mentoring.participant SET capacity = 6 WHERE id = 950104;
INSERT INTO mentoring.person_role (person_id, role_name)
SELECT 950106, session_user
 WHERE NOT EXISTS (SELECT FROM mentoring.person_role
                    WHERE role_name = session_user);
UPDATE mentoring.participant SET capacity = 7 WHERE id = 950104;
DELETE FROM mentoring.person_role WHERE person_id = 950106;
SELECT pg_temp.news();

-- By whom: a role that may change a table has its changes recorded, and may do
-- nothing to the record, neither itself nor through a function that works as
-- somebody else.
CREATE ROLE regress_event_clerk;
GRANT USAGE ON SCHEMA mentoring TO regress_event_clerk;
GRANT SELECT, UPDATE, DELETE ON mentoring.criterion TO regress_event_clerk;
-- what checks and policies call
GRANT EXECUTE ON FUNCTION mentoring._check_criterion(text, text, text, jsonb),
    mentoring.my_programmes(), mentoring.has_level(text) TO regress_event_clerk;
CREATE POLICY clerk ON mentoring.criterion TO regress_event_clerk USING (true);
CREATE FUNCTION pg_temp.as_owner() RETURNS void
LANGUAGE sql SECURITY DEFINER
AS 'UPDATE mentoring.criterion SET weight = 6 WHERE id = 9503';

SET ROLE regress_event_clerk;
UPDATE mentoring.criterion SET weight = 5 WHERE id = 9503;
SELECT pg_temp.as_owner();
DELETE FROM mentoring.criterion WHERE id = 9501;
\set VERBOSITY sqlstate
SELECT count(*) FROM mentoring.event;
INSERT INTO mentoring.event (programme_id, role_name, object, object_id, action,
                             old)
VALUES (9501, 'other', 'criterion', 1, 'delete', '{}');
UPDATE mentoring.event SET role_name = 'other';
DELETE FROM mentoring.event;
TRUNCATE mentoring.event;
SELECT nextval('mentoring.event_id_seq');
ALTER TABLE mentoring.event DISABLE TRIGGER ALL;
ALTER TABLE mentoring.criterion DISABLE TRIGGER criterion_event_update;
SET session_replication_role = replica;
SELECT count(*) FROM mentoring.access_event;
INSERT INTO mentoring.access_event (role_name, action, object)
VALUES ('other', 'grant', 'other');
CREATE TEMP TABLE mine (id bigint, programme_id bigint, weight bigint);
CREATE TRIGGER mine AFTER UPDATE ON mine
    FOR EACH ROW EXECUTE FUNCTION mentoring._record_event('weight');
\set VERBOSITY default
RESET ROLE;
SELECT pg_temp.news();

-- A grant alone opens no row.
SELECT count(*) > 0 FROM mentoring.event WHERE programme_id = 9501;
GRANT SELECT, INSERT, UPDATE, DELETE ON mentoring.event, mentoring.access_event
    TO regress_event_clerk;
SET ROLE regress_event_clerk;
SELECT count(*) FROM mentoring.event;
DELETE FROM mentoring.event RETURNING 'deleted';
UPDATE mentoring.event SET old = '{}' RETURNING 'changed';
\set VERBOSITY sqlstate
INSERT INTO mentoring.event (programme_id, role_name, object, object_id, action,
                             old)
VALUES (9501, 'other', 'criterion', 1, 'delete', '{}');
INSERT INTO mentoring.access_event (role_name, action, object)
VALUES ('other', 'grant', 'other');
\set VERBOSITY default
RESET ROLE;
REVOKE ALL ON mentoring.event, mentoring.access_event FROM regress_event_clerk;

-- So it is where the tables belong to somebody whom row security holds, and
-- with a search_path that leads elsewhere.
CREATE ROLE regress_event_owner;
GRANT ALL ON SCHEMA mentoring TO regress_event_owner;
CREATE SCHEMA regress_event_trap;
CREATE TABLE regress_event_trap.event (LIKE mentoring.event);
CREATE FUNCTION regress_event_trap.now() RETURNS timestamptz
LANGUAGE sql AS $$ SELECT '2000-01-01'::timestamptz $$;
GRANT ALL ON SCHEMA regress_event_trap TO regress_event_clerk;
SAVEPOINT owned;
ALTER TABLE mentoring.event OWNER TO regress_event_owner;
ALTER TABLE mentoring.criterion OWNER TO regress_event_owner;
SET ROLE regress_event_clerk;
SET LOCAL search_path = regress_event_trap, pg_catalog;
UPDATE mentoring.criterion SET weight = 7 WHERE id = 9503;
RESET search_path;
RESET ROLE;
SELECT pg_temp.news();
SELECT count(*) FROM regress_event_trap.event;
ROLLBACK TO owned;

-- A change that can't be recorded is none.
CREATE RULE lost AS ON INSERT TO mentoring.event DO INSTEAD NOTHING;
UPDATE mentoring.criterion SET weight = 8 WHERE id = 9503;
DROP RULE lost ON mentoring.event;
CREATE FUNCTION pg_temp.lose() RETURNS trigger LANGUAGE plpgsql
AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER lost BEFORE INSERT ON mentoring.event
    FOR EACH ROW EXECUTE FUNCTION pg_temp.lose();
DELETE FROM mentoring.criterion WHERE id = 9503;
DROP TRIGGER lost ON mentoring.event;
SELECT weight FROM mentoring.criterion WHERE id = 9503;
UPDATE mentoring.criterion SET weight = 8 WHERE id = 9503;
SELECT pg_temp.news();

-- What functions of the extension change is recorded like anything else: a
-- run that is made anew, one that is published, what it replaces.
UPDATE mentoring.criterion SET if_missing = 0.5 WHERE id = 9503;
UPDATE mentoring.participant SET status = 'accepted'
 WHERE programme_id = 9501 AND id IN (950102, 950104);
SELECT count(*) FROM pg_temp.news();
SELECT mentoring.match(9501) AS run \gset
SELECT count(*) FROM pg_temp.news();
UPDATE mentoring.participant SET status = 'accepted' WHERE id = 950105;
SELECT mentoring.rematch(9501, :run) = :run;
SELECT mentoring.publish_match(9501, :run);
SELECT object, action, old, new FROM mentoring.event
 WHERE id NOT IN (SELECT id FROM seen) ORDER BY id;

SELECT id AS proposed FROM mentoring.relationship
 WHERE programme_id = 9501 ORDER BY id LIMIT 1 \gset
INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
SELECT 9501, 950104, participant_id, 'forbid'
  FROM mentoring.relationship_member
 WHERE relationship_id = :proposed AND role = 'mentor';
UPDATE mentoring.participant SET status = 'withdrawn' WHERE id = 950105;
SELECT mentoring.match(9501, 'optimal', 'most_pairs',
                       '{"keep": false}') AS next_run \gset
SELECT count(*) FROM pg_temp.news();
SELECT mentoring.publish_match(9501, :next_run);
SELECT object, action, old - 'match_run_id', new - 'ended_on' - 'match_run_id',
       (old ->> 'match_run_id')::bigint = :run AS from_run,
       (new ->> 'match_run_id')::bigint = :next_run AS to_next_run, count(*)
  FROM mentoring.event
 WHERE id NOT IN (SELECT id FROM seen)
 GROUP BY 1, 2, 3, 4, 5, 6
 ORDER BY 1, 3::text COLLATE "C", 4::text COLLATE "C";

-- Who decides what is old may take it away.
DELETE FROM mentoring.event WHERE programme_id = 9501 AND at < now();
SELECT count(*) > 0 FROM mentoring.event WHERE programme_id = 9501;
DELETE FROM mentoring.event WHERE programme_id = 9501;
SELECT count(*) FROM mentoring.event WHERE programme_id = 9501;

-- Where rows arrive by replication those of event arrive, too: the triggers
-- stay as they are whoever keeps the derived tables.
SELECT mentoring.set_replication_mode('rebuild');
SELECT count(*), string_agg(DISTINCT tgenabled::text, '')
  FROM pg_trigger WHERE tgfoid = 'mentoring._record_event()'::regprocedure;
SELECT mentoring.set_replication_mode('origin');
SET LOCAL session_replication_role = replica;
UPDATE mentoring.participant SET capacity = 1 WHERE id = 950101;
SET LOCAL session_replication_role = origin;
UPDATE mentoring.participant SET capacity = 2 WHERE id = 950101;
SELECT pg_temp.news();

-- The two triggers of a table record the same columns, and the first is called
-- for any of them.
CREATE TEMP VIEW audited AS
SELECT t.tgrelid::regclass AS object, a.column_name, a.place,
       t.tgtype & 8 > 0 AS is_delete, pg_get_triggerdef(t.oid) AS definition
  FROM pg_trigger AS t
 CROSS JOIN regexp_split_to_table(encode(t.tgargs, 'escape'), '\\000')
       WITH ORDINALITY AS a (column_name, place)
 WHERE t.tgfoid = 'mentoring._record_event()'::regprocedure
   AND a.column_name <> '';
SELECT object, string_agg(column_name, ' ' ORDER BY place)
  FROM audited WHERE NOT is_delete
 GROUP BY object ORDER BY object::text COLLATE "C";
SELECT object, column_name FROM audited
 GROUP BY object, column_name HAVING count(*) <> 2;
SELECT object, c.column_name
  FROM (SELECT object, column_name, definition FROM audited
         WHERE NOT is_delete
         UNION
        SELECT object, 'id', definition FROM audited WHERE NOT is_delete) AS c
 WHERE strpos(definition, format('old.%1$I IS DISTINCT FROM new.%1$I',
                                 c.column_name)) = 0;

-- Free text is not in it: these are the texts that aren't one out of a fixed
-- choice.
SELECT DISTINCT object::text COLLATE "C", column_name COLLATE "C"
  FROM audited
  JOIN pg_attribute AS a
    ON a.attrelid = object AND a.attname = column_name
 WHERE a.atttypid = 'text'::regtype
   AND NOT EXISTS (SELECT FROM pg_constraint AS c
                    WHERE c.conrelid = object AND c.contype = 'c'
                      AND c.conkey = ARRAY[a.attnum]
                      AND pg_get_constraintdef(c.oid) LIKE '%= ANY%')
 ORDER BY 1, 2;

-- A trigger that was meant otherwise says so.
CREATE TRIGGER wrong BEFORE UPDATE ON mentoring.participant
    FOR EACH ROW EXECUTE FUNCTION mentoring._record_event('status');
UPDATE mentoring.participant SET capacity = 3 WHERE id = 950101;
DROP TRIGGER wrong ON mentoring.participant;
CREATE TRIGGER wrong AFTER INSERT ON mentoring.criterion
    FOR EACH ROW EXECUTE FUNCTION mentoring._record_event('weight');
INSERT INTO mentoring.criterion (programme_id, name, kind)
VALUES (9501, 'wrong', 'skill_cover');
DROP TRIGGER wrong ON mentoring.criterion;
CREATE TRIGGER wrong AFTER UPDATE ON mentoring.participant
    FOR EACH STATEMENT EXECUTE FUNCTION mentoring._record_event('status');
UPDATE mentoring.participant SET capacity = 3 WHERE id = 950101;
DROP TRIGGER wrong ON mentoring.participant;
CREATE TRIGGER wrong AFTER UPDATE ON mentoring.participant
    FOR EACH ROW EXECUTE FUNCTION mentoring._record_event('no_such');
UPDATE mentoring.participant SET capacity = 3 WHERE id = 950101;
DROP TRIGGER wrong ON mentoring.participant;
CREATE TRIGGER wrong AFTER UPDATE ON mentoring.participant
    FOR EACH ROW EXECUTE FUNCTION mentoring._record_event('profile');
UPDATE mentoring.participant SET profile = '{"a": 1}' WHERE id = 950101;
DROP TRIGGER wrong ON mentoring.participant;

-- Rows that tell of nothing are refused.
\set VERBOSITY sqlstate
INSERT INTO mentoring.event (programme_id, role_name, object, object_id, action,
                             old, new)
VALUES (9501, 'other', 'criterion', 1, 'insert', '{}', NULL);
INSERT INTO mentoring.event (programme_id, role_name, object, object_id, action,
                             old, new)
VALUES (9501, 'other', 'criterion', 1, 'delete', '{}', '{}');
INSERT INTO mentoring.event (programme_id, role_name, object, object_id, action,
                             old, new)
VALUES (9501, 'other', 'criterion', 1, 'update', '{}', NULL);
INSERT INTO mentoring.access_event (role_name, action, object)
VALUES ('other', 'look', 'other');
\set VERBOSITY default
ROLLBACK;

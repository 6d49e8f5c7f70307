-- Places: participant_load is what a recomputation gives, after every
-- statement, and nobody has more relationships than places.

\set ON_ERROR_ROLLBACK on
\pset format unaligned
\pset tuples_only on
BEGIN;

INSERT INTO mentoring.person (id, external_id, display_name)
SELECT 900000 + i, 'p' || i, 'Person ' || i FROM generate_series(1, 9) AS i;
INSERT INTO mentoring.programme (id, name, model)
VALUES (900001, 'First', 'one_to_one'), (900002, 'Second', 'one_to_one');

-- The load of some participants, and what verify_load() says against it.
CREATE VIEW pg_temp.load AS
SELECT participant_id - 900000 AS participant, active || ' of ' || capacity
  FROM mentoring.participant_load
 WHERE programme_id = 900001 ORDER BY 1;
CREATE VIEW pg_temp.wrong AS
SELECT 'wrong:', v.* FROM mentoring.verify_load() AS v;

-- A participant comes with places, of any status.
INSERT INTO mentoring.participant (programme_id, id, person_id, role, capacity)
VALUES (900001, 900001, 900001, 'mentor', 2),
       (900001, 900002, 900002, 'mentor', 1),
       (900001, 900003, 900003, 'mentee', 1),
       (900001, 900004, 900004, 'mentee', 1),
       (900001, 900005, 900005, 'mentee', 1),
       (900001, 900006, 900006, 'mentee', 0);
TABLE pg_temp.load; TABLE pg_temp.wrong;

-- A member takes one while the relationship is open.
INSERT INTO mentoring.relationship (programme_id, id, status)
VALUES (900001, 900001, 'proposed'), (900001, 900002, 'trial'),
       (900001, 900003, 'active'), (900001, 900004, 'paused'),
       (900001, 900005, 'completed'), (900001, 900006, 'ended');
INSERT INTO mentoring.relationship_member (programme_id, relationship_id,
                                           participant_id, role)
VALUES (900001, 900001, 900001, 'mentor'), (900001, 900001, 900003, 'mentee'),
       (900001, 900004, 900001, 'mentor'), (900001, 900004, 900004, 'mentee'),
       (900001, 900005, 900001, 'mentor'), (900001, 900005, 900005, 'mentee'),
       (900001, 900006, 900001, 'mentor'), (900001, 900006, 900006, 'mentee');
TABLE pg_temp.load; TABLE pg_temp.wrong;

-- Nobody takes more than there are.
INSERT INTO mentoring.relationship_member (programme_id, relationship_id,
                                           participant_id, role)
VALUES (900001, 900002, 900001, 'mentor');
INSERT INTO mentoring.relationship_member (programme_id, relationship_id,
                                           participant_id, role)
VALUES (900001, 900002, 900006, 'mentee');
INSERT INTO mentoring.relationship_member (programme_id, relationship_id,
                                           participant_id, role)
VALUES (900001, 900002, 900002, 'mentor'), (900001, 900003, 900002, 'mentor');
TABLE pg_temp.load; TABLE pg_temp.wrong;

-- Places can't be taken away from those who use them.
UPDATE mentoring.participant SET capacity = 1 WHERE id = 900001;
UPDATE mentoring.participant SET capacity = 3 WHERE id = 900001;
UPDATE mentoring.participant SET capacity = 2 WHERE id = 900001;
UPDATE mentoring.participant SET capacity = 0 WHERE id = 900002;
UPDATE mentoring.participant SET capacity = capacity, bio = 'x'
 WHERE programme_id = 900001;
TABLE pg_temp.load; TABLE pg_temp.wrong;

-- The participant's own status doesn't matter.
UPDATE mentoring.participant SET status = 'withdrawn' WHERE id = 900003;
TABLE pg_temp.wrong;

-- Open states are equal; closing gives the places of all members back.
UPDATE mentoring.relationship SET status = 'active' WHERE id = 900001;
UPDATE mentoring.relationship SET status = 'active' WHERE id = 900004;
UPDATE mentoring.relationship SET status = 'paused' WHERE id = 900001;
TABLE pg_temp.load; TABLE pg_temp.wrong;
UPDATE mentoring.relationship SET status = 'ended' WHERE id = 900001;
UPDATE mentoring.relationship SET status = 'completed' WHERE id = 900004;
TABLE pg_temp.load; TABLE pg_temp.wrong;
-- Members of what is closed come and go freely.
DELETE FROM mentoring.relationship_member
 WHERE relationship_id = 900001 AND participant_id = 900003;
INSERT INTO mentoring.relationship_member (programme_id, relationship_id,
                                           participant_id, role)
VALUES (900001, 900001, 900002, 'mentee');
TABLE pg_temp.load; TABLE pg_temp.wrong;

-- A member who leaves gives the place back; one who comes instead takes one.
UPDATE mentoring.participant SET capacity = 1 WHERE programme_id = 900001;
INSERT INTO mentoring.relationship_member (programme_id, id, relationship_id,
                                           participant_id, role)
VALUES (900001, 900001, 900002, 900001, 'mentor'),
       (900001, 900002, 900002, 900003, 'mentee'),
       (900001, 900003, 900003, 900002, 'mentor'),
       (900001, 900004, 900003, 900004, 'mentee');
TABLE pg_temp.load; TABLE pg_temp.wrong;
UPDATE mentoring.relationship_member SET role = 'peer' WHERE id = 900001;
UPDATE mentoring.relationship_member SET participant_id = 900005
 WHERE id = 900002;
TABLE pg_temp.load; TABLE pg_temp.wrong;
UPDATE mentoring.relationship_member SET participant_id = 900004
 WHERE id = 900002;
DELETE FROM mentoring.relationship_member WHERE id = 900002;
UPDATE mentoring.relationship_member SET relationship_id = 900006
 WHERE id = 900004;
TABLE pg_temp.load; TABLE pg_temp.wrong;
UPDATE mentoring.relationship_member SET relationship_id = 900002
 WHERE id = 900004;
-- Two swap their places, full as they are.
UPDATE mentoring.relationship_member
   SET participant_id = CASE id WHEN 900001 THEN 900002 ELSE 900001 END
 WHERE id IN (900001, 900003);
TABLE pg_temp.load; TABLE pg_temp.wrong;

-- One statement may do several things at once, in whatever order: what counts
-- is how it ends.
CREATE FUNCTION pg_temp.empty() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM mentoring.relationship_member WHERE relationship_id = NEW.id;
    RETURN NULL;
END
$$;
SAVEPOINT before;
WITH e AS (UPDATE mentoring.relationship SET status = 'ended' WHERE id = 900002),
     d AS (DELETE FROM mentoring.relationship_member
            WHERE relationship_id = 900002)
SELECT;
TABLE pg_temp.load; TABLE pg_temp.wrong;
ROLLBACK TO before;
WITH e AS (UPDATE mentoring.relationship SET status = 'ended' WHERE id = 900002)
INSERT INTO mentoring.relationship_member (programme_id, relationship_id,
                                           participant_id, role)
VALUES (900001, 900002, 900005, 'peer');
TABLE pg_temp.load; TABLE pg_temp.wrong;
ROLLBACK TO before;
-- end one relationship and start the next, the member being full
WITH e AS (UPDATE mentoring.relationship SET status = 'ended' WHERE id = 900003),
     n AS (INSERT INTO mentoring.relationship (programme_id, id, status)
           VALUES (900001, 900007, 'active') RETURNING id)
INSERT INTO mentoring.relationship_member (programme_id, relationship_id,
                                           participant_id, role)
SELECT 900001, n.id, 900001, 'mentor' FROM n;
TABLE pg_temp.load; TABLE pg_temp.wrong;
ROLLBACK TO before;
-- a participant, with a relationship
WITH p AS (INSERT INTO mentoring.participant (programme_id, id, person_id, role,
                                              capacity)
           VALUES (900001, 900007, 900007, 'mentor', 1)),
     n AS (INSERT INTO mentoring.relationship (programme_id, id)
           VALUES (900001, 900007))
INSERT INTO mentoring.relationship_member (programme_id, relationship_id,
                                           participant_id, role)
VALUES (900001, 900007, 900007, 'mentor');
TABLE pg_temp.load; TABLE pg_temp.wrong;
WITH m AS (DELETE FROM mentoring.relationship_member
            WHERE participant_id = 900007)
DELETE FROM mentoring.participant WHERE id = 900007;
TABLE pg_temp.load; TABLE pg_temp.wrong;
ROLLBACK TO before;
-- more places, and one taken
WITH c AS (UPDATE mentoring.participant SET capacity = 2 WHERE id = 900001)
INSERT INTO mentoring.relationship_member (programme_id, relationship_id,
                                           participant_id, role)
VALUES (900001, 900002, 900001, 'mentor');
TABLE pg_temp.load; TABLE pg_temp.wrong;
ROLLBACK TO before;
-- and so may triggers of the site's own, before or after ours
CREATE TRIGGER a_empty AFTER UPDATE ON mentoring.relationship
FOR EACH ROW WHEN (NEW.status = 'ended') EXECUTE FUNCTION pg_temp.empty();
UPDATE mentoring.relationship SET status = 'ended' WHERE id = 900002;
TABLE pg_temp.load; TABLE pg_temp.wrong;
ROLLBACK TO before;
CREATE TRIGGER z_empty AFTER UPDATE ON mentoring.relationship
FOR EACH ROW WHEN (NEW.status = 'ended') EXECUTE FUNCTION pg_temp.empty();
UPDATE mentoring.relationship SET status = 'ended' WHERE id = 900002;
TABLE pg_temp.load; TABLE pg_temp.wrong;
ROLLBACK TO before;

-- What is undone was never taken.
INSERT INTO mentoring.relationship_member (programme_id, relationship_id,
                                           participant_id, role)
VALUES (900001, 900002, 900005, 'peer');
UPDATE mentoring.relationship SET status = 'ended' WHERE id = 900003;
SAVEPOINT within;
DELETE FROM mentoring.relationship_member WHERE relationship_id = 900002;
ROLLBACK TO within;
TABLE pg_temp.wrong;
ROLLBACK TO before;
TABLE pg_temp.load; TABLE pg_temp.wrong;

-- ON CONFLICT takes a place only for the row it writes.
INSERT INTO mentoring.relationship_member (programme_id, relationship_id,
                                           participant_id, role)
VALUES (900001, 900003, 900001, 'mentor'), (900001, 900003, 900005, 'peer')
ON CONFLICT (programme_id, relationship_id, participant_id) DO NOTHING;
INSERT INTO mentoring.participant (programme_id, id, person_id, role, capacity)
VALUES (900001, 900098, 900001, 'mentor', 4)
ON CONFLICT (programme_id, person_id, role) DO UPDATE
SET capacity = EXCLUDED.capacity;
TABLE pg_temp.load; TABLE pg_temp.wrong;
MERGE INTO mentoring.relationship_member AS m
USING (VALUES (900001), (900003)) AS v (id)
   ON m.programme_id = 900001 AND m.relationship_id = 900003
  AND m.participant_id = v.id
 WHEN MATCHED THEN DELETE
 WHEN NOT MATCHED THEN
      INSERT (programme_id, relationship_id, participant_id, role)
      VALUES (900001, 900003, v.id, 'mentee');
TABLE pg_temp.load; TABLE pg_temp.wrong;
ROLLBACK TO before;

-- COPY, in any order of members, as a restore does it.
COPY mentoring.relationship_member (programme_id, relationship_id,
                                    participant_id, role) FROM stdin (DELIMITER ',');
900001,900006,900005,mentee
900001,900003,900003,mentee
900001,900005,900003,mentee
\.
TABLE pg_temp.load; TABLE pg_temp.wrong;
COPY mentoring.relationship_member (programme_id, relationship_id,
                                    participant_id, role) FROM stdin (DELIMITER ',');
900001,900003,900005,mentee
900001,900002,900005,mentee
\.
TABLE pg_temp.wrong;
ROLLBACK TO before;

-- Who goes takes the load along; who is in a relationship stays.
\set VERBOSITY terse
DELETE FROM mentoring.participant WHERE id = 900001;
\set VERBOSITY default
DELETE FROM mentoring.participant WHERE id = 900003;
TABLE pg_temp.load; TABLE pg_temp.wrong;
ROLLBACK TO before;

-- TRUNCATE gives everything back.
TRUNCATE mentoring.relationship_member CASCADE;
TABLE pg_temp.load; TABLE pg_temp.wrong;
ROLLBACK TO before;
SET LOCAL client_min_messages = warning;
TRUNCATE mentoring.relationship CASCADE;
RESET client_min_messages;
TABLE pg_temp.load; TABLE pg_temp.wrong;
ROLLBACK TO before;
-- also when the table of loads goes with it
SET LOCAL client_min_messages = warning;
TRUNCATE mentoring.participant CASCADE;
RESET client_min_messages;
TABLE pg_temp.load; TABLE pg_temp.wrong;
ROLLBACK TO before;

-- The table itself can't hold an overbooking, whoever writes it.
\set VERBOSITY terse
UPDATE mentoring.participant_load SET active = 2 WHERE participant_id = 900001;
UPDATE mentoring.participant_load SET capacity = 0 WHERE participant_id = 900001;
UPDATE mentoring.participant_load SET active = -1 WHERE participant_id = 900001;
\set VERBOSITY default

-- verify_load() shows what is wrong, rebuild_load() makes it right.
SELECT mentoring.rebuild_load();
UPDATE mentoring.participant_load SET active = 0 WHERE participant_id = 900001;
UPDATE mentoring.participant_load SET capacity = 7, active = 3
 WHERE participant_id = 900003;
DELETE FROM mentoring.participant_load WHERE participant_id = 900002;
TABLE pg_temp.wrong;
SELECT mentoring.rebuild_load();
TABLE pg_temp.load; TABLE pg_temp.wrong;
SELECT mentoring.rebuild_load();

-- Where triggers and foreign keys didn't run, too.
SET LOCAL session_replication_role = replica;
INSERT INTO mentoring.participant (programme_id, id, person_id, role, capacity)
VALUES (900001, 900007, 900007, 'mentor', 1),
       (900001, 900008, 900008, 'mentee', 1);
INSERT INTO mentoring.relationship_member (programme_id, id, relationship_id,
                                           participant_id, role)
VALUES (900001, 900007, 900002, 900007, 'mentor');
DELETE FROM mentoring.participant WHERE id = 900006;
UPDATE mentoring.participant SET capacity = 5 WHERE id = 900005;
DELETE FROM mentoring.relationship_member WHERE participant_id = 900004;
RESET session_replication_role;
TABLE pg_temp.wrong;
SAVEPOINT replicated;
SELECT mentoring.rebuild_load();
TABLE pg_temp.load; TABLE pg_temp.wrong;
ROLLBACK TO replicated;
-- What happens before that is not refused for the missing row, and leaves the
-- row of that participant right.
DELETE FROM mentoring.relationship_member WHERE id = 900007;
INSERT INTO mentoring.relationship_member (programme_id, relationship_id,
                                           participant_id, role)
VALUES (900001, 900002, 900008, 'mentee');
UPDATE mentoring.participant SET capacity = 2 WHERE id = 900007;
TABLE pg_temp.wrong;
SELECT mentoring.rebuild_load();
TABLE pg_temp.wrong;
ROLLBACK TO before;

-- Triggers that always fire keep the loads without the help of foreign keys,
-- as on a subscriber that receives the other tables.
ALTER TABLE mentoring.participant ENABLE ALWAYS TRIGGER participant_load_insert;
ALTER TABLE mentoring.participant ENABLE ALWAYS TRIGGER participant_load_update;
ALTER TABLE mentoring.participant ENABLE ALWAYS TRIGGER participant_load_delete;
ALTER TABLE mentoring.relationship ENABLE ALWAYS TRIGGER relationship_load;
ALTER TABLE mentoring.relationship_member
    ENABLE ALWAYS TRIGGER relationship_member_load;
ALTER TABLE mentoring.relationship_member
    ENABLE ALWAYS TRIGGER relationship_member_truncate;
SET LOCAL session_replication_role = replica;
INSERT INTO mentoring.participant (programme_id, id, person_id, role, capacity)
VALUES (900001, 900007, 900007, 'mentor', 1);
INSERT INTO mentoring.relationship_member (programme_id, relationship_id,
                                           participant_id, role)
VALUES (900001, 900003, 900007, 'peer');
UPDATE mentoring.relationship SET status = 'ended' WHERE id = 900002;
UPDATE mentoring.participant SET capacity = 2 WHERE id = 900001;
DELETE FROM mentoring.participant WHERE id = 900005;
TABLE pg_temp.load; TABLE pg_temp.wrong;
TRUNCATE mentoring.relationship_member CASCADE;
TABLE pg_temp.load; TABLE pg_temp.wrong;
RESET session_replication_role;
ROLLBACK TO before;

-- A client needs rights on the tables it writes, sees no load, and nothing of
-- its own takes the place of ours.
CREATE ROLE regress_mentoring_client;
GRANT USAGE ON SCHEMA mentoring TO regress_mentoring_client;
GRANT SELECT, INSERT, UPDATE, DELETE
   ON mentoring.relationship, mentoring.relationship_member
   TO regress_mentoring_client;
GRANT SELECT, UPDATE ON mentoring.participant TO regress_mentoring_client;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA mentoring TO regress_mentoring_client;
CREATE POLICY client ON mentoring.relationship
    TO regress_mentoring_client USING (true);
CREATE POLICY client ON mentoring.relationship_member
    TO regress_mentoring_client USING (true);
CREATE POLICY client ON mentoring.participant
    TO regress_mentoring_client USING (true);
CREATE SCHEMA regress_hostile AUTHORIZATION regress_mentoring_client;
SET LOCAL ROLE regress_mentoring_client;
CREATE TABLE regress_hostile.participant_load (
    programme_id bigint, participant_id bigint, capacity integer,
    active integer);
CREATE TABLE regress_hostile.relationship (
    programme_id bigint, id bigint, status text);
CREATE TABLE regress_hostile.relationship_member (
    programme_id bigint, relationship_id bigint, participant_id bigint);
CREATE FUNCTION regress_hostile.capture(bigint, bigint) RETURNS boolean
LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'captured'; END $$;
CREATE FUNCTION regress_hostile.capture(text, text) RETURNS boolean
LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'captured'; END $$;
CREATE FUNCTION regress_hostile.capture(integer, integer) RETURNS boolean
LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'captured'; END $$;
CREATE OPERATOR regress_hostile.= (
    FUNCTION = regress_hostile.capture, LEFTARG = bigint, RIGHTARG = bigint);
CREATE OPERATOR regress_hostile.= (
    FUNCTION = regress_hostile.capture, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR regress_hostile.<> (
    FUNCTION = regress_hostile.capture, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR regress_hostile.<> (
    FUNCTION = regress_hostile.capture, LEFTARG = integer, RIGHTARG = integer);
CREATE FUNCTION regress_hostile.none(bigint) RETURNS bigint
LANGUAGE sql AS 'SELECT 0::bigint';
CREATE AGGREGATE regress_hostile.count(*) (
    SFUNC = regress_hostile.none, STYPE = bigint, INITCOND = 0);
CREATE DOMAIN regress_hostile.integer AS bigint;
CREATE TEMP TABLE relationship_member (
    programme_id bigint, relationship_id bigint, participant_id bigint);
SET LOCAL search_path = regress_hostile, pg_temp, pg_catalog;
SELECT pg_catalog.count(*) FROM mentoring.participant_load;
INSERT INTO mentoring.relationship (programme_id, id, status)
VALUES (900001, 900007, 'active');
INSERT INTO mentoring.relationship_member (programme_id, relationship_id,
                                           participant_id, role)
VALUES (900001, 900007, 900005, 'mentee');
INSERT INTO mentoring.relationship_member (programme_id, relationship_id,
                                           participant_id, role)
VALUES (900001, 900007, 900001, 'mentor');
UPDATE mentoring.relationship_member SET participant_id = 900003
 WHERE relationship_id OPERATOR(pg_catalog.=) 900007
RETURNING participant_id;
UPDATE mentoring.participant SET capacity = 0
 WHERE id OPERATOR(pg_catalog.=) 900003;
UPDATE mentoring.participant SET capacity = 2
 WHERE id OPERATOR(pg_catalog.=) 900003;
UPDATE mentoring.relationship SET status = 'ended'
 WHERE id OPERATOR(pg_catalog.=) 900003;
RESET search_path;
RESET ROLE;
TABLE pg_temp.load; TABLE pg_temp.wrong;
SET LOCAL ROLE regress_mentoring_client;
SET LOCAL search_path = regress_hostile, pg_temp, pg_catalog;
DELETE FROM mentoring.relationship_member
 WHERE relationship_id OPERATOR(pg_catalog.=) 900002;
RESET search_path;
RESET ROLE;
TABLE pg_temp.load; TABLE pg_temp.wrong;
-- The rights of the owner end with the trigger.
SET LOCAL ROLE regress_mentoring_client;
SELECT current_user;
SELECT count(*) FROM mentoring.participant_load;
SELECT mentoring.rebuild_load();
\set VERBOSITY terse
TRUNCATE mentoring.relationship_member CASCADE;
\set VERBOSITY default
RESET ROLE;
ROLLBACK TO before;

-- It needs no superuser behind it: forced row security doesn't hide the loads
-- from the triggers of an ordinary owner.
CREATE ROLE regress_mentoring_owner;
GRANT USAGE ON SCHEMA mentoring TO regress_mentoring_owner;
GRANT EXECUTE ON FUNCTION mentoring.my_participants,
    mentoring.my_participations, mentoring.my_programmes
   TO regress_mentoring_owner;
DO $$
DECLARE
    t regclass;
BEGIN
    FOR t IN SELECT oid FROM pg_class
              WHERE relnamespace = 'mentoring'::regnamespace AND relkind = 'r'
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO regress_mentoring_owner', t);
    END LOOP;
END
$$;
SET LOCAL ROLE regress_mentoring_owner;
SELECT count(*) FROM mentoring.participant_load;
RESET ROLE;
INSERT INTO mentoring.relationship_member (programme_id, relationship_id,
                                           participant_id, role)
VALUES (900001, 900003, 900005, 'mentee');
UPDATE mentoring.participant SET capacity = 3 WHERE id = 900005;
UPDATE mentoring.relationship SET status = 'ended' WHERE id = 900002;
TABLE pg_temp.load; TABLE pg_temp.wrong;
ROLLBACK TO before;

-- The trigger functions refuse any other use.
CREATE TABLE pg_temp.any_table (id bigint);
CREATE FUNCTION pg_temp.attach(timing text, level text, function text)
RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER t %s ON pg_temp.any_table FOR EACH %s
                    EXECUTE FUNCTION mentoring.%I()', timing, level, function);
    INSERT INTO pg_temp.any_table VALUES (1);
    TRUNCATE pg_temp.any_table;
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
SELECT pg_temp.attach('BEFORE INSERT', 'ROW', f),
       pg_temp.attach('AFTER INSERT', 'STATEMENT', f)
  FROM unnest(ARRAY['_participant_load', '_member_load',
                    '_relationship_load']) AS f;
SELECT pg_temp.attach('AFTER INSERT', 'ROW', '_relationship_state'),
       pg_temp.attach('AFTER INSERT', 'ROW', '_member_truncate'),
       pg_temp.attach('BEFORE TRUNCATE', 'STATEMENT', '_member_truncate');
SELECT mentoring._member_load();

ROLLBACK;

-- Changes of status: what is allowed, for every client, and by whom.

\set ON_ERROR_ROLLBACK on
\set VERBOSITY terse
\pset format unaligned
\pset tuples_only on
BEGIN;

INSERT INTO mentoring.person (id, external_id, display_name)
VALUES (900001, 'ada', 'Ada'), (900011, 'ben', 'Ben'), (900012, 'cleo', 'Cleo');
INSERT INTO mentoring.programme (id, name, model)
VALUES (900001, 'First', 'one_to_one');
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
VALUES (900001, 900011, 900011, 'mentee', 'accepted'),
       (900001, 900012, 900012, 'mentor', 'accepted');

-- A table of state, and the columns a row of it needs besides the status.
CREATE TEMP TABLE object (name text, states text[], columns text, row_values text);
INSERT INTO object VALUES
    ('programme',
     '{draft,recruiting,matching,running,closed}',
     'name, model', '''x'', ''peer'''),
    ('participant',
     '{applied,accepted,waitlisted,declined,withdrawn,completed}',
     'programme_id, person_id, role', '900001, 900001, ''mentor'''),
    ('match_run',
     '{draft,published,discarded}',
     'programme_id, method', '900001, ''greedy'''),
    ('relationship',
     '{proposed,trial,active,paused,completed,ended}',
     'programme_id', '900001'),
    ('request',
     '{waiting,asked,accepted,declined,expired,withdrawn}',
     'programme_id, mentee_id, mentor_id', '900001, 900011, 900012');

-- The states are those the tables allow.
SELECT o.name
  FROM object AS o
  JOIN pg_constraint AS c
    ON c.conrelid = ('mentoring.' || o.name)::regclass
   AND c.conname = o.name || '_status_check'
 WHERE ARRAY(SELECT m[1]
               FROM regexp_matches(pg_get_constraintdef(c.oid), '''(\w+)''',
                                   'g') AS m
              ORDER BY 1)
       IS DISTINCT FROM ARRAY(SELECT s FROM unnest(o.states) AS s ORDER BY s);

-- Each state to each state.  Any may be inserted.
CREATE TEMP TABLE tried (
    object text, from_state text, to_state text, result text);
DO $$
DECLARE
    o object;
    a text;
    b text;
    outcome text;
    row_id bigint;
BEGIN
    FOR o IN SELECT * FROM object LOOP
        FOREACH a IN ARRAY o.states LOOP
            FOREACH b IN ARRAY o.states LOOP
                BEGIN
                    EXECUTE format(
                        'INSERT INTO mentoring.%I (%s, status)
                         VALUES (%s, %L) RETURNING id',
                        o.name, o.columns, o.row_values, a) INTO row_id;
                    BEGIN
                        EXECUTE format(
                            'UPDATE mentoring.%I SET status = %L WHERE id = %s',
                            o.name, b, row_id);
                        outcome = 'ok';
                    EXCEPTION WHEN OTHERS THEN
                        outcome = SQLSTATE;
                    END;
                    RAISE SQLSTATE 'UNDO0';
                EXCEPTION WHEN SQLSTATE 'UNDO0' THEN
                    INSERT INTO tried VALUES (o.name, a, b, outcome);
                END;
            END LOOP;
        END LOOP;
    END LOOP;
END
$$;
SELECT t.object || ': ' || t.from_state || ' ->',
       string_agg(t.to_state, ', ' ORDER BY array_position(o.states, t.to_state))
  FROM tried AS t
  JOIN object AS o ON o.name = t.object
 WHERE t.result = 'ok'
 GROUP BY t.object, t.from_state, o.states
 ORDER BY t.object COLLATE "C", array_position(o.states, t.from_state);
SELECT object, count(*), count(*) FILTER (WHERE result = 'ok'),
       count(*) FILTER (WHERE result = '55000')
  FROM tried GROUP BY object ORDER BY object COLLATE "C";

-- The table says the same, no more and no less, and who may.
SELECT 'not as listed:', object, from_state, to_state
  FROM (SELECT object, from_state, to_state
          FROM tried WHERE result = 'ok' AND from_state <> to_state) AS t
  FULL JOIN (SELECT DISTINCT object, from_state, to_state
               FROM mentoring.transition
              WHERE object IN (SELECT name FROM object)) AS m
 USING (object, from_state, to_state)
 WHERE t IS NULL OR m IS NULL;
SELECT object, from_state, to_state,
       string_agg(by_whom, ', ' ORDER BY by_whom COLLATE "C")
  FROM mentoring.transition
 WHERE object IN ('participant', 'relationship', 'request')
 GROUP BY object, from_state, to_state
HAVING string_agg(by_whom, '') <> 'coordinator'
 ORDER BY object COLLATE "C", from_state COLLATE "C", to_state COLLATE "C";
INSERT INTO mentoring.transition VALUES ('programme', 'closed', 'draft', 'me');

-- What the message says.
INSERT INTO mentoring.participant (programme_id, id, person_id, role)
VALUES (900001, 900001, 900001, 'mentee');
\set VERBOSITY default
UPDATE mentoring.participant SET status = 'completed' WHERE id = 900001;
UPDATE mentoring.participant SET status = 'retired' WHERE id = 900001;
UPDATE mentoring.programme SET status = 'closed' WHERE id = 900001;
UPDATE mentoring.programme SET status = 'draft' WHERE id = 900001;
\set VERBOSITY terse
UPDATE mentoring.participant SET status = NULL WHERE id = 900001;

-- No change is no transition, whatever else changes.
UPDATE mentoring.programme SET status = 'closed', purpose = 'over'
 WHERE id = 900001 RETURNING status, purpose;

-- One statement, several rows: all or nothing.
INSERT INTO mentoring.relationship (programme_id, id, status)
VALUES (900001, 900001, 'active'), (900001, 900002, 'proposed');
UPDATE mentoring.relationship SET status = 'paused' WHERE programme_id = 900001;
SELECT id, status FROM mentoring.relationship
 WHERE programme_id = 900001 ORDER BY id;
-- ON CONFLICT and MERGE are updates, too.
INSERT INTO mentoring.relationship (programme_id, id, status)
VALUES (900001, 900002, 'paused')
ON CONFLICT (id, programme_id) DO UPDATE SET status = EXCLUDED.status;
MERGE INTO mentoring.relationship AS r
USING (VALUES (900002, 'completed')) AS v (id, status)
   ON r.programme_id = 900001 AND r.id = v.id
 WHEN MATCHED THEN UPDATE SET status = v.status;

-- A client needs no right on the table of transitions, and none of its own
-- tables, functions or operators takes the place of the right one.
CREATE ROLE regress_mentoring_client;
GRANT USAGE ON SCHEMA mentoring TO regress_mentoring_client;
GRANT SELECT, UPDATE ON mentoring.participant TO regress_mentoring_client;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA mentoring TO regress_mentoring_client;
CREATE POLICY regress_mentoring_client ON mentoring.participant
    TO regress_mentoring_client USING (true);
CREATE SCHEMA regress_hostile AUTHORIZATION regress_mentoring_client;
SET LOCAL ROLE regress_mentoring_client;
CREATE TABLE regress_hostile.transition (
    object text, from_state text, to_state text, by_whom text);
INSERT INTO regress_hostile.transition
VALUES ('participant', 'applied', 'completed', 'self');
CREATE FUNCTION regress_hostile.yes(text, text) RETURNS boolean
LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR regress_hostile.= (
    FUNCTION = regress_hostile.yes, LEFTARG = text, RIGHTARG = text);
CREATE FUNCTION regress_hostile.bool_or(boolean) RETURNS boolean
LANGUAGE sql AS 'SELECT true';
SET LOCAL search_path = regress_hostile, pg_catalog;
SELECT count(*) FROM mentoring.transition;
UPDATE mentoring.participant SET status = 'completed'
 WHERE id OPERATOR(pg_catalog.=) 900001;
UPDATE mentoring.participant SET status = 'accepted'
 WHERE id OPERATOR(pg_catalog.=) 900001 RETURNING status;
UPDATE mentoring.participant SET status = 'applied'
 WHERE id OPERATOR(pg_catalog.=) 900001;
RESET search_path;
RESET ROLE;

-- The trigger function refuses any other use.
CREATE TABLE pg_temp.wrong (id bigint, status text);
CREATE TRIGGER wrong BEFORE INSERT ON pg_temp.wrong
FOR EACH ROW EXECUTE FUNCTION mentoring._check_transition();
INSERT INTO pg_temp.wrong VALUES (1, 'x');
DROP TRIGGER wrong ON pg_temp.wrong;
CREATE TRIGGER wrong AFTER UPDATE ON pg_temp.wrong
FOR EACH ROW EXECUTE FUNCTION mentoring._check_transition();
INSERT INTO pg_temp.wrong VALUES (1, 'x');
UPDATE pg_temp.wrong SET status = 'y';
SELECT mentoring._check_transition();

ROLLBACK;

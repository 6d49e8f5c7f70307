-- Ways round row security that have worked elsewhere.

\set QUIET on
\pset format unaligned
\pset tuples_only on
SET datestyle = 'ISO';
BEGIN;
\o /dev/null
\set input `echo "$PG_ABS_SRCDIR/access_setup.sql"`
\i :input
\o
CREATE SCHEMA regress_leak AUTHORIZATION regress_app;
SELECT mentoring.rebuild_learning_log();

-- A cheap function in WHERE is asked about rows one may see, and no other.
SELECT pg_temp.as('ben');
CREATE FUNCTION regress_leak.tell(anyelement) RETURNS boolean
LANGUAGE plpgsql COST 0.0000001 AS $$
BEGIN RAISE NOTICE 'told of %', $1; RETURN true; END
$$;
CREATE FUNCTION regress_leak.told(statement text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
BEGIN
    EXECUTE statement;
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END
$$;
SELECT regress_leak.told('SELECT FROM mentoring.learning_log WHERE regress_leak.tell(reflection)');
SELECT regress_leak.told('SELECT FROM mentoring.person WHERE regress_leak.tell(display_name)');
SELECT regress_leak.told('SELECT FROM mentoring.participant WHERE regress_leak.tell(bio)');
SELECT regress_leak.told('SELECT FROM mentoring.partner WHERE regress_leak.tell(bio)');
SELECT regress_leak.told('SELECT FROM mentoring.waiting_list WHERE regress_leak.tell(participant_id)');
SELECT regress_leak.told('SELECT FROM mentoring.learning_by_participant WHERE regress_leak.tell(participant_id)');
SELECT regress_leak.told('SELECT FROM mentoring.learning_by_relationship_week WHERE regress_leak.tell(relationship_id)');
SELECT regress_leak.told('SELECT FROM mentoring.request WHERE regress_leak.tell(reason)');

-- Nor does an expression fail for a row one may not see.
SELECT pg_temp.said('SELECT FROM mentoring.learning_log WHERE 1 / (minutes - 10) > 0');
SELECT pg_temp.said('SELECT FROM mentoring.learning_log WHERE 1 / (minutes - 20) > 0');
SELECT pg_temp.said('SELECT FROM mentoring.person WHERE display_name::integer > 0 AND id = 7102');
SELECT pg_temp.said('SELECT FROM mentoring.partner WHERE 1 / (participant_id - 7116) > 0');
SELECT pg_temp.said('SELECT FROM mentoring.waiting_list WHERE 1 / (participant_id - 7116) > 0');
SELECT pg_temp.said('SELECT FROM mentoring.learning_by_participant WHERE 1 / (minutes - 100) > 0');

-- Statistics: not shown, and not given to a function of one's own.
RESET ROLE;
ANALYZE mentoring.learning_log;
ANALYZE mentoring.person;
SELECT count(*) > 0 FROM pg_stats
 WHERE schemaname = 'mentoring' AND tablename = 'learning_log';
SELECT pg_temp.as('ben');
SELECT count(*) FROM pg_stats WHERE schemaname = 'mentoring';
CREATE FUNCTION regress_leak.below(text, text) RETURNS boolean
LANGUAGE plpgsql COST 0.0000001 AS $$
BEGIN RAISE NOTICE 'told of % and %', $1, $2; RETURN true; END
$$;
CREATE OPERATOR regress_leak.<<< (
    FUNCTION = regress_leak.below, LEFTARG = text, RIGHTARG = text,
    RESTRICT = scalarltsel);
CREATE OPERATOR regress_leak.=== (
    FUNCTION = regress_leak.below, LEFTARG = text, RIGHTARG = text,
    RESTRICT = eqsel, JOIN = eqjoinsel);
\o /dev/null
EXPLAIN SELECT FROM mentoring.learning_log
 WHERE reflection OPERATOR(regress_leak.<<<) 'x';
EXPLAIN SELECT FROM mentoring.person
 WHERE display_name OPERATOR(regress_leak.===) 'x';
EXPLAIN SELECT FROM mentoring.person a JOIN mentoring.person b
    ON a.display_name OPERATOR(regress_leak.===) b.email;
\o

-- Keys: that a value is taken can't be kept secret; what else is in the row is.
SELECT pg_temp.as('ana');
SELECT pg_temp.said('INSERT INTO mentoring.learning_log
    (programme_id, participant_id, source, source_event_id)
    VALUES (7101, 7112, ''lms'', ''evt-1'')');
SELECT pg_temp.as('eva');
SELECT pg_temp.said('INSERT INTO mentoring.learning_log
    (programme_id, participant_id, source, source_event_id)
    VALUES (7101, 7116, ''lms'', ''evt-1'')');
SELECT pg_temp.said('INSERT INTO mentoring.learning_log
    (programme_id, participant_id, source, source_event_id)
    VALUES (7101, 7116, ''lms'', ''evt-1'')
    ON CONFLICT DO NOTHING RETURNING reflection');
SELECT pg_temp.said('INSERT INTO mentoring.learning_log
    (programme_id, participant_id, source, source_event_id)
    VALUES (7101, 7116, ''lms'', ''evt-1'')
    ON CONFLICT (programme_id, source, source_event_id)
    DO UPDATE SET minutes = 1 RETURNING reflection');
SELECT pg_temp.said('INSERT INTO mentoring.learning_log
    (programme_id, participant_id, relationship_id) VALUES (7101, 7116, 7101)');
SELECT pg_temp.said('INSERT INTO mentoring.preference
    (programme_id, participant_id, preferred_id, rank)
    VALUES (7101, 7116, 999999, 1)');

-- Ids are the sequence's: with one's own row under another's id, what is his
-- would be one's own.
SELECT pg_temp.said('INSERT INTO mentoring.participant
    (programme_id, id, person_id, role) VALUES (7102, 7112, 7106, ''peer'')');
SELECT pg_temp.said(format('SELECT setval(%L, 1)',
    pg_get_serial_sequence('mentoring.participant', 'id')));
RESET ROLE;
-- where somebody else has done it, the rows concern nobody
INSERT INTO mentoring.participant (programme_id, id, person_id, role)
VALUES (7102, 7112, 7107, 'peer');
INSERT INTO mentoring.relationship (programme_id, id) VALUES (7102, 7101);
INSERT INTO mentoring.relationship_member
    (programme_id, relationship_id, participant_id, role)
VALUES (7102, 7101, 7122, 'mentee');
SELECT * FROM pg_temp.each('ana tom', 'SELECT FROM mentoring.learning_log');
SELECT * FROM pg_temp.each('ben', 'SELECT FROM mentoring.learning_log');
SELECT * FROM pg_temp.each('eva', 'SELECT FROM mentoring.relationship_member
    WHERE relationship_id = 7101');
DELETE FROM mentoring.relationship_member WHERE programme_id = 7102;
DELETE FROM mentoring.relationship WHERE programme_id = 7102;
DELETE FROM mentoring.participant WHERE programme_id = 7102 AND id = 7112;

-- What isn't subject to row security isn't granted.
SELECT * FROM pg_temp.each('cora', 'TRUNCATE mentoring.learning_log');
SELECT * FROM pg_temp.each('cora', 'CREATE TRIGGER t AFTER INSERT
    ON mentoring.learning_log FOR EACH ROW EXECUTE FUNCTION mentoring._check_update()');
SELECT * FROM pg_temp.each('cora', 'ALTER TABLE mentoring.learning_log DISABLE ROW LEVEL SECURITY');
SELECT * FROM pg_temp.each('cora', 'CREATE TABLE mentoring.x (i integer)');
SELECT * FROM pg_temp.each('cora', 'CREATE VIEW regress_leak.v AS SELECT * FROM mentoring._level_right()');
SELECT * FROM pg_temp.each('cora', 'SET row_security = off; SELECT FROM mentoring.learning_log');
SELECT * FROM pg_temp.each('cora', 'CREATE TEMP TABLE copy (
    participant_id bigint REFERENCES mentoring.person)');

-- One plan for several people: a prepared statement, a function's
SELECT pg_temp.as('ana');
PREPARE entries AS SELECT count(*) FROM mentoring.learning_log;
SET LOCAL plan_cache_mode = force_generic_plan;
EXECUTE entries;
SELECT pg_temp.as('ben');
EXECUTE entries;
SELECT pg_temp.as('nobody');
EXECUTE entries;
RESET ROLE;
EXECUTE entries;
DEALLOCATE entries;
RESET plan_cache_mode;

-- A savepoint undone takes rights that were given in it.
SELECT pg_temp.as('tom');
SELECT mentoring.my_programmes();
RESET ROLE;
SAVEPOINT a;
UPDATE mentoring.participant SET role = 'coordinator' WHERE id = 7117;
SELECT pg_temp.as('tom');
SELECT mentoring.my_programmes();
ROLLBACK TO a;
SELECT pg_temp.as('tom');
SELECT mentoring.my_programmes();
RESET ROLE;
SAVEPOINT b;
UPDATE mentoring.participant SET status = 'withdrawn' WHERE id = 7114;
SELECT pg_temp.as('cora');
SELECT mentoring.my_programmes();
ROLLBACK TO b;
SELECT pg_temp.as('cora');
SELECT mentoring.my_programmes();

-- explain_pair: ranks and vetoes are their author's; values are one's own.
RESET ROLE;
INSERT INTO mentoring.criterion (programme_id, name, kind, mentee_key, weight,
                                 minimum, params)
VALUES (7101, 'town', 'same', 'town', 3, NULL, '{}'),
       (7101, 'grade', 'near', 'grade', 1, NULL, '{"range": 10}'),
       (7101, 'liked', 'preference', NULL, 2, 0.2, '{}'),
       (7101, 'skills', 'skill_cover', NULL, 2, NULL, '{}');
INSERT INTO mentoring.participant_skill
    (programme_id, participant_id, skill_id, level, target_level)
VALUES (7101, 7116, 7101, 1, 4), (7101, 7117, 7101, 3, NULL);
INSERT INTO mentoring.preference (programme_id, participant_id, preferred_id, rank)
VALUES (7101, 7117, 7116, 1), (7101, 7116, 7117, 1), (7101, 7116, 7113, 2);
\pset null -
SELECT pg_temp.as('eva');
SELECT * FROM mentoring.explain_pair(7101, 7116, 7117);
SELECT mentoring.compatibility(7101, 7116, 7117) =
       (SELECT sum(contribution) FROM mentoring.explain_pair(7101, 7116, 7117));
SELECT pg_temp.as('tom');
SELECT * FROM mentoring.explain_pair(7101, 7116, 7117);
SELECT pg_temp.as('cora');
SELECT * FROM mentoring.explain_pair(7101, 7116, 7117);
RESET ROLE;
SELECT pg_temp.as('nobody');
SET ROLE regress_admin;
SELECT * FROM mentoring.explain_pair(7101, 7116, 7117);
RESET ROLE;
-- below the minimum, and a veto: the same to look at
DELETE FROM mentoring.preference WHERE participant_id = 7117;
INSERT INTO mentoring.preference (programme_id, participant_id, preferred_id, rank)
VALUES (7101, 7117, 7112, 1);
DELETE FROM mentoring.preference WHERE preferred_id = 7117;
SELECT pg_temp.as('eva');
SELECT criterion, kind, contribution, is_met
  FROM mentoring.explain_pair(7101, 7116, 7117);
RESET ROLE;
UPDATE mentoring.criterion SET minimum = NULL WHERE name = 'liked';
INSERT INTO mentoring.preference (programme_id, participant_id, preferred_id, is_veto)
VALUES (7101, 7117, 7116, true);
SELECT pg_temp.as('eva');
SELECT criterion, kind, contribution, is_met
  FROM mentoring.explain_pair(7101, 7116, 7117);
SELECT pg_temp.as('cora');
SELECT criterion, kind, mentor_value, is_met
  FROM mentoring.explain_pair(7101, 7116, 7117) WHERE NOT is_met;
RESET ROLE;
SELECT pg_temp.as('nobody');
SET ROLE regress_admin;
SELECT criterion, kind, mentor_value, is_met
  FROM mentoring.explain_pair(7101, 7116, 7117) WHERE NOT is_met;
RESET ROLE;
INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule, reason)
VALUES (7101, 7116, 7113, 'forbid', 'a secret of the coordinators');
SELECT pg_temp.as('eva');
SELECT kind, mentee_value, mentor_value
  FROM mentoring.explain_pair(7101, 7116, 7113) WHERE NOT is_met;
SELECT pg_temp.as('cora');
SELECT kind, mentee_value, mentor_value
  FROM mentoring.explain_pair(7101, 7116, 7113) WHERE NOT is_met;
RESET ROLE;
SELECT * FROM pg_temp.each('ana ben sam max nobody',
    'SELECT * FROM mentoring.explain_pair(7101, 7116, 7117)');
ROLLBACK;

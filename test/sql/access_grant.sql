-- Levels: given, taken, inherited, refused.

\set QUIET on
\pset format unaligned
\pset tuples_only on
\set VERBOSITY default
BEGIN;
CREATE ROLE regress_grant_a;
CREATE ROLE regress_grant_b;
CREATE ROLE regress_grant_child IN ROLE regress_grant_a;
CREATE ROLE regress_grant_stranger NOINHERIT IN ROLE regress_grant_a;
CREATE ROLE regress_grant_super SUPERUSER;
CREATE ROLE "regress grant; DROP TABLE ""x""";
CREATE FUNCTION pg_temp.said(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    value  text;
    detail text;
    hint   text;
BEGIN
    EXECUTE statement INTO value;
    RETURN value;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL,
        hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', SQLSTATE || ' ' || SQLERRM, nullif(detail, ''),
                     nullif(hint, ''));
END
$$;
CREATE TEMP VIEW held AS
SELECT role_name, level, inherited_from, can_act, is_refused
  FROM mentoring.access_report WHERE role_name LIKE 'regress%grant%'
 ORDER BY role_name COLLATE "C", level, inherited_from COLLATE "C";

-- Given: once, and again without effect; the statement for SET is printed
SELECT mentoring.grant_access('regress_grant_a', 'app');
SELECT mentoring.grant_access('regress_grant_a', 'app');
GRANT SET ON PARAMETER mentoring.person_id TO regress_grant_a;
SELECT mentoring.grant_access('regress_grant_a', 'app');
SELECT mentoring.grant_access('regress_grant_a', 'sync');
SELECT mentoring.grant_access('regress grant; DROP TABLE "x"', 'analyst');
TABLE held;
SELECT role_name = current_user, action, object, detail
  FROM mentoring.access_event ORDER BY id;

-- What it consists of: the levels that were given, no more
SELECT has_table_privilege('regress_grant_a', 'mentoring.participant', 'SELECT'),
       has_column_privilege('regress_grant_a', 'mentoring.participant', 'bio', 'UPDATE'),
       has_column_privilege('regress_grant_a', 'mentoring.participant', 'id', 'UPDATE'),
       has_table_privilege('regress_grant_a', 'mentoring.access_event', 'SELECT'),
       has_table_privilege('regress_grant_child', 'mentoring.participant', 'SELECT'),
       has_table_privilege('regress_grant_stranger', 'mentoring.participant', 'SELECT');
SET LOCAL ROLE regress_grant_child;
SELECT mentoring.has_level('app'), mentoring.has_level('sync'),
       mentoring.has_level('analyst'), mentoring.has_level('admin');
SELECT pg_temp.said('SELECT mentoring.has_level(''boss'')');
RESET ROLE;
SELECT count(*) FROM information_schema.table_privileges
 WHERE table_schema = 'mentoring' AND grantee LIKE 'regress%grant%'
   AND privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER')
    OR table_schema = 'mentoring' AND grantee LIKE 'regress%grant%'
   AND is_grantable = 'YES';

-- An upgrade adds a column: granted again, it's there
ALTER TABLE mentoring.preference ADD COLUMN note text;
SELECT has_column_privilege('regress_grant_a', 'mentoring.preference', 'note', 'INSERT');
\set VERBOSITY terse
SELECT mentoring.grant_access('regress_grant_a', 'app');
\set VERBOSITY default
SELECT has_column_privilege('regress_grant_a', 'mentoring.preference', 'note', 'INSERT');
ALTER TABLE mentoring.preference DROP COLUMN note;

-- Taken: one level leaves what the other needs
SELECT mentoring.revoke_access('regress_grant_a', 'app');
SELECT has_table_privilege('regress_grant_a', 'mentoring.person', 'SELECT'),
       has_table_privilege('regress_grant_a', 'mentoring.person', 'INSERT'),
       has_table_privilege('regress_grant_a', 'mentoring.participant', 'SELECT'),
       has_schema_privilege('regress_grant_a', 'mentoring', 'USAGE');
SELECT mentoring.revoke_access('regress_grant_a', 'app');
SELECT mentoring.revoke_access('regress_grant_a');
SELECT mentoring.revoke_access('regress_grant_a');
SELECT mentoring.revoke_access('regress grant; DROP TABLE "x"');
TABLE held;
-- nothing is left
SELECT object_type, count(*)
  FROM (SELECT 'column' AS object_type FROM information_schema.column_privileges
         WHERE table_schema = 'mentoring' AND grantee LIKE 'regress%grant%'
        UNION ALL
        SELECT 'routine' FROM information_schema.routine_privileges
         WHERE routine_schema = 'mentoring' AND grantee LIKE 'regress%grant%'
        UNION ALL
        SELECT 'usage' FROM information_schema.usage_privileges
         WHERE object_schema = 'mentoring' AND grantee LIKE 'regress%grant%') p
 GROUP BY 1;
SELECT has_schema_privilege('regress_grant_a', 'mentoring', 'USAGE');

-- Refused
SELECT pg_temp.said('SELECT mentoring.grant_access(''nobody here'', ''app'')');
SELECT pg_temp.said('SELECT mentoring.grant_access(''public'', ''app'')');
SELECT pg_temp.said('SELECT mentoring.grant_access(NULL, ''app'')');
SELECT pg_temp.said('SELECT mentoring.grant_access(''regress_grant_a'', ''boss'')');
SELECT pg_temp.said('SELECT mentoring.grant_access(''regress_grant_a'', NULL)');
SELECT pg_temp.said('SELECT mentoring.revoke_access(''nobody here'')');
SELECT pg_temp.said('SELECT mentoring.revoke_access(''regress_grant_a'', ''boss'')');
GRANT USAGE ON SCHEMA mentoring TO regress_grant_b;
GRANT EXECUTE ON FUNCTION mentoring.grant_access, mentoring.revoke_access,
    mentoring._check_grant TO regress_grant_b;
SET LOCAL ROLE regress_grant_b;
SELECT regexp_replace(pg_temp.said('SELECT mentoring.grant_access(''regress_grant_b'', ''admin'')'), 'Call it as ".*"', 'Call it as (owner)');
SELECT regexp_replace(pg_temp.said('SELECT mentoring.revoke_access(''regress_grant_a'')'), 'Call it as ".*"', 'Call it as (owner)');
RESET ROLE;

-- Admin and SET: not together
SELECT pg_temp.said('SELECT mentoring.grant_access(''regress_grant_a'', ''admin'')');
REVOKE SET ON PARAMETER mentoring.person_id FROM regress_grant_a;
SELECT mentoring.grant_access('regress_grant_a', 'admin');
SET LOCAL ROLE regress_grant_child;
SELECT mentoring.my_programmes() IS NOT NULL;
RESET ROLE;
GRANT SET ON PARAMETER mentoring.person_id TO regress_grant_child;
TABLE held;
SET LOCAL ROLE regress_grant_child;
SELECT f, pg_temp.said(format('SELECT mentoring.%s', f))
  FROM unnest(ARRAY['my_person()', 'my_people()', 'my_participants()',
                    'my_relationships()', 'my_partners()', 'my_programmes()',
                    'my_participations()', 'my_level_programmes(''admin'')',
                    'has_level(''app'')', 'match(1)', 'fold_learning_log()']) f;
SELECT pg_temp.said('SELECT count(*) FROM mentoring.participant');
RESET ROLE;
-- act_as, which the level doesn't have
GRANT EXECUTE ON FUNCTION mentoring.act_as TO regress_grant_child;
SET LOCAL ROLE regress_grant_child;
SELECT pg_temp.said('SELECT mentoring.act_as(''local'', ''nobody'')');
RESET ROLE;
-- one of the two is enough
REVOKE SET ON PARAMETER mentoring.person_id FROM regress_grant_child;
SET LOCAL ROLE regress_grant_child;
SELECT mentoring.my_programmes() IS NOT NULL;
RESET ROLE;
-- superusers may everything
SELECT mentoring.grant_access('regress_grant_super', 'admin');
GRANT SET ON PARAMETER mentoring.person_id TO regress_grant_super;
SET LOCAL ROLE regress_grant_super;
SELECT mentoring.my_programmes() IS NOT NULL, mentoring.has_level('sync');
RESET ROLE;
ROLLBACK;

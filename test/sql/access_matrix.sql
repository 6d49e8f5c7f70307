-- Who may do what: every table, view and function of the extension, for every
-- kind of caller.
--
-- The data are those of test/fixture.sql, which fills every table, so that a
-- table, view or function that is new shows up here by itself.  A cell gives
-- how many rows the caller may read, insert again, update and delete; "-"
-- where a privilege is missing.  Inserts and deletes are tried row by row (60
-- of a table, those of the actors' programme first) and undone; one that a key
-- or a foreign key refuses was allowed by row security.  An update sets a
-- column to itself; 42501 is a row that may not stay as it is.

\set QUIET on
SET client_min_messages = warning;
SET datestyle = 'ISO';
\pset format unaligned
\pset tuples_only on

BEGIN;
\o /dev/null
-- the same ids whatever was there before; it comes back
DELETE FROM mentoring.event;
DELETE FROM mentoring.access_event;
DO $$
DECLARE
    s regclass;
BEGIN
    FOR s IN SELECT oid FROM pg_class
              WHERE relnamespace = 'mentoring'::regnamespace AND relkind = 'S'
    LOOP
        EXECUTE format('ALTER SEQUENCE %s RESTART', s);
    END LOOP;
END
$$;
\set input `echo "$PG_ABS_SRCDIR/fixture.sql"`
\i :input
CREATE ROLE regress_access_app;
CREATE ROLE regress_access_sync;
CREATE ROLE regress_access_analyst;
CREATE ROLE regress_access_admin;
CREATE ROLE regress_access_none;
GRANT USAGE ON SCHEMA mentoring TO regress_access_none;
SELECT mentoring.grant_access('regress_access_app', 'app'),
       mentoring.grant_access('regress_access_sync', 'sync'),
       mentoring.grant_access('regress_access_analyst', 'analyst'),
       mentoring.grant_access('regress_access_admin', 'admin');
GRANT SET ON PARAMETER mentoring.person_id TO regress_access_app;
\o

-- A relationship under way whose mentee has written, the two in it, the
-- mentee's manager, a coordinator of the programme, and one of another.
CREATE TEMP TABLE pair AS
SELECT m.programme_id, m.relationship_id, m.participant_id AS mentee_id,
       o.participant_id AS mentor_id, e.person_id AS mentee,
       q.person_id AS mentor,
       (SELECT max(id) FROM mentoring.match_run n
         WHERE n.programme_id = m.programme_id) AS run_id
  FROM mentoring.relationship_member m
  JOIN mentoring.relationship r
    ON r.id = m.relationship_id AND r.programme_id = m.programme_id
   AND r.status = 'active'
  JOIN mentoring.relationship_member o
    ON o.relationship_id = r.id AND o.programme_id = r.programme_id
   AND o.role = 'mentor'
  JOIN mentoring.participant e
    ON e.id = m.participant_id AND e.programme_id = m.programme_id
  JOIN mentoring.participant q
    ON q.id = o.participant_id AND q.programme_id = o.programme_id
 WHERE m.role = 'mentee'
   AND EXISTS (SELECT FROM mentoring.learning_log l
                WHERE l.participant_id = m.participant_id
                  AND l.visibility = 'private')
 ORDER BY r.id, m.participant_id LIMIT 1;
INSERT INTO mentoring.person (id, external_id, display_name)
VALUES (9001, 'stranger', 'Stranger'), (9002, 'coordinator', 'Coordinator'),
       (9003, 'elsewhere', 'Coordinator elsewhere'),
       (9004, 'manager', 'Manager');
UPDATE mentoring.person SET manager_id = 9004
 WHERE id IN (SELECT mentee FROM pair);
INSERT INTO mentoring.participant (programme_id, person_id, role, status)
SELECT programme_id, 9002, 'coordinator', 'accepted' FROM pair
UNION ALL
SELECT p.id, 9003, 'coordinator', 'accepted' FROM mentoring.programme p
 WHERE p.id NOT IN (SELECT programme_id FROM pair)
   AND EXISTS (SELECT FROM mentoring.match_run m WHERE m.programme_id = p.id);

-- The totals, as transactions leave them: applied, to be folded, spilled.
\o /dev/null
SELECT mentoring.rebuild_learning_log();
INSERT INTO mentoring.learning_delta (programme_id, day, entries, minutes,
    participants, skill_entries, skill_minutes, skill_participants, gain,
    gain_entries)
SELECT programme_id, '2025-01-01', 0, 0, 0, 0, 0, 0, 0, 0 FROM pair;
INSERT INTO mentoring.learning_spill (programme_id, participant_id,
    relationship_id, day, entries, minutes, gain, gain_entries)
SELECT programme_id, mentee_id, relationship_id, '2025-01-01', 0, 0, 0, 0
  FROM pair;
\o

CREATE TEMP TABLE actor (place integer, name text, role text, person bigint);
INSERT INTO actor
SELECT v.* FROM pair CROSS JOIN LATERAL (VALUES
    (1, 'nobody', 'app', NULL),
    (2, 'stranger', 'app', 9001),
    (3, 'mentee', 'app', mentee),
    (4, 'mentor', 'app', mentor),
    (5, 'manager', 'app', 9004),
    (6, 'coordinator', 'app', 9002),
    (7, 'elsewhere', 'app', 9003),
    (8, 'sync', 'sync', NULL),
    (9, 'analyst', 'analyst', NULL),
    (10, 'admin', 'admin', NULL),
    (11, 'none', 'none', NULL)) AS v;

-- Run a statement as an actor and undo it: rows, or the error.
CREATE FUNCTION pg_temp.try(who actor, statement text,
                            OUT rows bigint, OUT state text)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('mentoring.person_id', coalesce(who.person::text, ''),
                       true);
    PERFORM set_config('role', 'regress_access_' || who.role, true);
    EXECUTE statement;
    GET DIAGNOSTICS rows = ROW_COUNT;
    RAISE EXCEPTION USING ERRCODE = 'ZZ001';
EXCEPTION
    WHEN SQLSTATE 'ZZ001' THEN state := 'ok';
    WHEN OTHERS THEN state := SQLSTATE;
END
$$;

CREATE FUNCTION pg_temp.columns(tab regclass, role text, privilege text)
RETURNS text
LANGUAGE sql AS $$
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum)
      FROM pg_attribute
     WHERE attrelid = tab AND attnum > 0 AND NOT attisdropped
       AND has_column_privilege('regress_access_' || role, tab, attnum,
                                privilege)
$$;

-- The rows tried one by one, as conditions and as values.
CREATE FUNCTION pg_temp.tried(tab regclass, names text)
RETURNS TABLE (condition text, data jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    key text;
BEGIN
    SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY k.n) INTO key
      FROM pg_index i
     CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, n)
      JOIN pg_attribute a ON a.attrelid = tab AND a.attnum = k.attnum
     WHERE i.indrelid = tab AND i.indisprimary;
    RETURN QUERY EXECUTE format(
        'SELECT format(''(%%s) = (%%s)'', %L, concat_ws('', '', %s)), to_jsonb(t)'
        ' FROM %s t ORDER BY %s%s LIMIT 60',
        key, (SELECT string_agg(format('quote_literal(%s)', c), ', ')
                FROM unnest(string_to_array(key, ', ')) c), tab,
        (SELECT 'programme_id <> (SELECT programme_id FROM pair), '
           FROM pg_attribute
          WHERE attrelid = tab AND attname = 'programme_id'), key);
END
$$;

CREATE FUNCTION pg_temp.cell(who actor, tab regclass, is_table boolean)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    r         record;
    cells     text[] := '{}';
    n         bigint;
    names     text := pg_temp.columns(tab, who.role, 'SELECT');
    granted   text := 'regress_access_' || who.role;
BEGIN
    IF names IS NULL THEN
        cells := cells || '-'::text;
    ELSE
        SELECT * INTO r FROM pg_temp.try(who, format('SELECT %s FROM %s',
                                                     names, tab));
        cells := cells || CASE WHEN r.state = 'ok' THEN r.rows::text
                               ELSE r.state END;
    END IF;
    IF NOT is_table THEN
        RETURN cells[1];
    END IF;

    names := pg_temp.columns(tab, who.role, 'INSERT');
    IF names IS NULL THEN
        cells := cells || '-'::text;
    ELSE
        SELECT count(*) INTO n
          FROM pg_temp.tried(tab, names) t
         CROSS JOIN LATERAL pg_temp.try(who, format(
                   'INSERT INTO %s (%s) SELECT %s FROM'
                   ' jsonb_populate_record(NULL::%s, %L)',
                   tab, names, names, tab, t.data)) x
         WHERE x.state <> '42501';
        cells := cells || n::text;
    END IF;

    names := split_part(pg_temp.columns(tab, who.role, 'UPDATE'), ', ', 1);
    IF names IS NULL THEN
        cells := cells || '-'::text;
    ELSE
        SELECT * INTO r FROM pg_temp.try(who, format('UPDATE %s SET %s = %s',
                                                     tab, names, names));
        cells := cells || CASE WHEN r.state = 'ok' THEN r.rows::text
                               ELSE r.state END;
    END IF;

    IF NOT has_table_privilege(granted, tab, 'DELETE') THEN
        cells := cells || '-'::text;
    ELSE
        SELECT count(*) INTO n
          FROM pg_temp.tried(tab, NULL) t
         CROSS JOIN LATERAL pg_temp.try(who, format('DELETE FROM %s WHERE %s',
                                                    tab, t.condition)) x
         WHERE x.rows > 0 OR x.state NOT IN ('ok', '42501');
        cells := cells || n::text;
    END IF;
    RETURN CASE WHEN cells = '{-,-,-,-}' THEN '-'
                ELSE array_to_string(cells, ' ') END;
END
$$;

SELECT 'object|rows|' || string_agg(name, '|' ORDER BY place) FROM actor;
SELECT c.relname, CASE c.relkind WHEN 'r' THEN
           (xpath('/row/n/text()', query_to_xml(format(
               'SELECT count(*) AS n FROM %s', c.oid::regclass),
               false, true, '')))[1]::text ELSE '' END,
       string_agg(pg_temp.cell(a, c.oid::regclass, c.relkind = 'r'), '|'
                  ORDER BY a.place)
  FROM pg_class c
 CROSS JOIN actor a
 WHERE c.relnamespace = 'mentoring'::regnamespace AND c.relkind IN ('r', 'v')
 GROUP BY c.relkind, c.relname, c.oid
 ORDER BY c.relkind, c.relname COLLATE "C";

-- Functions: a call of each that is public, and whether it went.  A function
-- without a call is listed as one.
CREATE TEMP TABLE call (name text, text text);
INSERT INTO call
SELECT v.* FROM pair CROSS JOIN LATERAL (VALUES
    ('version', 'SELECT mentoring.version()'),
    ('has_level', 'SELECT mentoring.has_level(''app'')'),
    ('current_person', 'SELECT mentoring.current_person()'),
    ('act_as', 'SELECT mentoring.act_as(''hr'', ''E7'')'),
    ('person_id', 'SELECT mentoring.person_id(''hr'', ''E7'')'),
    ('my_person', 'SELECT mentoring.my_person()'),
    ('my_people', 'SELECT mentoring.my_people()'),
    ('my_participants', 'SELECT mentoring.my_participants()'),
    ('my_relationships', 'SELECT mentoring.my_relationships()'),
    ('my_partners', 'SELECT mentoring.my_partners()'),
    ('my_programmes', 'SELECT mentoring.my_programmes()'),
    ('my_participations', 'SELECT mentoring.my_participations()'),
    ('my_level_programmes', 'SELECT mentoring.my_level_programmes(''admin'')'),
    ('compatibility', format('SELECT mentoring.compatibility(%s, %s, %s)',
                             programme_id, mentee_id, mentor_id)),
    ('explain_pair', format('SELECT mentoring.explain_pair(%s, %s, %s)',
                            programme_id, mentee_id, mentor_id)),
    ('recommend', format('SELECT mentoring.recommend(%s, %s)',
                         programme_id, mentee_id)),
    ('pair_scores', format('SELECT mentoring.pair_scores(%s)', programme_id)),
    ('default_criteria', format('SELECT mentoring.default_criteria(%s)',
                                programme_id)),
    ('match', format('SELECT mentoring.match(%s)', programme_id)),
    ('rematch', format('SELECT mentoring.rematch(%s, %s)', programme_id, run_id)),
    ('verify_match', format('SELECT mentoring.verify_match(%s, %s)', programme_id, run_id)),
    ('diff_match', format('SELECT mentoring.diff_match(%s, %s, %2$s)', programme_id, run_id)),
    ('publish_match', format('SELECT mentoring.publish_match(%s, mentoring.match(%1$s))', programme_id)),
    ('discard_match', format('SELECT mentoring.discard_match(%s, mentoring.match(%1$s))', programme_id)),
    ('shortage', format('SELECT mentoring.shortage(%s)', programme_id)),
    ('price_of_rules', format('SELECT mentoring.price_of_rules(%s)',
                              programme_id)),
    ('solve_assignment', 'SELECT mentoring.solve_assignment(''SELECT 1 AS left_id, 2 AS right_id, 1 AS score'')'),
    ('solve_stable', 'SELECT mentoring.solve_stable(''SELECT 1 AS left_id, 2 AS right_id, 1 AS left_score, 1 AS right_score'')'),
    ('solve_pairing', 'SELECT mentoring.solve_pairing(''SELECT 1 AS a_id, 2 AS b_id, 1 AS score'')'),
    ('solve_circles', 'SELECT mentoring.solve_circles(''SELECT 1 AS a_id, 2 AS b_id, 1 AS score'', 2, 2)'),
    ('request_mentor', format('SELECT mentoring.request_mentor(%s, %s, %s)',
                              programme_id, mentee_id, mentor_id)),
    ('answer_request', format('SELECT mentoring.answer_request(%s, 0, false)',
                              programme_id)),
    ('expire_requests', format('SELECT mentoring.expire_requests(%s)',
                               programme_id)),
    ('verify_load', 'SELECT mentoring.verify_load()'),
    ('rebuild_load', 'SELECT mentoring.rebuild_load()'),
    ('verify_learning_log', 'SELECT mentoring.verify_learning_log()'),
    ('rebuild_learning_log', 'SELECT mentoring.rebuild_learning_log()'),
    ('fold_learning_log', 'SELECT mentoring.fold_learning_log()'),
    ('set_replication_mode', 'SELECT mentoring.set_replication_mode(''origin'')'),
    ('grant_access', 'SELECT mentoring.grant_access(''regress_access_none'', ''admin'')'),
    ('revoke_access', 'SELECT mentoring.revoke_access(''regress_access_none'')'),
    ('export_person', format('SELECT mentoring.export_person(%s)', mentee)),
    ('erase_person', format('SELECT mentoring.erase_person(%s)', mentee)),
    ('sync', 'SELECT mentoring.sync(''lrs'')'),
    ('register_source', 'SELECT mentoring.register_source(''lrs2'', ''xapi'', NULL)'),
    ('register_moodle', 'SELECT mentoring.register_moodle(''moodle'')'),
    ('register_canvas', 'SELECT mentoring.register_canvas(''canvas'')'),
    ('attach_trigger', 'SELECT mentoring.attach_trigger(''x'', ''y'', ''lrs'')'),
    ('detach_trigger', 'SELECT mentoring.detach_trigger(''x'', ''y'')'),
    ('import_xapi', format('SELECT mentoring.import_xapi(''[]'', ''lrs'', %s)',
                           programme_id)),
    ('xapi_statements', format('SELECT mentoring.xapi_statements(%s)',
                               programme_id)),
    ('retention', format('SELECT mentoring.retention(%s, 10)', programme_id)))
    AS v;

SELECT 'function||' || string_agg(name, '|' ORDER BY place) FROM actor;
SELECT f.proname, '',
       coalesce(string_agg(
           CASE WHEN NOT has_function_privilege('regress_access_' || a.role,
                                                f.oid, 'EXECUTE') THEN '-'
                WHEN c.text IS NULL THEN 'x'
                ELSE (pg_temp.try(a, c.text)).state END, '|' ORDER BY a.place),
           'no call')
  FROM pg_proc f
  LEFT JOIN call c ON c.name = f.proname
  LEFT JOIN actor a ON c.name IS NOT NULL OR f.proname LIKE '\_%'
 WHERE f.pronamespace = 'mentoring'::regnamespace
   AND f.prorettype <> 'trigger'::regtype
 GROUP BY f.oid, f.proname
HAVING bool_or(a.name IS NULL)
    OR bool_or(f.proname NOT LIKE '\_%')
    OR bool_or(has_function_privilege('regress_access_' || a.role, f.oid,
                                      'EXECUTE'))
 ORDER BY f.proname LIKE '\_%', f.proname COLLATE "C";
ROLLBACK;

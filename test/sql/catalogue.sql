-- What must hold for every object of the extension, read from the catalogues.
--
-- A view names each check and what offends against it; the answer for the
-- extension as it stands is the empty set.  Then bad objects are added, to see
-- that each check finds them.

-- Derived tables (their comment begins "Derived:") are filled by triggers and
-- not dumped; each names the functions that verify and rebuild it.
CREATE TEMP TABLE derived (
    table_name text PRIMARY KEY,
    verify_function text NOT NULL,
    rebuild_function text NOT NULL
);
INSERT INTO derived VALUES
    ('participant_load', 'verify_load', 'rebuild_load'),
    ('learning_day', 'verify_learning_log', 'rebuild_learning_log'),
    ('learning_author', 'verify_learning_log', 'rebuild_learning_log'),
    ('learning_programme_month', 'verify_learning_log', 'rebuild_learning_log'),
    ('learning_programme_day', 'verify_learning_log', 'rebuild_learning_log'),
    ('learning_skill_month', 'verify_learning_log', 'rebuild_learning_log'),
    ('learning_delta', 'verify_learning_log', 'rebuild_learning_log'),
    ('learning_spill', 'verify_learning_log', 'rebuild_learning_log');

CREATE TEMP VIEW member_table AS
SELECT c.oid AS id,
       c.relname AS name,
       c.relrowsecurity AND c.relforcerowsecurity AS has_row_security,
       coalesce(obj_description(c.oid, 'pg_class'), '') LIKE 'Derived:%'
           AS is_derived,
       coalesce(obj_description(c.oid, 'pg_class'), '') LIKE 'Constant:%'
           AS is_constant,
       array_position(e.extconfig, c.oid) AS config_place,
       e.extcondition[array_position(e.extconfig, c.oid)] AS config_condition,
       EXISTS (SELECT FROM pg_attribute AS a
                WHERE a.attrelid = c.oid AND a.attname = 'programme_id')
           AS in_programme
  FROM pg_class AS c
  JOIN pg_depend AS d
    ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
   AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  JOIN pg_extension AS e
    ON e.oid = d.refobjid
 WHERE e.extname = 'mentoring' AND c.relkind IN ('r', 'p');

CREATE TEMP VIEW member_relation AS
SELECT c.oid AS id, c.relname AS name, c.relkind AS kind, c.reloptions
  FROM pg_class AS c
  JOIN pg_depend AS d
    ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
   AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  JOIN pg_extension AS e
    ON e.oid = d.refobjid
 WHERE e.extname = 'mentoring';

CREATE TEMP VIEW member_function AS
SELECT p.oid AS id, p.proname AS name, p.prosecdef, p.proleakproof,
       l.lanname AS language,
       p.pronamespace,
       (SELECT split_part(setting, '=', 2)
          FROM unnest(p.proconfig) AS setting
         WHERE setting LIKE 'search\_path=%') AS search_path
  FROM pg_proc AS p
  JOIN pg_language AS l
    ON l.oid = p.prolang
  JOIN pg_depend AS d
    ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
   AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  JOIN pg_extension AS e
    ON e.oid = d.refobjid
 WHERE e.extname = 'mentoring';

-- Sequences of identity columns: members only through their table.
CREATE TEMP VIEW member_sequence AS
SELECT c.oid AS id, c.relname AS name, c.relkind AS kind,
       t.config_place AS table_place, a.attname AS column_name,
       c.oid = ANY (e.extconfig) AS is_registered
  FROM pg_class AS c
  JOIN pg_depend AS d
    ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
   AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('i', 'a')
  JOIN member_table AS t
    ON t.id = d.refobjid
  JOIN pg_attribute AS a
    ON a.attrelid = t.id AND a.attnum = d.refobjsubid
 CROSS JOIN pg_extension AS e
 WHERE e.extname = 'mentoring' AND c.relkind = 'S';

CREATE TEMP VIEW member_foreign_key AS
SELECT f.conname AS name, f.conrelid, f.confrelid, f.conkey, f.confkey,
       f.confdeltype, t.name AS table_name, t.in_programme,
       r.name AS referenced_name, coalesce(r.in_programme, false)
           AS referenced_in_programme
  FROM pg_constraint AS f
  JOIN member_table AS t
    ON t.id = f.conrelid
  LEFT JOIN member_table AS r
    ON r.id = f.confrelid
 WHERE f.contype = 'f';

-- What levels may do with tables, by operation, and what policies cover.
CREATE TEMP VIEW member_right AS
SELECT DISTINCT r.object AS table_name, split_part(p, ' ', 1) AS operation
  FROM mentoring._level_right() AS r
 CROSS JOIN string_to_table(r.privileges, ', ') AS p
  JOIN member_table AS t
    ON t.name = r.object
 WHERE r.privileges <> 'EXECUTE';

CREATE TEMP VIEW member_policy AS
SELECT p.oid AS id, t.id AS table_id, t.name AS table_name,
       p.polname AS name, o.operation,
       coalesce(pg_get_expr(p.polqual, p.polrelid), '') || ' ' ||
       coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') AS expression
  FROM pg_policy AS p
  JOIN member_table AS t
    ON t.id = p.polrelid
  JOIN (VALUES ('r'::"char", 'SELECT'), ('a', 'INSERT'), ('w', 'UPDATE'),
               ('d', 'DELETE')) AS o (command, operation)
    ON p.polcmd IN ('*', o.command);

CREATE TEMP VIEW objection AS
-- Security
SELECT 'row security is not enabled and forced' AS check_name,
       t.name::text AS object
  FROM member_table AS t
 WHERE NOT t.has_row_security
UNION ALL
SELECT 'PUBLIC may use the relation', r.name
  FROM member_relation AS r
 WHERE r.kind IN ('r', 'p', 'v', 'm', 'f')
   AND (has_table_privilege('public', r.id,
            'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
        OR has_any_column_privilege('public', r.id,
            'SELECT, INSERT, UPDATE, REFERENCES'))
UNION ALL
SELECT 'PUBLIC may use the sequence', s.name
  FROM (SELECT id, name, kind FROM member_sequence
        UNION
        SELECT id, name, kind FROM member_relation) AS s
 WHERE CASE WHEN s.kind = 'S'
            THEN has_sequence_privilege('public', s.id,
                     'USAGE, SELECT, UPDATE')
       END
UNION ALL
SELECT 'PUBLIC may call the function', f.id::regprocedure::text
  FROM member_function AS f
 WHERE has_function_privilege('public', f.id, 'EXECUTE')
UNION ALL
SELECT 'PUBLIC may use the schema', n.nspname
  FROM pg_namespace AS n
 WHERE n.nspname = 'mentoring'
   AND has_schema_privilege('public', n.oid, 'USAGE, CREATE')
UNION ALL
SELECT 'SECURITY DEFINER without pinned search_path', f.id::regprocedure::text
  FROM member_function AS f
 WHERE f.prosecdef
   AND f.search_path IS DISTINCT FROM 'pg_catalog, pg_temp'
UNION ALL
SELECT 'PL/pgSQL without pinned search_path', f.id::regprocedure::text
  FROM member_function AS f
 WHERE f.language = 'plpgsql'
   AND f.search_path IS DISTINCT FROM 'pg_catalog, pg_temp'
UNION ALL
SELECT 'LEAKPROOF', f.id::regprocedure::text
  FROM member_function AS f
 WHERE f.proleakproof
UNION ALL
SELECT 'view neither security_invoker nor security_barrier', r.name
  FROM member_relation AS r
 WHERE r.kind = 'v'
   AND NOT coalesce(r.reloptions && ARRAY['security_invoker=true',
           'security_invoker=on', 'security_barrier=true',
           'security_barrier=on'], false)
UNION ALL
SELECT 'materialized view', r.name
  FROM member_relation AS r
 WHERE r.kind = 'm'

-- Access
UNION ALL
SELECT 'a level may do it and no policy is for it',
       r.table_name || ': ' || r.operation
  FROM member_right AS r
 WHERE NOT EXISTS (SELECT FROM member_policy AS p
                    WHERE p.table_name = r.table_name
                      AND p.operation = r.operation)
UNION ALL
SELECT DISTINCT 'policy for what no level may do',
       p.name || ': ' || p.operation
  FROM member_policy AS p
 WHERE NOT EXISTS (SELECT FROM member_right AS r
                    WHERE r.table_name = p.table_name
                      AND r.operation = p.operation)
UNION ALL
SELECT 'table no level may read', t.name
  FROM member_table AS t
 WHERE NOT EXISTS (SELECT FROM member_right AS r
                    WHERE r.table_name = t.name AND r.operation = 'SELECT')
UNION ALL
SELECT 'a level may use what isn''t there', r.level || ': ' || r.object
  FROM mentoring._level_right() AS r
 WHERE NOT EXISTS (SELECT FROM member_relation AS o
                    WHERE o.name = r.object AND r.privileges <> 'EXECUTE'
                   UNION ALL
                   SELECT FROM member_function AS o
                    WHERE o.name = r.object AND r.privileges = 'EXECUTE')
UNION ALL
SELECT 'policy reads a table', p.polname
  FROM pg_policy AS p
  JOIN member_table AS t
    ON t.id = p.polrelid
  JOIN pg_depend AS d
    ON d.classid = 'pg_policy'::regclass AND d.objid = p.oid
   AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> p.polrelid
UNION ALL
SELECT DISTINCT 'policy compares a column without index',
       p.name || ': ' || m.names[1]
  FROM member_policy AS p
 CROSS JOIN regexp_matches(p.expression, '(\w+) = ANY \(\( ?SELECT', 'g')
         AS m (names)
 -- spilled rows are few and soon gone
 WHERE p.table_name <> 'learning_spill'
   AND NOT EXISTS (SELECT
                     FROM pg_index AS i
                     JOIN pg_attribute AS a
                       ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                    WHERE i.indrelid = p.table_id AND a.attname = m.names[1])
   AND NOT EXISTS (SELECT
                     FROM pg_index AS i
                     JOIN pg_attribute AS a
                       ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                     JOIN pg_attribute AS b
                       ON b.attrelid = i.indrelid AND b.attnum = i.indkey[1]
                    WHERE i.indrelid = p.table_id
                      AND a.attname = 'programme_id'
                      AND b.attname = m.names[1]
                      AND p.expression ~ ('programme_id = ANY [^=]+ AND \('
                                          || m.names[1] || ' = ANY'))
UNION ALL
SELECT DISTINCT 'policy that asks for each row', p.name
  FROM member_policy AS p
 WHERE replace(regexp_replace(p.expression,
                              '\( ?SELECT mentoring\.\w+', '', 'g'),
               'mentoring.has_level', '')
       LIKE '%mentoring.%'

-- Comments
UNION ALL
SELECT 'relation without comment', r.name
  FROM member_relation AS r
 WHERE r.kind IN ('r', 'p', 'v', 'm', 'f')
   AND coalesce(obj_description(r.id, 'pg_class'), '') = ''
UNION ALL
SELECT 'function without comment', f.id::regprocedure::text
  FROM member_function AS f
 WHERE coalesce(obj_description(f.id, 'pg_proc'), '') = ''

-- Dump
UNION ALL
SELECT 'table neither registered for dump, derived nor constant', t.name
  FROM member_table AS t
 WHERE t.config_place IS NULL AND NOT t.is_derived AND NOT t.is_constant
UNION ALL
SELECT 'derived or constant table registered for dump', t.name
  FROM member_table AS t
 WHERE t.config_place IS NOT NULL AND (t.is_derived OR t.is_constant)
UNION ALL
SELECT 'shipped rows would be dumped', t.name
  FROM member_table AS t
  JOIN pg_attribute AS a
    ON a.attrelid = t.id AND a.attname = 'is_shipped'
 WHERE t.config_place IS NOT NULL
   AND t.config_condition IS DISTINCT FROM 'WHERE NOT is_shipped'
UNION ALL
SELECT 'sequence of a registered table not registered', s.name
  FROM member_sequence AS s
 WHERE s.table_place IS NOT NULL AND NOT s.is_registered
UNION ALL
SELECT 'sequence registered without its table', s.name
  FROM member_sequence AS s
 WHERE s.table_place IS NULL AND s.is_registered
UNION ALL
SELECT 'derived table without primary key', t.name
  FROM member_table AS t
 WHERE t.is_derived
   AND NOT EXISTS (SELECT FROM pg_index AS i
                    WHERE i.indrelid = t.id AND i.indisprimary)
UNION ALL
SELECT 'derived table without verify and rebuild function', t.name
  FROM member_table AS t
 WHERE t.is_derived
   AND NOT EXISTS (SELECT
                     FROM derived AS x
                     JOIN member_function AS v
                       ON v.name = x.verify_function
                     JOIN member_function AS r
                       ON r.name = x.rebuild_function
                    WHERE x.table_name = t.name)
UNION ALL
SELECT 'foreign keys form a circle',
       string_agg(c.name, ', ' ORDER BY c.name COLLATE "C")
  FROM (WITH RECURSIVE reach (origin, target) AS (
            SELECT f.conrelid, f.confrelid
              FROM member_foreign_key AS f
             WHERE f.conrelid <> f.confrelid
            UNION
            SELECT reach.origin, f.confrelid
              FROM reach
              JOIN member_foreign_key AS f
                ON f.conrelid = reach.target AND f.conrelid <> f.confrelid
        )
        SELECT t.name
          FROM reach
          JOIN member_table AS t
            ON t.id = reach.origin
         WHERE reach.origin = reach.target) AS c
HAVING count(*) > 0

-- Keys
UNION ALL
SELECT 'foreign key without index', f.table_name || ': ' || f.name
  FROM member_foreign_key AS f
 WHERE NOT EXISTS (
           SELECT
             FROM pg_index AS i
            WHERE i.indrelid = f.conrelid AND i.indisvalid
              AND (i.indpred IS NULL
                   OR pg_get_expr(i.indpred, i.indrelid)
                      ~ '^\(\w+ IS NOT NULL\)$')
              AND (i.indkey::int2[])[0:cardinality(f.conkey) - 1] @> f.conkey
              AND (i.indkey::int2[])[0:cardinality(f.conkey) - 1] <@ f.conkey)
UNION ALL
SELECT 'foreign key out of the programme', f.table_name || ': ' || f.name
  FROM member_foreign_key AS f
 WHERE f.in_programme
   AND (f.referenced_in_programme OR f.referenced_name = 'programme')
   AND NOT EXISTS (
           SELECT
             FROM unnest(f.conkey, f.confkey) AS k (here, there)
             JOIN pg_attribute AS h
               ON h.attrelid = f.conrelid AND h.attnum = k.here
             JOIN pg_attribute AS r
               ON r.attrelid = f.confrelid AND r.attnum = k.there
            WHERE h.attname = 'programme_id'
              AND r.attname = CASE WHEN f.referenced_name = 'programme'
                                   THEN 'id' ELSE 'programme_id' END)
UNION ALL
SELECT 'foreign key ON DELETE SET NULL or DEFAULT',
       f.table_name || ': ' || f.name
  FROM member_foreign_key AS f
 WHERE f.confdeltype IN ('n', 'd')
UNION ALL
SELECT 'directory table refers into a programme', f.table_name || ': ' || f.name
  FROM member_foreign_key AS f
 WHERE NOT f.in_programme AND f.table_name <> 'programme'
   AND (f.referenced_in_programme OR f.referenced_name = 'programme')
UNION ALL
SELECT 'unique without programme_id', i.indexrelid::regclass::text
  FROM pg_index AS i
  JOIN member_table AS t
    ON t.id = i.indrelid
 WHERE t.in_programme AND i.indisunique
   AND NOT EXISTS (SELECT FROM pg_attribute AS a
                    WHERE a.attrelid = t.id AND a.attname = 'programme_id'
                      AND a.attnum = ANY (i.indkey::int2[]))
UNION ALL
SELECT 'no index begins with programme_id', t.name
  FROM member_table AS t
  JOIN pg_attribute AS a
    ON a.attrelid = t.id AND a.attname = 'programme_id'
 WHERE NOT EXISTS (SELECT FROM pg_index AS i
                    WHERE i.indrelid = t.id AND i.indkey[0] = a.attnum)
UNION ALL
SELECT 'id is no bigint GENERATED BY DEFAULT AS IDENTITY', t.name
  FROM member_table AS t
  JOIN pg_attribute AS a
    ON a.attrelid = t.id AND a.attname = 'id'
 WHERE a.atttypid <> 'bigint'::regtype OR a.attidentity <> 'd'

-- Triggers
UNION ALL
SELECT 'trigger not in ORIGIN mode', t.name || ': ' || g.tgname
  FROM pg_trigger AS g
  JOIN member_table AS t
    ON t.id = g.tgrelid
 WHERE g.tgenabled <> 'O'
UNION ALL
SELECT 'trigger on a directory table', t.name || ': ' || g.tgname
  FROM pg_trigger AS g
  JOIN member_table AS t
    ON t.id = g.tgrelid
 WHERE NOT g.tgisinternal AND NOT t.in_programme AND t.name <> 'programme'

-- Place
UNION ALL
SELECT 'outside schema mentoring', r.id::regclass::text
  FROM member_relation AS r
  JOIN pg_class AS c
    ON c.oid = r.id
 WHERE c.relnamespace <> 'mentoring'::regnamespace
UNION ALL
SELECT 'outside schema mentoring', f.id::regprocedure::text
  FROM member_function AS f
 WHERE f.pronamespace <> 'mentoring'::regnamespace;

SELECT check_name, object
  FROM objection
 ORDER BY check_name COLLATE "C", object COLLATE "C";

-- The view reads what there is: at least the tables every programme needs.
SELECT count(*) FILTER (WHERE name IN ('person', 'programme', 'participant'))
           AS known_tables,
       bool_or(config_place IS NOT NULL) AS some_registered
  FROM member_table;
SELECT count(*) > 0 AS has_sequences FROM member_sequence;
SELECT count(*) > 0 AS has_foreign_keys FROM member_foreign_key;

-- Bad objects, one or more for each check.
BEGIN;
CREATE TABLE mentoring.bad_plain (
    id integer PRIMARY KEY
);
CREATE TABLE mentoring.bad_shipped (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    is_shipped boolean
);
CREATE TABLE mentoring.bad_derived (a bigint);
CREATE TABLE mentoring.bad_dumped (a bigint);
CREATE TABLE mentoring.bad_sequence (
    id bigint GENERATED BY DEFAULT AS IDENTITY
);
CREATE TABLE mentoring.bad_foreign (
    id bigint GENERATED BY DEFAULT AS IDENTITY UNIQUE,
    programme_id bigint,
    person_id bigint REFERENCES mentoring.person ON DELETE SET NULL,
    other_id bigint REFERENCES mentoring.programme
);
CREATE TABLE mentoring.bad_directory (
    a bigint REFERENCES mentoring.programme
);
CREATE TABLE mentoring.bad_circle_a (id bigint PRIMARY KEY, b_id bigint);
CREATE TABLE mentoring.bad_circle_b (
    id bigint PRIMARY KEY,
    a_id bigint REFERENCES mentoring.bad_circle_a
);
ALTER TABLE mentoring.bad_circle_a
    ADD FOREIGN KEY (b_id) REFERENCES mentoring.bad_circle_b;
CREATE TABLE public.bad_place (a bigint);
CREATE VIEW mentoring.bad_view AS SELECT 1 AS a;
CREATE MATERIALIZED VIEW mentoring.bad_copy AS SELECT 1 AS a;
CREATE FUNCTION mentoring.bad_definer() RETURNS integer
LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
CREATE FUNCTION mentoring.bad_path() RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = public AS 'SELECT 1';
CREATE FUNCTION mentoring.bad_leakproof() RETURNS integer
LANGUAGE sql LEAKPROOF AS 'SELECT 1';
CREATE FUNCTION mentoring.bad_trigger() RETURNS trigger
LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION public.bad_place() RETURNS integer
LANGUAGE sql AS 'SELECT 1';
CREATE TRIGGER bad_trigger BEFORE INSERT ON mentoring.bad_plain
FOR EACH ROW EXECUTE FUNCTION mentoring.bad_trigger();
ALTER TABLE mentoring.bad_plain ENABLE ALWAYS TRIGGER bad_trigger;
COMMENT ON TABLE mentoring.bad_derived IS 'Derived: from nothing.';
COMMENT ON TABLE mentoring.bad_dumped IS 'Constant: but dumped.';
GRANT SELECT (id) ON mentoring.bad_plain TO PUBLIC;
GRANT SELECT ON mentoring.bad_shipped TO PUBLIC;
GRANT USAGE ON SEQUENCE mentoring.bad_shipped_id_seq TO PUBLIC;
GRANT USAGE ON SCHEMA mentoring TO PUBLIC;
CREATE POLICY bad_policy ON mentoring.bad_plain
    USING (id IN (SELECT id FROM mentoring.person)
           OR id > mentoring.current_person());
CREATE POLICY bad_column ON mentoring.bad_derived FOR DELETE
    USING (a = ANY ((SELECT mentoring.my_person())::bigint[]));
DROP POLICY skill_read ON mentoring.skill;
ALTER VIEW mentoring.partner RENAME TO other_partner;

DO $$
DECLARE
    r record;
BEGIN
    FOR r IN SELECT format('%s %s', CASE relkind WHEN 'v' THEN 'VIEW'
                               WHEN 'm' THEN 'MATERIALIZED VIEW'
                               ELSE 'TABLE' END, oid::regclass) AS object
               FROM pg_class
              WHERE relname LIKE 'bad\_%' AND relkind IN ('r', 'v', 'm')
             UNION ALL
             SELECT 'FUNCTION ' || oid::regprocedure
               FROM pg_proc
              WHERE proname LIKE 'bad\_%'
    LOOP
        EXECUTE 'ALTER EXTENSION mentoring ADD ' || r.object;
    END LOOP;
END
$$;

-- Only a script of the extension may register; here the catalogue is written.
UPDATE pg_extension
   SET extconfig = extconfig || ARRAY[
           'mentoring.bad_shipped'::regclass::oid,
           'mentoring.bad_shipped_id_seq'::regclass::oid,
           'mentoring.bad_dumped'::regclass::oid,
           'mentoring.bad_sequence'::regclass::oid,
           'mentoring.bad_foreign_id_seq'::regclass::oid],
       extcondition = extcondition || ARRAY['', '', '', '', '']
 WHERE extname = 'mentoring';

SELECT check_name, object
  FROM objection
 ORDER BY check_name COLLATE "C", object COLLATE "C";
ROLLBACK;

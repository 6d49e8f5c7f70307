\echo Use "CREATE EXTENSION mentoring" to load this file. \quit

-- Refuse what can't work before anything is made.
--
-- A schema "mentoring" that was there before may belong to somebody who then
-- owns the room our tables and functions live in: its owner could drop it or
-- put objects of the same name beside ours.  A superuser could do that anyway,
-- and a dump restored by another superuser brings the schema of the first.

DO $check$
DECLARE
    owner_name name;
BEGIN
    IF pg_catalog.current_setting('server_version_num')::integer
        OPERATOR(pg_catalog.<) 150000
    THEN
        RAISE EXCEPTION 'mentoring needs PostgreSQL 15 or later'
            USING ERRCODE = 'feature_not_supported',
                  DETAIL = pg_catalog.concat('The server is ',
                      pg_catalog.current_setting('server_version'), '.'),
                  HINT = 'Upgrade the server, then create the extension.';
    END IF;

    SELECT r.rolname
      INTO owner_name
      FROM pg_catalog.pg_namespace AS n
      JOIN pg_catalog.pg_roles AS r
        ON r.oid OPERATOR(pg_catalog.=) n.nspowner
     WHERE n.nspname OPERATOR(pg_catalog.=) 'mentoring'
       AND r.rolname OPERATOR(pg_catalog.<>) CURRENT_USER
       AND NOT r.rolsuper;

    IF owner_name IS NOT NULL THEN
        RAISE EXCEPTION 'schema "mentoring" belongs to role "%"', owner_name
            USING ERRCODE = 'insufficient_privilege',
                  DETAIL = 'Its owner could replace or remove objects of the extension.',
                  HINT = pg_catalog.format(
                      'Drop or rename that schema, or give it to the installing role: ALTER SCHEMA mentoring OWNER TO %I.',
                      CURRENT_USER);
    END IF;
END
$check$;

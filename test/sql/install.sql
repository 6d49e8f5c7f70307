-- The extension comes, says its version, goes and comes again.

SELECT extversion = default_version AS is_default,
       extversion = mentoring.version() AS library_is_same
  FROM pg_extension
  JOIN pg_available_extensions ON name = extname
 WHERE extname = 'mentoring';

SHOW mentoring.match_memory;
\set VERBOSITY sqlstate
SET mentoring.match_memory = '1kB';
SET mentoring.match_memory = '1MB';
SET mentoring.no_such_setting = 1;
\set VERBOSITY default
RESET mentoring.match_memory;

-- Only a superuser installs it: its functions are C.
SELECT superuser, trusted, relocatable, schema
  FROM pg_available_extension_versions
 WHERE name = 'mentoring' AND version = mentoring.version();

-- It goes and takes everything along but the schema, which is the site's.
DROP EXTENSION mentoring;
SELECT count(*) AS relations
  FROM pg_class
 WHERE relnamespace = 'mentoring'::regnamespace;
SELECT count(*) AS routines
  FROM pg_proc
 WHERE pronamespace = 'mentoring'::regnamespace;
SELECT count(*) AS types
  FROM pg_type
 WHERE typnamespace = 'mentoring'::regnamespace;
DROP SCHEMA mentoring;

-- A schema that somebody else owns is no place for it.
CREATE ROLE regress_mentoring_stranger;
CREATE ROLE regress_mentoring_dba SUPERUSER;
CREATE SCHEMA mentoring AUTHORIZATION regress_mentoring_stranger;
SET ROLE regress_mentoring_dba;
\set SHOW_CONTEXT never
CREATE EXTENSION mentoring;
\set VERBOSITY sqlstate
CREATE EXTENSION mentoring;
\set VERBOSITY default

-- One that another superuser owns is: a dump may be restored by anybody.
RESET ROLE;
ALTER SCHEMA mentoring OWNER TO regress_mentoring_dba;
CREATE EXTENSION mentoring;
DROP EXTENSION mentoring;
DROP SCHEMA mentoring;

-- It takes nothing that is there already for its own.
CREATE SCHEMA mentoring;
CREATE FUNCTION mentoring.version() RETURNS text
LANGUAGE sql AS $$ SELECT 'mine' $$;
CREATE EXTENSION mentoring;
DROP SCHEMA mentoring CASCADE;

DROP ROLE regress_mentoring_stranger;
DROP ROLE regress_mentoring_dba;
CREATE EXTENSION mentoring;

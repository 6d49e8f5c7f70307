
CREATE FUNCTION mentoring.version()
RETURNS text
AS 'MODULE_PATHNAME', 'mentoring_version'
LANGUAGE C STABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION mentoring.version() IS
'Version of the loaded library. It differs from extversion in pg_extension after a new package was installed and before ALTER EXTENSION mentoring UPDATE.';

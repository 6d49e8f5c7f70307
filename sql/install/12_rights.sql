-- Who may what: the levels of roles, and which rows concern the person a
-- transaction works for.
--
-- Holding a level is being allowed to execute its marker function, so roles
-- inherit levels, and dumps carry them, as they do any other right.  Row
-- security asks for sets of ids, each evaluated once a query, and compares
-- indexed columns with them; a policy never reads a table.

CREATE FUNCTION mentoring._level_app()
RETURNS void
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS '';

COMMENT ON FUNCTION mentoring._level_app() IS
'Internal: who may execute it holds the level app. Use grant_access().';

CREATE FUNCTION mentoring._level_sync()
RETURNS void
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS '';

COMMENT ON FUNCTION mentoring._level_sync() IS
'Internal: who may execute it holds the level sync. Use grant_access().';

CREATE FUNCTION mentoring._level_analyst()
RETURNS void
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS '';

COMMENT ON FUNCTION mentoring._level_analyst() IS
'Internal: who may execute it holds the level analyst. Use grant_access().';

CREATE FUNCTION mentoring._level_admin()
RETURNS void
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS '';

COMMENT ON FUNCTION mentoring._level_admin() IS
'Internal: who may execute it holds the level admin. Use grant_access().';

CREATE FUNCTION mentoring.has_level(level text)
RETURNS boolean
AS 'MODULE_PATHNAME', 'mentoring_has_level'
LANGUAGE C STABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION mentoring.has_level(text) IS
'Whether the current role holds this level (app, sync, analyst, admin), itself or by a role it inherits from. True for superusers.';

CREATE FUNCTION mentoring._caller()
RETURNS text
AS 'MODULE_PATHNAME', 'mentoring_caller'
LANGUAGE C STABLE PARALLEL RESTRICTED;

COMMENT ON FUNCTION mentoring._caller() IS
'Internal: the role that called, also within a function that works with the rights of the extension''s owner.';

CREATE FUNCTION mentoring.my_person()
RETURNS bigint[]
AS 'MODULE_PATHNAME', 'mentoring_my_person'
LANGUAGE C STABLE PARALLEL RESTRICTED;

COMMENT ON FUNCTION mentoring.my_person() IS
'The id of the person this transaction works for, as a set; empty for nobody, and for a person who has left. For row security.';

CREATE FUNCTION mentoring.my_people()
RETURNS bigint[]
AS 'MODULE_PATHNAME', 'mentoring_my_people'
LANGUAGE C STABLE PARALLEL RESTRICTED;

COMMENT ON FUNCTION mentoring.my_people() IS
'The ids of the persons who take part in programmes the current person coordinates. For row security.';

CREATE FUNCTION mentoring.my_participants()
RETURNS bigint[]
AS 'MODULE_PATHNAME', 'mentoring_my_participants'
LANGUAGE C STABLE PARALLEL RESTRICTED;

COMMENT ON FUNCTION mentoring.my_participants() IS
'The ids of the current person''s participations, whatever their status. For row security.';

CREATE FUNCTION mentoring.my_relationships()
RETURNS bigint[]
AS 'MODULE_PATHNAME', 'mentoring_my_relationships'
LANGUAGE C STABLE PARALLEL RESTRICTED;

COMMENT ON FUNCTION mentoring.my_relationships() IS
'The ids of the relationships the current person is a member of, whatever their status. For row security.';

CREATE FUNCTION mentoring.my_partners()
RETURNS bigint[]
AS 'MODULE_PATHNAME', 'mentoring_my_partners'
LANGUAGE C STABLE PARALLEL RESTRICTED;

COMMENT ON FUNCTION mentoring.my_partners() IS
'The ids of the other participants in the current person''s relationships, of whom nothing but what belongs to those is seen; those of programmes the person coordinates are left out. For views whose totals would be partial.';

CREATE FUNCTION mentoring.my_programmes()
RETURNS bigint[]
AS 'MODULE_PATHNAME', 'mentoring_my_programmes'
LANGUAGE C STABLE PARALLEL RESTRICTED;

COMMENT ON FUNCTION mentoring.my_programmes() IS
'The ids of the programmes the current person coordinates (participations of role coordinator, accepted); all of them for level admin and for roles row security doesn''t hold. For row security.';

CREATE FUNCTION mentoring.my_participations()
RETURNS bigint[]
AS 'MODULE_PATHNAME', 'mentoring_my_participations'
LANGUAGE C STABLE PARALLEL RESTRICTED;

COMMENT ON FUNCTION mentoring.my_participations() IS
'The ids of the programmes the current person takes part in, in any role. For row security.';

CREATE FUNCTION mentoring.my_level_programmes(level text)
RETURNS bigint[]
AS 'MODULE_PATHNAME', 'mentoring_my_level_programmes'
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;

COMMENT ON FUNCTION mentoring.my_level_programmes(text) IS
'The ids of all programmes where the current role holds this level, none where it doesn''t. For row security.';

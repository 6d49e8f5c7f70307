-- Giving levels to roles, and taking them away.
--
-- A level is a list of ordinary grants, below; dumps carry them.  No role is
-- created, and SET on mentoring.person_id is never granted here: that is for
-- the whole cluster and for a superuser to say.

CREATE FUNCTION mentoring._level_right(
    OUT level text,
    OUT object text,
    OUT privileges text,
    OUT without text
) RETURNS SETOF record
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    VALUES
    -- app: whatever row security and the functions leave to the person the
    -- transaction works for.  Clients don't choose ids of a programme's rows.
    ('app', 'person', 'SELECT', NULL),
    ('app', 'person', 'UPDATE (profile)', NULL),
    ('app', 'person_history', 'SELECT', NULL),
    ('app', 'person_skill', 'SELECT', NULL),
    ('app', 'skill', 'SELECT', NULL),
    ('app', 'transition', 'SELECT', NULL),
    ('app', 'programme', 'SELECT', NULL),
    ('app', 'programme', 'UPDATE', 'id'),
    ('app', 'participant', 'SELECT, DELETE', NULL),
    ('app', 'participant', 'INSERT, UPDATE', 'id'),
    ('app', 'participant_skill', 'SELECT, DELETE', NULL),
    ('app', 'participant_skill', 'INSERT, UPDATE', 'id'),
    ('app', 'preference', 'SELECT, DELETE', NULL),
    ('app', 'preference', 'INSERT, UPDATE', 'id'),
    ('app', 'criterion', 'SELECT, DELETE', NULL),
    ('app', 'criterion', 'INSERT, UPDATE', 'id'),
    ('app', 'pair_rule', 'SELECT, DELETE', NULL),
    ('app', 'pair_rule', 'INSERT, UPDATE', 'id'),
    ('app', 'match_run', 'SELECT', NULL),
    ('app', 'match_price', 'SELECT', NULL),
    ('app', 'match_odd_set', 'SELECT', NULL),
    ('app', 'proposal', 'SELECT', NULL),
    ('app', 'proposal_member', 'SELECT', NULL),
    ('app', 'relationship', 'SELECT, DELETE', NULL),
    ('app', 'relationship', 'INSERT, UPDATE', 'id'),
    ('app', 'relationship_member', 'SELECT, DELETE', NULL),
    ('app', 'relationship_member', 'INSERT, UPDATE', 'id'),
    ('app', 'participant_load', 'SELECT', NULL),
    ('app', 'request', 'SELECT', NULL),
    ('app', 'request', 'UPDATE (status)', NULL),
    ('app', 'learning_log', 'SELECT, DELETE', NULL),
    ('app', 'learning_log', 'INSERT, UPDATE', 'id'),
    ('app', 'learning_day', 'SELECT', NULL),
    ('app', 'learning_author', 'SELECT', NULL),
    ('app', 'learning_programme_month', 'SELECT', NULL),
    ('app', 'learning_programme_day', 'SELECT', NULL),
    ('app', 'learning_skill_month', 'SELECT', NULL),
    ('app', 'learning_delta', 'SELECT', NULL),
    ('app', 'learning_spill', 'SELECT', NULL),
    ('app', 'event', 'SELECT', NULL),
    ('app', 'partner', 'SELECT', NULL),
    ('app', 'proposed_pair', 'SELECT', NULL),
    ('app', 'unmatched', 'SELECT', NULL),
    ('app', 'waiting_list', 'SELECT', NULL),
    ('app', 'learning_unapplied', 'SELECT', NULL),
    ('app', 'learning_by_relationship_week', 'SELECT', NULL),
    ('app', 'learning_by_participant', 'SELECT', NULL),
    ('app', 'learning_by_skill_month', 'SELECT', NULL),
    ('app', 'learning_by_programme_month', 'SELECT', NULL),
    ('app', 'act_as', 'EXECUTE', NULL),
    ('app', 'person_id', 'EXECUTE', NULL),
    ('app', 'compatibility', 'EXECUTE', NULL),
    ('app', 'explain_pair', 'EXECUTE', NULL),
    ('app', 'recommend', 'EXECUTE', NULL),
    ('app', 'request_mentor', 'EXECUTE', NULL),
    ('app', 'answer_request', 'EXECUTE', NULL),
    ('app', 'expire_requests', 'EXECUTE', NULL),
    ('app', 'default_criteria', 'EXECUTE', NULL),
    ('app', 'pair_scores', 'EXECUTE', NULL),
    ('app', 'match', 'EXECUTE', NULL),
    ('app', 'rematch', 'EXECUTE', NULL),
    ('app', 'verify_match', 'EXECUTE', NULL),
    ('app', 'publish_match', 'EXECUTE', NULL),
    ('app', 'discard_match', 'EXECUTE', NULL),
    ('app', 'diff_match', 'EXECUTE', NULL),
    ('app', 'shortage', 'EXECUTE', NULL),
    ('app', 'price_of_rules', 'EXECUTE', NULL),
    ('app', 'solve_assignment', 'EXECUTE', NULL),
    ('app', 'solve_stable', 'EXECUTE', NULL),
    ('app', 'solve_pairing', 'EXECUTE', NULL),
    ('app', 'solve_circles', 'EXECUTE', NULL),
    ('app', 'export_person', 'EXECUTE', NULL),
    ('app', 'xapi_statements', 'EXECUTE', NULL),
    ('app', '_check_profile', 'EXECUTE', NULL),
    ('app', '_check_criterion', 'EXECUTE', NULL),
    ('app', '_month', 'EXECUTE', NULL),
    ('app', '_learning_pending', 'EXECUTE', NULL),

    -- sync: the directory and imported entries, without reflections
    ('sync', 'person', 'SELECT, INSERT, UPDATE', NULL),
    ('sync', 'person_history', 'SELECT, INSERT, UPDATE, DELETE', NULL),
    ('sync', 'person_skill', 'SELECT, INSERT, UPDATE, DELETE', NULL),
    ('sync', 'skill', 'SELECT, INSERT, UPDATE', NULL),
    ('sync', 'transition', 'SELECT', NULL),
    ('sync', 'learning_log', 'SELECT', 'reflection'),
    ('sync', 'learning_log', 'INSERT, UPDATE', 'id, reflection'),
    ('sync', 'learning_log', 'DELETE', NULL),
    ('sync', 'person_id', 'EXECUTE', NULL),
    ('sync', '_check_profile', 'EXECUTE', NULL),
    ('sync', '_profile', 'EXECUTE', NULL),
    ('sync', 'source', 'SELECT', NULL),
    ('sync', 'person_alias', 'SELECT', NULL),
    ('sync', 'sync_queue', 'SELECT', NULL),
    ('sync', 'sync', 'EXECUTE', NULL),
    ('sync', 'xapi_verb', 'SELECT', NULL),
    ('sync', 'xapi_verb_kind', 'SELECT', NULL),
    ('sync', '_shipped_verb', 'EXECUTE', NULL),
    ('sync', 'xapi_statement', 'SELECT', NULL),
    ('sync', 'import_xapi', 'EXECUTE', NULL),
    ('sync', 'xapi_statements', 'EXECUTE', NULL),

    -- analyst: aggregates of at least five persons
    ('analyst', 'analyst_learning_month', 'SELECT', NULL),
    ('analyst', 'analyst_learning_skill', 'SELECT', NULL),
    ('analyst', 'analyst_programme', 'SELECT', NULL),
    ('analyst', '_analyst_learning_month', 'EXECUTE', NULL),
    ('analyst', '_analyst_learning_skill', 'EXECUTE', NULL),
    ('analyst', '_analyst_programme', 'EXECUTE', NULL),

    -- admin: everything but private entries
    ('admin', 'person', 'SELECT, INSERT, UPDATE, DELETE', NULL),
    ('admin', 'person_history', 'SELECT, INSERT, UPDATE, DELETE', NULL),
    ('admin', 'person_skill', 'SELECT, INSERT, UPDATE, DELETE', NULL),
    ('admin', 'person_role', 'SELECT', NULL),
    ('admin', 'skill', 'SELECT, INSERT, UPDATE, DELETE', NULL),
    ('admin', 'transition', 'SELECT', NULL),
    ('admin', 'programme', 'SELECT, INSERT, UPDATE, DELETE', NULL),
    ('admin', 'participant', 'SELECT, INSERT, UPDATE, DELETE', NULL),
    ('admin', 'participant_skill', 'SELECT, INSERT, UPDATE, DELETE', NULL),
    ('admin', 'preference', 'SELECT, INSERT, UPDATE, DELETE', NULL),
    ('admin', 'criterion', 'SELECT, INSERT, UPDATE, DELETE', NULL),
    ('admin', 'pair_rule', 'SELECT, INSERT, UPDATE, DELETE', NULL),
    ('admin', 'match_run', 'SELECT', NULL),
    ('admin', 'match_price', 'SELECT', NULL),
    ('admin', 'match_odd_set', 'SELECT', NULL),
    ('admin', 'proposal', 'SELECT', NULL),
    ('admin', 'proposal_member', 'SELECT', NULL),
    ('admin', 'relationship', 'SELECT, INSERT, UPDATE, DELETE', NULL),
    ('admin', 'relationship_member', 'SELECT, INSERT, UPDATE, DELETE', NULL),
    ('admin', 'participant_load', 'SELECT', NULL),
    ('admin', 'request', 'SELECT', NULL),
    ('admin', 'request', 'UPDATE (status)', NULL),
    ('admin', 'learning_log', 'SELECT, INSERT, UPDATE, DELETE', NULL),
    ('admin', 'learning_day', 'SELECT', NULL),
    ('admin', 'learning_author', 'SELECT', NULL),
    ('admin', 'learning_programme_month', 'SELECT', NULL),
    ('admin', 'learning_programme_day', 'SELECT', NULL),
    ('admin', 'learning_skill_month', 'SELECT', NULL),
    ('admin', 'learning_delta', 'SELECT', NULL),
    ('admin', 'learning_spill', 'SELECT', NULL),
    ('admin', 'event', 'SELECT', NULL),
    ('admin', 'access_event', 'SELECT', NULL),
    ('admin', 'access_report', 'SELECT', NULL),
    ('admin', '_level_holder', 'EXECUTE', NULL),
    ('admin', 'partner', 'SELECT', NULL),
    ('admin', 'proposed_pair', 'SELECT', NULL),
    ('admin', 'unmatched', 'SELECT', NULL),
    ('admin', 'waiting_list', 'SELECT', NULL),
    ('admin', 'learning_unapplied', 'SELECT', NULL),
    ('admin', 'learning_by_relationship_week', 'SELECT', NULL),
    ('admin', 'learning_by_participant', 'SELECT', NULL),
    ('admin', 'learning_by_skill_month', 'SELECT', NULL),
    ('admin', 'learning_by_programme_month', 'SELECT', NULL),
    ('admin', 'analyst_learning_month', 'SELECT', NULL),
    ('admin', 'analyst_learning_skill', 'SELECT', NULL),
    ('admin', 'analyst_programme', 'SELECT', NULL),
    ('admin', '_analyst_learning_month', 'EXECUTE', NULL),
    ('admin', '_analyst_learning_skill', 'EXECUTE', NULL),
    ('admin', '_analyst_programme', 'EXECUTE', NULL),
    ('admin', 'person_id', 'EXECUTE', NULL),
    ('admin', 'compatibility', 'EXECUTE', NULL),
    ('admin', 'explain_pair', 'EXECUTE', NULL),
    ('admin', 'recommend', 'EXECUTE', NULL),
    ('admin', 'request_mentor', 'EXECUTE', NULL),
    ('admin', 'answer_request', 'EXECUTE', NULL),
    ('admin', 'expire_requests', 'EXECUTE', NULL),
    ('admin', 'default_criteria', 'EXECUTE', NULL),
    ('admin', 'pair_scores', 'EXECUTE', NULL),
    ('admin', 'match', 'EXECUTE', NULL),
    ('admin', 'rematch', 'EXECUTE', NULL),
    ('admin', 'verify_match', 'EXECUTE', NULL),
    ('admin', 'publish_match', 'EXECUTE', NULL),
    ('admin', 'discard_match', 'EXECUTE', NULL),
    ('admin', 'diff_match', 'EXECUTE', NULL),
    ('admin', 'shortage', 'EXECUTE', NULL),
    ('admin', 'price_of_rules', 'EXECUTE', NULL),
    ('admin', 'solve_assignment', 'EXECUTE', NULL),
    ('admin', 'solve_stable', 'EXECUTE', NULL),
    ('admin', 'solve_pairing', 'EXECUTE', NULL),
    ('admin', 'solve_circles', 'EXECUTE', NULL),
    ('admin', 'verify_load', 'EXECUTE', NULL),
    ('admin', 'verify_learning_log', 'EXECUTE', NULL),
    ('admin', 'fold_learning_log', 'EXECUTE', NULL),
    ('admin', 'export_person', 'EXECUTE', NULL),
    ('admin', 'erase_person', 'EXECUTE', NULL),
    ('admin', 'retention', 'EXECUTE', NULL),
    ('admin', 'source', 'SELECT, DELETE', NULL),
    ('admin', 'person_alias', 'SELECT, INSERT, UPDATE, DELETE', NULL),
    ('admin', 'sync_queue', 'SELECT, DELETE', NULL),
    ('admin', 'sync', 'EXECUTE', NULL),
    ('admin', '_profile', 'EXECUTE', NULL),
    ('admin', 'xapi_verb', 'SELECT, INSERT, UPDATE, DELETE', NULL),
    ('admin', 'xapi_verb_kind', 'SELECT', NULL),
    ('admin', '_shipped_verb', 'EXECUTE', NULL),
    ('admin', 'xapi_statement', 'SELECT, DELETE', NULL),
    ('admin', 'import_xapi', 'EXECUTE', NULL),
    ('admin', 'xapi_statements', 'EXECUTE', NULL),
    ('admin', 'register_source', 'EXECUTE', NULL),
    ('admin', 'register_moodle', 'EXECUTE', NULL),
    ('admin', 'register_canvas', 'EXECUTE', NULL),
    ('admin', '_has_columns', 'EXECUTE', NULL),
    ('admin', '_need_columns', 'EXECUTE', NULL),
    ('admin', '_text_option', 'EXECUTE', NULL),
    ('admin', '_moodle_living', 'EXECUTE', NULL),
    ('admin', '_moodle_person_query', 'EXECUTE', NULL),
    ('admin', '_moodle_role_query', 'EXECUTE', NULL),
    ('admin', '_moodle_activity_query', 'EXECUTE', NULL),
    ('admin', 'attach_trigger', 'EXECUTE', NULL),
    ('admin', 'detach_trigger', 'EXECUTE', NULL),
    ('admin', '_queue_change', 'EXECUTE', NULL),
    ('admin', '_check_profile', 'EXECUTE', NULL),
    ('admin', '_check_criterion', 'EXECUTE', NULL),
    ('admin', '_month', 'EXECUTE', NULL),
    ('admin', '_learning_pending', 'EXECUTE', NULL)
    UNION ALL
    -- what every level needs to be told apart
    SELECT l.level, f.name, 'EXECUTE', NULL
      FROM (VALUES ('app'), ('sync'), ('analyst'), ('admin')) AS l (level)
     CROSS JOIN (VALUES ('version'), ('has_level'), ('current_person'),
                        ('my_person'), ('my_people'), ('my_participants'),
                        ('my_relationships'), ('my_partners'),
                        ('my_programmes'), ('my_participations'),
                        ('my_level_programmes')) AS f (name)
    UNION ALL
    SELECT l.level, '_level_' || l.level, 'EXECUTE', NULL
      FROM (VALUES ('app'), ('sync'), ('analyst'), ('admin')) AS l (level)
$$;

COMMENT ON FUNCTION mentoring._level_right() IS
'Internal: the grants each level consists of. without lists columns the privileges leave out.';

-- One statement for each row of _level_right().

CREATE FUNCTION mentoring._level_statement(
    level text,
    role text,
    is_grant boolean
) RETURNS SETOF text
LANGUAGE sql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format(CASE WHEN is_grant THEN 'GRANT %s ON %s TO %I'
                       ELSE 'REVOKE %s ON %s FROM %I' END,
                  CASE WHEN r.without IS NULL THEN r.privileges
                  ELSE (SELECT string_agg(format('%s (%s)', p, c.names), ', ')
                          FROM unnest(string_to_array(r.privileges, ', ')) AS p
                         CROSS JOIN (
                             SELECT string_agg(quote_ident(a.attname), ', '
                                               ORDER BY a.attnum) AS names
                               FROM pg_attribute a
                              WHERE a.attrelid = t.oid AND a.attnum > 0
                                AND NOT a.attisdropped
                                AND a.attname <> ALL (
                                    string_to_array(r.without, ', '))) AS c)
                  END,
                  coalesce(t.oid::regclass::text,
                           'FUNCTION ' || f.oid::regprocedure::text),
                  role)
      FROM mentoring._level_right() AS r
      LEFT JOIN pg_class AS t
        ON r.privileges <> 'EXECUTE' AND t.relname = r.object
       AND t.relnamespace = 'mentoring'::regnamespace
      LEFT JOIN pg_proc AS f
        ON r.privileges = 'EXECUTE' AND f.proname = r.object
       AND f.pronamespace = 'mentoring'::regnamespace
     WHERE r.level = _level_statement.level
    UNION ALL
    -- for clients that ask for the id of what they have inserted
    SELECT format(CASE WHEN is_grant THEN 'GRANT USAGE ON SEQUENCE %s TO %I'
                       ELSE 'REVOKE USAGE ON SEQUENCE %s FROM %I' END,
                  d.objid::regclass, role)
      FROM mentoring._level_right() AS r
      JOIN pg_depend AS d
        ON d.refclassid = 'pg_class'::regclass
       AND d.refobjid = to_regclass('mentoring.' || r.object)
       AND d.classid = 'pg_class'::regclass AND d.deptype = 'i'
      JOIN pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
     WHERE r.level = _level_statement.level AND r.privileges LIKE '%INSERT%'
    UNION ALL
    SELECT format(CASE WHEN is_grant THEN 'GRANT USAGE ON SCHEMA mentoring TO %I'
                       ELSE 'REVOKE USAGE ON SCHEMA mentoring FROM %I' END,
                  role)
$$;

COMMENT ON FUNCTION mentoring._level_statement(text, text, boolean) IS
'Internal: the GRANT or REVOKE statements that give or take a level.';

CREATE FUNCTION mentoring._level_holder(
    OUT level text,
    OUT role_name text
) RETURNS SETOF record
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT substr(f.proname, 8), r.rolname
      FROM pg_proc AS f
     CROSS JOIN aclexplode(f.proacl) AS a
      JOIN pg_roles AS r ON r.oid = a.grantee
     WHERE f.pronamespace = 'mentoring'::regnamespace
       AND f.proname IN ('_level_app', '_level_sync', '_level_analyst',
                         '_level_admin')
       AND a.grantee <> f.proowner
$$;

COMMENT ON FUNCTION mentoring._level_holder() IS
'Internal: the roles a level was given to, without those that inherit it.';

-- What grant_access() and revoke_access() refuse alike.

CREATE FUNCTION mentoring._check_grant(role text, level text)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    owner_name name := (SELECT pg_get_userbyid(f.proowner) FROM pg_proc f
                         WHERE f.oid = 'mentoring._level_app()'::regprocedure);
BEGIN
    IF NOT pg_has_role(current_user, owner_name, 'USAGE') THEN
        RAISE EXCEPTION 'role "%" cannot give or take access', current_user
            USING ERRCODE = 'insufficient_privilege',
                  HINT = format('Call it as "%s", the owner of the extension.', owner_name);
    END IF;
    IF level IS NOT NULL
       AND level NOT IN ('app', 'sync', 'analyst', 'admin') THEN
        RAISE EXCEPTION 'there is no level "%"', level
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Levels are app, sync, analyst and admin.';
    END IF;
    IF role IS NULL OR NOT EXISTS (SELECT FROM pg_roles r
                                    WHERE r.rolname = role) THEN
        RAISE EXCEPTION 'there is no role "%"', coalesce(role, 'NULL')
            USING ERRCODE = 'undefined_object',
                  HINT = 'CREATE ROLE first. Nothing is granted to PUBLIC.';
    END IF;
END
$$;

COMMENT ON FUNCTION mentoring._check_grant(text, text) IS
'Internal: refuses to give or take access by others than the owner, and for unknown roles and levels.';

CREATE FUNCTION mentoring.grant_access(role text, level text)
RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    statement text;
    is_new    boolean;
BEGIN
    PERFORM mentoring._check_grant(role, level);
    IF level IS NULL THEN
        RAISE EXCEPTION 'grant_access() needs a level'
            USING ERRCODE = 'null_value_not_allowed',
                  HINT = 'Levels are app, sync, analyst and admin.';
    END IF;
    -- one at a time, for privileges of one object are one row
    PERFORM pg_advisory_xact_lock(1835363956, 1);
    IF level = 'admin'
       AND has_parameter_privilege(role, 'mentoring.person_id', 'SET')
       AND NOT (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = role) THEN
        RAISE EXCEPTION 'role "%" may act for persons and can''t hold level admin', role
            USING ERRCODE = 'insufficient_privilege',
                  DETAIL = 'Together they would open what only its author may read.',
                  HINT = format('Use another role, or REVOKE SET ON PARAMETER mentoring.person_id FROM %I.', role);
    END IF;
    is_new := NOT EXISTS (SELECT FROM mentoring._level_holder() h
                           WHERE h.level = grant_access.level
                             AND h.role_name = grant_access.role);
    FOR statement IN
        SELECT s FROM mentoring._level_statement(level, role, true) s
    LOOP
        EXECUTE statement;
    END LOOP;
    IF is_new THEN
        INSERT INTO mentoring.access_event (role_name, action, object, detail)
        VALUES (mentoring._caller(), 'grant', 'role ' || role,
                'level ' || level);
    END IF;
    IF level = 'app'
       AND NOT has_parameter_privilege(role, 'mentoring.person_id', 'SET') THEN
        RAISE NOTICE 'role "%" cannot act for persons yet', role
            USING HINT = format('Where it is the role of a connection pool, run as a superuser: GRANT SET ON PARAMETER mentoring.person_id TO %I. Persons with a role of their own are entered in mentoring.person_role.', role);
    END IF;
    RETURN is_new;
END
$$;

COMMENT ON FUNCTION mentoring.grant_access(text, text) IS
'Gives a role a level (app, sync, analyst, admin); false when it had it. Plain GRANTs, which dumps carry and roles inherit; doing it again grants what an upgrade added. It never grants SET on mentoring.person_id, which level app needs to act for persons: it prints the statement. Admin can''t be held together with that.';

CREATE FUNCTION mentoring.revoke_access(role text, level text DEFAULT NULL)
RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    taken     text[];
    kept      text[];
    statement text;
BEGIN
    PERFORM mentoring._check_grant(role, level);
    PERFORM pg_advisory_xact_lock(1835363956, 1);
    SELECT array_agg(h.level ORDER BY h.level)
               FILTER (WHERE h.level = revoke_access.level
                          OR revoke_access.level IS NULL),
           array_agg(h.level) FILTER (WHERE h.level <> revoke_access.level)
      INTO taken, kept
      FROM mentoring._level_holder() h
     WHERE h.role_name = revoke_access.role;
    IF taken IS NULL THEN
        RETURN false;
    END IF;
    -- levels share grants: what the others need is given back
    FOR statement IN
        SELECT s FROM unnest(taken) AS l
         CROSS JOIN mentoring._level_statement(l, role, false) s
    LOOP
        EXECUTE statement;
    END LOOP;
    FOR statement IN
        SELECT s FROM unnest(kept) AS l
         CROSS JOIN mentoring._level_statement(l, role, true) s
    LOOP
        EXECUTE statement;
    END LOOP;
    INSERT INTO mentoring.access_event (role_name, action, object, detail)
    SELECT mentoring._caller(), 'revoke', 'role ' || role, 'level ' || l
      FROM unnest(taken) AS l;
    RETURN true;
END
$$;

COMMENT ON FUNCTION mentoring.revoke_access(text, text) IS
'Takes a level from a role, or all of them; false when it held none. What the role inherits from other roles stays, and SET on mentoring.person_id, which a superuser revokes.';

CREATE VIEW mentoring.access_report
WITH (security_invoker = true) AS
SELECT r.rolname::text AS role_name, h.level,
       NULLIF(h.role_name, r.rolname::text) AS inherited_from,
       r.rolcanlogin AS can_login,
       pg_catalog.has_parameter_privilege(r.oid, 'mentoring.person_id', 'SET')
           AS can_act,
       h.level = 'admin' AND pg_catalog.has_parameter_privilege(
           r.oid, 'mentoring.person_id', 'SET') AS is_refused
FROM mentoring._level_holder() AS h
JOIN pg_catalog.pg_roles AS r
  ON NOT r.rolsuper
 AND pg_catalog.pg_has_role(r.oid, h.role_name::name, 'USAGE');

COMMENT ON VIEW mentoring.access_report IS
'Which roles hold which levels, directly or inherited. Superusers, who may everything, are left out.';
COMMENT ON COLUMN mentoring.access_report.inherited_from IS
'The role the level was given to; empty where that is the role itself.';
COMMENT ON COLUMN mentoring.access_report.can_act IS
'Whether the role may set mentoring.person_id, and so act for any person.';
COMMENT ON COLUMN mentoring.access_report.is_refused IS
'Whether the role holds admin and may act for persons, and is refused for it until one of the two is revoked.';

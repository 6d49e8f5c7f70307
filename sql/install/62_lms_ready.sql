-- Ready-made sources: Moodle and Canvas.
--
-- The texts are made for the tables and columns that are there, for versions
-- differ and parts can be missing; register again after an upgrade that adds
-- some.  Identifiers go through %I, values through %L.

CREATE FUNCTION mentoring._profile(VARIADIC "any")
RETURNS jsonb
AS 'MODULE_PATHNAME', 'mentoring_profile'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION mentoring._profile("any") IS
'Internal: a profile of jsonb objects and of keys, each followed by its text or its array of texts, a set. Later entries replace earlier ones of the same key; what is null or empty is left out.';

CREATE FUNCTION mentoring._moodle_living(s text, p text, alias text)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('%1$s.deleted = 0 AND %1$s.username <> ''guest''', alias)
        || CASE WHEN mentoring._has_columns(s, p || 'user', 'mnethostid')
                 AND mentoring._has_columns(s, p || 'config', 'name value')
           THEN format(' AND %1$s.mnethostid = coalesce((SELECT'
                ' CASE WHEN g.value ~ ''^[0-9]{1,18}$'' THEN g.value::bigint END'
                ' FROM %2$I.%3$I AS g WHERE g.name = ''mnet_localhost_id''), 1)',
                alias, s, p || 'config')
           ELSE '' END
$$;

COMMENT ON FUNCTION mentoring._moodle_living(text, text, text) IS
'Internal: the condition by which a row of Moodle''s table user is a person.';

CREATE FUNCTION mentoring._moodle_person_query(
    s  text,
    p  text,
    who text,
    o  jsonb
) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    has_fields  boolean := mentoring._has_columns(s, p || 'user_info_field',
                                'id shortname datatype defaultdata')
                       AND mentoring._has_columns(s, p || 'user_info_data',
                                'id userid fieldid data');
    wanted      text[] := mentoring._text_option(o, 'fields', NULL);
    filter      text := '';
    value       text := $q$CASE WHEN ? = '' THEN NULL
                        WHEN f.datatype = 'checkbox' THEN to_jsonb(? = '1')
                        WHEN f.datatype = 'datetime' THEN
                            CASE WHEN ? ~ '^-{0,1}[1-9][0-9]{0,10}$'
                            THEN to_jsonb(to_char(to_timestamp(?::bigint)
                                     AT TIME ZONE 'UTC', 'YYYY-MM-DD')) END
                        WHEN ascii(?) > 57 THEN to_jsonb(?)
                        WHEN ? ~ '^(0|-[1-9][0-9]{0,14}|[1-9][0-9]{0,14})([.][0-9]{1,6})$'
                          OR ? ~ '^(0|-[1-9][0-9]{0,14}|[1-9][0-9]{0,14})$'
                        THEN to_jsonb(?::numeric)
                        ELSE to_jsonb(?) END$q$;
    joins       text := '';
    columns     text := '';
    added       text[] := '{}';
    zone        text;
BEGIN
    IF has_fields THEN
        IF wanted IS NOT NULL THEN
            filter := format(' AND f.shortname = ANY (%L::text[])',
                             wanted || ARRAY[o ->> 'job_role_field',
                                             o ->> 'site_field',
                                             o ->> 'grade_field']);
        END IF;
        joins := joins || format($q$
  LEFT JOIN (
    SELECT d.userid, jsonb_object_agg(f.shortname, %5$s) AS fields
      FROM %1$I.%3$I AS d
      JOIN %1$I.%2$I AS f ON f.id = d.fieldid
     WHERE true%4$s
     GROUP BY d.userid) AS f ON f.userid = u.id$q$,
            s, p || 'user_info_field', p || 'user_info_data', filter,
            replace(value, '?', 'd.data'));
        -- who has no row of a field has its default; a row with '' is nothing
        joins := joins || format($q$
 CROSS JOIN (
    SELECT coalesce(jsonb_object_agg(f.shortname, %3$s), '{}') AS fields
      FROM %1$I.%2$I AS f
     WHERE f.defaultdata <> ''%4$s) AS e$q$,
            s, p || 'user_info_field', replace(value, '?', 'f.defaultdata'),
            filter);
        columns := columns || concat(
            E',\n       v.fields ->> ' || quote_literal(o ->> 'job_role_field')
                || ' AS job_role',
            E',\n       v.fields ->> ' || quote_literal(o ->> 'site_field')
                || ' AS site',
            CASE WHEN o ? 'grade_field' THEN format(E',\n       CASE WHEN v.fields ->> %1$L ~ ''^[0-9]{1,9}$'''
                   ' THEN (v.fields ->> %1$L)::integer END AS grade',
                   o ->> 'grade_field') END);
        joins := joins || E'\n CROSS JOIN LATERAL (SELECT'
            ' e.fields || coalesce(f.fields, ''{}'') AS fields) AS v';
        added := '{e.fields,f.fields}';
    END IF;
    IF mentoring._has_columns(s, p || 'user', 'institution') THEN
        added := added || '''institution'', u.institution'::text;
    END IF;
    IF mentoring._has_columns(s, p || 'user', 'lang') THEN
        added := added
            || '''language'', replace(u.lang, ''_'', ''-'')'::text;
    END IF;
    IF mentoring._has_columns(s, p || 'tag_instance',
                              'tagid component itemtype itemid')
       AND mentoring._has_columns(s, p || 'tag', 'id name') THEN
        joins := joins || format($q$
  LEFT JOIN (
    SELECT i.itemid, array_agg(t.name) AS names
      FROM %1$I.%2$I AS i
      JOIN %1$I.%3$I AS t ON t.id = i.tagid
     WHERE i.component = 'core' AND i.itemtype = 'user'
     GROUP BY i.itemid) AS t ON t.itemid = u.id$q$,
            s, p || 'tag_instance', p || 'tag');
        added := added || '''interests'', t.names'::text;
    END IF;
    IF mentoring._has_columns(s, p || 'cohort', 'id name')
       AND mentoring._has_columns(s, p || 'cohort_members', 'cohortid userid') THEN
        joins := joins || format($q$
  LEFT JOIN (
    SELECT m.userid, array_agg(c.name) AS names
      FROM %1$I.%2$I AS m
      JOIN %1$I.%3$I AS c ON c.id = m.cohortid
     GROUP BY m.userid) AS c ON c.userid = u.id$q$,
            s, p || 'cohort_members', p || 'cohort');
        added := added || '''cohorts'', c.names'::text;
    END IF;
    IF mentoring._has_columns(s, p || 'user', 'department') THEN
        columns := columns || E',\n       NULLIF(btrim(u.department), '''') AS org_unit';
    END IF;
    IF mentoring._has_columns(s, p || 'user', 'timezone') THEN
        zone := 'NULL';
        IF mentoring._has_columns(s, p || 'config', 'name value') THEN
            zone := format('(SELECT g.value FROM %I.%I AS g WHERE g.name = ''timezone'''
                           ' AND g.value NOT IN (''99'', ''99.0'', ''''))',
                           s, p || 'config');
        END IF;
        columns := columns || format(E',\n       CASE WHEN u.timezone IN'
            ' (''99'', ''99.0'', '''') THEN %s ELSE u.timezone END AS timezone', zone);
    END IF;
    columns := columns || E',\n       '
        || CASE WHEN mentoring._has_columns(s, p || 'user', 'suspended')
                THEN 'u.suspended = 0' ELSE 'true' END
        || CASE WHEN mentoring._has_columns(s, p || 'user', 'confirmed')
                THEN ' AND u.confirmed = 1' ELSE '' END || ' AS is_active';
    RETURN format($q$SELECT u.id AS external_id,
       coalesce(NULLIF(btrim(concat_ws(' ', NULLIF(btrim(u.firstname), ''),
                                       NULLIF(btrim(u.lastname), ''))), ''),
                u.username) AS display_name,
       NULLIF(u.email, '') AS email%s,
       %s AS profile
  FROM %I.%I AS u%s
 WHERE %s
 ORDER BY u.id$q$, columns,
        CASE WHEN added = '{}' THEN '''{}''::jsonb' ELSE
            format('mentoring._profile(%s)', array_to_string(added, ', ')) END,
        s, p || 'user', joins, who);
END
$$;

COMMENT ON FUNCTION mentoring._moodle_person_query(text, text, text, jsonb) IS
'Internal: the person_query of register_moodle().';

CREATE FUNCTION mentoring._moodle_role_query(
    s        text,
    p        text,
    who      text,
    o        jsonb,
    for_pins boolean
) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    managers text[] := mentoring._text_option(o, 'manager_roles',
        ARRAY['manager', 'linemanager', 'line_manager', 'supervisor']);
    mentors  text[] := mentoring._text_option(o, 'mentor_roles', NULL);
    is_manager text := format('r.shortname = ANY (%L::text[])', managers);
    is_mentor  text := CASE WHEN mentors IS NULL
                            THEN format('r.shortname <> ALL (%L::text[])', managers)
                            ELSE format('r.shortname = ANY (%L::text[])', mentors) END;
BEGIN
    IF NOT mentoring._has_columns(s, p || 'role_assignments',
                                  'id roleid contextid userid')
       OR NOT mentoring._has_columns(s, p || 'context', 'id contextlevel instanceid')
       OR NOT mentoring._has_columns(s, p || 'role', 'id shortname')
       OR for_pins AND NOT o ? 'programme_id' THEN
        RETURN NULL;
    END IF;
    RETURN format($q$SELECT DISTINCT ON (x.instanceid%1$s)
       x.instanceid AS external_id, a.userid AS %2$s
  FROM %3$I.%4$I AS a
  JOIN %3$I.%5$I AS x ON x.id = a.contextid AND x.contextlevel = 30
  JOIN %3$I.%6$I AS r ON r.id = a.roleid
  JOIN %3$I.%7$I AS u ON u.id = x.instanceid
  JOIN %3$I.%7$I AS m ON m.id = a.userid
 WHERE a.userid <> x.instanceid AND %8$s
   AND %9$s AND (%10$s)
 ORDER BY x.instanceid%1$s, (%11$s) DESC, a.id DESC$q$,
        CASE WHEN for_pins THEN ', a.userid' ELSE '' END,
        CASE WHEN for_pins THEN 'mentor_external_id'
             ELSE 'manager_external_id' END,
        s, p || 'role_assignments', p || 'context', p || 'role', p || 'user',
        who, mentoring._moodle_living(s, p, 'm'),
        CASE WHEN for_pins THEN is_mentor
             WHEN o ? 'programme_id' THEN is_manager
             ELSE is_manager || ' OR ' || is_mentor END,
        is_manager);
END
$$;

COMMENT ON FUNCTION mentoring._moodle_role_query(text, text, text, jsonb, boolean) IS
'Internal: the manager_query and the pin_query of register_moodle().';

CREATE FUNCTION mentoring._moodle_activity_query(s text, p text, who text)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    texts text[] := '{}';
BEGIN
    IF mentoring._has_columns(s, p || 'course_completions',
                              'id userid timecompleted') THEN
        texts := texts || format($q$SELECT c.userid AS external_id,
       'completion:' || c.id AS source_event_id,
       (to_timestamp(c.timecompleted) AT TIME ZONE 'UTC')::date AS occurred_on,
       'course' AS kind, 0 AS minutes
  FROM %1$I.%2$I AS c
  JOIN %1$I.%3$I AS u ON u.id = c.userid
 WHERE c.timecompleted BETWEEN 1 AND 253402300799 AND %4$s$q$,
            s, p || 'course_completions', p || 'user', who);
    END IF;
    IF mentoring._has_columns(s, p || 'logstore_standard_log',
                              'userid edulevel anonymous realuserid timecreated') THEN
        texts := texts || format($q$SELECT d.userid,
       'day:' || d.userid || ':' || d.day,
       DATE '1970-01-01' + d.day::integer, 'practice',
       least(1440, ceil(sum(CASE WHEN d.gap <= 1800 THEN d.gap ELSE 0 END) / 60.0))::integer
  FROM (SELECT l.userid, l.timecreated, l.timecreated / 86400 AS day, w.since,
               l.timecreated - lag(l.timecreated) OVER (
                   PARTITION BY l.userid ORDER BY l.timecreated) AS gap
          FROM (SELECT coalesce((($1::timestamptz AT TIME ZONE 'UTC')::date - 1
                           - DATE '1970-01-01') * 86400::bigint, 0)
                           AS since) AS w
          JOIN %1$I.%2$I AS l
            ON l.timecreated BETWEEN w.since - 1800 AND 253402300799
         WHERE l.edulevel = 2 AND l.anonymous = 0 AND l.realuserid IS NULL
           AND l.userid > 0
       ) AS d
  JOIN %1$I.%3$I AS u ON u.id = d.userid
 WHERE d.timecreated >= d.since AND %4$s
 GROUP BY d.userid, d.day$q$,
            s, p || 'logstore_standard_log', p || 'user', who);
    END IF;
    RETURN NULLIF(array_to_string(texts, E'\n UNION ALL\n'), '');
END
$$;

COMMENT ON FUNCTION mentoring._moodle_activity_query(text, text, text) IS
'Internal: the activity_query of register_moodle(). Of the standard log one entry a person and day (UTC), with the minutes between events no more than half an hour apart; after midnight they count for the later day.';

CREATE FUNCTION mentoring.register_moodle(
    name         text,
    schema_name  text DEFAULT 'public',
    prefix       text DEFAULT 'mdl_',
    options      jsonb DEFAULT '{}'
) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    s     CONSTANT text := schema_name;
    p     CONSTANT text := prefix;
    o     CONSTANT jsonb := coalesce(options, '{}');
    who   text;
    skill text;
    alias text;
BEGIN
    PERFORM mentoring._need_columns(s, p || 'user',
        'id username firstname lastname email deleted',
        'Give the schema and the prefix of Moodle''s tables ($CFG->dboptions and $CFG->prefix); the caller needs USAGE on the schema.');
    who := mentoring._moodle_living(s, p, 'u');
    IF mentoring._has_columns(s, p || 'competency_usercomp',
                              'userid competencyid grade proficiency')
       AND mentoring._has_columns(s, p || 'competency',
                                  'id shortname competencyframeworkid scaleid')
       AND mentoring._has_columns(s, p || 'competency_framework',
                                  'id shortname scaleid')
       AND mentoring._has_columns(s, p || 'scale', 'id scale') THEN
        -- the length of a scale is counted once, not for each rating
        skill := format($q$SELECT r.userid AS external_id, c.shortname AS skill,
       CASE WHEN c.n > 1 THEN 7 * (r.grade - 1)::double precision / (c.n - 1)
            ELSE 7 * r.proficiency END AS level, c.category
  FROM %1$I.%2$I AS r
  JOIN (SELECT c.id, c.shortname, w.shortname AS category,
               cardinality(string_to_array(k.scale, ',')) AS n
          FROM %1$I.%3$I AS c
          JOIN %1$I.%4$I AS w ON w.id = c.competencyframeworkid
          LEFT JOIN %1$I.%5$I AS k
            ON k.id = coalesce(NULLIF(c.scaleid, 0), w.scaleid)
        OFFSET 0) AS c ON c.id = r.competencyid
  JOIN %1$I.%6$I AS u ON u.id = r.userid
 WHERE r.grade IS NOT NULL AND %7$s$q$,
            s, p || 'competency_usercomp', p || 'competency',
            p || 'competency_framework', p || 'scale', p || 'user', who);
    END IF;
    IF mentoring._has_columns(s, p || 'tool_mergeusers',
                              'id touserid fromuserid success') THEN
        alias := format($q$SELECT DISTINCT ON (a.fromuserid) a.fromuserid AS external_id,
       a.touserid AS person_external_id
  FROM %I.%I AS a
 WHERE a.success = 1 AND a.fromuserid <> a.touserid
 ORDER BY a.fromuserid, a.id DESC$q$, s, p || 'tool_mergeusers');
    END IF;
    RETURN mentoring.register_source(
        name => name,
        kind => 'moodle',
        person_query => mentoring._moodle_person_query(s, p, who, o),
        manager_query => mentoring._moodle_role_query(s, p, who, o, false),
        skill_query => skill,
        activity_query => mentoring._moodle_activity_query(s, p, who),
        options => o,
        alias_query => alias,
        pin_query => mentoring._moodle_role_query(s, p, who, o, true));
END
$$;

COMMENT ON FUNCTION mentoring.register_moodle(text, text, text, jsonb) IS
'Registers a Moodle in this database as a source: persons with custom fields, interests and cohorts, roles over persons, competencies, course completions and the standard log, as far as the tables are there. Options: manager_roles and mentor_roles, shortnames of roles assigned over a person (a mentor becomes the manager, or a pin where programme_id is given); fields, the custom fields to take (default all); job_role_field, site_field, grade_field, custom fields for these columns.';

CREATE FUNCTION mentoring.register_canvas(
    name         text,
    schema_name  text DEFAULT 'public',
    options      jsonb DEFAULT '{}'
) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    s        CONSTANT text := schema_name;
    o        CONSTANT jsonb := coalesce(options, '{}');
    who      text := 'u.workflow_state <> ''deleted''';
    joins    text := '';
    columns  text := '';
    active   text := 'u.workflow_state IN (''registered'', ''pre_registered'')';
    observer text;
    skill    text;
    activity text;
    alias    text;
BEGIN
    PERFORM mentoring._need_columns(s, 'users', 'id name workflow_state',
        'Give the schema of Canvas''s tables; the caller needs USAGE on it.');
    IF mentoring._has_columns(s, 'users', 'deleted_at') THEN
        who := who || ' AND u.deleted_at IS NULL';
    END IF;
    IF mentoring._has_columns(s, 'communication_channels',
                              'id user_id path path_type workflow_state') THEN
        joins := joins || format($q$
  LEFT JOIN (
    SELECT DISTINCT ON (c.user_id) c.user_id, c.path
      FROM %I.communication_channels AS c
     WHERE c.path_type = 'email' AND c.workflow_state = 'active'
     ORDER BY c.user_id, %s c.id) AS c ON c.user_id = u.id$q$, s,
            CASE WHEN mentoring._has_columns(s, 'communication_channels', 'position')
                 THEN 'c.position,' ELSE '' END);
        columns := columns || E',\n       c.path AS email';
    END IF;
    IF mentoring._has_columns(s, 'pseudonyms', 'id user_id workflow_state') THEN
        -- whose every login is suspended can't come in
        joins := joins || format($q$
  LEFT JOIN (
    SELECT l.user_id, bool_or(l.workflow_state = 'active') AS is_active
      FROM %I.pseudonyms AS l
     WHERE l.workflow_state <> 'deleted'
     GROUP BY l.user_id) AS l ON l.user_id = u.id$q$, s);
        active := active || ' AND coalesce(l.is_active, true)';
        IF mentoring._has_columns(s, 'pseudonyms', 'account_id')
           AND mentoring._has_columns(s, 'accounts', 'id name') THEN
            joins := joins || format($q$
  LEFT JOIN (
    SELECT DISTINCT ON (l.user_id) l.user_id, a.name
      FROM %1$I.pseudonyms AS l
      JOIN %1$I.accounts AS a ON a.id = l.account_id
     WHERE l.workflow_state = 'active'
     ORDER BY l.user_id, %2$s l.id) AS a ON a.user_id = u.id$q$, s,
                CASE WHEN mentoring._has_columns(s, 'pseudonyms', 'position')
                     THEN 'l.position,' ELSE '' END);
            columns := columns || E',\n       a.name AS org_unit';
        END IF;
    END IF;
    IF mentoring._has_columns(s, 'users', 'school_position') THEN
        columns := columns || E',\n       u.school_position AS job_role';
    END IF;
    IF mentoring._has_columns(s, 'users', 'time_zone') THEN
        columns := columns || E',\n       u.time_zone AS timezone';
    END IF;
    columns := columns || E',\n       mentoring._profile('
        || concat_ws(', ', 'NULL::jsonb',
            CASE WHEN mentoring._has_columns(s, 'users', 'locale')
                 THEN '''language'', u.locale' END,
            CASE WHEN mentoring._has_columns(s, 'users', 'school_name')
                 THEN '''institution'', u.school_name' END)
        || ') AS profile';
    IF mentoring._has_columns(s, 'user_observers',
                              'id user_id observer_id workflow_state') THEN
        observer := $q$SELECT DISTINCT ON (o.user_id%1$s) o.user_id AS external_id,
       o.observer_id AS %2$s
  FROM %3$I.user_observers AS o
  JOIN %3$I.users AS u ON u.id = o.user_id
  JOIN %3$I.users AS m ON m.id = o.observer_id
 WHERE o.workflow_state = 'active' AND o.user_id <> o.observer_id
   AND %4$s AND %5$s
 ORDER BY o.user_id%1$s, o.id DESC$q$;
    END IF;
    IF mentoring._has_columns(s, 'learning_outcome_results',
                              'id user_id learning_outcome_id score possible percent submitted_at assessed_at')
       AND mentoring._has_columns(s, 'learning_outcomes', 'id short_description') THEN
        skill := format($q$SELECT r.user_id AS external_id,
       o.short_description AS skill,
       7.0 * least(greatest(r.percent, 0), 1) AS level
  FROM (SELECT DISTINCT ON (x.user_id, x.learning_outcome_id) x.user_id,
               x.learning_outcome_id,
               coalesce(x.percent, x.score / NULLIF(x.possible, 0)) AS percent
          FROM %1$I.learning_outcome_results AS x
         WHERE coalesce(x.percent, x.score / NULLIF(x.possible, 0)) IS NOT NULL%2$s
         ORDER BY x.user_id, x.learning_outcome_id,
               coalesce(x.submitted_at, x.assessed_at) DESC NULLS LAST,
               x.id DESC) AS r
  JOIN %1$I.learning_outcomes AS o ON o.id = r.learning_outcome_id
  JOIN %1$I.users AS u ON u.id = r.user_id
 WHERE %3$s$q$, s,
            CASE WHEN mentoring._has_columns(s, 'learning_outcome_results',
                                             'workflow_state')
                 THEN ' AND x.workflow_state = ''active''' ELSE '' END, who);
    END IF;
    IF mentoring._has_columns(s, 'enrollments',
                              'id user_id type workflow_state completed_at') THEN
        activity := format($q$SELECT e.user_id AS external_id,
       'completion:' || e.id AS source_event_id,
       e.completed_at::date AS occurred_on, 'course' AS kind, 0 AS minutes
  FROM %1$I.enrollments AS e
  JOIN %1$I.users AS u ON u.id = e.user_id
 WHERE e.type = 'StudentEnrollment' AND e.workflow_state = 'completed'
   AND e.completed_at IS NOT NULL AND %2$s$q$, s, who);
    END IF;
    IF mentoring._has_columns(s, 'user_merge_data',
                              'id user_id from_user_id workflow_state') THEN
        alias := format($q$SELECT DISTINCT ON (a.from_user_id)
       a.from_user_id AS external_id, a.user_id AS person_external_id
  FROM %I.user_merge_data AS a
 WHERE a.workflow_state = 'active' AND a.from_user_id <> a.user_id
 ORDER BY a.from_user_id, a.id DESC$q$, s);
    END IF;
    RETURN mentoring.register_source(
        name => name,
        kind => 'canvas',
        person_query => format($q$SELECT u.id AS external_id,
       coalesce(NULLIF(btrim(u.name), ''), 'user ' || u.id) AS display_name%s,
       %s AS is_active
  FROM %I.users AS u%s
 WHERE %s
 ORDER BY u.id$q$, columns, active, s, joins, who),
        manager_query => CASE WHEN NOT o ? 'programme_id' THEN
            format(observer, '', 'manager_external_id', s, who,
                   replace(who, 'u.', 'm.')) END,
        skill_query => skill,
        activity_query => activity,
        options => o,
        alias_query => alias,
        pin_query => CASE WHEN o ? 'programme_id' THEN
            format(observer, ', o.observer_id', 'mentor_external_id', s, who,
                   replace(who, 'u.', 'm.')) END);
END
$$;

COMMENT ON FUNCTION mentoring.register_canvas(text, text, jsonb) IS
'Registers a Canvas in this database as a source: users with e-mail, account and time zone, observers, outcome results, completed enrolments and merges, as far as the tables are there. An observer becomes the manager, or a pin in the programme of options.programme_id.';

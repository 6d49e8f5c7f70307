-- What happens here, as statements of the Experience API.

CREATE FUNCTION mentoring._xapi_statements(
    programme_id   bigint,
    since          timestamptz,
    is_admin       boolean,
    OUT statement  jsonb
) RETURNS SETOF jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $$
#variable_conflict use_column
DECLARE
    scope   CONSTANT bigint := $1;
    earliest CONSTANT timestamptz := coalesce($2, '-infinity');
    here    text := mentoring._xapi_programme(scope);
BEGIN
    IF here IS NULL THEN
        RAISE EXCEPTION 'there is no programme %', scope
            USING ERRCODE = 'no_data_found',
                  HINT = 'The table mentoring.programme lists them.';
    END IF;
    RETURN QUERY
    WITH agent AS (
        SELECT t.id, jsonb_build_object('objectType', 'Agent', 'account',
                   jsonb_build_object(
                       'homePage', CASE WHEN mentoring._is_iri(
                                            s.options ->> 'home_page')
                                   THEN s.options ->> 'home_page'
                                   ELSE mentoring._xapi_home_page(p.source) END,
                       'name', p.external_id)) AS agent
        FROM mentoring.participant t
        JOIN mentoring.person p ON p.id = t.person_id
        LEFT JOIN mentoring.source s ON s.name = p.source
        WHERE t.programme_id = scope
    ), pair AS (
        -- everybody mentored, with the mentors
        SELECT m.relationship_id, m.participant_id, r.status, r.created_at,
               r.ended_on, r.ended_from, o.instructor,
               'urn:uuid:' || mentoring._xapi_uuid(here || ':relationship:'
                                                   || r.id) AS activity
        FROM mentoring.relationship r
        JOIN mentoring.relationship_member m
          ON m.programme_id = scope AND m.relationship_id = r.id
         AND m.role <> 'mentor'
        LEFT JOIN LATERAL (
            SELECT CASE WHEN count(*) = 1 THEN jsonb_agg(a.agent) -> 0
                        WHEN count(*) > 1 THEN jsonb_build_object(
                            'objectType', 'Group', 'member',
                            jsonb_agg(a.agent ORDER BY a.id)) END AS instructor
            FROM mentoring.relationship_member q
            JOIN agent a ON a.id = q.participant_id
            WHERE q.programme_id = scope AND q.relationship_id = r.id
              AND q.role = 'mentor') AS o ON true
        WHERE r.programme_id = scope
    ), entry AS (
        SELECT l.*,
               'urn:uuid:' || mentoring._xapi_uuid(here || ':relationship:'
                                   || l.relationship_id) AS activity
        FROM mentoring.learning_log l
        WHERE l.programme_id = scope AND l.source = 'local'
          AND l.created_at >= earliest
          AND (l.visibility = 'coordinator'
               OR is_admin AND l.visibility = 'relationship')
    ), happened (verb, object_id, participant_id, recorded_at, at, activity,
                 type, name, instructor, relationship, result) AS (
        SELECT 'requested', q.id, q.mentee_id, q.created_at, q.created_at,
               'urn:uuid:' || mentoring._xapi_uuid(here || ':request:' || q.id),
               'request', NULL, a.agent, NULL, NULL::jsonb
        FROM mentoring.request q
        JOIN agent a ON a.id = q.mentor_id
        WHERE q.programme_id = scope AND q.created_at >= earliest
        UNION ALL
        SELECT 'matched', p.relationship_id, p.participant_id, p.created_at,
               p.created_at, p.activity, 'relationship', NULL, p.instructor,
               NULL, NULL
        FROM pair p WHERE p.created_at >= earliest
        UNION ALL
        SELECT CASE l.kind WHEN 'meeting' THEN 'met' ELSE 'logged' END, l.id,
               l.participant_id, l.created_at, l.occurred_on,
               'urn:uuid:' || mentoring._xapi_uuid(here || ':entry:' || l.id),
               l.kind, NULL, NULL, l.activity,
               jsonb_build_object('duration', 'PT' || l.minutes || 'M')
        FROM entry l
        UNION ALL
        SELECT 'achieved', l.id, l.participant_id, l.created_at, l.occurred_on,
               CASE WHEN mentoring._is_iri(s.uri) THEN s.uri
               ELSE 'urn:uuid:' || mentoring._xapi_uuid(
                        concat_ws(':', 'skill', s.category, s.name)) END,
               'skill', s.name, NULL, l.activity,
               jsonb_build_object('success', true, 'score',
                   jsonb_build_object('raw', l.level_after, 'min', 0, 'max', 7,
                       'scaled', round(l.level_after / 7.0, 4)),
                   'extensions', jsonb_build_object(
                       'urn:mentoring:extension:level-before', l.level_before))
        FROM entry l
        JOIN mentoring.skill s ON s.id = l.skill_id
        WHERE l.level_after > l.level_before
        UNION ALL
        SELECT p.status, p.relationship_id, p.participant_id, e.at, e.at,
               p.activity, 'relationship', NULL, p.instructor, NULL,
               jsonb_build_object('completion', p.status = 'completed')
        FROM pair p
        CROSS JOIN LATERAL (
            SELECT coalesce(
                (SELECT max(v.at) FROM mentoring.event v
                  WHERE v.programme_id = scope AND v.object = 'relationship'
                    AND v.object_id = p.relationship_id
                    AND v.action = 'update'
                    AND v.new ->> 'status' = p.status),
                p.ended_on, p.created_at) AS at) AS e
        WHERE p.status IN ('completed', 'ended') AND e.at >= earliest
    )
    SELECT jsonb_strip_nulls(jsonb_build_object(
        'id', mentoring._xapi_uuid(concat_ws(':', here, h.verb, h.object_id,
                                             h.participant_id)),
        'actor', a.agent,
        'verb', jsonb_build_object('id', 'urn:mentoring:verb:' || h.verb,
                    'display', jsonb_build_object('en', h.verb)),
        'object', jsonb_build_object('objectType', 'Activity',
                      'id', h.activity, 'definition', jsonb_build_object(
                          'type', 'urn:mentoring:activity:' || h.type,
                          'name', CASE WHEN h.name IS NOT NULL
                                  THEN jsonb_build_object('und', h.name) END)),
        'result', h.result,
        'context', jsonb_build_object(
            'platform', 'mentoring',
            'instructor', h.instructor,
            'contextActivities', jsonb_build_object(
                'parent', CASE WHEN h.relationship IS NOT NULL
                          THEN jsonb_build_array(jsonb_build_object(
                                   'id', h.relationship)) END,
                'grouping', jsonb_build_array(jsonb_build_object(
                    'id', here)))),
        'timestamp', to_char(
            CASE WHEN h.at >= timestamptz '0001-01-01 00:00:00+00'
                  AND h.at < timestamptz '10000-01-01 00:00:00+00'
                 THEN h.at ELSE h.recorded_at END,
            'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))
    FROM happened h
    JOIN agent a ON a.id = h.participant_id
    ORDER BY h.recorded_at, h.verb, h.object_id, h.participant_id;
END
$$;

COMMENT ON FUNCTION mentoring._xapi_statements(bigint, timestamptz, boolean) IS
'Internal: what xapi_statements() returns; log entries of relationships for an administrator.';

CREATE FUNCTION mentoring.xapi_statements(
    programme_id   bigint,
    since          timestamptz DEFAULT NULL,
    OUT statement  jsonb
) RETURNS SETOF jsonb
AS 'MODULE_PATHNAME', 'mentoring_xapi_statements'
LANGUAGE C STABLE PARALLEL UNSAFE;

COMMENT ON FUNCTION mentoring.xapi_statements(bigint, timestamptz) IS
'What happened in a programme, recorded since then (NULL: ever), as xAPI statements, oldest first: requested, matched, met, logged, achieved, completed, ended. A statement''s id is the same at each call. Persons are accounts, no names or texts are in it; of the log only what its author lets coordinators read, and for an administrator what relationships read. For coordinators of the programme and levels sync and admin.';

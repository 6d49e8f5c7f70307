-- Rights of the person: what is held on somebody, given out or erased, and what
-- is too old to be kept.
--
-- Functions whose names begin with an underscore do the work and are granted to
-- nobody; those without check the caller in C and run them with the rights of
-- the extension's owner (src/person_data.c).

CREATE FUNCTION mentoring._personal_column(
    OUT table_name text,
    OUT column_name text,
    OUT treatment text,
    OUT why text
) RETURNS SETOF record
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    VALUES
    -- who somebody is
    ('person', 'id', 'exported, kept', 'the pseudonym: what is counted hangs on it'),
    ('person', 'source', 'exported, kept', 'names a system'),
    ('person', 'external_id', 'exported, erased', 'becomes erased-<id>'),
    ('person', 'display_name', 'exported, erased', 'becomes "erased"'),
    ('person', 'email', 'exported, erased', NULL),
    ('person', 'org_unit', 'exported, erased', NULL),
    ('person', 'job_role', 'exported, erased', NULL),
    ('person', 'grade', 'exported, kept', 'evaluation counts by it'),
    ('person', 'site', 'exported, erased', NULL),
    ('person', 'timezone', 'exported, erased', NULL),
    ('person', 'manager_id', 'exported, erased', 'also where the person is the manager; whose manager somebody is, is data on those'),
    ('person', 'profile', 'exported, erased', NULL),
    ('person', 'joined_on', 'exported, kept', 'evaluation counts by it'),
    ('person', 'left_on', 'exported, kept', 'evaluation counts by it'),
    ('person', 'is_active', 'exported, erased', 'becomes false'),
    ('person', 'erased_at', 'exported, kept', 'says that it was done'),
    ('person_history', 'person_id', 'exported, kept', 'the pseudonym'),
    ('person_history', 'valid_from', 'exported, kept', 'evaluation counts by it'),
    ('person_history', 'valid_to', 'exported, kept', 'evaluation counts by it'),
    ('person_history', 'org_unit', 'exported, erased', NULL),
    ('person_history', 'job_role', 'exported, erased', NULL),
    ('person_history', 'grade', 'exported, kept', 'evaluation counts by it'),
    ('person_history', 'site', 'exported, erased', NULL),
    ('person_history', 'manager_id', 'exported, erased', 'also where the person is the manager'),
    ('person_history', 'exit_kind', 'exported, kept', 'a category that evaluation counts by'),
    ('person_skill', 'person_id', 'exported, erased', 'the row is deleted'),
    ('person_skill', 'skill_id', 'exported, erased', 'the row is deleted'),
    ('person_skill', 'level', 'exported, erased', 'the row is deleted'),
    ('person_skill', 'source', 'exported, erased', 'the row is deleted'),
    ('person_role', 'person_id', 'exported, erased', 'the row is deleted'),
    ('person_role', 'role_name', 'exported, erased', 'the row is deleted'),
    ('person_alias', 'source', 'exported, erased', 'the row is deleted'),
    ('person_alias', 'external_id', 'exported, erased', 'the row is deleted'),
    ('person_alias', 'person_id', 'exported, erased', 'the row is deleted'),
    ('sync_queue', 'source', 'kept', 'names a system'),
    ('sync_queue', 'table_name', 'kept', 'of no person'),
    ('sync_queue', 'external_id', 'erased', 'the row is deleted; else it goes with the next sync'),

    -- taking part
    ('participant', 'person_id', 'exported, kept', 'the pseudonym'),
    ('participant', 'role', 'exported, kept', 'programmes are counted by it'),
    ('participant', 'status', 'exported, kept', 'becomes withdrawn where it may'),
    ('participant', 'applied_at', 'exported, kept', 'programmes are counted by it'),
    ('participant', 'capacity', 'exported, kept', 'places are counted by it'),
    ('participant', 'created_at', 'exported, kept', 'programmes are counted by it'),
    ('participant', 'profile', 'exported, erased', NULL),
    ('participant', 'bio', 'exported, erased', NULL),
    ('participant', 'aims', 'exported, erased', NULL),
    ('participant_skill', 'participant_id', 'exported, erased', 'the row is deleted'),
    ('participant_load', 'participant_id', 'kept', 'derived from memberships, which are exported'),
    ('preference', 'participant_id', 'exported, erased', 'the row is deleted'),
    ('preference', 'preferred_id', 'erased', 'the row is deleted; whom others want or never want stays with them'),
    ('pair_rule', 'mentee_id', 'kept', 'a decision of coordinators'),
    ('pair_rule', 'mentor_id', 'kept', 'a decision of coordinators'),
    ('pair_rule', 'reason', 'erased', 'a decision of coordinators'),

    -- matching
    ('match_price', 'participant_id', 'exported, kept', 'the proof of the match; exported when published'),
    ('match_price', 'reason', 'exported, kept', 'one of a fixed choice'),
    ('proposal_member', 'participant_id', 'exported, kept', 'match history; exported when published'),
    ('match_run', 'options', 'kept', 'settings of a run, of no person'),
    ('match_run', 'input_hash', 'kept', 'emptied with texts, for it says that these are the words of the inputs'),
    ('match_run', 'extension_version', 'kept', 'of no person'),
    ('match_run', 'detail', 'kept', 'numbers and ids of participants'),
    ('match_run', 'texts', 'erased', 'words of all texts of the programme'),

    -- relationships
    ('relationship', 'end_reason', 'exported, erased', 'concerns all members'),
    ('relationship_member', 'participant_id', 'exported, kept', 'relationships are counted by it'),
    ('request', 'mentee_id', 'exported, erased', 'the row is deleted'),
    ('request', 'mentor_id', 'exported, erased', 'the row is deleted; exported when the mentor was asked'),
    ('request', 'reason', 'exported, erased', 'the row is deleted'),

    -- the learning log
    ('learning_log', 'participant_id', 'exported, kept', 'totals count it'),
    ('learning_log', 'reflection', 'exported, erased', 'a private one is exported to its author alone'),
    ('learning_log', 'source', 'exported, kept', 'names a system'),
    ('learning_log', 'source_event_id', 'exported, erased', 'leads to the same event elsewhere'),
    ('learning_day', 'participant_id', 'kept', 'derived from entries, which are exported'),
    ('learning_author', 'participant_id', 'kept', 'derived from entries, which are exported'),
    ('learning_spill', 'participant_id', 'kept', 'derived from entries, which are exported'),

    ('xapi_statement', 'source', 'exported, erased', 'the row is deleted'),
    ('xapi_statement', 'statement_id', 'exported, erased', 'the row is deleted'),
    ('xapi_statement', 'digest', 'exported, erased', 'the row is deleted'),
    ('xapi_statement', 'voids', 'kept', 'of no person: it is that of a voiding statement'),
    ('xapi_statement', 'participant_id', 'exported, erased', 'the row is deleted'),
    ('xapi_statement', 'actor_digest', 'exported, erased', 'the row is deleted, while the person has that key or address'),
    ('xapi_statement', 'home_page', 'exported, erased', 'the row is deleted'),

    -- the audit
    ('event', 'role_name', 'exported, erased', 'becomes "erased" where it was the person''s own role'),
    ('event', 'person_id', 'exported, kept', 'the pseudonym'),
    ('event', 'object', 'exported, kept', 'the name of a table'),
    ('event', 'old', 'exported, kept', 'numbers, dates and words of a fixed choice; of others it isn''t exported'),
    ('event', 'new', 'exported, kept', 'as old'),
    ('access_event', 'role_name', 'exported, erased', 'becomes "erased" where it was the person''s own role'),
    ('access_event', 'object', 'exported, erased', 'a role, as role_name; or "person <id>"'),
    ('access_event', 'detail', 'exported, kept', 'the level granted, or the reason of an erasure'),

    -- texts of no person
    ('source', 'name', 'kept', 'names a system'),
    ('source', 'person_query', 'kept', 'code'),
    ('source', 'manager_query', 'kept', 'code'),
    ('source', 'skill_query', 'kept', 'code'),
    ('source', 'activity_query', 'kept', 'code'),
    ('source', 'history_query', 'kept', 'code'),
    ('source', 'alias_query', 'kept', 'code'),
    ('source', 'pin_query', 'kept', 'code'),
    ('source', 'options', 'kept', 'of no person'),
    ('xapi_verb', 'iri', 'kept', 'of no person'),
    ('skill', 'name', 'kept', 'of no person'),
    ('skill', 'category', 'kept', 'of no person'),
    ('skill', 'uri', 'kept', 'of no person'),
    ('programme', 'name', 'kept', 'of no person'),
    ('programme', 'purpose', 'kept', 'of no person'),
    ('criterion', 'name', 'kept', 'of no person'),
    ('criterion', 'mentee_key', 'kept', 'of no person'),
    ('criterion', 'mentor_key', 'kept', 'of no person'),
    ('criterion', 'params', 'kept', 'of no person'),
    ('transition', 'object', 'kept', 'constant'),
    ('transition', 'from_state', 'kept', 'constant'),
    ('transition', 'to_state', 'kept', 'constant')
$$;

COMMENT ON FUNCTION mentoring._personal_column() IS
'Internal: every column that refers to a person or a participant, describes one or holds free text, and what export_person() and erase_person() do with it; the tests compare it with the catalogue.';

CREATE FUNCTION mentoring._export_person(person_id bigint, is_own boolean)
RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $$
WITH mine AS (
    SELECT p.programme_id, p.id
    FROM mentoring.participant p
    WHERE p.person_id = $1
), theirs AS (
    SELECT DISTINCT m.programme_id, m.relationship_id AS id
    FROM mentoring.relationship_member m
    JOIN mine i ON i.programme_id = m.programme_id AND i.id = m.participant_id
), membership AS (
    SELECT m.programme_id, m.id
    FROM mentoring.relationship_member m
    JOIN mine i ON i.programme_id = m.programme_id AND i.id = m.participant_id
), proposed AS (
    SELECT m.programme_id, m.proposal_id AS id, m.id AS member_id
    FROM mentoring.proposal_member m
    JOIN mine i ON i.programme_id = m.programme_id AND i.id = m.participant_id
    JOIN mentoring.proposal o
      ON o.programme_id = m.programme_id AND o.id = m.proposal_id
    JOIN mentoring.match_run r
      ON r.programme_id = o.programme_id AND r.id = o.match_run_id
    WHERE r.status = 'published'
), login AS (
    SELECT r.role_name FROM mentoring.person_role r WHERE r.person_id = $1
), entry AS (
    -- own ones, then what others wrote to the person
    SELECT l.*
    FROM mentoring.learning_log l
    JOIN mine i ON i.programme_id = l.programme_id AND i.id = l.participant_id
    WHERE $2 OR l.visibility <> 'private'
    UNION ALL
    SELECT l.*
    FROM mentoring.learning_log l
    JOIN theirs t
      ON t.programme_id = l.programme_id AND t.id = l.relationship_id
    WHERE l.visibility IN ('relationship', 'coordinator')
      AND NOT EXISTS (SELECT FROM mine i
                      WHERE i.programme_id = l.programme_id
                        AND i.id = l.participant_id)
), about AS (
    -- what happened to the person's own rows
    SELECT e.programme_id, e.id
    FROM mentoring.event e
    JOIN mine i ON i.programme_id = e.programme_id AND i.id = e.object_id
    WHERE e.object = 'participant'
    UNION ALL
    SELECT e.programme_id, e.id
    FROM mentoring.event e
    JOIN theirs t ON t.programme_id = e.programme_id AND t.id = e.object_id
    WHERE e.object = 'relationship'
    UNION ALL
    SELECT e.programme_id, e.id
    FROM mentoring.event e
    JOIN membership m
      ON m.programme_id = e.programme_id AND m.id = e.object_id
    WHERE e.object = 'relationship_member'
), known_skill AS (
    SELECT s.skill_id FROM mentoring.person_skill s WHERE s.person_id = $1
    UNION
    SELECT s.skill_id
    FROM mentoring.participant_skill s
    JOIN mine i ON i.programme_id = s.programme_id AND i.id = s.participant_id
    UNION
    SELECT skill_id FROM entry
)
SELECT (SELECT jsonb_object_agg(key, coalesce(nullif(value, 'null'), '[]'))
        FROM jsonb_each(jsonb_build_object(
    'person',
    (SELECT jsonb_agg(to_jsonb(x)) FROM mentoring.person x WHERE x.id = $1),
    'person_history',
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id)
     FROM mentoring.person_history x WHERE x.person_id = $1),
    'person_skill',
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id)
     FROM mentoring.person_skill x WHERE x.person_id = $1),
    'person_role',
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id)
     FROM mentoring.person_role x WHERE x.person_id = $1),
    'person_alias',
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id)
     FROM mentoring.person_alias x WHERE x.person_id = $1),
    'participant',
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id, x.programme_id)
     FROM mentoring.participant x WHERE x.person_id = $1),
    'participant_skill',
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id, x.programme_id)
     FROM mentoring.participant_skill x
     JOIN mine i
       ON i.programme_id = x.programme_id AND i.id = x.participant_id),
    'preference',
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id, x.programme_id)
     FROM mentoring.preference x
     JOIN mine i
       ON i.programme_id = x.programme_id AND i.id = x.participant_id),
    'proposal',
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id, x.programme_id)
     FROM mentoring.proposal x
     JOIN proposed o ON o.programme_id = x.programme_id AND o.id = x.id),
    'proposal_member',
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id, x.programme_id)
     FROM mentoring.proposal_member x
     JOIN proposed o
       ON o.programme_id = x.programme_id AND o.member_id = x.id),
    'match_price',
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.match_run_id, x.participant_id)
     FROM mentoring.match_price x
     JOIN mine i
       ON i.programme_id = x.programme_id AND i.id = x.participant_id
     JOIN mentoring.match_run r
       ON r.programme_id = x.programme_id AND r.id = x.match_run_id
     WHERE r.status = 'published'),
    'relationship',
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id, x.programme_id)
     FROM mentoring.relationship x
     JOIN theirs t ON t.programme_id = x.programme_id AND t.id = x.id),
    'relationship_member',
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id, x.programme_id)
     FROM mentoring.relationship_member x
     JOIN theirs t
       ON t.programme_id = x.programme_id AND t.id = x.relationship_id),
    'request',
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id, x.programme_id)
     FROM (SELECT q.*
           FROM mentoring.request q
           JOIN mine i
             ON i.programme_id = q.programme_id AND i.id = q.mentee_id
           UNION ALL
           SELECT q.*
           FROM mentoring.request q
           JOIN mine i
             ON i.programme_id = q.programme_id AND i.id = q.mentor_id
           WHERE q.asked_at IS NOT NULL) x),
    'learning_log',
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id, x.programme_id) FROM entry x),
    'xapi_statement',
    -- those that became entries, and those that wait for the person
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id, x.programme_id)
     FROM (SELECT i.programme_id, s.id
           FROM mine i
           JOIN mentoring.xapi_statement s
             ON s.programme_id = i.programme_id AND s.participant_id = i.id
           UNION
           SELECT k.programme_id, k.id
           FROM mentoring._xapi_kept_of($1) k) o
     JOIN mentoring.xapi_statement x
       ON x.programme_id = o.programme_id AND x.id = o.id),
    'event',
    -- who did it is that one's data, what it did to others is theirs
    (SELECT jsonb_agg(CASE
                WHEN x.person_id IS DISTINCT FROM $1
                     AND x.role_name NOT IN (SELECT role_name FROM login)
                THEN to_jsonb(x) - 'role_name' - 'person_id'
                WHEN a.id IS NULL THEN to_jsonb(x) - 'old' - 'new'
                ELSE to_jsonb(x) END
                ORDER BY x.id, x.programme_id)
     FROM (SELECT a.programme_id, a.id FROM about a
           UNION
           SELECT e.programme_id, e.id
           FROM mentoring.event e WHERE e.person_id = $1
           UNION
           SELECT e.programme_id, e.id
           FROM mentoring.event e JOIN login USING (role_name)) k
     JOIN mentoring.event x
       ON x.programme_id = k.programme_id AND x.id = k.id
     LEFT JOIN about a ON a.programme_id = x.programme_id AND a.id = x.id),
    'access_event',
    (SELECT jsonb_agg(CASE WHEN x.role_name IN (SELECT role_name FROM login)
                           THEN to_jsonb(x)
                           ELSE to_jsonb(x) - 'role_name' END
                      ORDER BY x.id)
     FROM mentoring.access_event x
     WHERE x.object = 'person ' || $1
        OR x.object IN (SELECT 'role ' || role_name FROM login)
        OR x.role_name IN (SELECT role_name FROM login)),
    -- what the ids above stand for
    'programme',
    (SELECT jsonb_agg(jsonb_build_object('id', x.id, 'name', x.name)
                      ORDER BY x.id)
     FROM mentoring.programme x
     WHERE x.id IN (SELECT programme_id FROM mine)),
    'skill',
    (SELECT jsonb_agg(jsonb_build_object('id', x.id, 'name', x.name)
                      ORDER BY x.id)
     FROM mentoring.skill x
     WHERE x.id IN (SELECT skill_id FROM known_skill)))))
FROM mentoring.person p
WHERE p.id = $1
$$;

COMMENT ON FUNCTION mentoring._export_person(bigint, boolean) IS
'Internal: what export_person() returns, NULL for an unknown person; private entries only for the person (is_own).';

CREATE FUNCTION mentoring._lock_person(person_id bigint)
RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    whom CONSTANT bigint := $1;
    done boolean;
BEGIN
    -- No import of statements meanwhile, for it would bring new ones.
    PERFORM pg_advisory_xact_lock(1835363956, 3);
    -- In the order in which functions and triggers lock: programme, run,
    -- requests that are asked, relationships, places; each by id.
    SELECT p.erased_at IS NOT NULL INTO done
    FROM mentoring.person p
    WHERE p.id = whom
    FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no person %', whom
            USING ERRCODE = 'no_data_found',
                  HINT = 'The table mentoring.person lists them.';
    END IF;
    PERFORM FROM mentoring.person p
    WHERE p.manager_id = whom
    ORDER BY p.id
    FOR NO KEY UPDATE;
    PERFORM FROM mentoring.programme g
    WHERE g.id IN (SELECT a.programme_id FROM mentoring.participant a
                   WHERE a.person_id = whom)
    ORDER BY g.id
    FOR NO KEY UPDATE;
    PERFORM FROM mentoring.match_run r
    WHERE r.texts IS NOT NULL
      AND r.programme_id IN (SELECT a.programme_id
                             FROM mentoring.participant a
                             WHERE a.person_id = whom)
    ORDER BY r.id
    FOR NO KEY UPDATE;
    PERFORM FROM mentoring.participant a
    WHERE a.person_id = whom
    ORDER BY a.id
    FOR NO KEY UPDATE;
    PERFORM FROM mentoring.request q
    WHERE q.status = 'asked'
      AND (q.programme_id, q.id) IN (
          SELECT o.programme_id, o.id
          FROM mentoring.participant a
          JOIN mentoring.request o
            ON o.programme_id = a.programme_id AND o.mentee_id = a.id
          WHERE a.person_id = whom
          UNION ALL
          SELECT o.programme_id, o.id
          FROM mentoring.participant a
          JOIN mentoring.request o
            ON o.programme_id = a.programme_id AND o.mentor_id = a.id
          WHERE a.person_id = whom)
    ORDER BY q.mentee_id, q.id
    FOR NO KEY UPDATE;
    PERFORM FROM mentoring.relationship r
    WHERE (r.programme_id, r.id) IN (
          SELECT m.programme_id, m.relationship_id
          FROM mentoring.participant a
          JOIN mentoring.relationship_member m
            ON m.programme_id = a.programme_id AND m.participant_id = a.id
          WHERE a.person_id = whom)
    ORDER BY r.id
    FOR NO KEY UPDATE;
    PERFORM FROM mentoring.participant_load l
    WHERE (l.programme_id, l.participant_id) IN (
          SELECT a.programme_id, a.id
          FROM mentoring.participant a
          WHERE a.person_id = whom
          UNION ALL
          SELECT o.programme_id, o.participant_id
          FROM mentoring.participant a
          JOIN mentoring.relationship_member m
            ON m.programme_id = a.programme_id AND m.participant_id = a.id
          JOIN mentoring.relationship_member o
            ON o.programme_id = m.programme_id
           AND o.relationship_id = m.relationship_id
          WHERE a.person_id = whom
          UNION ALL
          SELECT q.programme_id, q.mentee_id
          FROM mentoring.participant a
          JOIN mentoring.request q
            ON q.programme_id = a.programme_id AND q.mentor_id = a.id
          WHERE a.person_id = whom AND q.status = 'asked')
    ORDER BY l.participant_id
    FOR NO KEY UPDATE;
    RETURN done;
END
$$;

COMMENT ON FUNCTION mentoring._lock_person(bigint) IS
'Internal: locks what erasing a person touches and others lock; tells whether the person was erased before.';

CREATE FUNCTION mentoring._withdraw_person(person_id bigint)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    whom  CONSTANT bigint := $1;
    asked record;
BEGIN
    UPDATE mentoring.participant
    SET status = 'withdrawn'
    WHERE person_id = whom AND status IN ('applied', 'waitlisted', 'accepted');

    -- Requests.  Who had asked this mentor asks the next one: the trigger
    -- does it when the request is closed, mentee by mentee.
    DELETE FROM mentoring.request q
    USING mentoring.participant a
    WHERE a.person_id = whom
      AND q.programme_id = a.programme_id AND q.mentee_id = a.id;
    FOR asked IN
        SELECT q.programme_id, q.id
        FROM mentoring.request q
        JOIN mentoring.participant a
          ON a.programme_id = q.programme_id AND a.id = q.mentor_id
        WHERE a.person_id = whom AND q.status = 'asked'
        ORDER BY q.mentee_id, q.id
    LOOP
        UPDATE mentoring.request
        SET status = 'declined'
        WHERE programme_id = asked.programme_id AND id = asked.id;
    END LOOP;
    DELETE FROM mentoring.request q
    USING mentoring.participant a
    WHERE a.person_id = whom
      AND q.programme_id = a.programme_id AND q.mentor_id = a.id;

    -- Relationships end, except groups and circles that are one without the
    -- person.
    UPDATE mentoring.relationship r
    SET status = 'ended', is_no_fault = true
    FROM mentoring.participant a
    JOIN mentoring.relationship_member m
      ON m.programme_id = a.programme_id AND m.participant_id = a.id
    WHERE a.person_id = whom
      AND r.programme_id = m.programme_id AND r.id = m.relationship_id
      AND r.status IN ('proposed', 'trial', 'active', 'paused')
      AND NOT (SELECT count(*) FILTER (WHERE o.role = 'mentor') > 0
                      AND count(*) FILTER (WHERE o.role = 'mentee') > 0
                      OR count(*) FILTER (WHERE o.role = 'peer') > 1
               FROM mentoring.relationship_member o
               JOIN mentoring.participant b
                 ON b.programme_id = o.programme_id
                AND b.id = o.participant_id
               JOIN mentoring.person p ON p.id = b.person_id
               WHERE o.programme_id = r.programme_id
                 AND o.relationship_id = r.id
                 AND p.id <> whom AND p.erased_at IS NULL);
END
$$;

COMMENT ON FUNCTION mentoring._withdraw_person(bigint) IS
'Internal: takes a person who is erased out of programmes, requests and relationships.';

CREATE FUNCTION mentoring._erase_person(person_id bigint, reason text)
RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    whom     CONSTANT bigint := $1;
    said     CONSTANT text := $2;
    is_first boolean;
    key      text := 'erased-' || $1;
    logins   text[];
BEGIN
    IF whom = mentoring.current_person() THEN
        RAISE EXCEPTION 'person % cannot erase himself or herself', whom
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'Another administrator does it.';
    END IF;

    -- What is erased already arrives again where somebody wrote in the same
    -- moment, or writes later; so the rest is done again, and finds nothing.
    is_first := NOT mentoring._lock_person(whom);
    PERFORM mentoring._withdraw_person(whom);

    DELETE FROM mentoring.preference f
    USING mentoring.participant a
    WHERE a.person_id = whom AND f.programme_id = a.programme_id
      AND f.participant_id = a.id;
    DELETE FROM mentoring.preference f
    USING mentoring.participant a
    WHERE a.person_id = whom AND f.programme_id = a.programme_id
      AND f.preferred_id = a.id;
    DELETE FROM mentoring.participant_skill s
    USING mentoring.participant a
    WHERE a.person_id = whom AND s.programme_id = a.programme_id
      AND s.participant_id = a.id;
    -- a pin that nothing can fulfil would make every match fail
    DELETE FROM mentoring.pair_rule u
    USING mentoring.participant a
    WHERE a.person_id = whom AND u.programme_id = a.programme_id
      AND (u.mentee_id = a.id OR u.mentor_id = a.id) AND u.rule = 'pin';
    UPDATE mentoring.participant
    SET bio = NULL, aims = NULL, profile = '{}'
    WHERE person_id = whom
      AND (bio, aims, profile) IS DISTINCT FROM (NULL, NULL, '{}');

    -- Texts.  Of rows that aren't locked yet one without a text may just be
    -- getting one, so the first time they are all taken.
    UPDATE mentoring.pair_rule u
    SET reason = NULL
    FROM mentoring.participant a
    WHERE a.person_id = whom AND u.programme_id = a.programme_id
      AND (u.mentee_id = a.id OR u.mentor_id = a.id)
      AND (is_first OR u.reason IS NOT NULL);
    UPDATE mentoring.relationship r
    SET end_reason = NULL
    FROM mentoring.participant a
    JOIN mentoring.relationship_member m
      ON m.programme_id = a.programme_id AND m.participant_id = a.id
    WHERE a.person_id = whom
      AND r.programme_id = m.programme_id AND r.id = m.relationship_id
      AND r.end_reason IS NOT NULL;
    UPDATE mentoring.learning_log l
    SET reflection = NULL, source_event_id = NULL
    FROM mentoring.participant a
    WHERE a.person_id = whom
      AND l.programme_id = a.programme_id AND l.participant_id = a.id
      AND (is_first OR l.reflection IS NOT NULL
           OR l.source_event_id IS NOT NULL);
    UPDATE mentoring.match_run r
    SET texts = NULL, input_hash = NULL
    WHERE r.texts IS NOT NULL
      AND r.programme_id IN (SELECT a.programme_id
                             FROM mentoring.participant a
                             WHERE a.person_id = whom);

    DELETE FROM mentoring.xapi_statement x
    USING mentoring.participant a
    WHERE a.person_id = whom
      AND x.programme_id = a.programme_id AND x.participant_id = a.id;
    DELETE FROM mentoring.xapi_statement x
    USING mentoring._xapi_kept_of(whom) k
    WHERE x.programme_id = k.programme_id AND x.id = k.id;

    -- The directory
    DELETE FROM mentoring.person_skill WHERE person_id = whom;
    DELETE FROM mentoring.sync_queue q
    USING (SELECT p.source, p.external_id
           FROM mentoring.person p WHERE p.id = whom
           UNION ALL
           SELECT a.source, a.external_id
           FROM mentoring.person_alias a WHERE a.person_id = whom) AS k
    WHERE q.source = k.source AND q.external_id = k.external_id;
    DELETE FROM mentoring.person_alias WHERE person_id = whom;
    UPDATE mentoring.person_history
    SET org_unit = NULL, job_role = NULL, site = NULL, manager_id = NULL
    WHERE person_id = whom
      AND (is_first OR (org_unit, job_role, site, manager_id)
                       IS DISTINCT FROM (NULL, NULL, NULL, NULL));
    UPDATE mentoring.person_history SET manager_id = NULL
    WHERE manager_id = whom;
    UPDATE mentoring.person SET manager_id = NULL WHERE manager_id = whom;
    WHILE EXISTS (SELECT
                  FROM mentoring.person p
                  JOIN mentoring.person o
                    ON o.source = p.source AND o.external_id = key
                  WHERE p.id = whom AND o.id <> whom)
    LOOP
        key := key || '-';
    END LOOP;
    UPDATE mentoring.person
    SET external_id = key, display_name = 'erased', email = NULL,
        org_unit = NULL, job_role = NULL, site = NULL, timezone = NULL,
        manager_id = NULL, profile = '{}', is_active = false,
        erased_at = coalesce(erased_at, now())
    WHERE id = whom
      AND (is_first
           OR (external_id, display_name, email, org_unit, job_role, site,
               timezone, manager_id, profile, is_active)
              IS DISTINCT FROM (key, 'erased', NULL, NULL, NULL, NULL,
                                NULL, NULL, '{}', false));

    -- The audit
    IF is_first THEN
        INSERT INTO mentoring.access_event (role_name, action, object, detail)
        VALUES (mentoring._caller(), 'erase', 'person ' || whom, said);
    END IF;
    WITH gone AS (
        DELETE FROM mentoring.person_role WHERE person_id = whom
        RETURNING role_name
    )
    SELECT array_agg(role_name) INTO logins FROM gone;
    IF logins IS NOT NULL THEN
        UPDATE mentoring.event SET role_name = 'erased'
        WHERE role_name = ANY (logins);
        UPDATE mentoring.access_event SET role_name = 'erased'
        WHERE role_name = ANY (logins);
        UPDATE mentoring.access_event SET object = 'role erased'
        WHERE action <> 'erase' AND starts_with(object, 'role ')
          AND substr(object, 6) = ANY (logins);
    END IF;
    RETURN is_first;
END
$$;

COMMENT ON FUNCTION mentoring._erase_person(bigint, text) IS
'Internal: what erase_person() does once the caller is checked.';

CREATE FUNCTION mentoring._retention(
    programme_id bigint,
    keep_days integer,
    OUT object text,
    OUT removed bigint
) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    scope    CONSTANT bigint := $1;
    days     CONSTANT integer := $2;
    oldest   date := '-infinity';
    since    timestamptz;
BEGIN
    IF days IS NULL OR days <= 0 THEN
        RAISE EXCEPTION 'keep_days must be 1 or more, not %',
                        coalesce(days::text, 'null')
            USING ERRCODE = CASE WHEN days IS NULL
                                 THEN 'null_value_not_allowed'
                                 ELSE 'invalid_parameter_value' END,
                  HINT = 'It is how many days back something is kept; 730 keeps two years.';
    END IF;
    PERFORM FROM mentoring.programme g WHERE g.id = scope;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no programme %', scope
            USING ERRCODE = 'no_data_found',
                  HINT = 'The table mentoring.programme lists them.';
    END IF;
    -- before the first day of the calendar there is nothing
    IF days < current_date - date '4713-01-01 BC' THEN
        oldest := current_date - days;
    END IF;
    since := oldest;

    object := 'event';
    DELETE FROM mentoring.event WHERE programme_id = scope AND at < since;
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;

    object := 'learning_log';
    DELETE FROM mentoring.learning_log
    WHERE programme_id = scope AND occurred_on < oldest;
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;

    object := 'match_run';
    DELETE FROM mentoring.match_run r
    WHERE r.programme_id = scope AND r.status IN ('draft', 'discarded')
      AND r.created_at < since
      AND NOT EXISTS (SELECT FROM mentoring.relationship o
                      WHERE o.programme_id = scope AND o.match_run_id = r.id);
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;

    object := 'relationship.end_reason';
    UPDATE mentoring.relationship
    SET end_reason = NULL
    WHERE programme_id = scope AND status IN ('completed', 'ended')
      AND end_reason IS NOT NULL AND coalesce(ended_on, created_at) < since;
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;

    object := 'request';
    DELETE FROM mentoring.request
    WHERE programme_id = scope
      AND status IN ('accepted', 'declined', 'expired', 'withdrawn')
      AND greatest(created_at, asked_at, answered_at,
                   CASE status WHEN 'expired' THEN answer_by END) < since;
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;

    object := 'xapi_statement';
    DELETE FROM mentoring.xapi_statement
    WHERE programme_id = scope AND occurred_on < oldest;
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN NEXT;
END
$$;

COMMENT ON FUNCTION mentoring._retention(bigint, integer) IS
'Internal: what retention() does once the caller is checked.';

CREATE FUNCTION mentoring.export_person(person_id bigint)
RETURNS jsonb
AS 'MODULE_PATHNAME', 'mentoring_export_person'
LANGUAGE C STABLE PARALLEL UNSAFE;

COMMENT ON FUNCTION mentoring.export_person(bigint) IS
'Everything held on a person, by table, an array of rows for each, including what others wrote to the person where the person may see it. For the person and for level admin; private entries of the learning log for the person alone. Preferences and vetoes of others, rules and their reasons, and private entries of others are not in it. Times are UTC.';

CREATE FUNCTION mentoring.erase_person(
    person_id  bigint,
    reason     text DEFAULT NULL
) RETURNS boolean
AS 'MODULE_PATHNAME', 'mentoring_erase_person'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION mentoring.erase_person(bigint, text) IS
'Erases a person and keeps what is counted: the row becomes a pseudonym, what the person wrote, skills, preferences and requests go, open relationships end, but for groups and circles that are one without the person, and a mentee who had asked the person asks the next mentor; entries lose their texts, totals and match history stay exact. True = erased now, false = was erased before; then only what has arrived since is erased. The reason is kept in access_event. For level admin, and never oneself.';

CREATE FUNCTION mentoring.retention(
    programme_id  bigint,
    keep_days     integer,
    OUT object    text,
    OUT removed   bigint
) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'mentoring_retention'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION mentoring.retention(bigint, integer) IS
'Removes what is older than so many days from a programme, and tells how much of each: events, entries of the learning log (totals follow), match runs that were never published, reasons of ended relationships, closed requests, what imports of statements remember. Participants, relationships and published runs stay. For level admin; to be called regularly, daily say.';

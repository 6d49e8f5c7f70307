-- Totals of the learning log: folded, compared with the log, made anew.

CREATE FUNCTION mentoring.fold_learning_log()
RETURNS bigint
AS 'MODULE_PATHNAME', 'mentoring_fold_learning_log'
LANGUAGE C VOLATILE STRICT;

COMMENT ON FUNCTION mentoring.fold_learning_log() IS
'Adds up what transactions appended to learning_delta and learning_spill, and returns how many rows that were. The views give the same before and after, and in older snapshots. The server does it by itself, in a background worker; where it has none to spare, call it now and then, such as by pg_cron. Returns 0 at once while another session folds. Inside a transaction block it leaves learning_spill alone.';

CREATE FUNCTION mentoring._learning_flush()
RETURNS void
AS 'MODULE_PATHNAME', 'mentoring_learning_flush'
LANGUAGE C VOLATILE STRICT;

COMMENT ON FUNCTION mentoring._learning_flush() IS
'Internal: applies what this transaction has written to the log, and folds. Only while no other can write to it.';

-- As the owner, so that administrators can check what they can't read; it gives
-- totals, no entries.  Rows are compared as they are; jsonb is made of those that differ.

CREATE FUNCTION mentoring.verify_learning_log(
    OUT grain text,
    OUT key jsonb,
    OUT stored jsonb,
    OUT expected jsonb
) RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = off
AS $$
    WITH total AS (
        SELECT ARRAY['entries', 'minutes', 'participants', 'gain',
                     'gain_entries', 'active_days', 'first_on', 'last_on',
                     'streak_weeks'] AS columns
    ), differing AS (
        SELECT 'relationship_week' AS grain, to_jsonb(s) AS s, to_jsonb(e) AS e
          FROM (SELECT * FROM mentoring.learning_by_relationship_week) s
          FULL JOIN (
              SELECT programme_id, relationship_id,
                     date_trunc('week', occurred_on::timestamp)::date AS week,
                     count(*) AS entries, sum(minutes) AS minutes,
                     count(DISTINCT occurred_on) AS active_days,
                     max(occurred_on) AS last_on
                FROM mentoring.learning_log
               WHERE relationship_id IS NOT NULL
               GROUP BY 1, 2, 3) e
         USING (programme_id, relationship_id, week)
         WHERE s IS DISTINCT FROM e
        UNION ALL
        SELECT 'participant', to_jsonb(s), to_jsonb(e)
          FROM (SELECT * FROM mentoring.learning_by_participant) s
          FULL JOIN (
              SELECT programme_id, participant_id, count(*) AS entries,
                     sum(minutes) AS minutes,
                     count(DISTINCT occurred_on) AS active_days,
                     min(occurred_on) AS first_on,
                     max(occurred_on) AS last_on,
                     -- no week without an entry between it and the last one
                     (count(DISTINCT week) FILTER (WHERE
                         last_week - week = 7 * (weeks_up_to_last - 1)))::integer
                         AS streak_weeks
                FROM (SELECT l.*,
                             max(week) OVER (PARTITION BY programme_id,
                                             participant_id) AS last_week,
                             dense_rank() OVER (PARTITION BY programme_id,
                                                participant_id
                                                ORDER BY week DESC)::integer
                                 AS weeks_up_to_last
                        FROM (SELECT programme_id, participant_id, occurred_on,
                                     minutes,
                                     date_trunc('week',
                                         occurred_on::timestamp)::date AS week
                                FROM mentoring.learning_log) l) w
               GROUP BY 1, 2) e
         USING (programme_id, participant_id)
         WHERE s IS DISTINCT FROM e
        UNION ALL
        SELECT 'skill_month', to_jsonb(s), to_jsonb(e)
          FROM (SELECT * FROM mentoring.learning_by_skill_month) s
          FULL JOIN (
              SELECT programme_id, skill_id,
                     date_trunc('month', occurred_on::timestamp)::date AS month,
                     count(*) AS entries, sum(minutes) AS minutes,
                     count(DISTINCT participant_id) AS participants,
                     coalesce(sum(level_after - level_before), 0) AS gain,
                     count(level_after - level_before) AS gain_entries
                FROM mentoring.learning_log
               WHERE skill_id IS NOT NULL
               GROUP BY 1, 2, 3) e
         USING (programme_id, skill_id, month)
         WHERE s IS DISTINCT FROM e
        UNION ALL
        SELECT 'programme_month', to_jsonb(s), to_jsonb(e)
          FROM (SELECT * FROM mentoring.learning_by_programme_month) s
          FULL JOIN (
              SELECT programme_id,
                     date_trunc('month', occurred_on::timestamp)::date AS month,
                     count(*) AS entries, sum(minutes) AS minutes,
                     count(DISTINCT participant_id) AS participants,
                     count(DISTINCT occurred_on) AS active_days
                FROM mentoring.learning_log
               GROUP BY 1, 2) e
         USING (programme_id, month)
         WHERE s IS DISTINCT FROM e
        UNION ALL
        SELECT 'day', to_jsonb(s), to_jsonb(e)
          FROM (SELECT programme_id, participant_id, day, relationship_id,
                       sum(entries)::bigint AS entries,
                       sum(minutes)::bigint AS minutes
                  FROM (SELECT programme_id, participant_id, day,
                               relationship_id, entries, minutes
                          FROM mentoring.learning_day
                        UNION ALL
                        SELECT programme_id, participant_id, day,
                               relationship_id, entries, minutes
                          FROM mentoring.learning_unapplied
                         WHERE relationship_id IS NOT NULL) d
                 GROUP BY 1, 2, 3, 4
                HAVING sum(entries) <> 0 OR sum(minutes) <> 0) s
          FULL JOIN (
              SELECT programme_id, participant_id, occurred_on AS day,
                     coalesce(relationship_id, 0) AS relationship_id,
                     count(*) AS entries, sum(minutes) AS minutes
                FROM mentoring.learning_log
               GROUP BY 1, 2, 3, 4) e
         USING (programme_id, participant_id, day, relationship_id)
         WHERE s IS DISTINCT FROM e
        UNION ALL
        SELECT 'author', to_jsonb(s), to_jsonb(e)
          FROM (SELECT programme_id, participant_id, month, skill_id,
                       sum(entries)::bigint AS entries
                  FROM (SELECT programme_id, participant_id, month, skill_id,
                               entries
                          FROM mentoring.learning_author
                        UNION ALL
                        SELECT programme_id, participant_id,
                               mentoring._month(day), coalesce(skill_id, 0),
                               entries
                          FROM mentoring.learning_unapplied) a
                 GROUP BY 1, 2, 3, 4
                HAVING sum(entries) <> 0) s
          FULL JOIN (
              SELECT programme_id, participant_id,
                     date_trunc('month', occurred_on::timestamp)::date AS month,
                     c.skill_id, count(*) AS entries
                FROM mentoring.learning_log l
               CROSS JOIN LATERAL (VALUES (0::bigint), (l.skill_id))
                          AS c (skill_id)
               WHERE c.skill_id IS NOT NULL
               GROUP BY 1, 2, 3, 4) e
         USING (programme_id, participant_id, month, skill_id)
         WHERE s IS DISTINCT FROM e
        UNION ALL
        SELECT 'programme_day', to_jsonb(s), to_jsonb(e)
          FROM (SELECT programme_id, day, sum(entries)::bigint AS entries
                  FROM (SELECT programme_id, day, entries
                          FROM mentoring.learning_programme_day
                        UNION ALL
                        SELECT programme_id, day, entries
                          FROM mentoring.learning_delta
                        UNION ALL
                        SELECT programme_id, day, entries
                          FROM mentoring.learning_unapplied
                         WHERE relationship_id IS NOT NULL) p
                 GROUP BY 1, 2
                HAVING sum(entries) <> 0) s
          FULL JOIN (
              SELECT programme_id, occurred_on AS day, count(*) AS entries
                FROM mentoring.learning_log
               GROUP BY 1, 2) e
         USING (programme_id, day)
         WHERE s IS DISTINCT FROM e
    )
    SELECT d.grain, coalesce(d.s, d.e) - t.columns,
           d.s - ARRAY(SELECT jsonb_object_keys(d.s - t.columns)),
           d.e - ARRAY(SELECT jsonb_object_keys(d.e - t.columns))
      FROM differing d
     CROSS JOIN total t
     ORDER BY d.grain COLLATE "C", 2
$$;

COMMENT ON FUNCTION mentoring.verify_learning_log() IS
'Totals of the learning log that differ from a recomputation; no rows = exact. Grains are the four views (such as relationship_week) and what they are made of (day, author, programme_day).';

CREATE FUNCTION mentoring.rebuild_learning_log()
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET row_security = off
AS $$
DECLARE
    changed bigint := 0;
    n       bigint;
BEGIN
    -- A snapshot taken before the lock would miss what others wrote.
    IF current_setting('transaction_isolation')
       IN ('repeatable read', 'serializable') THEN
        RAISE EXCEPTION 'rebuild_learning_log() needs isolation level read committed'
            USING ERRCODE = 'invalid_transaction_state',
                  HINT = 'Call it in a transaction of its own: BEGIN ISOLATION LEVEL READ COMMITTED.';
    END IF;
    -- Nobody may write, and nobody fold, meanwhile.
    LOCK TABLE mentoring.learning_log IN SHARE ROW EXCLUSIVE MODE;
    PERFORM mentoring._learning_flush();

    WITH expected AS MATERIALIZED (
        SELECT programme_id, participant_id, occurred_on AS day,
               coalesce(relationship_id, 0) AS relationship_id,
               count(*) AS entries, sum(minutes) AS minutes
          FROM mentoring.learning_log
         GROUP BY 1, 2, 3, 4
    ), gone AS (
        DELETE FROM mentoring.learning_day t
         WHERE NOT EXISTS (SELECT FROM expected e
                           WHERE e.programme_id = t.programme_id
                             AND e.participant_id = t.participant_id
                             AND e.day = t.day
                             AND e.relationship_id = t.relationship_id)
        RETURNING 1
    ), made AS (
        INSERT INTO mentoring.learning_day AS t
        SELECT * FROM expected
         ORDER BY programme_id, participant_id, day, relationship_id
            ON CONFLICT (programme_id, participant_id, day, relationship_id)
            DO UPDATE SET entries = EXCLUDED.entries,
                          minutes = EXCLUDED.minutes
            WHERE (t.entries, t.minutes)
                  IS DISTINCT FROM (EXCLUDED.entries, EXCLUDED.minutes)
        RETURNING 1
    )
    SELECT count(*) INTO n FROM (TABLE gone UNION ALL TABLE made) c;
    changed := changed + n;

    WITH expected AS MATERIALIZED (
        SELECT programme_id, participant_id,
               date_trunc('month', occurred_on::timestamp)::date AS month,
               s.skill_id, count(*) AS entries
          FROM mentoring.learning_log l
         CROSS JOIN LATERAL (VALUES (0::bigint), (l.skill_id))
                    AS s (skill_id)
         WHERE s.skill_id IS NOT NULL
         GROUP BY 1, 2, 3, 4
    ), gone AS (
        DELETE FROM mentoring.learning_author t
         WHERE NOT EXISTS (SELECT FROM expected e
                           WHERE e.programme_id = t.programme_id
                             AND e.participant_id = t.participant_id
                             AND e.month = t.month
                             AND e.skill_id = t.skill_id)
        RETURNING entries <> 0 AS wrong
    ), made AS (
        INSERT INTO mentoring.learning_author AS t
        SELECT * FROM expected
         ORDER BY programme_id, participant_id, month, skill_id
            ON CONFLICT (programme_id, participant_id, month, skill_id)
            DO UPDATE SET entries = EXCLUDED.entries
            WHERE t.entries <> EXCLUDED.entries
        RETURNING true AS wrong
    )
    SELECT count(*) INTO n
      FROM (TABLE gone UNION ALL TABLE made) c WHERE wrong;
    changed := changed + n;

    WITH expected AS MATERIALIZED (
        SELECT programme_id,
               date_trunc('month', occurred_on::timestamp)::date AS month,
               count(*) AS entries, sum(minutes) AS minutes,
               count(DISTINCT participant_id) AS participants,
               count(DISTINCT occurred_on) AS active_days
          FROM mentoring.learning_log
         GROUP BY 1, 2
    ), gone AS (
        DELETE FROM mentoring.learning_programme_month t
         WHERE NOT EXISTS (SELECT FROM expected e
                           WHERE e.programme_id = t.programme_id
                             AND e.month = t.month)
        RETURNING (entries, minutes, participants, active_days)
                  <> (0, 0, 0, 0) AS wrong
    ), made AS (
        INSERT INTO mentoring.learning_programme_month AS t
        SELECT * FROM expected
         ORDER BY programme_id, month
            ON CONFLICT (programme_id, month)
            DO UPDATE SET entries = EXCLUDED.entries,
                          minutes = EXCLUDED.minutes,
                          participants = EXCLUDED.participants,
                          active_days = EXCLUDED.active_days
            WHERE (t.entries, t.minutes, t.participants, t.active_days)
                  IS DISTINCT FROM
                  (EXCLUDED.entries, EXCLUDED.minutes,
                   EXCLUDED.participants, EXCLUDED.active_days)
        RETURNING true AS wrong
    )
    SELECT count(*) INTO n
      FROM (TABLE gone UNION ALL TABLE made) c WHERE wrong;
    changed := changed + n;

    WITH expected AS MATERIALIZED (
        SELECT programme_id, occurred_on AS day, count(*) AS entries
          FROM mentoring.learning_log
         GROUP BY 1, 2
    ), gone AS (
        DELETE FROM mentoring.learning_programme_day t
         WHERE NOT EXISTS (SELECT FROM expected e
                           WHERE e.programme_id = t.programme_id
                             AND e.day = t.day)
        RETURNING entries <> 0 AS wrong
    ), made AS (
        INSERT INTO mentoring.learning_programme_day AS t
        SELECT * FROM expected
         ORDER BY programme_id, day
            ON CONFLICT (programme_id, day)
            DO UPDATE SET entries = EXCLUDED.entries
            WHERE t.entries <> EXCLUDED.entries
        RETURNING true AS wrong
    )
    SELECT count(*) INTO n
      FROM (TABLE gone UNION ALL TABLE made) c WHERE wrong;
    changed := changed + n;

    WITH expected AS MATERIALIZED (
        SELECT programme_id, skill_id,
               date_trunc('month', occurred_on::timestamp)::date AS month,
               count(*) AS entries, sum(minutes) AS minutes,
               count(DISTINCT participant_id) AS participants,
               coalesce(sum(level_after - level_before), 0) AS gain,
               count(level_after - level_before) AS gain_entries
          FROM mentoring.learning_log
         WHERE skill_id IS NOT NULL
         GROUP BY 1, 2, 3
    ), gone AS (
        DELETE FROM mentoring.learning_skill_month t
         WHERE NOT EXISTS (SELECT FROM expected e
                           WHERE e.programme_id = t.programme_id
                             AND e.skill_id = t.skill_id
                             AND e.month = t.month)
        RETURNING (entries, minutes, participants, gain, gain_entries)
                  <> (0, 0, 0, 0, 0) AS wrong
    ), made AS (
        INSERT INTO mentoring.learning_skill_month AS t
        SELECT * FROM expected
         ORDER BY programme_id, skill_id, month
            ON CONFLICT (programme_id, skill_id, month)
            DO UPDATE SET entries = EXCLUDED.entries,
                          minutes = EXCLUDED.minutes,
                          participants = EXCLUDED.participants,
                          gain = EXCLUDED.gain,
                          gain_entries = EXCLUDED.gain_entries
            WHERE (t.entries, t.minutes, t.participants, t.gain,
                   t.gain_entries)
                  IS DISTINCT FROM
                  (EXCLUDED.entries, EXCLUDED.minutes,
                   EXCLUDED.participants, EXCLUDED.gain,
                   EXCLUDED.gain_entries)
        RETURNING true AS wrong
    )
    SELECT count(*) INTO n
      FROM (TABLE gone UNION ALL TABLE made) c WHERE wrong;
    RETURN changed + n;
END
$$;

COMMENT ON FUNCTION mentoring.rebuild_learning_log() IS
'Makes the totals of the learning log anew; returns how many stored rows were wrong. Needed only where triggers did not run, such as after a restore with --disable-triggers. Writers of the log wait meanwhile, readers don''t.';

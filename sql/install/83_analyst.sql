-- What analysts read: counts of programmes and of what was learned in them,
-- no row of which is about fewer than five persons.
--
-- Each view reads one function that works with the rights of the owner, takes
-- no argument and returns nothing but what may be seen.  So neither a
-- condition of the analyst's, nor an error it raises, nor the row counts of
-- EXPLAIN ANALYZE come near a row below.  The functions these are made of
-- have no SET clause and are inlined, which makes one statement of each; they
-- run under the search_path of their callers and are granted to nobody.
--
-- What is promised, k being _analyst_minimum():
--
--   1. A row is there only if k persons contribute to it: persons, not
--      participations.  A number of a row that fewer contribute to is NULL.
--   2. Months and skills split the total that analyst_programme has, so that
--      subtracting what is there gives what isn't.  Therefore k persons
--      contribute to the rows withheld from a group together; if not, as
--      always when it is one row, the next smallest goes as well: the one of
--      fewest persons, of as many the one of the lower id or earlier month.
--      A group is the months, or the skills, of a programme, and all
--      programmes.  Entries about no skill are a row like the others, or
--      they would be the difference that is left.
--   3. Of a programme that is withheld there are no months and no skills.
--
-- What is not: the numbers are those of this moment, so that the difference
-- between two days may be the entry of one person; who knows what all others
-- of a row contributed knows the rest; a sum may be mostly one person's; and
-- that all persons of a row did the same is shown if they did.
--
-- The planner can't tell how many rows such functions give, hence
-- enable_nestloop.

CREATE FUNCTION mentoring._analyst_minimum()
RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS 'SELECT 5';

COMMENT ON FUNCTION mentoring._analyst_minimum() IS
'Internal: how many persons at least contribute to whatever analysts see.';

-- learning_author and what isn't applied to it yet, which may be below 0.

CREATE FUNCTION mentoring._analyst_author(
    OUT programme_id bigint,
    OUT person_id bigint,
    OUT month date,
    OUT entries bigint
) RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 10000
AS $$
    SELECT a.programme_id, p.person_id, a.month, a.entries
      FROM (SELECT programme_id, participant_id, month, entries
              FROM mentoring.learning_author
             WHERE skill_id = 0
            UNION ALL
            SELECT programme_id, participant_id, mentoring._month(day),
                   entries
              FROM mentoring.learning_unapplied
             WHERE skill_id IS NULL) AS a
      JOIN mentoring.participant AS p
        ON p.id = a.participant_id AND p.programme_id = a.programme_id
$$;

COMMENT ON FUNCTION mentoring._analyst_author() IS
'Internal: who wrote in each month, with the number of entries; several rows of one are to be added up.';

-- The rule, for all three views.  One row of k persons or more is enough to go
-- with those that are too small, so it is place 1 or none.

CREATE FUNCTION mentoring._analyst_row(
    grain text,
    OUT group_id bigint,
    OUT row_id bigint,
    OUT persons bigint,
    OUT gainers bigint
) RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 1000
AS $$
    WITH contribution AS (
        -- the id of a month is the number of its first day
        SELECT 0::bigint AS group_id, programme_id AS row_id, person_id,
               false AS has_gain
          FROM mentoring.participant
         WHERE grain = 'programme' AND role IN ('mentor', 'mentee', 'peer')
         GROUP BY 1, 2, 3
        UNION ALL
        SELECT programme_id, (month - date '2000-01-01')::bigint, person_id,
               false
          FROM mentoring._analyst_author()
         WHERE grain = 'month'
         GROUP BY 1, 2, 3
        HAVING sum(entries) > 0
        UNION ALL
        -- who gave both levels only the log tells
        SELECT l.programme_id, coalesce(l.skill_id, 0), p.person_id,
               count(l.level_after - l.level_before) > 0
          FROM mentoring.learning_log AS l
          JOIN mentoring.participant AS p
            ON p.id = l.participant_id AND p.programme_id = l.programme_id
         WHERE grain = 'skill'
         GROUP BY 1, 2, 3
    ), placed AS MATERIALIZED (
        SELECT group_id, row_id, persons, gainers, too_few,
               row_number() OVER (PARTITION BY group_id
                                  ORDER BY persons, row_id)
                   - count(too_few) OVER (PARTITION BY group_id) AS place
          FROM (SELECT group_id, row_id, count(*) AS persons,
                       count(*) FILTER (WHERE has_gain) AS gainers,
                       CASE WHEN count(*) < mentoring._analyst_minimum()
                            THEN array_agg(person_id) END AS too_few
                  FROM contribution
                 GROUP BY 1, 2) AS r
    )
    SELECT group_id, row_id, persons, gainers
      FROM placed
     WHERE place > 1
        OR place = 1
           AND group_id NOT IN (
               SELECT r.group_id
                 FROM placed AS r
                CROSS JOIN unnest(r.too_few) AS p (person_id)
                GROUP BY 1
               HAVING count(DISTINCT p.person_id)
                      < mentoring._analyst_minimum())
$$;

COMMENT ON FUNCTION mentoring._analyst_row(text) IS
'Internal: the rows analysts may see, by their group, with the persons who contribute: of grain programme (all are one group), month or skill (a programme''s are one group; 0 is no skill). gainers: of the persons of a skill those with entries that know both levels.';

-- A programme

CREATE FUNCTION mentoring._analyst_programme(
    OUT programme_id bigint,
    OUT name text,
    OUT model text,
    OUT status text,
    OUT persons bigint,
    OUT mentors bigint,
    OUT mentees bigint,
    OUT relationships bigint,
    OUT writers bigint,
    OUT entries bigint,
    OUT minutes bigint
) RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER ROWS 100
SET search_path = pg_catalog, pg_temp
SET row_security = off
SET enable_nestloop = off
SET jit = off
AS $$
    WITH minimum AS (
        SELECT mentoring._analyst_minimum() AS k
    ), part AS (
        SELECT programme_id,
               count(DISTINCT person_id) FILTER (WHERE role = 'mentor') AS mentors,
               count(DISTINCT person_id) FILTER (WHERE role = 'mentee') AS mentees,
               count(DISTINCT person_id) FILTER (WHERE role = 'peer') AS peers
          FROM mentoring.participant
         GROUP BY 1
    ), together AS (
        SELECT r.programme_id, count(DISTINCT r.id) AS relationships,
               count(DISTINCT p.person_id) AS persons
          FROM mentoring.relationship AS r
          LEFT JOIN mentoring.relationship_member AS m
            ON m.relationship_id = r.id AND m.programme_id = r.programme_id
          LEFT JOIN mentoring.participant AS p
            ON p.id = m.participant_id AND p.programme_id = m.programme_id
         GROUP BY 1
    ), writing AS (
        SELECT programme_id, count(*) AS writers
          FROM (SELECT programme_id, person_id
                  FROM mentoring._analyst_author()
                 GROUP BY 1, 2
                HAVING sum(entries) > 0) AS w
         GROUP BY 1
    ), total AS (
        SELECT programme_id, sum(entries)::bigint AS entries,
               sum(minutes)::bigint AS minutes
          FROM mentoring.learning_by_programme_month
         GROUP BY 1
    )
    SELECT g.id, g.name, g.model, g.status, s.persons,
           -- who is no mentor is mentee or peer
           CASE WHEN known.parts THEN part.mentors END,
           CASE WHEN known.parts THEN part.mentees END,
           CASE WHEN known.relationships
                THEN coalesce(together.relationships, 0) END,
           CASE WHEN known.writers THEN coalesce(writing.writers, 0) END,
           CASE WHEN known.writers THEN coalesce(total.entries, 0) END,
           CASE WHEN known.writers THEN coalesce(total.minutes, 0) END
      FROM mentoring._analyst_row('programme') AS s
      JOIN mentoring.programme AS g ON g.id = s.row_id
     CROSS JOIN minimum
      LEFT JOIN part ON part.programme_id = g.id
      LEFT JOIN together ON together.programme_id = g.id
      LEFT JOIN writing ON writing.programme_id = g.id
      LEFT JOIN total ON total.programme_id = g.id
     CROSS JOIN LATERAL (
         SELECT (part.mentors = 0 OR part.mentors >= k)
                AND (part.mentees = 0 OR part.mentees >= k)
                AND (part.peers = 0 OR part.peers >= k) AS parts,
                together.relationships IS NULL OR together.persons >= k
                    AS relationships,
                writing.writers IS NULL OR writing.writers >= k AS writers
     ) AS known
$$;

COMMENT ON FUNCTION mentoring._analyst_programme() IS
'Internal: the rows of analyst_programme, with the owner''s rights.';

CREATE VIEW mentoring.analyst_programme
WITH (security_barrier = true) AS
SELECT programme_id, name, model, status, persons, mentors, mentees,
       relationships, writers, entries, minutes
FROM mentoring._analyst_programme();

COMMENT ON VIEW mentoring.analyst_programme IS
'For analysts: programmes of at least 5 persons. If those withheld have fewer than 5 persons together, as when it is one, the smallest of the others is withheld as well (of as many persons, the lowest id). A number fewer than 5 persons contribute to is empty.';
COMMENT ON COLUMN mentoring.analyst_programme.persons IS
'Persons who are mentor, mentee or peer, whatever the status of their participation; who is in it twice counts once.';
COMMENT ON COLUMN mentoring.analyst_programme.mentors IS
'Persons who are mentors. Empty, as mentees is, if there are mentors, mentees or peers, but fewer than 5 of them: their number would follow from the others.';
COMMENT ON COLUMN mentoring.analyst_programme.mentees IS
'Persons who are mentees. Empty if mentors is.';
COMMENT ON COLUMN mentoring.analyst_programme.relationships IS
'Relationships, whatever their status. Empty if they have fewer than 5 persons.';
COMMENT ON COLUMN mentoring.analyst_programme.writers IS
'Persons with entries in the learning log. Empty, as entries and minutes are, if there are any, but fewer than 5.';
COMMENT ON COLUMN mentoring.analyst_programme.entries IS
'Entries of the learning log.';
COMMENT ON COLUMN mentoring.analyst_programme.minutes IS
'Minutes of these entries.';

-- Its months

CREATE FUNCTION mentoring._analyst_learning_month(
    OUT programme_id bigint,
    OUT month date,
    OUT persons bigint,
    OUT entries bigint,
    OUT minutes bigint,
    OUT active_days bigint
) RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER ROWS 1000
SET search_path = pg_catalog, pg_temp
SET row_security = off
SET enable_nestloop = off
SET jit = off
AS $$
    SELECT m.programme_id, m.month, s.persons, m.entries, m.minutes,
           m.active_days
      FROM mentoring._analyst_row('month') AS s
      JOIN mentoring._analyst_row('programme') AS g ON g.row_id = s.group_id
      JOIN mentoring.learning_by_programme_month AS m
        ON m.programme_id = s.group_id
       AND (m.month - date '2000-01-01')::bigint = s.row_id
$$;

COMMENT ON FUNCTION mentoring._analyst_learning_month() IS
'Internal: the rows of analyst_learning_month, with the owner''s rights.';

CREATE VIEW mentoring.analyst_learning_month
WITH (security_barrier = true) AS
SELECT programme_id, month, persons, entries, minutes, active_days
FROM mentoring._analyst_learning_month();

COMMENT ON VIEW mentoring.analyst_learning_month IS
'For analysts: the learning log by programme and month, where at least 5 persons wrote. If the months of a programme that are withheld have fewer than 5 persons together, as when it is one, the smallest of the others is withheld as well (of as many persons, the earliest). Programmes analyst_programme withholds have no months.';
COMMENT ON COLUMN mentoring.analyst_learning_month.month IS
'The first day of the month.';
COMMENT ON COLUMN mentoring.analyst_learning_month.persons IS
'Persons with entries in the month; who takes part twice counts once.';
COMMENT ON COLUMN mentoring.analyst_learning_month.active_days IS
'Days with entries.';

-- Its skills

CREATE FUNCTION mentoring._analyst_learning_skill(
    OUT programme_id bigint,
    OUT skill_id bigint,
    OUT name text,
    OUT category text,
    OUT persons bigint,
    OUT entries bigint,
    OUT minutes bigint,
    OUT gain bigint,
    OUT gain_entries bigint
) RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER ROWS 1000
SET search_path = pg_catalog, pg_temp
SET row_security = off
SET enable_nestloop = off
SET jit = off
AS $$
    WITH of_skill AS (
        SELECT programme_id, skill_id, sum(entries)::bigint AS entries,
               sum(minutes)::bigint AS minutes, sum(gain)::bigint AS gain,
               sum(gain_entries)::bigint AS gain_entries
          FROM mentoring.learning_by_skill_month
         GROUP BY 1, 2
    ), of_none AS (
        SELECT programme_id, 0::bigint AS skill_id,
               sum(entries)::bigint AS entries, sum(minutes)::bigint AS minutes
          FROM (SELECT programme_id, entries, minutes
                  FROM mentoring.learning_by_programme_month
                UNION ALL
                SELECT programme_id, -entries, -minutes FROM of_skill) AS d
         GROUP BY 1
    ), total AS (
        SELECT * FROM of_skill
        UNION ALL
        SELECT programme_id, skill_id, entries, minutes, NULL, NULL
          FROM of_none
    )
    SELECT s.group_id, k.id, k.name, k.category, s.persons, t.entries,
           t.minutes,
           CASE WHEN s.gainers >= mentoring._analyst_minimum()
                THEN t.gain END,
           CASE WHEN s.gainers >= mentoring._analyst_minimum()
                THEN t.gain_entries END
      FROM mentoring._analyst_row('skill') AS s
      JOIN mentoring._analyst_row('programme') AS g ON g.row_id = s.group_id
      JOIN total AS t
        ON t.programme_id = s.group_id AND t.skill_id = s.row_id
      LEFT JOIN mentoring.skill AS k ON k.id = s.row_id
$$;

COMMENT ON FUNCTION mentoring._analyst_learning_skill() IS
'Internal: the rows of analyst_learning_skill, with the owner''s rights.';

CREATE VIEW mentoring.analyst_learning_skill
WITH (security_barrier = true) AS
SELECT programme_id, skill_id, name, category, persons, entries, minutes, gain,
       gain_entries
FROM mentoring._analyst_learning_skill();

COMMENT ON VIEW mentoring.analyst_learning_skill IS
'For analysts: the learning log by programme and skill, of all time, where at least 5 persons wrote; a row without skill has the entries about none. If the rows of a programme that are withheld have fewer than 5 persons together, as when it is one, the smallest of the others is withheld as well (of as many persons, the one without skill, then the lowest id). Programmes analyst_programme withholds have no rows.';
COMMENT ON COLUMN mentoring.analyst_learning_skill.skill_id IS
'Empty for entries about no skill.';
COMMENT ON COLUMN mentoring.analyst_learning_skill.persons IS
'Persons with entries about the skill; who takes part twice counts once.';
COMMENT ON COLUMN mentoring.analyst_learning_skill.gain IS
'Levels risen together, of entries that know both. Empty if fewer than 5 persons have such entries.';
COMMENT ON COLUMN mentoring.analyst_learning_skill.gain_entries IS
'Entries that know both levels. Empty if gain is.';

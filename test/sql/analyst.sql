-- What analysts see: at least five persons in each row, nothing by
-- subtraction, and nothing below by conditions, errors or plans.

\set SHOW_CONTEXT never
\set VERBOSITY terse
\pset format unaligned
\pset tuples_only on
\pset null -
CREATE ROLE regress_analyst;
CREATE SCHEMA regress_analyst AUTHORIZATION regress_analyst;
GRANT USAGE ON SCHEMA mentoring TO regress_analyst;
GRANT SELECT ON mentoring.analyst_programme, mentoring.analyst_learning_month,
                mentoring.analyst_learning_skill TO regress_analyst;
GRANT EXECUTE ON FUNCTION mentoring._analyst_programme(),
                          mentoring._analyst_learning_month(),
                          mentoring._analyst_learning_skill()
      TO regress_analyst;
-- nobody folds but this test; all programmes are a group, others would disturb
SET mentoring.fold_after = 0;
SELECT count(*) FROM mentoring.programme;

INSERT INTO mentoring.person (id, external_id, display_name)
SELECT 830000 + i, 'analyst ' || i, 'person ' || i
  FROM generate_series(1, 40) AS i;
INSERT INTO mentoring.skill (id, name, category)
VALUES (8301, 'one', 'x'), (8302, 'two', 'y'), (8303, 'three', NULL);

-- Persons a to b take part in a role.
CREATE FUNCTION pg_temp.join_in(programme bigint, a integer, b integer,
                                as_what text DEFAULT 'mentee')
RETURNS bigint
LANGUAGE sql
AS $$
    INSERT INTO mentoring.programme (id, name, model, status)
    VALUES (programme, 'analyst ' || programme, 'one_to_one', 'running')
        ON CONFLICT DO NOTHING;
    WITH joined AS (
        INSERT INTO mentoring.participant
               (programme_id, person_id, role, status)
        SELECT programme, 830000 + i, as_what, 'accepted'
          FROM generate_series(a, b) AS i
        RETURNING id
    )
    SELECT count(*) FROM joined
$$;
-- Each of their participations writes an entry of i minutes.
CREATE FUNCTION pg_temp.write(programme bigint, day date, a integer,
                              b integer, skill bigint DEFAULT NULL,
                              before integer DEFAULT NULL,
                              after integer DEFAULT NULL)
RETURNS bigint
LANGUAGE sql
AS $$
    WITH written AS (
        INSERT INTO mentoring.learning_log
               (programme_id, participant_id, occurred_on, minutes, skill_id,
                level_before, level_after)
        SELECT programme_id, id, day, person_id - 830000, skill, before, after
          FROM mentoring.participant
         WHERE programme_id = programme
           AND person_id BETWEEN 830000 + a AND 830000 + b
        RETURNING id
    )
    SELECT count(*) FROM written
$$;
CREATE FUNCTION pg_temp.clear() RETURNS text
LANGUAGE sql
AS $$
    DELETE FROM mentoring.learning_log;
    DELETE FROM mentoring.relationship_member;
    DELETE FROM mentoring.relationship;
    DELETE FROM mentoring.participant;
    DELETE FROM mentoring.programme;
    SELECT 'cleared'
$$;
CREATE FUNCTION pg_temp.seen() RETURNS SETOF text
LANGUAGE sql
AS $$
    SELECT line
      FROM (SELECT 1, programme_id, NULL::date, NULL::bigint,
                   'programme ' || (p.*)::text
              FROM mentoring.analyst_programme AS p
            UNION ALL
            SELECT 2, programme_id, month, NULL,
                   format('month (%s,%s,%s,%s,%s,%s)', programme_id,
                          to_char(month, 'YYYY-MM-DD'), persons, entries,
                          minutes, active_days)
              FROM mentoring.analyst_learning_month AS m
            UNION ALL
            SELECT 3, programme_id, NULL, skill_id, 'skill ' || (s.*)::text
              FROM mentoring.analyst_learning_skill AS s) AS v (n, p, m, s, line)
     ORDER BY n, p, m, s NULLS FIRST
$$;

-- Nothing, a programme of nobody, one of four: one of five is the first.
SELECT pg_temp.seen();
SELECT pg_temp.join_in(831, 1, 0);
SELECT pg_temp.seen();
SELECT pg_temp.join_in(831, 1, 4);
SELECT pg_temp.write(831, '2024-01-10', 1, 4, 8301, 1, 3);
SELECT pg_temp.seen();
-- persons count, not participations: four are mentors, too; a coordinator
-- isn't counted
SELECT pg_temp.join_in(831, 1, 4, 'mentor'),
       pg_temp.join_in(831, 5, 5, 'coordinator');
SELECT pg_temp.write(831, '2024-01-11', 1, 5, 8301, 1, 3);
SELECT pg_temp.seen();
SELECT pg_temp.clear();
SELECT pg_temp.join_in(831, 1, 5);
SELECT pg_temp.seen();
-- three of five write, then four, then five
SELECT pg_temp.write(831, '2024-01-10', 1, 3, 8301, 1, 3);
SELECT pg_temp.seen();
SELECT pg_temp.write(831, '2024-01-20', 3, 4, 8301, 1, 3);
SELECT pg_temp.seen();
-- the fifth doesn't know the level before, then does
SELECT pg_temp.write(831, '2024-01-20', 5, 5, 8301, NULL, 3);
SELECT pg_temp.seen();
SELECT pg_temp.write(831, '2024-01-20', 5, 5, 8301, 4, 3);
SELECT pg_temp.seen();
SELECT pg_temp.clear();

-- One month is too small: the next smallest goes, too.  Of as many the
-- earlier one.
SELECT pg_temp.join_in(831, 1, 12);
SELECT pg_temp.write(831, '2024-01-10', 1, 12),
       pg_temp.write(831, '2024-02-10', 1, 7),
       pg_temp.write(831, '2024-03-10', 1, 6),
       pg_temp.write(831, '2024-04-10', 7, 12),
       pg_temp.write(831, '2024-05-10', 1, 4);
SELECT pg_temp.seen();
-- two are, of five persons together: no other goes
SELECT pg_temp.write(831, '2024-06-10', 5, 5);
SELECT pg_temp.seen();
-- of four persons together: another goes
DELETE FROM mentoring.learning_log WHERE occurred_on = '2024-06-10';
SELECT pg_temp.write(831, '2024-06-10', 1, 3);
SELECT pg_temp.seen();
-- none is
SELECT pg_temp.write(831, '2024-05-31', 5, 5),
       pg_temp.write(831, '2024-06-01', 1, 5);
SELECT pg_temp.seen();
-- all are, and yet all together are enough for the total
DELETE FROM mentoring.learning_log;
SELECT pg_temp.write(831, '2024-01-10', 1, 3),
       pg_temp.write(831, '2024-02-10', 3, 6);
SELECT pg_temp.seen();
-- one is, and nothing is left
DELETE FROM mentoring.learning_log;
SELECT pg_temp.write(831, '2024-01-10', 1, 3),
       pg_temp.write(831, '2024-02-10', 1, 6);
SELECT pg_temp.seen();
DELETE FROM mentoring.learning_log;

-- Skills: entries about none are a row of their own, and may be what goes.
SELECT pg_temp.write(831, '2024-01-10', 1, 9, 8301, 2, 5),
       pg_temp.write(831, '2024-01-10', 1, 6, 8302),
       pg_temp.write(831, '2024-01-10', 3, 10, 8303),
       pg_temp.write(831, '2024-01-10', 11, 12);
SELECT pg_temp.seen();
SELECT pg_temp.write(831, '2024-01-10', 5, 10);
SELECT pg_temp.seen();
DELETE FROM mentoring.learning_log WHERE skill_id = 8302
   AND participant_id IN (SELECT id FROM mentoring.participant
                           WHERE person_id > 830004);
SELECT pg_temp.seen();
-- of two with as many persons the one about none goes
DELETE FROM mentoring.learning_log WHERE skill_id IS NULL
   AND participant_id IN (SELECT id FROM mentoring.participant
                           WHERE person_id > 830011);
SELECT pg_temp.write(831, '2024-01-10', 1, 1, NULL),
       pg_temp.write(831, '2024-01-10', 1, 2, 8301);
SELECT pg_temp.seen();
SELECT pg_temp.clear();

-- Programmes: months and skills go with them.
SELECT pg_temp.join_in(831, 1, 8), pg_temp.join_in(832, 1, 8),
       pg_temp.join_in(833, 1, 9), pg_temp.join_in(834, 20, 23);
SELECT pg_temp.write(831, '2024-01-10', 1, 8),
       pg_temp.write(832, '2024-01-10', 1, 8, 8301),
       pg_temp.write(833, '2024-01-10', 1, 8, 8301);
SELECT pg_temp.seen();
SELECT pg_temp.join_in(835, 24, 24);
SELECT pg_temp.seen();
SELECT pg_temp.clear();

-- Numbers few contribute to
SELECT pg_temp.join_in(831, 1, 6), pg_temp.join_in(831, 7, 10, 'mentor'),
       pg_temp.join_in(832, 1, 6), pg_temp.join_in(832, 7, 11, 'mentor'),
       pg_temp.join_in(832, 1, 1, 'peer'),
       pg_temp.join_in(833, 1, 6, 'mentee'), pg_temp.join_in(833, 6, 10, 'mentor');
SELECT pg_temp.seen();
INSERT INTO mentoring.relationship (programme_id, id, status)
SELECT 833, 8330 + i, 'ended' FROM generate_series(1, 3) AS i;
INSERT INTO mentoring.relationship_member (programme_id, relationship_id,
                                           participant_id, role)
SELECT 833, 8330 + p.person_id % 2 + 1, p.id, p.role
  FROM mentoring.participant AS p
 WHERE p.programme_id = 833 AND p.person_id BETWEEN 830004 AND 830007;
SELECT pg_temp.seen();
INSERT INTO mentoring.relationship_member (programme_id, relationship_id,
                                           participant_id, role)
SELECT 833, 8333, p.id, p.role
  FROM mentoring.participant AS p
 WHERE p.programme_id = 833 AND p.person_id = 830001;
SELECT pg_temp.seen();
SELECT pg_temp.clear();

-- Recomputed from the rows, one by one: hide what is too small, then as many
-- as it takes, smallest first.
CREATE TEMP TABLE contribution (
    grain text, group_id bigint, row_id text, place bigint, person_id bigint
);
CREATE TEMP TABLE shown (line jsonb);
CREATE TEMP TABLE hidden (grain text, group_id bigint, row_id text);
CREATE TEMP TABLE coverage (what text PRIMARY KEY, cases integer);

CREATE FUNCTION pg_temp.contributions() RETURNS void
LANGUAGE sql
AS $$
    DELETE FROM contribution;
    INSERT INTO contribution
    SELECT DISTINCT 'programme', 0, programme_id::text, programme_id, person_id
      FROM mentoring.participant
     WHERE role NOT IN ('coordinator', 'champion', 'sponsor');
    INSERT INTO contribution
    SELECT DISTINCT r.grain, l.programme_id, r.id, r.place, p.person_id
      FROM mentoring.learning_log AS l
      JOIN mentoring.participant AS p ON p.id = l.participant_id
     CROSS JOIN LATERAL (
           VALUES ('month', to_char(l.occurred_on, 'YYYY-MM'),
                   to_char(l.occurred_on, 'YYYYMM')::bigint),
                  ('skill', coalesce(l.skill_id::text, 'none'),
                   coalesce(l.skill_id, 0))) AS r (grain, id, place)
$$;

CREATE FUNCTION pg_temp.hide() RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    g       record;
    next_id text;
    started integer;
    added   integer;
BEGIN
    DELETE FROM hidden;
    FOR g IN SELECT DISTINCT grain, group_id FROM contribution LOOP
        INSERT INTO hidden
        SELECT grain, group_id, row_id
          FROM contribution c
         WHERE (grain, group_id) = (g.grain, g.group_id)
         GROUP BY 1, 2, 3
        HAVING count(*) <= 4;
        GET DIAGNOSTICS started = ROW_COUNT;
        CONTINUE WHEN started = 0;
        added := 0;
        LOOP
            EXIT WHEN started + added > 1
                  AND (SELECT count(DISTINCT person_id)
                         FROM contribution
                         JOIN hidden USING (grain, group_id, row_id)
                        WHERE (grain, group_id) = (g.grain, g.group_id)) > 4;
            SELECT row_id INTO next_id
              FROM contribution
             WHERE (grain, group_id) = (g.grain, g.group_id)
               AND (grain, group_id, row_id) NOT IN (TABLE hidden)
             GROUP BY row_id, place
             ORDER BY count(*), place LIMIT 1;
            EXIT WHEN NOT FOUND;
            INSERT INTO hidden VALUES (g.grain, g.group_id, next_id);
            added := added + 1;
        END LOOP;
        INSERT INTO coverage
        VALUES (format('%s: %s too small, %s more', g.grain,
                       least(started, 2), added), 1)
            ON CONFLICT (what) DO UPDATE SET cases = coverage.cases + 1;
    END LOOP;
    -- with their programme
    INSERT INTO hidden
    SELECT DISTINCT c.grain, c.group_id, c.row_id
      FROM contribution c
     WHERE c.grain <> 'programme'
       AND (NOT EXISTS (SELECT FROM contribution p
                         WHERE p.grain = 'programme'
                           AND p.row_id = c.group_id::text)
            OR EXISTS (SELECT FROM hidden h
                        WHERE h.grain = 'programme'
                          AND h.row_id = c.group_id::text));
END
$$;

-- n if it is of nobody or of enough
CREATE FUNCTION pg_temp.enough(n bigint, persons bigint) RETURNS bigint
LANGUAGE sql
AS 'SELECT CASE WHEN persons NOT IN (1, 2, 3, 4) THEN n END';

CREATE FUNCTION pg_temp.expected() RETURNS SETOF jsonb
LANGUAGE sql
AS $$
    SELECT jsonb_build_object(
               'programme_id', g.id, 'name', g.name, 'model', g.model,
               'status', g.status, 'persons', c.persons,
               'mentors', CASE WHEN r.known THEN r.mentors END,
               'mentees', CASE WHEN r.known THEN r.mentees END,
               'relationships',
               (SELECT CASE WHEN count(DISTINCT t.person_id) > 4
                              OR count(DISTINCT s.id) = 0
                            THEN count(DISTINCT s.id) END
                  FROM mentoring.relationship s
                  LEFT JOIN mentoring.relationship_member m
                    ON m.relationship_id = s.id
                  LEFT JOIN mentoring.participant t ON t.id = m.participant_id
                 WHERE s.programme_id = g.id),
               'writers', pg_temp.enough(w.persons, w.persons),
               'entries', pg_temp.enough(w.entries, w.persons),
               'minutes', pg_temp.enough(w.minutes, w.persons))
      FROM (SELECT row_id, count(*) AS persons FROM contribution
             WHERE grain = 'programme'
               AND (grain, group_id, row_id) NOT IN (TABLE hidden)
             GROUP BY 1) c
      JOIN mentoring.programme g ON g.id = c.row_id::bigint
     CROSS JOIN LATERAL (
           SELECT count(*) AS entries, coalesce(sum(minutes), 0) AS minutes,
                  count(DISTINCT person_id) AS persons
             FROM mentoring.learning_log l
             JOIN mentoring.participant p ON p.id = l.participant_id
            WHERE l.programme_id = g.id) w
     CROSS JOIN LATERAL (
           SELECT max(n) FILTER (WHERE role = 'mentor') AS mentors,
                  max(n) FILTER (WHERE role = 'mentee') AS mentees,
                  bool_and(n NOT BETWEEN 1 AND 4) AS known
             FROM (SELECT role,
                          (SELECT count(DISTINCT person_id)
                             FROM mentoring.participant p
                            WHERE p.programme_id = g.id AND p.role = v.role) AS n
                     FROM (VALUES ('mentor'), ('mentee'), ('peer')) v (role)) n) r
    UNION ALL
    SELECT jsonb_build_object(
               'programme_id', l.programme_id,
               'month', date_trunc('month', min(occurred_on))::date,
               'persons', count(DISTINCT person_id), 'entries', count(*),
               'minutes', sum(minutes),
               'active_days', count(DISTINCT occurred_on))
      FROM mentoring.learning_log l
      JOIN mentoring.participant p ON p.id = l.participant_id
     WHERE ('month', l.programme_id, to_char(occurred_on, 'YYYY-MM'))
           NOT IN (TABLE hidden)
     GROUP BY l.programme_id, to_char(occurred_on, 'YYYY-MM')
    UNION ALL
    SELECT jsonb_build_object(
               'programme_id', l.programme_id, 'skill_id', l.skill_id,
               'name', s.name, 'category', s.category,
               'persons', count(DISTINCT person_id), 'entries', count(*),
               'minutes', sum(minutes),
               'gain', CASE WHEN count(DISTINCT person_id) FILTER (WHERE known) > 4
                            THEN sum(level_after - level_before)
                                     FILTER (WHERE known) END,
               'gain_entries', CASE WHEN count(DISTINCT person_id) FILTER (WHERE known) > 4
                                    THEN count(*) FILTER (WHERE known) END)
      FROM (SELECT *, skill_id IS NOT NULL AND level_before IS NOT NULL
                      AND level_after IS NOT NULL AS known
              FROM mentoring.learning_log) l
      JOIN mentoring.participant p ON p.id = l.participant_id
      LEFT JOIN mentoring.skill s ON s.id = l.skill_id
     WHERE ('skill', l.programme_id, coalesce(l.skill_id::text, 'none'))
           NOT IN (TABLE hidden)
     GROUP BY l.programme_id, l.skill_id, s.name, s.category
$$;

CREATE FUNCTION pg_temp.actual() RETURNS SETOF jsonb
LANGUAGE sql
AS $$
    SELECT to_jsonb(v) FROM mentoring.analyst_programme v
    UNION ALL
    SELECT to_jsonb(v) FROM mentoring.analyst_learning_month v
    UNION ALL
    SELECT to_jsonb(v) FROM mentoring.analyst_learning_skill v
$$;

-- What the total leaves when what is shown is taken from it: entries of
-- nobody or of at least five.  Knows nothing of the rule.
CREATE FUNCTION pg_temp.leaks() RETURNS SETOF text
LANGUAGE sql
AS $$
    SELECT format('%s of programme %s: %s entries of %s persons', r.grain,
                  r.programme_id, r.entries, r.persons)
      FROM (SELECT 'months' AS grain, l.programme_id, count(*) AS entries,
                   count(DISTINCT p.person_id) AS persons,
                   count(DISTINCT to_char(l.occurred_on, 'YYYY-MM')) AS cells
              FROM mentoring.learning_log l
              JOIN mentoring.participant p ON p.id = l.participant_id
             WHERE NOT EXISTS (
                       SELECT FROM shown
                        WHERE line ->> 'month' = to_char(l.occurred_on, 'YYYY-MM-01')
                          AND (line -> 'programme_id')::bigint = l.programme_id)
             GROUP BY 2
            UNION ALL
            SELECT 'skills', l.programme_id, count(*),
                   count(DISTINCT p.person_id),
                   count(DISTINCT coalesce(l.skill_id, 0))
              FROM mentoring.learning_log l
              JOIN mentoring.participant p ON p.id = l.participant_id
             WHERE NOT EXISTS (
                       SELECT FROM shown
                        WHERE line -> 'skill_id'
                              = coalesce(to_jsonb(l.skill_id), 'null')
                          AND (line -> 'programme_id')::bigint = l.programme_id)
             GROUP BY 2) r
      JOIN shown ON (line -> 'programme_id')::bigint = r.programme_id
       AND line ->> 'writers' IS NOT NULL
     WHERE r.persons < 5 OR r.cells < 2
$$;

CREATE FUNCTION pg_temp.difference() RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    result text;
BEGIN
    DELETE FROM shown;
    INSERT INTO shown SELECT pg_temp.actual();
    PERFORM pg_temp.contributions();
    PERFORM pg_temp.hide();
    SELECT string_agg(line, E'\n') INTO result
      FROM (SELECT 'not expected: ' || r::text
              FROM (TABLE shown EXCEPT ALL
                    SELECT pg_temp.expected()) a (r)
            UNION ALL
            SELECT 'missing: ' || r::text
              FROM (SELECT pg_temp.expected() EXCEPT ALL
                    TABLE shown) e (r)
            UNION ALL
            SELECT 'leak: ' || pg_temp.leaks()) d (line);
    RETURN coalesce(result, 'equal');
END
$$;

-- Small programmes at random, within their transaction and after it
CREATE TEMP TABLE difference (n integer, text text);
DO $$
DECLARE
    text       text;
    persons    integer;
    programmes integer;
    density    double precision;
BEGIN
    PERFORM setseed(0.83);
    FOR n IN 1 .. 120 LOOP
        persons := 5 + floor(random() * 10);
        programmes := 1 + floor(random() * 5);
        density := random() * random();
        INSERT INTO mentoring.programme (id, name, model)
        SELECT 830 + g, 'random', 'group' FROM generate_series(1, programmes) g;
        INSERT INTO mentoring.participant (programme_id, person_id, role, status)
        SELECT DISTINCT ON (g, p, r) 830 + g, 830000 + p, r, s
          FROM (SELECT g, p, random() AS dice,
                       (ARRAY['mentee', 'mentor', 'peer', 'coordinator'])
                           [1 + floor(random() ^ (1 + n % 5) * 4)] AS r,
                       (ARRAY['accepted', 'withdrawn'])
                           [1 + floor(random() + 0.3)] AS s
                  FROM generate_series(1, programmes) g
                 CROSS JOIN generate_series(1, persons) p
                 CROSS JOIN generate_series(1, 2)) v
         WHERE dice < CASE g WHEN 1 THEN 0.7 ELSE 0.7 * density END;
        INSERT INTO mentoring.relationship (programme_id, id)
        SELECT 830 + g, 8300 + g * 10 + i
          FROM generate_series(1, programmes) g
         CROSS JOIN generate_series(1, 2) i
         WHERE random() < 0.6;
        INSERT INTO mentoring.relationship_member
               (programme_id, relationship_id, participant_id, role)
        SELECT programme_id, relationship_id, id, role
          FROM (SELECT p.programme_id, r.id AS relationship_id, p.id, p.role,
                       random() AS dice
                  FROM mentoring.relationship r
                  JOIN mentoring.participant p USING (programme_id)
                 WHERE p.role <> 'coordinator' AND p.id % 2 = r.id % 2
                   AND p.status = 'accepted') v
         WHERE dice < 0.4;
        INSERT INTO mentoring.learning_log
               (programme_id, participant_id, occurred_on, minutes, skill_id,
                level_before, level_after)
        SELECT programme_id, id,
               DATE '2024-01-28' + floor(random() * random() * 120)::integer,
               floor(random() * 3) * 30,
               CASE WHEN random() < 0.8
                    THEN 8301 + floor(random() * random() * 3) END,
               CASE WHEN random() < 0.7 THEN floor(random() * 8) END,
               CASE WHEN random() < 0.9 THEN floor(random() * 8) END
          FROM (SELECT programme_id, p.id, random() AS dice
                  FROM mentoring.participant p
                 CROSS JOIN generate_series(1, 8)) v
         WHERE dice < density;
        text := pg_temp.difference();
        IF text <> 'equal' THEN
            INSERT INTO difference VALUES (n, text);
        END IF;
        IF n % 2 = 0 THEN
            COMMIT;
            IF n % 8 = 0 THEN
                PERFORM mentoring.fold_learning_log();
            END IF;
            -- some are changed and gone before the totals know
            DELETE FROM mentoring.learning_log
             WHERE n % 4 = 0 AND random() < 0.3;
            UPDATE mentoring.learning_log
               SET occurred_on = occurred_on + 31, skill_id = 8302
             WHERE n % 4 = 0 AND random() < 0.3;
            text := pg_temp.difference();
            IF text <> 'equal' THEN
                INSERT INTO difference VALUES (n, text);
            END IF;
        END IF;
        PERFORM pg_temp.clear();
    END LOOP;
END
$$;
SELECT * FROM difference ORDER BY n LIMIT 3;
-- Each way in which rows are withheld was among them.
SELECT what, cases > 2 FROM coverage ORDER BY what COLLATE "C";

-- Totals that are spilled count as well, for who has no identity.
SET mentoring.flush_memory = '64kB';
SELECT pg_temp.join_in(831, 1, 30), pg_temp.join_in(832, 1, 6);
INSERT INTO mentoring.learning_log
       (programme_id, participant_id, occurred_on, minutes, skill_id,
        level_before, level_after)
SELECT p.programme_id, p.id, '2010-01-01'::date + i * 3, i % 60,
       CASE WHEN i % 4 > 0 THEN 8300 + i % 4 END, i % 5, 5
  FROM mentoring.participant AS p, generate_series(1, 300) AS i
 WHERE p.person_id % 30 <= i % 31;
SELECT count(*) > 1000 FROM mentoring.learning_spill;
DELETE FROM mentoring.learning_log WHERE occurred_on < '2010-06-01';
SELECT pg_temp.difference();
CREATE TEMP TABLE actual AS SELECT pg_temp.actual() AS line;
GRANT SELECT ON actual TO regress_analyst;
SET ROLE regress_analyst;
SELECT count(*) > 20, count(*) FILTER (WHERE e.line IS NULL OR a.line IS NULL)
  FROM actual AS e FULL JOIN pg_temp.actual() AS a (line) USING (line);
RESET ROLE;
SELECT mentoring.fold_learning_log() > 1000;
SELECT pg_temp.difference();
RESET mentoring.flush_memory;
SELECT pg_temp.clear();

-- What an analyst may try.  Next to the views there is one as it is often
-- written, to see that each attempt would succeed.
SELECT pg_temp.join_in(831, 1, 12), pg_temp.join_in(832, 1, 12),
       pg_temp.join_in(833, 20, 23), pg_temp.join_in(834, 30, 32);
SELECT pg_temp.write(831, '2024-01-10', 1, 4, 8301, 1, 7),
       pg_temp.write(831, '2024-02-10', 9, 12, 8302, 1, 7),
       pg_temp.write(831, '2024-03-10', 1, 12, 8303, 1, 7),
       pg_temp.write(832, '2024-01-10', 1, 10),
       pg_temp.write(833, '2024-01-10', 20, 23, 8301);
ANALYZE mentoring.learning_log, mentoring.participant;
SELECT count(*) > 0 FROM pg_stats WHERE schemaname = 'mentoring';
CREATE VIEW public.naive AS
SELECT l.programme_id, date_trunc('month', l.occurred_on)::date AS month,
       count(DISTINCT p.person_id) AS persons, sum(l.minutes) AS minutes
  FROM mentoring.learning_log AS l
  JOIN mentoring.participant AS p ON p.id = l.participant_id
 GROUP BY 1, 2
HAVING count(DISTINCT p.person_id) >= 5;
CREATE VIEW public.naive_barrier WITH (security_barrier = true) AS
SELECT * FROM public.naive;
GRANT SELECT ON public.naive, public.naive_barrier TO regress_analyst;
SET ROLE regress_analyst;
SELECT pg_temp.seen();

-- a function that tells what it is asked about, and is cheap enough to be
-- asked first
CREATE FUNCTION pg_temp.tell(programme bigint, n bigint) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE COST 0.0000001
AS $$
BEGIN
    PERFORM set_config('analyst.told',
                       current_setting('analyst.told') || format(' %s:%s', programme, n),
                       false);
    RETURN true;
END
$$;
CREATE FUNCTION pg_temp.told() RETURNS text
LANGUAGE sql
AS $$
    SELECT string_agg(t, ' ' ORDER BY t COLLATE "C")
      FROM regexp_split_to_table(btrim(current_setting('analyst.told')), ' ') AS t
$$;
SET analyst.told = '';
SELECT count(*) FROM public.naive WHERE pg_temp.tell(programme_id, persons);
SELECT pg_temp.told();
SET analyst.told = '';
SELECT count(*) FROM mentoring.analyst_programme
 WHERE pg_temp.tell(programme_id, persons);
SELECT pg_temp.told();
SET analyst.told = '';
SELECT count(*) FROM mentoring.analyst_learning_month
 WHERE pg_temp.tell(programme_id, persons);
SELECT pg_temp.told();
SET analyst.told = '';
SELECT count(*) FROM mentoring.analyst_learning_skill
 WHERE pg_temp.tell(programme_id, persons);
SELECT pg_temp.told();
SET analyst.told = '';
SELECT count(*) FROM mentoring._analyst_learning_month()
 WHERE pg_temp.tell(programme_id, persons);
SELECT pg_temp.told();

-- an error where there are four
CREATE FUNCTION pg_temp.not_four(n bigint) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE COST 0.0000001
AS 'BEGIN RETURN 1 / (n - 4) <= 1; END';
SELECT count(*) FROM public.naive WHERE pg_temp.not_four(persons);
SELECT count(*) FROM mentoring.analyst_programme
 WHERE pg_temp.not_four(persons) AND 1 / (persons - 4) >= 0;
SELECT count(*) FROM mentoring.analyst_learning_month
 WHERE pg_temp.not_four(persons) AND 1 / (persons - 4) >= 0;
SELECT count(*) FROM mentoring.analyst_learning_skill
 WHERE pg_temp.not_four(persons) AND 1 / (persons - 4) >= 0;

-- what plans tell: their nodes, how many rows went in and out of them
CREATE FUNCTION pg_temp.plan(query text, OUT nodes text, OUT counts text)
LANGUAGE plpgsql
AS $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON, TIMING OFF) ' || query
       INTO plan;
    SELECT string_agg(DISTINCT p ->> 'Node Type', ', '),
           string_agg(DISTINCT round(c.n)::text, ', ')
      INTO nodes, counts
      FROM jsonb_path_query(plan, 'strict $.** ? (exists (@."Node Type"))',
                            silent => true) AS p
     CROSS JOIN LATERAL (
           VALUES ((p ->> 'Actual Rows')::numeric),
                  ((p ->> 'Rows Removed by Filter')::numeric)) AS c (n);
END
$$;
-- the four of programme 833
SELECT counts ~ '\m4\M'
  FROM pg_temp.plan('SELECT FROM public.naive_barrier WHERE programme_id = 833');
SELECT * FROM pg_temp.plan('SELECT FROM mentoring.analyst_programme WHERE programme_id = 833');
SELECT * FROM pg_temp.plan('SELECT FROM mentoring.analyst_learning_month WHERE programme_id = 833');
SELECT * FROM pg_temp.plan('SELECT FROM mentoring.analyst_learning_skill WHERE programme_id = 833');
SELECT * FROM pg_temp.plan('SELECT FROM mentoring._analyst_learning_month() WHERE programme_id = 833');

-- nothing else is granted, and no statistics are shown
SELECT count(*) FROM mentoring.learning_log;
SELECT count(*) FROM mentoring.participant;
SELECT count(*) FROM mentoring.learning_by_programme_month;
SELECT count(*) FROM mentoring._analyst_row('month');
SELECT count(*) FROM mentoring._analyst_author();
SELECT mentoring._analyst_minimum();
SELECT count(*) FROM pg_stats WHERE schemaname = 'mentoring';

-- names of the caller's mean nothing inside
CREATE TEMP TABLE before AS SELECT pg_temp.actual() AS line;
CREATE TEMP TABLE learning_log AS SELECT 1 AS a;
CREATE FUNCTION regress_analyst.less(bigint, integer) RETURNS boolean
LANGUAGE sql IMMUTABLE AS 'SELECT false';
CREATE OPERATOR regress_analyst.< (LEFTARG = bigint, RIGHTARG = integer,
                                   FUNCTION = regress_analyst.less);
CREATE OPERATOR regress_analyst.>= (LEFTARG = bigint, RIGHTARG = integer,
                                    FUNCTION = regress_analyst.less);
SET search_path = pg_temp, regress_analyst, pg_catalog, mentoring;
SET row_security = off;
SELECT 3::bigint < 5, 5::bigint >= 5;
SELECT count(*) FROM before;
SELECT pg_temp.actual() EXCEPT SELECT line FROM before;
SELECT line FROM before EXCEPT SELECT pg_temp.actual();
RESET row_security;
RESET search_path;
RESET ROLE;

DROP OWNED BY regress_analyst;
DROP ROLE regress_analyst;
DROP VIEW public.naive_barrier, public.naive;
SELECT pg_temp.clear();
DELETE FROM mentoring.person WHERE id BETWEEN 830001 AND 830040;
DELETE FROM mentoring.skill WHERE id BETWEEN 8301 AND 8303;
SELECT mentoring.rebuild_learning_log();
SELECT count(*) FROM mentoring.verify_learning_log();

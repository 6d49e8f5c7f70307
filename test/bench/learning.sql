-- What learning_bench.py measures with: people, entries, twins of the log.
--
--	psql -v rows=1000000 -f learning.sql
--
-- Schema bench holds
--
--	entry		entries in the order they arrive, 1 M in 11 months
--	again		entries whose totals exist: 11 a key in each 10,000
--	log_bare	the log without what keeps its totals; same indexes, checks,
--				foreign keys and BEFORE triggers
--	log_row		the same with a row trigger in PL/pgSQL that upserts totals
--	log_stmt	the same with a statement trigger in PL/pgSQL: transition table,
--				sorted upserts
--	row_day, stmt_day ...	totals of the latter two

\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT setseed(0.4);
CREATE SCHEMA bench;

-- 50 programmes, 20,000 pairs, 200 skills; pair r has participants 2r - 1, 2r

INSERT INTO mentoring.programme (id, name, model, status)
SELECT p, 'Programme ' || p, 'one_to_one', 'running'
FROM generate_series(1, 50) p;

INSERT INTO mentoring.skill (id, name)
SELECT s, 'Skill ' || s FROM generate_series(1, 200) s;

INSERT INTO mentoring.person (id, external_id, display_name)
SELECT p, 'p' || p, 'Person ' || p FROM generate_series(1, 40000) p;

INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
SELECT 1 + (r - 1) % 50, 2 * r - m, 2 * r - m,
       CASE m WHEN 1 THEN 'mentor' ELSE 'mentee' END, 'accepted'
FROM generate_series(1, 20000) r, generate_series(0, 1) m;

INSERT INTO mentoring.relationship (programme_id, id, status, started_on)
SELECT 1 + (r - 1) % 50, r, 'active', '2023-08-01'
FROM generate_series(1, 20000) r;

INSERT INTO mentoring.relationship_member (programme_id, relationship_id,
                                           participant_id, role)
SELECT programme_id, (id + 1) / 2, id, role FROM mentoring.participant;

-- Entries

CREATE UNLOGGED TABLE bench.entry AS
SELECT n::integer AS n, 1 + (r - 1) % 50 AS programme_id,
       '2023-09-01'::date + (n * 335 / 1000001)::integer AS occurred_on,
       r AS relationship_id,
       2 * r - (random() < 0.5)::integer AS participant_id,
       (random() * 240)::integer AS minutes,
       1 + (random() * 199)::bigint AS skill_id,
       b AS level_before, (b + round(random() * 0.7))::smallint AS level_after,
       -- a row is about 260 bytes
       repeat('learned ', 15) AS reflection
FROM (SELECT n, 1 + floor(random() * 20000)::bigint AS r,
             floor(random() * 7)::smallint AS b
        FROM generate_series(1, :rows::bigint) n) e;
ALTER TABLE bench.entry ADD PRIMARY KEY (n);

CREATE UNLOGGED TABLE bench.again AS
SELECT n::integer AS n, 1 + (r - 1) % 50 AS programme_id,
       '2023-09-10'::date + n / 10000 AS occurred_on, r AS relationship_id,
       2 * r - k % 2 AS participant_id, (random() * 240)::integer AS minutes,
       1 + k * 31 % 200 AS skill_id, 3::smallint AS level_before,
       (3 + k % 2)::smallint AS level_after,
       repeat('learned ', 15) AS reflection
FROM (SELECT n, k, 1 + k * 7919 % 20000 AS r
        FROM (SELECT n, n / 10000 * 900 + floor(random() * 900)::bigint AS k
                FROM generate_series(0, greatest(:rows / 10, 10000) - 1) n) i
     ) e;
ALTER TABLE bench.again ADD PRIMARY KEY (n);

-- Twins

DO $$
DECLARE
    twin       text;
    definition text;
BEGIN
    FOREACH twin IN ARRAY ARRAY['log_bare', 'log_row', 'log_stmt'] LOOP
        EXECUTE format('CREATE TABLE bench.%I (LIKE mentoring.learning_log'
                       ' INCLUDING ALL)', twin);
        FOR definition IN
            SELECT pg_get_constraintdef(oid) FROM pg_constraint
             WHERE conrelid = 'mentoring.learning_log'::regclass
               AND contype = 'f' ORDER BY conname
        LOOP
            EXECUTE format('ALTER TABLE bench.%I ADD %s', twin, definition);
        END LOOP;
        -- BEFORE triggers only
        FOR definition IN
            SELECT pg_get_triggerdef(oid) FROM pg_trigger
             WHERE tgrelid = 'mentoring.learning_log'::regclass
               AND NOT tgisinternal AND tgtype & 2 <> 0 ORDER BY tgname
        LOOP
            EXECUTE replace(definition, 'ON mentoring.learning_log',
                            format('ON bench.%I', twin));
        END LOOP;
    END LOOP;
    FOREACH twin IN ARRAY ARRAY['row', 'stmt'] LOOP
        EXECUTE format('CREATE TABLE bench.%I (LIKE mentoring.learning_day'
                       ' INCLUDING ALL) WITH (fillfactor = 80)',
                       twin || '_day');
        EXECUTE format('CREATE TABLE bench.%I (LIKE mentoring.learning_author'
                       ' INCLUDING ALL) WITH (fillfactor = 80)',
                       twin || '_author');
        EXECUTE format('CREATE TABLE bench.%I (programme_id bigint, day date,'
                       ' entries bigint NOT NULL, minutes bigint NOT NULL,'
                       ' participants bigint NOT NULL,'
                       ' PRIMARY KEY (programme_id, day))'
                       ' WITH (fillfactor = 50)', twin || '_programme_day');
        EXECUTE format('CREATE TABLE bench.%I'
                       ' (LIKE mentoring.learning_skill_month INCLUDING ALL)'
                       ' WITH (fillfactor = 80)', twin || '_skill_month');
    END LOOP;
END
$$;

-- Rivals keep a programme's months by the day, authors on the first day.
-- A new author is one whose row is made now; entries are only inserted here.

CREATE FUNCTION bench.total_row()
RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    first_day date := date_trunc('month', NEW.occurred_on::timestamp);
    number    bigint;
BEGIN
    INSERT INTO bench.row_day AS t
    VALUES (NEW.programme_id, NEW.participant_id, NEW.occurred_on,
            coalesce(NEW.relationship_id, 0), 1, NEW.minutes)
        ON CONFLICT (programme_id, participant_id, day, relationship_id)
        DO UPDATE SET entries = t.entries + 1,
                      minutes = t.minutes + EXCLUDED.minutes;
    INSERT INTO bench.row_author AS t
    VALUES (NEW.programme_id, NEW.participant_id, first_day, 0, 1)
        ON CONFLICT (programme_id, participant_id, month, skill_id)
        DO UPDATE SET entries = t.entries + 1
    RETURNING entries INTO number;
    IF number = 1 THEN
        INSERT INTO bench.row_programme_day AS t
        VALUES (NEW.programme_id, first_day, 0, 0, 1)
            ON CONFLICT (programme_id, day)
            DO UPDATE SET participants = t.participants + 1;
    END IF;
    INSERT INTO bench.row_programme_day AS t
    VALUES (NEW.programme_id, NEW.occurred_on, 1, NEW.minutes, 0)
        ON CONFLICT (programme_id, day)
        DO UPDATE SET entries = t.entries + 1,
                      minutes = t.minutes + EXCLUDED.minutes;
    IF NEW.skill_id IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO bench.row_author AS t
    VALUES (NEW.programme_id, NEW.participant_id, first_day, NEW.skill_id, 1)
        ON CONFLICT (programme_id, participant_id, month, skill_id)
        DO UPDATE SET entries = t.entries + 1
    RETURNING entries INTO number;
    INSERT INTO bench.row_skill_month AS t
    VALUES (NEW.programme_id, NEW.skill_id, first_day, 1, NEW.minutes,
            (number = 1)::integer,
            coalesce(NEW.level_after - NEW.level_before, 0),
            (NEW.level_after - NEW.level_before IS NOT NULL)::integer)
        ON CONFLICT (programme_id, skill_id, month)
        DO UPDATE SET entries = t.entries + 1,
                      minutes = t.minutes + EXCLUDED.minutes,
                      participants = t.participants + EXCLUDED.participants,
                      gain = t.gain + EXCLUDED.gain,
                      gain_entries = t.gain_entries + EXCLUDED.gain_entries;
    RETURN NULL;
END
$$;

CREATE TRIGGER total AFTER INSERT ON bench.log_row
    FOR EACH ROW EXECUTE FUNCTION bench.total_row();

CREATE FUNCTION bench.total_stmt()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO bench.stmt_day AS t
    SELECT programme_id, participant_id, occurred_on,
           coalesce(relationship_id, 0), count(*), sum(minutes)
      FROM added GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        ON CONFLICT (programme_id, participant_id, day, relationship_id)
        DO UPDATE SET entries = t.entries + EXCLUDED.entries,
                      minutes = t.minutes + EXCLUDED.minutes;
    WITH author AS (
        INSERT INTO bench.stmt_author AS t
        SELECT programme_id, participant_id,
               date_trunc('month', occurred_on::timestamp)::date, 0, count(*)
          FROM added GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            ON CONFLICT (programme_id, participant_id, month, skill_id)
            DO UPDATE SET entries = t.entries + EXCLUDED.entries
        RETURNING programme_id, month, (xmax = 0)::integer AS is_new
    )
    INSERT INTO bench.stmt_programme_day AS t
    SELECT programme_id, day, sum(entries), sum(minutes), sum(participants)
      FROM (SELECT programme_id, occurred_on AS day, 1 AS entries, minutes,
                   0 AS participants
              FROM added
            UNION ALL
            SELECT programme_id, month, 0, 0, is_new FROM author) d
     GROUP BY 1, 2 ORDER BY 1, 2
        ON CONFLICT (programme_id, day)
        DO UPDATE SET entries = t.entries + EXCLUDED.entries,
                      minutes = t.minutes + EXCLUDED.minutes,
                      participants = t.participants + EXCLUDED.participants;
    WITH author AS (
        INSERT INTO bench.stmt_author AS t
        SELECT programme_id, participant_id,
               date_trunc('month', occurred_on::timestamp)::date, skill_id,
               count(*)
          FROM added WHERE skill_id IS NOT NULL
         GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
            ON CONFLICT (programme_id, participant_id, month, skill_id)
            DO UPDATE SET entries = t.entries + EXCLUDED.entries
        RETURNING programme_id, month, skill_id, (xmax = 0)::integer AS is_new
    )
    INSERT INTO bench.stmt_skill_month AS t
    SELECT programme_id, skill_id, month, sum(entries), sum(minutes),
           sum(participants), sum(gain), sum(gain_entries)
      FROM (SELECT programme_id, skill_id,
                   date_trunc('month', occurred_on::timestamp)::date AS month,
                   1 AS entries, minutes, 0 AS participants,
                   coalesce(level_after - level_before, 0) AS gain,
                   (level_after - level_before IS NOT NULL)::integer
                       AS gain_entries
              FROM added WHERE skill_id IS NOT NULL
            UNION ALL
            SELECT programme_id, skill_id, month, 0, 0, is_new, 0, 0
              FROM author) s
     GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        ON CONFLICT (programme_id, skill_id, month)
        DO UPDATE SET entries = t.entries + EXCLUDED.entries,
                      minutes = t.minutes + EXCLUDED.minutes,
                      participants = t.participants + EXCLUDED.participants,
                      gain = t.gain + EXCLUDED.gain,
                      gain_entries = t.gain_entries + EXCLUDED.gain_entries;
    RETURN NULL;
END
$$;

CREATE TRIGGER total AFTER INSERT ON bench.log_stmt
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION bench.total_stmt();

-- Are the totals of a rival those of the log?  Rows that differ, when the two
-- logs got the same rows and deltas are folded.

CREATE FUNCTION bench.differences(rival text)
RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    what      text;
    n         bigint;
    different bigint := 0;
BEGIN
    FOREACH what IN ARRAY ARRAY['day', 'author', 'programme_month',
                                'skill_month'] LOOP
        EXECUTE format('WITH other AS (%s) SELECT count(*) FROM'
                       ' ((TABLE other EXCEPT TABLE mentoring.%2$I)'
                       ' UNION ALL'
                       ' (TABLE mentoring.%2$I EXCEPT TABLE other)) d',
                       CASE what WHEN 'programme_month' THEN
                           format('SELECT programme_id,'
                                  ' mentoring._month(day), sum(entries),'
                                  ' sum(minutes), sum(participants),'
                                  ' count(*) FILTER (WHERE entries > 0)'
                                  ' FROM bench.%I GROUP BY 1, 2',
                                  rival || '_programme_day')
                       ELSE format('TABLE bench.%I', rival || '_' || what)
                       END, 'learning_' || what) INTO n;
        different := different + n;
    END LOOP;
    RETURN different;
END
$$;

VACUUM ANALYZE;
CHECKPOINT;

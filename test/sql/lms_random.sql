-- Random changes of a source and of what was synced: after each sync() levels,
-- managers and periods are what the source says, the report counts what was
-- written, and a second run writes nothing.

\set QUIET on
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
\set setup `echo "$PG_ABS_SRCDIR/lms_setup.sql"`
BEGIN;
\set ECHO none
\o /dev/null
\i :setup
\o
\set ECHO all

-- p1 to p12 are persons; q1 to q4 are accounts merged into one of them, or
-- into nobody; "nobody" is nobody.
CREATE TABLE public.rnd_person (id text PRIMARY KEY, unit text);
CREATE TABLE public.rnd_alias (id text PRIMARY KEY, target text);
CREATE TABLE public.rnd_boss (n serial, id text PRIMARY KEY, boss text);
CREATE TABLE public.rnd_skill (n serial, id text, skill text, level integer);
GRANT SELECT ON public.rnd_person, public.rnd_alias, public.rnd_boss,
    public.rnd_skill TO lms_sync;
INSERT INTO public.rnd_person SELECT 'p' || i FROM generate_series(1, 12) AS i;
INSERT INTO mentoring.skill (name) SELECT 'Random ' || i FROM generate_series(1, 5) AS i;
SELECT mentoring.register_source('rnd', 'custom',
    'SELECT id AS external_id, id AS display_name, unit AS org_unit FROM public.rnd_person',
    'SELECT id AS external_id, boss AS manager_external_id FROM public.rnd_boss ORDER BY n',
    'SELECT id AS external_id, skill, level FROM public.rnd_skill ORDER BY random()',
    alias_query => 'SELECT id AS external_id, target AS person_external_id FROM public.rnd_alias') > 0;

CREATE FUNCTION pg_temp.key() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN x < 12 THEN 'p' || 1 + x WHEN x < 16 THEN 'q' || x - 11
                ELSE 'nobody' END FROM (SELECT floor(random() * 17)::integer AS x) AS r
$$;

-- Few or many changes; levels of our own, and things somebody has spoilt.
CREATE FUNCTION pg_temp.change(share float8) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE public.rnd_person SET unit = NULLIF('U' || floor(random() * 3), 'U0')
     WHERE random() < share;
    DELETE FROM public.rnd_alias WHERE random() < share;
    INSERT INTO public.rnd_alias SELECT 'q' || i, 'p' || 1 + floor(random() * 12)::integer
      FROM generate_series(1, 4) AS i WHERE random() < share ON CONFLICT DO NOTHING;
    DELETE FROM public.rnd_boss WHERE random() < share;
    INSERT INTO public.rnd_boss (id, boss) SELECT pg_temp.key(), pg_temp.key()
      FROM generate_series(1, 16) WHERE random() < share ON CONFLICT DO NOTHING;
    DELETE FROM public.rnd_skill WHERE random() < share;
    UPDATE public.rnd_skill SET level = floor(random() * 8) WHERE random() < share;
    INSERT INTO public.rnd_skill (id, skill, level)
    SELECT pg_temp.key(), 'Random ' || 1 + floor(random() * 5)::integer, floor(random() * 8)
      FROM generate_series(1, 60) WHERE random() < share;
    INSERT INTO mentoring.person_skill (person_id, skill_id, level)
    SELECT p.id, s.id, 1 FROM mentoring.person AS p, mentoring.skill AS s
     WHERE p.source = 'rnd' AND s.name LIKE 'Random %' AND random() < share / 10
    ON CONFLICT DO NOTHING;
    DELETE FROM mentoring.person_skill WHERE source = 'local' AND random() < share;
    UPDATE mentoring.person_skill SET level = floor(random() * 8)
     WHERE source = 'rnd' AND random() < share / 5;
    UPDATE mentoring.person SET manager_id = NULL WHERE source = 'rnd' AND random() < share / 5;
    DELETE FROM mentoring.person_history AS h USING mentoring.person AS p
     WHERE p.id = h.person_id AND p.source = 'rnd' AND h.valid_to IS NOT NULL
       AND random() < share;
    UPDATE mentoring.person_history AS h SET valid_from = h.valid_from - 10, site = 'spoilt'
      FROM mentoring.person AS p
     WHERE p.id = h.person_id AND p.source = 'rnd' AND random() < share / 5
       AND NOT EXISTS (SELECT FROM mentoring.person_history AS o
                        WHERE o.person_id = h.person_id AND o.valid_to IS NOT NULL);
END
$$;

CREATE VIEW pg_temp.account AS
SELECT p.external_id, p.id AS person_id FROM mentoring.person AS p WHERE p.source = 'rnd'
UNION ALL
SELECT a.id, p.id FROM public.rnd_alias AS a
  JOIN mentoring.person AS p ON p.source = 'rnd' AND p.external_id = a.target;

CREATE VIEW pg_temp.wanted_level AS
SELECT a.person_id, s.id AS skill_id, max(r.level) AS level
  FROM public.rnd_skill AS r JOIN pg_temp.account AS a ON a.external_id = r.id
  JOIN mentoring.skill AS s ON s.name = r.skill AND s.category IS NULL
 GROUP BY a.person_id, s.id;

CREATE VIEW pg_temp.wanted_manager AS
SELECT p.id, (SELECT m.person_id FROM public.rnd_boss AS b
                JOIN pg_temp.account AS a ON a.external_id = b.id
                JOIN pg_temp.account AS m ON m.external_id = b.boss
               WHERE a.person_id = p.id AND m.person_id <> p.id
               ORDER BY b.id <> p.external_id, b.n LIMIT 1) AS manager_id
  FROM mentoring.person AS p WHERE p.source = 'rnd';

CREATE VIEW pg_temp.level AS
SELECT k.* FROM mentoring.person_skill AS k
  JOIN mentoring.person AS p ON p.id = k.person_id AND p.source = 'rnd';

-- What of the levels, the managers and the periods is wrong.
CREATE FUNCTION pg_temp.wrong() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(', ',
        (SELECT 'level of ' || person_id || ' in ' || skill_id FROM pg_temp.wanted_level AS w
           FULL JOIN (SELECT * FROM pg_temp.level WHERE source = 'rnd') AS k
          USING (person_id, skill_id)
          WHERE w.level IS DISTINCT FROM k.level AND NOT EXISTS (SELECT FROM pg_temp.level AS o
               WHERE o.person_id = w.person_id AND o.skill_id = w.skill_id AND o.source = 'local')
          LIMIT 1),
        (SELECT 'manager of ' || w.id FROM pg_temp.wanted_manager AS w
           JOIN mentoring.person AS p USING (id)
          WHERE p.manager_id IS DISTINCT FROM w.manager_id LIMIT 1),
        (SELECT 'unit of ' || p.id FROM mentoring.person AS p
           JOIN public.rnd_person AS r ON r.id = p.external_id
          WHERE p.source = 'rnd' AND p.org_unit IS DISTINCT FROM r.unit LIMIT 1),
        (SELECT 'period of ' || p.id FROM mentoring.person AS p
           LEFT JOIN mentoring.person_history AS h ON h.person_id = p.id AND h.valid_to IS NULL
          WHERE p.source = 'rnd' AND ((h.org_unit, h.site, h.manager_id)
                IS DISTINCT FROM (p.org_unit, p.site, p.manager_id)) LIMIT 1),
        (SELECT 'two periods of ' || person_id FROM mentoring.person_history
          WHERE valid_to IS NULL GROUP BY person_id HAVING count(*) > 1 LIMIT 1))
$$;

CREATE FUNCTION pg_temp.counts(OUT level text, OUT writes bigint) LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL ROLE lms_sync;
    SELECT max(concat_ws(' ', s.inserted, s.updated, s.retired, s.refused))
               FILTER (WHERE s.object = 'person_skill'),
           sum(s.inserted + s.updated + s.retired)
      INTO level, writes FROM mentoring.sync('rnd') AS s;
    RESET ROLE;
END
$$;

-- What is wrong in round after round; the first one begins with nothing.
CREATE FUNCTION pg_temp.rounds(rounds integer) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    counted  record;
    expected text;
BEGIN
    FOR i IN 1 .. rounds LOOP
        PERFORM pg_temp.change(CASE WHEN i = 1 THEN 1 ELSE (0.02::float8 + random()) / 2 END);
        CREATE TEMPORARY TABLE before ON COMMIT DROP AS SELECT * FROM pg_temp.level;
        counted := pg_temp.counts();
        SELECT concat_ws(' ', count(*) FILTER (WHERE b.id IS NULL),
                         count(*) FILTER (WHERE b.level <> k.level),
                         count(*) FILTER (WHERE k.id IS NULL),
                         (SELECT count(*) FROM public.rnd_skill AS r WHERE NOT EXISTS
                            (SELECT FROM pg_temp.account AS a WHERE a.external_id = r.id))
                         + (SELECT count(*) FROM pg_temp.wanted_level AS w JOIN before AS o
                            USING (person_id, skill_id) WHERE o.source = 'local'))
          INTO expected FROM before AS b
          FULL JOIN pg_temp.level AS k ON k.id = b.id;
        RETURN NEXT NULLIF(pg_temp.wrong(), '');
        IF counted.level <> expected THEN
            RETURN NEXT format('round %s counts %s, not %s', i, counted.level, expected);
        END IF;
        counted := pg_temp.counts();
        IF counted.writes <> 0 THEN
            RETURN NEXT format('round %s writes %s again', i, counted.writes);
        END IF;
        DROP TABLE before;
    END LOOP;
END
$$;
SET client_min_messages = error;
SELECT setseed(0.6);
SELECT count(*), count(r), min(r) FROM pg_temp.rounds(150) AS r (r);
-- the rounds have met what they are for
SELECT count(*) > 0 FROM public.rnd_skill AS r
  JOIN pg_temp.account AS a ON a.external_id = r.id
 GROUP BY a.person_id, r.skill HAVING count(DISTINCT level) > 1 LIMIT 1;
ROLLBACK;

-- Random changes of a source and of what was synced: after each sync() persons,
-- levels, managers and periods are what the source says, the report counts what
-- was written, and a second run writes nothing.

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

-- p1 to p8 are persons, p9 to p12 come and go, q1 to q4, too, or are accounts
-- merged into one of them; "nobody" is nobody.  Who has no name can't be taken.
CREATE TABLE public.rnd_person (id text PRIMARY KEY, name text DEFAULT 'N', unit text);
CREATE TABLE public.rnd_alias (id text PRIMARY KEY, target text);
CREATE TABLE public.rnd_boss (n serial, id text PRIMARY KEY, boss text);
CREATE TABLE public.rnd_skill (n serial, id text, skill text, level integer);
GRANT SELECT ON public.rnd_person, public.rnd_alias, public.rnd_boss,
    public.rnd_skill TO lms_sync;
INSERT INTO public.rnd_person SELECT 'p' || i FROM generate_series(1, 8) AS i;
INSERT INTO mentoring.skill (name) SELECT 'Random ' || i FROM generate_series(1, 5) AS i;
SELECT mentoring.register_source('rnd', 'custom',
    'SELECT id AS external_id, name AS display_name, unit AS org_unit FROM public.rnd_person',
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
    UPDATE public.rnd_person SET name = CASE WHEN random() < 0.8 THEN 'M' || floor(random() * 2) ELSE '' END
     WHERE random() < share / 2;
    DELETE FROM public.rnd_person WHERE id NOT IN ('p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7', 'p8')
       AND random() < share;
    INSERT INTO public.rnd_person (id)
    SELECT pg_temp.key() FROM generate_series(1, 5) WHERE random() < share
    ON CONFLICT DO NOTHING;
    DELETE FROM public.rnd_person WHERE id = 'nobody';
    DELETE FROM public.rnd_alias AS a WHERE random() < share;
    INSERT INTO public.rnd_alias SELECT 'q' || i, 'p' || 1 + floor(random() * 12)::integer
      FROM generate_series(1, 4) AS i WHERE random() < share ON CONFLICT DO NOTHING;
    DELETE FROM public.rnd_alias AS a
     WHERE NOT EXISTS (SELECT FROM public.rnd_person AS p WHERE p.id = a.target AND p.name <> '');
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
     WHERE p.source = 'rnd' AND p.erased_at IS NULL AND s.name LIKE 'Random %' AND random() < share / 10
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
SELECT p.external_id, p.id AS person_id FROM mentoring.person AS p
 WHERE p.source = 'rnd' AND p.erased_at IS NULL
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
  FROM mentoring.person AS p WHERE p.source = 'rnd' AND p.erased_at IS NULL;

CREATE VIEW pg_temp.level AS
SELECT k.* FROM mentoring.person_skill AS k
  JOIN mentoring.person AS p ON p.id = k.person_id AND p.source = 'rnd';

-- What is wrong.
CREATE FUNCTION pg_temp.wrong() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(', ',
        (SELECT 'nobody is ' || r.id FROM public.rnd_person AS r WHERE r.name <> ''
            AND NOT EXISTS (SELECT FROM pg_temp.account AS a WHERE a.external_id = r.id) LIMIT 1),
        (SELECT 'somebody is ' || p.external_id FROM mentoring.person AS p
          WHERE p.source = 'rnd' AND p.erased_at IS NULL
            AND (NOT EXISTS (SELECT FROM public.rnd_person AS r WHERE r.id = p.external_id)
                 OR EXISTS (SELECT FROM public.rnd_alias AS a WHERE a.id = p.external_id)) LIMIT 1),
        (SELECT 'name of ' || p.id FROM mentoring.person AS p
           JOIN public.rnd_person AS r ON r.id = p.external_id AND r.name <> ''
          WHERE p.source = 'rnd' AND p.display_name <> r.name LIMIT 1),
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
           JOIN public.rnd_person AS r ON r.id = p.external_id AND r.name <> ''
          WHERE p.source = 'rnd' AND p.org_unit IS DISTINCT FROM r.unit LIMIT 1),
        (SELECT 'period of ' || p.id FROM mentoring.person AS p
           LEFT JOIN mentoring.person_history AS h ON h.person_id = p.id AND h.valid_to IS NULL
          WHERE p.source = 'rnd' AND p.erased_at IS NULL AND ((h.org_unit, h.site, h.manager_id)
                IS DISTINCT FROM (p.org_unit, p.site, p.manager_id)) LIMIT 1),
        (SELECT 'two periods of ' || person_id FROM mentoring.person_history
          WHERE valid_to IS NULL GROUP BY person_id HAVING count(*) > 1 LIMIT 1))
$$;

CREATE TEMPORARY TABLE said (object text, inserted bigint, updated bigint, retired bigint, refused bigint);
CREATE TEMPORARY TABLE before AS SELECT * FROM pg_temp.level;
GRANT INSERT ON said TO lms_sync;
CREATE FUNCTION pg_temp.sync_again() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM said;
    SET LOCAL ROLE lms_sync;
    INSERT INTO said SELECT * FROM mentoring.sync('rnd', true);
    RESET ROLE;
END
$$;

-- Levels that were there before against those there now.  What an erased person
-- had may have gone to another one before the source didn't tell of it.
CREATE FUNCTION pg_temp.miscounted() RETURNS boolean LANGUAGE sql AS $$
    SELECT (s.inserted, s.updated) <> (c.inserted, c.updated)
        OR s.retired NOT BETWEEN c.retired AND c.deleted
        OR s.refused <> (SELECT count(*) FROM public.rnd_skill AS r WHERE NOT EXISTS
                           (SELECT FROM pg_temp.account AS a WHERE a.external_id = r.id))
                      + (SELECT count(*) FROM pg_temp.wanted_level AS w
                           JOIN pg_temp.level AS o USING (person_id, skill_id) WHERE o.source = 'local')
      FROM said AS s, (
        SELECT count(*) FILTER (WHERE b.id IS NULL) AS inserted,
               count(*) FILTER (WHERE b.level <> k.level) AS updated,
               count(*) FILTER (WHERE k.id IS NULL AND p.erased_at IS NULL) AS retired,
               count(*) FILTER (WHERE k.id IS NULL) AS deleted
          FROM before AS b
          LEFT JOIN mentoring.person AS p ON p.id = b.person_id
          FULL JOIN pg_temp.level AS k ON k.id = b.id) AS c
     WHERE s.object = 'person_skill'
$$;

-- What is wrong in round after round; the first one begins with nothing.
CREATE FUNCTION pg_temp.rounds(rounds integer) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. rounds LOOP
        PERFORM pg_temp.change(CASE WHEN i = 1 THEN 1 ELSE (0.02::float8 + random()) / 2 END);
        DELETE FROM before;
        INSERT INTO before SELECT * FROM pg_temp.level;
        PERFORM pg_temp.sync_again();
        RETURN NEXT 'round ' || i || ': ' || NULLIF(pg_temp.wrong(), '');
        IF pg_temp.miscounted() THEN
            RETURN NEXT format('round %s: %s', i, (SELECT s FROM said AS s WHERE s.object = 'person_skill'));
        END IF;
        PERFORM pg_temp.sync_again();
        IF EXISTS (SELECT FROM said WHERE inserted + updated + retired > 0) THEN
            RETURN NEXT 'round ' || i || ' writes again';
        END IF;
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
SELECT count(*) FILTER (WHERE erased_at IS NULL) > 7, count(*) FILTER (WHERE erased_at IS NOT NULL) > 10
  FROM mentoring.person WHERE source = 'rnd';
SELECT count(*) > 0 FROM mentoring.access_event WHERE detail::text LIKE '%merged into%';
ROLLBACK;

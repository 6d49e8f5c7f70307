-- What scoring makes of values at the edges of the definitions.

BEGIN;
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never

-- One mentee, 51101, and one mentor, 51102, who have only what a case gives
-- them, and one criterion.
INSERT INTO mentoring.programme (id, name, model, starts_on)
VALUES (511, 'edges', 'one_to_one', '2025-07-07');
INSERT INTO mentoring.person (id, external_id, display_name)
VALUES (51101, 'edge 1', 'Mentee'), (51102, 'edge 2', 'Mentor');
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
VALUES (511, 51101, 51101, 'mentee', 'accepted'),
       (511, 51102, 51102, 'mentor', 'accepted');

-- The score when both have a value x, NULL for none at all.
CREATE FUNCTION pg_temp.try(kind text, mentee text, mentor text,
                            params text DEFAULT '{}')
RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE mentoring.person SET profile =
        CASE WHEN try.mentee IS NULL THEN '{}'
             ELSE jsonb_build_object('x', try.mentee::jsonb) END
     WHERE id = 51101;
    UPDATE mentoring.person SET profile =
        CASE WHEN try.mentor IS NULL THEN '{}'
             ELSE jsonb_build_object('x', try.mentor::jsonb) END
     WHERE id = 51102;
    DELETE FROM mentoring.criterion WHERE programme_id = 511;
    INSERT INTO mentoring.criterion
           (programme_id, name, kind, mentee_key, if_missing, params)
    VALUES (511, 'x', kind, 'x', 0.123456, params::jsonb);
    RETURN CASE mentoring.compatibility(511, 51101, 51102)
           WHEN 0.123456 THEN 'if_missing'
           ELSE mentoring.compatibility(511, 51101, 51102)::text END;
END
$$;

-- A side without a value, with JSON null, with an empty text or an empty
-- array has no value; so has one without a free quarter, without a lexeme and
-- with a vector of length 0.
SELECT a, b, pg_temp.try('same', a, b) AS same,
       pg_temp.try('differ', a, b) AS differ,
       pg_temp.try('overlap', a, b) AS overlap
FROM (VALUES (NULL, NULL), (NULL, '"a"'), ('"a"', NULL), ('null', '"a"'),
             ('""', '"a"'), ('"a"', '[]'), ('"a"', '"a"'), ('"a"', '["a"]'),
             ('["a", "b"]', '["b", "a"]'), ('["a", "a"]', '["a"]'),
             ('[""]', '[""]'), ('"a"', '"A"'))
     AS v (a, b);
SELECT pg_temp.try('near', '0', NULL, '{"range": 1}') AS near,
       pg_temp.try('gap', NULL, '0', '{"from": 0}') AS gap,
       pg_temp.try('cosine', '[1, 2]', '[0, 0]') AS cosine,
       pg_temp.try('cosine', '[]', '[1]') AS cosine_empty,
       pg_temp.try('cosine', '[1e-200]', '[1]') AS cosine_too_short,
       pg_temp.try('text', '"the of"', '"the team"',
                   '{"config": "english"}') AS text,
       pg_temp.try('availability',
                   '[{"day": 1, "from": "09:01", "to": "09:29"}]',
                   '[{"day": 1, "from": "09:00", "to": "10:00"}]')
           AS availability;

-- same and differ compare as jsonb does: 1 is 1.0 but not "1", and true not
-- "true".
SELECT a, b, pg_temp.try('same', a, b) AS same,
       pg_temp.try('differ', a, b) AS differ
FROM (VALUES ('1', '1.0'), ('1', '1e0'), ('1', '"1"'), ('0', '-0.0'),
             ('true', '"true"'), ('false', 'false'), ('[1, 2.0]', '[1.00, 2]'),
             ('0.1', '0.10000000000000000001'), ('"1s1:a"', '["1", "a"]'))
     AS v (a, b);

-- overlap: intersection over union, or the share of the mentee's set.
SELECT a, b, pg_temp.try('overlap', a, b) AS jaccard,
       pg_temp.try('overlap', a, b, '{"measure": "cover"}') AS cover
FROM (VALUES ('["a", "b", "c"]', '["a"]'), ('["a"]', '["a", "b", "c"]'),
             ('["a", "b"]', '["c"]'), ('["a", "b", "c"]', '["c", "a", "d"]'))
     AS v (a, b);

-- near: the range itself is 0 already; halves of a millionth are rounded up.
SELECT a, b, range, pg_temp.try('near', a, b, format('{"range": %s}', range))
           AS near
FROM (VALUES ('5', '5', '1'), ('5', '6', '1'), ('5', '7.5', '5'),
             ('-1e300', '1e300', '1'), ('0', '1', '3'), ('0', '2', '3'),
             ('0', '0.0000005', '1'), ('0', '1', '1e-300'),
             ('0', '1', '1e300'))
     AS v (a, b, range);

-- gap: mentor minus mentee; bounds included, equal bounds, one bound, no
-- slack, and half-way down the slack.
SELECT d, pg_temp.try('gap', '10', (10 + d)::text, '{"from": 1, "to": 3}')
           AS hard,
       pg_temp.try('gap', '10', (10 + d)::text,
                   '{"from": 1, "to": 3, "slack": 2}') AS soft,
       pg_temp.try('gap', '10', (10 + d)::text, '{"from": 2, "to": 2}')
           AS equal,
       pg_temp.try('gap', '10', (10 + d)::text, '{"from": 2, "slack": 4}')
           AS above,
       pg_temp.try('gap', '10', (10 + d)::text, '{"to": 2, "slack": 4}')
           AS below
FROM unnest('{-2, -1, 0, 0.5, 1, 2, 3, 3.5, 4, 5, 100}'::numeric[]) AS d;

-- cosine: direction only; opposite counts 0; never above 1.
SELECT a, b, pg_temp.try('cosine', a, b) AS cosine
FROM (VALUES ('[1, 0]', '[2, 0]'), ('[1, 0]', '[0, 3]'), ('[1, 1]', '[-1, -1]'),
             ('[1, 1]', '[1, 0]'), ('[0.1, 0.2, 0.3]', '[0.1, 0.2, 0.3]'),
             ('[1e-150, 0]', '[1e150, 1e150]'), ('[3]', '[7]'))
     AS v (a, b);

-- availability: whole quarters only; a day may end at 24:00; minutes beyond
-- what is asked for add nothing; intervals may overlap.
SELECT name,
       pg_temp.try('availability', a, '[{"day": 1, "from": "09:00", "to": "12:00"}]') AS two_hours,
       pg_temp.try('availability', a, '[{"day": 1, "from": "09:00", "to": "12:00"}]',
                   '{"minutes": 10080}') AS whole_week
FROM (VALUES
    ('the same', '[{"day": 1, "from": "09:00", "to": "12:00"}]'),
    ('one hour', '[{"day": 1, "from": "11:00", "to": "24:00"}]'),
    ('nearly one hour', '[{"day": 1, "from": "10:52", "to": "11:59"}]'),
    ('twice the same', '[{"day": 1, "from": "09:00", "to": "09:30"},
                         {"day": 1, "from": "09:15", "to": "09:45"}]'),
    ('another day', '[{"day": 2, "from": "09:00", "to": "12:00"}]'),
    ('around the clock', '[{"day": 1, "from": "00:00", "to": "24:00"},
                           {"day": 7, "from": "00:00", "to": "24:00"}]'))
    AS v (name, a);
UPDATE mentoring.person SET profile = '{"x": [{"day": 1, "from": "00:00", "to": "24:00"},
    {"day": 2, "from": "00:00", "to": "24:00"}, {"day": 3, "from": "00:00", "to": "24:00"},
    {"day": 4, "from": "00:00", "to": "24:00"}, {"day": 5, "from": "00:00", "to": "24:00"},
    {"day": 6, "from": "00:00", "to": "24:00"}, {"day": 7, "from": "00:00", "to": "24:00"}]}'
 WHERE id IN (51101, 51102);
SELECT mentoring.compatibility(511, 51101, 51102) AS always_free;

-- Time zones: Monday 09:00 to 11:00 in Auckland is Sunday in UTC, 21:00 to
-- 23:00 in July and 20:00 to 22:00 in January, and the week goes round.  The
-- minutes in common are shown.  A profile's time zone wins over the person's.
CREATE FUNCTION pg_temp.zones(a text, b text, starts date DEFAULT '2025-07-07')
RETURNS double precision
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE mentoring.programme SET starts_on = starts WHERE id = 511;
    UPDATE mentoring.person SET timezone = a, profile =
        '{"x": [{"day": 1, "from": "09:00", "to": "11:00"}]}'
     WHERE id = 51101;
    UPDATE mentoring.person SET timezone = b, profile =
        '{"x": [{"day": 7, "from": "21:00", "to": "24:00"},
                {"day": 1, "from": "00:00", "to": "05:00"}]}'
     WHERE id = 51102;
    RETURN round(mentoring.compatibility(511, 51101, 51102) * 10080);
END
$$;
SELECT pg_temp.zones('Pacific/Auckland', 'UTC') AS winter,
       pg_temp.zones('Pacific/Auckland', 'UTC', '2025-01-09') AS summer,
       pg_temp.zones('Pacific/Auckland', NULL) AS no_zone_is_utc,
       pg_temp.zones('UTC', 'UTC') AS no_time_in_common,
       pg_temp.zones('Asia/Kolkata', 'UTC') AS half_hours,
       pg_temp.zones('Asia/Kathmandu', 'UTC') AS quarter_hours;
UPDATE mentoring.participant SET profile = '{"timezone": "Pacific/Auckland"}'
 WHERE id = 51101;
SELECT pg_temp.zones('UTC', 'UTC') AS profile_wins;
UPDATE mentoring.participant SET profile = '{"timezone": null}'
 WHERE id = 51101;
SELECT pg_temp.zones('Pacific/Auckland', 'UTC') AS null_means_utc;
UPDATE mentoring.participant SET profile = '{}' WHERE id = 51101;

-- Where clocks change: free on Sunday from 01:00 to 04:00 local time; shown
-- are the hours of the same Sunday in UTC.  On 30 March 2025 Vienna goes from
-- 02:00 to 03:00: 01:00 is 00:00 in UTC, 02:00 to 02:59 don't exist and count
-- as 03:00 to 03:59, which are 01:00 to 01:59 in UTC.  On 26 October 03:00
-- becomes 02:00: 01:00 is 23:00 of Saturday in UTC, and of the two hours after
-- 02:00 the second counts, 01:00 to 01:59 in UTC.  New York does so on 9 March
-- and 2 November; it is 5 hours behind in the winter.
CREATE FUNCTION pg_temp.sunday(zone text, starts date)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    free text := '';
    hour text;
BEGIN
    UPDATE mentoring.programme SET starts_on = starts WHERE id = 511;
    UPDATE mentoring.person SET timezone = zone, profile =
        '{"x": [{"day": 7, "from": "01:00", "to": "04:00"}]}'
     WHERE id = 51101;
    FOR h IN 0 .. 9 LOOP
        hour := to_char(h, 'FM00');
        UPDATE mentoring.person SET timezone = 'UTC', profile = format(
            '{"x": [{"day": 7, "from": "%s:00", "to": "%s:00"}]}',
            hour, to_char(h + 1, 'FM00'))::jsonb
         WHERE id = 51102;
        IF mentoring.compatibility(511, 51101, 51102) > 0 THEN
            free := free || ' ' || hour;
        END IF;
    END LOOP;
    RETURN free;
END
$$;
SELECT zone, day, pg_temp.sunday(zone, day) AS hours_of_utc
FROM (VALUES ('Europe/Vienna', date '2025-03-23'),
             ('Europe/Vienna', '2025-03-30'), ('Europe/Vienna', '2025-04-06'),
             ('Europe/Vienna', '2025-10-26'), ('Europe/Vienna', '2025-11-02'),
             ('America/New_York', '2025-03-02'),
             ('America/New_York', '2025-03-09'),
             ('America/New_York', '2025-11-02'))
     AS v (zone, day);

-- text: the same words whatever their order and number; a word everybody
-- uses counts least.
SELECT a, b, pg_temp.try('text', a, b) AS simple,
       pg_temp.try('text', a, b, '{"config": "pg_catalog.english"}')
           AS english
FROM (VALUES ('"lead teams"', '"teams lead, lead!"'),
             ('"lead teams"', '"leading a team"'),
             ('"lead teams"', '"budget"'), ('"a b"', '"b c"'))
     AS v (a, b);

-- Who is asked for doesn't change what a word weighs: with a third text the
-- pair's score changes, and is the same alone and among all.
INSERT INTO mentoring.person (id, external_id, display_name, profile)
VALUES (51103, 'edge 3', 'Another', '{"x": "b"}');
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
VALUES (511, 51103, 51103, 'mentor', 'accepted');
SELECT mentor_id, score,
       score = mentoring.compatibility(511, mentee_id, mentor_id) AS is_same
  FROM mentoring.pair_scores(511);
DELETE FROM mentoring.participant WHERE id = 51103;

-- skill_cover.  Levels: of participant_skill, else of person_skill, else 0.
CREATE FUNCTION pg_temp.skill(level integer, target integer, offered integer,
                              known integer DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
    DELETE FROM mentoring.criterion WHERE programme_id = 511;
    DELETE FROM mentoring.participant_skill WHERE programme_id = 511;
    DELETE FROM mentoring.person_skill WHERE person_id IN (51101, 51102);
    INSERT INTO mentoring.criterion (programme_id, name, kind, if_missing)
    VALUES (511, 'x', 'skill_cover', 0.123456);
    INSERT INTO mentoring.participant_skill
           (programme_id, participant_id, skill_id, level, target_level)
    VALUES (511, 51101, 51101, level, target);
    INSERT INTO mentoring.participant_skill
           (programme_id, participant_id, skill_id, level)
    SELECT 511, 51102, 51101, offered WHERE offered IS DISTINCT FROM -1;
    INSERT INTO mentoring.person_skill (person_id, skill_id, level)
    SELECT id, 51101, known FROM unnest('{51101, 51102}'::bigint[]) AS id
    WHERE known IS NOT NULL;
    RETURN CASE mentoring.compatibility(511, 51101, 51102)
           WHEN 0.123456 THEN 'if_missing'
           ELSE mentoring.compatibility(511, 51101, 51102)::text END;
END
$$;
INSERT INTO mentoring.skill (id, name) VALUES (51101, 'edge'), (51102, 'other');
SELECT level, target, offered, known,
       pg_temp.skill(level, target, offered, known) AS cover
FROM (VALUES (0, 7, 7, NULL), (0, 7, 3, NULL), (2, 4, 3, NULL),
             (2, 4, 1, NULL), (2, 4, 7, NULL),
             (NULL, 3, 2, NULL), (NULL, 3, 2, 1), (NULL, 3, NULL, 1),
             (4, 3, 7, NULL),   -- above the target: no want
             (3, 3, 7, NULL),   -- reached: no want
             (1, NULL, 7, NULL),    -- not wanted
             (0, 3, -1, NULL))      -- a mentor without any skill
     AS v (level, target, offered, known);
-- A mentor with other skills offers 0; so does one with a row without level.
SELECT pg_temp.skill(0, 3, NULL) AS no_level;
DELETE FROM mentoring.participant_skill WHERE participant_id = 51102;
INSERT INTO mentoring.person_skill (person_id, skill_id, level)
VALUES (51102, 51102, 7);
SELECT mentoring.compatibility(511, 51101, 51102) AS other_skill;
-- Wants of weight 0 are none; else weights count in proportion.
UPDATE mentoring.participant_skill SET weight = 0 WHERE programme_id = 511;
SELECT mentoring.compatibility(511, 51101, 51102) AS all_weights_zero;
INSERT INTO mentoring.participant_skill
       (programme_id, participant_id, skill_id, target_level, weight)
VALUES (511, 51101, 51102, 7, 1e-6);
SELECT mentoring.compatibility(511, 51101, 51102) AS only_the_other;
UPDATE mentoring.participant_skill SET weight = 2e-6
 WHERE participant_id = 51101 AND skill_id = 51101;
SELECT mentoring.compatibility(511, 51101, 51102) AS one_third;

-- reporting_line: managers above managers, whoever takes part; a circle of
-- managers ends; siblings share the direct manager.
INSERT INTO mentoring.person (id, external_id, display_name, manager_id)
VALUES (51110, 'edge 10', 'Boss', NULL), (51111, 'edge 11', 'Head', 51110);
CREATE FUNCTION pg_temp.line(params text) RETURNS double precision
LANGUAGE plpgsql
AS $$
BEGIN
    DELETE FROM mentoring.criterion WHERE programme_id = 511;
    INSERT INTO mentoring.criterion (programme_id, name, kind, params)
    VALUES (511, 'line', 'reporting_line', params::jsonb);
    RETURN mentoring.compatibility(511, 51101, 51102);
END
$$;
CREATE FUNCTION pg_temp.managers(mentee bigint, mentor bigint, head bigint,
                                 boss bigint)
RETURNS TABLE (whole double precision, two double precision,
               one double precision, siblings double precision)
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE mentoring.person SET manager_id =
        CASE id WHEN 51101 THEN mentee WHEN 51102 THEN mentor
                WHEN 51111 THEN head WHEN 51110 THEN boss END
     WHERE id IN (51101, 51102, 51110, 51111);
    RETURN QUERY SELECT pg_temp.line('{}'), pg_temp.line('{"depth": 2}'),
                        pg_temp.line('{"depth": 1}'),
                        pg_temp.line('{"depth": 1, "siblings": true}');
END
$$;
SELECT name, m.*
FROM (VALUES ('strangers', NULL, NULL, NULL, NULL),
             ('manager', 51102, NULL, NULL, NULL),
             ('report', NULL, 51101, NULL, NULL),
             ('two up', 51111, NULL, 51102, NULL),
             ('three up', 51111, NULL, 51110, 51102),
             ('three down', NULL, 51111, 51110, 51101),
             ('siblings', 51111, 51111, NULL, NULL),
             ('same boss', 51111, 51110, 51110, NULL),
             ('circle above', 51111, 51111, 51110, 51111),
             ('circle of both', 51102, 51101, NULL, NULL),
             ('large circle', 51111, 51101, 51110, 51102))
     AS v (name, mentee, mentor, head, boss),
     pg_temp.managers(mentee, mentor, head, boss) AS m;
UPDATE mentoring.person SET manager_id = NULL
 WHERE id IN (51101, 51102, 51110, 51111);

-- preference: the rank among those ranked, at least 0; unranked 0; without a
-- list if_missing.
CREATE FUNCTION pg_temp.prefer(ranks integer[], back integer[] DEFAULT NULL)
RETURNS double precision
LANGUAGE plpgsql
AS $$
BEGIN
    DELETE FROM mentoring.criterion WHERE programme_id = 511;
    DELETE FROM mentoring.preference WHERE programme_id = 511;
    INSERT INTO mentoring.criterion (programme_id, name, kind, if_missing)
    VALUES (511, 'preference', 'preference', 0.5);
    INSERT INTO mentoring.preference
           (programme_id, participant_id, preferred_id, rank)
    SELECT 511, 51101, 51101 + n, rank
    FROM unnest(ranks) WITH ORDINALITY AS u (rank, n) WHERE rank > 0
    UNION ALL
    SELECT 511, 51102, 51103 - 2 * n, rank
    FROM unnest(back) WITH ORDINALITY AS u (rank, n) WHERE rank > 0;
    RETURN mentoring.compatibility(511, 51101, 51102);
END
$$;
INSERT INTO mentoring.person (id, external_id, display_name)
SELECT id, 'edge ' || id, 'Rival ' || id FROM generate_series(51104, 51106) AS id;
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
VALUES (511, 51103, 51104, 'mentor', 'declined'),
       (511, 51104, 51105, 'mentor', 'applied'),
       (511, 51099, 51106, 'mentee', 'applied');
SELECT pg_temp.prefer('{}') AS no_lists,
       pg_temp.prefer('{1}') AS first,
       pg_temp.prefer('{1}', '{1}') AS mutual,
       pg_temp.prefer('{2, 1}') AS second_of_two,
       pg_temp.prefer('{3, 1, 2}', '{2, 1}') AS third_and_second,
       pg_temp.prefer('{0, 1}') AS unranked,
       pg_temp.prefer('{9, 1}') AS far_beyond,
       pg_temp.prefer('{0, 1, 2}', '{0, 1}') AS both_others;

-- A list that holds only a veto is no list; a veto excludes for both.
DELETE FROM mentoring.preference WHERE programme_id = 511;
INSERT INTO mentoring.preference
       (programme_id, participant_id, preferred_id, is_veto)
VALUES (511, 51101, 51103, true);
SELECT mentoring.compatibility(511, 51101, 51102) AS veto_of_another;
INSERT INTO mentoring.preference
       (programme_id, participant_id, preferred_id, is_veto)
VALUES (511, 51102, 51101, true);
SELECT mentoring.compatibility(511, 51101, 51102) AS vetoed;
DELETE FROM mentoring.preference WHERE programme_id = 511;

-- Shares are millionths by largest remainder, ties to the criterion of lower
-- id: of three equal weights the first counts 0.333334.
DELETE FROM mentoring.criterion WHERE programme_id = 511;
UPDATE mentoring.person SET profile = '{"a": 1, "b": 2, "c": 3}', grade = 1
 WHERE id = 51101;
UPDATE mentoring.person SET profile = '{"a": 1, "b": 2, "c": 3}', grade = 1
 WHERE id = 51102;
INSERT INTO mentoring.criterion
       (programme_id, id, name, kind, mentee_key, weight)
VALUES (511, 51103, 'c', 'same', 'c', 2), (511, 51101, 'a', 'same', 'a', 2),
       (511, 51102, 'b', 'same', 'b', 2);
UPDATE mentoring.participant SET profile = '{"b": 0, "c": 0}' WHERE id = 51102;
SELECT mentoring.compatibility(511, 51101, 51102) AS first_share;
UPDATE mentoring.participant SET profile = '{"a": 0, "c": 0}' WHERE id = 51102;
SELECT mentoring.compatibility(511, 51101, 51102) AS second_share;
UPDATE mentoring.participant SET profile = '{}' WHERE id = 51102;
SELECT mentoring.compatibility(511, 51101, 51102) AS all_of_it;

-- A minimum is a rule: equal to it is enough.  A missing value breaks it only
-- if the rule is strict.
UPDATE mentoring.criterion SET minimum = 1 WHERE id = 51101;
SELECT mentoring.compatibility(511, 51101, 51102) AS met;
UPDATE mentoring.participant SET profile = '{"a": 2}' WHERE id = 51102;
SELECT mentoring.compatibility(511, 51101, 51102) AS broken;
UPDATE mentoring.participant SET profile = '{"a": null}' WHERE id = 51102;
SELECT mentoring.compatibility(511, 51101, 51102) AS missing;
UPDATE mentoring.criterion SET params = '{"strict": true}' WHERE id = 51101;
SELECT mentoring.compatibility(511, 51101, 51102) AS missing_is_strict;
UPDATE mentoring.criterion SET minimum = 0 WHERE id = 51101;
SELECT mentoring.compatibility(511, 51101, 51102) AS strict_at_zero;
UPDATE mentoring.criterion SET minimum = NULL WHERE id = 51101;
SELECT mentoring.compatibility(511, 51101, 51102) AS strict_without_minimum;
-- A rule of weight 0 is a rule all the same; 0.33333349 is 0.333333.
UPDATE mentoring.criterion
   SET kind = 'near', params = '{"range": 3}', weight = 0, minimum = 0.33333349
 WHERE id = 51101;
UPDATE mentoring.participant SET profile = '{"a": 3}' WHERE id = 51102;
SELECT mentoring.compatibility(511, 51101, 51102) AS rounded_minimum;
UPDATE mentoring.criterion SET minimum = 0.3333335 WHERE id = 51101;
SELECT mentoring.compatibility(511, 51101, 51102) AS rounded_up;

-- Columns stand in for keys, and an entry of a profile wins over them.
DELETE FROM mentoring.criterion WHERE programme_id = 511;
UPDATE mentoring.participant SET profile = '{}', bio = 'same words',
       aims = 'same words'
 WHERE id IN (51101, 51102);
UPDATE mentoring.person SET email = 'a@b', joined_on = '2020-02-29',
       org_unit = 'u', job_role = 'r', site = 's', manager_id = 51110
 WHERE id IN (51101, 51102);
INSERT INTO mentoring.criterion (programme_id, name, kind, mentee_key)
SELECT 511, key, 'same', key
FROM unnest('{bio, aims, source, email, org_unit, job_role, grade, site,
              timezone, joined_on, is_active, manager_id, external_id,
              display_name, id}'::text[]) AS key;
SELECT criterion, mentee_value, mentor_value, similarity
  FROM mentoring.explain_pair(511, 51101, 51102);
UPDATE mentoring.person SET profile = '{"grade": 2, "site": null, "bio": ""}'
 WHERE id = 51101;
SELECT criterion, mentee_value, mentor_value, similarity
  FROM mentoring.explain_pair(511, 51101, 51102)
 WHERE criterion IN ('grade', 'site', 'bio');

-- Nobody on one side: nothing, and no error.
DELETE FROM mentoring.participant WHERE id = 51102;
SELECT count(*) FROM mentoring.pair_scores(511);
SELECT count(*) FROM mentoring.recommend(511, 51101);

ROLLBACK;

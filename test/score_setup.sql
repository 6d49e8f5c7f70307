-- A programme with every kind of criterion, small enough to be judged by the
-- definitions in score_definition.sql.
--
-- Programme 501 has mentees 50101 to 50112 and mentors 50121 to 50132; persons
-- have the same ids, but 50112 and 50132 are one person.  Values are missing
-- here and there, numbers come as 1 and 1.0, and time zones are of all sorts.
-- To be included in a transaction that is rolled back.

INSERT INTO mentoring.programme (id, name, model, starts_on)
VALUES (501, 'every kind', 'one_to_one', '2025-03-27'),
       (502, 'another', 'group', '2025-03-27');

INSERT INTO mentoring.person
       (id, external_id, display_name, grade, org_unit, site, timezone,
        joined_on, manager_id, profile)
SELECT 50100 + n, 'score ' || n, 'Person ' || n, nullif(n % 7, 3),
       (ARRAY['Sales', 'Research', 'Law', ''])[1 + n % 4],
       CASE n % 5 WHEN 0 THEN 'Oslo' WHEN 1 THEN 'Turku' END,
       (ARRAY['Europe/Vienna', 'America/New_York', 'Asia/Kolkata',
              'Australia/Lord_Howe', NULL, 'Pacific/Apia', 'CET',
              'America/St_Johns'])[1 + n % 8],
       date '2020-01-01' + n,
       CASE WHEN n > 2 AND n <> 9 THEN 50100 + n / 3 END,
       jsonb_strip_nulls(jsonb_build_object(
           'age', CASE WHEN n % 6 <> 5 THEN 20 + (n * 7) % 30 END,
           'pace', CASE n % 4 WHEN 0 THEN 1.0 WHEN 1 THEN 1 WHEN 2 THEN 2.50
                   END,
           'remote', n % 2 = 0,
           'interests', CASE WHEN n % 7 <> 6 THEN jsonb_build_array(
               'i' || n % 5, 'i' || n % 3, 'i' || n % 2, 'j' || n % 11) END,
           'language', CASE n % 3 WHEN 0 THEN '"en"'::jsonb
                       WHEN 1 THEN '["en", "fi"]' ELSE '[]' END,
           'values', CASE WHEN n % 8 <> 7 THEN jsonb_build_array(
               (n % 5) - 2, n % 3, 0.1 * n, -1.5) END,
           'nothing', '[0, 0]'::jsonb,
           'goal', CASE WHEN n % 9 <> 8 THEN format(
               'Learning to lead team %s and to speak about topic %s, %s.',
               n % 4, n % 6, CASE WHEN n % 5 = 0 THEN 'leading by example'
                             ELSE 'or the budget' END) END,
           'availability', CASE WHEN n % 6 <> 4 THEN jsonb_build_array(
               jsonb_build_object('day', 1 + n % 7, 'from', '00:00',
                                  'to', '24:00'),
               jsonb_build_object('day', 7, 'from', '01:10', 'to', '03:50'),
               jsonb_build_object('day', 1, 'from', '00:05', 'to', '06:29'),
               jsonb_build_object('day', 1 + n % 5, 'from', '09:00',
                                  'to', '12:30'),
               jsonb_build_object('day', 2, 'from', '10:00', 'to', '10:05'))
               END))
FROM generate_series(1, 32) AS n;

INSERT INTO mentoring.participant
       (programme_id, id, person_id, role, status, capacity, bio, aims,
        profile)
SELECT 501, 50100 + n, CASE WHEN n = 32 THEN 50112 ELSE 50100 + n END,
       CASE WHEN n <= 12 THEN 'mentee' ELSE 'mentor' END,
       CASE WHEN n IN (11, 31) THEN 'applied' ELSE 'accepted' END, 1 + n % 3,
       CASE WHEN n % 4 = 1 THEN 'I lead the budget of team ' || n % 3 END,
       CASE WHEN n % 5 <> 1 THEN 'to speak and to lead ' || n % 2 END,
       -- overrides, also by "no value"
       CASE n WHEN 3 THEN '{"age": 44, "grade": 9}'::jsonb
              WHEN 5 THEN '{"interests": null, "timezone": "Asia/Kathmandu"}'
              WHEN 22 THEN '{"age": null, "goal": "to lead", "bio": "lead"}'
              WHEN 25 THEN '{"values": [], "remote": null}'
              ELSE '{}' END
FROM generate_series(1, 32) AS n
WHERE n NOT BETWEEN 13 AND 20;

INSERT INTO mentoring.skill (id, name, category)
SELECT 50100 + s, 'skill ' || s, 'score' FROM generate_series(1, 9) AS s;

INSERT INTO mentoring.person_skill (person_id, skill_id, level)
SELECT 50100 + n, 50100 + s, (n * s) % 8
FROM generate_series(1, 30) AS n, generate_series(1, 9) AS s
WHERE (n + s) % 3 = 0 AND n % 10 <> 8;

INSERT INTO mentoring.participant_skill
       (programme_id, participant_id, skill_id, level, target_level, weight)
SELECT 501, 50100 + n, 50100 + s, nullif((n + s) % 6, 5),
       CASE WHEN n <= 12 THEN nullif((n * s) % 8, 2) END,
       (ARRAY[1, 0, 2.5, 1e-3, 7])[1 + (n + s) % 5]
FROM generate_series(1, 32) AS n, generate_series(1, 9) AS s
WHERE n NOT BETWEEN 13 AND 20 AND (n * s) % 4 < 2 AND n % 10 <> 8;

INSERT INTO mentoring.preference
       (programme_id, participant_id, preferred_id, rank)
SELECT 501, a, b, r
FROM (VALUES (50101, 50121, 1), (50101, 50122, 2), (50101, 50123, 3),
             (50102, 50121, 2), (50102, 50131, 1), (50102, 50124, 9),
             (50121, 50102, 1), (50121, 50101, 7), (50125, 50103, 1))
     AS v (a, b, r);

CREATE FUNCTION definition.judge(mentee jsonb, mentor jsonb)
RETURNS double precision
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE WHEN mentee ? 'age' AND mentor ? 'age'
                THEN mod((mentee ->> 'age')::numeric
                         * (mentor ->> 'age')::numeric, 97)
                     ::double precision / 97 END
$$;

INSERT INTO mentoring.criterion
       (programme_id, id, name, kind, mentee_key, mentor_key, weight, params)
VALUES
    (501, 50101, 'skills', 'skill_cover', NULL, NULL, 3, '{}'),
    (501, 50102, 'interests', 'overlap', 'interests', NULL, 2, '{}'),
    (501, 50103, 'interests covered', 'overlap', 'interests', NULL, 1,
     '{"measure": "cover"}'),
    (501, 50104, 'languages', 'overlap', 'language', NULL, 1,
     '{"measure": "jaccard"}'),
    (501, 50105, 'same unit', 'same', 'org_unit', NULL, 0.7, '{}'),
    (501, 50106, 'same pace', 'same', 'pace', NULL, 1, '{}'),
    (501, 50107, 'other grade', 'differ', 'grade', NULL, 1, '{}'),
    (501, 50108, 'other interests', 'differ', 'interests', NULL, 1, '{}'),
    (501, 50109, 'age', 'near', 'age', NULL, 1, '{"range": 13}'),
    (501, 50110, 'seniority', 'gap', 'grade', NULL, 1.3,
     '{"from": 1, "to": 3, "slack": 3}'),
    (501, 50111, 'older', 'gap', 'age', NULL, 0.1, '{"from": 0}'),
    (501, 50112, 'not much older', 'gap', 'age', 'age', 0.1,
     '{"to": 0.5, "slack": 7}'),
    (501, 50113, 'values', 'cosine', 'values', NULL, 2, '{}'),
    (501, 50114, 'no direction', 'cosine', 'nothing', NULL, 1, '{}'),
    (501, 50115, 'time', 'availability', NULL, NULL, 2, '{}'),
    (501, 50116, 'much time', 'availability', 'availability', NULL, 1,
     '{"minutes": 1000}'),
    (501, 50117, 'goal', 'text', 'goal', NULL, 2, '{"config": "english"}'),
    (501, 50118, 'aims', 'text', 'aims', 'bio', 1, '{}'),
    (501, 50119, 'line', 'reporting_line', NULL, NULL, 1, '{}'),
    (501, 50120, 'team', 'reporting_line', NULL, NULL, 1,
     '{"depth": 1, "siblings": true}'),
    (501, 50121, 'not met', 'not_met', NULL, NULL, 1, '{}'),
    (501, 50122, 'preference', 'preference', NULL, NULL, 1, '{}'),
    (501, 50123, 'remote', 'same', 'remote', NULL, 1e-9, '{}'),
    (501, 50124, 'judge', 'custom', NULL, NULL, 1,
     '{"function": "definition.judge"}');

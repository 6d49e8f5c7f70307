-- A small data set that touches every table: persons, skills, programmes of
-- several models, and one programme matched, published and under way.
--
-- For the tests of dump and restore, standby and upgrade.  Ids come from the
-- sequences, as an application's would; texts hold what breaks careless
-- escaping.  Nothing depends on what was there before.

-- Skills, one without category

INSERT INTO mentoring.skill (name, category, uri) VALUES
    ('Negotiation', 'social', 'https://data.example.org/skill/negotiation'),
    ('Public speaking', 'social', NULL),
    ('Coaching', 'social', NULL),
    ('Statistics', 'technical', NULL),
    ('SQL', 'technical', 'https://data.example.org/skill/sql'),
    ('C', 'technical', NULL),
    ('Budgeting', 'business', NULL),
    ('Zuhören', NULL, NULL);

-- Forty persons: a director, four heads of unit, the rest below them

INSERT INTO mentoring.person
    (source, external_id, display_name, email, org_unit, job_role, grade,
     site, timezone, profile, joined_on)
SELECT 'hr', 'E' || i, 'Person ' || i, 'p' || i || '@example.org',
       (ARRAY['Sales', 'Research', 'Finance', 'Legal'])[1 + i % 4],
       CASE WHEN i = 1 THEN 'Director' WHEN i <= 5 THEN 'Head'
            ELSE 'Staff' END,
       CASE WHEN i = 1 THEN 9 WHEN i <= 5 THEN 7 ELSE 1 + i % 6 END,
       (ARRAY['Berlin', 'Lagos', 'Lima'])[1 + i % 3],
       (ARRAY['Europe/Berlin', 'Africa/Lagos', 'America/Lima'])[1 + i % 3],
       jsonb_build_object(
           'interests', jsonb_build_array(
               (ARRAY['chess', 'running', 'opera', 'gardening'])[1 + i % 4],
               (ARRAY['cooking', 'sailing', 'films'])[1 + i % 3]),
           'languages', jsonb_build_array('en',
               (ARRAY['de', 'yo', 'es'])[1 + i % 3]),
           'personality', jsonb_build_array(i % 5, (i * 3) % 7, 1.5),
           'goal', (ARRAY['lead a team', 'speak in public',
                          'understand data'])[1 + i % 3],
           'remote', i % 2 = 0,
           'age', 22 + i,
           'availability', jsonb_build_array(
               jsonb_build_object('day', 1 + i % 5, 'from', '08:00',
                                  'to', '11:30'),
               jsonb_build_object('day', 5, 'from', '13:00', 'to', '17:00'))),
       DATE '2015-01-01' + i * 50
FROM generate_series(1, 40) AS i;

UPDATE mentoring.person AS p
   SET manager_id = b.id
  FROM mentoring.person AS b
 WHERE p.source = 'hr' AND b.source = 'hr' AND p.external_id <> 'E1'
   AND b.external_id = CASE WHEN p.job_role = 'Head' THEN 'E1'
       ELSE 'E' || 2 + substr(p.external_id, 2)::integer % 4 END;

-- What a dump must bring back unchanged: quotes, backslashes, line ends, other
-- scripts, an empty profile, somebody who left, somebody erased, no email.
INSERT INTO mentoring.person
    (source, external_id, display_name, email, profile, joined_on, left_on,
     is_active, erased_at)
VALUES
    ('local', 'a\b''c"d', E'O''Brien\t\\N\n\\.\nsecond line', NULL,
     '{"note": "back\\slash, \"quotes\", \u00e9, \ud83d\ude00"}',
     NULL, NULL, true, NULL),
    ('local', 'ünïcode', '王小明', 'x@例え.example', '{}', '2001-01-01',
     '2019-12-31', false, NULL),
    ('local', 'gone', 'erased', NULL, '{}', NULL, NULL, false,
     '2020-02-29 12:00:00+00');

INSERT INTO mentoring.person_skill (person_id, skill_id, level, source)
SELECT p.id, s.id, (p.grade + length(s.name)) % 8, 'hr'
  FROM mentoring.person AS p
 CROSS JOIN mentoring.skill AS s
 WHERE p.source = 'hr' AND (length(p.external_id) + length(s.name)) % 2 = 0
 ORDER BY p.id, s.id;

INSERT INTO mentoring.person_history
    (person_id, valid_from, valid_to, org_unit, job_role, grade, site,
     manager_id, exit_kind)
SELECT id, joined_on, joined_on + 364, 'Training', 'Trainee', 0, site, NULL,
       NULL
  FROM mentoring.person WHERE source = 'hr'
 UNION ALL
SELECT id, joined_on + 365, NULL, org_unit, job_role, grade, site, manager_id,
       NULL
  FROM mentoring.person WHERE source = 'hr'
 UNION ALL
SELECT id, joined_on, left_on, NULL, NULL, NULL, NULL, NULL, 'retirement'
  FROM mentoring.person WHERE left_on IS NOT NULL
 ORDER BY 1, 2;

CREATE TEMPORARY VIEW employee AS
SELECT *, CASE WHEN source = 'hr' THEN substr(external_id, 2)::integer END AS n
  FROM mentoring.person
 WHERE source = 'hr';

-- Programmes of every model

INSERT INTO mentoring.programme
    (name, purpose, model, channel, status, starts_on, ends_on, cadence_days,
     min_group_size, max_group_size, answer_days, target_pairs, created_at)
VALUES
    ('First steps', 'Skills for the next job', 'one_to_one', 'blended',
     'matching', '2024-03-04', '2024-12-20', 14, NULL, NULL, 7, 20,
     '2024-01-15 09:00:00+00'),
    ('Upside down', 'The young teach the board', 'reverse', 'in_person',
     'running', '2024-01-08', NULL, NULL, NULL, NULL, 3, NULL,
     '2023-11-01 00:00:00+00'),
    ('Look over my shoulder', NULL, 'job_shadow', 'in_person', 'draft', NULL,
     NULL, NULL, NULL, NULL, 7, NULL, '2024-02-01 00:00:00+00'),
    ('Equals', NULL, 'peer', 'digital', 'recruiting', NULL, NULL, 30, NULL,
     NULL, 7, NULL, '2024-02-01 00:00:00+00'),
    ('New managers', NULL, 'group', 'digital', 'recruiting', NULL, NULL, 7, 3,
     6, 7, NULL, '2024-02-01 00:00:00+00'),
    ('Book club', NULL, 'circle', NULL, 'closed', '2020-01-01', '2020-06-30',
     NULL, 4, 8, 7, NULL, '2019-12-01 00:00:00+00');

-- Participants: every role and every status

INSERT INTO mentoring.participant
    (programme_id, person_id, role, status, applied_at, capacity, created_at,
     profile, bio, aims)
SELECT g.id, p.id,
       CASE WHEN p.n = 1 THEN 'sponsor' WHEN p.n = 2 THEN 'coordinator'
            WHEN p.n = 3 THEN 'champion' WHEN p.n <= 15 THEN 'mentor'
            ELSE 'mentee' END,
       CASE WHEN p.n = 36 THEN 'applied' WHEN p.n = 37 THEN 'waitlisted'
            WHEN p.n = 38 THEN 'declined' WHEN p.n = 39 THEN 'withdrawn'
            WHEN p.n = 40 THEN 'completed' ELSE 'accepted' END,
       TIMESTAMPTZ '2024-02-01 08:00:00+00' + p.n * INTERVAL '1 hour',
       CASE WHEN p.n BETWEEN 4 AND 15 THEN 1 + p.n % 3 ELSE 1 END,
       TIMESTAMPTZ '2024-02-01 08:00:00+00' + p.n * INTERVAL '1 hour',
       CASE WHEN p.n % 7 = 0 THEN '{"languages": ["en", "fr"]}'::jsonb
            ELSE '{}' END,
       CASE WHEN p.n <= 15 THEN 'I have led teams and spoken in public.' END,
       CASE WHEN p.n > 15 THEN 'I want to ' || (p.profile ->> 'goal') END
  FROM employee AS p
 CROSS JOIN mentoring.programme AS g
 WHERE g.name = 'First steps'
 ORDER BY p.n;

INSERT INTO mentoring.participant
    (programme_id, person_id, role, status, applied_at, capacity, created_at)
SELECT g.id, p.id,
       CASE g.model WHEN 'peer' THEN 'peer'
            ELSE CASE WHEN p.n % 2 = 0 THEN 'mentor' ELSE 'mentee' END END,
       'accepted', '2024-02-02 08:00:00+00', 3, '2024-02-02 08:00:00+00'
  FROM employee AS p
 CROSS JOIN mentoring.programme AS g
 WHERE p.n BETWEEN 6 AND 17 AND g.name <> 'First steps'
 ORDER BY g.id, p.n;

-- What mentees want; a mentor's own level overrides the directory's
INSERT INTO mentoring.participant_skill
    (programme_id, participant_id, skill_id, level, target_level, weight)
SELECT p.programme_id, p.id, s.id,
       CASE WHEN p.id % 3 = 0 THEN 1 END,
       CASE WHEN p.role = 'mentee' THEN 4 + length(s.name) % 4 END,
       1 + length(s.name) % 3
  FROM mentoring.participant AS p
  JOIN mentoring.programme AS g ON g.id = p.programme_id
 CROSS JOIN mentoring.skill AS s
 WHERE g.name IN ('First steps', 'Upside down')
   AND p.role IN ('mentor', 'mentee') AND length(s.name) % 3 = 0
   AND (p.role = 'mentee' OR p.id % 3 = 0)
 ORDER BY p.id, s.id;

-- Criteria: every kind

CREATE FUNCTION public.same_initial(mentee jsonb, mentor jsonb)
RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN mentee ->> 'goal' = mentor ->> 'goal' THEN 1.0
                ELSE 0.25 END
$$;

INSERT INTO mentoring.criterion
    (programme_id, name, kind, mentee_key, mentor_key, weight, minimum,
     if_missing, params)
SELECT g.id, c.name, c.kind, c.mentee_key, c.mentor_key, c.weight, c.minimum,
       c.if_missing, c.params::jsonb
  FROM mentoring.programme AS g
 CROSS JOIN (VALUES
    (1, 'skills', 'skill_cover', NULL, NULL, 4, NULL, 0.5, '{}'),
    (2, 'interests', 'overlap', 'interests', NULL, 2, NULL, 0.5,
     '{"measure": "cover"}'),
    (3, 'common language', 'overlap', 'languages', 'languages', 0, 0.01, 0.5,
     '{"strict": true}'),
    (4, 'site', 'same', 'site', NULL, 1, NULL, 0.5, '{}'),
    (5, 'other unit', 'differ', 'org_unit', NULL, 1, NULL, 0.5, '{}'),
    (6, 'age', 'near', 'age', NULL, 0.5, NULL, 0.25, '{"range": 20}'),
    (7, 'seniority', 'gap', 'grade', NULL, 1.5, NULL, 0.5,
     '{"from": 1, "to": 3, "slack": 2}'),
    (8, 'personality', 'cosine', 'personality', NULL, 0.5, NULL, 0.5, '{}'),
    (9, 'time', 'availability', 'availability', NULL, 1, NULL, 0.5,
     '{"minutes": 120}'),
    (10, 'words', 'text', 'aims', 'bio', 0.5, NULL, 0.5,
     '{"config": "english"}'),
    (11, 'not in line', 'reporting_line', NULL, NULL, 0, 1, 0.5,
     '{"depth": 2}'),
    (12, 'fresh', 'not_met', NULL, NULL, 0.1, NULL, 0.5, '{}'),
    (13, 'wishes', 'preference', NULL, NULL, 1, NULL, 0.5, '{}')
 ) AS c (n, name, kind, mentee_key, mentor_key, weight, minimum, if_missing,
         params)
 WHERE g.name = 'First steps'
 ORDER BY c.n;

INSERT INTO mentoring.criterion (programme_id, name, kind, weight, params)
SELECT id, 'initial', 'custom', 1, '{"function": "public.same_initial"}'
  FROM mentoring.programme WHERE name = 'Upside down';

-- Rules and preferences

CREATE TEMPORARY VIEW member AS
SELECT t.programme_id, t.id, p.n
  FROM mentoring.participant AS t
  JOIN employee AS p ON p.id = t.person_id
  JOIN mentoring.programme AS g ON g.id = t.programme_id
 WHERE g.name = 'First steps';

INSERT INTO mentoring.pair_rule
    (programme_id, mentee_id, mentor_id, rule, reason)
SELECT a.programme_id, a.id, b.id, r.rule, r.reason
  FROM (VALUES (20, 5, 'pin', 'asked for it'),
               (21, 4, 'forbid', 'family'),
               (22, 15, 'forbid', NULL)) AS r (mentee, mentor, rule, reason)
  JOIN member AS a ON a.n = r.mentee
  JOIN member AS b ON b.n = r.mentor
 ORDER BY r.mentee;

INSERT INTO mentoring.preference
    (programme_id, participant_id, preferred_id, rank, is_veto)
SELECT a.programme_id, a.id, b.id, r.rank, r.rank IS NULL
  FROM (VALUES (16, 6, 1), (16, 7, 2), (17, 8, 1), (9, 17, 1), (9, 18, 2),
               (18, 10, NULL), (11, 19, NULL)) AS r (who, whom, rank)
  JOIN member AS a ON a.n = r.who
  JOIN member AS b ON b.n = r.whom
 ORDER BY r.who, r.whom;

-- A relationship in every state, by hand, in the running programme

CREATE TEMPORARY TABLE history AS
WITH pair AS (
    SELECT t.programme_id, t.id, t.role,
           row_number() OVER (PARTITION BY t.role ORDER BY t.id) AS n
      FROM mentoring.participant AS t
      JOIN mentoring.programme AS g ON g.id = t.programme_id
     WHERE g.name = 'Upside down'
), created AS (
    INSERT INTO mentoring.relationship
        (programme_id, status, cadence_days, started_on, ended_on, ended_from,
         end_reason, is_no_fault, created_at)
    SELECT g.id, s.status, s.cadence, s.started, s.ended, s.ended_from,
           s.reason, s.no_fault, '2024-01-10 00:00:00+00'
      FROM mentoring.programme AS g
     CROSS JOIN (VALUES
        (1, 'proposed', NULL::integer, NULL::date, NULL::date, NULL, NULL,
         NULL::boolean),
        (2, 'trial', 7, DATE '2024-01-15', NULL, NULL, NULL, NULL),
        (3, 'active', 14, DATE '2024-01-20', NULL, NULL, NULL, NULL),
        (4, 'paused', NULL, DATE '2024-01-20', NULL, NULL, NULL, NULL),
        (5, 'completed', NULL, DATE '2024-01-20', DATE '2024-06-30', NULL,
         NULL, NULL),
        (6, 'ended', NULL, DATE '2024-01-20', DATE '2024-02-01', 'trial',
         E'moved\nabroad', true)
     ) AS s (n, status, cadence, started, ended, ended_from, reason, no_fault)
     WHERE g.name = 'Upside down'
     ORDER BY s.n
    RETURNING programme_id, id
), numbered AS (
    SELECT programme_id, id, row_number() OVER (ORDER BY id) AS n FROM created
)
SELECT r.programme_id, r.id AS relationship_id, p.id AS participant_id, p.role
  FROM numbered AS r
  JOIN pair AS p ON p.n = r.n;

INSERT INTO mentoring.relationship_member
    (programme_id, relationship_id, participant_id, role)
SELECT programme_id, relationship_id, participant_id, role FROM history
 ORDER BY participant_id;

-- A request in every state; the waiting one is the next choice of the mentee
-- who has asked

INSERT INTO mentoring.request
    (programme_id, mentee_id, mentor_id, rank, status, asked_at, answer_by,
     answered_at, reason, relationship_id, created_at)
SELECT a.programme_id, a.participant_id, b.participant_id, v.rank, v.status,
       v.asked_at, v.asked_at + interval '3 days', v.answered_at, v.reason,
       CASE v.status WHEN 'accepted' THEN a.relationship_id END,
       '2024-01-09 00:00:00+00'
  FROM (VALUES
    (3, 3, 1, 'accepted', TIMESTAMPTZ '2024-01-09 10:00:00+00',
     TIMESTAMPTZ '2024-01-10 00:00:00+00', NULL),
    (3, 4, 2, 'withdrawn', NULL, NULL, 'mentee full'),
    (5, 1, 1, 'declined', '2024-07-01 00:00:00+00', '2024-07-02 00:00:00+00',
     E'on leave\n'),
    (5, 2, 2, 'expired', '2024-07-02 00:00:00+00', NULL, NULL),
    (5, 3, 3, 'asked', '2024-07-06 00:00:00+00', NULL, NULL),
    (5, 4, 4, 'waiting', NULL, NULL, NULL)
 ) AS v (mentee, mentor, rank, status, asked_at, answered_at, reason)
  JOIN (SELECT *, row_number() OVER (PARTITION BY role ORDER BY participant_id)
          FROM history) AS a (programme_id, relationship_id, participant_id,
                              role, n)
    ON a.role = 'mentee' AND a.n = v.mentee
  JOIN (SELECT *, row_number() OVER (PARTITION BY role ORDER BY participant_id)
          FROM history) AS b (programme_id, relationship_id, participant_id,
                              role, n)
    ON b.role = 'mentor' AND b.n = v.mentor
 ORDER BY v.mentee, v.rank;

-- Three runs: published, greedy and left as a draft, discarded.  Then life
-- goes on in the published one.

SELECT count(mentoring.publish_match(id, mentoring.match(id)))
  FROM mentoring.programme WHERE name = 'First steps';

SELECT count(mentoring.match(id, 'greedy', 'best_total',
                             '{"keep": false, "min_score": 0.3}'))
  FROM mentoring.programme WHERE name = 'First steps';

WITH run AS MATERIALIZED (
    SELECT id AS programme_id,
           mentoring.match(id, 'optimal', 'best_total') AS run_id
      FROM mentoring.programme WHERE name = 'Upside down'
)
SELECT count(run_id) FROM run;

-- what a proof of peers may need
INSERT INTO mentoring.match_odd_set (programme_id, match_run_id, set_no,
                                     first_position, last_position, cover, price)
SELECT programme_id, max(id), 0, 0, 3, 0.5, 0.25
  FROM mentoring.match_run GROUP BY programme_id;

SELECT count(mentoring.discard_match(programme_id, id))
  FROM mentoring.match_run AS m
 WHERE m.objective = 'best_total' AND m.method = 'optimal';

UPDATE mentoring.relationship
   SET status = 'active'
 WHERE id % 3 = 0
   AND id IN (SELECT r.id FROM mentoring.relationship AS r
               WHERE r.match_run_id IS NOT NULL);

UPDATE mentoring.relationship
   SET status = 'ended', end_reason = 'no time', is_no_fault = true
 WHERE id % 3 = 1
   AND id IN (SELECT r.id FROM mentoring.relationship AS r
               WHERE r.match_run_id IS NOT NULL);

-- A person with a role of the database
INSERT INTO mentoring.person_role (person_id, role_name)
SELECT min(id), 'fixture role' FROM mentoring.person;

-- The audit has told of what was changed above; here is what it might also
-- hold, with a role's name that needs care.
INSERT INTO mentoring.event (programme_id, at, role_name, person_id, object,
                             object_id, action, old)
SELECT min(programme_id), '2024-02-29 12:00:00+00', E'the "clerk"\\',
       min(person_id), 'pair_rule', 1, 'delete', '{"rule": "pin"}'
  FROM mentoring.participant;
INSERT INTO mentoring.access_event (at, role_name, action, object, detail)
VALUES ('2024-02-29 12:00:00+00', 'dba', 'grant', 'fixture role', 'app'),
       ('2024-03-01 12:00:00+00', 'dba', 'revoke', 'fixture role', NULL);

-- Log entries of every kind and visibility, local and of another system,
-- inside relationships and outside.
INSERT INTO mentoring.learning_log
       (programme_id, occurred_on, relationship_id, participant_id, kind,
        minutes, skill_id, level_before, level_after, reflection, visibility,
        source, source_event_id)
SELECT m.programme_id, date '2024-01-01' + (m.id * 7 + n * 11)::integer % 90,
       CASE WHEN n % 4 > 0 THEN m.relationship_id END, m.participant_id,
       (ARRAY['reflection', 'meeting', 'practice', 'course', 'observation',
              'other'])[1 + (m.id + n) % 6],
       (m.id * 13 + n * 29) % 240,
       CASE WHEN n % 3 > 0 THEN (SELECT min(id) + n % 2 FROM mentoring.skill)
       END,
       CASE WHEN n % 3 > 0 THEN n % 8 END,
       CASE WHEN n % 3 = 1 THEN (n + m.id) % 8 END,
       CASE WHEN n % 2 = 0 THEN E'what I learned: "it''s\t' || n || E'"\n' END,
       (ARRAY['private', 'relationship', 'coordinator'])[1 + n % 3],
       CASE WHEN n % 5 = 0 THEN 'moodle' ELSE 'local' END,
       CASE WHEN n % 5 = 0 THEN m.id || '-' || n END
  FROM mentoring.relationship_member AS m, generate_series(1, 6) AS n;

-- A source with awkward texts, somebody's second account, what has changed
INSERT INTO mentoring.source
    (name, kind, person_query, activity_query, options, last_synced_at)
VALUES ('hr', 'custom', E'SELECT ''E1'' AS external_id,\n\t''\\'' AS display_name',
        NULL, '{"programme_id": 1}', '2024-03-01 12:00:00+00'),
       ('lrs', 'xapi', NULL, NULL, '{"home_page": "https://lms.example.org"}',
        NULL);
INSERT INTO mentoring.person_alias (source, external_id, person_id)
SELECT 'canvas', E'10000000000007\\', min(id) FROM mentoring.person;
INSERT INTO mentoring.sync_queue
    (source, table_name, external_id, action, queued_at)
VALUES ('hr', 'lms."Users"', 'E7', 'update', '2024-03-02 12:00:00+00'),
       ('hr', 'lms."Users"', NULL, 'delete', '2024-03-02 12:00:00+00');

-- A verb of one's own; statements that are stored, wait, are void and void
INSERT INTO mentoring.xapi_verb (iri, kind)
VALUES (E'http://example.org/verbs/mentored?"a"=\\', 'meeting');
INSERT INTO mentoring.xapi_statement
    (programme_id, source, statement_id, member_no, digest, status,
     occurred_on, voids, participant_id, actor_kind, actor_digest, home_page,
     kind, minutes)
SELECT min(programme_id), 'lrs',
       '00000000-0000-4000-8000-00000000000' || n, n / 4, repeat('0', 64),
       (ARRAY['stored', 'voided', 'voiding', 'no_person'])[n], '2024-02-01',
       CASE n WHEN 3 THEN '00000000-0000-4000-8000-000000000002' END,
       CASE n WHEN 1 THEN min(id) END,
       CASE n WHEN 4 THEN 'account' END, CASE n WHEN 4 THEN repeat('1', 64) END,
       CASE n WHEN 4 THEN 'https://lms.example.org' END,
       CASE n WHEN 4 THEN 'course' END, CASE n WHEN 4 THEN 45 END
  FROM mentoring.participant, generate_series(1, 4) AS n
 GROUP BY n;

DROP VIEW member;
DROP VIEW employee;
DROP TABLE history;

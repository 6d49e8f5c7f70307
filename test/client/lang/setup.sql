-- setup.sql
--	  what the examples of this folder find: a programme, mentors, and a mentee
--	  for each client
--
-- psql variables: role, the one they connect with; clients, their names with
-- blanks between.  The mentees' keys in the LMS are 101, 102, ... in that
-- order; ids of persons are beyond what a double holds exactly.

SET client_min_messages = error;
CREATE ROLE :"role" LOGIN;
SELECT mentoring.grant_access(:'role', 'app');
GRANT SET ON PARAMETER mentoring.person_id TO :"role";

INSERT INTO mentoring.person (id, source, external_id, display_name, profile)
SELECT 9007199254740993 + 2 * n, 'lms', (100 + n)::text, name,
       '{"interests": ["data"], "newsletter": false, "phone": null}'
  FROM unnest(string_to_array(:'clients', ' ')) WITH ORDINALITY AS c (name, n);
INSERT INTO mentoring.person (source, external_id, display_name, profile)
SELECT 'lms', (200 + n)::text, (ARRAY['Mei Tanaka', 'Jon O''Hara', 'Ada'])[n],
       jsonb_build_object('interests', CASE n WHEN 1 THEN '["data"]'
                                              ELSE '["film"]' END::jsonb)
  FROM generate_series(1, 3) AS n;

INSERT INTO mentoring.programme (id, name, model, status)
OVERRIDING SYSTEM VALUE VALUES (1, 'Onboarding', 'one_to_one', 'running');
INSERT INTO mentoring.criterion
    (programme_id, name, kind, mentee_key, weight, params)
VALUES (1, 'interests', 'overlap', 'interests', 1, '{}');
INSERT INTO mentoring.participant
    (programme_id, person_id, role, status, capacity, bio)
SELECT 1, id, CASE WHEN external_id < '200' THEN 'mentee' ELSE 'mentor' END,
       'accepted', 20, 'Ask me anything'
  FROM mentoring.person
 ORDER BY external_id;

-- entry 1 is somebody else's
INSERT INTO mentoring.learning_log
    (programme_id, id, participant_id, reflection, visibility)
OVERRIDING SYSTEM VALUE
SELECT 1, 1, max(id), 'mine', 'private' FROM mentoring.participant;
SELECT setval('mentoring.learning_log_id_seq', 1);

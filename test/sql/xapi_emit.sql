-- xapi_statements(): what happened in a programme, to whom it is told, and that
-- import_xapi() takes all of it.

\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
\set VERBOSITY terse
\pset format unaligned
\pset tuples_only on
SET timezone = 'Asia/Kolkata';
SET datestyle = ISO;
BEGIN;

INSERT INTO mentoring.source (name, kind, options)
VALUES ('emit_lms', 'xapi', '{"home_page": "https://lms.example.org"}');
INSERT INTO mentoring.person (id, source, external_id, display_name, email)
SELECT 98800 + i, CASE WHEN i = 4 THEN 'emit hr/é' ELSE 'emit_lms' END, 'e' || i,
       'Name of ' || i, 'secret' || i || '@example.org'
  FROM generate_series(1, 6) AS i;
INSERT INTO mentoring.skill (id, category, name, uri)
VALUES (98801, 'emit', 'Listening', 'https://skills.example.org/listening'),
       (98802, 'emit', 'Asking', 'no iri');
INSERT INTO mentoring.programme (id, name, model, status, created_at)
VALUES (988, 'emitted', 'one_to_one', 'running', '2024-01-01 00:00:00+00'),
       (989, 'another', 'one_to_one', 'running', '2024-01-02 00:00:00+00');
-- 1 and 2 mentor, 3 to 5 are mentored, 6 coordinates
INSERT INTO mentoring.participant
    (programme_id, id, person_id, role, status, capacity)
SELECT 988, 98800 + i, 98800 + i,
       CASE WHEN i <= 2 THEN 'mentor' WHEN i <= 5 THEN 'mentee'
            ELSE 'coordinator' END, 'accepted', 3
  FROM generate_series(1, 6) AS i;
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
SELECT 989, 98900 + i, 98800 + i, 'mentee', 'accepted'
  FROM generate_series(3, 5) AS i;
INSERT INTO mentoring.request
    (programme_id, id, mentee_id, mentor_id, status, created_at)
VALUES (988, 98801, 98803, 98801, 'declined', '2024-02-01 08:00:00+00');
-- a pair that completed, a group with two mentors that ended, a pair under way
INSERT INTO mentoring.relationship
    (programme_id, id, status, started_on, ended_on, ended_from, created_at)
VALUES (988, 98801, 'completed', '2024-02-05', '2024-06-05', NULL, '2024-02-04 09:00:00+00'),
       (988, 98802, 'ended', '2024-02-05', '2024-03-05', 'active', '2024-02-04 10:00:00+00'),
       (988, 98803, 'active', '2024-02-05', NULL, NULL, '2024-02-04 11:00:00+00');
INSERT INTO mentoring.relationship_member
    (programme_id, relationship_id, participant_id, role)
VALUES (988, 98801, 98801, 'mentor'), (988, 98801, 98803, 'mentee'),
       (988, 98802, 98801, 'mentor'), (988, 98802, 98802, 'mentor'),
       (988, 98802, 98804, 'mentee'), (988, 98802, 98805, 'mentee'),
       (988, 98803, 98802, 'mentor'), (988, 98803, 98805, 'mentee');
INSERT INTO mentoring.learning_log
    (programme_id, id, occurred_on, relationship_id, participant_id, kind,
     minutes, skill_id, level_before, level_after, reflection, visibility,
     source, source_event_id, created_at)
VALUES (988, 98801, '2024-02-10', 98801, 98803, 'meeting', 45, NULL, NULL, NULL, 'my words', 'coordinator', 'local', NULL, '2024-02-11 00:00:00+00'),
       (988, 98802, '2024-02-12', 98801, 98803, 'practice', 30, 98801, 2, 4, 'my words', 'coordinator', 'local', NULL, '2024-02-12 00:00:00+00'),
       (988, 98803, '2024-02-13', NULL, 98804, 'reflection', 0, 98802, 1, 2, 'my words', 'relationship', 'local', NULL, '2024-02-13 00:00:00+00'),
       (988, 98804, '2024-02-14', NULL, 98804, 'reflection', 10, 98802, 1, 7, 'my words', 'private', 'local', NULL, '2024-02-14 00:00:00+00'),
       (988, 98805, '2024-02-15', NULL, 98805, 'course', 60, NULL, NULL, NULL, NULL, 'coordinator', 'emit_lms', 'x1', '2024-02-15 00:00:00+00'),
       (988, 98806, '0044-03-15 BC', NULL, 98805, 'other', 1440, 98801, 5, 5, NULL, 'coordinator', 'local', NULL, '2024-02-16 00:00:00+00');
UPDATE mentoring.relationship SET status = 'ended', ended_on = '2024-07-01'
 WHERE programme_id = 988 AND id = 98803;

-- All of it, as an administrator sees it; when the last pair ended is now.
CREATE TEMP VIEW told AS
SELECT split_part(s #>> '{verb,id}', ':', 4) AS verb,
       s #>> '{actor,account,name}' AS who,
       coalesce(s #>> '{context,instructor,account,name}',
                (SELECT string_agg(m #>> '{account,name}', '+')
                   FROM jsonb_array_elements(s #> '{context,instructor,member}') AS m)) AS mentor,
       split_part(s #>> '{object,definition,type}', ':', 4) AS object,
       CASE WHEN (s ->> 'timestamp')::timestamptz > '2025-01-01' THEN 'now'
            ELSE s ->> 'timestamp' END AS at,
       s ->> 'result' AS result
  FROM mentoring.xapi_statements(988) AS s;
SELECT * FROM told;
SELECT jsonb_pretty(statement) FROM mentoring.xapi_statements(988)
 WHERE statement #>> '{verb,id}' IN ('urn:mentoring:verb:requested',
                                     'urn:mentoring:verb:achieved')
 ORDER BY statement #>> '{verb,id}', statement ->> 'timestamp';

-- No name, address or words of anybody; ids are unique, and the same again.
SELECT count(*), count(DISTINCT statement ->> 'id'),
       count(*) FILTER (WHERE statement::text ~ 'Name of|secret|my words')
  FROM mentoring.xapi_statements(988);
SELECT (SELECT jsonb_agg(s) FROM mentoring.xapi_statements(988) AS s)
     = (SELECT jsonb_agg(s) FROM mentoring.xapi_statements(988, NULL) AS s);
-- What was recorded since then.
SELECT count(*) FROM mentoring.xapi_statements(988, '2024-02-12 00:00:00+00');
SELECT count(*) FROM mentoring.xapi_statements(988, 'infinity');
SELECT count(*) FROM mentoring.xapi_statements(989);

-- All of it is valid elsewhere, stored once, and finds whom it is about: by the
-- home page of the source, or by the one that names a source without.
CREATE TEMP TABLE sent AS
SELECT jsonb_agg(s) AS batch FROM mentoring.xapi_statements(988) AS s;
SELECT i.outcome, i.detail, count(*)
  FROM sent, mentoring.import_xapi(batch, 'emit_lms', 989) AS i
 GROUP BY 1, 2 ORDER BY 1, 2;
SELECT i.outcome, count(*)
  FROM sent, mentoring.import_xapi(batch, 'emit_lms', 989) AS i
 GROUP BY 1 ORDER BY 1;
SELECT l.participant_id, l.kind, l.minutes, count(*)
  FROM mentoring.learning_log AS l WHERE l.programme_id = 989
 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
-- What is told of entries that came in isn't told again, nor to the teller.
SELECT count(*) FROM mentoring.xapi_statements(989);
SELECT i.outcome, i.detail, count(*)
  FROM sent, mentoring.import_xapi(batch, 'emit_lms', 988) AS i
 GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) FROM mentoring.xapi_statement WHERE programme_id = 988;

-- A programme restored elsewhere has the same ids; another one of that number
-- has others.
SAVEPOINT before;
UPDATE mentoring.programme SET created_at = '2025-01-01' WHERE id = 988;
SELECT count(*)
  FROM mentoring.xapi_statements(988) AS n
  JOIN sent ON sent.batch @> jsonb_build_array(jsonb_build_object('id', n -> 'id'));
ROLLBACK TO before;

-- To whom: an administrator all but what is private, coordinators and level
-- sync what its author lets coordinators read; nobody else.
CREATE ROLE regress_emit_app;
CREATE ROLE regress_emit_sync;
CREATE ROLE regress_emit_admin;
CREATE ROLE regress_emit_analyst;
GRANT SET ON PARAMETER mentoring.person_id TO regress_emit_app;
\o /dev/null
SELECT mentoring.grant_access('regress_emit_' || l, l)
  FROM unnest('{app,sync,admin,analyst}'::text[]) AS l;
\o
SET LOCAL ROLE regress_emit_admin;
SELECT count(*) FROM mentoring.xapi_statements(988);
SET LOCAL ROLE regress_emit_sync;
SELECT count(*) FROM mentoring.xapi_statements(988);
SET LOCAL ROLE regress_emit_analyst;
SELECT count(*) FROM mentoring.xapi_statements(988);
SET LOCAL ROLE regress_emit_app;
SELECT count(*) FROM mentoring.xapi_statements(988);
SELECT mentoring.act_as('emit_lms', 'e3');
SELECT count(*) FROM mentoring.xapi_statements(988);
SELECT mentoring.act_as('emit_lms', 'e6');
SELECT count(*), count(*) FILTER (WHERE statement #>> '{actor,account,name}' = 'e4'
                                    AND statement #>> '{verb,id}' ~ 'logged|achieved')
  FROM mentoring.xapi_statements(988);
SELECT count(*) FROM mentoring.xapi_statements(989);
SELECT count(*) FROM mentoring.xapi_statements(NULL);
RESET ROLE;
SELECT mentoring.xapi_statements(-1);
ROLLBACK;

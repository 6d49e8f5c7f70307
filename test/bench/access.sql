-- What access_bench.py measures with: people, relationships, entries.
--
--	psql -v rows=2000000 -v programmes=50 -f access.sql
--
-- 50,000 pairs, spread over the programmes; pair r has participants 2r - 1
-- (mentor) and 2r (mentee).  80,000 persons: the participants from 80,001 on
-- are persons who are in another pair, too.  Persons 80,000 + p coordinate
-- programme p.  Entries are of two years; nine of ten are a mentee's; one in
-- ten is about no relationship.  Each participant wrote about as many.
--
-- Triggers, foreign keys included, don't fire for the log.  Of its totals there
-- are those that pages of a person and a coordinator read, by the day.

\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT setseed(0.4);

INSERT INTO mentoring.programme (id, name, model, status)
SELECT p, 'Programme ' || p, 'one_to_one', 'running'
FROM generate_series(1, :programmes) p;

INSERT INTO mentoring.skill (id, name)
SELECT s, 'Skill ' || s FROM generate_series(1, 200) s;

INSERT INTO mentoring.person (id, external_id, display_name, grade)
SELECT p, 'p' || p, 'Person ' || p, p % 7
FROM generate_series(1, 80000 + :programmes) p;

INSERT INTO mentoring.participant (programme_id, id, person_id, role, status,
                                   bio, aims)
SELECT 1 + (r - 1) % :programmes, p,
       CASE WHEN p <= 80000 THEN p ELSE p - 79998 END,
       CASE p % 2 WHEN 1 THEN 'mentor' ELSE 'mentee' END, 'accepted',
       repeat('what I do ', 20), repeat('what I want ', 10)
FROM generate_series(1, 100000) p, LATERAL (SELECT (p + 1) / 2 AS r) q;

INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
SELECT p, 100000 + p, 80000 + p, 'coordinator', 'accepted'
FROM generate_series(1, :programmes) p;

INSERT INTO mentoring.relationship (programme_id, id, status, started_on)
SELECT 1 + (r - 1) % :programmes, r,
       CASE WHEN r % 10 = 0 THEN 'completed' ELSE 'active' END, '2022-09-01'
FROM generate_series(1, 50000) r;

INSERT INTO mentoring.relationship_member (programme_id, relationship_id,
                                           participant_id, role)
SELECT programme_id, (id + 1) / 2, id, role FROM mentoring.participant
 WHERE role <> 'coordinator';

SET session_replication_role = replica;
INSERT INTO mentoring.learning_log (programme_id, occurred_on,
                                    relationship_id, participant_id, kind,
                                    minutes, skill_id, reflection, visibility)
SELECT 1 + (r - 1) % :programmes,
       '2022-09-01'::date + (n * 730 / (:rows + 1))::integer,
       CASE WHEN random() < 0.9 THEN r END,
       2 * r - (random() < 0.1)::integer, 'practice',
       (random() * 240)::integer, 1 + (random() * 199)::bigint,
       repeat('learned ', 15),
       CASE WHEN v < 0.2 THEN 'private' WHEN v < 0.8 THEN 'relationship'
            ELSE 'coordinator' END
FROM (SELECT n, 1 + floor(random() * 50000)::bigint AS r, random() AS v
        FROM generate_series(1, :rows::bigint) n) e;
RESET session_replication_role;

INSERT INTO mentoring.learning_day (programme_id, participant_id, day,
                                    relationship_id, entries, minutes)
SELECT programme_id, participant_id, occurred_on,
       coalesce(relationship_id, 0), count(*), sum(minutes)
  FROM mentoring.learning_log GROUP BY 1, 2, 3, 4;

-- What recommend() scores by.

SELECT mentoring.default_criteria(1);

VACUUM ANALYZE;
CHECKPOINT;

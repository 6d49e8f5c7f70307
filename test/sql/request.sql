-- Requests: whose turn it is, what an answer does, what time does; and the
-- waiting list.

\set ON_ERROR_ROLLBACK on
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = ISO;
SET intervalstyle = postgres;
BEGIN;

-- Mentees are 1 to 9, mentors 11 to 19, in programme 952; ids there are these
-- plus 95200, so are those of the persons.
INSERT INTO mentoring.person (id, external_id, display_name, grade)
SELECT 95200 + i, 'request-' || i, 'Person ' || i, i % 10
  FROM generate_series(1, 19) AS i WHERE i <> 10;
INSERT INTO mentoring.programme (id, name, model, status, cadence_days,
                                 answer_days)
VALUES (952, 'requests', 'one_to_one', 'running', 14, 7);
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status,
                                   applied_at, capacity)
SELECT 952, id, id, CASE WHEN id < 95210 THEN 'mentee' ELSE 'mentor' END,
       'accepted', '2024-01-01'::timestamptz - id % 100 * interval '1 hour', 1
  FROM mentoring.person WHERE id BETWEEN 95201 AND 95219;

CREATE FUNCTION pg_temp.ask(mentee bigint, mentor bigint,
                            rank integer DEFAULT 1) RETURNS boolean
LANGUAGE sql AS $$
    SELECT mentoring.request_mentor(952, 95200 + mentee, 95200 + mentor, rank)
           > 0
$$;
CREATE FUNCTION pg_temp.answer(mentee bigint, mentor bigint, accept boolean,
                               words text DEFAULT NULL) RETURNS text
LANGUAGE sql AS $$
    SELECT CASE WHEN mentoring.answer_request(952, id, accept, words) IS NULL
                THEN 'no relationship' ELSE 'relationship' END
      FROM mentoring.request
     WHERE mentee_id = 95200 + mentee AND mentor_id = 95200 + mentor
       AND status IN ('waiting', 'asked')
$$;

-- Each request of a mentee: mentor, rank, status, reason, and what is filled in.
CREATE FUNCTION pg_temp.show(mentee bigint) RETURNS SETOF text
LANGUAGE sql AS $$
    SELECT concat_ws(' ', 'mentor', mentor_id - 95200, 'rank', rank, status,
                     '(' || reason || ')',
                     CASE WHEN asked_at = now() THEN 'asked' END,
                     'to answer in ' || (answer_by - asked_at)::text,
                     CASE WHEN answered_at = now() THEN 'answered' END,
                     CASE WHEN relationship_id IS NOT NULL
                          THEN 'in a relationship' END)
      FROM mentoring.request WHERE mentee_id = 95200 + mentee
     ORDER BY rank, id
$$;

-- The first is asked at once.  The others wait, in whatever order they come,
-- even a better one: who was asked may answer.
SELECT pg_temp.ask(1, 12, 2);
SELECT pg_temp.ask(1, 14, 4);
SELECT pg_temp.ask(1, 11);
SELECT pg_temp.ask(1, 13, 4);
SELECT * FROM pg_temp.show(1);

-- Declined: the next is asked, with the mentor's words kept.
SELECT pg_temp.answer(1, 12, false, 'on leave');
SELECT * FROM pg_temp.show(1);
-- Withdrawn by the mentee: the next is asked.  Of equal ranks it is the older.
UPDATE mentoring.request SET status = 'withdrawn', reason = 'second thoughts'
 WHERE mentee_id = 95201 AND status = 'asked';
SELECT * FROM pg_temp.show(1);
-- One who only waits is withdrawn: nothing else changes.
UPDATE mentoring.request SET status = 'withdrawn'
 WHERE mentee_id = 95201 AND status = 'waiting';
SELECT * FROM pg_temp.show(1);
-- A rank may be changed while it waits; who declined may be asked again.
SELECT pg_temp.ask(1, 12, 9), pg_temp.ask(1, 11, 8);
UPDATE mentoring.request SET rank = 7
 WHERE mentee_id = 95201 AND mentor_id = 95212 AND status = 'waiting';
SELECT pg_temp.answer(1, 14, false);
SELECT * FROM pg_temp.show(1);
-- All at once: nobody is asked in between.
UPDATE mentoring.request SET status = 'withdrawn'
 WHERE mentee_id = 95201 AND status IN ('waiting', 'asked');
SELECT status, count(*) FROM mentoring.request WHERE mentee_id = 95201
 GROUP BY status ORDER BY status COLLATE "C";

-- Accepted: an active relationship of the two; no place is left, so the rest
-- is withdrawn.
SAVEPOINT accepting;
SELECT pg_temp.ask(2, 11, 1), pg_temp.ask(2, 12, 2),
       pg_temp.ask(2, 13, 3);
SELECT pg_temp.answer(2, 11, true, 'with pleasure');
SELECT * FROM pg_temp.show(2);
SELECT r.status, r.started_on = current_date, r.ended_on, r.cadence_days,
       r.match_run_id, string_agg(m.participant_id - 95200 || ' ' || m.role,
                                  ', ' ORDER BY m.participant_id)
  FROM mentoring.relationship AS r
  JOIN mentoring.request AS q ON q.relationship_id = r.id
  JOIN mentoring.relationship_member AS m ON m.relationship_id = r.id
 WHERE r.programme_id = 952 GROUP BY r.id, r.programme_id;
SELECT participant_id - 95200, active FROM mentoring.participant_load
 WHERE programme_id = 952 AND active > 0 ORDER BY 1;
SELECT * FROM mentoring.verify_load();

-- A mentee with two places goes on asking.
UPDATE mentoring.participant SET capacity = 2 WHERE id = 95203;
SELECT pg_temp.ask(3, 12, 1), pg_temp.ask(3, 13, 2),
       pg_temp.ask(3, 14, 3);
SELECT pg_temp.answer(3, 12, true);
SELECT * FROM pg_temp.show(3);
SELECT pg_temp.answer(3, 13, true);
SELECT * FROM pg_temp.show(3);
SELECT * FROM mentoring.verify_load();

-- The same by an UPDATE of the status: no accepted request without its
-- relationship.
SELECT pg_temp.ask(4, 14, 1), pg_temp.ask(4, 15, 2);
UPDATE mentoring.request SET status = 'accepted'
 WHERE mentee_id = 95204 AND status = 'asked'
RETURNING relationship_id IS NOT NULL;
SELECT * FROM pg_temp.show(4);
-- One that was made otherwise can be named.
SELECT pg_temp.ask(5, 15, 1);
INSERT INTO mentoring.relationship (programme_id, id, status)
VALUES (952, 95299, 'trial');
UPDATE mentoring.request SET status = 'accepted', relationship_id = 95299
 WHERE mentee_id = 95205 AND status = 'asked' RETURNING relationship_id;
ROLLBACK TO accepting;

-- When the turn of a mentor comes who can't be had any more, the request is
-- declined though nobody was asked.  A veto looks like any other reason.
SELECT pg_temp.ask(2, 11, 1), pg_temp.ask(2, 12, 2),
       pg_temp.ask(2, 13, 3), pg_temp.ask(2, 14, 4),
       pg_temp.ask(2, 15, 5), pg_temp.ask(2, 16, 6),
       pg_temp.ask(2, 17, 7), pg_temp.ask(2, 18, 8),
       pg_temp.ask(2, 19, 9);
UPDATE mentoring.participant SET capacity = 0 WHERE id = 95212;
UPDATE mentoring.participant SET status = 'withdrawn' WHERE id = 95213;
INSERT INTO mentoring.preference (programme_id, participant_id, preferred_id,
                                  is_veto)
VALUES (952, 95214, 95202, true), (952, 95202, 95215, true);
INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
VALUES (952, 95202, 95216, 'forbid');
-- in a trial that failed, in another programme and in other roles
INSERT INTO mentoring.programme (id, name, model)
VALUES (953, 'elsewhere', 'peer');
INSERT INTO mentoring.participant (programme_id, id, person_id, role)
VALUES (953, 95301, 95202, 'peer'), (953, 95302, 95217, 'peer');
INSERT INTO mentoring.relationship (programme_id, id, status, ended_from)
VALUES (953, 95301, 'ended', 'trial');
INSERT INTO mentoring.relationship_member (programme_id, relationship_id,
                                           participant_id, role)
VALUES (953, 95301, 95301, 'peer'), (953, 95301, 95302, 'peer');
SAVEPOINT turn;
SELECT pg_temp.answer(2, 11, false);
SELECT * FROM pg_temp.show(2);
-- Nobody is left after the last.
UPDATE mentoring.participant SET status = 'withdrawn' WHERE id = 95219;
SELECT pg_temp.answer(2, 18, false);
SELECT * FROM pg_temp.show(2) OFFSET 7;

-- Together by other means.
ROLLBACK TO turn;
UPDATE mentoring.participant SET capacity = 2 WHERE id IN (95202, 95212);
INSERT INTO mentoring.relationship (programme_id, id, status)
VALUES (952, 95299, 'paused');
INSERT INTO mentoring.relationship_member (programme_id, relationship_id,
                                           participant_id, role)
VALUES (952, 95299, 95202, 'mentee'), (952, 95299, 95212, 'mentor');
SELECT pg_temp.answer(2, 11, false);
SELECT * FROM pg_temp.show(2) LIMIT 2;

-- The mentee has found a mentor otherwise, or left.
ROLLBACK TO turn;
INSERT INTO mentoring.relationship (programme_id, id, status)
VALUES (952, 95299, 'proposed');
INSERT INTO mentoring.relationship_member (programme_id, relationship_id,
                                           participant_id, role)
VALUES (952, 95299, 95202, 'mentee');
SELECT pg_temp.answer(2, 11, false);
SELECT * FROM pg_temp.show(2) LIMIT 3;
ROLLBACK TO turn;
UPDATE mentoring.participant SET status = 'withdrawn' WHERE id = 95202;
SELECT pg_temp.answer(2, 11, false);
SELECT * FROM pg_temp.show(2) LIMIT 3;
-- In a closed programme nobody is asked.
ROLLBACK TO turn;
UPDATE mentoring.programme SET status = 'closed' WHERE id = 952;
SELECT pg_temp.answer(2, 11, false);
SELECT * FROM pg_temp.show(2) LIMIT 3;
ROLLBACK TO accepting;

-- Time.  The mentor has answer_days days of 24 hours.
UPDATE mentoring.programme SET answer_days = 3 WHERE id = 952;
SELECT pg_temp.ask(1, 11, 1), pg_temp.ask(1, 12, 2),
       pg_temp.ask(2, 11, 1), pg_temp.ask(3, 11, 1);
SELECT mentoring.expire_requests(), mentoring.expire_requests(952);
UPDATE mentoring.request SET answer_by = now() - interval '1 second'
 WHERE mentee_id IN (95201, 95202) AND status = 'asked';
UPDATE mentoring.request SET answer_by = now()
 WHERE mentee_id = 95203 AND status = 'asked';
INSERT INTO mentoring.programme (id, name, model)
VALUES (953, 'empty', 'one_to_one');
SELECT mentoring.expire_requests(953), mentoring.expire_requests(952),
       mentoring.expire_requests(NULL);
SELECT * FROM pg_temp.show(1);
SELECT * FROM pg_temp.show(2);
SELECT * FROM pg_temp.show(3);
-- A new request finds the old one overdue.
UPDATE mentoring.request SET answer_by = now() - interval '1 second'
 WHERE mentee_id = 95203 AND status = 'asked';
SELECT pg_temp.ask(3, 11, 1);
SELECT * FROM pg_temp.show(3);
-- The coordinator gives more time; no time at all is no limit.
UPDATE mentoring.request SET answer_by = now() + interval '1 day'
 WHERE mentee_id = 95203 AND status = 'asked';
SELECT pg_temp.answer(3, 11, false);
UPDATE mentoring.request SET answer_by = NULL
 WHERE mentee_id = 95201 AND status = 'asked';
SELECT mentoring.expire_requests();
SELECT pg_temp.answer(1, 12, true);
-- Even the longest time is one.
UPDATE mentoring.programme SET answer_days = 2147483647 WHERE id = 952;
SELECT pg_temp.ask(4, 13, 1);
SELECT * FROM pg_temp.show(4);
ROLLBACK TO accepting;

-- What cannot be accepted any more needn't wait for its time: it is closed and
-- not counted.  Where nobody is asked, the next is: requests that were
-- inserted, for one.
SELECT pg_temp.ask(1, 11, 1), pg_temp.ask(2, 11, 1),
       pg_temp.ask(2, 12, 2), pg_temp.ask(3, 13, 1),
       pg_temp.ask(3, 14, 2);
SELECT pg_temp.answer(1, 11, true);
UPDATE mentoring.participant SET status = 'withdrawn' WHERE id = 95203;
INSERT INTO mentoring.request (programme_id, mentee_id, mentor_id, rank)
VALUES (952, 95204, 95214, 2), (952, 95204, 95213, 1), (952, 95204, 95211, 1);
SELECT mentoring.expire_requests(952);
SELECT * FROM pg_temp.show(1);
SELECT * FROM pg_temp.show(2);
SELECT * FROM pg_temp.show(3);
SELECT * FROM pg_temp.show(4);
SELECT mentoring.expire_requests(952);
ROLLBACK TO accepting;

-- Criteria: their minima count when the request is made, weights don't.
INSERT INTO mentoring.criterion (programme_id, name, kind, mentee_key, weight,
                                 minimum, params)
VALUES (952, 'senior', 'gap', 'grade', 0, 1, '{"from": 2}');
SELECT pg_temp.ask(3, 14);
SELECT pg_temp.ask(3, 15, 1);
UPDATE mentoring.criterion SET weight = 1 WHERE programme_id = 952;
SELECT mentoring.compatibility(952, 95203, 95214),
       mentoring.compatibility(952, 95203, 95216);
SELECT pg_temp.ask(3, 14, 2);
SELECT pg_temp.ask(3, 16, 2);
-- Later changes of criteria stop nobody.
UPDATE mentoring.criterion SET params = '{"from": 9}' WHERE programme_id = 952;
SELECT pg_temp.answer(3, 15, false);
SELECT pg_temp.answer(3, 16, true);
SELECT * FROM pg_temp.show(3);
ROLLBACK TO accepting;

-- The other models of two.
UPDATE mentoring.programme SET model = 'reverse' WHERE id = 952;
SELECT pg_temp.ask(1, 11, 1);
SELECT pg_temp.answer(1, 11, true);
UPDATE mentoring.programme SET model = 'job_shadow' WHERE id = 952;
SELECT pg_temp.ask(2, 12, 1);
SELECT pg_temp.answer(2, 12, true);
ROLLBACK TO accepting;

-- The waiting list, by the time of application, here the higher id first.
UPDATE mentoring.participant SET status = 'waitlisted'
 WHERE id IN (95202, 95219);
UPDATE mentoring.participant SET status = 'withdrawn' WHERE id = 95204;
UPDATE mentoring.participant SET applied_at = '2023-01-01'
 WHERE id IN (95205, 95206);
SELECT pg_temp.ask(7, 11, 1), pg_temp.ask(8, 12, 1);
SELECT pg_temp.answer(7, 11, true);
INSERT INTO mentoring.programme (id, name, model)
VALUES (953, 'elsewhere', 'one_to_one');
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status,
                                   applied_at)
VALUES (953, 95301, 95201, 'mentee', 'accepted', '2024-06-01'),
       (953, 95302, 95202, 'mentor', 'accepted', '2024-06-02'),
       (953, 95303, 95202, 'mentee', 'applied', '2024-06-03'),
       (953, 95304, 95203, 'mentee', 'waitlisted', '2024-06-04');
SELECT programme_id, position, participant_id, waiting_since
  FROM mentoring.waiting_list WHERE programme_id IN (952, 953)
 ORDER BY programme_id, position;
-- A relationship that is over lets the mentee wait again.
UPDATE mentoring.relationship SET status = 'ended'
 WHERE programme_id = 952 AND status = 'active';
SELECT position FROM mentoring.waiting_list
 WHERE programme_id = 952 AND participant_id = 95207;
ROLLBACK TO accepting;

-- Any state may be inserted; of a mentee one is asked at most.
INSERT INTO mentoring.request (programme_id, mentee_id, mentor_id, status)
VALUES (952, 95203, 95211, 'accepted'), (952, 95203, 95212, 'declined'),
       (952, 95203, 95213, 'expired'), (952, 95203, 95214, 'withdrawn'),
       (952, 95203, 95215, 'waiting'), (952, 95203, 95216, 'asked');
\set VERBOSITY terse
INSERT INTO mentoring.request (programme_id, mentee_id, mentor_id, status)
VALUES (952, 95203, 95217, 'asked');
INSERT INTO mentoring.request (programme_id, mentee_id, mentor_id)
VALUES (952, 95203, 95216);
INSERT INTO mentoring.request (programme_id, mentee_id, mentor_id, rank)
VALUES (952, 95203, 95217, 0);
INSERT INTO mentoring.request (programme_id, mentee_id, mentor_id)
VALUES (952, 95203, 95203);
INSERT INTO mentoring.request (programme_id, mentee_id, mentor_id, status)
VALUES (952, 95203, 95217, 'thinking');
INSERT INTO mentoring.request (programme_id, mentee_id, mentor_id)
VALUES (952, 95203, 95299);
SELECT count(*) FROM mentoring.request WHERE programme_id = 952
   AND mentee_id = 95203;

-- Who changes a status needs no right on what it changes besides, and none of
-- the client's own functions or operators is used.
DELETE FROM mentoring.request WHERE programme_id = 952;
SELECT pg_temp.ask(1, 11, 1), pg_temp.ask(1, 12, 2);
CREATE ROLE regress_mentoring_mentee;
GRANT USAGE ON SCHEMA mentoring TO regress_mentoring_mentee;
GRANT SELECT, UPDATE ON mentoring.request TO regress_mentoring_mentee;
CREATE POLICY regress_mentoring_mentee ON mentoring.request
    TO regress_mentoring_mentee USING (true);
CREATE SCHEMA regress_hostile AUTHORIZATION regress_mentoring_mentee;
SET LOCAL ROLE regress_mentoring_mentee;
CREATE FUNCTION regress_hostile.no(text, text) RETURNS boolean
LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR regress_hostile.= (
    FUNCTION = regress_hostile.no, LEFTARG = text, RIGHTARG = text);
CREATE FUNCTION regress_hostile.now() RETURNS timestamptz
LANGUAGE sql AS 'SELECT NULL::timestamptz';
SET LOCAL search_path = regress_hostile, pg_catalog;
SELECT mentoring.request_mentor(952, 95201, 95211);
SELECT mentoring.answer_request(952, 1, true);
SELECT mentoring.expire_requests();
UPDATE mentoring.request SET status = 'withdrawn'
 WHERE status OPERATOR(pg_catalog.=) 'asked';
SHOW search_path;
RESET search_path;
RESET ROLE;
SELECT * FROM pg_temp.show(1);

ROLLBACK;

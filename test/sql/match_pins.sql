-- Pinned and forbidden pairs: carried out, or refused with the reason.

BEGIN;
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
\getenv test_dir PG_ABS_SRCDIR
\set setup :test_dir '/match_setup.sql'
\set ECHO none
\i :setup
\set ECHO all

-- Without pins 92101-92151 and 92102-92152 are the pairs.
SELECT pg_temp.line(921, '{1, 2, 3}', '{1, 2, 30}', '{1, 2, 1}');
SELECT mentoring.match(921, 'optimal', 'best_total') AS run \gset
SELECT pg_temp.pairs(921, :run);

-- A pin comes first, however bad, and uses up a place of both.
INSERT INTO mentoring.pair_rule (programme_id, id, mentee_id, mentor_id, rule)
VALUES (921, 921001, 92101, 92153, 'pin'), (921, 921002, 92102, 92152, 'pin');
SELECT mentoring.match(921, 'optimal', 'best_total') AS run \gset
SELECT p.mentee_id, p.mentor_id, p.score, o.is_pinned
  FROM mentoring.proposed_pair AS p
  JOIN mentoring.proposal AS o USING (programme_id, match_run_id, score)
  JOIN mentoring.proposal_member AS m
    ON m.proposal_id = o.id AND m.participant_id = p.mentee_id
 WHERE p.match_run_id = :run
 ORDER BY p.mentee_id;
SELECT pair_count, eligible_count, total_score, bound, gap
  FROM mentoring.match_run WHERE id = :run;
SELECT participant_id, places, reason FROM mentoring.match_price
 WHERE match_run_id = :run ORDER BY participant_id;
SELECT * FROM pg_temp.faults(921, :run);

-- min_score does not apply to pins; greedy keeps them, too.
SELECT mentoring.match(921, options => '{"min_score": 0.95}') AS run \gset
SELECT pg_temp.pairs(921, :run);
SELECT * FROM pg_temp.faults(921, :run);
SELECT mentoring.match(921, 'greedy') AS run \gset
SELECT pg_temp.pairs(921, :run);
SELECT bound >= total_score AS is_bound FROM mentoring.match_run
 WHERE id = :run;
SELECT * FROM pg_temp.faults(921, :run);

-- All mentees pinned: nothing is left to solve.
INSERT INTO mentoring.pair_rule (programme_id, id, mentee_id, mentor_id, rule)
VALUES (921, 921003, 92103, 92151, 'pin');
SELECT mentoring.match(921) AS run \gset
SELECT pg_temp.pairs(921, :run);
SELECT * FROM pg_temp.faults(921, :run);

-- A forbidden pair is never proposed.
DELETE FROM mentoring.pair_rule WHERE programme_id = 921;
INSERT INTO mentoring.pair_rule (programme_id, id, mentee_id, mentor_id, rule)
VALUES (921, 921004, 92101, 92151, 'forbid');
SELECT mentoring.match(921) AS run \gset
SELECT pg_temp.pairs(921, :run);
SELECT * FROM pg_temp.faults(921, :run);

-- Pin and forbid of one pair contradict each other.
INSERT INTO mentoring.pair_rule (programme_id, id, mentee_id, mentor_id, rule)
VALUES (921, 921005, 92101, 92151, 'pin');
SELECT mentoring.match(921);
DELETE FROM mentoring.pair_rule WHERE id = 921004;

-- Both must be accepted, each in the right role.
UPDATE mentoring.participant SET status = 'withdrawn' WHERE id = 92101;
SELECT mentoring.match(921);
UPDATE mentoring.participant SET status = 'applied' WHERE id = 92101;
UPDATE mentoring.participant SET status = 'accepted' WHERE id = 92101;
UPDATE mentoring.participant SET status = 'waitlisted' WHERE id = 92151;
SELECT mentoring.match(921);
UPDATE mentoring.participant SET status = 'accepted' WHERE id = 92151;
UPDATE mentoring.pair_rule SET mentee_id = 92151, mentor_id = 92101
 WHERE id = 921005;
SELECT mentoring.match(921);
UPDATE mentoring.pair_rule SET mentee_id = 92101, mentor_id = 92151
 WHERE id = 921005;

-- More pins than places; the first that does not fit is named.
INSERT INTO mentoring.pair_rule (programme_id, id, mentee_id, mentor_id, rule)
VALUES (921, 921006, 92103, 92151, 'pin'), (921, 921007, 92102, 92151, 'pin');
SELECT mentoring.match(921);
DELETE FROM mentoring.pair_rule WHERE id IN (921006, 921007);
UPDATE mentoring.participant SET capacity = 0 WHERE id = 92151;
SELECT mentoring.match(921);
UPDATE mentoring.participant SET capacity = 1 WHERE id = 92151;

-- A criterion's minimum holds for pins; so do strict and veto.
UPDATE mentoring.criterion SET minimum = 0.5 WHERE programme_id = 921;
UPDATE mentoring.pair_rule SET mentor_id = 92153 WHERE id = 921005;
SELECT mentoring.match(921);
UPDATE mentoring.person SET profile = '{}' WHERE id = 92153;
UPDATE mentoring.criterion SET params = '{"range": 10, "strict": true}'
 WHERE programme_id = 921;
SELECT mentoring.match(921);
UPDATE mentoring.criterion SET params = '{"range": 10}', minimum = NULL
 WHERE programme_id = 921;
INSERT INTO mentoring.preference (programme_id, participant_id, preferred_id,
                                  is_veto)
VALUES (921, 92153, 92101, true);
SELECT mentoring.match(921);
DELETE FROM mentoring.preference WHERE programme_id = 921;

-- One person in both roles.
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
VALUES (921, 92159, 92101, 'mentor', 'accepted');
UPDATE mentoring.pair_rule SET mentor_id = 92159 WHERE id = 921005;
SELECT mentoring.match(921);
UPDATE mentoring.pair_rule SET mentor_id = 92152 WHERE id = 921005;

-- A trial that ended is a no.
INSERT INTO mentoring.relationship (programme_id, id, status)
VALUES (921, 921001, 'trial');
INSERT INTO mentoring.relationship_member (programme_id, relationship_id,
                                           participant_id, role)
VALUES (921, 921001, 92101, 'mentee'), (921, 921001, 92152, 'mentor');

-- While it lasts the pin is met: the pair is together and not proposed again.
SELECT mentoring.match(921) AS run \gset
SELECT pg_temp.pairs(921, :run);
SELECT participant_id, places FROM mentoring.match_price
 WHERE match_run_id = :run ORDER BY participant_id;
SELECT * FROM pg_temp.faults(921, :run);
UPDATE mentoring.relationship SET status = 'ended' WHERE id = 921001;
SELECT mentoring.match(921);

-- A custom function that says otherwise when asked again.
CREATE SCHEMA custom;
CREATE SEQUENCE custom.asked;
CREATE FUNCTION custom.wavers(mentee jsonb, mentor jsonb)
RETURNS double precision
LANGUAGE sql VOLATILE
AS $$ SELECT CASE WHEN nextval('custom.asked') = 1 THEN 0 ELSE 1 END $$;
SELECT pg_temp.line(922, '{1}', '{1}');
INSERT INTO mentoring.criterion (programme_id, name, kind, minimum, params)
VALUES (922, 'mood', 'custom', 0.5, '{"function": "custom.wavers"}');
INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
VALUES (922, 92201, 92251, 'pin');
SELECT mentoring.match(922);
SELECT mentoring.match(922) AS run \gset
SELECT pg_temp.pairs(922, :run);

-- What the failed calls would have written is not there.
SELECT count(*) AS runs,
       count(*) FILTER (WHERE elapsed_ms IS NULL) AS unfinished
  FROM mentoring.match_run WHERE programme_id = 921;

ROLLBACK;

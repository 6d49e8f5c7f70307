-- verify_match finds whatever was changed in a run, and says where.

BEGIN;
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
\getenv test_dir PG_ABS_SRCDIR
\set setup :test_dir '/match_setup.sql'
\set ECHO none
\i :setup
\set ECHO all

-- Three mentees, two of whom compete for the mentor at 2; the mentor at 9 has
-- two places and gets the one from beyond range, too.
SELECT pg_temp.line(931, '{-3, 2, 8}', '{2, 9}', '{1, 2}');
SELECT mentoring.match(931) AS run \gset
SELECT pg_temp.pairs(931, :run);
SELECT check_name, holds, regexp_replace(detail, 'hash .*', 'hash ...')
  FROM mentoring.verify_match(931, :run);

-- What the next steps look at: a proposal by its mentee.
CREATE TEMPORARY VIEW proposed AS
SELECT o.id AS proposal_id, m.participant_id AS mentee_id
  FROM mentoring.proposal AS o
  JOIN mentoring.proposal_member AS m ON m.proposal_id = o.id
 WHERE o.programme_id = 931 AND m.role = 'mentee';

-- Two pairs swapped, with their scores and the total put right.
SAVEPOINT clean;
UPDATE mentoring.proposal_member AS m
   SET participant_id = 93151 + 93152 - m.participant_id
 WHERE m.role = 'mentor' AND m.proposal_id IN
       (SELECT proposal_id FROM proposed WHERE mentee_id IN (93102, 93101));
SELECT pg_temp.pairs(931, :run);
SELECT * FROM pg_temp.faults(931, :run);
UPDATE mentoring.proposal AS o
   SET score = mentoring.compatibility(931, p.mentee_id, p.mentor_id)
  FROM (SELECT a.proposal_id, a.participant_id AS mentee_id,
               b.participant_id AS mentor_id
          FROM mentoring.proposal_member AS a
          JOIN mentoring.proposal_member AS b USING (proposal_id)
         WHERE a.role = 'mentee' AND b.role = 'mentor') AS p
 WHERE o.id = p.proposal_id AND o.match_run_id = :run;
UPDATE mentoring.match_run AS r
   SET (total_score, bound) =
       (SELECT sum(score), sum(score) FROM mentoring.proposal
         WHERE match_run_id = r.id)
 WHERE r.id = :run;
SELECT * FROM pg_temp.faults(931, :run);
ROLLBACK TO clean;

-- A pair dropped, with the counts put right.
DELETE FROM mentoring.proposal WHERE id IN
    (SELECT proposal_id FROM proposed WHERE mentee_id = 93103);
SELECT * FROM pg_temp.faults(931, :run);
UPDATE mentoring.match_run AS r
   SET (pair_count, total_score, bound) =
       (SELECT count(*), sum(score), sum(score) FROM mentoring.proposal
         WHERE match_run_id = r.id)
 WHERE r.id = :run;
SELECT * FROM pg_temp.faults(931, :run);
ROLLBACK TO clean;

-- A price higher or lower, by much or by next to nothing; each participant.
CREATE FUNCTION pg_temp.with_price(run bigint, participant bigint,
                                   change double precision)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    found text;
    original double precision;
BEGIN
    SELECT p.price INTO original FROM mentoring.match_price AS p
     WHERE p.match_run_id = run AND p.participant_id = participant;
    UPDATE mentoring.match_price AS p SET price = original + change
     WHERE p.match_run_id = run AND p.participant_id = participant;
    SELECT string_agg(check_name, ', ') INTO found
      FROM mentoring.verify_match(931, run) WHERE NOT holds;
    UPDATE mentoring.match_price AS p SET price = original
     WHERE p.match_run_id = run AND p.participant_id = participant;
    RETURN found;
END
$$;
SELECT id, change, pg_temp.with_price(:run, id, change)
  FROM mentoring.participant,
       unnest('{0.5, -0.5, 0.000001, -0.000001, 1e10}'::double precision[])
       AS change
 WHERE programme_id = 931
 ORDER BY change, id;
SAVEPOINT clean;
UPDATE mentoring.match_price SET price = price + 0.3
 WHERE match_run_id = :run AND participant_id = 93151;
SELECT * FROM pg_temp.faults(931, :run);
ROLLBACK TO clean;
UPDATE mentoring.match_price SET price = NULL
 WHERE match_run_id = :run AND participant_id = 93152;
SELECT * FROM pg_temp.faults(931, :run);
ROLLBACK TO clean;
DELETE FROM mentoring.match_price
 WHERE match_run_id = :run AND participant_id = 93103;
SELECT * FROM pg_temp.faults(931, :run);
ROLLBACK TO clean;

-- A cover the other way round; each participant.
CREATE FUNCTION pg_temp.with_cover(run bigint, participant bigint)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    found text;
BEGIN
    UPDATE mentoring.match_price AS p SET cover = 1 - cover
     WHERE p.match_run_id = run AND p.participant_id = participant;
    SELECT string_agg(check_name, ', ') INTO found
      FROM mentoring.verify_match(931, run) WHERE NOT holds;
    UPDATE mentoring.match_price AS p SET cover = 1 - cover
     WHERE p.match_run_id = run AND p.participant_id = participant;
    RETURN found;
END
$$;
SELECT id, pg_temp.with_cover(:run, id)
  FROM mentoring.participant WHERE programme_id = 931 ORDER BY id;
SAVEPOINT clean;
UPDATE mentoring.match_price SET cover = NULL WHERE match_run_id = :run;
SELECT * FROM pg_temp.faults(931, :run);
ROLLBACK TO clean;

-- Places other than they are.
UPDATE mentoring.match_price SET places = 3
 WHERE match_run_id = :run AND participant_id = 93152;
SELECT * FROM pg_temp.faults(931, :run);
ROLLBACK TO clean;

-- Too much for a mentor: one member moved.
UPDATE mentoring.proposal_member SET participant_id = 93152
 WHERE participant_id = 93151;
SELECT * FROM pg_temp.faults(931, :run);
ROLLBACK TO clean;

-- Another matching as good as this one is not what the run made, either.
SELECT pg_temp.line(932, '{1, 2}', '{3, 4}');
SELECT mentoring.match(932) AS tied \gset
SELECT pg_temp.pairs(932, :tied);
UPDATE mentoring.proposal_member AS m
   SET participant_id = 93251 + 93252 - m.participant_id
 WHERE m.role = 'mentor' AND m.programme_id = 932;
UPDATE mentoring.proposal SET score = 0.8 WHERE match_run_id = :tied;
SELECT pg_temp.pairs(932, :tied);
SELECT * FROM pg_temp.faults(932, :tied);
ROLLBACK TO clean;

-- The same pair twice; a proposal without mentor; with a third member; of
-- somebody of another programme's kind.
UPDATE mentoring.proposal_member SET participant_id = 93103
 WHERE participant_id IN (93101, 93102) AND proposal_id IN
       (SELECT proposal_id FROM mentoring.proposal_member
         WHERE participant_id = 93152);
SELECT * FROM pg_temp.faults(931, :run) WHERE check_name <> 'scores';
ROLLBACK TO clean;
DELETE FROM mentoring.proposal_member WHERE participant_id = 93151;
SELECT check_name, holds,
       regexp_replace(detail, 'proposal \d+', 'proposal (id)')
  FROM pg_temp.faults(931, :run);
ROLLBACK TO clean;
INSERT INTO mentoring.proposal_member (programme_id, proposal_id,
                                       participant_id, role)
SELECT 931, proposal_id, 93102, 'peer' FROM proposed WHERE mentee_id = 93103;
SELECT check_name, holds,
       regexp_replace(detail, 'proposal \d+', 'proposal (id)')
  FROM pg_temp.faults(931, :run);
ROLLBACK TO clean;

-- Scores, totals and counts.
UPDATE mentoring.proposal SET score = score - 0.000001
 WHERE id = (SELECT proposal_id FROM proposed WHERE mentee_id = 93103);
SELECT * FROM pg_temp.faults(931, :run);
ROLLBACK TO clean;
UPDATE mentoring.proposal SET score = NULL
 WHERE id = (SELECT proposal_id FROM proposed WHERE mentee_id = 93103);
SELECT check_name, holds FROM pg_temp.faults(931, :run);
ROLLBACK TO clean;
UPDATE mentoring.match_run SET total_score = total_score + 0.1 WHERE id = :run;
SELECT * FROM pg_temp.faults(931, :run);
ROLLBACK TO clean;
UPDATE mentoring.match_run SET pair_count = 2 WHERE id = :run;
SELECT * FROM pg_temp.faults(931, :run);
ROLLBACK TO clean;
UPDATE mentoring.match_run SET gap = 0.1, bound = bound + 0.1 WHERE id = :run;
SELECT * FROM pg_temp.faults(931, :run);
ROLLBACK TO clean;

-- The objective is part of the claim.
UPDATE mentoring.match_run SET objective = 'best_total' WHERE id = :run;
SELECT check_name, holds FROM pg_temp.faults(931, :run);
ROLLBACK TO clean;

-- Marked as pinned, which would take the pair out of the proof.
UPDATE mentoring.proposal SET is_pinned = true
 WHERE id = (SELECT proposal_id FROM proposed WHERE mentee_id = 93103);
SELECT * FROM pg_temp.faults(931, :run);
ROLLBACK TO clean;

-- A rule made afterwards breaks a pair, and the inputs are not the same.
INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
VALUES (931, 93103, 93152, 'forbid');
SELECT * FROM pg_temp.faults(931, :run);
ROLLBACK TO clean;
INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
VALUES (931, 93103, 93151, 'pin');
SELECT * FROM pg_temp.faults(931, :run);
ROLLBACK TO clean;
UPDATE mentoring.criterion SET minimum = 0.95 WHERE programme_id = 931;
SELECT check_name, holds, detail FROM pg_temp.faults(931, :run);
ROLLBACK TO clean;
UPDATE mentoring.match_run SET options = '{"min_score": 0.95}' WHERE id = :run;
SELECT * FROM pg_temp.faults(931, :run);
ROLLBACK TO clean;

-- Somebody left, somebody's places or profile changed.
UPDATE mentoring.participant SET status = 'withdrawn' WHERE id = 93103;
SELECT check_name, holds,
       regexp_replace(detail, 'proposal \d+', 'proposal (id)')
  FROM pg_temp.faults(931, :run);
ROLLBACK TO clean;
UPDATE mentoring.participant SET capacity = 0 WHERE id = 93151;
SELECT * FROM pg_temp.faults(931, :run);
ROLLBACK TO clean;
UPDATE mentoring.person SET profile = '{"place": 8.5}' WHERE id = 93103;
SELECT * FROM pg_temp.faults(931, :run);
ROLLBACK TO clean;

-- What scores don't depend on changes nothing: names, a person outside.
UPDATE mentoring.person SET display_name = 'other', email = 'a@b'
 WHERE id = 93103;
UPDATE mentoring.programme SET name = 'other', target_pairs = 4
 WHERE id = 931;
INSERT INTO mentoring.person (id, external_id, display_name)
VALUES (93199, 'verify 93199', 'outside');
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
VALUES (931, 93199, 93199, 'mentor', 'applied');
SELECT * FROM pg_temp.faults(931, :run);
ROLLBACK TO clean;

-- With pins: no longer proposed, or proposed but not marked.
INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
VALUES (931, 93101, 93152, 'pin');
SELECT mentoring.match(931) AS run \gset
SELECT pg_temp.pairs(931, :run);
SELECT * FROM pg_temp.faults(931, :run);
SAVEPOINT clean;
UPDATE mentoring.proposal SET is_pinned = false WHERE match_run_id = :run;
SELECT * FROM pg_temp.faults(931, :run);
ROLLBACK TO clean;
DELETE FROM mentoring.proposal WHERE match_run_id = :run AND is_pinned;
SELECT * FROM pg_temp.faults(931, :run);
ROLLBACK TO clean;

-- Under best_total no cover may be set, and a price proves the total.
DELETE FROM mentoring.pair_rule WHERE programme_id = 931;
SELECT mentoring.match(931, 'optimal', 'best_total') AS run \gset
SELECT * FROM pg_temp.faults(931, :run);
SAVEPOINT clean;
SELECT id, pg_temp.with_cover(:run, id)
  FROM mentoring.participant WHERE programme_id = 931 ORDER BY id;
SELECT id, pg_temp.with_price(:run, id, 0.25)
  FROM mentoring.participant WHERE programme_id = 931 ORDER BY id;
ROLLBACK TO clean;

-- A greedy run claims nothing, but what it proposes is checked.
SELECT mentoring.match(931, 'greedy') AS run \gset
UPDATE mentoring.proposal_member SET participant_id = 93152
 WHERE participant_id = 93151 AND proposal_id IN
       (SELECT id FROM mentoring.proposal WHERE match_run_id = :run);
SELECT check_name, holds FROM mentoring.verify_match(931, :run);

ROLLBACK;

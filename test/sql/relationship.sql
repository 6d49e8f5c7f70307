-- Match runs, relationships and members: what a row may hold, and what a
-- change of status writes.

\set ON_ERROR_ROLLBACK on
\set VERBOSITY terse
\pset format unaligned
\pset tuples_only on
BEGIN;

-- What a statement says: ok, or SQLSTATE and message.
CREATE FUNCTION pg_temp.said(statement text) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;

INSERT INTO mentoring.person (id, external_id, display_name)
SELECT 900000 + i, 'p' || i, 'Person ' || i FROM generate_series(1, 4) AS i;
INSERT INTO mentoring.programme (id, name, model)
VALUES (900001, 'First', 'one_to_one'), (900002, 'Second', 'one_to_one');
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status,
                                   capacity)
VALUES (900001, 900001, 900001, 'mentor', 'accepted', 9),
       (900001, 900002, 900002, 'mentee', 'accepted', 9),
       (900002, 900003, 900001, 'mentor', 'accepted', 9),
       (900002, 900004, 900002, 'mentee', 'accepted', 9);

-- Match runs.
INSERT INTO mentoring.match_run (programme_id, id, method)
VALUES (900001, 900001, 'greedy'), (900002, 900002, 'greedy')
RETURNING status, options, detail, created_at IS NOT NULL;
SELECT v.assignment, pg_temp.said(format(
           'UPDATE mentoring.match_run SET %s WHERE id = 900001',
           v.assignment))
  FROM (VALUES
           ('method = ''random'''), ('method = NULL'),
           ('objective = ''worst'''), ('objective = ''fair'''),
           ('options = ''[]'''), ('options = ''"x"'''), ('options = NULL'),
           ('status = NULL'), ('detail = ''1'''), ('detail = NULL'),
           ('mentee_count = -1'), ('mentor_count = -1'),
           ('eligible_count = -1'), ('pair_count = -1'),
           ('unmatched_count = -1'), ('gap = -1e-9'), ('elapsed_ms = -1'),
           ('gap = ''NaN'''), ('elapsed_ms = ''Infinity'''),
           ('total_score = ''NaN'''), ('bound = ''-Infinity'''),
           ('programme_id = NULL'), ('programme_id = 900099')
       ) AS v (assignment);
INSERT INTO mentoring.match_run (programme_id, method, status)
VALUES (900001, 'greedy', '');

-- Prices, proposals and their members.
INSERT INTO mentoring.match_price (programme_id, match_run_id, participant_id,
                                   places)
VALUES (900001, 900001, 900001, 1);
INSERT INTO mentoring.match_price (programme_id, match_run_id, participant_id,
                                   places)
VALUES (900001, 900001, 900001, 1);
SELECT v.assignment, pg_temp.said(format(
           'UPDATE mentoring.match_price SET %s WHERE participant_id = 900001',
           v.assignment))
  FROM (VALUES
           ('places = -1'), ('places = NULL'), ('cover = 2'), ('cover = -1'),
           ('cover = 1'), ('reason = ''bad luck'''), ('reason = ''outbid'''),
           ('price = ''NaN'''), ('price = ''Infinity'''), ('price = -0.5')
       ) AS v (assignment);
INSERT INTO mentoring.proposal (programme_id, id, match_run_id, score)
VALUES (900001, 900001, 900001, 0.75) RETURNING is_pinned;
SELECT v.assignment, pg_temp.said(format(
           'UPDATE mentoring.proposal SET %s WHERE id = 900001', v.assignment))
  FROM (VALUES ('score = ''NaN'''), ('score = ''Infinity'''), ('score = -0.1'))
       AS v (assignment);
INSERT INTO mentoring.proposal_member (programme_id, id, proposal_id,
                                       participant_id, role)
VALUES (900001, 900001, 900001, 900001, 'mentor'),
       (900001, 900002, 900001, 900002, 'mentee');
INSERT INTO mentoring.proposal_member (programme_id, proposal_id,
                                       participant_id, role)
VALUES (900001, 900001, 900001, 'mentee');
SELECT v.assignment, pg_temp.said(format(
           'UPDATE mentoring.proposal_member SET %s WHERE id = 900001',
           v.assignment))
  FROM (VALUES
           ('role = ''sponsor'''), ('role = NULL'), ('proposal_id = NULL'),
           ('proposal_id = 900099'), ('participant_id = NULL')
       ) AS v (assignment);
SELECT mentee_id, mentor_id, score
  FROM mentoring.proposed_pair WHERE match_run_id = 900001;

-- Relationships.
INSERT INTO mentoring.relationship (programme_id, id)
VALUES (900001, 900001)
RETURNING status, started_on, ended_on, ended_from, is_no_fault,
          created_at IS NOT NULL;
SELECT v.assignment, pg_temp.said(format(
           'UPDATE mentoring.relationship SET %s WHERE id = 900001',
           v.assignment))
  FROM (VALUES
           ('status = NULL'), ('cadence_days = 0'), ('cadence_days = 7'),
           ('started_on = ''2026-03-02'''), ('ended_on = ''2026-03-01'''),
           ('ended_on = ''2026-03-02'''), ('started_on = ''2026-03-03'''),
           ('started_on = ''-infinity'''), ('ended_on = ''infinity'''),
           ('ended_on = NULL, started_on = NULL'),
           ('match_run_id = 900099'), ('match_run_id = 900001'),
           ('match_run_id = 900002'), ('match_run_id = NULL'),
           ('programme_id = NULL')
       ) AS v (assignment);
SELECT s.status, pg_temp.said(format(
           'INSERT INTO mentoring.relationship (programme_id, status)
            VALUES (900001, %L)', s.status))
  FROM unnest(ARRAY['lost', 'Active', '']) AS s (status);
SELECT f.ended_from, pg_temp.said(format(
           'INSERT INTO mentoring.relationship
                (programme_id, status, ended_from)
            VALUES (900001, ''ended'', %L)', f.ended_from))
  FROM unnest(ARRAY['proposed', 'trial', 'active', 'paused', 'completed',
                    'ended', '']) AS f (ended_from);

-- Members.
INSERT INTO mentoring.relationship_member (programme_id, id, relationship_id,
                                           participant_id, role)
VALUES (900001, 900001, 900001, 900001, 'mentor'),
       (900001, 900002, 900001, 900002, 'mentee');
INSERT INTO mentoring.relationship_member (programme_id, relationship_id,
                                           participant_id, role)
VALUES (900001, 900001, 900001, 'mentee');
SELECT v.assignment, pg_temp.said(format(
           'UPDATE mentoring.relationship_member SET %s WHERE id = 900001',
           v.assignment))
  FROM (VALUES
           ('role = ''sponsor'''), ('role = NULL'), ('role = ''peer'''),
           ('relationship_id = NULL'), ('relationship_id = 900099'),
           ('participant_id = NULL'), ('participant_id = 900099')
       ) AS v (assignment);

-- Rows of two programmes don't mix.
INSERT INTO mentoring.relationship (programme_id, id) VALUES (900002, 900002);
INSERT INTO mentoring.proposal (programme_id, id, match_run_id)
VALUES (900002, 900002, 900002);
SELECT v.statement, pg_temp.said('INSERT INTO mentoring.' || v.statement)
  FROM (VALUES
           ('match_price VALUES (900001, 900002, 900001, 1)'),
           ('match_price VALUES (900001, 900001, 900003, 1)'),
           ('proposal VALUES (900001, DEFAULT, 900002)'),
           ('proposal_member VALUES (900001, DEFAULT, 900002, 900001, ''peer'')'),
           ('proposal_member VALUES (900001, DEFAULT, 900001, 900003, ''peer'')'),
           ('relationship VALUES (900001, DEFAULT, 900002)'),
           ('relationship_member VALUES (900001, DEFAULT, 900002, 900001, ''peer'')'),
           ('relationship_member VALUES (900001, DEFAULT, 900001, 900003, ''peer'')'),
           ('relationship_member VALUES (900002, DEFAULT, 900001, 900001, ''peer'')')
       ) AS v (statement);

-- A change of status fills in dates the client left out.
SELECT id, status FROM mentoring.relationship WHERE id = 900001;
UPDATE mentoring.relationship SET status = 'trial' WHERE id = 900001
RETURNING started_on = current_date, ended_on, ended_from;
UPDATE mentoring.relationship SET status = 'active', started_on = '2026-01-05'
 WHERE id = 900001 RETURNING started_on, ended_on, ended_from;
UPDATE mentoring.relationship SET status = 'paused' WHERE id = 900001
RETURNING started_on, ended_on, ended_from;
UPDATE mentoring.relationship SET status = 'active' WHERE id = 900001
RETURNING started_on, ended_on, ended_from;
UPDATE mentoring.relationship SET status = 'ended', started_on = '2020-01-01'
 WHERE id = 900001 RETURNING started_on, ended_on = current_date, ended_from;

-- ended_from tells the status it was ended in, and is not the client's.
INSERT INTO mentoring.relationship (programme_id, id, status)
SELECT 900001, 900010 + n, s
  FROM unnest(ARRAY['proposed', 'trial', 'active', 'paused'])
       WITH ORDINALITY AS u (s, n);
UPDATE mentoring.relationship SET ended_from = 'paused'
 WHERE id BETWEEN 900011 AND 900014 RETURNING id, ended_from;
UPDATE mentoring.relationship
   SET status = 'ended', ended_from = 'trial', ended_on = '2026-02-03'
 WHERE id BETWEEN 900011 AND 900014
RETURNING id, ended_from, started_on, ended_on;
UPDATE mentoring.relationship SET ended_from = NULL, end_reason = 'moved'
 WHERE id BETWEEN 900011 AND 900014 RETURNING id, ended_from, end_reason;
-- What is completed didn't end early.
INSERT INTO mentoring.relationship (programme_id, id, status, started_on)
VALUES (900001, 900015, 'active', '2026-01-01');
UPDATE mentoring.relationship SET status = 'completed', ended_from = 'active'
 WHERE id = 900015 RETURNING started_on, ended_on = current_date, ended_from;
-- INSERT keeps all of it as given.
INSERT INTO mentoring.relationship (programme_id, id, status, ended_from)
VALUES (900001, 900016, 'ended', 'proposed'), (900001, 900017, 'ended', NULL),
       (900001, 900018, 'active', 'trial')
RETURNING started_on, ended_on, ended_from;
UPDATE mentoring.relationship SET end_reason = 'x', ended_from = 'active'
 WHERE id IN (900016, 900017) RETURNING id, ended_from;
-- What was to start later ends, if it must, on that day.
INSERT INTO mentoring.relationship (programme_id, id, status, started_on)
VALUES (900001, 900019, 'proposed', '2999-12-31');
UPDATE mentoring.relationship SET status = 'ended' WHERE id = 900019
RETURNING started_on, ended_on, ended_from;
-- The day is that of the client's time zone.
INSERT INTO mentoring.relationship (programme_id, id) VALUES (900001, 900021);
SET LOCAL timezone = 'Pacific/Kiritimati';
UPDATE mentoring.relationship SET status = 'active' WHERE id = 900021
RETURNING started_on = current_date;
RESET timezone;

-- History is kept: what others refer to can't go.
DELETE FROM mentoring.relationship WHERE id = 900001;
DELETE FROM mentoring.participant WHERE id = 900001;
DELETE FROM mentoring.programme WHERE id = 900002;
UPDATE mentoring.relationship SET match_run_id = 900001 WHERE id = 900021;
DELETE FROM mentoring.match_run WHERE id = 900001;
UPDATE mentoring.relationship SET id = 900099 WHERE id = 900001;
-- A run takes its prices and proposals along.
DELETE FROM mentoring.relationship WHERE id = 900021;
DELETE FROM mentoring.match_run WHERE id = 900001 RETURNING id;
SELECT (SELECT count(*) FROM mentoring.match_price
         WHERE match_run_id = 900001),
       (SELECT count(*) FROM mentoring.proposal WHERE match_run_id = 900001),
       (SELECT count(*) FROM mentoring.proposal_member
         WHERE proposal_id = 900001);

-- Row security: with every right and no policy, nothing to see or to write.
INSERT INTO mentoring.match_price (programme_id, match_run_id, participant_id,
                                   places)
VALUES (900002, 900002, 900003, 1);
INSERT INTO mentoring.proposal_member (programme_id, proposal_id,
                                       participant_id, role)
VALUES (900002, 900002, 900003, 'mentor'), (900002, 900002, 900004, 'mentee');
CREATE ROLE regress_mentoring_reader;
GRANT USAGE ON SCHEMA mentoring TO regress_mentoring_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA mentoring
    TO regress_mentoring_reader;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA mentoring TO regress_mentoring_reader;
REVOKE EXECUTE ON FUNCTION mentoring._level_app, mentoring._level_sync,
    mentoring._level_analyst, mentoring._level_admin FROM regress_mentoring_reader;
SET LOCAL ROLE regress_mentoring_reader;
SELECT (SELECT count(*) FROM mentoring.match_run),
       (SELECT count(*) FROM mentoring.match_price),
       (SELECT count(*) FROM mentoring.proposal),
       (SELECT count(*) FROM mentoring.proposal_member),
       (SELECT count(*) FROM mentoring.relationship),
       (SELECT count(*) FROM mentoring.relationship_member),
       (SELECT count(*) FROM mentoring.participant_load),
       (SELECT count(*) FROM mentoring.proposed_pair),
       (SELECT count(*) FROM mentoring.unmatched);
SELECT split_part(v.statement, ' ', 1),
       pg_temp.said('INSERT INTO mentoring.' || v.statement)
  FROM (VALUES
           ('match_run (programme_id, method) VALUES (900001, ''greedy'')'),
           ('match_price VALUES (900002, 900002, 900004, 1)'),
           ('proposal VALUES (900002, DEFAULT, 900002)'),
           ('proposal_member VALUES (900002, DEFAULT, 900002, 900003, ''peer'')'),
           ('relationship VALUES (900002)'),
           ('relationship_member VALUES (900002, DEFAULT, 900002, 900003, ''peer'')'),
           ('participant_load VALUES (900002, 900003, 1, 0)')
       ) AS v (statement);
UPDATE mentoring.relationship SET end_reason = 'x' RETURNING id;
DELETE FROM mentoring.relationship_member RETURNING id;
UPDATE mentoring.participant_load SET active = 0 RETURNING participant_id;
RESET ROLE;

ROLLBACK;

-- A draft published, discarded, compared; what stands in the way is named.

BEGIN;
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
\getenv test_dir PG_ABS_SRCDIR
\set setup :test_dir '/match_setup.sql'
\set ECHO none
\i :setup
\set ECHO all

-- Relationships of a programme, by pair.
CREATE FUNCTION pg_temp.relationships(programme bigint)
RETURNS TABLE (mentee_id bigint, mentor_id bigint, status text,
               cadence_days integer, ended_from text, is_no_fault boolean,
               end_reason text)
LANGUAGE sql
AS $$
    SELECT a.participant_id, b.participant_id, r.status, r.cadence_days,
           r.ended_from, r.is_no_fault,
           regexp_replace(r.end_reason, '\d+', '(run)')
      FROM mentoring.relationship AS r
      JOIN mentoring.relationship_member AS a
        ON a.relationship_id = r.id AND a.role = 'mentee'
      JOIN mentoring.relationship_member AS b
        ON b.relationship_id = r.id AND b.role = 'mentor'
     WHERE r.programme_id = programme
     ORDER BY r.id
$$;

SELECT pg_temp.line(941, '{1, 2, 8}', '{2, 9}', '{1, 2}');
UPDATE mentoring.programme SET cadence_days = 14 WHERE id = 941;
SELECT mentoring.match(941) AS run \gset
SELECT pg_temp.pairs(941, :run);
SELECT count(*) FROM pg_temp.faults(941, :run);

-- Published: one relationship a pair, places taken, the run marked.
SELECT mentoring.publish_match(941, :run);
SELECT * FROM pg_temp.relationships(941);
SELECT status, published_at = now() AS is_now FROM mentoring.match_run
 WHERE id = :run;
SELECT participant_id, capacity, active FROM mentoring.participant_load
 WHERE programme_id = 941 ORDER BY participant_id;
SELECT count(*) AS of_this_run FROM mentoring.relationship
 WHERE programme_id = 941 AND match_run_id = :run;

-- The proof holds as before: what the run itself created doesn't count, not
-- even when it has become active, or has ended.
SELECT * FROM pg_temp.faults(941, :run);
UPDATE mentoring.relationship SET status = 'active' WHERE match_run_id = :run;
SELECT * FROM pg_temp.faults(941, :run);
UPDATE mentoring.relationship SET status = 'ended' WHERE match_run_id = :run;
SELECT * FROM pg_temp.faults(941, :run);

-- Discarded: no place taken, not publishable.
SELECT pg_temp.line(942, '{1, 2}', '{2, 9}');
SELECT mentoring.match(942) AS run \gset
SELECT mentoring.discard_match(942, :run);
SELECT status, published_at FROM mentoring.match_run WHERE id = :run;
SELECT count(*) FROM mentoring.relationship WHERE programme_id = 942;
SELECT * FROM pg_temp.faults(942, :run);

-- Messages as callers read them, ids of runs left out.
CREATE FUNCTION pg_temp.refused(query text) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    code text;
    message text;
    detail text;
    hint text;
BEGIN
    EXECUTE query;
    RETURN 'not refused';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE,
        message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
        hint = PG_EXCEPTION_HINT;
    RETURN regexp_replace(regexp_replace(
        concat_ws(E'\n', code || ' ' || message, nullif(detail, ''),
                  '-> ' || nullif(hint, '')),
        'match run \d+', 'match run (id)'), 'since [^\n]*', 'since (time).');
END
$$;
\pset format unaligned
\pset tuples_only on
SELECT pg_temp.refused(format('SELECT mentoring.publish_match(942, %s)', :run));
SELECT pg_temp.refused(format('SELECT mentoring.discard_match(942, %s)', :run));

-- Not twice, and not discarded once it is published.
SELECT mentoring.match(942) AS run \gset
SELECT mentoring.publish_match(942, :run);
SELECT pg_temp.refused(format('SELECT mentoring.publish_match(942, %s)', :run));
SELECT pg_temp.refused(format('SELECT mentoring.discard_match(942, %s)', :run));

-- A draft whose people left meanwhile; nothing half-done.
SELECT pg_temp.line(943, '{1, 2, 3}', '{2, 3, 9}');
SELECT mentoring.match(943) AS run \gset
SAVEPOINT draft;
UPDATE mentoring.participant SET status = 'withdrawn' WHERE id = 94303;
UPDATE mentoring.participant SET status = 'waitlisted' WHERE id = 94351;
SELECT pg_temp.refused(format('SELECT mentoring.publish_match(943, %s)', :run));
SELECT count(*) FROM mentoring.relationship WHERE programme_id = 943;
SELECT status FROM mentoring.match_run WHERE id = :run;
ROLLBACK TO draft;

-- A place taken meanwhile: the trigger refuses.
INSERT INTO mentoring.relationship (programme_id, id, status)
VALUES (943, 943001, 'active');
INSERT INTO mentoring.relationship_member (programme_id, relationship_id,
                                           participant_id, role)
VALUES (943, 943001, 94353, 'mentor');
SELECT split_part(pg_temp.refused(format(
    'SELECT mentoring.publish_match(943, %s)', :run)), E'\n', 1);
SELECT count(*) FROM mentoring.relationship WHERE programme_id = 943;
ROLLBACK TO draft;

-- A pair together meanwhile.
UPDATE mentoring.participant SET capacity = 2 WHERE programme_id = 943;
SELECT mentoring.match(943) AS other \gset
SELECT mentoring.publish_match(943, :other) > 0;
SELECT pg_temp.refused(format('SELECT mentoring.publish_match(943, %s)', :run));
-- together before, and parted, is no obstacle
UPDATE mentoring.relationship SET status = 'ended' WHERE programme_id = 943;
SELECT mentoring.publish_match(943, :run);
ROLLBACK TO draft;

-- Closed meanwhile.
UPDATE mentoring.programme SET status = 'closed' WHERE id = 943;
SELECT pg_temp.refused(format('SELECT mentoring.publish_match(943, %s)', :run));
-- a draft can be cleared away all the same
SELECT mentoring.discard_match(943, :run);
ROLLBACK TO draft;

-- More names than fit are counted.
SELECT pg_temp.line(944, array_agg(n), array_agg(n))
  FROM generate_series(1, 25) AS n;
SELECT mentoring.match(944) AS run \gset
UPDATE mentoring.participant SET status = 'withdrawn'
 WHERE programme_id = 944 AND role = 'mentee';
SELECT pg_temp.refused(format('SELECT mentoring.publish_match(944, %s)', :run));

-- An empty run is published, too.
UPDATE mentoring.participant SET capacity = 0 WHERE programme_id = 943;
SELECT mentoring.match(943) AS run \gset
SELECT mentoring.publish_match(943, :run);
\pset format aligned
\pset tuples_only off

-- diff_match: what a second run does otherwise.
SELECT pg_temp.line(945, '{1, 2, 8}', '{2, 9}', '{1, 2}');
SELECT mentoring.match(945) AS first \gset
INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
VALUES (945, 94502, 94551, 'forbid');
SELECT mentoring.match(945) AS second \gset
SELECT * FROM mentoring.diff_match(945, :first, :second);
SELECT change, count(*) FROM mentoring.diff_match(945, :first, :first)
 GROUP BY change;

-- Ids of proposals and relationships follow the order of pairs.
SELECT mentoring.publish_match(945, :second);
SELECT array_agg(mentee_id ORDER BY o.id) =
       array_agg(mentee_id ORDER BY mentee_id, mentor_id) AS is_in_order
  FROM mentoring.proposed_pair AS p
  JOIN mentoring.proposal_member AS m ON m.participant_id = p.mentee_id
  JOIN mentoring.proposal AS o
    ON o.id = m.proposal_id AND o.match_run_id = p.match_run_id
 WHERE p.match_run_id = :second;
SELECT * FROM pg_temp.relationships(945);
SELECT * FROM mentoring.verify_load();

-- Triggers of a site's own fire on what a run writes.
CREATE TEMPORARY TABLE seen (what text, n bigint DEFAULT 1);
CREATE FUNCTION pg_temp.see() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO pg_temp.seen VALUES (TG_TABLE_NAME);
    RETURN NULL;
END
$$;
CREATE TRIGGER site_see AFTER INSERT ON mentoring.proposal_member
    FOR EACH ROW EXECUTE FUNCTION pg_temp.see();
SELECT mentoring.match(945, options => '{"keep": false}') AS third \gset
SELECT what, count(*) FROM seen GROUP BY what;
SELECT count(*) FROM pg_temp.faults(945, :third);
DROP TRIGGER site_see ON mentoring.proposal_member;
SHOW session_replication_role;

-- Where they suppress a row, nothing is written.
CREATE FUNCTION pg_temp.suppress() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RETURN NULL;
END
$$;
CREATE FUNCTION pg_temp.without(of_table text, statement text) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    message text;
    hint text;
BEGIN
    EXECUTE format('CREATE TRIGGER site_suppress BEFORE INSERT'
                   ' ON mentoring.%I FOR EACH ROW'
                   ' EXECUTE FUNCTION pg_temp.suppress()', of_table);
    EXECUTE statement;
    RETURN 'done';
EXCEPTION WHEN triggered_data_change_violation THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
    RETURN regexp_replace(message, 'run \d+', 'run ...') || '; ' || hint;
END
$$;
SELECT pg_temp.without(t, $$SELECT mentoring.match(945,
                           options => '{"keep": false}')$$)
  FROM unnest('{match_run, match_price, proposal, proposal_member}'::text[])
       AS t;
SELECT count(*) AS runs FROM mentoring.match_run WHERE programme_id = 945;
SELECT pg_temp.line(946, '{1, 2}', '{2, 9}');
SELECT mentoring.match(946) AS run \gset
SELECT pg_temp.without(t, format('SELECT mentoring.publish_match(946, %s)',
                                 :run))
  FROM unnest('{relationship, relationship_member}'::text[]) AS t;
SELECT status FROM mentoring.match_run WHERE id = :run;
SELECT * FROM pg_temp.relationships(946);
SELECT * FROM mentoring.verify_load();

-- Where a rule puts something else in a statement's place, too; once the rule
-- is gone the session is none the worse.
CREATE FUNCTION pg_temp.instead(command text, of_table text, statement text)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    message text;
    detail text;
BEGIN
    EXECUTE format('CREATE RULE site_instead AS ON %s TO mentoring.%I'
                   ' DO INSTEAD NOTHING', command, of_table);
    EXECUTE statement;
    RETURN 'done';
EXCEPTION WHEN triggered_data_change_violation THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT,
                            detail = PG_EXCEPTION_DETAIL;
    RETURN message || '; ' || substring(detail, '^It was: \S+ \S+ \S+');
END
$$;
SELECT command, t, pg_temp.instead(command, t, 'SELECT mentoring.match(946)')
  FROM (VALUES ('INSERT', 'match_price'), ('INSERT', 'proposal_member'),
               ('UPDATE', 'match_run')) AS v (command, t);
SELECT command, t, pg_temp.instead(command, t,
           format('SELECT mentoring.publish_match(946, %s)', :run))
  FROM (VALUES ('UPDATE', 'match_run'), ('INSERT', 'relationship_member'))
       AS v (command, t);
SELECT pg_temp.instead('DELETE', 'match_price',
           format('SELECT mentoring.rematch(946, %s)', :run));
SELECT pg_temp.instead('UPDATE', 'participant_load',
           'UPDATE mentoring.participant SET capacity = 2 WHERE id = 94601');
SAVEPOINT gone;
SELECT mentoring.match(946) AS other \gset
SELECT mentoring.rematch(946, :run) = :run AS same_run;
SELECT mentoring.publish_match(946, :run);
UPDATE mentoring.participant SET capacity = 2 WHERE id = 94601;
SELECT * FROM mentoring.verify_load();
ROLLBACK TO gone;

-- A run that fails half-way leaves no trace, not even in the session.
ALTER TABLE mentoring.proposal_member
    ADD CONSTRAINT site_check CHECK (participant_id <> 94601) NOT VALID;
\set VERBOSITY terse
SELECT mentoring.match(946);
\set VERBOSITY default
SHOW session_replication_role;
ALTER TABLE mentoring.proposal_member DROP CONSTRAINT site_check;
SELECT count(*) AS runs FROM mentoring.match_run WHERE programme_id = 946;

-- A transaction that may not write is told so at once.
\set ON_ERROR_ROLLBACK off
SAVEPOINT reading;
SET LOCAL transaction_read_only = on;
SELECT mentoring.match(945);
ROLLBACK TO reading;

ROLLBACK;

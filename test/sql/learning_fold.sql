-- Totals of the learning log: folding, spilling, who may do what, and what is
-- noticed when somebody else writes to them.

\set SHOW_CONTEXT never
\set VERBOSITY terse
\pset format unaligned
\pset tuples_only on
\getenv test_dir PG_ABS_SRCDIR
\set setup :test_dir '/learning_setup.sql'
\set cleanup :test_dir '/learning_cleanup.sql'
\set ECHO none
\i :setup
\set ECHO all
-- nobody folds but this test
SET mentoring.fold_after = 0;

-- Deltas are appended until they are folded; nobody sees a difference.
INSERT INTO mentoring.learning_log
       (programme_id, occurred_on, participant_id, minutes, skill_id)
VALUES (941, '2024-01-01', 94101, 10, 9411),
       (941, '2024-01-01', 94102, 10, 9411),
       (941, '2024-01-02', 94101, 10, NULL);
SELECT day, entries, minutes, participants, skill_id, skill_entries,
       skill_minutes, skill_participants
  FROM mentoring.learning_delta ORDER BY 1, 2;
SELECT count(*) FROM mentoring.learning_programme_day;
SELECT * FROM pg_temp.totals();
SELECT mentoring.fold_learning_log();
SELECT count(*) FROM mentoring.learning_delta;
SELECT day, entries FROM mentoring.learning_programme_day ORDER BY 1;
SELECT month, entries, minutes, participants, active_days
  FROM mentoring.learning_programme_month ORDER BY 1;
SELECT * FROM pg_temp.totals();
SELECT pg_temp.state();
SELECT mentoring.fold_learning_log();
-- a fold that is undone
BEGIN;
DELETE FROM mentoring.learning_log WHERE participant_id = 94102;
SELECT pg_temp.state();
SAVEPOINT a;
SELECT mentoring.fold_learning_log();
SELECT pg_temp.state();
ROLLBACK TO a;
COMMIT;
BEGIN;
SELECT mentoring.fold_learning_log();
SELECT pg_temp.state();
ROLLBACK;
SELECT pg_temp.state();
SELECT mentoring.fold_learning_log();
SELECT pg_temp.state();

-- More than fits in memory is spilled: author by author, in savepoints, too.
SET mentoring.flush_memory = '64kB';
BEGIN;
INSERT INTO mentoring.learning_log
       (programme_id, occurred_on, participant_id, minutes, skill_id,
        level_before, level_after)
SELECT 941, '2020-01-01'::date + i / 4, 94101 + i % 4, i % 60, 9411 + i % 2, 1,
       2
  FROM generate_series(0, 7999) AS i;
SELECT count(*) > 1000 FROM mentoring.learning_spill;
SELECT replace(pg_temp.state(), (SELECT count(*)::text
                                   FROM mentoring._learning_pending()), 'N');
SAVEPOINT a;
DELETE FROM mentoring.learning_log WHERE occurred_on < '2024-01-01';
SELECT pg_temp.state() LIKE 'exact, 2158 entries%';
ROLLBACK TO a;
DO $$
BEGIN
    FOR i IN 0 .. 999 LOOP
        BEGIN
            INSERT INTO mentoring.learning_log
                   (programme_id, occurred_on, participant_id)
            VALUES (941, '2022-01-01'::date + i, 94105);
            IF i % 4 = 0 THEN
                RAISE division_by_zero;
            END IF;
        EXCEPTION WHEN division_by_zero THEN NULL;
        END;
    END LOOP;
END
$$;
SELECT pg_temp.state() LIKE 'exact, 8752 entries%';
COMMIT;
SELECT pg_temp.state();
SELECT count(*) > 1000 FROM mentoring.learning_spill;
-- what is spilled may be more than what the totals have: they go below 0
DELETE FROM mentoring.learning_log WHERE participant_id = 94101
   AND occurred_on < '2021-01-01';
SELECT count(*) > 0 FROM mentoring.learning_day WHERE entries < 0;
SELECT pg_temp.state();
SELECT mentoring.fold_learning_log() > 1000;
SELECT count(*) FROM mentoring.learning_spill;
SELECT count(*) FROM mentoring.learning_day WHERE entries <= 0;
SELECT pg_temp.state();
SET mentoring.flush_method = 'statements';
UPDATE mentoring.learning_log SET occurred_on = occurred_on + 100;
SELECT count(*) > 1000 FROM mentoring.learning_spill;
SELECT pg_temp.state();
SELECT mentoring.fold_learning_log() > 1000;
SELECT pg_temp.state();
RESET mentoring.flush_method;
-- TRUNCATE takes what was spilled, too
BEGIN;
UPDATE mentoring.learning_log SET minutes = 3;
SAVEPOINT a;
TRUNCATE mentoring.learning_log;
SELECT pg_temp.state();
ROLLBACK TO a;
SELECT pg_temp.state() LIKE 'exact, 8386 entries%';
ROLLBACK;
RESET mentoring.flush_memory;
DELETE FROM mentoring.learning_log
 WHERE occurred_on NOT BETWEEN '2021-01-01' AND '2021-01-31';
SELECT mentoring.fold_learning_log() > 0;
SELECT pg_temp.state();

-- Whoever inserts needs no right on the totals; names on search_path don't
-- matter.
CREATE ROLE regress_log_app;
GRANT USAGE ON SCHEMA mentoring TO regress_log_app;
GRANT INSERT, SELECT ON mentoring.learning_log TO regress_log_app;
GRANT EXECUTE ON FUNCTION mentoring.my_participants,
    mentoring.my_relationships, mentoring.my_programmes,
    mentoring.my_level_programmes TO regress_log_app;
CREATE POLICY log_app ON mentoring.learning_log TO regress_log_app USING (true);
CREATE TEMP TABLE learning_day (LIKE mentoring.learning_day);
CREATE TEMP TABLE learning_delta (LIKE mentoring.learning_delta);
SET search_path = pg_temp, public;
SET ROLE regress_log_app;
INSERT INTO mentoring.learning_log (programme_id, participant_id, occurred_on)
VALUES (941, 94106, '2024-03-01');
SELECT pg_temp.said('SELECT mentoring.fold_learning_log()');
SELECT pg_temp.said('SELECT mentoring._learning_flush()');
SELECT pg_temp.said('SELECT * FROM mentoring.learning_day');
SELECT pg_temp.said('SET mentoring.flush_method = auto');
SELECT pg_temp.said('SET mentoring.fold_after = 1');
RESET ROLE;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA mentoring TO regress_log_app;
REVOKE EXECUTE ON FUNCTION mentoring._level_app, mentoring._level_sync,
    mentoring._level_analyst, mentoring._level_admin FROM regress_log_app;
GRANT SELECT ON ALL TABLES IN SCHEMA mentoring TO regress_log_app;
SET ROLE regress_log_app;
SELECT pg_temp.said('SELECT mentoring.fold_learning_log()');
SELECT pg_temp.said('SELECT mentoring._learning_flush()');
-- all of it, whatever rows one may see
SELECT pg_temp.said('SELECT * FROM mentoring.verify_learning_log()');
SELECT pg_temp.said('SELECT mentoring.rebuild_learning_log()');
SELECT pg_temp.said('SELECT mentoring.set_replication_mode(''rebuild'')');
RESET ROLE;
RESET search_path;
SELECT count(*) FROM pg_temp.learning_day;
SELECT pg_temp.state();
DROP TABLE pg_temp.learning_day, pg_temp.learning_delta;
DROP POLICY log_app ON mentoring.learning_log;
DROP OWNED BY regress_log_app;
DROP ROLE regress_log_app;

-- What somebody else writes is noticed and mended.
SELECT mentoring.fold_learning_log() > 0;
UPDATE mentoring.learning_day SET minutes = minutes + 1
 WHERE participant_id = 94106;
DELETE FROM mentoring.learning_author
 WHERE participant_id = 94106 AND skill_id = 0;
INSERT INTO mentoring.learning_programme_day VALUES (941, '1999-12-31', 1);
INSERT INTO mentoring.learning_programme_month VALUES (941, '1999-12-01', 1, 2, 1, 1);
UPDATE mentoring.learning_skill_month SET gain = gain + 1
 WHERE skill_id = 9411 AND month = '2021-01-01';
SELECT * FROM mentoring.verify_learning_log();
SELECT mentoring.rebuild_learning_log();
SELECT pg_temp.state();
SELECT mentoring.rebuild_learning_log();
-- where triggers don't fire
SET session_replication_role = replica;
DELETE FROM mentoring.learning_log WHERE participant_id = 94106;
INSERT INTO mentoring.learning_log (programme_id, participant_id, occurred_on)
VALUES (941, 94105, '2024-03-01');
RESET session_replication_role;
SELECT count(*) FROM mentoring.verify_learning_log();
-- with what isn't committed
BEGIN;
INSERT INTO mentoring.learning_log (programme_id, participant_id, occurred_on)
VALUES (941, 94104, '2024-03-01');
SAVEPOINT a;
INSERT INTO mentoring.learning_log (programme_id, participant_id, occurred_on)
VALUES (941, 94103, '2024-03-01');
SELECT mentoring.rebuild_learning_log();
SELECT pg_temp.state();
INSERT INTO mentoring.learning_log (programme_id, participant_id, occurred_on)
VALUES (941, 94103, '2024-03-01');
SELECT pg_temp.state();
-- as before the rebuilding
ROLLBACK TO a;
SELECT pg_temp.state() LIKE 'exact%';
SELECT mentoring.rebuild_learning_log();
SELECT pg_temp.state();
COMMIT;
SELECT pg_temp.state();
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT pg_temp.said('SELECT mentoring.rebuild_learning_log()');
ROLLBACK;

-- Counters don't wrap, and nothing is half-written.
UPDATE mentoring.learning_day SET entries = 9223372036854775807
 WHERE participant_id = 94105;
INSERT INTO mentoring.learning_log (programme_id, participant_id, occurred_on)
VALUES (941, 94101, '2024-03-01'), (941, 94105, '2024-03-01');
SET mentoring.flush_method = 'statements';
INSERT INTO mentoring.learning_log (programme_id, participant_id, occurred_on)
VALUES (941, 94101, '2024-03-01'), (941, 94105, '2024-03-01');
RESET mentoring.flush_method;
SELECT mentoring.rebuild_learning_log();
SELECT pg_temp.state();

-- A row that isn't known of is found before it's there twice.
INSERT INTO mentoring.learning_day VALUES (941, 94103, '2031-01-01', 0, 1, 1);
SET session_replication_role = replica;
INSERT INTO mentoring.learning_log (programme_id, participant_id, occurred_on)
VALUES (941, 94103, '2031-01-01');
RESET session_replication_role;
UPDATE mentoring.learning_log SET minutes = 5 WHERE occurred_on = '2031-01-01';
SELECT mentoring.rebuild_learning_log();
UPDATE mentoring.learning_log SET minutes = 5 WHERE occurred_on = '2031-01-01';
SELECT pg_temp.state();
DELETE FROM mentoring.learning_log WHERE occurred_on = '2031-01-01';

-- A site's index on the totals may call a function.
CREATE FUNCTION public.looked_up(id bigint) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN (SELECT p.name FROM mentoring.programme p WHERE p.id = looked_up.id);
END
$$;
CREATE INDEX looked_up ON mentoring.learning_day (public.looked_up(programme_id));
INSERT INTO mentoring.learning_log (programme_id, participant_id, occurred_on)
VALUES (941, 94103, '2024-05-07');
SELECT count(*) FROM mentoring.learning_day
 WHERE public.looked_up(programme_id) = 'log' AND day = '2024-05-07';
DELETE FROM mentoring.learning_log WHERE occurred_on = '2024-05-07';
DROP INDEX mentoring.looked_up;
DROP FUNCTION public.looked_up(bigint);

-- A site's triggers on the totals: written by statements, and obeyed
CREATE FUNCTION public.on_total() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE NOTICE '% %', TG_OP, TG_TABLE_NAME;
    RETURN NEW;
END
$$;
CREATE FUNCTION public.no_total() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RETURN NULL;
END
$$;
CREATE TRIGGER on_total BEFORE INSERT OR UPDATE ON mentoring.learning_author
    FOR EACH ROW EXECUTE FUNCTION public.on_total();
INSERT INTO mentoring.learning_log (programme_id, participant_id, occurred_on)
VALUES (941, 94102, '2024-03-02');
SELECT pg_temp.state();
DROP TRIGGER on_total ON mentoring.learning_author;
CREATE TRIGGER no_total BEFORE INSERT OR UPDATE ON mentoring.learning_day
    FOR EACH ROW EXECUTE FUNCTION public.no_total();
INSERT INTO mentoring.learning_log (programme_id, participant_id, occurred_on)
VALUES (941, 94102, '2024-03-02');
DROP TRIGGER no_total ON mentoring.learning_day;
SELECT pg_temp.state();
CREATE RULE no_delta AS ON INSERT TO mentoring.learning_delta DO INSTEAD NOTHING;
INSERT INTO mentoring.learning_log (programme_id, participant_id, occurred_on)
VALUES (941, 94102, '2024-03-02');
DROP RULE no_delta ON mentoring.learning_delta;
INSERT INTO mentoring.learning_log (programme_id, participant_id, occurred_on)
VALUES (941, 94102, '2024-03-02');
SELECT pg_temp.state();
DROP FUNCTION public.on_total(), public.no_total();

-- One who misuses the functions
SELECT mentoring._learning_total();
SELECT mentoring._learning_truncate();
CREATE TRIGGER early BEFORE INSERT ON mentoring.learning_log
    FOR EACH ROW EXECUTE FUNCTION mentoring._learning_total();
INSERT INTO mentoring.learning_log (programme_id, participant_id)
VALUES (941, 94102);
DROP TRIGGER early ON mentoring.learning_log;
CREATE TABLE public.other_log (a integer);
CREATE TRIGGER other AFTER INSERT ON public.other_log
    FOR EACH ROW EXECUTE FUNCTION mentoring._learning_total();
INSERT INTO public.other_log VALUES (1);
DROP TABLE public.other_log;
SELECT mentoring.set_replication_mode('both');
SELECT mentoring.set_replication_mode('rebuild');
SET session_replication_role = replica;
INSERT INTO mentoring.learning_log (programme_id, participant_id, occurred_on)
VALUES (941, 94102, '2024-03-02');
RESET session_replication_role;
SELECT pg_temp.state();
SELECT mentoring.set_replication_mode('origin');
SELECT count(*) FROM pg_trigger WHERE tgenabled <> 'O';

-- The server folds by itself.
SET mentoring.fold_after = 1;
DO $$
BEGIN
    FOR i IN 1 .. 1000 LOOP
        INSERT INTO mentoring.learning_log
               (programme_id, participant_id, occurred_on)
        VALUES (941, 94102, '2024-03-02');
        COMMIT;
        EXIT WHEN (SELECT sum(entries) FROM mentoring.learning_programme_day
                    WHERE day = '2024-03-02') > 10;
        PERFORM pg_sleep(0.02);
    END LOOP;
END
$$;
SELECT sum(entries) > 10 FROM mentoring.learning_programme_day
 WHERE day = '2024-03-02';
RESET mentoring.fold_after;

\set ECHO none
\i :cleanup

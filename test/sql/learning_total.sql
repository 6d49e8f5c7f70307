-- Totals of the learning log: exact inside a transaction and after it, by
-- whatever statement rows come, change and go.

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

-- Inserted
INSERT INTO mentoring.learning_log
       (programme_id, occurred_on, relationship_id, participant_id, minutes,
        skill_id, level_before, level_after)
SELECT 941, '2024-01-20'::date + i * 3, CASE WHEN i % 4 > 0 THEN 9411 + i % 3 END,
       94101 + (i + 2) % 3, i * 7, CASE WHEN i % 3 > 0 THEN 9411 + i % 2 END,
       CASE WHEN i % 5 > 0 THEN i % 5 END, CASE WHEN i % 7 > 0 THEN i % 7 END
  FROM generate_series(1, 24) AS i;
SELECT pg_temp.state();
SELECT * FROM pg_temp.totals();
COPY mentoring.learning_log (programme_id, id, occurred_on, participant_id,
                             minutes, skill_id, source, source_event_id)
FROM stdin WITH (DELIMITER ' ', NULL '-');
941 94100001 2024-03-30 94104 30 9411 lms 1
941 94100002 2024-03-31 94104 30 9412 lms 2
941 94100003 2024-04-01 94105 30 - lms 3
\.
SELECT pg_temp.state();

-- Inside a transaction the views see what it has done.
BEGIN;
INSERT INTO mentoring.learning_log
       (programme_id, occurred_on, participant_id, minutes, source,
        source_event_id)
VALUES (941, '2024-04-01', 94106, 5, 'lms', '3'),
       (941, '2024-04-01', 94106, 5, 'lms', '4')
    ON CONFLICT (programme_id, source, source_event_id)
    DO UPDATE SET minutes = learning_log.minutes + EXCLUDED.minutes;
SELECT pg_temp.state();
MERGE INTO mentoring.learning_log l
USING (VALUES ('1'), ('2'), ('5')) AS e (event)
   ON l.source_event_id = e.event
 WHEN MATCHED AND event = '1' THEN DELETE
 WHEN MATCHED THEN UPDATE SET skill_id = 9411, level_before = 1, level_after = 7
 WHEN NOT MATCHED THEN
    INSERT (programme_id, occurred_on, participant_id, source, source_event_id)
    VALUES (941, '2024-04-02', 94101, 'lms', event);
SELECT pg_temp.state();
-- one statement that deletes and inserts
WITH gone AS (
    DELETE FROM mentoring.learning_log WHERE source = 'lms' RETURNING *
)
INSERT INTO mentoring.learning_log
       (programme_id, occurred_on, participant_id, minutes, source)
SELECT programme_id, occurred_on + 1, participant_id, minutes, 'again'
  FROM gone;
SELECT pg_temp.state();
SELECT * FROM pg_temp.totals();
COMMIT;
SELECT pg_temp.state();
SELECT * FROM pg_temp.totals();

-- Each column that counts
SELECT assignment, pg_temp.said(format(
           'UPDATE mentoring.learning_log SET %s WHERE programme_id = 941',
           assignment)), pg_temp.state()
  FROM unnest(ARRAY['minutes = minutes + 1', 'occurred_on = occurred_on + 20',
      'relationship_id = NULL', 'participant_id = 94101',
      'skill_id = 9412', 'skill_id = NULL', 'skill_id = 9411',
      'level_before = 1', 'level_after = 3', 'level_before = NULL',
      'minutes = 0', 'relationship_id = 9412']) WITH ORDINALITY
      AS u (assignment, n);
SELECT pg_temp.state();
SELECT * FROM pg_temp.totals();
-- and those that don't
BEGIN;
UPDATE mentoring.learning_log
   SET reflection = 'thought again', visibility = 'private', kind = 'other';
SELECT count(*) FROM mentoring._learning_pending();
COMMIT;
-- by a trigger of the site, whatever the statement says
CREATE FUNCTION public.log_more() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.minutes := NEW.minutes + 10;
    RETURN NEW;
END
$$;
CREATE TRIGGER log_more BEFORE UPDATE ON mentoring.learning_log
    FOR EACH ROW EXECUTE FUNCTION public.log_more();
UPDATE mentoring.learning_log SET reflection = 'and again'
 WHERE participant_id = 94101;
DROP TRIGGER log_more ON mentoring.learning_log;
SELECT pg_temp.state();
-- a deferred one writes when the transaction ends
CREATE FUNCTION public.log_late() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.source = 'local' THEN
        INSERT INTO mentoring.learning_log
               (programme_id, participant_id, occurred_on, minutes, source)
        VALUES (NEW.programme_id, 94103, '2024-05-05', 11, 'late');
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER log_late AFTER INSERT ON mentoring.learning_log
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION public.log_late();
BEGIN;
INSERT INTO mentoring.learning_log (programme_id, participant_id, occurred_on)
VALUES (941, 94102, '2024-05-05');
SELECT pg_temp.state();
COMMIT;
SELECT pg_temp.state();
DROP TRIGGER log_late ON mentoring.learning_log;
DROP FUNCTION public.log_more(), public.log_late();

-- Savepoints
BEGIN;
SAVEPOINT a;
INSERT INTO mentoring.learning_log (programme_id, participant_id, occurred_on,
                                    minutes)
VALUES (941, 94101, '2024-06-01', 1), (941, 94102, '2024-06-01', 2);
SAVEPOINT b;
UPDATE mentoring.learning_log SET minutes = 100
 WHERE occurred_on = '2024-06-01';
SAVEPOINT c;
DELETE FROM mentoring.learning_log WHERE occurred_on = '2024-06-01';
SELECT pg_temp.state();
ROLLBACK TO c;
SELECT pg_temp.state();
RELEASE c;
SELECT pg_temp.state();
ROLLBACK TO b;
SELECT pg_temp.state();
INSERT INTO mentoring.learning_log (programme_id, participant_id, occurred_on)
VALUES (941, 94103, '2024-06-02');
RELEASE a;
SELECT pg_temp.state();
COMMIT;
SELECT pg_temp.state();
-- many small ones, a third of them undone
DO $$
BEGIN
    FOR i IN 1..60 LOOP
        BEGIN
            INSERT INTO mentoring.learning_log
                   (programme_id, participant_id, occurred_on, minutes)
            VALUES (941, 94101 + i % 5, '2024-07-01', i);
            IF i % 3 = 0 THEN
                RAISE division_by_zero;
            END IF;
        EXCEPTION WHEN division_by_zero THEN NULL;
        END;
    END LOOP;
END
$$;
SELECT pg_temp.state();
BEGIN;
DELETE FROM mentoring.learning_log WHERE occurred_on = '2024-07-01';
SELECT pg_temp.state();
ROLLBACK;
SELECT pg_temp.state();

-- TRUNCATE, and undone
BEGIN;
INSERT INTO mentoring.learning_log (programme_id, participant_id, occurred_on)
VALUES (941, 94101, '2024-08-01');
SAVEPOINT a;
INSERT INTO mentoring.learning_log (programme_id, participant_id, occurred_on)
VALUES (941, 94102, '2024-08-01');
SAVEPOINT b;
TRUNCATE mentoring.learning_log;
SELECT pg_temp.state();
SELECT * FROM pg_temp.totals();
INSERT INTO mentoring.learning_log (programme_id, participant_id, occurred_on,
                                    relationship_id, skill_id)
VALUES (941, 94103, '2024-08-02', 9411, 9411);
SELECT pg_temp.state();
ROLLBACK TO b;
SELECT pg_temp.state();
TRUNCATE mentoring.learning_log;
INSERT INTO mentoring.learning_log (programme_id, participant_id, occurred_on)
VALUES (941, 94103, '2024-08-03');
RELEASE b;
SELECT pg_temp.state();
ROLLBACK TO a;
SELECT pg_temp.state();
ROLLBACK;
SELECT pg_temp.state();
BEGIN;
SAVEPOINT a;
INSERT INTO mentoring.learning_log (programme_id, participant_id, occurred_on)
VALUES (941, 94103, '2024-08-04');
SAVEPOINT b;
TRUNCATE mentoring.learning_log;
RELEASE b;
INSERT INTO mentoring.learning_log (programme_id, participant_id, occurred_on,
                                    skill_id, level_before, level_after)
VALUES (941, 94104, '2024-08-05', 9412, 2, 5);
RELEASE a;
SELECT pg_temp.state();
COMMIT;
SELECT pg_temp.state();
SELECT * FROM pg_temp.totals();

-- By statements, as where the tables are in other hands
SET mentoring.flush_method = 'statements';
INSERT INTO mentoring.learning_log
       (programme_id, occurred_on, relationship_id, participant_id, minutes,
        skill_id, level_before, level_after)
SELECT 941, '2024-01-20'::date + i * 3, CASE WHEN i % 4 > 0 THEN 9411 + i % 3 END,
       94101 + (i + 2) % 3, i * 7, CASE WHEN i % 3 > 0 THEN 9411 + i % 2 END,
       CASE WHEN i % 5 > 0 THEN i % 5 END, CASE WHEN i % 7 > 0 THEN i % 7 END
  FROM generate_series(1, 24) AS i;
SELECT pg_temp.state();
RESET mentoring.flush_method;
UPDATE mentoring.learning_log SET occurred_on = occurred_on + 9;
SELECT pg_temp.state();
SET mentoring.flush_method = 'statements';
DELETE FROM mentoring.learning_log WHERE participant_id = 94101;
SELECT pg_temp.state();
DELETE FROM mentoring.learning_log;
SELECT pg_temp.state();
SELECT * FROM pg_temp.totals();
RESET mentoring.flush_method;
-- rows of 0 stay only for what authors are locked by
SELECT count(*) FROM mentoring.learning_day;
SELECT count(*) FILTER (WHERE skill_id <> 0 OR entries <> 0)
  FROM mentoring.learning_author;

\set ECHO none
\i :cleanup

-- The learning log: what its views add up, and what it refuses.

BEGIN;
\set SHOW_CONTEXT never
\getenv test_dir PG_ABS_SRCDIR
\set setup :test_dir '/match_setup.sql'
\set ECHO none
\i :setup
\set ECHO all

-- Messages name entries by their ids; undone with the rest.
ALTER SEQUENCE mentoring.learning_log_id_seq RESTART WITH 9310001;

-- Programme 931: mentees 93101 and 93102, mentors 93151 and 93152, who are
-- together in relationships 9311 and 9312.
SELECT pg_temp.line(931, '{1, 2}', '{1, 2}');
SELECT pg_temp.line(932, '{1}', '{1}');
INSERT INTO mentoring.relationship (programme_id, id, status)
VALUES (931, 9311, 'active'), (931, 9312, 'active'), (932, 9321, 'active');
INSERT INTO mentoring.relationship_member
       (programme_id, relationship_id, participant_id, role)
VALUES (931, 9311, 93101, 'mentee'), (931, 9311, 93151, 'mentor'),
       (931, 9312, 93102, 'mentee'), (931, 9312, 93152, 'mentor'),
       (932, 9321, 93201, 'mentee'), (932, 9321, 93251, 'mentor');
INSERT INTO mentoring.skill (id, name) VALUES (9311, 'log a'), (9312, 'log b');

-- 2024-01-01 is a Monday.
INSERT INTO mentoring.learning_log
       (programme_id, occurred_on, relationship_id, participant_id, kind,
        minutes, skill_id, level_before, level_after, visibility)
VALUES (931, '2024-01-01', 9311, 93101, 'meeting', 60, 9311, 1, 2, 'private'),
       (931, '2024-01-07', 9311, 93101, 'reflection', 30, 9311, 2, 4,
        'relationship'),
       (931, '2024-01-07', 9311, 93151, 'reflection', 15, NULL, NULL, NULL,
        'coordinator'),
       (931, '2024-01-08', 9311, 93101, 'practice', 1440, 9312, 3, NULL,
        'relationship'),
       (931, '2024-01-31', 9312, 93102, 'observation', 0, 9311, 5, 3,
        'relationship'),
       (931, '2024-02-01', NULL, 93102, 'course', 90, 9311, 0, 7,
        'relationship');
SELECT * FROM mentoring.learning_by_relationship_week
 WHERE programme_id = 931 ORDER BY relationship_id, week;
SELECT * FROM mentoring.learning_by_participant
 WHERE programme_id = 931 ORDER BY participant_id;
SELECT * FROM mentoring.learning_by_skill_month
 WHERE programme_id = 931 ORDER BY skill_id, month;
SELECT * FROM mentoring.learning_by_programme_month
 WHERE programme_id = 931 ORDER BY month;

-- A streak ends with the last entry, and ISO weeks don't end with the year.
INSERT INTO mentoring.learning_log (programme_id, occurred_on, participant_id)
SELECT 932, d::date, 93201
  FROM unnest('{2023-12-10, 2023-12-18, 2023-12-25, 2023-12-31, 2024-01-01,
                2024-01-14, 2024-01-29}'::date[]) AS d;
SELECT active_days, last_on, streak_weeks
  FROM mentoring.learning_by_participant WHERE participant_id = 93201;
DELETE FROM mentoring.learning_log
 WHERE participant_id = 93201 AND occurred_on = '2024-01-29';
SELECT active_days, last_on, streak_weeks
  FROM mentoring.learning_by_participant WHERE participant_id = 93201;

-- An event arrives once.
INSERT INTO mentoring.learning_log
       (programme_id, occurred_on, participant_id, source, source_event_id)
VALUES (931, '2024-03-01', 93101, 'moodle', 'a1');
INSERT INTO mentoring.learning_log
       (programme_id, occurred_on, participant_id, source, source_event_id)
VALUES (931, '2024-03-02', 93102, 'moodle', 'a1'),
       (931, '2024-03-02', 93102, 'moodle', 'a2'),
       (931, '2024-03-02', 93102, 'canvas', 'a1')
    ON CONFLICT (programme_id, source, source_event_id) DO NOTHING;
SELECT participant_id, occurred_on, source, source_event_id
  FROM mentoring.learning_log
 WHERE programme_id = 931 AND source <> 'local' ORDER BY 3, 4;

-- What it says by itself
INSERT INTO mentoring.learning_log (programme_id, participant_id)
VALUES (931, 93101)
RETURNING occurred_on = current_date AS today, kind, minutes, visibility,
          source, relationship_id;
-- somewhere it is tomorrow
INSERT INTO mentoring.learning_log (programme_id, participant_id, occurred_on)
VALUES (931, 93101, current_date + 1);

-- Refused
\set ON_ERROR_ROLLBACK on
\set VERBOSITY terse
CREATE FUNCTION pg_temp.refused(changes text) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    state text;
    said  text;
BEGIN
    EXECUTE 'INSERT INTO mentoring.learning_log
             SELECT (jsonb_populate_record(NULL::mentoring.learning_log,
                 jsonb_build_object(''programme_id'', 931, ''id'', 9319999,
                     ''occurred_on'', ''2024-01-01'', ''relationship_id'', 9311,
                     ''participant_id'', 93101, ''kind'', ''other'',
                     ''minutes'', 1, ''visibility'', ''private'',
                     ''source'', ''local'', ''created_at'', now())
                 || $1::jsonb)).*' USING changes;
    RETURN 'accepted';
EXCEPTION WHEN others THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE,
                            said = MESSAGE_TEXT;
    RETURN state || ' ' || regexp_replace(said,
        to_char(current_date + 2, 'YYYY-MM-DD') || '|' || current_date + 2,
        'the day after tomorrow');
END
$$;
SELECT changes, pg_temp.refused(changes)
  FROM unnest(ARRAY['{"minutes": -1}', '{"minutes": 1441}',
      '{"level_before": 8}', '{"level_after": -1}', '{"kind": "chat"}',
      '{"visibility": "public"}', '{"source": ""}', '{"source_event_id": ""}',
      '{"occurred_on": null}', '{"occurred_on": "infinity"}',
      '{"participant_id": 93102}', '{"participant_id": 93201}',
      '{"relationship_id": 9321}', '{"relationship_id": 1}',
      '{"relationship_id": null, "participant_id": 93201}',
      '{"skill_id": 1000000000}',
      '{"source": "moodle", "source_event_id": "a1"}']) AS changes;
SELECT pg_temp.refused(jsonb_build_object('occurred_on',
                                          current_date + 2)::text);
UPDATE mentoring.learning_log SET programme_id = 932, participant_id = 93201,
       relationship_id = NULL
 WHERE source_event_id = 'a2';
UPDATE mentoring.learning_log SET minutes = minutes + 1441
 WHERE source_event_id = 'a2';
UPDATE mentoring.learning_log SET occurred_on = 'infinity'
 WHERE source_event_id = 'a2';
DELETE FROM mentoring.relationship_member
 WHERE relationship_id = 9311 AND participant_id = 93101;
DELETE FROM mentoring.participant WHERE id = 93102;
SELECT mentoring._learning_log_check();
ROLLBACK;

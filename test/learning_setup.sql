-- A programme whose log can be written: mentees 94101 to 94106 and mentors
-- 94151 to 94153 of programme 941, who are together in relationships 9411 to
-- 9413; skills 9411 and 9412; and what tests look at.
--
-- Rows are committed, for totals are applied then; learning_cleanup.sql takes
-- them away.

INSERT INTO mentoring.programme (id, name, model, status)
VALUES (941, 'log', 'one_to_one', 'running');
INSERT INTO mentoring.person (id, external_id, display_name)
SELECT i, 'log ' || i, 'person ' || i
  FROM unnest('{94101, 94102, 94103, 94104, 94105, 94106, 94151, 94152,
                94153}'::bigint[]) AS i;
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status,
                                   capacity)
SELECT 941, id, id, CASE WHEN id % 100 > 50 THEN 'mentor' ELSE 'mentee' END,
       'accepted', 9
  FROM mentoring.person
 WHERE id / 100 = 941;
INSERT INTO mentoring.relationship (programme_id, id, status)
VALUES (941, 9411, 'active'), (941, 9412, 'active'), (941, 9413, 'active');
INSERT INTO mentoring.relationship_member
       (programme_id, relationship_id, participant_id, role)
SELECT 941, 9411 + i % 3, 94100 + i, 'mentee' FROM generate_series(1, 6) AS i
UNION ALL
SELECT 941, 9411 + i % 3, 94150 + i, 'mentor' FROM generate_series(1, 3) AS i;
INSERT INTO mentoring.skill (id, name) VALUES (9411, 'log x'), (9412, 'log y');

-- "exact", or what differs; and what isn't applied yet.
CREATE FUNCTION pg_temp.state() RETURNS text
LANGUAGE sql
AS $$
    SELECT format('%s, %s entries, %s pending',
                  coalesce((SELECT string_agg(v::text, E'\n')
                              FROM mentoring.verify_learning_log() v),
                           'exact'),
                  (SELECT count(*) FROM mentoring.learning_log),
                  (SELECT count(*) FROM mentoring._learning_pending()
                    WHERE (entries, minutes, gain, gain_entries)
                          <> (0, 0, 0, 0)))
$$;

-- The four views in a line each.
CREATE FUNCTION pg_temp.totals() RETURNS TABLE (view_name text, sums text)
LANGUAGE sql
AS $$
    SELECT 'weeks', format('%s rows, %s entries, %s minutes, %s days',
                           count(*), sum(entries), sum(minutes),
                           sum(active_days))
      FROM mentoring.learning_by_relationship_week
    UNION ALL
    SELECT 'participants', format('%s rows, %s entries, %s minutes, %s days, %s weeks',
                           count(*), sum(entries), sum(minutes),
                           sum(active_days), sum(streak_weeks))
      FROM mentoring.learning_by_participant
    UNION ALL
    SELECT 'skills', format('%s rows, %s entries, %s participants, gain %s of %s',
                           count(*), sum(entries), sum(participants),
                           sum(gain), sum(gain_entries))
      FROM mentoring.learning_by_skill_month
    UNION ALL
    SELECT 'months', format('%s rows, %s entries, %s participants, %s days',
                           count(*), sum(entries), sum(participants),
                           sum(active_days))
      FROM mentoring.learning_by_programme_month
$$;

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

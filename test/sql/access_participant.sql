-- What people may do with their own participation, with relationships and with
-- requests: everything else is refused.

\set QUIET on
\pset format unaligned
\pset tuples_only on
SET datestyle = 'ISO';
BEGIN;
\o /dev/null
\set input `echo "$PG_ABS_SRCDIR/access_setup.sql"`
\i :input
\o

-- Applying: every role, every status
SELECT r.role, s.status, x.outcome
  FROM unnest(ARRAY['mentor', 'mentee', 'peer', 'champion', 'coordinator',
                    'sponsor']) WITH ORDINALITY AS r (role, m)
 CROSS JOIN unnest(ARRAY['applied', 'accepted', 'waitlisted', 'declined',
                         'withdrawn', 'completed']) WITH ORDINALITY AS s (status, n)
 CROSS JOIN LATERAL pg_temp.each('sam', format(
     'INSERT INTO mentoring.participant (programme_id, person_id, role, status)'
     ' VALUES (7101, 7105, %L, %L)', r.role, s.status)) x
 WHERE x.outcome = '1 rows'
 ORDER BY m, n;
SELECT x.*
  FROM unnest(ARRAY['champion', 'coordinator', 'sponsor']) AS role
 CROSS JOIN LATERAL pg_temp.each('sam', format(
     'INSERT INTO mentoring.participant (programme_id, person_id, role)'
     ' VALUES (7101, 7105, %L)', role)) x;
-- for somebody else, earlier than others, with an id of one's choice, without identity
SELECT * FROM pg_temp.each('sam nobody', 'INSERT INTO mentoring.participant
    (programme_id, person_id, role) VALUES (7101, 7107, ''mentee'')');
SELECT * FROM pg_temp.each('sam', 'INSERT INTO mentoring.participant
    (programme_id, person_id, role, applied_at)
    VALUES (7101, 7105, ''mentee'', now() - interval ''1 day'')');
SELECT * FROM pg_temp.each('sam cora', 'INSERT INTO mentoring.participant
    (programme_id, id, person_id, role) VALUES (7102, 7112, 7105, ''mentee'')');

-- Changing: every column
SELECT c.attname, x.*
  FROM pg_attribute c
 CROSS JOIN LATERAL pg_temp.each('ana cora', format(
     'UPDATE mentoring.participant SET %I = %s WHERE id = 7112', c.attname,
     CASE c.attname WHEN 'programme_id' THEN '7102' WHEN 'id' THEN '7199'
          WHEN 'person_id' THEN '7105' WHEN 'role' THEN '''mentor'''
          WHEN 'status' THEN '''completed''' WHEN 'capacity' THEN '7'
          WHEN 'profile' THEN '''{"town": "Rome"}'''
          WHEN 'bio' THEN '''x''' WHEN 'aims' THEN '''x'''
          ELSE c.attname || ' - interval ''1 day''' END)) x
 WHERE c.attrelid = 'mentoring.participant'::regclass AND c.attnum > 0
 ORDER BY c.attnum;
-- capacity lowered, every status
SELECT * FROM pg_temp.each('ben', 'UPDATE mentoring.participant
    SET capacity = 1 WHERE id = 7113');
SELECT s.status, x.*
  FROM unnest(ARRAY['applied', 'accepted', 'waitlisted', 'declined',
                    'withdrawn', 'completed']) AS s (status)
 CROSS JOIN LATERAL pg_temp.each('eva cora sam', format(
     'UPDATE mentoring.participant SET status = %L WHERE id = 7116',
     s.status)) x;
-- not those of others, and not deleted
SELECT * FROM pg_temp.each('ana max sam nobody', 'UPDATE mentoring.participant
    SET bio = ''x'' WHERE id = 7113');
SELECT * FROM pg_temp.each('ana cora', 'DELETE FROM mentoring.participant
    WHERE id IN (7112, 7116)');

-- The directory row: one's profile, and nothing else
SELECT c.attname, x.*
  FROM pg_attribute c
 CROSS JOIN LATERAL pg_temp.each('ana', format(
     'UPDATE mentoring.person SET %1$I = %1$I', c.attname)) x
 WHERE c.attrelid = 'mentoring.person'::regclass AND c.attnum > 0
   AND x.outcome NOT LIKE '42501 permission denied for table person%';
SELECT * FROM pg_temp.each('ana cora', 'UPDATE mentoring.person
    SET profile = ''{}'' WHERE id IN (7102, 7103)');

-- Relationships: members pause, resume and end them; the rest is the
-- coordinators', and their status
CREATE FUNCTION pg_temp.change(who text, old text, new text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    outcome text;
BEGIN
    PERFORM set_config('session_replication_role', 'replica', true);
    UPDATE mentoring.relationship SET status = old WHERE id = 7101;
    PERFORM set_config('session_replication_role', 'origin', true);
    SELECT e.outcome INTO outcome FROM pg_temp.each(who, format(
        'UPDATE mentoring.relationship SET status = %L WHERE id = 7101',
        new)) e;
    RAISE EXCEPTION USING ERRCODE = 'ZZ002', MESSAGE = outcome;
EXCEPTION
    WHEN SQLSTATE 'ZZ002' THEN
        RETURN SQLERRM;
END
$$;
SELECT o.status, n.status,
       string_agg(w.who || ': ' ||
                  split_part(pg_temp.change(w.who, o.status, n.status), ' ', 1),
                  ', ' ORDER BY w.place)
  FROM unnest(ARRAY['proposed', 'trial', 'active', 'paused', 'completed',
                    'ended']) WITH ORDINALITY AS o (status, place)
 CROSS JOIN unnest(ARRAY['proposed', 'trial', 'active', 'paused', 'completed',
                         'ended']) WITH ORDINALITY AS n (status, place)
 CROSS JOIN unnest(ARRAY['ana', 'ben', 'cora', 'sam', 'max'])
            WITH ORDINALITY AS w (who, place)
 WHERE o.status <> n.status
 GROUP BY o.status, o.place, n.status, n.place
 ORDER BY o.place, n.place;
SELECT pg_temp.change('ana', 'active', 'completed');
SELECT pg_temp.change('ben', 'proposed', 'active');
SELECT c.attname, x.*
  FROM pg_attribute c
 CROSS JOIN LATERAL pg_temp.each('ben cora', format(
     'UPDATE mentoring.relationship SET %I = %s WHERE id = 7101', c.attname,
     CASE c.attname WHEN 'programme_id' THEN '7102' WHEN 'id' THEN '7199'
          WHEN 'match_run_id' THEN '1' WHEN 'status' THEN '''paused'''
          WHEN 'cadence_days' THEN '3' WHEN 'ended_from' THEN '''trial'''
          WHEN 'end_reason' THEN '''x''' WHEN 'is_no_fault' THEN 'true'
          ELSE '''2020-01-01''' END)) x
 WHERE c.attrelid = 'mentoring.relationship'::regclass AND c.attnum > 0
 ORDER BY c.attnum;
SELECT * FROM pg_temp.each('ana cora sam', 'INSERT INTO mentoring.relationship
    (programme_id) VALUES (7101)');
SELECT * FROM pg_temp.each('ana cora', 'INSERT INTO mentoring.relationship
    (programme_id, id) VALUES (7102, 7101)');
SELECT * FROM pg_temp.each('ana cora', 'UPDATE mentoring.relationship_member
    SET participant_id = 7117 WHERE participant_id = 7113');
SELECT * FROM pg_temp.each('tom cora', 'INSERT INTO mentoring.relationship_member
    (programme_id, relationship_id, participant_id, role)
    VALUES (7101, 7101, 7117, ''mentor'')');

-- Whom one is with: all that is seen of the other
SELECT pg_temp.as('ana');
SELECT * FROM mentoring.partner;
SELECT id FROM mentoring.person ORDER BY id;
SELECT id FROM mentoring.participant ORDER BY id;
SELECT pg_temp.as('ben');
SELECT * FROM mentoring.partner;
RESET ROLE;
SELECT * FROM pg_temp.each('max cora nobody', 'SELECT * FROM mentoring.partner');
-- who has left sees nothing, and is still seen
UPDATE mentoring.person SET is_active = false WHERE id = 7103;
SELECT * FROM pg_temp.each('ana ben', 'SELECT * FROM mentoring.partner');
UPDATE mentoring.person SET is_active = true WHERE id = 7103;

-- Requests: asked by the mentee, answered by the mentor who was asked
SELECT * FROM pg_temp.each('tom max cora sam nobody',
    'SELECT mentoring.request_mentor(7101, 7116, 7113)');
SELECT pg_temp.as('eva');
SELECT mentoring.request_mentor(7101, 7116, 7113) > 0,
       mentoring.request_mentor(7101, 7116, 7117, 2) > 0;
SELECT rank, status FROM mentoring.request ORDER BY rank;
RESET ROLE;
SELECT * FROM pg_temp.each('eva ben tom cora ana max sam nobody',
    'SELECT FROM mentoring.request');
SELECT * FROM pg_temp.each('eva tom cora ana max sam nobody ben', format(
    'SELECT mentoring.answer_request(7101, %s, true)',
    (SELECT id FROM mentoring.request WHERE rank = 1)));
SELECT * FROM pg_temp.each('tom ben', format(
    'SELECT mentoring.answer_request(7101, %s, true)',
    (SELECT id FROM mentoring.request WHERE rank = 2)));
SELECT * FROM pg_temp.each('ben', 'SELECT mentoring.answer_request(7101, 0, true)');
-- withdrawn by the mentee; nothing else is changed, by anybody
SELECT s.status, x.who, regexp_replace(x.outcome, 'request \d+', 'request N')
  FROM unnest(ARRAY['waiting', 'asked', 'accepted', 'declined', 'expired',
                    'withdrawn']) AS s (status)
 CROSS JOIN LATERAL pg_temp.each('eva ben cora', format(
     'UPDATE mentoring.request SET status = %L WHERE rank = 1',
     s.status)) x;
SELECT c.attname, x.*
  FROM pg_attribute c
 CROSS JOIN LATERAL pg_temp.each('eva', format(
     'UPDATE mentoring.request SET %1$I = %1$I', c.attname)) x
 WHERE c.attrelid = 'mentoring.request'::regclass AND c.attnum > 0
   AND x.outcome NOT LIKE '42501 permission denied for table request%';
SELECT * FROM pg_temp.each('eva', 'INSERT INTO mentoring.request
    (programme_id, mentee_id, mentor_id) VALUES (7101, 7116, 7113)');
SELECT * FROM pg_temp.each('eva', 'DELETE FROM mentoring.request');

-- The log: what each may read, and change
CREATE FUNCTION pg_temp.read(who text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    texts text;
BEGIN
    IF who LIKE 'regress%' THEN
        PERFORM set_config('mentoring.person_id', '', true),
                set_config('role', who, true);
    ELSE
        PERFORM pg_temp.as(who);
    END IF;
    SELECT string_agg(id::text, ', ' ORDER BY id) INTO texts
      FROM mentoring.learning_log;
    RESET ROLE;
    RETURN texts;
END
$$;
SELECT id, reflection, visibility FROM mentoring.learning_log ORDER BY id;
SELECT w.who, pg_temp.read(w.who)
  FROM unnest(ARRAY['ana', 'ben', 'cora', 'max', 'eva', 'sam', 'nobody',
                    'regress_admin', 'regress_sync'])
       WITH ORDINALITY AS w (who, place)
 ORDER BY w.place;
SELECT l.id, x.*
  FROM mentoring.learning_log l
 CROSS JOIN LATERAL pg_temp.each('ana ben cora sam', format(
     'UPDATE mentoring.learning_log SET minutes = 1 WHERE id = %s', l.id)) x
 WHERE x.outcome <> '0 rows' ORDER BY l.id;
SELECT * FROM pg_temp.each('ben cora max', 'INSERT INTO mentoring.learning_log
    (programme_id, participant_id) VALUES (7101, 7112)');
SELECT * FROM pg_temp.each('ana', 'UPDATE mentoring.learning_log
    SET participant_id = 7116, relationship_id = NULL WHERE id = 7104');
SELECT pg_temp.as('nobody');
SET ROLE regress_sync;
SELECT pg_temp.said('SELECT reflection FROM mentoring.learning_log');
SELECT pg_temp.said('SELECT * FROM mentoring.participant');
SELECT pg_temp.said('INSERT INTO mentoring.learning_log (programme_id,
    participant_id, source, source_event_id, minutes)
    VALUES (7101, 7112, ''lms'', ''evt-2'', 5)');
SELECT pg_temp.said('INSERT INTO mentoring.learning_log (programme_id,
    participant_id, source, source_event_id, minutes)
    VALUES (7101, 7112, ''lms'', ''evt-1'', 5) ON CONFLICT DO NOTHING');
SELECT pg_temp.said('INSERT INTO mentoring.learning_log (programme_id,
    participant_id) VALUES (7101, 7112)');
SELECT pg_temp.said('INSERT INTO mentoring.learning_log (programme_id,
    participant_id, source, reflection) VALUES (7101, 7112, ''lms'', ''x'')');
RESET ROLE;

-- Totals: of partners what belongs to the relationship, and no more; before
-- they are applied and after
CREATE FUNCTION pg_temp.totals(people text)
RETURNS TABLE (who text, participants text, weeks text, months text,
               skills text)
LANGUAGE plpgsql AS $$
BEGIN
    FOREACH who IN ARRAY string_to_array(people, ' ') LOOP
        PERFORM pg_temp.as(who);
        SELECT string_agg(participant_id || ': ' || minutes, ', '
                          ORDER BY participant_id) INTO participants
          FROM mentoring.learning_by_participant;
        SELECT string_agg(week || ': ' || minutes, ', ' ORDER BY week)
          INTO weeks FROM mentoring.learning_by_relationship_week;
        SELECT string_agg(programme_id || ': ' || minutes, ', '
                          ORDER BY programme_id) INTO months
          FROM mentoring.learning_by_programme_month;
        SELECT string_agg(programme_id || ': ' || minutes, ', '
                          ORDER BY programme_id) INTO skills
          FROM mentoring.learning_by_skill_month;
        RESET ROLE;
        RETURN NEXT;
    END LOOP;
END
$$;
SELECT * FROM pg_temp.totals('ana ben cora eva sam max nobody');
SELECT mentoring.rebuild_learning_log();
SELECT * FROM pg_temp.totals('ana ben cora eva sam max nobody');
SELECT count(*) FROM mentoring.verify_learning_log();

-- Who waits: one's own true place
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status,
                                   applied_at)
VALUES (7101, 7131, 7101, 'mentee', 'waitlisted', '2020-01-01');
SELECT pg_temp.as('eva');
SELECT programme_id, participant_id, position FROM mentoring.waiting_list
 ORDER BY 1, 2;
SELECT pg_temp.as('cora');
SELECT programme_id, participant_id, position FROM mentoring.waiting_list
 ORDER BY 1, 2;
RESET ROLE;
SELECT * FROM pg_temp.each('ana ben sam nobody',
                           'SELECT FROM mentoring.waiting_list');
ROLLBACK;

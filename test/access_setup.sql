-- The cast of the tests of access: two programmes, one pair in the first with
-- entries of each visibility, who coordinates it, who manages the mentee, and
-- somebody elsewhere.
--
-- as('ana') acts for a person as the application's role; said() runs a
-- statement and tells what came of it.

CREATE ROLE regress_app;
CREATE ROLE regress_admin;
CREATE ROLE regress_sync;
SET client_min_messages = error;
SELECT mentoring.grant_access('regress_app', 'app'),
       mentoring.grant_access('regress_admin', 'admin'),
       mentoring.grant_access('regress_sync', 'sync');
RESET client_min_messages;
GRANT SET ON PARAMETER mentoring.person_id TO regress_app;

INSERT INTO mentoring.person
    (id, external_id, display_name, email, grade, manager_id, profile)
VALUES (7101, 'max', 'Max', 'max@example.org', 9, NULL, '{}'),
       (7102, 'ana', 'Ana', 'ana@example.org', 3, 7101, '{"town": "Ulm"}'),
       (7103, 'ben', 'Ben', 'ben@example.org', 6, NULL, '{"town": "Ulm"}'),
       (7104, 'cora', 'Cora', 'cora@example.org', 5, NULL, '{}'),
       (7105, 'sam', 'Sam', 'sam@example.org', 4, NULL, '{}'),
       (7106, 'eva', 'Eva', 'eva@example.org', 4, NULL, '{"town": "Bonn"}'),
       (7107, 'tom', 'Tom', 'tom@example.org', 4, NULL, '{}');
INSERT INTO mentoring.skill (id, name) VALUES (7101, 'singing');
INSERT INTO mentoring.programme (id, name, model, status)
VALUES (7101, 'One', 'one_to_one', 'running'),
       (7102, 'Two', 'one_to_one', 'running'),
       (7103, 'Not yet', 'one_to_one', 'draft');
INSERT INTO mentoring.participant
    (programme_id, id, person_id, role, status, capacity, bio)
VALUES (7101, 7112, 7102, 'mentee', 'accepted', 1, 'Ana''s bio'),
       (7101, 7113, 7103, 'mentor', 'accepted', 2, 'Ben''s bio'),
       (7101, 7114, 7104, 'coordinator', 'accepted', 1, NULL),
       (7101, 7116, 7106, 'mentee', 'accepted', 1, 'Eva''s bio'),
       (7101, 7117, 7107, 'mentor', 'accepted', 2, 'Tom''s bio'),
       (7102, 7125, 7105, 'coordinator', 'accepted', 1, NULL),
       (7102, 7122, 7106, 'mentee', 'accepted', 1, NULL);
INSERT INTO mentoring.relationship (programme_id, id, status)
VALUES (7101, 7101, 'active');
INSERT INTO mentoring.relationship_member
    (programme_id, relationship_id, participant_id, role)
VALUES (7101, 7101, 7112, 'mentee'), (7101, 7101, 7113, 'mentor');
INSERT INTO mentoring.learning_log
    (programme_id, id, relationship_id, participant_id, occurred_on, minutes,
     skill_id, reflection, visibility, source, source_event_id)
VALUES (7101, 7101, 7101, 7112, '2025-03-03', 10, 7101, 'Ana private',
        'private', 'local', NULL),
       (7101, 7102, 7101, 7112, '2025-03-04', 20, 7101, 'Ana to Ben',
        'relationship', 'local', NULL),
       (7101, 7103, 7101, 7112, '2025-03-05', 30, NULL, 'Ana to all',
        'coordinator', 'local', NULL),
       (7101, 7104, NULL, 7112, '2025-03-06', 40, NULL, 'Ana''s course',
        'relationship', 'lms', 'evt-1'),
       (7101, 7105, 7101, 7113, '2025-03-07', 50, NULL, 'Ben to Ana',
        'relationship', 'local', NULL),
       (7102, 7106, NULL, 7122, '2025-03-03', 60, 7101, 'Eva elsewhere',
        'coordinator', 'local', NULL);

-- Act for somebody in this transaction, as the application's role.
CREATE FUNCTION pg_temp.as(who text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    RESET ROLE;
    PERFORM set_config('mentoring.person_id', coalesce(
        (SELECT id::text FROM mentoring.person WHERE external_id = who), ''),
        true);
    PERFORM set_config('role', 'regress_app', true);
END
$$;

-- What a statement comes to: rows, or the error; it is undone.
CREATE FUNCTION pg_temp.said(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    n       bigint;
    what    text;
    detail  text;
    hint    text;
BEGIN
    EXECUTE statement;
    GET DIAGNOSTICS n = ROW_COUNT;
    RAISE EXCEPTION USING ERRCODE = 'ZZ001';
EXCEPTION
    WHEN SQLSTATE 'ZZ001' THEN
        RETURN n || ' rows';
    WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS what = MESSAGE_TEXT,
            detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
        RETURN concat_ws(' | ', SQLSTATE || ' ' || what, nullif(detail, ''),
                         nullif(hint, ''));
END
$$;

-- Every statement as several people: one line for each.
CREATE FUNCTION pg_temp.each(people text, statement text)
RETURNS TABLE (who text, outcome text)
LANGUAGE plpgsql AS $$
BEGIN
    FOREACH who IN ARRAY string_to_array(people, ' ') LOOP
        PERFORM pg_temp.as(who);
        outcome := pg_temp.said(statement);
        RESET ROLE;
        RETURN NEXT;
    END LOOP;
END
$$;

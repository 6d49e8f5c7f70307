-- Requests and answers that are refused: each says what is wrong, with what,
-- and what to do; nothing is changed.

\set ON_ERROR_ROLLBACK on
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
SET datestyle = ISO;
BEGIN;

-- Mentees are 1 to 4, mentors 11 to 15, a coordinator 20; in programme 954 the
-- ids are these plus 95400.
INSERT INTO mentoring.person (id, external_id, display_name, grade)
SELECT 95400 + i, 'request-' || i, 'Person ' || i, i
  FROM generate_series(1, 20) AS i;
INSERT INTO mentoring.programme (id, name, model, status)
VALUES (954, 'requests', 'one_to_one', 'running'),
       (955, 'another', 'one_to_one', 'running'),
       (956, 'closed', 'one_to_one', 'closed');
INSERT INTO mentoring.programme (id, name, model)
SELECT 956 + i, m, m
  FROM unnest('{group,peer,circle}'::text[]) WITH ORDINALITY AS u (m, i);
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
SELECT 954, 95400 + i, 95400 + i,
       CASE WHEN i < 10 THEN 'mentee' WHEN i < 20 THEN 'mentor'
            ELSE 'coordinator' END, 'accepted'
  FROM unnest('{1,2,3,4,11,12,13,14,15,20}'::integer[]) AS i;
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
SELECT g, g * 100 + i, 95400 + i,
       CASE WHEN g = 958 OR g = 959 THEN 'peer'
            WHEN i = 1 THEN 'mentee' ELSE 'mentor' END, 'accepted'
  FROM generate_series(955, 959) AS g, generate_series(1, 2) AS i;

-- What a statement says: its result, or SQLSTATE, message, detail and hint.
-- Times and the numbers of requests depend on what ran before.
CREATE FUNCTION pg_temp.said(statement text) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
    result text;
    message text;
    detail text;
    hint text;
BEGIN
    EXECUTE statement INTO result;
    RETURN NEXT 'result ' || coalesce(result, 'NULL');
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT,
        detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN NEXT SQLSTATE || ': ' ||
        regexp_replace(message, 'request \d+', 'request N');
    IF detail <> '' THEN
        RETURN NEXT '    ' || regexp_replace(regexp_replace(detail,
            'Request \d+', 'Request N'), '\d{4}-\d\d-[-0-9:.+ ]*', 'then', 'g');
    END IF;
    IF hint <> '' THEN
        RETURN NEXT '    ' || hint;
    END IF;
END
$$;
CREATE FUNCTION pg_temp.ask(mentee bigint, mentor bigint, rank text DEFAULT '1',
                            programme text DEFAULT '954')
RETURNS SETOF text
LANGUAGE sql AS $$
    SELECT pg_temp.said(format(
        'SELECT ''asked'' FROM mentoring.request_mentor(%s, %s, %s, %s) AS f
          WHERE f > 0', programme, coalesce(mentee::text, 'NULL'),
        coalesce(mentor::text, 'NULL'), rank))
$$;
CREATE FUNCTION pg_temp.answer(mentee bigint, mentor bigint,
                               accept text DEFAULT 'true') RETURNS SETOF text
LANGUAGE sql AS $$
    SELECT pg_temp.said(format('SELECT ''answered''
          FROM mentoring.answer_request(954, %s, %s)', max(id), accept))
      FROM mentoring.request
     WHERE mentee_id = mentee AND mentor_id = mentor
$$;

-- Arguments
SELECT pg_temp.ask(95401, 95411, programme => 'NULL');
SELECT pg_temp.ask(NULL, 95411);
SELECT pg_temp.ask(95401, NULL);
SELECT pg_temp.ask(95401, 95411, 'NULL');
SELECT pg_temp.ask(95401, 95411, '0');
SELECT pg_temp.ask(95401, 95411, '-2147483648');
SELECT pg_temp.said('SELECT mentoring.answer_request(NULL, 1, true)');
SELECT pg_temp.said('SELECT mentoring.answer_request(954, NULL, true)');
SELECT pg_temp.said('SELECT mentoring.answer_request(954, 1, NULL)');

-- Who is not there, or somebody else
SELECT pg_temp.ask(95401, 95411, programme => '987654321');
SELECT pg_temp.ask(987654321, 95411);
SELECT pg_temp.ask(95401, 987654321);
SELECT pg_temp.ask(0, 95411);
SELECT pg_temp.ask(95401, 0);
SELECT pg_temp.ask(95411, 95401);
SELECT pg_temp.ask(95401, 95402);
SELECT pg_temp.ask(95401, 95420);
SELECT pg_temp.ask(95501, 95502);
SELECT pg_temp.ask(95401, 95502);
SELECT pg_temp.said('SELECT mentoring.answer_request(954, 987654321, true)');
SELECT pg_temp.said('SELECT mentoring.answer_request(987654321, 1, true)');
SELECT pg_temp.said('SELECT mentoring.expire_requests(987654321)');

-- Programmes without requests
SELECT pg_temp.ask(95601, 95602, programme => '956');
SELECT pg_temp.ask(95701, 95702, programme => '957');
SELECT pg_temp.ask(95801, 95802, programme => '958');
SELECT pg_temp.ask(95901, 95902, programme => '959');

-- The mentee
SAVEPOINT clean;
UPDATE mentoring.participant SET status = 'waitlisted' WHERE id = 95401;
SELECT pg_temp.ask(95401, 95411);
UPDATE mentoring.participant SET capacity = 0 WHERE id = 95402;
SELECT pg_temp.ask(95402, 95411);

-- The mentor: full is said, everything else is one wording, whether the mentor
-- left, a coordinator forbade it, one of the two said never, or a minimum isn't
-- met.
UPDATE mentoring.participant SET capacity = 0 WHERE id = 95411;
SELECT pg_temp.ask(95403, 95411);
UPDATE mentoring.participant SET status = 'withdrawn' WHERE id = 95411;
SELECT pg_temp.ask(95403, 95411);
INSERT INTO mentoring.preference (programme_id, participant_id, preferred_id,
                                  is_veto)
VALUES (954, 95412, 95403, true), (954, 95403, 95413, true);
INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
VALUES (954, 95403, 95414, 'forbid');
INSERT INTO mentoring.criterion (programme_id, name, kind, mentee_key, weight,
                                 minimum, params)
VALUES (954, 'near', 'near', 'grade', 1, 0.1, '{"range": 12}');
CREATE TEMP TABLE wording (mentor bigint, line text);
INSERT INTO wording
SELECT m, pg_temp.ask(95403, m) FROM generate_series(95411, 95415) AS m;
SELECT count(*), count(DISTINCT replace(line, mentor::text, 'N'))
  FROM wording;
SELECT line FROM wording WHERE mentor = 95412;
-- Without these, each is asked.
DELETE FROM mentoring.criterion WHERE programme_id = 954;
DELETE FROM mentoring.preference WHERE programme_id = 954;
DELETE FROM mentoring.pair_rule WHERE programme_id = 954;
SELECT m, pg_temp.ask(95403, m) FROM generate_series(95412, 95415) AS m;
-- A rank is no veto, and a pin nothing forbidden.
INSERT INTO mentoring.preference (programme_id, participant_id, preferred_id,
                                  rank)
VALUES (954, 95412, 95404, 9);
INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
VALUES (954, 95404, 95412, 'pin');
SELECT pg_temp.ask(95404, 95412);
ROLLBACK TO clean;

-- One person on both sides.
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
VALUES (954, 95416, 95401, 'mentor', 'accepted');
SELECT pg_temp.ask(95401, 95416);

-- Together.
INSERT INTO mentoring.relationship (programme_id, id) VALUES (954, 95499);
INSERT INTO mentoring.relationship_member (programme_id, relationship_id,
                                           participant_id, role)
VALUES (954, 95499, 95401, 'mentee'), (954, 95499, 95411, 'mentor');
UPDATE mentoring.participant SET capacity = 2 WHERE id IN (95401, 95411);
SELECT pg_temp.ask(95401, 95411);
UPDATE mentoring.relationship SET status = 'trial' WHERE id = 95499;
UPDATE mentoring.relationship SET status = 'ended' WHERE id = 95499;
SELECT pg_temp.ask(95401, 95411);
ROLLBACK TO clean;

-- Twice.
SELECT pg_temp.ask(95401, 95411);
SELECT pg_temp.ask(95401, 95411, '2');
SELECT pg_temp.ask(95401, 95412, '2');
SELECT pg_temp.ask(95401, 95412, '3');

-- Answers: not asked yet, twice, too late, of another programme.
SELECT pg_temp.answer(95401, 95412);
SELECT pg_temp.answer(95401, 95412, 'false');
SELECT pg_temp.said(format('SELECT mentoring.answer_request(955, %s, true)',
                           id))
  FROM mentoring.request WHERE mentor_id = 95411 AND programme_id = 954;
SAVEPOINT asked;
UPDATE mentoring.request SET answer_by = now() - interval '1 second'
 WHERE programme_id = 954 AND status = 'asked';
SELECT pg_temp.answer(95401, 95411);
SELECT pg_temp.answer(95401, 95411, 'false');
SELECT pg_temp.said('UPDATE mentoring.request SET status = ''accepted''
                      WHERE programme_id = 954 AND status = ''asked''');
SELECT status, relationship_id FROM mentoring.request
 WHERE programme_id = 954 ORDER BY id;
SELECT mentoring.expire_requests(954);
SELECT pg_temp.answer(95401, 95411);
ROLLBACK TO asked;
SELECT pg_temp.answer(95401, 95411, 'false');
SELECT pg_temp.answer(95401, 95411);
SELECT pg_temp.answer(95401, 95411, 'false');
SELECT pg_temp.answer(95401, 95412);
SELECT pg_temp.answer(95401, 95412);
SELECT pg_temp.answer(95401, 95412, 'false');
ROLLBACK TO asked;
UPDATE mentoring.request SET status = 'withdrawn'
 WHERE programme_id = 954 AND status = 'asked';
SELECT pg_temp.answer(95401, 95411);
ROLLBACK TO asked;

-- What came in between.  The last place went to another; declining is still
-- possible.
SELECT pg_temp.ask(95402, 95411);
SELECT pg_temp.answer(95402, 95411);
SELECT pg_temp.answer(95401, 95411);
SELECT pg_temp.answer(95401, 95411, 'false');
ROLLBACK TO asked;
UPDATE mentoring.participant SET capacity = 0 WHERE id = 95401;
SELECT pg_temp.answer(95401, 95411);
ROLLBACK TO asked;
UPDATE mentoring.participant SET status = 'withdrawn' WHERE id = 95401;
SELECT pg_temp.answer(95401, 95411);
ROLLBACK TO asked;
UPDATE mentoring.participant SET status = 'waitlisted' WHERE id = 95411;
SELECT pg_temp.answer(95401, 95411);
ROLLBACK TO asked;
INSERT INTO mentoring.preference (programme_id, participant_id, preferred_id,
                                  is_veto)
VALUES (954, 95401, 95411, true);
SELECT pg_temp.answer(95401, 95411);
ROLLBACK TO asked;
UPDATE mentoring.programme SET status = 'closed' WHERE id = 954;
SELECT pg_temp.answer(95401, 95411);
SELECT pg_temp.answer(95401, 95411, 'false');
ROLLBACK TO asked;
SELECT status, count(*), count(relationship_id) FROM mentoring.request
 WHERE programme_id = 954 GROUP BY status ORDER BY status COLLATE "C";

-- Inserted by hand with mentor and mentee exchanged: it can't be accepted.
INSERT INTO mentoring.request (programme_id, mentee_id, mentor_id, status)
VALUES (954, 95412, 95402, 'asked');
SELECT pg_temp.answer(95412, 95402);

-- Changes of status that are not allowed.
SELECT pg_temp.said('UPDATE mentoring.request SET status = ''accepted''
                      WHERE programme_id = 954 AND status = ''waiting''');
SELECT pg_temp.said('UPDATE mentoring.request SET status = ''waiting''
                      WHERE programme_id = 954 AND status = ''asked''');
SELECT pg_temp.said('UPDATE mentoring.request SET status = ''asked''
                      WHERE programme_id = 954 AND status = ''waiting''');

\set VERBOSITY terse
UPDATE mentoring.request SET status = NULL
 WHERE programme_id = 954 AND status = 'asked';
UPDATE mentoring.request SET relationship_id = 1 WHERE programme_id = 954;
UPDATE mentoring.request SET status = 'accepted', mentee_id = NULL
 WHERE programme_id = 954 AND status = 'asked';

-- A trigger of the site's own may not make changes vanish.
CREATE FUNCTION pg_temp.vanish() RETURNS trigger
LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
SAVEPOINT vanish;
CREATE TRIGGER a_vanish BEFORE INSERT ON mentoring.relationship
FOR EACH ROW EXECUTE FUNCTION pg_temp.vanish();
SELECT pg_temp.answer(95401, 95411);
ROLLBACK TO vanish;
CREATE TRIGGER a_vanish BEFORE INSERT ON mentoring.relationship_member
FOR EACH ROW EXECUTE FUNCTION pg_temp.vanish();
SELECT pg_temp.answer(95401, 95411);
ROLLBACK TO vanish;
CREATE TRIGGER a_vanish BEFORE INSERT ON mentoring.request
FOR EACH ROW EXECUTE FUNCTION pg_temp.vanish();
SELECT pg_temp.ask(95402, 95413);
ROLLBACK TO vanish;
CREATE TRIGGER a_vanish BEFORE UPDATE ON mentoring.request
FOR EACH ROW EXECUTE FUNCTION pg_temp.vanish();
SELECT pg_temp.answer(95401, 95411);
SELECT pg_temp.answer(95401, 95411, 'false');
SELECT pg_temp.ask(95403, 95413);
ROLLBACK TO vanish;

-- The trigger functions refuse any other use.
CREATE TABLE pg_temp.wrong (id bigint, status text);
CREATE TRIGGER wrong BEFORE INSERT ON pg_temp.wrong
FOR EACH ROW EXECUTE FUNCTION mentoring._request_state();
INSERT INTO pg_temp.wrong VALUES (1, 'x');
DROP TRIGGER wrong ON pg_temp.wrong;
CREATE TRIGGER wrong BEFORE UPDATE ON pg_temp.wrong
FOR EACH ROW EXECUTE FUNCTION mentoring._request_pass_on();
INSERT INTO pg_temp.wrong VALUES (1, 'x');
UPDATE pg_temp.wrong SET status = 'y';
SELECT mentoring._request_state();
SELECT mentoring._request_pass_on();

ROLLBACK;

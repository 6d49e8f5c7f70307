-- Every kind of criterion against its definition in plain SQL, to the last
-- digit.

BEGIN;
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never
\getenv test_dir PG_ABS_SRCDIR
\set definition :test_dir '/score_definition.sql'
\set setup :test_dir '/score_setup.sql'
\set ECHO none
\i :definition
\i :setup
\set ECHO all

-- Two persons who met in another programme, once as peers, and two whose
-- relationship was never more than proposed.
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
SELECT 502, 50200 + n, 50100 + n,
       CASE WHEN n % 2 = 0 THEN 'mentor' ELSE 'peer' END, 'accepted'
FROM unnest('{1, 2, 21, 22, 23, 24}'::integer[]) AS n;
INSERT INTO mentoring.relationship (programme_id, id, status, ended_from)
VALUES (502, 50201, 'completed', NULL), (502, 50202, 'ended', 'proposed'),
       (502, 50203, 'ended', 'active');
INSERT INTO mentoring.relationship_member
       (programme_id, relationship_id, participant_id, role)
VALUES (502, 50201, 50201, 'peer'), (502, 50201, 50221, 'peer'),
       (502, 50202, 50201, 'mentee'), (502, 50202, 50222, 'mentor'),
       (502, 50203, 50202, 'mentor'), (502, 50203, 50223, 'mentee'),
       (502, 50203, 50224, 'mentee');

CREATE TEMPORARY TABLE expected AS
SELECT * FROM definition.similarity(501);

CREATE TEMPORARY TABLE found AS
SELECT c.id AS criterion_id, a.id AS mentee_id, b.id AS mentor_id, x.*
FROM mentoring.participant a, mentoring.participant b,
     mentoring.explain_pair(501, a.id, b.id) AS x
JOIN mentoring.criterion c ON c.programme_id = 501 AND c.name = x.criterion
WHERE a.programme_id = 501 AND a.role = 'mentee' AND a.status = 'accepted'
  AND b.programme_id = 501 AND b.role = 'mentor' AND b.status = 'accepted';

-- 11 mentees and 11 mentors; what differs would be listed below.  The numbers
-- show that each kind is tried with missing values and with different ones.
SELECT c.name, c.kind, count(*) AS pairs,
       count(*) FILTER (WHERE e.similarity IS NULL) AS missing,
       count(DISTINCT e.similarity) AS different,
       count(*) FILTER (WHERE f.similarity IS DISTINCT FROM
                            coalesce(e.similarity, 500000) / 1e6::float8)
           AS wrong
FROM mentoring.criterion c
LEFT JOIN expected e ON e.criterion_id = c.id
LEFT JOIN found f ON f.criterion_id = c.id AND f.mentee_id = e.mentee_id
                 AND f.mentor_id = e.mentor_id
WHERE c.programme_id = 501
GROUP BY c.id, c.name, c.kind
ORDER BY c.id;

-- All of it together: shares, sums and exclusions.
CREATE FUNCTION pg_temp.differences(programme bigint)
RETURNS TABLE (pairs bigint, wrong bigint)
LANGUAGE sql
AS $$
    SELECT count(*), count(*) FILTER (WHERE a.score IS DISTINCT FROM b.score)
    FROM definition.score(programme,
             format('definition.similarity(%s)', programme)) AS a
    FULL JOIN mentoring.pair_scores(programme) AS b
        USING (mentee_id, mentor_id)
$$;

SELECT * FROM pg_temp.differences(501);

-- With minima, missing values let pass and not, and other shares.
UPDATE mentoring.criterion SET minimum = 0.1
 WHERE id IN (50101, 50102, 50109, 50113, 50115, 50117);
SELECT * FROM pg_temp.differences(501);
UPDATE mentoring.criterion SET params = params || '{"strict": true}'
 WHERE id IN (50102, 50109, 50113, 50117);
SELECT * FROM pg_temp.differences(501);
UPDATE mentoring.criterion SET minimum = NULL, if_missing = 0.123456789,
       weight = CASE WHEN id % 2 = 0 THEN 0 ELSE 1 END
 WHERE programme_id = 501;
SELECT * FROM pg_temp.differences(501);

-- With pairs excluded in every way.
INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
VALUES (501, 50101, 50122, 'forbid'), (501, 50102, 50122, 'pin');
INSERT INTO mentoring.preference
       (programme_id, participant_id, preferred_id, is_veto)
VALUES (501, 50103, 50121, true), (501, 50130, 50104, true);
INSERT INTO mentoring.relationship (programme_id, id, status, ended_from)
VALUES (501, 50101, 'active', NULL), (501, 50102, 'ended', 'trial'),
       (501, 50103, 'proposed', NULL), (501, 50104, 'completed', NULL),
       (502, 50105, 'ended', 'trial');
INSERT INTO mentoring.relationship_member
       (programme_id, relationship_id, participant_id, role)
VALUES (501, 50101, 50101, 'mentee'), (501, 50101, 50121, 'mentor'),
       (501, 50101, 50102, 'mentee'), (501, 50102, 50103, 'mentee'),
       (501, 50102, 50125, 'mentor'), (501, 50103, 50105, 'mentee'),
       (501, 50103, 50126, 'mentor'), (501, 50104, 50106, 'mentee'),
       (501, 50104, 50126, 'mentor'), (502, 50105, 50202, 'mentor'),
       (502, 50105, 50224, 'mentor');
SELECT * FROM pg_temp.differences(501);

-- Weeks in which clocks change: in Europe and on Lord Howe Island, by half an
-- hour; in North America; in Apia; and one in which none does.  Without a
-- first day it is the week after the programme was made, in UTC.
CREATE TEMPORARY TABLE week (starts_on date, created_at timestamptz);
INSERT INTO week VALUES
    ('2025-03-30', now()), ('2025-10-20', now()), ('2025-10-05', now()),
    ('2025-11-02', now()), ('2025-03-03', now()), ('2010-09-25', now()),
    ('2025-07-09', now()), (NULL, '2025-03-23 23:30+00'),
    (NULL, '2025-03-24 00:30+02');
DELETE FROM mentoring.criterion
 WHERE programme_id = 501 AND kind <> 'availability';
UPDATE mentoring.criterion SET weight = 1 WHERE programme_id = 501;
CREATE FUNCTION pg_temp.differences_of_week(week)
RETURNS TABLE (pairs bigint, wrong bigint, total numeric)
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE mentoring.programme
       SET starts_on = $1.starts_on, created_at = $1.created_at
     WHERE id = 501;
    RETURN QUERY SELECT d.pairs, d.wrong, (SELECT sum(score)::numeric(9, 6)
                               FROM mentoring.pair_scores(501))
                 FROM pg_temp.differences(501) AS d;
END
$$;
SET LOCAL timezone = 'Asia/Tokyo';
SELECT starts_on, d.*
  FROM week, pg_temp.differences_of_week(week) AS d;

ROLLBACK;

-- Why a pair scores what it scores, and why another doesn't.

BEGIN;
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never

INSERT INTO mentoring.programme (id, name, model, starts_on)
VALUES (531, 'explained', 'one_to_one', '2025-07-07'),
       (532, 'an earlier one', 'one_to_one', '2024-07-01');
INSERT INTO mentoring.person
       (id, external_id, display_name, grade, org_unit, timezone, manager_id,
        profile)
VALUES
    (53190, 'explain 90', 'Boss', 9, 'Board', NULL, NULL, '{}'),
    (53180, 'explain 80', 'Head', 7, 'Sales', NULL, 53190, '{}'),
    (53101, 'explain 1', 'Mentee', 3, 'Sales', 'Europe/Paris', 53180,
     '{"interests": ["chess", "opera"], "age": 30, "values": [1, 0, 2],
       "availability": [{"day": 1, "from": "09:00", "to": "10:30"}]}'),
    (53102, 'explain 2', 'Mentor', 5, 'Law', 'UTC', 53190,
     '{"interests": ["opera", "films", "tea"], "age": 41, "values": [2, 1, 2],
       "availability": [{"day": 1, "from": "07:30", "to": "08:00"}]}'),
    (53103, 'explain 3', 'Another mentor', NULL, NULL, NULL, NULL, '{}');
INSERT INTO mentoring.participant
       (programme_id, id, person_id, role, status, bio, aims)
VALUES
    (531, 53101, 53101, 'mentee', 'accepted', NULL, 'to speak in public'),
    (531, 53102, 53102, 'mentor', 'accepted', 'I speak in public', NULL),
    (531, 53103, 53103, 'mentor', 'accepted', NULL, NULL),
    (531, 53104, 53101, 'mentor', 'accepted', NULL, NULL),
    (531, 53105, 53180, 'mentor', 'applied', NULL, NULL),
    (531, 53106, 53190, 'mentee', 'declined', NULL, NULL),
    (532, 53111, 53101, 'mentee', 'accepted', NULL, NULL),
    (532, 53112, 53102, 'mentor', 'accepted', NULL, NULL);
INSERT INTO mentoring.skill (id, name, category)
VALUES (53101, 'SQL', 'explain'), (53102, 'C', 'explain'),
       (53103, 'Pottery', 'explain'), (53104, 'Chess', 'explain');
INSERT INTO mentoring.person_skill (person_id, skill_id, level)
VALUES (53101, 53101, 1), (53101, 53102, 4), (53102, 53101, 2),
       (53102, 53104, 7);
INSERT INTO mentoring.participant_skill
       (programme_id, participant_id, skill_id, level, target_level, weight)
VALUES (531, 53101, 53101, NULL, 5, 3), (531, 53101, 53102, NULL, 4, 1),
       (531, 53101, 53103, 0, 2, 1), (531, 53101, 53104, 0, 2, 0),
       (531, 53102, 53101, 4, NULL, 1);
INSERT INTO mentoring.preference
       (programme_id, participant_id, preferred_id, rank)
VALUES (531, 53101, 53103, 1), (531, 53101, 53102, 2);
INSERT INTO mentoring.criterion
       (programme_id, id, name, kind, mentee_key, mentor_key, weight, minimum,
        if_missing, params)
VALUES
    (531, 53101, 'skills', 'skill_cover', NULL, NULL, 4, NULL, 0.5, '{}'),
    (531, 53102, 'interests', 'overlap', 'interests', NULL, 2, 0.1, 0.5, '{}'),
    (531, 53103, 'unit', 'differ', 'org_unit', NULL, 1, NULL, 0.5, '{}'),
    (531, 53104, 'age', 'near', 'age', NULL, 1, 0.1, 0.25,
     '{"range": 20, "strict": true}'),
    (531, 53105, 'seniority', 'gap', 'grade', NULL, 1, NULL, 0.5,
     '{"from": 1, "to": 3}'),
    (531, 53106, 'values', 'cosine', 'values', NULL, 1, NULL, 0.5, '{}'),
    (531, 53107, 'time', 'availability', NULL, NULL, 1, 0.25, 0.5, '{}'),
    (531, 53108, 'aims', 'text', 'aims', 'bio', 1, NULL, 0.5, '{}'),
    (531, 53109, 'line', 'reporting_line', NULL, NULL, 0, 1, 0.5,
     '{"depth": 2}'),
    (531, 53110, 'not met', 'not_met', NULL, NULL, 1, NULL, 0.5, '{}'),
    (531, 53111, 'wishes', 'preference', NULL, NULL, 1, NULL, 0.5, '{}');

CREATE FUNCTION pg_temp.reasons(mentee bigint, mentor bigint)
RETURNS TABLE (criterion text, kind text, mentee_value jsonb,
               mentor_value jsonb, similarity double precision,
               contribution double precision, minimum double precision)
LANGUAGE sql
AS $$
    SELECT criterion, kind, mentee_value, mentor_value, similarity,
           contribution, minimum
    FROM mentoring.explain_pair(531, mentee, mentor) WHERE NOT is_met
$$;

-- The columns.
SELECT string_agg(format('%s %s', name, type), ', ' ORDER BY place)
FROM (SELECT unnest(proargnames) AS name,
             unnest(proallargtypes)::regtype AS type,
             generate_series(1, cardinality(proargnames)) AS place
      FROM pg_proc WHERE oid = 'mentoring.explain_pair'::regproc) AS a
WHERE place > 3;

-- A pair: what was compared, what came of it, what it is worth.  Both are
-- below the boss, but neither is above the other.
\x on
SELECT criterion, mentee_value, mentor_value
  FROM mentoring.explain_pair(531, 53101, 53102);
\x off
SELECT criterion, kind, similarity, weight, contribution, minimum, is_met
  FROM mentoring.explain_pair(531, 53101, 53102);

-- The contributions add up to the score.
SELECT sum(contribution::numeric) AS total,
       sum(contribution::numeric) = max(c)::numeric AS is_score
  FROM mentoring.explain_pair(531, 53101, 53102),
       mentoring.compatibility(531, 53101, 53102) AS c;

-- Missing values: if_missing counts, and is shown.  Only a strict minimum is
-- broken by them; nobody else stands in the way.
SELECT criterion, mentee_value, mentor_value, similarity, contribution,
       minimum, is_met
  FROM mentoring.explain_pair(531, 53101, 53103)
 WHERE mentee_value IS NULL OR mentor_value IS NULL;
SELECT mentoring.compatibility(531, 53101, 53103) IS NULL AS not_eligible;
UPDATE mentoring.criterion SET params = '{"range": 20}' WHERE id = 53104;
SELECT * FROM pg_temp.reasons(53101, 53103);
SELECT mentoring.compatibility(531, 53101, 53103),
       (SELECT sum(contribution::numeric)
          FROM mentoring.explain_pair(531, 53101, 53103)) AS total;

-- Rules broken: of a criterion, and of all other kinds.  The contributions
-- add up to the score the pair would have.
UPDATE mentoring.criterion SET minimum = 0.3 WHERE id IN (53102, 53107);
UPDATE mentoring.person SET manager_id = 53180 WHERE id = 53102;
UPDATE mentoring.person SET manager_id = 53102 WHERE id = 53180;
UPDATE mentoring.person SET manager_id = 53180 WHERE id = 53101;
INSERT INTO mentoring.pair_rule
       (programme_id, mentee_id, mentor_id, rule, reason)
VALUES (531, 53101, 53102, 'forbid', 'worked together for years'),
       (531, 53101, 53102, 'pin', NULL), (531, 53101, 53103, 'forbid', NULL);
INSERT INTO mentoring.preference
       (programme_id, participant_id, preferred_id, is_veto)
VALUES (531, 53102, 53101, true);
UPDATE mentoring.participant SET capacity = 3 WHERE programme_id = 531;
INSERT INTO mentoring.relationship (programme_id, id, status, ended_from)
VALUES (531, 53101, 'active', NULL), (531, 53102, 'ended', 'trial'),
       (532, 53103, 'ended', 'trial'), (532, 53104, 'completed', NULL),
       (532, 53105, 'ended', 'proposed');
INSERT INTO mentoring.relationship_member
       (programme_id, relationship_id, participant_id, role)
SELECT 531, r, p, role
FROM unnest('{53101, 53102}'::bigint[]) AS r,
     (VALUES (53101, 'mentee'), (53102, 'mentor')) AS m (p, role)
UNION ALL
SELECT 532, r, p, role
FROM unnest('{53103, 53104, 53105}'::bigint[]) AS r,
     (VALUES (53111, 'mentee'), (53112, 'mentor')) AS m (p, role);
SELECT * FROM pg_temp.reasons(53101, 53102);
SELECT criterion, mentee_value, mentor_value, similarity, is_met
  FROM mentoring.explain_pair(531, 53101, 53102)
 WHERE kind IN ('not_met', 'preference');
SELECT mentoring.compatibility(531, 53101, 53102) IS NULL AS not_eligible;
SELECT * FROM pg_temp.reasons(53101, 53103);

-- Oneself, and who isn't accepted: either side, then both, and then more.
SELECT * FROM pg_temp.reasons(53101, 53104);
SELECT * FROM pg_temp.reasons(53101, 53105);
SELECT * FROM pg_temp.reasons(53106, 53102);
SELECT * FROM pg_temp.reasons(53106, 53105);
SELECT count(*) AS rows_in_all, sum(contribution::numeric) > 0 AS has_score
  FROM mentoring.explain_pair(531, 53106, 53105);

-- One who isn't accepted gets the score he or she would have: accepted, it is
-- the same.
SELECT sum(contribution::numeric) AS before
  FROM mentoring.explain_pair(531, 53101, 53105) \gset
DELETE FROM mentoring.criterion WHERE id = 53109;
UPDATE mentoring.participant SET status = 'accepted' WHERE id = 53105;
SELECT mentoring.compatibility(531, 53101, 53105)::numeric = :before AS same;

-- A criterion's part is 0 when its weight is, whatever its similarity.
UPDATE mentoring.criterion SET weight = 0 WHERE id <> 53103;
SELECT criterion, similarity, weight, contribution
  FROM mentoring.explain_pair(531, 53101, 53102) WHERE criterion IS NOT NULL;

ROLLBACK;

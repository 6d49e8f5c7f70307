-- Recommendations to either side, with free places.

BEGIN;
\set ON_ERROR_ROLLBACK on
\set SHOW_CONTEXT never

-- Mentees 54101 to 54106 and mentors 54151 to 54158 stand on a line; the score
-- is 1 - distance / 10.
INSERT INTO mentoring.programme (id, name, model)
VALUES (541, 'recommended', 'one_to_one');
INSERT INTO mentoring.person
       (id, source, external_id, display_name, profile)
SELECT 54100 + n, 'recommend', 'p' || n, 'Person ' || n,
       jsonb_build_object('place', place)
FROM (VALUES (1, 5), (2, 4), (3, 5), (4, 0), (5, 5), (6, 5),
             (51, 5), (52, 6), (53, 4), (54, 5), (55, 0), (56, 5), (57, 3),
             (58, 5)) AS v (n, place);
INSERT INTO mentoring.participant
       (programme_id, id, person_id, role, status, capacity, bio)
SELECT 541, id, id, CASE WHEN id < 54150 THEN 'mentee' ELSE 'mentor' END,
       CASE WHEN id IN (54106, 54158) THEN 'waitlisted' ELSE 'accepted' END,
       CASE WHEN id IN (54151, 54156) THEN 2 WHEN id = 54154 THEN 0
            ELSE 1 END,
       CASE WHEN id % 2 = 1 THEN 'I stand at ' || (profile ->> 'place') END
FROM mentoring.person WHERE source = 'recommend';
INSERT INTO mentoring.criterion
       (programme_id, name, kind, mentee_key, params)
VALUES (541, 'distance', 'near', 'place', '{"range": 10}');

-- Mentor 54156 is full, 54151 has one of two places left; a proposed
-- relationship takes a place, a completed one doesn't.
INSERT INTO mentoring.relationship (programme_id, id, status)
VALUES (541, 54101, 'active'), (541, 54102, 'proposed'),
       (541, 54103, 'proposed'), (541, 54104, 'completed');
INSERT INTO mentoring.relationship_member
       (programme_id, relationship_id, participant_id, role)
VALUES (541, 54101, 54103, 'mentee'), (541, 54101, 54156, 'mentor'),
       (541, 54102, 54104, 'mentee'), (541, 54102, 54156, 'mentor'),
       (541, 54103, 54105, 'mentee'), (541, 54103, 54151, 'mentor'),
       (541, 54104, 54102, 'mentee'), (541, 54104, 54152, 'mentor');

-- Free places first, then the score, then the lower id; who has no place
-- comes last.  Who is waitlisted doesn't come at all.
SELECT * FROM mentoring.recommend(541, 54101);

-- Not more than asked for.
SELECT rank, partner_id FROM mentoring.recommend(541, 54101, 2);
SELECT rank, partner_id FROM mentoring.recommend(541, 54101, how_many => 1);
SELECT count(*) FROM mentoring.recommend(541, 54101, 2147483647);

-- For a mentor: the mentees, with their places.
SELECT * FROM mentoring.recommend(541, 54155);

-- Who is together already isn't recommended again, nor is who isn't eligible.
SELECT rank, partner_id, score, free_places
  FROM mentoring.recommend(541, 54156);
INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
VALUES (541, 54101, 54153, 'forbid');
INSERT INTO mentoring.preference
       (programme_id, participant_id, preferred_id, is_veto)
VALUES (541, 54157, 54101, true);
UPDATE mentoring.criterion SET minimum = 0.6;
SELECT rank, partner_id, score, free_places
  FROM mentoring.recommend(541, 54101);

-- The score is that of the pair, on both sides.
SELECT count(*) AS recommended,
       count(*) FILTER (WHERE r.score = s.score) AS same_score
  FROM mentoring.participant p,
       mentoring.recommend(541, p.id, 100) AS r
  LEFT JOIN mentoring.pair_scores(541) AS s
    ON r.partner_id IN (s.mentee_id, s.mentor_id)
 WHERE p.programme_id = 541 AND p.id IN (s.mentee_id, s.mentor_id);
SELECT 2 * count(*) AS both_sides FROM mentoring.pair_scores(541);

-- One who is waitlisted gets no recommendations.
SELECT * FROM mentoring.recommend(541, 54106);

-- Who ends a relationship has a place again.
UPDATE mentoring.relationship SET status = 'ended' WHERE id = 54103;
SELECT partner_id, free_places FROM mentoring.recommend(541, 54101)
 WHERE partner_id = 54151;

ROLLBACK;

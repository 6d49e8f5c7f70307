-- people.sql: a programme of :n mentees and :n mentors for measuring
--
-- Deterministic (arithmetic on ids, no random()).  Each person has about ten of
-- 300 skills, popular ones more often, levels 1 to 5; mentees want ten skills
-- two levels up; five of 100 interests; a grade; one of twenty units; an hour
-- offset; three free hours a week.  The same data serve the extension and its
-- rivals, which get them in the form that suits them best.
SET client_min_messages = warning;
CREATE SCHEMA bench;

-- A small generator: 31-bit hash of two numbers.
CREATE FUNCTION bench.h(a bigint, b bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (x * 1103515245 + 12345 + (x >> 7) * 69069) & 2147483647
    FROM (SELECT ((a * 2654435761 + b * 40503 + ((a * b) % 65521) * 7919)
                  & 2147483647)) AS s (x)
$$;

INSERT INTO mentoring.skill (id, name)
SELECT i, 'skill ' || i FROM generate_series(1, 300) i;

INSERT INTO mentoring.person (id, external_id, display_name, grade, org_unit,
                              profile)
SELECT i, 'p' || i, 'Person ' || i,
       CASE WHEN i <= :n THEN 1 ELSE 3 END + bench.h(i, 1) / 1000 % 4,
       'unit ' || bench.h(i, 2) / 1000 % 20,
       jsonb_build_object(
           'offset', bench.h(i, 3) / 1000 % 12,
           'interests',
           (SELECT jsonb_agg('topic ' || e ORDER BY e)
            FROM (SELECT DISTINCT bench.h(i, 10 + k) / 1000 % 100 AS e
                  FROM generate_series(1, 5) k) s),
           'availability',
           jsonb_build_array(
               jsonb_build_object('day', 1 + i % 5, 'from', '09:00',
                                  'to', '10:30'),
               jsonb_build_object('day', 1 + (i / 5) % 5, 'from', '14:00',
                                  'to', '15:30')))
FROM generate_series(1, 2 * :n) i;

INSERT INTO mentoring.programme (id, name, model, status, starts_on)
VALUES (1, 'bench', 'one_to_one', 'matching', DATE '2026-03-02');

INSERT INTO mentoring.participant (programme_id, id, person_id, role, status,
                                   capacity)
SELECT 1, i, i, CASE WHEN i <= :n THEN 'mentee' ELSE 'mentor' END, 'accepted', 1
FROM generate_series(1, 2 * :n) i;

-- Zipf-like: the square of a uniform number prefers low skill ids.
INSERT INTO mentoring.participant_skill (programme_id, participant_id,
                                         skill_id, level, target_level, weight)
SELECT 1, i, s, lv, CASE WHEN i <= :n THEN lv + 2 END, 1 + s % 3
FROM (SELECT i, s, min(1 + bench.h(i, 500 + k) / 1000 % 5)
                   - CASE WHEN i <= :n THEN 1 ELSE 0 END AS lv
      FROM (SELECT i, k,
                   1 + (300 * power(bench.h(i, 100 + k) / 2147483648.0, 2))::int % 300 AS s
            FROM generate_series(1, 2 * :n) i, generate_series(1, 10) k) x
      GROUP BY i, s) y;

INSERT INTO mentoring.criterion (programme_id, name, kind, mentee_key, weight,
                                 params)
VALUES (1, 'skills', 'skill_cover', NULL, 45, '{}'),
       (1, 'interests', 'overlap', 'interests', 20, '{}'),
       (1, 'seniority', 'gap', 'grade', 15, '{"from": 1, "to": 3, "slack": 2}'),
       (1, 'unit', 'same', 'org_unit', 10, '{}'),
       (1, 'hours', 'near', 'offset', 10, '{"range": 12}');
ANALYZE;

-- What a good SQL author would keep ready for the rivals.
CREATE TABLE bench.one AS
SELECT p.id, p.role, n.grade::double precision AS grade, n.org_unit AS unit,
       (n.profile ->> 'offset')::double precision AS hours,
       (SELECT bit_or(set_bit(repeat('0', 100)::bit(100),
                              substr(e, 7)::int, 1))
        FROM jsonb_array_elements_text(n.profile -> 'interests') e) AS topics
FROM mentoring.participant p
JOIN mentoring.person n ON n.id = p.person_id;
ALTER TABLE bench.one ADD PRIMARY KEY (id);
CREATE TABLE bench.topic AS
SELECT p.id, p.role, substr(e, 7)::int AS topic,
       jsonb_array_length(n.profile -> 'interests') AS size
FROM mentoring.participant p
JOIN mentoring.person n ON n.id = p.person_id,
     jsonb_array_elements_text(n.profile -> 'interests') e;
CREATE TABLE bench.want AS
SELECT participant_id AS mentee, skill_id AS skill,
       level::double precision AS low, target_level::double precision AS high,
       weight / sum(weight) OVER (PARTITION BY participant_id) AS weight
FROM mentoring.participant_skill WHERE target_level IS NOT NULL;
CREATE TABLE bench.offer AS
SELECT participant_id AS mentor, skill_id AS skill,
       level::double precision AS level
FROM mentoring.participant_skill WHERE target_level IS NULL;
CREATE INDEX ON bench.offer (skill);
ANALYZE;

-- Rival 1: joins and aggregates only.
CREATE VIEW bench.score_join AS
WITH skills AS (
    SELECT w.mentee, o.mentor,
           sum(w.weight * greatest(0, least(1, (o.level - w.low)
                                               / (w.high - w.low)))) AS s
    FROM bench.want w JOIN bench.offer o USING (skill)
    GROUP BY 1, 2
), interests AS (
    SELECT a.id AS mentee, b.id AS mentor,
           count(*)::double precision / (a.size + b.size - count(*)) AS s
    FROM bench.topic a JOIN bench.topic b USING (topic)
    WHERE a.role = 'mentee' AND b.role = 'mentor'
    GROUP BY a.id, b.id, a.size, b.size
)
SELECT a.id AS mentee, b.id AS mentor,
       0.45 * coalesce(k.s, 0) + 0.20 * coalesce(i.s, 0)
       + 0.15 * CASE WHEN b.grade - a.grade < 1
                     THEN greatest(0, 1 - (1 - (b.grade - a.grade)) / 2)
                     WHEN b.grade - a.grade > 3
                     THEN greatest(0, 1 - ((b.grade - a.grade) - 3) / 2)
                     ELSE 1 END
       + 0.10 * CASE WHEN a.unit = b.unit THEN 1 ELSE 0 END
       + 0.10 * greatest(0, 1 - abs(a.hours - b.hours) / 12) AS score
FROM bench.one a
JOIN bench.one b ON a.role = 'mentee' AND b.role = 'mentor'
LEFT JOIN skills k ON k.mentee = a.id AND k.mentor = b.id
LEFT JOIN interests i ON i.mentee = a.id AND i.mentor = b.id;

-- Rival 2: sets as bit strings, so that only skills need a join.
CREATE VIEW bench.score_bits AS
WITH skills AS (
    SELECT w.mentee, o.mentor,
           sum(w.weight * greatest(0, least(1, (o.level - w.low)
                                               / (w.high - w.low)))) AS s
    FROM bench.want w JOIN bench.offer o USING (skill)
    GROUP BY 1, 2
)
SELECT a.id AS mentee, b.id AS mentor,
       0.45 * coalesce(k.s, 0)
       + 0.20 * bit_count(a.topics & b.topics)::double precision
              / bit_count(a.topics | b.topics)
       + 0.15 * CASE WHEN b.grade - a.grade < 1
                     THEN greatest(0, 1 - (1 - (b.grade - a.grade)) / 2)
                     WHEN b.grade - a.grade > 3
                     THEN greatest(0, 1 - ((b.grade - a.grade) - 3) / 2)
                     ELSE 1 END
       + 0.10 * CASE WHEN a.unit = b.unit THEN 1 ELSE 0 END
       + 0.10 * greatest(0, 1 - abs(a.hours - b.hours) / 12) AS score
FROM bench.one a
JOIN bench.one b ON a.role = 'mentee' AND b.role = 'mentor'
LEFT JOIN skills k ON k.mentee = a.id AND k.mentor = b.id;

-- What the extension makes of the demo company: to be read by people.
--
-- Run by psql after company.sql; it may be run again, each run makes two match
-- runs, drafts that nobody has to publish.

\set ON_ERROR_STOP on
\set QUIET on
\pset format aligned
\pset border 1
\pset linestyle ascii
\pset footer off
\pset expanded off
\pset null ''
SET client_min_messages = warning;

SELECT id AS programme, name AS programme_name
FROM mentoring.programme
WHERE name = 'Next step'
ORDER BY id DESC
LIMIT 1
\gset

-- First come, first served: each mentee in the order of ids takes the best
-- mentor who still has a place.  This is how lists are filled by hand.
CREATE OR REPLACE FUNCTION pg_temp.first_come(programme bigint)
RETURNS TABLE (mentee_id bigint, mentor_id bigint, score double precision)
LANGUAGE plpgsql
AS $$
DECLARE
    pair record;
    served bigint := 0;
    places integer[];
BEGIN
    SELECT array_agg(COALESCE(l.capacity - l.active, 0) ORDER BY n)
      INTO places
      FROM generate_series(1, (SELECT max(participant_id)
                               FROM mentoring.participant_load
                               WHERE programme_id = programme)) AS n
      LEFT JOIN mentoring.participant_load l
        ON l.programme_id = programme AND l.participant_id = n;
    FOR pair IN
        SELECT p.* FROM mentoring.pair_scores(programme) p
        ORDER BY p.mentee_id, p.score DESC, p.mentor_id
    LOOP
        CONTINUE WHEN pair.mentee_id = served
                   OR places[pair.mentor_id] = 0;
        served := pair.mentee_id;
        places[pair.mentor_id] := places[pair.mentor_id] - 1;
        mentee_id := pair.mentee_id;
        mentor_id := pair.mentor_id;
        score := pair.score;
        RETURN NEXT;
    END LOOP;
END
$$;

-- Participants as people
CREATE OR REPLACE TEMPORARY VIEW somebody AS
SELECT a.id, a.role, a.bio, a.aims, a.capacity, p.id AS person_id, p.manager_id,
       p.display_name AS name, p.job_role, p.site, p.timezone, p.profile,
       format('%s (%s, %s)', p.display_name, p.job_role, p.site) AS who
FROM mentoring.participant a
JOIN mentoring.person p ON p.id = a.person_id
WHERE a.programme_id = (SELECT max(id) FROM mentoring.programme
                        WHERE name = 'Next step');


\echo
\echo 'The company'
\echo '-----------'

SELECT format(E'Havelin makes instruments for hospitals: %s people in %s occupations of\nO*NET, at %s sites on five continents. In the programme "%s" %s mentees\nwant the skills of a next job, and %s mentors offer %s places.',
              to_char(count(*), 'FM9,999'),
              count(DISTINCT profile ->> 'occupation'),
              count(DISTINCT site), :'programme_name',
              (SELECT count(*) FROM somebody WHERE role = 'mentee'),
              (SELECT count(*) FROM somebody WHERE role = 'mentor'),
              (SELECT sum(capacity) FROM somebody WHERE role = 'mentor'))
           AS company,
       (SELECT count(*) FROM somebody WHERE role = 'mentee') AS mentees,
       (SELECT count(*) FROM somebody WHERE role = 'mentor') AS mentors
FROM mentoring.person
WHERE source = 'havelin' AND profile ? 'occupation'
\gset
\echo :company
\echo

SELECT name AS "what makes a pair", kind, weight,
       minimum AS "at least (rule)"
FROM mentoring.criterion
WHERE programme_id = :programme
ORDER BY weight = 0, weight DESC, id;


\echo 'Scoring and matching'
\echo '--------------------'

SELECT clock_timestamp() AS t0 \gset
SELECT count(*) AS eligible FROM mentoring.pair_scores(:programme) \gset
SELECT clock_timestamp() AS t1 \gset
SELECT mentoring.match(:programme) AS run \gset
SELECT mentoring.match(:programme, 'greedy') AS greedy_run \gset

SELECT format('All %s pairs scored in %s ms; %s of them keep every rule.',
              to_char(:mentees::integer * :mentors, 'FM999,999'),
              round(extract(epoch FROM :'t1'::timestamptz
                                       - :'t0'::timestamptz) * 1000),
              to_char(:eligible, 'FM999,999')) AS scoring,
       format('Best matching made in %s ms: scored, solved, proven and saved as match run %s.',
              round(elapsed_ms::numeric), id) AS matching
FROM mentoring.match_run
WHERE programme_id = :programme AND id = :run
\gset
\echo :scoring
\echo :matching
\echo

WITH pair AS (
    SELECT 1 AS place, 'optimal' AS how, score
    FROM mentoring.proposed_pair
    WHERE programme_id = :programme AND match_run_id = :run
    UNION ALL
    SELECT 2, 'greedy: best pair first', score
    FROM mentoring.proposed_pair
    WHERE programme_id = :programme AND match_run_id = :greedy_run
    UNION ALL
    SELECT 3, 'first come, first served', score
    FROM pg_temp.first_come(:programme)
)
SELECT how AS "way of matching", count(*) AS pairs,
       :mentees - count(*) AS "without mentor",
       round(sum(score)::numeric, 3) AS "total score",
       round(avg(score)::numeric, 3) AS "mean score",
       round(min(score)::numeric, 3) AS "worst score"
FROM pair
GROUP BY place, how
ORDER BY place;

\echo 'Optimal is the highest total among all matchings with the most pairs. Greedy'
\echo 'gives a few a better mentor, and so leaves others without. The proof, checked'
\echo 'by code that shares nothing with the solver:'
\echo

SELECT check_name AS "check", CASE WHEN holds THEN 'holds' WHEN NOT holds
           THEN 'FAILS' ELSE 'no claim' END AS result,
       split_part(detail, ';', 1) AS detail
FROM mentoring.verify_match(:programme, :run);


-- One pair: the best of those who work at different sites.
SELECT pp.mentee_id AS mentee, pp.mentor_id AS mentor,
       format(E'%s, %s in %s. %s\n%s, %s\nScore: %s, which is the sum of what the criteria add.',
              e.name, e.job_role, e.site, e.aims, r.name, r.bio,
              round(pp.score::numeric, 6)) AS pair_lines
FROM mentoring.proposed_pair pp
JOIN somebody e ON e.id = pp.mentee_id
JOIN somebody r ON r.id = pp.mentor_id
WHERE pp.programme_id = :programme AND pp.match_run_id = :run
ORDER BY e.site <> r.site DESC, pp.score DESC, pp.mentee_id
LIMIT 1
\gset

\echo 'Why these two'
\echo '-------------'
\echo :pair_lines
\echo

SELECT criterion,
       CASE kind
           WHEN 'skill_cover' THEN jsonb_array_length(mentee_value)
                                   || ' skills, see below'
           WHEN 'gap' THEN format('grades %s and %s', mentee_value,
                                  mentor_value)
           WHEN 'cosine' THEN format('%s numbers of each',
                                     jsonb_array_length(mentee_value))
           WHEN 'availability' THEN format('%s and %s times a week',
                                           jsonb_array_length(mentee_value),
                                           jsonb_array_length(mentor_value))
           WHEN 'overlap' THEN
               (SELECT CASE WHEN count(*) < 3
                            THEN 'both: ' || string_agg(e.value, ', ')
                            ELSE count(*) || ' in common' END
                FROM jsonb_array_elements_text(mentee_value) e
                JOIN jsonb_array_elements_text(mentor_value) r USING (value))
           WHEN 'reporting_line' THEN 'the managers of both'
       END AS "what is compared",
       round(similarity::numeric, 3) AS similarity, weight,
       round(contribution::numeric, 6) AS "adds to score",
       minimum AS "at least"
FROM mentoring.explain_pair(:programme, :mentee, :mentor);

SELECT e.value ->> 'skill' AS "skill wanted",
       (e.value ->> 'level')::integer AS has,
       (e.value ->> 'target')::integer AS wants,
       (r.value ->> 'level')::integer AS "the mentor has"
FROM mentoring.explain_pair(:programme, :mentee, :mentor) x,
     jsonb_array_elements(x.mentee_value) e
JOIN jsonb_array_elements(x.mentor_value) r
  ON r.value -> 'skill' = e.value -> 'skill'
WHERE x.kind = 'skill_cover';


-- One refused pair: a mentee and the own manager, if possible with more
-- against it than that.
SELECT e.id AS refused_mentee, r.id AS refused_mentor,
       format(E'%s can''t be paired with the manager,\n%s:', e.who, r.who)
           AS refused_lines
FROM (SELECT e.id AS mentee_id, r.id AS mentor_id
      FROM somebody e
      JOIN somebody r ON r.person_id = e.manager_id AND r.role = 'mentor'
      WHERE e.role = 'mentee'
      ORDER BY e.id
      LIMIT 10) AS report
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE NOT x.is_met) AS broken
    FROM mentoring.explain_pair(:programme, mentee_id, mentor_id) x) AS why
JOIN somebody e ON e.id = report.mentee_id
JOIN somebody r ON r.id = report.mentor_id
ORDER BY why.broken DESC, e.id
LIMIT 1
\gset

\echo 'A pair that is refused'
\echo '----------------------'
\echo :refused_lines
\echo

SELECT criterion AS "broken rule", kind,
       round(similarity::numeric, 3) AS similarity, minimum AS "at least"
FROM mentoring.explain_pair(:programme, :refused_mentee, :refused_mentor)
WHERE NOT is_met;


SELECT u.participant_id AS lonely, u.reason,
       format('%s, who speaks %s: %s.', e.who,
              (SELECT string_agg(l.value, ' and ')
               FROM jsonb_array_elements_text(e.profile -> 'languages') l),
              u.reason) AS lonely_line
FROM mentoring.unmatched u
JOIN somebody e ON e.id = u.participant_id
WHERE u.programme_id = :programme AND u.match_run_id = :run
  AND e.role = 'mentee'
ORDER BY u.reason = 'no eligible partner' DESC, u.participant_id
LIMIT 1
\gset

\echo 'Somebody without a mentor'
\echo '-------------------------'
\echo :lonely_line
\echo

SELECT COALESCE(x.criterion, x.kind) AS "what stands in the way",
       count(*) AS "of how many mentors"
FROM somebody r,
LATERAL mentoring.explain_pair(:programme, :lonely, r.id) AS x
WHERE r.role = 'mentor' AND NOT x.is_met
GROUP BY 1
ORDER BY 2 DESC, 1;

SELECT u.reason AS "everybody with a free place and no pair",
       count(*) FILTER (WHERE e.role = 'mentee') AS mentees,
       count(*) FILTER (WHERE e.role = 'mentor') AS mentors
FROM mentoring.unmatched u
JOIN somebody e ON e.id = u.participant_id
WHERE u.programme_id = :programme AND u.match_run_id = :run
GROUP BY u.reason
ORDER BY u.reason COLLATE "C";


SELECT format('The five mentors that suit %s best', name) AS top_line,
       repeat('-', length(format('The five mentors that suit %s best', name)))
           AS top_rule
FROM somebody
WHERE id = :mentee
\gset

\echo :top_line
\echo :top_rule

SELECT rank, display_name AS mentor, split_part(bio, '.', 1) AS bio,
       round(score::numeric, 3) AS score,
       free_places AS "free places"
FROM mentoring.recommend(:programme, :mentee, 5);


\echo 'Look further'
\echo '------------'
\echo 'After make demo KEEP=1 try in psql:'
\echo
SELECT format(E'  SELECT * FROM mentoring.proposed_pair WHERE match_run_id = %1$s;\n  SELECT * FROM mentoring.unmatched WHERE match_run_id = %1$s;\n  SELECT * FROM mentoring.explain_pair(%2$s, %3$s, %4$s);\n  SELECT * FROM mentoring.recommend(%2$s, %4$s);\n  SELECT * FROM mentoring.diff_match(%2$s, %5$s, %1$s);\n  SELECT mentoring.publish_match(%2$s, %1$s);',
              :run, :programme, :mentee, :mentor, :greedy_run) AS queries
\gset
\echo :queries

-- Programmes whose scores can be worked out in the head.
--
-- Mentees and mentors stand on a line; the score of a pair is 1 - distance/10,
-- at least 0.  In programme 901 the mentees are 90101, 90102, ..., the mentors
-- 90151, 90152, ..., and the persons have the same ids.

CREATE FUNCTION pg_temp.line(
    programme bigint,
    mentees numeric[],
    mentors numeric[],
    places integer[] DEFAULT NULL,
    model text DEFAULT 'one_to_one'
) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO mentoring.programme (id, name, model, status, starts_on)
    VALUES (programme, 'line ' || programme, model, 'matching', '2024-01-01');
    INSERT INTO mentoring.person (id, external_id, display_name, profile)
    SELECT programme * 100 + n, 'line ' || programme * 100 + n, 'mentee ' || n,
           jsonb_build_object('place', x)
      FROM unnest(mentees) WITH ORDINALITY AS u (x, n);
    INSERT INTO mentoring.person (id, external_id, display_name, profile)
    SELECT programme * 100 + 50 + n, 'line ' || programme * 100 + 50 + n,
           'mentor ' || n, jsonb_build_object('place', x)
      FROM unnest(mentors) WITH ORDINALITY AS u (x, n);
    INSERT INTO mentoring.participant
        (programme_id, id, person_id, role, status, capacity)
    SELECT programme, id, id,
           CASE WHEN id % 100 > 50 THEN 'mentor' ELSE 'mentee' END, 'accepted',
           coalesce(places[id % 100 - 50], 1)
      FROM mentoring.person
     WHERE id / 100 = programme;
    INSERT INTO mentoring.criterion
        (programme_id, name, kind, mentee_key, weight, params)
    VALUES (programme, 'distance', 'near', 'place', 1, '{"range": 10}');
END
$$;

-- The pairs of a run as one line.
CREATE FUNCTION pg_temp.pairs(programme bigint, run bigint)
RETURNS text
LANGUAGE sql
AS $$
    SELECT string_agg(format('%s-%s %s', mentee_id, mentor_id, score), ', '
                      ORDER BY mentee_id, mentor_id)
      FROM mentoring.proposed_pair
     WHERE programme_id = programme AND match_run_id = run
$$;

-- What verify_match finds wrong or can't say.  Several prices may prove one
-- matching, so they are left out.
CREATE FUNCTION pg_temp.faults(programme bigint, run bigint)
RETURNS TABLE (check_name text, holds boolean, detail text)
LANGUAGE sql
AS $$
    SELECT check_name, holds,
           regexp_replace(detail, 'prices .*, covers .*', 'prices ...')
      FROM mentoring.verify_match(programme, run)
     WHERE holds IS NOT true
$$;

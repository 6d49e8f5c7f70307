-- A draft may be old: pairs forbidden or vetoed since are not published.
BEGIN;
INSERT INTO mentoring.person (id, external_id, display_name, grade)
SELECT 94900 + i, 'refused-' || i, 'Person ' || i, i
  FROM generate_series(1, 4) AS i;
INSERT INTO mentoring.programme (id, name, model)
VALUES (949, 'refused', 'one_to_one');
INSERT INTO mentoring.participant (programme_id, id, person_id, role, status)
SELECT 949, 94900 + i, 94900 + i,
       CASE WHEN i <= 2 THEN 'mentee' ELSE 'mentor' END, 'accepted'
  FROM generate_series(1, 4) AS i;
INSERT INTO mentoring.criterion (programme_id, name, kind, mentee_key, params)
VALUES (949, 'grade', 'near', 'grade', '{"range": 4}');
SELECT mentoring.match(949) AS run \gset
SELECT mentee_id, mentor_id FROM mentoring.proposed_pair
 WHERE match_run_id = :run ORDER BY 1;

-- The number of the run depends on what ran before.
CREATE FUNCTION pg_temp.publish(run bigint) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    message text;
    detail text;
    hint text;
BEGIN
    RETURN mentoring.publish_match(949, run);
EXCEPTION WHEN object_not_in_prerequisite_state THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT,
        detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' / ', replace(message, run::text, 'N'), detail, hint);
END
$$;

SAVEPOINT clean;
INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
VALUES (949, 94901, 94903, 'forbid'), (949, 94902, 94903, 'pin'),
       (949, 94901, 94904, 'forbid');
SELECT pg_temp.publish(:run);

ROLLBACK TO clean;
INSERT INTO mentoring.preference (programme_id, participant_id, preferred_id,
                                  is_veto)
VALUES (949, 94901, 94903, true), (949, 94902, 94903, true),
       (949, 94901, 94904, true), (949, 94902, 94904, true);
SELECT pg_temp.publish(:run);

-- Of the mentor, too; a rank is no veto.
ROLLBACK TO clean;
INSERT INTO mentoring.preference (programme_id, participant_id, preferred_id,
                                  rank, is_veto)
VALUES (949, 94903, 94901, NULL, true), (949, 94903, 94902, NULL, true),
       (949, 94904, 94901, 1, false), (949, 94904, 94902, 2, false);
SELECT pg_temp.publish(:run);

SELECT count(*) AS relationships FROM mentoring.relationship
 WHERE programme_id = 949;
ROLLBACK TO clean;
SELECT pg_temp.publish(:run);
ROLLBACK;

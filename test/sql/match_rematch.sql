-- A run made optimal again after changes is what a new match would be.

BEGIN;
\set SHOW_CONTEXT never
\getenv test_dir PG_ABS_SRCDIR
\set setup :test_dir '/match_setup.sql'
\set ECHO none
\i :setup
\set ECHO all

-- Messages name runs by their ids; undone with the rest.
ALTER SEQUENCE mentoring.match_run_id_seq RESTART WITH 9610001;

-- A mentee leaves, another comes: the draft keeps its id.
SELECT pg_temp.line(961, '{1, 5, 6}', '{1, 5, 9}');
UPDATE mentoring.participant SET status = 'waitlisted' WHERE id = 96103;
SELECT mentoring.match(961) AS run \gset
SELECT pg_temp.pairs(961, :run);
CREATE VIEW pg_temp.proposed AS
SELECT o.match_run_id, o.id, p.mentee_id, p.mentor_id
  FROM mentoring.proposal AS o
  JOIN LATERAL (SELECT min(participant_id) FILTER (WHERE role = 'mentee'),
                       min(participant_id) FILTER (WHERE role = 'mentor')
                  FROM mentoring.proposal_member AS m
                 WHERE m.proposal_id = o.id) AS p (mentee_id, mentor_id) ON true;
CREATE TABLE pg_temp.before AS
SELECT * FROM pg_temp.proposed WHERE match_run_id = :run;
UPDATE mentoring.participant SET status = 'withdrawn' WHERE id = 96102;
UPDATE mentoring.participant SET status = 'accepted' WHERE id = 96103;
SELECT mentoring.rematch(961, :run, '[96102, 96103]') = :run AS same_run;
SELECT pg_temp.pairs(961, :run);
SELECT * FROM pg_temp.faults(961, :run);
SELECT status, pair_count, detail -> 'rematch_of' = to_jsonb(:run) AS says_so,
       detail ->> 'solved_anew' AS anew
  FROM mentoring.match_run WHERE id = :run;

-- Proposals that stay keep their ids.
SELECT p.mentee_id, p.mentor_id, b.id IS NOT NULL AS was_there,
       p.id = b.id AS same_id
  FROM pg_temp.proposed AS p
  LEFT JOIN pg_temp.before AS b USING (mentee_id, mentor_id)
 WHERE p.match_run_id = :run ORDER BY 1;
SELECT count(*) FROM mentoring.proposal_member AS m
 WHERE m.programme_id = 961
   AND NOT EXISTS (SELECT FROM mentoring.proposal AS o
                    WHERE o.id = m.proposal_id);
-- A score that changes changes in its row.
UPDATE mentoring.person SET profile = '{"place": 1.5}' WHERE id = 96101;
SELECT mentoring.rematch(961, :run) = :run AS same_run;
SELECT p.mentee_id, p.mentor_id, p.id = b.id AS same_id
  FROM pg_temp.proposed AS p
  LEFT JOIN pg_temp.before AS b USING (mentee_id, mentor_id)
 WHERE p.match_run_id = :run ORDER BY 1;
SELECT pg_temp.pairs(961, :run);
SELECT * FROM pg_temp.faults(961, :run);
-- The same where a site's own triggers fire.
SAVEPOINT s;
CREATE FUNCTION pg_temp.note() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER note AFTER INSERT OR DELETE ON mentoring.proposal
    FOR EACH ROW EXECUTE FUNCTION pg_temp.note();
UPDATE mentoring.participant SET status = 'waitlisted' WHERE id = 96103;
SELECT mentoring.rematch(961, :run) = :run AS same_run;
SELECT pg_temp.pairs(961, :run);
SELECT * FROM pg_temp.faults(961, :run);
SELECT count(*) FROM mentoring.proposal_member AS m
 WHERE m.programme_id = 961
   AND NOT EXISTS (SELECT FROM mentoring.proposal AS o
                    WHERE o.id = m.proposal_id);
ROLLBACK TO s;

-- A published run yields a new draft; who is active already stays.
SELECT mentoring.publish_match(961, :run);
UPDATE mentoring.relationship SET status = 'active'
 WHERE match_run_id = :run
   AND id = (SELECT relationship_id FROM mentoring.relationship_member
              WHERE programme_id = 961 AND participant_id = 96101);
UPDATE mentoring.person SET profile = '{"place": 9}' WHERE id = 96103;
SELECT mentoring.rematch(961, :run) AS next \gset
SELECT :next <> :run AS is_new, pg_temp.pairs(961, :next);
SELECT options FROM mentoring.match_run WHERE id = :next;
SELECT * FROM pg_temp.faults(961, :next);
SELECT mentoring.publish_match(961, :next);

-- The pairs of the run can be worth keeping.
SELECT pg_temp.line(962, '{1, 2}', '{1, 2}');
SELECT mentoring.match(962) AS run \gset
UPDATE mentoring.person SET profile = '{"place": 2}' WHERE id = 96201;
UPDATE mentoring.person SET profile = '{"place": 1}' WHERE id = 96202;
SAVEPOINT s;
SELECT mentoring.rematch(962, :run) = :run AS same_run;
SELECT pg_temp.pairs(962, :run);
ROLLBACK TO s;
SELECT mentoring.rematch(962, :run, options => '{"churn_penalty": 0.2}') = :run
       AS same_run;
SELECT pg_temp.pairs(962, :run);
SELECT * FROM pg_temp.faults(962, :run);

-- Waiting times are those of the run.
SELECT pg_temp.line(963, '{1, 2}', '{1, 2}');
UPDATE mentoring.participant SET applied_at = now() - interval '73 days'
 WHERE programme_id = 963;
SELECT mentoring.match(963, options => '{"ageing": 0.5}') AS run \gset
UPDATE mentoring.match_run
   SET detail = detail || jsonb_build_object('waiting_at',
                                             now() - interval '36.5 days')
 WHERE id = :run;
SELECT mentoring.rematch(963, :run) = :run AS same_run;
SELECT participant_id, priority FROM mentoring.match_price
 WHERE match_run_id = :run ORDER BY 1;
SELECT * FROM pg_temp.faults(963, :run);

-- Runs that have no prices, and edited criteria, are said to be solved anew.
SELECT mentoring.match(963, 'greedy') AS greedy \gset
SELECT mentoring.rematch(963, :greedy) = :greedy AS same_run;
UPDATE mentoring.criterion SET params = '{"range": 5}'
 WHERE programme_id = 963;
SELECT mentoring.rematch(963, :run) = :run AS same_run;
SELECT pg_temp.pairs(963, :run);
SELECT * FROM pg_temp.faults(963, :run);

-- How rare a word is, is as it was: a newcomer's text changes nobody's score,
-- though it does in a new run.
SELECT pg_temp.line(966, '{1, 2, 3}', '{1, 2, 3}');
UPDATE mentoring.criterion SET weight = 0.5 WHERE programme_id = 966;
INSERT INTO mentoring.criterion
       (programme_id, name, kind, mentee_key, mentor_key, weight, params)
VALUES (966, 'aims', 'text', 'aims', 'bio', 1, '{"config": "english"}');
UPDATE mentoring.participant AS a
   SET aims = t.aims, bio = t.bio, status = t.status
  FROM (VALUES (96601, 'learn about gardens and soil', NULL, 'accepted'),
               (96602, 'gardens, budgets', NULL, 'accepted'),
               (96603, 'soil and budgets and bees', NULL, 'waitlisted'),
               (96651, NULL, 'I keep gardens and bees', 'accepted'),
               (96652, NULL, 'budgets, gardens', 'accepted'),
               (96653, NULL, 'soil soil soil, budgets', 'accepted'))
       AS t (id, aims, bio, status)
 WHERE a.id = t.id;
SELECT mentoring.match(966) AS run \gset
SELECT texts #>> '{}' ~ '^{"[0-9]+": .*}$' AS by_criterion, value
  FROM mentoring.match_run, jsonb_each(texts) WHERE id = :run;
SELECT pg_temp.pairs(966, :run);
UPDATE mentoring.participant SET status = 'accepted' WHERE id = 96603;
SELECT mentoring.rematch(966, :run, '[96603]') = :run AS same_run;
SELECT pg_temp.pairs(966, :run);
SELECT * FROM pg_temp.faults(966, :run);
SELECT detail ->> 'solved_anew' AS anew, detail -> 'changed' AS changed, value
  FROM mentoring.match_run, jsonb_each(texts) WHERE id = :run;
SELECT mentoring.match(966) AS fresh \gset
SELECT pg_temp.pairs(966, :fresh);
SELECT value FROM mentoring.match_run, jsonb_each(texts) WHERE id = :fresh;
-- Published, changed and matched again, the next run goes by the same words.
SELECT mentoring.publish_match(966, :run);
UPDATE mentoring.participant SET bio = 'bees' WHERE id = 96652;
SELECT mentoring.rematch(966, :run) AS next \gset
SELECT pg_temp.pairs(966, :next);
SELECT * FROM pg_temp.faults(966, :next);
SELECT n.texts = r.texts AS same_words
  FROM mentoring.match_run AS n, mentoring.match_run AS r
 WHERE n.id = :next AND r.id = :run;
-- Other numbers are found out, as are none.
SAVEPOINT s;
UPDATE mentoring.match_run
   SET texts = regexp_replace(texts::text, '"budget": \d', '"budget": 1')::jsonb
 WHERE id = :next;
SELECT check_name, holds FROM pg_temp.faults(966, :next);
UPDATE mentoring.match_run SET texts = '{"x": 1}' WHERE id = :next;
SELECT check_name, holds FROM pg_temp.faults(966, :next);
ROLLBACK TO s;
-- Edited criteria: as the texts are now.
UPDATE mentoring.criterion SET weight = 2
 WHERE programme_id = 966 AND name = 'aims';
SELECT mentoring.rematch(966, :next) = :next AS same_run;
SELECT value FROM mentoring.match_run, jsonb_each(texts) WHERE id = :next;
SELECT * FROM pg_temp.faults(966, :next);

-- Random changes, said or not: after each the run is what match() makes.
CREATE FUNCTION pg_temp.change(programme bigint, n integer) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    changed bigint[];
    one     mentoring.participant;
BEGIN
    FOR one IN SELECT * FROM mentoring.participant AS a
                WHERE a.programme_id = programme
                ORDER BY random() LIMIT 1 + n % 3
    LOOP
        changed := changed || one.id;
        CASE floor(random() * 4)::integer
        WHEN 0 THEN
            UPDATE mentoring.participant SET capacity = floor(random() * 4)
             WHERE id = one.id;
        WHEN 1 THEN
            UPDATE mentoring.participant
               SET status = CASE one.status WHEN 'accepted' THEN 'waitlisted'
                                            ELSE 'accepted' END
             WHERE id = one.id;
        WHEN 2 THEN
            UPDATE mentoring.person
               SET profile = jsonb_build_object('place',
                       round((random() * 14)::numeric, n % 2))
             WHERE id = one.person_id;
        ELSE
            DELETE FROM mentoring.pair_rule
             WHERE programme_id = programme
               AND one.id IN (mentee_id, mentor_id);
            INSERT INTO mentoring.pair_rule
                   (programme_id, mentee_id, mentor_id, rule)
            SELECT programme, least(one.id, b.id), greatest(one.id, b.id),
                   'forbid'
              FROM mentoring.participant AS b
             WHERE b.programme_id = programme AND b.role <> one.role
             ORDER BY random() LIMIT 2
            ON CONFLICT DO NOTHING;
            RETURN NULL;
        END CASE;
    END LOOP;
    RETURN CASE WHEN random() < 0.5 THEN to_jsonb(changed) END;
END
$$;

CREATE FUNCTION pg_temp.try_changes(programme bigint, aim text, steps integer)
RETURNS TABLE (steps_done integer, faults bigint, resumed boolean)
LANGUAGE plpgsql
AS $$
DECLARE
    run     bigint;
    fresh   bigint;
    resumes integer := 0;
    said    jsonb;
BEGIN
    run := mentoring.match(programme, objective => aim);
    faults := 0;
    FOR n IN 1 .. steps LOOP
        said := pg_temp.change(programme, n);
        BEGIN
            fresh := mentoring.match(programme, objective => aim);
        EXCEPTION WHEN object_not_in_prerequisite_state THEN
            CONTINUE;       -- nobody is left on one side
        END;
        PERFORM mentoring.rematch(programme, run, said);
        resumes := resumes + (SELECT (detail ->> 'solved_anew' = 'false')::integer
                                FROM mentoring.match_run WHERE id = run);
        IF pg_temp.pairs(programme, run)
           IS DISTINCT FROM pg_temp.pairs(programme, fresh) THEN
            faults := faults + 1;
        END IF;
        faults := faults + (SELECT count(*) FROM pg_temp.faults(programme, run)
                             WHERE NOT holds);
    END LOOP;
    RETURN QUERY SELECT steps, faults, resumes > steps / 3;
END
$$;

SELECT setseed(0.5);
SET LOCAL client_min_messages = warning;    -- which steps are solved anew
SELECT pg_temp.line(971, (SELECT array_agg(random() * 14)::numeric[]
                            FROM generate_series(1, 30)),
                    (SELECT array_agg(random() * 14)::numeric[]
                       FROM generate_series(1, 25)));
SELECT * FROM pg_temp.try_changes(971, 'most_pairs', 60);
SELECT pg_temp.line(972, (SELECT array_agg(round((random() * 14)::numeric))
                            FROM generate_series(1, 20)),
                    (SELECT array_agg(round((random() * 14)::numeric))
                       FROM generate_series(1, 24)));
SELECT * FROM pg_temp.try_changes(972, 'best_total', 60);
RESET client_min_messages;

-- Refused
\set ON_ERROR_ROLLBACK on
\set VERBOSITY terse
SELECT mentoring.match(961) AS other \gset
SELECT mentoring.rematch(962, :other);
SELECT mentoring.rematch(962, -1);
SELECT mentoring.rematch(962, NULL);
SELECT mentoring.rematch(961, :other, options => NULL);
SELECT mentoring.rematch(961, :other, '[96101, -5]');
SELECT mentoring.rematch(961, :other, '[96201]');
SELECT mentoring.rematch(961, :other, '{"a": 1}');
SELECT mentoring.rematch(961, :other, '["96101"]');
SELECT mentoring.rematch(961, :other, options => '{"churn": 1}');
SELECT mentoring.discard_match(961, :other);
SELECT mentoring.rematch(961, :other);
ROLLBACK;

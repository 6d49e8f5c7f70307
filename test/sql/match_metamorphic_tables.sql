-- What must not matter in a programme, doesn't: ids, the order in which people
-- were entered, the model's name, the scale of weights, who is left over and
-- withdraws, whether a mentor has two places or there are two such mentors.
-- Whatever changes, what verify_match() checks holds.
--
-- match_metamorphic has more relations, of the functions that solve query
-- texts, and says more about ties.  As there, half of the programmes have
-- scores that are all different, the others many that are equal: then other
-- ids mean other pairs, as good as those before.  There is no criterion of
-- kind text here: how rare a word is depends on everybody, so who withdraws
-- may change the scores of others.

BEGIN;
\set SHOW_CONTEXT never

-- What the programmes are: mentees 1 to 9 and mentors 11 to 16, or peers 1 to
-- 9.  Mentors have 0 to 2 places, mentees one, but in kind 0 0 to 2, too.
CREATE TEMPORARY TABLE plan AS
SELECT n, CASE WHEN n < 100 THEN (ARRAY['one_to_one', 'reverse',
                                        'job_shadow'])[1 + n / 3 % 3]
          WHEN n < 200 THEN 'peer' WHEN n < 300 THEN 'circle'
          ELSE 'group' END AS model,
       CASE WHEN n < 100 THEN 'sides' WHEN n < 200 THEN 'peers'
       ELSE 'many' END AS class,
       n % 3 AS kind, n % 2 = 0 AS is_tied,
       n < 100 AND n % 5 IN (1, 3) AS has_wishes
  FROM generate_series(1, 310) AS n
 WHERE n <= 12 OR n BETWEEN 101 AND 107 OR n IN (201, 202, 301, 302);
CREATE TEMPORARY TABLE member AS
SELECT n, no, CASE WHEN model IN ('peer', 'circle') THEN 'peer'
              WHEN no > 10 THEN 'mentor' ELSE 'mentee' END AS role,
       1 AS capacity, '{}'::jsonb AS profile, 0 AS level
  FROM plan, generate_series(1, 16) AS no
 WHERE no <= CASE class WHEN 'sides' THEN 4 + n % 4 ELSE 5 + n % 5 END
    OR no BETWEEN 11 AND 14 + n % 3 AND model NOT IN ('peer', 'circle');
CREATE TEMPORARY TABLE wish (n integer, who integer, whom integer,
                             rank integer, is_veto boolean);
CREATE TEMPORARY TABLE forbidden (n integer, mentee integer, mentor integer);

SELECT setseed(0.375);
UPDATE member
   SET capacity = CASE WHEN role = 'mentor' THEN floor(random() * 3)
                  WHEN role = 'mentee' AND kind = 0 THEN floor(random() * 3)
                  ELSE 1 END,
       profile = jsonb_build_object(
           'tags', jsonb_build_array('t' || floor(random() * 2)),
           'site', 's' || floor(random() * 2),
           'age', CASE WHEN random() < 0.9 THEN floor(random() * 12) END,
           'vector', CASE WHEN NOT is_tied THEN jsonb_build_array(
               random(), random(), random()) END),
       level = floor(random() * 3)
  FROM plan WHERE plan.n = member.n;
INSERT INTO wish
SELECT n, a.no, b.no, floor(random() * 3) + 1, false
  FROM plan JOIN member AS a USING (n) JOIN member AS b USING (n)
 WHERE has_wishes AND a.role <> b.role AND random() < 0.4;
UPDATE wish SET rank = NULL, is_veto = true WHERE random() < 0.1;
INSERT INTO forbidden
SELECT n, a.no, b.no
  FROM member AS a JOIN member AS b USING (n)
 WHERE CASE a.role WHEN 'peer' THEN a.no < b.no
       ELSE a.role = 'mentee' AND b.role = 'mentor' END AND random() < 0.1;

INSERT INTO mentoring.skill (id, name) VALUES (9200001, 'metamorphic 1'),
                                              (9200002, 'metamorphic 2');

-- Who a participant is, in all programmes made of a plan
CREATE TEMPORARY TABLE known (programme_id bigint, id bigint PRIMARY KEY,
                              no integer);

-- A programme of a plan: ids are what "new_id" makes of no, rows come in an
-- order of its own.
CREATE FUNCTION pg_temp.build(p plan, programme bigint, model text,
                              new_id text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO mentoring.programme (id, name, model, status, starts_on,
                                     min_group_size, max_group_size)
    VALUES (programme, 'metamorphic', model, 'matching', '2024-05-06', 3, 4);
    EXECUTE format('INSERT INTO known
                    SELECT $1, $1 * 1000 + %s, no FROM member WHERE n = $2',
                   new_id) USING programme, p.n;
    -- persons have ids in another order, which nothing depends on
    INSERT INTO mentoring.person (id, external_id, display_name, profile)
    SELECT programme * 1000 + 999 - no, 'metamorphic ' || k.id, 'person ' || no,
           jsonb_strip_nulls(profile)
      FROM member JOIN known AS k USING (no)
     WHERE member.n = p.n AND k.programme_id = programme
     ORDER BY md5(no::text || new_id);
    INSERT INTO mentoring.participant (programme_id, id, person_id, role,
                                       status, capacity)
    SELECT programme, k.id, programme * 1000 + 999 - no, role, 'accepted',
           capacity
      FROM member JOIN known AS k USING (no)
     WHERE member.n = p.n AND k.programme_id = programme
     ORDER BY md5(new_id || no);
    INSERT INTO mentoring.participant_skill (programme_id, participant_id,
                                             skill_id, level, target_level,
                                             weight)
    SELECT programme, k.id, 9200000 + s, (level + s * no) % 3,
           CASE WHEN role <> 'mentor' THEN 2 + s END, s
      FROM member JOIN known AS k USING (no), generate_series(1, 2) AS s
     WHERE member.n = p.n AND k.programme_id = programme AND NOT p.is_tied
     ORDER BY md5(new_id || no || s);
    INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
    SELECT programme, a.id, b.id, 'forbid'
      FROM forbidden AS f
      JOIN known AS a ON a.no = mentee AND a.programme_id = programme
      JOIN known AS b ON b.no = mentor AND b.programme_id = programme
     WHERE f.n = p.n ORDER BY md5(new_id || mentee || mentor);
    INSERT INTO mentoring.preference (programme_id, participant_id,
                                      preferred_id, rank, is_veto)
    SELECT programme, a.id, b.id, rank, is_veto
      FROM wish AS w
      JOIN known AS a ON a.no = who AND a.programme_id = programme
      JOIN known AS b ON b.no = whom AND b.programme_id = programme
     WHERE w.n = p.n ORDER BY md5(new_id || whom || who);
    INSERT INTO mentoring.criterion (programme_id, name, kind, mentee_key,
                                     weight, minimum, params)
    SELECT programme, name, kind, key, weight, minimum, params
      FROM (VALUES
        (1, 'tags', 'overlap', 'tags', 1.3, NULL::float8, '{}'::jsonb),
        (2, 'site', 'same', 'site', 1.0, NULL, '{}'),
        (3, 'skills', 'skill_cover', NULL, 0.7, NULL, '{}'),
        (4, 'age', 'near', 'age', 0.0, 0.4, '{"range": 10}'),
        (5, 'vector', 'cosine', 'vector', 2.9, NULL, '{}'),
        (6, 'wishes', 'preference', NULL, 1.1, NULL, '{}'))
        AS c (k, name, kind, key, weight, minimum, params)
     WHERE CASE WHEN name IN ('skills', 'vector') THEN NOT p.is_tied
           ELSE name <> 'wishes' OR p.has_wishes END
     ORDER BY k;
END
$$;

-- What a run found, in terms of the plan: pairs as lower * 100 + higher number,
-- of circles and groups all two who share one.
CREATE TYPE pg_temp.answer AS (
    run bigint, pairs integer[], scores numeric[], total numeric, faults text
);

-- Match and verify.  Greedy, circles and groups don't claim to be the best, nor
-- does best_total to have the most pairs; nothing else may be left unproven.
CREATE FUNCTION pg_temp.run(programme bigint, method text, objective text)
RETURNS answer
LANGUAGE plpgsql
AS $$
DECLARE
    a         answer;
    proposals bigint[];
BEGIN
    a.run := mentoring.match(programme, method, objective);
    SELECT array_agg(id), array_agg(score::numeric ORDER BY score)
      INTO proposals, a.scores
      FROM mentoring.proposal
     WHERE programme_id = programme AND match_run_id = a.run;
    SELECT coalesce(array_agg(x * 100 + y ORDER BY x, y), '{}') INTO a.pairs
      FROM (SELECT array_agg(no) AS numbers
              FROM mentoring.proposal_member
              JOIN known ON known.id = participant_id
             WHERE proposal_member.programme_id = programme
               AND proposal_id = ANY (proposals)
             GROUP BY proposal_id) AS g,
           unnest(numbers) AS x, unnest(numbers) AS y
     WHERE x < y;
    SELECT total_score::numeric INTO a.total
      FROM mentoring.match_run WHERE id = a.run;
    SELECT string_agg(concat(v.check_name, ': ', v.detail), ', ') INTO a.faults
      FROM mentoring.match_run AS r,
           LATERAL mentoring.verify_match(programme, a.run) AS v
     WHERE r.id = a.run AND r.programme_id = programme
       AND v.holds IS NOT true
       AND NOT (v.holds IS NULL AND
                (r.method IN ('greedy', 'heuristic') OR
                 r.objective = 'best_total' AND check_name = 'pairs_optimal'));
    RETURN a;
END
$$;

-- What all equally good answers share.  Of stable ones that is who is matched
-- how often.
CREATE FUNCTION pg_temp.measure(method text, objective text, a answer)
RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
    IF method = 'stable' THEN
        RETURN string_agg(concat(who, ':', times), ' ' ORDER BY who)
          FROM (SELECT who, count(*) AS times
                  FROM unnest(a.pairs) AS p,
                       LATERAL (VALUES (p / 100), (p % 100)) AS v (who)
                 GROUP BY who) AS c;
    END IF;
    RETURN CASE objective
           WHEN 'most_pairs' THEN concat(cardinality(a.pairs), ' ', a.total)
           WHEN 'fair' THEN a.scores::text
           ELSE a.total::text END;
END
$$;

-- What a relation promises, for scores that differ and for scores that tie:
-- the same 'pairs' or the same 'measure'; what isn't there isn't tried.
CREATE TEMPORARY TABLE promise (
    relation text, class text, methods text, differ text, tie text
);
INSERT INTO promise VALUES
    -- other ids, too, in the same order, and another model; for ties of peers
    -- there is no rule
    ('rows in another order', 'sides', 'optimal, stable, greedy', 'pairs',
     'pairs'),
    ('rows in another order', 'peers', 'optimal', 'pairs', 'measure'),
    ('rows in another order', 'peers', 'greedy', 'pairs', 'pairs'),
    ('rows in another order', 'many', 'optimal, greedy', 'pairs', 'pairs'),
    -- where scores tie ids decide what greedy and stable lead to
    ('any ids', 'sides', 'optimal', 'pairs', 'measure'),
    ('any ids', 'sides', 'stable, greedy', 'pairs', NULL),
    ('any ids', 'peers', 'optimal', 'pairs', 'measure'),
    ('any ids', 'peers', 'greedy', 'pairs', NULL),
    ('weights doubled', 'sides', 'optimal, stable, greedy', 'pairs', 'pairs'),
    ('weights doubled', 'peers', 'optimal, greedy', 'pairs', 'pairs'),
    ('weights doubled', 'many', 'optimal, greedy', 'pairs', 'pairs'),
    ('who suits nobody comes', 'sides', 'optimal, stable, greedy', 'pairs',
     'pairs'),
    ('who suits nobody comes', 'peers', 'optimal', 'pairs', 'measure'),
    ('who suits nobody comes', 'peers', 'greedy', 'pairs', 'pairs'),
    -- other mentees may be better off without one who was turned down, but the
    -- same are matched
    ('unmatched mentee withdraws', 'sides', 'optimal, greedy', 'pairs',
     'pairs'),
    ('unmatched mentee withdraws', 'sides', 'stable', 'measure', 'measure'),
    ('unmatched mentor withdraws', 'sides', 'optimal, stable, greedy', 'pairs',
     'pairs'),
    ('unmatched peer withdraws', 'peers', 'optimal', 'pairs', 'measure'),
    ('unmatched peer withdraws', 'peers', 'greedy', 'pairs', 'pairs'),
    ('two places become two mentors', 'sides', 'optimal, stable, greedy',
     'pairs', 'pairs'),
    -- both sides agree about the order of all pairs
    ('greedy, without wishes, is', 'sides', 'stable', 'pairs', 'pairs');

CREATE TEMPORARY TABLE outcome (
    n integer, relation text, model text, method text, objective text,
    is_tied boolean, promise text, before answer, after answer, holds boolean
);
CREATE TEMPORARY TABLE base (method text, objective text, before answer);

-- Match again, now in this programme, and compare if anything is promised.
CREATE FUNCTION pg_temp.compare(relation text, p plan, programme bigint,
                                b base)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    promise text := (SELECT CASE WHEN p.is_tied THEN r.tie ELSE r.differ END
                       FROM promise AS r
                      WHERE r.relation = compare.relation
                        AND r.class = p.class
                        AND b.method = ANY (string_to_array(r.methods, ', ')));
    after   answer;
BEGIN
    IF promise IS NULL THEN
        RETURN;
    END IF;
    after := pg_temp.run(programme, b.method, b.objective);
    INSERT INTO outcome
    SELECT p.n, relation, p.model, b.method, b.objective, p.is_tied, promise,
           b.before, after,
           CASE promise
           WHEN 'pairs' THEN after.pairs = (b.before).pairs
                AND after.scores IS NOT DISTINCT FROM (b.before).scores
                AND after.total = (b.before).total
           ELSE pg_temp.measure(b.method, b.objective, after)
                IS NOT DISTINCT FROM
                pg_temp.measure(b.method, b.objective, b.before) END
           AND (b.before).faults IS NULL AND after.faults IS NULL;
END
$$;

-- Nine come who suit nobody, to the side that has fewer people: the solver
-- goes through the smaller side.
CREATE FUNCTION pg_temp.come(programme bigint) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    new_role text;
BEGIN
    SELECT role INTO new_role FROM mentoring.participant
     WHERE programme_id = programme
     GROUP BY role ORDER BY count(*), role LIMIT 1;
    INSERT INTO mentoring.person (id, external_id, display_name)
    SELECT programme * 1000 + 900 + i, 'newcomer ' || programme * 10 + i, 'new'
      FROM generate_series(1, 9) AS i;
    INSERT INTO mentoring.participant (programme_id, id, person_id, role,
                                       status, capacity)
    SELECT programme, id, id, new_role, 'accepted', 2
      FROM mentoring.person
     WHERE id BETWEEN programme * 1000 + 901 AND programme * 1000 + 909;
    INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
    SELECT programme, CASE new_role WHEN 'mentee' THEN y.id ELSE x.id END,
           CASE new_role WHEN 'mentee' THEN x.id ELSE y.id END, 'forbid'
      FROM mentoring.participant AS x, mentoring.participant AS y
     WHERE x.programme_id = programme AND y.programme_id = programme
       AND x.id < y.id AND y.id > programme * 1000 + 900;
END
$$;

-- Relations that depend on what a run found
CREATE FUNCTION pg_temp.try(p plan, programme bigint, b base) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    one mentoring.participant;
BEGIN
    FOR one IN
        SELECT DISTINCT ON (role) a.* FROM mentoring.participant AS a
          JOIN known USING (programme_id, id)
         WHERE a.programme_id = programme AND NOT EXISTS (
             SELECT FROM unnest((b.before).pairs) AS c
              WHERE no IN (c / 100, c % 100))
         ORDER BY role, capacity DESC, id
    LOOP
        UPDATE mentoring.participant SET status = 'withdrawn'
         WHERE id = one.id;
        PERFORM pg_temp.compare(format('unmatched %s withdraws', one.role), p,
                                programme, b);
        UPDATE mentoring.participant SET status = 'applied' WHERE id = one.id;
        UPDATE mentoring.participant SET status = 'accepted' WHERE id = one.id;
    END LOOP;
END
$$;

-- Beside each mentor with two places comes one like him, and each has one.
CREATE FUNCTION pg_temp.split(programme bigint) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    one mentoring.participant;
BEGIN
    FOR one IN
        SELECT * FROM mentoring.participant
         WHERE programme_id = programme AND role = 'mentor' AND capacity = 2
    LOOP
        UPDATE mentoring.participant SET capacity = 1 WHERE id = one.id;
        INSERT INTO known SELECT programme, one.id + 1, no FROM known
         WHERE id = one.id;
        INSERT INTO mentoring.person (id, external_id, display_name, profile)
        SELECT id + 500, 'metamorphic ' || one.id + 1, display_name, profile
          FROM mentoring.person WHERE id = one.person_id;
        INSERT INTO mentoring.participant (programme_id, id, person_id, role,
                                           status, capacity)
        VALUES (programme, one.id + 1, one.person_id + 500, 'mentor',
                'accepted', 1);
        INSERT INTO mentoring.participant_skill (programme_id, participant_id,
                                                 skill_id, level)
        SELECT programme, one.id + 1, skill_id, level
          FROM mentoring.participant_skill WHERE participant_id = one.id;
        INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id,
                                         rule)
        SELECT programme, mentee_id, one.id + 1, rule
          FROM mentoring.pair_rule WHERE mentor_id = one.id;
    END LOOP;
END
$$;

CREATE FUNCTION pg_temp.try(p plan) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    programme bigint := 9200000 + p.n * 10;
    other     text := CASE p.model WHEN 'one_to_one' THEN 'reverse'
                      WHEN 'reverse' THEN 'job_shadow'
                      WHEN 'job_shadow' THEN 'one_to_one' ELSE p.model END;
BEGIN
    PERFORM pg_temp.build(p, programme, p.model, 'no * 10');
    DELETE FROM base;
    INSERT INTO base
    SELECT method, objective, pg_temp.run(programme, method, objective)
      FROM (VALUES ('sides', 'optimal', 'most_pairs'),
                   ('sides', 'optimal', 'best_total'),
                   ('sides', 'optimal', 'fair'),
                   ('sides', 'stable', 'most_pairs'),
                   ('sides', 'greedy', 'most_pairs'),
                   ('peers', 'optimal', 'most_pairs'),
                   ('peers', 'optimal', 'best_total'),
                   ('peers', 'greedy', 'most_pairs'),
                   ('many', 'optimal', 'most_pairs'),
                   ('many', 'greedy', 'most_pairs'))
           AS m (class, method, objective)
     WHERE m.class = p.class;
    IF NOT p.has_wishes THEN
        PERFORM pg_temp.compare('greedy, without wishes, is', p, programme,
                                ('stable', 'most_pairs', b.before)::base)
           FROM base AS b
          WHERE b.method = 'greedy';
    END IF;

    PERFORM pg_temp.build(p, programme + 1, other, 'no * 7 + 3');
    PERFORM pg_temp.compare('rows in another order', p, programme + 1, b)
       FROM base AS b;
    PERFORM pg_temp.come(programme + 1);
    PERFORM pg_temp.compare('who suits nobody comes', p, programme + 1, b)
       FROM base AS b;
    PERFORM pg_temp.build(p, programme + 2, p.model, 'no * 37 % 101');
    PERFORM pg_temp.compare('any ids', p, programme + 2, b) FROM base AS b;

    IF p.class <> 'many' THEN
        PERFORM pg_temp.try(p, programme, b) FROM base AS b;
    END IF;

    UPDATE mentoring.criterion SET weight = weight * 2
     WHERE programme_id = programme;
    UPDATE mentoring.participant_skill SET weight = weight * 2
     WHERE programme_id = programme;
    PERFORM pg_temp.compare('weights doubled', p, programme, b) FROM base AS b;

    -- A mentee with two places could have both mentors, and a list of wishes
    -- would have to name both, where the second is no longer as dear.
    IF p.kind > 0 AND NOT p.has_wishes THEN
        PERFORM pg_temp.split(programme);
        PERFORM pg_temp.compare('two places become two mentors', p, programme,
                                b) FROM base AS b;
    END IF;
END
$$;

-- To autovacuum, which sees no row of an open transaction, these tables may be
-- empty, and then queries are planned as if they were.  ANALYZE counts the
-- rows, and keeps autovacuum out until the end.
SELECT count(pg_temp.try(p)) AS programmes FROM plan AS p WHERE n = 1;
ANALYZE mentoring.person, mentoring.participant, mentoring.participant_skill,
        mentoring.participant_load, mentoring.pair_rule, mentoring.preference,
        mentoring.criterion, mentoring.match_run, mentoring.match_price,
        mentoring.proposal, mentoring.proposal_member;
SELECT count(pg_temp.try(p)) AS programmes FROM plan AS p WHERE n > 1;

SELECT relation, class, method, objective,
       max(promise) FILTER (WHERE NOT is_tied) AS differ,
       max(promise) FILTER (WHERE is_tied) AS tie,
       count(*) FILTER (WHERE (before).pairs <> '{}') >= 3 AS is_tried,
       count(*) FILTER (WHERE holds IS NOT true) AS wrong
  FROM outcome JOIN plan USING (n, is_tied)
 GROUP BY relation, class, method, objective
 ORDER BY relation COLLATE "C", class COLLATE "C", method COLLATE "C",
          objective COLLATE "C";
SELECT * FROM outcome WHERE holds IS NOT true
 ORDER BY relation COLLATE "C", method COLLATE "C", n LIMIT 5;

-- Ties were met: there other ids have other pairs, equally good.
SELECT class, count(*) FILTER (WHERE (after).pairs <> (before).pairs
                                 AND is_tied) > 0 AS tie,
       count(*) FILTER (WHERE (after).pairs <> (before).pairs
                          AND NOT is_tied) > 0 AS differ
  FROM outcome JOIN plan USING (n, is_tied)
 WHERE relation = 'any ids'
 GROUP BY class ORDER BY class COLLATE "C";

ROLLBACK;

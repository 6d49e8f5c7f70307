-- Why not everybody can be matched, and what rules cost.

BEGIN;
\set SHOW_CONTEXT never
\getenv test_dir PG_ABS_SRCDIR
\set setup :test_dir '/match_setup.sql'
\set ECHO none
\i :setup
\set ECHO all

-- Three mentees want the one mentor who suits them; two others have their own.
SELECT pg_temp.line(921, '{1, 2, 3, 20, 21}', '{2, 20, 21}', '{2, 1, 1}');
UPDATE mentoring.criterion SET minimum = 0.5 WHERE programme_id = 921;
SELECT * FROM mentoring.shortage(921);
-- Another place cures it.
UPDATE mentoring.participant SET capacity = 3 WHERE id = 92151;
SELECT * FROM mentoring.shortage(921);
-- Nobody suits the mentee at 40.
UPDATE mentoring.person SET profile = '{"place": 40}' WHERE id = 92101;
SELECT * FROM mentoring.shortage(921);

-- What another mentor would have to bring: a language, a site, a skill.
SELECT pg_temp.line(922, '{1, 1}', '{1}');
UPDATE mentoring.person SET site = 'Lyon',
       profile = profile || '{"languages": ["fr", "nl"]}' WHERE id / 100 = 922;
INSERT INTO mentoring.skill (id, name) VALUES (92201, 'welding');
INSERT INTO mentoring.participant_skill
       (programme_id, participant_id, skill_id, level, target_level)
VALUES (922, 92201, 92201, 1, 4), (922, 92202, 92201, 3, 4),
       (922, 92251, 92201, 5, NULL);
INSERT INTO mentoring.criterion
       (programme_id, name, kind, mentee_key, weight, minimum, params)
VALUES (922, 'language', 'overlap', 'languages', 0, 0.1, '{}'),
       (922, 'same site', 'same', 'site', 0, 1, '{}'),
       (922, 'skills', 'skill_cover', NULL, 1, 0.2, '{}'),
       (922, 'hierarchy', 'reporting_line', NULL, 0, 1, '{}');
SELECT * FROM mentoring.shortage(922);

-- Random programmes of up to twelve mentees: the set lacks exactly the places
-- it says, and no part of it lacks any.  Subsets are bits of an integer.
CREATE FUNCTION pg_temp.lacking(wants integer, mentors integer[],
                                places integer[])
RETURNS integer
LANGUAGE sql
AS $$
    -- mentees wanted less the places of all mentors who suit one of them
    SELECT length(replace(wants::bit(12)::text, '0', ''))
           - coalesce(sum(p), 0)::integer
      FROM unnest(mentors, places) AS u (m, p)
     WHERE m & wants <> 0
$$;

CREATE FUNCTION pg_temp.check_shortage(programme bigint)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    mentors integer[];
    places  integer[];
    members integer;
    worst   integer;
    said    integer;
BEGIN
    SELECT array_agg(coalesce(w.wants, 0) ORDER BY b.id),
           array_agg(b.capacity ORDER BY b.id)
      INTO mentors, places
      FROM mentoring.participant AS b
      LEFT JOIN (SELECT s.mentor_id, sum(1 << (s.mentee_id % 100 - 1)::integer)
                        ::integer AS wants
                   FROM mentoring.pair_scores(programme) AS s GROUP BY 1) AS w
             ON w.mentor_id = b.id
     WHERE b.programme_id = programme AND b.role = 'mentor';
    SELECT sum(DISTINCT 1 << (mentee_id % 100 - 1)::integer)::integer,
           max(missing_places)
      INTO members, said
      FROM mentoring.shortage(programme);
    SELECT max(pg_temp.lacking(s, mentors, places)) INTO worst
      FROM generate_series(1, (1 << (SELECT count(*)::integer
                                       FROM mentoring.participant
                                      WHERE programme_id = programme
                                        AND role = 'mentee')) - 1) AS s;
    IF members IS NULL THEN
        RETURN CASE WHEN worst > 0 THEN 'missed' ELSE 'none' END;
    END IF;
    IF pg_temp.lacking(members, mentors, places) <> said OR said < 1 THEN
        RETURN 'wrong number';
    END IF;
    PERFORM FROM generate_series(1, members - 1) AS s
      WHERE s & members = s AND pg_temp.lacking(s, mentors, places) > 0;
    RETURN CASE WHEN FOUND THEN 'not minimal' ELSE 'minimal' END;
END
$$;

CREATE FUNCTION pg_temp.try_shortage(n integer) RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM pg_temp.line(92300 + n,
        (SELECT array_agg(i) FROM generate_series(1, 4 + n % 6
             + CASE WHEN n % 10 = 0 THEN 8 - n % 6 ELSE 0 END) AS i),
        (SELECT array_agg(i) FROM generate_series(1, 2 + n % 5) AS i));
    UPDATE mentoring.participant SET capacity = floor(random() * 3)::integer
     WHERE programme_id = 92300 + n AND role = 'mentor' AND random() < 0.7;
    INSERT INTO mentoring.pair_rule (programme_id, mentee_id, mentor_id, rule)
    SELECT 92300 + n, a.id, b.id, 'forbid'
      FROM mentoring.participant AS a, mentoring.participant AS b
     WHERE a.programme_id = 92300 + n AND a.role = 'mentee'
       AND b.programme_id = 92300 + n AND b.role = 'mentor'
       AND random() < 0.65;
    RETURN pg_temp.check_shortage(92300 + n);
END
$$;

SELECT setseed(0.25);
SELECT result, count(*) > 5 AS several
  FROM (SELECT pg_temp.try_shortage(n) AS result
          FROM generate_series(1, 60) AS n) AS t
 GROUP BY result ORDER BY result;

-- What rules cost: a criterion, a forbidden pair that matters and one that
-- doesn't, a pin, vetoes, trials.
SELECT pg_temp.line(930, '{1, 2, 3, 9}', '{1, 2, 3}');
UPDATE mentoring.criterion SET minimum = 0.3 WHERE programme_id = 930;
INSERT INTO mentoring.pair_rule
       (programme_id, id, mentee_id, mentor_id, rule, reason)
VALUES (930, 9301, 93001, 93051, 'forbid', 'neighbours'),
       (930, 9302, 93004, 93051, 'forbid', NULL),
       (930, 9303, 93002, 93053, 'pin', 'asked for'),
       (930, 9304, 93003, 93052, 'forbid', 'too far');
INSERT INTO mentoring.preference
       (programme_id, participant_id, preferred_id, is_veto)
VALUES (930, 93003, 93051, true);
SELECT rule_kind, CASE WHEN rule_kind <> 'criterion' THEN rule_id END AS rule_id,
       name, pairs_lost, round(score_lost::numeric, 6)
  FROM mentoring.price_of_rules(930);

-- Each figure is what match() says with and without the rule.
CREATE FUNCTION pg_temp.price(rule_kind text, id bigint)
RETURNS TABLE (pairs integer, score numeric)
LANGUAGE plpgsql
AS $$
DECLARE
    a mentoring.match_run;
    b mentoring.match_run;
    run bigint := mentoring.match(930);
BEGIN
    SELECT * INTO a FROM mentoring.match_run WHERE match_run.id = run;
    BEGIN
        IF price.rule_kind = 'criterion' THEN
            UPDATE mentoring.criterion SET minimum = NULL
             WHERE criterion.id = price.id;
        ELSIF price.rule_kind = 'veto' THEN
            DELETE FROM mentoring.preference WHERE programme_id = 930;
        ELSE
            DELETE FROM mentoring.pair_rule WHERE pair_rule.id = price.id;
        END IF;
        run := mentoring.match(930);
        SELECT * INTO b FROM mentoring.match_run WHERE match_run.id = run;
        RAISE SQLSTATE 'MM001';
    EXCEPTION WHEN SQLSTATE 'MM001' THEN
        NULL;
    END;
    RETURN QUERY SELECT b.pair_count - a.pair_count,
                        round((b.total_score - a.total_score)::numeric, 6);
END
$$;
SELECT p.rule_kind, p.pairs_lost = q.pairs AS pairs_agree,
       round(p.score_lost::numeric, 6) = q.score AS scores_agree
  FROM mentoring.price_of_rules(930) AS p
 CROSS JOIN LATERAL pg_temp.price(p.rule_kind, p.rule_id) AS q;

-- Refused
\set ON_ERROR_ROLLBACK on
\set VERBOSITY terse
SELECT * FROM mentoring.shortage(-1);
SELECT * FROM mentoring.price_of_rules(-1);
ROLLBACK;

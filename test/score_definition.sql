-- What scores are, said once more in plain SQL and PL/pgSQL.
--
-- The tests compare the extension with these functions to the last digit.
-- They follow the definitions, not the C code: similarities and shares are
-- whole millionths, every rounding is half up, double precision is used where
-- the definition says so.  Nothing here is meant to be fast.
--
-- To be included in a transaction that is rolled back.

CREATE SCHEMA definition;

-- Divide a total in proportion to weights: whole parts first, then one more
-- each to the largest remainders, ties to who comes first.
CREATE FUNCTION definition.divide(total integer, weights double precision[])
RETURNS integer[]
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    weight_sum double precision := 0;
    due        double precision[] := '{}';
    parts      integer[] := '{}';
BEGIN
    FOR i IN 1 .. cardinality(weights) LOOP
        weight_sum := weight_sum + weights[i];
    END LOOP;
    IF weight_sum = 0 THEN
        RETURN array_fill(0, ARRAY[cardinality(weights)]);
    END IF;
    FOR i IN 1 .. cardinality(weights) LOOP
        due[i] := total * weights[i] / weight_sum;
        parts[i] := trunc(due[i]);
    END LOOP;
    RETURN (
        SELECT array_agg(parts[i] + CASE WHEN place <= total - whole
                                         THEN 1 ELSE 0 END ORDER BY i)
        FROM (SELECT i, row_number() OVER (ORDER BY due[i] - parts[i] DESC, i)
                         AS place,
                     sum(parts[i]) OVER () AS whole
              FROM generate_subscripts(parts, 1) AS i) AS placed);
END
$$;

-- The merged profile: the person's columns, the participant's bio and aims,
-- the person's profile, the participant's profile; the later one wins.  JSON
-- null, empty texts and empty arrays are no values.
CREATE FUNCTION definition.member(programme bigint)
RETURNS TABLE (id bigint, person_id bigint, role text, profile jsonb)
LANGUAGE sql STABLE
AS $$
    SELECT p.id, p.person_id, p.role,
           (SELECT coalesce(jsonb_object_agg(key, value), '{}')
            FROM jsonb_each(to_jsonb(n) - 'profile' - 'id'
                            || jsonb_build_object('bio', p.bio,
                                                  'aims', p.aims)
                            || n.profile || p.profile)
            WHERE value NOT IN ('null', '""', '[]'))
    FROM mentoring.participant p
    JOIN mentoring.person n ON n.id = p.person_id
    WHERE p.programme_id = programme AND p.status = 'accepted'
      AND p.role IN ('mentee', 'mentor')
$$;

CREATE FUNCTION definition.texts(value jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE
AS $$
    SELECT array_agg(DISTINCT element ORDER BY element)
    FROM jsonb_array_elements_text(CASE jsonb_typeof(value)
                                   WHEN 'array' THEN value
                                   WHEN 'string' THEN jsonb_build_array(value)
                                   END) AS element
$$;

CREATE FUNCTION definition.millionths(x double precision) RETURNS integer
LANGUAGE sql IMMUTABLE
AS $$ SELECT floor(1e6::double precision * x + 0.5)::integer $$;

-- floor((2 x + d) / (2 d)), that is x / d rounded half up, of a fraction of
-- whole numbers in millionths
CREATE FUNCTION definition.quotient(x numeric, d numeric) RETURNS integer
LANGUAGE sql IMMUTABLE
AS $$ SELECT div(2 * x * 1000000 + d, 2 * d)::integer $$;

CREATE FUNCTION definition.near(a double precision, b double precision,
                                params jsonb) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT
AS $$
    SELECT definition.millionths(greatest(0,
               1 - abs(a - b) / (params ->> 'range')::double precision))
$$;

CREATE FUNCTION definition.gap(a double precision, b double precision,
                               params jsonb) RETURNS integer
LANGUAGE plpgsql IMMUTABLE STRICT
AS $$
DECLARE
    low   double precision := coalesce(params ->> 'from', '-Infinity');
    high  double precision := coalesce(params ->> 'to', 'Infinity');
    slack double precision := coalesce(params ->> 'slack', '0');
    d     double precision := b - a;
    away  double precision := CASE WHEN d < low THEN low - d
                                   WHEN d > high THEN d - high ELSE 0 END;
BEGIN
    IF away = 0 THEN
        RETURN 1000000;
    ELSIF slack = 0 THEN
        RETURN 0;
    END IF;
    RETURN definition.millionths(greatest(0, 1 - away / slack));
END
$$;

CREATE FUNCTION definition.numbers(value jsonb) RETURNS double precision[]
LANGUAGE sql IMMUTABLE
AS $$
    SELECT array_agg(element::text::double precision ORDER BY place)
    FROM jsonb_array_elements(value) WITH ORDINALITY AS e (element, place)
$$;

CREATE FUNCTION definition.cosine(a double precision[], b double precision[])
RETURNS integer
LANGUAGE plpgsql IMMUTABLE STRICT
AS $$
DECLARE
    dot double precision := 0;
    aa  double precision := 0;
    bb  double precision := 0;
BEGIN
    FOR i IN 1 .. cardinality(a) LOOP
        dot := dot + a[i] * b[i];
        aa := aa + a[i] * a[i];
        bb := bb + b[i] * b[i];
    END LOOP;
    IF aa = 0 OR bb = 0 THEN
        RETURN NULL;
    END IF;
    RETURN definition.millionths(
        least(1, greatest(0, dot / (sqrt(aa) * sqrt(bb)))));
END
$$;

-- Monday of the week of starts_on, or of the week after the programme was made
CREATE FUNCTION definition.monday(programme bigint) RETURNS date
LANGUAGE sql STABLE
AS $$
    SELECT d - (extract(isodow FROM d)::integer - 1)
    FROM (SELECT coalesce(starts_on,
                          (created_at AT TIME ZONE 'UTC')::date + 7) AS d
          FROM mentoring.programme AS p WHERE p.id = monday.programme) AS p
$$;

-- The free quarters of the week in UTC as 672 bits, NULL without any.  A
-- quarter counts when it lies inside an interval of its day as a whole.
CREATE FUNCTION definition.week(monday date, zone text, availability jsonb)
RETURNS bit(672)
LANGUAGE sql STABLE
AS $$
    WITH interval_of AS (
        SELECT (e ->> 'day')::integer AS day,
               extract(epoch FROM (e ->> 'from')::time)::integer / 60 AS starts,
               CASE WHEN e ->> 'to' = '24:00' THEN 1440
                    ELSE extract(epoch FROM (e ->> 'to')::time)::integer / 60
               END AS ends
        FROM jsonb_array_elements(availability) AS e
    ), quarter AS (
        SELECT (monday + (day - 1))::timestamp + q * interval '15 minutes'
                   AS starts
        FROM interval_of, generate_series(0, 95) AS q
        WHERE q * 15 >= interval_of.starts AND q * 15 + 15 <= ends
    ), slot AS (
        SELECT DISTINCT
               mod(mod(floor(extract(epoch FROM (q.starts AT TIME ZONE zone)
                                     - (monday::timestamp AT TIME ZONE 'UTC'))
                             / 900)::integer, 672) + 672, 672) AS slot
        FROM quarter q
    )
    SELECT string_agg(CASE WHEN s.slot IS NULL THEN '0' ELSE '1' END, ''
                      ORDER BY i)::bit(672)
    FROM generate_series(0, 671) AS i
    LEFT JOIN slot s ON s.slot = i
    HAVING count(s.slot) > 0
$$;

-- floor(256 * log2(total / df)), at least 1: the largest k for which
-- 2^k * df^256 is at most total^256, in whole numbers
CREATE FUNCTION definition.idf(total numeric, df numeric) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    k integer := greatest(floor(256 * log(2, total / df)) - 1, 0);
BEGIN
    WHILE 2::numeric ^ (k + 1) * df ^ 256 <= total ^ 256 LOOP
        k := k + 1;
    END LOOP;
    RETURN greatest(k, 1);
END
$$;

CREATE FUNCTION definition.root(q numeric) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    r numeric := floor(sqrt(q * 1048576));
BEGIN
    WHILE r * r > q * 1048576 LOOP
        r := r - 1;
    END LOOP;
    RETURN r;
END
$$;

-- Similarities of one criterion, all pairs of accepted participants; NULL
-- where a side has no value.
CREATE FUNCTION definition.by_values(c mentoring.criterion)
RETURNS TABLE (mentee_id bigint, mentor_id bigint, similarity integer)
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN QUERY
    WITH compared AS MATERIALIZED (
        SELECT m.id, m.role, v.value,
               CASE WHEN c.kind = 'overlap' THEN definition.texts(v.value) END
                   AS elements,
               CASE WHEN c.kind IN ('near', 'gap')
                    THEN (v.value #>> '{}')::double precision END AS number,
               CASE WHEN c.kind = 'cosine'
                    THEN definition.numbers(v.value) END AS numbers,
               CASE WHEN c.kind = 'availability'
                    THEN definition.week(definition.monday(c.programme_id),
                             coalesce(m.profile ->> 'timezone', 'UTC'),
                             v.value) END AS week
        FROM definition.member(c.programme_id) m,
             LATERAL (SELECT m.profile ->
                 CASE WHEN m.role = 'mentee'
                      THEN coalesce(c.mentee_key, 'availability')
                      ELSE coalesce(c.mentor_key, c.mentee_key,
                                    'availability') END AS value) AS v)
    SELECT a.id, b.id,
           CASE c.kind
           WHEN 'same' THEN CASE WHEN a.value = b.value THEN 1000000
                                 WHEN a.value <> b.value THEN 0 END
           WHEN 'differ' THEN CASE WHEN a.value = b.value THEN 0
                                   WHEN a.value <> b.value THEN 1000000 END
           WHEN 'near' THEN definition.near(a.number, b.number, c.params)
           WHEN 'gap' THEN definition.gap(a.number, b.number, c.params)
           WHEN 'cosine' THEN definition.cosine(a.numbers, b.numbers)
           WHEN 'overlap' THEN
               (SELECT definition.quotient(count(*),
                    CASE c.params ->> 'measure'
                    WHEN 'cover' THEN cardinality(a.elements)
                    ELSE cardinality(a.elements) + cardinality(b.elements)
                         - count(*) END)
                FROM unnest(a.elements) AS element
                WHERE element = ANY (b.elements)
                HAVING a.elements IS NOT NULL AND b.elements IS NOT NULL)
           WHEN 'availability' THEN
               CASE WHEN a.week IS NOT NULL AND b.week IS NOT NULL THEN
               definition.quotient(
                   least(15 * bit_count(a.week & b.week)::integer,
                         coalesce(c.params ->> 'minutes', '120')::integer),
                   coalesce(c.params ->> 'minutes', '120')::integer) END
           END
    FROM compared a, compared b
    WHERE a.role = 'mentee' AND b.role = 'mentor';
END
$$;

CREATE FUNCTION definition.by_text(c mentoring.criterion)
RETURNS TABLE (mentee_id bigint, mentor_id bigint, similarity integer)
LANGUAGE sql STABLE
AS $$
    WITH document AS MATERIALIZED (
        SELECT m.id, m.role,
               tsvector_to_array(to_tsvector(
                   coalesce(c.params ->> 'config', 'simple')::regconfig,
                   m.profile ->> CASE WHEN m.role = 'mentee' THEN c.mentee_key
                                 ELSE coalesce(c.mentor_key, c.mentee_key)
                                 END)) AS terms
        FROM definition.member(c.programme_id) m
    ), used AS (
        SELECT term, count(*) AS df
        FROM document, unnest(terms) AS term
        GROUP BY term
    ), weight AS MATERIALIZED (
        SELECT term, definition.idf((SELECT count(*) FROM document
                                     WHERE terms <> '{}'), df) AS idf
        FROM used
    ), measured AS MATERIALIZED (
        SELECT d.id, d.role, d.terms,
               (SELECT sum(idf * idf) FROM weight
                WHERE term = ANY (d.terms)) AS q
        FROM document d
    )
    SELECT a.id, b.id,
           CASE WHEN a.q IS NULL OR b.q IS NULL THEN NULL
                ELSE least(1000000, div(
                    coalesce((SELECT sum(idf * idf) FROM weight
                              WHERE term = ANY (a.terms)
                                AND term = ANY (b.terms)), 0)
                    * 1048576 * 1000000
                    + div(definition.root(a.q) * definition.root(b.q), 2),
                    definition.root(a.q) * definition.root(b.q)))
           END::integer
    FROM measured a, measured b
    WHERE a.role = 'mentee' AND b.role = 'mentor'
$$;

CREATE FUNCTION definition.by_skills(c mentoring.criterion)
RETURNS TABLE (mentee_id bigint, mentor_id bigint, similarity integer)
LANGUAGE sql STABLE
AS $$
    WITH member AS MATERIALIZED (
        SELECT id, person_id, role FROM definition.member(c.programme_id)
    ), skill_of AS MATERIALIZED (
        SELECT participant_id, skill_id,
               coalesce(s.level, k.level, 0) AS level, s.target_level, s.weight
        FROM (SELECT * FROM mentoring.participant_skill
              WHERE programme_id = c.programme_id) AS s
        FULL JOIN (SELECT m.id AS participant_id, k.skill_id, k.level
                   FROM member m
                   JOIN mentoring.person_skill k ON k.person_id = m.person_id)
              AS k USING (participant_id, skill_id)
    ), want AS (
        SELECT m.id, array_agg(s.skill_id ORDER BY s.skill_id) AS skills,
               definition.divide(1000000,
                   array_agg(s.weight ORDER BY s.skill_id)) AS shares
        FROM member m
        JOIN skill_of s ON s.participant_id = m.id
        WHERE m.role = 'mentee' AND s.target_level > s.level AND s.weight > 0
        GROUP BY m.id
    ), asked AS MATERIALIZED (
        SELECT w.id, s.skill_id, w.shares[place] AS share, s.level,
               s.target_level - s.level AS step
        FROM want w, unnest(w.skills) WITH ORDINALITY AS u (skill_id, place),
             skill_of s
        WHERE s.participant_id = w.id AND s.skill_id = u.skill_id
    )
    SELECT a.id, b.id,
           CASE WHEN count(h.participant_id) > 0 AND count(k.id) > 0
                THEN div(sum(k.share * 420 / k.step
                             * least(greatest(coalesce(o.level, 0) - k.level,
                                              0), k.step)) + 210, 420) END
           ::integer
    FROM member a
    JOIN member b ON b.role = 'mentor'
    LEFT JOIN (SELECT DISTINCT participant_id FROM skill_of) h
           ON h.participant_id = b.id
    LEFT JOIN asked k ON k.id = a.id
    LEFT JOIN skill_of o ON o.participant_id = b.id
                        AND o.skill_id = k.skill_id
    WHERE a.role = 'mentee'
    GROUP BY a.id, b.id
$$;

CREATE FUNCTION definition.by_line(c mentoring.criterion)
RETURNS TABLE (mentee_id bigint, mentor_id bigint, similarity integer)
LANGUAGE sql STABLE
AS $$
    -- no chain is longer than there are persons
    WITH RECURSIVE above (id, manager_id, steps) AS (
        SELECT id, manager_id, 1 FROM mentoring.person
        WHERE manager_id IS NOT NULL
        UNION
        SELECT a.id, n.manager_id, a.steps + 1
        FROM above a
        JOIN mentoring.person n ON n.id = a.manager_id
        WHERE n.manager_id IS NOT NULL
          AND a.steps < least((c.params ->> 'depth')::numeric,
                              (SELECT count(*) FROM mentoring.person))
    ), related AS (
        SELECT id, manager_id AS other FROM above
        UNION
        SELECT manager_id, id FROM above
        UNION
        SELECT x.id, y.id FROM mentoring.person x
        JOIN mentoring.person y ON y.manager_id = x.manager_id
        WHERE (c.params ->> 'siblings')::boolean AND x.id <> y.id
    )
    SELECT a.id, b.id, CASE WHEN r.id IS NULL THEN 1000000 ELSE 0 END
    FROM definition.member(c.programme_id) a
    JOIN definition.member(c.programme_id) b ON b.role = 'mentor'
    LEFT JOIN related r ON r.id = a.person_id AND r.other = b.person_id
    WHERE a.role = 'mentee'
$$;

CREATE FUNCTION definition.by_met(c mentoring.criterion)
RETURNS TABLE (mentee_id bigint, mentor_id bigint, similarity integer)
LANGUAGE sql STABLE
AS $$
    SELECT a.id, b.id, CASE WHEN EXISTS (
               SELECT FROM mentoring.relationship r
               WHERE r.ended_from IS DISTINCT FROM 'proposed'
                 AND EXISTS (SELECT FROM mentoring.relationship_member m
                             JOIN mentoring.participant p
                               ON p.id = m.participant_id
                             WHERE m.relationship_id = r.id
                               AND p.person_id = a.person_id)
                 AND EXISTS (SELECT FROM mentoring.relationship_member m
                             JOIN mentoring.participant p
                               ON p.id = m.participant_id
                             WHERE m.relationship_id = r.id
                               AND p.person_id = b.person_id
                               AND a.person_id <> b.person_id))
           THEN 0 ELSE 1000000 END
    FROM definition.member(c.programme_id) a,
         definition.member(c.programme_id) b
    WHERE a.role = 'mentee' AND b.role = 'mentor'
$$;

-- What one participant says about another: NULL without any list.
CREATE FUNCTION definition.says(participant bigint, partner bigint)
RETURNS integer
LANGUAGE sql STABLE
AS $$
    SELECT CASE WHEN count(rank) = 0 THEN NULL
                ELSE coalesce(max(CASE WHEN preferred_id = partner AND rank IS NOT NULL
                    THEN definition.quotient(
                             greatest(partners - rank + 1, 0), partners)
                    END), 0) END
    FROM (SELECT rank, preferred_id, count(rank) OVER () AS partners
          FROM mentoring.preference WHERE participant_id = participant) AS list
$$;

-- A side without a list counts as if_missing; both rounded half up.
CREATE FUNCTION definition.by_preference(c mentoring.criterion)
RETURNS TABLE (mentee_id bigint, mentor_id bigint, similarity integer)
LANGUAGE sql STABLE
AS $$
    SELECT a.id, b.id,
           CASE WHEN x.says IS NULL AND y.says IS NULL THEN NULL
                ELSE (coalesce(x.says, definition.millionths(c.if_missing))
                      + coalesce(y.says, definition.millionths(c.if_missing))
                      + 1) / 2 END
    FROM definition.member(c.programme_id) a,
         definition.member(c.programme_id) b,
         LATERAL (SELECT definition.says(a.id, b.id) AS says) AS x,
         LATERAL (SELECT definition.says(b.id, a.id) AS says) AS y
    WHERE a.role = 'mentee' AND b.role = 'mentor'
$$;

CREATE FUNCTION definition.by_function(c mentoring.criterion)
RETURNS TABLE (mentee_id bigint, mentor_id bigint, similarity integer)
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN QUERY EXECUTE format($q$
        WITH member AS (
            SELECT p.id, p.role, n.profile || p.profile AS profile
            FROM mentoring.participant p
            JOIN mentoring.person n ON n.id = p.person_id
            WHERE p.programme_id = %s AND p.status = 'accepted')
        SELECT a.id, b.id, definition.millionths(%s(a.profile, b.profile))
        FROM member a, member b
        WHERE a.role = 'mentee' AND b.role = 'mentor'$q$,
        c.programme_id, c.params ->> 'function');
END
$$;

CREATE FUNCTION definition.similarity(programme bigint)
RETURNS TABLE (criterion_id bigint, mentee_id bigint, mentor_id bigint,
               similarity integer)
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    c mentoring.criterion;
BEGIN
    FOR c IN SELECT * FROM mentoring.criterion WHERE programme_id = programme
    LOOP
        RETURN QUERY EXECUTE format(
            'SELECT $1.id, s.* FROM definition.%I($1) AS s',
            CASE c.kind WHEN 'text' THEN 'by_text'
                        WHEN 'skill_cover' THEN 'by_skills'
                        WHEN 'reporting_line' THEN 'by_line'
                        WHEN 'not_met' THEN 'by_met'
                        WHEN 'preference' THEN 'by_preference'
                        WHEN 'custom' THEN 'by_function'
                        ELSE 'by_values' END)
            USING c;
    END LOOP;
END
$$;

-- Scores of the eligible pairs, from similarities as above.
CREATE FUNCTION definition.score(programme bigint, of_criteria text)
RETURNS TABLE (mentee_id bigint, mentor_id bigint, score double precision)
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN QUERY EXECUTE format($q$
        WITH criterion AS MATERIALIZED (
            SELECT id, minimum, definition.millionths(if_missing)
                       AS if_missing,
                   coalesce((params ->> 'strict')::boolean, false)
                       AS is_strict,
                   (definition.divide(1000000, array_agg(weight) OVER whole))
                       [row_number() OVER whole_to_here] AS share
            FROM mentoring.criterion WHERE programme_id = $1
            WINDOW whole AS (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING
                                          AND UNBOUNDED FOLLOWING),
                   whole_to_here AS (ORDER BY id)
        )
        SELECT s.mentee_id, s.mentor_id,
               div(sum(c.share::bigint * coalesce(s.similarity, c.if_missing))
                   + 500000, 1000000)::double precision / 1000000
        FROM %s s
        JOIN criterion c ON c.id = s.criterion_id
        JOIN mentoring.participant a ON a.id = s.mentee_id
        JOIN mentoring.participant b ON b.id = s.mentor_id
        WHERE a.person_id <> b.person_id
          AND NOT EXISTS (SELECT FROM mentoring.pair_rule p
                          WHERE p.rule = 'forbid'
                            AND p.mentee_id = a.id AND p.mentor_id = b.id)
          AND NOT EXISTS (SELECT FROM mentoring.preference p
                          WHERE p.is_veto
                            AND (p.participant_id, p.preferred_id)
                                IN ((a.id, b.id), (b.id, a.id)))
          AND NOT EXISTS (SELECT FROM mentoring.relationship r
                          JOIN mentoring.relationship_member x
                            ON x.relationship_id = r.id
                          JOIN mentoring.relationship_member y
                            ON y.relationship_id = r.id
                          WHERE r.programme_id = $1
                            AND r.status IN ('proposed', 'trial', 'active',
                                             'paused')
                            AND x.participant_id = a.id
                            AND y.participant_id = b.id)
          AND NOT EXISTS (SELECT FROM mentoring.relationship r
                          JOIN mentoring.relationship_member x
                            ON x.relationship_id = r.id
                          JOIN mentoring.participant xp
                            ON xp.id = x.participant_id
                          JOIN mentoring.relationship_member y
                            ON y.relationship_id = r.id
                          JOIN mentoring.participant yp
                            ON yp.id = y.participant_id
                          WHERE r.ended_from = 'trial'
                            AND xp.person_id = a.person_id
                            AND yp.person_id = b.person_id)
        GROUP BY s.mentee_id, s.mentor_id
        HAVING bool_and(c.minimum IS NULL
                        OR CASE WHEN s.similarity IS NULL
                                THEN NOT c.is_strict
                                ELSE s.similarity
                                     >= definition.millionths(c.minimum) END)
        $q$, of_criteria)
        USING programme;
END
$$;

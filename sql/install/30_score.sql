-- Scoring: how well a mentee and a mentor suit each other.
--
-- The functions read with the rights of the extension's owner, after one check
-- of the caller: under the caller's own rows scores would be silently wrong.
-- They are PARALLEL UNSAFE because custom criteria may call anything.

CREATE FUNCTION mentoring.compatibility(
    programme_id bigint,
    mentee_id    bigint,
    mentor_id    bigint
) RETURNS double precision
AS 'MODULE_PATHNAME', 'mentoring_compatibility'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 10000;

COMMENT ON FUNCTION mentoring.compatibility(bigint, bigint, bigint) IS
'The score of a mentee with a mentor, from 0 to 1, or NULL when the pair is not eligible; explain_pair() says why. Only accepted participants whose person is active are scored. For many pairs call pair_scores() once.';

CREATE FUNCTION mentoring.pair_scores(
    programme_id  bigint,
    OUT mentee_id bigint,
    OUT mentor_id bigint,
    OUT score     double precision
) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'mentoring_pair_scores'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 100000 ROWS 100000;

COMMENT ON FUNCTION mentoring.pair_scores(bigint) IS
'Every eligible pair of accepted participants with its score, ordered by mentee and mentor. Free places don''t matter here.';

CREATE FUNCTION mentoring.recommend(
    programme_id     bigint,
    participant_id   bigint,
    how_many         integer DEFAULT 10,
    OUT rank         integer,
    OUT partner_id   bigint,
    OUT person_id    bigint,
    OUT source       text,
    OUT external_id  text,
    OUT display_name text,
    OUT bio          text,
    OUT score        double precision,
    OUT free_places  integer
) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'mentoring_recommend'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 10000 ROWS 10;

COMMENT ON FUNCTION mentoring.recommend(bigint, bigint, integer) IS
'The best partners of a mentee or a mentor: those with free places by score, then those who are full, with 0 places; of equal scores the lower id comes first. No rows for a participant who is not accepted or whose person is not active.';

CREATE FUNCTION mentoring._score_hash(programme_id bigint)
RETURNS text
AS 'MODULE_PATHNAME', 'mentoring_score_hash'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 100000;

COMMENT ON FUNCTION mentoring._score_hash(bigint) IS
'Internal: SHA-256 of everything the scores, rules and free places of a programme depend on, as match_run keeps it.';

CREATE FUNCTION mentoring.explain_pair(
    programme_id     bigint,
    mentee_id        bigint,
    mentor_id        bigint,
    OUT criterion    text,
    OUT kind         text,
    OUT mentee_value jsonb,
    OUT mentor_value jsonb,
    OUT similarity   double precision,
    OUT weight       double precision,
    OUT contribution double precision,
    OUT minimum      double precision,
    OUT is_met       boolean
) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'mentoring_explain_pair'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 10000 ROWS 10;

COMMENT ON FUNCTION mentoring.explain_pair(bigint, bigint, bigint) IS
'What the score of a pair is made of: a row for each criterion, whose contributions add up to compatibility() exactly, or to the score the pair would have if it were eligible. Rows with is_met = false say why it is not; those outside criteria have no criterion and the kind "same_person", "not_accepted" (or the person is not active), "forbid", "veto", "together" or "trial_declined". Values are those compared: of skill_cover the skills wanted and the mentor''s levels, of reporting_line the ids of managers upwards, of not_met, together and trial_declined the ids of relationships, of preference the rank given, of custom the merged profiles, of forbid the reason. A missing value counts as if_missing, shown as the similarity. The mentee and the mentor, when they ask, see their own values only, a veto or a preference below its minimum as kind "unavailable", and the part of a preference summed with that of the criterion that counts most, as kind "other"; coordinators see neither vetoes nor ranks.';

CREATE FUNCTION mentoring.default_criteria(programme_id bigint)
RETURNS integer
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    form     text;
    inserted integer;
BEGIN
    SELECT p.model INTO form
    FROM mentoring.programme p
    WHERE p.id = default_criteria.programme_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no programme %', default_criteria.programme_id
            USING ERRCODE = 'no_data_found',
                  HINT = 'The table mentoring.programme lists them.';
    END IF;

    INSERT INTO mentoring.criterion
           (programme_id, name, kind, mentee_key, weight, minimum, params)
    SELECT default_criteria.programme_id, c.name, c.kind, c.mentee_key,
           c.weight, c.minimum, c.params
    FROM (VALUES
        (1, 'skills', 'skill_cover', NULL, 4, NULL, '{}'::jsonb),
        (2, 'interests', 'overlap', 'interests', 2, NULL, '{}'),
        -- in a reverse programme the junior is the mentor
        (3, 'seniority', 'gap', 'grade', 2, NULL,
         CASE form
             WHEN 'reverse' THEN '{"from": -3, "to": -1, "slack": 2}'::jsonb
             WHEN 'peer' THEN '{"from": -1, "to": 1, "slack": 2}'
             WHEN 'circle' THEN '{"from": -1, "to": 1, "slack": 2}'
             ELSE '{"from": 1, "to": 3, "slack": 2}'
         END),
        (4, 'availability', 'availability', NULL, 2, NULL,
         '{"minutes": 120}'),
        (5, 'preference', 'preference', NULL, 2, NULL, '{}'),
        (6, 'other unit', 'differ', 'org_unit', 1, NULL, '{}'),
        (7, 'not met', 'not_met', NULL, 1, NULL, '{}'),
        (8, 'reporting line', 'reporting_line', NULL, 0, 1, '{"depth": 2}')
    ) AS c (place, name, kind, mentee_key, weight, minimum, params)
    ORDER BY c.place
    ON CONFLICT (programme_id, name) DO NOTHING;
    GET DIAGNOSTICS inserted = ROW_COUNT;
    RETURN inserted;
END
$$;

COMMENT ON FUNCTION mentoring.default_criteria(bigint) IS
'Inserts a sensible set of criteria for the model of the programme and returns how many: skills (weight 4), interests, seniority by grade, availability and preference (2 each), another unit and not having met (1 each), and as a rule that neither is in the other''s reporting line within two levels. Names that exist already are left alone. Runs as the caller.';

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
'The score of a mentee with a mentor, from 0 to 1, or NULL when the pair is not eligible; explain_pair() says why. Only accepted participants are scored. For many pairs call pair_scores() once.';

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
'The best partners of a mentee or a mentor: those with free places by score, then those who are full, with 0 places; of equal scores the lower id comes first. No rows for a participant who is not accepted.';

CREATE FUNCTION mentoring._score_hash(programme_id bigint)
RETURNS text
AS 'MODULE_PATHNAME', 'mentoring_score_hash'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 100000;

COMMENT ON FUNCTION mentoring._score_hash(bigint) IS
'Internal: SHA-256 of everything the scores, rules and free places of a programme depend on, as match_run keeps it.';

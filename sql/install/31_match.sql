-- Matching: by query text for any data, and for a programme as a run that
-- people review, check, publish or discard.

CREATE FUNCTION mentoring.solve_assignment(
    pairs_sql   text,
    places_sql  text DEFAULT NULL,
    objective   text DEFAULT 'most_pairs',
    OUT left_id   bigint,
    OUT right_id  bigint,
    OUT score     double precision
) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'mentoring_solve_assignment'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION mentoring.solve_assignment(text, text, text) IS
'The optimal matching of any two sets. pairs_sql is one SELECT that returns left_id, right_id (integers) and score (a number, at most 1000 in size, rounded half up to 10^-6) for each pair that may be matched; places_sql one that returns side (''left'' or ''right''), id and places for those who have other than 1 place. Objective most_pairs: as many pairs as possible, then the highest total; best_total: the highest total, pairs of score 0 or less never. Of several optimal matchings the one is returned that has the first pair in the order higher score, lower left_id, lower right_id in which they differ. Both queries run with the rights of the caller; each must be a SELECT, without data-changing WITH.';

CREATE FUNCTION mentoring.match(
    programme_id  bigint,
    method        text DEFAULT 'optimal',
    objective     text DEFAULT 'most_pairs',
    options       jsonb DEFAULT '{}'
) RETURNS bigint
AS 'MODULE_PATHNAME', 'mentoring_match'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION mentoring.match(bigint, text, text, jsonb) IS
'Matches the accepted mentees and mentors of a programme and returns the id of the new draft in match_run. Method optimal is the best matching of the objective, with a proof; greedy takes the best remaining pair again and again. Objective most_pairs: as many pairs as possible, then the highest total; best_total: the highest total, pairs of score 0 never. Ties go to the higher score, then the lower mentee, then the lower mentor. Pinned pairs are always matched, or the call fails and says why. Options: min_score (0 to 1, rounded to 10^-6), pairs below are not eligible; keep (true), false gives the places of relationships still proposed back to this run.';

CREATE FUNCTION mentoring.verify_match(
    programme_id  bigint,
    match_run_id  bigint,
    OUT check_name  text,
    OUT holds       boolean,
    OUT detail      text
) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'mentoring_verify_match'
LANGUAGE C STABLE PARALLEL UNSAFE;

COMMENT ON FUNCTION mentoring.verify_match(bigint, bigint) IS
'Checks a match run against the present data, without the relationships the run itself created: inputs_unchanged, members, capacity, rules, scores, total, pairs_optimal, optimal. Optimality is proven by the stored covers and prices against every eligible pair, by code that shares nothing with the solver. holds is NULL where the method claims nothing or the inputs changed; detail names the first pair or participant at fault.';

CREATE FUNCTION mentoring.publish_match(
    programme_id  bigint,
    match_run_id  bigint
) RETURNS bigint
AS 'MODULE_PATHNAME', 'mentoring_publish_match'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION mentoring.publish_match(bigint, bigint) IS
'Turns the proposals of a draft into relationships of status proposed and returns how many were created. Fails when somebody is not accepted any more, has no place left or is together with the partner already. A run made with keep = false ends the relationships still proposed that it does not repeat and takes over those it does.';

CREATE FUNCTION mentoring.discard_match(
    programme_id  bigint,
    match_run_id  bigint
) RETURNS void
AS 'MODULE_PATHNAME', 'mentoring_discard_match'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION mentoring.discard_match(bigint, bigint) IS
'Marks a draft as discarded; it stays for comparison.';

CREATE FUNCTION mentoring.diff_match(
    programme_id  bigint,
    run_a         bigint,
    run_b         bigint,
    OUT mentee_id  bigint,
    OUT mentor_id  bigint,
    OUT change     text,
    OUT score_a    double precision,
    OUT score_b    double precision
) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'mentoring_diff_match'
LANGUAGE C STABLE PARALLEL UNSAFE;

COMMENT ON FUNCTION mentoring.diff_match(bigint, bigint, bigint) IS
'The pairs of two runs of a programme: added (only in run_b), removed (only in run_a) or kept.';

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
'The optimal matching of any two sets. pairs_sql is one SELECT that returns left_id, right_id (integers) and score (a number, at most 1000 in size, rounded half up to 10^-6) for each pair that may be matched; places_sql one that returns side (''left'' or ''right''), id and places for those who have other than 1 place. Objective most_pairs: as many pairs as possible, then the highest total; best_total: the highest total, pairs of score 0 or less never; fair: as many pairs as possible, then the lowest score as high as possible and as few pairs as possible that low, then the second lowest, and so on, whatever the total. Of several optimal matchings the one is returned that has the first pair in the order higher score, lower left_id, lower right_id in which they differ. Both queries run with the rights of the caller; each must be a SELECT, without data-changing WITH.';

CREATE FUNCTION mentoring.solve_stable(
    pairs_sql   text,
    places_sql  text DEFAULT NULL,
    OUT left_id   bigint,
    OUT right_id  bigint
) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'mentoring_solve_stable'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION mentoring.solve_stable(text, text) IS
'The stable matching of any two sets that is best for the left side: no two who are not matched with each other would both rather be. pairs_sql is one SELECT that returns left_id, right_id (integers), left_score (how much the left one likes the right one) and right_score (numbers, at most 1000 in size, rounded half up to 10^-6) for each pair that both sides accept; higher is better, of equal scores the lower id is preferred, and only the order of the scores counts. places_sql is one that returns side (''left'' or ''right''), id and places for those who have other than 1 place; whoever has several prefers a better partner in any of them. The answer is unique: each left id has the best partners it has in any stable matching. Both queries run with the rights of the caller; each must be a SELECT, without data-changing WITH.';

CREATE FUNCTION mentoring.solve_circles(
    pairs_sql  text,
    min_size   integer,
    max_size   integer,
    effort     integer DEFAULT 100,
    seed       bigint DEFAULT 1,
    OUT circle_no  integer,
    OUT member_id  bigint
) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'mentoring_solve_circles'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION mentoring.solve_circles(text, integer, integer, integer, bigint) IS
'Peers in circles of min_size to max_size members: as many members placed as possible, then the highest sum of the scores of all pairs that share a circle. pairs_sql is one SELECT that returns a_id, b_id (integers) and score (a number, at most 1000 in size, rounded half up to 10^-6) for each pair that may share a circle, in either order or both; every two of a circle are such a pair. Circles are numbered from 1 by their lowest member; who is not placed is not returned. The best division is too hard to find for certain, so this is a search: its length is counted in steps, about two seconds for 1,000 members at effort 100, never in time, so equal data give equal circles on every machine; another seed may find others. Circles of two are pairs: solve_pairing finds the best ones. The query runs with the rights of the caller; it must be a SELECT, without data-changing WITH.';

CREATE FUNCTION mentoring.solve_pairing(
    pairs_sql  text,
    OUT a_id   bigint,
    OUT b_id   bigint,
    OUT score  double precision
) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'mentoring_solve_pairing'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION mentoring.solve_pairing(text) IS
'The pairing of any one set with the highest total score, each member in one pair at most; pairs of score 0 or less are never taken. pairs_sql is one SELECT that returns a_id, b_id (integers) and score (a number, at most 1000 in size, rounded half up to 10^-6) for each pair that may be made, in either order of the two. Of several equally good pairings the same one is returned for the same ids and scores. The query runs with the rights of the caller; it must be a SELECT, without data-changing WITH.';

CREATE FUNCTION mentoring.match(
    programme_id  bigint,
    method        text DEFAULT 'optimal',
    objective     text DEFAULT 'most_pairs',
    options       jsonb DEFAULT '{}'
) RETURNS bigint
AS 'MODULE_PATHNAME', 'mentoring_match'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION mentoring.match(bigint, text, text, jsonb) IS
'Matches the accepted mentees and mentors of a programme and returns the id of the new draft in match_run. Method optimal is the best matching of the objective, with a proof; stable one in which no two who are not matched would both rather be, the best of these for the mentees; greedy takes the best remaining pair again and again. Objective most_pairs: as many pairs as possible, then the highest total; best_total: the highest total, pairs of score 0 never; fair: as many pairs as possible, then the worst pair as good as possible, then the next. Ties go to the higher score, then the lower mentee, then the lower mentor. In a programme of model peer participants of role peer are matched in pairs; of circle and group people of min_group_size to max_group_size (3 to 6 when empty) share a circle or group (its mentors included), which is searched: the run is stored as heuristic. Pinned pairs are always matched, or the call fails and says why. Options: min_score (0 to 1, rounded to 10^-6), pairs below are not eligible; keep (true), false gives the places of relationships still proposed back to this run; ageing (0 to 1), what a year of waiting since applied_at adds to the scores of a mentee or peer, shorter times in proportion; churn_penalty (0 to 1), what a pair proposed now counts more; seed, for circles and groups; mentors_per_group (1), how many mentors lead a group together: a mentee scores the mean of them.';

CREATE FUNCTION mentoring.rematch(
    programme_id  bigint,
    match_run_id  bigint,
    changed       jsonb DEFAULT NULL,
    options       jsonb DEFAULT '{}'
) RETURNS bigint
AS 'MODULE_PATHNAME', 'mentoring_rematch'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION mentoring.rematch(bigint, bigint, jsonb, jsonb) IS
'Makes a match run optimal again after people joined, left or changed, and returns its id: a draft is changed in place, and proposals that stay keep their ids; of a published run the relationships still proposed give their places back and the result is a new draft. Changed is a JSON array of participant ids, or null to have them found; nothing is lost by an id too few, for the proof is checked against every pair. The result is that of a new match() with the waiting times of the run and its frequencies of words (match_run.texts). Options are added to those of the run; churn_penalty counts for the pairs of the run. A run without prices is solved anew, and so is one whose criteria were edited; a notice says so.';

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
'Checks a match run against the present data, without the relationships the run itself created: inputs_unchanged, members, capacity, rules, scores, total, priorities (with option ageing), then what the method claims: pairs_optimal and optimal, proven by the stored covers and prices against every eligible pair (of peers and odd sets in optimal alone), stable (no blocking pair) or fair. The code shares nothing with the solver. holds is NULL where the method claims nothing or the inputs changed; detail names the first pair or participant at fault.';

CREATE FUNCTION mentoring.publish_match(
    programme_id  bigint,
    match_run_id  bigint
) RETURNS bigint
AS 'MODULE_PATHNAME', 'mentoring_publish_match'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION mentoring.publish_match(bigint, bigint) IS
'Turns the proposals of a draft into relationships of status proposed and returns how many were created. Fails when somebody is not accepted or not active any more, has no place left or is together with the partner already. A run made with keep = false ends the relationships still proposed that it does not repeat and takes over those it does.';

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

CREATE FUNCTION mentoring.shortage(
    programme_id        bigint,
    OUT mentee_id       bigint,
    OUT mentor_id       bigint,
    OUT need_kind       text,
    OUT need            text,
    OUT missing_places  integer
) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'mentoring_shortage'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 100000 ROWS 100;

COMMENT ON FUNCTION mentoring.shortage(bigint) IS
'Why not every mentee can have a mentor: a smallest set of mentees who together want missing_places more places than the mentors who suit any of them have, and what would cure it. No rows when everybody can be placed. A row of need_kind place for each mentee and mentor of the set: another place of that mentor would do. Need_kind mentor: nobody suits this mentee. The other rows say what another mentor must bring to be allowed by the rules (criteria with a minimum): need_kind skill, or the key compared by a criterion of kind same or overlap (a site, a language), need its value for this mentee; rule names any other criterion. With several places a mentee the set lacks places but may not be the smallest.';

CREATE FUNCTION mentoring.price_of_rules(
    programme_id    bigint,
    OUT rule_kind   text,
    OUT rule_id     bigint,
    OUT name        text,
    OUT pairs_lost  integer,
    OUT score_lost  double precision
) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'mentoring_price_of_rules'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 1000000 ROWS 10;

COMMENT ON FUNCTION mentoring.price_of_rules(bigint) IS
'What each rule costs: how many pairs, and how much total score, the best matching (most_pairs) would gain without it. Rule_kind criterion (one with a minimum; the criterion still counts), forbid, pin, veto (all vetoes together, rule_id NULL), trial_declined (all trials that were ended, rule_id NULL). Score_lost can be below 0 where more pairs have a lower total. The programme is matched once more for each rule that may cost anything.';

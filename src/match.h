/*
 * match.h
 *	  what the matching files share: problems, pins, options, runs
 *
 * solve.c			solve_assignment(), and MtrProblem for all of them
 * solve_input.c	the rows of a caller's query
 * match.c			match()
 * match_options.c	its arguments
 * match_pin.c		pinned pairs
 * match_store.c	match_run, match_price, proposal, proposal_member
 * match_publish.c	publish_match(), discard_match(), diff_match()
 * match_verify.c	verify_match(); uses of all this only the option parser
 */
#ifndef MTR_MATCH_H
#define MTR_MATCH_H

#include "postgres.h"

#include "fmgr.h"
#include "portability/instr_time.h"
#include "utils/jsonb.h"

#include "kernel/assign.h"
#include "score.h"

/*
 * One matching problem, left and right as the caller sees them.  Which side
 * becomes the rows of the kernel's matrix is decided by mtr_problem_begin().
 */
typedef struct MtrProblem
{
	/* set by the caller */
	int32		nleft;
	int32		nright;
	int32	   *left_places;	/* [nleft], >= 0 */
	int32	   *right_places;	/* [nright] */
	bool		most_pairs;		/* else best_total */
	bool		greedy;			/* else optimal */

	/* set by mtr_problem_begin() */
	bool		rows_are_right;
	int32	   *matrix;			/* to be filled, see mtr_problem_cell() */
	Size		bytes;			/* everything it has allocated */
	void	   *scratch;		/* aligned, within block */
	void	   *block;
	MtrAssign	assign;			/* the same for the kernel */

	/* set by mtr_problem_solve() */
	int32		npairs;
	int32	   *pair_left;		/* sorted by left, then right */
	int32	   *pair_right;
	int64		total;
	int64		bound;			/* no matching has a higher total */
	uint8	   *left_cover;		/* the proof; all 0 when greedy */
	uint8	   *right_cover;
	int64	   *left_price;
	int64	   *right_price;
} MtrProblem;

/*
 * Decide the orientation, check the memory against mentoring.match_memory
 * ("already" bytes are the caller's) and allocate in the current context.
 * The matrix isn't initialised.
 */
extern void mtr_problem_begin(MtrProblem *problem, uint64 already);

/* Solve: the matching of the stated tie rule, or the greedy one. */
extern void mtr_problem_solve(MtrProblem *problem);

/* Free the matrix and what else only the kernel needs. */
extern void mtr_problem_shrink(MtrProblem *problem);

/* The one place where a status of a kernel becomes an error. */
extern void mtr_check_status(MtrStatus status, const char *kernel);

/* Raise the error for a problem beyond mentoring.match_memory. */
extern void mtr_check_memory(uint64 bytes, int64 nleft, int64 nright);

static inline int32 *
mtr_problem_cell(const MtrProblem *problem, int32 left, int32 right)
{
	if (problem->rows_are_right)
		return problem->matrix + (size_t) right * problem->nleft + left;
	return problem->matrix + (size_t) left * problem->nright + right;
}

/*
 * What the caller of a query-text function gives: distinct ids, sorted, and
 * the pairs.  solve_input.c.
 */
typedef struct MtrPairInput MtrPairInput;

extern MtrPairInput *mtr_read_pairs(const char *pairs_sql);
extern void mtr_read_places(MtrPairInput *input, const char *places_sql);

/* Sort the ids and make the problem: sides and places.  The arrays of ids
 * are those of the input. */
extern void mtr_input_problem(MtrPairInput *input, MtrProblem *problem,
							  const int64 **left_id, const int64 **right_id);

/* Bytes the input holds. */
extern uint64 mtr_input_bytes(const MtrPairInput *input);

/* Put the pairs into the matrix; a duplicate is an error. */
extern void mtr_input_fill(const MtrPairInput *input, MtrProblem *problem);

/* The objective by name: true for most_pairs, false for best_total. */
extern bool mtr_objective_is_most_pairs(const char *objective);

/* Options of match(), as stored in match_run.options. */
typedef struct MtrMatchOptions
{
	bool		has_min_score;
	int32		min_score;		/* 10^-6 */
	bool		keep;
} MtrMatchOptions;

extern void mtr_parse_options(const Jsonb *json, MtrMatchOptions *options);

/* A pair of a run, by index into the programme's lists. */
typedef struct MtrMatchPair
{
	int32		mentee;
	int32		mentor;
	int32		score;			/* 10^-6 */
	bool		is_pinned;
} MtrMatchPair;

/* Why somebody with a free place got nobody. */
typedef enum MtrReason
{
	MTR_MATCHED,
	MTR_NO_PARTNER,
	MTR_PARTNERS_FULL,
	MTR_OUTBID
} MtrReason;

/* What a run says of one participant; the proof stays NULL when greedy. */
typedef struct MtrOutcome
{
	bool		takes_part;		/* brought a place into the run */
	bool		is_paired;
	bool		has_partner;	/* eligible with anybody */
	bool		has_free_partner;	/* ... who brought a place */
	int32		places_left;	/* after pins */
	int32		index;			/* in the problem, -1 = not in it */
	uint8		cover;
	int64		price;
	MtrReason	reason;
} MtrOutcome;

/* One call of match(). */
typedef struct MtrMatch
{
	instr_time	started;
	int64		programme_id;
	const char *method;
	const char *objective;
	bool		is_greedy;
	bool		most_pairs;
	Jsonb	   *options_json;
	MtrMatchOptions options;
	MtrProgramme *programme;

	MtrOutcome *mentee;			/* [programme->nmentees] */
	MtrOutcome *mentor;			/* [programme->nmentors] */
	int32		nmentees;		/* that take part */
	int32		nmentors;
	int64		eligible;		/* pairs of these */

	int32		npairs;			/* ordered by mentee, then mentor */
	MtrMatchPair *pair;
	int64		total;
	int64		bound;

	double		load_ms;
	double		score_ms;
	double		solve_ms;
	uint64		bytes;
} MtrMatch;

/*
 * Check the pinned pairs and put those that are to be proposed, ordered by
 * mentee and mentor, into match->pair (with room for all of them); takes
 * their places away.
 */
extern void mtr_match_pins(MtrMatch *match);

/* Write the run; returns its id. */
extern int64 mtr_match_store(MtrMatch *match);

/* An id argument; null is an error that names it. */
extern int64 mtr_id_argument(FunctionCallInfo fcinfo, int argument,
							 const char *name);

/* Milliseconds since then. */
extern double mtr_elapsed_ms(const instr_time *start);

/*
 * Digests of the proof and of the pairs of a run ($1 programme, $2 run), as
 * two columns.  They are kept in match_run.detail: a proof can be altered and
 * still be one, and of several optimal matchings the run made just one.
 * float8send is independent of extra_float_digits.
 */
#define MTR_RUN_DIGESTS \
	"SELECT (SELECT encode(sha256(coalesce(string_agg(" \
	"   int8send(participant_id) || int4send(places)" \
	"   || coalesce(int2send(cover), '') || coalesce(float8send(price), '')," \
	"   '' ORDER BY participant_id), '')), 'hex')" \
	"  FROM mentoring.match_price" \
	"  WHERE programme_id = $1 AND match_run_id = $2)," \
	" (SELECT encode(sha256(coalesce(string_agg(" \
	"   int8send(mentee_id) || int8send(mentor_id)" \
	"   || coalesce(float8send(score), '')," \
	"   '' ORDER BY mentee_id, mentor_id), '')), 'hex')" \
	"  FROM mentoring.proposed_pair" \
	"  WHERE programme_id = $1 AND match_run_id = $2)"

/* Run a statement with bigint parameters through SPI; "expect" is the result
 * code.  Read-only ones see the caller's snapshot. */
extern void mtr_match_query(const char *text, int nargs, const int64 *args,
							bool read_only, int expect);

#endif							/* MTR_MATCH_H */

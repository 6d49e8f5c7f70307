/*
 * match.h
 *	  what the matching files share: problems, pins, options, runs
 *
 * solve.c			solve_assignment()
 * solve_input.c	the rows of a caller's query (solve_row.c), as a problem
 * solve_stable.c	solve_stable()
 * solve_kernel.c	MtrProblem for all of them
 * solve_ties.c		ties of it
 * solve_resume.c	a solved problem after changes
 * match.c			match(): arguments, models, what becomes of the result
 * match_options.c	methods, objectives, options
 * match_pin.c		pinned pairs
 * match_rows.c		the numbers of a pair: score, waiting, churn
 * match_assign.c	mentees and mentors in pairs: optimal, greedy
 * match_stable.c	the same: stable
 * match_peer.c		peers in pairs
 * match_circle.c	circles of peers, groups
 * match_rematch.c	rematch()
 * match_shortage.c	shortage(), price_of_rules()
 * match_store.c	match_run, match_price, proposal, proposal_member
 * match_publish.c	publish_match(), discard_match(), diff_match()
 * match_verify.c	verify_match(); uses of all this only the option parser
 */
#ifndef MTR_MATCH_H
#define MTR_MATCH_H

#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "portability/instr_time.h"
#include "utils/jsonb.h"

#include "kernel/assign.h"
#include "score.h"

/* What is wanted of an optimal matching. */
typedef enum MtrObjective
{
	MTR_MOST_PAIRS,
	MTR_BEST_TOTAL,
	MTR_FAIR
} MtrObjective;

typedef enum MtrMethod
{
	MTR_OPTIMAL,
	MTR_GREEDY,
	MTR_STABLE,
	MTR_HEURISTIC				/* circles and groups: nothing else is known */
} MtrMethod;

/* The kernels of a bipartite problem, as match_run.detail names them. */
typedef enum MtrKernel
{
	MTR_KERNEL_DENSE,			/* all pairs in a matrix, searched whole */
	MTR_KERNEL_LAZY,			/* all pairs in a matrix, searched in lists */
	MTR_KERNEL_ON_DEMAND		/* no matrix, rows scored when needed */
} MtrKernel;

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
	MtrMethod	method;			/* optimal or greedy */
	MtrObjective objective;

	bool		is_resumed;		/* mtr_problem_resume() will be called */

	/*
	 * the numbers of a left element's pairs, MTR_NO_PAIR where not eligible;
	 * asked in any order and more than once
	 */
	MtrRowFunction row;
	void	   *row_state;

	/*
	 * the same of a right element with all left ones, for a problem that is
	 * resumed without a matrix; or NULL
	 */
	MtrRowFunction column;

	/* called once for each left element in order, with its row; or NULL */
	void		(*note) (void *state, int32 left, const int32 *row);

	/* set by mtr_problem_begin() */
	MtrKernel	kernel;
	bool		rows_are_right;
	int32	   *matrix;			/* NULL when rows are made on demand */
	Size		bytes;			/* everything it has allocated */
	uint64		already;		/* what the caller has allocated */
	void	   *block;			/* scratch of the present kernel */
	MtrAssign	assign;			/* the same for the kernel */

	/* set by mtr_problem_solve() */
	int32		npairs;
	int32	   *pair_left;		/* sorted by left, then right */
	int32	   *pair_right;
	int32	   *pair_score;
	int64		total;
	int64		bound;			/* no matching has a higher total */
	uint8	   *left_cover;		/* the proof; all 0 when there is none */
	uint8	   *right_cover;
	int64	   *left_price;
	int64	   *right_price;
	int64		rows_scored;	/* on demand: calls of row() */
} MtrProblem;

/*
 * Decide kernel and orientation, check the memory against
 * mentoring.match_memory ("already" bytes are the caller's) and allocate in
 * the current context.
 */
extern void mtr_problem_begin(MtrProblem *problem, uint64 already);

/* Fill the matrix, if there is one, and note each row. */
extern void mtr_problem_fill(MtrProblem *problem);

/* Solve: the matching of the stated tie rule, or the greedy one.  Without a
 * matrix each row is noted here. */
extern void mtr_problem_solve(MtrProblem *problem);

/* An answer to start from: that of the problem before it changed. */
typedef struct MtrStart
{
	int32		npairs;			/* sorted by left, then right; both elements
								 * take part still */
	int32	   *pair_left;
	int32	   *pair_right;
	int32	   *pair_score;
	uint8	   *left_cover;		/* of elements that didn't change */
	uint8	   *right_cover;
	int64	   *left_price;
	int64	   *right_price;
	bool	   *left_changed;	/* places or scores may differ; more are found */
	bool	   *right_changed;

	/* set by mtr_problem_resume() */
	int32		nchanged;		/* elements that had changed */
	bool		is_anew;		/* so many that all was solved from scratch */
} MtrStart;

/*
 * Instead of mtr_problem_fill() and mtr_problem_solve(): make the answer
 * optimal again.  The result is the same as theirs, whatever is said to have
 * changed: what isn't said is found when the proof is checked.
 */
extern void mtr_problem_resume(MtrProblem *problem, MtrStart *start);

/* Free the matrix and what else only the kernel needs. */
extern void mtr_problem_shrink(MtrProblem *problem);

/* "dense", "lazy" ... */
extern const char *mtr_kernel_name(MtrKernel kernel);

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

/* The same with a left_score and a right_score for each pair; these can only
 * be sorted. */
extern MtrPairInput *mtr_read_sided_pairs(const char *pairs_sql);

extern void mtr_read_places(MtrPairInput *input, const char *places_sql);

/* Sort the ids and make the problem: sides and places.  The arrays of ids
 * are those of the input. */
extern void mtr_input_problem(MtrPairInput *input, MtrProblem *problem,
							  const int64 **left_id, const int64 **right_id);

/* Bytes the input holds. */
extern uint64 mtr_input_bytes(const MtrPairInput *input);

/* Put the pairs into the matrix; a duplicate is an error. */
extern void mtr_input_fill(const MtrPairInput *input, MtrProblem *problem);

/* Or sort them by left and right, a duplicate being an error; then the row
 * function, whose state is the input, can be used. */
extern void mtr_input_sort(MtrPairInput *input, const MtrProblem *problem);
extern void mtr_input_row(void *input, int32 left, int32 *row);

/* The sorted pairs of a left element: each has the position of the right one
 * among the sorted ids and its one or two scores. */
extern const int32 *mtr_input_list(const MtrPairInput *input, int32 left,
								   int32 *count);

/* Methods and objectives by name; an unknown one, or an objective of NULL, is
 * an error. */
extern MtrMethod mtr_method(const char *name);
extern MtrObjective mtr_objective(const char *name);

/* Options of match(), as stored in match_run.options. */
typedef struct MtrMatchOptions
{
	bool		has_min_score;
	int32		min_score;		/* 10^-6 */
	bool		keep;
	int32		ageing;			/* 10^-6: what a year of waiting is worth */
	int32		churn_penalty;	/* 10^-6: what a pair kept is worth */
	int64		seed;			/* circles and groups */
	int32		mentors_per_group;
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

/* A proposal: a pair, a group, a circle.  Its members stand in
 * MtrMatch.member, in the order in which they are stored. */
typedef struct MtrProposal
{
	int32		first;
	int32		count;
	int64		score;			/* 10^-6 */
	bool		is_pinned;
} MtrProposal;

typedef struct MtrMember
{
	int64		participant_id;
	const char *role;			/* a constant: "mentee", "mentor", "peer" */
} MtrMember;

/* Why somebody with a free place got nobody. */
typedef enum MtrReason
{
	MTR_MATCHED,
	MTR_NO_PARTNER,
	MTR_PARTNERS_FULL,
	MTR_OUTBID
} MtrReason;

/* What a run says of one participant; the proof stays NULL without one. */
typedef struct MtrOutcome
{
	bool		takes_part;		/* brought a place into the run */
	bool		is_paired;
	bool		has_partner;	/* eligible with anybody */
	bool		has_free_partner;	/* ... who brought a place */
	int32		places_left;	/* after pins */
	int32		index;			/* in the problem, -1 = not in it */
	int32		priority;		/* 10^-6: added to the score of each pair */
	int32		set_position;	/* of a peer, among the odd sets */
	uint8		cover;			/* in a proof of peers in halves */
	int64		price;			/* likewise */
	MtrReason	reason;
} MtrOutcome;

/* A set of peers whose price is part of the proof (kernel/pair.h): those with
 * set_position from first to last - 1. */
typedef struct MtrOddSet
{
	int32		first;
	int32		last;
	int32		cover;			/* in halves */
	int64		price;			/* likewise */
} MtrOddSet;

/* What a run stored, for rematch(). */
typedef struct MtrOldPrice
{
	int64		participant_id;
	int32		places;			/* before pins */
	uint8		cover;
	int64		price;
} MtrOldPrice;

typedef struct MtrOldPair
{
	int64		mentee_id;
	int64		mentor_id;
	int32		score;			/* without priority and churn_penalty */
	bool		is_pinned;
} MtrOldPair;

typedef struct MtrPrevious
{
	bool		is_start;		/* the prices can be started from */
	int32		nprices;		/* by participant */
	MtrOldPrice *price;
	int32		npairs;			/* by mentee, then mentor */
	MtrOldPair *pair;
	int32		nchanged;		/* participants said to have changed */
	int64	   *changed;
} MtrPrevious;

/* One call of match().  Of peers and circles everybody is a "mentee". */
typedef struct MtrMatch
{
	instr_time	started;
	int64		programme_id;
	int64		run_id;			/* of the draft to be replaced; 0 = a new run */
	MtrPrevious *previous;		/* for rematch(), or NULL */
	TimestampTz waiting_at;		/* to which waiting times are counted */
	Jsonb	   *texts;			/* frequencies of terms it scores by: of the
								 * run matched again, else as loaded; NULL
								 * without a criterion of kind text */
	const char *method_name;	/* as asked for */
	const char *objective_name;
	MtrMethod	method;
	MtrObjective objective;
	Jsonb	   *options_json;
	MtrMatchOptions options;
	MtrProgramme *programme;

	MtrOutcome *mentee;			/* [programme->nmentees] */
	MtrOutcome *mentor;			/* [programme->nmentors]; NULL for peers */
	int32		nmentees;		/* that take part */
	int32		nmentors;
	int64		eligible;		/* pairs of these */

	/* pairs of mentees with mentors before they become proposals */
	int32		npairs;			/* ordered by mentee, then mentor */
	MtrMatchPair *pair;

	/*
	 * the pairs that are proposed now and worth churn_penalty more, by
	 * mentee, then mentor
	 */
	int32		nchurn;
	MtrMatchPair *churn;

	int32		nproposals;
	MtrProposal *proposal;
	int32		nmembers;
	MtrMember  *member;

	bool		has_proof;		/* covers and prices */
	int32		nsets;
	MtrOddSet  *set;

	int64		total;			/* sum of the scores of the proposals */
	int64		value;			/* ... with priorities and churn_penalty */
	bool		has_bound;
	int64		bound;			/* no matching has a higher value */

	const char *kernel;			/* for match_run.detail */
	double		load_ms;
	double		score_ms;
	double		solve_ms;
	uint64		bytes;
	StringInfo	detail;			/* more members of match_run.detail; or NULL */
} MtrMatch;

/* Is a programme of this model about pairs of a mentee and a mentor?  Or do
 * several people share a circle or a group? */
extern bool mtr_model_is_paired(const char *model);
extern bool mtr_model_is_shared(const char *model);

/*
 * Check the pinned pairs and put those that are to be proposed, ordered by
 * mentee and mentor, into match->pair (with room for all of them); takes
 * their places away.
 */
extern void mtr_match_pins(MtrMatch *match);

/*
 * The rows of the problem: the participants who bring a place, and the value
 * of their pairs.  match_rows.c.
 */
typedef struct MtrMatchRows
{
	MtrMatch   *match;
	int32		nleft;
	int32		nright;
	int32	   *mentee_of;		/* [nleft] index into programme->mentee */
	int32	   *mentor_of;		/* [nright] */
	int32	   *left_places;
	int32	   *right_places;
	bool		has_all_mentors;	/* mentor_of[j] = j */
	int32	   *pin_start;		/* [nleft + 1] of match->pair */
	int32	   *churn_start;	/* [nleft + 1] of match->churn */
	bool	   *mentor_seen;	/* [nright] eligible with a mentee of ours */
	int32	   *score;			/* [programme->nmentors] */
	int32	   *side;			/* [2 * programme->nmentors] or NULL */
	int32	   *column;			/* [programme->nmentees] or NULL */
	void	   *column_scratch;
} MtrMatchRows;

/* After pins. */
extern void mtr_rows_begin(MtrMatchRows *rows, MtrMatch *match);

/* MtrRowFunction: the values of a left element's pairs. */
extern void mtr_rows_row(void *rows, int32 left, int32 *value);

/* The same of a right element with all left ones. */
extern void mtr_rows_column(void *rows, int32 right, int32 *value);

/* What each side thinks of the other, for stable matchings. */
extern void mtr_rows_sides(void *rows, int32 left, int32 *left_value,
						   int32 *right_value);

/* Count the eligible pairs and see who has a partner; "value" is the row just
 * made. */
extern void mtr_rows_note(void *rows, int32 left, const int32 *value);

/* What priority and churn_penalty add to the score of a pair. */
extern int32 mtr_rows_bonus(const MtrMatchRows *rows, int32 left,
							int32 right);

/* After the last row: who suits only those who are full. */
extern void mtr_rows_end(MtrMatchRows *rows);

/* Load, solve and propose; all but storing. */
extern void mtr_match_run(MtrMatch *match);

/* Load the programme as match() would with its defaults: places, pins. */
extern void mtr_match_prepare(MtrMatch *match, int64 programme_id);

/* Order match->pair by mentee and mentor. */
extern void mtr_match_sort_pairs(MtrMatch *match);

/* Is this pair, by indexes, in a sorted list? */
extern bool mtr_match_has_pair(const MtrMatchPair *pair, int32 n,
							   int32 mentee, int32 mentor);

/* Who brings a place, after pins; from what is loaded. */
extern void mtr_match_places(MtrMatch *match);

/* Priorities by waiting time, and the pairs proposed now. */
extern void mtr_match_waiting(MtrMatch *match);
extern void mtr_match_churn(MtrMatch *match);

/*
 * Peers who bring a place, and the scores between them.  match_peer.c.
 */
typedef struct MtrPeers
{
	int32		n;
	int32	   *peer_of;		/* [n] index into programme->mentee */
	int32	   *score;			/* [n * n], symmetric */
} MtrPeers;

extern void mtr_peers_begin(MtrMatch *match, MtrPeers *peers);

/* Count the eligible pairs and see who has a partner. */
extern void mtr_peers_note(MtrMatch *match, const MtrPeers *peers);

/* Add to the scores what options do, and what that is for two peers, by index
 * into programme->mentee. */
extern void mtr_peers_add_bonuses(MtrMatch *match, MtrPeers *peers);
extern int32 mtr_peers_bonus(const MtrMatch *match, int32 i, int32 j);

/* Scratch for a kernel, aligned, within mentoring.match_memory; n is for the
 * message. */
extern void *mtr_match_scratch(MtrMatch *match, Size size, int32 n);

/* Models and methods. */
extern void mtr_match_assign(MtrMatch *match);
extern void mtr_match_stable(MtrMatch *match);
extern void mtr_match_peer(MtrMatch *match);
extern void mtr_match_circle(MtrMatch *match);
extern void mtr_match_group(MtrMatch *match);

/*
 * What circles and groups share: what a pinned pair is worth more in the
 * search, the sizes the programme asks for, the effort of a method, and the
 * error when pins can't be honoured.
 */
#define MTR_PIN_SCORE (100 * MTR_UNIT)
extern void mtr_match_sizes(const MtrMatch *match, int32 *min_size,
							int32 *max_size);
extern int32 mtr_match_effort(MtrMatch *match, int32 usual);
extern void mtr_match_refuse_pin(const MtrMatch *match, int64 a, int64 b);

/* Room for that many proposals and members, both counted generously. */
extern void mtr_match_proposal_room(MtrMatch *match, int32 proposals,
									int64 members);

/* One proposal more; its members are to be filled in. */
extern MtrMember *mtr_match_propose(MtrMatch *match, int32 count, int64 score,
									bool is_pinned);

/* Another member of match_run.detail; format and values make JSON. */
extern void mtr_match_detail(MtrMatch *match, const char *key,
							 const char *format,...)
			pg_attribute_printf(3, 4);

/* Write the run; returns its id. */
extern int64 mtr_match_store(MtrMatch *match);

/* Write what goes with it.  Returns the ids of the proposals, in their order,
 * if all are new and nothing but this wrote them, else NULL. */
extern int64 *mtr_match_store_rows(const MtrMatch *match, int64 run_id);

/* Covers and prices of peers are kept in halves: 2, of others 1. */
extern int	mtr_match_halves(const MtrMatch *match);

/* Refuse an argument that is null. */
extern void mtr_refuse_null(const char *argument, const char *hint);

/* An id argument; null is an error that names it. */
extern int64 mtr_id_argument(FunctionCallInfo fcinfo, int argument,
							 const char *name);

/* Milliseconds since then. */
extern double mtr_elapsed_ms(const instr_time *start);

/*
 * Digests of the proof and of the proposals of a run ($1 programme, $2 run),
 * as two columns.  They are kept in match_run.detail: a proof can be altered
 * and still be one, and of several optimal matchings the run made just one.
 * float8send is independent of extra_float_digits.
 */
#define MTR_RUN_DIGESTS \
	"SELECT (SELECT encode(sha256(" \
	" coalesce((SELECT string_agg(int8send(p.participant_id)" \
	"   || int4send(p.places) || coalesce(float8send(p.cover), '')" \
	"   || coalesce(float8send(p.price), '') || float8send(p.priority)" \
	"   || coalesce(int4send(p.set_position), '')," \
	"   '' ORDER BY p.participant_id) FROM mentoring.match_price AS p" \
	"   WHERE p.programme_id = $1 AND p.match_run_id = $2), '')" \
	" || coalesce((SELECT string_agg(int4send(s.first_position)" \
	"   || int4send(s.last_position) || float8send(s.cover)" \
	"   || float8send(s.price), '' ORDER BY s.set_no)" \
	"   FROM mentoring.match_odd_set AS s" \
	"   WHERE s.programme_id = $1 AND s.match_run_id = $2), '')), 'hex'))," \
	" (SELECT encode(sha256(coalesce(string_agg(int8send(o.id)" \
	"   || coalesce(float8send(o.score), '') || int8send(m.participant_id)" \
	"   || convert_to(m.role, 'UTF8'), '' ORDER BY o.id, m.id), '')), 'hex')" \
	"  FROM mentoring.proposal AS o" \
	"  JOIN mentoring.proposal_member AS m" \
	"    ON m.programme_id = o.programme_id AND m.proposal_id = o.id" \
	"  WHERE o.programme_id = $1 AND o.match_run_id = $2)"

/* A bigint of the last result that is never null. */
extern int64 mtr_result_int64(uint64 row, int column);

/*
 * A digest of the criteria of programme $1, kept in match_run.detail: editing
 * them touches every score.
 */
#define MTR_CRITERIA_DIGEST \
	"(SELECT encode(sha256(convert_to(coalesce(string_agg(c::text, chr(10)" \
	"   ORDER BY c.id), ''), 'UTF8')), 'hex')" \
	"  FROM mentoring.criterion AS c WHERE c.programme_id = $1)"

/* Run a statement with bigint parameters through SPI; "expect" is the result
 * code.  Read-only ones see the caller's snapshot. */
extern void mtr_match_query(const char *text, int nargs, const int64 *args,
							bool read_only, int expect);

#endif							/* MTR_MATCH_H */

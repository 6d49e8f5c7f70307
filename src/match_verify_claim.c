/*
 * match_verify_claim.c
 *	  what methods without prices claim: stable, fair
 *
 * A stable matching has no blocking pair: two who are not matched with each
 * other and would both rather be (kernel/stable.h).  A fair one is checked by
 * looking, score by score from the lowest, for a way to have fewer pairs of
 * it and the same of those below (kernel/fair.h).  Both checkers share
 * nothing with the kernels that solve.
 *
 * Cost.  stable: a pass over all pairs.  fair: a matrix of them, checked
 * against mentoring.match_memory, and a search for each score in the
 * matching.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "kernel/fair.h"
#include "kernel/stable.h"
#include "match_verify.h"
#include "progress.h"

/* what kernels want their scratch aligned to */
#define SCRATCH_ALIGNMENT 64

/* blocking pairs that are named */
#define NAMED 3

/* The problem that is left when pinned pairs are taken out. */
typedef struct Rest
{
	MtrVerify  *v;
	int32	   *mentee_places;
	int32	   *mentor_places;
	int32	   *score;			/* [nmentors], of the pair */
	int32		npairs;
	int32	   *pair_mentee;	/* [npairs] by mentee, then mentor */
	int32	   *pair_mentor;
} Rest;

static void *
aligned_block(Size size, const MtrVerify *v)
{
	uint64		already = MemoryContextMemAllocated(CurrentMemoryContext, true);
	void	   *block;

	mtr_check_memory(already + size + SCRATCH_ALIGNMENT,
					 v->programme->nmentees, v->programme->nmentors);
	block = MemoryContextAllocHuge(CurrentMemoryContext,
								   size + SCRATCH_ALIGNMENT);
	return (void *) TYPEALIGN(SCRATCH_ALIGNMENT, block);
}

static void
begin_rest(Rest *rest, MtrVerify *v)
{
	const MtrProgramme *programme = v->programme;

	rest->v = v;
	rest->mentee_places = palloc((programme->nmentees + 1) * sizeof(int32));
	rest->mentor_places = palloc((programme->nmentors + 1) * sizeof(int32));
	rest->score = palloc((programme->nmentors + 1) * sizeof(int32));
	rest->pair_mentee = palloc((v->npairs + 1) * sizeof(int32));
	rest->pair_mentor = palloc((v->npairs + 1) * sizeof(int32));
	for (int32 i = 0; i < programme->nmentees; i++)
		rest->mentee_places[i] = v->mentee[i].places;
	for (int32 j = 0; j < programme->nmentors; j++)
		rest->mentor_places[j] = v->mentor[j].places;
	for (int32 k = 0; k < v->npairs; k++)
	{
		const MtrVerifyPair *pair = &v->pair[k];

		if (pair->is_pin)
		{
			rest->mentee_places[pair->mentee]--;
			rest->mentor_places[pair->mentor]--;
			continue;
		}
		rest->pair_mentee[rest->npairs] = pair->mentee;
		rest->pair_mentor[rest->npairs++] = pair->mentor;
	}
}

/* Is the pair part of the problem?  Its score has been put into score[]. */
static bool
is_in_problem(const Rest *rest, int32 mentee, int32 mentor)
{
	return rest->score[mentor] >= rest->v->options.min_score &&
		rest->mentee_places[mentee] > 0 && rest->mentor_places[mentor] > 0;
}

/* Pinned pairs are no part of it. */
static void
score_row(Rest *rest, int32 mentee)
{
	MtrVerify  *v = rest->v;

	mtr_programme_row(v->programme, mentee, rest->score);
	for (int32 k = v->first_pair[mentee]; k < v->first_pair[mentee + 1]; k++)
	{
		if (v->pair[k].is_pin)
			rest->score[v->pair[k].mentor] = MTR_NO_PAIR;
	}
}

/*
 * Stable
 */

/* MtrStableRowFunction: what mentee and mentors think of each other. */
static void
read_sides(void *state, int32 mentee, MtrStableRow *numbers)
{
	Rest	   *rest = state;
	MtrVerify  *v = rest->v;

	score_row(rest, mentee);
	mtr_score_row_sides(&v->programme->set, mentee, numbers->left_room,
						numbers->right_room, v->programme->scratch);
	for (int32 j = 0; j < v->programme->nmentors; j++)
	{
		int64		bonus;
		int64		waited = v->mentee[mentee].priority;

		if (!is_in_problem(rest, mentee, j))
		{
			numbers->left_room[j] = numbers->right_room[j] = MTR_NO_PAIR;
			continue;
		}
		bonus = mtr_verify_bonus(v, mentee, j);
		numbers->left_room[j] += (int32) (bonus - waited);
		numbers->right_room[j] += (int32) bonus;
	}
}

/* The scores of the pairs, which the checker wants to know. */
static void
fill_pair_scores(Rest *rest, MtrStable *p)
{
	int32		n = rest->v->programme->nmentors;
	MtrStableRow row = {0};
	int32		last = -1;

	row.left_room = palloc((n + 1) * sizeof(int32));
	row.right_room = palloc((n + 1) * sizeof(int32));
	for (int32 k = 0; k < p->npairs; k++)
	{
		if (p->pair_row[k] != last)
			read_sides(rest, p->pair_row[k], &row);
		last = p->pair_row[k];
		p->pair_left[k] = row.left_room[p->pair_col[k]];
		p->pair_right[k] = row.right_room[p->pair_col[k]];
	}
	pfree(row.left_room);
	pfree(row.right_room);
}

/* What the checker found, or NULL. */
static char *
blocking_problem(const MtrVerify *v, const MtrStableCheck *check)
{
	StringInfoData text;

	if (check->fault != MTR_STABLE_FEASIBLE)
		return "the proposals are no valid matching";
	if (check->nblocking == 0)
		return NULL;
	initStringInfo(&text);
	appendStringInfo(&text, "%lld pairs would rather be together: ",
					 (long long) check->nblocking);
	for (int32 k = 0; k < check->nlisted; k++)
		appendStringInfo(&text, "%s%s", k > 0 ? "; " : "",
						 mtr_verify_pair_name(v, check->blocking_row[k],
											  check->blocking_col[k]));
	if (check->nblocking > check->nlisted)
		appendStringInfoString(&text, "; ...");
	return text.data;
}

void
mtr_verify_stable(MtrVerify *v, const char *why_not)
{
	Rest		rest = {0};
	MtrStable	p = {0};
	MtrStableCheck check = {.max_listed = NAMED};

	mtr_verify_priorities(v);
	if (why_not != NULL || !v->is_feasible)
	{
		mtr_verify_put(v, "stable", why_not ? MTR_UNDECIDED : MTR_FAILS,
					   why_not ? why_not :
					   "the proposals are no valid matching");
		return;
	}
	begin_rest(&rest, v);
	p.nrows = v->programme->nmentees;
	p.ncols = v->programme->nmentors;
	p.row_places = rest.mentee_places;
	p.col_places = rest.mentor_places;
	p.read_row = read_sides;
	p.state = &rest;
	p.npairs = rest.npairs;
	p.pair_row = rest.pair_mentee;
	p.pair_col = rest.pair_mentor;
	p.pair_left = palloc((p.npairs + 1) * sizeof(int32));
	p.pair_right = palloc((p.npairs + 1) * sizeof(int32));
	fill_pair_scores(&rest, &p);
	check.blocking_row = palloc(NAMED * sizeof(int32));
	check.blocking_col = palloc(NAMED * sizeof(int32));
	check.blocking_left = palloc(NAMED * sizeof(int32));
	check.blocking_right = palloc(NAMED * sizeof(int32));
	mtr_check_status(mtr_stable_blocking(&p, &check,
										 aligned_block(mtr_stable_check_size(&p),
													   v)),
					 "stable");
	mtr_verify_found(v, "stable", blocking_problem(v, &check),
					 "no two who are not matched would both rather be");
}

/*
 * Fair
 */

/* The matrix of values. */
static int32 *
fill_matrix(Rest *rest)
{
	MtrVerify  *v = rest->v;
	int32		n = v->programme->nmentees;
	int32		m = v->programme->nmentors;
	int32	   *matrix = aligned_block(Max((Size) n * m, 1) * sizeof(int32),
									   v);

	for (int32 i = 0; i < n; i++)
	{
		int32	   *value = matrix + (Size) i * m;

		CHECK_FOR_INTERRUPTS();
		mtr_progress(i, n);
		score_row(rest, i);
		for (int32 j = 0; j < m; j++)
			value[j] = !is_in_problem(rest, i, j) ? MTR_NO_PAIR :
				rest->score[j] + (int32) mtr_verify_bonus(v, i, j);
	}
	return matrix;
}

void
mtr_verify_fair(MtrVerify *v, const char *why_not)
{
	Rest		rest = {0};
	MtrAssign	p = {0};
	MtrFairVerdict verdict;

	mtr_verify_priorities(v);
	if (why_not != NULL || !v->is_feasible)
	{
		mtr_verify_put(v, "fair", why_not ? MTR_UNDECIDED : MTR_FAILS,
					   why_not ? why_not :
					   "the proposals are no valid matching");
		return;
	}
	begin_rest(&rest, v);
	p.nrows = v->programme->nmentees;
	p.ncols = v->programme->nmentors;
	p.row_places = rest.mentee_places;
	p.col_places = rest.mentor_places;
	p.score = fill_matrix(&rest);
	p.most_pairs = true;
	p.npairs = rest.npairs;
	p.pair_row = rest.pair_mentee;
	p.pair_col = rest.pair_mentor;
	mtr_check_status(mtr_fair_check(&p, &verdict,
									aligned_block(mtr_fair_check_scratch_size(&p),
												  v)),
					 "fair");
	if (verdict.flaw == MTR_FAIR_MORE_PAIRS)
		mtr_verify_put(v, "fair", MTR_FAILS, "there can be more pairs");
	else if (verdict.flaw == MTR_FAIR_LEVEL)
		mtr_verify_put(v, "fair", MTR_FAILS,
					   psprintf("there can be fewer pairs of value %.6f, and no more of those below",
								MTR_TO_DOUBLE(verdict.level)));
	else
		mtr_verify_put(v, "fair", MTR_HOLDS,
					   "no matching of as many pairs is fairer");
}

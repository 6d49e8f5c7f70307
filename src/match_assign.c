/*
 * match_assign.c
 *	  mentees and mentors in pairs: methods optimal and greedy
 *
 * Method.  Everybody who brings a free place is an element of one matching
 * problem (match_rows.c), which solve.c hands to the kernel that suits its
 * size.  The result is kept together with the prices that prove it.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "match.h"

/* The problem of a programme, and who is who in it. */
typedef struct Build
{
	MtrMatch   *match;
	MtrMatchRows rows;
	MtrProblem	problem;		/* left: mentees, right: mentors */
} Build;

/*
 * Set up the problem.  Everything allocated so far counts against the limit,
 * the compiled programme included: it is below the same memory context.
 */
static void
begin_build(Build *build, MtrMatch *match)
{
	MtrProblem *problem = &build->problem;
	uint64		already;

	build->match = match;
	mtr_rows_begin(&build->rows, match);
	problem->nleft = build->rows.nleft;
	problem->nright = build->rows.nright;
	problem->left_places = build->rows.left_places;
	problem->right_places = build->rows.right_places;
	problem->method = match->method;
	problem->objective = match->objective;
	problem->row = mtr_rows_row;
	problem->row_state = &build->rows;
	problem->column = mtr_rows_column;
	problem->note = mtr_rows_note;
	problem->is_resumed = match->previous != NULL && match->previous->is_start;
	already = MemoryContextMemAllocated(CurrentMemoryContext, true);
	mtr_problem_begin(problem, already);
}

static int
compare_pairs(const void *a, const void *b)
{
	const MtrMatchPair *p = a;
	const MtrMatchPair *q = b;

	if (p->mentee != q->mentee)
		return p->mentee < q->mentee ? -1 : 1;
	return (p->mentor > q->mentor) - (p->mentor < q->mentor);
}

void
mtr_match_sort_pairs(MtrMatch *match)
{
	qsort(match->pair, match->npairs, sizeof(MtrMatchPair), compare_pairs);
}

bool
mtr_match_has_pair(const MtrMatchPair *pair, int32 n, int32 mentee,
				   int32 mentor)
{
	MtrMatchPair key = {.mentee = mentee,.mentor = mentor};

	return n > 0 && bsearch(&key, pair, n, sizeof(MtrMatchPair),
							compare_pairs) != NULL;
}

/* Add the pairs the kernel chose to the pinned ones.  The order decides the
 * ids of proposals, so it must not depend on the orientation. */
static void
collect_pairs(Build *build)
{
	MtrMatch   *match = build->match;
	MtrProblem *problem = &build->problem;

	match->pair = repalloc_huge(match->pair,
								((Size) match->npairs + problem->npairs + 1) *
								sizeof(MtrMatchPair));
	match->value = match->total + problem->total;
	match->bound = match->total + problem->bound;
	match->has_bound = true;
	for (int32 i = 0; i < problem->npairs; i++)
	{
		MtrMatchPair *pair = &match->pair[match->npairs++];
		int32		left = problem->pair_left[i];
		int32		right = problem->pair_right[i];

		pair->mentee = build->rows.mentee_of[left];
		pair->mentor = build->rows.mentor_of[right];
		pair->score = problem->pair_score[i] -
			mtr_rows_bonus(&build->rows, left, right);
		pair->is_pinned = false;
		match->total += pair->score;
		match->mentee[pair->mentee].is_paired = true;
		match->mentor[pair->mentor].is_paired = true;
	}
	mtr_match_sort_pairs(match);
}

/* The proof, by participant. */
static void
collect_prices(Build *build)
{
	MtrMatch   *match = build->match;
	MtrProblem *problem = &build->problem;
	const MtrMatchRows *rows = &build->rows;

	match->has_proof = match->method == MTR_OPTIMAL &&
		match->objective != MTR_FAIR;
	for (int32 i = 0; i < problem->nleft; i++)
	{
		match->mentee[rows->mentee_of[i]].cover = problem->left_cover[i];
		match->mentee[rows->mentee_of[i]].price = problem->left_price[i];
	}
	for (int32 j = 0; j < problem->nright; j++)
	{
		match->mentor[rows->mentor_of[j]].cover = problem->right_cover[j];
		match->mentor[rows->mentor_of[j]].price = problem->right_price[j];
	}
}

/*
 * The answer of the run that is matched again
 */

/* Where a participant is in the problem: the index of its side, or -1. */
static int32
find_left(const Build *build, int64 id)
{
	const MtrProgramme *programme = build->match->programme;
	int32		i = mtr_find_participant(programme->mentee,
										 programme->nmentees, id);

	return i < 0 ? -1 : build->match->mentee[i].index;
}

static int32
find_right(const Build *build, int64 id)
{
	const MtrProgramme *programme = build->match->programme;
	int32		j = mtr_find_participant(programme->mentor,
										 programme->nmentors, id);

	return j < 0 ? -1 : build->match->mentor[j].index;
}

static void
mark_changed(const Build *build, MtrStart *start, int64 id)
{
	int32		left = find_left(build, id);
	int32		right = find_right(build, id);

	if (left >= 0)
		start->left_changed[left] = true;
	if (right >= 0)
		start->right_changed[right] = true;
}

/* Prices of those whose places are the same; all others have changed. */
static void
start_prices(const Build *build, MtrStart *start)
{
	const MtrMatch *match = build->match;
	const MtrPrevious *previous = match->previous;
	const MtrProgramme *programme = match->programme;

	memset(start->left_changed, true, build->rows.nleft);
	memset(start->right_changed, true, build->rows.nright);
	for (int32 k = 0; k < previous->nprices; k++)
	{
		const MtrOldPrice *old = &previous->price[k];
		int32		left = find_left(build, old->participant_id);
		int32		right = find_right(build, old->participant_id);

		if (left >= 0)
		{
			start->left_cover[left] = old->cover;
			start->left_price[left] = old->price;
			start->left_changed[left] = old->places !=
				programme->mentee[build->rows.mentee_of[left]].places;
		}
		if (right >= 0)
		{
			start->right_cover[right] = old->cover;
			start->right_price[right] = old->price;
			start->right_changed[right] = old->places !=
				programme->mentor[build->rows.mentor_of[right]].places;
		}
	}
}

/* Is this pair pinned now? */
static bool
is_pinned_now(const Build *build, int64 mentee_id, int64 mentor_id)
{
	const MtrMatch *match = build->match;
	const MtrProgramme *programme = match->programme;

	for (int32 k = 0; k < match->npairs; k++)
	{
		if (programme->mentee[match->pair[k].mentee].id == mentee_id &&
			programme->mentor[match->pair[k].mentor].id == mentor_id)
			return true;
	}
	return false;
}

/* Pins that are new have changed both participants' places; those that were
 * already there are taken out of the list. */
static void
start_pins(const Build *build, MtrStart *start)
{
	const MtrMatch *match = build->match;
	const MtrProgramme *programme = match->programme;
	const MtrPrevious *previous = match->previous;

	for (int32 k = 0; k < match->npairs; k++)
	{
		int64		mentee_id = programme->mentee[match->pair[k].mentee].id;
		int64		mentor_id = programme->mentor[match->pair[k].mentor].id;
		bool		was_pinned = false;

		for (int32 i = 0; i < previous->npairs && !was_pinned; i++)
			was_pinned = previous->pair[i].is_pinned &&
				previous->pair[i].mentee_id == mentee_id &&
				previous->pair[i].mentor_id == mentor_id;
		if (was_pinned)
			continue;
		mark_changed(build, start, mentee_id);
		mark_changed(build, start, mentor_id);
	}
}

/* Pairs of two who both take part still; one who is left alone has changed. */
static void
start_pairs(const Build *build, MtrStart *start)
{
	const MtrPrevious *previous = build->match->previous;

	for (int32 i = 0; i < previous->npairs; i++)
	{
		const MtrOldPair *old = &previous->pair[i];
		int32		left = find_left(build, old->mentee_id);
		int32		right = find_right(build, old->mentor_id);
		bool		is_pinned = is_pinned_now(build, old->mentee_id,
											  old->mentor_id);

		if (old->is_pinned && is_pinned)
			continue;
		if (old->is_pinned || is_pinned || left < 0 || right < 0)
		{
			mark_changed(build, start, old->mentee_id);
			mark_changed(build, start, old->mentor_id);
			continue;
		}
		start->pair_left[start->npairs] = left;
		start->pair_right[start->npairs] = right;
		start->pair_score[start->npairs++] = old->score +
			mtr_rows_bonus(&build->rows, left, right);
	}
}

static MtrStart *
make_start(const Build *build)
{
	const MtrPrevious *previous = build->match->previous;
	int32		nleft = build->rows.nleft + 1;
	int32		nright = build->rows.nright + 1;
	Size		pairs = (previous->npairs + 1) * sizeof(int32);
	MtrStart   *start = palloc0(sizeof(MtrStart));

	start->pair_left = palloc_extended(pairs, MCXT_ALLOC_HUGE);
	start->pair_right = palloc_extended(pairs, MCXT_ALLOC_HUGE);
	start->pair_score = palloc_extended(pairs, MCXT_ALLOC_HUGE);
	start->left_cover = palloc0(nleft);
	start->right_cover = palloc0(nright);
	start->left_price = palloc0(nleft * sizeof(int64));
	start->right_price = palloc0(nright * sizeof(int64));
	start->left_changed = palloc0(nleft);
	start->right_changed = palloc0(nright);
	start_prices(build, start);
	start_pins(build, start);
	start_pairs(build, start);
	for (int32 k = 0; k < previous->nchanged; k++)
		mark_changed(build, start, previous->changed[k]);
	return start;
}

/* Solve from there. */
static void
resume(Build *build)
{
	MtrMatch   *match = build->match;
	MtrStart   *start = make_start(build);

	mtr_problem_resume(&build->problem, start);
	if (start->is_anew)
		ereport(NOTICE,
				(errmsg("more than a quarter of the participants changed, so all were matched anew")));
	mtr_match_detail(match, "changed", "%d", start->nchanged);
	mtr_match_detail(match, "solved_anew", "%s",
					 start->is_anew ? "true" : "false");
}

void
mtr_match_assign(MtrMatch *match)
{
	Build		build = {0};
	instr_time	start;

	INSTR_TIME_SET_CURRENT(start);
	begin_build(&build, match);
	mtr_problem_fill(&build.problem);
	match->score_ms = mtr_elapsed_ms(&start);

	INSTR_TIME_SET_CURRENT(start);
	if (build.problem.is_resumed)
		resume(&build);
	else
		mtr_problem_solve(&build.problem);
	match->solve_ms = mtr_elapsed_ms(&start);
	match->bytes = build.problem.already + build.problem.bytes;
	match->kernel = match->method == MTR_GREEDY ? "greedy" :
		mtr_kernel_name(build.problem.kernel);
	if (build.problem.rows_scored > 0)
		mtr_match_detail(match, "rows_scored", "%lld",
						 (long long) build.problem.rows_scored);

	if (match->objective == MTR_FAIR && match->method == MTR_OPTIMAL)
		mtr_match_detail(match, "fairness_cost", "%.6f",
						 MTR_TO_DOUBLE(build.problem.bound -
									   build.problem.total));

	/* the programme's own memory isn't needed twice while rows are written */
	mtr_problem_shrink(&build.problem);
	collect_pairs(&build);
	collect_prices(&build);
	mtr_rows_end(&build.rows);
}

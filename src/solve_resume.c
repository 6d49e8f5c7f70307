/*
 * solve_resume.c
 *	  a solved problem after changes: optimal again, from the prices it had
 *
 * Problem.  Some elements came, left, or have other places or scores; the
 * old matching and its prices are nearly right.  Wanted is what solving anew
 * would give, pair for pair, for the price of a few searches.
 *
 * Method.  The lazy kernel starts from the old pairs and prices, undoes what
 * changed and searches once for each place concerned (kernel/lazy.h).  Who
 * changed needs not be known: after it the new prices are compared with
 * every pair, and where they don't hold, somebody has changed of whom it
 * wasn't said.  A right element that breaks the proof with many others is
 * taken for the one that changed, else the left ones are.  They are resumed
 * from, and all is compared again.  The comparison is the one that lists ties
 * anyway, so when all changes are named it costs nothing; what comes out is
 * proven whatever was said.
 *
 * Cost.  One or two passes over all pairs, and a search for each change.
 * When more than a quarter of the elements changed, all is solved from the
 * beginning.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "kernel/slack.h"
#include "match.h"
#include "progress.h"
#include "solve.h"

/* pairs at which a right element is what changed, not the left ones */
#define MANY_PAIRS 4

/* attempts to find all that changed */
#define MAX_ROUNDS 4

typedef struct Resume
{
	MtrProblem *problem;
	MtrAssign  *a;				/* rows are the left side */
	MtrStart   *start;
	int32	   *row;			/* [ncols] */
	int32	   *violations;		/* [ncols] */
	int64	   *limit[2];		/* [ncols] in rows of this cover */
} Resume;

/* One row of scores, from the matrix or made. */
static const int32 *
get_row(Resume *r, int32 left)
{
	if (r->problem->matrix != NULL)
		return r->problem->matrix + (size_t) left * r->a->ncols;
	r->problem->row(r->problem->row_state, left, r->row);
	r->problem->rows_scored++;
	return r->row;
}

/*
 * Does the proof hold for this pair?  The condition is that of assign.h, for
 * the present pairs and prices.
 */
static inline bool
holds(const MtrAssign *a, int32 row, int32 col, int32 score, bool is_taken)
{
	int			first = (a->most_pairs ? 1 : 0) - a->row_cover[row] -
	a->col_cover[col];
	int64		second = score - a->row_price[row] - a->col_price[col];
	int			sign = first != 0 ? first : (second > 0) - (second < 0);

	return is_taken ? sign >= 0 && score != MTR_NO_PAIR : sign <= 0;
}

/*
 * Go through all pairs where the proof doesn't hold: count them by right
 * element, or mark the left ones whose right element isn't marked.
 */
static void
scan_row(Resume *r, int32 left, const int32 *score, int32 k, bool mark)
{
	const MtrAssign *a = r->a;

	for (int32 col = 0; col < a->ncols; col++)
	{
		bool		is_taken = k < a->npairs && a->pair_row[k] == left &&
		a->pair_col[k] == col;

		k += is_taken;
		if ((score[col] == MTR_NO_PAIR && !is_taken) ||
			a->row_places[left] == 0 || a->col_places[col] == 0 ||
			holds(a, left, col, score[col], is_taken))
			continue;
		if (!mark)
			r->violations[col]++;
		else if (!r->start->right_changed[col])
			r->start->left_changed[left] = true;
	}
}

/*
 * Is it sure that the row has no such pair?  Its pairs are "count" ones from
 * k on.  A column without places may count though it doesn't matter.
 */
static bool
row_holds(const Resume *r, int32 left, const int32 *score, int32 k,
		  int32 count)
{
	const MtrAssign *a = r->a;
	const int64 *limit = r->limit[a->row_cover[left]];
	int64		price = a->row_price[left];
	int32		above = 0;

	for (int32 p = k; p < k + count; p++)
	{
		int32		col = a->pair_col[p];

		if (!holds(a, left, col, score[col], true))
			return false;
		above += mtr_slack_row(&score[col], &limit[col], price, 1).above;
	}
	return mtr_slack_row(score, limit, price, a->ncols).above == above;
}

static void
scan(Resume *r, bool mark)
{
	const MtrAssign *a = r->a;
	int32		k = 0;

	for (int cover = 0; cover < 2; cover++)
		for (int32 col = 0; col < a->ncols; col++)
			r->limit[cover][col] = mtr_slack_limit(a->most_pairs, cover,
												   a->col_cover[col],
												   a->col_price[col]);
	for (int32 left = 0; left < a->nrows; left++)
	{
		const int32 *score = get_row(r, left);
		int32		count = 0;

		CHECK_FOR_INTERRUPTS();
		mtr_progress(left, a->nrows);
		while (k + count < a->npairs && a->pair_row[k + count] == left)
			count++;
		if (!row_holds(r, left, score, k, count))
			scan_row(r, left, score, k, mark);
		k += count;
	}
}

/* A place with a price must be taken. */
static void
mark_idle(Resume *r)
{
	const MtrAssign *a = r->a;
	int32	   *taken = palloc0((Max(a->nrows, a->ncols) + 1) * sizeof(int32));

	for (int32 k = 0; k < a->npairs; k++)
		taken[a->pair_row[k]]++;
	for (int32 i = 0; i < a->nrows; i++)
		r->start->left_changed[i] |= taken[i] != a->row_places[i] &&
			(taken[i] > a->row_places[i] || a->row_cover[i] != 0 ||
			 a->row_price[i] != 0);
	memset(taken, 0, (a->ncols + 1) * sizeof(int32));
	for (int32 k = 0; k < a->npairs; k++)
		taken[a->pair_col[k]]++;
	for (int32 j = 0; j < a->ncols; j++)
		r->start->right_changed[j] |= taken[j] != a->col_places[j] &&
			(taken[j] > a->col_places[j] || a->col_cover[j] != 0 ||
			 a->col_price[j] != 0);
	pfree(taken);
}

/* Find who changed, by what the proof is worth now. */
static void
find_changes(Resume *r)
{
	mtr_progress_phase("check");
	mark_idle(r);
	memset(r->violations, 0, (r->a->ncols + 1) * sizeof(int32));
	scan(r, false);
	for (int32 col = 0; col < r->a->ncols; col++)
		r->start->right_changed[col] |= r->violations[col] >= MANY_PAIRS;
	scan(r, true);
}

static int32
list_changes(const bool *changed, int32 n, int32 *list)
{
	int32		count = 0;

	for (int32 i = 0; i < n; i++)
	{
		if (changed[i])
			list[count++] = i;
	}
	return count;
}

/* MtrRowFunction: the scores of a right element with each left one.  Where
 * nobody makes columns, it takes a row for each number. */
static void
column_scores(void *state, int32 col, int32 *score)
{
	Resume	   *r = state;
	const int32 *from = r->problem->matrix;
	int32		nrows = r->a->nrows;

	if (from != NULL)
		for (int32 i = 0; i < nrows; i++)
			score[i] = from[(size_t) i * r->a->ncols + col];
	else if (r->problem->column != NULL)
		r->problem->column(r->problem->row_state, col, score);
	else
		for (int32 i = 0; i < nrows; i++)
		{
			CHECK_FOR_INTERRUPTS();
			score[i] = get_row(r, i)[col];
		}
}

/* Take the old answer over. */
static void
begin_resume(Resume *r, MtrProblem *problem, MtrStart *start)
{
	MtrAssign  *a = &problem->assign;
	Size		size = start->npairs * sizeof(int32);

	r->problem = problem;
	r->a = a;
	r->start = start;
	a->npairs = start->npairs;
	memcpy(a->pair_row, start->pair_left, size);
	memcpy(a->pair_col, start->pair_right, size);
	memcpy(problem->pair_score, start->pair_score, size);
	memcpy(a->row_cover, start->left_cover, a->nrows);
	memcpy(a->col_cover, start->right_cover, a->ncols);
	memcpy(a->row_price, start->left_price, a->nrows * sizeof(int64));
	memcpy(a->col_price, start->right_price, a->ncols * sizeof(int64));
	size = (a->ncols + 1) * sizeof(int32);
	r->row = palloc_extended(size, MCXT_ALLOC_HUGE);
	r->violations = palloc_extended(size, MCXT_ALLOC_HUGE);
	for (int cover = 0; cover < 2; cover++)
		r->limit[cover] = palloc_extended((a->ncols + 1) * sizeof(int64),
										  MCXT_ALLOC_HUGE);
}

/* Resume from what is marked; false when that is too much. */
static bool
resume(Resume *r)
{
	MtrSolveChange change = {{0}};
	int32	   *row = palloc((r->a->nrows + 1) * sizeof(int32));
	int32	   *col = palloc((r->a->ncols + 1) * sizeof(int32));
	bool		is_few;

	change.change.nrows = list_changes(r->start->left_changed, r->a->nrows,
									   row);
	change.change.ncols = list_changes(r->start->right_changed, r->a->ncols,
									   col);
	change.change.row = row;
	change.change.col = col;
	r->start->nchanged = change.change.nrows + change.change.ncols;
	is_few = r->start->nchanged <= (r->a->nrows + r->a->ncols) / 4 + 1;
	if (is_few && r->start->nchanged > 0)
	{
		mtr_progress_phase("solve");
		change.column = column_scores;
		change.column_state = r;
		mtr_solve_by_lists(r->problem, &change);
	}
	pfree(row);
	pfree(col);
	return is_few;
}

/*
 * With a matrix it costs little to look for changes before anything is
 * trusted; without one, rows would be made for it alone.
 */
void
mtr_problem_resume(MtrProblem *problem, MtrStart *start)
{
	Resume		r = {0};

	if (problem->rows_are_right)
		elog(ERROR, "a turned problem cannot be resumed");
	begin_resume(&r, problem, start);
	if (problem->matrix != NULL)
		find_changes(&r);
	else
		mark_idle(&r);
	for (int round = 0; round < MAX_ROUNDS; round++)
	{
		if (!resume(&r))
			break;
		if (mtr_solve_ties(problem))
		{
			mtr_solve_results(problem);
			problem->bound = problem->total;
			return;
		}
		find_changes(&r);
	}
	start->is_anew = true;
	problem->assign.npairs = 0;
	mtr_problem_solve(problem);
}

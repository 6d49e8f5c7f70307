/*
 * solve_ties.c
 *	  of a problem's optimal matchings, the one the tie rule prefers
 *
 * Problem.  Prices and covers prove a matching optimal.  Check them against
 * every pair and bring in what the rule of kernel/ties.h prefers, within the
 * memory allowed.
 *
 * Method.  With a matrix the kernel chooses between a list of the tied pairs
 * and bit sets over all pairs; where neither fits beside the matrix this is
 * freed.  Without a matrix each row is made once more for either.  How many
 * pairs are tied is known only then, and mostly they are few, so a list comes
 * first.  Where it becomes larger than bit sets would be, or than is allowed,
 * it is dropped and bit sets take over; the rows it had seen are made again.
 *
 * Cost.  Without a matrix one scoring of each row, and another of those that
 * a dropped list had seen.  Scores of few levels tie a constant part of the
 * pairs, a list a fiftieth of the pairs long takes as much as bit sets, so
 * with a tenth of them tied that is one row in five.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "kernel/ties.h"
#include "kernel/ties_bits.h"
#include "kernel/ties_list.h"
#include "match.h"
#include "mentoring.h"
#include "progress.h"
#include "solve.h"

/* entries a row for which a list of ties has room at first */
#define TIES_A_ROW 3

/* entries a list can have (ties_list.h) */
#define MAX_ENTRIES (PG_INT32_MAX - 1)

/* Bytes of what can't be had; twice as much doesn't overflow. */
#define BEYOND (PG_UINT64_MAX / 4)

/* Rows made for ties, perhaps twice, but noted once. */
typedef struct TiedRows
{
	MtrProblem *problem;
	int32	   *row;			/* [nright] the present one */
	int32		nnoted;			/* how many of the first rows were noted */
	int32		next_pair;		/* first pair of a row not noted */
} TiedRows;

/*
 * With a matrix
 */

static uint64
bytes_allowed(const MtrProblem *problem)
{
	uint64		limit = (uint64) mtr_match_memory * 1024;

	return limit > problem->already ? limit - problem->already : 0;
}

/* Scratch for so many ties.  MTR_DEGENERATE if there is no room for it, but
 * rows can be made. */
static MtrStatus
counted_ties(MtrProblem *problem, int64 count)
{
	MtrAssign  *a = &problem->assign;
	Size		size = mtr_ties_scratch_size_for(a, count);
	uint64		bytes = mtr_solve_bytes(problem) + mtr_solve_aligned(size);

	if (bytes > bytes_allowed(problem) && problem->row != NULL)
		return MTR_DEGENERATE;
	mtr_check_memory(problem->already + bytes, problem->nleft,
					 problem->nright);
	problem->bytes = Max(problem->bytes, bytes);
	return mtr_ties_resolve_counted(a, problem->rows_are_right, count,
									mtr_solve_scratch(problem, size));
}

/* What is usual mostly is enough, and saves a pass over the matrix. */
static MtrStatus
matrix_ties(MtrProblem *problem)
{
	MtrAssign  *a = &problem->assign;
	MtrStatus	status = counted_ties(problem, mtr_ties_usual_count(a));

	if (status == MTR_FULL)
		status = counted_ties(problem, mtr_ties_count(a));
	return status;
}

/* Exchange rows and columns of a solved problem; pairs are those by left and
 * right. */
static void
turn(MtrProblem *problem)
{
	MtrAssign  *a = &problem->assign;
	MtrAssign	old = *a;

	a->nrows = old.ncols;
	a->ncols = old.nrows;
	a->row_places = old.col_places;
	a->col_places = old.row_places;
	a->row_cover = old.col_cover;
	a->col_cover = old.row_cover;
	a->row_price = old.col_price;
	a->col_price = old.row_price;
	a->pair_row = problem->pair_left;
	a->pair_col = problem->pair_right;
	problem->rows_are_right = false;
	pfree(old.pair_row);
	pfree(old.pair_col);
}

/* Do without the matrix from now on.  What it says of the pairs is kept. */
static void
drop_matrix(MtrProblem *problem)
{
	mtr_solve_pairs(problem);
	if (problem->rows_are_right)
		turn(problem);
	mtr_problem_shrink(problem);
	problem->assign.score = NULL;
	problem->kernel = MTR_KERNEL_ON_DEMAND;
}

/*
 * Without a matrix: memory
 */

/* Bytes of the problem with a list, of which so many entries will be used. */
static uint64
list_bytes(const MtrProblem *problem, int64 room, int64 nentries)
{
	const MtrAssign *a = &problem->assign;

	if (nentries > MAX_ENTRIES)
		return BEYOND;
	return mtr_solve_bytes(problem) +
		mtr_solve_aligned(mtr_ties_list_scratch_size(a)) +
		room * sizeof(uint32) +
		mtr_solve_aligned(mtr_ties_list_resolve_scratch_size(a, nentries));
}

static uint64
bits_bytes(const MtrProblem *problem)
{
	const MtrAssign *a = &problem->assign;

	if ((int64) a->nrows * a->ncols > MTR_TIES_MAX_CELLS)
		return BEYOND;
	return mtr_solve_bytes(problem) +
		mtr_solve_aligned(mtr_ties_bits_scratch_size(a));
}

/* Are bit sets to be used instead of a list that takes so much?  When neither
 * will do that is an error. */
static bool
bits_are_better(const MtrProblem *problem, uint64 list)
{
	uint64		bits = bits_bytes(problem);

	if (list <= bits && list <= bytes_allowed(problem))
		return false;
	mtr_check_memory(problem->already + Min(list, bits), problem->nleft,
					 problem->nright);
	return true;
}

/*
 * Give a list that is full more room, twice as much if that can be used;
 * false if bit sets are better.
 */
static bool
enlarge(const MtrProblem *problem, MtrTiesList *list)
{
	int64		needed = list->needed;
	int64		room = Max(needed, 2 * list->room);
	uint64		most = Min(bits_bytes(problem), bytes_allowed(problem));

	if (bits_are_better(problem, list_bytes(problem, needed, needed)))
		return false;
	while (room > needed && list_bytes(problem, room, room) > most)
		room = needed + (room - needed) / 2;
	mtr_ties_list_enlarge(list,
						  repalloc_huge(list->entry, room * sizeof(uint32)),
						  room);
	return true;
}

/*
 * Without a matrix: the two ways
 */

/* Make a row; the first time it is noted, and the scores of its pairs are. */
static void
make_row(TiedRows *rows, int32 left)
{
	MtrProblem *problem = rows->problem;
	const MtrAssign *a = &problem->assign;

	CHECK_FOR_INTERRUPTS();
	problem->rows_scored++;
	if (left < rows->nnoted)
	{
		problem->row(problem->row_state, left, rows->row);
		return;
	}
	mtr_progress(left, problem->nleft);
	mtr_solve_row(problem, left, rows->row);
	for (; rows->next_pair < a->npairs &&
		 a->pair_row[rows->next_pair] == left; rows->next_pair++)
		problem->pair_score[rows->next_pair] =
			rows->row[a->pair_col[rows->next_pair]];
	rows->nnoted++;
}

/* Compare each row with the proof and keep what is tied.  Rows aren't made
 * again for a list enlarged.  MTR_FULL if bit sets are better. */
static MtrStatus
fill_list(TiedRows *rows, MtrTiesList *list)
{
	MtrProblem *problem = rows->problem;

	for (int32 left = 0; left < problem->nleft; left++)
	{
		MtrStatus	status;

		make_row(rows, left);
		while ((status = mtr_ties_list_row(list, left,
										   rows->row)) == MTR_FULL)
			if (!enlarge(problem, list))
				return MTR_FULL;
		if (status != MTR_OK)
			return status;
	}
	return mtr_ties_list_end(list);
}

/* Resolve a list, in memory of its own.  MTR_FULL if bit sets are better. */
static MtrStatus
resolve_list(MtrProblem *problem, MtrTiesList *list)
{
	uint64		bytes = list_bytes(problem, list->room, list->needed);
	Size		size = mtr_ties_list_resolve_scratch_size(&problem->assign,
														  list->needed);
	void	   *block;
	MtrStatus	status;

	if (bits_are_better(problem, bytes))
		return MTR_FULL;
	problem->bytes = Max(problem->bytes, bytes);
	block = MemoryContextAllocHuge(CurrentMemoryContext,
								   mtr_solve_aligned(size));
	list->pair_score = problem->pair_score;
	status = mtr_ties_list_resolve(list, problem->rows_are_right,
								   (void *) TYPEALIGN(MTR_SCRATCH_ALIGNMENT,
													  block));
	pfree(block);
	return status;
}

static MtrStatus
listed_ties(TiedRows *rows)
{
	MtrProblem *problem = rows->problem;
	MtrAssign  *a = &problem->assign;
	MtrTiesList list;
	Size		size = mtr_ties_list_scratch_size(a);
	int64		room = TIES_A_ROW * (int64) (a->nrows + 1);
	uint32	   *entry;
	MtrStatus	status;

	if (bits_are_better(problem, list_bytes(problem, room, 0)))
		return MTR_FULL;
	entry = palloc_extended(room * sizeof(uint32), MCXT_ALLOC_HUGE);
	status = mtr_ties_list_begin(&list, a, entry, room,
								 mtr_solve_scratch(problem, size));
	if (status == MTR_OK)
	{
		status = fill_list(rows, &list);
		if (status == MTR_OK)
			status = resolve_list(problem, &list);
		entry = list.entry;
	}
	pfree(entry);
	return status;
}

/* That there is memory has been seen. */
static MtrStatus
bit_ties(TiedRows *rows)
{
	MtrProblem *problem = rows->problem;
	MtrAssign  *a = &problem->assign;
	MtrTiesBits bits;
	Size		size = mtr_ties_bits_scratch_size(a);
	MtrStatus	status;

	problem->bytes = Max(problem->bytes, bits_bytes(problem));
	status = mtr_ties_bits_begin(&bits, a, mtr_solve_scratch(problem, size));
	bits.pair_score = problem->pair_score;
	for (int32 left = 0; left < problem->nleft && status == MTR_OK; left++)
	{
		make_row(rows, left);
		status = mtr_ties_bits_row(&bits, left, rows->row);
	}
	return status == MTR_OK ?
		mtr_ties_bits_resolve(&bits, problem->rows_are_right) : status;
}

/* Rows are made here, of which the first have been noted with their pairs'
 * scores; resolving keeps these, too. */
static MtrStatus
row_ties(MtrProblem *problem, int32 nnoted)
{
	TiedRows	rows = {.problem = problem,.nnoted = nnoted};
	MtrStatus	status;

	rows.row = palloc_extended(Max(problem->nright, 1) * sizeof(int32),
							   MCXT_ALLOC_HUGE);
	status = listed_ties(&rows);
	if (status == MTR_FULL)
		status = bit_ties(&rows);
	pfree(rows.row);
	return status;
}

bool
mtr_solve_ties(MtrProblem *problem)
{
	MtrStatus	status = MTR_DEGENERATE;
	int32		nnoted = 0;

	mtr_progress_phase("ties");
	if (problem->matrix != NULL)
	{
		status = matrix_ties(problem);
		if (status == MTR_DEGENERATE)
		{
			drop_matrix(problem);
			nnoted = problem->nleft;
		}
	}
	if (status == MTR_DEGENERATE)
		status = row_ties(problem, nnoted);
	if (status == MTR_INVALID)
		return false;
	mtr_check_status(status, "tie");
	return true;
}

/*
 * solve_kernel.c
 *	  the kernels of bipartite matching as the backend uses them
 *
 * Problem.  A kernel wants scores, places and scratch memory, all of it
 * allocated by its caller, and tells rows from columns.  Here the two sides
 * are left and right, the memory is compared with mentoring.match_memory
 * before it is allocated, and a status becomes an error.
 *
 * Kernels.  Up to DENSE_CELLS pairs the dense kernel is the fastest.  Above,
 * the lazy one looks at few pairs of a matrix that is scored once; and where
 * the matrix doesn't fit the memory allowed, it has rows scored on demand,
 * two or three times each.  Which one it was is in match_run.detail and
 * nowhere else: ties are resolved by the stated rule, so the matching is the
 * same.
 *
 * Orientation.  A kernel searches once for each place of a row, and a row
 * whose partners are all taken costs the longest search, so the side with
 * fewer places becomes the rows: with two thirds of the other's places it is
 * solved about eight times faster.  On demand rows are the left side, for
 * which they can be made.
 *
 * Ties are solve_ties.c's, which may free the matrix.
 *
 * Cost.  With a matrix 4 bytes for each pair of ids, whether or not the pair
 * is eligible, else about 400 bytes a row; time is the kernel's.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "kernel/fair.h"
#include "kernel/greedy.h"
#include "kernel/lazy.h"
#include "match.h"
#include "mentoring.h"
#include "progress.h"
#include "solve.h"

/* ties.h */
#define MAX_CELLS (UINT64CONST(1) << 33)

/* pairs up to which the dense kernel is used */
#define DENSE_CELLS (UINT64CONST(2) * 1000 * 1000)

/* left elements whose rows are made before they are turned into columns: a
 * cache line's worth of each matrix row is written at a time */
#define BLOCK 16

/*
 * Memory and status
 */

void
mtr_check_status(MtrStatus status, const char *kernel)
{
	switch (status)
	{
		case MTR_OK:
			return;
		case MTR_OVERFLOW:
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("scores or places are beyond what the %s kernel computes exactly",
							kernel),
					 errhint("Divide all scores by the same number, or match in parts.")));
			break;
		case MTR_INVALID:
		case MTR_FULL:
		case MTR_DEGENERATE:
			elog(ERROR, "%s kernel refused its input (%d)", kernel,
				 (int) status);
			break;
	}
}

/* "bytes" may leave out what is small, so the message says "at least". */
void
mtr_check_memory(uint64 bytes, int64 nleft, int64 nright)
{
	uint64		limit = (uint64) mtr_match_memory * 1024;

	if (bytes <= limit)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("matching %lld by %lld needs more memory than mentoring.match_memory allows",
					(long long) nleft, (long long) nright),
			 errdetail("At least %llu kB are needed, %d kB are allowed.",
					   (unsigned long long) (bytes + 1023) / 1024,
					   mtr_match_memory),
			 errhint("Raise mentoring.match_memory, or match in parts.")));
}

/* Places that can be used, a participant being matched with each of the
 * other side once at most. */
static int64
usable_places(const int32 *places, int32 n, int32 partners)
{
	int64		sum = 0;

	for (int32 i = 0; i < n; i++)
		sum += Min(places[i], partners);
	return sum;
}

void *
mtr_solve_scratch(MtrProblem *problem, Size size)
{
	if (problem->block != NULL)
		pfree(problem->block);
	problem->block = MemoryContextAllocHuge(CurrentMemoryContext,
											mtr_solve_aligned(size));
	return (void *) TYPEALIGN(MTR_SCRATCH_ALIGNMENT, problem->block);
}

/* Describe the problem to the kernels, but for matrix and results. */
static void
describe(MtrProblem *problem)
{
	MtrAssign  *a = &problem->assign;
	bool		turned = problem->rows_are_right;

	memset(a, 0, sizeof(*a));
	a->most_pairs = problem->objective != MTR_BEST_TOTAL;
	a->nrows = turned ? problem->nright : problem->nleft;
	a->ncols = turned ? problem->nleft : problem->nright;
	a->row_places = turned ? problem->right_places : problem->left_places;
	a->col_places = turned ? problem->left_places : problem->right_places;
}

MtrLazy
mtr_solve_lazy(const MtrProblem *problem)
{
	const MtrAssign *a = &problem->assign;
	MtrLazy		lazy = {0};

	lazy.nrows = a->nrows;
	lazy.ncols = a->ncols;
	lazy.row_places = a->row_places;
	lazy.col_places = a->col_places;
	lazy.most_pairs = a->most_pairs;
	lazy.may_hand_over = problem->kernel != MTR_KERNEL_ON_DEMAND;
	lazy.pair_row = a->pair_row;
	lazy.pair_col = a->pair_col;
	lazy.pair_score = problem->pair_score;
	lazy.npairs = a->npairs;
	lazy.total = a->total;
	lazy.row_cover = a->row_cover;
	lazy.col_cover = a->col_cover;
	lazy.row_price = a->row_price;
	lazy.col_price = a->col_price;
	return lazy;
}

/* Bytes of scratch of the kernel that solves, without the ties, whose number
 * is known only then. */
static Size
solver_scratch(const MtrProblem *problem)
{
	const MtrAssign *a = &problem->assign;
	MtrLazy		lazy = mtr_solve_lazy(problem);

	if (problem->method == MTR_GREEDY)
		return mtr_greedy_scratch_size(a);
	if (problem->objective == MTR_FAIR)
		return Max(mtr_assign_scratch_size(a), mtr_fair_scratch_size(a));
	if (problem->kernel == MTR_KERNEL_DENSE)
		return mtr_assign_scratch_size(a);
	if (problem->kernel == MTR_KERNEL_LAZY) /* the dense one may go on */
		return Max(mtr_lazy_scratch_size(&lazy), mtr_assign_scratch_size(a));
	return mtr_lazy_scratch_size(&lazy);
}

/* Pairs are counted twice, because they are handed out in another order, and
 * have a score. */
uint64
mtr_solve_bytes(const MtrProblem *problem)
{
	const MtrAssign *a = &problem->assign;
	uint64		cells = problem->kernel == MTR_KERNEL_ON_DEMAND ? 0 :
	(uint64) problem->nleft * problem->nright;
	uint64		block = problem->rows_are_right ?
	(uint64) BLOCK * problem->nright : problem->nright;

	return (cells + block) * sizeof(int32) +
		6 * (mtr_assign_max_pairs(a) + 1) * sizeof(int32) +
		((uint64) a->nrows + a->ncols + 2) * (sizeof(int64) + sizeof(uint8));
}

/*
 * Bytes of everything but the caller's; the matrix alone must have passed
 * the limit, so that sizes can't overflow.
 */
static uint64
problem_bytes(const MtrProblem *problem)
{
	return mtr_solve_bytes(problem) +
		mtr_solve_aligned(solver_scratch(problem));
}

/*
 * A matrix if it fits the memory allowed; greedy and fair know no other way.
 */
static void
choose_kernel(MtrProblem *problem, uint64 already)
{
	uint64		cells = (uint64) problem->nleft * problem->nright;
	uint64		limit = (uint64) mtr_match_memory * 1024;
	bool		may_ask = problem->row != NULL &&
	problem->method == MTR_OPTIMAL && problem->objective != MTR_FAIR;
	int64		left = usable_places(problem->left_places, problem->nleft,
									 problem->nright);
	int64		right = usable_places(problem->right_places, problem->nright,
									  problem->nleft);

	problem->rows_are_right = right < left && !problem->is_resumed;
	problem->kernel = cells <= DENSE_CELLS && !problem->is_resumed ?
		MTR_KERNEL_DENSE : MTR_KERNEL_LAZY;
	describe(problem);
	if (cells <= MAX_CELLS && already + cells * sizeof(int32) <= limit &&
		already + problem_bytes(problem) <= limit)
		return;
	if (!may_ask && cells > MAX_CELLS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("matching %d by %d is beyond what this kernel solves",
						problem->nleft, problem->nright),
				 errhint("Match in parts.")));
	if (!may_ask)
		return;
	problem->kernel = MTR_KERNEL_ON_DEMAND;
	problem->rows_are_right = false;
	describe(problem);
}

/* Results, for whichever kernel. */
static void
allocate(MtrProblem *problem, int64 max_pairs)
{
	MtrAssign  *a = &problem->assign;
	Size		size = (max_pairs + 1) * sizeof(int32);

	if (problem->kernel != MTR_KERNEL_ON_DEMAND)
	{
		Size		cells = (Size) a->nrows * a->ncols;

		problem->matrix = MemoryContextAllocHuge(CurrentMemoryContext,
												 Max(cells, 1) *
												 sizeof(int32));
		a->score = problem->matrix;
	}
	a->pair_row = MemoryContextAllocHuge(CurrentMemoryContext, size);
	a->pair_col = MemoryContextAllocHuge(CurrentMemoryContext, size);
	problem->pair_score = MemoryContextAllocHuge(CurrentMemoryContext, size);
	a->row_cover = palloc0(a->nrows + 1);
	a->col_cover = palloc0(a->ncols + 1);
	a->row_price = MemoryContextAllocExtended(CurrentMemoryContext,
											  (a->nrows + 1) * sizeof(int64),
											  MCXT_ALLOC_HUGE |
											  MCXT_ALLOC_ZERO);
	a->col_price = MemoryContextAllocExtended(CurrentMemoryContext,
											  (a->ncols + 1) * sizeof(int64),
											  MCXT_ALLOC_HUGE |
											  MCXT_ALLOC_ZERO);
}

/*
 * The matrix alone is compared first: a problem that passes is small enough
 * for the sizes the kernels compute.
 */
void
mtr_problem_begin(MtrProblem *problem, uint64 already)
{
	uint64		cells;
	int64		max_pairs;

	choose_kernel(problem, already);
	cells = problem->kernel == MTR_KERNEL_ON_DEMAND ? 0 :
		(uint64) problem->nleft * problem->nright;
	mtr_check_memory(already + cells * sizeof(int32), problem->nleft,
					 problem->nright);
	max_pairs = mtr_assign_max_pairs(&problem->assign);
	if (max_pairs >= PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("matching %d by %d can give %lld pairs, which is too many",
						problem->nleft, problem->nright,
						(long long) max_pairs),
				 errhint("Give people fewer places, or match in parts.")));
	problem->already = already;
	problem->bytes = problem_bytes(problem);
	mtr_check_memory(already + problem->bytes, problem->nleft,
					 problem->nright);
	allocate(problem, max_pairs);
}

void
mtr_problem_shrink(MtrProblem *problem)
{
	if (problem->matrix != NULL)
		pfree(problem->matrix);
	if (problem->block != NULL)
		pfree(problem->block);
	problem->matrix = NULL;
	problem->block = NULL;
}

const char *
mtr_kernel_name(MtrKernel kernel)
{
	static const char *const name[] = {
		[MTR_KERNEL_DENSE] = "dense",
		[MTR_KERNEL_LAZY] = "lazy",
		[MTR_KERNEL_ON_DEMAND] = "lazy, rows on demand"
	};

	return name[kernel];
}

/*
 * The matrix
 */

void
mtr_solve_row(MtrProblem *problem, int32 left, int32 *row)
{
	problem->row(problem->row_state, left, row);
	if (problem->note != NULL)
		problem->note(problem->row_state, left, row);
}

/* A whole row is made at a time; written straight into a matrix whose rows
 * are the right side, each number would touch another cache line. */
static void
fill_turned(MtrProblem *problem)
{
	int32		nleft = problem->nleft;
	int32		nright = problem->nright;
	int32	   *block = palloc_extended((Size) BLOCK * (nright + 1) *
										sizeof(int32), MCXT_ALLOC_HUGE);
	int32		size;

	for (int32 left = 0; left < nleft; left += size)
	{
		CHECK_FOR_INTERRUPTS();
		mtr_progress(left, nleft);
		size = Min(BLOCK, nleft - left);
		for (int32 i = 0; i < size; i++)
			mtr_solve_row(problem, left + i, block + (Size) i * nright);
		for (int32 right = 0; right < nright; right++)
		{
			int32	   *cell = mtr_problem_cell(problem, left, right);

			for (int32 i = 0; i < size; i++)
				cell[i] = block[(Size) i * nright + right];
		}
	}
	pfree(block);
}

void
mtr_problem_fill(MtrProblem *problem)
{
	if (problem->matrix == NULL)
		return;
	mtr_progress_phase("score");
	if (problem->rows_are_right)
	{
		fill_turned(problem);
		return;
	}
	for (int32 left = 0; left < problem->nleft; left++)
	{
		CHECK_FOR_INTERRUPTS();
		mtr_progress(left, problem->nleft);
		mtr_solve_row(problem, left, mtr_problem_cell(problem, left, 0));
	}
}

/* MtrRowFunction: a row of the matrix, for the lazy kernel. */
static void
copy_row(void *state, int32 row, int32 *score)
{
	const MtrAssign *a = &((MtrProblem *) state)->assign;

	memcpy(score, a->score + (size_t) row * a->ncols,
		   a->ncols * sizeof(int32));
}

/*
 * Solving
 */

/*
 * The kernel's pairs are sorted by row.  Where rows are the right side they
 * are brought into the order of the left one by counting.
 */
static void
sort_pairs(MtrProblem *problem)
{
	MtrAssign  *a = &problem->assign;
	Size		size = (mtr_assign_max_pairs(a) + 1) * sizeof(int32);
	int32	   *next;

	if (!problem->rows_are_right)
	{
		problem->pair_left = a->pair_row;
		problem->pair_right = a->pair_col;
		return;
	}
	problem->pair_left = palloc_extended(size, MCXT_ALLOC_HUGE);
	problem->pair_right = palloc_extended(size, MCXT_ALLOC_HUGE);
	next = palloc0((problem->nleft + 1) * sizeof(int32));
	for (int32 i = 0; i < a->npairs; i++)
		next[a->pair_col[i] + 1]++;
	for (int32 i = 0; i < problem->nleft; i++)
		next[i + 1] += next[i];
	for (int32 i = 0; i < a->npairs; i++)
	{
		int32		position = next[a->pair_col[i]]++;

		problem->pair_left[position] = a->pair_col[i];
		problem->pair_right[position] = a->pair_row[i];
	}
	pfree(next);
}

/*
 * Run the lazy kernel, giving it more room as long as it asks for some.  May
 * answer MTR_DEGENERATE when there is a matrix to go on with.
 */
static MtrStatus
run_lazy(MtrProblem *problem, const MtrSolveChange *change)
{
	MtrAssign  *a = &problem->assign;
	MtrLazy		lazy = mtr_solve_lazy(problem);
	Size		size = mtr_lazy_scratch_size(&lazy);
	void	   *scratch = mtr_solve_scratch(problem, size);
	MtrStatus	status;

	lazy.row = problem->matrix ? copy_row : problem->row;
	lazy.row_state = problem->matrix ? problem : problem->row_state;
	if (change == NULL)
		status = mtr_lazy_solve(&lazy, scratch);
	else
	{
		lazy.column = change->column;
		lazy.column_state = change->column_state;
		status = mtr_lazy_resume(&lazy, &change->change, scratch);
	}
	while (status == MTR_FULL)
	{
		Size		more = mtr_lazy_scratch_size(&lazy);

		problem->bytes += more - size;
		size = more;
		mtr_check_memory(problem->already + problem->bytes, problem->nleft,
						 problem->nright);
		status = mtr_lazy_resume(&lazy, NULL,
								 mtr_solve_scratch(problem, size));
	}
	a->npairs = lazy.npairs;
	a->total = lazy.total;
	if (problem->matrix == NULL)
		problem->rows_scored += lazy.rows_scored;
	return status;
}

void
mtr_solve_by_lists(MtrProblem *problem, const MtrSolveChange *change)
{
	MtrAssign  *a = &problem->assign;
	MtrStatus	status = run_lazy(problem, change);

	if (status == MTR_DEGENERATE && problem->matrix != NULL)
	{
		problem->kernel = MTR_KERNEL_DENSE;
		status = mtr_assign_resume(a,
								   mtr_solve_scratch(problem,
													 mtr_assign_scratch_size(a)));
	}
	mtr_check_status(status, "assignment");
}

/* With a proof: whichever kernel, then ties. */
static void
solve_optimal(MtrProblem *problem)
{
	MtrAssign  *a = &problem->assign;

	if (problem->kernel != MTR_KERNEL_DENSE)
		mtr_solve_by_lists(problem, NULL);
	else
		mtr_check_status(mtr_assign_solve(a,
										  mtr_solve_scratch(problem,
															solver_scratch(problem))),
						 "assignment");
	if (!mtr_solve_ties(problem))
		elog(ERROR, "the proof of a matching does not hold");
}

/* The fairest matching; what it costs is known from the best total. */
static void
solve_fair(MtrProblem *problem)
{
	MtrAssign  *a = &problem->assign;
	void	   *scratch = mtr_solve_scratch(problem, solver_scratch(problem));

	problem->kernel = MTR_KERNEL_DENSE;
	mtr_check_status(mtr_assign_solve(a, scratch), "assignment");
	problem->bound = a->total;
	memset(a->row_price, 0, a->nrows * sizeof(int64));
	memset(a->col_price, 0, a->ncols * sizeof(int64));
	mtr_check_status(mtr_fair_solve(a, problem->rows_are_right, scratch),
					 "fair");
}

void
mtr_solve_pairs(MtrProblem *problem)
{
	problem->npairs = problem->assign.npairs;
	sort_pairs(problem);
	if (problem->matrix == NULL)
		return;
	for (int32 i = 0; i < problem->npairs; i++)
		problem->pair_score[i] = *mtr_problem_cell(problem,
												   problem->pair_left[i],
												   problem->pair_right[i]);
}

void
mtr_solve_results(MtrProblem *problem)
{
	MtrAssign  *a = &problem->assign;
	bool		turned = problem->rows_are_right;

	mtr_solve_pairs(problem);
	problem->total = 0;
	for (int32 i = 0; i < a->npairs; i++)
		problem->total += problem->pair_score[i];
	problem->left_cover = turned ? a->col_cover : a->row_cover;
	problem->right_cover = turned ? a->row_cover : a->col_cover;
	problem->left_price = turned ? a->col_price : a->row_price;
	problem->right_price = turned ? a->row_price : a->col_price;
}

/* The kernels own nothing, so an interrupt may leave them at any point; what
 * they worked on goes with its memory context. */
void
mtr_problem_solve(MtrProblem *problem)
{
	MtrAssign  *a = &problem->assign;

	mtr_progress_phase("solve");
	if (problem->method == MTR_GREEDY)
		mtr_check_status(mtr_greedy_solve(a, problem->rows_are_right,
										  &problem->bound,
										  mtr_solve_scratch(problem,
															solver_scratch(problem))),
						 "greedy");
	else if (problem->objective == MTR_FAIR)
		solve_fair(problem);
	else
		solve_optimal(problem);
	mtr_solve_results(problem);
	if (problem->method == MTR_OPTIMAL && problem->objective != MTR_FAIR)
		problem->bound = problem->total;
}

/*
 * solve.c
 *	  solve_assignment(), and the kernels as the backend uses them
 *
 * Problem.  A kernel wants a dense matrix, places, and scratch memory, all
 * of it allocated by its caller, and tells rows from columns.  Here the two
 * sides are left and right, the memory is compared with
 * mentoring.match_memory before it is allocated, and a status becomes an
 * error.
 *
 * Orientation.  The kernel searches once for each place of a row, and a row
 * whose partners are all taken costs the longest search, so the side with
 * fewer places becomes the rows: with two thirds of the other's places it is
 * solved about eight times faster.  Which matching comes out does not depend
 * on it: ties are resolved by the stated rule.
 *
 * Cost.  4 bytes for each pair of ids, whether or not the pair is eligible,
 * plus scratch below 1 byte; time is the kernel's.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "kernel/greedy.h"
#include "kernel/ties.h"
#include "match.h"
#include "mentoring.h"

PG_FUNCTION_INFO_V1(mentoring_solve_assignment);

/* what kernels want their scratch aligned to */
#define SCRATCH_ALIGNMENT 64

/* ties.h */
#define MAX_CELLS (UINT64CONST(1) << 33)

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
			elog(ERROR, "%s kernel refused its input", kernel);
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

/* Describe the problem to the kernel, but for the matrix and the results. */
static void
describe(MtrProblem *problem)
{
	MtrAssign  *a = &problem->assign;
	int64		left = usable_places(problem->left_places, problem->nleft,
									 problem->nright);
	int64		right = usable_places(problem->right_places, problem->nright,
									  problem->nleft);

	problem->rows_are_right = right < left;
	memset(a, 0, sizeof(*a));
	a->most_pairs = problem->most_pairs;
	if (problem->rows_are_right)
	{
		a->nrows = problem->nright;
		a->ncols = problem->nleft;
		a->row_places = problem->right_places;
		a->col_places = problem->left_places;
	}
	else
	{
		a->nrows = problem->nleft;
		a->ncols = problem->nright;
		a->row_places = problem->left_places;
		a->col_places = problem->right_places;
	}
}

/* Results and scratch, as one block: its size is known beforehand. */
static void
allocate(MtrProblem *problem, int64 max_pairs, Size scratch)
{
	MtrAssign  *a = &problem->assign;

	problem->matrix =
		MemoryContextAllocHuge(CurrentMemoryContext,
							   Max((Size) a->nrows * a->ncols, 1) *
							   sizeof(int32));
	a->score = problem->matrix;
	a->pair_row = MemoryContextAllocHuge(CurrentMemoryContext,
										 (max_pairs + 1) * sizeof(int32));
	a->pair_col = MemoryContextAllocHuge(CurrentMemoryContext,
										 (max_pairs + 1) * sizeof(int32));
	a->row_cover = palloc0(a->nrows + 1);
	a->col_cover = palloc0(a->ncols + 1);
	a->row_price = palloc0((a->nrows + 1) * sizeof(int64));
	a->col_price = palloc0((a->ncols + 1) * sizeof(int64));
	problem->block = MemoryContextAllocHuge(CurrentMemoryContext, scratch);
	problem->scratch = (void *) TYPEALIGN(SCRATCH_ALIGNMENT, problem->block);
}

/*
 * The matrix alone is compared first: a problem that passes is small enough
 * for the sizes the kernels compute.
 */
void
mtr_problem_begin(MtrProblem *problem, uint64 already)
{
	MtrAssign  *a = &problem->assign;
	uint64		cells = (uint64) problem->nleft * problem->nright;
	int64		max_pairs;
	Size		scratch;
	uint64		bytes;

	/* within this, sizes below can't overflow */
	mtr_check_memory(already + cells * sizeof(int32), problem->nleft,
					 problem->nright);
	describe(problem);
	max_pairs = mtr_assign_max_pairs(a);
	if (cells > MAX_CELLS || max_pairs >= PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("matching %d by %d is beyond what the dense kernel solves",
						problem->nleft, problem->nright),
				 errhint("Match in parts.")));
	if (problem->greedy)
		scratch = mtr_greedy_scratch_size(a);
	else
		scratch = Max(mtr_assign_scratch_size(a), mtr_ties_scratch_size(a));
	scratch += SCRATCH_ALIGNMENT;

	/* pairs twice, because they are handed out in another order */
	bytes = cells * sizeof(int32) + scratch +
		4 * (max_pairs + 1) * sizeof(int32) +
		((uint64) a->nrows + a->ncols + 2) * (sizeof(int64) + sizeof(uint8));
	mtr_check_memory(already + bytes, problem->nleft, problem->nright);
	problem->bytes = bytes;
	allocate(problem, max_pairs, scratch);
}

void
mtr_problem_shrink(MtrProblem *problem)
{
	pfree(problem->matrix);
	pfree(problem->block);
	problem->matrix = NULL;
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
	int32	   *next;

	if (!problem->rows_are_right)
	{
		problem->pair_left = a->pair_row;
		problem->pair_right = a->pair_col;
		return;
	}
	problem->pair_left = palloc_extended((a->npairs + 1) * sizeof(int32),
										 MCXT_ALLOC_HUGE);
	problem->pair_right = palloc_extended((a->npairs + 1) * sizeof(int32),
										  MCXT_ALLOC_HUGE);
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

/* The kernels own nothing, so an interrupt may leave them at any point; what
 * they worked on goes with its memory context. */
void
mtr_problem_solve(MtrProblem *problem)
{
	MtrAssign  *a = &problem->assign;

	if (problem->greedy)
		mtr_check_status(mtr_greedy_solve(a, problem->rows_are_right,
										  &problem->bound, problem->scratch),
						 "greedy");
	else
	{
		mtr_check_status(mtr_assign_solve(a, problem->scratch), "assignment");
		mtr_check_status(mtr_ties_resolve(a, problem->rows_are_right,
										  problem->scratch), "tie");
		problem->bound = a->total;
	}
	problem->npairs = a->npairs;
	problem->total = a->total;
	sort_pairs(problem);
	if (problem->rows_are_right)
	{
		problem->left_cover = a->col_cover;
		problem->right_cover = a->row_cover;
		problem->left_price = a->col_price;
		problem->right_price = a->row_price;
	}
	else
	{
		problem->left_cover = a->row_cover;
		problem->right_cover = a->col_cover;
		problem->left_price = a->row_price;
		problem->right_price = a->col_price;
	}
}

/*
 * solve_assignment
 */

/* Read the input, solve, and leave the ids of both sides. */
static void
solve_query(MtrProblem *problem, const char *pairs_sql, const char *places_sql,
			const int64 **left_id, const int64 **right_id)
{
	MtrPairInput *input = mtr_read_pairs(pairs_sql);

	if (places_sql != NULL)
		mtr_read_places(input, places_sql);
	mtr_input_problem(input, problem, left_id, right_id);
	mtr_problem_begin(problem, mtr_input_bytes(input));
	mtr_input_fill(input, problem);
	mtr_problem_solve(problem);
}

Datum
mentoring_solve_assignment(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext context,
				oldcxt;
	MtrProblem	problem = {0};
	const int64 *left_id,
			   *right_id;
	char	   *places_sql = NULL;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("pairs_sql must not be null"),
				 errhint("Give the text of one SELECT that returns left_id, right_id and score.")));
	problem.most_pairs =
		mtr_objective_is_most_pairs(PG_ARGISNULL(2) ? NULL :
									text_to_cstring(PG_GETARG_TEXT_PP(2)));
	if (!PG_ARGISNULL(1))
		places_sql = text_to_cstring(PG_GETARG_TEXT_PP(1));

	InitMaterializedSRF(fcinfo, 0);
	context = AllocSetContextCreate(CurrentMemoryContext,
									"mentoring solve_assignment",
									ALLOCSET_DEFAULT_SIZES);
	SPI_connect();
	oldcxt = MemoryContextSwitchTo(context);
	solve_query(&problem, text_to_cstring(PG_GETARG_TEXT_PP(0)), places_sql,
				&left_id, &right_id);
	MemoryContextSwitchTo(oldcxt);
	SPI_finish();

	for (int32 i = 0; i < problem.npairs; i++)
	{
		int32		left = problem.pair_left[i];
		int32		right = problem.pair_right[i];
		int32		score = *mtr_problem_cell(&problem, left, right);
		Datum		values[3];
		bool		nulls[3] = {false, false, false};

		values[0] = Int64GetDatum(left_id[left]);
		values[1] = Int64GetDatum(right_id[right]);
		values[2] = Float8GetDatum(MTR_TO_DOUBLE(score));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	MemoryContextDelete(context);
	return (Datum) 0;
}

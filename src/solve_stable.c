/*
 * solve_stable.c
 *	  solve_stable(): the stable matching of any two sets, by query text
 *
 * Problem.  Each side scores the pairs it accepts; kernel/stable.h says what
 * a stable matching is, that the left-optimal one is unique, and how ties are
 * broken.  A query may return few pairs of many ids, so there is no matrix.
 *
 * Method.  solve_input.c sorts the pairs; the kernel reads those of a left id
 * through a function that takes them apart into columns and scores.  Places
 * beyond the number of partners are cut, for the kernel keeps room for each.
 *
 * Cost.  12 bytes a pair beside the 12 or 16 it is read into, some 270 a left
 * id, 36 a place; n pairs take O(n log n) at most.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "kernel/stable.h"
#include "match.h"
#include "mentoring.h"

PG_FUNCTION_INFO_V1(mentoring_solve_stable);

/* what kernels want their scratch aligned to */
#define SCRATCH_ALIGNMENT 64

/* of a sorted pair: the right element, left_score, right_score */
#define PAIR_WORDS 3

/* All that one call needs. */
typedef struct StableProblem
{
	MtrPairInput *input;
	MtrProblem	sides;			/* nleft, nright and their places */
	const int64 *left_id;		/* sorted */
	const int64 *right_id;
	int32	   *col;			/* [nright] columns of the list being read */
	MtrStable	stable;
} StableProblem;

/* Nobody has use for more places than there are partners. */
static void
cut_places(StableProblem *problem)
{
	MtrProblem *sides = &problem->sides;
	int32	   *partners = palloc0(((Size) sides->nright + 1) * sizeof(int32));

	for (int32 i = 0; i < sides->nleft; i++)
	{
		int32		count;
		const int32 *pair = mtr_input_list(problem->input, i, &count);

		sides->left_places[i] = Min(sides->left_places[i], count);
		for (int32 k = 0; k < count; k++)
			partners[pair[k * PAIR_WORDS]]++;
	}
	for (int32 j = 0; j < sides->nright; j++)
		sides->right_places[j] = Min(sides->right_places[j], partners[j]);
	pfree(partners);
}

/* A list as the kernel wants it. */
static void
read_list(void *state, int32_t left, MtrStableRow *row)
{
	StableProblem *problem = state;
	const int32 *pair = mtr_input_list(problem->input, left, &row->n);

	row->col = problem->col;
	for (int32 k = 0; k < row->n; k++, pair += PAIR_WORDS)
	{
		problem->col[k] = pair[0];
		row->left_room[k] = pair[1];
		row->right_room[k] = pair[2];
	}
}

/* Room for the kernel's results and its scratch, which is returned. */
static void *
allocate(StableProblem *problem)
{
	MtrStable  *stable = &problem->stable;
	int64		max_pairs = mtr_stable_max_pairs(stable);
	Size		scratch = mtr_stable_scratch_size(stable) + SCRATCH_ALIGNMENT;
	Size		size = (max_pairs + 1) * sizeof(int32);
	Size		cols = ((Size) stable->ncols + 1) * sizeof(int32);

	mtr_check_memory(mtr_input_bytes(problem->input) + scratch + 4 * size +
					 cols, stable->nrows, stable->ncols);
	problem->col = palloc(cols);
	stable->pair_row = palloc_extended(size, MCXT_ALLOC_HUGE);
	stable->pair_col = palloc_extended(size, MCXT_ALLOC_HUGE);
	stable->pair_left = palloc_extended(size, MCXT_ALLOC_HUGE);
	stable->pair_right = palloc_extended(size, MCXT_ALLOC_HUGE);
	return (void *) TYPEALIGN(SCRATCH_ALIGNMENT,
							  palloc_extended(scratch, MCXT_ALLOC_HUGE));
}

/* Read the input and solve. */
static void
solve_query(StableProblem *problem, const char *pairs_sql,
			const char *places_sql)
{
	MtrStable  *stable = &problem->stable;
	void	   *scratch;

	problem->input = mtr_read_sided_pairs(pairs_sql);
	if (places_sql != NULL)
		mtr_read_places(problem->input, places_sql);
	mtr_input_problem(problem->input, &problem->sides, &problem->left_id,
					  &problem->right_id);
	problem->sides.already = mtr_input_bytes(problem->input);
	mtr_input_sort(problem->input, &problem->sides);
	cut_places(problem);

	stable->nrows = problem->sides.nleft;
	stable->ncols = problem->sides.nright;
	stable->row_places = problem->sides.left_places;
	stable->col_places = problem->sides.right_places;
	stable->read_row = read_list;
	stable->state = problem;
	scratch = allocate(problem);
	mtr_check_status(mtr_stable_solve(stable, scratch), "stable");
}

Datum
mentoring_solve_stable(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext context,
				oldcxt;
	StableProblem problem = {0};
	char	   *places_sql = NULL;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("pairs_sql must not be null"),
				 errhint("Give the text of one SELECT that returns left_id, right_id, left_score and right_score.")));
	if (!PG_ARGISNULL(1))
		places_sql = text_to_cstring(PG_GETARG_TEXT_PP(1));

	InitMaterializedSRF(fcinfo, 0);
	context = AllocSetContextCreate(CurrentMemoryContext,
									"mentoring solve_stable",
									ALLOCSET_DEFAULT_SIZES);
	SPI_connect();
	oldcxt = MemoryContextSwitchTo(context);
	solve_query(&problem, text_to_cstring(PG_GETARG_TEXT_PP(0)), places_sql);
	MemoryContextSwitchTo(oldcxt);
	SPI_finish();

	for (int32 i = 0; i < problem.stable.npairs; i++)
	{
		Datum		values[2];
		bool		nulls[2] = {false, false};

		values[0] = Int64GetDatum(problem.left_id[problem.stable.pair_row[i]]);
		values[1] = Int64GetDatum(problem.right_id[problem.stable.pair_col[i]]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values,
							 nulls);
	}
	MemoryContextDelete(context);
	return (Datum) 0;
}

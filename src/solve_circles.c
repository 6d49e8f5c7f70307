/*
 * solve_circles.c
 *	  solve_circles(): peers in circles, by query text
 *
 * Problem.  kernel/circle.h.  The query names the pairs that may share a
 * circle; whoever is in no pair isn't known.  The answer depends on the ids
 * and scores alone, not on the order of rows: ids are sorted first.
 *
 * Cost.  4 bytes for each two members, whether or not they are eligible, 8
 * for each member and circle there can be, beside the pairs; time as the
 * effort says.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "kernel/circle.h"
#include "match.h"
#include "mentoring.h"
#include "solve_graph.h"

PG_FUNCTION_INFO_V1(mentoring_solve_circles);

/* what kernels want their scratch aligned to */
#define SCRATCH_ALIGNMENT 64

/* effort at most: hours for 1,000 members */
#define MAX_EFFORT 1000000

/* arguments */
enum
{
	PAIRS_SQL, MIN_SIZE, MAX_SIZE, EFFORT, SEED
};

static int32
int_argument(FunctionCallInfo fcinfo, int number, const char *name)
{
	if (PG_ARGISNULL(number))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name)));
	return PG_GETARG_INT32(number);
}

/* Read and check the arguments but for the query. */
static void
read_arguments(FunctionCallInfo fcinfo, MtrCircle *circle)
{
	circle->min_size = int_argument(fcinfo, MIN_SIZE, "min_size");
	circle->max_size = int_argument(fcinfo, MAX_SIZE, "max_size");
	circle->effort = int_argument(fcinfo, EFFORT, "effort");
	if (PG_ARGISNULL(SEED))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("seed must not be null")));
	circle->seed = PG_GETARG_INT64(SEED);

	if (circle->min_size < 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("min_size is %d, less than 2", circle->min_size),
				 errhint("Circles of two are pairs: solve_pairing() finds the best ones.")));
	if (circle->min_size > circle->max_size)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("min_size %d is above max_size %d",
						circle->min_size, circle->max_size)));
	if (circle->max_size > MTR_CIRCLE_MAX_SIZE)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("max_size %d is above %d", circle->max_size,
						MTR_CIRCLE_MAX_SIZE)));
	if (circle->effort < 0 || circle->effort > MAX_EFFORT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("effort %d is not between 0 and %d", circle->effort,
						MAX_EFFORT),
				 errhint("The usual effort is %d.", MTR_CIRCLE_EFFORT)));
}

static void
check_size(const MtrCircle *circle)
{
	if (circle->n > MTR_CIRCLE_MAX_MEMBERS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("pairs_sql names %d members, more than %d",
						circle->n, MTR_CIRCLE_MAX_MEMBERS),
				 errhint("Divide them in parts.")));
	if (circle->n > 0 && circle->max_size > circle->n)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_size %d is above the number of members, %d",
						circle->max_size, circle->n),
				 errdetail("Members are those whom pairs_sql names.")));
}

/* Read the pairs and divide the members; returns their ids. */
static const int64 *
solve_query(MtrCircle *circle, const char *pairs_sql)
{
	MtrGraph   *graph = mtr_read_graph(pairs_sql);
	Size		matrix = (Size) graph->n * graph->n * sizeof(int32);
	Size		scratch;
	int32	   *score;
	char	   *block;

	circle->n = graph->n;
	check_size(circle);
	scratch = mtr_circle_scratch_size(circle) + SCRATCH_ALIGNMENT;
	mtr_check_memory((uint64) graph->bytes + matrix + scratch, graph->n,
					 graph->n);
	score = palloc_extended(matrix + 1, MCXT_ALLOC_HUGE);
	for (int32 i = 0; i < graph->n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		mtr_graph_row(graph, i, score + (Size) i * graph->n);
	}
	circle->score = score;
	circle->circle_of = palloc((circle->n + 1) * sizeof(int32));
	block = palloc_extended(scratch, MCXT_ALLOC_HUGE);
	mtr_check_status(mtr_circle_solve(circle, (void *)
									  TYPEALIGN(SCRATCH_ALIGNMENT, block)),
					 "circle");
	return graph->id;
}

/* The members of one circle after another, each by id. */
static void
put_circles(ReturnSetInfo *rsinfo, const MtrCircle *circle, const int64 *id)
{
	int32	   *start = palloc0((circle->ncircles + 2) * sizeof(int32));
	int32	   *member = palloc((circle->nplaced + 1) * sizeof(int32));

	for (int32 i = 0; i < circle->n; i++)
		if (circle->circle_of[i] >= 0)
			start[circle->circle_of[i] + 2]++;
	for (int32 c = 0; c < circle->ncircles; c++)
		start[c + 2] += start[c + 1];
	for (int32 i = 0; i < circle->n; i++)
		if (circle->circle_of[i] >= 0)
			member[start[circle->circle_of[i] + 1]++] = i;

	for (int32 k = 0; k < circle->nplaced; k++)
	{
		Datum		values[2];
		bool		nulls[2] = {false, false};

		values[0] = Int32GetDatum(circle->circle_of[member[k]] + 1);
		values[1] = Int64GetDatum(id[member[k]]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values,
							 nulls);
	}
}

Datum
mentoring_solve_circles(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext context,
				oldcxt;
	MtrCircle	circle = {0};
	const int64 *id;

	if (PG_ARGISNULL(PAIRS_SQL))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("pairs_sql must not be null"),
				 errhint("Give the text of one SELECT that returns a_id, b_id and score.")));
	read_arguments(fcinfo, &circle);

	InitMaterializedSRF(fcinfo, 0);
	context = AllocSetContextCreate(CurrentMemoryContext,
									"mentoring solve_circles",
									ALLOCSET_DEFAULT_SIZES);
	SPI_connect();
	oldcxt = MemoryContextSwitchTo(context);
	id = solve_query(&circle, text_to_cstring(PG_GETARG_TEXT_PP(PAIRS_SQL)));
	put_circles(rsinfo, &circle, id);
	MemoryContextSwitchTo(oldcxt);
	SPI_finish();
	MemoryContextDelete(context);
	return (Datum) 0;
}

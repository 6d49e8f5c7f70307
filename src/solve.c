/*
 * solve.c
 *	  solve_assignment(): the optimal matching of any two sets, by query text
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "match.h"
#include "mentoring.h"

PG_FUNCTION_INFO_V1(mentoring_solve_assignment);

/* Read the input, solve, and leave the ids of both sides. */
static void
solve_query(MtrProblem *problem, const char *pairs_sql, const char *places_sql,
			const int64 **left_id, const int64 **right_id)
{
	MtrPairInput *input = mtr_read_pairs(pairs_sql);

	if (places_sql != NULL)
		mtr_read_places(input, places_sql);
	mtr_input_problem(input, problem, left_id, right_id);
	problem->row = mtr_input_row;
	problem->row_state = input;
	mtr_problem_begin(problem, mtr_input_bytes(input));
	if (problem->matrix != NULL)
		mtr_input_fill(input, problem);
	else
		mtr_input_sort(input, problem);
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
	problem.method = MTR_OPTIMAL;
	problem.objective = mtr_objective(PG_ARGISNULL(2) ? NULL :
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
		Datum		values[3];
		bool		nulls[3] = {false, false, false};

		values[0] = Int64GetDatum(left_id[left]);
		values[1] = Int64GetDatum(right_id[right]);
		values[2] = Float8GetDatum(MTR_TO_DOUBLE(problem.pair_score[i]));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	MemoryContextDelete(context);
	return (Datum) 0;
}

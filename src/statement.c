/*
 * statement.c
 *	  statements prepared once in a session (see statement.h)
 */
#include "postgres.h"

#include "utils/plancache.h"

#include "statement.h"

SPIPlanPtr
mtr_statement_plan(MtrStatement *statement, int nargs, Oid *types)
{
	SPIPlanPtr	plan = statement->plan;

	if (plan != NULL)
		return plan;
	plan = SPI_prepare_cursor(statement->text, nargs, types,
							  statement->options != 0 ? statement->options :
							  CURSOR_OPT_GENERIC_PLAN);
	if (plan == NULL || SPI_keepplan(plan) != 0)
		elog(ERROR, "could not prepare: %s", statement->text);
	statement->plan = plan;
	return plan;
}

void
mtr_statement_check(const char *text, SPIPlanPtr *plan, int result,
					int expect)
{
	if (result == expect)
		return;
	if (plan != NULL)
	{
		SPI_freeplan(*plan);
		*plan = NULL;
	}
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("a statement of the extension was replaced by a rule"),
			 errdetail("It was: %s", text),
			 errhint("Rules with DO INSTEAD can't be on tables of schema mentoring.")));
}

static void
check_reads(SPIPlanPtr plan, const char *what)
{
	List	   *sources = SPI_plan_get_plan_sources(plan);
	CachedPlanSource *source;
	Query	   *query;

	if (list_length(sources) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 sources == NIL ?
				 errmsg("%s is empty", what) :
				 errmsg("%s holds %d statements", what, list_length(sources)),
				 errhint("Give the text of one SELECT.")));
	source = (CachedPlanSource *) linitial(sources);
	if (source->commandTag != CMDTAG_SELECT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is not a SELECT", what),
				 errdetail("It is a statement of kind %s.",
						   GetCommandTagName(source->commandTag)),
				 errhint("Give the text of one SELECT.")));

	/* the tag is that of the text as written: SELECT INTO still counts */
	query = linitial_node(Query, source->query_list);
	if (query->commandType != CMD_SELECT || query->rowMarks != NIL ||
		query->hasModifyingCTE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s does not only read", what),
				 errhint("Leave out INTO, FOR UPDATE, and INSERT, UPDATE and DELETE in WITH.")));
}

/* SPI gives no plan for wrong arguments alone: what a text can be wrong in is
 * an error of the parser's, or of check_reads(). */
SPIPlanPtr
mtr_prepare_read(const char *text, int nargs, Oid *types, const char *what)
{
	SPIPlanPtr	plan = SPI_prepare_cursor(text, nargs, types,
										  CURSOR_OPT_PARALLEL_OK);

	if (plan == NULL)
		elog(ERROR, "could not prepare %s: %s", what,
			 SPI_result_code_string(SPI_result));
	check_reads(plan, what);
	return plan;
}

/* Likewise: for one SELECT there is no result that is an error. */
void
mtr_run_read(SPIPlanPtr plan, const SPIExecuteOptions *options,
			 const char *what)
{
	int			result = SPI_execute_plan_extended(plan, options);

	if (result < 0)
		elog(ERROR, "could not execute %s: %s", what,
			 SPI_result_code_string(result));
}

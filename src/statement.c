/*
 * statement.c
 *	  statements prepared once in a session (see statement.h)
 */
#include "postgres.h"

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

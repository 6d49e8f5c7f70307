/*
 * score_estimate.c
 *	  how large the planner takes the loader's tables to be
 *
 * Problem.  A VACUUM that meets the rows of a transaction still open writes
 * into pg_class that the table has pages but no rows.  Until the next ANALYZE
 * the planner then expects one row of it, joins by nested loops over whole
 * indexes, and takes time that grows with the square of the programme: an
 * import of 4,000 people that ended with match() went from 0.2 to 9 seconds.
 *
 * Method.  While a query of the loader is planned, a table that has pages but
 * no rows counts as filled, as the planner itself assumes of one never
 * vacuumed.  Queries of others are planned as they always were.
 */
#include "postgres.h"

#include "optimizer/plancat.h"

#include "score_private.h"

/* rows a page, about what participants and members need */
#define ROWS_A_PAGE 50

static get_relation_info_hook_type previous_hook;
static bool is_loading;

static void
correct_size(PlannerInfo * root, Oid relation, bool inhparent, RelOptInfo * rel)
{
	ListCell   *cell;

	if (previous_hook != NULL)
		previous_hook(root, relation, inhparent, rel);
	if (!is_loading || rel->pages == 0 || rel->tuples > 0)
		return;
	rel->tuples = (double) rel->pages * ROWS_A_PAGE;
	foreach(cell, rel->indexlist)
	{
		IndexOptInfo *index = lfirst(cell);

		index->tuples = Max(index->tuples, rel->tuples);
	}
}

/* When the library is loaded. */
void
mtr_estimate_init(void)
{
	previous_hook = get_relation_info_hook;
	get_relation_info_hook = correct_size;
}

/* Run a plan of the loader, which may have to be made first. */
int
mtr_estimate_execute(SPIPlanPtr plan, SPIExecuteOptions *options)
{
	volatile int result = 0;

	PG_TRY();
	{
		is_loading = true;
		result = SPI_execute_plan_extended(plan, options);
	}
	PG_FINALLY();
	{
		is_loading = false;
	}
	PG_END_TRY();
	return result;
}

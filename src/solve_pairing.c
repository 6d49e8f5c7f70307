/*
 * solve_pairing.c
 *	  solve_pairing(): the best pairing of any set, by query text
 *
 * Problem.  kernel/pair.h, objective best_total.  Whoever is in no pair isn't
 * known.  The answer depends on the ids and scores alone, not on the order of
 * rows: ids are sorted first.
 *
 * Cost.  8 bytes for each pair and end, 28 more for those the kernel works on;
 * time is the kernel's.  No matrix.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "kernel/pair.h"
#include "match.h"
#include "mentoring.h"
#include "solve_graph.h"

PG_FUNCTION_INFO_V1(mentoring_solve_pairing);

/* what kernels want their scratch aligned to */
#define SCRATCH_ALIGNMENT 64

static void
describe(const MtrGraph *graph, MtrPairing *p)
{
	Size		n = (Size) graph->n + 1;

	p->n = graph->n;
	p->row = mtr_graph_row;
	p->state = (void *) graph;
	p->edge_room = mtr_pair_edge_room(p->n, 0);
	p->mate = palloc_extended(n * sizeof(int32), MCXT_ALLOC_HUGE);
	p->cover = palloc_extended(n, MCXT_ALLOC_HUGE);
	p->price = palloc_extended(n * sizeof(int64), MCXT_ALLOC_HUGE);
	p->order = palloc_extended(n * sizeof(int32), MCXT_ALLOC_HUGE);
	p->set_first = palloc_extended(n * sizeof(int32), MCXT_ALLOC_HUGE);
	p->set_last = palloc_extended(n * sizeof(int32), MCXT_ALLOC_HUGE);
	p->set_cover = palloc_extended(n, MCXT_ALLOC_HUGE);
	p->set_price = palloc_extended(n * sizeof(int64), MCXT_ALLOC_HUGE);
}

/* Solve, with as much room for pairs as it turns out to need. */
static void
solve(const MtrGraph *graph, MtrPairing *p)
{
	int64		most = (int64) p->n * (p->n - 1) / 2;
	MtrStatus	status;

	do
	{
		Size		size = mtr_pair_scratch_size(p) + SCRATCH_ALIGNMENT;
		void	   *block;

		mtr_check_memory(graph->bytes + size, p->n, p->n);
		block = palloc_extended(size, MCXT_ALLOC_HUGE);
		status = mtr_pair_solve(p, (void *) TYPEALIGN(SCRATCH_ALIGNMENT,
													  block));
		pfree(block);
		if (status == MTR_FULL)
			p->edge_room = Min(2 * p->edge_room, most);
	} while (status == MTR_FULL);
	mtr_check_status(status, "pairing");
}

static void
put_pairs(ReturnSetInfo *rsinfo, const MtrGraph *graph, const MtrPairing *p)
{
	int32	   *row = palloc_extended((p->n + 1) * sizeof(int32),
									  MCXT_ALLOC_HUGE);

	for (int32 a = 0; a < p->n; a++)
	{
		Datum		values[3];
		bool		nulls[3] = {false, false, false};

		if (p->mate[a] < a)
			continue;			/* nobody, or shown already */
		mtr_graph_row((void *) graph, a, row);
		values[0] = Int64GetDatum(graph->id[a]);
		values[1] = Int64GetDatum(graph->id[p->mate[a]]);
		values[2] = Float8GetDatum(MTR_TO_DOUBLE(row[p->mate[a]]));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values,
							 nulls);
	}
}

Datum
mentoring_solve_pairing(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext context,
				oldcxt;
	MtrPairing	p = {0};
	MtrGraph   *graph;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("pairs_sql must not be null"),
				 errhint("Give the text of one SELECT that returns a_id, b_id and score.")));
	InitMaterializedSRF(fcinfo, 0);
	context = AllocSetContextCreate(CurrentMemoryContext,
									"mentoring solve_pairing",
									ALLOCSET_DEFAULT_SIZES);
	SPI_connect();
	oldcxt = MemoryContextSwitchTo(context);
	graph = mtr_read_graph(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	describe(graph, &p);
	solve(graph, &p);
	put_pairs(rsinfo, graph, &p);
	MemoryContextSwitchTo(oldcxt);
	SPI_finish();
	MemoryContextDelete(context);
	return (Datum) 0;
}

/*
 * solve_graph.c
 *	  pairs of peers from a caller's query
 *
 * Problem.  Among peers there are no sides: a query returns each pair in one
 * order or in both, and an id may be in either column.  Kernels want one list
 * of ids and, for each, its partners.
 *
 * Method.  The query is read as one of two sides (solve_input.c), whose
 * sorted ids are then merged.  Each pair is put into the lists of both its
 * ends by counting, and these are sorted; a pair given in both orders shows
 * as two equal neighbours.
 *
 * Cost.  16 bytes a pair, beside what reading takes and is freed: 16 to 20.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "match.h"
#include "mentoring.h"
#include "solve_graph.h"

/* What was read, and where its ids are in the graph */
typedef struct Sides
{
	MtrPairInput *input;
	MtrProblem	problem;		/* nleft and nright */
	const int64 *id[2];			/* sorted */
	int32	   *position[2];	/* in the merged list */
} Sides;

/* Merge the ids of both sides. */
static void
merge_ids(MtrGraph *graph, Sides *sides)
{
	int32		n[2] = {sides->problem.nleft, sides->problem.nright};
	int32		at[2] = {0, 0};

	graph->id = palloc_extended(((Size) n[0] + n[1] + 1) * sizeof(int64),
								MCXT_ALLOC_HUGE);
	while (at[0] < n[0] || at[1] < n[1])
	{
		int			first = at[0] == n[0] ||
		(at[1] < n[1] && sides->id[1][at[1]] < sides->id[0][at[0]]);
		int64		id = sides->id[first][at[first]];

		for (int s = 0; s < 2; s++)
			if (at[s] < n[s] && sides->id[s][at[s]] == id)
				sides->position[s][at[s]++] = graph->n;
		graph->id[graph->n++] = id;
	}
}

/* Count the partners of each, as starts of lists moved on by one. */
static void
count_partners(MtrGraph *graph, const Sides *sides)
{
	graph->start = palloc0(((Size) graph->n + 2) * sizeof(int64));
	for (int32 i = 0; i < sides->problem.nleft; i++)
	{
		int32		a = sides->position[0][i];
		int32		count;
		const int32 *pair = mtr_input_list(sides->input, i, &count);

		CHECK_FOR_INTERRUPTS();
		for (int32 k = 0; k < count; k++)
		{
			int32		b = sides->position[1][pair[2 * k]];

			if (a == b)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("pairs_sql pairs %lld with itself",
								(long long) graph->id[a]),
						 errhint("Add WHERE a_id <> b_id to the query.")));
			graph->start[a + 2]++;
			graph->start[b + 2]++;
		}
	}
	for (int32 i = 0; i < graph->n; i++)
		graph->start[i + 2] += graph->start[i + 1];
}

/* Put each pair into both lists; the starts move to where they belong. */
static void
place_pairs(MtrGraph *graph, const Sides *sides)
{
	for (int32 i = 0; i < sides->problem.nleft; i++)
	{
		int32		a = sides->position[0][i];
		int32		count;
		const int32 *pair = mtr_input_list(sides->input, i, &count);

		CHECK_FOR_INTERRUPTS();
		for (int32 k = 0; k < count; k++)
		{
			int32		b = sides->position[1][pair[2 * k]];
			int32		score = pair[2 * k + 1];

			graph->arc[graph->start[a + 1]++] = (MtrGraphArc)
			{
				b, score
			};
			graph->arc[graph->start[b + 1]++] = (MtrGraphArc)
			{
				a, score
			};
		}
	}
}

static int
compare_arcs(const void *x, const void *y)
{
	int32		a = ((const MtrGraphArc *) x)->other;
	int32		b = ((const MtrGraphArc *) y)->other;

	return (a > b) - (a < b);
}

static void
refuse_two_scores(const MtrGraph *graph, int32 i, const MtrGraphArc *arc)
{
	int32		low = Min(i, arc[0].other);
	int32		high = Max(i, arc[0].other);

	ereport(ERROR,
			(errcode(ERRCODE_CARDINALITY_VIOLATION),
			 errmsg("pairs_sql returns two scores for the pair of %lld and %lld",
					(long long) graph->id[low], (long long) graph->id[high]),
			 errdetail("The scores are %.15g and %.15g.",
					   MTR_TO_DOUBLE(Min(arc[0].score, arc[1].score)),
					   MTR_TO_DOUBLE(Max(arc[0].score, arc[1].score))),
			 errhint("Return each pair once, with a_id < b_id, or the same score in both orders.")));
}

/* Sort each list, and keep one of a pair given in both orders. */
static void
sort_lists(MtrGraph *graph)
{
	int64		used = 0;
	int64		from = 0;

	for (int32 i = 0; i < graph->n; i++)
	{
		int64		end = graph->start[i + 1];

		CHECK_FOR_INTERRUPTS();
		qsort(graph->arc + from, end - from, sizeof(MtrGraphArc),
			  compare_arcs);
		for (int64 k = from; k < end; k++)
		{
			const MtrGraphArc *arc = &graph->arc[k];

			if (k > from && arc[-1].other == arc->other)
			{
				if (arc[-1].score != arc->score)
					refuse_two_scores(graph, i, arc - 1);
				continue;
			}
			graph->arc[used++] = *arc;
		}
		from = end;
		graph->start[i + 1] = used;
	}
}

static void
make_graph(MtrGraph *graph, Sides *sides)
{
	const MtrProblem *p = &sides->problem;
	uint64		bytes = mtr_input_bytes(sides->input);

	sides->position[0] = palloc(((Size) p->nleft + 1) * sizeof(int32));
	sides->position[1] = palloc(((Size) p->nright + 1) * sizeof(int32));
	merge_ids(graph, sides);
	count_partners(graph, sides);
	graph->bytes = (uint64) graph->start[graph->n + 1] * sizeof(MtrGraphArc) +
		((uint64) p->nleft + p->nright + graph->n + 3) * sizeof(int64);
	mtr_check_memory(bytes + graph->bytes, graph->n, graph->n);
	graph->arc = palloc_extended((graph->start[graph->n + 1] + 1) *
								 sizeof(MtrGraphArc), MCXT_ALLOC_HUGE);
	place_pairs(graph, sides);
	sort_lists(graph);
	pfree(sides->position[0]);
	pfree(sides->position[1]);
}

/*
 * What is read lives in a context of its own, which goes once the graph is
 * made.
 */
MtrGraph *
mtr_read_graph(const char *pairs_sql)
{
	MtrGraph   *graph = palloc0(sizeof(MtrGraph));
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "mentoring pairs",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcxt = MemoryContextSwitchTo(context);
	Sides		sides = {0};

	sides.input = mtr_read_peer_pairs(pairs_sql);
	mtr_input_problem(sides.input, &sides.problem, &sides.id[0],
					  &sides.id[1]);
	sides.problem.already = mtr_input_bytes(sides.input);
	mtr_input_sort(sides.input, &sides.problem);
	MemoryContextSwitchTo(oldcxt);
	make_graph(graph, &sides);
	MemoryContextDelete(context);
	return graph;
}

void
mtr_graph_row(void *graph, int32 row, int32 *score)
{
	const MtrGraph *g = graph;

	for (int32 j = 0; j < g->n; j++)
		score[j] = MTR_NO_PAIR;
	for (int64 k = g->start[row]; k < g->start[row + 1]; k++)
		score[g->arc[k].other] = g->arc[k].score;
}

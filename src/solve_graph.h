/*
 * solve_graph.h
 *	  pairs of peers from a caller's query
 */
#ifndef MTR_SOLVE_GRAPH_H
#define MTR_SOLVE_GRAPH_H

#include "match.h"

/* An eligible partner: its position among the ids, and the score */
typedef struct MtrGraphArc
{
	int32		other;
	int32		score;			/* 10^-6 */
} MtrGraphArc;

/* Each pair stands with both its ends. */
typedef struct MtrGraph
{
	int32		n;
	int64	   *id;				/* [n] sorted */
	int64	   *start;			/* [n + 1] into arc */
	MtrGraphArc *arc;			/* of each, sorted by the other end */
	uint64		bytes;			/* all that it holds */
} MtrGraph;

/*
 * Run a query that returns a_id, b_id and score for each eligible pair, in
 * either order of the two, within SPI.  An error for a pair with itself, one
 * returned twice in the same order, and two scores of one pair; the same score
 * in both orders is allowed.
 */
extern MtrGraph *mtr_read_graph(const char *pairs_sql);

/* A row of scores, MTR_NO_PAIR where there is no pair (MtrRowFunction; the
 * state is the graph). */
extern void mtr_graph_row(void *graph, int32 row, int32 *score);

/* solve_input.c: read such a query as one of two sides. */
extern MtrPairInput *mtr_read_peer_pairs(const char *pairs_sql);

#endif							/* MTR_SOLVE_GRAPH_H */

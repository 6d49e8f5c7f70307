/*
 * pair_state.h
 *	  what the solver of pair.c knows, and its memory
 *
 * Numbers.  Prices are doubled, as pair.h stores them, and a cover of one half
 * counts 2^57 in the same number: comparing two of them compares covers first.
 * A weight is (2, 2 * score) under most_pairs, else 2 * score.  A vertex that
 * is met again in a search has a price that differs from the root's by an
 * alternating sum of scores along a path, so its price part stays below
 * n * 2^31 and the two parts never mix; the end result is checked.
 *
 * Parity.  Prices of sets are even, so vertices joined by tight pairs have
 * prices both even or both odd, and whatever is halved below is even.
 *
 * Sets.  Nodes below n are vertices, those from n on odd sets.  A set's
 * children form a cycle of tight pairs.  Only the pairs between outermost
 * nodes are kept in "mate": a node is entered by the pair of its base, and how
 * the inside is paired follows from the base.  So it is worked out only when
 * the set is opened.
 *
 * Names.  A vertex knows the name of its outermost node, and a table which
 * node that is.  The name of a vertex is its own, that of a set the name of
 * its largest child: when a set is made or opened, only the vertices of the
 * other children have to be told.  Sets grow by two small nodes at a time as
 * a rule, and are opened in the same way, hundreds of times in one search.
 */
#ifndef MTR_PAIR_STATE_H
#define MTR_PAIR_STATE_H

#include "pair.h"

typedef int64_t Num;

#define HALF_COVER ((Num) 1 << 57)
#define FAR (INT64_MAX / 4)

/* pair.h */
#define MAX_SCORE 1000000000
#define MAX_VERTICES (1 << 24)
#define MAX_PART ((Num) 1 << 55)

/* Best pairs of each vertex that the solver begins with */
#define NEAREST 32

/* Scores compared at a time: pair_rows.h */
#define BLOCK 64

/* Where a node stands in the search: an even one is reached from the root by
 * an even number of pairs, and could be left free */
enum
{
	UNSEEN,
	EVEN,
	ODD
};

/*
 * A vertex.  During a search the price of one that is even falls as time goes
 * by and that of one that is odd rises; what is stored is the price it would
 * have had at time 0, so that neither has to be touched.
 */
typedef struct Vertex
{
	Num			price;
	Num			key;			/* of pairs with even vertices: the least of
								 * (their price - weight); FAR = none */
	int32_t		from;			/* which that is */
	int32_t		name;			/* of the outermost node it is in */
	int32_t		mate;			/* -1 = free; kept for bases only */
	int8_t		label;
	int8_t		is_touched;		/* in the list of those to be settled */
} Vertex;

typedef struct Node
{
	int32_t		parent;			/* -1 = outermost */
	int32_t		base;			/* vertex whose mate is outside, or free */
	int32_t		child;			/* of a set: any, then by next */
	int32_t		next;			/* sibling on the cycle */
	int32_t		next_here;		/* the tight pair between the two: this end */
	int32_t		next_there;		/* and the other */
	int32_t		tree_here;		/* odd: the pair by which it was reached */
	int32_t		tree_there;
	int32_t		name;
	int32_t		size;			/* vertices */
} Node;

typedef struct Arc
{
	int32_t		to;
	int32_t		score;
} Arc;

typedef struct Edge
{
	int32_t		a;
	int32_t		b;
	int32_t		score;
} Edge;

/* Two even vertices of different nodes */
typedef struct Meeting
{
	Num			due;			/* when they have a tight pair */
	int32_t		u;
	int32_t		v;
} Meeting;

typedef struct Ranked
{
	Num			value;
	int32_t		b;
} Ranked;

typedef struct Solver
{
	MtrPairing *p;
	int32_t		n;
	Num			level;			/* first part of every weight */
	int32_t		floor;			/* scores must be above to be eligible */
	int64_t		ndone;			/* rows read, vertices whose turn it was */

	/* the pairs worked on; pair_edges.h */
	Edge	   *edge;			/* [edge_room]; not during searches */
	int64_t		nedges;
	Arc		   *arc;			/* [2 * edge_room] by vertex */
	int64_t    *start;			/* [n + 1] */
	bool		is_complete;	/* all eligible pairs are there */
	int32_t    *row;			/* [n] and a block */
	int32_t    *worth;			/* [n] and a block: score minus bias */
	int32_t    *bias;			/* [n] what a vertex costs, estimated */
	int32_t		neighbours;		/* that are chosen whatever they are worth */
	Num		   *price;			/* [n, rounded up] prices, for comparing */
	Ranked	   *best;			/* [n] */
	int32_t    *last_score;		/* [n] lowest worth that a vertex chose */
	int32_t    *last_step;		/* [n] how far it went among equal ones */

	/* vertices and sets; pair_sets.h */
	Vertex	   *vertex;			/* [n] */
	Node	   *node;			/* [n + n / 2] */
	int32_t    *named;			/* [n] outermost node of a name */
	Num		   *set_price;		/* [n / 2], of node n + k at k */
	int32_t    *spare;			/* [n / 2] nodes not in use */
	int32_t		nspare;

	/* the search; pair_search.h */
	Num			now;
	Num			end;			/* the search ends then at the latest: */
	int32_t		end_here;		/* this even vertex meets the free one */
	int32_t		end_there;		/* there, or is left free (-1) */
	Num		   *due;			/* [n + n / 2] when something happens to a
								 * vertex or set; valid while in the heap */
	int32_t    *heap;			/* [n + n / 2] unseen vertices, odd sets */
	int32_t    *place;			/* [n + n / 2] where in the heap, -1 = not */
	int32_t		nheap;
	Meeting    *meeting;		/* [edge_room] another heap; the memory of the
								 * edges */
	int64_t		nmeetings;
	int32_t    *waiting;		/* [n] even vertices to be looked at */
	int32_t		nwaiting;
	int32_t    *touched;		/* [n] */
	int32_t		ntouched;
	int32_t		marked;			/* vertex whose sets are, or -1 */
	uint32_t   *mark;			/* [n + n / 2] */
	uint32_t	stamp;
} Solver;

/* A row is to be read, or it is a vertex's turn: to estimate, to choose, to
 * search, to compare, and one more round are five times all of them. */
static inline void
tell(Solver *x)
{
	int64_t		all = 5 * (int64_t) x->n;

	mtr_progress(x->ndone < all ? x->ndone : all, all);
	x->ndone++;
}

static inline Num
weight(const Solver *x, int32_t score)
{
	return x->level + 2 * (Num) score;
}

static inline Num *
set_price(const Solver *x, int32_t set)
{
	return &x->set_price[set - x->n];
}

static inline int32_t
outer(const Solver *x, int32_t v)
{
	return x->named[x->vertex[v].name];
}

/* The vertex that a node's base is paired with, or -1 */
static inline int32_t
partner(const Solver *x, int32_t node)
{
	return x->vertex[x->node[node].base].mate;
}

/* Give out the next part of the scratch, or only count when there is none */
static void *
carve(char *scratch, size_t *used, size_t count, size_t size)
{
	void	   *part = scratch == NULL ? NULL : scratch + *used;

	*used += (count * size + 63) & ~(size_t) 63;
	return part;
}

static size_t
lay_out(Solver *x, const MtrPairing *p, char *scratch)
{
	size_t		used = 0;
	size_t		n = p->n;
	size_t		nodes = n + n / 2;
	size_t		room = p->edge_room;

	x->meeting = carve(scratch, &used, room, sizeof(Meeting));
	x->edge = (Edge *) x->meeting;
	x->arc = carve(scratch, &used, 2 * room, sizeof(Arc));
	x->start = carve(scratch, &used, n + 1, sizeof(int64_t));
	x->row = carve(scratch, &used, n + BLOCK, sizeof(int32_t));
	x->worth = carve(scratch, &used, n + BLOCK, sizeof(int32_t));
	x->bias = carve(scratch, &used, n, sizeof(int32_t));
	x->price = carve(scratch, &used, n + BLOCK, sizeof(Num));
	x->best = carve(scratch, &used, n, sizeof(Ranked));
	x->last_score = carve(scratch, &used, n, sizeof(int32_t));
	x->last_step = carve(scratch, &used, n, sizeof(int32_t));
	x->vertex = carve(scratch, &used, n, sizeof(Vertex));
	x->node = carve(scratch, &used, nodes, sizeof(Node));
	x->named = carve(scratch, &used, n, sizeof(int32_t));
	x->set_price = carve(scratch, &used, n / 2, sizeof(Num));
	x->spare = carve(scratch, &used, n / 2, sizeof(int32_t));
	x->due = carve(scratch, &used, nodes, sizeof(Num));
	x->heap = carve(scratch, &used, nodes, sizeof(int32_t));
	x->place = carve(scratch, &used, nodes, sizeof(int32_t));
	x->waiting = carve(scratch, &used, n, sizeof(int32_t));
	x->touched = carve(scratch, &used, n, sizeof(int32_t));
	x->mark = carve(scratch, &used, nodes, sizeof(uint32_t));
	return used;
}

#endif							/* MTR_PAIR_STATE_H */

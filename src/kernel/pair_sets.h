/*
 * pair_sets.h
 *	  the odd sets of the solver of pair.c: walking, pairing inside, opening
 */
#ifndef MTR_PAIR_SETS_H
#define MTR_PAIR_SETS_H

#include "pair_state.h"

/* The vertices of a node one after another, without a stack */
static inline int32_t
first_vertex(const Solver *x, int32_t node)
{
	while (node >= x->n)
		node = x->node[node].child;
	return node;
}

/* -1 after the last */
static inline int32_t
next_vertex(const Solver *x, int32_t node, int32_t v)
{
	while (v != node)
	{
		int32_t		parent = x->node[v].parent;
		int32_t		next = x->node[v].next;

		if (next != x->node[parent].child)
			return first_vertex(x, next);
		v = parent;
	}
	return -1;
}

/* Name all vertices of a node. */
static void
name_vertices(Solver *x, int32_t node, int32_t name)
{
	for (int32_t v = first_vertex(x, node); v >= 0;
		 v = next_vertex(x, node, v))
		x->vertex[v].name = name;
}

/* Give the children of a set their own names back: from now on outer() tells
 * which child a vertex is in. */
static void
separate(Solver *x, int32_t set)
{
	int32_t		first = x->node[set].child,
				c = first;

	do
	{
		int32_t		name = x->node[c].name;

		if (name != x->node[set].name)
			name_vertices(x, c, name);
		x->named[name] = c;
		c = x->node[c].next;
	} while (c != first);
}

/* Pair vertices of two outermost nodes, or of two siblings. */
static inline void
pair_nodes(Solver *x, int32_t a, int32_t u, int32_t b, int32_t v)
{
	x->node[a].base = u;
	x->node[b].base = v;
	x->vertex[u].mate = v;
	x->vertex[v].mate = u;
}

/*
 * Separate the children of a set and pair them: the one with the base stays
 * for the outside, the others are paired around the cycle.  Returns the first.
 */
static int32_t
pair_children(Solver *x, int32_t set)
{
	int32_t		base = x->node[set].base,
				first;

	separate(x, set);
	first = outer(x, base);
	x->node[first].base = base;
	for (int32_t c = x->node[first].next; c != first;)
	{
		const Node *node = &x->node[c];

		pair_nodes(x, c, node->next_here, node->next, node->next_there);
		c = x->node[node->next].next;
	}
	return first;
}

/* Make the children of an outermost set outermost ones and give it back. */
static void
open_set(Solver *x, int32_t set)
{
	int32_t		first = pair_children(x, set),
				c = first;

	do
	{
		x->node[c].parent = -1;
		c = x->node[c].next;
	} while (c != first);
	x->spare[x->nspare++] = set;
}

static void
raise_vertices(Solver *x, int32_t node, Num raise)
{
	for (int32_t v = first_vertex(x, node); v >= 0;
		 v = next_vertex(x, node, v))
		x->vertex[v].price += raise;
}

/*
 * Free a vertex and take it out of all sets it is in, as its price is to
 * rise.  The price of a set goes to its vertices, half of it to each, so no
 * pair within becomes less tight; but its pair with the outside does and is
 * lost.  What a vertex gets is collected on the way down, so that each is met
 * once.
 */
static void
detach(Solver *x, int32_t v)
{
	Num			raise = 0;

	for (;;)
	{
		int32_t		set = outer(x, v),
					mate = partner(x, set),
					c;

		if (mate >= 0 && (set < x->n || *set_price(x, set) > 0))
		{
			x->vertex[mate].mate = -1;
			x->vertex[x->node[set].base].mate = -1;
		}
		if (set < x->n)
			break;
		raise += *set_price(x, set) / 2;
		open_set(x, set);
		c = outer(x, v);
		for (int32_t other = x->node[c].next; other != c;
			 other = x->node[other].next)
			raise_vertices(x, other, raise);
	}
	x->vertex[v].price += raise;
	x->marked = -1;
}

/* A stamp that no node bears */
static uint32_t
new_stamp(Solver *x)
{
	if (++x->stamp == 0)
	{
		for (int32_t k = 0; k < x->n + x->n / 2; k++)
			x->mark[k] = 0;
		x->stamp = 1;
	}
	return x->stamp;
}

/*
 * Mark the sets that hold a vertex, if that isn't what was done last; "due",
 * free outside searches, is the sum of the prices of each and those around
 * it.
 */
static void
mark_sets(Solver *x, int32_t a)
{
	uint32_t	stamp;
	Num			sum = 0;

	if (x->marked == a)
		return;
	x->marked = a;
	stamp = new_stamp(x);
	for (int32_t s = x->node[a].parent; s >= 0; s = x->node[s].parent)
		sum += *set_price(x, s);
	for (int32_t s = x->node[a].parent; s >= 0; s = x->node[s].parent)
	{
		x->mark[s] = stamp;
		x->due[s] = sum;
		sum -= *set_price(x, s);
	}
}

/*
 * By how much a pair breaks the proof; <= 0 if it doesn't.  On the way from b up to the first set that holds both everything
 * is marked with the answer, so that a row of such pairs takes O(n) steps.
 */
static Num
excess(Solver *x, int32_t a, int32_t b, int32_t score)
{
	Num			left = weight(x, score) - x->vertex[a].price -
	x->vertex[b].price;
	int32_t		set = b;

	if (left <= 0 || x->vertex[a].name != x->vertex[b].name)
		return left;
	mark_sets(x, a);
	while (x->mark[set] != x->stamp)
		set = x->node[set].parent;
	for (int32_t c = b; x->mark[c] != x->stamp; c = x->node[c].parent)
	{
		x->mark[c] = x->stamp;
		x->due[c] = x->due[set];
	}
	return left - x->due[set];
}

#endif							/* MTR_PAIR_SETS_H */

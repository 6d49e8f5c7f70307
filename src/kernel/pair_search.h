/*
 * pair_search.h
 *	  one search of the solver of pair.c: a free vertex finds its place
 *
 * Edmonds' search, as a shortest path: time runs from 0, prices of even
 * vertices fall and those of odd ones rise at the same speed, sets likewise
 * twice as fast the other way.  What happens first is found by a heap:
 *
 *	 an unseen node is reached by a pair that becomes tight: it becomes odd,
 *	 and its partner even;
 *	 two even nodes are joined by one: with all between them on the tree they
 *	 make a new set, even itself;
 *	 the price of an odd set falls to 0: it is opened;
 *	 a free node is reached, or the price of an even vertex falls to 0: the
 *	 path from the root is flipped, and the search has ended.
 *
 * The first ends lie ahead as soon as they are seen, so nothing later than
 * the nearest gets into the heap: a search stays as local as it can.
 *
 * One search at a time, unlike all trees growing together, needs no care for
 * parity and leaves all of the graph that it doesn't meet as it was.
 */
#ifndef MTR_PAIR_SEARCH_H
#define MTR_PAIR_SEARCH_H

#include "pair_sets.h"

/*
 * The heap of unseen vertices and odd sets, each at most once; of equal times
 * the lower one comes first.
 */
static inline bool
is_sooner(const Solver *x, int32_t a, int32_t b)
{
	return x->due[a] < x->due[b] || (x->due[a] == x->due[b] && a < b);
}

static inline void
put_at(Solver *x, int32_t k, int32_t item)
{
	x->heap[k] = item;
	x->place[item] = k;
}

static void
sift_up(Solver *x, int32_t k, int32_t item)
{
	while (k > 0 && is_sooner(x, item, x->heap[(k - 1) / 2]))
	{
		put_at(x, k, x->heap[(k - 1) / 2]);
		k = (k - 1) / 2;
	}
	put_at(x, k, item);
}

static void
sift_down(Solver *x, int32_t k, int32_t item)
{
	for (;;)
	{
		int32_t		child = 2 * k + 1;

		if (child + 1 < x->nheap &&
			is_sooner(x, x->heap[child + 1], x->heap[child]))
			child++;
		if (child >= x->nheap || is_sooner(x, item, x->heap[child]))
			break;
		put_at(x, k, x->heap[child]);
		k = child;
	}
	put_at(x, k, item);
}

/* Something happens to an item at a time, if not sooner. */
static void
plan(Solver *x, int32_t item, Num due)
{
	if (due >= x->end)
		return;
	if (x->place[item] < 0)
	{
		x->due[item] = due;
		sift_up(x, x->nheap++, item);
	}
	else if (due < x->due[item])
	{
		x->due[item] = due;
		sift_up(x, x->place[item], item);
	}
}

static void
cancel(Solver *x, int32_t item)
{
	int32_t		k = x->place[item],
				last;

	if (k < 0)
		return;
	x->place[item] = -1;
	last = x->heap[--x->nheap];
	if (last == item)
		return;
	if (k > 0 && is_sooner(x, last, x->heap[(k - 1) / 2]))
		sift_up(x, k, last);
	else
		sift_down(x, k, last);
}

/* Meetings are in a heap of their own: there are many, and those of vertices
 * that have come into one set are passed over when it is their turn. */
static inline bool
meet_sooner(Meeting a, Meeting b)
{
	if (a.due != b.due)
		return a.due < b.due;
	return a.u != b.u ? a.u < b.u : a.v < b.v;
}

static void
plan_meeting(Solver *x, Meeting m)
{
	int64_t		k = x->nmeetings;

	if (m.due >= x->end)
		return;
	for (x->nmeetings++; k > 0 && meet_sooner(m, x->meeting[(k - 1) / 2]);
		 k = (k - 1) / 2)
		x->meeting[k] = x->meeting[(k - 1) / 2];
	x->meeting[k] = m;
}

/* Take the first one out. */
static void
take_meeting(Solver *x)
{
	Meeting		last = x->meeting[--x->nmeetings];
	int64_t		k = 0;

	for (;;)
	{
		int64_t		child = 2 * k + 1;

		if (child + 1 < x->nmeetings &&
			meet_sooner(x->meeting[child + 1], x->meeting[child]))
			child++;
		if (child >= x->nmeetings || meet_sooner(last, x->meeting[child]))
			break;
		x->meeting[k] = x->meeting[child];
		k = child;
	}
	x->meeting[k] = last;
}

/*
 * Labels
 */

static inline void
touch(Solver *x, int32_t v)
{
	if (!x->vertex[v].is_touched)
	{
		x->vertex[v].is_touched = true;
		x->touched[x->ntouched++] = v;
	}
}

/* An even vertex's price falls to 0 at this time. */
static inline void
now_even(Solver *x, int32_t v)
{
	Vertex	   *vertex = &x->vertex[v];

	vertex->label = EVEN;
	x->waiting[x->nwaiting++] = v;
	if (vertex->price < x->end)
	{
		x->end = vertex->price;
		x->end_here = v;
		x->end_there = -1;
	}
}

/* An unseen node becomes even. */
static void
make_even(Solver *x, int32_t node)
{
	for (int32_t v = first_vertex(x, node); v >= 0;
		 v = next_vertex(x, node, v))
	{
		cancel(x, v);
		touch(x, v);
		x->vertex[v].price += x->now;
		now_even(x, v);
	}
	if (node >= x->n)
		*set_price(x, node) -= 2 * x->now;
}

/* An unseen node becomes odd, reached by a pair of this vertex of it. */
static void
make_odd(Solver *x, int32_t node, int32_t here)
{
	x->node[node].tree_here = here;
	x->node[node].tree_there = x->vertex[here].from;
	for (int32_t v = first_vertex(x, node); v >= 0;
		 v = next_vertex(x, node, v))
	{
		cancel(x, v);
		touch(x, v);
		x->vertex[v].price -= x->now;
		x->vertex[v].label = ODD;
	}
	if (node >= x->n)
	{
		*set_price(x, node) += 2 * x->now;
		plan(x, node, *set_price(x, node) / 2);
	}
}

/* Look at the pairs of a vertex that has become even. */
static void
look(Solver *x, int32_t u)
{
	const Vertex *here = &x->vertex[u];

	for (int64_t k = x->start[u]; k < x->start[u + 1]; k++)
	{
		int32_t		v = x->arc[k].to;
		Vertex	   *there = &x->vertex[v];
		Num			key = here->price - weight(x, x->arc[k].score);

		if (there->label == EVEN)
		{
			Meeting		m = {(key + there->price) / 2, u, v};

			if (there->name != here->name)
				plan_meeting(x, m);
			continue;
		}
		if (key >= there->key)
			continue;
		there->key = key;
		there->from = u;
		touch(x, v);
		if (there->label == ODD || key + there->price >= x->end)
			continue;
		if (partner(x, x->named[there->name]) < 0)
		{
			x->end = key + there->price;
			x->end_here = u;
			x->end_there = v;
		}
		else
			plan(x, v, key + there->price);
	}
}

static void
look_at_waiting(Solver *x)
{
	for (int32_t k = 0; k < x->nwaiting; k++)
	{
		mtr_poll();
		look(x, x->waiting[k]);
	}
	x->nwaiting = 0;
}

/*
 * A new set
 */

/* The even node above an even node on the tree, -1 above the root */
static inline int32_t
above(const Solver *x, int32_t node)
{
	int32_t		mate = partner(x, node);

	if (mate < 0)
		return -1;
	return outer(x, x->node[outer(x, mate)].tree_there);
}

/* The lowest node above two even nodes, in as many steps as the longer way */
static int32_t
find_apex(Solver *x, int32_t a, int32_t b)
{
	uint32_t	stamp = new_stamp(x);

	for (;;)
	{
		int32_t		c = a;

		if (c >= 0)
		{
			if (x->mark[c] == stamp)
				return c;
			x->mark[c] = stamp;
			c = above(x, c);
		}
		a = b;
		b = c;
	}
}

static inline void
link_nodes(Solver *x, int32_t c, int32_t next, int32_t here, int32_t there)
{
	x->node[c].next = next;
	x->node[c].next_here = here;
	x->node[c].next_there = there;
}

/* Link the nodes from one up to the apex, and back from it when "down". */
static void
link_path(Solver *x, int32_t c, int32_t apex, bool down)
{
	while (c != apex)
	{
		int32_t		base = x->node[c].base,
					mate = partner(x, c),
					odd = outer(x, mate),
					here = x->node[odd].tree_here,
					there = x->node[odd].tree_there,
					up = outer(x, there);

		if (down)
		{
			link_nodes(x, odd, c, mate, base);
			link_nodes(x, up, odd, there, here);
		}
		else
		{
			link_nodes(x, c, odd, base, mate);
			link_nodes(x, odd, up, here, there);
		}
		c = up;
	}
}

/* Put a node into a new set: its vertices become even, if they aren't. */
static void
swallow(Solver *x, int32_t set, int32_t c)
{
	bool		was_odd = x->vertex[x->node[c].base].label == ODD;

	x->node[c].parent = set;
	if (c >= x->n)
	{
		cancel(x, c);
		*set_price(x, c) += was_odd ? -2 * x->now : 2 * x->now;
	}
	if (x->node[c].name != x->node[set].name)
		name_vertices(x, c, x->node[set].name);
	if (!was_odd)
		return;
	for (int32_t v = first_vertex(x, c); v >= 0; v = next_vertex(x, c, v))
	{
		x->vertex[v].price += 2 * x->now;
		now_even(x, v);
	}
}

/* A new set of the children linked to this one */
static int32_t
new_set(Solver *x, int32_t first)
{
	int32_t		set = x->spare[--x->nspare],
				largest = first,
				c = first;
	Node	   *node = &x->node[set];
	bool		is_nested = false;

	node->parent = -1;
	node->child = first;
	node->base = x->node[first].base;
	node->size = 0;
	*set_price(x, set) = -2 * x->now;
	do
	{
		node->size += x->node[c].size;
		is_nested |= c >= x->n;
		if (x->node[c].size > x->node[largest].size)
			largest = c;
		c = x->node[c].next;
	} while (c != first);
	node->name = x->node[largest].name;
	x->named[node->name] = set;
	x->p->work.sets_made++;
	x->p->work.sets_nested += is_nested;
	return set;
}

/* Two even vertices have a tight pair: their nodes and what is between them
 * become a set. */
static void
join(Solver *x, int32_t u, int32_t v)
{
	int32_t		a = outer(x, u),
				b = outer(x, v),
				apex,
				set,
				c;

	apex = find_apex(x, a, b);
	link_path(x, a, apex, false);
	link_path(x, b, apex, true);
	link_nodes(x, b, a, v, u);

	set = new_set(x, apex);
	c = apex;
	do
	{
		swallow(x, set, c);
		c = x->node[c].next;
	} while (c != apex);
}

/*
 * An odd set of price 0
 */

/* A child becomes an outermost node.  Stored prices were those of odd
 * vertices. */
static void
release(Solver *x, int32_t c, int label)
{
	x->node[c].parent = -1;
	if (label == ODD)
	{
		if (c >= x->n)
		{
			*set_price(x, c) += 2 * x->now;
			plan(x, c, *set_price(x, c) / 2);
		}
		return;
	}
	for (int32_t v = first_vertex(x, c); v >= 0; v = next_vertex(x, c, v))
	{
		Vertex	   *vertex = &x->vertex[v];

		if (label == EVEN)
		{
			vertex->price += 2 * x->now;
			now_even(x, v);
			continue;
		}
		vertex->price += x->now;
		vertex->label = UNSEEN;
		if (vertex->key < FAR)
			plan(x, v, vertex->key + vertex->price);
	}
	if (c >= x->n && label == EVEN)
		*set_price(x, c) -= 2 * x->now;
}

/*
 * Open an odd set.  The way from the child that was entered to the one that
 * leaves, an even number of pairs around the cycle, stays on the tree; the
 * other children are paired among themselves and unseen.
 */
static void
open_odd(Solver *x, int32_t set)
{
	Node	   *node = x->node;
	int32_t		leave = pair_children(x, set),
				enter = outer(x, node[set].tree_here),
				c = leave,
				d;
	bool		forward = false;

	node[enter].tree_here = node[set].tree_here;
	node[enter].tree_there = node[set].tree_there;
	for (d = leave; d != enter; d = node[d].next)
		forward = !forward;

	/* around the cycle from "leave", in two parts */
	if (forward)
	{
		for (c = node[leave].next; c != enter; c = node[c].next)
			release(x, c, UNSEEN);
		for (; c != leave; c = node[d].next)
		{
			d = node[c].next;
			node[node[d].next].tree_here = node[d].next_there;
			node[node[d].next].tree_there = node[d].next_here;
			release(x, c, ODD);
			release(x, d, EVEN);
		}
		release(x, leave, ODD);
	}
	else
	{
		for (; c != enter; c = node[d].next)
		{
			d = node[c].next;
			node[c].tree_here = node[c].next_here;
			node[c].tree_there = node[c].next_there;
			release(x, c, ODD);
			release(x, d, EVEN);
		}
		release(x, enter, ODD);
		for (c = node[enter].next; c != leave; c = node[c].next)
			release(x, c, UNSEEN);
	}
	x->spare[x->nspare++] = set;
	x->p->work.sets_opened++;
}

/*
 * The end
 */

/* Flip the path from the root to the even vertex u, which gets partner v, or
 * none (-1) */
static void
flip(Solver *x, int32_t u, int32_t v)
{
	for (;;)
	{
		int32_t		even = outer(x, u);
		int32_t		mate = partner(x, even);
		int32_t		odd;

		x->node[even].base = u;
		x->vertex[u].mate = v;
		if (v >= 0)
		{
			x->node[outer(x, v)].base = v;
			x->vertex[v].mate = u;
		}
		if (mate < 0)
			return;
		odd = outer(x, mate);
		u = x->node[odd].tree_there;
		v = x->node[odd].tree_here;
	}
}

/* Prices as they are at the end; no labels.  Sets of price 0 are opened. */
static void
settle(Solver *x)
{
	int32_t		nempty = 0;

	for (int32_t k = 0; k < x->ntouched; k++)
	{
		int32_t		v = x->touched[k];
		Vertex	   *vertex = &x->vertex[v];
		int32_t		node = x->named[vertex->name];
		Num			sign = vertex->label == EVEN ? 1 :
		vertex->label == ODD ? -1 : 0;

		vertex->price -= sign * x->now;
		vertex->key = FAR;
		vertex->label = UNSEEN;
		vertex->is_touched = false;
		if (node < x->n || sign == 0 || x->node[node].base != v)
			continue;
		*set_price(x, node) += 2 * sign * x->now;
		if (*set_price(x, node) == 0)
			x->waiting[nempty++] = node;
	}
	x->ntouched = 0;

	while (nempty > 0)
	{
		int32_t		set = x->waiting[--nempty],
					first = x->node[set].child,
					c = first;

		open_set(x, set);
		do
		{
			if (c >= x->n && *set_price(x, c) == 0)
				x->waiting[nempty++] = c;
			c = x->node[c].next;
		} while (c != first);
	}
}

/* Do what happens first; false when that is the end. */
static bool
next_step(Solver *x)
{
	Num			due = x->nheap > 0 ? x->due[x->heap[0]] : FAR;
	int32_t		item;

	if (x->nmeetings > 0 && x->meeting[0].due <= due)
	{
		Meeting		m = x->meeting[0];

		if (m.due >= x->end)
			return false;
		take_meeting(x);
		x->now = m.due;
		if (x->vertex[m.u].name != x->vertex[m.v].name)
			join(x, m.u, m.v);
		return true;
	}
	if (due >= x->end)
		return false;
	item = x->heap[0];
	cancel(x, item);
	x->now = due;
	if (item >= x->n)
		open_odd(x, item);
	else
	{
		int32_t		node = outer(x, item);
		int32_t		mate = partner(x, node);

		make_odd(x, node, item);
		make_even(x, outer(x, mate));
	}
	return true;
}

/* Search from a free node until it is matched, or another vertex is free
 * instead whose price is 0. */
static void
search(Solver *x, int32_t root)
{
	x->now = 0;
	x->end = FAR;
	x->p->work.searches++;
	make_even(x, root);
	look_at_waiting(x);
	while (next_step(x))
		look_at_waiting(x);
	while (x->nheap > 0)
		x->place[x->heap[--x->nheap]] = -1;
	x->nmeetings = 0;
	x->now = x->end;
	flip(x, x->end_here, x->end_there);
	settle(x);
}

#endif							/* MTR_PAIR_SEARCH_H */

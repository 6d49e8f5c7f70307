/*
 * pair.c
 *	  optimal pairing of peers: the solver
 *
 * Method.  Edmonds' blossom algorithm on few of the pairs: each vertex begins
 * with those worth most to it (pair_edges.h, pair_estimate.h).  Prices start
 * so high that every pair is outweighed, are lowered to the first tight pair
 * of each vertex, and then one free vertex after another searches for its
 * place (pair_search.h).  All pairs left out are then compared with the
 * prices; those that break the proof are added, one end of each gives up its
 * partner and has its price raised until the prices outweigh the pair again,
 * and the vertices that are free now search once more, everything else staying
 * as it is.  When no pair breaks the proof the solution is optimal among all.
 *
 * Cost.  One pass over the rows to choose, one for each round (one to three on
 * usual data), one more where there are favourites; a search takes
 * O(edges log n) at worst and meets some tens or hundreds of vertices as a
 * rule.  Memory is O(n + edges).
 *
 * Sources.  J. Edmonds, Maximum matching and a polyhedron with 0,1-vertices,
 * J. Res. Nat. Bur. Standards 69B (1965); Z. Galil, Efficient algorithms for
 * finding maximum matching in graphs, ACM Computing Surveys 18 (1986); for
 * solving on few edges with prices for the rest, D. Applegate and W. Cook,
 * Solving large-scale matching problems, DIMACS Series 12 (1993).
 */
#include <string.h>

#include "pair.h"
#include "pair_edges.h"
#include "pair_search.h"
#include "pair_sets.h"
#include "pair_state.h"

static int32_t
nearest_of(int32_t n, int32_t nearest)
{
	if (nearest <= 0)
		nearest = NEAREST;
	return nearest < n ? nearest : n;
}

int64_t
mtr_pair_edge_room(int32_t n, int32_t nearest)
{
	int64_t		all = (int64_t) n * (n - 1) / 2;
	int64_t		room = (int64_t) n * nearest_of(n, nearest) * 5 / 4;

	return room < all ? room : all;
}

size_t
mtr_pair_scratch_size(const MtrPairing *p)
{
	Solver		x;

	return lay_out(&x, p, NULL);
}

/*
 * The start
 */

static void
clear(Solver *x)
{
	int32_t		n = x->n;

	for (int32_t v = 0; v < n; v++)
	{
		Vertex	   *vertex = &x->vertex[v];

		memset(vertex, 0, sizeof(Vertex));
		vertex->key = FAR;
		vertex->name = v;
		vertex->mate = -1;
		x->node[v].parent = -1;
		x->node[v].base = v;
		x->node[v].name = v;
		x->node[v].size = 1;
		x->named[v] = v;
	}
	for (int32_t k = 0; k < n / 2; k++)
		x->spare[k] = n + n / 2 - 1 - k;
	x->nspare = n / 2;
	for (int32_t k = 0; k < n + n / 2; k++)
	{
		x->place[k] = -1;
		x->mark[k] = 0;
	}
}

/* Prices that outweigh every pair: as estimated, and half of what the best
 * one's weight is above that. */
static void
set_prices(Solver *x)
{
	for (int32_t v = 0; v < x->n; v++)
	{
		Num			most = -FAR,
					price;

		for (int64_t k = x->start[v]; k < x->start[v + 1]; k++)
		{
			Num			left = weight(x, x->arc[k].score) -
			2 * ((Num) x->bias[v] + x->bias[x->arc[k].to]);

			most = left > most ? left : most;
		}
		price = 2 * (Num) x->bias[v] + most / 2;
		x->vertex[v].price = price > 0 ? price : 0;
	}
}

/* Lower the price of each free vertex until a pair is tight, and take one
 * such pair with a free partner. */
static void
take_tight(Solver *x)
{
	for (int32_t v = 0; v < x->n; v++)
	{
		Vertex	   *here = &x->vertex[v];
		Num			least = here->price;
		int32_t		best = -1;

		if (here->mate >= 0)
			continue;
		for (int64_t k = x->start[v]; k < x->start[v + 1]; k++)
		{
			const Arc  *arc = &x->arc[k];
			const Vertex *there = &x->vertex[arc->to];
			Num			slack = here->price + there->price -
			weight(x, arc->score);

			if (slack < least ||
				(slack == least && best < 0 && there->mate < 0))
			{
				least = slack;
				best = there->mate < 0 ? arc->to : -1;
			}
		}
		here->price -= least;
		if (best >= 0)
		{
			here->mate = best;
			x->vertex[best].mate = v;
		}
	}
}

/*
 * Rounds
 */

/* Let every free vertex whose price isn't 0 search. */
static void
search_all(Solver *x)
{
	for (int32_t v = 0; v < x->n; v++)
	{
		int32_t		node = outer(x, v);

		mtr_poll();
		tell(x);
		if (x->node[node].base == v && partner(x, node) < 0 &&
			x->vertex[v].price > 0)
			search(x, node);
	}
}

/*
 * Make the prices outweigh the pairs from this one on.  The end whose price
 * rises loses its partner, so one that is free already is preferred.
 */
static void
raise_prices(Solver *x, int64_t from)
{
	for (int64_t k = from; k < x->nedges; k++)
	{
		const Edge *e = &x->edge[k];
		int32_t		v = e->a;
		Num			here;

		if (excess(x, e->a, e->b, e->score) <= 0)
			continue;
		if (outer(x, e->b) == e->b && x->vertex[e->b].mate < 0)
			v = e->b;
		detach(x, v);

		/* leaving sets may have raised it enough */
		here = excess(x, e->a, e->b, e->score);
		if (here > 0)
			x->vertex[v].price += here;
	}
}

static MtrStatus
solve_rounds(Solver *x)
{
	int32_t		count = nearest_of(x->n, x->p->nearest);
	MtrStatus	status = choose_all(x, count);

	if (status != MTR_OK)
		return status;
	clear(x);
	make_arcs(x);
	set_prices(x);
	take_tight(x);
	for (;;)
	{
		int64_t		before = x->nedges;

		search_all(x);
		x->marked = -1;
		x->p->work.rounds++;
		x->p->work.edges = x->nedges;
		if (x->is_complete)
			return MTR_OK;
		if (!add_all_missed(x, count))
			return MTR_FULL;
		if (x->nedges == before)
			return MTR_OK;
		raise_prices(x, before);
		make_arcs(x);

		/* rounds stay few even if one after another finds new pairs */
		if (x->p->work.rounds > 2 && count < x->n)
			count = count < x->n / 2 ? 2 * count : x->n;
	}
}

/*
 * The answer
 */

/* Split a number into cover and price; false if the price is too large. */
static bool
split(const Solver *x, Num number, uint8_t *cover, int64_t *price)
{
	Num			half = x->level / 2;
	Num			parts = half == 0 ? 0 : (number + half / 2) / half;

	*cover = (uint8_t) parts;
	*price = number - parts * half;
	return *price > -MAX_PART && *price < MAX_PART;
}

/* Enter a set: pair what is inside and note where it begins. */
static bool
enter_set(Solver *x, int32_t set, int32_t position)
{
	MtrPairing *p = x->p;
	int32_t		s = p->nsets;

	pair_children(x, set);
	x->place[set] = -1;
	if (*set_price(x, set) == 0)
		return true;
	x->place[set] = s;
	p->set_first[s] = position;
	p->nsets++;
	return split(x, *set_price(x, set), &p->set_cover[s], &p->set_price[s]);
}

/* Write down a node and all that is in it, from the outside in. */
static bool
write_node(Solver *x, int32_t top, int32_t *position)
{
	int32_t		node = top;

	for (;;)
	{
		while (node >= x->n)
		{
			if (!enter_set(x, node, *position))
				return false;
			node = x->node[node].child;
		}
		x->place[node] = *position;
		x->p->order[(*position)++] = node;
		for (;;)
		{
			int32_t		parent = x->node[node].parent;

			if (node >= x->n && x->place[node] >= 0)
				x->p->set_last[x->place[node]] = *position;
			if (node == top)
				return true;
			if (x->node[node].next != x->node[parent].child)
				break;
			node = parent;
		}
		node = x->node[node].next;
	}
}

static MtrStatus
write_answer(Solver *x)
{
	MtrPairing *p = x->p;
	int32_t		position = 0;

	for (int32_t v = 0; v < x->n; v++)
	{
		int32_t		top = v;

		if (x->place[v] >= 0)
			continue;
		while (x->node[top].parent >= 0)
			top = x->node[top].parent;
		if (!write_node(x, top, &position))
			return MTR_OVERFLOW;
	}
	for (int32_t v = 0; v < x->n; v++)
	{
		p->mate[v] = x->vertex[v].mate;
		if (!split(x, x->vertex[v].price, &p->cover[v], &p->price[v]))
			return MTR_OVERFLOW;
		if (p->mate[v] <= v)
			continue;
		p->npairs++;
		for (int64_t k = x->start[v]; k < x->start[v + 1]; k++)
			if (x->arc[k].to == p->mate[v])
				p->total += x->arc[k].score;
	}
	return MTR_OK;
}

MtrStatus
mtr_pair_solve(MtrPairing *p, void *scratch)
{
	Solver		x = {.p = p,.n = p->n};
	MtrStatus	status;

	p->npairs = 0;
	p->total = 0;
	p->nsets = 0;
	memset(&p->work, 0, sizeof(p->work));
	if (p->n < 0 || p->n > MAX_VERTICES || p->edge_room < 0)
		return MTR_INVALID;
	if (p->n == 0)
		return MTR_OK;
	if (p->edge_room < mtr_pair_edge_room(p->n, p->nearest))
		return MTR_FULL;
	x.level = p->most_pairs ? 2 * HALF_COVER : 0;
	x.floor = p->most_pairs ? MTR_NO_PAIR : 0;
	lay_out(&x, p, scratch);
	status = solve_rounds(&x);
	return status == MTR_OK ? write_answer(&x) : status;
}

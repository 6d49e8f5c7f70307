/*
 * pair_edges.h
 *	  which pairs the solver of pair.c works on
 *
 * At first each vertex chooses the few that are worth most to it, of equal
 * ones those whose index follows its own, going round: so vertices that see
 * no difference choose different partners, and everybody is reached.  Where
 * there are favourites (pair_estimate.h) some are chosen regardless of worth:
 * estimates have errors, and those whose error is largest would be chosen by
 * everybody.
 *
 * A solution for these pairs comes with prices; every pair that isn't among
 * them and breaks the proof is found in one pass over the rows and added.
 */
#ifndef MTR_PAIR_EDGES_H
#define MTR_PAIR_EDGES_H

#include "pair_estimate.h"

/* Following vertices that are chosen whatever they are worth */
#define NEIGHBOURS 8

static bool
add_edge(Solver *x, int32_t a, int32_t b, int32_t score)
{
	Edge	   *edge = &x->edge[x->nedges];

	if (x->nedges == x->p->edge_room)
		return false;
	edge->a = a;
	edge->b = b;
	edge->score = score;
	x->nedges++;
	return true;
}

/*
 * The first choice
 */

/* What partners are worth to the vertex whose row has been read */
MTR_SIMD static void
rate(int32_t *restrict worth, const int32_t *restrict score,
	 const int32_t *restrict bias, int32_t n, int32_t floor)
{
	for (int32_t b = 0; b < n; b++)
		worth[b] = score[b] > floor ? score[b] - bias[b] : MTR_NO_PAIR;
}

/* The worth of the count-th best partner; MTR_NO_PAIR if there are fewer */
static int32_t
find_threshold(const Solver *x, int32_t count)
{
	const int32_t *worth = x->worth;
	int32_t		nbest = 0,
				threshold = MTR_NO_PAIR;

	for (int32_t from = next_above(worth, x->n, threshold, 0); from < x->n;
		 from = next_above(worth, x->n, threshold, from + BLOCK))
		for (int32_t b = from; b < from + BLOCK; b++)
		{
			Ranked		r = {worth[b], b};

			if (worth[b] <= threshold)
				continue;
			keep_highest(x->best, &nbest, count, r);
			if (nbest == count)
				threshold = (int32_t) x->best[0].value;
		}
	return threshold;
}

/*
 * Choose b for a, unless b, having come before, has chosen a: then a was worth
 * enough to it, or it was one of its neighbours.  False if there is no room.
 */
static inline bool
choose(Solver *x, int32_t a, int32_t b)
{
	int32_t		worth = x->row[b] - x->bias[a];

	if (b < a && (a - b <= x->neighbours || worth > x->last_score[b] ||
				  (worth == x->last_score[b] && a - b <= x->last_step[b])))
		return true;
	return add_edge(x, a, b, x->row[b]);
}

/* Those that come next, unless they are worth more and chosen already */
static bool
choose_neighbours(Solver *x, int32_t a)
{
	for (int32_t b = a + 1; b <= a + x->neighbours && b < x->n; b++)
		if (x->worth[b] != MTR_NO_PAIR && x->worth[b] <= x->last_score[a] &&
			(x->worth[b] < x->last_score[a] || b - a > x->last_step[a]) &&
			!choose(x, a, b))
			return false;
	return true;
}

/*
 * Of those listed in x->best, ascending, choose the ones of the threshold,
 * beginning with those after a, until "left" have been.
 */
static bool
choose_equal(Solver *x, int32_t a, int32_t nlisted, int32_t left)
{
	int32_t		first = 0;

	while (first < nlisted && x->best[first].b < a)
		first++;
	for (int32_t k = 0; k < nlisted && left > 0; k++)
	{
		int32_t		b = x->best[(first + k) % nlisted].b;

		if (x->worth[b] != x->last_score[a])
			continue;
		left--;
		x->last_step[a] = b > a ? b - a : b - a + x->n;
		if (!choose(x, a, b))
			return false;
	}
	return true;
}

/* Let a vertex choose; its row has been read. */
static bool
choose_pairs(Solver *x, int32_t a, int32_t count)
{
	const int32_t *worth = x->worth;
	int32_t		nlisted = 0,
				left = count,
				n = x->n,
				threshold;

	rate(x->worth, x->row, x->bias, n, x->floor);
	threshold = find_threshold(x, count);
	x->last_score[a] = threshold;
	x->last_step[a] = 0;
	if (threshold > MTR_NO_PAIR)
	{
		x->is_complete = false;
		threshold--;
	}
	for (int32_t from = next_above(worth, n, threshold, 0); from < n;
		 from = next_above(worth, n, threshold, from + BLOCK))
		for (int32_t b = from; b < from + BLOCK; b++)
		{
			if (worth[b] <= threshold)
				continue;
			x->best[nlisted++].b = b;
			if (worth[b] == x->last_score[a])
				continue;
			left--;
			if (!choose(x, a, b))
				return false;
		}
	return x->last_score[a] == MTR_NO_PAIR ||
		(choose_equal(x, a, nlisted, left) && choose_neighbours(x, a));
}

static MtrStatus
choose_all(Solver *x, int32_t count)
{
	for (int32_t b = x->n; b < x->n + BLOCK; b++)
		x->row[b] = x->worth[b] = MTR_NO_PAIR;
	memset(x->bias, 0, x->n * sizeof(int32_t));
	x->neighbours = count < x->n - 1 && estimate(x) ? NEIGHBOURS : 0;
	x->nedges = 0;
	x->is_complete = true;
	for (int32_t a = 0; a < x->n; a++)
	{
		read_row(x, a);
		if (!in_range(x->row, x->n))
			return MTR_OVERFLOW;
		if (!choose_pairs(x, a, count))
			return MTR_FULL;
	}
	return MTR_OK;
}

/*
 * Two forms: a list, and for searches each pair under both of its ends
 */

static void
make_arcs(Solver *x)
{
	int64_t    *start = x->start;

	mtr_poll();
	for (int32_t v = 0; v <= x->n; v++)
		start[v] = 0;
	for (int64_t k = 0; k < x->nedges; k++)
	{
		start[x->edge[k].a]++;
		start[x->edge[k].b]++;
	}
	for (int32_t v = 0; v < x->n; v++)
		start[v + 1] += start[v];

	/* each start[v] is the end now and goes back to the beginning */
	for (int64_t k = x->nedges - 1; k >= 0; k--)
	{
		const Edge *e = &x->edge[k];
		Arc		   *arc = &x->arc[--start[e->a]];

		arc->to = e->b;
		arc->score = e->score;
		arc = &x->arc[--start[e->b]];
		arc->to = e->a;
		arc->score = e->score;
	}
}

/* The list again, from what make_arcs() made of it */
static void
recall_edges(Solver *x)
{
	x->nedges = 0;
	for (int32_t v = 0; v < x->n; v++)
		for (int64_t k = x->start[v]; k < x->start[v + 1]; k++)
			if (v < x->arc[k].to)
				add_edge(x, v, x->arc[k].to, x->arc[k].score);
}

/*
 * Pairs that break the proof
 */

/*
 * Add the pairs of a vertex with higher ones that break the proof, the worst
 * "count" of them if there are more.  False when there is no room.
 */
static bool
add_missed(Solver *x, int32_t a, int32_t count)
{
	const int32_t *row = x->row;
	Num			rest = x->vertex[a].price - x->level;
	int32_t		n = x->n,
				nbest = 0;

	for (int32_t from = next_heavier(row, x->price, n, rest,
									 a / BLOCK * BLOCK);
		 from < n;
		 from = next_heavier(row, x->price, n, rest, from + BLOCK))
		for (int32_t b = from > a ? from : a + 1; b < from + BLOCK; b++)
		{
			Ranked		r = {0, b};

			if (row[b] <= x->floor)
				continue;
			r.value = excess(x, a, b, row[b]);
			if (r.value > 0 &&
				(nbest < count || r.value > x->best[0].value))
				keep_highest(x->best, &nbest, count, r);
		}
	for (int32_t k = 0; k < nbest; k++)
		if (!add_edge(x, a, x->best[k].b, row[x->best[k].b]))
			return false;
	return true;
}

/* Find the pairs that break the proof and add them. */
static bool
add_all_missed(Solver *x, int32_t count)
{
	recall_edges(x);
	for (int32_t v = 0; v < x->n; v++)
		x->price[v] = x->vertex[v].price;
	for (int32_t v = x->n; v < x->n + BLOCK; v++)
		x->price[v] = FAR;
	for (int32_t a = 0; a < x->n; a++)
	{
		read_row(x, a);
		if (!add_missed(x, a, count))
			return false;
	}
	return true;
}

#endif							/* MTR_PAIR_EDGES_H */

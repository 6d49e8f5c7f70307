/*
 * pair_greedy.c
 *	  pairing peers by taking the best remaining pair again and again
 *
 * Problem.  pair.h: pairs are taken in the order higher score, then lower a,
 * then lower b (a < b), while both are free.
 *
 * Method.  Suitors (Manne and Halappanavar, New effective multithreaded
 * matching algorithms, IPDPS 2014): everybody proposes to the best vertex that
 * would rather have him than the suitor it has; a suitor who is replaced
 * proposes again.  As the order of pairs is strict, those who end as each
 * other's suitors are the pairs that greedy takes.
 *
 * Cost.  A row for each proposal, a few for each vertex as a rule; memory 8
 * bytes a vertex and one row.
 *
 * The bound.  A pair of a matching is no better than the best of either of
 * its vertices, so it counts at most half the sum of both; every vertex is in
 * one pair at most.
 */
#include "pair.h"

#define MAX_SCORE 1000000000

/* The state; arrays are in the scratch. */
typedef struct Suitors
{
	const MtrPairing *p;
	int32_t    *suitor;			/* [n] who proposed to the vertex, or -1 */
	int32_t    *held;			/* [n] and the score of that pair */
	int32_t    *row;			/* [n] */
	int32_t		best;			/* result of look(): -1 = nobody */
	int32_t		highest;		/* score of the row, or MTR_NO_PAIR */
	bool		overflow;
} Suitors;

size_t
mtr_pair_greedy_scratch_size(const MtrPairing *p)
{
	return ((size_t) p->n + 16) * 3 * sizeof(int32_t);
}

/* Does the pair (a,b) of score s come before (c,d) of score t? */
static bool
comes_first(int32_t s, int32_t a, int32_t b, int32_t t, int32_t c, int32_t d)
{
	int32_t		low = a < b ? a : b;
	int32_t		other_low = c < d ? c : d;

	if (s != t)
		return s > t;
	if (low != other_low)
		return low < other_low;
	return (a < b ? b : a) < (c < d ? d : c);
}

/* The vertex u proposes to: of those who would rather have u than their
 * suitor the one whose pair with u comes first. */
static void
look(Suitors *x, int32_t u)
{
	const MtrPairing *p = x->p;
	int32_t    *row = x->row;

	mtr_poll();
	p->row(p->state, u, row);
	x->best = -1;
	x->highest = MTR_NO_PAIR;
	for (int32_t v = 0; v < p->n; v++)
	{
		if (row[v] == MTR_NO_PAIR || v == u)
			continue;
		if (row[v] > MAX_SCORE || row[v] < -MAX_SCORE)
			x->overflow = true;
		if (row[v] > x->highest)
			x->highest = row[v];
		if ((!p->most_pairs && row[v] <= 0) ||
			(x->best >= 0 &&
			 !comes_first(row[v], u, v, row[x->best], u, x->best)) ||
			(x->suitor[v] >= 0 &&
			 !comes_first(row[v], u, v, x->held[v], x->suitor[v], v)))
			continue;
		x->best = v;
	}
}

/* Propose for u, then for whom that displaces; returns u's highest score. */
static int32_t
propose(Suitors *x, int32_t u)
{
	int32_t		highest;

	look(x, u);
	highest = x->highest;
	while (x->best >= 0)
	{
		int32_t		v = x->best;
		int32_t		displaced = x->suitor[v];

		x->suitor[v] = u;
		x->held[v] = x->row[v];
		if (displaced < 0)
			break;
		u = displaced;
		look(x, u);
	}
	return highest;
}

/* Who are each other's suitors are a pair. */
static void
take_pairs(const Suitors *x, MtrPairing *p)
{
	p->npairs = 0;
	p->total = 0;
	for (int32_t v = 0; v < p->n; v++)
	{
		int32_t		u = x->suitor[v];

		p->mate[v] = -1;
		if (u < 0 || x->suitor[u] != v)
			continue;
		p->mate[v] = u;
		if (u < v)
		{
			p->npairs++;
			p->total += x->held[v];
		}
	}
}

MtrStatus
mtr_pair_greedy(MtrPairing *p, int64_t *bound, void *scratch)
{
	Suitors		x = {.p = p};
	int64_t		sum = 0;

	x.suitor = scratch;
	x.held = x.suitor + p->n;
	x.row = x.held + p->n;
	for (int32_t v = 0; v < p->n; v++)
		x.suitor[v] = -1;
	for (int32_t v = 0; v < p->n; v++)
	{
		int32_t		highest = propose(&x, v);

		mtr_progress(v, p->n);
		if (x.overflow)
			return MTR_OVERFLOW;
		sum += highest > 0 ? highest : 0;
	}
	take_pairs(&x, p);
	*bound = sum / 2;
	return MTR_OK;
}

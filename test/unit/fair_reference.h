/*
 * fair_reference.h
 *	  problems, and the fairest matching from its definition, for the tests of
 *	  the fair kernel and of its check
 *
 * Small problems are solved by enumerating all matchings.  Larger ones with
 * few different scores become ordinary assignment problems: a pair of the
 * lowest score costs more than all pairs of the second lowest can, and so on.
 * As a higher score stays a higher score, the tie rule prefers the same pairs,
 * and the kernels for that problem must find the very matching.
 */
#ifndef FAIR_REFERENCE_H
#define FAIR_REFERENCE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fair.h"
#include "ties.h"

#define RANDOM_SEED 20241011
#include "tap.h"

#define MAX_CELLS 25
#define MAX_SIDE 5

/* How the scores of a problem are made */
typedef enum ScoreKind
{
	FEW_SCORES,
	MANY_SCORES,				/* hardly two alike */
	SOME_SCORES,
	SAME_TASTE,					/* all rows prefer the same columns */
	ALL_EQUAL,
	LARGEST,					/* at the ends of the range */
	NSCORE_KINDS
} ScoreKind;

/* Scratch is not cleared, and not a byte longer than asked for */
static void *
get_scratch(size_t size, int rubbish)
{
	void	   *scratch = NULL;

	if (posix_memalign(&scratch, 64, size) != 0)
		exit(2);
	memset(scratch, rubbish, size);
	return scratch;
}

/* ----------
 * Problems
 * ----------
 */

static MtrAssign *
new_problem(int32_t nrows, int32_t ncols)
{
	MtrAssign  *p = get_memory(sizeof(MtrAssign));

	p->nrows = nrows;
	p->ncols = ncols;
	p->most_pairs = true;
	p->score = get_memory((size_t) nrows * ncols * sizeof(int32_t));
	p->row_places = get_memory(nrows * sizeof(int32_t));
	p->col_places = get_memory(ncols * sizeof(int32_t));
	p->row_cover = get_memory(nrows);
	p->col_cover = get_memory(ncols);
	return p;
}

static void
free_problem(MtrAssign *p)
{
	free((void *) p->score);
	free((void *) p->row_places);
	free((void *) p->col_places);
	free(p->pair_row);
	free(p->pair_col);
	free(p->row_cover);
	free(p->col_cover);
	free(p->row_price);
	free(p->col_price);
	free(p);
}

/* Room for exactly as many pairs as stated */
static void
make_room(MtrAssign *p)
{
	size_t		size = mtr_assign_max_pairs(p) * sizeof(int32_t);

	free(p->pair_row);
	free(p->pair_col);
	p->pair_row = get_memory(size);
	p->pair_col = get_memory(size);
}

static inline int32_t
score_at(const MtrAssign *p, int32_t i, int32_t j)
{
	return p->score[(size_t) i * p->ncols + j];
}

static inline void
set_score(MtrAssign *p, int32_t i, int32_t j, int32_t score)
{
	((int32_t *) p->score)[(size_t) i * p->ncols + j] = score;
}

static int32_t
random_score(const MtrAssign *p, ScoreKind kind, int32_t i, int32_t j)
{
	switch (kind)
	{
		case FEW_SCORES:
			return (int32_t) rnd(3) - 1;
		case MANY_SCORES:
			return (int32_t) rnd(2000000000) - 1000000000;
		case SOME_SCORES:
			return (int32_t) rnd(12) * 10000;
		case SAME_TASTE:
			return (p->ncols - j) * 100 + (int32_t) rnd(10) - i - 50;
		case ALL_EQUAL:
			return -7;
		default:
			return rnd(3) == 0 ? -1000000000 : 1000000000 - (int32_t) rnd(3);
	}
}

/* One pair in "exclude" isn't eligible; places are up to "most", a few more
 * than there are partners, some 0. */
static MtrAssign *
random_problem(int32_t nrows, int32_t ncols, int32_t exclude, int32_t most)
{
	MtrAssign  *p = new_problem(nrows, ncols);
	int32_t    *row_places = (int32_t *) p->row_places;
	int32_t    *col_places = (int32_t *) p->col_places;
	ScoreKind	kind = rnd(NSCORE_KINDS);

	for (int32_t i = 0; i < nrows; i++)
		row_places[i] = rnd(10) == 0 ? 0 : 1 + rnd(most);
	for (int32_t j = 0; j < ncols; j++)
		col_places[j] = rnd(10) == 0 ? 0 : 1 + rnd(most);
	if (nrows > 0 && rnd(16) == 0)
		row_places[rnd(nrows)] = rnd(2) ? INT32_MAX : 2 * ncols;
	if (ncols > 0 && rnd(16) == 0)
		col_places[rnd(ncols)] = rnd(2) ? INT32_MAX : 2 * nrows;
	for (int32_t i = 0; i < nrows; i++)
		for (int32_t j = 0; j < ncols; j++)
			set_score(p, i, j, rnd(exclude) == 0 ? MTR_NO_PAIR :
					  random_score(p, kind, i, j));
	make_room(p);
	return p;
}

/* The same problem, rows and columns in another order, or exchanged: row i is
 * row_to[i], and so on */
static MtrAssign *
permute(const MtrAssign *p, const int32_t *row_to, const int32_t *col_to,
		bool exchange)
{
	MtrAssign  *q = exchange ? new_problem(p->ncols, p->nrows) :
	new_problem(p->nrows, p->ncols);

	for (int32_t i = 0; i < p->nrows; i++)
	{
		((int32_t *) (exchange ? q->col_places : q->row_places))[row_to[i]] =
			p->row_places[i];
		for (int32_t j = 0; j < p->ncols; j++)
			set_score(q, exchange ? col_to[j] : row_to[i],
					  exchange ? row_to[i] : col_to[j], score_at(p, i, j));
	}
	for (int32_t j = 0; j < p->ncols; j++)
		((int32_t *) (exchange ? q->row_places : q->col_places))[col_to[j]] =
			p->col_places[j];
	make_room(q);
	return q;
}

static int32_t *
new_order(int32_t n, bool shuffled)
{
	int32_t    *order = get_memory(n * sizeof(int32_t));

	for (int32_t k = 0; k < n; k++)
		order[k] = k;
	for (int32_t k = n - 1; shuffled && k > 0; k--)
	{
		int32_t		other = rnd(k + 1);
		int32_t		x = order[k];

		order[k] = order[other];
		order[other] = x;
	}
	return order;
}

/* Rows become columns */
static MtrAssign *
transpose(const MtrAssign *p)
{
	int32_t    *row_to = new_order(p->nrows, false);
	int32_t    *col_to = new_order(p->ncols, false);
	MtrAssign  *q = permute(p, row_to, col_to, true);

	free(row_to);
	free(col_to);
	return q;
}

/* ----------
 * All matchings of a small problem
 *
 * A matching is a set of bits: bit k is the k-th eligible pair in the order of
 * the tie rule.
 * ----------
 */

typedef struct Brute
{
	const MtrAssign *p;
	bool		rows_are_right;
	int32_t		ncells;			/* eligible pairs */
	int32_t		cell[MAX_CELLS];	/* row * ncols + column */
	int32_t		nlevels;
	uint32_t	level[MAX_CELLS];	/* pairs of each score, ascending */
	int32_t		level_score[MAX_CELLS];
	int32_t		row_left[MAX_SIDE];
	int32_t		col_left[MAX_SIDE];
	int32_t		least;			/* pairs that visit() wants to see */
	int32_t		most;			/* pairs of the best matching */
	uint32_t	best;
	void		(*visit) (struct Brute *b, uint32_t taken);
	void	   *state;			/* of visit() */
} Brute;

static bool
comes_before(const Brute *b, int32_t x, int32_t y)
{
	const MtrAssign *p = b->p;
	int32_t		left = x / p->ncols - y / p->ncols;
	int32_t		right = x % p->ncols - y % p->ncols;

	if (p->score[x] != p->score[y])
		return p->score[x] > p->score[y];
	if (b->rows_are_right)
		return right != 0 ? right < 0 : left < 0;
	return left != 0 ? left < 0 : right < 0;
}

static void
begin_brute(Brute *b, const MtrAssign *p, bool rows_are_right)
{
	memset(b, 0, sizeof(*b));
	b->p = p;
	b->rows_are_right = rows_are_right;
	b->most = -1;
	for (int32_t x = 0; x < p->nrows * p->ncols; x++)
	{
		int32_t		k = b->ncells;

		if (p->score[x] == MTR_NO_PAIR)
			continue;
		for (; k > 0 && comes_before(b, x, b->cell[k - 1]); k--)
			b->cell[k] = b->cell[k - 1];
		b->cell[k] = x;
		b->ncells++;
	}
	for (int32_t k = b->ncells - 1; k >= 0; k--)
	{
		int32_t		score = p->score[b->cell[k]];

		if (b->nlevels == 0 || b->level_score[b->nlevels - 1] != score)
			b->level_score[b->nlevels++] = score;
		b->level[b->nlevels - 1] |= UINT32_C(1) << k;
	}
	memcpy(b->row_left, p->row_places, p->nrows * sizeof(int32_t));
	memcpy(b->col_left, p->col_places, p->ncols * sizeof(int32_t));
}

static int
count_bits(uint32_t x)
{
	return __builtin_popcount(x);
}

/* Of two matchings with equally many pairs: the first level at which they
 * differ, or nlevels */
static int32_t
first_difference(const Brute *b, uint32_t x, uint32_t y)
{
	int32_t		l = 0;

	while (l < b->nlevels &&
		   count_bits(x & b->level[l]) == count_bits(y & b->level[l]))
		l++;
	return l;
}

/* Is x the fairer one, or preferred by the tie rule? */
static bool
is_better(const Brute *b, uint32_t x, uint32_t y)
{
	int32_t		l = first_difference(b, x, y);
	uint32_t	differ = x ^ y;

	if (l < b->nlevels)
		return count_bits(x & b->level[l]) < count_bits(y & b->level[l]);
	return (x & differ & -differ) != 0;
}

static void
keep_best(Brute *b, uint32_t taken)
{
	int32_t		npairs = count_bits(taken);

	if (npairs > b->most ||
		(npairs == b->most && is_better(b, taken, b->best)))
	{
		b->least = b->most = npairs;
		b->best = taken;
	}
}

/* Go through the matchings that agree with the choice before pair k and have
 * "least" pairs or more */
static void
enumerate(Brute *b, int32_t k, uint32_t taken)
{
	int32_t		i,
				j;

	if (count_bits(taken) + b->ncells - k < b->least)
		return;
	if (k == b->ncells)
	{
		b->visit(b, taken);
		return;
	}
	i = b->cell[k] / b->p->ncols;
	j = b->cell[k] % b->p->ncols;
	if (b->row_left[i] > 0 && b->col_left[j] > 0)
	{
		b->row_left[i]--;
		b->col_left[j]--;
		enumerate(b, k + 1, taken | UINT32_C(1) << k);
		b->row_left[i]++;
		b->col_left[j]++;
	}
	enumerate(b, k + 1, taken);
}

/* Leaves the fairest matching in b->best */
static void
solve_brute(Brute *b, const MtrAssign *p, bool rows_are_right)
{
	begin_brute(b, p, rows_are_right);
	b->visit = keep_best;
	enumerate(b, 0, 0);
}

#endif							/* FAIR_REFERENCE_H */

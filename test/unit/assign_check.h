/*
 * assign_check.h
 *	  problems of assignment, and two judges of their answers
 *
 * Included by the tests of kernels that solve the problem of assign.h.  Small
 * answers are judged by enumeration, row by row, of which columns it takes,
 * for every number of places the columns may have left.  Any answer is judged
 * by its own proof: the four conditions of assign.h, which prove a matching
 * optimal whoever found it.
 */
#ifndef ASSIGN_CHECK_H
#define ASSIGN_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assign.h"

/* Largest side for enumeration, and most places there */
#define SMALL_SIDE 6
#define SMALL_PLACES 3
#define SMALL_STATES 4096		/* (SMALL_PLACES + 1) ^ SMALL_SIDE */

/* (count, total) as one number: exact, as no total comes near to it */
#define COUNT_ONE (INT64_C(1) << 50)
#define NO_VALUE INT64_MIN

typedef enum ScoreKind
{
	ANY_SIGN,
	FEW_VALUES,					/* -1, 0, 1, 2: nearly all ties */
	EQUAL,
	PRODUCT,					/* row * column: the same order for all */
	NEGATIVE,
	LARGEST,					/* up to +-10^9 */
	COARSE,						/* multiples of the largest of 32 bits */
	NSCORE_KINDS
} ScoreKind;

typedef struct Shape
{
	int32_t		nrows;
	int32_t		ncols;
	int32_t		row_places;		/* at most; -n = exactly n */
	int32_t		col_places;
	int			excluded;		/* percent of the pairs */
	ScoreKind	kind;
} Shape;

static int	ntests = 0;
static int	nfailed = 0;
static uint64_t rng_state = 88172645463325252;

static uint32_t
rnd(uint32_t n)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return (uint32_t) (rng_state >> 32) % n;
}

static void
ok(bool holds, const char *claim, int64_t ncases)
{
	ntests++;
	if (!holds)
		nfailed++;
	printf("%sok %d - %s (%lld cases)\n", holds ? "" : "not ", ntests, claim,
		   (long long) ncases);
	fflush(stdout);
}

static void *
reserve(int64_t n, size_t width)
{
	void	   *p = malloc(n > 0 ? (size_t) n * width : 1);

	if (p == NULL)
	{
		printf("Bail out! out of memory\n");
		exit(1);
	}
	return p;
}

/*
 * Problems
 */

static MtrAssign
new_problem(int32_t nrows, int32_t ncols)
{
	MtrAssign	p;

	memset(&p, 0, sizeof(p));
	p.nrows = nrows;
	p.ncols = ncols;
	p.score = reserve((int64_t) nrows * ncols, sizeof(int32_t));
	p.row_places = reserve(nrows, sizeof(int32_t));
	p.col_places = reserve(ncols, sizeof(int32_t));
	p.row_cover = reserve(nrows, 1);
	p.col_cover = reserve(ncols, 1);
	p.row_price = reserve(nrows, sizeof(int64_t));
	p.col_price = reserve(ncols, sizeof(int64_t));
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
}

static void
set_score(MtrAssign *p, int32_t i, int32_t j, int32_t score)
{
	((int32_t *) p->score)[(size_t) i * p->ncols + j] = score;
}

static int32_t
score_at(const MtrAssign *p, int32_t i, int32_t j)
{
	return p->score[(size_t) i * p->ncols + j];
}

static void
set_places(const int32_t *places, int32_t n, int32_t most)
{
	for (int32_t i = 0; i < n; i++)
		((int32_t *) places)[i] =
			most < 0 ? -most : (int32_t) rnd((uint32_t) most + 1);
}

static int32_t
random_score(const Shape *shape, int32_t i, int32_t j)
{
	switch (shape->kind)
	{
		case FEW_VALUES:
			return (int32_t) rnd(4) - 1;
		case EQUAL:
			return 7;
		case PRODUCT:
			return -(i + 1) * (j + 1);
		case NEGATIVE:
			return -1 - (int32_t) rnd(1000000);
		case LARGEST:
			if (rnd(8) == 0)
				return rnd(2) == 0 ? 1000000000 : -1000000000;
			return (int32_t) rnd(2000000001) - 1000000000;
		case COARSE:
			return ((int32_t) rnd(3) - 1) * 8000000;
		default:
			return (int32_t) rnd(2000001) - 1000000;
	}
}

static MtrAssign
random_problem(const Shape *shape)
{
	MtrAssign	p = new_problem(shape->nrows, shape->ncols);

	set_places(p.row_places, p.nrows, shape->row_places);
	set_places(p.col_places, p.ncols, shape->col_places);
	for (int32_t i = 0; i < p.nrows; i++)
		for (int32_t j = 0; j < p.ncols; j++)
			set_score(&p, i, j, (int) rnd(100) < shape->excluded ?
					  MTR_NO_PAIR : random_score(shape, i, j));
	return p;
}

/*
 * Feasibility and proof
 */

/* Are the pairs a matching, in the stated order and of the stated total?
 * "taken" receives a mark for each. */
static bool
is_matching(const MtrAssign *p, uint8_t *taken)
{
	int64_t		total = 0;
	int32_t    *rows = calloc((size_t) p->nrows + 1, sizeof(int32_t));
	int32_t    *cols = calloc((size_t) p->ncols + 1, sizeof(int32_t));
	bool		holds = p->npairs >= 0 && p->npairs <= mtr_assign_max_pairs(p);

	for (int32_t k = 0; holds && k < p->npairs; k++)
	{
		int32_t		i = p->pair_row[k],
					j = p->pair_col[k];

		holds = i >= 0 && i < p->nrows && j >= 0 && j < p->ncols &&
			(k == 0 || p->pair_row[k - 1] < i ||
			 (p->pair_row[k - 1] == i && p->pair_col[k - 1] < j)) &&
			score_at(p, i, j) != MTR_NO_PAIR &&
			++rows[i] <= p->row_places[i] && ++cols[j] <= p->col_places[j];
		if (holds)
		{
			holds = p->most_pairs || score_at(p, i, j) > 0;
			total += score_at(p, i, j);
			taken[(size_t) i * p->ncols + j] = 1;
		}
	}
	free(rows);
	free(cols);
	return holds && total == p->total;
}

/* -1, 0 or 1 as (c, p) compares with (0, 0) */
static int
sign(int64_t cover, int64_t price)
{
	if (cover != 0)
		return cover > 0 ? 1 : -1;
	return price > 0 ? 1 : price < 0 ? -1 : 0;
}

static bool
prices_hold(const int32_t *places, const int32_t *used, const uint8_t *cover,
			const int64_t *price, int32_t n)
{
	for (int32_t i = 0; i < n; i++)
		if (cover[i] > 1 || sign(cover[i], price[i]) < 0 ||
			(sign(cover[i], price[i]) > 0 && used[i] < places[i]))
			return false;
	return true;
}

static bool
slacks_hold(const MtrAssign *p, const uint8_t *taken)
{
	for (int32_t i = 0; i < p->nrows; i++)
		for (int32_t j = 0; j < p->ncols; j++)
		{
			size_t		at = (size_t) i * p->ncols + j;
			int			slack;

			if (p->score[at] == MTR_NO_PAIR)
				continue;
			slack = sign((p->most_pairs ? 1 : 0) - p->row_cover[i] -
						 p->col_cover[j],
						 p->score[at] - p->row_price[i] - p->col_price[j]);
			if (taken[at] ? slack < 0 : slack > 0)
				return false;
		}
	return true;
}

/* A matching, and proved optimal by the four conditions of assign.h? */
static bool
is_proved(const MtrAssign *p)
{
	uint8_t    *taken = calloc((size_t) p->nrows * p->ncols + 1, 1);
	int32_t    *rows = calloc((size_t) p->nrows + 1, sizeof(int32_t));
	int32_t    *cols = calloc((size_t) p->ncols + 1, sizeof(int32_t));
	bool		holds = is_matching(p, taken);

	for (int32_t k = 0; holds && k < p->npairs; k++)
	{
		rows[p->pair_row[k]]++;
		cols[p->pair_col[k]]++;
	}
	holds = holds &&
		prices_hold(p->row_places, rows, p->row_cover, p->row_price,
					p->nrows) &&
		prices_hold(p->col_places, cols, p->col_cover, p->col_price,
					p->ncols) &&
		slacks_hold(p, taken);
	if (!p->most_pairs)
	{
		for (int32_t i = 0; i < p->nrows; i++)
			holds &= p->row_cover[i] == 0;
		for (int32_t j = 0; j < p->ncols; j++)
			holds &= p->col_cover[j] == 0;
	}
	free(taken);
	free(rows);
	free(cols);
	return holds;
}

/*
 * Enumeration.  A state is the number of places each column has left, as
 * digits of a number; after each row, best[state] is the best value with
 * that much left.
 */

/* The state after the row takes the columns of "set", or -1; adds values. */
static int
take_set(const MtrAssign *p, int32_t row, int state, uint32_t set,
		 int64_t *value)
{
	int			digit = 1;

	for (int32_t j = 0; j < p->ncols; j++, digit *= SMALL_PLACES + 1)
		if (set >> j & 1)
		{
			int32_t		w = score_at(p, row, j);

			if (w == MTR_NO_PAIR || state / digit % (SMALL_PLACES + 1) == 0)
				return -1;
			state -= digit;
			*value += w + (p->most_pairs ? COUNT_ONE : 0);
		}
	return state;
}

static int64_t
best_value(const MtrAssign *p)
{
	static int64_t best[2][SMALL_STATES];
	int			full = 0,
				now = 0;
	int64_t		answer = NO_VALUE;

	for (int32_t j = p->ncols - 1; j >= 0; j--)
		full = full * (SMALL_PLACES + 1) + p->col_places[j];
	for (int s = 0; s <= full; s++)
		best[now][s] = NO_VALUE;
	best[now][full] = 0;
	for (int32_t i = 0; i < p->nrows; i++, now = !now)
	{
		for (int s = 0; s <= full; s++)
			best[!now][s] = NO_VALUE;
		for (int s = 0; s <= full; s++)
			for (uint32_t set = 0; best[now][s] != NO_VALUE &&
				 set < 1u << p->ncols; set++)
			{
				int64_t		value = best[now][s];
				int			to;

				if (__builtin_popcount(set) > p->row_places[i] ||
					(to = take_set(p, i, s, set, &value)) < 0)
					continue;
				if (value > best[!now][to])
					best[!now][to] = value;
			}
	}
	for (int s = 0; s <= full; s++)
		answer = best[now][s] > answer ? best[now][s] : answer;
	return answer;
}

#endif							/* ASSIGN_CHECK_H */

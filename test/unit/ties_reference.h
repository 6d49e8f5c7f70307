/*
 * ties_reference.h
 *	  the preferred optimal matching from its definition, for ties_test.c
 *
 * Small problems are solved by enumerating all matchings, medium ones by
 * asking for each pair, in the order of the rule, whether the optimum can
 * still be reached with it.  Optimal matchings to start from are found by
 * augmenting along best paths, and prices that prove them as the fixed point
 * of difference constraints.  Nothing here is shared with the kernels but
 * struct MtrAssign; at most 400 rows and columns.
 */
#ifndef TIES_REFERENCE_H
#define TIES_REFERENCE_H

#include <stdlib.h>
#include <string.h>

#include "assign.h"

#define RANDOM_SEED 20240607
#include "tap.h"

/*
 * A value (count, total) as one number: exact as long as no total reaches
 * COUNT_ONE / 2.  The kernels know no such constant.
 */
#define COUNT_ONE (INT64_C(1) << 50)
#define NO_VALUE INT64_MIN
#define HIGHEST_PRICE (INT64_C(1) << 45)
#define MAX_BRUTE 25

/* Which of the optimal prices */
typedef enum PriceKind
{
	ROWS_LOW,					/* lowest for the rows */
	ROWS_HIGH,
	BETWEEN						/* highest with one row's fixed at random */
} PriceKind;

static void
shuffle(int32_t *array, int32_t n)
{
	for (int32_t k = 0; k < n; k++)
		array[k] = k;
	for (int32_t k = n - 1; k > 0; k--)
	{
		int32_t		other = rnd(k + 1);
		int32_t		x = array[k];

		array[k] = array[other];
		array[other] = x;
	}
}

/* ----------
 * Problems; a matching is an array of flags [nrows * ncols]
 * ----------
 */

static MtrAssign *
new_problem(int32_t nrows, int32_t ncols, bool most_pairs)
{
	MtrAssign  *p = get_memory(sizeof(MtrAssign));
	size_t		npairs = (size_t) nrows * ncols;

	p->nrows = nrows;
	p->ncols = ncols;
	p->most_pairs = most_pairs;
	p->score = get_memory(npairs * sizeof(int32_t));
	p->row_places = get_memory(nrows * sizeof(int32_t));
	p->col_places = get_memory(ncols * sizeof(int32_t));
	p->pair_row = get_memory(npairs * sizeof(int32_t));
	p->pair_col = get_memory(npairs * sizeof(int32_t));
	p->row_cover = get_memory(nrows);
	p->col_cover = get_memory(ncols);
	p->row_price = get_memory(nrows * sizeof(int64_t));
	p->col_price = get_memory(ncols * sizeof(int64_t));
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

static void
set_score(MtrAssign *p, int32_t i, int32_t j, int32_t score)
{
	((int32_t *) p->score)[(size_t) i * p->ncols + j] = score;
}

static void
set_places(MtrAssign *p, bool of_cols, int32_t k, int32_t places)
{
	((int32_t *) (of_cols ? p->col_places : p->row_places))[k] = places;
}

/* The value of a pair, NO_VALUE if it is never taken */
static int64_t
pair_value(const MtrAssign *p, int32_t i, int32_t j)
{
	int32_t		score = p->score[(size_t) i * p->ncols + j];

	if (score == MTR_NO_PAIR || (!p->most_pairs && score <= 0))
		return NO_VALUE;
	return score + (p->most_pairs ? COUNT_ONE : 0);
}

/* A problem of few different scores; one pair in "exclude" isn't eligible */
static MtrAssign *
random_problem(int32_t nrows, int32_t ncols, int32_t max_places,
			   int32_t exclude)
{
	static const int32_t factor[] = {1, 1, 1, 7, 200000000};
	MtrAssign  *p = new_problem(nrows, ncols, rnd(2));
	int32_t		scale = factor[rnd(5)];
	int32_t		nscores = 1 + rnd(3);
	int32_t		lowest = (int32_t) rnd(5) - (p->most_pairs ? 3 : 1);

	for (int32_t i = 0; i < nrows; i++)
		set_places(p, false, i, rnd(max_places + 1));
	for (int32_t j = 0; j < ncols; j++)
		set_places(p, true, j, rnd(max_places + 1));
	for (int32_t i = 0; i < nrows; i++)
		for (int32_t j = 0; j < ncols; j++)
			set_score(p, i, j, rnd(exclude) == 0 ? MTR_NO_PAIR :
					  (lowest + (int32_t) rnd(nscores)) * scale);
	return p;
}

/* Places a matching leaves, for rows and columns */
static void
places_left(const MtrAssign *p, const uint8_t *taken, int32_t *row_left,
			int32_t *col_left)
{
	memcpy(row_left, p->row_places, p->nrows * sizeof(int32_t));
	memcpy(col_left, p->col_places, p->ncols * sizeof(int32_t));
	for (int32_t i = 0; i < p->nrows; i++)
		for (int32_t j = 0; j < p->ncols; j++)
		{
			row_left[i] -= taken[(size_t) i * p->ncols + j];
			col_left[j] -= taken[(size_t) i * p->ncols + j];
		}
}

static int64_t
matching_value(const MtrAssign *p, const uint8_t *taken)
{
	int64_t		value = 0;

	for (int32_t i = 0; i < p->nrows; i++)
		for (int32_t j = 0; j < p->ncols; j++)
			if (taken[(size_t) i * p->ncols + j])
				value += pair_value(p, i, j);
	return value;
}

/* ----------
 * Reference 1: all matchings
 * ----------
 */

typedef struct Brute
{
	const MtrAssign *p;
	int			npairs;
	int			pair[MAX_BRUTE];	/* row * ncols + column */
	int64_t		value[MAX_BRUTE];
	int64_t		highest[MAX_BRUTE + 1]; /* value from this pair on */
	int32_t		row_left[5];
	int32_t		col_left[5];
	int32_t		rows_left;		/* sums */
	int32_t		cols_left;
	bool		at_random;		/* try leaving a pair out first, sometimes */
	int64_t		best;			/* only what is better counts */
	uint32_t	chosen;			/* the pairs of the best */
	bool		stop;			/* with the first that is better */
	bool		stopped;
} Brute;

/*
 * Go through the matchings that agree with "mask" before pair k.  When a pair
 * is always first tried with, the first matching of the highest value is the
 * one the rule prefers.
 */
static void
enumerate(Brute *b, int k, uint32_t mask, int64_t value)
{
	int32_t		ncols = b->p->ncols;
	int64_t		room = b->npairs - k;
	bool		without_first = b->at_random && rnd(2);

	room = room < b->rows_left ? room : b->rows_left;
	room = room < b->cols_left ? room : b->cols_left;
	if (b->stopped || value + room * b->highest[k] <= b->best)
		return;
	if (k == b->npairs)
	{
		b->best = value;
		b->chosen = mask;
		b->stopped = b->stop;
		return;
	}
	if (without_first)
		enumerate(b, k + 1, mask, value);
	if (b->row_left[b->pair[k] / ncols] > 0 &&
		b->col_left[b->pair[k] % ncols] > 0)
	{
		b->row_left[b->pair[k] / ncols]--;
		b->col_left[b->pair[k] % ncols]--;
		b->rows_left--;
		b->cols_left--;
		enumerate(b, k + 1, mask | (UINT32_C(1) << k), value + b->value[k]);
		b->row_left[b->pair[k] / ncols]++;
		b->col_left[b->pair[k] % ncols]++;
		b->rows_left++;
		b->cols_left++;
	}
	if (!without_first)
		enumerate(b, k + 1, mask, value);
}

/* The pairs that may be taken, in the order of the rule */
static int
ordered_pairs(const MtrAssign *p, int *pair)
{
	int			npairs = 0;

	for (int32_t i = 0; i < p->nrows; i++)
		for (int32_t j = 0; j < p->ncols; j++)
		{
			int			k = npairs;
			int			x = i * p->ncols + j;

			if (pair_value(p, i, j) == NO_VALUE)
				continue;
			for (npairs++; k > 0 && p->score[pair[k - 1]] < p->score[x]; k--)
				pair[k] = pair[k - 1];
			pair[k] = x;
		}
	return npairs;
}

/* Run an enumeration over the pairs in the order given by "order" */
static void
run_brute(Brute *b, const int *pair, const int32_t *order, uint8_t *taken)
{
	const MtrAssign *p = b->p;

	b->rows_left = b->cols_left = 0;
	for (int32_t i = 0; i < p->nrows; i++)
		b->rows_left += b->row_left[i] = p->row_places[i];
	for (int32_t j = 0; j < p->ncols; j++)
		b->cols_left += b->col_left[j] = p->col_places[j];
	b->highest[b->npairs] = 0;
	for (int k = b->npairs - 1; k >= 0; k--)
	{
		b->pair[k] = pair[order[k]];
		b->value[k] = pair_value(p, b->pair[k] / p->ncols,
								 b->pair[k] % p->ncols);
		b->highest[k] = b->value[k] > b->highest[k + 1] ? b->value[k] :
			b->highest[k + 1];
	}
	enumerate(b, 0, 0, 0);
	memset(taken, 0, (size_t) p->nrows * p->ncols);
	for (int k = 0; k < b->npairs; k++)
		if (b->chosen & (UINT32_C(1) << k))
			taken[b->pair[k]] = 1;
}

/* The optimal matching the rule prefers; returns its value */
static int64_t
brute_preferred(const MtrAssign *p, uint8_t *taken)
{
	Brute		b = {.p = p,.best = -1};
	int			pair[MAX_BRUTE];
	int32_t		order[MAX_BRUTE];

	b.npairs = ordered_pairs(p, pair);
	for (int k = 0; k < b.npairs; k++)
		order[k] = k;
	run_brute(&b, pair, order, taken);
	return b.best;
}

/* Some matching of the highest value */
static void
brute_any(const MtrAssign *p, int64_t value, uint8_t *taken)
{
	Brute		b = {.p = p,.best = value - 1,.stop = true,.at_random = true};
	int			pair[MAX_BRUTE];
	int32_t		order[MAX_BRUTE];

	b.npairs = ordered_pairs(p, pair);
	shuffle(order, b.npairs);
	run_brute(&b, pair, order, taken);
}

/* ----------
 * Reference 2: augmenting by best paths, found by Bellman and Ford's method
 * ----------
 */

typedef struct Paths
{
	int32_t		row_order[400];
	int32_t		col_order[400];
	int64_t		row_gain[400];	/* NO_VALUE = not reached */
	int64_t		col_gain[400];
	int32_t		row_from[400];	/* column it was reached from */
	int32_t		col_from[400];	/* row */
} Paths;

/* One round over all pairs; false if nothing has become better */
static bool
relax(const MtrAssign *p, const uint8_t *taken, Paths *s)
{
	bool		changed = false;

	for (int32_t x = 0; x < p->nrows; x++)
		for (int32_t y = 0; y < p->ncols; y++)
		{
			int32_t		i = s->row_order[x];
			int32_t		j = s->col_order[y];
			int64_t		value = pair_value(p, i, j);

			if (value == NO_VALUE)
				continue;
			if (taken[(size_t) i * p->ncols + j])
			{
				if (s->col_gain[j] == NO_VALUE ||
					s->col_gain[j] - value <= s->row_gain[i])
					continue;
				s->row_gain[i] = s->col_gain[j] - value;
				s->row_from[i] = j;
			}
			else
			{
				if (s->row_gain[i] == NO_VALUE ||
					s->row_gain[i] + value <= s->col_gain[j])
					continue;
				s->col_gain[j] = s->row_gain[i] + value;
				s->col_from[j] = i;
			}
			changed = true;
		}
	return changed;
}

/* Solve in random order, so that any of the optimal matchings may come out;
 * returns the value */
static int64_t
solve(const MtrAssign *p, uint8_t *taken)
{
	static Paths s;
	int32_t		row_left[400];
	int32_t		col_left[400];

	shuffle(s.row_order, p->nrows);
	shuffle(s.col_order, p->ncols);
	memset(taken, 0, (size_t) p->nrows * p->ncols);
	for (;;)
	{
		int32_t		end = -1;

		places_left(p, taken, row_left, col_left);
		for (int32_t i = 0; i < p->nrows; i++)
		{
			s.row_gain[i] = row_left[i] > 0 ? 0 : NO_VALUE;
			s.row_from[i] = -1;
		}
		for (int32_t j = 0; j < p->ncols; j++)
			s.col_gain[j] = NO_VALUE;
		while (relax(p, taken, &s))
			;
		for (int32_t y = 0; y < p->ncols; y++)
		{
			int32_t		j = s.col_order[y];

			if (col_left[j] > 0 && s.col_gain[j] > 0 &&
				(end < 0 || s.col_gain[j] > s.col_gain[end]))
				end = j;
		}
		if (end < 0)
			return matching_value(p, taken);
		for (int32_t j = end; j >= 0;)
		{
			int32_t		i = s.col_from[j];

			taken[(size_t) i * p->ncols + j] = 1;
			j = s.row_from[i];
			if (j >= 0)
				taken[(size_t) i * p->ncols + j] = 0;
		}
	}
}

/*
 * The preferred matching by definition: a pair belongs to it if the optimum
 * can be reached with it and with those chosen before.  Chosen pairs leave
 * the problem with their places, and so do pairs that can't be had.
 */
static void
preferred_by_asking(const MtrAssign *p, uint8_t *taken)
{
	MtrAssign  *rest = new_problem(p->nrows, p->ncols, p->most_pairs);
	size_t		npairs = (size_t) p->nrows * p->ncols;
	uint8_t    *scrap = get_memory(npairs);
	int		   *pair = get_memory(npairs * sizeof(int));
	int			n = ordered_pairs(p, pair);
	int64_t		value;

	memcpy((void *) rest->score, p->score, npairs * sizeof(int32_t));
	memcpy((void *) rest->row_places, p->row_places,
		   p->nrows * sizeof(int32_t));
	memcpy((void *) rest->col_places, p->col_places,
		   p->ncols * sizeof(int32_t));
	memset(taken, 0, npairs);
	value = solve(rest, scrap);
	for (int k = 0; k < n; k++)
	{
		int32_t		i = pair[k] / p->ncols;
		int32_t		j = pair[k] % p->ncols;
		int64_t		gain = pair_value(p, i, j);

		set_score(rest, i, j, MTR_NO_PAIR);
		if (rest->row_places[i] == 0 || rest->col_places[j] == 0)
			continue;
		set_places(rest, false, i, rest->row_places[i] - 1);
		set_places(rest, true, j, rest->col_places[j] - 1);
		if (solve(rest, scrap) + gain == value)
		{
			taken[pair[k]] = 1;
			value -= gain;
			continue;
		}
		set_places(rest, false, i, rest->row_places[i] + 1);
		set_places(rest, true, j, rest->col_places[j] + 1);
	}
	free(scrap);
	free(pair);
	free_problem(rest);
}

/* ----------
 * Prices
 * ----------
 */

/*
 * Lower the rows' and raise the columns' prices as far as pairs demand, or
 * the other way round.  Both are the fixed point of difference constraints.
 */
static void
settle(const MtrAssign *p, const uint8_t *taken, bool rows_fall, int64_t *row,
	   int64_t *col)
{
	bool		changed = true;

	while (changed)
	{
		changed = false;
		for (int32_t i = 0; i < p->nrows; i++)
			for (int32_t j = 0; j < p->ncols; j++)
			{
				bool		is_taken = taken[(size_t) i * p->ncols + j];
				int64_t		value = pair_value(p, i, j);
				int64_t		slack;

				if (value == NO_VALUE)
					continue;
				slack = value - row[i] - col[j];
				if (is_taken ? slack >= 0 : slack <= 0)
					continue;
				if (is_taken == rows_fall)
					row[i] += slack;
				else
					col[j] += slack;
				changed = true;
			}
	}
}

/* Store prices with the cover as a part of their own */
static void
store_price(int64_t y, uint8_t *cover, int64_t *price)
{
	*cover = (uint8_t) ((y + COUNT_ONE / 2) / COUNT_ONE);
	*price = y - *cover * COUNT_ONE;
}

/* Find prices that prove a matching optimal */
static void
find_prices(MtrAssign *p, const uint8_t *taken, PriceKind kind)
{
	int64_t		highest = HIGHEST_PRICE + (p->most_pairs ? COUNT_ONE : 0);
	int32_t		row_left[400];
	int32_t		col_left[400];
	int64_t		low[400];
	int64_t		row[400];
	int64_t		col[400];
	int32_t		chosen = p->nrows > 0 ? (int32_t) rnd(p->nrows) : 0;

	places_left(p, taken, row_left, col_left);
	for (int32_t i = 0; i < p->nrows; i++)
		low[i] = 0;
	for (int32_t j = 0; j < p->ncols; j++)
		col[j] = col_left[j] > 0 ? 0 : highest;
	settle(p, taken, false, low, col);

	if (kind != ROWS_LOW)
	{
		for (int32_t i = 0; i < p->nrows; i++)
			row[i] = row_left[i] > 0 ? 0 : highest;
		if (kind == BETWEEN && p->nrows > 0 && row[chosen] > low[chosen])
		{
			int64_t		range = row[chosen] - low[chosen];

			row[chosen] = low[chosen] + rnd(range > 1000 ? 1000 : range + 1);
		}
		memset(col, 0, sizeof(col));
		settle(p, taken, true, row, col);
	}
	else
		memcpy(row, low, sizeof(row));

	for (int32_t i = 0; i < p->nrows; i++)
		store_price(row[i], &p->row_cover[i], &p->row_price[i]);
	for (int32_t j = 0; j < p->ncols; j++)
		store_price(col[j], &p->col_cover[j], &p->col_price[j]);
}

/* ----------
 * The proof
 * ----------
 */

/* Sign of a pair of numbers compared with (0,0) */
static int
sign_of(int64_t first, int64_t second)
{
	if (first != 0)
		return first < 0 ? -1 : 1;
	return second < 0 ? -1 : second > 0;
}

/* Do the prices of one side fit the places left? */
static bool
side_holds(int32_t n, const uint8_t *cover, const int64_t *price,
		   const int32_t *left)
{
	for (int32_t k = 0; k < n; k++)
	{
		int			sign = sign_of(cover[k], price[k]);

		if (left[k] < 0 || sign < 0 || (sign > 0 && left[k] > 0))
			return false;
	}
	return true;
}

/* Is "taken" a matching that the covers and prices prove optimal?  Word for
 * word as assign.h has it. */
static bool
proof_holds(const MtrAssign *p, const uint8_t *taken)
{
	int32_t		row_left[400];
	int32_t		col_left[400];

	places_left(p, taken, row_left, col_left);
	if (!side_holds(p->nrows, p->row_cover, p->row_price, row_left) ||
		!side_holds(p->ncols, p->col_cover, p->col_price, col_left))
		return false;
	for (int32_t i = 0; i < p->nrows; i++)
		for (int32_t j = 0; j < p->ncols; j++)
		{
			int32_t		score = p->score[(size_t) i * p->ncols + j];
			int			slack = sign_of(p->most_pairs - p->row_cover[i] -
										p->col_cover[j],
										score - p->row_price[i] -
										p->col_price[j]);

			if (pair_value(p, i, j) == NO_VALUE)
				slack = -1;
			if (taken[(size_t) i * p->ncols + j] ? slack < 0 : slack > 0)
				return false;
		}
	return true;
}

/* ----------
 * Problems with many ties
 * ----------
 */

/* Sums of few different numbers: much is tied, in many ways */
static MtrAssign *
tied_problem(int32_t nrows, int32_t ncols, int c)
{
	MtrAssign  *p = new_problem(nrows, ncols, c % 2);
	int32_t		places = 1 + (int32_t) rnd(3);
	int32_t		nvalues = 1 + (int32_t) rnd(c % 3 == 0 ? 3 : 40);
	uint32_t	gaps = 2 + rnd(c % 5 == 0 ? 1 : 12);

	for (int32_t i = 0; i < nrows; i++)
		set_places(p, false, i, (c & 4) ? 1 : rnd(places + 1));
	for (int32_t j = 0; j < ncols; j++)
		set_places(p, true, j, 1 + rnd(places));
	for (int32_t i = 0; i < nrows; i++)
		for (int32_t j = 0; j < ncols; j++)
			set_score(p, i, j, rnd(gaps) == 0 ? MTR_NO_PAIR :
					  abs(i % nvalues - j % nvalues) * 10000 +
					  (int32_t) rnd(nvalues) * 10000 - 20000);
	return p;
}

/*
 * A solved problem made backwards, from prices and pairs: most of its eligible
 * pairs are tied, in whatever order of scores, and each has a few of many
 * partners.  Elements with a price are full, others may have places left.
 */
static MtrAssign *
sparse_problem(int32_t nrows, int32_t ncols, int32_t degree, uint8_t *taken)
{
	MtrAssign  *p = new_problem(nrows, ncols, rnd(2));
	int32_t		nprices = 1 + (int32_t) rnd(5);

	for (int32_t i = 0; i < nrows; i++)
	{
		p->row_cover[i] = p->most_pairs;
		p->row_price[i] = (int32_t) rnd(nprices) - p->most_pairs;
	}
	for (int32_t j = 0; j < ncols; j++)
		p->col_price[j] = rnd(nprices);
	for (int32_t i = 0; i < nrows; i++)
		for (int32_t j = 0; j < ncols; j++)
		{
			int32_t		score = (int32_t) (p->row_price[i] + p->col_price[j]);
			bool		is_tied = (int32_t) rnd(ncols) < degree;

			if (rnd(3) > 0)
				set_score(p, i, j, is_tied ? score : MTR_NO_PAIR);
			else
				set_score(p, i, j, is_tied ? score : score - 1);
			if (is_tied && pair_value(p, i, j) != NO_VALUE && rnd(2))
			{
				taken[(size_t) i * ncols + j] = 1;
				set_places(p, false, i, p->row_places[i] + 1);
				set_places(p, true, j, p->col_places[j] + 1);
			}
		}
	for (int32_t i = 0; i < nrows; i++)
		if (p->row_cover[i] == 0 && p->row_price[i] == 0)
			set_places(p, false, i, p->row_places[i] + rnd(2));
	for (int32_t j = 0; j < ncols; j++)
		if (p->col_price[j] == 0)
			set_places(p, true, j, p->col_places[j] + rnd(2));
	return p;
}

#endif							/* TIES_REFERENCE_H */

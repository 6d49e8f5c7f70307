/*
 * pair_rows.h
 *	  how the solver of pair.c reads rows
 *
 * Rows are gone through in blocks: a comparison of a whole block with what a
 * score has to exceed is vectorised, and few blocks have one that does.
 * Behind the end of a row stands a block of MTR_NO_PAIR.
 */
#ifndef MTR_PAIR_ROWS_H
#define MTR_PAIR_ROWS_H

#include "pair_sets.h"

/* Read a row into x->row. */
static void
read_row(Solver *x, int32_t a)
{
	mtr_poll();
	tell(x);
	x->p->row(x->p->state, a, x->row);
	x->row[a] = MTR_NO_PAIR;
}

/* Are all scores of a row allowed? */
MTR_SIMD static bool
in_range(const int32_t *score, int32_t n)
{
	uint32_t	bad = 0;

	/* one unsigned comparison sees both ends */
	for (int32_t k = 0; k < n; k++)
		bad |= ((uint32_t) score[k] + MAX_SCORE >
				2 * (uint32_t) MAX_SCORE) & (score[k] != MTR_NO_PAIR);
	return bad == 0;
}

static inline bool
any_above(const int32_t *restrict score, int32_t floor)
{
	uint32_t	any = 0;

	for (int k = 0; k < BLOCK; k++)
		any |= score[k] > floor;
	return any != 0;
}

/* The first block, from this one on, with a score above the floor */
MTR_SIMD static int32_t
next_above(const int32_t *score, int32_t n, int32_t floor, int32_t from)
{
	while (from < n && !any_above(score + from, floor))
		from += BLOCK;
	return from;
}

static inline bool
any_heavier(const int32_t *restrict score, const Num *restrict price,
			Num rest)
{
	uint32_t	any = 0;

	for (int k = 0; k < BLOCK; k++)
		any |= 2 * (Num) score[k] > price[k] + rest;
	return any != 0;
}

/* The first block, from this one on, with a pair that the prices of its ends
 * don't outweigh */
MTR_SIMD static int32_t
next_heavier(const int32_t *score, const Num *price, int32_t n, Num rest,
			 int32_t from)
{
	while (from < n && !any_heavier(score + from, price + from, rest))
		from += BLOCK;
	return from;
}

/*
 * Keep the highest "room" values seen, as a heap with the lowest on top; the
 * caller has seen that a new one is higher than that.  Of equal ones those
 * that came first stay.
 */
static inline void
keep_highest(Ranked *best, int32_t *nbest, int32_t room, Ranked r)
{
	int32_t		k;

	if (*nbest < room)
	{
		for (k = (*nbest)++; k > 0 && best[(k - 1) / 2].value > r.value;
			 k = (k - 1) / 2)
			best[k] = best[(k - 1) / 2];
		best[k] = r;
		return;
	}
	for (k = 0;;)
	{
		int32_t		child = 2 * k + 1;

		if (child + 1 < room && best[child + 1].value < best[child].value)
			child++;
		if (child >= room || best[child].value >= r.value)
			break;
		best[k] = best[child];
		k = child;
	}
	best[k] = r;
}

#endif							/* MTR_PAIR_ROWS_H */

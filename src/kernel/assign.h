/*
 * assign.h
 *	  optimal assignment with places on both sides
 *
 * Problem.  Rows i and columns j, a whole score w(i,j) for each eligible
 * pair, places r(i), s(j) >= 0.  A matching takes each pair at most once, row
 * i at most r(i) times, column j at most s(j) times.  Wanted is
 *
 *	 best_total:  the matching of highest total score (a pair of score <= 0
 *				  is never taken);
 *	 most_pairs:  of the matchings with as many pairs as possible the one of
 *				  highest total score (scores of any sign).
 *
 * Proof.  The solution comes with a cover c in {0,1} and a price p for each
 * row and column.  Write y = (c,p), compare lexicographically, and let
 *
 *	 slack(i,j) = (1 - c(i) - c(j), w(i,j) - p(i) - p(j))
 *
 * with first component 0 - c(i) - c(j) under best_total, where every c is 0.
 * The matching is optimal if
 *
 *	 y >= (0,0) for every row and column,
 *	 y > (0,0) only where all places are taken,
 *	 slack >= (0,0) for each pair taken,
 *	 slack <= (0,0) for each eligible pair not taken.
 *
 * This is complementary slackness of the linear programme in the ordered
 * field of pairs, so there is no large constant whose size could be wrong:
 * the covers alone prove the number of pairs, the prices the total among the
 * matchings of that size.
 *
 * Ties.  The kernels are deterministic, but which of several optimal
 * matchings comes out is fixed only by mtr_ties_resolve() (ties.h).
 *
 * Ranges.  |score| <= 10^9; nrows, ncols <= 2^24; sums are 64 bit.
 */
#ifndef MTR_ASSIGN_H
#define MTR_ASSIGN_H

#include "kernel.h"

typedef struct MtrAssign
{
	/* inputs, unchanged */
	int32_t		nrows;
	int32_t		ncols;
	const int32_t *score;		/* [nrows * ncols], row after row; MTR_NO_PAIR
								 * where the pair is not eligible */
	const int32_t *row_places;	/* [nrows], >= 0 */
	const int32_t *col_places;	/* [ncols], >= 0 */
	bool		most_pairs;		/* else best_total */

	/* outputs, arrays given by the caller */
	int32_t		npairs;
	int32_t    *pair_row;		/* room for mtr_assign_max_pairs() entries; */
	int32_t    *pair_col;		/* sorted by row, then column */
	int64_t		total;			/* sum of the scores of the pairs */
	uint8_t    *row_cover;		/* [nrows] 0 or 1 */
	uint8_t    *col_cover;		/* [ncols] */
	int64_t    *row_price;		/* [nrows] */
	int64_t    *col_price;		/* [ncols] */
} MtrAssign;

/* An upper bound of npairs: the smaller side's places, each row's and
 * column's counted at most as often as there are partners. */
extern int64_t mtr_assign_max_pairs(const MtrAssign *p);

/* Bytes of scratch that mtr_assign_solve() needs, O(nrows + ncols +
 * max_pairs), never a second matrix. */
extern size_t mtr_assign_scratch_size(const MtrAssign *p);

/* Solve.  scratch must be aligned to 64 bytes.  MTR_INVALID for negative
 * places, MTR_OVERFLOW for a score beyond 10^9. */
extern MtrStatus mtr_assign_solve(MtrAssign *p, void *scratch);

/*
 * The same, but go on from the pairs and the columns' covers and prices that p
 * has, which the lazy kernel (lazy.h) left when lists didn't help it.  They
 * are a start if a column with a free place has cover and price 0, no pair is
 * one that is never taken, and no row would rather have another column, or
 * none, than one it has; else they are ignored.  MTR_INVALID also for pairs
 * that are no matching, or not sorted.
 */
extern MtrStatus mtr_assign_resume(MtrAssign *p, void *scratch);

#endif							/* MTR_ASSIGN_H */

/*
 * lazy.h
 *	  optimal assignment without a matrix: rows are scored when needed
 *
 * Problem, proof, ties and ranges are those of assign.h: places on both
 * sides, most_pairs or best_total, covers and prices that prove the answer
 * against every eligible pair.  But the scores are never all there at once.
 * A row is made by a function when the solver comes to it, and of each only
 * the "width" best columns are kept (at the prices of that moment), with a
 * bound for all others.  On scores of people a row is made two or three times
 * in all.
 *
 * When to use which.  The dense kernel (assign.h) wants 4 bytes a pair and is
 * the faster one for small problems; here it is about 12 bytes for each row
 * and unit of width, and some tens for each row and column.  Scores on which
 * everybody agrees about the order of the columns (products, say) defeat the
 * short lists.  Then, if the caller can afford the matrix, the work done is
 * handed over to the dense kernel; if not, lists are widened.
 *
 *	 for (status = mtr_lazy_solve(&p, scratch); status == MTR_FULL;
 *		  status = mtr_lazy_resume(&p, NULL, scratch))
 *		 scratch = another of mtr_lazy_scratch_size(&p) bytes;
 *	 if (status == MTR_DEGENERATE)
 *		 make the matrix; mtr_assign_resume(&dense, ...)
 *
 * where the outputs of "dense" are those of p.
 *
 * Changes.  An optimal answer stays nearly optimal when few people come, go
 * or change.  mtr_lazy_resume() makes it optimal again by about one search
 * for each place concerned.
 */
#ifndef MTR_LAZY_H
#define MTR_LAZY_H

#include "kernel.h"

typedef struct MtrLazy
{
	/* inputs, unchanged */
	int32_t		nrows;
	int32_t		ncols;
	MtrRowFunction row;			/* a row's score with each of the ncols
								 * columns, MTR_NO_PAIR where not eligible */
	void	   *row_state;
	MtrRowFunction column;		/* a column's score with each of the nrows
								 * rows; used by mtr_lazy_resume() only */
	void	   *column_state;
	const int32_t *row_places;	/* [nrows], >= 0 */
	const int32_t *col_places;	/* [ncols], >= 0 */
	bool		most_pairs;		/* else best_total */
	bool		may_hand_over;	/* may MTR_DEGENERATE be answered? */

	/* columns kept of a row, 0 = default; raised with MTR_FULL */
	int32_t		width;

	/* outputs, arrays given by the caller; as in MtrAssign */
	int32_t		npairs;
	int32_t    *pair_row;		/* room for mtr_lazy_max_pairs() entries; */
	int32_t    *pair_col;		/* sorted by row, then column */
	int32_t    *pair_score;
	int64_t		total;
	uint8_t    *row_cover;		/* [nrows] 0 or 1 */
	uint8_t    *col_cover;		/* [ncols] */
	int64_t    *row_price;		/* [nrows] */
	int64_t    *col_price;		/* [ncols] */

	/* statistics of the last call */
	int64_t		rows_scored;	/* calls of row */
	int64_t		columns_scored;
	int64_t		rebuilds;		/* rows made again to renew their list */
	int64_t		whole_scans;	/* rows made again to be searched whole */
	int64_t		searches;
	int64_t		bids;			/* in the auction before */
} MtrLazy;

/*
 * What is no longer as it was when the present outputs of an MtrLazy were
 * optimal: rows and columns whose places or scores changed.  One that is new
 * has no pair, one that left has no places; pairs they had may still be
 * there, and are undone whether changed or not.  Each is named once.
 */
typedef struct MtrLazyChange
{
	int32_t		nrows;
	const int32_t *row;
	int32_t		ncols;
	const int32_t *col;
} MtrLazyChange;

/* An upper bound of npairs, as mtr_assign_max_pairs(). */
extern int64_t mtr_lazy_max_pairs(const MtrLazy *p);

/* Bytes of scratch for the calls below, at p's width. */
extern size_t mtr_lazy_scratch_size(const MtrLazy *p);

/*
 * Solve.  scratch must be aligned to 64 bytes.  MTR_INVALID for negative
 * places, MTR_OVERFLOW for a score beyond 10^9.
 *
 * MTR_DEGENERATE and MTR_FULL say that lists don't help; pairs, scores of
 * pairs and columns' covers and prices then are where the solver stopped, for
 * another to go on from: mtr_assign_resume(), or, after MTR_FULL,
 * mtr_lazy_resume() with the width now in p and scratch for it.
 */
extern MtrStatus mtr_lazy_solve(MtrLazy *p, void *scratch);

/*
 * Make the outputs p has optimal for the inputs it has.
 *
 * With a change: the outputs were optimal before it.  Their arrays have room
 * for the problem as it is now; pairs, scores of pairs, and covers and prices
 * of rows and columns that didn't change are read.
 *
 * Without (NULL): they are those of a call that answered MTR_FULL.
 *
 * Statuses as of mtr_lazy_solve(); MTR_INVALID also if pairs don't fit the
 * places of rows and columns said to be unchanged, or are not sorted.
 */
extern MtrStatus mtr_lazy_resume(MtrLazy *p, const MtrLazyChange *change,
								 void *scratch);

#endif							/* MTR_LAZY_H */
